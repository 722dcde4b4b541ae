"""The error with which decoding refuses a file; `optimize` returns it as a rejection."""

from functions.shared.errors import CALLER, ImageScalerError
from functions.shared.status import Reason


class RefusedPictureError(ImageScalerError):
    """An upload that cannot or must not become a picture: the reason, and a sentence for the client."""

    handled = (CALLER,)

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"
