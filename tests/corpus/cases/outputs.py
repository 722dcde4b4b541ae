"""Requests: every output format, every fit, crops and backgrounds, for ordinary uploads."""

from collections.abc import Iterator
from functools import partial

from tests import pictures
from tests.corpus.case import DRAWING, HEIGHT, SCENE, WIDTH, Case, Look

PHOTO = partial(pictures.jpeg, WIDTH, HEIGHT)
TRANSPARENT = partial(pictures.transparent_png, WIDTH, HEIGHT)
SQUARE = {"format": "png", "width": 64, "height": 64}
AS_JPEG = {"content_type": "image/jpeg", "within": 24}


def cases() -> Iterator[Case]:
    """Yield the cases of this module."""
    yield from _formats()
    yield from _alpha_as_jpeg()
    yield from _fits()
    yield from _crops()
    yield from _nothing_is_invented()


def _formats() -> Iterator[Case]:
    for output in ("avif", "webp", "jpeg", "png", "gif"):
        form = {"variant": {"format": output}, "content_type": f"image/{output}", "within": 24}
        yield Case(f"jpeg, as {output}", PHOTO, "image/jpeg", Look((WIDTH, HEIGHT), SCENE, **form))
        if output != "jpeg":
            look = Look((WIDTH, HEIGHT), DRAWING, **form)
            yield Case(f"transparent png, as {output}", TRANSPARENT, "image/png", look)


def _alpha_as_jpeg() -> Iterator[Case]:
    on_white = {(0.5, 0.5): (200, 30, 60), (0.02, 0.02): (255, 255, 255)}
    yield Case(
        "transparent png, as jpeg on white",
        TRANSPARENT,
        "image/png",
        Look((WIDTH, HEIGHT), on_white, variant={"format": "jpeg"}, **AS_JPEG),
    )
    yield Case(
        "transparent png, as jpeg within a black box",
        TRANSPARENT,
        "image/png",
        Look(
            (64, 64),
            {(0.5, 0.5): (200, 30, 60), (0.02, 0.5): (0, 0, 0), (0.5, 0.02): (0, 0, 0)},
            original=(WIDTH, HEIGHT),
            variant={**SQUARE, "format": "jpeg", "fit": "contain", "background": "black"},
            **AS_JPEG,
        ),
    )


def _fits() -> Iterator[Case]:
    left, right = pictures.CORNERS["top-left"], pictures.CORNERS["top-right"]
    for fit, size, colors in (
        ("cover", (64, 64), {(0.5, 0.5): (245, 235, 225)}),
        ("contain", (64, 64), {(0.5, 0.03): (255, 255, 255), (0.08, 0.22): left, (0.92, 0.22): right}),
        ("fill", (64, 64), SCENE),
        ("inside", (64, 48), SCENE),
        ("outside", (85, 64), SCENE),
    ):
        look = Look(size, colors, within=24, original=(WIDTH, HEIGHT), variant={**SQUARE, "fit": fit})
        yield Case(f"fit {fit}", PHOTO, "image/jpeg", look)


def _crops() -> Iterator[Case]:
    for position, point, corner in (
        ("west", (0.1, 0.08), "top-left"),
        ("east", (0.9, 0.08), "top-right"),
        ("0,8", (0.1, 0.92), "bottom-left"),
        ("16,8", (0.9, 0.92), "bottom-right"),
    ):
        box = {**SQUARE, "fit": "cover", "position": position}
        look = Look((64, 64), {point: pictures.CORNERS[corner]}, within=24, original=(WIDTH, HEIGHT), variant=box)
        yield Case(f"crop to {position}", PHOTO, "image/jpeg", look)


def _nothing_is_invented() -> Iterator[Case]:
    yield Case(
        "contain on nothing",
        PHOTO,
        "image/jpeg",
        Look(
            (64, 64),
            {(0.5, 0.03): (0, 0, 0, 0), (0.5, 0.5): (245, 235, 225, 255)},
            within=24,
            original=(WIDTH, HEIGHT),
            variant={**SQUARE, "fit": "contain", "background": "transparent"},
        ),
    )
    yield Case(
        "never enlarged", PHOTO, "image/jpeg", Look((WIDTH, HEIGHT), SCENE, variant={"format": "png", "width": 640})
    )
