"""The one error with which decoding refuses a file; optimize turns it into a rejection for the uploader."""

from functions.shared.contracts import Reason


class RefusedPictureError(Exception):
    """An upload that cannot or may not become a picture: the fixed reason, and a sentence for the uploader."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"
