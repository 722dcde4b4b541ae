"""Real files: what cameras, editors and browsers write, with what a client must get for each.

files.json has one line per case. ``declared`` is the media type, ``direct`` sends the bytes to the API. ``status`` are
the accepted ends, ``reasons`` those of a refusal, whose sentence contains ``says`` and never ``never_says``. ``points``
are places in sixteenths of the sides with their RGBA and the tolerance of each channel. ``animations`` are the ways in
which an animation may be served; ``ms`` and ``loop`` are the least and the most that WebP and GIF state.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.reference.gifs import shown_by

FOLDER = Path(__file__).parent / "inputs"
ANIMATED = ("webp", "gif")
MAX_MS = 2**40


@dataclass(frozen=True)
class Point:
    """The colour at a place; a transparent one has any colour."""

    x: float
    y: float
    rgba: tuple[int, ...]
    within: tuple[int, ...]

    def is_shown_by(self, pixels: np.ndarray, *, soft_alpha: bool) -> bool:
        """Compare with the median of nine pixels; partial alpha is not compared unless ``soft_alpha``."""
        if not soft_alpha and 0 < self.rgba[3] < 255:
            return True
        height, width = pixels.shape[:2]
        x, y = min(width - 1, int(self.x * width / 16)), min(height - 1, int(self.y * height / 16))
        for row, column in ((y, x), (max(0, y - 1), max(0, x - 1))):  # a point on an edge: either side
            part = pixels[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2].reshape(-1, 4)
            found = np.median(part, axis=0)
            if self.rgba[3] == 0 and found[3] <= self.within[3]:
                return True
            if all(abs(a - b) <= most for a, b, most in zip(found, self.rgba, self.within, strict=True)):
                return True
        return False


@dataclass(frozen=True)
class RealFile:
    """One case."""

    file: str
    group: str
    declared: str
    status: tuple[str, ...]
    direct: bool = False
    reasons: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    never_says: tuple[str, ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict)
    size: tuple[int, int] | None = None
    points: tuple[Point, ...] = ()
    animations: tuple[Mapping[str, Any], ...] = ()

    @property
    def name(self) -> str:
        """A name that is unique among the cases."""
        return f"{self.file} as {self.declared}{', direct' if self.direct else ''}"

    @property
    def body(self) -> bytes:
        return (FOLDER / self.file).read_bytes()

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats to request; an empty one is the plain address."""
        return ("", "png", *(ANIMATED if self.animations else ()))

    def faults_of_refusal(self, reason: str, detail: str) -> Iterator[str]:
        """Yield how a refusal is not the expected one."""
        if "REJECTED" not in self.status:
            yield f"refused: {reason}, {detail}"
        if self.reasons and reason not in self.reasons:
            yield f"the reason is {reason}: {detail}"
        yield from (f"{words!r} is missing: {detail}" for words in self.says if words not in detail)
        yield from (f"{words!r} is said: {detail}" for words in self.never_says if words in detail)

    def faults_of_picture(self, served: Mapping[str, bytes]) -> Iterator[str]:
        """Yield how a published picture, by requested format, is not the expected one."""
        if "PUBLISHED" not in self.status:
            yield "published"
        with Image.open(BytesIO(served["png"])) as image:
            pixels = np.asarray(image.convert("RGBA"))
            if self.size is not None and image.size != self.size:
                yield f"the size is {image.size}"
        yield from _wrong_points(pixels, self.points, soft_alpha=True)
        if self.animations:
            found = [list(_faults_of_animation(each, served)) for each in self.animations]
            yield from min(found, key=len)


def _wrong_points(pixels: np.ndarray, points: tuple[Point, ...], *, soft_alpha: bool) -> list[str]:
    return [f"{point} is wrong" for point in points if not point.is_shown_by(pixels, soft_alpha=soft_alpha)]


def _faults_of_animation(expected: Mapping[str, Any], served: Mapping[str, bytes]) -> Iterator[str]:
    for kind in ANIMATED:
        frames, loop = _frames_of(served[kind], kind), _loop_of(served[kind])
        if len(frames) > expected["most_frames"]:
            yield f"{kind}: {len(frames)} frames"
        if "loop" in expected and not _is_loop(loop, expected["loop"][kind]):
            yield f"{kind}: loops {loop} times"
        yield from (f"{kind}: {fault}" for fault in _faults_of_frames(frames, expected["frames"], kind))


def _is_loop(found: int | None, bounds: list[int] | None) -> bool:
    if bounds is None or found is None:
        return bounds is found
    return bounds[0] <= found <= bounds[1]


def _faults_of_frames(frames: list[tuple[np.ndarray, int]], expected: list[Any], kind: str) -> Iterator[str]:
    """Compare frame by frame; one that is served may stand for several equal ones in a row."""
    left = list(expected)
    for number, (pixels, duration_ms) in enumerate(frames):
        least = most = 0
        while left and not (wrong := _wrong_points(pixels, left[0]["points"], soft_alpha=kind != "gif")):
            span = left.pop(0).get("ms", {}).get(kind, [0, MAX_MS])
            least, most = least + span[0], most + span[1]
            if duration_ms <= most:
                break
        if not most:
            yield f"frame {number}: {wrong if left else 'one too many'}"
        elif len(expected) > 1 and not least <= duration_ms <= most:
            yield f"frame {number} lasts {duration_ms} ms"
    if left:
        yield f"{len(left)} frames are missing"


def _frames_of(body: bytes, kind: str) -> list[tuple[np.ndarray, int]]:
    if kind == "gif":
        return [(each.pixels, each.duration_ms) for each in shown_by(body)]
    with Image.open(BytesIO(body)) as image:
        frames = []
        for index in range(getattr(image, "n_frames", 1)):
            image.seek(index)
            frames.append((np.asarray(image.convert("RGBA")), int(image.info.get("duration", 0))))
        return frames


def _loop_of(body: bytes) -> int | None:
    for mark, skipped in ((b"NETSCAPE2.0\x03\x01", 0), (b"ANIM\x06\0\0\0", 4)):
        if (start := body.find(mark)) >= 0:
            at = start + len(mark) + skipped
            return int.from_bytes(body[at : at + 2], "little")
    return None


def real_files() -> Iterator[RealFile]:
    """Yield every case of files.json."""
    for line in json.loads((Path(__file__).parent / "files.json").read_text(encoding="utf-8")):
        line["points"] = _points(line.get("points", ()))
        for animation in line.get("animations", ()):
            for frame in animation["frames"]:
                frame["points"] = _points(frame["points"])
        if "size" in line:
            line["size"] = tuple(line["size"])
        yield RealFile(**{key: tuple(value) if isinstance(value, list) else value for key, value in line.items()})


def _points(listed: Any) -> tuple[Point, ...]:
    return tuple(
        Point(x, y, tuple(rgba), tuple(within) if isinstance(within, list) else (within,) * 4)
        for x, y, rgba, within in listed
    )
