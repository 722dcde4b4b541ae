"""Checks a run against the targets. Ratios compare medians of the same run, always with the fastest or best peer."""

from collections.abc import Iterable
from math import exp, log
from statistics import fmean, median
from typing import Any

from benchmarks.equal_score import PEERS_QUALITY, compared, score_at_bytes
from benchmarks.measure import PEERS
from image_scaler.costs.tables import ingest_dollars
from image_scaler.costs.usage import UPLOADS, Kind, upload_use

FASTER = {"jpeg": 3.0, "webp": 2.2, "avif": 3.0}
"""How many times faster than the fastest peer a variant is, as a mean over photos and widths."""

FIRST_BYTES = {"jpeg": 0.92, "webp": 1.0}
REFINED_BYTES = {"jpeg": 0.90, "webp": 0.94, "avif": 0.97}
"""Bytes at equal score as a multiple of the best peer's: of the first response, and of the refined file."""

LEAST_POINTS = -1.0
"""Score minus the best peer's, at the bytes of the peer's file."""

MAX_STORED = 0.7
"""Bytes of the stored files ÷ those of the original."""
MAX_WRITES = 12
MAX_TRANSITIONS = 8
MAX_DOLLARS = 4.5
"""10,000 uploads of 3 MB, without Rekognition and the originals' storage."""
MAX_CPU = 0.6
"""CPU time of `optimize` ÷ that of the release in previous.py."""
MAX_MEMORY = 0.3
MAX_COLD_START = 0.5
"""`serve` ÷ Node with sharp."""


class Results:
    """The figures of one run."""

    def __init__(self, results: dict[str, Any]) -> None:
        self.all = results
        self._ms = {
            (row["photo"], row["width"], row["format"], row["engine"]): row["median_ms"] for row in results["variants"]
        }
        self.photos = [photo["name"] for photo in results["photos"]]

    def ratios(self, image_format: str) -> dict[tuple[str, int], float]:
        """Return by photo and width how many times faster we are than the fastest peer that was run."""
        return {
            (photo, width): min(
                self._ms[photo, width, image_format, peer]
                for peer in PEERS
                if (photo, width, image_format, peer) in self._ms
            )
            / ours
            for (photo, width, of_format, engine), ours in self._ms.items()
            if (of_format, engine) == (image_format, "ours")
        }

    def stored_ratio(self) -> float:
        """Return the bytes of the stored files as a multiple of the original's."""
        return geometric_mean(
            self.all["stored"][photo["name"]]["bytes"] / photo["bytes"] for photo in self.all["photos"]
        )

    def score(self, engine: str, image_format: str, quality: int | str) -> tuple[float, float]:
        """Return the photos' mean score and mean size in bytes at 800 px."""
        rows = [
            row
            for row in self.all["scores"]
            if (row["engine"], row["format"], row["quality"]) == (engine, image_format, quality)
        ]
        return fmean(row["score"] for row in rows), fmean(row["bytes"] for row in rows)


def geometric_mean(values: Iterable[float]) -> float:
    """Return the geometric mean."""
    return exp(fmean(log(value) for value in values))


def judge(results: dict[str, Any]) -> list[dict[str, Any]]:
    """Return each target with its measured value and whether it is met, in the order of docs/performance.md."""
    run = Results(results)
    rows: list[dict[str, Any]] = []

    def add(name: str, target: str, measured: str, *, holds: bool) -> None:
        rows.append({"name": name, "target": target, "measured": measured, "holds": bool(holds)})

    def at_most(name: str, bound: float, value: float, shown: str) -> None:
        add(name, f"≤ {bound:g}", shown, holds=value <= bound)

    stored, requests = run.stored_ratio(), UPLOADS[Kind.CLEAN]
    at_most("Bytes in `published` ÷ original, geometric mean", MAX_STORED, stored, f"{stored:.2f}")
    writes = requests.s3_puts
    at_most("S3 writes of a clean upload", MAX_WRITES, writes, f"{writes} (tests/emulator/test_costs.py)")
    transitions = upload_use(Kind.CLEAN).transitions
    at_most("State transitions of a clean upload", MAX_TRANSITIONS, transitions, f"{transitions:g} (the same test)")
    dollars = ingest_dollars()
    name = "10,000 uploads of 3 MB with the first month's storage of derived files, dollars"
    at_most(name, MAX_DOLLARS, dollars, f"{dollars:.2f} ([costs.md](costs.md))")
    _judge_cpu(results, at_most)
    _judge_speed(run, add)
    _judge_bytes(results, at_most)
    _judge_scores(results, add)
    _judge_processes(results, at_most)
    return rows


