"""Bytes at equal quality: `python -m benchmarks.equal_score` encodes each photo at several qualities with each engine.

Scores and the logarithm of bytes are interpolated between the qualities. If an engine cannot reach ``TARGET_SCORE`` for
a photo, the comparison uses the highest score that all engines reach.
"""

import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from benchmarks.measure import CACHE, PEERS, Case, Engines, once, python
from benchmarks.photos import Photo, photos
from benchmarks.scores import reference, score

TARGET_SCORE = 70
WIDTH_PX = 800
QUALITIES = {"jpeg": (62, 72, 80, 88), "webp": (62, 72, 80, 88), "avif": (40, 50, 60, 72)}
PEERS_QUALITY = {"jpeg": 80, "webp": 80, "avif": 50}
"""The quality at which files of the peers are compared: sharp's defaults."""
OWN = ("ours", "refined")
"""Our engines: the first response, and the refined file."""


def measured(engines: Engines, originals: dict[str, Photo], peers: Sequence[str] = PEERS) -> list[dict[str, Any]]:
    """Return photo, format, engine, and (quality, bytes, score) of each encoding."""
    rows = []
    for photo in originals.values():
        for image_format, qualities in QUALITIES.items():
            for engine in (*OWN, *peers):
                cases = [Case(photo.name, WIDTH_PX, image_format, engine, quality) for quality in qualities]
                encodings = [encoding(engines, case, photo) for case in cases]
                rows.append({"photo": photo.name, "format": image_format, "engine": engine, "encodings": encodings})
    return rows


def encoding(engines: Engines, case: Case, photo: Photo) -> tuple[int, int, float]:
    """Encode a variant; return its quality, its bytes and its score."""
    folder = CACHE / "scores"
    folder.mkdir(exist_ok=True)
    truth = folder / f"{photo.name}-{case.width}.png"
    if not truth.exists():
        reference(photo.path, case.width, truth)
    path = folder / f"{photo.name}.{case.format}"
    answer = engines.ask(case, photo, save=path)
    return case.quality, answer["bytes"], round(score(truth, path), 2)


def compared(rows: list[dict[str, Any]], image_format: str, engine: str = "ours") -> dict[str, tuple[float, float]]:
    """Return our bytes ÷ the best peer's at equal score, and the score of the comparison, for each photo."""
    found = {}
    for photo, curves in _curves(rows, image_format):
        peers = {name: curve for name, curve in curves.items() if name not in OWN}
        target = min(TARGET_SCORE, *(max(each[2] for each in curve) for curve in curves.values()))
        found[photo] = (
            bytes_at(curves[engine], target) / min(bytes_at(curve, target) for curve in peers.values()),
            target,
        )
    return found


def score_at_bytes(rows: list[dict[str, Any]], image_format: str) -> dict[str, float]:
    """Return our score minus the best peer's at ``PEERS_QUALITY``, at the bytes of the peer's file, for each photo."""
    found = {}
    for photo, curves in _curves(rows, image_format):
        of_peers = [each for name, curve in curves.items() if name not in OWN for each in curve]
        best = max((each for each in of_peers if each[0] == PEERS_QUALITY[image_format]), key=lambda each: each[2])
        logs, scores = [np.log(each[1]) for each in curves["ours"]], [each[2] for each in curves["ours"]]
        found[photo] = float(np.interp(np.log(best[1]), logs, scores)) - best[2]
    return found


def _curves(rows: list[dict[str, Any]], image_format: str) -> Iterator[tuple[str, dict[str, list[Any]]]]:
    """Yield each photo and its encodings by engine."""
    of_format = [row for row in rows if row["format"] == image_format]
    for photo, group in groupby(of_format, key=lambda row: str(row["photo"])):
        yield photo, {row["engine"]: row["encodings"] for row in group}


def bytes_at(encodings: list[tuple[int, int, float]], target: float) -> float:
    """Return the bytes at a score, extrapolated below and above the measured ones."""
    scores = np.maximum.accumulate([each[2] for each in encodings])
    logs = [np.log(each[1]) for each in encodings]
    at = int(np.clip(np.searchsorted(scores, target), 1, len(scores) - 1))
    rise = (scores[at] - scores[at - 1]) or 1e-9
    return float(np.exp(logs[at - 1] + (target - scores[at - 1]) / rise * (logs[at] - logs[at - 1])))


def main() -> None:
    """Measure and print; peers can be named as arguments."""
    peers = sys.argv[1:] or PEERS
    originals = {photo.name: photo for photo in photos()}
    for name in originals:
        once(python("stored", name))
    engines = Engines((*OWN, *peers))
    rows = measured(engines, originals, peers)
    engines.stop()
    for image_format in QUALITIES:
        for engine in OWN:
            ratios = compared(rows, image_format, engine)
            mean = float(np.exp(np.mean([np.log(ratio) for ratio, _ in ratios.values()])))
            print(image_format, engine, "bytes ÷ best peer at equal score:", ratios, f"geometric mean {mean:.3f}")
        points = score_at_bytes(rows, image_format)
        print(image_format, "score at the best peer's bytes:", points, f"mean {np.mean(list(points.values())):+.2f}")
    for row in rows:
        print(row)


if __name__ == "__main__":
    main()
