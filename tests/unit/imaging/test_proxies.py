"""What Rekognition is shown of each view: a JPEG that it always takes."""

import pytest
from PIL import Image

from functions.imaging.picture import DecodedPicture
from functions.imaging.proxies import moderation_proxies
from functions.imaging.renderings import FrameRendering
from functions.imaging.views import FrameView, moderation_plan
from functions.shared.contracts import Rendering
from tests import pictures


def proxies_of(picture):
    return tuple(moderation_proxies(picture, moderation_plan(picture).views))


@pytest.mark.parametrize(
    "size", [(1, 1), (1, 3_000), (3_000, 1), (20, 20), (127, 129), (2_500, 300), (2_048, 2_048), (3_840, 2_160)]
)
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_view_always_fits_rekognition(size, mode):
    views = proxies_of(DecodedPicture((Image.new(mode, size, "teal" if mode == "RGB" else (9, 99, 99, 99)),)))

    assert views
    for view in views:
        file = view.file
        assert 128 <= file.width <= 2_048
        assert 128 <= file.height <= 2_048
        assert len(file.body) <= 5_000_000
        assert pictures.opened(file.body).size == (file.width, file.height)
        assert file.content_type == "image/jpeg"


def test_noise_at_full_size_still_fits_inline():
    noise = Image.effect_noise((2_048, 2_048), 250).convert("RGB")

    (view,) = proxies_of(DecodedPicture((noise,)))

    assert len(view.file.body) <= 5_000_000


def test_each_view_is_a_file_that_shows_its_frame():
    images = tuple(pictures.moving_frames(9, 200, 150))

    made = proxies_of(DecodedPicture(images, (100,) * 9))

    assert [each.file.name for each in made] == [f"proxy-{index}.jpg" for index in range(9)]
    assert [each.frame for each in made] == list(range(9))
    for view, image in zip(made, images, strict=True):
        assert pictures.mean_difference(pictures.opened(view.file.body), image) < 4


def test_neither_black_nor_white_drawings_vanish():
    for color in ("black", "white"):
        drawing = Image.new("RGBA", (200, 200), (0, 0, 0, 0))
        drawing.paste(color, (50, 50, 150, 150))
        contrasts = []
        for view in proxies_of(DecodedPicture((drawing,))):
            grey = pictures.opened(view.file.body).convert("L")
            contrasts.append(abs(grey.getpixel((100, 100)) - grey.getpixel((10, 10))))
        assert max(contrasts) > 250


def test_a_view_of_a_large_still_is_the_whole_picture_scaled_down(tmp_path):
    picture = DecodedPicture((pictures.scene(3_000, 2_000),))

    (view,) = moderation_proxies(picture, [FrameView(0, FrameRendering(Rendering.OPAQUE))])

    assert (view.file.width, view.file.height) == (2_048, 1_365)
    expected = picture.frames[0].resize((2_048, 1_365), Image.Resampling.LANCZOS)
    pictures.assert_similar(pictures.opened(view.file.body), expected, within=2.5, save_to=tmp_path)
