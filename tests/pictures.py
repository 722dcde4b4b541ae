"""Creates the pictures that tests upload: valid ones of every format, unusual ones, and hostile ones.

Everything is generated, deterministic and small on disk; each function returns the bytes of one file. Content defaults
to ``scene``: gradients, shapes and texture, with a different colour in each corner so that a turned or mirrored picture
is recognised. Keyword arguments that a format does not know by itself go to Pillow's encoder.
"""

import random
import struct
import zlib
from collections.abc import Iterable, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageCms, ImageDraw

CORNERS = {
    "top-left": (220, 40, 40),
    "top-right": (40, 180, 60),
    "bottom-left": (40, 70, 220),
    "bottom-right": (230, 210, 50),
}
"""Colours of ``scene``'s corner squares."""

ORIENTATION_OPERATIONS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""What was done to an upright picture before it was stored with this EXIF orientation."""

GPS_MARK = b"GPS-SECRET-51.5"
"""Text in the metadata that ``exif`` writes; it must be in no output."""


# --- content


@cache
def scene(width: int = 320, height: int = 240, *, seed: int = 1) -> Image.Image:
    """Return an RGB picture with gradients, a disc, fine texture and coloured corners. Do not change it in place."""
    x = np.linspace(0, 1, width)[None, :]
    y = np.linspace(0, 1, height)[:, None]
    noise = np.random.default_rng(seed).normal(0, 6, (height, width))
    red = 90 + 120 * x + 0 * y + noise
    green = 70 + 130 * y + 0 * x + noise
    blue = 160 - 90 * x * y + noise
    pixels = np.stack([red, green, blue], axis=-1)
    disc = (x - 0.5) ** 2 * (width / height) ** 2 + (y - 0.5) ** 2 < 0.04
    pixels[disc] = (245, 235, 225)
    square_width, square_height = max(1, width // 6), max(1, height // 6)
    for name, color in CORNERS.items():
        rows = slice(0, square_height) if name.startswith("top") else slice(height - square_height, height)
        columns = slice(0, square_width) if name.endswith("left") else slice(width - square_width, width)
        pixels[rows, columns] = color
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8), "RGB")


@cache
def drawing(width: int = 320, height: int = 240) -> Image.Image:
    """Return an RGBA picture: a soft opaque disc on transparent pixels whose hidden colour is bright green."""
    x = np.linspace(-1, 1, width)[None, :] * width / height
    y = np.linspace(-1, 1, height)[:, None]
    distance = np.sqrt(x**2 + y**2)
    alpha = (255 * np.clip((0.8 - distance) * 10, 0, 1)).astype(np.uint8)
    pixels = np.zeros((height, width, 4), np.uint8)
    pixels[..., :3] = (0, 255, 0)
    pixels[distance < 0.85, :3] = (200, 30, 60)
    pixels[..., 3] = alpha
    return Image.fromarray(pixels, "RGBA")


def page(width: int = 320, height: int = 240, *, shift: int = 0) -> Image.Image:
    """Return coloured text on paper: few colours, sharp edges."""
    image = Image.new("RGB", (width, height), "white")
    canvas = ImageDraw.Draw(image)
    for row, color in enumerate(("black", "#c00000", "#0000c0") * (height // 60)):
        canvas.text((8 + shift, 4 + 18 * row), "Sphinx of black quartz, judge my vow " * 4, fill=color, font_size=13)
    return image


def prose(width: int = 320, height: int = 240) -> Image.Image:
    """Return a page of random words: it repeats itself less than ``page``, as real text does."""
    image = Image.new("RGB", (width, height), "white")
    canvas, letters = ImageDraw.Draw(image), random.Random(1)
    for top in range(4, height, 20):
        words = ("".join(letters.choices("etaoinshrdlu", k=letters.randint(2, 9))) for _ in range(width // 40))
        canvas.text((8, top), " ".join(words), fill="black", font_size=14)
    return image


def moving_frames(count: int, width: int = 160, height: int = 120, *, alpha: bool = False) -> list[Image.Image]:
    """Return frames in which a square of changing colour moves across."""
    frames = []
    for index in range(count):
        frame = Image.new("RGBA", (width, height), (0, 0, 0, 0) if alpha else (30, 30, 60, 255))
        side = max(2, height // 3)
        left = (width - side) * index // max(1, count - 1)
        color = (255 * index // max(1, count - 1), 200, 255 - 255 * index // max(1, count - 1), 255)
        frame.paste(color, (left, height // 3, left + side, height // 3 + side))
        frames.append(frame if alpha else frame.convert("RGB"))
    return frames


# --- good files


def encoded(image: Image.Image, pillow_format: str, **options: Any) -> bytes:
    """Return an image encoded by Pillow."""
    if pillow_format == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener(thumbnails=False)
    buffer = BytesIO()
    # A copy: Pillow keeps an encoder's options on the image, and threads share the cached ones.
    image.copy().save(buffer, pillow_format, **options)
    return buffer.getvalue()


def jpeg(width: int = 320, height: int = 240, *, image: Image.Image | None = None, **options: Any) -> bytes:
    """Return a JPEG; ``progressive``, ``subsampling``, ``quality``, ``exif``, ``icc_profile`` … go to the encoder."""
    return encoded(image or scene(width, height), "JPEG", **{"quality": 90, **options})


def png(width: int = 320, height: int = 240, *, image: Image.Image | None = None, **options: Any) -> bytes:
    """Return a PNG."""
    return encoded(image or scene(width, height), "PNG", **options)


def transparent_png(width: int = 320, height: int = 240) -> bytes:
    """Return a PNG with an alpha channel (``drawing``)."""
    return png(image=drawing(width, height))


def webp(width: int = 320, height: int = 240, *, image: Image.Image | None = None, **options: Any) -> bytes:
    """Return a WebP still; ``lossless=True`` for the other codec."""
    return encoded(image or scene(width, height), "WEBP", **{"quality": 90, **options})


def avif(width: int = 320, height: int = 240, *, image: Image.Image | None = None, **options: Any) -> bytes:
    """Return an AVIF still."""
    return encoded(image or scene(width, height), "AVIF", **{"quality": 90, "speed": 9, **options})


def heic(width: int = 320, height: int = 240, *, image: Image.Image | None = None, **options: Any) -> bytes:
    """Return a HEIC still."""
    return encoded(image or scene(width, height), "HEIF", **{"quality": 90, **options})


def tiff(width: int = 320, height: int = 240, *, image: Image.Image | None = None, **options: Any) -> bytes:
    """Return a TIFF; ``compression="tiff_lzw"`` and others go to the encoder."""
    return encoded(image or scene(width, height), "TIFF", **options)


def tiff_pages(*sizes: tuple[int, int]) -> bytes:
    """Return a TIFF with one page per size."""
    pages = [scene(*size).copy() for size in sizes]
    return encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])


def bmp(width: int = 320, height: int = 240, *, image: Image.Image | None = None) -> bytes:
    """Return a BMP."""
    return encoded(image or scene(width, height), "BMP")


def mpo(width: int = 320, height: int = 240) -> bytes:
    """Return an MPO whose second picture is a flat grey one."""
    return encoded(
        scene(width, height), "MPO", save_all=True, append_images=[Image.new("RGB", (width, height), "grey")]
    )


def gif(width: int = 160, height: int = 120, *, frames: int = 1, alpha: bool = False, **options: Any) -> bytes:
    """Return a GIF; animated for more than one frame."""
    return _animation("GIF", width, height, frames=frames, alpha=alpha, **{"disposal": 2, **options})


def animated_webp(
    width: int = 160, height: int = 120, *, frames: int = 4, alpha: bool = False, **options: Any
) -> bytes:
    """Return an animated WebP."""
    return _animation("WEBP", width, height, frames=frames, alpha=alpha, **options)


def apng(width: int = 160, height: int = 120, *, frames: int = 4, alpha: bool = False, **options: Any) -> bytes:
    """Return an animated PNG; with ``default_image=True`` its first picture is not part of the animation."""
    return _animation("PNG", width, height, frames=frames, alpha=alpha, **options)


def animated_avif(width: int = 160, height: int = 120, *, frames: int = 3) -> bytes:
    """Return an AVIF sequence."""
    return _animation("AVIF", width, height, frames=frames, alpha=False, speed=9)


def _animation(pillow_format: str, width: int, height: int, *, frames: int, alpha: bool, **options: Any) -> bytes:
    images = moving_frames(frames, width, height, alpha=alpha)
    if frames > 1:
        options = {"save_all": True, "append_images": images[1:], "duration": 80, "loop": 0, **options}
    else:
        options.pop("disposal", None)
    return encoded(images[0], pillow_format, **options)


def grey(pillow_format: str = "JPEG", width: int = 320, height: int = 240) -> bytes:
    """Return a greyscale picture."""
    return encoded(scene(width, height).convert("L"), pillow_format)


def cmyk(width: int = 320, height: int = 240, *, profile: bytes | None = None) -> bytes:
    """Return a CMYK JPEG, inverted and with Adobe's marker as every encoder writes it."""
    options = {} if profile is None else {"icc_profile": profile}
    return jpeg(image=scene(width, height).convert("CMYK"), **options)


