"""PersistImage survives AWS failing at any of its calls, before it acts or with the answer lost: a retry converges."""

from threading import Lock

import pytest

from functions.shared.errors import TransientDependencyError
from functions.shared.keys import ENTRY_PREFIX, record_partition
from tests.counted import counted
from tests.fakes.aws import GENERATED, PUBLISHED, STAGING
from tests.fakes.faults import failing_call, hooked
from tests.fakes.states import recorded
from tests.unit.persist.conftest import claimed, record_of, request_of

COPY = "s3.CopyObject"
CALLS = {
    "published": [
        "dynamodb.GetItem",
        *[COPY] * 3,
        "dynamodb.TransactWriteItems",
        *["s3.ListObjectsV2", "s3.DeleteObjects"] * 2,
        "events.PutEvents",
        "stepfunctions.StartExecution",
        *["s3.ListObjectsV2", "s3.DeleteObjects"],
        "dynamodb.UpdateItem",
    ],
}
"""The calls of a second revision; a first one replaces nothing."""
CALLS["blurred"] = CALLS["published"]
CALLS["blocked"] = [call for call in CALLS["published"] if call != COPY]


BREAKS = [
    (case, number)
    for case, calls in CALLS.items()
    for number in range(len(calls))
    if case != "blurred" or number <= calls.index("dynamodb.TransactWriteItems") or counted(0, 1)
]
"""Every call breaks. After the transaction, a blurred image is treated like one that is published sharp."""


@pytest.fixture
def watched(clients, stepfunctions):
    return [*(clients[name] for name in ("s3", "dynamodb", "events")), stepfunctions]


def prepared(aws, case: str) -> dict:
    state = claimed(aws, case, by_revision=2)
    image_id = state["image_id"]
    aws.put_objects(PUBLISHED, [f"{image_id}/1/master.jpg"])
    aws.put_objects(GENERATED, [f"images/{image_id}/fit=cover,width=64"])
    return state


def world(aws, state) -> dict:
    """What AWS holds, without times."""
    items = aws.items(record_partition(state["image_id"]))
    return {
        "status": items["RECORD"]["status"],
        "revision": items["RECORD"]["revision"],
        "unannounced": items["RECORD"].get("unannounced"),
        "kinds": sorted(key.split("#")[0] for key in items if not key.startswith(ENTRY_PREFIX)),
        "entries": {key: item["selector"] for key, item in items.items() if key.startswith(ENTRY_PREFIX)},
        "labels": items["LABELS"]["labels"],
        "buckets": [aws.keys(bucket) for bucket in (STAGING, PUBLISHED, GENERATED)],
    }


def entries_of(state) -> dict[str, str]:
    """Return the selectors of the image's entries in lists, by sort key."""
    verdict = state["verdict"]
    labels = sorted({label["name"] for label in verdict["labels"]})
    return {
        "ENTRY#TENANT": "TENANT#default",
        "ENTRY#VERDICT": f"VERDICT#default#{verdict['decision']}",
        "ENTRY#SHA256": f"SHA256#default#{state['facts']['sha256']}",
        **{f"ENTRY#LABEL#{name}": f"LABEL#default#{name}" for name in labels},
    }


def shows_incomplete_picture(aws, state) -> bool:
    record = aws.items(record_partition(state["image_id"]))["RECORD"]
    picture = record.get("picture")
    if record["status"] == "PROCESSING" or picture is None:
        return False
    shown = {picture["master"]["key"], *(each["key"] for each in picture["renditions"])}
    return not shown <= set(aws.keys(PUBLISHED))


