"""The engines that run the state machines: the emulator, moto's interpreter, and Step Functions Local in Docker.

Each takes the deployed definition files, with names put in, and the same mock file. An execution's name begins with its
test case, so that it can be identified in every engine's log. A case always has the same execution name, because some
responses contain it.
"""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import boto3
import httpx
from botocore.exceptions import BotoCoreError
from moto import mock_aws
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEventException
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_dynamodb import (
    StateTaskServiceDynamoDB,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.utils import json_path
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.parser.mocking.mock_config import (
    MockedResponse,
    MockedResponseReturn,
    MockedResponseThrow,
    MockTestCase,
    StateMockedResponses,
)

from local.prerequisites import LOOPBACK, choose_port
from local.processes import ProcessBook, wait_until_ready
from tests.deployed import eventually
from tests.workflows.mock_file import MOCK_FILE
from tests.workflows.runs import Run, run_of
from workflows import lint

REGION = "us-east-1"
ACCOUNT = "123456789012"
CHECKOUT = Path(__file__).resolve().parents[2]
MACHINES = (
    "ingest", "settle", "remove", "retire", "review", "rejudge", "rejudge-SurveyDays", "rejudge-ApplyParts",
)  # fmt: skip
"""The state machines, and what each item of a distributed Map runs: neither engine shows the states of its items."""
TABLE, EVENT_BUS, REPORTS = "records", "image-scaler", "reports"
NAMES = {
    "TableName": TABLE,
    "EventBusName": EVENT_BUS,
    "ReportsBucketName": REPORTS,
    **{
        f"{name}FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
        for name in ("Optimize", "Moderate", "Blur", "Persist", "Remove", "Survey", "Decide")
    },
    **{
        f"{name}StateMachineArn": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{name.lower()}"
        for name in ("Remove", "Retire", "Review")
    },
    "AnswersEndSeconds": "58",
    "VariantsEndSeconds": "572",
    "TroubleSeconds": "600",
}
"""The values for the substitutions in the definitions."""

MANIFEST = "01JDFZ8Q6W4T3R2Y1X0V9B8N7M"
"""The manifest of tests/events/stepfunctions/rejudgement.json."""

RUN_SECONDS_ON_AWS = 3600
START_SECONDS = 300.0
DOCKER_START_SECONDS = 300.0
RUN_SECONDS = 300.0
LOCAL_RUN_SECONDS = 300.0
"""Step Functions Local scales no retry delays: six of them take up to 122 s."""


def definition(machine: str) -> str:
    """Return a deployed definition with all names substituted, or one of what the items of its Map run."""
    whole, _, of_map = machine.partition("-")
    file = f"{whole}.asl.json"
    text = (lint.DIRECTORY / file).read_text(encoding="utf-8")
    for name in lint.SUBSTITUTIONS[file]:
        text = text.replace(f"${{{name}}}", NAMES[name])
    if not of_map:
        return text
    document = json.loads(text)
    part = lint.processors(document)[of_map]
    return json.dumps({name: part[name] for name in ("StartAt", "States")} | {"TimeoutSeconds": RUN_SECONDS_ON_AWS})


@dataclass(frozen=True)
class Deployment:
    """The state machines on one engine. ``at_once`` is the number of its concurrent executions."""

    client: Callable[[str], Any]
    machines: Mapping[str, str]
    at_once: int
    names_cases_in_arn: bool = True
    run_seconds: float = RUN_SECONDS

    def run(self, machine: str, document: dict[str, Any], *, case: str = "", name: str | None = None) -> Run:
        """Run a state machine to its end; the Tasks that ``case`` mocks are mocked. Raises AssertionError when late."""
        stepfunctions = self.client("stepfunctions")
        arn = self.machines[machine]
        started = stepfunctions.start_execution(
            stateMachineArn=f"{arn}#{case}" if case and self.names_cases_in_arn else arn,
            name=name or execution_name(case),
            input=json.dumps(document),
        )
        return run_of(stepfunctions, machine, started["executionArn"], within_seconds=self.run_seconds)

    def create_table_and_bus(self) -> None:
        """Create the resources that the state machines write to directly."""
        self.client("dynamodb").create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        )
        self.client("events").create_event_bus(Name=EVENT_BUS)

    def execution_arn(self, machine: str, name: str) -> str:
        """Return the ARN of the execution with this name."""
        return f"{self.machines[machine].replace(':stateMachine:', ':execution:')}:{name}"


