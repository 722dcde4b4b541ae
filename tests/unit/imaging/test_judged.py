"""What is delivered was judged: known tricks, their neighbours, and random pictures and animations.

The metric is in tests/judged/closeness.py. That it can fail is shown on what used to be judged: one look over grey, and
eight frames spread evenly over an animation.
"""

from dataclasses import dataclass
from functools import cached_property
from random import Random

import numpy as np
import pytest
from PIL import Image

from functions.imaging.resizing import placed
from functions.shared.contracts import Rendering
from functions.shared.variant import POINTS, Sizes, parse_query
from tests import pictures
from tests.counted import counted
from tests.judged import closeness, viewer
from tests.judged.animations import HARMLESS, Animation, flagged, harmless, harmless_kind
from tests.judged.closeness import (
    CLOSE_LEVELS,
    DELIVERED_AVIF_LEVELS,
    DELIVERED_LEVELS,
    contrast,
    frame_distance,
    is_judged,
    is_seen,
    shows,
)
from tests.judged.delivery import Published, random_variant
from tests.judged.stills import random_still
from tests.judged.tricks import SUBJECT, Trick, all_tricks, subject

SIZES = (64, 360)
SMALLEST_LOOK_PX = 32


def deliverable(published: Published):
    """Yield all that viewers can see of a trick: its name, and the look at the master's size."""
    whole = (published.picture.master.width, published.picture.master.height)
    for image_format in ("png", "avif", "gif", "jpeg"):
        for width in SIZES:
            query = {"width": str(width), "format": image_format, "quality": "95"}
            served = published.served(parse_query(query.items(), accept="", sizes=Sizes.EXACT).variant)
            for frame in viewer.frames_of(served.body):
                for name, look in viewer.renderings_of(frame):
                    yield f"{image_format} {width} {name}", look.resize(whole, Image.Resampling.BILINEAR)


# --- stills


@dataclass(frozen=True)
class Delivered:
    """A trick after ingest and serve: all looks at it, by name, and its moderation views, cut to the trick's box."""

    trick: Trick
    image: Image.Image
    looks: dict[str, Image.Image]
    views: list[Image.Image]

    @classmethod
    def of(cls, trick: Trick) -> "Delivered":
        image = trick.build()
        published = Published.of(pictures.png(image=image))
        return cls(
            trick=trick,
            image=image,
            looks={name: look.crop(trick.box) for name, look in deliverable(published)},
            views=[view.crop(trick.box) for view in published.views],
        )

    @cached_property
    def seen(self) -> dict[str, Image.Image]:
        """The looks that show the hidden picture."""
        return {name: look for name, look in self.looks.items() if is_seen(look, self.trick.subject)}


VISIBLE, INVISIBLE = ([each for each in all_tricks() if each.visible is visible] for visible in (True, False))


@pytest.fixture(scope="module", params=VISIBLE, ids=lambda trick: trick.name)
def delivery(request: pytest.FixtureRequest) -> Delivered:
    """A visible trick, delivered once for all tests about it."""
    return Delivered.of(request.param)


def test_a_hidden_picture_that_is_delivered_was_judged(delivery: Delivered):
    assert delivery.seen
    assert [
        name for name, look in delivery.seen.items() if not is_judged(look, delivery.trick.subject, delivery.views)
    ] == []


@pytest.mark.parametrize("trick", INVISIBLE, ids=lambda trick: trick.name)
def test_a_hidden_picture_that_no_output_may_show_is_gone(trick: Trick):
    assert Delivered.of(trick).seen == {}


def test_one_look_over_grey_shows_less_than_what_is_delivered(delivery: Delivered):
    """The metric can fail: this is all that used to be judged."""
    trick = delivery.trick

    formerly = viewer.over(delivery.image, "gray").crop(trick.box)

    unjudged = [look for look in delivery.seen.values() if not is_judged(look, trick.subject, [formerly])]
    farthest = max(closeness.level_distance(look, formerly) for look in delivery.looks.values())
    assert unjudged or farthest > DELIVERED_AVIF_LEVELS


@pytest.mark.parametrize("level", [0, 128, 255])
@pytest.mark.parametrize(("low", "high"), [(8, 30), (1, 3), (0, 9), (240, 255), (254, 255), (120, 136)])
def test_a_nearly_invisible_picture_is_judged_as_if_it_were_plain(low, high, level):
    alpha = SUBJECT.point([low + round((high - low) * each / 255) for each in range(256)])
    image = Image.new("RGBA", SUBJECT.size, (level, level, level, 255))
    image.putalpha(alpha)

    published = Published.of(pictures.png(image=image))

    assert any(shows(view, alpha, at_contrast=24) for view in published.views)


