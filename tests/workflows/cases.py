"""Every path and every failure of the state machines as a case: its mocked responses and its expected result.

A case lists the states of an execution in order, its end, values in its output, and the number of retries per state.
The Tasks on its path are mocked; mock_file.py writes MockConfigFile.json from the cases.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from functions.shared.events import detail_type
from functions.shared.upload_events import ingest_input
from tests.workflows.responses import (
    RESPONSES,
    SETTLED,
    SOMEBODY_ELSE,
    Answers,
    after_failures,
    ended,
    every_time,
    execution_arn,
    in_review,
    payload,
    shown,
    then,
    throws,
)

EVENTS = Path(__file__).parents[1] / "events"
EMULATOR, MOTO, STEP_FUNCTIONS_LOCAL = "emulator", "moto", "step-functions-local"
ENGINES = (EMULATOR, MOTO, STEP_FUNCTIONS_LOCAL)

ONE_ANSWER = "it reads a mocked answer once per visit of a state, so no attempt can differ from the one before"
ONE_VISIT = "it gives every visit of a state the answers of the first, so no visit can differ from the one before"
RESERVED_NAME = "it refuses to mock an error whose name begins with States."
TOO_LONG = "it waits between attempts as AWS does, and five visits with seven retries each take too long"
NEEDS_VISITS = {MOTO: ONE_VISIT, STEP_FUNCTIONS_LOCAL: ONE_VISIT}

LONG_THROTTLED = 7
"""Throttled attempts before one that succeeds: more than any other fault is allowed."""

BEGIN = ("IsUploadDescribed", "ClaimUpload")
BEGIN_BY_EVENT = ("IsUploadDescribed", "ReadUploadEvent", "DescribeUpload", "ClaimUpload")
REFUSED = (*BEGIN, "ReadClaim", "IsSameEvent")
COUNTED = (*REFUSED, "CountRevisions", "WasProcessedTooOften")
DISCARDED = (*REFUSED, "DiscardUploads", "AreUploadsDiscarded")
NOTED = ("NoteSecondUpload", "DuplicateUpload")
OPTIMIZED = (*BEGIN, "OptimizeImage", "WasOptimized")
MODERATED = (*OPTIMIZED, "ModerateImage", "WhatWasDecided")
BLURRED = (*MODERATED, "BlurImage")
RECORDED = ("FailImage", "RecordFailure")
FILES_DISCARDED = ("DiscardFiles", "AreFilesDiscarded")
FORGOTTEN = ("ForgetAnnouncement", "DidRunFail")
RETIRED_BEFORE_FORGOTTEN = ("WasPictureShown", "RetireShownPicture", *FORGOTTEN)
FAILED_UNCLAIMED = (*RECORDED, "WasAnythingWritten", "IngestFailed")
ANNOUNCED = (*RECORDED, "WasAnythingWritten", "AnnounceFailure", *FILES_DISCARDED)
FAILED = (*ANNOUNCED, "WasPictureShown", *FORGOTTEN, "IngestFailed")
FAILED_AGAIN = (*ANNOUNCED, *RETIRED_BEFORE_FORGOTTEN, "IngestFailed")
HELD = ("HoldImage", *FAILED[1:])
READ_ENDING = ("HadTheImage", "ReadOwnArn", "ReadEnding", "WhoseIsIt")
LOST = (*FILES_DISCARDED, "UploadSuperseded")
DISCARD_LATER = ("DiscardLaterUploads", "AreLaterUploadsDiscarded", "CountOverwrites", "WasOverwrittenTooOften")
OVERWRITTEN = (*OPTIMIZED, *DISCARD_LATER)
PERSIST_AGAIN = (*READ_ENDING, "CountPersists", "WasPersistedTooOften")
FAILURE_DESCRIBED = ("ReadExecution", "WhatEndedBadly", "DescribeFailure", "RecordFailure")
ENDING_READ = ("ReadEnding", "IsThereARecord")
SETTLING = (*FAILURE_DESCRIBED, *ENDING_READ, "DescribeEnding", "WhatIsLeft")
SETTLED_FAILURE = ("AnnounceFailure", *FILES_DISCARDED, "ForgetFailure", "RecordSettled")
SETTLED_AND_RETIRED = (*SETTLED_FAILURE[:3], "RetireShownPicture", *SETTLED_FAILURE[3:])
SETTLED_VERDICT = ("AnnounceVerdict", "StartRetirement", "ForgetVerdict", "RecordSettled")
STARTING_AGAIN = ("ReadExecution", "WhatEndedBadly", "WaitBeforeStart", "StartAgain")
FIRST_PASS = ("SweepEverything", "IsEverythingSwept", "WaitForAnswers")
SECOND_PASS = ("SweepAfterAnswers", "IsSweptAfterAnswers", "PurgeEdgeAgain", "WaitForVariants")
LAST_PASS = ("SweepAfterVariants", "IsSweptAfterVariants", "AnnounceRemoval", "FinishRemoval", "ImageRemoved")
REMOVED = ("ReadRemoval", "MarkRemoved", "PurgeEdge", *FIRST_PASS, *SECOND_PASS, *LAST_PASS)
RETIRING = ("ReadRetirement", "WaitForAnswers", "SweepSuperseded", "IsSwept", "ReadAnnouncement", "IsAnnounced")
PURGED = ("PurgeEdge", "WaitForVariants")
LAST_RETIRING = ("SweepAfterVariants", "IsSweptAfterVariants", "PurgeEdgeAtLast", "WasThereTrouble")
RETIRED = (*RETIRING, *PURGED, *LAST_RETIRING, "Retired")
ANNOUNCING = (*RETIRING, "DescribeRevision", "AnnounceRevision", "ForgetAnnouncement")
RETIRED_AND_ANNOUNCED = (*ANNOUNCING, *RETIRED[len(RETIRING) :])
REVIEWED = ("ReadReview", "IsInReview", "WaitUntilDue", "ApplyFallback", "ReviewEnded")
TROUBLE = ("NoteTrouble", "WaitOutTrouble", "GoOn")
TROUBLED = ("CountTroubles", "WereTroublesTooMany")
SURVEYED = ("ReadRejudgement", "PlanSurvey", "SurveyDays", "FreezeManifest", "WhatToApply")
TIGHTENED = ("IsAnythingTightened", "ChooseTightening", "ApplyParts", "WhatWasApplied")
RELAXED = ("IsAnythingRelaxed", "ChooseRelaxing", "ApplyParts", "WhatWasApplied")
REPORTED = ("WriteReport", "Rejudged")
PART_APPLIED = ("NextBatch", "IsPartApplied", "PartApplied")
BATCH_DECIDED = ("NextBatch", "IsPartApplied", "DecideBatch")

USUAL_ANSWERS = {
    "ingest": {
        "ClaimUpload": "Claimed",
        "ReadClaim": "ClaimedBySameEvent",
        "DiscardUploads": "Swept",
        "DiscardLaterUploads": "Swept",
        "NoteSecondUpload": "Written",
        "OptimizeImage": "Optimized",
        "ModerateImage": "VerdictAllow",
        "BlurImage": "Blurred",
        "PersistImage": "PersistedPublished",
        "RetireShownPicture": "Started",
        "RecordRejection": "Written",
        "AnnounceRejection": "Announced",
        "RecordFailure": "Written",
        "ReadEnding": "TakenOverWhileItFailed",
        "AnnounceFailure": "Announced",
        "ForgetAnnouncement": "Written",
        "DiscardFiles": "Swept",
    },
    "settle": {
        "StartAgain": "Started",
        "RecordFailure": "Written",
        "ReadEnding": "FailedBySettle",
        "AnnounceVerdict": "Announced",
        "ForgetVerdict": "Written",
        "StartRetirement": "Started",
        "RetireShownPicture": "Started",
        "AnnounceFailure": "Announced",
        "ForgetFailure": "Written",
        "AnnounceRejection": "Announced",
        "DiscardFiles": "Swept",
    },
    "remove": {
        "MarkRemoved": "Marked",
        "PurgeEdge": "Announced",
        "SweepEverything": "Swept",
        "SweepAfterAnswers": "Swept",
        "PurgeEdgeAgain": "Announced",
        "SweepAfterVariants": "Swept",
        "AnnounceRemoval": "Announced",
        "FinishRemoval": "Written",
        "NoteTrouble": "Written",
    },
    "retire": {
        "SweepSuperseded": "Swept",
        "ReadAnnouncement": "RevisionWasAnnounced",
        "AnnounceRevision": "Announced",
        "ForgetAnnouncement": "Written",
        "PurgeEdge": "Announced",
        "SweepAfterVariants": "Swept",
        "PurgeEdgeAtLast": "Announced",
        "ForgetTrouble": "Written",
        "NoteTrouble": "Written",
    },
    "review": {"ReadReview": "InReview", "ApplyFallback": "Decided"},
    "rejudge": {
        "PlanSurvey": "DaysPlanned",
        "FreezeManifest": "ManifestToApply",
        "WriteReport": "RejudgementReported",
        "SurveyDay": "DaySurveyed",
        "NextBatch": "PartApplied",
    },
    "rejudge-SurveyDays": {"SurveyDay": "DaySurveyed"},
    "rejudge-ApplyParts": {"NextBatch": "OneBatch", "DecideBatch": "BatchDecided"},
}
"""The default response of each Task."""


@dataclass(frozen=True)
class Case:
    """One execution: its input, its mocked responses, and its expected result.

    ``output`` maps dotted paths of the execution's output to values. ``retries`` counts repeated attempts by state.
    ``own_answers`` are responses that no other case uses. ``not_on`` says why an engine cannot run the case.
    """

    name: str
    machine: str
    path: tuple[str, ...]
    event: str
    answers: Mapping[str, str] = field(default_factory=dict)
    own_answers: Mapping[str, Answers] = field(default_factory=dict)
    resume: bool = False
    rework: bool = False
    by_event: bool = False
    """Whether the input of ingest is the event itself, as an operator or an earlier release of admit sends it."""
    items: tuple[str, ...] = ()
    """Tasks that the items of a Map on the path run. Neither engine shows their states: cases of their own do."""
    error: str | None = None
    output: Mapping[str, Any] = field(default_factory=dict)
    retries: Mapping[str, int] = field(default_factory=dict)
    not_on: Mapping[str, str] = field(default_factory=dict)

    @property
    def mocked(self) -> dict[str, str]:
        """The response of each Task on the path, by state."""
        answers = {**USUAL_ANSWERS[self.machine], **self.answers}
        return {state: answers[state] for state in (*self.path, *self.items) if state in answers}

    @property
    def input(self) -> dict[str, Any]:
        """The input of the execution."""
        document: dict[str, Any] = json.loads((EVENTS / self.event).read_text(encoding="utf-8"))
        document |= {name: True for name in ("resume", "rework") if getattr(self, name)}
        return ingest_input(document) if self.machine == "ingest" and not self.by_event else document


def ingest(name: str, path: tuple[str, ...], *, event: str = "s3/put.json", **rest: Any) -> Case:
    """Make a case of the state machine ingest."""
    return Case(name, "ingest", path, event, **rest)


def settle(name: str, path: tuple[str, ...], *, event: str = "stepfunctions/timed-out.json", **rest: Any) -> Case:
    """Make a case of the state machine settle."""
    return Case(name, "settle", path, event, **rest)


def remove(name: str, path: tuple[str, ...], *, event: str = "stepfunctions/image.json", **rest: Any) -> Case:
    """Make a case of the state machine remove."""
    return Case(name, "remove", path, event, **rest)


def retire(name: str, path: tuple[str, ...], *, event: str = "stepfunctions/image.json", **rest: Any) -> Case:
    """Make a case of the state machine retire."""
    return Case(name, "retire", path, event, **rest)


def review(name: str, path: tuple[str, ...], *, event: str = "stepfunctions/image.json", **rest: Any) -> Case:
    """Make a case of the state machine review."""
    return Case(name, "review", path, event, **rest)


def rejudge(name: str, path: tuple[str, ...], *, event: str = "stepfunctions/rejudgement.json", **rest: Any) -> Case:
    """Make a case of the state machine rejudge."""
    items = {"SurveyDays": "SurveyDay", "ApplyParts": "NextBatch"}
    run = tuple(task for state, task in items.items() if state in path)
    return Case(name, "rejudge", path, event, items=run, **rest)


def survey_day(name: str, path: tuple[str, ...], *, event: str = "stepfunctions/day.json", **rest: Any) -> Case:
    """Make a case of what rejudge runs for each day."""
    return Case(name, "rejudge-SurveyDays", path, event, **rest)


def apply_part(name: str, path: tuple[str, ...], *, event: str = "stepfunctions/part.json", **rest: Any) -> Case:
    """Make a case of what rejudge runs for each part of a manifest."""
    return Case(name, "rejudge-ApplyParts", path, event, **rest)


MAKERS = {
    "ingest": ingest, "settle": settle, "remove": remove, "retire": retire, "review": review,
    "rejudge": rejudge, "rejudge-SurveyDays": survey_day, "rejudge-ApplyParts": apply_part,
}  # fmt: skip

PUBLISHED = (*MODERATED, "PersistImage")
REJECTED_AT_FIRST = ("AnnounceRejection", *FILES_DISCARDED, "WasPictureShown", *FORGOTTEN, "UploadRejected")
REJECTED_AGAIN = (
    *OPTIMIZED, "RecordRejection", "AnnounceRejection", *FILES_DISCARDED, *RETIRED_BEFORE_FORGOTTEN, "UploadRejected",
)  # fmt: skip


def _found(
    name: str,
    answer: Answers,
    rest: tuple[str, ...],
    *,
    way_in: tuple[str, ...] = SETTLING,
    refused: bool = True,
    event: str = "timed-out",
    **more: Any,
) -> Case:
    """Make a case of settle in which the record is found in some state, or none."""
    canceled = {"RecordFailure": "SettleCanceled"} if refused else {}
    return settle(
        name,
        (*way_in, *rest),
        event=f"stepfunctions/{event}.json",
        answers={"ReadEnding": name, **canceled},
        own_answers={name: every_time(answer), "SettleCanceled": throws(CANCELED, times=3)},
        retries={"RecordFailure": 2} if refused else {},
        **more,
    )


def _title(status: str) -> str:
    return status.title().replace("_", "")


def _in_vain(way_in: tuple[str, ...]) -> tuple[str, ...]:
    """The path of settle when its last Task always fails: three rounds, then the execution fails."""
    again = (*TROUBLED, "WaitOutTrouble", *way_in[1:])
    return (*again, *again, *TROUBLED, "SettleFailed")


def _frozen(action: str, *, tighten: int = 0, relax: int = 0) -> Answers:
    """What survey returns for a frozen manifest with so many parts."""
    return every_time(payload({"action": action, "tighten_parts": tighten, "relax_parts": relax}))


ITEMS_FAILED = "States.ExceedToleratedFailureThreshold"
KEEPS_GOING = "a Map Run does not fail there if its items fail"
CANCELED = "DynamoDb.TransactionCanceledException"
SHOWN_BEFORE = {"revision": {"N": "1"}, "last_revision": {"N": "2"}}
SECOND = {"ClaimUpload": "ClaimRefused", "ReadClaim": "ClaimedByOtherEvent"}

PATHS = (
    ingest(
        "CleanPictureIsPublished",
        PUBLISHED,
        output={"verdict.decision": "allow", "persist.result.status": "PUBLISHED", "resume": False, "rework": False},
    ),
    *(
        ingest(f"OriginalWrittenBy{title}{by}", (*begin, *PUBLISHED[len(BEGIN) :]), event=f"s3/{event}.json",
               by_event=bool(by), output={"original.etag": etag})
        for begin, by in ((BEGIN, ""), (BEGIN_BY_EVENT, "StartedByItsEvent"))
        for title, event, etag in (
            ("Post", "post", "9b2cf535f27731c974343645a3985328"),
            ("Copy", "copy", "9b2cf535f27731c974343645a3985328"),
            ("MultipartUpload", "complete-multipart-upload", "d41d8cd98f00b204e9800998ecf8427e-4"),
            ("PutWithoutVersion", "put-without-version", "9b2cf535f27731c974343645a3985328"),
        )
    ),
    ingest(
        "FlaggedPictureIsBlurred",
        (*BLURRED, "PersistImage"),
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
        "PictureThatPeopleMustSeeIsInReview",
        PUBLISHED,
        answers={"ModerateImage": "VerdictReview", "PersistImage": "PersistedInReview"},
        output={"verdict.decision": "review", "verdict.basis.review.fallback": "blur",
                "persist.result.status": "IN_REVIEW"},
    ),
    ingest(
        "PictureWithoutAllAnswersIsModeratedAgain",
        (*MODERATED, *MODERATED[-2:], "PersistImage"),
        answers={"ModerateImage": "UnfinishedOnce"},
        own_answers={"UnfinishedOnce": then(RESPONSES["Unfinished"], RESPONSES["VerdictAllow"])},
        output={"verdict.decision": "allow", "verdict.answers.views": []},
        not_on=NEEDS_VISITS,
    ),
    ingest(
        "UnusableUploadIsRejected",
        (*OPTIMIZED, "RecordRejection", *REJECTED_AT_FIRST),
        answers={"OptimizeImage": "Refused"},
        output={"optimize.result.reason": "CORRUPT"},
    ),
    ingest(
        "ShownPictureThatIsRejectedIsRetired",
        REJECTED_AGAIN,
        rework=True,
        answers={"ClaimUpload": "ClaimedAgain", "OptimizeImage": "Refused"},
    ),
    ingest(
        "ShownPictureWhoseReworkFailsIsRetired",
        (*OPTIMIZED[:-1], *FAILED_AGAIN),
        rework=True,
        answers={"ClaimUpload": "ClaimedAgain", "OptimizeImage": "ContractErrorAtFirst"},
        error="ContractError",
    ),
    ingest(
        "ShownPictureWhoseReworkIsHeldIsRetired",
        (*MODERATED[:-1], "HoldImage", *FAILED_AGAIN[1:]),
        rework=True,
        answers={"ClaimUpload": "ClaimedAgain", "ModerateImage": "ContractErrorAtFirst"},
        error="ContractError",
    ),
    ingest(
        "ImageThatWasNeverShownIsNotRetired",
        (*MODERATED[:-1], *HELD),
        resume=True,
        answers={"ClaimUpload": "ClaimedBeforeAVerdict", "ModerateImage": "ContractErrorAtFirst"},
        error="ContractError",
    ),
    *(
        ingest(f"HeldImageIsResumed{by}", (*begin, *PUBLISHED[len(BEGIN) :]), resume=True, by_event=bool(by),
               answers={"ClaimUpload": "ClaimedAgain"},
               output={"resume": True, "rework": False, "persist.result.status": "PUBLISHED"})
        for begin, by in ((BEGIN, ""), (BEGIN_BY_EVENT, "ByItsEvent"))
    ),
    ingest(
        "BlurredImageIsReworked",
        (*BLURRED, "PersistImage"),
        answers={"ModerateImage": "VerdictBlur", "PersistImage": "PersistedBlurred"},
        rework=True,
        output={"rework": True, "optimize.result.picture.blur": "mosaic-4"},
    ),
    ingest(
        "SameEventAgainIsADuplicate",
        (*REFUSED, "DuplicateUpload"),
        answers={"ClaimUpload": "ClaimRefused"},
        output={"refusal.Error": "DynamoDB.ConditionalCheckFailedException"},
    ),
    ingest(
        "ResumptionThatLostARaceIsADuplicate",
        (*COUNTED, "DuplicateUpload"),
        resume=True,
        answers={"ClaimUpload": "ClaimRefused", "ReadClaim": "HeldOfSameEvent"},
    ),
    ingest(
        "ResumptionOfAnImageThatWasProcessedTooOftenFails",
        (*COUNTED, "TooManyRevisions"),
        resume=True,
        answers={"ClaimUpload": "ClaimRefused", "ReadClaim": "ProcessedTooOften"},
        error="RevisionLimitError",
    ),
    *(
        ingest(f"UploadIsDiscarded{title}", (*DISCARDED, *NOTED), event=f"s3/{event}.json",
               answers={"ClaimUpload": "ClaimRefused", "ReadClaim": read})
        for title, event, read in (
            ("WhileAnotherOneIsProcessed", "put", "ClaimedByOtherEvent"),
            ("AfterARemoval", "put", "RemovedBeforeUpload"),
            ("WithoutAVersion", "put-without-version", "ClaimedByOtherEvent"),
            ("WhoseRecordVanished", "put", "VanishedBeforeUpload"),
        )
    ),
    ingest(
        "ManyUploadsAreDiscardedInMoreThanOneCall",
        (*DISCARDED, *DISCARDED[-2:], *NOTED),
        answers=SECOND | {"DiscardUploads": "SweptInTwoCalls"},
        not_on=NEEDS_VISITS,
    ),
    ingest(
        "OriginalThatWasOverwrittenIsReadOnceTheLaterUploadsAreDiscarded",
        (*OVERWRITTEN, *PUBLISHED[len(BEGIN) :]),
        answers={"OptimizeImage": "OverwrittenOnce"},
        own_answers={"OverwrittenOnce": then(RESPONSES["Overwritten"], RESPONSES["Optimized"])},
        not_on=NEEDS_VISITS,
    ),
    ingest(
        "ManyLaterUploadsAreDiscardedInMoreThanOneCall",
        (*OPTIMIZED, *DISCARD_LATER[:2], *DISCARD_LATER, *PUBLISHED[len(BEGIN) :]),
        answers={"OptimizeImage": "OverwrittenOnce", "DiscardLaterUploads": "SweptInTwoCalls"},
        not_on=NEEDS_VISITS,
    ),
    ingest(
        "OriginalThatIsOverwrittenAgainAndAgainFails",
        (*BEGIN, *(OVERWRITTEN[len(BEGIN) :] * 5), "GiveUpOnOriginal", *FAILED),
        answers={"OptimizeImage": "Overwritten"},
        error="ObjectChangedError",
    ),
    ingest(
        "LaterUploadsAreDiscardedDespiteThrottling",
        (*BEGIN, *(OVERWRITTEN[len(BEGIN) :] * 5), "GiveUpOnOriginal", *FAILED),
        answers={"OptimizeImage": "Overwritten", "DiscardLaterUploads": "DiscardLaterUploadsThrottled"},
        own_answers={
            "DiscardLaterUploadsThrottled": after_failures(
                "Lambda.TooManyRequestsException", RESPONSES["Swept"], failures=LONG_THROTTLED
            )
        },
        retries={"DiscardLaterUploads": LONG_THROTTLED},
        error="ObjectChangedError",
        not_on={EMULATOR: ONE_ANSWER, STEP_FUNCTIONS_LOCAL: TOO_LONG},
    ),
    ingest(
        "ImageTakenOverWhileItIsPersisted",
        PUBLISHED,
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
    *(
        settle(f"{title}ExecutionIsSettled", (*SETTLING, *SETTLED_FAILURE), event=f"stepfunctions/{event}.json")
        for title, event in (("TimedOut", "timed-out"), ("Aborted", "aborted"), ("Failed", "failed"))
    ),
    *(
        _found(f"{_title(status)}RecordIsAnnounced", ended(status, SETTLED, revision={"N": "2"},
               unannounced={"S": detail_type(status)}), SETTLED_VERDICT)
        for status in ("PUBLISHED", "BLURRED", "IN_REVIEW", "BLOCKED")
    ),
    _found("AnnouncedRecordHasItsFilesRetired", ended("PUBLISHED", SETTLED, revision={"N": "2"}), SETTLED_VERDICT[1:]),
    _found("HeldRecordIsAnnounced", ended("HELD", SETTLED, unannounced={"S": "Image Held"}), SETTLED_FAILURE),
    _found("RejectedRecordIsAnnounced", ended("REJECTED", SETTLED, reason={"S": "CORRUPT"}),
           ("AnnounceRejection", *SETTLED_FAILURE[1:])),
    _found("RejectedRecordThatNotesAnEventIsAnnouncedAsRejected",
           ended("REJECTED", SETTLED, reason={"S": "CORRUPT"}, unannounced={"S": "Image Held"}),
           ("AnnounceRejection", *SETTLED_FAILURE[1:])),
    _found("AnnouncedFailureLosesItsFiles", ended("FAILED", SETTLED), SETTLED_FAILURE[1:]),
    *(
        _found(f"ShownPictureThatIs{status.title()}IsRetired",
               ended(status, SETTLED, **SHOWN_BEFORE, unannounced={"S": detail_type(status)}), SETTLED_AND_RETIRED)
        for status in ("HELD", "FAILED")
    ),
    _found("ShownPictureThatIsRejectedIsRetiredInSettle",
           ended("REJECTED", SETTLED, **SHOWN_BEFORE, reason={"S": "CORRUPT"}),
           ("AnnounceRejection", *SETTLED_AND_RETIRED[1:])),
    _found("RemovedImageLosesTheFilesOfItsRun", ended("REMOVED", SETTLED), SETTLED_FAILURE[1:]),
    _found("ImageOfAnotherExecutionKeepsItsRecord", ended("PROCESSING", SOMEBODY_ELSE), SETTLED_FAILURE[1:]),
    _found("ImageThatNoExecutionClaimedIsLeftAlone", RESPONSES["Unclaimed"], ("AlreadySettled",)),
    _found("ImageWithoutARecordIsLeftAlone", RESPONSES["Written"], ("AlreadySettled",),
           way_in=(*FAILURE_DESCRIBED, *ENDING_READ)),
    _found("RecordThatCannotBeWrittenFails", ended("PROCESSING", SETTLED), _in_vain(SETTLING), error=CANCELED),
    settle(
        "TroubleThatPassesIsSettled",
        (*FAILURE_DESCRIBED, *TROUBLED, "WaitOutTrouble", *SETTLING[1:], *SETTLED_FAILURE),
        answers={"RecordFailure": "SettleTroubledOnce"},
        own_answers={"SettleTroubledOnce": then(throws("DynamoDb.InternalServerErrorException"), RESPONSES["Written"])},
        retries={"RecordFailure": 4},
        not_on=NEEDS_VISITS,
    ),
    settle(
        "ManyFilesOfARunAreDiscardedInMoreThanOneCall",
        (*SETTLING, *SETTLED_FAILURE[:3], *SETTLED_FAILURE[1:]),
        answers={"DiscardFiles": "SweptInTwoCalls"},
        not_on=NEEDS_VISITS,
    ),
    *(
        settle(f"{machine.title()}IsStartedAgain", (*STARTING_AGAIN, "StartedAgain"),
               event=f"stepfunctions/{event}.json", output={"input.image_id": "01JDFZ8Q6W4T3R2Y1X0V9B8N7M"})
        for machine, event in (
            ("remove", "remove-timed-out"), ("retire", "retire-failed"), ("review", "review-failed"),
        )
    ),
    settle(
        "RemovalThatRunsAlreadyIsNotStartedAgain",
        (*STARTING_AGAIN, "StartedAgain"),
        event="stepfunctions/remove-timed-out.json",
        answers={"StartAgain": "RemovalRuns"},
        own_answers={"RemovalRuns": throws("StepFunctions.ExecutionAlreadyExistsException")},
    ),
    settle(
        "RemovalWithoutAnImageIsNotStartedAgain",
        (*STARTING_AGAIN[:2], "NothingToSettle"),
        event="stepfunctions/remove-without-image.json",
    ),
    remove("ImageIsRemovedInThreePasses", REMOVED),
    remove(
        "ImageUnderALegalHoldIsNotRemoved",
        (*REMOVED[:2], "RemovalRefused"),
        answers={"MarkRemoved": "ClaimRefused"},
    ),
    *(
        remove(
            f"{sweep}TakesMoreThanOneCall",
            (*REMOVED[: REMOVED.index(sweep) + 2], *REMOVED[REMOVED.index(sweep) :]),
            answers={sweep: "SweptInTwoCalls"},
            not_on=NEEDS_VISITS,
        )
        for sweep in ("SweepEverything", "SweepAfterAnswers", "SweepAfterVariants")
    ),
    review("ReviewThatNobodyDecidesEndsWithItsFallback", REVIEWED, output={"decided.counts.applied": 1}),
    *(
        review(name, (*REVIEWED[:2], "ReviewEnded"), answers={"ReadReview": name}, own_answers={name: answer})
        for name, answer in (
            ("ImageThatWasDecidedNeedsNoFallback", in_review("PUBLISHED", due_at=True)),
            ("ImageThatIsHeldInReviewHasNoTimeLimit", in_review("IN_REVIEW", due_at=False)),
            ("ImageThatWasRemovedHasNoReview", RESPONSES["Written"]),
        )
    ),
    retire("ReplacedRevisionIsRetiredInTwoPasses", RETIRED),
    *(
        retire(
            f"Unannounced{_title(status)}RevisionIsAnnounced",
            RETIRED_AND_ANNOUNCED,
            answers={"ReadAnnouncement": f"Unannounced{_title(status)}"},
        )
        for status in ("PUBLISHED", "BLURRED", "IN_REVIEW", "BLOCKED")
    ),
    retire(
        "RevisionThatIsProcessedIsNotAnnounced",
        RETIRED,
        answers={"ReadAnnouncement": "UnannouncedProcessing"},
        own_answers={"UnannouncedProcessing": shown("PROCESSING", unannounced={"S": "Image Published"})},
    ),
    retire("RecordThatVanishedIsNotAnnounced", RETIRED, answers={"ReadAnnouncement": "VanishedBeforeUpload"}),
    *(
        retire(
            f"{sweep}TakesMoreThanOneCallInRetire",
            (*RETIRED[: RETIRED.index(sweep) + 2], *RETIRED[RETIRED.index(sweep) :]),
            answers={sweep: "SweptInTwoCalls"},
            not_on=NEEDS_VISITS,
        )
        for sweep in ("SweepSuperseded", "SweepAfterVariants")
    ),
    rejudge(
        "StricterDecisionsAreAppliedFirst",
        (*SURVEYED, *TIGHTENED, *RELAXED, *REPORTED),
        output={"report.outcome": "applied"},
    ),
    rejudge(
        "DecisionsAreOnlyTightened",
        (*SURVEYED, *TIGHTENED, "IsAnythingRelaxed", *REPORTED),
        answers={"FreezeManifest": "NothingToRelax"},
        own_answers={"NothingToRelax": _frozen("apply", tighten=1)},
    ),
    rejudge(
        "DecisionsAreOnlyRelaxed",
        (*SURVEYED, "IsAnythingTightened", *RELAXED, *REPORTED),
        answers={"FreezeManifest": "NothingToTighten"},
        own_answers={"NothingToTighten": _frozen("apply", relax=1)},
    ),
    rejudge(
        "NothingIsAppliedWithoutTheOrder",
        (*SURVEYED, *REPORTED),
        answers={"FreezeManifest": "ManifestToReport", "WriteReport": "DryRunReported"},
        own_answers={
            "ManifestToReport": _frozen("report", tighten=1, relax=1),
            "DryRunReported": every_time(payload({"outcome": "over_cap"})),
        },
        output={"report.outcome": "over_cap"},
    ),
    rejudge(
        "ADayThatCannotBeSurveyedFails",
        SURVEYED[:3],
        answers={"SurveyDay": "DayCannotBeSurveyed"},
        own_answers={"DayCannotBeSurveyed": every_time(throws("ContractError"))},
        error=ITEMS_FAILED,
        not_on={MOTO: KEEPS_GOING},
    ),
    rejudge(
        "APartThatCannotBeAppliedEndsBeforeAnythingIsRelaxed",
        (*SURVEYED, *TIGHTENED[:3]),
        answers={"NextBatch": "PartCannotBeApplied"},
        own_answers={"PartCannotBeApplied": every_time(throws("ContractError"))},
        error=ITEMS_FAILED,
        not_on={MOTO: KEEPS_GOING},
    ),
    survey_day("ADayIsSurveyed", ("SurveyDay", "IsDaySurveyed", "DaySurveyed")),
    survey_day(
        "ADayTakesMoreThanOneCall",
        ("SurveyDay", "IsDaySurveyed", "SurveyDay", "IsDaySurveyed", "DaySurveyed"),
        answers={"SurveyDay": "DayInTwoCalls"},
        own_answers={
            "DayInTwoCalls": then(
                payload({"done": False, "after": "01JDFZ8Q6W4T3R2Y1X0V9B8N7M"}), payload({"done": True, "after": ""})
            )
        },
        not_on=NEEDS_VISITS,
    ),
    apply_part("APartThatIsAppliedIsLeftAlone", PART_APPLIED, answers={"NextBatch": "PartApplied"}),
    apply_part("APartIsAppliedInBatches", (*BATCH_DECIDED, *PART_APPLIED), not_on=NEEDS_VISITS),
)  # fmt: skip
"""All paths without service failures."""


@dataclass(frozen=True)
class Failing:
    """The failures of a Task: the path to it, and the path after its last attempt.

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
    """Whether the execution then fails with the same error."""
    also: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Errors with another Catch, which lead to an end that is not a failure."""
    event: str | None = None
    """The event that starts the execution, if it is not the default one."""
    goes_on: bool = False
    """Whether the execution returns to the Task, which then sends its default response."""
    retries_before: Mapping[str, int] = field(default_factory=dict)
    """Retries on the path to the Task."""


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
    "TransientDependencyError": 7,
}
"""What is retried when a function is invoked, with the number of attempts. Throttling is retried 600 times: no case
makes so many attempts, the lint says the number."""
ONE_OF_EACH_KIND = {
    name: LAMBDA_ERRORS[name]
    for name in ("Lambda.ServiceException", "Runtime.ExitError", "Sandbox.Timedout", "TransientDependencyError")
}
"""For the Tasks that delete files; the lint checks which names belong to a kind."""
IN_ROUNDS = {**ONE_OF_EACH_KIND, "Lambda.TooManyRequestsException": 7}
"""For the machines that repeat a failed Task by themselves."""
RECOVERED_LAMBDA = {
    "Lambda.ServiceException": 1,
    "Runtime.ExitError": 1,
    "Sandbox.Timedout": 1,
    "TransientDependencyError": 2,
    "ThrottledError": LONG_THROTTLED,
}
RECOVERED_IN_ROUNDS = {**RECOVERED_LAMBDA, "ThrottledError": 2}
RECOVERED_BY_NAME = {**RECOVERED_LAMBDA, "Lambda.TooManyRequestsException": LONG_THROTTLED}
UNRETRIED = ("ContractError",)
DYNAMODB = {"DynamoDB.InternalServerError": 5}
LOST_ANSWER = {"DynamoDB.InternalServerError": 1}
LOST_OR_THROTTLED = {**LOST_ANSWER, "DynamoDB.ProvisionedThroughputExceededException": LONG_THROTTLED}
TRANSACTION = {CANCELED: 3, "DynamoDb.InternalServerErrorException": 5}
EVENT_BUS = {"EventBridge.FailedEntry": 5}
NO_ENTRY = {"EventBridge.FailedEntry": 1}
NO_ENTRY_OR_THROTTLED = {**NO_ENTRY, "EventBridge.ThrottlingException": LONG_THROTTLED}
STEP_FUNCTIONS = {"StepFunctions.ExecutionLimitExceededException": 5}
NO_ROOM = {
    "StepFunctions.ExecutionLimitExceededException": 2,
    "StepFunctions.ThrottlingException": LONG_THROTTLED,
}
CANCELED_OR_THROTTLED = {
    CANCELED: 1,
    "DynamoDb.InternalServerErrorException": 2,
    "DynamoDb.ThrottlingException": LONG_THROTTLED,
}
NOT_MINE = ("DynamoDB.ConditionalCheckFailedException",)
UNREADABLE = {"OptimizeImage": "ContractErrorAtFirst"}
FAILING_IMAGE = (*OPTIMIZED[:-1], *RECORDED)
AGAIN = {"ClaimUpload": "ClaimedAgain"}
UNANNOUNCED = {"ReadAnnouncement": "UnannouncedPublished"}
VERDICT = {"RecordFailure": "SettleCanceled", "ReadEnding": "PublishedRecordIsAnnounced"}
REFUSED_TWICE = {"RecordFailure": 2}
REJECTED = {"RecordFailure": "SettleCanceled", "ReadEnding": "RejectedRecordIsAnnounced"}
SHOWN = {"RecordFailure": "SettleCanceled", "ReadEnding": "ShownPictureThatIsFailedIsRetired"}

IN_VAIN = ("in vain",)
"""A placeholder for the rounds of settle, which depend on the path to the Task."""

FAILURES = (
    Failing(
        "ClaimUpload", "ingest", BEGIN, FAILED_UNCLAIMED, PUBLISHED[len(BEGIN) :], DYNAMODB,
        {**LOST_OR_THROTTLED, "DynamoDB.InternalServerError": 2},
    ),
    Failing(
        "ReadClaim", "ingest", REFUSED[:-1], ("DuplicateUpload",), ("IsSameEvent", "DuplicateUpload"), DYNAMODB,
        LOST_OR_THROTTLED, answers={"ClaimUpload": "ClaimRefused"}, fails=False,
    ),
    Failing(
        "DiscardUploads", "ingest", DISCARDED[:-1], ("IngestFailed",), (DISCARDED[-1], *NOTED), ONE_OF_EACH_KIND,
        RECOVERED_LAMBDA, caught=UNRETRIED, answers=SECOND,
    ),
    Failing(
        "NoteSecondUpload", "ingest", (*DISCARDED, "NoteSecondUpload"), ("DuplicateUpload",), ("DuplicateUpload",),
        DYNAMODB, LOST_OR_THROTTLED, caught=NOT_MINE, answers=SECOND, fails=False,
    ),
    Failing(
        "OptimizeImage", "ingest", OPTIMIZED[:-1], FAILED, PUBLISHED[len(OPTIMIZED) - 1 :], LAMBDA_ERRORS,
        RECOVERED_BY_NAME, caught=(*UNRETRIED, "ObjectMissingError"),
    ),
    Failing(
        "DiscardLaterUploads", "ingest", OVERWRITTEN[:-3], FAILED, (), ONE_OF_EACH_KIND, {},
        caught=UNRETRIED, answers={"OptimizeImage": "Overwritten"},
    ),
    Failing(
        "ModerateImage", "ingest", MODERATED[:-1], HELD, PUBLISHED[len(MODERATED) - 1 :], LAMBDA_ERRORS,
        RECOVERED_BY_NAME, caught=(*UNRETRIED, "ModerationRefusedError", "ModerationAnswerError"),
    ),
    Failing(
        "BlurImage", "ingest", BLURRED, FAILED, PUBLISHED[-1:], LAMBDA_ERRORS, RECOVERED_BY_NAME,
        caught=UNRETRIED, answers={"ModerateImage": "VerdictBlur", "PersistImage": "PersistedBlurred"},
    ),
    Failing(
        "PersistImage", "ingest", PUBLISHED, FAILED, (), LAMBDA_ERRORS, RECOVERED_BY_NAME,
        caught=(*UNRETRIED, "RecordMissingError"),
    ),
    Failing(
        "RecordRejection", "ingest", (*OPTIMIZED, "RecordRejection"), FAILED, REJECTED_AT_FIRST,
        {"DynamoDb.InternalServerErrorException": 5},
        CANCELED_OR_THROTTLED,
        answers={"OptimizeImage": "Refused"},
        also={CANCELED: (*READ_ENDING[1:], *LOST)},
    ),
    Failing(
        "AnnounceRejection", "ingest", (*OPTIMIZED, "RecordRejection", "AnnounceRejection"), ("IngestFailed",),
        REJECTED_AT_FIRST[1:], EVENT_BUS, NO_ENTRY_OR_THROTTLED, answers={"OptimizeImage": "Refused"},
    ),
    Failing(
        "DiscardFiles", "ingest", REJECTED_AGAIN[:-6], ("IngestFailed",), REJECTED_AGAIN[-6:], {}, {},
        caught=UNRETRIED, answers={"OptimizeImage": "Refused", **AGAIN},
    ),
    Failing(
        "RetireShownPicture", "ingest", REJECTED_AGAIN[:-3], ("IngestFailed",), REJECTED_AGAIN[-3:], STEP_FUNCTIONS,
        NO_ROOM, answers={"OptimizeImage": "Refused", **AGAIN},
        also={"StepFunctions.ExecutionAlreadyExistsException": REJECTED_AGAIN[-3:]},
    ),
    Failing(
        "RecordFailure", "settle", FAILURE_DESCRIBED, IN_VAIN, (*SETTLING[4:], *SETTLED_FAILURE),
        {"DynamoDb.InternalServerErrorException": 5},
        CANCELED_OR_THROTTLED,
    ),
    Failing(
        "ReadEnding", "settle", SETTLING[:5], IN_VAIN, (*SETTLING[5:], *SETTLED_FAILURE), DYNAMODB,
        LOST_OR_THROTTLED,
    ),
    Failing(
        "AnnounceFailure", "settle", (*SETTLING, "AnnounceFailure"), IN_VAIN, SETTLED_FAILURE[1:],
        EVENT_BUS, NO_ENTRY_OR_THROTTLED,
    ),
    Failing(
        "ForgetFailure", "settle", (*SETTLING, *SETTLED_FAILURE[:-1]), ("RecordSettled",), ("RecordSettled",),
        DYNAMODB, LOST_OR_THROTTLED, caught=NOT_MINE, fails=False,
    ),
    Failing(
        "AnnounceVerdict", "settle", (*SETTLING, "AnnounceVerdict"), IN_VAIN, SETTLED_VERDICT[1:],
        EVENT_BUS, NO_ENTRY_OR_THROTTLED, answers=VERDICT,
        retries_before=REFUSED_TWICE,
    ),
    Failing(
        "StartRetirement", "settle", (*SETTLING, *SETTLED_VERDICT[:2]), IN_VAIN, SETTLED_VERDICT[2:],
        STEP_FUNCTIONS, NO_ROOM, answers=VERDICT,
        retries_before=REFUSED_TWICE,
        also={"StepFunctions.ExecutionAlreadyExistsException": SETTLED_VERDICT[2:]},
    ),
    Failing(
        "ForgetVerdict", "settle", (*SETTLING, *SETTLED_VERDICT[:3]), ("RecordSettled",), ("RecordSettled",),
        DYNAMODB, LOST_OR_THROTTLED, caught=NOT_MINE, answers=VERDICT, fails=False,
        retries_before=REFUSED_TWICE,
    ),
    Failing(
        "AnnounceRejection", "settle", (*SETTLING, "AnnounceRejection"), IN_VAIN, SETTLED_FAILURE[1:],
        EVENT_BUS, NO_ENTRY_OR_THROTTLED, answers=REJECTED,
        retries_before=REFUSED_TWICE,
    ),
    Failing(
        "RetireShownPicture", "settle", (*SETTLING, *SETTLED_AND_RETIRED[:4]), IN_VAIN, SETTLED_AND_RETIRED[4:],
        STEP_FUNCTIONS, NO_ROOM, answers=SHOWN, retries_before=REFUSED_TWICE,
        also={"StepFunctions.ExecutionAlreadyExistsException": SETTLED_AND_RETIRED[4:]},
    ),
    Failing(
        "DiscardFiles", "settle", (*SETTLING, *SETTLED_FAILURE[:2]), IN_VAIN, SETTLED_FAILURE[2:],
        ONE_OF_EACH_KIND, RECOVERED_LAMBDA, caught=UNRETRIED,
    ),
    Failing(
        "StartAgain", "settle", STARTING_AGAIN, IN_VAIN, ("StartedAgain",), STEP_FUNCTIONS, NO_ROOM,
        event="stepfunctions/remove-timed-out.json",
    ),
    Failing(
        "ReadReview", "review", REVIEWED[:1], ("ReviewFailed",), REVIEWED[1:], DYNAMODB, LOST_OR_THROTTLED,
    ),
    Failing(
        "ApplyFallback", "review", REVIEWED[:4], ("ReviewFailed",), REVIEWED[4:], LAMBDA_ERRORS, RECOVERED_BY_NAME,
        caught=UNRETRIED,
    ),
    *(
        Failing(
            task, "remove", REMOVED[: REMOVED.index(task) + 1], (*TROUBLE, *REMOVED[REMOVED.index(comes_back) :]),
            REMOVED[REMOVED.index(task) + 1 :], errors, recovers, caught=caught, fails=False, goes_on=True,
        )
        for task, comes_back, errors, recovers, caught in (
            ("MarkRemoved", "MarkRemoved", DYNAMODB, LOST_ANSWER, ()),
            ("PurgeEdge", "MarkRemoved", EVENT_BUS, NO_ENTRY, ()),
            ("SweepEverything", "SweepEverything", IN_ROUNDS, RECOVERED_IN_ROUNDS, ("RecordConflictError",)),
            ("SweepAfterAnswers", "SweepEverything", IN_ROUNDS, RECOVERED_IN_ROUNDS, ("RecordConflictError",)),
            ("PurgeEdgeAgain", "SweepEverything", EVENT_BUS, NO_ENTRY, ()),
            ("SweepAfterVariants", "SweepAfterVariants", IN_ROUNDS, RECOVERED_IN_ROUNDS, ("RecordConflictError",)),
            ("AnnounceRemoval", "SweepAfterVariants", EVENT_BUS, NO_ENTRY, ()),
            ("FinishRemoval", "SweepAfterVariants", DYNAMODB, LOST_ANSWER, ()),
        )
    ),
    *(
        Failing(
            task, "retire", RETIRED[: RETIRED.index(task) + 1],
            (*TROUBLE, *RETIRED[RETIRED.index(comes_back) : -1], "ForgetTrouble", "Retired"),
            RETIRED[RETIRED.index(task) + 1 :], errors, recovers, caught=caught, fails=False, goes_on=True,
        )
        for task, comes_back, errors, recovers, caught in (
            ("SweepSuperseded", "SweepSuperseded", IN_ROUNDS, RECOVERED_IN_ROUNDS, UNRETRIED),
            ("ReadAnnouncement", "SweepSuperseded", DYNAMODB, LOST_ANSWER, ()),
            ("PurgeEdge", "SweepSuperseded", EVENT_BUS, NO_ENTRY, ()),
            ("SweepAfterVariants", "SweepAfterVariants", IN_ROUNDS, RECOVERED_IN_ROUNDS, UNRETRIED),
            ("PurgeEdgeAtLast", "SweepAfterVariants", EVENT_BUS, NO_ENTRY, ()),
        )
    ),
    Failing(
        "PlanSurvey", "rejudge", SURVEYED[:2], ("RejudgementFailed",), (*SURVEYED[2:], *TIGHTENED, *RELAXED, *REPORTED),
        ONE_OF_EACH_KIND, RECOVERED_LAMBDA, caught=UNRETRIED,
    ),
    Failing(
        "FreezeManifest", "rejudge", SURVEYED[:4], ("RejudgementFailed",),
        (*SURVEYED[4:], *TIGHTENED, *RELAXED, *REPORTED), ONE_OF_EACH_KIND, RECOVERED_LAMBDA, caught=UNRETRIED,
    ),
    Failing(
        "WriteReport", "rejudge", (*SURVEYED, *TIGHTENED, *RELAXED, *REPORTED[:1]), ("RejudgementFailed",),
        REPORTED[1:], ONE_OF_EACH_KIND, RECOVERED_LAMBDA, caught=UNRETRIED,
    ),
    Failing(
        "SurveyDay", "rejudge-SurveyDays", ("SurveyDay",), ("DayFailed",), ("IsDaySurveyed", "DaySurveyed"),
        ONE_OF_EACH_KIND, RECOVERED_LAMBDA, caught=UNRETRIED,
    ),
    Failing(
        "NextBatch", "rejudge-ApplyParts", ("NextBatch",), ("PartFailed",), ("IsPartApplied", "PartApplied"),
        ONE_OF_EACH_KIND, RECOVERED_LAMBDA, caught=UNRETRIED, answers={"NextBatch": "PartApplied"},
    ),
    Failing(
        "DecideBatch", "rejudge-ApplyParts", BATCH_DECIDED, ("PartFailed",), PART_APPLIED,
        ONE_OF_EACH_KIND, {}, caught=UNRETRIED,
    ),
    Failing(
        "AnnounceRevision", "retire", ANNOUNCING[:-1],
        (*TROUBLE, *RETIRED_AND_ANNOUNCED[2:-1], "ForgetTrouble", "Retired"),
        RETIRED_AND_ANNOUNCED[len(ANNOUNCING) - 1 :], EVENT_BUS, NO_ENTRY, answers=UNANNOUNCED, fails=False,
        goes_on=True,
    ),
    Failing(
        "ForgetAnnouncement", "retire", ANNOUNCING, RETIRED_AND_ANNOUNCED[len(ANNOUNCING) :],
        RETIRED_AND_ANNOUNCED[len(ANNOUNCING) :], DYNAMODB, LOST_ANSWER, caught=NOT_MINE, answers=UNANNOUNCED,
        fails=False,
    ),
)  # fmt: skip
"""All Tasks with independent failures; failures while recording an error are below."""


def _recording(
    name: str, rest: tuple[str, ...], answers: Mapping[str, Answers], retries: Mapping[str, int], **more: Any
) -> Case:
    """Make a case in which OptimizeImage fails, and recording the failure or a later step fails too."""
    own = {f"{name}{state}": answer for state, answer in answers.items()}
    return ingest(
        name,
        (*FAILING_IMAGE, *rest),
        answers={**UNREADABLE, **{state: f"{name}{state}" for state in answers}},
        own_answers={"ContractErrorAtFirst": throws("ContractError"), **own},
        retries=retries,
        **more,
    )


def _mine(name: str, status: str, *, revision: int = 1) -> Answers:
    """The record if the case's execution owns the image; its claim took revision 1."""
    return every_time(ended(status, execution_arn(name), revision={"N": str(revision)}))


