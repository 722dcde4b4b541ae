"""The corpus: what people and attackers upload, each with the outcome and the look that it must have.

Nothing is stored but one file that no encoder here writes; every other one is built when a test asks for it
(tests/pictures.py). To add a case, add a line to the function of its section.
"""

import re
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from functions.imaging.limits import DEFAULT_LIMITS, MIB
from tests import pictures

WIDTH, HEIGHT = 120, 90
"""Size in px of a picture that shows ``pictures.scene``."""

ARITHMETIC_JPEG = Path(__file__).with_name("arithmetic.jpg")
"""``pictures.scene(64, 48)``, recoded by libjpeg-turbo's ``jpegtran -arithmetic``."""

Point = tuple[float, float]
Color = tuple[int, ...]

SCENE: Mapping[Point, Color] = {
    (1 / 12, 1 / 12): pictures.CORNERS["top-left"],
    (11 / 12, 1 / 12): pictures.CORNERS["top-right"],
    (1 / 12, 11 / 12): pictures.CORNERS["bottom-left"],
    (11 / 12, 11 / 12): pictures.CORNERS["bottom-right"],
    (1 / 2, 1 / 2): (245, 235, 225),
}
"""Colours of an upright ``scene``."""

DRAWING: Mapping[Point, Color] = {(0.5, 0.5): (200, 30, 60, 255), (0.02, 0.02): (0, 0, 0, 0)}
"""Colours of ``pictures.drawing``; the colour of a pixel that cannot be seen does not matter."""

TRUNCATED = (
    r"The file ends (after \d+ % of the picture|before the picture is complete|inside its header|"
    r"inside frame \d+ of the animation)\."
)


@dataclass(frozen=True)
class Look:
    """How a published picture looks: upright size in px, and colours at points given as fractions of its sides.

    ``variant`` is what is asked for; its answer has ``size`` (``original``, where given, is the upload's own size),
    ``content_type``, ``frames`` and, unless empty, ``durations_ms``. RGBA colours are checked with their alpha, of the
    first frame alone unless ``every_frame``.
    """

    size: tuple[int, int]
    colors: Mapping[Point, Color]
    within: int = 16
    frames: int = 1
    durations_ms: tuple[int, ...] = ()
    variant: Mapping[str, str | int] = field(default_factory=lambda: {"format": "png"})
    content_type: str = "image/png"
    original: tuple[int, int] | None = None
    every_frame: bool = False


@dataclass(frozen=True)
class Refusal:
    """Why an upload is refused: the fixed reason, and what the sentence for the uploader is like, whole.

    ``percent`` is how much of the picture the sentence must say is there, give or take a tenth.
    """

    reason: str
    detail: str
    percent: int | None = None

    def fits(self, detail: str) -> bool:
        """Tell whether a sentence is the one for this refusal."""
        if not re.fullmatch(self.detail, detail):
            return False
        said = re.search(r"(\d+) %", detail)
        return self.percent is None or (said is not None and abs(int(said[1]) - self.percent) <= 10)


@dataclass(frozen=True)
class Case:
    """One upload. ``past_api`` lays it into the bucket where no presigned form would let it pass."""

    name: str
    build: Callable[[], bytes]
    content_type: str
    expected: Look | Refusal
    past_api: bool = False

    @property
    def is_refused(self) -> bool:
        return isinstance(self.expected, Refusal)


def _shows_scene(name: str, build: Callable[[], bytes], content_type: str, *, within: int = 16) -> Case:
    return Case(name, build, content_type, Look((WIDTH, HEIGHT), SCENE, within))


# --- formats


