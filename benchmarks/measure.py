"""The measurements: all engines in interleaved rounds, and one-shot processes."""

import json
import os
import resource
import shutil
import subprocess
import sys
import zipfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.photos import CACHE, NODE_MODULES, Photo
from cdk.functions import SPECIFICATIONS
from cdk.functions.serve import KEEP_FREED_MEMORY

HERE = Path(__file__).parent
CHECKOUT = HERE.parent
STORED = CACHE / "stored"
IMAGE_ID = "01JD0000000000000000000000"

ENVIRONMENT = os.environ | {
    "VIPS_CONCURRENCY": "1",
    "OMP_NUM_THREADS": "1",
    "BENCH_NODE_MODULES": str(NODE_MODULES),
    "PYTHONPATH": str(CHECKOUT),
}

PEERS = ("sharp", "pyvips", "opencv", "pillow")

DEPLOYED_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "ORIGINALS_BUCKET": "originals",
    "STAGING_BUCKET": "staging",
    "PUBLISHED_BUCKET": "published",
    "GENERATED_BUCKET": "generated",
    "REPORTS_BUCKET": "reports",
    "TABLE_NAME": "images",
    "EVENT_BUS_NAME": "images",
    **{
        f"{name.upper()}_STATE_MACHINE_ARN": f"arn:aws:states:eu-central-1:123456789012:stateMachine:{name}"
        for name in (path.name.partition(".")[0] for path in (CHECKOUT / "workflows").glob("*.asl.json"))
    },
    "UPLOADS_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/uploads",
    "DISTRIBUTION_ID": "E1",
    "SECRET_ID": "origin-secret",
    "HEADER_NAME": "x-origin-secret",
    "DEPLOYED_HEADER_NAME": "x-origin-deployed",
    "PATTERN_SET_ID": "1",
    "PATTERN_SET_NAME": "secrets",
    "DELIVERY": "v2",
    "SIZES": "exact",
    "REFINE": "common",
    "WEBHOOKS": "[]",
    "POWERTOOLS_SERVICE_NAME": "benchmark",
    "POWERTOOLS_METRICS_NAMESPACE": "ImageScaler",
}
"""The environment of all functions."""

HANDLERS = tuple(name for name in SPECIFICATIONS if name != "serve")
"""Every function except serve, whose cold start is measured to its first response."""


@dataclass(frozen=True)
class Case:
    """One variant of one photo by one engine. ``quality`` 0 is image-scaler's automatic quality."""

    photo: str
    width: int
    format: str
    engine: str
    quality: int = 80


@dataclass
class Times:
    """The results of the rounds in ms, and the size of the file in bytes."""

    ms: list[float] = field(default_factory=list)
    bytes: int = 0

    @property
    def median(self) -> float:
        """The median."""
        return median(self.ms)


class Engines:
    """One process per engine; each loads only its library and runs on one thread."""

    def __init__(self, names: Sequence[str]) -> None:
        self._processes = {name: self._start(name) for name in names}

    def ask(self, case: Case, photo: Photo, save: Path | None = None) -> dict[str, Any]:
        """Run one case once and return its ms and bytes."""
        process = self._processes[case.engine]
        assert process.stdin
        assert process.stdout
        request = {
            "original": str(photo.path),
            "stored": str(STORED / photo.name),
            "width": case.width,
            "format": case.format,
            "quality": case.quality,
            "save": str(save) if save else None,
        }
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        answer: dict[str, Any] = json.loads(process.stdout.readline())
        return answer

    def stop(self) -> None:
        """End the processes by ending their input."""
        for process in self._processes.values():
            process.communicate()

    @staticmethod
    def _start(name: str) -> "subprocess.Popen[str]":
        if name == "sharp":
            command = ["node", str(HERE / "sharp_worker.mjs")]
        else:
            command = [sys.executable, "-m", "benchmarks.worker", name]
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=ENVIRONMENT | KEEP_FREED_MEMORY,  # serve's own setting, also for the peers
            cwd=CHECKOUT,
            text=True,
        )


