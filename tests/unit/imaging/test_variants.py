"""A variant is what was asked for, from a rendition, in every fit and format."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from functions.imaging.encoding import CONTENT_TYPES
from functions.imaging.resizing import COLORS
from functions.imaging.variants import VariantSpec, decode_for, encode_variant, open_rendition
from functions.shared.variant import BACKGROUNDS, POINTS
from tests import pictures

SPEC = VariantSpec(
    width=None, height=None, fit="cover", format="png", quality=80, position=POINTS["center"], background="white"
)


def rendered(body, **changes):
    spec = replace(SPEC, **changes)
    return encode_variant(decode_for(spec, body).scaled(spec), spec)


def image_of(body, **changes):
    return pictures.opened(rendered(body, **changes))


@pytest.mark.parametrize("image_format", CONTENT_TYPES)
@pytest.mark.parametrize("fit", ["cover", "contain", "fill", "inside", "outside"])
def test_the_file_has_the_size_and_type_that_it_says(image_format, fit):
    spec = replace(SPEC, width=100, height=100, fit=fit, format=image_format)
    scaled = decode_for(spec, pictures.jpeg(320, 240, quality=95, subsampling="4:4:4")).scaled(spec)

    image = pictures.opened(encode_variant(scaled, spec))

    assert image.size == scaled.size
    assert Image.MIME[image.format] == CONTENT_TYPES[image_format]


@pytest.mark.parametrize("image_format", ["jpeg", "webp", "avif", "png"])
def test_a_variant_looks_like_the_picture_scaled(image_format, tmp_path):
    expected = pictures.scene(640, 480).resize((200, 150), Image.Resampling.LANCZOS)

    actual = image_of(pictures.jpeg(640, 480, quality=95, subsampling="4:4:4"), width=200, format=image_format)

    pictures.assert_similar(actual, expected, within=4, save_to=tmp_path)


def test_decoding_at_a_fraction_loses_nothing_that_shows(tmp_path):
    expected = pictures.scene(1600, 1200).resize((120, 90), Image.Resampling.LANCZOS)

    actual = image_of(pictures.jpeg(1600, 1200, quality=95, subsampling="4:4:4"), width=120)

    pictures.assert_similar(actual, expected, within=1.5, save_to=tmp_path)


@pytest.mark.parametrize("decoded_for", [200, 800])
def test_what_was_decoded_for_one_width_serves_narrower_ones_too(decoded_for, tmp_path):
    source = pictures.jpeg(1600, 1200, quality=95, subsampling="4:4:4")
    wide, narrow = (replace(SPEC, width=side, height=side, position=POINTS["southeast"]) for side in (decoded_for, 100))

    image = decode_for(wide, source).scaled(narrow).frames[0]

    pictures.assert_similar(image, decode_for(narrow, source).scaled(narrow).frames[0], within=1, save_to=tmp_path)


def test_half_of_an_animations_frames_last_as_long_as_all():
    body = pictures.animated_webp(frames=5, duration=[40, 50, 60, 70, 80])

    picture = open_rendition(rendered(body, format="webp", half_frames=True))

    assert picture.durations_ms == (90, 130, 80)


@pytest.mark.parametrize(
    ("position", "corner"),
    [(POINTS["northwest"], "top-left"), (POINTS["southeast"], "bottom-right"), ((16, 0), "top-right")],
)
def test_cover_shows_the_corner_that_was_asked_for_from_a_draft_too(position, corner):
    image = image_of(pictures.jpeg(1600, 1200, quality=95, subsampling="4:4:4"), width=40, height=40, position=position)

    small = {"top-left": (3, 3), "bottom-right": (36, 36), "top-right": (36, 3)}[corner]
    assert np.abs(np.subtract(image.getpixel(small), pictures.CORNERS[corner])).max() < 12


@pytest.mark.parametrize("sides", [{"width": 4_000}, {"height": 4_000}, {"width": 4_000, "height": 3_000}])
@pytest.mark.parametrize("fit", ["cover", "contain", "fill", "inside", "outside"])
def test_nothing_is_enlarged(fit, sides):
    assert image_of(pictures.jpeg(320, 240), fit=fit, **sides).size == (320, 240)


def test_transparent_pixels_lend_their_hidden_colour_to_nothing():
    small = np.asarray(image_of(pictures.webp(image=pictures.drawing(), lossless=True, exact=True), width=40)).astype(
        int
    )

    visible = small[small[..., 3] > 20]
    assert (visible[:, 1] < 60).all()  # the hidden colour is bright green


@pytest.mark.parametrize(
    ("background", "expected"),
    [("white", (255, 255, 255)), ("black", (0, 0, 0)), ("gray", (128, 128, 128)), ("transparent", (255, 255, 255))],
)
def test_jpeg_lays_transparent_pixels_on_the_background(background, expected):
    image = image_of(pictures.transparent_png(), format="jpeg", quality=95, background=background)

    assert np.abs(np.subtract(image.getpixel((2, 2)), expected)).max() <= 2


@pytest.mark.parametrize("image_format", ["png", "webp", "avif", "gif"])
def test_transparency_is_kept_where_the_format_can(image_format):
    alpha = image_of(pictures.transparent_png(), format=image_format).convert("RGBA").getchannel("A")

    assert alpha.getpixel((2, 2)) == 0
    assert alpha.getpixel((160, 120)) == 255


@pytest.mark.parametrize(("background", "pixel"), [("transparent", (0, 0, 0, 0)), ("black", (0, 0, 0, 255))])
def test_contain_pads_with_the_background(background, pixel):
    image = image_of(pictures.jpeg(), width=100, height=100, fit="contain", background=background)

    assert image.convert("RGBA").getpixel((50, 2)) == pixel


@pytest.mark.parametrize("image_format", ["webp", "gif"])
@pytest.mark.parametrize("alpha", [False, True])
def test_an_animation_stays_one(image_format, alpha):
    body = pictures.animated_webp(frames=4, alpha=alpha, duration=[50, 60, 70, 80], loop=3)

    picture = open_rendition(rendered(body, width=80, format="webp"))
    image = image_of(body, width=80, format=image_format)

    assert image.n_frames == 4
    assert image.size == (80, 60)
    assert picture.durations_ms == (50, 60, 70, 80)
    assert picture.loop == 3


@pytest.mark.parametrize("image_format", ["jpeg", "png", "avif"])
def test_a_format_without_animations_shows_the_first_frame(image_format, tmp_path):
    image = image_of(pictures.animated_webp(frames=4, lossless=True), format=image_format, quality=95)

    assert getattr(image, "n_frames", 1) == 1
    pictures.assert_similar(image, pictures.moving_frames(4)[0], within=4, save_to=tmp_path)


def test_a_gif_of_few_colours_keeps_them_exactly():
    chart = Image.new("RGB", (200, 100), "white")
    chart.paste((200, 30, 60), (20, 20, 60, 100))
    chart.paste((253, 251, 250), (100, 20, 140, 100))  # near white, but not white

    image = image_of(pictures.png(image=chart), format="gif")

    pictures_differ = np.asarray(image.convert("RGB")) != np.asarray(chart)
    assert not pictures_differ.any()


def test_a_gif_is_dithered(tmp_path):
    image = image_of(pictures.jpeg(quality=95), format="gif")

    blurry = [each.convert("RGB").resize((40, 30), Image.Resampling.BOX) for each in (image, pictures.scene())]
    pictures.assert_similar(*blurry, within=2, save_to=tmp_path)


@pytest.mark.parametrize("image_format", ["jpeg", "avif"])
def test_coloured_text_keeps_its_colours_as_sharp_as_its_shapes(image_format):
    page = pictures.page()
    usual = pictures.encoded(page, image_format, quality=80, subsampling="4:2:0")

    actual = rendered(pictures.png(image=page), format=image_format, quality=80)

    lost, usually_lost = (
        pictures.mean_difference(
            pictures.opened(each).convert("YCbCr").getchannel("Cr"), page.convert("YCbCr").getchannel("Cr")
        )
        for each in (actual, usual)
    )
    assert lost < usually_lost / 2


def test_text_as_webp_is_exact_where_that_is_smaller(tmp_path):
    chart = Image.new("RGB", (200, 100), "white")
    chart.paste((200, 30, 60), (21, 21, 60, 99))

    image = image_of(pictures.png(image=chart), format="webp", quality=60)

    pictures.assert_similar(image, chart, within=0, save_to=tmp_path)


def test_webp_is_encoded_with_rate_distortion_optimisation():
    smooth = pictures.scene().filter(ImageFilter.GaussianBlur(12))

    careful = rendered(pictures.png(image=smooth), format="webp", quality=60)

    assert len(careful) < len(pictures.webp(image=smooth, quality=60, method=2))


@pytest.mark.parametrize("image_format", CONTENT_TYPES)
def test_no_metadata_but_rights_is_written(image_format):
    body = pictures.jpeg(exif=pictures.exif(rights=""), comment=pictures.GPS_MARK, icc_profile=pictures.srgb_profile())

    variant = rendered(body, format=image_format)

    assert pictures.GPS_MARK not in variant
    assert not {"exif", "icc_profile", "comment", "xmp"} & set(pictures.opened(variant).info)


def test_every_background_of_the_grammar_has_a_colour():
    assert set(COLORS) == set(BACKGROUNDS)


def test_what_is_no_rendition_is_a_value_error():
    with pytest.raises(ValueError, match="not a JPEG, PNG or WebP"):
        rendered(pictures.gif())


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    box=st.tuples(st.integers(1, 120), st.integers(1, 120)),
    alpha=st.booleans(),
    fit=st.sampled_from(["cover", "contain", "fill", "inside", "outside"]),
    image_format=st.sampled_from(sorted(CONTENT_TYPES)),
    position=st.sampled_from([POINTS["center"], POINTS["northeast"], (3, 11)]),
    background=st.sampled_from(["transparent", "white"]),
)
def test_every_combination_gives_a_picture_of_the_exact_size_and_keeps_alpha(
    *, size, box, alpha, fit, image_format, position, background
):
    source = Image.new("RGBA", size, (200, 30, 30, 100)) if alpha else Image.new("RGB", size, (200, 30, 30))

    image = image_of(
        pictures.png(image=source),
        width=box[0],
        height=box[1],
        fit=fit,
        format=image_format,
        position=position,
        background=background,
    )

    assert image.width <= size[0] or fit == "contain"
    if fit in {"cover", "contain", "fill"} and box[0] <= size[0] and box[1] <= size[1]:
        assert image.size == box
    if alpha and image_format in {"png", "webp", "avif"} and fit != "contain":
        assert image.mode == "RGBA"


@pytest.mark.parametrize(
    ("width", "decoded"), [(2_000, 3_840), (1_920, 1_920), (1_600, 1_920), (961, 3_840), (960, 1_920), (400, 960)]
)
def test_a_jpeg_is_decoded_at_twice_the_size_of_a_small_variant_and_at_least_at_that_of_a_large_one(width, decoded):
    master = pictures.jpeg(image=Image.new("RGB", (3_840, 3_000)))
    spec = VariantSpec(width, None, "cover", "jpeg", 80, POINTS["center"], "white")

    assert decode_for(spec, master).picture.size[0] == decoded