def _formats_in() -> Iterator[Case]:
    size = {"width": WIDTH, "height": HEIGHT}
    scene = pictures.scene(WIDTH, HEIGHT)
    jpegs: dict[str, Callable[[], bytes]] = {
        "baseline": partial(pictures.jpeg, **size),
        "progressive": partial(pictures.jpeg, **size, progressive=True),
        "full chroma": partial(pictures.jpeg, **size, subsampling="4:4:4"),
        "half chroma": partial(pictures.jpeg, **size, subsampling="4:2:2"),
        "restart markers": partial(pictures.jpeg, **size, restart_marker_blocks=3),
        "stored as RGB": partial(pictures.jpeg, **size, keep_rgb=True),
        "optimized tables": partial(pictures.jpeg, **size, optimize=True),
        "with a comment": partial(pictures.jpeg, **size, comment=b"a comment"),
        "with bytes after its end": lambda: pictures.jpeg(**size) + b"\xff\xd8\xff a motion photo's video",
        "rotten bits in a scan": lambda: pictures.with_bit_rot(pictures.jpeg(**size), 0.97, 1),
    }
    for name, build in jpegs.items():
        yield _shows_scene(f"jpeg, {name}", build, "image/jpeg")
    yield Case("jpeg, arithmetic coding", ARITHMETIC_JPEG.read_bytes, "image/jpeg", Look((64, 48), SCENE, within=24))
    for name, make in (("Adobe's marker", pictures.cmyk), ("no marker", pictures.cmyk_without_adobe_marker)):
        yield _shows_scene(f"jpeg, inverted CMYK, {name}", partial(make, **size), "image/jpeg", within=24)
    for kind, media_type in (("JPEG", "image/jpeg"), ("PNG", "image/png"), ("TIFF", "image/tiff")):
        level = pictures.scene(WIDTH, HEIGHT).convert("L").getpixel((10, 7))
        yield Case(
            f"{kind.lower()}, grey",
            partial(pictures.grey, kind, WIDTH, HEIGHT),
            media_type,
            Look((WIDTH, HEIGHT), {(1 / 12, 1 / 12): (level,) * 3}),
        )
    yield _shows_scene("mpo, its first picture", partial(pictures.mpo, **size), "image/jpeg")

    yield _shows_scene("png", partial(pictures.png, **size), "image/png", within=4)
    yield Case(
        "png, interlaced",
        partial(pictures.interlaced_png, 64, 48),
        "image/png",
        Look((64, 48), SCENE, within=8),
    )
    yield _shows_scene("png, palette", partial(pictures.palette_png, **size), "image/png", within=24)
    yield Case(
        "png, one bit",
        lambda: pictures.png(image=_halves().convert("1")),
        "image/png",
        Look((64, 48), {(0.2, 0.5): (0, 0, 0), (0.8, 0.5): (255, 255, 255)}, within=4),
    )
    yield Case(
        "png, two bits of a palette",
        lambda: pictures.png(image=_halves().quantize(4), bits=2),
        "image/png",
        Look((64, 48), {(0.2, 0.5): (0, 0, 0), (0.8, 0.5): (255, 255, 255)}, within=4),
    )
    yield _shows_scene("webp", partial(pictures.webp, **size), "image/webp")
    yield _shows_scene("webp, lossless", partial(pictures.webp, **size, lossless=True), "image/webp", within=4)
    yield _shows_scene("avif", partial(pictures.avif, **size), "image/avif")
    yield _shows_scene("avif, full chroma", partial(pictures.avif, **size, subsampling="4:4:4"), "image/avif")
    yield _shows_scene("heic", partial(pictures.heic, **size), "image/heic")
    yield _shows_scene("heic, declared as heif", partial(pictures.heic, **size), "image/heif")
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        yield _shows_scene(
            f"tiff, {compression}", partial(pictures.tiff, **size, compression=compression), "image/tiff"
        )
    yield _shows_scene("tiff, big endian", partial(pictures.tiff, image=scene, big_endian=True), "image/tiff")
    yield _shows_scene(
        "tiff, its first page", lambda: pictures.tiff_pages((WIDTH, HEIGHT), (60, 30)), "image/tiff", within=4
    )
    yield _shows_scene("tiff, CMYK", lambda: pictures.tiff(image=scene.convert("CMYK")), "image/tiff")
    yield Case(
        "tiff, fax",
        lambda: pictures.tiff(image=_halves().convert("1"), compression="group4"),
        "image/tiff",
        Look((64, 48), {(0.2, 0.5): (0, 0, 0), (0.8, 0.5): (255, 255, 255)}, within=4),
    )
    yield _shows_scene("bmp", partial(pictures.bmp, **size), "image/bmp", within=4)
    yield _shows_scene("bmp, palette", lambda: pictures.bmp(image=scene.quantize(128)), "image/bmp", within=24)
    yield _shows_scene("gif", lambda: pictures.encoded(scene.quantize(255), "GIF"), "image/gif", within=24)


