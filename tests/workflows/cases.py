"""Every path and every failure of the state machines as a case: what is mocked, and what must come of it.

A case names the states that an execution passes, in order, how it ends, what stands in its output, and how often which
state is retried. The Tasks on its path are mocked; MockConfigFile.json is made from this (see mock_file.py).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.workflows.responses import JUDGED, RESPONSES, Answers, after_failures, throws

EVENTS = Path(__file__).parents[1] / "events"
EMULATOR, MOTO, STEP_FUNCTIONS_LOCAL = "emulator", "moto", "step-functions-local"
ENGINES = (EMULATOR, MOTO, STEP_FUNCTIONS_LOCAL)

ONE_ANSWER = "it reads a mocked answer once per state, so no attempt can differ from the one before"
RESERVED_NAME = "it refuses to mock an error whose name begins with States."

BEGIN = ("ReadUploadEvent", "DescribeUpload", "ClaimUpload")
REFUSED = (*BEGIN, "ReadClaim", "IsSameEvent")
SECOND = (*REFUSED, "MayItStay")
NOTED = ("NoteSecondUpload", "DuplicateUpload")
OPTIMIZED = (*BEGIN, "OptimizeImage", "WasOptimized")
MODERATED = (*OPTIMIZED, "ModerateImage", "WhatWasDecided")
BLURRED = (*MODERATED, "BlurImage")
FAILED = ("FailImage", "RecordFailure", "AnnounceFailure", "IngestFailed")
HELD = ("HoldImage", *FAILED[1:])
OVERWRITTEN = (*OPTIMIZED, "WaitForNewerUpload", "DoubtNewerUpload", "FailImage", "RecordFailure")
SETTLING = ("ReadExecution", "DescribeFailure", "RecordFailure")

USUAL_ANSWERS = {
    "ingest": {
        "ClaimUpload": "Claimed",
        "ReadClaim": "ClaimedBySameEvent",
        "DiscardVersion": "Deleted",
        "DiscardUpload": "Deleted",
        "NoteSecondUpload": "Written",
        "OptimizeImage": "Optimized",
        "ModerateImage": "VerdictAllow",
        "BlurImage": "Blurred",
        "PersistImage": "PersistedPublished",
        "RecordRejection": "Written",
        "AnnounceRejection": "Announced",
        "RecordFailure": "Written",
        "AnnounceFailure": "Announced",
    },
    "settle": {"RecordFailure": "Written", "AnnounceFailure": "Announced"},
}
"""What each Task answers unless its case says otherwise."""


@dataclass(frozen=True)
class Case:
    """One execution: its input and mocked answers, and what must come of it.

    ``output`` maps dotted paths of the execution's output to values. ``retries`` counts repeated attempts by state.
    ``own_answers`` are answers that no other case uses. ``not_on`` says why an engine cannot run the case.
    """

    name: str
    machine: str
    path: tuple[str, ...]
    event: str
    answers: Mapping[str, str] = field(default_factory=dict)
    own_answers: Mapping[str, Answers] = field(default_factory=dict)
    resume: bool = False
    error: str | None = None
    output: Mapping[str, Any] = field(default_factory=dict)
    retries: Mapping[str, int] = field(default_factory=dict)
    not_on: Mapping[str, str] = field(default_factory=dict)

    @property
    def mocked(self) -> dict[str, str]:
        """The answer of each Task on the path, by state."""
        answers = {**USUAL_ANSWERS[self.machine], **self.answers}
        return {state: answers[state] for state in self.path if state in answers}

    @property
    def input(self) -> dict[str, Any]:
        """The event that starts the execution."""
        document: dict[str, Any] = json.loads((EVENTS / self.event).read_text(encoding="utf-8"))
        return {**document, "resume": True} if self.resume else document


def ingest(name: str, path: tuple[str, ...], *, event: str = "s3/put.json", **rest: Any) -> Case:
    """Make a case of the state machine ingest."""
    return Case(name, "ingest", path, event, **rest)


def settle(name: str, path: tuple[str, ...], *, event: str = "stepfunctions/timed-out.json", **rest: Any) -> Case:
    """Make a case of the state machine settle."""
    return Case(name, "settle", path, event, **rest)


PUBLISHED = (*MODERATED, "PersistImage", "WasPersisted", "ImagePersisted")

PATHS = (
    ingest(
        "CleanPictureIsPublished",
        PUBLISHED,
        output={"verdict.decision": "allow", "persist.result.status": "PUBLISHED", "resume": False},
    ),
    *(
        ingest(f"OriginalWrittenBy{title}", PUBLISHED, event=f"s3/{event}.json", output={"original.etag": etag})
        for title, event, etag in (
            ("Post", "post", "9b2cf535f27731c974343645a3985328"),
            ("Copy", "copy", "9b2cf535f27731c974343645a3985328"),
            ("MultipartUpload", "complete-multipart-upload", "d41d8cd98f00b204e9800998ecf8427e-4"),
            ("PutWithoutVersion", "put-without-version", "9b2cf535f27731c974343645a3985328"),
        )
    ),
    ingest(
        "FlaggedPictureIsBlurred",
        (*BLURRED, "PersistImage", "WasPersisted", "ImagePersisted"),
        answers={"ModerateImage": "VerdictBlur", "PersistImage": "PersistedBlurred"},
        output={
            "verdict.decision": "blur",
            "persist.result.status": "BLURRED",
            "optimize.result.picture.master.key": "01JDFZ8Q6W4T3R2Y1X0V9B8N7M/1/blurred/master.jpg",
        },
    ),
    ingest(
        "ForbiddenPictureIsBlocked",
        PUBLISHED,
        answers={"ModerateImage": "VerdictBlock", "PersistImage": "PersistedBlocked"},
        output={"verdict.decision": "block", "persist.result.status": "BLOCKED"},
    ),
    ingest(
        "UnusableUploadIsRejected",
        (*OPTIMIZED, "RecordRejection", "AnnounceRejection", "UploadRejected"),
        answers={"OptimizeImage": "Refused"},
        output={"optimize.result.reason": "CORRUPT"},
    ),
    ingest("HeldImageIsResumed", PUBLISHED, resume=True, output={"resume": True, "persist.result.status": "PUBLISHED"}),
    ingest(
        "SameEventAgainIsADuplicate",
        (*REFUSED, "DuplicateUpload"),
        answers={"ClaimUpload": "ClaimRefused"},
        output={"refusal.Error": "DynamoDB.ConditionalCheckFailedException"},
    ),
    ingest(
        "SecondUploadIsNoted",
        (*SECOND, *NOTED),
        answers={"ClaimUpload": "ClaimRefused", "ReadClaim": "ClaimedByOtherEvent"},
        output={"claimed.Item.sequencer.S": "0067432F1A2B3C4D5F"},
    ),
    ingest(
        "UploadWhoseRecordVanishedIsNoted",
        (*SECOND, *NOTED),
        answers={"ClaimUpload": "ClaimRefused", "ReadClaim": "VanishedBeforeUpload"},
    ),
    *(
        ingest(
            f"UploadAfter{status.title()}IsDiscarded",
            (*SECOND, "DiscardVersion", *NOTED),
            answers={"ClaimUpload": "ClaimRefused", "ReadClaim": f"{status.title()}BeforeUpload"},
        )
        for status in ("REMOVED", *JUDGED)
    ),
    ingest(
        "UploadWithoutVersionAfterRemovalIsDiscarded",
        (*SECOND, "DiscardUpload", *NOTED),
        event="s3/put-without-version.json",
        answers={"ClaimUpload": "ClaimRefused", "ReadClaim": "RemovedBeforeUpload"},
    ),
    ingest(
        "UploadWithoutVersionAfterAVerdictIsOnlyNoted",
        (*SECOND, *NOTED),
        event="s3/put-without-version.json",
        answers={"ClaimUpload": "ClaimRefused", "ReadClaim": "PublishedBeforeUpload"},
    ),
    ingest(
        "OverwrittenOriginalThatNobodyTookOverFails",
        (*OVERWRITTEN, "AnnounceFailure", "IngestFailed"),
        answers={"OptimizeImage": "Overwritten"},
        error="ObjectChangedError",
    ),
    ingest(
        "ImageTakenOverWhileItIsPersisted",
        (*PUBLISHED[:-1], "UploadSuperseded"),
        answers={"PersistImage": "TakenOver"},
        output={"persist.result.outcome": "superseded"},
    ),
    ingest(
        "UnknownResultOfOptimizeFails",
        (*OPTIMIZED, "UnknownOutcome", *FAILED),
        answers={"OptimizeImage": "UnknownResult"},
        error="ContractError",
    ),
    ingest(
        "UnknownVerdictFails",
        (*MODERATED, "UnknownOutcome", *FAILED),
        answers={"ModerateImage": "UnknownVerdict"},
        error="ContractError",
    ),
    ingest(
        "UnknownResultOfPersistFails",
        (*PUBLISHED[:-1], "UnknownOutcome", *FAILED),
        answers={"PersistImage": "UnknownResult"},
        error="ContractError",
    ),
    settle("TimedOutExecutionIsSettled", (*SETTLING, "AnnounceFailure", "RecordSettled")),
    settle(
        "AbortedExecutionIsSettled", (*SETTLING, "AnnounceFailure", "RecordSettled"), event="stepfunctions/aborted.json"
    ),
    settle(
        "FailedExecutionIsSettled", (*SETTLING, "AnnounceFailure", "RecordSettled"), event="stepfunctions/failed.json"
    ),
)
"""Every way through in which no service fails."""


@dataclass(frozen=True)
class Failing:
    """A Task as its failures see it: how an execution comes to it, where it goes when all attempts are used up.

    ``retried`` maps each error that is retried to the number of its attempts; ``caught`` lists errors that are not.
    ``succeeded`` is the rest of the path when a later attempt succeeds, ``recovers_from`` the errors of the attempts
    before it with their number.
    """

    task: str
    machine: str
    way_in: tuple[str, ...]
    gives_up: tuple[str, ...]
    succeeded: tuple[str, ...]
    retried: Mapping[str, int]
    recovers_from: Mapping[str, int]
    caught: tuple[str, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    fails: bool = True
    """Whether the execution then ends as failed with the very error."""
    also: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Errors that are caught elsewhere, to an end that is no failure."""
    event: str | None = None
    """The event that starts the execution, where it is not the usual one."""