def cmyk_without_adobe_marker(width: int = 320, height: int = 240) -> bytes:
    """Return the same file as ``cmyk`` without the APP14 segment."""
    body = cmyk(width, height)
    start = body.index(b"\xff\xee")
    return body[:start] + body[start + 2 + int.from_bytes(body[start + 2 : start + 4], "big") :]


def png_16_bit_grey(width: int = 256, height: int = 64, *, transparent: int | None = None) -> bytes:
    """Return a 16-bit grey PNG, black on the left to white on the right; one level (0 to 65,535) may be transparent."""
    row = np.linspace(0, 65_535, width).round().astype(">u2").tobytes()
    extra = [] if transparent is None else [(b"tRNS", struct.pack(">H", transparent))]
    return png_of_rows([row] * height, width, bit_depth=16, color_type=0, chunks=extra)


def png_16_bit_rgb(width: int = 64, height: int = 64, *, transparent: tuple[int, int, int] | None = None) -> bytes:
    """Return a 16-bit RGB PNG: the left half is (0x1234, 0x8000, 0xFFFF), the right half white."""
    half = width // 2
    row = struct.pack(">3H", 0x1234, 0x8000, 0xFFFF) * half + b"\xff" * 6 * (width - half)
    extra = [] if transparent is None else [(b"tRNS", struct.pack(">3H", *transparent))]
    return png_of_rows([row] * height, width, bit_depth=16, color_type=2, chunks=extra)


