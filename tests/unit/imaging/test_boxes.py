"""AVIF and HEIC: the coding of the primary picture decides, not the brand; properties are applied; trailers are cut."""

import struct
from random import Random

import pytest

from functions.imaging.inspection import inspect
from functions.imaging.limits import DEFAULT_LIMITS
from functions.imaging.refusal import RefusedPictureError
from functions.shared.status import Reason
from tests import pictures
from tests.counted import counted
from tests.unit.imaging.decoded import decoded

SIZE = (64, 48)
MAKERS = {"AVIF": pictures.avif, "HEIF": pictures.heic}
BRANDS = (b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"mif2", b"mif3", b"msf1", b"miaf",
          b"unif", b"1pic", b"MA1A", b"MiHB", b"mp42", b"isom", b"qt  ")  # fmt: skip


def with_brands(body, major, compatible):
    """Return a file with a ``ftyp`` of the same length: unused places repeat the last brand."""
    length = int.from_bytes(body[:4], "big")
    places = (length - 16) // 4
    brands = (list(compatible) + [compatible[-1]] * places)[:places]
    return body[:8] + major + body[12:16] + b"".join(brands) + body[length:]


@pytest.mark.parametrize("major", BRANDS)
@pytest.mark.parametrize("kind", MAKERS)
def test_the_coding_of_the_picture_decides_whatever_the_brands(kind, major):
    body = MAKERS[kind](*SIZE)
    expected = decoded(body).frames[0]
    for compatible in ((b"mif1",), (b"heic", b"mif1"), (b"avif", b"miaf"), (b"unif", b"1pic")):
        changed = with_brands(body, major, compatible)

        assert inspect(changed, DEFAULT_LIMITS).format == kind
        assert decoded(changed).frames[0].tobytes() == expected.tobytes()


def test_a_random_major_brand_does_not_matter():
    for kind, make in MAKERS.items():
        body = make(*SIZE)
        for seed in range(counted(usual=10, long=300)):
            brand = bytes(Random(seed).choices(range(0x21, 0x7F), k=4))

            assert inspect(body[:8] + brand + body[12:], DEFAULT_LIMITS).format == kind


@pytest.mark.parametrize("coding", [b"avc1", b"jpeg", b"vvc1", b"j2k1", b"unci"])
def test_a_heif_of_another_coding_is_unsupported_and_not_damaged(coding):
    body = pictures.heic(*SIZE).replace(b"hvc1", coding)

    with pytest.raises(RefusedPictureError) as caught:
        decoded(body)

    assert caught.value.reason is Reason.UNSUPPORTED_FORMAT
    assert coding.decode() in caught.value.detail


@pytest.mark.parametrize("major", [b"mp42", b"isom", b"qt  ", b"M4V ", b"3gp5"])
def test_a_video_is_unsupported(major):
    body = b"\0\0\0\x18ftyp" + major + bytes(4) + b"isommp42" + b"\0\0\0\x10mdat" + bytes(8)

    with pytest.raises(RefusedPictureError) as caught:
        decoded(body)

    assert caught.value.reason is Reason.UNSUPPORTED_FORMAT
    assert caught.value.detail.startswith("Videos")


def test_canon_s_raw_is_called_raw():
    with pytest.raises(RefusedPictureError, match="raw"):
        decoded(b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(50))


_ESSENTIAL = 0x80
"""The bit without which libavif refuses a property that changes the picture."""


def with_property(body, kind, data):
    """Return an AVIF of one item with one more property of that item; sizes and offsets are adjusted."""
    added = struct.pack(">I4s", 8 + len(data), kind) + data
    grown = bytearray(body)
    ipma = body.index(b"ipma") - 4
    count = ipma + 8 + 4 + 4 + 2
    number = body.index(b"ipco") - 4
    listed, at = 0, number + 8
    while at < number + int.from_bytes(body[number : number + 4], "big"):
        listed, at = listed + 1, at + int.from_bytes(body[at : at + 4], "big")
    associations = body[count]
    grown[count] = associations + 1
    grown[count + 1 + associations : count + 1 + associations] = bytes([_ESSENTIAL | listed + 1])
    grown[at:at] = added
    for box, growth in ((b"meta", len(added) + 1), (b"iprp", len(added) + 1), (b"ipco", len(added)), (b"ipma", 1)):
        start = grown.index(box) - 4
        grown[start : start + 4] = struct.pack(">I", int.from_bytes(grown[start : start + 4], "big") + growth)
    iloc = grown.index(b"iloc") + 4
    extent = iloc + 4 + 2 + 2 + 2 + 2 + 2
    grown[extent : extent + 4] = struct.pack(">I", int.from_bytes(grown[extent : extent + 4], "big") + len(added) + 1)
    return bytes(grown)


def clap(width, height, across, down):
    return struct.pack(">8i", width, 1, height, 1, *across, *down)


@pytest.mark.parametrize("left", [0, 3, 20])
@pytest.mark.parametrize("top", [0, 1, 12])
def test_the_clean_aperture_of_an_avif_crops(left, top):
    body = pictures.avif(*SIZE)
    width, height = 40, 30
    offsets = (2 * left + width - SIZE[0], 2), (2 * top + height - SIZE[1], 2)

    frame = decoded(with_property(body, b"clap", clap(width, height, *offsets))).frames[0]

    assert frame.tobytes() == decoded(body).frames[0].crop((left, top, left + width, top + height)).tobytes()


@pytest.mark.parametrize("turn", [b"\1", b"\3"])
def test_a_picture_is_cropped_before_it_is_turned(turn):
    body = with_property(pictures.avif(*SIZE), b"clap", clap(40, 20, (0, 1), (0, 1)))

    frame = decoded(with_property(body, b"irot", turn)).frames[0]

    assert frame.size == (20, 40)


@pytest.mark.parametrize(
    "data",
    [
        clap(65, 48, (0, 1), (0, 1)), clap(40, 30, (100, 1), (0, 1)), clap(0, 30, (0, 1), (0, 1)),
        clap(-4, 30, (0, 1), (0, 1)), clap(40, 30, (0, 0), (0, 1)), clap(41, 30, (1, 3), (0, 1)),
    ],
)  # fmt: skip
def test_an_invalid_clean_aperture_is_ignored(data):
    assert decoded(with_property(pictures.avif(*SIZE), b"clap", data)).size == SIZE


@pytest.mark.parametrize("points", [(12, 13), (9, 16), (9, 18), (9, 14), (1, 8)])
def test_code_points_of_an_avif_are_converted(points):
    body = pictures.avif(*SIZE)
    start = body.index(b"nclx") + 4

    changed = decoded(body[:start] + struct.pack(">HH", *points) + body[start + 4 :]).frames[0]

    assert changed.tobytes() != decoded(body).frames[0].tobytes()


def test_data_that_is_missing_is_told_by_its_share():
    body = pictures.avif(*SIZE)

    with pytest.raises(RefusedPictureError) as caught:
        decoded(body[:-100])

    assert caught.value.reason is Reason.CORRUPT
    assert caught.value.detail == f"The file ends after {100 * (len(body) - 100) // len(body)} % of the picture."
