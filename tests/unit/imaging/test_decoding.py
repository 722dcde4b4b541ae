"""An upload becomes upright 8-bit sRGB without metadata, or is refused."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from functions.imaging import decoding
from functions.imaging.decoding import decode
from functions.imaging.inspection import inspect
from functions.imaging.limits import Limits
from functions.imaging.refusal import RefusedPictureError
from functions.shared.status import Reason
from tests import pictures
from tests.corpus.cases.formats import ARITHMETIC_JPEG

LIMITS = Limits()


def decoded(body, limits=LIMITS):
    return decode(inspect(body, limits), limits)


def frame_of(body):
    return decoded(body).picture.frames[0]


def refusal_of(body, limits=LIMITS):
    with pytest.raises(RefusedPictureError) as caught:
        decoded(body, limits)
    return caught.value


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("pillow_format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_orientation_is_applied_exactly_once(pillow_format, orientation, tmp_path):
    upload = decoded(pictures.oriented(pillow_format, orientation, 320, 240))

    assert (upload.width, upload.height) == (320, 240)
    pictures.assert_similar(upload.picture.frames[0], pictures.scene(320, 240), within=8, save_to=tmp_path)


@pytest.mark.parametrize(
    "body",
    [
        pictures.jpeg(),
        pictures.jpeg(progressive=True),
        pictures.jpeg(subsampling="4:2:2", restart_marker_rows=2),
        pictures.mpo(),
        pictures.png(),
        pictures.webp(),
        pictures.webp(lossless=True),
        pictures.avif(),
        pictures.heic(),
        pictures.tiff(),
        pictures.tiff(compression="tiff_lzw"),
        pictures.tiff(compression="tiff_adobe_deflate"),
        pictures.tiff(big_tiff=True),
        pictures.tiff(big_tiff=True, compression="tiff_lzw"),
        pictures.tiff_pages((320, 240), (50, 40)),
        pictures.bmp(),
        pictures.cmyk(),
        pictures.cmyk_without_adobe_marker(),
        pictures.jpeg(icc_profile=pictures.srgb_profile()),
        pictures.jpeg(icc_profile=b"broken" * 100),
        pictures.jpeg(icc_profile=pictures.grey_profile()),
        pictures.jpeg(comment=b"a comment"),
    ],
)
def test_every_still_format_shows_the_same_scene(body, tmp_path):
    pictures.assert_similar(frame_of(body), pictures.scene(), within=8, save_to=tmp_path)


def test_an_interlaced_png_is_exact(tmp_path):
    pictures.assert_similar(frame_of(pictures.interlaced_png()), pictures.scene(64, 48), within=0, save_to=tmp_path)


def test_a_palette_keeps_its_colours(tmp_path):
    expected = pictures.scene().quantize(64).convert("RGB")

    pictures.assert_similar(frame_of(pictures.palette_png()), expected, within=0, save_to=tmp_path)


def test_the_transparent_entry_of_a_palette_becomes_alpha():
    frame = frame_of(pictures.palette_png(transparent=True))

    assert frame.mode == "RGBA"
    assert frame.getchannel("A").getextrema() == (0, 255)


def test_an_alpha_channel_without_a_transparent_pixel_is_dropped():
    assert frame_of(pictures.png(image=pictures.scene().convert("RGBA"))).mode == "RGB"


@pytest.mark.parametrize(
    "make",
    [
        pictures.png_16_bit_grey,
        pictures.tiff_16_bit_grey,
        pictures.tiff_16_bit_white_is_zero,
        pictures.tiff_12_bit_grey,
    ],
)
def test_grey_of_more_than_8_bits_is_scaled_and_not_clipped(make):
    row = np.asarray(frame_of(make(256, 8)))[0, :, 0]

    assert np.abs(row.astype(int) - np.arange(256)).max() <= 1


def test_grey_that_is_stored_multiplied_by_its_alpha_is_divided_by_it():
    body = pictures.tiff_of_rows([b"\x40\x80" * 16] * 16, 16, bits=8, samples=2, odd_tags=[(338, 3, b"\1\0\0\0")])

    assert frame_of(body).getpixel((8, 8)) == (127, 127, 127, 128)


def test_16_bit_rgb_keeps_its_colours():
    assert frame_of(pictures.png_16_bit_rgb()).getpixel((1, 1)) == (0x12, 0x80, 0xFF)


def test_the_transparent_grey_of_a_16_bit_png_is_taken_in_16_bits():
    alpha = np.asarray(frame_of(pictures.png_16_bit_grey(256, 4, transparent=65_535)))[0, :, 3]

    assert alpha[-1] == 0
    assert (alpha[:-1] == 255).all()


@pytest.mark.parametrize(("bit_depth", "level"), [(1, 1), (2, 0), (2, 1), (2, 3), (4, 0), (4, 7), (4, 15), (8, 7)])
def test_the_transparent_grey_of_a_shallow_png_is_taken_in_its_own_bits(bit_depth, level):
    frame = frame_of(pictures.shallow_grey_png(bit_depth, transparent=level))

    shown = level * 255 // (2**bit_depth - 1)
    assert frame.getpixel((0, 0)) == (shown, shown, shown, 0)
    assert frame.getpixel((63, 0))[3] == 255


def test_the_transparent_colour_of_a_16_bit_png_is_taken_in_16_bits():
    frame = frame_of(pictures.png_16_bit_rgb(transparent=(0x1234, 0x8000, 0xFFFF)))

    assert frame.getpixel((0, 0))[3] == 0
    assert frame.getpixel((63, 0)) == (255, 255, 255, 255)


def test_display_p3_red_becomes_a_stronger_srgb_red():
    flat = Image.new("RGB", (16, 16), (200, 60, 60))

    red, green, blue = frame_of(pictures.png(image=flat, icc_profile=pictures.display_p3())).getpixel((8, 8))

    assert red > 212
    assert green < 50
    assert blue < 58


def test_adobe_rgb_green_becomes_a_stronger_srgb_green():
    flat = Image.new("RGB", (16, 16), (120, 200, 120))

    red, green, _ = frame_of(pictures.png(image=flat, icc_profile=pictures.adobe_rgb())).getpixel((8, 8))

    assert red < 90
    assert green >= 199


def test_linear_grey_becomes_lighter():
    flat = Image.new("L", (16, 16), 64)

    assert frame_of(pictures.png(image=flat, icc_profile=pictures.grey_profile(1.0))).getpixel((8, 8))[0] in range(
        134, 141
    )


def test_a_profile_applies_under_transparency_too():
    flat = Image.new("RGBA", (16, 16), (200, 60, 60, 100))

    pixel = frame_of(pictures.png(image=flat, icc_profile=pictures.display_p3())).getpixel((8, 8))

    assert pixel[0] > 212
    assert pixel[3] == 100


def test_an_srgb_profile_changes_no_pixel(tmp_path):
    body = pictures.png(icc_profile=pictures.srgb_profile())

    pictures.assert_similar(frame_of(body), pictures.scene(), within=0, save_to=tmp_path)


@pytest.mark.parametrize("make", [pictures.gif, pictures.animated_webp, pictures.apng, pictures.animated_avif])
def test_an_animation_keeps_its_frames_and_times(make, tmp_path):
    picture = decoded(make(frames=4)).picture

    assert len(picture.frames) == 4
    assert len(picture.durations_ms) == 4
    for frame, expected in zip(picture.frames, pictures.moving_frames(4), strict=True):
        pictures.assert_similar(frame, expected, within=6, save_to=tmp_path)


@pytest.mark.parametrize("make", [pictures.gif, pictures.animated_webp, pictures.apng])
def test_a_transparent_animation_stays_transparent(make):
    picture = decoded(make(frames=4, alpha=True)).picture

    assert all(frame.mode == "RGBA" for frame in picture.frames)
    assert picture.frames[0].getpixel((159, 60))[3] == 0
    assert picture.frames[3].getpixel((159, 60))[3] == 255


@pytest.mark.parametrize(
    ("body", "loop"),
    [
        (pictures.gif(frames=3, loop=0), 0),
        (pictures.gif(frames=3, loop=2), 3),
        (pictures.gif(frames=3, loop=None), 1),
        (pictures.animated_webp(frames=3, loop=5), 5),
        (pictures.apng(frames=3, loop=2), 2),
    ],
)
def test_an_animation_plays_as_often_as_it_did(body, loop):
    assert decoded(body).picture.loop == loop


def test_frames_without_a_time_last_as_long_as_browsers_show_them():
    assert decoded(pictures.gif(frames=3, duration=0)).picture.durations_ms == (100, 100, 100)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("pillow_format", ["PNG", "WEBP"])
def test_every_frame_of_an_animation_is_turned_upright_once(pillow_format, orientation, tmp_path):
    frames = decoded(pictures.oriented_animation(pillow_format, orientation)).picture.frames

    assert len(frames) == 3
    for frame, seed in zip(frames, (1, 2, 3), strict=True):
        pictures.assert_similar(frame, pictures.scene(seed=seed), within=8, save_to=tmp_path)


def test_the_picture_for_old_viewers_is_no_frame_of_an_apng():
    assert len(decoded(pictures.apng(frames=4, default_image=True)).picture.frames) == 3


def test_only_the_first_page_and_the_first_mpo_picture_count():
    assert not decoded(pictures.tiff_pages((50, 40), (60, 30))).picture.animated
    assert not decoded(pictures.mpo()).picture.animated


def test_a_large_animation_is_scaled_down_and_keeps_all_frames(monkeypatch):
    monkeypatch.setattr(decoding, "KEPT_ANIMATION_PIXELS", 160 * 120)

    upload = decoded(pictures.gif(frames=4))

    assert (upload.width, upload.height) == (160, 120)
    assert len(upload.picture.frames) == 4
    assert upload.picture.size == (80, 60)


def test_frames_are_counted_while_decoding_too():
    body = pictures.gif(frames=5)
    inspection = inspect(body, LIMITS)

    with pytest.raises(RefusedPictureError) as caught:
        decode(inspection, replace(LIMITS, max_frames=4))

    assert caught.value.reason is Reason.TOO_MANY_FRAMES


def test_nothing_of_the_metadata_is_left():
    body = pictures.jpeg(exif=pictures.exif(), comment=b"a comment", icc_profile=pictures.srgb_profile())

    assert frame_of(body).info == {}


@pytest.mark.parametrize(
    "body",
    [
        pictures.with_bit_rot(pictures.png()),
        pictures.with_bit_rot(pictures.gif(frames=3)),
        pictures.with_bit_rot(pictures.avif(), at=0.002, length=200),
        pictures.with_bit_rot(pictures.heic(), at=0.002, length=200),
        pictures.png_header(100, 100),
        pictures.indexed_png(),
        pictures.indexed_png((b"PLTE", bytes(48)), (b"tRNS", bytes(300))),
        pictures.apng_that_claims(5)[:-20] + pictures.png_chunk(b"IEND", b""),
        b"II*\x00" + b"\xff" * 4 + bytes(50),
        b"BM" + bytes(100),
        b"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00avifmif1" + bytes(100),
    ],
)
def test_a_damaged_file_is_corrupt(body):
    assert refusal_of(body).reason is Reason.CORRUPT


def test_a_mistake_of_ours_while_decoding_is_not_called_a_damaged_file():
    body = pictures.png()

    with pytest.raises(AttributeError, match="max_side_px"):
        decode(inspect(body, LIMITS), limits=None)


@pytest.mark.parametrize("tag", [256, 257, 258, 273])
def test_a_tiff_with_text_where_a_number_belongs_is_refused(tag):
    body = pictures.tiff_of_rows([bytes(16)] * 16, 16, bits=8, odd_tags=[(tag, 2, b"abc\0")])

    assert refusal_of(body).reason in {Reason.CORRUPT, Reason.UNSUPPORTED_FORMAT}


JPEG_FORMS = {
    "baseline": {},
    "full chroma": {"subsampling": "4:4:4"},
    "optimized tables": {"optimize": True},
    "restart markers": {"restart_marker_rows": 2},
    "a restart marker after each block": {"restart_marker_blocks": 1},
    "stored as RGB": {"keep_rgb": True},
}


@pytest.mark.parametrize("fraction", [0.0, 0.2, 0.5, 0.97])
@pytest.mark.parametrize("form", JPEG_FORMS)
def test_an_end_marker_does_not_make_a_cut_jpeg_whole(form, fraction):
    body = pictures.cut_and_closed(pictures.jpeg(**JPEG_FORMS[form]), fraction)

    refusal = refusal_of(body)

    assert refusal.reason is Reason.CORRUPT
    percent = int(refusal.detail.removeprefix("The file ends after ").removesuffix(" % of the picture."))
    assert abs(percent - 100 * fraction) < 12


@pytest.mark.parametrize("image", [pictures.scene().convert("L"), pictures.scene().convert("CMYK")])
def test_a_cut_jpeg_is_found_in_every_colour_space(image):
    assert refusal_of(pictures.cut_and_closed(pictures.jpeg(image=image))).reason is Reason.CORRUPT


def test_a_progressive_jpeg_that_is_cut_in_its_first_scan_is_found_too():
    whole = pictures.jpeg(progressive=True)
    first = whole.index(b"\xff\xda")
    body = whole[: first + (whole.index(b"\xff\xc4", first) - first) // 2] + b"\xff\xd9"

    assert refusal_of(body).reason is Reason.CORRUPT


def test_a_progressive_jpeg_that_is_closed_after_its_first_scan_is_shown_as_every_viewer_does(tmp_path):
    body = pictures.cut_and_closed(pictures.jpeg(progressive=True))

    pictures.assert_similar(frame_of(body), pictures.scene(), within=8, save_to=tmp_path)


@pytest.mark.parametrize("size", [(320, 240), (321, 241), (24, 16)])
@pytest.mark.parametrize("form", [*JPEG_FORMS, "progressive"])
def test_a_whole_jpeg_may_be_grey_at_its_end(form, size, tmp_path):
    image = pictures.grey_below(*size)
    body = pictures.jpeg(image=image, **JPEG_FORMS.get(form, {"progressive": True}))

    pictures.assert_similar(frame_of(body + b"what follows"), image, within=8, save_to=tmp_path)


def test_an_arithmetic_jpeg_is_taken_as_whole_since_its_last_zeros_need_not_be_there():
    whole = ARITHMETIC_JPEG.read_bytes()
    start = whole.index(b"\xff\xda")
    data = start + 2 + int.from_bytes(whole[start + 2 : start + 4], "big")
    grey_in_its_corner = whole[:data] + b"\x95" + b"\xff\xd9"

    assert set(frame_of(grey_in_its_corner).getpixel((63, 47))) <= {127, 128}


def test_damaged_bits_in_a_jpeg_scan_are_shown_as_every_viewer_does():
    assert frame_of(pictures.with_bit_rot(pictures.jpeg())).size == (320, 240)


def test_floating_point_samples_are_unsupported():
    assert refusal_of(pictures.float_tiff()).reason is Reason.UNSUPPORTED_FORMAT
