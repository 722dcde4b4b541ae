"""Orientation, colour spaces, bit depths and opacity of uploads."""

import struct
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO

import numpy as np
from PIL import Image

from tests import pictures
from tests.corpus.case import DRAWING, HEIGHT, SCENE, WIDTH, Case, Color, Look, shows_scene

MAKERS: dict[str, tuple[Callable[..., bytes], str]] = {
    "jpeg": (pictures.jpeg, "image/jpeg"),
    "png": (pictures.png, "image/png"),
    "webp": (pictures.webp, "image/webp"),
    "avif": (pictures.avif, "image/avif"),
    "heic": (pictures.heic, "image/heic"),
    "tiff": (pictures.tiff, "image/tiff"),
}

TILE = Image.new("RGB", (64, 48), (200, 60, 60))


def cases() -> Iterator[Case]:
    """Yield the cases of this module."""
    yield from _orientations()
    yield from _orientations_of_animations()
    yield from _meaningless_orientations()
    yield from _profiles()
    yield from _profiles_of_grey_and_ink()
    yield from _unusable_profiles()
    yield from _depths()
    yield from _alpha_in_each_format()
    yield from _alpha_of_each_kind()


def _orientations() -> Iterator[Case]:
    for kind, media_type in (
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("WEBP", "image/webp"),
        ("HEIF", "image/heic"),
        ("AVIF", "image/avif"),
        ("TIFF", "image/tiff"),
    ):
        for orientation in range(1, 9):
            build = partial(pictures.oriented, kind, orientation, WIDTH, HEIGHT)
            yield shows_scene(f"{kind.lower()}, orientation {orientation}", build, media_type)


def _orientations_of_animations() -> Iterator[Case]:
    form = {"variant": {"format": "webp"}, "content_type": "image/webp"}
    look = Look((WIDTH, HEIGHT), SCENE, within=30, frames=3, every_frame=True, **form)
    for kind in ("PNG", "WEBP"):
        for orientation in (3, 6, 7):
            build = partial(pictures.oriented_animation, kind, orientation, WIDTH, HEIGHT)
            yield Case(f"animated {kind.lower()}, orientation {orientation}", build, f"image/{kind.lower()}", look)


def _meaningless_orientations() -> Iterator[Case]:
    for value in (0, 9, 255):
        yield shows_scene(
            f"jpeg, meaningless orientation {value}",
            lambda value=value: pictures.jpeg(WIDTH, HEIGHT, exif=pictures.exif(orientation=value).tobytes()),
            "image/jpeg",
        )
    yield shows_scene(
        "jpeg, broken EXIF", partial(pictures.jpeg, WIDTH, HEIGHT, exif=b"Exif\0\0MM\0*\xff\xff\xff\xff"), "image/jpeg"
    )


def _profiles() -> Iterator[Case]:
    # The colours that the profiles' own matrices and curves give, relative colorimetric, computed outside of lcms.
    for name, profile, color in (
        ("Display P3", pictures.display_p3, (219, 37, 49)),
        ("Adobe RGB", pictures.adobe_rgb, (231, 57, 57)),
        ("sRGB", pictures.srgb_profile, (200, 60, 60)),
    ):
        for kind in MAKERS:
            yield _of_one_color(kind, name, TILE, profile, color)


def _profiles_of_grey_and_ink() -> Iterator[Case]:
    grey = Image.new("L", (64, 48), 64)
    for kind in ("jpeg", "png", "tiff"):
        yield _of_one_color(kind, "grey profile of gamma 1", grey, partial(pictures.grey_profile, 1.0), (137, 137, 137))
    for kind in ("jpeg", "tiff"):
        for ink, levels, color in (("cyan", (255, 0, 0, 0), (35, 157, 206)), ("no ink", (0, 0, 0, 0), (255,) * 3)):
            image = Image.new("CMYK", (64, 48), levels)
            yield _of_one_color(kind, f"CMYK profile, {ink}", image, pictures.cmyk_profile, color, within=8)


def _unusable_profiles() -> Iterator[Case]:
    for fault, profile in (
        ("broken profile", lambda: b"broken" * 100),
        ("profile cut short", lambda: pictures.display_p3()[:200]),
        ("profile of another colour space", pictures.grey_profile),
        ("CMYK profile in RGB", pictures.cmyk_profile),
    ):
        for kind in ("jpeg", "png", "webp"):
            yield _of_one_color(kind, fault, TILE, profile, (200, 60, 60))


def _of_one_color(
    kind: str, name: str, image: Image.Image, profile: Callable[[], bytes], color: Color, *, within: int = 6
) -> Case:
    """Return the case of a flat image that carries a profile, and is published in ``color``."""
    make, media_type = MAKERS[kind]
    return Case(
        f"{kind}, {name}",
        lambda: make(image=image, icc_profile=profile()),
        media_type,
        Look((64, 48), {(0.5, 0.5): color}, within=within),
    )