RECORDING_FAILURES = (
    _recording("FailureCannotBeRecorded", ("IngestFailed",),
               {"RecordFailure": throws("DynamoDb.InternalServerErrorException", times=5)}, {"RecordFailure": 4},
               error="ContractError"),
    _recording("ImageTakenOverWhileItFails", (*READ_ENDING, *LOST), {"RecordFailure": throws(CANCELED, times=3)},
               {"RecordFailure": 2}),
    _recording("ImageBlockedWhileItFails", (*READ_ENDING, *LOST),
               {"RecordFailure": throws(CANCELED, times=3),
                "ReadEnding": _mine("ImageBlockedWhileItFails", "BLOCKED", revision=2)},
               {"RecordFailure": 2}),
    _recording("RecordThatStillSaysProcessingFails", (*READ_ENDING, "IngestFailed"),
               {"RecordFailure": throws(CANCELED, times=3),
                "ReadEnding": _mine("RecordThatStillSaysProcessingFails", "PROCESSING")},
               {"RecordFailure": 2}, error="ContractError"),
    _recording("EndingCannotBeRead", (*READ_ENDING[:3], "IngestFailed"),
               {"RecordFailure": throws(CANCELED, times=3), "ReadEnding": throws(*DYNAMODB, times=5)},
               {"RecordFailure": 2, "ReadEnding": 4}, error="ContractError"),
    _recording("EndingIsReadAtLast", (*READ_ENDING, *LOST),
               {"RecordFailure": throws(CANCELED, times=3),
                "ReadEnding": after_failures(*LOST_ANSWER, RESPONSES["TakenOverWhileItFailed"], failures=1)},
               {"RecordFailure": 2, "ReadEnding": 1}, not_on={EMULATOR: ONE_ANSWER}),
    _recording("EndingIsReadDespiteThrottling", (*READ_ENDING, *LOST),
               {"RecordFailure": throws(CANCELED, times=3),
                "ReadEnding": after_failures("DynamoDB.ThrottlingException", RESPONSES["TakenOverWhileItFailed"],
                                             failures=LONG_THROTTLED)},
               {"RecordFailure": 2, "ReadEnding": LONG_THROTTLED}, not_on={EMULATOR: ONE_ANSWER}),
    *(
        _recording(f"{state}IsThrottledForLong", FAILED[2:],
                   {state: after_failures(error, RESPONSES[answer], failures=LONG_THROTTLED)},
                   {state: LONG_THROTTLED}, error="ContractError", not_on={EMULATOR: ONE_ANSWER})
        for state, error, answer in (
            ("RecordFailure", "DynamoDb.RequestLimitExceededException", "Written"),
            ("AnnounceFailure", "EventBridge.ThrottlingException", "Announced"),
            ("ForgetAnnouncement", "DynamoDB.RequestLimitExceeded", "Written"),
        )
    ),
    ingest("UploadThatCannotClaimAnImageInWorkFails", (*BEGIN, *RECORDED, "HadTheImage", "IngestFailed"),
           answers={"ClaimUpload": "ClaimNeverPossible", "RecordFailure": "ImageTakenOverWhileItFailsRecordFailure"},
           own_answers={"ClaimNeverPossible": throws("DynamoDB.AccessDeniedException", times=5)},
           retries={"ClaimUpload": 4, "RecordFailure": 2}, error="DynamoDB.AccessDeniedException"),
    _recording("FailureIsRecordedAtLast", FAILED[2:],
               {"RecordFailure": after_failures(CANCELED, RESPONSES["Written"], failures=1)}, {"RecordFailure": 1},
               error="ContractError", not_on={EMULATOR: ONE_ANSWER}),
    _recording("FailureCannotBeAnnounced", (*ANNOUNCED[2:], "IngestFailed"),
               {"AnnounceFailure": throws("EventBridge.FailedEntry", times=5)}, {"AnnounceFailure": 4},
               error="ContractError"),
    _recording("FailureIsAnnouncedAtLast", FAILED[2:],
               {"AnnounceFailure": after_failures("EventBridge.FailedEntry", RESPONSES["Announced"], failures=2)},
               {"AnnounceFailure": 2}, error="ContractError", not_on={EMULATOR: ONE_ANSWER}),
    _recording("AnnouncementCannotBeForgotten", FAILED[2:], {"ForgetAnnouncement": throws(*DYNAMODB, times=5)},
               {"ForgetAnnouncement": 4}, error="ContractError"),
    _recording("AnnouncementIsForgottenAtLast", FAILED[2:],
               {"ForgetAnnouncement": after_failures(*LOST_ANSWER, RESPONSES["Written"], failures=1)},
               {"ForgetAnnouncement": 1}, error="ContractError", not_on={EMULATOR: ONE_ANSWER}),
    _recording("AnnouncementOfAnotherExecutionIsNotForgotten", FAILED[2:], {"ForgetAnnouncement": throws(*NOT_MINE)},
               {}, error="ContractError"),
    *(
        _recording(f"FilesCannotBeDiscardedFor{error.replace('.', '')}", (*ANNOUNCED[2:-1], "IngestFailed"),
                   {"DiscardFiles": throws(error, times=attempts)},
                   {"DiscardFiles": attempts - 1} if attempts > 1 else {}, error=error)
        for error, attempts in {**ONE_OF_EACH_KIND, "RecordConflictError": 1}.items()
    ),
    *(
        _recording(f"FilesAreDiscardedDespite{error.replace('.', '')}", FAILED[2:],
                   {"DiscardFiles": after_failures(error, RESPONSES["Swept"], failures=failures)},
                   {"DiscardFiles": failures}, error="ContractError", not_on={EMULATOR: ONE_ANSWER})
        for error, failures in RECOVERED_LAMBDA.items()
    ),
    _recording("ManyFilesAreDiscardedInMoreThanOneCall", (*ANNOUNCED[2:], *FAILED[4:]),
               {"DiscardFiles": RESPONSES["SweptInTwoCalls"]}, {}, error="ContractError", not_on=NEEDS_VISITS),
)  # fmt: skip

