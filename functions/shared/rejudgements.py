"""A comparison of decisions over stored images, and the names of its objects in the reports bucket.

    rejudgements/{id}/request.json     what was asked for: a Rejudgement
    rejudgements/{id}/report.json      the result of the execution
    manifests/{id}/days.json           the days with images when the manifest was begun
    manifests/{id}/days/{day}          this day is complete
    manifests/{id}/found/{part}.json   what was found in the records that one call read
    manifests/{id}/counts/{part}.json  its counts
    manifests/{id}/summary.json        the sum of all counts; the manifest is complete
    manifests/{id}/{change}/{part}.jsonl   images that change: a batch of them in each line
    manifests/{id}/applied/{change}/{part}.json   how far a part is applied, and the outcomes of its images
    manifests/{id}/finished/{change}/{part}       a part is applied

A part is named after its day and the image id after which its records were read. The first writer of days.json, of
found/{part}.json and of summary.json decides what they contain; what a part's images and counts are follows from the
second. So a repeated call, or another execution with the same manifest, never changes what an earlier one found.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final

from functions.shared.documents import Document, Parts, ulid_of

DEFAULT_CAP: Final = 1_000
"""Images that a rejudgement may change without being confirmed."""


class Mode(StrEnum):
    """What a rejudgement does with the differences that it finds."""

    DIFF = "diff"
    """Compare two policies, and report."""
    DRY_RUN = "dry_run"
    """Compare a policy with the recorded decisions, and report."""
    APPLY = "apply"
    """Compare a policy with the recorded decisions, and change the images."""


class Direction(StrEnum):
    """How a decision changes. Tightening is applied first."""

    TIGHTEN = "tighten"
    RELAX = "relax"


class Result(StrEnum):
    """The outcome of an execution that ended well."""

    REPORTED = "reported"
    OVER_CAP = "over_cap"
    """More images would change than the cap allows. Nothing was changed."""
    APPLIED = "applied"
    OUTDATED = "outdated"
    """Another policy or floor became active while images were changed. The rest was left as it is."""


@dataclass(frozen=True)
class Rejudgement(Document):
    """Input of the state machine `rejudge`. Policies are digests of documents.

    ``manifest`` is the id of the rejudgement that began the manifest: its own, or an earlier one's that is used again.
    ``tenant`` and ``policy`` select the images, by their tenant and the name of their policy. ``candidate`` judges
    them. Its decision is compared with the one of ``against``, or with the recorded one if that is empty. With
    ``floor``, the stricter decision of it and a policy counts. An execution that would change more than ``cap`` images
    changes none, unless it is ``confirmed``.
    """

    id: str
    manifest: str
    mode: Mode
    tenant: str
    policy: str
    candidate: str
    against: str = ""
    floor: str = ""
    cap: int = DEFAULT_CAP
    confirmed: bool = False

    parts: ClassVar[Parts] = {"id": ulid_of, "manifest": ulid_of, "mode": Mode, "cap": int}


def request_key(rejudgement_id: str) -> str:
    """Return the key of what was asked for."""
    return f"rejudgements/{rejudgement_id}/request.json"


def report_key(rejudgement_id: str) -> str:
    """Return the key of the result of an execution."""
    return f"rejudgements/{rejudgement_id}/report.json"


def manifest_prefix(manifest: str) -> str:
    """Return the prefix of a manifest's objects, with a trailing slash."""
    return f"manifests/{manifest}/"


def days_key(manifest: str) -> str:
    """Return the key of the days that a manifest covers."""
    return f"{manifest_prefix(manifest)}days.json"


def complete_days_prefix(manifest: str) -> str:
    """Return the prefix of the markers of complete days."""
    return f"{manifest_prefix(manifest)}days/"


def found_key(manifest: str, part: str) -> str:
    """Return the key of what was found in the records of a part."""
    return f"{manifest_prefix(manifest)}found/{part}.json"


def counts_prefix(manifest: str) -> str:
    """Return the prefix of the counts of all parts."""
    return f"{manifest_prefix(manifest)}counts/"


def summary_key(manifest: str) -> str:
    """Return the key of the sum of all counts."""
    return f"{manifest_prefix(manifest)}summary.json"


def changes_prefix(manifest: str, direction: Direction) -> str:
    """Return the prefix of the parts with changes in one direction; the state machine lists it."""
    return f"{manifest_prefix(manifest)}{direction}/"


def applied_prefix(manifest: str) -> str:
    """Return the prefix of the progress of all parts."""
    return f"{manifest_prefix(manifest)}applied/"


def finished_prefix(manifest: str) -> str:
    """Return the prefix of the markers of applied parts."""
    return f"{manifest_prefix(manifest)}finished/"


def part_name(day: str, after: str) -> str:
    """Return the name of the part with the records of a day after an image id, "" for the first."""
    return f"{day}-{after or '0'}"
