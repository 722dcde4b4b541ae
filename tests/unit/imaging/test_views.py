"""Which frames are kept of a picture, and which views of it are judged."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from functions.imaging.picture import DecodedPicture
from functions.imaging.renderings import LONGEST_SIDE_PX, FrameRenderer, FrameRendering
from functions.imaging.views import moderation_plan
from functions.shared.contracts import Rendering
from functions.shared.limits import DEFAULT_VIEWS, MIN_VIEWS
from tests.judged.tricks import subject

SCENES = [subject(96, 72, seed=seed).convert("RGB") for seed in range(300)]
R = Rendering


def animation(frames, durations=None):
    return DecodedPicture(tuple(frames), tuple(durations or [50] * len(frames)))


def shown(chosen):
    return [view.frame for view in chosen.views]


def renderings(chosen):
    return [view.rendering.kind for view in chosen.views]


# --- stills


def test_a_still_without_alpha_is_judged_as_it_is():
    (view,) = moderation_plan(DecodedPicture((SCENES[0],))).views

    assert (view.frame, view.rendering) == (0, FrameRendering(R.OPAQUE))


def test_a_still_that_is_cut_out_is_judged_over_grey_white_and_black():
    assert renderings(moderation_plan(DecodedPicture((sticker(30),)))) == [R.OVER_GRAY, R.OVER_WHITE, R.OVER_BLACK]


def test_bare_colours_and_alpha_are_judged_where_they_may_show_something_else():
    faint = SCENES[0].convert("RGBA")
    faint.putalpha(subject(96, 72, seed=9).point([20 + level // 20 for level in range(256)]))

    chosen = renderings(moderation_plan(DecodedPicture((faint,))))

    assert set(chosen) >= {R.OVER_WHITE, R.OVER_BLACK, R.OVER_GRAY, R.COLORS, R.ALPHA}


def test_a_look_like_another_one_is_not_sent_twice():
    """Alpha that is nearly opaque everywhere: what is behind it makes no difference."""
    image = SCENES[0].convert("RGBA")
    image.putalpha(250)

    assert renderings(moderation_plan(DecodedPicture((image,)))) == [R.OVER_GRAY, R.ALPHA]


def test_no_frame_needs_more_views_than_the_lowest_limit_allows():
    random = np.random.default_rng(4)
    for size in [(700, 500), (97, 97), (400, 33)]:
        noise = Image.fromarray(random.integers(0, 256, (*size[::-1], 4), dtype=np.uint8), "RGBA")

        assert len(moderation_plan(DecodedPicture((noise,)), max_views=MIN_VIEWS).views) <= MIN_VIEWS


def test_a_limit_that_one_frame_may_exceed_is_refused():
    with pytest.raises(ValueError, match="max_views is 7; it must be 8 or more"):
        moderation_plan(DecodedPicture((SCENES[0],)), max_views=MIN_VIEWS - 1)


# --- animations


def test_every_frame_that_differs_is_shown_once():
    chosen = moderation_plan(animation(SCENES[:20]))

    assert shown(chosen) == list(range(20))
    assert len(chosen.picture.frames) == 20


def test_copies_are_shown_once_and_all_kept():
    chosen = moderation_plan(animation([SCENES[0], SCENES[1]] * 100))

    assert shown(chosen) == [0, 1]
    assert len(chosen.picture.frames) == 200


def test_frames_that_are_alike_share_a_view():
    noisy = [Image.fromarray((np.asarray(SCENES[0]) // 2 + seed % 3).astype(np.uint8)) for seed in range(60)]

    chosen = moderation_plan(animation(noisy))

    assert len(chosen.views) == 1
    assert len(chosen.picture.frames) == 60


def test_each_frame_is_compared_with_those_that_are_shown_and_not_with_its_neighbour():
    drift = [Image.blend(SCENES[0], SCENES[1], step / 50) for step in range(51)]

    chosen = moderation_plan(animation(drift))

    assert 4 <= len(chosen.views) <= 20
    assert len(chosen.picture.frames) == 51


def test_what_no_view_covers_is_left_out_and_its_time_goes_to_the_frame_before():
    frames = [each for scene in SCENES[:40] for each in (scene, scene)]
    durations = list(range(10, 10 + len(frames)))

    chosen = moderation_plan(animation(frames, durations), max_views=10)

    assert len(chosen.views) == 10
    assert sum(chosen.picture.durations_ms) == sum(durations)
    kept = [SCENES.index(frame) for frame in chosen.picture.frames]
    assert len(kept) == 20
    assert kept == sorted(kept)
    for number, view in enumerate(chosen.views):
        assert chosen.picture.frames[view.frame] == SCENES[sorted(set(kept))[number]]


def test_the_time_before_the_first_frame_that_is_kept_goes_to_it():
    picture = animation(SCENES[:4], [10, 20, 30, 40]).kept([2, 3])

    assert (picture.frames, picture.durations_ms) == ((SCENES[2], SCENES[3]), (60, 40))


def test_a_single_frame_that_is_left_is_a_still():
    picture = animation(SCENES[:4]).kept([2])

    assert (picture.animated, picture.durations_ms, picture.loop) == (False, (), 0)


def test_over_the_limit_the_frames_that_stand_for_most_others_come_first():
    rare, common = SCENES[:30], [SCENES[40]] * 5 + [SCENES[41]] * 7
    frames = [*rare[:15], *common, *rare[15:]]

    chosen = moderation_plan(animation(frames), max_views=8)

    assert SCENES[40] in chosen.picture.frames
    assert SCENES[41] in chosen.picture.frames


def test_of_frames_that_all_differ_those_that_are_kept_are_spread_over_the_animation():
    chosen = moderation_plan(animation(SCENES[:256]))

    kept = [SCENES.index(frame) for frame in chosen.picture.frames]
    assert len(kept) == DEFAULT_VIEWS
    assert max(later - earlier for earlier, later in zip([0, *kept], [*kept, 256], strict=True)) <= 8


def test_the_same_animation_is_judged_by_the_same_frames():
    frames = SCENES[:90]

    assert moderation_plan(animation(frames)).views == moderation_plan(animation(frames)).views


def test_a_flagged_frame_in_a_full_animation_is_shown_or_left_out():
    chosen = moderation_plan(animation([*SCENES[:100], SCENES[200], *SCENES[100:180]]))

    stored = set(map(SCENES.index, chosen.picture.frames))
    judged = {SCENES.index(chosen.picture.frames[view.frame]) for view in chosen.views}
    assert stored == judged


# --- animations with alpha


def sticker(at, *, color="crimson", smooth=4):
    big = Image.new("RGBA", (160 * smooth, 160 * smooth), (0, 0, 0, 0))
    x = (20 + at) * smooth
    ImageDraw.Draw(big).ellipse((x, 40 * smooth, x + 80 * smooth, 120 * smooth), fill=color)
    return big.resize((160, 160), Image.Resampling.LANCZOS)


def test_of_a_cut_out_frame_one_background_suffices_against_which_all_stands_out():
    chosen = moderation_plan(animation([sticker(at) for at in range(0, 60, 5)]))

    assert len(chosen.picture.frames) == 12
    assert shown(chosen) == list(range(12))
    assert set(renderings(chosen)) == {R.OVER_GRAY}


@pytest.mark.parametrize(
    ("color", "expected"), [("gray", R.OVER_WHITE), ("white", R.OVER_GRAY), ("black", R.OVER_GRAY)]
)
def test_the_background_is_one_that_the_frame_has_not(color, expected):
    assert renderings(moderation_plan(animation([sticker(0, color=color), sticker(50, color=color)]))) == [expected] * 2


def test_a_frame_in_which_something_vanishes_over_each_background_is_judged_over_all_three():
    motley = sticker(0, color="white")
    motley.paste(sticker(0, color="gray").crop((0, 0, 60, 160)), (0, 0))
    motley.paste(sticker(0, color="black").crop((60, 0, 75, 160)), (60, 0))

    chosen = renderings(moderation_plan(animation([motley, sticker(50)])))

    assert chosen == [R.OVER_GRAY, R.OVER_WHITE, R.OVER_BLACK, R.OVER_GRAY]


def test_a_frame_whose_alpha_is_not_clean_is_covered_by_its_copies_alone():
    def faint(level):
        frame = SCENES[0].convert("RGBA")
        frame.putalpha(subject(96, 72, seed=5).point([level + each // 30 for each in range(256)]))
        return frame

    chosen = moderation_plan(animation([faint(100), faint(101), faint(100)]))

    assert sorted(set(shown(chosen))) == [0, 1]
    assert len(chosen.picture.frames) == 3


def test_opaque_frames_between_transparent_ones_are_judged_as_they_are():
    chosen = moderation_plan(animation([sticker(0), SCENES[3].resize((160, 160)).convert("RGBA")]))

    assert renderings(chosen) == [R.OVER_GRAY, R.OPAQUE]


# --- looks


def seen(frame, look):
    return FrameRenderer(frame).render(look)


@pytest.mark.parametrize("size", [(3_840, 2_160), (2_160, 3_840), (3_840, 1), (50, 40)])
def test_no_look_is_longer_than_the_detector_is_shown(size):
    image = Image.new("RGBA", size, (200, 10, 60, 99))

    for rendering in (R.OVER_WHITE, R.COLORS, R.ALPHA):
        look = seen(image, FrameRendering(rendering))
        assert max(look.size) == min(max(size), LONGEST_SIDE_PX)
        assert look.mode == "RGB"


def test_bare_colours_are_scaled_after_alpha_is_dropped():
    """Scaled before, each pixel would count as much as its alpha says."""
    lines = np.zeros((100, 4_000, 4), np.uint8)
    lines[:, ::2] = (255, 0, 0, 1)
    lines[:, 1::2] = (0, 0, 255, 255)

    red, _, blue = (
        seen(Image.fromarray(lines, "RGBA"), FrameRendering(R.COLORS))
        .resize((1, 1), Image.Resampling.BOX)
        .getpixel((0, 0))
    )

    assert abs(red - blue) < 10


def test_the_colours_of_a_scaled_copy_are_weighted_by_alpha():
    lines = np.zeros((100, 400, 4), np.uint8)
    lines[:, ::2] = (255, 0, 0, 1)
    lines[:, 1::2] = (0, 0, 255, 255)

    red, _, blue = seen(Image.fromarray(lines, "RGBA"), FrameRendering(R.SCALED_COLORS, 200)).getpixel((100, 25))

    assert blue > 240
    assert red < 20


def test_what_is_fully_transparent_is_grey_among_bare_colours():
    assert seen(Image.new("RGBA", (9, 9), (255, 0, 0, 0)), FrameRendering(R.COLORS)).getpixel((4, 4)) == (128, 128, 128)


@pytest.mark.parametrize(("low", "high"), [(8, 30), (254, 255), (0, 1), (127, 128), (0, 255)])
def test_alpha_is_shown_with_strong_contrast_however_faint_it_is(low, high):
    image = Image.new("RGBA", (200, 100), "white")
    image.putalpha(Image.linear_gradient("L").resize((200, 100)).point([low] * 128 + [high] * 128))

    darkest, lightest = seen(image, FrameRendering(R.ALPHA)).convert("L").getextrema()

    assert lightest - darkest > 100


def test_constant_alpha_shows_nothing():
    look = seen(Image.new("RGBA", (20, 10), (9, 9, 9, 40)), FrameRendering(R.ALPHA))

    assert look.getcolors() == [(200, (128, 128, 128))]