def palette_png(width: int = 320, height: int = 240, *, transparent: bool = False) -> bytes:
    """Return a palette PNG; with ``transparent`` its commonest colour is."""
    indexed = scene(width, height).quantize(64)
    if not transparent:
        return encoded(indexed, "PNG")
    return encoded(indexed, "PNG", transparency=int(np.bincount(np.asarray(indexed).ravel()).argmax()))


def indexed_png(*chunks: tuple[bytes, bytes]) -> bytes:
    """Return a PNG of palette indexes 0 to 15; its palette, and what of it is transparent, are up to ``chunks``."""
    return png_of_rows([bytes(range(16))] * 16, 16, color_type=3, chunks=chunks)


def interlaced_png(width: int = 64, height: int = 48) -> bytes:
    """Return an Adam7-interlaced RGB PNG, which Pillow cannot write."""
    pixels = np.asarray(scene(width, height))
    passes = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
    rows = [row.tobytes() for top, left, down, across in passes for row in pixels[top::down, left::across] if row.size]
    return png_of_rows(rows, width, height=height, bit_depth=8, color_type=2, interlaced=True)


def tiff_16_bit_grey(width: int = 256, height: int = 64) -> bytes:
    """Return a 16-bit grey TIFF, black on the left to white on the right."""
    levels = np.linspace(0, 65_535, width).round().astype(np.uint16)
    return encoded(Image.fromarray(np.tile(levels, (height, 1))), "TIFF")


def tiff_of_rows(
    rows: Sequence[bytes],
    width: int,
    *,
    bits: int,
    samples: int = 1,
    photometric: int = 1,
    compression: int = 1,
    odd_tags: Sequence[tuple[int, int, bytes]] = (),
) -> bytes:
    """Return a little-endian TIFF of one strip; ``odd_tags`` (number, type, four bytes) replace or join its own."""
    data = b"".join(rows)
    tags = {256: width, 257: len(rows), 259: compression, 262: photometric, 277: samples, 278: len(rows)}
    tags |= {279: len(data)} | ({338: 2} if samples in {2, 4} else {})
    entries = {tag: struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items()}
    depths = struct.pack(f"<{samples}H", *[bits] * samples)
    start = 8 + 2 + 12 * len({*entries, 258, 273, *(tag for tag, _, _ in odd_tags)}) + 4
    entries[258] = struct.pack("<HHI", 258, 3, samples) + (
        depths.ljust(4, b"\0") if samples <= 2 else struct.pack("<I", start)
    )
    entries[273] = struct.pack("<HHII", 273, 4, 1, start + len(depths))
    entries |= {tag: struct.pack("<HHI", tag, kind, 1) + value for tag, kind, value in odd_tags}
    directory = b"".join(entry for _, entry in sorted(entries.items()))
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + directory + bytes(4) + depths + data


