"""Makes one variant of an original with each Python engine, as its documentation recommends and on one thread.

``effort`` is "default" (the encoder's default) or "ours" (the encoder effort of functions/imaging/encoding.py). Each
engine is imported on request, so that a process loads only one.
"""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

Variant = Callable[[bytes, int, str, int, str], bytes]
"""(original, width in px, format, quality, effort) -> encoded"""

WEBP_EFFORT = 4
AVIF_SPEED = 9


def pillow() -> Variant:
    """Plain Pillow: draft, thumbnail with Lanczos, save."""
    from PIL import Image

    def variant(body: bytes, width: int, image_format: str, quality: int, effort: str) -> bytes:
        with Image.open(BytesIO(body)) as source:
            height = round(source.height * width / source.width)
            source.draft("RGB", (width, height))
            small = source.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
        options: dict[str, Any] = {}
        if image_format == "webp" and effort == "ours":
            options = {"method": WEBP_EFFORT}
        if image_format == "avif":
            options = {"max_threads": 1} | ({"speed": AVIF_SPEED} if effort == "ours" else {})
        buffer = BytesIO()
        small.save(buffer, image_format, quality=quality, **options)
        return buffer.getvalue()

    return variant


def pyvips() -> Variant:
    """libvips through pyvips: thumbnail_buffer, write_to_buffer. VIPS_CONCURRENCY=1 comes from the environment."""
    import pyvips as vips

    vips.cache_set_max(0)

    def variant(body: bytes, width: int, image_format: str, quality: int, effort: str) -> bytes:
        image = vips.Image.thumbnail_buffer(body, width, height=100_000, size="down")
        options: dict[str, Any] = {"Q": quality, "keep": 0}
        if effort == "ours" and image_format != "jpeg":
            options["effort"] = WEBP_EFFORT if image_format == "webp" else 9 - AVIF_SPEED
        return bytes(image.write_to_buffer(f".{image_format}", **options))

    return variant


def opencv() -> Variant:
    """OpenCV: imdecode, resize by area, imencode; its AVIF encoder runs at speed 9 by default."""
    import cv2
    import numpy as np

    cv2.setNumThreads(1)
    quality_flags = {
        "jpeg": cv2.IMWRITE_JPEG_QUALITY,
        "webp": cv2.IMWRITE_WEBP_QUALITY,
        "avif": cv2.IMWRITE_AVIF_QUALITY,
    }

    def variant(body: bytes, width: int, image_format: str, quality: int, effort: str) -> bytes:  # noqa: ARG001
        image = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR)
        size = (width, round(image.shape[0] * width / image.shape[1]))
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        done, encoded = cv2.imencode(f".{image_format}", small, [quality_flags[image_format], quality])
        if not done:
            raise RuntimeError(f"OpenCV cannot encode {image_format}")
        return bytes(encoded.tobytes())

    return variant


def ours() -> Variant:
    """The path of `serve` from the stored files: choose the source, render. ``body`` is the name of a prepared
    folder."""
    from benchmarks.stored import StoredPicture
    from functions.shared.variant import Variant as Asked
    from functions.variants.rendering import render
    from functions.variants.sources import source_for

    kept: dict[bytes, StoredPicture] = {}

    def variant(body: bytes, width: int, image_format: str, quality: int, effort: str) -> bytes:  # noqa: ARG001
        stored = kept.get(body) or kept.setdefault(body, StoredPicture.load(Path(body.decode())))
        asked = Asked(width, None, "cover", image_format, quality or None, "center", None)
        source = source_for(stored.picture, asked)
        return render(stored.files[source.key], asked, stored.picture).body

    return variant


ENGINES: dict[str, Callable[[], Variant]] = {
    "ours": ours,
    "pyvips": pyvips,
    "opencv": opencv,
    "pillow": pillow,
}
