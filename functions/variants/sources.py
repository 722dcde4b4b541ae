"""Which stored file a variant is generated from: the smallest one that has all the pixels that the variant needs."""

from functions.shared.contracts import Picture, Rendition
from functions.shared.variant import Variant


def source_for(picture: Picture, variant: Variant) -> Rendition:
    """Return the smallest sufficient file of the picture; the master if no rendition is large enough.

    A rendition of exactly the requested size is chosen if there is one; it needs no resizing.
    """
    width, height = needed_size(picture.master, variant)
    sufficient = [each for each in picture.renditions if each.width >= width and each.height >= height]
    return min(sufficient, key=lambda each: each.width, default=picture.master)


def needed_size(master: Rendition, variant: Variant) -> tuple[int, int]:
    """Return the size in px that the whole picture must have for the variant to lose no detail."""
    factors = [
        requested / whole
        for requested, whole in ((variant.width, master.width), (variant.height, master.height))
        if requested is not None
    ]
    if not factors:
        return master.width, master.height
    factor = min(factors) if variant.fit in {"contain", "inside"} else max(factors)
    factor = min(1.0, factor)
    return max(1, round(master.width * factor)), max(1, round(master.height * factor))
