"""A contact sheet for visual checks: uploads next to their variants, in a browser with colour management.

`make gallery` writes .local/gallery/index.html from the code as it stands, with nothing deployed. Upload and variants
look the same wherever nothing else is said: the same way up, the same colours, transparent in the same places.

`make gallery BEFORE=../image-scaler-0.1.0` also shows the variants that an earlier release generates. BEFORE is a
checkout of it, after `make setup`.
"""

import argparse
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from functions.blur.pictures import blurred_files
from functions.imaging.colorimetry import BT709, D65, between
from functions.imaging.ingest import ingest_here
from functions.imaging.limits import DEFAULT_LIMITS
from functions.imaging.storing import store_picture
from functions.shared.options import BLURS, DEFAULT_BLUR, Blur
from functions.shared.variant import Sizes, parse_query
from functions.variants.rendering import render
from functions.variants.sources import source_for
from tests import details, pictures
from tests.corpus.files import FOLDER
from tests.fakes.memory_store import MemoryStore

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples" / "images"
PAGE = ROOT / ".local" / "gallery" / "index.html"

SHOWN_BY_BROWSERS = frozenset({"jpg", "png", "webp", "gif", "avif"})

STYLE = """
body { font: 14px/1.4 system-ui, sans-serif; margin: 1rem auto; max-width: 90rem; padding: 0 1rem; color: #1c2430 }
section div { display: flex; flex-wrap: wrap; gap: .6rem }
article { border: 1px solid #d9dee6; border-radius: 6px; padding: .5rem; display: flex; gap: .4rem; flex-wrap: wrap }
h3 { font-size: .85rem; margin: 0; flex-basis: 100% }
figure { margin: 0 } figcaption { font-size: .7rem; color: #5a6675 }
img { max-height: 9rem; background: repeating-conic-gradient(#ccc 0 25%, #fff 0 50%) 0 / 12px 12px }
"""


@dataclass(frozen=True)
class Exhibit:
    """An upload, its file name's ending, and the variants to show of it, or of its blurred twin if there is a blur."""

    title: str
    body: bytes
    ending: str
    queries: tuple[dict[str, str], ...] = ({"width": "320"},)
    blur: Blur | None = None


def exhibits() -> dict[str, list[Exhibit]]:
    """Return everything to show, by section."""
    return {
        "Orientation: each upload is stored turned or mirrored, and says so": list(_orientations()),
        "Colour: each upload says in a profile what its numbers mean": list(_profiles()),
        "Alpha, palettes and 16 bits": list(_alpha()),
        "Fit and crop": list(_crops()),
        "Blur: a soft field of colours is left, or one colour": list(_blurs()),
        "Animation": list(_animations()),
        "Colour by code points, gamma and chromaticities; HDR": list(_colors()),
        "Real files: composition of animations, crops": list(_real_files()),
        "Crops around the focal point": list(_focal_crops()),
        "Flat pages: text, charts, screenshots": list(_flat_pages()),
    }


def _photo(width: int = 480) -> Image.Image:
    with Image.open(SAMPLES / "mountains.jpg") as image:
        image.thumbnail((width, width))
        return image.convert("RGB")


def _orientations() -> Iterator[Exhibit]:
    photo = _photo(240)
    photo.paste((220, 40, 40), (0, 0, 40, 30))
    for kind, ending in (("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp"), ("AVIF", "avif"), ("HEIF", "heic")):
        for orientation, operation in pictures.ORIENTATION_OPERATIONS.items():
            stored = photo if operation is None else photo.transpose(operation)
            body = pictures.encoded(stored, kind, exif=pictures.exif(orientation=orientation).tobytes())
            yield Exhibit(f"{ending} {orientation}", body, ending)


def _profiles() -> Iterator[Exhibit]:
    photo = _photo()
    for name, profile in (
        ("no profile", None), ("sRGB", pictures.srgb_profile()), ("Display P3", pictures.display_p3()),
        ("Adobe RGB", pictures.adobe_rgb()), ("broken", b"broken" * 100), ("of grey", pictures.grey_profile()),
    ):  # fmt: skip
        options = {} if profile is None else {"icc_profile": profile}
        for ending, make in (("jpg", pictures.jpeg), ("png", pictures.png), ("webp", pictures.webp)):
            yield Exhibit(f"{ending}, {name}", make(image=photo, **options), ending)
    grey = photo.convert("L")
    for gamma in (1.0, 1.8, 2.2):
        body = pictures.jpeg(image=grey, icc_profile=pictures.grey_profile(gamma))
        yield Exhibit(f"jpg, grey of gamma {gamma}", body, "jpg")
    yield Exhibit("jpg, CMYK", pictures.jpeg(image=photo.convert("CMYK")), "jpg")
    ink = photo.convert("CMYK")
    yield Exhibit("jpg, CMYK of a press", pictures.jpeg(image=ink, icc_profile=pictures.cmyk_profile()), "jpg")
    yield Exhibit("a photograph in Display P3", (SAMPLES / "deep-field-p3.jpg").read_bytes(), "jpg")
    yield Exhibit("a photograph in CMYK", (SAMPLES / "retina-cmyk.jpg").read_bytes(), "jpg")


