"""What mocked Tasks answer, in the format of Step Functions Local's mock file: answers by number of attempt.

The functions' results are those recorded in tests/events/states, so that a case speaks of the documents that the unit
tests hold the functions to.
"""

from typing import Any

from tests.fakes.states import recorded

Answers = dict[str, dict[str, Any]]

SEQUENCER = "0067432F1A2B3C4D5E"
"""The sequencer of every event in tests/events/s3."""
NEWER = "0067432F1A2B3C4D5F"
JUDGED = ("PUBLISHED", "BLURRED", "BLOCKED", "IN_REVIEW")
"""Where an image stands whose original is not replaced any more."""
OK = {"SdkHttpMetadata": {"HttpStatusCode": 200}}


def returns(result: dict[str, Any], *, attempt: int = 0) -> Answers:
    """One answer, at the given attempt."""
    return {str(attempt): {"Return": result}}


def payload(document: dict[str, Any], *, attempt: int = 0) -> Answers:
    """One answer of a function, as lambda:invoke hands it over."""
    return returns({"StatusCode": 200, "Payload": document}, attempt=attempt)


def throws(error: str, *, times: int = 1) -> Answers:
    """The same error at each of the first ``times`` attempts."""
    key = "0" if times == 1 else f"0-{times - 1}"
    return {key: {"Throw": {"Error": error, "Cause": f"{error}, as the mock file says"}}}


def after_failures(error: str, answer: Answers, *, failures: int) -> Answers:
    """The error for ``failures`` attempts, then the answer."""
    (only,) = answer.values()
    return {**throws(error, times=failures), str(failures): only}


def _claim(status: str, sequencer: str = "0067432F1A2B3C4D5D") -> dict[str, Any]:
    """The part of a record that is read when a claim was refused."""
    return {"Item": {"status": {"S": status}, "sequencer": {"S": sequencer}}, **OK}


def _function_results() -> dict[str, Answers]:
    documents = {
        "Optimized": recorded("OptimizeImage", "optimized"),
        "Refused": recorded("OptimizeImage", "rejected"),
        "Overwritten": recorded("OptimizeImage", "superseded"),
        "VerdictAllow": recorded("ModerateImage", "allow"),
        "VerdictBlur": recorded("ModerateImage", "blur"),
        "VerdictBlock": recorded("ModerateImage", "block"),
        "Blurred": recorded("BlurImage", "blurred"),
        "PersistedPublished": recorded("PersistImage", "published"),
        "PersistedBlurred": recorded("PersistImage", "blurred"),
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
    **_function_results(),
    "Claimed": returns({"Attributes": {"last_revision": {"N": "1"}}, **OK}),
    "ClaimedBySameEvent": returns(_claim("PUBLISHED", SEQUENCER)),
    "ClaimedByOtherEvent": returns(_claim("PROCESSING", NEWER)),
    **{f"{status.title()}BeforeUpload": returns(_claim(status)) for status in ("REMOVED", *JUDGED)},
    "VanishedBeforeUpload": returns(OK),
    "Written": returns(OK),
    "Deleted": returns(OK),
    "Announced": returns({"Entries": [{"EventId": "11710aed-b79e-4468-a20b-bb3c0c3b4860"}], "FailedEntryCount": 0}),
    "ClaimRefused": throws("DynamoDB.ConditionalCheckFailedException"),
}
"""The answers that cases share, by the name that the mock file gives them; cases of failures add their own."""
