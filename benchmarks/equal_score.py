"""Bytes at equal quality: `python -m benchmarks.equal_score` encodes each photo at several qualities with each engine.

Scores and the logarithm of bytes are interpolated between the qualities. If an engine cannot reach ``TARGET_SCORE`` for
a photo, the comparison uses the highest score that all engines reach.
"""

import sys
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np

from benchmarks.measure import CACHE, PEERS, Case, Engines, once, python
from benchmarks.photos import Photo, photos
from benchmarks.scores import reference, score

TARGET_SCORE = 70
WIDTH_PX = 800
QUALITIES = {"jpeg": (62, 72, 80, 88), "webp": (62, 72, 80, 88)}


def measured(engines: Engines, originals: dict[str, Photo], peers: Sequence[str] = PEERS) -> list[dict[str, Any]]:
    """Return photo, format, engine, and (quality, bytes, score) of each encoding."""
    folder = CACHE / "scores"
    folder.mkdir(exist_ok=True)
    rows = []
    for photo in originals.values():
        truth = reference(photo.path, WIDTH_PX, folder / f"{photo.name}-{WIDTH_PX}.png")
        for image_format, qualities in QUALITIES.items():
            for engine in ("ours", *peers):
                encodings = []
                for quality in qualities:
                    path = folder / f"equal.{image_format}"
                    case = Case(photo.name, WIDTH_PX, image_format, engine, quality=quality)
                    answer = engines.ask(case, photo, save=path)
                    encodings.append((quality, answer["bytes"], round(score(truth, path), 2)))
                rows.append({"photo": photo.name, "format": image_format, "engine": engine, "encodings": encodings})
    return rows


def compared(rows: list[dict[str, Any]], image_format: str) -> dict[str, tuple[float, float]]:
    """Return our bytes ÷ the best peer's at equal score, and the score of the comparison, for each photo."""
    found = {}
    of_format = [row for row in rows if row["format"] == image_format]
    for photo, group in groupby(of_format, key=lambda row: str(row["photo"])):
        curves = {row["engine"]: row["encodings"] for row in group}
        target = min(TARGET_SCORE, *(max(each[2] for each in curve) for curve in curves.values()))
        sizes = {engine: bytes_at(curve, target) for engine, curve in curves.items()}
        found[photo] = (sizes.pop("ours") / min(sizes.values()), target)
    return found


def score_at_bytes(rows: list[dict[str, Any]], image_format: str, quality: int) -> dict[str, float]:
    """Return for each photo our score minus the best peer's, at the bytes of the peer's file of this quality."""
    found = {}
    of_format = [row for row in rows if row["format"] == image_format]
    for photo, group in groupby(of_format, key=lambda row: str(row["photo"])):
        curves = {row["engine"]: row["encodings"] for row in group}
        ours = curves.pop("ours")
        best = max(
            (each for curve in curves.values() for each in curve if each[0] == quality), key=lambda each: each[2]
        )
        logs, scores = [np.log(each[1]) for each in ours], [each[2] for each in ours]
        found[photo] = float(np.interp(np.log(best[1]), logs, scores)) - best[2]
    return found


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
    engines = Engines(("ours", *peers))
    rows = measured(engines, originals, peers)
    engines.stop()
    for image_format in QUALITIES:
        ratios = compared(rows, image_format)
        mean = float(np.exp(np.mean([np.log(ratio) for ratio, _ in ratios.values()])))
        print(image_format, "bytes ÷ best peer at equal score:", ratios, f"geometric mean {mean:.3f}")
        points = score_at_bytes(rows, image_format, 80)
        print(
            image_format, "score at the best peer's bytes at 80:", points, f"mean {np.mean(list(points.values())):+.2f}"
        )
    for row in rows:
        print(row)


if __name__ == "__main__":
    main()