def _alpha() -> Iterator[Exhibit]:
    formats = tuple({"width": "320", "format": name} for name in ("png", "webp", "avif", "gif", "jpeg"))
    drawing = pictures.drawing()
    yield Exhibit("petals", (SAMPLES / "petals-transparent.png").read_bytes(), "png", formats)
    yield Exhibit("a soft edge, green where it is transparent", pictures.png(image=drawing), "png", formats)
    small = ({"width": "48", "format": "png"}, {"width": "48", "format": "webp"})
    yield Exhibit("the same, small: no green edge", pictures.png(image=drawing), "png", small)
    for ending, body in (
        ("webp", pictures.webp(image=drawing)), ("avif", pictures.avif(image=drawing)),
        ("heic", pictures.heic(image=drawing)), ("png", pictures.png(image=drawing.quantize(64))),
        ("gif", pictures.encoded(drawing, "GIF")),
    ):  # fmt: skip
        yield Exhibit(f"{ending} in", body, ending, formats[:2])
    yield Exhibit("a palette", (SAMPLES / "chart-palette.png").read_bytes(), "png", formats)
    yield Exhibit("16-bit grey", pictures.png_16_bit_grey(), "png", formats[:1])
    yield Exhibit("16-bit grey, white is transparent", pictures.png_16_bit_grey(transparent=65_535), "png", formats[:1])
    yield Exhibit("16-bit colour", pictures.png_16_bit_rgb(), "png", formats[:1])


