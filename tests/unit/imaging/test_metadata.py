"""Metadata never decides over pixels: what is odd in it is ignored, and a readable orientation is applied."""

import struct
import zlib
from functools import cache
from random import Random

import pytest

from tests import hostile, pictures
from tests.counted import counted
from tests.unit.imaging.decoded import decoded

SIZE = (48, 36)
SPACE = 600
PLACEHOLDER = b"II*\0\x08" + bytes(SPACE - 5)
"""An EXIF block with an empty directory, whose place in a file another block of this length takes."""

ENTRIES = counted(usual=30, long=500)
KINDS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 129, 0, 999)


@cache
def base(kind):
    options = {"PNG": {}, "JPEG": {"quality": 95}, "WEBP": {"lossless": True}}.get(kind, {"quality": 95})
    exif = {} if kind in {"PNG", "TIFF"} else {"exif": b"Exif\0\0" + PLACEHOLDER}
    return pictures.encoded(pictures.scene(*SIZE), kind, **options, **exif)


def with_exif(kind, block):
    """Return a picture of a kind with an EXIF block of at most SPACE bytes."""
    if kind == "PNG":
        return base(kind)[:33] + pictures.png_chunk(b"eXIf", block) + base(kind)[33:]
    if kind == "PNG text":
        digits = b"\nexif\n%8d\n" % len(block) + block.hex().encode()
        return base("PNG")[:33] + pictures.png_chunk(b"tEXt", b"Raw profile type exif\0" + digits) + base("PNG")[33:]
    assert base(kind).count(PLACEHOLDER) == 1
    return base(kind).replace(PLACEHOLDER, block.ljust(SPACE, b"\0"))


def block_with_an_odd_entry(random, orientation):
    """Return an EXIF block with this orientation and one entry of any tag, type, count and value, in any directory."""
    order, mark = random.choice((("<", b"II"), (">", b"MM")))

    def entry(tag, kind, count, value):
        return struct.pack(order + "HHI", tag, kind, count) + value

    upright = entry(274, 3, 1, struct.pack(order + "HH", orientation, 0))
    odd = entry(
        random.choice((random.randrange(1, 32), random.randrange(254, 274), random.randrange(275, 320), 700, 33_432,
                       37_500, 40_960, 41_730, random.getrandbits(16))),
        random.choice(KINDS),
        random.choice((0, 1, 2, 3, 4, 8, 300, 2**32 - 1)),
        random.choice((random.randbytes(4), struct.pack(order + "I", random.choice((0, 8, 26, 100, 2**31)))))
    )  # fmt: skip
    if random.random() < 0.5:  # in the first directory, on either side of the orientation
        both = [upright, odd] if random.random() < 0.5 else [odd, upright]
        first, second = both, []
    else:  # in a directory of its own: EXIF's, GPS's or Interoperability's
        pointer = random.choice((0x8769, 0x8825, 0xA005))
        first, second = [upright, entry(pointer, 4, 1, struct.pack(order + "I", 8 + 2 + 24 + 4))], [odd]
    body = mark + struct.pack(order + "HI", 42, 8) + struct.pack(order + "H", len(first)) + b"".join(first)
    body += struct.pack(order + "I", random.choice((0, 0, 8, 2**31)))
    if second:
        body += struct.pack(order + "H", len(second)) + b"".join(second) + bytes(4)
    return body + random.randbytes(40)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "PNG text", "WEBP"])