LAMBDA_ERRORS = {
    "Lambda.ServiceException": 5,
    "Lambda.AWSLambdaException": 5,
    "Lambda.SdkClientException": 5,
    "Lambda.ClientExecutionTimeoutException": 5,
    "Runtime.ExitError": 2,
    "Runtime.OutOfMemory": 2,
    "Runtime.Unknown": 2,
    "Lambda.Unknown": 2,
    "Sandbox.Timedout": 2,
    "States.Timeout": 2,
    "Lambda.TooManyRequestsException": 7,
    "TransientDependencyError": 7,
}
"""What is retried when a function is invoked, with the number of attempts."""
RECOVERED_LAMBDA = {
    "Lambda.ServiceException": 1,
    "Runtime.ExitError": 1,
    "Sandbox.Timedout": 1,
    "TransientDependencyError": 2,
}
UNRETRIED = ("ContractError",)
DYNAMODB = {"DynamoDB.ProvisionedThroughputExceededException": 5}
TRANSACTION = {"DynamoDb.TransactionCanceledException": 3, "DynamoDb.InternalServerErrorException": 5}
S3 = {"S3.S3Exception": 5}
EVENT_BUS = {"EventBridge.FailedEntry": 5}

FAILURES = (
    Failing(
        "ClaimUpload", "ingest", BEGIN, FAILED, PUBLISHED[3:], DYNAMODB,
        {"DynamoDB.InternalServerError": 2},
    ),
    Failing(
        "ReadClaim", "ingest", REFUSED[:-1], ("DuplicateUpload",), ("IsSameEvent", "DuplicateUpload"), DYNAMODB,
        {"DynamoDB.InternalServerError": 1}, answers={"ClaimUpload": "ClaimRefused"}, fails=False,
    ),
    Failing(
        "NoteSecondUpload", "ingest", (*SECOND, "NoteSecondUpload"), ("DuplicateUpload",), ("DuplicateUpload",),
        DYNAMODB, {"DynamoDB.InternalServerError": 1},
        answers={"ClaimUpload": "ClaimRefused", "ReadClaim": "ClaimedByOtherEvent"}, fails=False,
    ),
    Failing(
        "DiscardVersion", "ingest", (*SECOND, "DiscardVersion"), ("IngestFailed",), NOTED, S3, {"S3.S3Exception": 2},
        answers={"ClaimUpload": "ClaimRefused", "ReadClaim": "RemovedBeforeUpload"},
    ),
    Failing(
        "DiscardUpload", "ingest", (*SECOND, "DiscardUpload"), ("IngestFailed",), NOTED, S3, {"S3.S3Exception": 2},
        answers={"ClaimUpload": "ClaimRefused", "ReadClaim": "RemovedBeforeUpload"},
        event="s3/put-without-version.json",
    ),
    Failing(
        "OptimizeImage", "ingest", OPTIMIZED[:-1], FAILED, PUBLISHED[4:], LAMBDA_ERRORS, RECOVERED_LAMBDA,
        caught=(*UNRETRIED, "ObjectMissingError"),
    ),
    Failing(
        "ModerateImage", "ingest", MODERATED[:-1], HELD, PUBLISHED[6:], LAMBDA_ERRORS, RECOVERED_LAMBDA,
        caught=(*UNRETRIED, "ModerationRefusedError"),
    ),
    Failing(
        "BlurImage", "ingest", BLURRED, FAILED, PUBLISHED[-3:], LAMBDA_ERRORS, RECOVERED_LAMBDA,
        caught=UNRETRIED, answers={"ModerateImage": "VerdictBlur", "PersistImage": "PersistedBlurred"},
    ),
    Failing(
        "PersistImage", "ingest", PUBLISHED[:-2], FAILED, PUBLISHED[-2:], LAMBDA_ERRORS, RECOVERED_LAMBDA,
        caught=(*UNRETRIED, "RecordMissingError"),
    ),
    Failing(
        "RecordRejection", "ingest", (*OPTIMIZED, "RecordRejection"), FAILED, ("AnnounceRejection", "UploadRejected"),
        {"DynamoDb.InternalServerErrorException": 5},
        {"DynamoDb.TransactionCanceledException": 1, "DynamoDb.InternalServerErrorException": 2},
        answers={"OptimizeImage": "Refused"},
        also={"DynamoDb.TransactionCanceledException": ("UploadSuperseded",)},
    ),
    Failing(
        "AnnounceRejection", "ingest", (*OPTIMIZED, "RecordRejection", "AnnounceRejection"), ("IngestFailed",),
        ("UploadRejected",), EVENT_BUS, {"EventBridge.FailedEntry": 1}, answers={"OptimizeImage": "Refused"},
    ),
    Failing(
        "RecordFailure", "settle", SETTLING, ("SettleFailed",), ("AnnounceFailure", "RecordSettled"),
        {"DynamoDb.InternalServerErrorException": 5},
        {"DynamoDb.TransactionCanceledException": 1, "DynamoDb.InternalServerErrorException": 2},
        also={"DynamoDb.TransactionCanceledException": ("AlreadySettled",)},
    ),
    Failing(
        "AnnounceFailure", "settle", (*SETTLING, "AnnounceFailure"), ("SettleFailed",), ("RecordSettled",), EVENT_BUS,
        {"EventBridge.FailedEntry": 1},
    ),
)  # fmt: skip
"""Every Task whose failure stands for itself; those of recording a failure are below."""