def _animations_in() -> Iterator[Case]:
    durations = (40, 80, 120, 200)
    first, last = {(0.15, 0.5): (0, 200, 255)}, {(0.85, 0.5): (255, 200, 0)}
    background = {(0.5, 0.05): (30, 30, 60)}
    as_webp = {"variant": {"format": "webp"}, "content_type": "image/webp"}
    for kind, build, media_type in (
        ("gif", partial(pictures.gif, frames=4, duration=list(durations)), "image/gif"),
        ("webp", partial(pictures.animated_webp, frames=4, duration=list(durations)), "image/webp"),
        ("apng", partial(pictures.apng, frames=4, duration=list(durations)), "image/png"),
    ):
        colors = {**first, **background}
        yield Case(
            f"animated {kind}, as webp",
            build,
            media_type,
            Look((160, 120), colors, frames=4, durations_ms=durations, **as_webp),
        )
        yield Case(
            f"animated {kind}, as gif",
            build,
            media_type,
            Look(
                (160, 120), colors, within=24, frames=4, durations_ms=durations,
                variant={"format": "gif"}, content_type="image/gif",
            ),
        )  # fmt: skip
    yield Case(
        "animated avif, as webp",
        partial(pictures.animated_avif, frames=3),
        "image/avif",
        Look((160, 120), {**first, **background}, within=24, frames=3, **as_webp),
    )
    animated = partial(pictures.gif, frames=4)
    for output in ("jpeg", "png"):
        look = Look(
            (160, 120), {**first, **background}, variant={"format": output}, content_type=f"image/{output}", within=24
        )
        yield Case(f"animated gif, its first frame as {output}", animated, "image/gif", look)
    yield Case(
        "animated gif, asked for as avif",
        animated,
        "image/gif",
        Look((160, 120), first, within=24, frames=4, variant={"format": "avif"}, content_type="image/webp"),
    )
    yield Case(
        "animated gif, scaled",
        animated,
        "image/gif",
        Look(
            (64, 48),
            first,
            within=24,
            frames=4,
            original=(160, 120),
            variant={"format": "webp", "width": 64},
            content_type="image/webp",
        ),
    )
    see_through = {(0.15, 0.5): (0, 200, 255, 255), (0.9, 0.05): (0, 0, 0, 0)}
    for kind, make, media_type in (
        ("gif", pictures.gif, "image/gif"),
        ("webp", pictures.animated_webp, "image/webp"),
        ("apng", pictures.apng, "image/png"),
    ):
        yield Case(
            f"animated {kind}, transparent",
            partial(make, frames=3, alpha=True),
            media_type,
            Look((160, 120), see_through, frames=3, **as_webp),
        )
    yield Case(
        "apng, its picture for old viewers is no frame",
        partial(pictures.apng, frames=4, default_image=True),
        "image/png",
        Look((160, 120), background, frames=3, **as_webp),
    )
    yield Case(
        "animated gif, frames without a time",
        partial(pictures.gif, frames=3, duration=0),
        "image/gif",
        Look((160, 120), background, frames=3, durations_ms=(100, 100, 100), **as_webp),
    )
    yield Case(
        "animated gif without its trailer",
        lambda: pictures.gif(frames=3)[:-1],
        "image/gif",
        Look((160, 120), background, frames=3, **as_webp),
    )
    yield Case("animated gif, its last frame alone is a still", lambda: pictures.encoded(
        pictures.moving_frames(4)[-1], "GIF"), "image/gif", Look((160, 120), {**last, **background}))  # fmt: skip


def _formats_out() -> Iterator[Case]:
    scene, drawing = partial(pictures.jpeg, WIDTH, HEIGHT), partial(pictures.transparent_png, WIDTH, HEIGHT)
    for output in ("avif", "webp", "jpeg", "png", "gif"):
        form = {"variant": {"format": output}, "content_type": f"image/{output}", "within": 24}
        yield Case(f"jpeg, as {output}", scene, "image/jpeg", Look((WIDTH, HEIGHT), SCENE, **form))
        if output != "jpeg":
            yield Case(f"transparent png, as {output}", drawing, "image/png", Look((WIDTH, HEIGHT), DRAWING, **form))
    on_white = {(0.5, 0.5): (200, 30, 60), (0.02, 0.02): (255, 255, 255)}
    jpeg = {"content_type": "image/jpeg", "within": 24}
    yield Case(
        "transparent png, as jpeg on white",
        drawing,
        "image/png",
        Look((WIDTH, HEIGHT), on_white, variant={"format": "jpeg"}, **jpeg),
    )
    yield Case(
        "transparent png, as jpeg within a black box",
        drawing,
        "image/png",
        Look(
            (64, 64),
            {(0.5, 0.5): (200, 30, 60), (0.02, 0.5): (0, 0, 0), (0.5, 0.02): (0, 0, 0)},
            original=(WIDTH, HEIGHT),
            variant={"format": "jpeg", "width": 64, "height": 64, "fit": "contain", "background": "black"},
            **jpeg,
        ),
    )
    left, right = pictures.CORNERS["top-left"], pictures.CORNERS["top-right"]
    for fit, size, colors in (
        ("cover", (64, 64), {(0.5, 0.5): (245, 235, 225)}),
        ("contain", (64, 64), {(0.5, 0.03): (255, 255, 255), (0.08, 0.22): left, (0.92, 0.22): right}),
        ("fill", (64, 64), SCENE),
        ("inside", (64, 48), SCENE),
        ("outside", (85, 64), SCENE),
    ):
        box = {"format": "png", "width": 64, "height": 64, "fit": fit}
        yield Case(
            f"fit {fit}", scene, "image/jpeg", Look(size, colors, within=24, original=(WIDTH, HEIGHT), variant=box)
        )
    for position, colors in (
        ("west", {(0.1, 0.08): left}),
        ("east", {(0.9, 0.08): right}),
        ("0,8", {(0.1, 0.92): pictures.CORNERS["bottom-left"]}),
        ("16,8", {(0.9, 0.92): pictures.CORNERS["bottom-right"]}),
    ):
        box = {"format": "png", "width": 64, "height": 64, "fit": "cover", "position": position}
        yield Case(
            f"crop to {position}",
            scene,
            "image/jpeg",
            Look((64, 64), colors, within=24, original=(WIDTH, HEIGHT), variant=box),
        )
    yield Case(
        "contain on nothing",
        scene,
        "image/jpeg",
        Look(
            (64, 64),
            {(0.5, 0.03): (0, 0, 0, 0), (0.5, 0.5): (245, 235, 225, 255)},
            within=24,
            original=(WIDTH, HEIGHT),
            variant={"format": "png", "width": 64, "height": 64, "fit": "contain", "background": "transparent"},
        ),
    )
    yield Case(
        "never enlarged",
        scene,
        "image/jpeg",
        Look((WIDTH, HEIGHT), SCENE, variant={"format": "png", "width": 640}),
    )


