"""Files with valid containers and hostile numbers, one per seed.

Lengths, checksums and the order of parts are correct, so decoders keep reading; counts, offsets, durations, densities,
tag types and text names are hostile. The pixels are those of small valid pictures.
"""

import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from random import Random

from tests import pictures

SIZE = (48, 36)

NUMBERS = (
    0, 1, 2, 3, 7, 8, 100, 255, 256, 32_767, 32_768, 65_534, 65_535, 2**24 - 1, 2**24, 2**31 - 1, 2**31, 2**32 - 1,
)  # fmt: skip

WORDS = (
    "duration", "loop", "default_image", "transparency", "exif", "interlace", "bbox", "xmp", "icc_profile",
    "background", "dpi", "gamma", "chromaticity", "disposal", "blend", "timestamp", "comment", "Raw profile type exif",
    "srgb", "XML:com.adobe.xmp", "aspect", "mp", "compression", "adobe", "jfif", "progressive", "parsed_exif", "Title",
    "",
)  # fmt: skip
"""Names of PNG texts; nearly all are names that Pillow uses for parameters."""

TEXTS = (
    b"", b"abc", b"0", b"-1", b"1e999", b"nan", b"99999999999999999999", b"\xff\xfe\x00", b"(0, 0, 1, 1)", b"True",
    b'<x:xmpmeta tiff:Orientation="6"/>', b"<tiff:Orientation>9</tiff:Orientation>", b"\nexif\n 4\nzz\n", b"Exif\0\0MM",
)  # fmt: skip


def hostile_file(kind: str, seed: int) -> bytes:
    """Return the file for a kind (a key of KINDS) and a seed; always the same one."""
    random = Random(f"{kind} {seed}")
    return KINDS[kind](random)


def _number(random: Random, bits: int) -> int:
    """Return a number of so many bits, usually one at an edge."""
    if random.random() < 0.7:
        return random.choice(NUMBERS) & (1 << bits) - 1
    return random.getrandbits(bits)


# --- EXIF and TIFF tags


def _tag(random: Random, order: str, tag: int) -> tuple[bytes, bytes]:
    """Return a directory entry with any type and count, and what it points at."""
    kind = random.choice((1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 129, 0, 999))
    count = random.choice((0, 1, 1, 1, 2, 3, 4, 8, _number(random, 32)))
    value = random.choice((
        struct.pack(order + "I", _number(random, 32)),
        struct.pack(order + "HH", _number(random, 16), _number(random, 16)),
        b"ab\0\0",
    ))  # fmt: skip
    return struct.pack(order + "HHI", tag, kind, count) + value


_EXIF_TAGS = (256, 257, 259, 270, 271, 274, 282, 283, 296, 305, 306, 315, 700, 33432, 34665, 34853)


def exif_block(random: Random) -> bytes:
    """Return an EXIF block: a sound header, and tags of which any may have any type, count and value."""
    order, mark = random.choice((("<", b"II"), (">", b"MM")))
    tags = sorted(random.sample(_EXIF_TAGS, 7))
    entries = [_tag(random, order, tag) for tag in tags]
    if random.random() < 0.5:
        entries[0] = struct.pack(order + "HHIHH", 274, 3, 1, random.choice((0, 1, 3, 6, 8, 9, 65_535)), 0)
    count = random.choice((len(entries), len(entries), len(entries) + 1, _number(random, 16)))
    following = random.choice((0, 8, _number(random, 32)))  # the next directory; 8 is this one again
    return (
        mark + struct.pack(order + "HI", 42, random.choice((8, 8, 8, _number(random, 32))))
        + struct.pack(order + "H", count) + b"".join(entries) + struct.pack(order + "I", following)
    )  # fmt: skip


