# /// script
# requires-python = ">=3.11"
# dependencies = ["pillow==13.0.0", "pillow-heif==1.8.1", "scikit-image==0.26.0", "numpy==2.4.6", "simplejpeg", "pypng"]
# ///
"""Creates the sample pictures, their manifest, and their entries for the Rekognition stand-in.

    uv run samples/build.py

The photographs come from scikit-image's package; all are in the public domain or CC0, and the manifest names their
authors. All other pictures are drawn here. The same versions of the packages above give the same bytes.

The drawings for moderation are harmless: the stand-in recognises them by their signature, as Rekognition would
recognise real content.
"""

import io
import json
import math
import struct
import sys
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image, ImageCms, ImageDraw, ImageFilter, ImageFont

HERE = Path(__file__).parent
CHECKOUT = HERE.parent
IMAGES = HERE / "images"
sys.path.insert(0, str(CHECKOUT))

from local.rekognition.pictures import signature_of, thumbnail_of  # noqa: E402 -- the checkout must be on the path first

pillow_heif.register_heif_opener()

GENERATED = "drawn by samples/build.py"
OWN = "CC0-1.0"
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
NASA = "public domain (NASA)"


@dataclass(frozen=True)
class Sample:
    """One line of the manifest. ``labels`` are the stand-in's labels for it, in Rekognition's form."""

    file: str
    content_type: str
    way: str
    expected: str
    shows: str
    source: str = GENERATED
    licence: str = OWN
    reason: str | None = None


def photo(name: str) -> Image.Image:
    """Open one of scikit-image's photographs."""
    with (files("skimage") / "data" / name).open("rb") as file:
        picture = Image.open(file)
        picture.load()
    return picture


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    """Return the picture as a file of the format ``kind``."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


# --- drawings ---------------------------------------------------------------------------------------------


def fractal(width: int, height: int, seed: int, octaves: int) -> np.ndarray:
    """Return smooth noise from 0 to 1: the sum of ever finer random fields."""
    random = np.random.default_rng(seed)
    total = np.zeros((height, width))
    for octave in range(octaves):
        cells = 2 ** (octave + 2)
        field = Image.fromarray(random.random((cells, cells)).astype(np.float32), "F")
        total += np.asarray(field.resize((width, height), Image.Resampling.BICUBIC)) / 2**octave
    return (total - total.min()) / (total.max() - total.min())


def mountains(width: int, height: int) -> Image.Image:
    """Draw five ridges in the evening haze, with the texture of a photograph."""
    rows = np.linspace(0, 1, height)[:, None, None]
    sky = (1 - rows) * np.array([40, 70, 130]) + rows * np.array([255, 190, 120])
    picture = np.broadcast_to(sky, (height, width, 3)).copy()
    clouds = np.clip(fractal(width, height, 3, 7) - 0.52, 0, 1)[:, :, None]
    picture += clouds * np.array([330, 260, 230]) * (1 - rows)
    columns = np.arange(width)
    grain = fractal(width, height, 11, 9)
    for ridge in range(5):
        profile = fractal(width, 8, 20 + ridge, 5 + ridge)[4]
        crest = height * (0.30 + 0.13 * ridge) - profile * height * (0.30 - 0.03 * ridge)
        below = np.arange(height)[:, None] > crest[columns][None, :]
        near = (ridge + 1) / 5
        colour = np.array([150, 140, 160]) * (1 - near) + np.array([28, 46, 34]) * near
        shade = 0.65 + 0.7 * (grain - 0.5) * near + 0.3
        picture = np.where(below[:, :, None], colour * shade[:, :, None], picture)
    return Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return Pillow's own font at a size in px."""
    return ImageFont.load_default(size)


def backdrop(width: int, height: int, top: tuple[int, int, int], bottom: tuple[int, int, int]) -> Image.Image:
    """Return a vertical gradient."""
    rows = np.linspace(0, 1, height)[:, None, None]
    colours = (1 - rows) * np.array(top) + rows * np.array(bottom)
    return Image.fromarray(np.broadcast_to(colours, (height, width, 3)).astype(np.uint8))


def sunset() -> Image.Image:
    """Draw a sun over the sea."""
    picture = backdrop(900, 600, (70, 40, 110), (255, 150, 70))
    draw = ImageDraw.Draw(picture, "RGBA")
    draw.ellipse((330, 220, 570, 460), fill=(255, 226, 140, 255))
    draw.rectangle((0, 380, 900, 600), fill=(24, 46, 92, 255))
    random = np.random.default_rng(5)
    for _ in range(160):
        y = int(random.integers(385, 598))
        spread = 40 + (y - 380)
        x, length = int(random.normal(450, spread)), int(random.integers(14, 60))
        draw.line((x, y, x + length, y), fill=(255, 200, 120, int(random.integers(50, 190))), width=3)
    return picture.filter(ImageFilter.GaussianBlur(0.8))


