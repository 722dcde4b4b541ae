"""AWS's runtime client drives the pipeline's functions from the zips for arm64, compared with those for this machine.

S3, DynamoDB and EventBridge are the emulator's, Rekognition is the local stand-in, all on the loopback. Not shown: the
sandbox's limit of memory, because qemu ignores RLIMIT_DATA.
"""

import base64
import hashlib
import io
import json
import os
import sys
import time
from contextlib import ExitStack, contextmanager
from functools import partial

import boto3
import httpx
import pytest
from botocore.config import Config

from cdk.packaging import ROOT, Arch
from functions.shared.dynamo import from_item, to_item
from functions.shared.keys import RECORD_SORT_KEY, original_key, record_partition
from local.demo.samples import SAMPLES
from local.prerequisites import LOOPBACK, free_port_near
from local.processes import ProcessBook, wait_until_ready
from tests.arm64.conftest import assert_close, environments
from tests.arm64.lambda_service import running
from tests.fakes.aws import (
    ENVIRONMENT,
    EVENT_BUS,
    GENERATED,
    ORIGINALS,
    PUBLISHED,
    STAGING,
    TABLE,
    create_records_table,
)

REGION = ENVIRONMENT["AWS_REGION"]
IMAGE_IDS = {"bather.webp": "01JD6V5X3QWERTY0ASDFGHJKZX", "camera-grey.jpg": "01JD6V5X3QWERTY0ASDFGHJKZY"}
"""The samples: Rekognition flags the first, which is blurred."""
EXECUTION = f"arn:aws:states:{REGION}:123456789012:execution:ingest:tested"
ACCEPT = {"avif": "image/avif,*/*", "webp": "image/webp,*/*", "jpeg": "*/*"}
TIMES = {"at", "created_at", "updated_at", "moderated_at", "sk"}


def is_ready(address):
    try:
        return httpx.get(address, timeout=2, trust_env=False).is_success
    except httpx.TransportError:
        return False


@contextmanager
def service(arguments, environment, log, address):
    """Run a server with its workers until the block ends."""
    variables = {"PATH": os.defpath, "HOME": str(log.parent), "TMPDIR": str(log.parent), **environment}
    book = ProcessBook(log.with_suffix(".json"))
    try:
        started = book.start(log.name, [sys.executable, *arguments], environment=variables, log=log, folder=ROOT)
        wait_until_ready(started, partial(is_ready, address))
        yield
    finally:
        book.stop_all()


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    """The endpoints of a new AWS on the loopback, as variables for functions."""
    folder = tmp_path_factory.mktemp("aws")
    with ExitStack() as stack:
        port = free_port_near(24566)
        address = f"http://{LOOPBACK}:{port}"
        credentials = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": REGION,
                       "AWS_DEFAULT_REGION": REGION, "AWS_ENDPOINT_URL": address}  # fmt: skip
        emulator = ["-m", "hypercorn", "ministack.app:app", "--bind", f"{LOOPBACK}:{port}"]
        options = {"MINISTACK_REGION": REGION, "GATEWAY_PORT": str(port), "IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0"}
        stack.enter_context(service(emulator, options, folder / "emulator", f"{address}/_ministack/health"))
        detector = free_port_near(port + 1)
        stand_in = ["-m", "local.rekognition", str(detector), "stand-in"]
        found = f"http://{LOOPBACK}:{detector}"
        stack.enter_context(service(stand_in, credentials, folder / "rekognition", f"{found}/control"))
        yield {**credentials, "AWS_ENDPOINT_URL_REKOGNITION": found}


def client(aws, name):
    return boto3.client(
        name, endpoint_url=aws["AWS_ENDPOINT_URL"], region_name=REGION, aws_access_key_id="test",
        aws_secret_access_key="test", config=Config(s3={"addressing_style": "path"}),
    )  # fmt: skip


