"""`python -m benchmarks`: measure, write benchmarks/results.json, docs/performance.md and docs/performance.svg."""

import argparse
import json
import os
import platform
import subprocess
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import equal_score, measure, previous
from benchmarks.equal_score import OWN, PEERS_QUALITY
from benchmarks.measure import CACHE, PEERS, Case, Engines, FakeAwsServer, Times, cold_start, node, once, python
from benchmarks.photos import NODE_MODULES, Photo, photos
from benchmarks.quality import RESULTS as AUTOMATIC
from benchmarks.report import write_report
from benchmarks.targets import judge

WIDTHS = (200, 800, 1600)
SLOW_PEERS = ("sharp", "pyvips")
"""Peers whose AVIF encoders work longest by default. At 1600 px they take seconds, many times as long as the fastest
peer, so they are not timed."""
SLOW_ROUNDS = 2
"""Rounds of their AVIF files of other sizes."""

KEPT = CACHE / "steps"

BLUR_SIGMA = 0.02
"""Sigma of sharp's blur, as a part of the width."""

BLUR_REDUCED = 4
"""Factor by which pictures are reduced before blurred details are measured."""


def main() -> None:
    """Measure everything or the named steps, evaluate the targets, write the files."""
    arguments = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    arguments.add_argument("steps", nargs="*", metavar="STEP", help=f"one of {', '.join(STEPS)}; all by default")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--cold-starts", type=int, default=9)
    arguments.add_argument("--imports", type=int, default=5)
    parsed = arguments.parse_args()
    KEPT.mkdir(parents=True, exist_ok=True)
    originals = {photo.name: photo for photo in photos()}
    for step in parsed.steps or STEPS:
        print(f"bench: {step}", flush=True)
        started = time.perf_counter()
        measured = STEPS[step](originals, parsed)
        kept = {"seconds": time.perf_counter() - started, "load": os.getloadavg(), "measured": measured}
        (KEPT / f"{step}.json").write_text(json.dumps(kept))
    steps = {
        step: json.loads((KEPT / f"{step}.json").read_text()) for step in STEPS if (KEPT / f"{step}.json").exists()
    }
    if len(steps) == len(STEPS):
        _report(steps, originals)


def _report(steps: dict[str, Any], originals: dict[str, Photo]) -> None:
    """Write the files from all steps."""
    results: dict[str, Any] = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": _machine() | {"loads": {step: round(each["load"][0]) for step, each in steps.items()}},
        "versions": _versions(),
        "photos": [
            {"name": p.name, "title": p.title, "width": p.width, "height": p.height, "bytes": p.path.stat().st_size}
            for p in originals.values()
        ],
        "rendition_widths": _rendition_widths(),
        **{step: each["measured"] for step, each in steps.items()},
        "automatic": json.loads(AUTOMATIC.read_text(encoding="utf-8")),
        "seconds": round(sum(each["seconds"] for each in steps.values())),
    }
    results["scores"] = [*_at_default_quality(results["equal"]), *results["scores"]]
    results["targets"] = judge(results)
    write_report(results)
    print(_last_line(results))


def _stored(originals: dict[str, Photo], _parsed: argparse.Namespace) -> dict[str, Any]:
    return {name: once(python("stored", name)) for name in originals}


def _variants(originals: dict[str, Photo], parsed: argparse.Namespace) -> list[dict[str, Any]]:
    engines = Engines(("ours", *PEERS))
    times = measure.run_rounds(engines, _cases(originals, parsed.rounds), originals)
    engines.stop()
    return [_row(case, result) for case, result in times.items()]


def _equal(originals: dict[str, Photo], _parsed: argparse.Namespace) -> list[dict[str, Any]]:
    engines = Engines((*OWN, *PEERS))
    rows = equal_score.measured(engines, originals)
    engines.stop()
    return rows


def _delivery(_originals: dict[str, Photo], _parsed: argparse.Namespace) -> Any:
    measured = once([str(measure.CHECKOUT / ".venv" / "bin" / "python"), "-m", "benchmarks.delivery"])
    return measured | {"date": datetime.now(UTC).date().isoformat()}


