"""Files that are refused whatever the limits: damaged, of another format than was declared, or no picture."""

from collections.abc import Callable, Iterator
from functools import partial

from tests import pictures
from tests.corpus.case import HEIGHT, WIDTH, Case, Refusal

TRUNCATED = (
    r"The file ends (after \d+ % of the picture|before the picture is complete|inside its header|"
    r"inside frame \d+ of the animation)\."
)


def cases() -> Iterator[Case]:
    """Yield the cases of this module."""
    yield from _cut_short()
    yield from _damaged()
    yield from _unsupported()
    yield from _declared_wrongly()


def _cut_short() -> Iterator[Case]:
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
            if kind == "animated gif" and percent > 12:
                continue  # published with the frames before the cut
            yield Case(
                f"{kind}, {percent} % of the file",
                lambda build=build, percent=percent: pictures.truncated(build(), percent / 100),
                media_type,
                Refusal("CORRUPT", TRUNCATED, percent if tells and percent > 12 else None),
            )

    for form, options in (("", {}), (" with restart markers", {"restart_marker_rows": 2})):
        yield Case(
            f"jpeg{form}, cut and closed by an end marker",
            lambda options=options: pictures.cut_and_closed(pictures.jpeg(**options)),
            "image/jpeg",
            Refusal("CORRUPT", TRUNCATED, 50),
        )


def _damaged() -> Iterator[Case]:
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
        ("png, indexes without a palette", pictures.indexed_png, "image/png", cannot),
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
    yield Case(
        "tiff, 16-bit grey and alpha",
        pictures.tiff_16_bit_grey_alpha,
        "image/tiff",
        Refusal(
            "UNSUPPORTED_FORMAT",
            r"TIFF files are not accepted with 2 x 16 bits a pixel, photometric 1 and compression 1; 8-bit RGB is\.",
        ),
    )


def _declared_wrongly() -> Iterator[Case]:
    for declared in ("text/html", "application/pdf", "video/mp4"):
        refusal = Refusal("TYPE_MISMATCH", rf"The file was declared as {declared}, which is no image type\.")
        yield Case(f"jpeg declared as {declared}", pictures.jpeg, declared, refusal, past_api=True)
