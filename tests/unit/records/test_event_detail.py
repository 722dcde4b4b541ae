"""What an event says of an image, by its record and its verdict."""

import pytest

from functions.records.event_detail import detail_of, detail_of_verdict
from functions.records.record import ImageRecord
from functions.shared.contracts import PersistRequest
from functions.shared.events import detail_type
from functions.shared.status import Status
from tests.fakes.published_events import faults_of
from tests.fakes.states import recorded

WHOSE = {"tenant": "acme", "owner": "alice"}
RECORD = ImageRecord("01JDFZ8Q6W4T3R2Y1X0V9B8N7M", Status.PROCESSING, "2026-11-24T09:00:00.000Z", **WHOSE)


def request_of(case: str) -> PersistRequest:
    return PersistRequest.from_state(recorded("PersistImage", case)[0])


def reason_of(request: PersistRequest) -> dict[str, str]:
    """Return the members that say which policy decided and why, as the verdict has them."""
    basis = request.verdict.basis
    told = {"reason": basis.reason, "policy_digest": basis.policies.policy}
    return {name: value for name, value in told.items() if value}


@pytest.mark.parametrize(("case", "decision"), [("published", "allow"), ("blurred", "blur")])
def test_a_served_image_is_described_by_its_picture(case, decision):
    request = request_of(case)

    detail = detail_of_verdict(RECORD, request)

    picture = request.picture
    assert detail == {
        **WHOSE, "width": picture.master.width, "height": picture.master.height, "placeholder": picture.placeholder,
        "dominant_color": picture.dominant_color, "decision": decision, **reason_of(request),
    }  # fmt: skip


def test_a_blocked_image_is_described_without_anything_that_shows_it():
    request = request_of("blocked")
    before = ImageRecord(RECORD.image_id, Status.PUBLISHED, "", picture=request.picture, **WHOSE)

    detail = detail_of_verdict(before, request)

    assert detail == {
        **WHOSE, "width": request.facts.width, "height": request.facts.height, "decision": "block",
        **reason_of(request),
    }  # fmt: skip


@pytest.mark.parametrize("status", [Status.IN_REVIEW, Status.HELD, Status.REMOVED])
def test_only_a_served_image_shows_placeholder_and_colour(status):
    picture = request_of("published").picture

    assert detail_of(ImageRecord(RECORD.image_id, status, "", picture=picture, **WHOSE)) == WHOSE


@pytest.mark.parametrize("case", ["published", "blurred", "blocked"])
def test_the_detail_of_a_verdict_matches_the_schema_of_its_event(case):
    request = request_of(case)
    status = request.verdict.decision.status

    detail = {"image_id": request.image_id, "status": status, "revision": 1, **detail_of_verdict(RECORD, request)}

    assert faults_of(detail_type(status), detail) == []