def execution_name(case: str) -> str:
    """Return a unique name for an execution of a test case."""
    return f"{case or 'Unmocked'}--{uuid.uuid4().hex[:8]}"


def _deploy(make_client: Callable[[str], Any], **options: Any) -> Deployment:
    client = cache(make_client)
    _create_manifest(client("s3"))
    machines = {
        machine: client("stepfunctions").create_state_machine(
            name=machine, definition=definition(machine), roleArn=f"arn:aws:iam::{ACCOUNT}:role/{machine}"
        )["stateMachineArn"]
        for machine in MACHINES
    }
    return Deployment(client, machines, **options)


def _create_manifest(s3: Any) -> None:
    """Write the parts of the manifest that the cases of rejudge list."""
    s3.create_bucket(Bucket=REPORTS)
    for kind in ("tighten", "relax"):
        s3.put_object(Bucket=REPORTS, Key=f"manifests/{MANIFEST}/{kind}/2026-11-24-0.jsonl", Body=b"")


def _client(service: str, endpoint_url: str | None = None) -> Any:
    return _session().client(service, endpoint_url=endpoint_url)


@cache
def _session() -> boto3.session.Session:
    """Return the one session, which reads each service's model once."""
    return boto3.session.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)


# --- the emulator -----------------------------------------------------------------------------------------


@contextmanager
def emulator(folder: Path) -> Iterator[Deployment]:
    """Start the emulator on a free port with the mock file, without IAM and without waiting between attempts."""
    port = choose_port(None, "the emulator")
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "GATEWAY_PORT": str(port),
        "SFN_MOCK_CONFIG": str(MOCK_FILE),
        "SFN_WAIT_SCALE": "0",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }
    book = ProcessBook(folder / "processes.json")
    command = [sys.executable, "-m", "hypercorn", "ministack.app:app", "--bind", f"{LOOPBACK}:{port}"]
    try:
        log = folder / "emulator.log"
        running = book.start("emulator", command, environment=environment, log=log, folder=folder)
        address = f"http://{LOOPBACK}:{port}"
        wait_until_ready(running, partial(_answers, f"{address}/_ministack/health"), within_seconds=START_SECONDS)
        yield _deploy(partial(_client, endpoint_url=address), at_once=8)
    finally:
        book.stop_all()


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=2, trust_env=False).is_success
    except httpx.TransportError:
        return False


# --- moto -------------------------------------------------------------------------------------------------


@contextmanager
def moto() -> Iterator[Deployment]:
    """Run moto's interpreter in this process.

    Its code supports mocked Tasks but does not read a mock file, so the test case is passed to it here, and an error
    from the file for DynamoDB keeps its name. Its real waits, also between attempts, are skipped, and a definition (1.5
    s) or a path (10 ms) is parsed once.
    """
    with ExitStack() as stack:
        stack.enter_context(mock_aws(config={"stepfunctions": {"execute_state_machine": True}}))
        stack.enter_context(patch.object(retrier_decl, "time", SimpleNamespace(sleep=float)))
        stack.enter_context(patch.object(WaitFunction, "_wait_interval", _no_wait))
        stack.enter_context(patch.object(AmazonStateLanguageParser, "parse", _parsed))
        stack.enter_context(patch.object(json_path, "parse", _parsed_path))
        stack.enter_context(patch.object(ExecutionWorker, "_get_evaluation_environment", _environment_with_mocks))
        stack.enter_context(patch.object(StateTaskServiceDynamoDB, "_from_error", _dynamodb_failure))
        yield _deploy(_client, at_once=1, names_cases_in_arn=False)


