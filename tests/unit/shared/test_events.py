"""Completion events: their form, and errors of the bus."""

import pytest

from functions.shared.errors import TransientDependencyError
from functions.shared.events import EventPublisher, detail_type
from functions.shared.status import Status
from tests.fakes.aws import EVENT_BUS
from tests.fakes.faults import failing_call, hooked
from tests.fakes.published_events import schemas

ID = "01JDFZ8Q6W4T3R2Y1X0V9B8N7M"


@pytest.fixture
def publisher(aws, clients):
    return EventPublisher(EVENT_BUS, clients["events"])


def test_an_event_carries_its_detail_which_never_replaces_image_status_and_revision(aws, publisher):
    detail = {"image_id": "other", "status": "PUBLISHED", "revision": 1, "tenant": "acme", "owner": None}

    publisher.publish(ID, Status.BLOCKED, revision=2, detail=detail)

    (event,) = aws.announced()
    assert (event["source"], event["detail-type"]) == ("image-scaler", "Image Blocked")
    assert event["detail"] == {"image_id": ID, "status": "BLOCKED", "revision": 2, "tenant": "acme", "owner": None}


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
        publisher.publish(ID, Status.BLOCKED, revision=2, detail={})


def test_a_bus_out_of_reach_is_transient(publisher, clients):
    with failing_call([clients["events"]], 0), pytest.raises(TransientDependencyError):
        publisher.publish(ID, Status.BLOCKED, revision=2, detail={})