def profile(random: Random) -> bytes:
    """Return a colour profile with a few of its numbers overwritten."""
    body = bytearray(random.choice((pictures.display_p3(), pictures.grey_profile(), pictures.cmyk_profile())))
    for _ in range(random.randint(1, 4)):
        at = 4 * random.randrange(len(body) // 4 - 1)
        body[at : at + 4] = struct.pack(">I", _number(random, 32))
    return bytes(body)


# --- PNG


def png_chunks(body: bytes) -> list[tuple[bytes, bytes]]:
    chunks, at = [], 8
    while at < len(body):
        length = int.from_bytes(body[at : at + 4], "big")
        chunks.append((body[at + 4 : at + 8], body[at + 8 : at + 8 + length]))
        at += 12 + length
    return chunks


def png_of_chunks(chunks: Sequence[tuple[bytes, bytes]]) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(pictures.png_chunk(kind, data) for kind, data in chunks)


def _png_text(random: Random) -> tuple[bytes, bytes]:
    name, text = random.choice(WORDS).encode("latin-1"), random.choice(TEXTS)
    match random.randrange(4):
        case 0:
            return b"tEXt", name + b"\0" + text
        case 1:
            return b"zTXt", name + bytes([0, random.choice((0, 0, 1))]) + zlib.compress(text)
        case 2:
            return b"iTXt", name + b"\0\0\0en\0x\0" + text
    return b"iTXt", name + b"\0\1\0\0\0" + random.choice((zlib.compress(text), text))


_ANCILLARY = (b"gAMA", b"cHRM", b"pHYs", b"sRGB", b"tRNS", b"bKGD", b"cICP", b"iCCP", b"eXIf", b"sBIT", b"hIST")


def _png_ancillary(random: Random) -> tuple[bytes, bytes]:
    def numbers(layout: str) -> bytes:
        return struct.pack(f">{layout}", *(_number(random, {"B": 8, "H": 16, "I": 32}[each]) for each in layout))

    kind = random.choice(_ANCILLARY)
    match kind:
        case b"iCCP":
            return kind, b"p\0" + bytes([random.choice((0, 0, 0, 1))]) + zlib.compress(profile(random))
        case b"eXIf":
            return kind, exif_block(random)
    layout = {b"gAMA": "I", b"cHRM": "IIIIIIII", b"pHYs": "IIB", b"sRGB": "B", b"cICP": "BBBB", b"sBIT": "BBB"}
    data = numbers(layout.get(kind, "H" * random.choice((1, 3, 128))))
    return kind, data if random.random() < 0.8 else data[: random.randrange(len(data))]


def _with_odd_chunks(random: Random, chunks: list[tuple[bytes, bytes]]) -> bytes:
    for _ in range(random.randint(1, 4)):
        made = _png_text(random) if random.random() < 0.6 else _png_ancillary(random)
        chunks.insert(random.randint(1, len(chunks) - 1), made)
    return png_of_chunks(chunks)


@cache
def _png_bases() -> tuple[bytes, ...]:
    scene = pictures.scene(*SIZE)
    return (
        pictures.png(image=scene),
        pictures.png(image=scene.convert("L")),
        pictures.png(image=scene.quantize(16)),
        pictures.png(image=pictures.drawing(*SIZE)),
        pictures.png_16_bit_grey(*SIZE),
        pictures.png_16_bit_rgb(*SIZE),
        pictures.shallow_grey_png(4, transparent=3, width=48, height=36),
        pictures.interlaced_png(*SIZE),
    )


def _png(random: Random) -> bytes:
    return _with_odd_chunks(random, png_chunks(random.choice(_png_bases())))


@cache
def _apng_bases() -> tuple[bytes, ...]:
    return (
        pictures.apng(*SIZE, frames=3),
        pictures.apng(*SIZE, frames=3, alpha=True),
        pictures.apng(*SIZE, frames=3, default_image=True),
        pictures.encoded(
            pictures.scene(*SIZE).quantize(16), "PNG", save_all=True,
            append_images=[pictures.scene(*SIZE, seed=2).quantize(16)],
        ),
    )  # fmt: skip


def _apng(random: Random) -> bytes:
    chunks = png_chunks(random.choice(_apng_bases()))
    for index, (kind, data) in enumerate(chunks):
        if kind == b"acTL" and random.random() < 0.7:
            frames = random.choice((int.from_bytes(data[:4], "big"), 0, 1, 2, 256, _number(random, 32)))
            chunks[index] = kind, struct.pack(">II", frames, _number(random, 32))
        if kind == b"fcTL":
            sequence, width, height, left, top, delay, unit, disposal, blend = struct.unpack(">5I2H2B", data)
            if random.random() < 0.6:
                delay, unit = _number(random, 16), _number(random, 16)
            if random.random() < 0.3:
                disposal, blend = random.choice((0, 1, 2, 3, 255)), random.choice((0, 1, 2, 255))
            if random.random() < 0.1:
                left, top = random.choice((0, 1, _number(random, 32))), random.choice((0, 1))
            values = (sequence, width, height, left, top, delay, unit, disposal, blend)
            chunks[index] = kind, struct.pack(">5I2H2B", *values)
    if random.random() < 0.2:
        chunks = [chunk for chunk in chunks if chunk[0] != b"acTL"]
    return _with_odd_chunks(random, chunks) if random.random() < 0.6 else png_of_chunks(chunks)


# --- GIF


@cache
def _gif_frames() -> tuple[bytes, ...]:
    """Return the image blocks of small frames, without the preceding blocks."""
    frames = []
    for seed in (1, 2, 3):
        body = pictures.encoded(pictures.scene(*SIZE, seed=seed).quantize(16), "GIF")
        start = body.index(b"\x2c\0\0\0\0")
        palette = 3 << ((body[10] & 7) + 1)
        descriptor = body[start : start + 9] + bytes([0x80 | body[10] & 7])
        frames.append(descriptor + body[13 : 13 + palette] + body[start + 10 : -1])
    return tuple(frames)


def _blocks(data: bytes) -> bytes:
    return b"".join(bytes([len(data[at : at + 255])]) + data[at : at + 255] for at in range(0, len(data), 255)) + b"\0"


def _gif_extension(random: Random) -> bytes:
    match random.randrange(6):
        case 0:
            repeats = struct.pack("<BH", random.choice((1, 1, 1, 0, 2)), _number(random, 16))
            return b"\x21\xff" + _blocks_of(random.choice((b"NETSCAPE2.0", b"ANIMEXTS1.0")), repeats)
        case 1:
            return b"\x21\xfe" + _blocks(random.choice(TEXTS) or b"a")
        case 2:
            return b"\x21\xff" + _blocks_of(b"XMP DataXMP", b'<x tiff:Orientation="6"/>')
        case 3:
            return b"\x21\x01" + _blocks(bytes(12))
        case 4:
            return b"\x21\xf9" + _blocks(bytes(random.choice((1, 2, 3, 5, 8))))
    return b"\x21" + bytes([random.choice((0, 7, 254, 255))]) + b"\0"


def _blocks_of(*parts: bytes) -> bytes:
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


def _gif(random: Random, most_frames: int = 1) -> bytes:
    body = bytearray(b"GIF89a" + struct.pack("<HH", *SIZE))
    body += bytes([random.choice((0, 0, 0x70)), _number(random, 8), _number(random, 8)])
    if random.random() < 0.3:
        body[10] |= 0x80
        body += bytes(6)
    for index in range(random.randint(1, most_frames)):
        if random.random() < 0.7:
            body += _gif_extension(random)
        flags = random.choice((0, 1, 4, 5, 8, 9, 12, 13, 28, 29, 255))
        body += b"\x21\xf9\x04" + struct.pack("<BHBB", flags, _number(random, 16), _number(random, 8), 0)
        frame = bytearray(_gif_frames()[index % 3])
        if random.random() < 0.2:
            frame[1:5] = struct.pack("<HH", random.choice((0, 1, 30, 300)), random.choice((0, 1, 30, 300)))
        body += frame
    return bytes(body + random.choice((b"\x3b", b"\x3b", _gif_extension(random) + b"\x3b", b"")))


def _animated_gif(random: Random) -> bytes:
    return _gif(random, 5)


# --- WebP


def _riff(chunks: Sequence[tuple[bytes, bytes]]) -> bytes:
    data = b"".join(kind + struct.pack("<I", len(each)) + each + bytes(len(each) % 2) for kind, each in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(data)) + b"WEBP" + data


def _riff_chunks(body: bytes) -> list[tuple[bytes, bytes]]:
    chunks, at = [], 12
    while at < len(body):
        length = int.from_bytes(body[at + 4 : at + 8], "little")
        chunks.append((body[at : at + 4], body[at + 8 : at + 8 + length]))
        at += 8 + length + length % 2
    return chunks


@cache
def _webp_bases() -> tuple[bytes, ...]:
    scene, drawing = pictures.scene(*SIZE), pictures.drawing(*SIZE)
    return (
        pictures.webp(image=scene, exif=pictures.exif().tobytes(), icc_profile=pictures.display_p3()),
        pictures.webp(image=drawing),
        pictures.webp(image=drawing, lossless=True),
    )


def _webp(random: Random) -> bytes:
    chunks = _riff_chunks(random.choice(_webp_bases()))
    if chunks[0][0] != b"VP8X":
        size = b"".join((side - 1).to_bytes(3, "little") for side in SIZE)
        chunks.insert(0, (b"VP8X", b"\x10\0\0\0" + size))
    return _riff(_odd_riff(random, chunks))


def _odd_riff(random: Random, chunks: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    chunks = [chunk for chunk in chunks if chunk[0] not in {b"EXIF", b"ICCP"} or random.random() < 0.5]
    if random.random() < 0.5:
        data = bytearray(chunks[0][1])
        data[0] = data[0] & 0x12 | random.choice((0, 0x2C, 0xFF & ~0x12, 0x08))
        chunks[0] = chunks[0][0], bytes(data)
    for _ in range(random.randint(0, 3)):
        made = random.choice((
            (b"EXIF", exif_block(random)), (b"EXIF", b"Exif\0\0" + exif_block(random)), (b"XMP ", random.choice(TEXTS)),
            (b"ICCP", profile(random)), (b"abcd", b"\0"),
        ))  # fmt: skip
        chunks.insert(random.choice((1, len(chunks))), made)
    return chunks


@cache
def _animated_webp_bases() -> tuple[bytes, ...]:
    return tuple(pictures.animated_webp(*SIZE, frames=4, alpha=alpha, lossless=True) for alpha in (False, True))


def _animated_webp(random: Random) -> bytes:
    chunks = _riff_chunks(random.choice(_animated_webp_bases()))
    for index, (kind, data) in enumerate(chunks):
        if kind == b"ANIM":
            chunks[index] = kind, struct.pack("<IH", _number(random, 32), _number(random, 16))
        if kind == b"ANMF":
            head = bytearray(data[:16])
            if random.random() < 0.7:
                head[12:15] = _number(random, 24).to_bytes(3, "little")
            if random.random() < 0.3:
                head[15] = _number(random, 8)
            if random.random() < 0.05:
                head[0:3] = _number(random, 24).to_bytes(3, "little")
            chunks[index] = kind, bytes(head) + data[16:]
    return _riff(_odd_riff(random, chunks))


# --- JPEG


@cache
def _jpeg_bases() -> tuple[bytes, ...]:
    scene = pictures.scene(*SIZE)
    return (
        pictures.jpeg(image=scene),
        pictures.jpeg(image=scene, progressive=True, icc_profile=pictures.display_p3()),
        pictures.jpeg(image=scene.convert("L")),
        pictures.jpeg(image=scene.convert("CMYK")),
        pictures.mpo(*SIZE),
    )


def _jpeg(random: Random) -> bytes:
    body = random.choice(_jpeg_bases())
    segments = [_jpeg_segment(random) for _ in range(random.randint(1, 4))]
    made = b"".join(b"\xff" + bytes([marker]) + struct.pack(">H", 2 + len(data)) + data for marker, data in segments)
    at = random.choice((2, body.index(b"\xff\xdb"), body.index(b"\xff\xda")))
    return body[:at] + made + body[at:]


def _jpeg_segment(random: Random) -> tuple[int, bytes]:
    def numbers(layout: str) -> bytes:
        return struct.pack(f">{layout}", *(_number(random, 8 if each == "B" else 16) for each in layout))

    blocks = (b"8BIM", b"8BIM\x04\x04\xff\0", b"8BIM\x03\xed\0\0" + numbers("HHHH"))
    return random.choice((
        (0xE0, b"JFIF\0" + numbers("HBHHBB")), (0xE1, b"Exif\0\0" + exif_block(random)),
        (0xE2, b"ICC_PROFILE\0" + numbers("BB") + profile(random)), (0xE2, b"MPF\0" + exif_block(random)),
        (0xED, b"Photoshop 3.0\0" + random.choice(blocks)), (0xEE, b"Adobe" + numbers("HHHB")),
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + random.choice(TEXTS)), (0xFE, random.choice(TEXTS)),
    ))  # fmt: skip


# --- TIFF


@cache
def _tiff_bases() -> tuple[bytes, ...]:
    scene = pictures.scene(*SIZE)
    return (
        pictures.tiff(image=scene),
        pictures.tiff(image=scene, compression="tiff_lzw"),
        pictures.tiff(image=scene, compression="tiff_adobe_deflate"),
        pictures.tiff(image=scene.convert("1"), compression="group3"),
        pictures.tiff(image=scene.convert("1"), compression="group4"),
        pictures.tiff(image=scene.quantize(16)),
        pictures.tiff(image=pictures.drawing(*SIZE)),
        pictures.tiff(image=scene.convert("CMYK")),
        pictures.tiff(image=scene, compression="jpeg"),
        pictures.tiff_16_bit_grey(*SIZE),
    )


_TIFF_TAGS = (
    254, 256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 282, 283, 284, 292, 293, 296, 315, 317, 320, 322, 323,
    324, 325, 330, 338, 339, 347, 530, 532, 700, 33432, 33723, 34377, 34665, 34675, 34853, 37724, 48129, 50706, 65000,
)  # fmt: skip


def _tiff(random: Random) -> bytes:
    """Return a TIFF whose directory, rewritten at the end, has some entries of any type, count and value."""
    body = random.choice(_tiff_bases())
    order = "<" if body[:2] == b"II" else ">"
    start = struct.unpack_from(order + "I", body, 4)[0]
    count = struct.unpack_from(order + "H", body, start)[0]
    raw = [body[start + 2 + 12 * index :][:12] for index in range(count)]
    entries = {struct.unpack_from(order + "H", entry)[0]: entry for entry in raw}
    for tag in random.sample(_TIFF_TAGS, random.randint(1, 3)):
        entry = _tag(random, order, tag)
        if tag in entries and random.random() < 0.6:  # its type and count stay, the value is another
            entry = entries[tag][:8] + entry[8:]
        entries[tag] = entry
    directory = b"".join(entry for _, entry in sorted(entries.items()))
    following = random.choice((0, 0, 8, start, len(body), 2**32 - 1))
    made = struct.pack(order + "H", len(entries)) + directory + struct.pack(order + "I", following)
    body += bytes(len(body) % 2)
    return body[:4] + struct.pack(order + "I", len(body)) + body[8:] + made


# --- BMP


_BMP_FIELDS = (
    (2, 4), (6, 4), (10, 4), (14, 4), (26, 2), (28, 2), (30, 4), (34, 4), (38, 4), (42, 4), (46, 4), (50, 4),
)  # fmt: skip
"""Where the numbers of a BMP's headers are, and their bytes; not its size in px."""


def _bmp(random: Random) -> bytes:
    image = random.choice(("RGB", "L", "1", "P"))
    scene = pictures.scene(*SIZE)
    body = bytearray(pictures.bmp(image=scene.quantize(16) if image == "P" else scene.convert(image)))
    for at, size in random.sample(_BMP_FIELDS, 2):
        body[at : at + size] = _number(random, 8 * size).to_bytes(size, "little")
    return bytes(body)


# --- AVIF and HEIC


_CONTAINERS = frozenset(
    {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"dinf", b"edts", b"udta", b"iprp", b"ipco", b"meta", b"grpl"}
)
_SHOWN = frozenset((
    b"mvhd", b"tkhd", b"mdhd", b"stts", b"elst", b"irot", b"imir", b"clap", b"pasp", b"colr", b"pixi", b"auxC", b"ccst",
))  # fmt: skip
"""Boxes for the display and duration of a picture; decoders continue with almost any content in them."""

_PLACES = frozenset((
    b"stsz", b"stsc", b"stco", b"stss", b"ispe", b"pitm", b"iloc", b"iinf", b"ipma", b"hdlr", b"stsd", b"infe", b"iref",
))  # fmt: skip
"""Boxes for the position of pixels, and for counts."""


def _numbered_boxes(body: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, start and end of the content of each box that consists of numbers."""
    while start + 8 <= end:
        length, kind = int.from_bytes(body[start : start + 4], "big"), body[start + 4 : start + 8]
        if length < 8 or start + length > end:
            return
        if kind in _CONTAINERS:
            yield from _numbered_boxes(body, start + (12 if kind == b"meta" else 8), start + length)
        elif kind in _SHOWN | _PLACES:
            yield kind, start + 8, start + length
        start += length


def _boxes(random: Random, body: bytes, exif_at: int) -> bytes:
    made = bytearray(body)
    found = list(_numbered_boxes(body, 0, len(body)))
    if random.random() < 0.7:
        found = [box for box in found if box[0] in _SHOWN]
    for _, start, end in random.sample(found, min(len(found), random.randint(1, 2))):
        size = random.choice((1, 2, 4))
        at = random.randrange(start, max(start + 1, end - size + 1))
        made[at : at + size] = _number(random, 8 * size).to_bytes(size, "big")
    if exif_at > 0 and random.random() < 0.5:
        for at in range(exif_at + 8, exif_at + 40):
            if random.random() < 0.1:
                made[at] = _number(random, 8)
    return bytes(made)


@cache
def _iso_base(kind: str) -> bytes:
    tags = pictures.exif(orientation=6).tobytes()
    if kind == "animated avif":
        return pictures.animated_avif(*SIZE)
    make = pictures.avif if kind == "avif" else pictures.heic
    return make(image=pictures.drawing(*SIZE), exif=tags)


def _iso(kind: str) -> Callable[[Random], bytes]:
    def make(random: Random) -> bytes:
        body = _iso_base(kind)
        return _boxes(random, body, body.find(b"Exif\0\0") if kind != "animated avif" else -1)

    return make


KINDS: dict[str, Callable[[Random], bytes]] = {
    "jpeg": _jpeg,
    "png": _png,
    "apng": _apng,
    "gif": _gif,
    "animated gif": _animated_gif,
    "webp": _webp,
    "animated webp": _animated_webp,
    "tiff": _tiff,
    "bmp": _bmp,
    "avif": _iso("avif"),
    "animated avif": _iso("animated avif"),
    "heic": _iso("heic"),
}
"""The kinds of files: the eight formats, and their animations."""