class Pipeline:
    """Runs the functions' zips for one architecture, as ``ingest`` does, and API Gateway after it."""

    def __init__(self, arch, command, *, aws, code, runtime, variables, logs):
        self.arch, self._command, self._aws, self._code, self._runtime = arch, command, aws, code, runtime
        self._variables, self._logs = variables, logs
        self.responses, self.files, self.records, self.calls = {}, {}, {}, 0
        httpx.post(f"{aws['AWS_ENDPOINT_URL']}/_ministack/reset", timeout=30, trust_env=False).raise_for_status()
        self.s3, self.dynamodb = client(aws, "s3"), client(aws, "dynamodb")
        for bucket in (ORIGINALS, STAGING, PUBLISHED, GENERATED):
            self.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        create_records_table(self.dynamodb, TABLE)
        client(aws, "events").create_event_bus(Name=EVENT_BUS)

    def function(self, name):
        folder = self._code(self.arch, name)
        handler = f"functions.{name}.handler.lambda_handler"
        environment = {
            **self._variables[f"functions.{name}.handler"], **ENVIRONMENT, **self._aws, "_HANDLER": handler,
            "LAMBDA_TASK_ROOT": str(folder), "AWS_LAMBDA_FUNCTION_NAME": name, "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "3008", "AWS_EC2_METADATA_DISABLED": "true", "PATH": os.defpath,
            "PYTHONPATH": f"{folder}:{self._runtime(self.arch)}", "PYTHONDONTWRITEBYTECODE": "1",
        }  # fmt: skip
        command = [*self._command, "-S", "-m", "awslambdaric", handler]
        return running(command, folder=folder, environment=environment, log=self._logs / f"{self.arch}-{name}")

    def ingest(self, samples):
        originals = {name: self._claim(name, image_id) for name, image_id in samples.items()}
        self._state("optimize", samples, lambda name: {"original": originals[name]})
        self._state(
            "moderate", samples,
            lambda name: {"proxies": self.responses["optimize", name]["proxies"],
                          "answers": {"views": [], "labels": [], "model_version": ""}},
        )  # fmt: skip
        flagged = [name for name in samples if self.responses["moderate", name]["decision"] == "blur"]
        self._state("blur", flagged, lambda name: {"picture": self.responses["optimize", name]["picture"]})
        self._state("persist", samples, lambda name: self._verdict(name, originals[name]))

    def _claim(self, name, image_id):
        body = (SAMPLES / "images" / name).read_bytes()
        etag = self.s3.put_object(Bucket=ORIGINALS, Key=original_key(image_id), Body=body)["ETag"].strip('"')
        record = {"pk": record_partition(image_id), "sk": RECORD_SORT_KEY, "image_id": image_id, "tenant": "default",
                  "status": "PROCESSING", "created_at": "2026-11-24T09:00:00.000Z", "claimed_by": EXECUTION,
                  "last_revision": 1}  # fmt: skip
        self.dynamodb.put_item(TableName=TABLE, Item=to_item(record))
        return {"bucket": ORIGINALS, "key": original_key(image_id), "etag": etag, "size": len(body)}

    def _state(self, function, samples, document):
        with self.function(function) as worker:
            for name in samples:
                event = {"image_id": IMAGE_IDS[name], "revision": 1, **document(name)}
                self.responses[function, name] = worker.invoke(event)
                self.calls += 1

    def _verdict(self, name, original):
        verdict = dict(self.responses["moderate", name])
        verdict.pop("answers")
        optimized = self.responses["optimize", name]
        return {"execution_arn": EXECUTION, "original": original, "facts": optimized["facts"], "verdict": verdict,
                "picture": self.responses.get(("blur", name), optimized["picture"])}  # fmt: skip

    def view(self, samples):
        event = json.loads((ROOT / "tests" / "events" / "serve" / "query_form.json").read_text())
        with self.function("serve") as worker:
            for name, image_id in samples.items():
                for kind, accept in ACCEPT.items():
                    query = {"width": "333"}  # no rendition has this width
                    path = {"path": f"/images/{image_id}", "pathParameters": {"id": image_id}}
                    headers = {**event["headers"], "Accept": accept}
                    self.responses["serve", f"{name} {kind}"] = worker.invoke({
                        **event, **path, "headers": headers, "queryStringParameters": query,
                        "multiValueHeaders": {key: [value] for key, value in headers.items()},
                        "multiValueQueryStringParameters": {key: [value] for key, value in query.items()},
                    })  # fmt: skip
                    self.calls += 1

    def look(self):
        for bucket in (STAGING, PUBLISHED, GENERATED):
            for each in self.s3.list_objects_v2(Bucket=bucket).get("Contents", ()):
                found = self.s3.get_object(Bucket=bucket, Key=each["Key"])
                self.files[bucket, each["Key"]] = (found["Body"].read(), found["ContentType"], found["Metadata"])
        for item in map(from_item, self.dynamodb.scan(TableName=TABLE, ConsistentRead=True)["Items"]):
            self.records[item["pk"], item["sk"].partition("#")[0]] = without_times(item)
        return self