CANCELED = "DynamoDb.TransactionCanceledException"
UNREADABLE = {"OptimizeImage": "ContractErrorAtFirst"}
UNREADABLE_ANSWER = {"ContractErrorAtFirst": throws("ContractError")}
FAILING_IMAGE = (*OPTIMIZED[:-1], "FailImage", "RecordFailure")


def _recording(name: str, rest: tuple[str, ...], state: str, answers: Answers, retries: int, **more: Any) -> Case:
    """Make a case in which OptimizeImage fails and then recording or announcing that fails too."""
    return ingest(
        name,
        (*FAILING_IMAGE, *rest),
        answers={**UNREADABLE, state: name},
        own_answers={**UNREADABLE_ANSWER, name: answers},
        retries={state: retries},
        **more,
    )


RECORDING_FAILURES = (
    _recording("FailureCannotBeRecorded", ("IngestFailed",), "RecordFailure",
               throws("DynamoDb.InternalServerErrorException", times=5), 4, error="ContractError"),
    _recording("ImageTakenOverWhileItFails", ("HadTheImage", "UploadSuperseded"), "RecordFailure",
               throws(CANCELED, times=3), 2),
    ingest("OverwrittenOriginalEndsQuietly", (*OVERWRITTEN, "HadTheImage", "UploadSuperseded"),
           answers={"OptimizeImage": "Overwritten", "RecordFailure": "ImageTakenOverWhileItFails"},
           output={"optimize.result.outcome": "superseded"}, retries={"RecordFailure": 2}),
    ingest("UploadThatCannotClaimAnImageInWorkFails", (*BEGIN, "FailImage", "RecordFailure", "HadTheImage", FAILED[-1]),
           answers={"ClaimUpload": "ClaimNeverPossible", "RecordFailure": "ImageTakenOverWhileItFails"},
           own_answers={"ClaimNeverPossible": throws("DynamoDB.AccessDeniedException", times=5)},
           retries={"ClaimUpload": 4, "RecordFailure": 2}, error="DynamoDB.AccessDeniedException"),
    _recording("FailureIsRecordedAtLast", FAILED[2:], "RecordFailure",
               after_failures(CANCELED, RESPONSES["Written"], failures=1), 1, error="ContractError",
               not_on={EMULATOR: ONE_ANSWER}),
    _recording("FailureCannotBeAnnounced", FAILED[2:], "AnnounceFailure", throws("EventBridge.FailedEntry", times=5), 4,
               error="ContractError"),
    _recording("FailureIsAnnouncedAtLast", FAILED[2:], "AnnounceFailure",
               after_failures("EventBridge.FailedEntry", RESPONSES["Announced"], failures=2), 2, error="ContractError",
               not_on={EMULATOR: ONE_ANSWER}),
)  # fmt: skip


