"""The error that local commands raise."""


class LocalError(Exception):
    """An error that the user can fix; the message is printed without a traceback."""