def test_an_odd_exif_entry_is_ignored_and_the_picture_is_upright(kind):
    plain = decoded(base("PNG" if kind == "PNG text" else kind)).frames[0]
    for seed in range(ENTRIES):
        random = Random(f"{kind} {seed}")
        orientation = random.choice(range(2, 9))

        frame = decoded(with_exif(kind, block_with_an_odd_entry(random, orientation))).frames[0]

        stored = frame if (undo := pictures.ORIENTATION_OPERATIONS[orientation]) is None else frame.transpose(undo)
        assert stored.tobytes() == plain.tobytes(), seed


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
def test_an_odd_exif_entry_of_an_avif_or_heic_is_ignored(kind):
    """Their orientation is in the container (23008-12, A.2.3)."""
    plain = decoded(base(kind)).frames[0]
    for seed in range(ENTRIES // 3):
        random = Random(f"{kind} {seed}")

        frame = decoded(with_exif(kind, block_with_an_odd_entry(random, random.choice(range(2, 9))))).frames[0]

        assert frame.tobytes() == plain.tobytes(), seed


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "PNG text", "WEBP", "AVIF", "HEIF"])
@pytest.mark.parametrize(
    "block",
    [
        b"",
        bytes(50),
        b"\xff" * 50,
        b"II",
        b"MM\0*",
        b"XX*\0\x08\0\0\0",
        b"text in place of EXIF" * 5,
        b"Exif\0\0Exif\0\0II*\0",
    ],
    ids=["empty", "zeros", "ones", "order", "short", "no order", "text", "two prefixes"],
)
def test_exif_that_is_none_is_ignored(kind, block):
    assert decoded(with_exif(kind, block)).size == SIZE


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "PNG text", "WEBP", "AVIF", "HEIF"])
def test_a_random_exif_block_never_refuses_a_picture(kind):
    for seed in range(ENTRIES // 3):
        assert sorted(decoded(with_exif(kind, hostile.exif_block(Random(seed))[:SPACE])).size) == sorted(SIZE)


@pytest.mark.parametrize("text", [b"\nexif\n 4\nzz\n", b"\nexif\n 3\nabc", b"", b"\n\n\n\xff\xfe", b"\nexif\n12"])
def test_a_raw_exif_text_that_is_none_is_ignored(text):
    body = base("PNG")
    chunk = pictures.png_chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(text))

    assert decoded(body[:33] + chunk + body[33:]).size == SIZE


TURNED = pictures.exif(orientation=6).tobytes()


def with_wrong_crc(chunk):
    return chunk[:-4] + bytes(each ^ 255 for each in chunk[-4:])


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (b"tEXt", b"k\0v"),
        (b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b"\n\n\n" + TURNED.hex().encode())),
        (b"eXIf", TURNED),
        (b"iCCP", b"k\0\0" + zlib.compress(pictures.adobe_rgb())),
        (b"gAMA", struct.pack(">I", 100_000)),
        (b"cHRM", struct.pack(">8I", 31_270, 32_900, 68_000, 32_000, 26_500, 69_000, 15_000, 6_000)),
        (b"cICP", bytes([12, 13, 0, 1])),
        (b"sRGB", b"\0"),
        (b"tRNS", struct.pack(">3H", 220, 40, 40)),
        (b"acTL", struct.pack(">II", 3, 0)),
        (b"pHYs", bytes(9)),
        (b"tIME", bytes(7)),
        (b"abCd", b"private"),
    ],
)  # fmt: skip
def test_an_ancillary_png_chunk_with_a_wrong_checksum_is_dropped(kind, data):
    body = base("PNG")

    frame = decoded(body[:33] + with_wrong_crc(pictures.png_chunk(kind, data)) + body[33:]).frames[0]

    assert frame.tobytes() == pictures.scene(*SIZE).tobytes()


def test_a_wrong_checksum_in_an_animation_does_not_matter():
    body = pictures.apng(*SIZE, frames=3)
    expected = [frame.tobytes() for frame in decoded(body).frames]
    for kind in (b"acTL", b"fcTL", b"fdAT"):
        at = body.rindex(kind)
        end = at + 4 + int.from_bytes(body[at - 4 : at], "big")
        changed = body[:end] + b"\0\1\2\3" + body[end + 4 :]

        assert [frame.tobytes() for frame in decoded(changed).frames] == expected