PERSIST_TWICE = (*PUBLISHED, *RECORDED, *PERSIST_AGAIN)


def _persisted_by_itself(name: str, persist: Answers, path: tuple[str, ...], *, status: str, **more: Any) -> Case:
    """Make a case in which the record refuses a failure because the same execution has published the image."""
    return ingest(
        name,
        path,
        answers={"PersistImage": f"{name}Persist", "RecordFailure": f"{name}Record", "ReadEnding": name},
        own_answers={
            f"{name}Persist": persist,
            f"{name}Record": every_time(throws(CANCELED)),
            name: _mine(name, status),
        },
        **more,
    )


HALF_PERSISTED = (
    *(
        _persisted_by_itself(f"Persisting{_title(status)}IsEndedByTheNextRound",
                             then(throws("ContractError"), RESPONSES["PersistedPublished"]),
                             (*PERSIST_TWICE, "PersistImage"), status=status,
                             retries={"RecordFailure": 2}, not_on=NEEDS_VISITS)
        for status in ("PUBLISHED", "BLURRED", "IN_REVIEW", "BLOCKED")
    ),
    _persisted_by_itself("PersistingThatNeverEndsFails", every_time(throws("ContractError")),
                         (*PERSIST_TWICE, *(PERSIST_TWICE[-9:] * 2), "IngestFailed"), status="PUBLISHED",
                         retries={"RecordFailure": 2}, error="ContractError"),
)  # fmt: skip
"""An execution that published the image and then failed before its last step, which is repeated until it succeeds."""


