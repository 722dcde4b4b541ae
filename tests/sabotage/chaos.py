"""Random faults in a deployed pipeline in use: uploads, views, removals and new judgements.

A seed decides who asks for what, and which worker is stopped where. Threads and processes interleave as they will, so
a seed repeats the schedule, not each coincidence. `purge` and `rotate` are left alone: EventBridge and SQS would call
them again, and the emulator does not.
"""

import contextlib
import json
import random
import shlex
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from functions.shared.dynamo import from_item
from image_scaler.client import ClientError
from local.demo.samples import read_samples
from tests import pictures
from tests.deployed import RUNTIME_PYTHON, DeployedPipeline, Upload, eventually
from tests.e2e.edge import Viewer
from tests.sabotage.audit import ImageState, StoredFile

VICTIMS: Final = (
    *("upload", "admit", "manage", "serve", "optimize", "moderate", "blur", "persist", "remove", "prewarm", "refine"),
)
ACTIONS: Final = ("kill", "kill", "raise", "delay")
MOST_SECONDS: Final = 1.0
"""Of a delay. The waits of `remove` and `retire` are longer, as they are longer than a writer lives on AWS."""
ORDERS_AT_ONCE: Final = 4
ORDER_SECONDS: Final = 1.5
"""How long an order waits for somebody to come to its line."""
WIDTHS: Final = (64, 128, 256, 384, 640)
FORMATS: Final = ("jpeg", "webp")
SAMPLES: Final = ("bather.webp", "neon.png", "truncated.jpg")
"""Blurred, blocked, rejected."""
TRIES: Final = 8
"""Of a DELETE whose worker is stopped: callers repeat it until it is answered."""


@dataclass(frozen=True)
class Order:
    """One worker to stop: the function, the line, and how."""

    function: str
    file: str
    line: int
    action: str
    seconds: float


@contextmanager
def saboteurs(pipeline: DeployedPipeline, control: Path, python: Path) -> Iterator[None]:
    """Run every victim with a saboteur that reads ``control``, while the block runs.

    ``python`` is the Lambda interpreter.
    """
    for folder in ("done", "lines", *(f"orders/{pipeline.outputs.functions[name]}" for name in VICTIMS)):
        (control / folder).mkdir(parents=True)
    wrapped = {RUNTIME_PYTHON: str(_interpreter(control, python))}
    before = {name: pipeline.environment(name) for name in VICTIMS}
    try:
        for name in VICTIMS:
            pipeline.set_environment(name, before[name] | wrapped)
        yield
    finally:
        for name in VICTIMS:
            pipeline.set_environment(name, before[name])


def _interpreter(control: Path, python: Path) -> Path:
    """Write the program that stands for the Lambda interpreter, and return its path."""
    command = shlex.join([str(python), str(Path(__file__).with_name("saboteur.py")), str(control)])
    program = control / "python"
    program.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    program.chmod(0o700)
    return program


def _uploads() -> list[Upload]:
    """Return clean pictures, an animation, and samples that are blurred, blocked and rejected."""
    clean = [
        Upload(f"clean-{number}.jpg", "image/jpeg", pictures.jpeg(480, 320, quality=70 + number)) for number in range(3)
    ]
    moving = Upload("moving.gif", "image/gif", pictures.gif(120, 90, frames=4))
    samples = [sample for sample in read_samples() if sample.file in SAMPLES]
    return [*clean, moving, *(Upload(each.file, each.content_type, each.path.read_bytes()) for each in samples)]


