"""The whole pipeline in one process: the deployed state machines, the real functions, AWS in moto.

Moto's interpreter runs the state machines and does their direct calls of DynamoDB, EventBridge and Step Functions. In
place of a Lambda invocation the function's domain code runs here, and an injection may kill it; a killed worker answers
``Runtime.ExitError``, as Lambda does. A test can hold the Wait states of the machines, to decide what happens before
one is over. There are no status-change events here, so ``finish`` starts `settle` for runs that ended badly.
"""

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from botocore.config import Config
from moto import mock_aws
from moto.dynamodb.models import dynamodb_backends
from moto.s3 import urls as s3_urls
from moto.s3.models import S3Backend, s3_backends
from moto.stepfunctions.models import stepfunctions_backends
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sfn import (
    StateTaskServiceSfn,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.utils import boto_client, json_path
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.parser.utils import TMP_THREADS
from ulid import ULID

from functions.blur.pictures import blur_picture
from functions.blur.settings import BlurSettings
from functions.decide.settings import DecideSettings
from functions.manage.focal_point import FocalPoints
from functions.manage.removal import Remover
from functions.manage.settings import ManageSettings
from functions.moderate.detection import RekognitionDetector
from functions.moderate.moderation import Moderator
from functions.moderate.stored_answers import StoredAnswers
from functions.optimize.originals import optimize_original
from functions.optimize.settings import OptimizeSettings
from functions.persist.publication import Publisher
from functions.persist.settings import PersistSettings
from functions.policy.store import PolicyStore
from functions.prewarm.prewarming import Prewarming
from functions.prewarm.settings import PrewarmSettings
from functions.records.changes import ChangeWriter
from functions.records.creation import NewImage, RecordCreator
from functions.records.focal_point import FocalPointWriter
from functions.records.partition import Partition
from functions.records.reader import RecordReader
from functions.records.removal import RemovalWriter
from functions.records.verdicts import VerdictWriter
from functions.refine.refinement import Refiner
from functions.refine.settings import RefineSettings
from functions.remove.deletion import Deleter
from functions.remove.settings import RemoveSettings
from functions.serve.delivery import ImageDelivery
from functions.serve.settings import ServeSettings
from functions.shared.aws import session
from functions.shared.contracts import BlurRequest, DeletionRequest, ModerateRequest, OptimizeRequest, PersistRequest
from functions.shared.dynamo import from_item, to_item
from functions.shared.events import EventPublisher
from functions.shared.executions import Executions as StateMachines
from functions.shared.keys import record_partition
from functions.shared.object_store import S3ObjectStore
from functions.shared.retirement import Retirement
from functions.shared.timeouts import TimeBudget
from functions.shared.upload_events import ingest_input
from functions.shared.uploads_queue import UploadsQueue
from functions.verdicts.changes import VerdictChanges
from functions.verdicts.requests import DecideRequest, decide
from tests.fakes.aws import ENVIRONMENT, EVENT_BUS, create_records_table
from tests.fakes.gateway import Answer, proxy_event
from tests.fakes.rekognition import labels
from tests.sabotage.audit import ImageState, StoredFile
from tests.sabotage.injection import Injection, Killed
from tests.workflows import engines

REGION = engines.REGION
TABLE = engines.TABLE
SETTINGS = ENVIRONMENT | {
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "TABLE_NAME": TABLE,
    **{
        f"{name.upper()}_STATE_MACHINE_ARN": f"arn:aws:states:{REGION}:{engines.ACCOUNT}:stateMachine:{name}"
        for name in ("remove", "retire")
    },
    "PREWARM_WIDTHS": "96",
    "PREWARM_FORMATS": "webp",
    "REFINE": "common",
}
BUCKETS = {name: SETTINGS[f"{name.upper()}_BUCKET"] for name in ("originals", "staging", "published", "generated")}
FUNCTIONS = Path(__file__).resolve().parents[2] / "functions"
VERDICTS = {
    "allow": (),
    "blur": labels(("Weapons", "Violence", 97.0), ("Violence", "", 97.0)),
    "block": labels(("Explicit Sexual Activity", "Explicit", 99.0), ("Explicit", "", 99.0)),
}
"""What the detector finds so that the policy decides this."""
SECONDS = 120.0
"""How long anything may take before a test gives up."""
PAGE = 10
"""Messages that SQS hands out in one call."""


class Clients:
    """Botocore clients of one group of workers; an injection watches those of its victim."""

    def __init__(self) -> None:
        self.by_service = {
            service: _new_client(service)
            for service in ("s3", "dynamodb", "events", "rekognition", "sqs", "stepfunctions")
        }

    def __getattr__(self, service: str) -> Any:
        return self.by_service[service]


def _new_client(service: str) -> Any:
    return session().create_client(
        service,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, ignore_configured_endpoint_urls=True),
    )


