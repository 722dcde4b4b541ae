"""PersistImage's work over moto: what is published, what is taken away, and who is told."""

from datetime import datetime, timedelta
from threading import Barrier, Event

import pytest
from botocore.exceptions import ClientError

from functions.records.entries import due_entry
from functions.shared.errors import ContractError, ObjectMissingError, ThrottledError
from functions.shared.keys import record_partition
from tests.fakes.aws import GENERATED, PUBLISHED, STAGING
from tests.fakes.faults import hooked
from tests.fakes.states import recorded
from tests.unit.persist.conftest import claimed, record_of, request_of, state_of


def record(aws, state) -> dict:
    return aws.items(record_partition(state["image_id"]))["RECORD"]


def files(state) -> list[str]:
    picture = state["picture"]
    return sorted([picture["master"]["key"], *(each["key"] for each in picture["renditions"])])


def sets_at_an_error(event):
    """Return a handler that sets a threading.Event once a call was answered by an error."""

    def heard(http_response, **_kwargs):
        if http_response.status_code >= 400:
            event.set()

    return heard


@pytest.mark.parametrize("case", ["published", "blurred"])
def test_what_may_be_shown_is_published_under_the_same_keys(aws, publisher, case):
    state = claimed(aws, case)

    result = publisher.persist(request_of(state))

    assert result.to_state() == recorded("PersistImage", case)[1]
    assert aws.keys(PUBLISHED) == files(state)
    assert aws.keys(STAGING) == []


def test_published_files_keep_their_media_type(aws, publisher):
    state = claimed(aws, "published")

    publisher.persist(request_of(state))

    assert aws.s3.head_object(Bucket=PUBLISHED, Key=files(state)[0])["ContentType"] == "image/jpeg"


@pytest.mark.parametrize("case", ["in_review", "blocked"])
def test_a_picture_that_is_blocked_or_in_review_is_published_nowhere_and_leaves_no_placeholder(aws, publisher, case):
    state = claimed(aws, case)

    result = publisher.persist(request_of(state))

    assert result.to_state() == recorded("PersistImage", case)[1]
    assert aws.keys(PUBLISHED) == aws.keys(STAGING) == []
    assert "picture" not in record(aws, state)


def test_the_record_tells_what_came_what_was_found_and_what_was_decided(aws, publisher):
    state = claimed(aws, "blurred", reason="CORRUPT", detail="of an earlier upload", error={"error": "E"})

    publisher.persist(request_of(state))

    written = record(aws, state)
    moderated_at = written["verdict"].pop("moderated_at")
    verdict = {name: state["verdict"][name] for name in ("decision", "policy_version", "model_version", "deciding")}
    basis = state["verdict"]["basis"]
    verdict |= {name: basis[name] for name in ("reason", "severity", "queue", "detector")}
    verdict |= {"policy_name": "default", "policy_digest": basis["policies"]["policy"]}
    assert written == record_of(
        state,
        status="BLURRED",
        selector="STATUS#BLURRED",
        position=f"default#{state['image_id']}",
        revision=1,
        updated_at=moderated_at,
        original=state["original"],
        facts=state["facts"],
        picture=state["picture"],
        verdict=verdict,
    )


def test_the_time_of_a_review_begins_when_it_is_written(aws, publisher):
    state = claimed(aws, "in_review")

    publisher.persist(request_of(state))

    written = record(aws, state)
    began = datetime.fromisoformat(written["updated_at"])
    due = datetime.fromisoformat(written["review"]["due_at"])
    assert written["review"]["fallback"] == "blur"
    assert timedelta(days=3) <= due - began < timedelta(days=3, minutes=1)


def test_a_verdict_to_review_without_its_terms_is_refused_and_nothing_is_written(aws, publisher):
    state = claimed(aws, "in_review")
    state["verdict"]["basis"]["review"] = None

    with pytest.raises(ContractError, match="terms of the review"):
        publisher.persist(request_of(state))

    assert record(aws, state) == record_of(state)