def _depths() -> Iterator[Case]:
    ramp = {(0.002, 0.5): (0,) * 3, (0.25, 0.5): (64,) * 3, (0.5, 0.5): (128,) * 3, (0.999, 0.5): (255,) * 3}
    yield Case("png, 16-bit grey", pictures.png_16_bit_grey, "image/png", Look((256, 64), ramp, within=3))
    for name, build in (
        ("16-bit grey", pictures.tiff_16_bit_grey),
        ("16-bit grey where 0 is white", pictures.tiff_16_bit_white_is_zero),
        ("12-bit grey", pictures.tiff_12_bit_grey),
    ):
        yield Case(f"tiff, {name}", build, "image/tiff", Look((256, 64), ramp, within=3))
    yield Case(
        "png, 16-bit RGB",
        pictures.png_16_bit_rgb,
        "image/png",
        Look((64, 64), {(0.2, 0.5): (0x12, 0x80, 0xFF), (0.8, 0.5): (255,) * 3}, within=3),
    )
    yield Case(
        "png, 16-bit grey, white is transparent",
        partial(pictures.png_16_bit_grey, transparent=65_535),
        "image/png",
        Look((256, 64), {(0.999, 0.5): (255, 255, 255, 0), (0.5, 0.5): (128, 128, 128, 255)}, within=3),
    )
    for bit_depth in (1, 2, 4):
        yield Case(
            f"png, {bit_depth}-bit grey, white is transparent",
            partial(pictures.shallow_grey_png, bit_depth, transparent=2**bit_depth - 1),
            "image/png",
            Look((64, 48), {(0.2, 0.5): (0, 0, 0, 0), (0.8, 0.5): (0, 0, 0, 255)}, within=3),
        )
    yield Case(
        "png, 16-bit RGB, one colour is transparent",
        partial(pictures.png_16_bit_rgb, transparent=(0x1234, 0x8000, 0xFFFF)),
        "image/png",
        Look((64, 64), {(0.2, 0.5): (0x12, 0x80, 0xFF, 0), (0.8, 0.5): (255,) * 4}, within=3),
    )
    yield Case(
        "png, 16-bit RGBA",
        lambda: _deep_png(6, (0x4000, 0x8000, 0xC000, 0x8000)),
        "image/png",
        Look((32, 24), {(0.5, 0.5): (64, 128, 192, 128)}, within=3),
    )
    yield Case(
        "png, 16-bit grey and alpha",
        lambda: _deep_png(4, (0x4000, 0x8000)),
        "image/png",
        Look((32, 24), {(0.5, 0.5): (64, 64, 64, 128)}, within=3),
    )
    yield Case("heic, 10 bits", _deep_heic, "image/heic", Look((64, 48), {(0.5, 0.5): (64, 128, 192)}, within=8))


def _alpha_in_each_format() -> Iterator[Case]:
    drawing = pictures.drawing(WIDTH, HEIGHT)
    look = Look((WIDTH, HEIGHT), DRAWING, within=24)
    for name, build, media_type in (
        ("png", partial(pictures.png, image=drawing), "image/png"),
        ("webp", partial(pictures.webp, image=drawing), "image/webp"),
        ("webp, lossless", partial(pictures.webp, image=drawing, lossless=True), "image/webp"),
        ("avif", partial(pictures.avif, image=drawing), "image/avif"),
        ("heic", partial(pictures.heic, image=drawing), "image/heic"),
        ("tiff", partial(pictures.tiff, image=drawing), "image/tiff"),
        ("gif", lambda: pictures.encoded(drawing, "GIF"), "image/gif"),
        ("png, palette", lambda: pictures.png(image=drawing.quantize(64)), "image/png"),
    ):
        yield Case(f"alpha, {name}", build, media_type, look)


def _alpha_of_each_kind() -> Iterator[Case]:
    yield Case(
        "alpha, png, no green from hidden pixels when scaled",
        lambda: pictures.png(image=pictures.drawing(320, 240)),
        "image/png",
        Look(
            (32, 24),
            {(0.5, 0.1): (200, 30, 60, 128)},
            within=160,
            original=(320, 240),
            variant={"format": "png", "width": 32},
        ),
    )
    yield Case(
        "alpha, png, grey",
        lambda: pictures.png(image=Image.new("LA", (64, 48), (90, 128))),
        "image/png",
        Look((64, 48), {(0.5, 0.5): (90, 90, 90, 128)}, within=4),
    )
    yield Case(
        "alpha, png, opaque throughout",
        lambda: pictures.png(image=pictures.scene(WIDTH, HEIGHT).convert("RGBA")),
        "image/png",
        Look((WIDTH, HEIGHT), SCENE, variant={"format": "auto"}, content_type="image/jpeg"),
    )
    yield Case(
        "alpha, png, fully transparent",
        lambda: pictures.png(image=Image.new("RGBA", (64, 48), (9, 9, 9, 0))),
        "image/png",
        Look((64, 48), {(0.5, 0.5): (0, 0, 0, 0)}),
    )


def _deep_png(color_type: int, levels: tuple[int, ...]) -> bytes:
    row = struct.pack(f">{len(levels)}H", *levels) * 32
    return pictures.png_of_rows([row] * 24, 32, bit_depth=16, color_type=color_type)


def _deep_heic() -> bytes:
    import pillow_heif

    pixels = np.tile(np.array([0x4000, 0x8000, 0xC000], np.uint16), (48, 64, 1))
    file = pillow_heif.from_bytes("RGB;16", (64, 48), pixels.tobytes())
    buffer = BytesIO()
    file.save(buffer, quality=90)
    return buffer.getvalue()
