"""The error of this package, in a module that does not need boto3."""


class OperatorError(Exception):
    """AWS refused a call, or a resource is missing; the message says what to do."""
