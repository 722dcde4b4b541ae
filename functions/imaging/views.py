"""Which frames of a picture are stored, and which views of them are moderated (docs/adr/0019).

Every stored frame is similar (similarity.py) to a moderated one in every way in which a viewer can see it
(renderings.py). Frames are compared with moderated frames, not with their predecessors, so a slow drift is noticed. If
that takes more views than allowed, the frames that cover most others are moderated, and frames that none of them covers
are not stored.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import combinations

from PIL import Image

from functions.imaging.picture import DecodedPicture
from functions.imaging.renderings import BACKDROPS, FrameRenderer, FrameRendering, needed_renderings
from functions.imaging.resizing import flattened, resized
from functions.imaging.similarity import Fingerprint, are_similar
from functions.imaging.transparency import is_clean, is_opaque
from functions.shared.limits import DEFAULT_VIEWS, MIN_VIEWS


@dataclass(frozen=True)
class FrameView:
    """One view: the index of the stored frame, and its rendering."""

    frame: int
    rendering: FrameRendering


@dataclass(frozen=True)
class ModerationPlan:
    """The frames of a picture that may be stored, and the views that cover them."""

    picture: DecodedPicture
    views: tuple[FrameView, ...]


def moderation_plan(picture: DecodedPicture, *, max_views: int = DEFAULT_VIEWS) -> ModerationPlan:
    """Choose the views of a picture and the frames that they cover, at least one.

    The colours of transparent pixels must have been cleared. Raises ValueError for a limit below ``MIN_VIEWS``.
    """
    if max_views < MIN_VIEWS:
        raise ValueError(f"max_views is {max_views}; it must be {MIN_VIEWS} or more, which one frame can need")
    if not picture.animated:
        return ModerationPlan(picture, tuple(FrameView(0, rendering) for rendering in _distinct(picture.frames[0])))
    first_of: dict[bytes, int] = {}
    copies: dict[int, list[int]] = {}
    for index, frame in enumerate(picture.frames):
        first = first_of.setdefault(sha256(frame.tobytes()).digest(), index)
        copies.setdefault(first, []).append(index)
    frames = {index: _Frame(picture.frames[index]) for index in copies}
    shown, covered = _cover(frames, copies, max_views)
    kept = sorted(index for first in covered for index in copies[first])
    number = {index: place for place, index in enumerate(kept)}
    views = tuple(
        FrameView(number[index], rendering) for index in sorted(shown) for rendering in frames[index].renderings
    )
    return ModerationPlan(picture.kept(kept), views)


class _Frame:
    """A frame of an animation: its fingerprints and its renderings."""

    def __init__(self, image: Image.Image) -> None:
        self._image = image
        self._needed = needed_renderings(image, sparing=True)
        self._opaque = is_opaque(image)
        self._comparable = self._opaque or is_clean(image.getchannel("A"))

    @property
    def most_views(self) -> int:
        """The most views that it needs."""
        return len(self._needed)

    @cached_property
    def renderings(self) -> tuple[FrameRendering, ...]:
        """The renderings that show everything that a viewer can see."""
        return _distinct(self._image, self._needed)

    @cached_property
    def _fingerprints(self) -> tuple[Fingerprint, ...]:
        if self._opaque:
            return (Fingerprint.of(self._image.convert("RGB")),)
        return tuple(Fingerprint.of(flattened(self._image, background)) for background in ("white", "black"))

    def covers(self, other: "_Frame") -> bool:
        """Tell whether a verdict on this frame applies to another one that is not a copy.

        A frame whose alpha is not clean covers no other: thresholds and divisions amplify small differences.
        """
        if not (self._comparable and other._comparable) or self._opaque is not other._opaque:
            return False
        return all(
            are_similar(one, another) for one, another in zip(self._fingerprints, other._fingerprints, strict=True)
        )


def _distinct(frame: Image.Image, needed: tuple[FrameRendering, ...] | None = None) -> tuple[FrameRendering, ...]:
    """Return the renderings that a frame needs, except those that are similar to an earlier one."""
    renderings = needed_renderings(frame, sparing=False) if needed is None else needed
    if len(renderings) <= len(BACKDROPS):
        return renderings
    renderer = FrameRenderer(frame)
    chosen: list[FrameRendering] = []
    earlier: list[_RenderedFrame] = []
    for rendering in renderings:
        new = _RenderedFrame(renderer.render(rendering))
        if not any(each.shows(new) for each in earlier):
            chosen.append(rendering)
            earlier.append(new)
    return tuple(chosen)


@dataclass(frozen=True)
class _RenderedFrame:
    """A frame in one rendering."""

    image: Image.Image

    @cached_property
    def fingerprint(self) -> Fingerprint:
        return Fingerprint.of(self.image)

    def shows(self, other: "_RenderedFrame") -> bool:
        """Tell whether another rendering, of the same size or smaller, shows nothing new."""
        own = (
            self.fingerprint
            if self.image.size == other.image.size
            else Fingerprint.of(resized(self.image, other.image.size))
        )
        return are_similar(own, other.fingerprint)


def _cover(frames: Mapping[int, _Frame], copies: Mapping[int, list[int]], max_views: int) -> tuple[set[int], set[int]]:
    """Return the frames to moderate, and all frames that these cover.

    Greedy: the next frame is the one that covers most of the remaining frames (copies included) per view that it needs;
    of equal ones the one farthest from those chosen before.
    """
    covered_by = _coverage(frames)
    left, candidates = set(frames), set(frames)
    shown: set[int] = set()
    views = 0

    def gain(index: int) -> tuple[float, int, int]:
        covered = sum(len(copies[each]) for each in covered_by[index] & left)
        distance = min((abs(index - each) for each in shown), default=0)
        return covered / frames[index].most_views, distance, -index

    while left and candidates:
        best = max(candidates, key=gain)
        candidates.discard(best)
        if covered_by[best] & left and views + frames[best].most_views <= max_views:
            shown.add(best)
            views += len(frames[best].renderings)
            left -= covered_by[best]
    return shown, set(frames) - left


def _coverage(frames: Mapping[int, _Frame]) -> dict[int, set[int]]:
    """Return for each frame the frames that it covers, including itself."""
    first, *others = frames
    if all(frames[first].covers(frames[other]) for other in others):
        return {first: set(frames)} | {other: {other} for other in others}  # nothing moves: one view is enough
    covered_by = {index: {index} for index in frames}
    for one, other in combinations(frames, 2):
        if frames[one].covers(frames[other]):
            covered_by[one].add(other)
            covered_by[other].add(one)
    return covered_by
