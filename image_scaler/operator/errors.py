"""The error of this package, in a module that needs no boto3."""


class OperatorError(Exception):
    """AWS refused a call, or what was looked for is not there; the message says what to do."""