def _ingests(originals: dict[str, Photo], parsed: argparse.Namespace) -> dict[str, Any]:
    return {name: _ingest(originals[name], parsed.rounds) for name in ("progressive", "phone")}


def _previous(originals: dict[str, Photo], parsed: argparse.Namespace) -> dict[str, float] | None:
    return previous.compared(originals["phone"], parsed.rounds)


def _cold_starts(originals: dict[str, Photo], parsed: argparse.Namespace) -> dict[str, Any]:
    return {name: _cold(originals[name], parsed.cold_starts) for name in ("progressive", "phone")}


def _cases(names: Iterable[str], rounds: int) -> list[tuple[Case, int]]:
    """Return the cases and how often each runs; encoders that take seconds run less often."""
    cases = []
    for photo in names:
        for image_format, quality in PEERS_QUALITY.items():
            for width in WIDTHS:
                cases += [(Case(photo, width, image_format, "ours", quality), rounds)]
                for peer in PEERS:
                    slow = image_format == "avif" and peer in SLOW_PEERS
                    if not (slow and width > max(WIDTHS[:-1])):
                        times = min(rounds, SLOW_ROUNDS) if slow else rounds
                        cases += [(Case(photo, width, image_format, peer, quality), times)]
    return cases


def _scores(originals: dict[str, Photo], _parsed: argparse.Namespace) -> list[dict[str, Any]]:
    """Score our files at automatic quality."""
    engines = Engines(OWN)
    rows = []
    for photo in originals.values():
        for image_format in PEERS_QUALITY:
            for engine in OWN:
                _, size, points = equal_score.encoding(engines, Case(photo.name, 800, image_format, engine, 0), photo)
                found = {"photo": photo.name, "format": image_format, "engine": engine}
                rows.append(found | {"quality": "auto", "bytes": size, "score": points})
    engines.stop()
    return rows