# --- fidelity


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
            yield _shows_scene(
                f"{kind.lower()}, orientation {orientation}",
                partial(pictures.oriented, kind, orientation, WIDTH, HEIGHT),
                media_type,
            )
    for kind, media_type in (("PNG", "image/png"), ("WEBP", "image/webp")):
        for orientation in (3, 6, 7):
            yield Case(
                f"animated {kind.lower()}, orientation {orientation}",
                partial(pictures.oriented_animation, kind, orientation, WIDTH, HEIGHT),
                media_type,
                Look(
                    (WIDTH, HEIGHT), SCENE, within=30, frames=3, every_frame=True,
                    variant={"format": "webp"}, content_type="image/webp",
                ),
            )  # fmt: skip
    for value in (0, 9, 255):
        yield _shows_scene(
            f"jpeg, meaningless orientation {value}",
            lambda value=value: pictures.jpeg(WIDTH, HEIGHT, exif=pictures.exif(orientation=value).tobytes()),
            "image/jpeg",
        )
    yield _shows_scene(
        "jpeg, broken EXIF", partial(pictures.jpeg, WIDTH, HEIGHT, exif=b"Exif\0\0MM\0*\xff\xff\xff\xff"), "image/jpeg"
    )


def _profiles() -> Iterator[Case]:
    tile = partial(Image.new, "RGB", (64, 48), (200, 60, 60))
    makers: dict[str, tuple[Callable[..., bytes], str]] = {
        "jpeg": (pictures.jpeg, "image/jpeg"),
        "png": (pictures.png, "image/png"),
        "webp": (pictures.webp, "image/webp"),
        "avif": (pictures.avif, "image/avif"),
        "heic": (pictures.heic, "image/heic"),
        "tiff": (pictures.tiff, "image/tiff"),
    }
    # The colours that the profiles' own matrices and curves give, relative colorimetric, computed outside of lcms.
    for name, profile, color in (
        ("Display P3", pictures.display_p3, (219, 37, 49)),
        ("Adobe RGB", pictures.adobe_rgb, (231, 57, 57)),
        ("sRGB", pictures.srgb_profile, (200, 60, 60)),
    ):
        for kind, (make, media_type) in makers.items():
            yield Case(
                f"{kind}, {name}",
                lambda make=make, profile=profile: make(image=tile(), icc_profile=profile()),
                media_type,
                Look((64, 48), {(0.5, 0.5): color}, within=6),
            )
    for kind in ("jpeg", "png", "tiff"):
        make, media_type = makers[kind]
        yield Case(
            f"{kind}, grey profile of gamma 1",
            lambda make=make: make(image=Image.new("L", (64, 48), 64), icc_profile=pictures.grey_profile(1.0)),
            media_type,
            Look((64, 48), {(0.5, 0.5): (137, 137, 137)}, within=6),
        )
    for kind in ("jpeg", "tiff"):
        make, media_type = makers[kind]
        for ink, levels, color in (("cyan", (255, 0, 0, 0), (35, 157, 206)), ("no ink", (0, 0, 0, 0), (255,) * 3)):
            yield Case(
                f"{kind}, CMYK profile, {ink}",
                lambda make=make, levels=levels: make(
                    image=Image.new("CMYK", (64, 48), levels), icc_profile=pictures.cmyk_profile()
                ),
                media_type,
                Look((64, 48), {(0.5, 0.5): color}, within=8),
            )
    for fault, profile in (
        ("broken profile", lambda: b"broken" * 100),
        ("profile cut short", lambda: pictures.display_p3()[:200]),
        ("profile of another colour space", pictures.grey_profile),
        ("CMYK profile in RGB", pictures.cmyk_profile),
    ):
        for kind in ("jpeg", "png", "webp"):
            make, media_type = makers[kind]
            yield Case(
                f"{kind}, {fault}",
                lambda make=make, profile=profile: make(image=tile(), icc_profile=profile()),
                media_type,
                Look((64, 48), {(0.5, 0.5): (200, 60, 60)}, within=6),
            )


