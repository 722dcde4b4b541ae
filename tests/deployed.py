"""A deployed pipeline for the tests of the emulator and e2e layers: a client, and access to its internals."""

import contextlib
import json
import ssl
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, TypeVar

import httpx
import psutil
from boto3.dynamodb.types import TypeDeserializer

from image_scaler.client import Image, Method
from image_scaler.client.results import IN_PROGRESS
from image_scaler.operator.resume import resume_image
from image_scaler.operator.stage import Operator
from image_scaler.profiles import Aws
from local import aws, emulator
from local.access import Access
from local.executions import states_passed, wait_for_end
from local.outputs import Outputs
from tests import pictures

T = TypeVar("T")

RUNTIME_PYTHON = "IMAGE_SCALER_RUNTIME_PYTHON"
"""The variable with the Lambda interpreter of the local stage's bootstrap."""
RETRY_DELAY_SCALE = 0.02
"""The factor for the waits between a state's retries: minutes become seconds."""
PAUSE_SECONDS = 0.2
"""Between two looks at an image that is being processed: the client's own pauses grow to seconds."""
WITHIN_SECONDS = 300.0
"""The time after which a test stops waiting for the pipeline, also on a slow machine."""


def eventually(look: Callable[[], T], *, within_seconds: float = WITHIN_SECONDS, pause_seconds: float = 0.05) -> T:
    """Return the first true answer of ``look``."""
    deadline = time.monotonic() + within_seconds
    while not (answer := look()):
        assert time.monotonic() < deadline, f"nothing within {within_seconds:.0f} s"
        time.sleep(pause_seconds)
    return answer


@dataclass(frozen=True)
class Upload:
    """A picture to upload: its bytes and its metadata."""

    filename: str
    content_type: str
    body: bytes


class PipelineClient(Access):
    """The client for tests: returns the API's documents, and raw responses where tests read the status."""

    def upload(self, way: str, upload: Upload) -> str:
        """Upload by ``api``, ``put`` or ``post`` and return the image's id."""
        return self.client.upload(
            upload.body, filename=upload.filename, content_type=upload.content_type, method=Method(way.upper())
        ).id

    def ask_for_upload(self, upload: Upload, method: str) -> dict[str, Any]:
        """Return the API's response to a request for an upload by ``method``."""
        ticket = self.client.create_upload(
            filename=upload.filename, content_type=upload.content_type, size=len(upload.body), method=Method(method)
        )
        return {"id": ticket.id, "status": ticket.status, "upload": ticket.upload}

    def image(self, image_id: str) -> dict[str, Any]:
        """Return the image's record."""
        return dict(self.client.get(image_id).document)

    def wait(self, image_id: str, *, within_seconds: float) -> dict[str, Any]:
        """Return the image's record once it has left the pipeline."""
        return dict(self.client.wait(image_id, within_seconds=within_seconds).document)

    def delete(self, image_id: str) -> httpx.Response:
        """Remove an image; return the response."""
        return self.http.delete(f"{self.url}/v1/images/{image_id}")


