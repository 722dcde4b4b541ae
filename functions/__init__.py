"""The pipeline's Lambda functions, a package each, and the two packages that they share."""