def _depths_and_alpha() -> Iterator[Case]:
    ramp = {(0.002, 0.5): (0,) * 3, (0.25, 0.5): (64,) * 3, (0.5, 0.5): (128,) * 3, (0.999, 0.5): (255,) * 3}
    yield Case("png, 16-bit grey", pictures.png_16_bit_grey, "image/png", Look((256, 64), ramp, within=3))
    yield Case("tiff, 16-bit grey", pictures.tiff_16_bit_grey, "image/tiff", Look((256, 64), ramp, within=3))
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
    yield Case(
        "heic, 10 bits",
        _deep_heic,
        "image/heic",
        Look((64, 48), {(0.5, 0.5): (64, 128, 192)}, within=8),
    )
    drawing = pictures.drawing(WIDTH, HEIGHT)
    half_grey = Image.new("LA", (64, 48), (90, 128))
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
        yield Case(f"alpha, {name}", build, media_type, Look((WIDTH, HEIGHT), DRAWING, within=24))
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
        lambda: pictures.png(image=half_grey),
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


# --- limits


def _just_within() -> Iterator[Case]:
    white, scene = {(0.5, 0.5): (255, 255, 255)}, Look((WIDTH, HEIGHT), SCENE)
    limits = DEFAULT_LIMITS
    yield Case(
        "within: bytes",
        lambda: pictures.jpeg(WIDTH, HEIGHT).ljust(limits.max_bytes, b"\0"),
        "image/jpeg",
        scene,
    )
    yield Case(
        "within: pixels",
        lambda: _white_png(8_000, 8_000),
        "image/png",
        Look((320, 320), white, original=(8_000, 8_000), variant={"format": "png", "width": 320}),
    )
    yield Case(
        "within: side",
        lambda: _white_png(limits.max_side_px, 16),
        "image/png",
        Look(
            (3_840, 4), white, original=(limits.max_side_px, 16), variant={"format": "png", "width": limits.max_side_px}
        ),
    )
    yield Case("within: one pixel", lambda: _white_png(1, 1), "image/png", Look((1, 1), white))
    many = {"frames": limits.max_frames, "variant": {"format": "webp"}, "content_type": "image/webp"}
    for kind, build, media_type in (
        ("gif", partial(_flicker, "GIF", limits.max_frames), "image/gif"),
        ("apng", partial(_flicker, "PNG", limits.max_frames), "image/png"),
        ("webp", partial(_flicker, "WEBP", limits.max_frames), "image/webp"),
    ):
        yield Case(f"within: {kind}, frames", build, media_type, Look((16, 12), {}, **many))
    yield Case(
        "within: jpeg, colour profile",
        partial(pictures.jpeg, WIDTH, HEIGHT, icc_profile=b"\1" * limits.max_icc_bytes),
        "image/jpeg",
        scene,
    )
    yield Case(
        "within: webp, colour profile",
        partial(pictures.webp, WIDTH, HEIGHT, icc_profile=b"\1" * limits.max_icc_bytes),
        "image/webp",
        scene,
    )
    yield Case(
        "within: png, colour profile",
        partial(_png_with, 1, b"iCCP", b"k\0\0" + zlib.compress(bytes(limits.max_text_bytes))),
        "image/png",
        scene,
    )
    yield Case(
        "within: png, text",
        partial(_png_with, 1, b"zTXt", b"k\0\0" + zlib.compress(b"a" * limits.max_text_bytes)),
        "image/png",
        scene,
    )
    yield Case(
        "within: png, texts",
        partial(_png_with, limits.max_text_chunks, b"tEXt", b"k\0v"),
        "image/png",
        scene,
    )
    yield Case("within: png, chunks", partial(_png_with, limits.max_chunks - 3, b"abCd", b""), "image/png", scene)
    yield Case("within: webp, chunks", partial(_webp_of_chunks, limits.max_chunks - 1), "image/webp", scene)
    yield Case(
        "within: jpeg, segments",
        partial(pictures.jpeg_segment_bomb, limits.max_chunks - 20),
        "image/jpeg",
        Look((16, 16), {}),
    )
    yield Case(
        "within: gif, blocks",
        partial(pictures.gif_of_tiny_blocks, limits.max_gif_blocks - 100),
        "image/gif",
        Look((16, 16), {}),
    )
    yield Case(
        "within: jpeg, scans",
        partial(_jpeg_of_scans, limits.max_scans, 64, 48),
        "image/jpeg",
        Look((64, 48), {(0.5, 0.5): (128, 128, 128)}),
    )