def _failures_of(failing: Failing) -> Iterator[Case]:
    usual = {**USUAL_ANSWERS[failing.machine], **failing.answers}
    for error, attempts in failing.retried.items():
        yield _given_up(failing, error, attempts, failing.gives_up, fails=failing.fails)
    for error in failing.caught:
        yield _given_up(failing, error, 1, failing.gives_up, fails=failing.fails)
    for error, end in failing.also.items():
        yield _given_up(failing, error, TRANSACTION[error], end, fails=False)
    for error, failures in failing.recovers_from.items():
        name = f"{failing.task}RecoversFrom{_word(error)}" + ("" if failing.machine == "ingest" else "InSettle")
        answer = RESPONSES[usual[failing.task]]
        yield _case(
            failing,
            name,
            failing.way_in + failing.succeeded,
            after_failures(error, answer, failures=failures),
            retries=failures,
            not_on={EMULATOR: ONE_ANSWER},
        )


def _given_up(failing: Failing, error: str, attempts: int, end: tuple[str, ...], *, fails: bool) -> Case:
    verb = "GivesUpOn" if attempts > 1 else "DoesNotRetry"
    return _case(
        failing,
        f"{failing.task}{verb}{_word(error)}" + ("" if failing.machine == "ingest" else "InSettle"),
        failing.way_in + end,
        throws(error, times=attempts),
        retries=attempts - 1,
        error=error if fails else None,
        not_on={MOTO: RESERVED_NAME} if error.startswith("States.") else {},
    )


