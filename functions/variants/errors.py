"""What can go wrong while a variant is generated."""

from functions.shared.errors import CALLER, ImageScalerError, http


class VariantTooLargeError(ImageScalerError):
    """The variant exceeds the limit in bytes or pixels, however it is encoded.

    ``largest_width`` in px is the largest documented width that fits, None if no width is known to fit.
    """

    handled = (http(413),)

    def __init__(self, largest_width: int | None) -> None:
        self.largest_width = largest_width
        super().__init__(f"the largest width that fits is {largest_width} px" if largest_width else "no width fits")


class ImageChangedError(ImageScalerError):
    """The image was removed or replaced after its record was read, so its variant must not be stored."""

    handled = (CALLER,)