def test_a_verdict_ends_an_earlier_review_and_a_pending_decision(aws, publisher):
    pending = {"decision": "allow", "source": "override", "at": "2026-11-24T09:00:00.000Z"}
    review = {"fallback": "blur", "due_at": "2026-11-27T09:00:00.000Z"}
    state = claimed(aws, "published", pending=pending, review=review)

    publisher.persist(request_of(state))

    assert record(aws, state).keys().isdisjoint({"pending", "review"})


def test_a_new_verdict_moves_the_image_to_its_lists_and_out_of_those_of_the_old_one(aws, publisher):
    first = claimed(aws, "blurred", tenant="acme", owner="alice")
    publisher.persist(request_of(first))
    before = {key for key in aws.items(record_partition(first["image_id"])) if key.startswith("ENTRY#")}
    aws.put_item({**record(aws, first), "status": "PROCESSING"})
    second = state_of("published", revision=2)
    aws.put_objects(STAGING, files(second))

    publisher.persist(request_of(second))

    entries = {
        key: item["selector"]
        for key, item in aws.items(record_partition(first["image_id"])).items()
        if key.startswith("ENTRY#")
    }
    assert any(key.startswith("ENTRY#LABEL#") for key in before)
    assert entries == {
        "ENTRY#TENANT": "TENANT#acme",
        "ENTRY#OWNER": "OWNER#acme#alice",
        "ENTRY#VERDICT": "VERDICT#acme#allow",
        "ENTRY#SHA256": f"SHA256#acme#{second['facts']['sha256']}",
    }


def test_labels_and_history_are_items_of_their_own(aws, publisher):
    state = claimed(aws, "blurred")

    publisher.persist(request_of(state))

    items = aws.items(record_partition(state["image_id"]))
    event_key = next(key for key in items if key.startswith("EVENT#"))
    basis = state["verdict"]["basis"]
    assert items["LABELS"]["labels"] == state["verdict"]["labels"]
    for name in ("content_types", "minimum_confidence", "detector", "views_digest"):
        assert items["LABELS"][name] == basis[name]
    assert items["LABELS"]["policy_digest"] == items[event_key]["policy_digest"] == basis["policies"]["policy"]
    assert items[event_key]["reason"] == basis["reason"]
    assert event_key.startswith(f"EVENT#{items['RECORD']['updated_at']}#")
    assert items[event_key]["type"] == "BLURRED"
    assert items[event_key]["execution_arn"] == state["execution_arn"]
    assert items[event_key]["revision"] == 1
    assert items[event_key].items() >= due_entry(state["image_id"], items[event_key]["at"]).items()


@pytest.mark.parametrize(
    ("case", "status", "detail_type"),
    [
        ("published", "PUBLISHED", "Image Published"),
        ("blurred", "BLURRED", "Image Blurred"),
        ("in_review", "IN_REVIEW", "Image In Review"),
        ("blocked", "BLOCKED", "Image Blocked"),
    ],
)
def test_the_bus_is_told(aws, publisher, case, status, detail_type):
    state = claimed(aws, case, tenant="acme")

    publisher.persist(request_of(state))

    (event,) = aws.announced()
    assert (event["source"], event["detail-type"]) == ("image-scaler", detail_type)
    members = event["detail"]
    assert [members[name] for name in ("image_id", "status", "revision", "tenant")] == [
        state["image_id"], status, 1, "acme",
    ]  # fmt: skip


@pytest.mark.parametrize(("case", "left"), [("published", 3), ("blurred", 3), ("in_review", 0), ("blocked", 0)])
def test_an_older_revision_and_its_variants_go_and_a_newer_one_stays(aws, publisher, case, left):
    state = claimed(aws, case, by_revision=2)
    image_id = state["image_id"]
    older, newer = f"{image_id}/1/master.jpg", f"{image_id}/3/master.jpg"
    aws.put_objects(PUBLISHED, [older, newer, "01JDFZ8Q6W4T3R2Y1X0V9B8N7N/1/master.jpg"])
    aws.put_objects(STAGING, [older, newer])
    aws.put_objects(GENERATED, [f"images/{image_id}/fit=cover,width=64", "images/other/fit=cover,width=64"])

    publisher.persist(request_of(state))

    published = aws.keys(PUBLISHED)
    assert older not in published
    assert newer in published
    assert len(published) == left + 2
    assert aws.keys(STAGING) == [newer]
    assert aws.keys(GENERATED) == ["images/other/fit=cover,width=64"]


