"""What is stored of a picture: master, renditions, proxies, placeholder and colour."""

from io import BytesIO

import pytest
from PIL import Image, ImageFilter, ImageSequence

from functions.imaging.flatness import is_flat
from functions.imaging.ingest import ingest_here
from functions.imaging.limits import DEFAULT_LIMITS
from functions.imaging.picture import DecodedPicture
from functions.imaging.placeholder import dominant_color, thumb_hash
from functions.imaging.renditions import RENDITION_WIDTHS, ReduceChain
from tests import pictures
from tests.judged.tricks import subject


def ingested(body):
    return ingest_here(body, "", DEFAULT_LIMITS)


@pytest.mark.parametrize(
    ("width", "renditions"),
    [(3_000, [480, 1_280]), (1_920, [480, 1_280]), (1_919, [480]), (720, [480]), (719, []), (30, [])],
)
def test_a_rendition_is_stored_where_the_master_is_half_again_as_wide_narrowest_first(width, renditions):
    picture = ingested(pictures.jpeg(width, 200)).picture

    assert [each.width for each in picture.renditions] == renditions
    assert [each.name for each in picture.renditions] == [f"w{each.width}.jpg" for each in picture.renditions]
    assert (picture.master.name, picture.master.width, picture.master.height) == ("master.jpg", width, 200)


def test_a_rendition_keeps_the_shape_and_the_look(tmp_path):
    picture = ingested(pictures.jpeg(2_100, 1_400)).picture

    assert picture.renditions
    for rendition in picture.renditions:
        expected = pictures.scene(2_100, 1_400).resize((rendition.width, rendition.height), Image.Resampling.LANCZOS)
        assert rendition.height == round(rendition.width * 1_400 / 2_100)
        pictures.assert_similar(pictures.opened(rendition.body), expected, within=2.5, save_to=tmp_path)


def test_opaque_pictures_are_stored_as_baseline_jpeg_the_renditions_with_full_chroma():
    picture = ingested(pictures.png(1_440, 1_000)).picture

    master, *renditions = (pictures.opened(each.body) for each in (picture.master, *picture.renditions))

    for image in (master, *renditions):
        assert image.format == "JPEG"
        assert "progressive" not in image.info
    assert [each[1:3] for each in master.layer] == [(2, 2), (1, 1), (1, 1)]
    assert [[each[1:3] for each in rendition.layer] for rendition in renditions] == [[(1, 1)] * 3]


def test_a_master_as_small_as_a_rendition_has_a_renditions_quality():
    picture = ingested(pictures.png(720, 500)).picture

    assert [each[1:3] for each in pictures.opened(picture.master.body).layer] == [(1, 1)] * 3


def test_a_page_of_text_is_stored_without_loss_and_in_fewer_bytes_than_as_jpeg(tmp_path):
    page = pictures.page(1_280, 800)

    master = ingested(pictures.png(image=page)).picture.master

    assert (master.name, master.content_type) == ("master.webp", "image/webp")
    assert len(master.body) < len(pictures.jpeg(image=page, quality=92)) / 3
    pictures.assert_similar(pictures.opened(master.body), page, within=0, save_to=tmp_path)


def test_text_is_stored_without_loss_at_every_width():
    picture = ingested(pictures.png(image=pictures.page(1_920, 1_200))).picture

    assert [each.name for each in picture.renditions] == ["w480.webp", "w1280.webp"]


def test_an_animation_of_text_is_stored_without_loss(tmp_path):
    pages = [pictures.page(shift=shift) for shift in range(0, 30, 10)]
    body = pictures.encoded(pages[0], "GIF", save_all=True, append_images=pages[1:], duration=100)
    with Image.open(BytesIO(body)) as gif:
        first = gif.convert("RGB")

    master = ingested(body).picture.master

    pictures.assert_similar(pictures.opened(master.body), first, within=0, save_to=tmp_path)


def test_a_photograph_is_not_flat_even_where_it_is_grey():
    grey = Image.effect_noise((320, 240), 40).convert("RGB")

    assert not is_flat(grey)
    assert not is_flat(pictures.scene())


def test_a_smooth_drawing_is_not_flat():
    assert not is_flat(pictures.scene().filter(ImageFilter.GaussianBlur(8)))


def test_transparent_pictures_are_stored_without_loss(tmp_path):
    picture = ingested(pictures.transparent_png(400, 300)).picture

    assert picture.has_alpha
    assert picture.master.content_type == "image/webp"
    actual = pictures.opened(picture.master.body)
    assert actual.getchannel("A").tobytes() == pictures.drawing(400, 300).getchannel("A").tobytes()


def test_animations_are_stored_as_animations():
    picture = ingested(pictures.gif(960, 600, frames=5)).picture

    assert picture.animated
    for file in (picture.master, *picture.renditions):
        assert pictures.opened(file.body).n_frames == 5
    assert [each.width for each in picture.renditions] == [640]


@pytest.mark.parametrize(
    ("size", "stored"),
    [
        ((16_384, 128), (3_840, 30)),
        ((128, 16_384), (30, 3_840)),
        ((4_000, 3_000), (3_840, 2_880)),
        ((3_840, 9), (3_840, 9)),
    ],
)
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_no_stored_file_is_longer_than_the_largest_that_anyone_can_ask_for(size, stored, mode):
    result = ingested(pictures.png(image=Image.new(mode, size, (9, 9, 9, 9)[: len(mode)])))

    assert (result.width, result.height) == size
    assert (result.picture.master.width, result.picture.master.height) == stored
    assert all(each.width < stored[0] for each in result.picture.renditions)