def logo() -> Image.Image:
    """Draw a ring of translucent petals on a transparent background."""
    side = 640
    picture = Image.new("RGBA", (side * 2, side * 2), (0, 0, 0, 0))
    for petal in range(8):
        layer = Image.new("RGBA", picture.size, (0, 0, 0, 0))
        angle = petal * math.tau / 8
        x, y = side + math.cos(angle) * 300, side + math.sin(angle) * 300
        colour = tuple(int(127 + 120 * math.cos(angle + shift)) for shift in (0, 2.1, 4.2))
        ImageDraw.Draw(layer).ellipse((x - 260, y - 260, x + 260, y + 260), fill=(*colour, 150))
        picture = Image.alpha_composite(picture, layer)
    return picture.resize((side, side), Image.Resampling.LANCZOS)


def clock(frame: int, frames: int, side: int = 320) -> Image.Image:
    """Draw a clock with its hand at ``frame`` of ``frames``."""
    picture = Image.new("RGB", (640, 640), (245, 241, 230))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((40, 40, 600, 600), fill=(255, 255, 255), outline=(40, 60, 90), width=22)
    for hour in range(12):
        angle = hour * math.tau / 12
        x, y = 320 + math.cos(angle) * 230, 320 + math.sin(angle) * 230
        draw.ellipse((x - 10, y - 10, x + 10, y + 10), fill=(40, 60, 90))
    angle = frame * math.tau / frames - math.pi / 2
    draw.line((320, 320, 320 + math.cos(angle) * 200, 320 + math.sin(angle) * 200), fill=(214, 64, 52), width=18)
    draw.ellipse((298, 298, 342, 342), fill=(214, 64, 52))
    return picture.resize((side, side), Image.Resampling.LANCZOS)


def knife() -> Image.Image:
    """Draw a kitchen knife on a board; the stand-in labels it as a weapon."""
    picture = backdrop(1400, 1000, (196, 150, 100), (150, 104, 62))
    grain = Image.fromarray((fractal(1400, 1000, 9, 7) * 255).astype(np.uint8)).resize((1400, 60)).resize((1400, 1000))
    picture = Image.blend(picture, Image.merge("RGB", [grain] * 3), 0.18)
    draw = ImageDraw.Draw(picture)
    draw.polygon([(180, 560), (920, 400), (940, 560), (420, 610)], fill=(214, 220, 228), outline=(120, 128, 138))
    draw.polygon([(180, 560), (930, 500), (940, 560), (420, 610)], fill=(240, 244, 248))
    draw.rounded_rectangle((920, 395, 1260, 570), radius=60, fill=(52, 34, 26))
    for x in (1000, 1090, 1180):
        draw.ellipse((x - 16, 466, x + 16, 498), fill=(190, 196, 204))
    return picture.filter(ImageFilter.GaussianBlur(1))


def bottles() -> Image.Image:
    """Draw a shelf of bottles; the stand-in labels it as alcohol."""
    picture = backdrop(1200, 900, (58, 40, 34), (96, 62, 44))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 760, 1200, 820), fill=(120, 78, 48))
    colours = [(34, 92, 60), (130, 30, 44), (206, 160, 60), (40, 62, 110), (90, 50, 90), (34, 92, 60)]
    for place, colour in enumerate(colours):
        x = 80 + place * 185
        draw.rounded_rectangle((x, 380 - 20 * (place % 3), x + 120, 760), radius=34, fill=colour)
        draw.rectangle((x + 42, 210 - 20 * (place % 3), x + 78, 420), fill=colour)
        draw.rectangle((x + 36, 190 - 20 * (place % 3), x + 84, 226), fill=(206, 190, 150))
        draw.rectangle((x + 10, 520, x + 110, 660), fill=(238, 230, 210))
        draw.line((x + 16, 420, x + 16, 740), fill=(255, 255, 255), width=5)
    return picture.filter(ImageFilter.GaussianBlur(1.2))


