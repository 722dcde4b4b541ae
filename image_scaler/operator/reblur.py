"""Blurs pictures again, from their originals, if an older setting or release blurred them.

Each record holds its picture's blur, so the records show the remaining work: a run can be stopped at any time, and the
next run continues. Ingest processes each image again as a new revision, with ``"rework": true``. Until that ends,
viewers get 202 for sizes that are not cached, as for a new upload.
"""

import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from image_scaler.operator.stage import Operator, aws_errors

POLL_SECONDS: Final = 0.2
WITHIN_SECONDS: Final = 108_000.0
"""The longest wait for one image: the time limit of the state machine."""

BLUR_VARIABLE: Final = "BLUR"
"""The environment variable with the blur function's setting."""


@dataclass(frozen=True)
class Reblurred:
    """The result for one image: its status, its blur ("" if it is not blurred), and the status of its execution."""

    image_id: str
    status: str
    blur: str
    execution_status: str

    @property
    def succeeded(self) -> bool:
        """Whether the image has a verdict again."""
        return self.execution_status == "SUCCEEDED" and self.status not in {"FAILED", "HELD", "PROCESSING"}


@dataclass(frozen=True)
class _Running:
    image_id: str
    deadline: float


class Reblurring:
    """Blurs images again if their blur differs from the stage's setting, ``at_a_time`` in parallel.

    Its methods raise OperatorError.
    """

    def __init__(self, operator: Operator, *, at_a_time: int) -> None:
        self._at_a_time = at_a_time
        self._table = operator.output("TableName")
        self._machine = operator.output("StateMachineArn")
        self._dynamodb = operator.client("dynamodb")
        self._stepfunctions = operator.client("stepfunctions")
        name = operator.output("BlurFunctionName")
        with aws_errors("the stage's blur setting cannot be read"):
            function = operator.client("lambda").get_function_configuration(FunctionName=name)
            self.blur: str = function["Environment"]["Variables"][BLUR_VARIABLE]

    def __iter__(self) -> Iterator[Reblurred]:
        """Yield each image when its execution ends. If the caller stops, running executions still finish."""
        running: dict[str, _Running] = {}
        for record in self._left():
            while len(running) >= self._at_a_time:
                yield from self._ended(running)
            image_id = record["image_id"]["S"]
            running[self._started(image_id, record)] = _Running(image_id, time.monotonic() + WITHIN_SECONDS)
        while running:
            yield from self._ended(running)

    def count_left(self) -> int:
        """Return the number of images whose blur differs from the stage's setting."""
        return sum(1 for _ in self._left())

    def _left(self) -> Iterator[dict[str, Any]]:
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=self._table,
            FilterExpression="sk = :record AND #status = :blurred "
            "AND (attribute_not_exists(#picture.#blur) OR #picture.#blur <> :blur)",
            ProjectionExpression="image_id, original, sequencer",
            ExpressionAttributeNames={"#status": "status", "#picture": "picture", "#blur": "blur"},
            ExpressionAttributeValues={
                ":record": {"S": "RECORD"}, ":blurred": {"S": "BLURRED"}, ":blur": {"S": self.blur},
            },
            ConsistentRead=True,
        )  # fmt: skip
        with aws_errors("the records cannot be read"):
            for page in pages:
                yield from page["Items"]

    def _started(self, image_id: str, record: dict[str, Any]) -> str:
        """Start ingest with an upload event for the image's original; return the execution's ARN."""
        original = record["original"]["M"]
        uploaded = {
            "key": original["key"]["S"],
            "etag": original["etag"]["S"],
            "size": int(original["size"]["N"]),
            "sequencer": record["sequencer"]["S"],
        }
        event = {"detail": {"bucket": {"name": original["bucket"]["S"]}, "object": uploaded}, "rework": True}
        with aws_errors(f"{image_id} cannot be started"):
            started = self._stepfunctions.start_execution(
                stateMachineArn=self._machine,
                name=f"reblur-{image_id}-{uuid.uuid4().hex[:8]}",
                input=json.dumps(event),
            )
        return str(started["executionArn"])

    def _ended(self, running: dict[str, _Running]) -> Iterator[Reblurred]:
        """Wait for one polling interval and yield the images whose execution has ended."""
        time.sleep(POLL_SECONDS)
        for arn, image in list(running.items()):
            with aws_errors(f"the execution of {image.image_id} cannot be read"):
                status = self._stepfunctions.describe_execution(executionArn=arn)["status"]
            if status != "RUNNING" or time.monotonic() > image.deadline:
                del running[arn]
                yield self._end_of(image.image_id, status)

    def _end_of(self, image_id: str, execution_status: str) -> Reblurred:
        key = {"pk": {"S": f"IMAGE#{image_id}"}, "sk": {"S": "RECORD"}}
        with aws_errors(f"the record of {image_id} cannot be read"):
            record = self._dynamodb.get_item(TableName=self._table, Key=key, ConsistentRead=True)["Item"]
        picture = record.get("picture", {"M": {}})["M"]
        blur = picture.get("blur", {"S": ""})["S"]
        return Reblurred(image_id, record["status"]["S"], blur, execution_status)
