"""Files are refused by their headers, each for one reason, with a message for the uploader."""

from dataclasses import replace

import pytest

from functions.imaging.inspection import inspect
from functions.imaging.limits import Limits
from functions.imaging.refusal import RefusedPictureError
from functions.shared.status import Reason
from tests import pictures

LIMITS = Limits()


def refusal_of(body, *, limits=LIMITS, content_type=""):
    with pytest.raises(RefusedPictureError) as caught:
        inspect(body, limits, content_type=content_type)
    return caught.value


@pytest.mark.parametrize(
    ("body", "name", "size", "frames"),
    [
        (pictures.jpeg(320, 240), "JPEG", (320, 240), 1),
        (pictures.jpeg(320, 240, progressive=True), "JPEG", (320, 240), 1),
        (pictures.mpo(320, 240), "JPEG", (320, 240), 1),
        (pictures.png(320, 240), "PNG", (320, 240), 1),
        (pictures.apng(frames=4), "PNG", (160, 120), 4),
        (pictures.gif(frames=1), "GIF", (160, 120), 1),
        (pictures.gif(frames=5), "GIF", (160, 120), 5),
        (pictures.webp(320, 240), "WEBP", (320, 240), 1),
        (pictures.webp(320, 240, lossless=True), "WEBP", (320, 240), 1),
        (pictures.animated_webp(frames=4), "WEBP", (160, 120), 4),
        (pictures.avif(320, 240), "AVIF", (320, 240), 1),
        (pictures.animated_avif(frames=3), "AVIF", (160, 120), 3),
        (pictures.heic(320, 240), "HEIF", (320, 240), 1),
        (pictures.tiff(320, 240), "TIFF", (320, 240), 1),
        (pictures.tiff_pages((50, 40), (60, 30)), "TIFF", (50, 40), 1),
        (pictures.bmp(320, 240), "BMP", (320, 240), 1),
    ],
)
def test_format_size_and_frames_come_from_the_content(body, name, size, frames):
    found = inspect(body, LIMITS)

    assert (found.format, (found.width, found.height), found.frames) == (name, size, frames)


def test_an_empty_file_is_empty():
    assert refusal_of(b"").reason is Reason.EMPTY


@pytest.mark.parametrize("kind", pictures.TEXT_FILES)
def test_what_is_no_raster_picture_is_unsupported_whatever_it_was_declared_as(kind):
    refusal = refusal_of(pictures.TEXT_FILES[kind], content_type="image/jpeg")

    assert refusal.reason is Reason.UNSUPPORTED_FORMAT
    assert "not accepted; send JPEG, PNG" in refusal.detail


def test_an_svg_is_named_in_the_refusal():
    assert refusal_of(pictures.TEXT_FILES["svg"]).detail.startswith("SVG pictures are not accepted")


@pytest.mark.parametrize("declared", ["text/html", "application/pdf", "video/mp4", "Text/Plain; charset=utf-8"])
def test_a_picture_declared_as_something_else_is_a_mismatch(declared):
    refusal = refusal_of(pictures.jpeg(16, 16), content_type=declared)

    assert refusal.reason is Reason.TYPE_MISMATCH
    assert refusal.detail == f"The file was declared as {declared.partition(';')[0].lower()}, which is no image type."


@pytest.mark.parametrize(
    ("body", "declared"),
    [
        (pictures.jpeg(16, 16), "IMAGE/JPEG"),
        (pictures.jpeg(16, 16), "image/jpg"),
        (pictures.jpeg(16, 16), ""),
        (pictures.jpeg(16, 16), "image/*"),
        (pictures.jpeg(16, 16), "application/octet-stream"),
        (pictures.jpeg(16, 16), "binary/octet-stream"),
        (pictures.heic(64, 64), "image/heif"),
        (pictures.apng(16, 16), "image/apng"),
        (pictures.png(16, 16), "image/jpeg"),
        (pictures.jpeg(16, 16), "image/png; charset=binary"),
        (pictures.avif(16, 16), "image/heic"),
        (pictures.jpeg(16, 16), "image/svg+xml"),
    ],
)
def test_content_decides_among_image_types_and_an_unspecific_type_is_accepted(body, declared):
    assert inspect(body, LIMITS, content_type=declared).width > 0


