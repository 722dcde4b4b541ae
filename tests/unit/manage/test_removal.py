"""DELETE takes an image down everywhere, and may be repeated."""

import pytest

from functions.shared.aws import client
from tests.fakes.aws import GENERATED, ORIGINALS, PUBLISHED, STAGING
from tests.fakes.faults import failing_call
from tests.unit.manage.conftest import put_everything_of, put_image


def test_nothing_of_the_picture_is_left_in_any_bucket(call, aws):
    identity = put_image(aws)
    put_everything_of(aws, identity)

    answer = call("DELETE", f"/v1/images/{identity}")

    assert (answer.status, answer.document["status"]) == (202, "REMOVED")
    assert [aws.keys(bucket) for bucket in (STAGING, PUBLISHED, GENERATED)] == [[], [], []]
    versions = aws.s3.list_object_versions(Bucket=ORIGINALS)
    assert "Versions" not in versions
    assert "DeleteMarkers" not in versions


def test_the_record_keeps_id_status_times_and_reason_only(call, aws):
    identity = put_image(aws, status="REJECTED", reason="CORRUPT", detail="a sentence", owner="me", expires_at=1)
    put_everything_of(aws, identity)

    call("DELETE", f"/v1/images/{identity}")

    items = aws.items(f"IMAGE#{identity}")
    record = items.pop("RECORD")
    assert (record["status"], record["reason"]) == ("REMOVED", "CORRUPT")
    assert record["removed_at"] == record["updated_at"]
    assert not record.keys() & {"filename", "owner", "picture", "facts", "verdict", "detail", "expires_at"}
    assert "LABELS" not in items
    assert [event["type"] for event in items.values()] == ["REJECTED", "REMOVED"]
    assert not any("detail" in event for event in items.values())


def test_a_removal_is_announced(call, aws):
    call("DELETE", f"/v1/images/{put_image(aws)}")

    assert [event["detail-type"] for event in aws.announced()] == ["Image Removed"]


def test_a_second_delete_sweeps_again_and_keeps_the_first_one_s_time(call, aws):
    identity = put_image(aws)
    call("DELETE", f"/v1/images/{identity}")
    first = aws.items(f"IMAGE#{identity}")["RECORD"]
    aws.put_objects(GENERATED, [f"images/{identity}/late"])

    answer = call("DELETE", f"/v1/images/{identity}")

    assert answer.status == 202
    assert aws.keys(GENERATED) == []
    assert aws.items(f"IMAGE#{identity}")["RECORD"] == first


def test_what_a_run_writes_just_before_the_takedown_is_scrubbed_too(call, aws):
    identity = put_image(aws)
    at = "2026-11-24T09:00:02.000Z"
    late = {"pk": f"IMAGE#{identity}", "sk": f"EVENT#{at}#REJECTED", "type": "REJECTED", "at": at, "detail": "my cat"}

    def a_run_writes(**_kwargs):
        dynamodb.meta.events.unregister("before-call.dynamodb.TransactWriteItems", a_run_writes)
        aws.put_item(late)

    dynamodb = client("dynamodb")
    dynamodb.meta.events.register("before-call.dynamodb.TransactWriteItems", a_run_writes)

    call("DELETE", f"/v1/images/{identity}")

    assert "detail" not in aws.items(f"IMAGE#{identity}")[late["sk"]]


def test_every_object_of_the_upload_goes_whatever_its_name(call, aws):
    identity = put_image(aws)
    aws.put_objects(ORIGINALS, [f"uploads/{identity}/another"])

    call("DELETE", f"/v1/images/{identity}")

    assert aws.keys(ORIGINALS) == []


def test_a_legal_hold_is_a_409_and_changes_nothing(call, aws):
    identity = put_image(aws, legal_hold=True)
    put_everything_of(aws, identity)
    before = aws.items(f"IMAGE#{identity}")

    answer = call("DELETE", f"/v1/images/{identity}")

    assert answer.status == 409
    answer.problem()
    assert aws.items(f"IMAGE#{identity}") == before
    assert aws.keys(PUBLISHED) != []


def test_another_image_is_untouched(call, aws):
    identity, other = put_image(aws, 1), put_image(aws, 2)
    put_everything_of(aws, identity)
    put_everything_of(aws, other)

    call("DELETE", f"/v1/images/{identity}")

    assert aws.keys(PUBLISHED) == [f"{other}/1/x"]
    assert aws.items(f"IMAGE#{other}")["RECORD"]["status"] == "PUBLISHED"


@pytest.mark.parametrize("number", range(14))
@pytest.mark.parametrize("lost_answer", [False, True])
def test_a_takedown_that_breaks_anywhere_is_a_503_and_a_repeat_ends_it(call, aws, number, lost_answer):
    identity = put_image(aws)
    put_everything_of(aws, identity)
    clients = [client(name) for name in ("s3", "dynamodb", "events")]
    with failing_call(clients, number, lost_answer=lost_answer):
        broken = call("DELETE", f"/v1/images/{identity}")

    answer = call("DELETE", f"/v1/images/{identity}")

    assert broken.status in {202, 503}
    assert answer.status == 202
    assert [aws.keys(bucket) for bucket in (ORIGINALS, STAGING, PUBLISHED, GENERATED)] == [[], [], [], []]
    assert aws.items(f"IMAGE#{identity}")["RECORD"]["status"] == "REMOVED"
    assert "Image Removed" in [event["detail-type"] for event in aws.announced()]
