"""Which stored variants `refine` encodes again with a slower encoder.

Only stills in the three lossy formats are refined: slower encoders for PNG, GIF and animations are not worth their
time. Common variants have a width and a format and nothing else, as `srcset` and loaders request them. They get most of
the views, and views must repay the compute (docs/adr/0037).
"""

from typing import Final

from functions.shared.contracts import Picture
from functions.shared.options import Refine
from functions.shared.variant import LADDER, Sizes, Variant
from functions.variants.prewarm_plan import plain_variant

REFINED_FORMATS: Final = ("jpeg", "webp", "avif")


def is_planned(variant: Variant, *, refine: Refine, sizes: Sizes) -> bool:
    """Tell whether the variant is refined if its picture is a still in a lossy format."""
    match refine:
        case Refine.OFF:
            return False
        case Refine.COMMON:
            width = variant.width
            return width in LADDER and variant == plain_variant(width or 0, variant.format, sizes)
        case Refine.ALL:
            return True


def will_be_refined(variant: Variant, picture: Picture | None, *, refine: Refine, sizes: Sizes) -> bool:
    """Tell whether a stored variant of this picture is refined."""
    if picture is None or picture.animated or not is_planned(variant, refine=refine, sizes=sizes):
        return False
    automatic = "png" if picture.has_alpha else "jpeg"
    return (automatic if variant.format == "auto" else variant.format) in REFINED_FORMATS
