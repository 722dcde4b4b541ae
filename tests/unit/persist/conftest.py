"""One image in staging, its record claimed by one execution, and a publisher over moto."""

import json

import pytest

from functions.persist.publication import Publisher
from functions.persist.settings import PersistSettings
from functions.records.reader import RecordReader
from functions.records.verdicts import VerdictWriter
from functions.shared.contracts import PersistRequest
from functions.shared.events import EventPublisher
from functions.shared.executions import Executions
from functions.shared.keys import RECORD_SORT_KEY, record_partition
from functions.shared.object_store import S3ObjectStore
from functions.shared.retirement import Retirement
from tests.fakes.aws import ENVIRONMENT, EVENT_BUS, STAGING, TABLE
from tests.fakes.states import recorded


@pytest.fixture
def publisher(clients, stepfunctions, retirements):
    return Publisher(
        store=S3ObjectStore(clients["s3"]),
        records=RecordReader(TABLE, clients["dynamodb"]),
        verdicts=VerdictWriter(TABLE, clients["dynamodb"]),
        events=EventPublisher(EVENT_BUS, clients["events"]),
        retirement=Retirement(Executions(stepfunctions), retirements.arn),
        settings=PersistSettings.from_environment(ENVIRONMENT),
    )


def record_of(state: dict, **changed) -> dict:
    return {
        "pk": record_partition(state["image_id"]),
        "sk": RECORD_SORT_KEY,
        "image_id": state["image_id"],
        "status": "PROCESSING",
        "tenant": "default",
        "created_at": "2026-11-24T09:00:00.000Z",
        "claimed_by": state["execution_arn"],
        "last_revision": state["revision"],
        **changed,
    }


def state_of(case: str, *, revision: int = 1) -> dict:
    """Return a recorded input of PersistImage, as it is for a revision."""
    state, _ = recorded("PersistImage", case)
    text = json.dumps(state).replace(f"{state['image_id']}/1/", f"{state['image_id']}/{revision}/")
    return json.loads(text) | {"revision": revision}


def claimed(aws, case: str, *, by_revision: int = 1, **changed) -> dict:
    """Bring AWS to where PersistImage finds it, and return the state's input."""
    state = state_of(case, revision=by_revision)
    prefix = f"{state['image_id']}/{state['revision']}/"
    names = ["master.jpg", "w320.jpg", "w640.jpg"]
    aws.put_objects(STAGING, [f"{prefix}{name}" for name in (*names, "proxy-0.jpg")])
    if case == "blurred":
        aws.put_objects(STAGING, [f"{prefix}blurred/{name}" for name in names])
    aws.put_item(record_of(state, **changed))
    return state


def request_of(state: dict) -> PersistRequest:
    return PersistRequest.from_state(state)