def tiff_12_bit_grey(width: int = 256, height: int = 64) -> bytes:
    """Return a 12-bit grey TIFF, black on the left to white on the right; ``width`` is even."""
    levels = np.linspace(0, 4_095, width).round().astype(int)
    row = int("".join(f"{level:012b}" for level in levels), 2).to_bytes(width * 12 // 8, "big")
    return tiff_of_rows([row] * height, width, bits=12)


def tiff_16_bit_white_is_zero(width: int = 256, height: int = 64) -> bytes:
    """Return a 16-bit grey TIFF in which 0 is white, black on the left to white on the right."""
    row = np.linspace(65_535, 0, width).round().astype("<u2").tobytes()
    return tiff_of_rows([row] * height, width, bits=16, photometric=0)


def tiff_16_bit_grey_alpha(width: int = 64, height: int = 48) -> bytes:
    """Return a TIFF of 16-bit grey and alpha, which Pillow does not read."""
    return tiff_of_rows([struct.pack("<2H", 0x4000, 0x8000) * width] * height, width, bits=16, samples=2)


def shallow_grey_png(bit_depth: int, *, transparent: int, width: int = 64, height: int = 48) -> bytes:
    """Return a grey PNG of 1, 2 or 4 bits: the left half is the level that is transparent, the right half another."""
    other = 0 if transparent else 1
    bits = "".join(f"{level:0{bit_depth}b}" for level in [transparent] * (width // 2) + [other] * (width // 2))
    row = int(bits, 2).to_bytes(width * bit_depth // 8, "big")
    chunks = [(b"tRNS", struct.pack(">H", transparent))]
    return png_of_rows([row] * height, width, bit_depth=bit_depth, color_type=0, chunks=chunks)


def float_tiff(width: int = 32, height: int = 32) -> bytes:
    """Return a TIFF of floating point samples."""
    return encoded(Image.new("F", (width, height), 0.5), "TIFF")


# --- metadata


def exif(*, orientation: int = 1, rights: str = "(c) Somebody") -> Image.Exif:
    """Return EXIF with an orientation, a copyright line and a GPS position."""
    data = Image.Exif()
    data[0x0112] = orientation
    data[0x8298] = rights
    data[0x010E] = GPS_MARK.decode()
    data.get_ifd(0x8825)[1] = "N"
    return data


def oriented(pillow_format: str, orientation: int, width: int = 320, height: int = 240) -> bytes:
    """Return a picture that is ``scene(width, height)`` once its EXIF orientation has been applied."""
    image = scene(width, height)
    operation = ORIENTATION_OPERATIONS[orientation]
    stored = image if operation is None else image.transpose(operation)
    return encoded(stored, pillow_format, exif=exif(orientation=orientation).tobytes())


def oriented_animation(pillow_format: str, orientation: int, width: int = 320, height: int = 240) -> bytes:
    """Return an animation of three scenes that differ in their texture, upright once the orientation is applied."""
    scenes = [scene(width, height, seed=seed).copy() for seed in (1, 2, 3)]
    operation = ORIENTATION_OPERATIONS[orientation]
    frames = scenes if operation is None else [each.transpose(operation) for each in scenes]
    options = {"append_images": frames[1:], "duration": 80, "exif": exif(orientation=orientation).tobytes()}
    return encoded(frames[0], pillow_format, save_all=True, **options)


def display_p3() -> bytes:
    """Return an RGB profile with Display P3's primaries and a gamma of 2.2."""
    return _matrix_profile(
        b"P3", red=(0.51512, 0.24120, -0.00105), green=(0.29198, 0.69225, 0.04189), blue=(0.15710, 0.06657, 0.78407)
    )


def adobe_rgb() -> bytes:
    """Return an RGB profile with Adobe RGB's (1998) primaries and gamma."""
    return _matrix_profile(
        b"Adobe", red=(0.60974, 0.31111, 0.01947), green=(0.20528, 0.62567, 0.06087), blue=(0.14919, 0.06322, 0.74457)
    )


def srgb_profile() -> bytes:
    """Return lcms's sRGB profile."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def grey_profile(gamma: float = 1.0) -> bytes:
    """Return a grey profile with this gamma."""
    return _profile(b"GRAY", {b"kTRC": _gamma_curve(gamma)})


def _matrix_profile(name: bytes, **primaries: tuple[float, float, float]) -> bytes:
    tags = {name[:1] + b"XYZ": _xyz(*value) for name, value in ((k.encode(), v) for k, v in primaries.items())}
    curve = _gamma_curve(563 / 256)
    return _profile(b"RGB ", {**tags, b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}, name=name)


def cmyk_profile() -> bytes:
    """Return a CMYK press profile with a table of two points a channel; pure cyan is L*a*b* (60, -20, -35)."""
    inks = {0: (60, -20, -35), 1: (50, 60, 0), 2: (90, -5, 70), 3: (8, 0, 0)}
    grid = bytearray()
    for node in range(16):
        lightness, a, b = 100.0, 0.0, 0.0
        for ink, (ink_lightness, ink_a, ink_b) in inks.items():
            if node & (8 >> ink):
                lightness *= ink_lightness / 100
                a, b = (a + ink_a) * ink_lightness / 100, (b + ink_b) * ink_lightness / 100
        if node & (node - 1) == 0 and node:
            lightness, a, b = inks[3 - (node.bit_length() - 1)]
        grid += bytes((round(lightness * 255 / 100), round(a) + 128, round(b) + 128))
    identity = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    table = (
        b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + identity + bytes(range(256)) * 4 + bytes(grid) + bytes(range(256)) * 3
    )
    return _profile(b"CMYK", {b"A2B0": table}, kind=b"prtr", connection=b"Lab ")


def _profile(
    space: bytes,
    tags: dict[bytes, bytes],
    *,
    name: bytes = b"test",
    kind: bytes = b"mntr",
    connection: bytes = b"XYZ ",
) -> bytes:
    """Return a minimal ICC v2 profile of a colour space; a display's by default."""
    description = b"desc\0\0\0\0" + struct.pack(">I", len(name) + 1) + name + b"\0" * 79
    tags = {b"desc": description, b"wtpt": _xyz(0.9642, 1.0, 0.8249), b"cprt": b"text\0\0\0\0none\0", **tags}
    table, data = b"", b""
    start = 128 + 4 + 12 * len(tags)
    for key, value in tags.items():
        padded = value + b"\0" * (-len(value) % 4)
        table += key + struct.pack(">II", start + len(data), len(value))
        data += padded
    size = start + len(data)
    header = struct.pack(">I4sI4s4s4s", size, b"lcms", 0x02100000, kind, space, connection)
    header += b"\0" * 12 + b"acsp" + b"\0" * 28 + struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + data


def _xyz(x: float, y: float, z: float) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in (x, y, z)))


def _gamma_curve(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))


# --- broken and hostile files


def truncated(body: bytes, fraction: float = 0.5) -> bytes:
    """Return the first part of a file."""
    return body[: int(len(body) * fraction)]


def cut_and_closed(body: bytes, fraction: float = 0.5) -> bytes:
    """Return the first part of a JPEG's last scan with all before it, and an end marker behind the cut."""
    start = body.rindex(b"\xff\xda") + 20
    cut = start + int((len(body) - start) * fraction)
    return body[:cut].rstrip(b"\xff") + b"\xff\xd9"


def grey_below(width: int = 320, height: int = 240) -> Image.Image:
    """Return ``scene`` with a lower half in mid-grey, as decoders paint what is missing of a JPEG."""
    image = scene(width, height).copy()
    image.paste((128, 128, 128), (0, height // 2, width, height))
    return image


def with_bit_rot(body: bytes, at: float = 0.6, length: int = 8) -> bytes:
    """Return a file with a few bytes in its middle overwritten by zeros."""
    start = int(len(body) * at)
    return body[:start] + b"\0" * length + body[start + length :]


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """Return one PNG chunk."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of_rows(
    rows: Iterable[bytes],
    width: int,
    *,
    height: int | None = None,
    bit_depth: int = 8,
    color_type: int = 2,
    interlaced: bool = False,
    chunks: Sequence[tuple[bytes, bytes]] = (),
) -> bytes:
    """Return a PNG of unfiltered rows, with more chunks before the pixels."""
    rows = list(rows)
    header = struct.pack(">IIBBBBB", width, height or len(rows), bit_depth, color_type, 0, 0, int(interlaced))
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    middle = b"".join(png_chunk(*chunk) for chunk in chunks)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + middle
        + png_chunk(b"IDAT", pixels)
        + png_chunk(b"IEND", b"")
    )


def png_header(width: int, height: int, *, bit_depth: int = 8, color_type: int = 2) -> bytes:
    """Return a PNG that claims a size and holds almost nothing."""
    return png_of_rows([b""], width, height=height, bit_depth=bit_depth, color_type=color_type)


def jpeg_header(width: int, height: int) -> bytes:
    """Return a small baseline JPEG whose header claims another size."""
    body = bytearray(jpeg(16, 16))
    start = body.index(b"\xff\xc0")
    body[start + 5 : start + 9] = struct.pack(">HH", height, width)
    return bytes(body)


def twelve_bit_jpeg() -> bytes:
    """Return a JPEG whose header says 12 bits a sample."""
    body = bytearray(jpeg(16, 16))
    start = body.index(b"\xff\xc0")
    body[start + 1] = 0xC1
    body[start + 4] = 12
    return bytes(body)


def scan_bomb(scans: int = 5_000, width: int = 4_000, height: int = 4_000) -> bytes:
    """Return a progressive JPEG that repeats one of its scans."""
    body = jpeg(image=Image.new("L", (width, height), 128), progressive=True)
    starts = [at for at in range(len(body) - 1) if body[at : at + 2] == b"\xff\xda"]
    last = body[starts[-1] : -2]
    return body[:-2] + last * scans + b"\xff\xd9"


def png_chunk_bomb(count: int = 300_000) -> bytes:
    """Return a PNG with that many empty chunks."""
    body = png(16, 16)
    return body[:33] + png_chunk(b"abCd", b"") * count + body[33:]


def png_text_bomb(count: int = 200_000) -> bytes:
    """Return a PNG with that many small text chunks."""
    body = png(16, 16)
    return body[:33] + png_chunk(b"tEXt", b"k\0v") * count + body[33:]


def png_inflating_text(size: int = 50_000_000) -> bytes:
    """Return a PNG with one compressed text of that many bytes."""
    body = png(16, 16)
    return body[:33] + png_chunk(b"zTXt", b"k\0\0" + zlib.compress(b"a" * size)) + body[33:]


def png_inflating_profile(size: int = 50_000_000) -> bytes:
    """Return a PNG with one compressed colour profile of that many bytes."""
    body = png(16, 16)
    return body[:33] + png_chunk(b"iCCP", b"k\0\0" + zlib.compress(b"a" * size)) + body[33:]


def jpeg_with_profile_of(size: int) -> bytes:
    """Return a JPEG with a meaningless colour profile of that many bytes."""
    return jpeg(16, 16, icc_profile=b"\1" * size)


def jpeg_segment_bomb(count: int = 70_000) -> bytes:
    """Return a JPEG with that many empty comments."""
    return jpeg(16, 16).replace(b"\xff\xda", b"\xff\xfe\x00\x02" * count + b"\xff\xda", 1)


def apng_that_claims(frames: int) -> bytes:
    """Return an APNG of two frames whose header claims another number."""
    body = apng(32, 32, frames=2)
    start = body.index(b"acTL") - 4
    return body[:start] + png_chunk(b"acTL", struct.pack(">II", frames, 0)) + body[start + 20 :]


def gif_bomb_in_second_frame(width: int = 60_000, height: int = 60_000) -> bytes:
    """Return a small GIF whose second frame sticks out of the canvas by a lot."""
    body = gif(16, 16, frames=2)
    second = body.index(b"\x2c", body.index(b"\x2c") + 10)
    return body[: second + 5] + struct.pack("<HH", width, height) + body[second + 9 :]


def tiff_of_strips(strips: int) -> bytes:
    """Return a grey TIFF in which every row of 16 px is a strip, all with the same bytes."""
    places, lengths = struct.pack("<I", 8) * strips, struct.pack("<I", 16) * strips
    values = {256: 16, 257: strips, 258: 8, 259: 1, 262: 1, 277: 1, 278: 1}
    entries = {tag: struct.pack("<HHII", tag, 4, 1, value) for tag, value in values.items()}
    entries[273] = struct.pack("<HHII", 273, 4, strips, 24)
    entries[279] = struct.pack("<HHII", 279, 4, strips, 24 + len(places))
    directory = struct.pack("<H", 9) + b"".join(entry for _, entry in sorted(entries.items())) + bytes(4)
    data = bytes(16) + places + lengths
    return b"II*\0" + struct.pack("<I", 8 + len(data)) + data + directory


def jpeg_of_exif_segments(count: int = 65_000, size: int = 1_000) -> bytes:
    """Return a JPEG with that many EXIF segments of ``size`` bytes, which Pillow puts together."""
    body = jpeg(16, 16)
    segment = b"\xff\xe1" + struct.pack(">H", 8 + size) + b"Exif\0\0" + bytes(size)
    return body[:2] + segment * count + body[2:]


def gif_of_tiny_blocks(blocks: int = 2_000_000) -> bytes:
    """Return a GIF with a comment that is cut into blocks of one byte."""
    body = gif(16, 16)
    start = 13 + (3 << ((body[10] & 7) + 1))
    return body[:start] + b"\x21\xfe" + b"\x01a" * blocks + b"\0" + body[start:]


def gif_with_many_frames(frames: int, width: int = 4, height: int = 4) -> bytes:
    """Return a GIF with that many equal frames, without running an encoder for each."""
    body = gif(width, height, frames=2)
    first = body.index(b"\x21\xf9")
    second = body.index(b"\x21\xf9", first + 1)
    return body[:first] + body[first:second] * frames + b"\x3b"


TEXT_FILES: dict[str, bytes] = {
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "svg with a prolog": b'<?xml version="1.0"?>\n<!-- a -->\n<svg xmlns="http://www.w3.org/2000/svg"/>',
    "svg with a byte order mark": b"\xef\xbb\xbf  <svg/>",
    "html": b"<!DOCTYPE html><html><body><img></body></html>",
    "pdf": b"%PDF-1.7\n1 0 obj\n",
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
    "shell script": b"#!/bin/sh\nrm -rf /\n",
    "program": b"\x7fELF\x02\x01\x01" + bytes(64),
    "zip": b"PK\x03\x04" + bytes(64),
    "big-endian BigTIFF": b"MM\x00+\x00\x08\x00\x00" + bytes(64),
    "photoshop": b"8BPS\x00\x01" + bytes(64),
    "icon": b"\x00\x00\x01\x00\x01\x00" + bytes(64),
    "video": b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(64),
    "text": b"hello, this is no picture",
    "zeros": bytes(1000),
}
"""Files that are no raster pictures, by what they are."""


# --- comparing


def opened(body: bytes, formats: Sequence[str] | None = None) -> Image.Image:
    """Return a file decoded by Pillow as it is, first frame, loaded."""
    image = Image.open(BytesIO(body), formats=formats)
    image.load()
    return image


def mean_difference(first: Image.Image, second: Image.Image) -> float:
    """Return the mean absolute difference of two pictures of one size over all channels, in levels of 255."""
    mode = "RGBA" if "A" in first.mode + second.mode else "RGB"
    pairs = (np.asarray(image.convert(mode), np.float32) for image in (first, second))
    one, other = pairs
    return float(np.abs(one - other).mean())


def assert_similar(actual: Image.Image, expected: Image.Image, *, within: float, save_to: Path) -> None:
    """Assert that two pictures have one size and differ by at most ``within`` levels of 255 on average.

    On failure the message has the difference and where both pictures were saved.
    """
    difference = mean_difference(actual, expected) if actual.size == expected.size else float("inf")
    if difference <= within:
        return
    saved = []
    for name, image in (("actual", actual), ("expected", expected)):
        path = save_to / f"{name}.png"
        image.convert("RGBA").save(path)
        saved.append(str(path))
    raise AssertionError(
        f"pictures differ by {difference:.2f} of 255, allowed {within}; "
        f"actual {actual.size} {actual.mode}, expected {expected.size} {expected.mode}; see {' and '.join(saved)}"
    )