def without_times(value):
    """Return a document without times, which differ between two runs; a history item's key contains one."""
    if not isinstance(value, dict):
        return value
    return {name: without_times(each) for name, each in value.items() if name not in TIMES}


@pytest.fixture(scope="module")
def pipelines(arm, aws, code, runtime, stage, tmp_path_factory):  # noqa: PLR0917 - fixtures
    """The same uploads through the functions of both architectures."""
    found = {}
    for arch, command in ((Arch.HOST, [sys.executable]), (Arch.ARM64, arm.command)):
        began = time.monotonic()
        pipeline = Pipeline(
            arch, command, aws=aws, code=code, runtime=runtime, variables=environments(stage("dev")),
            logs=tmp_path_factory.mktemp("logs"),
        )  # fmt: skip
        pipeline.ingest(IMAGE_IDS)
        pipeline.view(IMAGE_IDS)
        found[arch] = pipeline.look()
        print(
            f"\n{arch}: {pipeline.calls} invocations of 5 functions, {len(pipeline.files)} files in "
            f"{time.monotonic() - began:.0f} s"
        )
    return found[Arch.HOST], found[Arch.ARM64]


def test_every_function_returns_the_same_document_on_arm64(pipelines):
    here, there = pipelines
    states = [key for key in here.responses if key[0] != "serve"]

    assert {function for function, _ in states} == {"optimize", "moderate", "blur", "persist"}
    assert {key: here.responses[key] for key in states} == {
        key: there.responses[key] for key in there.responses if key[0] != "serve"
    }
    assert [here.responses["persist", name]["status"] for name in IMAGE_IDS] == ["BLURRED", "PUBLISHED"]


def test_every_stored_file_and_record_is_the_same_on_arm64(pipelines):
    here, there = pipelines

    assert here.files.keys() == there.files.keys()
    assert {bucket for bucket, _ in here.files} >= {PUBLISHED, GENERATED}
    assert here.records == there.records
    differing = [key for key in here.files if here.files[key] != there.files[key]]
    for key in differing:
        (one, *described), (other, *also) = here.files[key], there.files[key]
        assert described == also
        assert_close(io.BytesIO(one), io.BytesIO(other), key[1])
    print(f"{len(here.files) - len(differing)} of {len(here.files)} files are equal to the byte")


@pytest.mark.parametrize("name", IMAGE_IDS)
@pytest.mark.parametrize("kind", ACCEPT)
def test_serve_returns_the_same_picture_on_arm64(pipelines, name, kind):
    one, other = (each.responses["serve", f"{name} {kind}"] for each in pipelines)

    assert (one["statusCode"], one["headers"]["Content-Type"]) == (200, f"image/{kind}")
    assert other["statusCode"] == 200
    assert other["headers"]["Content-Type"] == one["headers"]["Content-Type"]
    bodies = [base64.b64decode(each["body"]) for each in (one, other)]
    if hashlib.sha256(bodies[0]).digest() != hashlib.sha256(bodies[1]).digest():
        assert_close(io.BytesIO(bodies[0]), io.BytesIO(bodies[1]), f"{name} as {kind}")