def test_an_animation_is_bounded_like_a_still():
    frames = [Image.new("RGB", (5_000, 40), color) for color in ("red", "green", "blue")]

    result = ingested(pictures.encoded(frames[0], "PNG", save_all=True, append_images=frames[1:], duration=80))

    assert (result.width, result.picture.master.width, result.picture.master.height) == (5_000, 3_840, 31)
    assert pictures.opened(result.picture.master.body).n_frames == 3


def test_a_stored_file_says_how_many_frames_it_has():
    still, moving = ingested(pictures.jpeg()).picture, ingested(pictures.gif(960, 600, frames=5)).picture

    assert {file.frames for file in (still.master, *still.renditions)} == {1}
    assert {file.frames for file in (moving.master, *moving.renditions)} == {5}


def test_frames_that_no_view_covers_are_in_no_stored_file():
    frames = [subject(200, 150, seed=seed).convert("RGB") for seed in range(12)]
    body = pictures.encoded(frames[0], "PNG", save_all=True, append_images=frames[1:], duration=50)

    result = ingest_here(body, "", DEFAULT_LIMITS, max_views=8)

    assert (result.frames, result.picture.master.frames, len(result.proxies)) == (12, 8, 8)
    master = pictures.opened(result.picture.master.body)
    assert master.n_frames == 8
    stored = [frame.convert("RGB") for frame in ImageSequence.Iterator(master)]
    for view in result.proxies:
        shown = pictures.opened(view.file.body)
        assert pictures.mean_difference(shown, stored[view.frame]) < 4


def test_placeholder_and_colour_are_those_of_the_first_frame_that_is_stored():
    frames = [Image.new("RGB", (200, 150), color) for color in [(16 * step, 0, 255 - 16 * step) for step in range(16)]]
    body = pictures.encoded(frames[0], "PNG", save_all=True, append_images=frames[1:], duration=50)

    picture = ingest_here(body, "", DEFAULT_LIMITS, max_views=8).picture

    first = pictures.opened(picture.master.body).convert("RGB")
    assert picture.dominant_color == dominant_color(first)


def test_facts_are_those_of_the_upright_original():
    result = ingested(pictures.oriented("JPEG", 6, 300, 200))

    assert (result.format, result.width, result.height, result.frames) == ("JPEG", 300, 200, 1)


def test_no_stored_file_carries_metadata():
    result = ingested(pictures.jpeg(700, 500, exif=pictures.exif(), comment=pictures.GPS_MARK))

    for file in (result.picture.master, *result.picture.renditions, *(view.file for view in result.proxies)):
        assert pictures.GPS_MARK not in file.body
        assert b"Exif" not in file.body


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((32, 24), "ZBgGNYwDt1eCl4dwi3N4ioCzOPd6"),
        ((7, 32), "ahgSIgp3hgd3h4qIgMFX94o="),
        ((32, 32), "ZRgGNwwEp3iDh4dwi3V4qFiIBziLc68H"),
    ],
)
def test_the_placeholder_is_what_the_reference_implementation_makes(size, expected):
    assert thumb_hash(pictures.scene(*size)) == expected


@pytest.mark.parametrize(
    "image",
    [Image.new("RGB", (1, 1)), Image.new("RGBA", (3, 900), (0, 0, 0, 0)), pictures.scene(900, 3), pictures.drawing()],
)
def test_every_picture_has_a_short_placeholder(image):
    assert 0 < len(thumb_hash(image)) <= 40


def test_the_dominant_colour_is_the_commonest_visible_one():
    image = Image.new("RGBA", (100, 100), (0, 255, 0, 0))
    image.paste((200, 30, 60, 255), (0, 0, 100, 60))
    image.paste((20, 30, 200, 255), (0, 60, 100, 90))

    assert dominant_color(image) == "#c81e3c"
    assert dominant_color(Image.new("RGBA", (5, 5), (1, 2, 3, 0))) == "#ffffff"


def test_a_copy_is_scaled_twice_at_most_and_from_a_clearly_wider_one():
    chain = ReduceChain(DecodedPicture((Image.new("RGB", (5_000, 4)),)))

    assert {width: chain.source_width(width) for width in (200, 384, 385, 480, 1_024, 1_025, 1_280, 2_560)} == {
        200: 480,
        384: 480,
        385: 1_280,
        480: 1_280,
        1_024: 1_280,
        1_025: 5_000,
        1_280: 5_000,
        2_560: 5_000,
    }


def test_copies_are_the_same_in_whichever_order_they_are_asked_for():
    picture = DecodedPicture((pictures.scene(2_000, 900),))
    widths = [*RENDITION_WIDTHS, 1_080, 320, 199]
    descending, ascending = ReduceChain(picture), ReduceChain(picture)

    wide_first = {width: descending.at(width) for width in sorted(widths, reverse=True)}
    narrow_first = {width: ascending.at(width) for width in sorted(widths)}

    assert wide_first == narrow_first
