"""Makes one variant of an original with each Python engine, as its documentation recommends and on one thread.

Peers use their encoders' default effort. Each engine is imported on request, so that a process loads only one.
"""

from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.stored import StoredPicture
    from functions.shared.variant import Variant as Asked

Variant = Callable[[bytes, int, str, int], bytes]
"""(original, width in px, format, quality) -> encoded"""


def pillow() -> Variant:
    """Plain Pillow: draft, thumbnail with Lanczos, save."""
    from PIL import Image

    def variant(body: bytes, width: int, image_format: str, quality: int) -> bytes:
        with Image.open(BytesIO(body)) as source:
            height = round(source.height * width / source.width)
            source.draft("RGB", (width, height))
            small = source.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
        options = {"max_threads": 1} if image_format == "avif" else {}
        buffer = BytesIO()
        small.save(buffer, image_format, quality=quality, **options)
        return buffer.getvalue()

    return variant


def pyvips() -> Variant:
    """libvips through pyvips: thumbnail_buffer, write_to_buffer. VIPS_CONCURRENCY=1 comes from the environment."""
    import pyvips as vips

    vips.cache_set_max(0)

    def variant(body: bytes, width: int, image_format: str, quality: int) -> bytes:
        image = vips.Image.thumbnail_buffer(body, width, height=100_000, size="down")
        return bytes(image.write_to_buffer(f".{image_format}", Q=quality, keep=0))

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

    def variant(body: bytes, width: int, image_format: str, quality: int) -> bytes:
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
    from functions.variants.rendering import render

    stored, asked_for = _stored_pictures()

    def variant(body: bytes, width: int, image_format: str, quality: int) -> bytes:
        kept, asked = stored(body), asked_for(width, image_format, quality)
        return render(kept.source(asked), asked, kept.picture).body

    return variant


def refined() -> Variant:
    """The file that `refine` stores in place of the first one: the smaller of the two."""
    from functions.imaging.refining import encode_refined, refined_jpeg
    from functions.imaging.variants import decode_for
    from functions.variants.rendering import render, spec_of

    stored, asked_for = _stored_pictures()

    def variant(body: bytes, width: int, image_format: str, quality: int) -> bytes:
        kept, asked = stored(body), asked_for(width, image_format, quality)
        source, spec = kept.source(asked), spec_of(asked, kept.picture)
        first = render(source, asked, kept.picture).body
        if image_format == "jpeg":
            return min(first, refined_jpeg(first), key=len)
        return min(first, encode_refined(decode_for(spec, source).scaled(spec), image_format, spec.quality), key=len)

    return variant


def _stored_pictures() -> tuple[Callable[[bytes], "StoredPicture"], Callable[[int, str, int], "Asked"]]:
    """Return a function that loads a prepared folder once, and one that returns the request; quality 0 is automatic."""
    from benchmarks.stored import StoredPicture
    from functions.shared.variant import Variant as Asked

    load = cache(lambda body: StoredPicture.load(Path(body.decode())))
    return load, lambda width, image_format, quality: Asked(
        width, None, "cover", image_format, quality or None, "center", None
    )


ENGINES: dict[str, Callable[[], Variant]] = {
    "ours": ours,
    "refined": refined,
    "pyvips": pyvips,
    "opencv": opencv,
    "pillow": pillow,
}

FROM_STORED_FILES = ("ours", "refined")
"""Engines that start from the stored files; the others start from the original."""
