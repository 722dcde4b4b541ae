"""`python -m benchmarks`: measure, write benchmarks/results.json, docs/performance.md and docs/performance.svg."""

import argparse
import json
import os
import platform
import subprocess
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import equal_score, measure
from benchmarks.measure import CACHE, PEERS, Case, Engines, FakeAwsServer, Times, cold_start, node, once, python
from benchmarks.photos import NODE_MODULES, Photo, photos
from benchmarks.report import write_report
from benchmarks.targets import judge

QUALITY = {"jpeg": 80, "webp": 80, "avif": 50}
"""The peers' quality: sharp's defaults."""

WIDTHS = (200, 800, 1600)
BLUR_SIGMA = 0.02
"""Sigma of sharp's blur, as a part of the width."""

BLUR_REDUCED = 4
"""Factor by which pictures are reduced before blurred details are measured."""


def main() -> None:
    """Measure everything, evaluate the targets, write the files."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--cold-starts", type=int, default=9)
    arguments.add_argument("--imports", type=int, default=5)
    parsed = arguments.parse_args()
    started = time.perf_counter()
    originals = {photo.name: photo for photo in photos()}
    say("storing the files of each photo")
    stored = {name: once(python("stored", name)) for name in originals}
    engines = Engines(("ours", *PEERS))
    say("variants")
    times = measure.run_rounds(engines, _cases(originals, parsed.rounds), originals)
    say("scores")
    scored = _scores(engines, originals)
    say("bytes at equal score")
    equal = equal_score.measured(engines, originals)
    engines.stop()
    say("automatic quality")
    automatic = once(python("quality", "--compare"))
    say("delivery")
    delivery = once([str(measure.CHECKOUT / ".venv" / "bin" / "python"), "-m", "benchmarks.delivery"])
    say("ingest")
    ingests = {name: _ingest(originals[name], parsed.rounds) for name in ("progressive", "phone")}
    say("cold starts")
    cold = {name: _cold(originals[name], parsed.cold_starts) for name in ("progressive", "phone")}
    say("imports")
    imports = _imports(parsed.imports)
    say("blur")
    blur = _blur(originals["phone"])
    results: dict[str, Any] = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": _machine(),
        "versions": _versions(),
        "photos": [
            {"name": p.name, "title": p.title, "width": p.width, "height": p.height, "bytes": p.path.stat().st_size}
            for p in originals.values()
        ],
        "rungs": _rendition_widths(),
        "variants": [_row(case, result) for case, result in times.items()],
        "stored": stored,
        "scores": scored,
        "equal": equal,
        "automatic": automatic,
        "delivery": delivery,
        "ingest": ingests,
        "cold": cold,
        "imports": imports,
        "blur": blur,
    }
    results["targets"] = judge(results)
    results["seconds"] = round(time.perf_counter() - started)
    write_report(results)
    print(_last_line(results))


def say(what: str) -> None:
    """Print the current step."""
    print(f"bench: {what}", flush=True)


def _cases(names: Iterable[str], rounds: int) -> list[tuple[Case, int]]:
    """Return the cases and how often each runs; encoders that take seconds run less often."""
    cases = []
    for photo in names:
        for image_format, quality in QUALITY.items():
            slow = image_format == "avif"
            for width in WIDTHS:
                cases += [(Case(photo, width, image_format, "ours", quality=quality), rounds)]
                too_slow = slow and width > 800  # 1 to 5 s each, 10 times what 800 px take
                if not too_slow:
                    cases += [
                        (Case(photo, width, image_format, peer, quality=quality), min(rounds, 2) if slow else rounds)
                        for peer in PEERS
                    ]
                if image_format != "jpeg" and (width == 800 or too_slow):
                    cases += [
                        (Case(photo, width, image_format, peer, "ours", quality), min(rounds, 2) if slow else rounds)
                        for peer in PEERS
                    ]
    return cases


def _scores(engines: Engines, originals: dict[str, Photo]) -> list[dict[str, Any]]:
    from benchmarks.scores import reference, score

    folder = CACHE / "scores"
    folder.mkdir(exist_ok=True)
    rows = []
    for photo in originals.values():
        truth = reference(photo.path, 800, folder / f"{photo.name}-800.png")
        cases: list[Case] = []
        for image_format, quality in QUALITY.items():
            cases += [Case(photo.name, 800, image_format, engine, quality=quality) for engine in ("ours", *PEERS)]
            cases += [Case(photo.name, 800, image_format, "ours", quality=0)]
        for case in cases:
            path = folder / f"variant.{case.format}"
            answer = engines.ask(case, photo, save=path)
            rows.append(
                {
                    "photo": case.photo,
                    "width": case.width,
                    "format": case.format,
                    "engine": case.engine,
                    "quality": case.quality or "auto",
                    "bytes": answer["bytes"],
                    "score": round(score(truth, path), 2),
                }
            )
    return rows


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


def _imports(rounds: int) -> dict[str, Any]:
    """Import every handler except serve's in its own process, each once per round."""
    commands = {function: measure.import_as_deployed(function) for function in measure.HANDLERS}
    runs: dict[str, list[measure.ColdStart]] = {function: [] for function in commands}
    for command, environment in commands.values():  # files come from the page cache for all
        cold_start(command, environment)
    for _ in range(rounds):
        for function, (command, environment) in commands.items():
            runs[function].append(cold_start(command, environment))
    return {function: _started(many) for function, many in runs.items()}


def _started(runs: list[measure.ColdStart]) -> dict[str, Any]:
    return {"ms": [round(each.ms) for each in runs], "mib": round(median(each.mib for each in runs), 1)}


def _blur(photo: Photo) -> dict[str, Any]:
    import numpy as np
    from PIL import Image

    from functions.imaging.blurring import grid_of
    from functions.shared.options import DEFAULT_BLUR
    from tests.details import box, details_left, gaussian, luma

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
        "effort": case.effort,
        "quality": case.quality or "auto",
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
    load = os.getloadavg()
    return {
        "cpu": model,
        "cores": cores,
        "system": f"{platform.system()} {platform.machine()}",
        "load_at_end": [round(each, 1) for each in load],
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
    held = sum(target["holds"] for target in results["targets"])
    headlines = "; ".join(f"{each['name']}: {each['measured']}" for each in results["targets"][:4])
    return f"bench: {held} of {len(results['targets'])} targets hold; {headlines}"


if __name__ == "__main__":
    main()