def _case(failing: Failing, name: str, path: tuple[str, ...], answers: Answers, *, retries: int, **rest: Any) -> Case:
    make = ingest if failing.machine == "ingest" else settle
    event = {"event": failing.event} if failing.event else {}
    return make(
        name,
        path,
        answers={**failing.answers, failing.task: name},
        own_answers={name: answers},
        retries={failing.task: retries} if retries else {},
        **event,
        **rest,
    )


def _alternating(name: str, errors: tuple[str, ...], path: tuple[str, ...], *, recovers: bool) -> Case:
    """Make a case in which the attempts of OptimizeImage fail with different errors."""
    throwing = {str(place): throws(error)["0"] for place, error in enumerate(errors)}
    answer = {str(len(errors)): RESPONSES["Optimized"]["0"]} if recovers else {}
    return ingest(
        name,
        path,
        answers={"OptimizeImage": name},
        own_answers={name: throwing | answer},
        retries={"OptimizeImage": len(errors) - (not recovers)},
        error=None if recovers else errors[-1],
        not_on={EMULATOR: ONE_ANSWER},
    )


CRASHES = (
    _alternating("ACrashAndATimeoutAreEachRetriedOnce", ("Runtime.ExitError", "Sandbox.Timedout"), PUBLISHED,
                 recovers=True),
    _alternating("TwoNamesOfOneCrashAreRetriedOnceTogether", ("Runtime.ExitError", "Lambda.Unknown"),
                 (*OPTIMIZED[:-1], *FAILED), recovers=False),
    _alternating("AThirdCrashEndsAPoisonPicture", ("Lambda.Unknown", "Sandbox.Timedout", "Runtime.ExitError"),
                 (*OPTIMIZED[:-1], *FAILED), recovers=False),
)  # fmt: skip
"""Workers that die in more than one way: how many attempts that costs at most."""


