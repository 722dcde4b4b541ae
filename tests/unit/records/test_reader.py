"""Records as they are read: absent ones, old ones with less in them, new ones with more."""

import pytest

from functions.records.reader import RecordReader
from functions.shared.contracts import OriginalFacts, Picture
from functions.shared.errors import ContractError, RecordMissingError, TransientDependencyError
from functions.shared.status import Reason, Status
from tests.fakes.aws import TABLE
from tests.fakes.faults import failing_call
from tests.fakes.states import recorded

ID = recorded("PersistImage", "published")[0]["image_id"]
KEY = {"pk": f"IMAGE#{ID}", "sk": "RECORD"}


@pytest.fixture
def records(aws, clients):
    return RecordReader(TABLE, clients["dynamodb"])


def test_a_full_record_is_read_into_its_contracts(aws, records):
    state, _ = recorded("PersistImage", "published")
    aws.put_item(
        KEY
        | {"image_id": ID, "status": "PUBLISHED", "created_at": "2026-11-24T09:00:00.000Z", "revision": 3}
        | {"facts": state["facts"], "picture": state["picture"], "verdict": {"decision": "allow"}, "owner": "o"}
        | {"attribute_of_a_newer_writer": 1}
    )

    record = records.get(ID, consistent=True)

    assert (record.status, record.revision, record.owner) == (Status.PUBLISHED, 3, "o")
    assert record.facts == OriginalFacts.from_state(state["facts"])
    assert record.picture == Picture.from_state(state["picture"])
    assert record.legal_hold is None


def test_a_record_that_an_upload_event_made_has_defaults(aws, records):
    aws.put_item(KEY | {"image_id": ID, "status": "PROCESSING"})

    record = records.get(ID)

    assert (record.tenant, record.revision, record.picture, record.reason) == ("default", 0, None, None)


def test_a_rejection_is_read_with_its_reason(aws, records):
    aws.put_item(KEY | {"image_id": ID, "status": "REJECTED", "reason": "CORRUPT", "detail": "d"})

    record = records.get(ID)

    assert (record.reason, record.detail) == (Reason.CORRUPT, "d")


def test_an_unknown_id_has_no_record(records):
    with pytest.raises(RecordMissingError, match=ID):
        records.get(ID)


def test_a_broken_picture_breaks_the_contract(aws, records):
    aws.put_item(KEY | {"image_id": ID, "status": "PUBLISHED", "picture": {"renditions": []}})

    with pytest.raises(ContractError):
        records.get(ID)


def test_a_table_out_of_reach_is_transient(records, clients):
    with failing_call([clients["dynamodb"]], 0), pytest.raises(TransientDependencyError):
        records.get(ID)