@pytest.mark.parametrize("part", [3, 4, 8])
@pytest.mark.parametrize("surround", [0, 1, 255])
def test_a_faint_picture_in_a_part_of_alpha_is_judged_as_if_it_were_plain(part, surround):
    width, height = 480, 360
    small = subject(width // part, height // part)
    alpha = Image.new("L", (width, height), surround)
    alpha.paste(small.point([8 + 22 * each // 255 for each in range(256)]), (100, 60))
    image = Image.new("RGBA", (width, height), "white")
    image.putalpha(alpha)
    box = (104, 64, 96 + width // part, 56 + height // part)

    views = [view.crop(box) for view in Published.of(pictures.png(image=image)).views]

    inner = small.crop((4, 4, small.width - 4, small.height - 4))
    assert any(shows(view, inner, at_contrast=20) for view in views)


def test_colours_under_fully_transparent_pixels_are_in_no_stored_file():
    hidden = Image.new("RGBA", (300, 200), (0, 255, 0, 0))
    hidden.paste((200, 30, 60, 255), (100, 50, 200, 150))
    for body in (
        pictures.png(image=hidden),
        pictures.encoded(hidden, "WEBP", lossless=True, exact=True),
        pictures.encoded(hidden, "PNG", save_all=True, append_images=[hidden.rotate(90)], duration=80),
    ):
        published = Published.of(body)
        for stored in published.files.values():
            for frame in viewer.frames_of(stored):
                pixels = np.asarray(frame.convert("RGBA")).astype(int)
                assert (pixels[..., 1] - pixels[..., 0]).max() < 60  # nothing green


def test_a_scaled_gif_does_not_turn_a_trace_of_a_picture_into_a_plain_one():
    """A threshold of alpha would: half of all pixels are opaque, a few more where the picture is light."""
    dice = np.random.default_rng(3).random((720, 960))
    trace = np.asarray(subject(960, 720), dtype=np.float64) / 255
    image = Image.new("RGBA", (960, 720), "white")
    image.putalpha(Image.fromarray(np.where(dice < 0.47 + 0.06 * trace, 255, 0).astype(np.uint8)))

    published = Published.of(pictures.png(image=image))

    for width in (48, 96, 160):
        query = {"width": str(width), "format": "gif"}
        served = published.served(parse_query(query.items(), accept="", sizes=Sizes.EXACT).variant)
        look = viewer.over(viewer.frames_of(served.body)[0], "black").resize((960, 720))
        assert not shows(look, subject(960, 720), at_contrast=24)


@pytest.mark.parametrize("seed", range(counted(14, 2_000)))
def test_everything_that_can_be_served_of_a_random_picture_is_close_to_something_judged(seed):
    still = random_still(seed)
    published = Published.of(still.body)
    dice = Random(seed)

    for _ in range(3):
        variant = random_variant(dice, published.picture)
        placement = published.placement(variant)
        if min(placement.canvas) < SMALLEST_LOOK_PX:
            continue
        served = published.served(variant)
        limit = DELIVERED_AVIF_LEVELS if served.content_type == "image/avif" else DELIVERED_LEVELS
        subjects = [placed(each.convert("RGB"), placement, "gray") for each in still.subjects]
        for frame in viewer.frames_of(served.body):
            for name, look in viewer.renderings_of(frame):
                filled = _filled(name, frame, variant.background or "white")
                judged = [placed(view, placement, filled) for view in published.views]
                if name != "colors":
                    assert closeness.distance(look, judged) <= limit, (variant.canonical, name)
                for each in subjects:
                    if contrast(each) > 15 and is_seen(look, each):
                        assert is_judged(look, each, judged), (variant.canonical, name)


def _filled(name: str, frame: Image.Image, background: str) -> str:
    """Return what surrounds a picture in its box, as a look shows it."""
    if background != "transparent":
        return background
    if frame.mode != "RGBA":
        return "white"
    return "gray" if name == "colors" else name.removeprefix("over ")


def test_harmless_transparent_pictures_keep_their_alpha():
    for image in (pictures.drawing(400, 300), Image.open(SAMPLE).convert("RGBA")):
        published = Published.of(pictures.png(image=image))

        stored = viewer.frames_of(published.master)[0]

        assert published.picture.has_alpha
        assert np.array_equal(np.asarray(stored.getchannel("A")), np.asarray(image.getchannel("A")))


SAMPLE = "samples/images/petals-transparent.png"


# --- animations


@pytest.mark.parametrize("seed", range(counted(4, 200)))
def test_no_frame_of_an_animation_is_stored_without_a_view_close_to_it(seed):
    animation = flagged(seed)

    published = Published.of(animation.encoded())

    for frame in stored_frames(published):
        assert frame_distance(frame, published.views, animation.flagged) <= CLOSE_LEVELS, animation.kind


def stored_frames(published: Published):
    return [frame.convert("RGB") for frame in viewer.frames_of(published.master)]


SCENE, SECRET = pictures.scene(160, 120), subject(160, 120).convert("RGB")
WHOLE = (0, 0, 160, 120)
CHECKERBOARD = np.where(np.indices((120, 160)).sum(axis=0) % 2, 1, -1)


def replaced(*places, count=64, by=SECRET, of=SCENE):
    """Return frames of a scene, some of which show something else."""
    return [by if index in places else of for index in range(count)]


def distinct(frames):
    """Return each frame once; most of those of an animation are one and the same."""
    return list({id(frame): frame for frame in frames}.values())


def sampled_places(count):
    return {round(index * (count - 1) / 7) for index in range(8)}


def with_inset(part):
    scene = pictures.scene(320, 240)
    changed = scene.copy()
    changed.paste(subject(320 // part, 240 // part).convert("RGB"), (70, 90))
    return replaced(13, by=changed, of=scene), (70, 90, 70 + 320 // part, 90 + 240 // part)


def checkerboard(strength):
    """Return grey under a checkerboard of this strength at each pixel."""
    return Image.fromarray(np.clip(128 + CHECKERBOARD * strength, 0, 255).astype(np.uint8)).convert("RGB")


def drifting(count=80):
    """A scene that turns into another so slowly that no two neighbours differ, and is itself whenever it is sampled."""
    spared = sampled_places(count)
    return [SCENE if index in spared else Image.blend(SCENE, SECRET, index / count) for index in range(count)]


KNOWN_ANIMATIONS = {
    "all frames but the sampled ones": (replaced(*set(range(64)) - sampled_places(64)), WHOLE),
    "one frame of 64, early": (replaced(1), WHOLE),
    "one frame of 64, late": (replaced(62), WHOLE),
    "one frame of 64, beside a sample": (replaced(28), WHOLE),
    "one frame of 64, which lasts longest": (replaced(33), WHOLE),
    "one frame of 200": (replaced(150, count=200), WHOLE),
    "an inset of half the side": with_inset(2),
    "an inset of a quarter of the side": with_inset(4),
    "an inset of a sixteenth of the side": with_inset(16),
    "carried by a checkerboard": (
        replaced(6, count=20, by=checkerboard(np.asarray(subject(160, 120)) / 2), of=checkerboard(0)),
        WHOLE,
    ),
    "missing from a checkerboard": (
        replaced(6, count=20, by=checkerboard(np.asarray(subject(160, 120)) / 2), of=checkerboard(64)),
        WHOLE,
    ),
    "half cross-faded": (replaced(20, by=Image.blend(SCENE, SECRET, 0.5)), WHOLE),
    "a third cross-faded": (replaced(20, by=Image.blend(SCENE, SECRET, 0.33)), WHOLE),
    "drifting slowly": (drifting(), WHOLE),
}
"""Frames, and the part of them in which some show something else."""


@pytest.mark.parametrize("name", KNOWN_ANIMATIONS)
def test_a_flagged_frame_is_shown_to_the_detector_wherever_it_is(name):
    frames, part = KNOWN_ANIMATIONS[name]

    durations = [9_000 if "longest" in name and frame is SECRET else 80 for frame in frames]

    published = Published.of(Animation(name, frames, durations).encoded("PNG"))

    strangest = max(distinct(frames), key=lambda frame: frame_distance(frame, [frames[0]], part))
    for frame in (*stored_frames(published), strangest):
        assert frame_distance(frame, published.views, part) <= CLOSE_LEVELS


@pytest.mark.parametrize("name", KNOWN_ANIMATIONS)
def test_eight_frames_spread_evenly_miss_it(name):
    """The metric can fail: this is all that used to be judged."""
    frames, part = KNOWN_ANIMATIONS[name]
    sampled = distinct(frames[place] for place in sampled_places(len(frames)))

    assert max(frame_distance(frame, sampled, part) for frame in distinct(frames)) > CLOSE_LEVELS


def test_a_picture_in_the_alpha_of_one_frame_is_judged():
    still = Image.new("RGBA", (160, 120), (128, 128, 128, 128))
    shown = still.copy()
    shown.putalpha(subject(160, 120))
    frames = replaced(13, count=20, by=shown, of=still)

    published = Published.of(Animation("alpha", frames, [80] * 20).encoded("PNG"))

    assert any(shows(view, subject(160, 120), at_contrast=24) for view in published.views)
    assert {each.rendering for each in published.ingested.proxies} >= {Rendering.OVER_WHITE, Rendering.OVER_BLACK}


def test_harmless_animations_are_published_with_every_frame():
    """At least 95 of 100: up to 64 frames that differ, or more that differ little."""
    seeds = range(counted(8, 200))
    short = {}
    for seed in seeds:
        animation = harmless(seed)
        body = animation.encoded()
        published = Published.of(body)
        if published.picture.master.frames < len(viewer.frames_of(body)):
            short[seed] = animation.kind

    assert len(short) <= 0.05 * len(seeds), f"{len(short)} of {len(seeds)} are short of frames: {short}"


def test_the_harmless_animations_are_of_every_kind():
    assert {harmless_kind(seed) for seed in range(200)} == set(HARMLESS)


def test_a_still_of_an_animation_is_one_of_its_judged_frames():
    frames = replaced(0, count=12)
    published = Published.of(Animation("first", frames, [80] * 12).encoded("PNG"))
    variant = parse_query([("format", "jpeg"), ("width", "160")], accept="", sizes=Sizes.EXACT).variant

    (still,) = viewer.frames_of(published.served(variant).body)

    assert variant.position == POINTS["center"]
    assert closeness.distance(still, published.views) <= DELIVERED_LEVELS