@pytest.mark.parametrize("case", ["published", "blurred", "blocked"])
def test_a_later_revision_starts_the_retirement_of_what_it_replaces_once(aws, publisher, retirements, case):
    state = claimed(aws, case, by_revision=2)

    publisher.persist(request_of(state))
    publisher.persist(request_of(state))  # a repeated attempt

    ((arn, document),) = retirements.started().items()
    assert arn.endswith(f":retire:{state['image_id']}-2")
    assert document == {"image_id": state["image_id"]}


def test_a_throttled_retirement_does_not_delay_the_event_and_keeps_the_note_until_it_is_started(
    aws, publisher, stepfunctions, retirements
):
    """The workflow repeats a throttled call for a day. The event purges the edge, and `sweep` looks for the note."""
    state = claimed(aws, "published", by_revision=2)
    partition = record_partition(state["image_id"])

    def throttle(**_kwargs):
        raise ClientError({"Error": {"Code": "ThrottlingException"}}, "StartExecution")

    with hooked(stepfunctions, "before-call.sfn.StartExecution", throttle), pytest.raises(ThrottledError):
        publisher.persist(request_of(state))
    announced, noted = aws.announced(), aws.items(partition)["RECORD"]["unannounced"]
    publisher.persist(request_of(state))

    assert len(announced) == 1
    assert noted == "Image Published"
    assert len(retirements.started()) == 1
    assert "unannounced" not in aws.items(partition)["RECORD"]


@pytest.mark.parametrize(
    "changed",
    [{"status": "REMOVED"}, {"claimed_by": "arn:another"}, {"status": "FAILED"}],
    ids=["removed", "claimed by another", "given up"],
)
def test_who_no_longer_holds_the_image_publishes_nothing(aws, publisher, changed):
    state = claimed(aws, "published", **changed)
    aws.put_objects(PUBLISHED, files(state))  # a first attempt got as far as this

    result = publisher.persist(request_of(state))

    assert result.to_state() == recorded("PersistImage", "superseded")[1]
    assert aws.keys(PUBLISHED) == aws.keys(STAGING) == aws.announced() == []
    assert record(aws, state) == record_of(state, **changed)


def test_a_repeated_attempt_keeps_its_files_after_a_change_of_the_focal_point(aws, publisher):
    """The change makes a newer revision of the files of this execution."""
    picture = state_of("published")["picture"]
    state = claimed(aws, "published", status="PUBLISHED", revision=2, picture=picture, focal_point=[1, 1])
    aws.put_objects(PUBLISHED, files(state))

    result = publisher.persist(request_of(state))

    assert result.to_state()["status"] == "PUBLISHED"
    assert sorted(aws.keys(PUBLISHED)) == sorted(files(state))
    assert record(aws, state)["revision"] == 2


BLOCKED = {"status": "BLOCKED", "revision": 2, "last_revision": 2}
"""What an override to block writes while revision 1 is processed; the claim stays."""


@pytest.mark.parametrize("case", ["published", "blurred", "blocked"])
def test_an_image_that_was_blocked_while_it_was_processed_stays_blocked(aws, publisher, retirements, case):
    state = claimed(aws, case, **BLOCKED)

    result = publisher.persist(request_of(state))

    assert result.to_state()["outcome"] == "superseded"
    assert record(aws, state) == record_of(state, **BLOCKED)
    assert aws.keys(PUBLISHED) == aws.keys(STAGING) == aws.announced() == []
    assert retirements.started() == {}


@pytest.mark.parametrize("operation", ["s3.CopyObject", "dynamodb.TransactWriteItems"])
def test_a_block_in_the_middle_wins(aws, publisher, clients, operation):
    state = claimed(aws, "published")
    blocked = record_of(state, **BLOCKED)
    service, _ = operation.split(".")

    with hooked(clients[service], f"before-call.{operation}", lambda **_: aws.put_item(blocked)):
        result = publisher.persist(request_of(state))

    assert result.to_state()["outcome"] == "superseded"
    assert record(aws, state) == blocked
    assert aws.keys(PUBLISHED) == aws.keys(STAGING) == aws.announced() == []