def _crops() -> Iterator[Exhibit]:
    photo = pictures.jpeg(image=pictures.scene(480, 360), quality=95)
    box = {"width": "200", "height": "200", "format": "png"}
    fits = tuple({**box, "fit": fit} for fit in ("cover", "contain", "fill", "inside", "outside"))
    yield Exhibit("into 200 x 200", photo, "jpg", fits)
    positions = tuple({**box, "position": each} for each in ("west", "center", "east", "4,8", "16,8"))
    yield Exhibit("cover, by position", photo, "jpg", positions)
    wide = {"width": "320", "height": "128", "format": "png"}
    across = tuple({**wide, "position": each} for each in ("north", "center", "south"))
    yield Exhibit("a wide window, by position", photo, "jpg", across)
    backgrounds = tuple({**box, "fit": "contain", "background": each} for each in ("white", "black", "transparent"))
    yield Exhibit("contain, by background", photo, "jpg", backgrounds)
    with Image.open(SAMPLES / "petals-transparent.png") as petals:
        wide = petals.crop((0, petals.height // 4, petals.width, petals.height * 3 // 4))
    yield Exhibit("a transparent picture, contained", pictures.png(image=wide), "png", backgrounds)


def _blurs() -> Iterator[Exhibit]:
    for name in (
        "knife.jpg",
        "neon.png",
        "bather.webp",
        "cat.webp",
        "petals-transparent.png",
        "clock.gif",
        "flipbook.gif",
    ):
        file = SAMPLES / name
        yield Exhibit(name, file.read_bytes(), file.suffix[1:], blur=DEFAULT_BLUR)
    photo, drawing = _photo(), pictures.drawing()
    for name, image in (
        ("a small picture", _photo(120)), ("a tiny one", _photo(12)), ("a soft edge", drawing),
        ("a panorama", photo.crop((0, 120, 480, 180))), ("a column", photo.crop((200, 0, 250, 320))),
        ("a transparent panorama", drawing.crop((0, 90, 320, 130))), ("a page", pictures.page()),
        ("a figure", details.figure()), ("a number", details.pin()),
    ):  # fmt: skip
        yield Exhibit(name, pictures.png(image=image), "png", blur=DEFAULT_BLUR)
    for name in ("mosaic-8", "tile"):
        yield Exhibit(name, (SAMPLES / "cat.webp").read_bytes(), "webp", blur=BLURS[name])


def _animations() -> Iterator[Exhibit]:
    formats = tuple({"width": "320", "format": name} for name in ("webp", "gif", "png"))
    for name in ("clock.gif", "clock.webp", "flipbook.gif"):
        file = SAMPLES / name
        yield Exhibit(name, file.read_bytes(), file.suffix[1:], formats)
    for ending, make in (("gif", pictures.gif), ("png", pictures.apng), ("webp", pictures.animated_webp)):
        yield Exhibit(f"{ending}, transparent", make(frames=12, alpha=True), ending, formats)


def _colors() -> Iterator[Exhibit]:
    wide = ({"width": "320", "format": "png"}, {"width": "320", "format": "jpeg"})
    for name, points in (("Display P3", (12, 13)), ("PQ", (9, 16)), ("HLG", (9, 18))):
        yield Exhibit(f"a photograph in {name}, by cICP", coded(_photo(), *points), "png", wide)
    for name in (
        "v04-nclx-p3.avif", "v10-nclx-pq.avif", "h10-pq-bt2020.heic", "p18-cicp-pq-16bit.png", "p40-chrm-p3.png",
        "p09-gama-1.0-linear.png", "p10-gama-0.55.png",
    ):  # fmt: skip
        yield _real_file(name, wide)


def _real_files() -> Iterator[Exhibit]:
    formats = tuple({"format": name} for name in ("webp", "gif", "png"))
    for name in (
        "a10-sticker-over-cleared.png", "a12-rgb-dispose-background.png", "g09-first-frame-offset.gif",
        "g11-dispose-bg-partial.gif", "g20-dispose-2-then-0.gif", "w12-black-outline.webp",
    ):  # fmt: skip
        yield _real_file(name, formats)
    yield _real_file("v08-clap-topleft.avif", formats[2:])
    yield _real_file("h13-clap-topleft.heic", formats[2:])


def _focal_crops() -> Iterator[Exhibit]:
    box = {"width": "160", "height": "160", "format": "png"}
    crops = (box, {**box, "position": "auto"}, {**box, "width": "96", "height": "200", "position": "auto"})
    for name in ("bather.webp", "cat.webp", "knife.jpg", "mountains.jpg"):
        file = SAMPLES / name
        yield Exhibit(name, file.read_bytes(), file.suffix[1:], crops)
    for left in (0, 0.5, 1):
        canvas = _photo().filter(ImageFilter.GaussianBlur(12))
        subject = pictures.drawing().resize((100, 100))
        canvas.paste(subject, (int(left * (canvas.width - 100)), 120), subject)
        yield Exhibit(f"a subject at {left:.0%} of the width", pictures.png(image=canvas), "png", crops)


def _flat_pages() -> Iterator[Exhibit]:
    formats = tuple({"width": "640", "format": name} for name in ("webp", "jpeg", "avif", "png"))
    for name, image in (("text", pictures.prose(1_280, 800)), ("coloured text", pictures.page(1_280, 800))):
        yield Exhibit(name, pictures.png(image=image), "png", formats)
    yield Exhibit("a chart with a palette", (SAMPLES / "chart-palette.png").read_bytes(), "png", formats)
    gradient = Image.linear_gradient("L").resize((1_280, 200))
    page = pictures.prose(1_280, 800)
    page.paste(Image.merge("RGB", (gradient, gradient.point(lambda level: 255 - level), gradient)), (0, 0))
    yield Exhibit("text and a gradient", pictures.png(image=page), "png", formats)


def _real_file(name: str, queries: tuple[dict[str, str], ...]) -> Exhibit:
    return Exhibit(name, (FOLDER / name).read_bytes(), name.rpartition(".")[2], queries)


def coded(image: Image.Image, primaries: int, transfer: int) -> bytes:
    """Return a PNG of an sRGB picture in other primaries and with PQ, HLG or the curve of sRGB, with its white at 203
    cd/m² in HDR; a cICP chunk says so."""
    levels = np.asarray(image) / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    light = np.clip(linear @ np.array(between(BT709, _PRIMARIES[primaries])).T, 0, 1)
    if transfer == 16:
        power = (light * 203 / 10_000) ** (2610 / 16384)
        found = ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375
    elif transfer == 18:
        luminance = (light @ np.array([0.2627, 0.6780, 0.0593]))[..., None] * 0.203
        scene = np.where(luminance > 0, light * 0.203 * np.maximum(luminance, 1e-9) ** (1 / 1.2 - 1), 0)
        high = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
        found = np.where(scene <= 1 / 12, np.sqrt(3 * scene), high)
    else:
        found = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    body = pictures.png(image=Image.fromarray(np.rint(found * 255).clip(0, 255).astype(np.uint8)))
    return body[:33] + pictures.png_chunk(b"cICP", bytes([primaries, transfer, 0, 1])) + body[33:]


_PRIMARIES = {
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), D65),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), D65),
}
"""BT.2020 and Display P3."""