def bather() -> Image.Image:
    """Draw a paper doll on a beach; the stand-in labels it as nudity."""
    picture = backdrop(1000, 1400, (120, 190, 235), (150, 215, 240))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 560, 1000, 760), fill=(52, 140, 190))
    draw.rectangle((0, 760, 1000, 1400), fill=(236, 210, 160))
    skin = (226, 172, 132)
    draw.ellipse((410, 180, 590, 390), fill=skin)
    draw.pieslice((395, 150, 605, 400), 180, 360, fill=(70, 44, 30))
    draw.rectangle((465, 370, 535, 440), fill=skin)
    draw.rounded_rectangle((370, 430, 630, 860), radius=90, fill=skin)
    draw.line((395, 480, 250, 760), fill=skin, width=70)
    draw.line((605, 480, 750, 760), fill=skin, width=70)
    draw.line((440, 820, 410, 1280), fill=skin, width=95)
    draw.line((560, 820, 590, 1280), fill=skin, width=95)
    return picture.filter(ImageFilter.GaussianBlur(2))


def neon() -> Image.Image:
    """Draw a neon sign; the stand-in gives it a label that must be blocked."""
    picture = backdrop(1200, 800, (16, 10, 26), (40, 18, 46))
    glow = Image.new("RGB", picture.size)
    draw = ImageDraw.Draw(glow)
    draw.rounded_rectangle((110, 150, 1090, 650), radius=70, outline=(255, 40, 140), width=22)
    draw.text((600, 330), "EXPLICIT", font=font(190), anchor="mm", fill=(255, 90, 160))
    draw.text((600, 520), "a stand-in for the real thing", font=font(60), anchor="mm", fill=(110, 220, 255))
    lit = np.asarray(picture, dtype=np.int32)
    for radius in (24, 8, 1):
        lit = lit + np.asarray(glow.filter(ImageFilter.GaussianBlur(radius)), dtype=np.int32)
    return Image.fromarray(np.clip(lit, 0, 255).astype(np.uint8))


def chart() -> Image.Image:
    """Draw a bar chart with text, in a palette of few colours."""
    picture = Image.new("RGB", (1280, 800), (255, 255, 255))
    draw = ImageDraw.Draw(picture)
    draw.text((60, 40), "Pictures per day", font=font(56), fill=(20, 20, 20))
    for bar, value in enumerate((120, 260, 180, 420, 380, 510, 470)):
        x = 120 + bar * 160
        draw.rectangle((x, 700 - value, x + 100, 700), fill=(46, 110, 190) if bar % 2 else (230, 120, 40))
        draw.text((x + 50, 730), DAYS[bar], font=font(32), anchor="mm", fill=(60, 60, 60))
    draw.line((90, 700, 1230, 700), fill=(20, 20, 20), width=4)
    return picture.quantize(32)


# --- files ------------------------------------------------------------------------------------------------


def with_gps_and_orientation(picture: Image.Image) -> bytes:
    """Return a JPEG as a phone held upright writes it: rotated, orientation 6, with a GPS position."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "image-scaler"
    position = exif.get_ifd(0x8825)
    position.update({1: "N", 2: (28.0, 36.0, 30.0), 3: "W", 4: (80.0, 36.0, 16.0)})
    return encoded(picture.rotate(90, expand=True), "JPEG", quality=86, exif=exif)


def wide_gamut(picture: Image.Image) -> bytes:
    """Return a JPEG with a profile other than sRGB: a matrix profile with Display P3's primaries."""
    return encoded(picture, "JPEG", quality=82, icc_profile=display_p3())


def display_p3() -> bytes:
    """Build a small ICC v2 profile: D50-adapted Display P3 primaries and a gamma of 2.2."""

    def fixed(value: float) -> bytes:
        return struct.pack(">i", round(value * 65536))

    def xyz(x: float, y: float, z: float) -> bytes:
        return b"XYZ \0\0\0\0" + fixed(x) + fixed(y) + fixed(z)

    text = b"Display P3 (image-scaler sample)\0"
    description = b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(4 + 4 + 2 + 1 + 67)
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256))
    elements = {
        b"desc": description, b"cprt": b"text\0\0\0\0CC0\0", b"wtpt": xyz(0.9642, 1.0, 0.8249),
        b"rXYZ": xyz(0.51512, 0.24120, -0.00105), b"gXYZ": xyz(0.29198, 0.69225, 0.04189),
        b"bXYZ": xyz(0.15710, 0.06657, 0.78407), b"rTRC": curve, b"gTRC": curve, b"bTRC": curve,
    }  # fmt: skip
    offset = 128 + 4 + 12 * len(elements)
    table, body = struct.pack(">I", len(elements)), b""
    for tag, element in elements.items():
        padded = element + bytes(-len(element) % 4)
        table += tag + struct.pack(">II", offset + len(body), len(element))
        body += padded
    header = struct.pack(">I4sI4s4s4s", offset + len(body), b"\0\0\0\0", 0x02400000, b"mntr", b"RGB ", b"XYZ ")
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + fixed(0.9642) + fixed(1.0) + fixed(0.8249)
    profile = header.ljust(128, b"\0") + table + body
    ImageCms.ImageCmsProfile(io.BytesIO(profile))  # refuses what Little CMS cannot read
    return profile