def _noting(machine: str, name: str, note: Answers, retries: int, **more: Any) -> Case:
    """Make a case in which the first Task fails, and recording the error fails too."""
    path, task = {
        "remove": ((*REMOVED[:2], *TROUBLE, *REMOVED[1:]), "MarkRemoved"),
        "retire": ((*RETIRED[:3], *TROUBLE, *RETIRED[2:-1], "ForgetTrouble", "Retired"), "SweepSuperseded"),
    }[machine]
    name = f"{name}In{machine.title()}"
    usual = RESPONSES[USUAL_ANSWERS[machine][task]]
    return MAKERS[machine](
        name,
        path,
        answers={task: f"{name}{task}", "NoteTrouble": name},
        own_answers={f"{name}{task}": then(throws("ContractError"), usual), name: note},
        retries={**({task: 4} if machine == "remove" else {}), **({"NoteTrouble": retries} if retries else {})},
        not_on=NEEDS_VISITS,
        **more,
    )


TROUBLES = (
    *(
        case
        for machine in ("remove", "retire")
        for case in (
            _noting(machine, "TroubleCannotBeNoted", throws(*DYNAMODB, times=5), 4),
            _noting(machine, "TroubleOfARecordThatVanishedIsNotNoted", throws(*NOT_MINE), 0),
        )
    ),
    *(
        retire(
            f"TroubleCannotBeForgottenFor{error.replace('.', '')}",
            (*RETIRED[:3], *TROUBLE, *RETIRED[2:-1], "ForgetTrouble", "Retired"),
            answers={"SweepSuperseded": "TroubleOnce", "ForgetTrouble": f"Forget{error.replace('.', '')}"},
            own_answers={
                "TroubleOnce": then(throws("ContractError"), RESPONSES["Swept"]),
                f"Forget{error.replace('.', '')}": throws(error, times=attempts),
            },
            retries={"ForgetTrouble": attempts - 1} if attempts > 1 else {},
            not_on=NEEDS_VISITS,
        )
        for error, attempts in {**DYNAMODB, NOT_MINE[0]: 1}.items()
    ),
)