def _judge_cpu(results: dict[str, Any], at_most: Any) -> None:
    cpu = results["previous"]
    if cpu is None:  # a clone without the whole history
        return
    ratio = cpu["ours"] / cpu["previous"]
    name = "CPU of `optimize` for the 12 MP phone JPEG ÷ release of 2026-11-24"
    at_most(name, MAX_CPU, ratio, f"{ratio:.2f} ({cpu['ours']:.0f} ms; {cpu['previous']:.0f} ms)")


def _judge_speed(run: Results, add: Any) -> None:
    worst: list[tuple[float, str]] = []
    for image_format, bound in FASTER.items():
        ratios = run.ratios(image_format)
        widths = sorted({width for _, width in ratios})
        means = {width: geometric_mean(ratio for (_, of), ratio in ratios.items() if of == width) for width in widths}
        mean = geometric_mean(ratios.values())
        details = ", ".join(f"{width} px {each:.1f}" for width, each in means.items())
        add(
            f"Time of the fastest peer ÷ ours, {image_format.upper()}, mean",
            f"≥ {bound:g}",
            f"{mean:.1f} ({details})",
            holds=mean >= bound,
        )
        worst += [(ratio, f"{photo}, {width} px {image_format.upper()}") for (photo, width), ratio in ratios.items()]
    slowest, case = min(worst)
    below = sum(ratio < 1 for ratio, _ in worst)
    more = f"; {below} of {len(worst)} below 1" if below else ""
    add("The same, slowest case", "≥ 1", f"{slowest:.2f} ({case}{more})", holds=slowest >= 1)


def _judge_bytes(results: dict[str, Any], at_most: Any) -> None:
    """Compare bytes at equal score with the best peer of each photo."""
    for engine, title, bounds in (("ours", "first response", FIRST_BYTES), ("refined", "refined", REFINED_BYTES)):
        for image_format, bound in bounds.items():
            ratios = compared(results["equal"], image_format, engine)
            mean = geometric_mean(ratio for ratio, _ in ratios.values())
            details = ", ".join(f"{photo} {ratio:.2f}" for photo, (ratio, _) in ratios.items())
            name = f"Bytes at equal score ÷ best peer, 800 px {image_format.upper()}, {title}"
            at_most(name, bound, mean, f"{mean:.3f} ({details})")


def _judge_scores(results: dict[str, Any], add: Any) -> None:
    """Compare scores at equal bytes with the best peer of each photo."""
    for image_format, quality in PEERS_QUALITY.items():
        points = score_at_bytes(results["equal"], image_format)
        mean = fmean(points.values())
        details = ", ".join(f"{photo} {each:+.1f}" for photo, each in points.items())
        add(
            f"Score at the bytes of the best peer at {quality}, 800 px {image_format.upper()}",
            f"≥ {LEAST_POINTS:g} points".replace("-", "−"),
            f"{mean:+.1f} ({details})",
            holds=mean >= LEAST_POINTS,
        )


def _judge_processes(results: dict[str, Any], at_most: Any) -> None:
    cold = results["cold"]
    ours, sharp = (cold["progressive"][name]["mib"] for name in ("ours", "sharp"))
    name = "Peak memory of `serve` on the 18 MP original ÷ sharp"
    at_most(name, MAX_MEMORY, ours / sharp, f"{ours / sharp:.2f} ({ours:.0f} MiB; {sharp:.0f} MiB)")
    times = {name: median(cold["phone"][name]["ms"]) for name in ("ours", "sharp")}
    ratio = times["ours"] / times["sharp"]
    name = "Cold start of `serve`, process start to first byte ÷ Node with sharp"
    cpu = cold["phone"]["ours"]["cpu_ms"] / cold["phone"]["sharp"]["cpu_ms"]
    shown = f"{ratio:.2f} ({times['ours']:.0f} ms; {times['sharp']:.0f} ms); in CPU time {cpu:.2f}"
    at_most(name, MAX_COLD_START, ratio, shown)