@dataclass
class ChaosRun:
    """One run. ``known`` are the images that callers know of; ``orders`` what was ordered, for a failure's report."""

    pipeline: DeployedPipeline
    viewer: Viewer
    control: Path
    seed: int
    uploads: list[Upload] = field(default_factory=_uploads)
    known: list[str] = field(default_factory=list)
    viewed: dict[str, set[str]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    failures: list[BaseException] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, seconds: float) -> None:
        """Go on for so long, or longer until a worker was stopped, and return when every caller has got an answer.

        Raises what a caller could not expect.
        """
        self._warm_up()
        actors = [self._upload, self._upload, self._view, self._view, self._remove, self._judge_again, self._sabotage]
        threads = [
            threading.Thread(target=self._act, args=(actor, random.Random(f"{self.seed}/{number}")))
            for number, actor in enumerate(actors)
        ]
        for thread in threads:
            thread.start()
        try:
            self._over.wait(seconds)
            eventually(lambda: self.stopped() or self.failures)
        finally:
            self._over.set()
            for thread in threads:
                thread.join()
        for path in (self.control / "orders").rglob("*.json"):
            path.unlink(missing_ok=True)
        if self.failures:
            raise self.failures[0]

    def _warm_up(self) -> None:
        """Pass every function once, so that workers are there and their lines are known."""
        ended = [self.pipeline.end_of(self.pipeline.client.upload("put", upload)) for upload in self.uploads[-4:]]
        for image in ended:
            self.viewer.get(image.image_id)
            self.pipeline.client.delete(image.image_id)

    def stopped(self) -> list[Order]:
        """Return the orders that were carried out."""
        return [self.orders[path.stem] for path in (self.control / "done").iterdir()]

    def _act(self, actor: Callable[[random.Random], None], choices: random.Random) -> None:
        while not self._over.is_set():
            try:
                actor(choices)
            except httpx.TransportError:
                self._count("broken connections")
            except BaseException as error:  # noqa: BLE001 - told by the thread that waits
                self.failures.append(error)
                return

    def _count(self, what: str) -> None:
        with self._lock:
            self.counts[what] = self.counts.get(what, 0) + 1

    def _pick(self, choices: random.Random) -> str | None:
        with self._lock:
            recent = self.known[-12:]
        return choices.choice(recent) if recent else None

    def _upload(self, choices: random.Random) -> None:
        upload, way = choices.choice(self.uploads), choices.choice(("put", "post", "post twice", "api"))
        try:
            if way == "post twice":
                ticket = self.pipeline.client.ask_for_upload(upload, "POST")
                image_id = str(ticket["id"])
                self.pipeline.send(ticket, upload)
                self.pipeline.send(ticket, upload)
            else:
                image_id = self.pipeline.client.upload(way, upload)
        except (ClientError, httpx.HTTPStatusError):
            self._count("uploads refused")
            return
        with self._lock:
            self.known.append(image_id)
        self._count("uploads")
        self._over.wait(choices.uniform(0.1, 0.5))

    def _view(self, choices: random.Random) -> None:
        image_id = self._pick(choices)
        if image_id is not None:
            query = f"width={choices.choice(WIDTHS)}&format={choices.choice(FORMATS)}"
            self.viewed.setdefault(image_id, set()).add(query)
            self._count(f"views {self.viewer.get(image_id, query).status_code}")
        self._over.wait(choices.uniform(0.02, 0.1))

    def _remove(self, choices: random.Random) -> None:
        self._over.wait(choices.uniform(0.2, 0.8))
        image_id = self._pick(choices)
        if image_id is None:
            return
        for _ in range(TRIES):
            if self.pipeline.client.delete(image_id).status_code == 202:
                self._count("removals")
                return
        raise AssertionError(f"DELETE of {image_id} was never answered with 202")

    def _judge_again(self, choices: random.Random) -> None:
        self._over.wait(choices.uniform(0.5, 1.5))
        image_id = self._pick(choices)
        execution = None if image_id is None else self.pipeline.item(image_id).get("claimed_by")
        if execution is None:
            return
        document = json.loads(self.pipeline.stepfunctions.describe_execution(executionArn=execution)["input"])
        self.pipeline.stepfunctions.start_execution(
            stateMachineArn=self.pipeline.outputs.state_machine_arn, name=uuid.uuid4().hex,
            input=json.dumps({**document, "rework": True}),
        )  # fmt: skip
        self._count("judged again")

    def _sabotage(self, choices: random.Random) -> None:
        self._over.wait(choices.uniform(0.1, 0.4))
        waiting = sorted((self.control / "orders").rglob("*.json"), key=lambda path: path.stat().st_mtime)
        for path in waiting:
            if time.time() - path.stat().st_mtime > ORDER_SECONDS or len(waiting) > ORDERS_AT_ONCE:
                path.unlink(missing_ok=True)
        name = choices.choice(VICTIMS)
        function = self.pipeline.outputs.functions[name]
        lines = sorted(
            {line for path in (self.control / "lines").glob(f"{function}-*") for line in path.read_text().splitlines()}
        )
        if not lines:
            return
        file, _, line = choices.choice(lines).rpartition(":")
        action, seconds = choices.choice(ACTIONS), choices.uniform(0.1, MOST_SECONDS)
        order_id = uuid.uuid4().hex
        order = self.orders[order_id] = Order(name, file, int(line), action, seconds)
        draft = self.control / f"{order_id}.draft"
        draft.write_text(json.dumps({"file": file, "line": order.line, "action": action, "seconds": seconds}))
        draft.rename(self.control / "orders" / function / f"{order_id}.json")