def animation(frames: list[Image.Image], kind: str, **options: object) -> bytes:
    """Return the frames as one animated file."""
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=120, loop=0, **options)


def flipbook() -> list[Image.Image]:
    """Return eight frames, one of which (the fifth) shows the knife."""
    pages = [clock(frame, 8, 300).resize((420, 300)) for frame in range(8)]
    pages[4] = knife().resize((420, 300), Image.Resampling.LANCZOS)
    return pages


def vast_png() -> bytes:
    """Return a valid PNG of 20,000 by 20,000 px that is small only because it is one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    row = bytes(1 + 20_000 // 8)
    data = b"".join(packer.compress(row * 100) for _ in range(200)) + packer.flush()
    header = struct.pack(">IIBBBBB", 20_000, 20_000, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


SVG = b"""<?xml version="1.0"?>
<svg xmlns="http://www.w3.org/2000/svg" width="200" height="200"><script>alert("not an image")</script>
<circle cx="100" cy="100" r="90" fill="teal"/></svg>
"""

SKIMAGE = "scikit-image, skimage/data/"

SAMPLES: list[tuple[Sample, Callable[[], bytes]]] = [
    (
        Sample("mountains.jpg", "image/jpeg", "put", "PUBLISHED", "A large picture that gets every rendition"),
        lambda: encoded(mountains(3600, 2400), "JPEG", quality=84, progressive=True),
    ),
    (
        Sample("a b+c%25é.jpg", "image/jpeg", "post", "PUBLISHED", "A file name with special characters"),
        lambda: encoded(sunset(), "JPEG", quality=85),
    ),
    (
        Sample("upright-phone.jpg", "image/jpeg", "api", "PUBLISHED", "EXIF orientation 6 and a GPS position",
               SKIMAGE + "astronaut.png: Eileen Collins", NASA),
        lambda: with_gps_and_orientation(photo("astronaut.png").crop((60, 0, 460, 512))),
    ),
    (
        Sample("cat.webp", "image/webp", "put", "PUBLISHED", "Lossy WebP",
               SKIMAGE + "chelsea.png, by Stefan van der Walt", "CC0-1.0"),
        lambda: encoded(photo("chelsea.png"), "WEBP", quality=82),
    ),
    (
        Sample("espresso.heic", "image/heic", "put", "PUBLISHED", "HEIC, as phones write it",
               SKIMAGE + "coffee.png, by Rachel Michetti", "CC0-1.0"),
        lambda: encoded(photo("coffee.png"), "HEIF", quality=70),
    ),
    (
        Sample("rocket.avif", "image/avif", "api", "PUBLISHED", "AVIF",
               SKIMAGE + "rocket.jpg, by SpaceX", "public domain (SpaceX)"),
        lambda: encoded(photo("rocket.jpg"), "AVIF", quality=70, speed=6),
    ),
    (
        Sample("deep-field-p3.jpg", "image/jpeg", "post", "PUBLISHED", "A Display P3 profile is converted to sRGB",
               SKIMAGE + "hubble_deep_field.jpg", NASA),
        lambda: wide_gamut(photo("hubble_deep_field.jpg")),
    ),
    (
        Sample("camera-grey.jpg", "image/jpeg", "api", "PUBLISHED", "A greyscale picture",
               SKIMAGE + "camera.png, by Lav Varshney", "CC0-1.0"),
        lambda: encoded(photo("camera.png"), "JPEG", quality=84),
    ),
    (
        Sample("retina-cmyk.jpg", "image/jpeg", "put", "PUBLISHED", "CMYK, as used in print",
               SKIMAGE + "retina.jpg, by Mikael Häggström", "CC0-1.0"),
        lambda: encoded(photo("retina.jpg").resize((900, 900)).convert("CMYK"), "JPEG", quality=80),
    ),
    (
        Sample("petals-transparent.png", "image/png", "api", "PUBLISHED", "Transparency is kept"),
        lambda: encoded(logo(), "PNG", optimize=True),
    ),
    (
        Sample("chart-palette.png", "image/png", "post", "PUBLISHED", "Text and flat colours in a palette of 32"),
        lambda: encoded(chart(), "PNG", optimize=True),
    ),
    (
        Sample("clock.gif", "image/gif", "api", "PUBLISHED", "An animated GIF stays animated"),
        lambda: animation([clock(frame, 12, 240).quantize(24) for frame in range(12)], "GIF"),
    ),
    (
        Sample("clock.webp", "image/webp", "put", "PUBLISHED", "An animated WebP stays animated"),
        lambda: animation([clock(frame, 16) for frame in range(16)], "WEBP", quality=70),
    ),
    (
        Sample("knife.jpg", "image/jpeg", "api", "BLURRED", "The stand-in finds a weapon: blurred"),
        lambda: encoded(knife(), "JPEG", quality=82),
    ),
    (
        Sample("bather.webp", "image/webp", "put", "BLURRED", "The stand-in finds nudity: blurred"),
        lambda: encoded(bather(), "WEBP", quality=84),
    ),
    (
        Sample("flipbook.gif", "image/gif", "post", "BLURRED", "One frame of eight shows a weapon"),
        lambda: animation([page.quantize(64) for page in flipbook()], "GIF"),
    ),
    (
        Sample("neon.png", "image/png", "post", "BLOCKED", "The stand-in finds prohibited content: blocked"),
        lambda: encoded(neon().quantize(128), "PNG", optimize=True),
    ),
    (
        Sample("drawing.png", "image/png", "put", "REJECTED", "An SVG with a script, declared as PNG",
               reason="UNSUPPORTED_FORMAT"),
        lambda: SVG,
    ),
    (
        Sample("truncated.jpg", "image/jpeg", "api", "REJECTED", "A truncated JPEG",
               reason="CORRUPT"),
        lambda: encoded(sunset(), "JPEG", quality=85)[:14_000],
    ),
    (
        Sample("vast.png", "image/png", "post", "REJECTED", "400 megapixels in 50 KB: refused before decoding",
               reason="TOO_MANY_PIXELS"),
        vast_png,
    ),
    (
        Sample("mislabelled.png", "image/png", "put", "PUBLISHED", "A JPEG declared as a PNG: the content decides"),
        lambda: encoded(sunset().resize((300, 200)), "JPEG", quality=80),
    ),
    (
        Sample("endless.gif", "image/gif", "api", "REJECTED", "An animation of 300 frames",
               reason="TOO_MANY_FRAMES"),
        lambda: animation([clock(frame, 300, 96).quantize(4) for frame in range(300)], "GIF"),
    ),
]  # fmt: skip


def label(name: str, parent: str, level: int, confidence: float) -> dict[str, object]:
    """Return a moderation label as Rekognition writes it."""
    return {"Name": name, "ParentName": parent, "TaxonomyLevel": level, "Confidence": confidence}


# Names and levels of Rekognition's moderation taxonomy, version 7.
KNOWN: list[tuple[str, Callable[[], Image.Image], list[dict[str, object]]]] = [
    ("knife", knife, [
        label("Weapons", "Violence", 2, 97.4), label("Violence", "", 1, 97.4)]),
    ("bather", bather, [
        label("Exposed Buttocks or Anus", "Explicit Nudity", 3, 93.1),
        label("Explicit Nudity", "Explicit", 2, 93.1), label("Explicit", "", 1, 93.1)]),
    ("neon", neon, [
        label("Explicit Sexual Activity", "Explicit", 2, 99.2), label("Explicit", "", 1, 99.2)]),
]  # fmt: skip


def main() -> None:
    """Write samples/images, samples/manifest.json and local/rekognition/known_pictures.json."""
    IMAGES.mkdir(exist_ok=True)
    for old in IMAGES.iterdir():
        old.unlink()
    for sample, draw in SAMPLES:
        (IMAGES / sample.file).write_bytes(draw())
    manifest = [asdict(sample) for sample, _ in SAMPLES]
    (HERE / "manifest.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
    known = [known_picture(name, draw(), labels) for name, draw, labels in KNOWN]
    target = CHECKOUT / "local" / "rekognition" / "known_pictures.json"
    target.write_text(json.dumps(known, indent=2) + "\n")


def known_picture(name: str, picture: Image.Image, labels: list[dict[str, object]]) -> dict[str, object]:
    """Return the stand-in's entry for a picture: its features and its labels."""
    grey = np.asarray(picture.convert("L"), dtype=np.float64)
    thumbnail = thumbnail_of(grey).round().astype(np.uint8).tobytes().hex()
    return {"name": name, "signature": f"{signature_of(grey):016x}", "thumbnail": thumbnail, "labels": labels}


if __name__ == "__main__":
    main()
