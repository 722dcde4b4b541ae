"""The local system: local replacements for the AWS services."""
