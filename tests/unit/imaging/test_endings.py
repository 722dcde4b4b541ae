"""What holds all of its pixels is accepted, whatever follows them or is missing after them; what is cut is refused."""

from functools import cache
from random import Random

import pytest

from functions.imaging.refusal import RefusedPictureError
from functions.shared.status import Reason
from tests import pictures
from tests.counted import counted
from tests.unit.imaging.decoded import decoded

SCENE = (48, 36)
RANDOM_TRAILERS = counted(usual=8, long=200)
CUTS = counted(usual=40, long=1_000)

TRAILERS = {
    "nothing": b"",
    "zeros": bytes(5_000),
    "line end": b"\r\n",
    "boundary": b"\r\n------WebKitFormBoundaryx7Q--\r\n",
    "XMP": b"<?xpacket end='w'?>" * 3,
    "Samsung": bytes.fromhex("0000010a0e000000") + b"Image_UTC_Data1700000000000" + b"SEFHk\0\0\0\1\0\0\0SEFT",
    "a video": b"\0\0\0\x18ftypmp42\0\0\0\0isommp42\0\0\0\x10mdatabcdefgh\0\0\0\x08moov",
    "a JPEG": pictures.jpeg(16, 16),
    "a PNG": pictures.png(16, 16),
    "lossless markers": b"\xff\xc3\xff\xda\xff\xc4\0\3" * 9,
}


def pixels_of(body):
    return [frame.tobytes() for frame in decoded(body).frames]


def outcome_of(body):
    """Return the pixels of a file, or the reason why it is refused."""
    try:
        return pixels_of(body)
    except RefusedPictureError as refusal:
        return refusal.reason


FILES = {
    "jpeg": (lambda: pictures.jpeg(*SCENE), 2),
    "jpeg with restarts": (lambda: pictures.jpeg(*SCENE, restart_marker_rows=1), 2),
    "grey jpeg": (lambda: pictures.jpeg(image=pictures.scene(*SCENE).convert("L")), 2),
    "progressive jpeg": (lambda: pictures.jpeg(*SCENE, progressive=True), 2),
    "png": (lambda: pictures.png(*SCENE), 12),
    "interlaced png": (pictures.interlaced_png, 12),
    "apng": (lambda: pictures.apng(*SCENE, frames=3), 12),
    "gif": (lambda: pictures.gif(*SCENE), 1),
    "animated gif": (lambda: pictures.gif(*SCENE, frames=3), 1),
    "webp": (lambda: pictures.webp(*SCENE), 0),
    "avif": (lambda: pictures.avif(*SCENE), 0),
    "heic": (lambda: pictures.heic(*SCENE), 0),
    "bmp": (lambda: pictures.bmp(*SCENE), 0),
}
"""Files, and the bytes of their end marker."""


@cache
def file_of(kind):
    return FILES[kind][0]()


def without_end(kind):
    body, length = file_of(kind), FILES[kind][1]
    return body[: len(body) - length]


@pytest.mark.parametrize("trailer", TRAILERS)
@pytest.mark.parametrize("kind", FILES)
def test_what_follows_a_picture_does_not_matter(kind, trailer):
    assert pixels_of(file_of(kind) + TRAILERS[trailer]) == pixels_of(file_of(kind))


@pytest.mark.parametrize("trailer", TRAILERS)
@pytest.mark.parametrize("kind", [kind for kind, (_, length) in FILES.items() if length])
def test_a_missing_end_marker_does_not_matter_whatever_follows(kind, trailer):
    assert pixels_of(without_end(kind) + TRAILERS[trailer]) == pixels_of(file_of(kind))


@pytest.mark.parametrize("kind", ["jpeg", "progressive jpeg", "png", "gif", "avif", "heic"])
def test_a_random_trailer_does_not_matter(kind):
    expected = pixels_of(file_of(kind))
    for seed in range(RANDOM_TRAILERS):
        trailer = Random(seed).randbytes(400)
        trailer = trailer if kind not in {"gif", "jpeg", "progressive jpeg"} else trailer.replace(b"\xff\xd9", b"")

        assert pixels_of(file_of(kind) + trailer) == expected, seed


