"""Which stored file a variant is made from: the smallest that has all the pixels which the variant needs."""

from functions.shared.contracts import Picture, Rendition
from functions.shared.variant import Variant


def source_for(picture: Picture, variant: Variant) -> Rendition:
    """Return the smallest sufficient file of the picture; the master where none of the renditions is.

    One of exactly the size that is asked for is the smallest that suffices, and costs no resize.
    """
    width, height = needed_size(picture.master, variant)
    sufficient = [each for each in picture.renditions if each.width >= width and each.height >= height]
    return min(sufficient, key=lambda each: each.width, default=picture.master)


def needed_size(master: Rendition, variant: Variant) -> tuple[int, int]:
    """Return the size in px that the whole picture must have so that the variant loses nothing."""
    factors = [
        asked / whole
        for asked, whole in ((variant.width, master.width), (variant.height, master.height))
        if asked is not None
    ]
    if not factors:
        return master.width, master.height
    factor = min(factors) if variant.fit in {"contain", "inside"} else max(factors)
    factor = min(1.0, factor)
    return max(1, round(master.width * factor)), max(1, round(master.height * factor))
