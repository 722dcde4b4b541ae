"""Completion events: their form, and errors of the bus."""

import pytest

from functions.shared.contracts import Reason, Status
from functions.shared.errors import TransientDependencyError
from functions.shared.events import EventPublisher
from tests.fakes.aws import EVENT_BUS
from tests.fakes.faults import failing_call, hooked


@pytest.fixture
def publisher(aws, clients):
    return EventPublisher(EVENT_BUS, clients["events"])


def test_an_event_names_image_and_status_and_only_what_applies(aws, publisher):
    publisher.publish("id", Status.REMOVED)

    (event,) = aws.announced()
    assert (event["source"], event["detail-type"]) == ("image-scaler", "Image Removed")
    assert event["detail"] == {"image_id": "id", "status": "REMOVED"}


def test_an_event_carries_revision_reason_and_tenant(aws, publisher):
    publisher.publish("id", Status.REJECTED, revision=2, reason=Reason.CORRUPT, tenant="acme")

    (event,) = aws.announced()
    assert event["detail"] == {
        "image_id": "id", "status": "REJECTED", "revision": 2, "reason": "CORRUPT", "tenant": "acme",
    }  # fmt: skip


def test_a_bus_that_answers_and_takes_nothing_is_transient(publisher, clients):
    def take_nothing(parsed, **_kwargs):
        parsed.update(FailedEntryCount=1, Entries=[{"ErrorCode": "InternalFailure"}])

    with (
        hooked(clients["events"], "after-call.events.PutEvents", take_nothing),
        pytest.raises(TransientDependencyError, match="InternalFailure"),
    ):
        publisher.publish("id", Status.REMOVED)


def test_a_bus_out_of_reach_is_transient(publisher, clients):
    with failing_call([clients["events"]], 0), pytest.raises(TransientDependencyError):
        publisher.publish("id", Status.REMOVED)