@pytest.mark.parametrize(
    "kind",
    [
        "jpeg",
        "jpeg with restarts",
        "grey jpeg",
        "progressive jpeg",
        "png",
        "interlaced png",
        "gif",
        "avif",
        "heic",
        "bmp",
    ],
)
def test_a_cut_picture_is_corrupt_or_has_all_of_its_pixels(kind):
    body = file_of(kind)
    expected = pixels_of(body)
    for seed in range(CUTS):
        cut = body[: Random(f"{kind} {seed}").randrange(16, len(body))]
        assert outcome_of(cut) in (Reason.CORRUPT, expected), (len(cut), len(body))


@pytest.mark.parametrize("kind", ["jpeg", "grey jpeg", "progressive jpeg"])
def test_a_cut_jpeg_with_a_trailer_is_corrupt(kind):
    body = file_of(kind)
    for trailer in ("zeros", "boundary", "Samsung"):
        with pytest.raises(RefusedPictureError) as caught:
            decoded(body[: len(body) * 7 // 10] + TRAILERS[trailer])
        assert caught.value.reason is Reason.CORRUPT


def test_a_gif_that_is_cut_in_a_later_frame_has_the_frames_before_it():
    body = pictures.gif(*SCENE, frames=5)
    expected = pixels_of(body)
    starts = [at for at in range(len(body)) if body.startswith(b"\x21\xf9\x04", at)]
    for frame in range(1, 5):
        assert pixels_of(body[: starts[frame] + 40]) == expected[:frame]


def test_a_gif_that_is_cut_in_its_only_frame_is_corrupt():
    with pytest.raises(RefusedPictureError) as caught:
        decoded(pictures.truncated(pictures.gif(*SCENE), 0.9))

    assert (caught.value.reason, caught.value.detail) == (
        Reason.CORRUPT, "The file ends before the picture is complete.",
    )  # fmt: skip


def test_a_bmp_without_the_padding_of_its_last_row_is_whole():
    image = pictures.scene(47, 36)
    body = pictures.bmp(image=image)

    assert pixels_of(body[:-3]) == [image.tobytes()]


def test_a_webp_whose_header_states_too_few_bytes_is_corrupt():
    body = bytearray(pictures.webp(*SCENE))
    for length in (0, 20, len(body) - 60):
        body[4:8] = length.to_bytes(4, "little")

        with pytest.raises(RefusedPictureError) as caught:
            decoded(bytes(body))

        assert caught.value.reason is Reason.CORRUPT


@pytest.mark.parametrize("kept", [1, 30, 200])
@pytest.mark.parametrize("make", [pictures.webp, pictures.animated_webp])
def test_a_webp_that_is_cut_in_its_metadata_is_whole(make, kept):
    body = make(*SCENE, xmp=b"<x/>" * 100)
    start = body.index(b"XMP ")

    assert pixels_of(body[: start + 8 + kept]) == pixels_of(body)


def test_an_animated_webp_that_is_cut_between_frames_is_corrupt():
    body = pictures.animated_webp(*SCENE, frames=4)
    last = body.rindex(b"ANMF")

    assert outcome_of(body[:last]) is Reason.CORRUPT


def test_a_jpeg_with_half_of_its_end_marker_is_whole():
    assert pixels_of(file_of("jpeg")[:-1]) == pixels_of(file_of("jpeg"))


@pytest.mark.parametrize("claimed", [2, 3, 9])
def test_an_apng_has_at_most_the_frames_that_it_claims(claimed):
    body = pictures.apng(*SCENE, frames=3)
    start = body.index(b"acTL") - 4
    changed = body[:start] + pictures.png_chunk(b"acTL", claimed.to_bytes(4, "big") + bytes(4)) + body[start + 20 :]

    assert pixels_of(changed) == pixels_of(body)[:claimed]


def test_garbage_that_looks_like_a_huge_frame_ends_a_gif():
    body = file_of("animated gif")[:-1]

    assert pixels_of(body + b"," + b"\xee" * 60) == pixels_of(body)
