"""The time from the end of a PUT until the record says PUBLISHED, by state: `python -m benchmarks.time_to_published`.

The pipeline is deployed locally, and pictures are uploaded one at a time. Warm uploads find a worker of every function;
before a cold upload all workers are stopped. The emulator adds about 50 ms to each call of a function, and its state
transitions cost less than those of Step Functions, so only the differences between two versions mean something.

The printed JSON has medians in ms: ``queued`` is the time from the PUT's answer to the first state, which includes the
queue and `admit`; ``PersistImage`` ends with the transaction that publishes the image. ``optimize CPU`` is the CPU time
of the worker, which other work on the machine hardly changes; a cold upload's includes the start of the interpreter and
all imports. ``states`` counts the states of the execution; the start is one more billed transition.
"""

import argparse
import json
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import time
from typing import Any, Final

from local.console import Progress
from local.instance import Instance
from local.workspace import CHECKOUT, Workspace
from tests.deployed import DeployedPipeline

PHOTO: Final = CHECKOUT / "samples" / "images" / "mountains.jpg"
"""A photograph of 3600 x 2400 px."""
FUNCTIONS: Final = ("admit", "optimize", "moderate", "persist")
"""The functions of a clean upload."""


def main() -> None:
    """Deploy, measure, stop, print."""
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.time_to_published", description=__doc__)
    arguments.add_argument("--warm", type=int, default=12, help="warm uploads (12)")
    arguments.add_argument("--cold", type=int, default=12, help="cold uploads (12)")
    parsed = arguments.parse_args()
    with TemporaryDirectory(prefix="image-scaler-bench-") as home:
        instance = Instance(Workspace(Path(home)), Progress(quiet=True))
        with instance.running() as outputs:
            pipeline = DeployedPipeline(outputs)
            try:
                _measured(pipeline)  # the first upload is slower: caches of files, the first worker of each function
                warm = [_measured(pipeline) for _ in range(parsed.warm)]
                cold = [_measured(pipeline, cold=number) for number in range(1, parsed.cold + 1)]
            finally:
                pipeline.close()
    print(json.dumps({"warm": _medians(warm), "cold": _medians(cold)}, indent=1))


def _measured(pipeline: DeployedPipeline, *, cold: int = 0) -> dict[str, float]:
    """Upload the photo; return the ms of each part. ``cold`` numbers a cold upload, 0 is a warm one."""
    if cold:
        for function in FUNCTIONS:
            variables = pipeline.environment(function)
            pipeline.set_environment(function, variables | {"BENCHMARK_ROUND": str(cold)})
    before = {function: _cpu_seconds(pipeline, function) for function in FUNCTIONS}
    ticket = pipeline.client.ask_for_upload(pipeline.a_small_upload(), "PUT")
    pipeline.put_original(ticket["id"], PHOTO.read_bytes())
    uploaded = time()
    ended = pipeline.end_of(ticket["id"])
    if ended.status != "PUBLISHED" or pipeline.task_failures(ended.execution["executionArn"]):
        raise RuntimeError(f"the picture ended as {ended.status}, or a Task was repeated")
    published = datetime.fromisoformat(pipeline.item(ticket["id"])["updated_at"]).timestamp()
    entered = _entered(pipeline.stepfunctions, ended.execution["executionArn"])
    parts: dict[str, float] = {"queued": entered[0][1] - uploaded}
    for (name, at), (_, until) in zip(entered, [*entered[1:], ("", published)], strict=True):
        parts[name] = max(0.0, min(until, published) - at)
    parts["total"] = published - uploaded
    for function in FUNCTIONS:
        parts[f"{function} CPU"] = _cpu_seconds(pipeline, function) - before[function]
    return {name: 1000 * seconds for name, seconds in parts.items()} | {"states": len(entered)}


def _cpu_seconds(pipeline: DeployedPipeline, function: str) -> float:
    """Return the CPU time of a function's workers so far; there is one of each, since uploads do not overlap."""
    times = [worker.cpu_times() for worker in pipeline.workers(function)]
    return sum(each.user + each.system for each in times)


def _entered(stepfunctions: Any, execution_arn: str) -> list[tuple[str, float]]:
    """Return the states of an execution with the times at which they were entered."""
    pages = stepfunctions.get_paginator("get_execution_history").paginate(executionArn=execution_arn)
    return [
        (event["stateEnteredEventDetails"]["name"], event["timestamp"].timestamp())
        for page in pages
        for event in page["events"]
        if event["type"].endswith("StateEntered")
    ]


def _medians(runs: list[dict[str, float]]) -> dict[str, float]:
    values: dict[str, list[float]] = defaultdict(list)
    for run in runs:
        for name, value in run.items():
            values[name].append(value)
    return {name: round(median(many)) for name, many in values.items()} | {"uploads": len(runs)}


if __name__ == "__main__":
    main()
