"""Animations: frames and times are kept if the output supports them; otherwise the first frame is used."""

from collections.abc import Iterator
from functools import partial

from tests import pictures
from tests.corpus.case import Case, Look

SIZE = (160, 120)

# Where the moving square of ``pictures.moving_frames`` is in the first frame and in the last, and what it moves over.
FIRST = {(0.15, 0.5): (0, 200, 255)}
LAST = {(0.85, 0.5): (255, 200, 0)}
BACKGROUND = {(0.5, 0.05): (30, 30, 60)}

AS_WEBP = {"variant": {"format": "webp"}, "content_type": "image/webp"}


def cases() -> Iterator[Case]:
    """Yield the cases of this module."""
    yield from _each_format()
    yield from _outputs_of_a_gif()
    yield from _transparent()
    yield from _odd()


def _each_format() -> Iterator[Case]:
    durations = (40, 80, 120, 200)
    colors = {**FIRST, **BACKGROUND}
    as_gif = {"within": 24, "variant": {"format": "gif"}, "content_type": "image/gif"}
    for kind, make, media_type in (
        ("gif", pictures.gif, "image/gif"),
        ("webp", pictures.animated_webp, "image/webp"),
        ("apng", pictures.apng, "image/png"),
    ):
        build = partial(make, frames=4, duration=list(durations))
        for output, form in (("webp", AS_WEBP), ("gif", as_gif)):
            look = Look(SIZE, colors, frames=4, durations_ms=durations, **form)
            yield Case(f"animated {kind}, as {output}", build, media_type, look)
    yield Case(
        "animated avif, as webp",
        partial(pictures.animated_avif, frames=3),
        "image/avif",
        Look(SIZE, colors, within=24, frames=3, **AS_WEBP),
    )


def _outputs_of_a_gif() -> Iterator[Case]:
    animated = partial(pictures.gif, frames=4)
    for output in ("jpeg", "png"):
        form = {"variant": {"format": output}, "content_type": f"image/{output}", "within": 24}
        look = Look(SIZE, {**FIRST, **BACKGROUND}, **form)
        yield Case(f"animated gif, its first frame as {output}", animated, "image/gif", look)
    yield Case(
        "animated gif, asked for as avif",
        animated,
        "image/gif",
        Look(SIZE, FIRST, within=24, frames=4, variant={"format": "avif"}, content_type="image/webp"),
    )
    yield Case(
        "animated gif, scaled",
        animated,
        "image/gif",
        Look(
            (64, 48),
            FIRST,
            within=24,
            frames=4,
            original=SIZE,
            variant={"format": "webp", "width": 64},
            content_type="image/webp",
        ),
    )


def _transparent() -> Iterator[Case]:
    look = Look(SIZE, {(0.15, 0.5): (0, 200, 255, 255), (0.9, 0.05): (0, 0, 0, 0)}, frames=3, **AS_WEBP)
    for kind, make, media_type in (
        ("gif", pictures.gif, "image/gif"),
        ("webp", pictures.animated_webp, "image/webp"),
        ("apng", pictures.apng, "image/png"),
    ):
        yield Case(f"animated {kind}, transparent", partial(make, frames=3, alpha=True), media_type, look)


def _odd() -> Iterator[Case]:
    yield Case(
        "apng, its picture for old viewers is no frame",
        partial(pictures.apng, frames=4, default_image=True),
        "image/png",
        Look(SIZE, BACKGROUND, frames=3, **AS_WEBP),
    )
    yield Case(
        "animated gif, frames without a time",
        partial(pictures.gif, frames=3, duration=0),
        "image/gif",
        Look(SIZE, BACKGROUND, frames=3, durations_ms=(100, 100, 100), **AS_WEBP),
    )
    yield Case(
        "animated gif without its trailer",
        lambda: pictures.gif(frames=3)[:-1],
        "image/gif",
        Look(SIZE, BACKGROUND, frames=3, **AS_WEBP),
    )
    yield Case(
        "animated gif, its last frame alone is a still",
        lambda: pictures.encoded(pictures.moving_frames(4)[-1], "GIF"),
        "image/gif",
        Look(SIZE, {**LAST, **BACKGROUND}),
    )
