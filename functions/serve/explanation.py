"""Explains a variant: its key, its source file, and the reasons. It generates nothing.

The modules that serve variants make the decisions; this one only describes them.
"""

from typing import Any

from functions.records.record import ImageRecord
from functions.serve.requests import ImageRequest
from functions.shared.contracts import Picture, Rendition
from functions.shared.problem import json_text
from functions.shared.variant import Variant
from functions.variants.rendering import spec_of
from functions.variants.sources import needed_size, source_for


def explanation_response(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document in API Gateway's proxy form."""
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return {"statusCode": 200, "headers": headers, "body": json_text(document), "isBase64Encoded": False}


def explain(
    request: ImageRequest, record: ImageRecord, picture: Picture, variant: Variant, *, is_stored: bool
) -> dict[str, Any]:
    """Return the explanation of a request. ``variant`` is the one that is stored for it (own_size.py)."""
    from functions.imaging.encoding import encoder_of

    spec, source = spec_of(variant, picture), source_for(picture, variant)
    width, height = spec.placement((source.width, source.height)).canvas
    needed = needed_size(picture.master, variant)
    return {
        "id": record.image_id,
        "revision": record.revision,
        "canonical": request.variant.canonical,
        "key": variant.canonical,
        "is_stored": is_stored,
        "parameters": dict(request.values),
        "rounded": _rounded(request),
        "width": width,
        "height": height,
        "format": spec.format,
        "encoder": encoder_of(spec.format, spec.quality),
        "quality": spec.quality if variant.has_quality else None,
        "position": list(spec.position),
        "source": {
            "name": source.key.rpartition("/")[2],
            "width": source.width,
            "height": source.height,
            "bytes": source.bytes,
            "content_type": source.content_type,
        },
        "why": {
            "key": _why_key(request.variant, variant, picture.master),
            "format": _why_format(request, variant, spec.format),
            "quality": _why_quality(variant, picture, spec.format, spec.quality),
            "source": f"It is the smallest stored file with the {needed[0]} x {needed[1]} px that the variant needs."
            if source != picture.master
            else f"No smaller file has the {needed[0]} x {needed[1]} px that the variant needs, so it is the master.",
        },
    }


def _rounded(request: ImageRequest) -> dict[str, dict[str, str]]:
    """Return the parameters whose canonical values differ from the given ones."""
    used = dict(pair.split("=", 1) for pair in request.variant.canonical.split(","))
    return {
        name: {"given": value, "used": used[name]}
        for name, value in request.values.items()
        if name in used and used[name] != value
    }


def _why_key(asked: Variant, kept: Variant, master: Rendition) -> str:
    if asked == kept:
        return "It is the canonical spelling."
    return f"Nothing is enlarged: all variants larger than {master.width} x {master.height} px are stored once."


def _why_format(request: ImageRequest, variant: Variant, image_format: str) -> str:
    if request.negotiated and variant.format != "auto":
        return f"The Accept header prefers it among those that it names (image/{variant.format})."
    if variant.format == image_format:
        return "The request names it."
    if variant.format == "auto":
        return (
            "The request has no format, and the picture decides: PNG for transparency, GIF for animations, else JPEG."
        )
    return "AVIF is for stills only."


def _why_quality(variant: Variant, picture: Picture, image_format: str, quality: int) -> str:
    if not variant.has_quality:
        return "The format has no quality."
    if variant.quality is not None:
        return f"The request's quality, rounded to {variant.quality}, is {quality} on this encoder's scale."
    if image_format in picture.quality:
        return "It was predicted for this picture when it was processed."
    return "There is no prediction for this picture, so it is the default."
