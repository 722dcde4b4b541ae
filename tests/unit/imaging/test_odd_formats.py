"""BMP and TIFF in all their kinds: right, or unsupported; never garbled, and not called damaged."""

import struct
from random import Random

import numpy as np
import pytest

from functions.imaging.refusal import RefusedPictureError
from functions.shared.status import Reason
from tests import pictures
from tests.counted import counted
from tests.unit.imaging.decoded import decoded

WIDTH, HEIGHT = 12, 5


def refusal_of(body):
    with pytest.raises(RefusedPictureError) as caught:
        decoded(body)
    return caught.value


def outcome_of(body):
    """Return the picture of a file, or the reason why it is refused."""
    try:
        return decoded(body).frames[0]
    except RefusedPictureError as refusal:
        return refusal.reason


def bmp_with_masks(words, depth, masks, header=56):
    """Return a top-down BMP whose pixels are these words, with masks of red, green, blue and alpha."""
    sizes = struct.pack("<IiiHHIIiiII", header, WIDTH, -HEIGHT, 1, depth, 3, 0, 0, 0, 0, 0)
    head = (sizes + struct.pack("<4I", *masks)).ljust(header, b"\0")
    row = 4 * ((WIDTH * depth // 8 + 3) // 4)
    code = {16: "<u2", 32: "<u4"}[depth]
    data = b"".join(line.astype(code).tobytes().ljust(row, b"\0") for line in words.reshape(HEIGHT, WIDTH))
    return b"BM" + struct.pack("<IHHI", 14 + len(head) + len(data), 0, 0, 14 + len(head)) + head + data


def random_masks(random, depth):
    """Return masks of contiguous bits in any order, sometimes those of common encoders."""
    common = {
        16: [(0xF800, 0x7E0, 0x1F, 0), (0x7C00, 0x3E0, 0x1F, 0), (0x7C00, 0x3E0, 0x1F, 0x8000),
             (0xF00, 0xF0, 0xF, 0xF000)],
        32: [(0xFF0000, 0xFF00, 0xFF, 0), (0xFF0000, 0xFF00, 0xFF, 0xFF000000), (0xFF, 0xFF00, 0xFF0000, 0xFF000000),
             (0xFF000000, 0xFF0000, 0xFF00, 0xFF), (0xFF000000, 0xFF0000, 0xFF00, 0), (0x3FF00000, 0xFFC00, 0x3FF, 0)],
    }  # fmt: skip
    if random.random() < 0.5:
        return random.choice(common[depth])
    masks, at = [], 0
    for _ in range(4):
        bits = random.randint(1, depth // 4)
        masks.append(((1 << bits) - 1) << at)
        at += bits
    random.shuffle(masks)
    if random.random() < 0.4:
        masks[3] = 0
    return tuple(masks)


def levels(words, mask):
    if not mask:
        return np.full(words.shape, 255.0)
    shift = (mask & -mask).bit_length() - 1
    return ((words & mask) >> shift) * 255.0 / (mask >> shift)


def test_a_bmp_with_any_masks_is_right_or_unsupported():
    published = 0
    for seed in range(counted(usual=60, long=2_000)):
        random = Random(seed)
        depth = random.choice((16, 32))
        masks = random_masks(random, depth)
        words = np.array([random.getrandbits(depth) for _ in range(WIDTH * HEIGHT)], np.int64)
        expected = np.stack([levels(words, mask) for mask in masks], axis=-1)
        outcome = outcome_of(bmp_with_masks(words, depth, masks))
        if outcome is Reason.UNSUPPORTED_FORMAT:
            continue
        published += 1
        found = np.asarray(outcome.convert("RGBA")).reshape(-1, 4)
        seen = expected[:, 3] > 0
        assert np.abs(found - expected)[seen].max() <= 8, (depth, [hex(mask) for mask in masks])
    assert published > 10


@pytest.mark.parametrize("masks", [(0xFF0000, 0xFF00, 0xFF, 0xFF000000), (0xFF, 0xFF00, 0xFF0000, 0xFF000000)])
def test_alpha_that_is_0_everywhere_means_none(masks):
    words = np.arange(WIDTH * HEIGHT, dtype=np.int64) * 40_000

    frame = decoded(bmp_with_masks(words, 32, masks)).frames[0]

    assert frame.mode == "RGB"
    assert len(frame.getcolors()) > 20


@pytest.mark.parametrize("compression", [4, 5, 9, 11])
def test_a_bmp_of_another_compression_is_unsupported(compression):
    body = bytearray(pictures.bmp(16, 16))
    body[30:34] = struct.pack("<I", compression)

    assert refusal_of(bytes(body)).reason is Reason.UNSUPPORTED_FORMAT


ROWS = [bytes(3 * 16)] * 16


def tiff_with(*tags, **options):
    return pictures.tiff_of_rows(
        ROWS, 16, **{"bits": 8, "samples": 3, "photometric": 2, **options}, odd_tags=list(tags)
    )


@pytest.mark.parametrize(
    "tag",
    [
        (50_706, 1, b"\1\4\0\0"), (33_421, 3, b"\2\0\2\0"), (50_740, 4, b"\1\0\0\0"), (254, 4, b"\1\0\0\0"),
        (254, 4, b"\3\0\0\0"), (255, 3, b"\2\0\0\0"),
    ],
)  # fmt: skip
def test_camera_raw_and_a_preview_as_first_page_are_unsupported_and_called_raw(tag):
    refusal = refusal_of(tiff_with(tag))

    assert refusal.reason is Reason.UNSUPPORTED_FORMAT
    assert "raw" in refusal.detail


@pytest.mark.parametrize("photometric", [32_803, 34_892])
def test_a_sensor_s_own_colours_are_called_raw(photometric):
    assert "raw" in refusal_of(tiff_with(photometric=photometric)).detail


@pytest.mark.parametrize("compression", [32_767, 34_713, 65_535])
def test_a_camera_s_own_compression_is_called_raw(compression):
    assert "raw" in refusal_of(tiff_with(compression=compression)).detail


@pytest.mark.parametrize(
    "signature",
    [
        b"IIRO\x08\0\0\0",
        b"MMOR\0\0\0\x08",
        b"IIU\0\x08\0\0\0",
        b"FUJIFILMCCD-RAW 0201",
        b"FOVb",
        b"II*\0\x10\0\0\0CR\2\0",
    ],
)
def test_raw_files_of_other_signatures_are_called_raw(signature):
    directory = struct.pack("<HHHII", 1, 256, 4, 1, 100) + bytes(4)

    refusal = refusal_of(signature.ljust(16, b"\0") + directory + bytes(50))

    assert refusal.reason is Reason.UNSUPPORTED_FORMAT
    assert "raw" in refusal.detail


def test_a_whole_page_of_several_is_a_picture():
    assert decoded(tiff_with((254, 4, b"\2\0\0\0"))).size == (16, 16)


@pytest.mark.parametrize("compression", [1, 5, 8])
def test_more_than_8_bits_in_separate_planes_are_unsupported(compression):
    refusal = refusal_of(tiff_with((284, 3, b"\2\0\0\0"), bits=16, compression=compression))

    assert refusal.reason is Reason.UNSUPPORTED_FORMAT
    assert "separate planes" in refusal.detail


@pytest.mark.parametrize("subsampling", [None, b"\2\0\2\0", b"\2\0\1\0", b"\4\0\1\0"])
def test_subsampled_ycbcr_is_right_or_unsupported(subsampling):
    tags = [] if subsampling is None else [(530, 3, subsampling)]

    refusal = refusal_of(pictures.tiff_of_rows([bytes(24)] * 16, 16, bits=8, samples=3, photometric=6, odd_tags=tags))

    assert refusal.reason is Reason.UNSUPPORTED_FORMAT
    assert "damaged" not in refusal.detail


@pytest.mark.parametrize("compression", [6, 34_661, 34_712, 34_887, 50_002, 32_809])
def test_an_unknown_compression_is_unsupported(compression):
    assert refusal_of(tiff_with(compression=compression)).reason is Reason.UNSUPPORTED_FORMAT


@pytest.mark.parametrize("kind", [3, 4, 7, 1, 2])
@pytest.mark.parametrize("tag", [700, 33_723, 34_377, 37_724])
def test_xmp_and_other_texts_may_have_any_type(tag, kind):
    assert decoded(tiff_with((tag, kind, b"\1\2\3\4"))).size == (16, 16)