def _failures_of(failing: Failing) -> Iterator[Case]:
    usual = {**USUAL_ANSWERS[failing.machine], **failing.answers}
    for error, attempts in failing.retried.items():
        yield _given_up(failing, error, attempts, failing.gives_up, fails=failing.fails)
    for error in failing.caught:
        yield _given_up(failing, error, _attempts_of(failing, error), failing.gives_up, fails=failing.fails)
    for error, end in failing.also.items():
        yield _given_up(failing, error, TRANSACTION.get(error, 1), end, fails=False)
    for error, failures in failing.recovers_from.items():
        name = f"{failing.task}RecoversFrom{_word(error)}{_suffix(failing)}"
        answer = RESPONSES[usual[failing.task]]
        yield _case(
            failing,
            name,
            failing.way_in + failing.succeeded,
            after_failures(error, answer, failures=failures),
            retries=failures,
            not_on={EMULATOR: ONE_ANSWER},
        )


def _attempts_of(failing: Failing, error: str) -> int:
    """The number of attempts of a Task for an error outside the Retry entries for functions."""
    return 1 if error in {*NOT_MINE, *UNRETRIED} or failing.retried.keys() & LAMBDA_ERRORS.keys() else 5


def _given_up(failing: Failing, error: str, attempts: int, end: tuple[str, ...], *, fails: bool) -> Case:
    verb = "GivesUpOn" if attempts > 1 else "DoesNotRetry"
    answers = throws(error, times=attempts)
    if end == IN_VAIN:
        end, answers = _in_vain(failing.way_in), every_time(throws(error))
    if failing.goes_on:
        answers = then(throws(error), RESPONSES[USUAL_ANSWERS[failing.machine][failing.task]])
    reserved = {MOTO: RESERVED_NAME} if error.startswith("States.") else {}
    return _case(
        failing,
        f"{failing.task}{verb}{_word(error)}{_suffix(failing)}",
        failing.way_in + end,
        answers,
        retries=attempts - 1,
        error=error if fails else None,
        not_on=NEEDS_VISITS if failing.goes_on else reserved,
    )