def _just_over() -> Iterator[Case]:
    limits = DEFAULT_LIMITS

    def case(name: str, build: Callable[[], bytes], media_type: str, reason: str, detail: str) -> Case:
        return Case(f"over: {name}", build, media_type, Refusal(reason, detail))

    yield Case("empty", bytes, "image/jpeg", Refusal("EMPTY", r"The file is empty\."), past_api=True)
    yield Case(
        "over: bytes",
        lambda: pictures.jpeg(WIDTH, HEIGHT).ljust(limits.max_bytes + 1, b"\0"),
        "image/jpeg",
        Refusal("TOO_LARGE", r"The file has 64\.0 MiB; at most 64 MiB are accepted\."),
        past_api=True,
    )
    megapixels = r"The picture has 64\.0 megapixels; at most 64 are accepted\."
    for kind, make in (("png", pictures.png_header), ("jpeg", pictures.jpeg_header)):
        yield case(f"{kind}, pixels", partial(make, 8_001, 8_000), f"image/{kind}", "TOO_MANY_PIXELS", megapixels)
    sides = r"The picture is {} px; a side may have at most 16384 px\."
    yield case("width", lambda: _white_png(16_385, 2), "image/png", "TOO_MANY_PIXELS", sides.format("16385 x 2"))
    yield case("height", lambda: _white_png(2, 16_385), "image/png", "TOO_MANY_PIXELS", sides.format("2 x 16385"))
    yield case(
        "bmp, width",
        lambda: pictures.bmp(image=Image.new("1", (16_385, 1))),
        "image/bmp",
        "TOO_MANY_PIXELS",
        sides.format("16385 x 1"),
    )
    yield case(
        "tiff, width",
        lambda: pictures.tiff(image=Image.new("L", (16_385, 1))),
        "image/tiff",
        "TOO_MANY_PIXELS",
        sides.format("16385 x 1"),
    )
    frames = r"The animation has more than 256 frames, the most accepted\."
    for kind, build, media_type in (
        ("gif", partial(pictures.gif_with_many_frames, 257), "image/gif"),
        ("apng", partial(_flicker, "PNG", limits.max_frames + 1), "image/png"),
        ("apng that claims", partial(pictures.apng_that_claims, 100_001), "image/png"),
        ("webp", partial(_flicker, "WEBP", limits.max_frames + 1), "image/webp"),
    ):
        yield case(f"{kind}, frames", build, media_type, "TOO_MANY_FRAMES", frames)
    yield case(
        "animation, pixels",
        partial(pictures.gif_with_many_frames, 256, 1_001, 1_000),
        "image/gif",
        "TOO_MANY_PIXELS",
        r"The animation's 256 frames have 256 megapixels together; at most 256 are accepted\.",
    )
    yield case(
        "gif, a bomb in its second frame",
        pictures.gif_bomb_in_second_frame,
        "image/gif",
        "TOO_MANY_PIXELS",
        r"The picture is \d+ x \d+ px; a side may have at most 16384 px\.",
    )
    profile = r"The colour profile has more than 4 MiB\."
    for kind, make in (("jpeg", pictures.jpeg), ("webp", pictures.webp), ("tiff", pictures.tiff),
                       ("avif", pictures.avif), ("heic", pictures.heic)):  # fmt: skip
        yield case(
            f"{kind}, colour profile",
            partial(make, 64, 48, icc_profile=b"\1" * (limits.max_icc_bytes + 1)),
            f"image/{kind}",
            "TOO_COMPLEX",
            profile,
        )
    text = r"A text or profile in the PNG has more than 1 MiB\."
    for name, kind in (("text", b"zTXt"), ("colour profile", b"iCCP")):
        yield case(
            f"png, {name}",
            partial(_png_with, 1, kind, b"k\0\0" + zlib.compress(bytes(limits.max_text_bytes + 1))),
            "image/png",
            "TOO_COMPLEX",
            text,
        )
    yield case(
        "png, international text",
        partial(_png_with, 1, b"iTXt", b"k\0\1\0\0\0" + zlib.compress(bytes(limits.max_text_bytes + 1))),
        "image/png",
        "TOO_COMPLEX",
        text,
    )
    yield case(
        "png, all texts together",
        partial(_png_with, 65, b"zTXt", b"k\0\0" + zlib.compress(bytes(MIB))),
        "image/png",
        "TOO_COMPLEX",
        r"The PNG's texts have more than 64 MiB together\.",
    )
    yield case(
        "png, texts",
        partial(_png_with, limits.max_text_chunks + 1, b"tEXt", b"k\0v"),
        "image/png",
        "TOO_COMPLEX",
        r"The PNG has more than 256 text chunks\.",
    )
    yield case(
        "png, chunks",
        partial(_png_with, limits.max_chunks - 2, b"abCd", b""),
        "image/png",
        "TOO_COMPLEX",
        r"The PNG has more than 65536 chunks\.",
    )
    yield case(
        "webp, chunks",
        partial(_webp_of_chunks, limits.max_chunks + 1),
        "image/webp",
        "TOO_COMPLEX",
        r"The WebP has more than 65536 chunks\.",
    )
    yield case(
        "avif, boxes",
        lambda: pictures.avif(64, 48) + struct.pack(">I4s", 8, b"free") * limits.max_chunks,
        "image/avif",
        "TOO_COMPLEX",
        r"The file has more than 65536 boxes\.",
    )
    yield case(
        "jpeg, segments",
        partial(pictures.jpeg_segment_bomb, limits.max_chunks + 1),
        "image/jpeg",
        "TOO_COMPLEX",
        r"The JPEG has more than 65536 segments\.",
    )
    yield case(
        "gif, blocks",
        partial(pictures.gif_of_tiny_blocks, limits.max_gif_blocks + 1),
        "image/gif",
        "TOO_COMPLEX",
        r"The GIF is cut into too many small pieces\.",
    )
    scans = r"The JPEG draws its picture in \d+ scans or more, which is too many to decode\."
    yield case("jpeg, scans", partial(_jpeg_of_scans, limits.max_scans + 1, 64, 48), "image/jpeg", "TOO_COMPLEX", scans)
    yield case("jpeg, a scan bomb", partial(pictures.scan_bomb, 3_000), "image/jpeg", "TOO_COMPLEX", scans)
    yield case(
        "jpeg, scans of many pixels", partial(_jpeg_of_scans, 90, 4_500, 4_500), "image/jpeg", "TOO_COMPLEX", scans
    )


