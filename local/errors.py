"""What can go wrong while everything runs on this machine, told to a person."""


class LocalError(Exception):
    """Something that the person at the keyboard can act on; the message is printed without a traceback."""