class Executions:
    """Counts the executions that run and the waits that are held."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.running: set[str] = set()
        self.held: set[str] = set()
        self.ended: list[dict[str, Any]] = []
        self.holds_from: float | None = None

    def wait(self, arn: str, seconds: float) -> None:
        """Stand in for a Wait state: over at once, or when it is no longer held."""
        with self.changed:
            while self._is_held(seconds):
                if arn not in self.held:
                    self.held.add(arn)
                    self.changed.notify_all()
                assert self.changed.wait(SECONDS), arn
            self.held.discard(arn)

    def _is_held(self, seconds: float) -> bool:
        return self.holds_from is not None and seconds >= self.holds_from

    def hold(self, from_seconds: float | None) -> None:
        """Hold waits of at least so many seconds; None holds none."""
        with self.changed:
            self.holds_from = from_seconds
            self.held.clear()  # who is still held says so again
            self.changed.notify_all()

    def idle(self, *, aside: frozenset[str] = frozenset()) -> None:
        """Return when every execution has ended or is held; those ``aside`` are not waited for."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.running - aside <= self.held, SECONDS), self.running - aside

    def started(self, arn: str) -> None:
        """Count an execution that is being started."""
        with self.changed:
            self.running.add(arn)

    def has_ended(self, details: dict[str, Any]) -> None:
        """Note how an execution ended."""
        with self.changed:
            self.ended.append(details)
            self.running.remove(details["executionArn"])
            self.changed.notify_all()