class Auditor:
    """Looks at every image that came since it was made."""

    def __init__(self, pipeline: DeployedPipeline, viewer: Viewer, heard_of: Callable[[str], list[str]]) -> None:
        self._pipeline = pipeline
        self._viewer = viewer
        self._heard_of = heard_of
        self._before = set(self._items())
        self._ran_before = set(self._executions())

    def is_quiet(self) -> bool:
        """Tell whether no new execution is running, and no upload is waiting for one."""
        return not self._pipeline.queued_uploads() and not self._running()

    def images(self, viewed: dict[str, set[str]]) -> list[ImageState]:
        """Return the state of every new image; ``viewed`` are queries that viewers asked the edge with."""
        running, files, items = self._running(), self._files(), self._items()
        return [
            ImageState(
                image_id,
                items.get(image_id, {}),
                tuple(files.get(image_id, ())),
                events=tuple(self._heard_of(image_id)),
                answers=tuple(self._viewer.get(image_id, query).status_code for query in viewed.get(image_id, ())),
                is_running=any(image_id in document for document in running),
            )
            for image_id in (items.keys() | files.keys()) - self._before
        ]

    def _running(self) -> list[str]:
        """Return the inputs of the new executions that run. Reviews of other tests may sleep for minutes."""
        stepfunctions = self._pipeline.stepfunctions
        return [
            stepfunctions.describe_execution(executionArn=arn)["input"]
            for arn in self._executions()
            if arn not in self._ran_before
        ]

    def _executions(self) -> list[str]:
        """Return the ARNs of the executions that run."""
        stepfunctions = self._pipeline.stepfunctions
        return [
            execution["executionArn"]
            for machine in self._pipeline.outputs.state_machines.values()
            for page in stepfunctions.get_paginator("list_executions").paginate(
                stateMachineArn=machine, statusFilter="RUNNING"
            )
            for execution in page["executions"]
        ]

    def _items(self) -> dict[str, dict[str, Any]]:
        """Return the items of every image by id and sort key."""
        found: dict[str, dict[str, Any]] = {}
        for page in self._pipeline.dynamodb.get_paginator("scan").paginate(
            TableName=self._pipeline.outputs.table, ConsistentRead=True
        ):
            for item in map(from_item, page["Items"]):
                kind, _, image_id = item["pk"].partition("#")
                if kind == "IMAGE":
                    found.setdefault(image_id, {})[item["sk"]] = item
        return found

    def _files(self) -> dict[str, list[StoredFile]]:
        """Return the files in the four buckets by image."""
        s3, buckets = self._pipeline.s3, self._pipeline.outputs.buckets
        files = [
            StoredFile(bucket, key)
            for bucket in ("staging", "published")
            for key in self._pipeline.keys(bucket)
        ]  # fmt: skip
        for key in self._pipeline.keys("generated"):
            with contextlib.suppress(s3.exceptions.ClientError):  # it may have been deleted since
                metadata = s3.head_object(Bucket=buckets["generated"], Key=key)["Metadata"]
                files.append(StoredFile("generated", key, revision=metadata.get("revision", "")))
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=buckets["originals"]):
            files += [
                StoredFile("originals", each["Key"], etag=each["ETag"].strip('"')) for each in page.get("Versions", ())
            ]
            files += [
                StoredFile("originals", each["Key"], is_delete_marker=True) for each in page.get("DeleteMarkers", ())
            ]
        by_image: dict[str, list[StoredFile]] = {}
        for file in files:
            by_image.setdefault(file.image_id, []).append(file)
        return by_image
