"""The pipeline's Lambda functions, a package each, and the packages that they share."""
