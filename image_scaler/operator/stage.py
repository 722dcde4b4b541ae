"""Operates one stage with AWS credentials: resumes images, reads logs and describes resources.

Resources are found through the stage's stacks, ``ImageScaler-<stage>-Pipeline`` and ``-Edge``.
"""

import json
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from image_scaler.operator.errors import OperatorError
from image_scaler.profiles import Aws

STACKS: Final = ("Pipeline", "Edge")
_NEEDED_FOR_AN_EVENT: Final = ("claimed_etag", "claimed_size", "sequencer")
"""Attributes of a record without which the event of its upload cannot be built."""
_HASH: Final = re.compile(r"[0-9A-F]{8}$")
_ID_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TIME_CHARACTERS: Final = 10
"""The first ten characters of an id are its creation time: milliseconds since 1970 in base 32 (ULID)."""


@dataclass(frozen=True)
class LogLine:
    """One log line: ``source`` is its log group; ``document`` is the parsed message, or None if it is not JSON."""

    at: datetime
    source: str
    message: str
    document: dict[str, Any] | None


@dataclass(frozen=True)
class StageDetails:
    """Running executions by state machine, waiting messages by queue, and the names of active alarms."""

    running: dict[str, int]
    waiting: dict[str, int]
    alarms: list[str]


class Operator:
    """Operates one stage."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        try:
            self._session = boto3.Session(
                profile_name=aws.profile, region_name=aws.region, aws_access_key_id=aws.access_key,
                aws_secret_access_key=aws.access_key,
            )  # fmt: skip
        except BotoCoreError as error:
            raise OperatorError(f"the AWS credentials cannot be used: {error}") from error

    @property
    def stage(self) -> str:
        """The stage's name."""
        return self._aws.stage

    def resume(self, image_id: str, execution_arn: str) -> str:
        """Start a new execution for a held or failed image with the input of the old one; return the new ARN.

        Redrive is not an option: it is limited to 14 days and uses the old definition. Step Functions deletes an
        execution 90 days after its end; the input is then built from the record. Raises OperatorError.
        """
        event = self._input_of(execution_arn) or self._recorded_upload(image_id)
        state_machine, _, name = execution_arn.replace(":execution:", ":stateMachine:").rpartition(":")
        with aws_errors("the image cannot be resumed"):
            started = self.client("stepfunctions").start_execution(
                stateMachineArn=state_machine,
                name=f"resume-{name[:32]}-{uuid.uuid4().hex[:8]}",
                input=json.dumps({**event, "resume": True}),
            )
        return str(started["executionArn"])

    def _input_of(self, execution_arn: str) -> dict[str, Any] | None:
        """Return the input of an execution; None if Step Functions no longer has it."""
        with aws_errors("the image cannot be resumed"):
            try:
                before = self.client("stepfunctions").describe_execution(executionArn=execution_arn)
            except ClientError as error:
                if error.response["Error"]["Code"] == "ExecutionDoesNotExist":
                    return None
                raise
        return dict(json.loads(before["input"]))

    def _recorded_upload(self, image_id: str) -> dict[str, Any]:
        """Return the event of the upload that an image's record says was claimed."""
        table, bucket = self.output("TableName"), self.output("OriginalsBucket")
        key = {"pk": {"S": f"IMAGE#{image_id}"}, "sk": {"S": "RECORD"}}
        with aws_errors(f"the record of {image_id} cannot be read"):
            answer = self.client("dynamodb").get_item(TableName=table, Key=key, ConsistentRead=True)
        record = answer.get("Item", {})
        if missing := [name for name in _NEEDED_FOR_AN_EVENT if name not in record]:
            raise OperatorError(
                f"{image_id} cannot be resumed: Step Functions no longer has its execution, and the record has no "
                f"{', '.join(missing)}; upload the file as a new image"
            )
        uploaded = {
            "key": f"uploads/{image_id}/original",
            "etag": record["claimed_etag"]["S"],
            "size": int(record["claimed_size"]["N"]),
            "sequencer": record["sequencer"]["S"],
        }
        if version := record.get("claimed_version", {}).get("S"):
            uploaded["version-id"] = version
        return {"detail": {"bucket": {"name": bucket}, "object": uploaded}}

    def is_running(self, execution_arn: str) -> bool:
        """Return whether an execution is running. Raises OperatorError."""
        with aws_errors("the execution cannot be read"):
            return bool(
                self.client("stepfunctions").describe_execution(executionArn=execution_arn)["status"] == "RUNNING"
            )

    def log_lines(self, image_id: str, *, since: datetime | None = None) -> list[LogLine]:
        """Return an image's log lines from all functions of the stage, oldest first. Raises OperatorError.

        The search begins at the id's creation time, or at ``since``.
        """
        start = since or created_at(image_id)
        groups = [name for kind, _, name in self._resources() if kind == "AWS::Logs::LogGroup"]
        lines = [line for group in groups for line in self._search(group, image_id, start)]
        return sorted(lines, key=lambda line: line.at)

    def details(self) -> StageDetails:
        """Return the stage's current activity. Raises OperatorError."""
        resources = self._resources()
        running: dict[str, int] = {}
        waiting: dict[str, int] = {}
        alarms: list[str] = []
        with aws_errors("the stage's resources cannot be read"):
            states, queues = self.client("stepfunctions"), self.client("sqs")
            for kind, logical_id, physical in resources:
                if kind == "AWS::StepFunctions::StateMachine":
                    pages = states.get_paginator("list_executions").paginate(
                        stateMachineArn=physical, statusFilter="RUNNING"
                    )
                    running[_title(logical_id)] = sum(len(page["executions"]) for page in pages)
                elif kind == "AWS::SQS::Queue":
                    answer = queues.get_queue_attributes(
                        QueueUrl=physical, AttributeNames=["ApproximateNumberOfMessages"]
                    )
                    waiting[_title(logical_id)] = int(answer["Attributes"]["ApproximateNumberOfMessages"])
                elif kind == "AWS::CloudWatch::Alarm":
                    found = self.client("cloudwatch").describe_alarms(AlarmNames=[physical], StateValue="ALARM")
                    alarms += [_title(logical_id) for _ in found.get("MetricAlarms", ())]
        return StageDetails(running, waiting, alarms)

    def output(self, name: str) -> str:
        """Return an output of the stage's Pipeline stack. Raises OperatorError."""
        stack = f"ImageScaler-{self._aws.stage}-{STACKS[0]}"
        with aws_errors(f"the stack {stack} cannot be read"):
            (found,) = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        outputs = {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}
        if name not in outputs:
            raise OperatorError(f"the stack {stack} has no output {name}; deploy this release to the stage")
        return str(outputs[name])

    def client(self, service: str) -> Any:
        """Return a boto3 client of the stage's account."""
        return self._session.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self._aws.endpoint_url,
            verify=self._aws.ca_file,
            config=Config(retries={"mode": "standard", "total_max_attempts": 4}),
        )

    def _search(self, group: str, image_id: str, start: datetime) -> Iterator[LogLine]:
        with aws_errors(f"the log {group} cannot be read"):
            pages = (
                self.client("logs")
                .get_paginator("filter_log_events")
                .paginate(logGroupName=group, filterPattern=f'"{image_id}"', startTime=int(start.timestamp() * 1000))
            )
            for page in pages:
                for event in page["events"]:
                    if image_id in event["message"]:
                        at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
                        message = event["message"].rstrip()
                        yield LogLine(at, group, message, _document(message))

    def _resources(self) -> list[tuple[str, str, str]]:
        """Return the type, logical id and physical id of every resource in the stage's stacks."""
        with aws_errors(f"the stacks of the stage {self._aws.stage} cannot be read"):
            paginator = self.client("cloudformation").get_paginator("list_stack_resources")
            return [
                (each["ResourceType"], each["LogicalResourceId"], each.get("PhysicalResourceId", ""))
                for stack in STACKS
                for page in paginator.paginate(StackName=f"ImageScaler-{self._aws.stage}-{stack}")
                for each in page["StackResourceSummaries"]
            ]


def created_at(image_id: str) -> datetime:
    """Return the creation time of an id. Raises OperatorError for an invalid id."""
    try:
        milliseconds = 0
        for character in image_id[:_TIME_CHARACTERS]:
            milliseconds = milliseconds * 32 + _ID_ALPHABET.index(character)
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise OperatorError(f"{image_id!r} is not the id of an image") from error


@contextmanager
def aws_errors(what: str) -> Iterator[None]:
    """Convert AWS's errors to an OperatorError that says what failed."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise OperatorError(f"{what}: {error}") from error


def _document(message: str) -> dict[str, Any] | None:
    try:
        document = json.loads(message)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _title(logical_id: str) -> str:
    """Return a logical id without the hash that the CDK appends."""
    return _HASH.sub("", logical_id)
