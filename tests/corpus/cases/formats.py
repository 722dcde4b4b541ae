"""Stills in every format and form that is read: each ends in an upright picture of the same colours."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from PIL import Image

from tests import pictures
from tests.corpus.case import HEIGHT, SCENE, WIDTH, Case, Look, shows_scene

ARITHMETIC_JPEG = Path(__file__).with_name("arithmetic.jpg")
"""``pictures.scene(64, 48)``, recoded by libjpeg-turbo's ``jpegtran -arithmetic``."""

SIZE = {"width": WIDTH, "height": HEIGHT}
BLACK_AND_WHITE = Look((64, 48), {(0.2, 0.5): (0, 0, 0), (0.8, 0.5): (255, 255, 255)}, within=4)


def cases() -> Iterator[Case]:
    """Yield the cases of this module."""
    yield from _jpegs()
    yield from _greys()
    yield shows_scene("mpo, its first picture", partial(pictures.mpo, **SIZE), "image/jpeg")
    yield from _pngs()
    yield from _newer_formats()
    yield from _tiffs()
    yield from _bitmaps()


def _jpegs() -> Iterator[Case]:
    jpegs: dict[str, Callable[[], bytes]] = {
        "baseline": partial(pictures.jpeg, **SIZE),
        "progressive": partial(pictures.jpeg, **SIZE, progressive=True),
        "full chroma": partial(pictures.jpeg, **SIZE, subsampling="4:4:4"),
        "half chroma": partial(pictures.jpeg, **SIZE, subsampling="4:2:2"),
        "restart markers": partial(pictures.jpeg, **SIZE, restart_marker_blocks=3),
        "stored as RGB": partial(pictures.jpeg, **SIZE, keep_rgb=True),
        "optimized tables": partial(pictures.jpeg, **SIZE, optimize=True),
        "with a comment": partial(pictures.jpeg, **SIZE, comment=b"a comment"),
        "with bytes after its end": lambda: pictures.jpeg(**SIZE) + b"\xff\xd8\xff a motion photo's video",
        "rotten bits in a scan": lambda: pictures.with_bit_rot(pictures.jpeg(**SIZE), 0.97, 1),
    }
    for name, build in jpegs.items():
        yield shows_scene(f"jpeg, {name}", build, "image/jpeg")
    yield Case("jpeg, arithmetic coding", ARITHMETIC_JPEG.read_bytes, "image/jpeg", Look((64, 48), SCENE, within=24))
    grey = Look((WIDTH, HEIGHT), {(1 / 12, 1 / 12): SCENE[1 / 12, 1 / 12], (11 / 12, 11 / 12): (128, 128, 128)})
    yield Case(
        "jpeg, grey below by itself", lambda: pictures.jpeg(image=pictures.grey_below(**SIZE)), "image/jpeg", grey
    )
    for name, make in (("Adobe's marker", pictures.cmyk), ("no marker", pictures.cmyk_without_adobe_marker)):
        yield shows_scene(f"jpeg, inverted CMYK, {name}", partial(make, **SIZE), "image/jpeg", within=24)


def _greys() -> Iterator[Case]:
    level = pictures.scene(WIDTH, HEIGHT).convert("L").getpixel((10, 7))
    look = Look((WIDTH, HEIGHT), {(1 / 12, 1 / 12): (level,) * 3})
    for kind in ("JPEG", "PNG", "TIFF"):
        build = partial(pictures.grey, kind, WIDTH, HEIGHT)
        yield Case(f"{kind.lower()}, grey", build, f"image/{kind.lower()}", look)


def _pngs() -> Iterator[Case]:
    yield shows_scene("png", partial(pictures.png, **SIZE), "image/png", within=4)
    yield Case(
        "png, interlaced", partial(pictures.interlaced_png, 64, 48), "image/png", Look((64, 48), SCENE, within=8)
    )
    yield shows_scene("png, palette", partial(pictures.palette_png, **SIZE), "image/png", within=24)
    for name, build in (
        ("one bit", lambda: pictures.png(image=_halves().convert("1"))),
        ("two bits of a palette", lambda: pictures.png(image=_halves().quantize(4), bits=2)),
    ):
        yield Case(f"png, {name}", build, "image/png", BLACK_AND_WHITE)


def _newer_formats() -> Iterator[Case]:
    yield shows_scene("webp", partial(pictures.webp, **SIZE), "image/webp")
    yield shows_scene("webp, lossless", partial(pictures.webp, **SIZE, lossless=True), "image/webp", within=4)
    yield shows_scene("avif", partial(pictures.avif, **SIZE), "image/avif")
    yield shows_scene("avif, full chroma", partial(pictures.avif, **SIZE, subsampling="4:4:4"), "image/avif")
    yield shows_scene("heic", partial(pictures.heic, **SIZE), "image/heic")
    yield shows_scene("heic, declared as heif", partial(pictures.heic, **SIZE), "image/heif")


def _tiffs() -> Iterator[Case]:
    scene = pictures.scene(WIDTH, HEIGHT)
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        yield shows_scene(f"tiff, {compression}", partial(pictures.tiff, **SIZE, compression=compression), "image/tiff")
    yield shows_scene("tiff, big endian", partial(pictures.tiff, image=scene, big_endian=True), "image/tiff")
    yield shows_scene(
        "tiff, its first page", lambda: pictures.tiff_pages((WIDTH, HEIGHT), (60, 30)), "image/tiff", within=4
    )
    yield shows_scene("tiff, CMYK", lambda: pictures.tiff(image=scene.convert("CMYK")), "image/tiff")
    yield Case(
        "tiff, fax",
        lambda: pictures.tiff(image=_halves().convert("1"), compression="group4"),
        "image/tiff",
        BLACK_AND_WHITE,
    )


def _bitmaps() -> Iterator[Case]:
    scene = pictures.scene(WIDTH, HEIGHT)
    yield shows_scene("bmp", partial(pictures.bmp, **SIZE), "image/bmp", within=4)
    yield shows_scene("bmp, palette", lambda: pictures.bmp(image=scene.quantize(128)), "image/bmp", within=24)
    yield shows_scene("gif", lambda: pictures.encoded(scene.quantize(255), "GIF"), "image/gif", within=24)


def _halves() -> Image.Image:
    image = Image.new("L", (64, 48), 255)
    image.paste(0, (0, 0, 32, 48))
    return image