def _damaged() -> Iterator[Case]:
    size = {"width": WIDTH, "height": HEIGHT}
    scene = pictures.scene(WIDTH, HEIGHT)
    files: dict[str, tuple[Callable[[], bytes], str, bool]] = {  # builder, media type, whether it tells how much
        "jpeg": (partial(pictures.jpeg, **size), "image/jpeg", True),
        "progressive jpeg": (partial(pictures.jpeg, **size, progressive=True), "image/jpeg", False),
        "png": (partial(pictures.png, **size), "image/png", True),
        "gif": (lambda: pictures.encoded(scene.quantize(255), "GIF"), "image/gif", False),
        "animated gif": (partial(pictures.gif, frames=8), "image/gif", False),
        "apng": (partial(pictures.apng, frames=8), "image/png", False),
        "webp": (partial(pictures.webp, **size), "image/webp", True),
        "animated webp": (partial(pictures.animated_webp, frames=8), "image/webp", True),
        "avif": (partial(pictures.avif, **size), "image/avif", True),
        "heic": (partial(pictures.heic, **size), "image/heic", True),
        "tiff": (partial(pictures.tiff, **size), "image/tiff", True),
        "bmp": (partial(pictures.bmp, **size), "image/bmp", True),
    }
    for kind, (build, media_type, tells) in files.items():
        for percent in (12, 48, 75, 97):
            yield Case(
                f"{kind}, {percent} % of the file",
                lambda build=build, percent=percent: pictures.truncated(build(), percent / 100),
                media_type,
                Refusal("CORRUPT", TRUNCATED, percent if tells and percent > 12 else None),
            )
    cannot = r"The file is damaged: it cannot be decoded\."
    for name, build, media_type, detail in (
        ("png, rotten bits", lambda: pictures.with_bit_rot(pictures.png()), "image/png", cannot),
        ("animated gif, rotten bits", lambda: pictures.with_bit_rot(pictures.gif(frames=3)), "image/gif", cannot),
        ("webp, rotten bits", lambda: pictures.with_bit_rot(pictures.webp(lossless=True)), "image/webp", cannot),
        ("avif, rotten bits", lambda: pictures.with_bit_rot(pictures.avif(), 0.002, 200), "image/avif", cannot),
        ("heic, rotten bits", lambda: pictures.with_bit_rot(pictures.heic(), 0.002, 200), "image/heic", cannot),
        ("tiff, a directory of nothing", lambda: b"II*\0" + b"\xff" * 4 + bytes(50), "image/tiff", TRUNCATED),
        ("bmp, of zeros", lambda: b"BM" + bytes(100), "image/bmp", r"The picture has no pixels\."),
        ("png, a header alone", partial(pictures.png_header, 100, 100), "image/png", cannot),
        ("png, no pixels", partial(pictures.png_header, 0, 10), "image/png", r"The picture has no pixels\."),
        ("jpeg, without its end", lambda: pictures.jpeg()[:-2], "image/jpeg", TRUNCATED),
        ("jpeg, a signature alone", lambda: pictures.jpeg()[:3], "image/jpeg", r"The file ends inside its header\."),
    ):
        yield Case(f"damaged: {name}", build, media_type, Refusal("CORRUPT", detail))