_parsed = cache(AmazonStateLanguageParser.parse)
_parsed_path = cache(json_path.parse)
_environment = ExecutionWorker._get_evaluation_environment
_failure = StateTaskServiceDynamoDB._from_error


def _environment_with_mocks(worker: Any) -> Any:
    environment = _environment(worker)
    details = worker._evaluation_details
    case, _, _ = details.execution_details.name.partition("--")
    environment.mock_test_case = _mock_test_case(details.state_machine_details.name, case)
    return environment


def _no_wait(function: Any, env: Any, wait_seconds: int) -> None:
    """Replace the delay of a Wait state."""


def _dynamodb_failure(task: Any, env: Any, ex: Exception) -> Any:
    return ex.failure_event if isinstance(ex, FailureEventException) else _failure(task, env, ex)


@cache
def _mock_document() -> Any:
    return json.loads(MOCK_FILE.read_text(encoding="utf-8"))


@cache
def _mock_test_case(machine: str, case: str) -> MockTestCase | None:
    document = _mock_document()
    mocked = document["StateMachines"][machine]["TestCases"].get(case)
    if mocked is None:
        return None
    states = [
        StateMockedResponses(state, name, list(_by_attempt(document["MockedResponses"][name])))
        for state, name in mocked.items()
    ]
    return MockTestCase(machine, case, states)


def _by_attempt(answers: dict[str, dict[str, Any]]) -> Iterator[MockedResponse]:
    """Yield one response per attempt: moto uses list positions where the mock file has ranges of attempts."""
    for attempts, answer in answers.items():
        first, _, last = attempts.partition("-")
        for attempt in range(int(first), int(last or first) + 1):
            if "Throw" in answer:
                yield MockedResponseThrow(attempt, attempt, answer["Throw"]["Error"], answer["Throw"]["Cause"])
            else:
                yield MockedResponseReturn(attempt, attempt, answer["Return"])


# --- Step Functions Local ---------------------------------------------------------------------------------


@cache
def why_no_docker() -> str | None:
    """Return why Step Functions Local cannot run here, or None if engine, compose plugin and image are available."""
    for what, command, patience_seconds in (
        ("no Docker engine responds", ("docker", "info"), 10),
        ("Docker has no compose plugin", ("docker", "compose", "version"), 10),
        ("its image cannot be fetched", ("docker", "compose", "pull", "--quiet", "--policy", "missing"), 300),
    ):
        try:
            subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True, timeout=patience_seconds)
        except (OSError, subprocess.SubprocessError):
            return what
    return None


@contextmanager
def step_functions_local(folder: Path) -> Iterator[Deployment]:
    """Start compose.yaml's container on a free port, and stop it at the end."""
    port = choose_port(None, "Step Functions Local")
    project = f"image-scaler-{port}"
    environment = {**os.environ, "STEP_FUNCTIONS_LOCAL_PORT": str(port)}
    compose = partial(
        subprocess.run,
        cwd=CHECKOUT,
        env=environment,
        check=True,
        capture_output=True,
        timeout=DOCKER_START_SECONDS,
    )
    command = ("docker", "compose", "--project-name", project)
    client = partial(_client, endpoint_url=f"http://{LOOPBACK}:{port}")
    try:
        compose((*command, "up", "--detach"))
        eventually(partial(_lists_machines, client), within_seconds=DOCKER_START_SECONDS)
        yield _deploy(client, at_once=200, run_seconds=LOCAL_RUN_SECONDS)
    finally:
        (folder / "step-functions-local.log").write_bytes(compose((*command, "logs", "--no-color")).stdout)
        compose((*command, "down", "--timeout", "5"))


def _lists_machines(client: Callable[[str], Any]) -> bool:
    try:
        client("stepfunctions").list_state_machines()
    except BotoCoreError:
        return False
    return True
