"""Which frames of a picture are stored, and what the detector must be shown of them (docs/adr/0019).

Every frame that is stored is alike (likeness.py) to one that is shown, in every way in which a viewer can see it
(looks.py). A frame is compared with those that are shown, never with the one before it: what drifts slowly does not get
far. Where that takes more views than allowed, the frames that stand for most others come first, and what none of them
covers is not stored.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import combinations

from PIL import Image

from functions.imaging.picture import DecodedPicture
from functions.imaging.renderings import BACKDROPS, FrameRendering, Subject, needed_renderings
from functions.imaging.resizing import flattened, resized
from functions.imaging.similarity import Fingerprint, are_similar
from functions.imaging.transparency import is_clean, is_opaque
from functions.shared.limits import DEFAULT_VIEWS, FEWEST_VIEWS


@dataclass(frozen=True)
class FrameView:
    """One view: the number of the stored frame, and how it is looked at."""

    frame: int
    look: FrameRendering


@dataclass(frozen=True)
class ModerationPlan:
    """What may be stored of a picture, and the views that cover it."""

    picture: DecodedPicture
    views: tuple[FrameView, ...]


def moderation_plan(picture: DecodedPicture, *, max_views: int = DEFAULT_VIEWS) -> ModerationPlan:
    """Choose the views of a picture, and the frames that they cover. At least one frame is kept.

    Colours under alpha 0 must have been cleared. Raises ValueError for a limit below ``FEWEST_VIEWS``.
    """
    if max_views < FEWEST_VIEWS:
        raise ValueError(f"a picture may need {FEWEST_VIEWS} views, and no more than {max_views} are allowed")
    if not picture.animated:
        return ModerationPlan(picture, tuple(FrameView(0, look) for look in _distinct(picture.frames[0])))
    first_of: dict[bytes, int] = {}
    copies: dict[int, list[int]] = {}
    for index, frame in enumerate(picture.frames):
        first = first_of.setdefault(sha256(frame.tobytes()).digest(), index)
        copies.setdefault(first, []).append(index)
    frames = {index: _Frame(picture.frames[index]) for index in copies}
    shown, covered = _cover(frames, copies, max_views)
    kept = sorted(index for first in covered for index in copies[first])
    number = {index: place for place, index in enumerate(kept)}
    views = tuple(FrameView(number[index], look) for index in sorted(shown) for look in frames[index].looks)
    return ModerationPlan(picture.kept(kept), views)


class _Frame:
    """A frame of an animation: what is compared of it, and how it must be looked at."""

    def __init__(self, image: Image.Image) -> None:
        self._image = image
        self._needed = needed_renderings(image, sparing=True)
        self._opaque = is_opaque(image)
        self._comparable = self._opaque or is_clean(image.getchannel("A"))

    @property
    def most_views(self) -> int:
        """The views that it takes at most."""
        return len(self._needed)

    @cached_property
    def looks(self) -> tuple[FrameRendering, ...]:
        """The looks that show all that can be seen of it."""
        return _distinct(self._image, self._needed)

    @cached_property
    def _traits(self) -> tuple[Fingerprint, ...]:
        if self._opaque:
            return (Fingerprint.of(self._image.convert("RGB")),)
        return tuple(Fingerprint.of(flattened(self._image, background)) for background in ("white", "black"))

    def covers(self, other: "_Frame") -> bool:
        """Tell whether a verdict on this frame holds for another one that is no copy of it.

        A frame whose alpha is not clean covers none: thresholds and divisions make much of small differences.
        """
        if not (self._comparable and other._comparable) or self._opaque is not other._opaque:
            return False
        return all(are_similar(one, another) for one, another in zip(self._traits, other._traits, strict=True))


def _distinct(frame: Image.Image, needed: tuple[FrameRendering, ...] | None = None) -> tuple[FrameRendering, ...]:
    """Return the looks that a frame needs, without those that look like an earlier one."""
    looks = needed_renderings(frame, sparing=False) if needed is None else needed
    if len(looks) <= len(BACKDROPS):
        return looks
    subject = Subject(frame)
    chosen: list[FrameRendering] = []
    seen_before: list[_Seen] = []
    for look in looks:
        new = _Seen(subject.seen(look))
        if not any(earlier.shows(new) for earlier in seen_before):
            chosen.append(look)
            seen_before.append(new)
    return tuple(chosen)


@dataclass(frozen=True)
class _Seen:
    """What is seen of a frame in one look."""

    image: Image.Image

    @cached_property
    def traits(self) -> Fingerprint:
        return Fingerprint.of(self.image)

    def shows(self, other: "_Seen") -> bool:
        """Tell whether another look, of the same size or a smaller one, shows nothing else."""
        own = (
            self.traits
            if self.image.size == other.image.size
            else Fingerprint.of(resized(self.image, other.image.size))
        )
        return are_similar(own, other.traits)


def _cover(frames: Mapping[int, _Frame], copies: Mapping[int, list[int]], max_views: int) -> tuple[set[int], set[int]]:
    """Return the frames to show, and all that these cover.

    Greedy: next is the frame that covers most of what is left for each view that it takes, copies counted; of equals
    the one farthest from those that are shown already.
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
            views += len(frames[best].looks)
            left -= covered_by[best]
    return shown, set(frames) - left


def _coverage(frames: Mapping[int, _Frame]) -> dict[int, set[int]]:
    """Return for each frame the ones that it covers, itself among them."""
    first, *others = frames
    if all(frames[first].covers(frames[other]) for other in others):
        return {first: set(frames)} | {other: {other} for other in others}  # nothing moves: one view will do
    covered_by = {index: {index} for index in frames}
    for one, other in combinations(frames, 2):
        if frames[one].covers(frames[other]):
            covered_by[one].add(other)
            covered_by[other].add(one)
    return covered_by
