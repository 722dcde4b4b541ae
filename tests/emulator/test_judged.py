"""Pictures with hidden flagged content in the deployed pipeline: everything that is served was moderated."""

from pathlib import Path

import pytest
from PIL import Image

from tests import pictures

FLAGGED = Path(__file__).parents[2] / "samples" / "images" / "neon.png"
"""A picture that the stand-in knows, and the policy blocks."""


def flagged(width: int = 320, height: int = 240) -> Image.Image:
    with Image.open(FLAGGED) as image:
        return image.convert("RGB").resize((width, height))


def in_alpha(level: int, *, low: int = 0, high: int = 255) -> bytes:
    """Return one constant colour whose alpha is the flagged picture."""
    alpha = flagged().convert("L").point([low + (high - low) * each // 255 for each in range(256)])
    image = Image.new("RGBA", alpha.size, (level, level, level, 255))
    image.putalpha(alpha)
    return pictures.png(image=image)


def under_alpha(level: int) -> bytes:
    image = flagged().convert("RGBA")
    image.putalpha(level)
    return pictures.png(image=image)


def in_one_frame(at: int, count: int) -> bytes:
    frames = pictures.moving_frames(count)
    frames[at] = flagged(160, 120)
    return pictures.encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=[60] * count, loop=0)


@pytest.mark.parametrize(
    ("body", "content_type", "renderings"),
    [
        (in_alpha(128), "image/png", {"OVER_WHITE", "OVER_BLACK"}),
        (in_alpha(255, low=8, high=30), "image/png", {"OVER_BLACK"}),
        (under_alpha(1), "image/png", {"COLORS"}),
        (in_one_frame(13, 64), "image/gif", {"OPAQUE"}),
    ],
    ids=["alpha over grey", "faint alpha", "colours at alpha 1", "one frame of 64"],
)
def test_a_hidden_picture_is_moderated_and_not_published(pipeline, body, content_type, renderings):
    ended = pipeline.run(body, content_type)

    assert ended.status == "BLOCKED"
    assert {label["rendering"] for label in ended.record["labels"]} >= renderings
    assert pipeline.keys("published", f"{ended.image_id}/") == []


def test_a_label_names_the_frame_in_which_it_was_found(pipeline):
    ended = pipeline.run(in_one_frame(5, 9), "image/gif")

    assert {label["frame"] for label in ended.record["labels"]} == {5}


def test_colours_under_fully_transparent_pixels_are_not_published(pipeline):
    ended = pipeline.run(under_alpha(0), "image/png")

    assert ended.status == "PUBLISHED"
    served = pictures.opened(pipeline.client.variant(ended.image_id, width=320, format="png").content).convert("RGBA")
    assert served.convert("RGB").getextrema() == ((0, 0), (0, 0), (0, 0))


def test_each_distinct_frame_of_an_animation_is_moderated_and_all_are_published(pipeline):
    frames = pictures.moving_frames(6) * 20
    body = pictures.encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=50, loop=0)
    before = pipeline.rekognition.state()["calls"]

    ended = pipeline.run(body, "image/gif")

    assert ended.status == "PUBLISHED"
    assert pipeline.rekognition.state()["calls"] - before == 6
    assert (ended.record["original"]["frames"], ended.record["frames"]) == (120, 120)


def test_an_animation_with_too_many_distinct_frames_is_published_with_the_moderated_ones(pipeline):
    colors = [(index * 101 % 256, index * 53 % 256, index * 151 % 256) for index in range(100)]
    frames = [Image.new("RGB", (96, 72), color) for color in colors]
    body = pictures.encoded(frames[0], "PNG", save_all=True, append_images=frames[1:], duration=50, loop=0)
    before = pipeline.rekognition.state()["calls"]

    ended = pipeline.run(body, "image/png")

    assert ended.status == "PUBLISHED"
    assert pipeline.rekognition.state()["calls"] - before == 64
    assert ended.record["original"]["frames"] == 100
    assert 64 <= ended.record["frames"] < 100
    served = pictures.opened(pipeline.client.variant(ended.image_id, format="webp").content)
    assert served.n_frames == ended.record["frames"]
