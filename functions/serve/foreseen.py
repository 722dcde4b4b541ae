"""Which variants are made before anybody asks for them.

A stage's settings name the common ones. Of an animation there are more: a rendition of it may be too large for one of
Lambda's answers, so its variants at the renditions' widths are made when it is published, where no answer has to hold
them. Some names are one picture: an animation asked for as AVIF is WebP, and without a format it is GIF.
"""

from collections.abc import Iterable
from typing import Final

from functions.shared.contracts import Picture
from functions.shared.variant import Sizes, Variant, parse_query

ANIMATION_FORMATS: Final = (("auto", "gif"), ("avif", "webp"))
"""The formats that an animation stays one in; those of a group have the same bytes."""


def plain_variant(width: int, image_format: str, sizes: Sizes) -> Variant:
    """Return what an address with nothing but a width in px and a format means."""
    return parse_query([("width", str(width)), ("format", image_format)], accept="", sizes=sizes).variant


def common_variants(
    picture: Picture, *, widths: Iterable[int], formats: Iterable[str], sizes: Sizes
) -> tuple[Variant, ...]:
    """Return the variants at these widths in these formats, but those that are wider than the picture."""
    variants = [plain_variant(width, image_format, sizes) for width in widths for image_format in formats]
    return tuple(each for each in variants if (each.width or 0) <= picture.master.width)


def animation_variants(picture: Picture, *, sizes: Sizes) -> tuple[tuple[tuple[Variant, ...], ...], ...]:
    """Return an animation's variants at its renditions' widths: by format, widest first, equal ones together.

    () for a picture that does not move.
    """
    if not picture.animated:
        return ()
    widths = sorted((rendition.width for rendition in picture.renditions), reverse=True)
    return tuple(
        tuple(tuple(plain_variant(width, each, sizes) for each in formats) for width in widths)
        for formats in ANIMATION_FORMATS
    )


def is_foreseen(variant: Variant, picture: Picture, *, sizes: Sizes) -> bool:
    """Tell whether the variant is one of an animation that is made when it is published, if it is too large."""
    return any(variant in equal for by_width in animation_variants(picture, sizes=sizes) for equal in by_width)