def run_rounds(engines: Engines, cases: Sequence[tuple[Case, int]], photos: dict[str, Photo]) -> dict[Case, Times]:
    """Run every case as often as it says, each once per round, so that slow periods affect all engines equally."""
    results: dict[Case, Times] = defaultdict(Times)
    for engine in {case.engine for case, _ in cases}:  # imports and first-use costs are excluded
        first = next(case for case, _ in cases if case.engine == engine)
        engines.ask(first, photos[first.photo])
    for number in range(max(rounds for _, rounds in cases)):
        started = perf_counter()
        for case, rounds in cases:
            if number < rounds:
                answer = engines.ask(case, photos[case.photo])
                results[case].ms.append(answer["ms"])
                results[case].bytes = answer["bytes"]
        print(f"  round {number + 1}: {perf_counter() - started:.0f} s", flush=True)
    return results


def once(command: Sequence[str], extra: dict[str, str] | None = None) -> Any:
    """Run a process that prints JSON, and return the parsed JSON."""
    done = subprocess.run(
        command, env=ENVIRONMENT | (extra or {}), cwd=CHECKOUT, check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout)


def python(module: str, *arguments: str) -> list[str]:
    """Return the command of one of this package's modules."""
    return [sys.executable, "-m", f"benchmarks.{module}", *arguments]


def serve_as_deployed(image_id: str, width: int) -> tuple[list[str], dict[str, str]]:
    """Return the command of one cold start of serve and its environment.

    Lambda's own runtime client is excluded, as is its equivalent for Node.
    """
    return [sys.executable, str(HERE / "serve_once.py"), image_id, str(width)], _deployed("serve") | KEEP_FREED_MEMORY


def import_as_deployed(function: str) -> tuple[list[str], dict[str, str]]:
    """Return the command of one import of a function's handler and its environment; ``function`` is one of HANDLERS."""
    specification = SPECIFICATIONS[function]
    package, module = specification.package.name, specification.handler_module
    return [sys.executable, str(HERE / "import_once.py"), module], DEPLOYED_ENVIRONMENT | _deployed(package)


def _deployed(package: str) -> dict[str, str]:
    """Unpack the local zip, which `make bench` has built, and return the environment to run from it."""
    folder = CACHE / "zips" / package
    shutil.rmtree(folder, ignore_errors=True)
    with zipfile.ZipFile(CHECKOUT / "build" / "zips" / "host" / f"{package}.zip") as archive:
        archive.extractall(folder)
    return {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}  # /var/task is read-only


def node(script: str, *arguments: str) -> list[str]:
    """Return the command of one of this folder's scripts."""
    return ["node", str(HERE / script), *arguments]


@dataclass(frozen=True)
class ColdStart:
    """Process start to first byte in ms, the process's CPU time in ms, and its peak memory in MiB."""

    ms: float
    cpu_ms: float
    mib: float


class FakeAwsServer:
    """benchmarks/fake_aws.py for one photo, as a context manager."""

    def __init__(self, photo: Photo) -> None:
        self._command = python("fake_aws", IMAGE_ID, str(STORED / photo.name), str(photo.path))

    def __enter__(self) -> dict[str, str]:
        """Start it and return the environment with which an SDK uses it."""
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.PIPE, env=ENVIRONMENT, cwd=CHECKOUT, text=True
        )
        assert self._process.stdout
        port = int(self._process.stdout.readline())
        return DEPLOYED_ENVIRONMENT | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate()


def cold_start(command: Sequence[str], environment: dict[str, str]) -> ColdStart:
    """Start a process and wait for its first byte, then for its end."""
    cpu_before, started = _cpu_of_children(), perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT | environment, cwd=CHECKOUT
    )
    assert process.stdout
    first = process.stdout.read(1)
    elapsed = (perf_counter() - started) * 1000
    _, errors = process.communicate()
    if not first or process.returncode:
        raise RuntimeError(f"{command} ended with {process.returncode} and no response: {errors.decode()}")
    cpu_ms = (_cpu_of_children() - cpu_before) * 1000
    return ColdStart(elapsed, cpu_ms, float(errors.decode().splitlines()[-1]))


def _cpu_of_children() -> float:
    """Return the CPU seconds of all child processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