def _suffix(failing: Failing) -> str:
    return "" if failing.machine == "ingest" else f"In{failing.machine.title().replace('-', '')}"


def _case(failing: Failing, name: str, path: tuple[str, ...], answers: Answers, *, retries: int, **rest: Any) -> Case:
    event = {"event": failing.event} if failing.event else {}
    return MAKERS[failing.machine](
        name,
        path,
        answers={**failing.answers, failing.task: name},
        own_answers={name: answers},
        retries={**failing.retries_before, **({failing.task: retries} if retries else {})},
        **event,
        **rest,
    )


def _alternating(name: str, errors: tuple[str, ...], path: tuple[str, ...], *, recovers: bool) -> Case:
    """Make a case in which the attempts of OptimizeImage fail with different errors."""
    throwing = {str(place): throws(error)["0"] for place, error in enumerate(errors)}
    (optimized,) = RESPONSES["Optimized"].values()
    answer = {str(len(errors)): optimized} if recovers else {}
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
    apply_part(
        "AThrottledDecisionIsRepeated",
        (*BATCH_DECIDED, "PartFailed"),
        answers={"DecideBatch": "ThrottledThenBroken"},
        own_answers={"ThrottledThenBroken": {"0": throws("ThrottledError")["0"], "1": throws("ContractError")["0"]}},
        retries={"DecideBatch": 1},
        error="ContractError",
        not_on={EMULATOR: ONE_ANSWER},
    ),
)  # fmt: skip
"""Attempts that fail with different errors: crashes with the maximum number of attempts, and one throttled call."""


