"""Responses of mocked Tasks, in the format of Step Functions Local's mock file: by number of the attempt.

The functions' results are those in tests/events/states, so that cases and the functions' unit tests use the same
documents.
"""

from typing import Any

from tests.fakes.states import recorded

Answers = dict[str, dict[str, Any]]

SEQUENCER = "0067432F1A2B3C4D5E"
"""The sequencer of every event in tests/events/s3."""
NEWER = "0067432F1A2B3C4D5F"
SETTLED = "arn:aws:states:us-east-1:123456789012:execution:ingest:01JDFZ8Q6W4T3R2Y1X0V9B8N7M"
"""The failed execution in tests/events/stepfunctions."""
SOMEBODY_ELSE = "arn:aws:states:us-east-1:123456789012:execution:ingest:somebody-else"
CHANGE = {"image_id": "01JDFZ8Q6W4T3R2Y1X0V9B8N7M", "revision": 1, "decision": "block"}
"""An image of a manifest, as decide takes it."""
OK = {"SdkHttpMetadata": {"HttpStatusCode": 200}}
TENANT = {"tenant": {"S": "default"}}


def returns(result: dict[str, Any], *, attempt: int = 0) -> Answers:
    """Return one response, at the given attempt."""
    return {str(attempt): {"Return": result}}


def payload(document: dict[str, Any], *, attempt: int = 0) -> Answers:
    """Return one response of a function, in the form of lambda:invoke."""
    return returns({"StatusCode": 200, "Payload": document}, attempt=attempt)


def every_time(answer: Answers) -> Answers:
    """Return the same response at each of ten visits of a state."""
    (only,) = answer.values()
    return {"0-9": only}


def then(first: Answers, second: Answers) -> Answers:
    """Return one response at the first visit of a state, another at later ones. Only the emulator counts visits."""
    (one,), (other,) = first.values(), second.values()
    return {"0": one, "1-9": other}


def execution_arn(case: str) -> str:
    """The ARN of the one execution of a case of ingest (see engines.py)."""
    return f"arn:aws:states:us-east-1:123456789012:execution:ingest:{case}--case"


def ended(status: str, claimed_by: str, **attributes: dict[str, str]) -> Answers:
    """The part of a record that is read when an ending could not be written."""
    item = {"status": {"S": status}, "claimed_by": {"S": claimed_by}, **TENANT, **attributes}
    return returns({"Item": item, **OK})


def shown(status: str, **attributes: dict[str, str]) -> Answers:
    """The part of a record that retire reads before it purges the edge."""
    item = {"status": {"S": status}, "revision": {"N": "2"}, "tenant": {"S": "default"}, **attributes}
    return returns({"Item": item, **OK})


def in_review(status: str, *, due_at: bool) -> Answers:
    """The part of a record that `review` reads."""
    due = {"due_at": {"S": "2026-11-24T12:00:00.000Z"}} if due_at else {}
    review = {"M": {"fallback": {"S": "blur"}, **due}}
    return every_time(returns({"Item": {"status": {"S": status}, "revision": {"N": "1"}, "review": review}, **OK}))


def throws(error: str, *, times: int = 1) -> Answers:
    """The same error at each of the first ``times`` attempts."""
    key = "0" if times == 1 else f"0-{times - 1}"
    return {key: {"Throw": {"Error": error, "Cause": f"{error}, as the mock file says"}}}


def after_failures(error: str, answer: Answers, *, failures: int) -> Answers:
    """Return the error for ``failures`` attempts, then the response."""
    (only,) = answer.values()
    return {**throws(error, times=failures), f"{failures}-9": only}


def _claim(status: str, sequencer: str = "0067432F1A2B3C4D5D", *, revisions: int = 1) -> dict[str, Any]:
    """The part of a record that is read when a claim was refused."""
    item = {"status": {"S": status}, "sequencer": {"S": sequencer}, "last_revision": {"N": str(revisions)}}
    return {"Item": item, **OK}