def _at_default_quality(equal: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the files of all engines at the peers' default quality."""
    return [
        {key: row[key] for key in ("photo", "format", "engine")} | {"quality": quality, "bytes": size, "score": points}
        for row in equal
        for quality, size, points in row["encodings"]
        if quality == PEERS_QUALITY[row["format"]]
    ]


def _ingest(photo: Photo, rounds: int) -> dict[str, Any]:
    ours, sharp = [], []
    for _ in range(rounds):
        ours.append(once(python("ingest_once", str(photo.path))))
        sharp.append(once(node("sharp_ingest_once.mjs", str(photo.path), json.dumps(ours[0]["files"]))))
    return {
        name: {
            "ms": [round(run["ms"]) for run in runs],
            "mib": round(median(run["mib"] for run in runs)),
            "bytes": runs[0]["bytes"],
        }
        for name, runs in (("ours", ours), ("sharp", sharp))
    }


def _cold(photo: Photo, count: int) -> dict[str, Any]:
    commands = {
        "ours": measure.serve_as_deployed(measure.IMAGE_ID, 800),
        "sharp": (node("sharp_once.mjs", "800"), {}),
    }
    runs: dict[str, list[measure.ColdStart]] = {name: [] for name in commands}
    with FakeAwsServer(photo) as environment:
        for command, extra in commands.values():  # files come from the page cache for all
            cold_start(command, environment | extra)
        for _ in range(count):
            for name, (command, extra) in commands.items():
                runs[name].append(cold_start(command, environment | extra))
    return {name: _started(many) for name, many in runs.items()}


def _imports(_originals: dict[str, Photo], parsed: argparse.Namespace) -> dict[str, Any]:
    """Import every handler except serve's in its own process, each once per round."""
    commands = {function: measure.import_as_deployed(function) for function in measure.HANDLERS}
    runs: dict[str, list[measure.ColdStart]] = {function: [] for function in commands}
    for command, environment in commands.values():  # files come from the page cache for all
        cold_start(command, environment)
    for _ in range(parsed.imports):
        for function, (command, environment) in commands.items():
            runs[function].append(cold_start(command, environment))
    return {function: _started(many) for function, many in runs.items()}


def _started(runs: list[measure.ColdStart]) -> dict[str, Any]:
    cpu_ms = round(median(each.cpu_ms for each in runs))
    return {
        "ms": [round(each.ms) for each in runs],
        "cpu_ms": cpu_ms,
        "mib": round(median(each.mib for each in runs), 1),
    }


def _blur(originals: dict[str, Photo], _parsed: argparse.Namespace) -> dict[str, Any]:
    import numpy as np
    from PIL import Image

    from functions.imaging.blurring import grid_of
    from functions.shared.options import DEFAULT_BLUR
    from tests.details import box, details_left, gaussian, luma

    photo = originals["phone"]
    raw, ours, sharp = (CACHE / f"blur-{name}.raw" for name in ("in", "ours", "sharp"))
    with Image.open(photo.path) as image:
        raw.write_bytes(np.asarray(image.convert("RGB")).tobytes())
    sigma = photo.width * BLUR_SIGMA
    size = (str(photo.width), str(photo.height))
    result = {
        "ours": {"ms": [round(ms, 1) for ms in once(python("blur_once", str(raw), *size, str(ours)))]},
        "sharp": {
            "ms": [round(ms) for ms in once(node("sharp_blur_once.mjs", str(raw), *size, str(sigma), str(sharp)))]
        },
    }
    before, *after = (
        luma(Image.frombytes("RGB", (photo.width, photo.height), path.read_bytes()).reduce(BLUR_REDUCED))
        for path in (raw, ours, sharp)
    )
    size_px = before.shape[::-1]
    grid = grid_of(size_px, DEFAULT_BLUR.cells)
    cell = (size_px[0] / grid[0], size_px[1] / grid[1])
    blurs = {"ours": box(before.shape, cell), "sharp": gaussian(before.shape, sigma / BLUR_REDUCED)}
    for name, blurred in zip(result, after, strict=True):
        result[name]["details"] = [round(details_left(before, blurred, [blurs[name]]), 2)]
    for path in (raw, ours, sharp):
        path.unlink()
    return result


def _row(case: Case, result: Times) -> dict[str, Any]:
    return {
        "photo": case.photo,
        "width": case.width,
        "format": case.format,
        "engine": case.engine,
        "quality": case.quality,
        "min_ms": round(min(result.ms), 2),
        "median_ms": round(result.median, 2),
        "max_ms": round(max(result.ms), 2),
        "bytes": result.bytes,
    }


def _rendition_widths() -> list[int]:
    from functions.imaging.renditions import RENDITION_WIDTHS

    return list(RENDITION_WIDTHS)


def _machine() -> dict[str, Any]:
    model = "unknown"
    information = Path("/proc/cpuinfo")
    if information.exists():
        lines = [line for line in information.read_text().splitlines() if line.startswith("model name")]
        model = lines[0].partition(":")[2].strip() if lines else model
    cores = len(os.sched_getaffinity(0))
    return {
        "cpu": model,
        "cores": cores,
        "system": f"{platform.system()} {platform.machine()}",
    }


def _versions() -> dict[str, str]:
    packages = {
        name: json.loads((NODE_MODULES / name / "package.json").read_text())["version"]
        for name in ("sharp", "@aws-sdk/client-s3")
    }
    packages |= {name: version(name) for name in ("Pillow", "pyvips", "pyvips-binary", "opencv-python-headless")}
    packages["Python"] = platform.python_version()
    packages["Node"] = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return packages


def _last_line(results: dict[str, Any]) -> str:
    targets = results["targets"]
    missed = [f"\n  {each['name']}: {each['measured']}" for each in targets if not each["holds"]]
    return f"bench: {len(targets) - len(missed)} of {len(targets)} targets met; not met: {''.join(missed) or 'none'}"


STEPS: dict[str, Callable[[dict[str, Photo], argparse.Namespace], Any]] = {
    "stored": _stored,
    "variants": _variants,
    "equal": _equal,
    "scores": _scores,
    "delivery": _delivery,
    "ingest": _ingests,
    "previous": _previous,
    "cold": _cold_starts,
    "imports": _imports,
    "blur": _blur,
}
"""The steps by name. Each keeps its result, so that one can be repeated; the files are written from all of them."""


if __name__ == "__main__":
    main()