def _word(error: str) -> str:
    """Return an error's name without the characters that a test case's name may not have."""
    return error.replace(".", "")


CASES: tuple[Case, ...] = (
    *PATHS,
    *(case for failing in FAILURES for case in _failures_of(failing)),
    *RECORDING_FAILURES,
    *CRASHES,
)
"""All cases; each runs on every engine that can run it."""

CALLING_THROUGH: Mapping[str, Mapping[str, str]] = {
    "FunctionsPublish": {
        "OptimizeImage": "Optimized", "ModerateImage": "VerdictAllow", "PersistImage": "PersistedPublished",
    },
    "FunctionsReject": {"OptimizeImage": "Refused"},
    "FunctionsHold": {"OptimizeImage": "Optimized", "ModerateImage": "ContractErrorAtFirst"},
    "FunctionsFail": {"OptimizeImage": "ContractErrorAtFirst"},
    "ClaimedThenReject": {"ClaimUpload": "Claimed", "OptimizeImage": "Refused"},
    "ClaimedThenOverwritten": {"ClaimUpload": "Claimed", "OptimizeImage": "Overwritten"},
    "FunctionsFindItOverwritten": {"OptimizeImage": "Overwritten"},
    "ClaimedThenFail": {"ClaimUpload": "Claimed", "OptimizeImage": "ContractErrorAtFirst"},
    "ClaimNeverAnswered": {"ClaimUpload": "ClaimUploadGivesUpOnDynamoDBProvisionedThroughputExceededException"},
}  # fmt: skip
"""Test cases of ingest whose other Tasks really call DynamoDB and EventBridge, those of the engine: test_records.py."""
