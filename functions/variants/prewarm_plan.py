"""Which variants `prewarm` generates ahead of requests.

A stage's settings name the common ones. For animations there are more: an animation can be too large for a response of
Lambda, so its variants at ``ANIMATION_WIDTHS`` are generated when it is published. Some of these share a picture: an
animation requested as AVIF is WebP, and without a format it is GIF.
"""

from collections.abc import Iterable
from typing import Final

from functions.shared.contracts import Picture
from functions.shared.variant import Sizes, Variant, parse_query

ANIMATION_FORMATS: Final = (("auto", "gif"), ("avif", "webp"))
"""The formats in which an animation stays animated; formats of one group have the same bytes."""

ANIMATION_WIDTHS: Final = (1280, 640, 320)
"""Widths in px, widest first, at which animations can be requested even if they are too large for a response."""


def plain_variant(width: int, image_format: str, sizes: Sizes) -> Variant:
    """Return the variant of a URL with only a width in px and a format."""
    return parse_query([("width", str(width)), ("format", image_format)], accept="", sizes=sizes).variant


def common_variants(
    picture: Picture, *, widths: Iterable[int], formats: Iterable[str], sizes: Sizes
) -> tuple[Variant, ...]:
    """Return the variants at these widths in these formats, except those wider than the picture."""
    variants = [plain_variant(width, image_format, sizes) for width in widths for image_format in formats]
    return tuple(each for each in variants if (each.width or 0) <= picture.master.width)


def animation_variants(picture: Picture, *, sizes: Sizes) -> tuple[tuple[tuple[Variant, ...], ...], ...]:
    """Return an animation's variants at the ``ANIMATION_WIDTHS`` below its own: by format, widest first, equal ones
    together.

    () for a still.
    """
    if not picture.animated:
        return ()
    widths = [width for width in ANIMATION_WIDTHS if width < picture.master.width]
    return tuple(
        tuple(tuple(plain_variant(width, each, sizes) for each in formats) for width in widths)
        for formats in ANIMATION_FORMATS
    )


def is_prewarmed_if_large(variant: Variant, picture: Picture, *, sizes: Sizes) -> bool:
    """Tell whether the variant belongs to an animation and is generated when it is published, if it is too large."""
    return any(variant in equal for by_width in animation_variants(picture, sizes=sizes) for equal in by_width)
