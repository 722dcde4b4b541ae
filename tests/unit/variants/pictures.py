"""Variants and renditions for tests."""

from functions.shared.contracts import Rendition
from functions.shared.variant import Sizes, Variant, parse_query


def variant(**query: str) -> Variant:
    return parse_query(query.items(), accept="", sizes=Sizes.LADDER).variant


def rendition(width: int, height: int) -> Rendition:
    return Rendition(f"w{width}", width, height, 1, "image/jpeg")