class RekognitionControl:
    """The switches of the Rekognition stand-in."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._http = httpx.Client(trust_env=False)

    def set(self, **switches: Any) -> None:
        """Set on, hold, throttle, refuse, rate or labels."""
        self._http.patch(self._url, json=switches).raise_for_status()

    def state(self) -> dict[str, Any]:
        """Return all switches, and the counters calls and waiting."""
        return dict(self._http.get(self._url).raise_for_status().json())

    def reset(self) -> None:
        """Restore the stand-in's initial settings."""
        self._http.delete(self._url).raise_for_status()

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Delay every call while the block runs; executions wait in ModerateImage."""
        self.set(hold=True)
        try:
            yield
        finally:
            self.set(hold=False)

    def wait_for_a_call(self) -> None:
        """Wait until a call is being delayed."""
        eventually(lambda: self.state()["waiting"] > 0)

    def close(self) -> None:
        self._http.close()


@dataclass(frozen=True)
class Ended:
    """A processed upload: its record from the API, and the execution that claimed it."""

    image_id: str
    record: dict[str, Any]
    execution: dict[str, Any]
    states: list[str]

    @property
    def status(self) -> str:
        return str(self.record["status"])


class DeployedPipeline:
    """One deployed pipeline. It is inspected as the emulator's root user; functions have their own roles."""

    def __init__(self, outputs: Outputs) -> None:
        self.outputs = outputs
        self.client = PipelineClient(outputs, past_edge=True)
        self.rekognition = RekognitionControl(outputs.rekognition_control_url)
        self.s3 = aws.client("s3", outputs)
        self.dynamodb = aws.client("dynamodb", outputs)
        self.stepfunctions = aws.client("stepfunctions", outputs)
        self.lambda_ = aws.client("lambda", outputs)
        self.logs = aws.client("logs", outputs)
        self.events = aws.client("events", outputs)
        self.sqs = aws.client("sqs", outputs)
        self._scale_retry_delays(RETRY_DELAY_SCALE)

    @contextmanager
    def retry_delays(self, scale: float) -> Iterator[None]:
        """Scale the waits of state machines, including those between retries, while the block runs."""
        self._scale_retry_delays(scale)
        try:
            yield
        finally:
            self._scale_retry_delays(RETRY_DELAY_SCALE)

    def _scale_retry_delays(self, scale: float) -> None:
        settings = {"stepfunctions._SFN_WAIT_SCALE": scale}
        address = f"{self.outputs.emulator_url}/_ministack/config"
        httpx.post(address, json=settings, verify=trust_of(self.outputs), trust_env=False).raise_for_status()

    def close(self) -> None:
        self._scale_retry_delays(emulator.RETRY_DELAY_SCALE)
        for each in (self.s3, self.dynamodb, self.stepfunctions, self.lambda_, self.logs, self.events, self.sqs,
                     self.client, self.rekognition):  # fmt: skip
            each.close()

    # --- uploads

    def upload(self, body: bytes, content_type: str = "image/jpeg", *, way: str = "put", name: str = "photo") -> str:
        """Upload a picture and return its id without waiting."""
        return self.client.upload(way, Upload(filename=name, content_type=content_type, body=body))

    def run(self, body: bytes, content_type: str = "image/jpeg", *, way: str = "put") -> Ended:
        """Upload a picture and return its result."""
        return self.end_of(self.upload(body, content_type, way=way))

    def end_of(self, image_id: str) -> Ended:
        """Wait until an image is processed and the execution that claimed it has ended."""
        item = eventually(lambda: _processed(self.item(image_id)), pause_seconds=PAUSE_SECONDS)
        arn = item["claimed_by"]
        execution = wait_for_end(self.stepfunctions, arn, within_seconds=WITHIN_SECONDS)
        states = [each.name for each in states_passed(self.stepfunctions, arn)]
        return Ended(image_id, self.client.image(image_id), execution, states)

    def a_small_upload(self) -> Upload:
        """Return a small picture with its metadata."""
        return Upload(filename="photo.jpg", content_type="image/jpeg", body=pictures.jpeg())

    def send(self, ticket: dict[str, Any], upload: Upload) -> None:
        """Send a picture by the presigned POST of a ticket, which may be used more than once."""
        form = ticket["upload"]
        files = {"file": (upload.filename, upload.body, upload.content_type)}
        self.client.http.post(form["url"], data=form["fields"], files=files).raise_for_status()

    def put_original(self, image_id: str, body: bytes, content_type: str = "image/jpeg") -> tuple[str, str]:
        """Write an object to the key of an image's upload, without a presigned form; return its ETag and version."""
        answer = self.s3.put_object(
            Bucket=self.outputs.buckets["originals"], Key=f"uploads/{image_id}/original", Body=body,
            ContentType=content_type,
        )  # fmt: skip
        return str(answer["ETag"]).strip('"'), str(answer["VersionId"])

    @staticmethod
    def eventually(look: Callable[[], T]) -> T:
        """Return the first true answer of ``look``."""
        return eventually(look)

    # --- executions

    @property
    def operator(self) -> Operator:
        """Return the stage's operator."""
        access = Aws(
            stage=self.outputs.stage, region=self.outputs.region, endpoint_url=self.outputs.emulator_url,
            ca_file=self.outputs.ca_file, access_key="test",
        )  # fmt: skip
        return Operator(access)

    def resume(self, image_id: str) -> Image:
        """Resume a held or failed image, as an operator does, and return its record at the end."""
        return resume_image(self.client.client, self.operator, image_id, within_seconds=WITHIN_SECONDS)

    def wait_for(self, execution_arn: str) -> dict[str, Any]:
        """Wait for the end of an execution and return it."""
        return wait_for_end(self.stepfunctions, execution_arn, within_seconds=WITHIN_SECONDS)

    def execution_arn(self, name: str) -> str:
        """Return the ARN of the execution with this name."""
        return f"{self.outputs.state_machine_arn.replace(':stateMachine:', ':execution:')}:{name}"

    def upload_event(
        self, image_id: str, body: bytes, etag: str, *, sequencer: str, version: str | None = None
    ) -> dict[str, Any]:
        """Return an event as EventBridge delivers it for an object of the originals bucket."""
        return {
            "version": "0", "id": str(uuid.uuid4()), "source": "aws.s3", "detail-type": "Object Created",
            "account": "000000000000", "time": "2026-01-01T00:00:00Z", "region": self.outputs.region, "resources": [],
            "detail": {
                "bucket": {"name": self.outputs.buckets["originals"]},
                "object": {
                    "key": f"uploads/{image_id}/original", "size": len(body), "etag": etag, "sequencer": sequencer,
                    **({"version-id": version} if version else {}),
                },
                "reason": "PutObject",
            },
        }  # fmt: skip

    def start_named(self, name: str, event: dict[str, Any]) -> dict[str, Any]:
        """Start an execution with a given name and return it when it has ended."""
        started = self.stepfunctions.start_execution(
            stateMachineArn=self.outputs.state_machine_arn, name=name, input=json.dumps(event)
        )
        return self.wait_for(started["executionArn"])

    def start_again(self, event: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """Start an execution with an earlier input and return it when it has ended."""
        return self.start_named(uuid.uuid4().hex, {**event, **changes})

    def states(self, execution: dict[str, Any]) -> list[str]:
        """Return the names of the states that an execution passed, in order."""
        return [each.name for each in states_passed(self.stepfunctions, execution["executionArn"])]

    def task_failures(self, execution_arn: str) -> list[str]:
        """Return the error names of an execution's failed attempts so far, in order."""
        pages = self.stepfunctions.get_paginator("get_execution_history").paginate(executionArn=execution_arn)
        return [
            event["taskFailedEventDetails"]["error"]
            for page in pages
            for event in page["events"]
            if event["type"] == "TaskFailed"
        ]

    def wait_for_state(self, image_id: str, state: str) -> str:
        """Return the ARN of the execution that claimed an image, once it is in a state."""
        arn = str(eventually(lambda: self.item(image_id).get("claimed_by")))
        eventually(lambda: self.states({"executionArn": arn})[-1:] == [state])
        return arn

    # --- admission

    @cached_property
    def uploads_queue(self) -> str:
        """The address of the queue in which uploads wait."""
        return self.operator.output("UploadsQueueUrl")

    @contextmanager
    def admitting(self, *, visibility_seconds: int | None = None, **settings: Any) -> Iterator[Callable[..., Any]]:
        """Change the mapping of `admit` and how long a message is invisible, while the block runs.

        The value changes the mapping once more.
        """
        name, url = self.outputs.functions["admit"], self.uploads_queue
        (mapping,) = self.lambda_.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
        before = {"Enabled": True, "ScalingConfig": mapping["ScalingConfig"]}
        attributes = ["VisibilityTimeout"]
        visible = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=attributes)["Attributes"]
        change = partial(self.lambda_.update_event_source_mapping, UUID=mapping["UUID"])
        change(**settings)
        if visibility_seconds is not None:
            changed = {"VisibilityTimeout": str(visibility_seconds)}
            self.sqs.set_queue_attributes(QueueUrl=url, Attributes=changed)
        try:
            yield change
        finally:
            change(**before)
            self.sqs.set_queue_attributes(QueueUrl=url, Attributes=visible)

    def queued_uploads(self) -> int:
        """Return how many messages are in the queue of uploads, those that `admit` has included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.sqs.get_queue_attributes(QueueUrl=self.uploads_queue, AttributeNames=names)
        return sum(map(int, answer["Attributes"].values()))

    # --- workers

    def workers(self, function: str) -> list[psutil.Process]:
        """Return the running processes of a function of this instance."""
        wanted = {
            "AWS_LAMBDA_FUNCTION_NAME": self.outputs.functions[function],
            "AWS_ENDPOINT_URL": self.outputs.emulator_url,
        }
        return [each for each in psutil.process_iter() if _has_environment(each, wanted)]

    @contextmanager
    def frozen(self, function: str) -> Iterator[None]:
        """Stop a function's workers, so that the next call hangs in one of them; kill them at the end of the block."""
        stopped = self.workers(function)
        assert stopped, f"{function} has no worker; call it once first"
        for worker in stopped:
            worker.suspend()
        try:
            yield
        finally:
            for worker in stopped:
                worker.kill()

    @contextmanager
    def always_dying(self, function: str) -> Iterator[None]:
        """Let every worker of a function crash at its start while the block runs."""
        before = self.environment(function)
        self.set_environment(function, before | {RUNTIME_PYTHON: "/bin/false"})
        try:
            yield
        finally:
            self.set_environment(function, before)

    def environment(self, function: str) -> dict[str, str]:
        """Return a function's environment variables."""
        found = self.lambda_.get_function_configuration(FunctionName=self.outputs.functions[function])
        return dict(found.get("Environment", {}).get("Variables", {}))

    def set_environment(self, function: str, variables: dict[str, str]) -> None:
        """Set a function's environment, and stop its workers, which have the old one."""
        self.lambda_.update_function_configuration(
            FunctionName=self.outputs.functions[function], Environment={"Variables": variables}
        )
        for worker in self.workers(function):
            with contextlib.suppress(psutil.NoSuchProcess):
                worker.kill()

    @contextmanager
    def throttled(self, function: str) -> Iterator[None]:
        """Let Lambda throttle every call of a function while the block runs."""
        name = self.outputs.functions[function]
        before = self.lambda_.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions")
        self.lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
        try:
            yield
        finally:
            if before is None:
                self.lambda_.delete_function_concurrency(FunctionName=name)
            else:
                self.lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=before)

    def invocations(self) -> dict[str, int]:
        """Return the number of runs of each function, by its log.

        Functions that run after a test's end are left out, and `sweep`, which has a schedule.
        """
        counted = {}
        for name, physical in self.outputs.functions.items():
            if name in {"admit", "prewarm", "refine", "remove", "sweep", "webhook"}:
                continue
            group = self.lambda_.get_function_configuration(FunctionName=physical)["LoggingConfig"]["LogGroup"]
            pages = self.logs.get_paginator("filter_log_events").paginate(logGroupName=group, filterPattern="REPORT")
            counted[name] = sum(event["message"].startswith("REPORT") for page in pages for event in page["events"])
        return counted

    # --- removals

    def removed(self, image_id: str) -> dict[str, Any]:
        """Wait until an image's removal is done; return its record as the API shows it."""
        return eventually(lambda: _done(self.client.image(image_id)))

    def remove(self, image_id: str) -> dict[str, Any]:
        """Remove an image, and return its record when everything is deleted."""
        answer = self.client.delete(image_id)
        assert answer.status_code == 202, answer.text
        return self.removed(image_id)

    def left_of(self, image_id: str) -> list[str]:
        """Return all remaining files of an image in all buckets, including versions and delete markers."""
        prefixes = {"generated": f"images/{image_id}/", "published": f"{image_id}/", "staging": f"{image_id}/"}
        keys = [f"{bucket}/{key}" for bucket, prefix in prefixes.items() for key in self.keys(bucket, prefix)]
        return keys + [f"originals/{key}" for key in self.versions("originals", f"uploads/{image_id}/")]

    def executions(self, machine: str, image_id: str) -> list[dict[str, Any]]:
        """Return the executions of a state machine on an image, the newest first."""
        pages = self.stepfunctions.get_paginator("list_executions").paginate(
            stateMachineArn=self.outputs.state_machines[machine]
        )
        return [each for page in pages for each in page["executions"] if each["name"].startswith(image_id)]

    def end_of_retirement(self, image_id: str, revision: int) -> dict[str, Any]:
        """Wait until the files that a revision replaced are deleted, and return the execution."""
        machine = self.outputs.state_machines["retire"]
        arn = f"{machine.replace(':stateMachine:', ':execution:')}:{image_id}-{revision}"
        eventually(lambda: self.executions("retire", image_id))
        return self.wait_for(arn)

    @contextmanager
    def refusing(self, bucket: str, action: str, *, keys: str = "*") -> Iterator[None]:
        """Let a bucket refuse an action on some keys to all functions while the block runs (root is exempt)."""
        name = self.outputs.buckets[bucket]
        policy = self.s3.get_bucket_policy(Bucket=name)["Policy"]
        changed = json.loads(policy)
        changed["Statement"].append(
            {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": f"arn:aws:s3:::{name}/{keys}"}
        )
        self.s3.put_bucket_policy(Bucket=name, Policy=json.dumps(changed))
        try:
            yield
        finally:
            self.s3.put_bucket_policy(Bucket=name, Policy=policy)

    # --- what is stored

    def item(self, image_id: str, sort_key: str = "RECORD") -> dict[str, Any]:
        """Return one item of an image's partition in the table; {} if there is none."""
        answer = self.dynamodb.get_item(
            TableName=self.outputs.table,
            Key={"pk": {"S": f"IMAGE#{image_id}"}, "sk": {"S": sort_key}},
            ConsistentRead=True,
        )
        return _plain(answer.get("Item", {}))

    def items(self, image_id: str) -> dict[str, dict[str, Any]]:
        """Return all items of an image's partition in the table, by sort key."""
        answer = self.dynamodb.query(
            TableName=self.outputs.table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"IMAGE#{image_id}"}},
            ConsistentRead=True,
        )
        items = [_plain(item) for item in answer["Items"]]
        return {item["sk"]: item for item in items}

    def write_claim(self, image_id: str, execution_arn: str, *, sequencer: str, etag: str) -> None:
        """Write into an image's record that an execution has claimed an upload."""
        self._update(
            image_id,
            "SET claimed_by = :arn, sequencer = :sequencer, #status = :processing, last_revision = :one, "
            "claimed_etag = :etag",
            {":arn": {"S": execution_arn}, ":sequencer": {"S": sequencer}, ":processing": {"S": "PROCESSING"},
             ":one": {"N": "1"}, ":etag": {"S": etag}},
            {"#status": "status"},
        )  # fmt: skip

    def write_second_uploads(self, image_id: str, lines: int) -> None:
        """Write one line of history per unclaimed upload, like an earlier release."""
        items = [
            {"pk": {"S": f"IMAGE#{image_id}"}, "sk": {"S": f"EVENT#2026-01-01T00:00:00.{number:06d}Z#SECOND_UPLOAD"},
             "type": {"S": "SECOND_UPLOAD"}, "at": {"S": f"2026-01-01T00:00:00.{number:06d}Z"},
             "execution_arn": {"S": self.execution_arn(f"{number:036d}")}, "sequencer": {"S": f"{number:018X}"}}
            for number in range(lines)
        ]  # fmt: skip
        for start in range(0, lines, 25):
            puts = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
            self.dynamodb.batch_write_item(RequestItems={self.outputs.table: puts})

    def set_legal_hold(self, image_id: str) -> None:
        """Put an image under legal hold, as an operator does."""
        self._update(image_id, "SET legal_hold = :true", {":true": {"BOOL": True}}, {})

    def set_status(self, image_id: str, status: str) -> None:
        """Change the status of an image's record, as an operator does to resume it."""
        self._update(image_id, "SET #status = :status", {":status": {"S": status}}, {"#status": "status"})

    def set_texts(self, image_id: str, **values: str) -> None:
        """Write attributes of an image's record."""
        self._update(
            image_id,
            "SET " + ", ".join(f"#{name} = :{name}" for name in values),
            {f":{name}": {"S": value} for name, value in values.items()},
            {f"#{name}": name for name in values},
        )

    def set_review_due(self, image_id: str, at: str) -> None:
        """Set the time by which people are to decide the review of an image."""
        self._update(image_id, "SET review.due_at = :at", {":at": {"S": at}}, {})

    def _update(self, image_id: str, expression: str, values: dict[str, Any], names: dict[str, str]) -> None:
        options = {"ExpressionAttributeNames": names} if names else {}
        self.dynamodb.update_item(
            TableName=self.outputs.table,
            Key={"pk": {"S": f"IMAGE#{image_id}"}, "sk": {"S": "RECORD"}},
            UpdateExpression=expression,
            ExpressionAttributeValues=values,
            **options,
        )

    def history(self, image_id: str) -> list[str]:
        """Return the types of an image's history events, oldest first."""
        answer = self.dynamodb.query(
            TableName=self.outputs.table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :event)",
            ExpressionAttributeValues={":pk": {"S": f"IMAGE#{image_id}"}, ":event": {"S": "EVENT#"}},
            ConsistentRead=True,
        )
        return [_plain(item)["type"] for item in answer["Items"]]

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        """Return the keys below a prefix of one of the four buckets."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.outputs.buckets[bucket], Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page.get("Contents", ())]

    def versions(self, bucket: str, prefix: str) -> list[str]:
        """Return the keys of all versions and delete markers below a prefix."""
        answer = self.s3.list_object_versions(Bucket=self.outputs.buckets[bucket], Prefix=prefix)
        return [entry["Key"] for entry in (*answer.get("Versions", ()), *answer.get("DeleteMarkers", ()))]

    def stored_versions(self, bucket: str, prefix: str) -> list[str]:
        """Return the ids of all versions below a prefix, the newest first; delete markers hold nothing."""
        answer = self.s3.list_object_versions(Bucket=self.outputs.buckets[bucket], Prefix=prefix)
        return [entry["VersionId"] for entry in answer.get("Versions", ())]

    @contextmanager
    def announcements(self) -> "Iterator[Callable[[str], list[str]]]":
        """Listen on the event bus while the block runs; the yielded function returns an image's event types so far."""
        name = f"test-{uuid.uuid4().hex[:8]}"
        queue = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        bus = self.outputs.event_bus
        self.events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps({"source": ["image-scaler"]}))
        self.events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])
        heard: list[dict[str, Any]] = []

        def heard_of(image_id: str) -> list[str]:
            while messages := self.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
                heard.extend(json.loads(message["Body"]) for message in messages)
            return [event["detail-type"] for event in heard if event["detail"]["image_id"] == image_id]

        try:
            yield heard_of
        finally:
            self.events.remove_targets(Rule=name, EventBusName=bus, Ids=["queue"])
            self.events.delete_rule(Name=name, EventBusName=bus)
            self.sqs.delete_queue(QueueUrl=queue)


def trust_of(outputs: Outputs) -> ssl.SSLContext:
    """Return the TLS context for the emulator."""
    return ssl.create_default_context(cafile=outputs.ca_file)


def _processed(item: dict[str, Any]) -> dict[str, Any] | None:
    return item if item and item["status"] not in IN_PROGRESS else None


def _done(record: dict[str, Any]) -> dict[str, Any] | None:
    return record if record.get("removal", {}).get("status") == "DONE" else None


def _has_environment(process: psutil.Process, variables: dict[str, str]) -> bool:
    """Return whether a process was started with these variables; other instances run functions with the same names."""
    try:
        return variables.items() <= process.environ().items()
    except (psutil.Error, OSError):
        return False


def _plain(item: dict[str, Any]) -> dict[str, Any]:
    deserializer = TypeDeserializer()
    return {name: deserializer.deserialize(value) for name, value in item.items()}
