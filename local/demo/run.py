"""Uploads every sample as a client would, waits for the results, downloads variants, and prints a report."""

import time
from collections.abc import Callable
from typing import Final

import httpx
from rich import box
from rich.table import Table

from image_scaler.client import Client
from image_scaler.client.results import IN_PROGRESS
from local import aws
from local.access import Access
from local.console import Progress
from local.demo.contact_sheet import write_contact_sheet
from local.demo.edge_walk import Subject, walk
from local.demo.results import WAYS, DemoResult, Run, Variant
from local.demo.samples import Sample, read_samples
from local.errors import LocalError
from local.executions import states_passed, wait_for_end
from local.outputs import Outputs
from local.rekognition.detectors import LocalDetector
from local.workspace import Workspace

WITHIN_SECONDS: Final = 120.0
POLL_SECONDS: Final = 0.25
SERVED: Final = frozenset({"PUBLISHED", "BLURRED"})
VARIANTS: Final[tuple[dict[str, str | int], ...]] = (
    {"width": 320, "format": "jpeg"},
    {"width": 640, "format": "webp"},
    {"width": 200, "height": 200, "fit": "cover", "format": "auto"},
)
"""The variants to download of each served picture: three sizes, with requested and negotiated formats."""


def run_demo(
    outputs: Outputs,
    v1: Outputs,
    workspace: Workspace,
    progress: Progress,
    detector: LocalDetector = LocalDetector.STAND_IN,
) -> DemoResult:
    """Process all samples, and one on the stage with delivery ``v1``. ``detector`` is the instance's.

    Raises LocalError if one does not finish.
    """
    access = Access(outputs)
    stepfunctions = aws.client("stepfunctions", outputs)
    try:
        samples = read_samples(detector)
        with progress.step(f"Uploading {len(samples)} pictures by API, presigned PUT and presigned POST"):
            runs = [Run(sample, _upload(access.client, sample)) for sample in samples]
        with progress.step("Waiting for the state machine") as say:
            _follow(access.client, runs, say)
            for run in runs:
                arn = run.record["execution_arn"]
                wait_for_end(stepfunctions, arn, within_seconds=WITHIN_SECONDS)
                run.states = states_passed(stepfunctions, arn)
        with progress.step("Waiting for the events, which a webhook delivers") as say:
            _follow_events(outputs, runs, say)
        with progress.step("Downloading the published pictures in three sizes"):
            for run in runs:
                if run.status in SERVED:
                    run.variants = [_fetch(access, run.image_id, variant) for variant in VARIANTS]
    finally:
        access.close()
    with progress.step("Checking delivery through the edge"):
        shown = next(run for run in runs if run.status == "PUBLISHED")
        steps = walk(Subject(outputs, shown.image_id), _subject(v1, shown.sample))
    page = write_contact_sheet(runs, workspace.contact_sheet)
    progress.console.print(_table(runs))
    for step in steps:
        progress.console.print(f"{step.row:>7}  {step.text}", markup=False)
    progress.console.print(f"Contact sheet with all states and records: {page}")
    return DemoResult(runs)


def _subject(outputs: Outputs, sample: Sample) -> Subject:
    """Process one sample on another stage."""
    access = Access(outputs)
    try:
        image_id = _upload(access.client, sample)
        status = access.client.wait(image_id, within_seconds=WITHIN_SECONDS).status
    finally:
        access.close()
    if status != sample.expected:
        raise LocalError(f"{sample.file} is {status} instead of {sample.expected}, with delivery v1.")
    return Subject(outputs, image_id)


def _upload(client: Client, sample: Sample) -> str:
    return client.upload(sample.path, content_type=sample.content_type, method=sample.method).id


def _follow(client: Client, runs: list[Run], say: Callable[[str], None]) -> None:
    deadline = time.monotonic() + WITHIN_SECONDS
    waiting = list(runs)
    while waiting:
        for run in waiting:
            run.record = dict(client.get(run.image_id).document)
        waiting = [run for run in waiting if run.status in IN_PROGRESS]
        say(f"{len(runs) - len(waiting)} of {len(runs)} finished")
        if waiting and time.monotonic() > deadline:
            names = ", ".join(f"{run.sample.file} ({run.status})" for run in waiting)
            raise LocalError(f"Not finished after {WITHIN_SECONDS:.0f} s: {names}. See the emulator's log.")
        time.sleep(POLL_SECONDS if waiting else 0)


def _follow_events(outputs: Outputs, runs: list[Run], say: Callable[[str], None]) -> None:
    """Read what the receiver has verified, until it has an event of each picture."""
    deadline = time.monotonic() + WITHIN_SECONDS
    of_image = {run.image_id: run for run in runs}
    while True:
        answer = httpx.get(f"{outputs.webhooks_url}/events", trust_env=False)
        for run in runs:
            run.events = []
        for event in answer.raise_for_status().json()["events"]:
            if event["data"]["image_id"] in of_image:
                of_image[event["data"]["image_id"]].events.append(event["type"])
        missing = [run.sample.file for run in runs if not run.events]
        say(f"{len(runs) - len(missing)} of {len(runs)} delivered")
        if not missing:
            return
        if time.monotonic() > deadline:
            raise LocalError(f"No event within {WITHIN_SECONDS:.0f} s: {', '.join(missing)}. See webhooks.log.")
        time.sleep(POLL_SECONDS)


def _fetch(access: Access, image_id: str, parameters: dict[str, str | int]) -> Variant:
    answer = access.variant(image_id, accept="image/webp,image/*,*/*;q=0.8", **parameters)
    return Variant(parameters, answer.status_code, answer.headers.get("content-type", ""), answer.content)


def _table(runs: list[Run]) -> Table:
    """Return one row per picture: file, upload method, verdict, states and served variants."""
    table = Table(title="Results", title_justify="left", box=box.SIMPLE, show_lines=True)
    table.add_column("picture, and its id: GET /v1/images/…", min_width=26)
    table.add_column("by")
    table.add_column("verdict; states and seconds in each; served variants")
    for run in runs:
        colour = "green" if run.as_expected else "red"
        verdict = f"[bold {colour}]{run.status}[/] " + ", ".join(filter(None, (run.record.get("reason"), *run.labels)))
        states = " ► ".join(f"{each.name} {each.seconds:.1f}" for each in run.states if each.kind in {"Task", "Fail"})
        served = ", ".join(
            f"{each.parameters['width']} px {each.content_type.removeprefix('image/')} {len(each.body) / 1000:.0f} kB"
            if each.status == 200
            else f"{each.parameters['width']} px: {each.status}"
            for each in run.variants
        )
        events = f"[dim]webhook: {', '.join(run.events)}[/]"
        cell = "\n".join(filter(None, (verdict.strip(), f"[dim]{states}[/]", served, events)))
        table.add_row(f"{run.sample.file}\n[dim]{run.image_id}[/]", WAYS[run.sample.way], cell)
    return table