def test_an_image_without_a_record_is_not_published(aws, publisher):
    state = claimed(aws, "published")
    aws.dynamodb.delete_item(
        TableName="image-scaler", Key={"pk": {"S": record_partition(state["image_id"])}, "sk": {"S": "RECORD"}}
    )

    result = publisher.persist(request_of(state))

    assert result.to_state()["outcome"] == "superseded"
    assert aws.keys(PUBLISHED) == []
    assert aws.items(record_partition(state["image_id"])) == {}


def test_a_superseded_execution_leaves_another_revision_alone(aws, publisher):
    state = claimed(aws, "published", claimed_by="arn:another", status="PUBLISHED", revision=2)
    newer = f"{state['image_id']}/2/master.jpg"
    aws.put_objects(PUBLISHED, [newer])

    publisher.persist(request_of(state))

    assert aws.keys(PUBLISHED) == [newer]


@pytest.mark.parametrize("operation", ["s3.CopyObject", "dynamodb.TransactWriteItems"])
def test_a_removal_in_the_middle_wins(aws, publisher, clients, operation):
    state = claimed(aws, "published")
    removed = record_of(state, status="REMOVED")
    service, _ = operation.split(".")

    def remove(**_kwargs):  # what DELETE does, just before this call
        aws.put_item(removed)
        clients["s3"].delete_object(Bucket=STAGING, Key=files(state)[0])

    with hooked(clients[service], f"before-call.{operation}", remove):
        result = publisher.persist(request_of(state))

    assert result.to_state()["outcome"] == "superseded"
    assert record(aws, state) == removed
    assert aws.keys(PUBLISHED) == aws.keys(STAGING) == aws.announced() == []


def test_files_are_copied_side_by_side(aws, publisher, clients):
    state = claimed(aws, "published")
    assert len(files(state)) == 3
    all_at_once = Barrier(3, timeout=30)  # a copy that comes alone breaks it

    def wait_for_all(**_kwargs):
        all_at_once.wait()

    with hooked(clients["s3"], "before-call.s3.CopyObject", wait_for_all):
        publisher.persist(request_of(state))

    assert aws.keys(PUBLISHED) == files(state)


def test_a_lost_race_deletes_what_slower_copies_write_too(aws, publisher, clients):
    state = claimed(aws, "published")
    removed = record_of(state, status="REMOVED")
    first, *_ = files(state)
    aws.s3.delete_object(Bucket=STAGING, Key=first)
    lost = Event()

    def slow_but_for_the_first(params, **_kwargs):
        if params["url_path"].endswith(first):
            aws.put_item(removed)
        else:
            assert lost.wait(timeout=30)

    with (
        hooked(clients["s3"], "before-call.s3.CopyObject", slow_but_for_the_first),
        hooked(clients["s3"], "after-call.s3.CopyObject", sets_at_an_error(lost)),
    ):
        result = publisher.persist(request_of(state))

    assert result.to_state()["outcome"] == "superseded"
    assert aws.keys(PUBLISHED) == aws.keys(STAGING) == []


def test_a_missing_file_flips_no_record(aws, publisher):
    state = claimed(aws, "published")
    aws.s3.delete_object(Bucket=STAGING, Key=files(state)[-1])

    with pytest.raises(ObjectMissingError):
        publisher.persist(request_of(state))

    assert record(aws, state)["status"] == "PROCESSING"


@pytest.mark.parametrize(
    ("case", "picture_of"),
    [("blurred", "published"), ("published", "blurred")],
    ids=["sharp files with a verdict to blur", "blurred files with a verdict to allow"],
)
def test_files_that_do_not_fit_the_verdict_are_never_published(aws, publisher, case, picture_of):
    state = claimed(aws, case)
    state["picture"] = recorded("PersistImage", picture_of)[0]["picture"]

    with pytest.raises(ContractError, match="may not be published"):
        publisher.persist(request_of(state))

    assert aws.keys(PUBLISHED) == []


def test_files_of_another_revision_are_never_published(aws, publisher):
    state = claimed(aws, "published") | {"revision": 2}

    with pytest.raises(ContractError, match="may not be published"):
        publisher.persist(request_of(state))