def _word(error: str) -> str:
    """Return an error's name without the characters that a test case's name may not have."""
    return error.replace(".", "")


CASES: tuple[Case, ...] = (
    *PATHS,
    *(case for failing in FAILURES for case in _failures_of(failing)),
    *RECORDING_FAILURES,
    *HALF_PERSISTED,
    *TROUBLES,
    *CRASHES,
)
"""All cases; each runs on every engine that supports it."""

_ELSEWHERE = {
    "DiscardUploads": "Swept", "DiscardLaterUploads": "Swept", "DiscardFiles": "Swept",
    "RetireShownPicture": "Started",
}  # fmt: skip
"""The other function and the other state machine that ingest and settle call."""

CALLING_THROUGH: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "ingest": {
        name: {**_ELSEWHERE, **answers}
        for name, answers in {
            "FunctionsPublish": {
                "OptimizeImage": "Optimized", "ModerateImage": "VerdictAllow", "PersistImage": "PersistedPublished",
            },
            "FunctionsDiscard": SECOND,
            "FunctionsReject": {"OptimizeImage": "Refused"},
            "FunctionsHold": {"OptimizeImage": "Optimized", "ModerateImage": "ContractErrorAtFirst"},
            "FunctionsFail": {"OptimizeImage": "ContractErrorAtFirst"},
            "FunctionsFailUnheard": {
                "OptimizeImage": "ContractErrorAtFirst", "AnnounceFailure": "FailureCannotBeAnnouncedAnnounceFailure",
            },
            "FunctionsFailAndKeepFiles": {
                "OptimizeImage": "ContractErrorAtFirst",
                "DiscardFiles": "FilesCannotBeDiscardedForLambdaServiceExceptionDiscardFiles",
            },
            "FunctionsRejectAndKeepFiles": {
                "OptimizeImage": "Refused",
                "DiscardFiles": "FilesCannotBeDiscardedForLambdaServiceExceptionDiscardFiles",
            },
            "FunctionsRejectUnretired": {
                "OptimizeImage": "Refused",
                "RetireShownPicture": "RetireShownPictureGivesUpOnStepFunctionsExecutionLimitExceededException",
            },
            "FunctionsFindItOverwritten": {"OptimizeImage": "Overwritten"},
            "ClaimedThenReject": {"ClaimUpload": "Claimed", "OptimizeImage": "Refused"},
            "ClaimedThenOverwritten": {"ClaimUpload": "Claimed", "OptimizeImage": "Overwritten"},
            "ClaimedThenFail": {"ClaimUpload": "Claimed", "OptimizeImage": "ContractErrorAtFirst"},
            "ClaimNeverAnswered": {"ClaimUpload": "ClaimUploadGivesUpOnDynamoDBInternalServerError"},
        }.items()
    },
    "settle": {
        "Settles": {**_ELSEWHERE, "StartRetirement": "Started"},
        "SettlesUnretired": {
            **_ELSEWHERE,
            "StartRetirement": "StartRetirementGivesUpOnStepFunctionsExecutionLimitExceededExceptionInSettle",
        },
    },
    "remove": {
        "Removes": {"SweepEverything": "Swept", "SweepAfterAnswers": "Swept", "SweepAfterVariants": "Swept"},
    },
    "retire": {"Retires": {"SweepSuperseded": "Swept", "SweepAfterVariants": "Swept"}},
}  # fmt: skip
"""Test cases whose other Tasks call the engine's DynamoDB and EventBridge: test_records.py."""
