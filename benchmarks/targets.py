"""Checks a run against the targets. Ratios compare medians of the same run, always with the fastest peer."""

from collections.abc import Iterable
from math import exp, log
from statistics import fmean, median
from typing import Any

from benchmarks.equal_score import TARGET_SCORE, compared
from benchmarks.measure import PEERS

WIDTHS = (200, 800, 1600)
FASTER = {"jpeg": 3.0, "webp": 2.2, "avif": 3.0}
"""How many times faster than the fastest peer a variant is, as a mean over photos and widths."""

FEWER_BYTES = {"jpeg": 0.92, "webp": 1.0}
"""Bytes at equal score as a multiple of the best peer's."""

MOST_STORED = 0.7
MOST_WRITES = 12


class Results:
    """The figures of one run."""

    def __init__(self, results: dict[str, Any]) -> None:
        self.all = results
        self._ms = {
            (row["photo"], row["width"], row["format"], row["engine"], row["effort"]): row["median_ms"]
            for row in results["variants"]
        }
        self.photos = [photo["name"] for photo in results["photos"]]

    def ours(self, photo: str, width: int, image_format: str) -> float:
        """Return our median in ms."""
        return self._ms[photo, width, image_format, "ours", "default"]

    def peer(self, photo: str, width: int, image_format: str, effort: str, engines: Iterable[str] = PEERS) -> float:
        """Return the fastest peer's median in ms."""
        keys = ((photo, width, image_format, engine, effort) for engine in engines)
        return min(self._ms[key] for key in keys if key in self._ms)

    def ratio(
        self, photo: str, width: int, image_format: str, effort: str = "default", engines: Iterable[str] = PEERS
    ) -> float:
        """Return how many times faster we are than the fastest peer."""
        return self.peer(photo, width, image_format, effort, engines) / self.ours(photo, width, image_format)

    def mean_ratio(
        self, width: int, image_format: str, effort: str = "default", engines: Iterable[str] = PEERS
    ) -> float:
        """Return the geometric mean of ``ratio`` over the photos."""
        ratios = (self.ratio(photo, width, image_format, effort, engines) for photo in self.photos)
        return geometric_mean(ratios)

    def stored_ratio(self) -> float:
        """Return the bytes of the stored files as a multiple of the original's."""
        return geometric_mean(
            self.all["stored"][photo["name"]]["bytes"] / photo["bytes"] for photo in self.all["photos"]
        )

    def writes(self) -> int:
        """Return the S3 writes of an upload: the original, each file and view in staging, and each published copy."""
        return max(1 + 2 * each["files"] + each["views"] for each in self.all["stored"].values())

    def faster(self, image_format: str) -> float:
        """Return how many times faster than the fastest peer we are, as a geometric mean over photos and widths."""
        return geometric_mean(
            self.ratio(photo, width, image_format, effort)
            for photo in self.photos
            for width in WIDTHS
            for effort in ("default", "ours")
            if ((photo, width, image_format, "sharp", effort) in self._ms)
            and (effort == "default" or (photo, width, image_format, "sharp", "default") not in self._ms)
        )

    def all_ratios(self) -> dict[tuple[str, int, str], float]:
        """Return ``ratio`` for each variant of each photo, at the peers' effort, or at ours if only that was run."""
        found = {}
        for photo, width, image_format, engine, effort in self._ms:
            if engine == "sharp" and (effort == "default" or (photo, width, image_format) not in found):
                found[photo, width, image_format] = self.ratio(photo, width, image_format, effort)
        return found

    def spread(self, engine: str) -> float:
        """Return the largest ratio between the slowest and the fastest original's time for the same variant."""
        spreads = []
        for width, image_format in {(key[1], key[2]) for key in self._ms}:
            times = [self._ms.get((photo, width, image_format, engine, "default")) for photo in self.photos]
            known = [time for time in times if time is not None]
            if known:
                spreads.append(max(known) / min(known))
        return max(spreads)

    def score(self, engine: str, image_format: str, quality: int | str) -> tuple[float, float]:
        """Return the photos' mean score and mean size in bytes at 800 px."""
        rows = [
            row
            for row in self.all["scores"]
            if (row["engine"], row["format"], row["quality"], row["width"]) == (engine, image_format, quality, 800)
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

    def at_least(name: str, ratio: float, bound: float) -> None:
        add(name, f"≥ {bound:g}×", f"{ratio:.1f}×", holds=ratio >= bound)

    add(
        "Bytes of the stored files ÷ original, geometric mean",
        f"≤ {MOST_STORED}",
        f"{run.stored_ratio():.2f}",
        holds=run.stored_ratio() <= MOST_STORED,
    )
    add("S3 writes of a clean upload", f"≤ {MOST_WRITES}", f"{run.writes()}", holds=run.writes() <= MOST_WRITES)
    for image_format, bound in FASTER.items():
        at_least(f"{image_format.upper()} at {WIDTHS} px, mean of photos and widths", run.faster(image_format), bound)
    _judge_bytes(results, add)
    slowest = min((ratio, case) for case, ratio in run.all_ratios().items())
    photo, width, image_format = slowest[1]
    add(
        "Any photo, size and format: never slower than the fastest peer",
        "≥ 1×",
        f"worst {slowest[0]:.2f}× ({photo}, {width} px {image_format.upper()})",
        holds=slowest[0] >= 1,
    )
    spread = run.spread("ours")
    add(
        "Slowest original ÷ fastest original, same variant",
        "≤ 2",
        f"{spread:.1f} (sharp {run.spread('sharp'):.1f})",
        holds=spread <= 2,
    )
    for image_format, quality in (("jpeg", 80), ("webp", 80), ("avif", 50)):
        _judge_score(run, image_format, quality, add)
    _judge_automatic(results, add)
    _judge_processes(results, add)
    return rows


def _judge_score(run: Results, image_format: str, quality: int, add: Any) -> None:
    ours, our_bytes = run.score("ours", image_format, quality)
    best = max(PEERS, key=lambda peer: run.score(peer, image_format, quality)[0])
    theirs, their_bytes = run.score(best, image_format, quality)
    more = (our_bytes / their_bytes - 1) * 100
    add(
        f"SSIMULACRA2 at 800 px, {image_format.upper()} quality {quality}, against the best peer",
        "≥ −1 point, bytes ≤ +3 %",
        f"{ours - theirs:+.1f} points ({ours:.1f}; {best} {theirs:.1f}), bytes {more:+.1f} %",
        holds=ours - theirs >= -1 and more <= 3,
    )


def _judge_bytes(results: dict[str, Any], add: Any) -> None:
    """Compare bytes at equal score, and scores at equal bytes, with the best peer of each photo."""
    for image_format, bound in FEWER_BYTES.items():
        ratios = compared(results["equal"], image_format)
        mean = geometric_mean(ratio for ratio, _ in ratios.values())
        details = ", ".join(f"{photo} {ratio:.2f} at {score:.0f}" for photo, (ratio, score) in ratios.items())
        add(
            f"Bytes at SSIMULACRA2 {TARGET_SCORE}, 800 px {image_format.upper()}, ÷ best peer",
            f"≤ {bound}",
            f"{mean:.2f} ({details})",
            holds=mean <= bound,
        )


def _judge_automatic(results: dict[str, Any], add: Any) -> None:
    """Compare automatic quality with the fixed quality at which nine of ten pictures reach the same score."""
    rows = results["automatic"]
    ratios = {name: row["automatic_bytes"] / row["fixed_bytes"] for name, row in rows.items()}
    points = {name: row["automatic_score"] - row["fixed_score"] for name, row in rows.items()}
    details = ", ".join(f"{name.upper()} {(ratio - 1) * 100:+.0f} %" for name, ratio in ratios.items())
    pictures = max(row["pictures"] for row in rows.values())
    add(
        f"quality=auto against a fixed quality, {pictures} pictures, at the score that nine of ten reach",
        "≥ 10 % fewer bytes at equal score",
        f"bytes {(geometric_mean(ratios.values()) - 1) * 100:+.1f} % ({details}), {fmean(points.values()):+.1f} points",
        holds=geometric_mean(ratios.values()) <= 0.9 and min(points.values()) >= -0.5,
    )


def _judge_processes(results: dict[str, Any], add: Any) -> None:
    cold = results["cold"]
    ours, sharp = (cold["progressive"][name]["mib"] for name in ("ours", "sharp"))
    add(
        "Peak memory of serve on the 18 MP original",
        "≤ 0.5× sharp's, ≤ 80 MB",
        f"{ours:.0f} MiB, {ours / sharp:.2f}× sharp's {sharp:.0f} MiB",
        holds=ours * 1.048576 <= 80 and ours <= 0.5 * sharp,
    )
    ratios = {
        name: (median(each["ours"]["ms"]) / median(each["sharp"]["ms"]), each["ours"]["mib"] / each["sharp"]["mib"])
        for name, each in results["ingest"].items()
    }
    slowest, largest = (max(ratio[index] for ratio in ratios.values()) for index in (0, 1))
    add(
        "Ingest against sharp generating the same files",
        "≤ 1.5× the time, ≤ 1.1× the memory",
        f"{slowest:.2f}× the time, {largest:.2f}× the memory",
        holds=slowest <= 1.5 and largest <= 1.1,
    )
    times = {name: median(cold["phone"][name]["ms"]) for name in ("ours", "sharp")}
    add(
        "Cold start of serve, process start to first byte",
        "≤ 1.0× Node with sharp",
        f"{times['ours'] / times['sharp']:.2f}× ({times['ours']:.0f} ms; {times['sharp']:.0f} ms)",
        holds=times["ours"] <= times["sharp"],
    )
    blur = results["blur"]
    ratio = median(blur["sharp"]["ms"]) / median(blur["ours"]["ms"])
    details = {name: blur[name]["details"][0] for name in ("ours", "sharp")}
    add(
        "Blur of 12 MP, against sharp.blur at sigma 2 % of the width",
        "≥ 10× as fast, ≤ 0.35 of the details recovered",
        f"{ratio:.1f}×, details {details['ours']:.2f} (sharp {details['sharp']:.2f})",
        holds=ratio >= 10 and details["ours"] <= 0.35,
    )