class InProcessPipeline:
    """One small AWS with the pipeline in it; use inside ``in_process_pipeline``."""

    def __init__(self, executions: Executions) -> None:
        self.executions = executions
        self.clients, self.victim_clients = Clients(), Clients()
        self.injection: Injection | None = None
        self._found: list[dict[str, Any]] = []
        self.spoil: Callable[[dict[str, Any]], dict[str, Any]] = dict
        """What becomes of the detector's answers; it may raise."""
        self.lambda_answers: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {}
        """What becomes of the answers of functions, by name: what Lambda itself may make of them."""
        for clients in (self.clients, self.victim_clients):
            events = clients.rekognition.meta.events
            events.register("before-call.rekognition.DetectModerationLabels", self._detect)
        self.stepfunctions = _new_client("stepfunctions")
        self._create_resources()
        self.machines = {
            name: self.stepfunctions.create_state_machine(
                name=name, definition=engines.definition(name), roleArn=f"arn:aws:iam::{engines.ACCOUNT}:role/{name}"
            )["stateMachineArn"]
            for name in engines.MACHINES
        }
        self._heard: dict[str, list[str]] = {}
        self._published: dict[bytes, ImageState] = {}

    def _create_resources(self) -> None:
        for bucket in BUCKETS.values():
            self.clients.s3.create_bucket(Bucket=bucket)
        versioning = {"Status": "Enabled"}
        self.clients.s3.put_bucket_versioning(Bucket=BUCKETS["originals"], VersioningConfiguration=versioning)
        create_records_table(self.clients.dynamodb, TABLE)
        self.clients.events.create_event_bus(Name=EVENT_BUS)
        self._sqs = _new_client("sqs")
        self._queue = self._sqs.create_queue(QueueName="everything")["QueueUrl"]
        pattern = json.dumps({"source": ["image-scaler"]})
        self.clients.events.put_rule(Name="everything", EventBusName=EVENT_BUS, EventPattern=pattern)
        target = {"Id": "queue", "Arn": f"arn:aws:sqs:{REGION}:{engines.ACCOUNT}:everything"}
        self.clients.events.put_targets(Rule="everything", EventBusName=EVENT_BUS, Targets=[target])

    def _detect(self, **_options: Any) -> tuple[Any, dict[str, Any]]:
        """Answer in place of Rekognition, which moto does not have."""
        found = {"ModerationLabels": self._found, "ModerationModelVersion": "7.0"}
        return SimpleNamespace(status_code=200), self.spoil(found)

    # --- what people do

    def upload(self, body: bytes) -> str:
        """Register an image and store its original; return its id."""
        image_id = RecordCreator(TABLE, self.clients.dynamodb).create(
            NewImage("image/jpeg", len(body), filename="cat.jpg")
        )
        key = f"uploads/{image_id}/original"
        self.clients.s3.put_object(Bucket=BUCKETS["originals"], Key=key, Body=body, ContentType="image/jpeg")
        return image_id

    def ingest(self, image_id: str, verdict: str = "allow", **options: Any) -> None:
        """Start a run of `ingest`; the detector finds in every picture from now on what leads to the verdict."""
        self._found = list(VERDICTS[verdict])
        key = f"uploads/{image_id}/original"
        head = self.clients.s3.head_object(Bucket=BUCKETS["originals"], Key=key)
        stored = {
            "key": key, "size": head["ContentLength"], "etag": head["ETag"].strip('"'), "sequencer": "0055AED6DCD90281",
            "version-id": head["VersionId"],
        }  # fmt: skip
        event = {"detail": {"bucket": {"name": BUCKETS["originals"]}, "object": stored}, **options}
        self.start("ingest", ingest_input(event))

    def remove(self, image_id: str) -> None:
        """Remove an image as DELETE does."""
        arn = ManageSettings.from_environment(SETTINGS).remove_state_machine_arn
        records = RemovalWriter(TABLE, self.clients.dynamodb)
        Remover(arn, records=records, executions=StateMachines(self.stepfunctions)).remove(image_id)

    def published(self, body: bytes) -> str:
        """Return the id of a published image: the first one that a run published, or a copy of it."""
        if body not in self._published:
            image_id = self.upload(body)
            self.ingest(image_id)
            self.finish()
            assert self.record(image_id)["status"] == "PUBLISHED", self.record(image_id)
            self._published[body] = self.state(image_id)
        return self._copied(self._published[body])

    def _copied(self, image: ImageState) -> str:
        """Copy an image, as if another run had made it; return the new id."""
        copy_id = str(ULID())
        for item in image.items.values():
            document = json.loads(json.dumps(item).replace(image.image_id, copy_id))
            self.clients.dynamodb.put_item(TableName=TABLE, Item=to_item(document))
        for file in image.files:
            bucket = BUCKETS[file.bucket]
            source = {"Bucket": bucket, "Key": file.key}
            self.clients.s3.copy_object(Bucket=bucket, Key=file.key.replace(image.image_id, copy_id), CopySource=source)
        self._heard[copy_id] = list(image.events)
        return copy_id

    def change(self, image_id: str, what: str) -> None:
        """Remove an image, ``stop`` it by an override to block, or have it judged again to ``blur`` or ``block``.

        Return when no state can go on.
        """
        before = frozenset(self.executions.running)
        if what == "remove":
            self.remove(image_id)
        elif what == "stop":
            self.block(image_id)
        else:
            self.ingest(image_id, what, rework=True)
        self.executions.idle(aside=before)

    def block(self, image_id: str) -> None:
        """Block an image by a change of its verdict; it is repeated where the worker was killed."""
        change = {"image_id": image_id, "revision": self.record(image_id).get("revision", 0), "decision": "block"}
        document = {"changes": [{**change, "source": "override", "reason": "SEEN", "actor": "service"}]}
        if "errorType" in self.invoke("decide", document):
            self.invoke("decide", document)

    def serve(self, image_id: str) -> Answer | None:
        """Ask for a variant; None where the worker was killed."""
        event = proxy_event("GET", f"/images/{image_id}", query={"width": "64", "format": "webp"})
        event["pathParameters"] = {"id": image_id}
        raw = self.invoke("serve", event)
        return None if "errorType" in raw else Answer(raw)

    def prewarm(self, image_id: str) -> None:
        """Prewarm an image; the queue delivers its message again where the worker was killed."""
        if "errorType" in self.invoke("prewarm", {"image_id": image_id}):
            self.invoke("prewarm", {"image_id": image_id})

    def refine(self, image_id: str) -> None:
        """Refine the one variant of an image; the queue delivers its message again where the worker was killed."""
        prefix = _prefix("generated", image_id)
        (stored,) = self.clients.s3.list_objects_v2(Bucket=BUCKETS["generated"], Prefix=prefix)["Contents"]
        message = {"key": stored["Key"], "etag": stored["ETag"].strip('"')}
        if "errorType" in self.invoke("refine", message):
            self.invoke("refine", message)

    def set_focal_point(self, image_id: str) -> None:
        """Set the focal point of an image as PATCH does; nobody repeats the call."""
        self.invoke("manage", {"image_id": image_id})

    def forget(self, image_id: str) -> None:
        """Drop everything that AWS has of an image: moto copies whole tables and walks whole buckets."""
        dynamodb_backends[engines.ACCOUNT][REGION].tables[TABLE].items.pop(record_partition(image_id), None)
        for name, bucket in BUCKETS.items():
            keys = s3_backends[engines.ACCOUNT]["aws"].buckets[bucket].keys
            for key in [key for key in keys if key.startswith(_prefix(name, image_id))]:
                keys.pop(key)

    # --- executions

    def start(self, machine: str, document: dict[str, Any]) -> None:
        """Start an execution."""
        arn = self.machines[machine]
        self.stepfunctions.start_execution(stateMachineArn=arn, name=uuid.uuid4().hex, input=json.dumps(document))

    def finish(self) -> None:
        """Let every wait end, and return when everything has ended, `settle` included."""
        self.executions.hold(None)
        self.executions.idle()
        while failed := self._take_failed():
            for details in failed:
                self.start("settle", {"detail": details})
            self.executions.idle()
        _forget_executions()

    def _take_failed(self) -> list[dict[str, Any]]:
        ended, self.executions.ended = self.executions.ended, []
        for each in ended:
            assert each["status"] == "SUCCEEDED" or "stateMachine:settle" not in each["stateMachineArn"], each
        return [each for each in ended if each["status"] != "SUCCEEDED"]

    # --- functions

    def invoke(self, function: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Run a function as Lambda does; what it raises is an answer too."""
        injection = self.injection if self.injection is not None and self.injection.takes(function) else None
        clients = self.clients if injection is None else self.victim_clients
        try:
            if injection is None:
                result = self._run(function, payload, clients)
            else:
                with injection.playing(FUNCTIONS, clients.by_service.values()):
                    result = self._run(function, payload, clients)
        except Killed:
            return {"errorType": "Runtime.ExitError", "errorMessage": "killed"}
        except Exception as error:  # noqa: BLE001 - Lambda answers with it
            return {"errorType": type(error).__name__, "errorMessage": str(error)}
        answer = dict(json.loads(json.dumps(result or {})))
        return self.lambda_answers.get(function, dict)(answer)

    def _run(self, function: str, payload: dict[str, Any], clients: Clients) -> Any:  # noqa: C901, PLR0911 - one branch per function
        store = S3ObjectStore(clients.s3)
        records = RecordReader(TABLE, clients.dynamodb)
        retirement = Retirement(StateMachines(clients.stepfunctions), SETTINGS["RETIRE_STATE_MACHINE_ARN"])
        match function:
            case "optimize":
                settings = OptimizeSettings.from_environment(SETTINGS)
                return optimize_original(
                    OptimizeRequest.from_state(payload), store=store, settings=settings
                ).outcome.to_state()
            case "moderate":
                moderator = Moderator(
                    detector=RekognitionDetector(clients.rekognition),
                    records=records,
                    stored_answers=StoredAnswers(TABLE, clients.dynamodb),
                    policies=PolicyStore(TABLE, clients.dynamodb),
                    staging_bucket=BUCKETS["staging"],
                )
                return moderator.moderate(
                    ModerateRequest.from_state(payload), budget=TimeBudget(50.0)
                ).result.to_state()
            case "blur":
                settings = BlurSettings.from_environment(SETTINGS)
                return blur_picture(BlurRequest.from_state(payload), store=store, settings=settings).to_state()
            case "persist":
                publisher = Publisher(
                    store=store,
                    records=records,
                    verdicts=VerdictWriter(TABLE, clients.dynamodb),
                    events=EventPublisher(EVENT_BUS, clients.events),
                    retirement=retirement,
                    settings=PersistSettings.from_environment(SETTINGS),
                )
                return publisher.persist(PersistRequest.from_state(payload)).to_state()
            case "manage":
                focal_points = FocalPoints(
                    records=FocalPointWriter(TABLE, clients.dynamodb),
                    store=store,
                    events=EventPublisher(EVENT_BUS, clients.events),
                    retirement=retirement,
                    generated_bucket=BUCKETS["generated"],
                )
                return focal_points.set(payload["image_id"], 0.25, 0.75)
            case "decide":
                settings = DecideSettings.from_environment(SETTINGS)
                changes = VerdictChanges(
                    reader=records,
                    writer=ChangeWriter(TABLE, clients.dynamodb),
                    store=store,
                    events=EventPublisher(EVENT_BUS, clients.events),
                    queue=UploadsQueue(settings.uploads_queue_url, clients.sqs),
                    retirement=retirement,
                    generated_bucket=BUCKETS["generated"],
                    originals_bucket=BUCKETS["originals"],
                )
                return decide(DecideRequest.from_state(payload), changes).to_state()
            case "remove":
                deleter = Deleter(
                    RemoveSettings.from_environment(SETTINGS), store=store,
                    partition=Partition(TABLE, clients.dynamodb),
                )  # fmt: skip
                return deleter.delete(DeletionRequest.from_state(payload)).to_state()
            case "serve":
                settings = ServeSettings.from_environment(SETTINGS)
                return ImageDelivery(settings, store=store, records=records).respond(payload).proxy
            case "prewarm":
                settings = PrewarmSettings.from_environment(SETTINGS)
                return {"kept": Prewarming(settings, store=store, records=records).prewarm(payload["image_id"])}
            case "refine":
                refiner = Refiner(RefineSettings.from_environment(SETTINGS), store=store, records=records)
                return {"outcome": refiner.refine(payload["key"], etag=payload["etag"]).outcome}
        raise AssertionError(function)

    # --- what there is

    def record(self, image_id: str) -> dict[str, Any]:
        """Return an image's record."""
        return dict(self.state(image_id).record)

    def state(self, image_id: str, *answers: Answer | None) -> ImageState:
        """Return everything that is known of an image."""
        items = self.clients.dynamodb.query(
            TableName=TABLE,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": record_partition(image_id)}},
            ConsistentRead=True,
        )["Items"]
        self._listen()
        return ImageState(
            image_id,
            {item["sk"]: item for item in map(from_item, items)},
            tuple(self._files(image_id)),
            events=tuple(self._heard.get(image_id, ())),
            answers=tuple(answer.status for answer in answers if answer is not None),
        )

    def _files(self, image_id: str) -> Iterator[StoredFile]:
        for name in ("staging", "published", "generated"):
            listed = self.clients.s3.list_objects_v2(Bucket=BUCKETS[name], Prefix=_prefix(name, image_id))
            for each in listed.get("Contents", ()):
                head = self.clients.s3.head_object(Bucket=BUCKETS[name], Key=each["Key"])
                yield StoredFile(name, each["Key"], revision=head["Metadata"].get("revision", ""))
        found = self.clients.s3.list_object_versions(Bucket=BUCKETS["originals"], Prefix=_prefix("originals", image_id))
        for each in found.get("Versions", ()):
            yield StoredFile("originals", each["Key"], etag=each["ETag"].strip('"'))
        for each in found.get("DeleteMarkers", ()):
            yield StoredFile("originals", each["Key"], is_delete_marker=True)

    def _listen(self) -> None:
        while messages := self._sqs.receive_message(
            QueueUrl=self._queue, MaxNumberOfMessages=PAGE
        ).get("Messages", ()):  # fmt: skip
            for message in messages:
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
                event = json.loads(message["Body"])
                self._heard.setdefault(event["detail"]["image_id"], []).append(event["detail-type"])


def _prefix(bucket: str, image_id: str) -> str:
    """Return what the keys of an image begin with in a bucket."""
    folder = {"originals": "uploads/", "generated": "images/"}.get(bucket, "")
    return f"{folder}{image_id}/"


@contextmanager
def in_process_pipeline() -> Iterator[InProcessPipeline]:
    """Have the pipeline in this process while the block runs."""
    executions = Executions()
    made: list[InProcessPipeline] = []

    def invoke(parameters: dict[str, Any], **_options: Any) -> dict[str, Any]:
        function = parameters["FunctionName"].rpartition(":")[2].lower()
        answer = made[0].invoke(function, json.loads(parameters["Payload"]))
        failed = {"FunctionError": "Unhandled"} if "errorType" in answer else {}
        return {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": answer, **failed}

    with ExitStack() as stack:
        stack.enter_context(mock_aws(config={"stepfunctions": {"execute_state_machine": True}}))
        stack.enter_context(patch.object(retrier_decl, "time", SimpleNamespace(sleep=float)))
        stack.enter_context(patch.object(AmazonStateLanguageParser, "parse", cache(AmazonStateLanguageParser.parse)))
        stack.enter_context(patch.object(json_path, "parse", cache(json_path.parse)))
        stack.enter_context(patch.object(S3Backend, "_url_module", s3_urls))  # moto loads it again at every request
        stack.enter_context(patch.object(boto_client, "boto3", SimpleNamespace(client=_once_per_service())))
        stack.enter_context(
            patch.object(
                StateTaskServiceSfn, "_normalise_parameters", _camel_case(StateTaskServiceSfn._normalise_parameters)
            )
        )
        stack.enter_context(patch.object(lambda_eval_utils, "_invoke_lambda_function", invoke))
        stack.enter_context(patch.object(WaitFunction, "_wait_interval", _waiting(executions)))
        stack.enter_context(patch.object(ExecutionWorker, "start", _starting(executions, ExecutionWorker.start)))
        stack.enter_context(
            patch.object(ExecutionWorker, "_execution_logic", _ending(executions, ExecutionWorker._execution_logic))
        )
        made.append(InProcessPipeline(executions))
        yield made[0]
        made[0].finish()


def _forget_executions() -> None:
    """Free the histories of executions, which take megabytes each; moto keeps them all."""
    for machine in stepfunctions_backends[engines.ACCOUNT][REGION].state_machines:
        machine.executions.clear()
    TMP_THREADS.clear()


def _once_per_service() -> Callable[..., Any]:
    """Return boto3.client for the interpreter, which asks for one at every Task (20 ms each)."""
    import boto3

    made: dict[str, Any] = {}

    def client(service_name: str, **options: Any) -> Any:
        if service_name not in made:
            made[service_name] = boto3.client(service_name=service_name, **options)
        return made[service_name]

    return client


def _camel_case(normalise: Callable[..., None]) -> Callable[..., None]:
    """Return the normalisation of StartExecution's parameters, with names as botocore has them; moto forgets that."""

    def normalise_parameters(task: Any, parameters: dict[str, Any], **options: Any) -> None:
        normalise(task, parameters=parameters, **options)
        for name in list(parameters):
            parameters[f"{name[0].lower()}{name[1:]}"] = parameters.pop(name)

    return normalise_parameters


def _waiting(executions: Executions) -> Callable[..., None]:
    def wait_interval(_function: Any, env: Any, wait_seconds: int) -> None:
        executions.wait(env.states.context_object.context_object_data["Execution"]["Id"], wait_seconds)

    return wait_interval


def _starting(executions: Executions, start: Callable[[Any], None]) -> Callable[[Any], None]:
    def started(worker: Any) -> None:
        executions.started(worker._evaluation_details.execution_details.arn)
        start(worker)

    return started


def _ending(executions: Executions, logic: Callable[[Any], None]) -> Callable[[Any], None]:
    def run(worker: Any) -> None:
        details = worker._evaluation_details
        try:
            logic(worker)
        finally:
            execution = worker._execution_communication.execution
            executions.has_ended(
                {
                    "executionArn": details.execution_details.arn,
                    "stateMachineArn": details.state_machine_details.arn,
                    "status": execution.exec_status.value,
                    "input": json.dumps(details.execution_details.inpt),
                    "error": str(execution.error),
                    "cause": str(execution.cause),
                }
            )

    return run


__all__ = ["InProcessPipeline", "in_process_pipeline"]