@pytest.mark.parametrize(
    "body",
    [
        pictures.png_header(12_000, 12_000),
        pictures.png_header(10_000, 9_000),
        pictures.png_header(20_000, 10),
        pictures.png_header(10, 20_000),
        pictures.png_header(2**31 - 1, 2**31 - 1),
        pictures.jpeg_header(12_000, 12_000),
        pictures.jpeg_header(65_535, 1),
        pictures.gif_bomb_in_second_frame(),
    ],
)
def test_too_many_pixels_or_too_long_a_side_are_refused_by_the_header(body):
    assert refusal_of(body).reason is Reason.TOO_MANY_PIXELS


@pytest.mark.parametrize("make", [pictures.avif, pictures.heic, pictures.tiff, pictures.bmp, pictures.webp])
def test_the_pixel_limit_holds_for_every_format(make):
    refusal = refusal_of(make(320, 240), limits=replace(LIMITS, max_pixels=320 * 240 - 1))

    assert refusal.reason is Reason.TOO_MANY_PIXELS


@pytest.mark.parametrize("make", [pictures.jpeg, pictures.png, pictures.webp, pictures.avif, pictures.tiff])
def test_a_picture_of_exactly_the_limits_is_accepted(make):
    body = make(320, 240)
    limits = replace(LIMITS, max_pixels=320 * 240, max_side_px=320, max_bytes=len(body))

    assert inspect(body, limits).width == 320


def test_too_many_bytes_are_refused_with_both_numbers():
    refusal = refusal_of(bytes(3 * 1024 * 1024), limits=replace(LIMITS, max_bytes=2 * 1024 * 1024))

    assert refusal.reason is Reason.TOO_LARGE
    assert refusal.detail == "The file has 3.0 MiB; at most 2 MiB are accepted."


def test_a_limit_that_is_passed_by_the_least_is_visibly_passed():
    bytes_ = refusal_of(bytes(2 * 1024 * 1024 + 1), limits=replace(LIMITS, max_bytes=2 * 1024 * 1024))
    pixels = refusal_of(pictures.png_header(2_000, 1_001), limits=replace(LIMITS, max_pixels=2_000_000))
    frames = refusal_of(
        pictures.gif_with_many_frames(200, 1_000, 1_001), limits=replace(LIMITS, max_animation_pixels=200_000_000)
    )

    assert bytes_.detail == "The file has 2.1 MiB; at most 2 MiB are accepted."
    assert pixels.detail == "The picture has 2.1 megapixels; at most 2 are accepted."
    assert frames.detail == ("The animation's 200 frames have 200.2 megapixels together; at most 200 are accepted.")


@pytest.mark.parametrize(
    "body", [pictures.gif_with_many_frames(257), pictures.apng_that_claims(100_001), pictures.apng_that_claims(257)]
)
def test_more_than_256_frames_are_too_many(body):
    assert refusal_of(body).reason is Reason.TOO_MANY_FRAMES


def test_exactly_256_frames_are_accepted():
    assert inspect(pictures.gif_with_many_frames(256), LIMITS).frames == 256


def test_frames_that_are_too_many_pixels_together_are_refused():
    refusal = refusal_of(pictures.gif_with_many_frames(200, 2_000, 1_000))

    assert refusal.reason is Reason.TOO_MANY_PIXELS
    assert "megapixels together" in refusal.detail


@pytest.mark.parametrize(
    "make",
    [
        pictures.scan_bomb,
        pictures.png_chunk_bomb,
        pictures.png_text_bomb,
        pictures.gif_of_tiny_blocks,
        lambda: pictures.jpeg(16, 16, progressive=True).replace(
            b"\xff\xda", b"\xff\xfe\x00\x02" * 70_000 + b"\xff\xda", 1
        ),
    ],
)
def test_a_file_that_costs_more_than_it_shows_is_too_complex(make):
    assert refusal_of(make()).reason is Reason.TOO_COMPLEX