@pytest.mark.parametrize("lost_answer", [False, True], ids=["refused", "answer lost"])
@pytest.mark.parametrize(("case", "number"), BREAKS)
def test_a_retry_after_a_failed_call_ends_as_if_nothing_had_failed(
    aws, publisher, watched, retirements, *, case, number, lost_answer
):
    state = prepared(aws, case)

    with failing_call(watched, number, lost_answer=lost_answer) as calls, pytest.raises(TransientDependencyError):
        publisher.persist(request_of(state))
    expected = CALLS[case][: number + 1]
    if expected[-1] == COPY:  # those beside it go to their end
        expected = [name for name in expected if name != COPY] + [COPY] * calls.names.count(COPY)
    assert calls.names == expected
    assert not shows_incomplete_picture(aws, state)
    result = publisher.persist(request_of(state))

    picture = state["picture"]
    shown = [] if case == "blocked" else sorted([picture["master"]["key"], *(r["key"] for r in picture["renditions"])])
    assert result.to_state() == recorded("PersistImage", case)[1] | {"revision": 2}
    assert world(aws, state) == {
        "status": result.status,
        "revision": 2,
        "unannounced": None,
        "kinds": ["EVENT", "LABELS", "RECORD"],
        "entries": entries_of(state),
        "labels": state["verdict"]["labels"],
        "buckets": [[], shown, []],
    }
    assert {event["detail"]["status"] for event in aws.announced()} == {result.status}
    assert list(retirements.started().values()) == [{"image_id": state["image_id"]}]


@pytest.mark.parametrize("case", CALLS)
def test_a_run_without_faults_makes_these_calls(aws, publisher, watched, case):
    state = prepared(aws, case)

    with failing_call(watched, None) as calls:
        publisher.persist(request_of(state))

    assert calls.names == CALLS[case]


def test_a_first_revision_replaces_nothing_so_nothing_is_listed_but_staging(aws, publisher, watched, retirements):
    state = claimed(aws, "published")

    with failing_call(watched, None) as calls:
        publisher.persist(request_of(state))

    assert calls.names == [
        "dynamodb.GetItem", *[COPY] * 3, "dynamodb.TransactWriteItems",
        "events.PutEvents", "s3.ListObjectsV2", "s3.DeleteObjects", "dynamodb.UpdateItem",
    ]  # fmt: skip
    assert retirements.started() == {}


@pytest.mark.parametrize("number", range(len(CALLS["published"])))
def test_until_the_last_step_is_done_a_published_record_notes_its_event(aws, publisher, watched, number):
    state = prepared(aws, "published")

    with failing_call(watched, number), pytest.raises(TransientDependencyError):
        publisher.persist(request_of(state))

    record = aws.items(record_partition(state["image_id"]))["RECORD"]
    noted = "Image Published" if record["status"] == "PUBLISHED" else None
    assert record.get("unannounced") == noted


@pytest.mark.parametrize("changed", [{"claimed_by": "arn:later"}, {}], ids=["another run", "a new focal point"])
def test_a_note_of_a_later_revision_is_left_alone(aws, publisher, clients, changed):
    state = claimed(aws, "published")
    later = record_of(state, status="PUBLISHED", revision=2, unannounced="Image Published", **changed)

    def the_revision_is_replaced(**_kwargs):
        aws.put_item(later)

    with hooked(clients["events"], "before-call.events.PutEvents", the_revision_is_replaced):
        publisher.persist(request_of(state))

    assert aws.items(record_partition(state["image_id"]))["RECORD"] == later


def test_a_retry_after_success_does_not_tell_the_bus_again(aws, publisher):
    state = claimed(aws, "published")

    first = publisher.persist(request_of(state))
    second = publisher.persist(request_of(state))

    assert second == first
    assert len(aws.announced()) == 1


def test_two_attempts_at_once_publish_once(aws, publisher, clients):
    state = claimed(aws, "published")
    results = []
    once = Lock()

    def first_attempt_ends(**_kwargs):
        if once.acquire(blocking=False):  # the first copy of all, and never given back
            results.append(publisher.persist(request_of(state)))

    with hooked(clients["s3"], "before-call.s3.CopyObject", first_attempt_ends):
        results.append(publisher.persist(request_of(state)))

    assert results[0] == results[1]
    assert len(world(aws, state)["buckets"][1]) == 3
    assert world(aws, state)["kinds"] == ["EVENT", "LABELS", "RECORD"]


@pytest.mark.parametrize("number", range(5))
def test_withdrawing_survives_a_failed_call_too(aws, publisher, watched, number):
    state = claimed(aws, "published", status="REMOVED")
    aws.put_objects(PUBLISHED, [f"{state['image_id']}/1/master.jpg"])

    with failing_call(watched, number), pytest.raises(TransientDependencyError):
        publisher.persist(request_of(state))
    result = publisher.persist(request_of(state))

    assert result.to_state()["outcome"] == "superseded"
    assert aws.keys(PUBLISHED) == aws.keys(STAGING) == []