def variants(exhibit: Exhibit) -> Iterator[tuple[str, bytes, str]]:
    """Yield the caption, the bytes and the media type of each variant of an exhibit."""
    derived = ingest_here(exhibit.body, "", DEFAULT_LIMITS).picture
    if exhibit.blur:
        size, widths = (derived.master.width, derived.master.height), tuple(each.width for each in derived.renditions)
        derived = blurred_files(derived.master.body, size, widths, exhibit.blur)
    store = MemoryStore()
    stored = store_picture(derived, store=store, bucket="", prefix="")
    for query in exhibit.queries:
        variant = parse_query(query.items(), accept="*/*", sizes=Sizes.LADDER).variant
        rendered = render(store[source_for(stored, variant).key], variant, stored)
        yield " ".join(query.values()), rendered.body, rendered.content_type


def earlier_variants(folder: Path, shown: list[Exhibit], checkout: Path) -> list[list[tuple[str, str]]]:
    """Return the file name and the caption of each variant that the release in ``checkout`` generates, by exhibit.

    The name is empty if the release refuses the upload or the query. Blurred pictures are left out.
    """
    requests = []
    for number, exhibit in enumerate(shown, start=1):
        upload = f"{number:03}-upload"
        (folder / upload).write_bytes(exhibit.body)
        queries = () if exhibit.blur else exhibit.queries
        requests.append({"upload": upload, "queries": queries, "name": f"{number:03}-earlier"})
    (folder / "requests.json").write_text(json.dumps(requests), encoding="utf-8")
    python, script = checkout / ".venv" / "bin" / "python", Path(__file__).with_name("earlier_release.py")
    subprocess.run([python, script, folder.resolve()], cwd=checkout, check=True)
    found = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    return [[(name, caption) for name, caption in each] for each in found]


def write_gallery(page: Path = PAGE, before: Path | None = None) -> int:
    """Write the page and its pictures; return the number of uploads on it.

    ``before`` is the checkout of an earlier release, whose variants are shown too.
    """
    page.parent.mkdir(parents=True, exist_ok=True)
    everything = [exhibit for shown in exhibits().values() for exhibit in shown]
    earlier = earlier_variants(page.parent, everything, before) if before else [[] for _ in everything]
    parts = [f"<!doctype html><meta charset=utf-8><title>image-scaler: gallery</title><style>{STYLE}</style>"]
    count = 0
    for section, shown in exhibits().items():
        parts.append(f"<section><h2>{escape(section)}</h2><div>")
        for exhibit in shown:
            count += 1
            figures = [_figure(page, f"{count:03}-upload.{exhibit.ending}", exhibit.body, f"upload, {exhibit.ending}")]
            for number, (caption, body, media_type) in enumerate(variants(exhibit)):
                name = f"{count:03}-after-{number}.{media_type.removeprefix('image/')}"
                if number < len(earlier[count - 1]):
                    figures.append(_earlier_figure(page, *earlier[count - 1][number]))
                figures.append(_figure(page, name, body, f"after, {caption}: {media_type}, {len(body):,} bytes"))
            parts.append(f"<article><h3>{escape(exhibit.title)}</h3>{''.join(figures)}</article>")
        parts.append("</div></section>")
    page.write_text("\n".join(parts))
    return count


def _earlier_figure(page: Path, name: str, caption: str) -> str:
    if not name:
        return f"<figure><figcaption>before: {escape(caption)}</figcaption></figure>"
    return _figure(page, name, (page.parent / name).read_bytes(), f"before: {caption}")


def _figure(page: Path, name: str, body: bytes, caption: str) -> str:
    """Store a picture next to the page and return its element; formats that browsers do not support are converted by
    Pillow."""
    if name.rpartition(".")[2] not in {*SHOWN_BY_BROWSERS, "jpeg"}:
        buffer = BytesIO()
        pictures.opened(body).save(buffer, "PNG")
        name, body, caption = f"{name}.png", buffer.getvalue(), f"{caption} as decoded"
    (page.parent / name).write_bytes(body)
    return f'<figure><img src="{name}" alt=""><figcaption>{escape(caption)}</figcaption></figure>'


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the gallery.")
    parser.add_argument("--before", type=Path, metavar="CHECKOUT", help="show an earlier release's variants too")
    shown = write_gallery(before=parser.parse_args().before)
    print(f"gallery: {shown} uploads with their variants in {PAGE.relative_to(ROOT)}")  # noqa: T201