def test_scans_count_more_in_a_larger_picture():
    body = pictures.scan_bomb(scans=30, width=320, height=240)

    assert inspect(body, LIMITS).width == 320
    assert refusal_of(body, limits=replace(LIMITS, max_scan_pixels=320 * 240 * 20)).reason is Reason.TOO_COMPLEX


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (pictures.truncated(pictures.webp()), "The file ends after 50 % of the picture."),
        (pictures.truncated(pictures.tiff()), "The file ends after 50 % of the picture."),
        (pictures.truncated(pictures.avif(), 0.7), "The file ends after 69 % of the picture."),
        (pictures.truncated(pictures.heic(), 0.25), "The file ends after 25 % of the picture."),
        (pictures.truncated(pictures.bmp(), 0.25), "The file ends after 24 % of the picture."),
        (pictures.truncated(pictures.jpeg(progressive=True)), "The file ends before the picture is complete."),
        (pictures.truncated(pictures.gif()), "The file ends before the picture is complete."),
        (pictures.truncated(pictures.apng(frames=4)), "The file ends inside frame 1 of the animation."),
        (pictures.jpeg()[:100], "The file ends inside its header."),
        (pictures.png()[:20], "The file ends inside its header."),
        (pictures.gif()[:8], "The file ends inside its header."),
        (pictures.webp()[:14], "The file ends inside its header."),
        (pictures.bmp()[:16], "The file ends inside its header."),
        (pictures.png_header(0, 10), "The picture has no pixels."),
    ],
)
def test_a_file_that_is_cut_short_is_corrupt_and_says_where(body, detail):
    refusal = refusal_of(body)

    assert (refusal.reason, refusal.detail) == (Reason.CORRUPT, detail)


@pytest.mark.parametrize("make", [pictures.jpeg, pictures.png])
@pytest.mark.parametrize("fraction", [0.2, 0.5, 0.9])
def test_a_cut_jpeg_or_png_tells_how_much_of_the_picture_is_there(make, fraction):
    detail = refusal_of(pictures.truncated(make(400, 300), fraction)).detail

    percent = int(detail.removeprefix("The file ends after ").removesuffix(" % of the picture."))
    assert abs(percent - 100 * fraction) < 8


def test_what_follows_the_end_of_a_jpeg_does_not_matter():
    assert inspect(pictures.jpeg() + b"\xff\xd8\xff a motion photo's video", LIMITS).format == "JPEG"


def test_a_gif_that_only_lacks_its_trailer_is_accepted():
    assert inspect(pictures.gif(frames=3)[:-1], LIMITS).frames == 3


@pytest.mark.parametrize("body", [pictures.twelve_bit_jpeg(), pictures.jpeg(16, 16).replace(b"\xff\xc0", b"\xff\xc3")])
def test_jpegs_that_no_browser_shows_are_unsupported(body):
    assert refusal_of(body).reason is Reason.UNSUPPORTED_FORMAT


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (pictures.tiff_16_bit_grey_alpha(), "2 x 16 bits a pixel, photometric 1 and compression 1"),
        (
            pictures.tiff_of_rows([bytes(18)] * 4, 4, bits=12, samples=3, photometric=2),
            "3 x 12 bits a pixel, photometric 2 and compression 1",
        ),
        (
            pictures.tiff_of_rows([bytes(4)] * 4, 4, bits=8, compression=33_005),
            "1 x 8 bits a pixel, photometric 1 and compression 33005",
        ),
    ],
)
def test_a_sound_tiff_whose_pixels_pillow_does_not_read_is_unsupported_and_not_damaged(body, what):
    refusal = refusal_of(body)

    assert refusal.reason is Reason.UNSUPPORTED_FORMAT
    assert refusal.detail == f"TIFF files are not accepted with {what}; 8-bit RGB is."


def test_a_tiff_that_pillow_does_not_read_is_cut_short_all_the_same():
    refusal = refusal_of(pictures.truncated(pictures.tiff_16_bit_grey_alpha()))

    assert refusal.reason is Reason.CORRUPT
    assert refusal.detail.startswith("The file ends after ")


@pytest.mark.parametrize(
    "make",
    [pictures.png_inflating_text, pictures.png_inflating_profile, lambda: pictures.jpeg_with_profile_of(5_000_000)],
)
def test_texts_and_profiles_may_be_as_long_as_a_file(make):
    assert inspect(make(), LIMITS).width == 16


def test_a_png_of_exactly_as_many_chunks_as_allowed_is_accepted():
    body = pictures.png_of_rows([b"\0\0\0"], 1, chunks=[(b"abCd", b"")] * 7)  # and three of its own

    assert inspect(body, replace(LIMITS, max_chunks=10)).width == 1
    assert refusal_of(body, limits=replace(LIMITS, max_chunks=9)).reason is Reason.TOO_COMPLEX


def test_an_animation_of_exactly_as_many_pixels_as_allowed_is_accepted():
    body = pictures.gif(160, 120, frames=4)

    assert inspect(body, replace(LIMITS, max_animation_pixels=4 * 160 * 120)).frames == 4
    assert (
        refusal_of(body, limits=replace(LIMITS, max_animation_pixels=4 * 160 * 120 - 1)).reason
        is Reason.TOO_MANY_PIXELS
    )