def _function_results() -> dict[str, Answers]:
    documents = {
        "Optimized": recorded("OptimizeImage", "optimized"),
        "Refused": recorded("OptimizeImage", "rejected"),
        "Overwritten": recorded("OptimizeImage", "superseded"),
        "VerdictAllow": recorded("ModerateImage", "allow"),
        "VerdictBlur": recorded("ModerateImage", "blur"),
        "VerdictReview": recorded("ModerateImage", "review"),
        "VerdictBlock": recorded("ModerateImage", "block"),
        "Unfinished": recorded("ModerateImage", "unfinished"),
        "Blurred": recorded("BlurImage", "blurred"),
        "PersistedPublished": recorded("PersistImage", "published"),
        "PersistedBlurred": recorded("PersistImage", "blurred"),
        "PersistedInReview": recorded("PersistImage", "in_review"),
        "PersistedBlocked": recorded("PersistImage", "blocked"),
        "TakenOver": recorded("PersistImage", "superseded"),
    }
    unknown_verdict = {**recorded("ModerateImage", "allow")[1], "decision": "postpone"}
    return {
        **{name: payload(output) for name, (_, output) in documents.items()},
        "UnknownResult": payload({"outcome": "postponed"}),
        "UnknownVerdict": payload(unknown_verdict),
    }


RESPONSES: dict[str, Answers] = {
    **{name: every_time(answer) for name, answer in _function_results().items()},
    "Unclaimed": every_time(returns({"Item": {"status": {"S": "AWAITING_UPLOAD"}, **TENANT}, **OK})),
    "Claimed": every_time(returns({"Attributes": {"last_revision": {"N": "1"}, "tenant": {"S": "default"}}, **OK})),
    "ClaimedAgain": every_time(
        returns({"Attributes": {"revision": {"N": "1"}, "last_revision": {"N": "2"}, **TENANT}, **OK})
    ),
    "ClaimedBeforeAVerdict": every_time(returns({"Attributes": {"last_revision": {"N": "2"}, **TENANT}, **OK})),
    "ClaimedBySameEvent": every_time(returns(_claim("PUBLISHED", SEQUENCER))),
    "HeldOfSameEvent": every_time(returns(_claim("HELD", SEQUENCER))),
    "ProcessedTooOften": every_time(returns(_claim("FAILED", SEQUENCER, revisions=100))),
    "ClaimedByOtherEvent": every_time(returns(_claim("PROCESSING", NEWER))),
    "RemovedBeforeUpload": every_time(returns(_claim("REMOVED"))),
    "VanishedBeforeUpload": every_time(returns(OK)),
    "InReview": in_review("IN_REVIEW", due_at=True),
    "Decided": every_time(payload({"results": [], "counts": {"applied": 1}})),
    "Written": every_time(returns(OK)),
    "Swept": every_time(payload({"done": True, "deleted": 2, "after": ""})),
    "SweptInTwoCalls": then(
        payload({"done": False, "deleted": 1000, "after": "images/a"}),
        payload({"done": True, "deleted": 2, "after": ""}),
    ),
    "Announced": every_time(
        returns({"Entries": [{"EventId": "11710aed-b79e-4468-a20b-bb3c0c3b4860"}], "FailedEntryCount": 0})
    ),
    "Started": every_time(returns({"ExecutionArn": "arn", "StartDate": "2026-11-24T12:00:00.000Z"})),
    "Marked": every_time(returns({"Attributes": TENANT, **OK})),
    "DaysPlanned": every_time(payload({"days": ["2026-11-24"]})),
    "DaySurveyed": every_time(payload({"done": True, "after": ""})),
    "ManifestToApply": every_time(payload({"action": "apply", "tighten_parts": 1, "relax_parts": 1})),
    "PartApplied": every_time(payload({"done": True, "number": 1, "changes": []})),
    "OneBatch": then(
        payload({"done": False, "number": 1, "changes": [CHANGE]}), payload({"done": True, "number": 1, "changes": []})
    ),
    "BatchDecided": every_time(payload({"results": [{"image_id": CHANGE["image_id"], "outcome": "applied"}]})),
    "RejudgementReported": every_time(payload({"outcome": "applied"})),
    "ClaimRefused": throws("DynamoDB.ConditionalCheckFailedException"),
    "TakenOverWhileItFailed": every_time(ended("PROCESSING", SOMEBODY_ELSE)),
    "RevisionWasAnnounced": every_time(shown("PUBLISHED")),
    "UnannouncedPublished": every_time(shown("PUBLISHED", unannounced={"S": "Image Published"})),
    "UnannouncedBlurred": every_time(shown("BLURRED", unannounced={"S": "Image Blurred"})),
    "UnannouncedInReview": every_time(shown("IN_REVIEW", unannounced={"S": "Image In Review"})),
    "UnannouncedBlocked": every_time(shown("BLOCKED", unannounced={"S": "Image Blocked"})),
    "FailedBySettle": every_time(ended("FAILED", SETTLED, unannounced={"S": "Image Failed"})),
}
"""The responses that cases share, by their names in the mock file; cases of failures add their own."""