def _unsupported() -> Iterator[Case]:
    for kind, body in pictures.TEXT_FILES.items():
        refusal = Refusal(
            "UNSUPPORTED_FORMAT",
            r"[A-Z].* are not accepted; send JPEG, PNG, GIF, WebP, AVIF, HEIC, TIFF and BMP\.",
        )
        yield Case(f"no picture: {kind}", partial(bytes, body), "image/png", refusal)
    yield Case(
        "jpeg, 12 bits",
        pictures.twelve_bit_jpeg,
        "image/jpeg",
        Refusal("UNSUPPORTED_FORMAT", r"JPEG files of more than 8 bits are not accepted\."),
    )
    yield Case(
        "jpeg, lossless",
        lambda: pictures.jpeg(16, 16).replace(b"\xff\xc0", b"\xff\xc3"),
        "image/jpeg",
        Refusal("UNSUPPORTED_FORMAT", r"Lossless and hierarchical JPEG files are not accepted\."),
    )
    yield Case(
        "tiff, floating point",
        pictures.float_tiff,
        "image/tiff",
        Refusal("UNSUPPORTED_FORMAT", r"Pictures with 32-bit or floating point samples are not accepted\."),
    )
    for name, build, declared, found in (
        ("png", pictures.png, "image/jpeg", "PNG"),
        ("jpeg", pictures.jpeg, "image/png", "JPEG"),
        ("webp", pictures.webp, "image/gif", "WEBP"),
        ("avif", pictures.avif, "image/heic", "AVIF"),
        ("heic", pictures.heic, "image/avif", "HEIC"),
        ("gif", pictures.gif, "image/webp", "GIF"),
    ):
        yield Case(
            f"{name} declared as {declared}",
            build,
            declared,
            Refusal("TYPE_MISMATCH", rf"The file was declared as {declared} but is {found}\."),
        )


# --- builders that only the corpus needs


def _halves() -> Image.Image:
    image = Image.new("L", (64, 48), 255)
    image.paste(0, (0, 0, 32, 48))
    return image


def _flicker(pillow_format: str, count: int) -> bytes:
    """Return an animation of flat frames so different that no encoder joins two of them."""
    frames = [
        Image.new("RGB", (16, 12), (index * 101 % 256, index * 53 % 256, index * 151 % 256)) for index in range(count)
    ]
    return pictures.encoded(frames[0], pillow_format, save_all=True, append_images=frames[1:], duration=50, loop=0)


def _white_png(width: int, height: int) -> bytes:
    """Return a PNG of one bit a pixel."""
    row = b"\xff" * ((width + 7) // 8)
    return pictures.png_of_rows([row] * height, width, bit_depth=1, color_type=0)


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


def _png_with(count: int, kind: bytes, data: bytes) -> bytes:
    """Return a scene with a number of equal chunks after its header."""
    body = pictures.png(WIDTH, HEIGHT)
    return body[:33] + pictures.png_chunk(kind, data) * count + body[33:]


def _webp_of_chunks(count: int) -> bytes:
    """Return a scene whose file has that many chunks, nearly all of them empty and unknown."""
    body = pictures.webp(WIDTH, HEIGHT, exif=pictures.exif().tobytes())  # the extended form
    own = _riff_chunks(body)
    body += struct.pack("<4sI", b"abcd", 0) * (count - own)
    return body[:4] + struct.pack("<I", len(body) - 8) + body[8:]


def _riff_chunks(body: bytes) -> int:
    position, count = 12, 0
    while position < len(body):
        length = struct.unpack_from("<I", body, position + 4)[0]
        position += 8 + length + length % 2
        count += 1
    return count


def _jpeg_of_scans(scans: int, width: int, height: int) -> bytes:
    """Return a progressive grey JPEG with exactly that many scans."""
    own = pictures.scan_bomb(0, width, height).count(b"\xff\xda")
    return pictures.scan_bomb(scans - own, width, height)


CASES: tuple[Case, ...] = (
    *_formats_in(),
    *_animations_in(),
    *_formats_out(),
    *_orientations(),
    *_profiles(),
    *_depths_and_alpha(),
    *_just_within(),
    *_just_over(),
    *_damaged(),
    *_unsupported(),
)
"""Every case, in the order of the sections above."""
