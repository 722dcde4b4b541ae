"""Completion events: their form, and errors of the bus."""

import pytest

from functions.shared.contracts import Reason, Status
from functions.shared.errors import TransientDependencyError
from functions.shared.events import EventPublisher, detail_type
from tests.fakes.aws import EVENT_BUS
from tests.fakes.faults import failing_call, hooked
from tests.fakes.published_events import schemas

ID = "01JDFZ8Q6W4T3R2Y1X0V9B8N7M"


@pytest.fixture
def publisher(aws, clients):
    return EventPublisher(EVENT_BUS, clients["events"])


def test_an_event_names_image_and_status_and_only_what_applies(aws, publisher):
    publisher.publish(ID, Status.REMOVED, tenant="acme", detail={"owner": None})

    (event,) = aws.announced()
    assert (event["source"], event["detail-type"]) == ("image-scaler", "Image Removed")
    assert event["detail"] == {"image_id": ID, "status": "REMOVED", "tenant": "acme"}


def test_an_event_carries_revision_reason_and_tenant(aws, publisher):
    publisher.publish(ID, Status.BLOCKED, revision=2, reason="NUDITY", tenant="acme")

    (event,) = aws.announced()
    assert event["detail"] == {
        "image_id": ID, "status": "BLOCKED", "revision": 2, "reason": "NUDITY", "tenant": "acme",
    }  # fmt: skip


def test_an_event_carries_further_members_which_never_replace_image_and_status(aws, publisher):
    detail = {"image_id": "other", "status": "PUBLISHED", "tenant": "acme", "owner": "alice", "reason": "CORRUPT"}

    publisher.publish(ID, Status.REJECTED, reason=Reason.EMPTY, detail=detail)

    (event,) = aws.announced()
    assert event["detail"] == {
        "image_id": ID, "status": "REJECTED", "tenant": "acme", "owner": "alice", "reason": "EMPTY",
    }  # fmt: skip


@pytest.mark.parametrize("status", [status for status in Status if not status.is_in_progress])
def test_every_status_that_ends_the_processing_has_an_event_with_a_schema(status):
    assert schemas()[detail_type(status)]["properties"]["status"] == {"const": status}


def test_a_bus_that_answers_and_takes_nothing_is_transient(publisher, clients):
    def take_nothing(parsed, **_kwargs):
        parsed.update(FailedEntryCount=1, Entries=[{"ErrorCode": "InternalFailure"}])

    with (
        hooked(clients["events"], "after-call.events.PutEvents", take_nothing),
        pytest.raises(TransientDependencyError, match="InternalFailure"),
    ):
        publisher.publish(ID, Status.REMOVED)


def test_a_bus_out_of_reach_is_transient(publisher, clients):
    with failing_call([clients["events"]], 0), pytest.raises(TransientDependencyError):
        publisher.publish(ID, Status.REMOVED)
