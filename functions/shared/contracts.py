"""The documents that the states of the workflows exchange.

A field with a default can be added at any time; removing or renaming one takes two releases, because an execution that
starts before a deployment can end after it.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Final

from functions.shared.documents import Document, Parts, as_json, each, optional, ulid_of
from functions.shared.keys import DEFAULT_POLICY
from functions.shared.status import Decision, Fallback, Reason, Status
from functions.shared.variant import POINT_STEPS


class Rendering(StrEnum):
    """How a moderation view shows a frame. A viewer can see a frame with alpha in each of these ways."""

    OPAQUE = "OPAQUE"
    """The frame, which has no alpha."""
    OVER_WHITE = "OVER_WHITE"
    OVER_BLACK = "OVER_BLACK"
    OVER_GRAY = "OVER_GRAY"
    COLORS = "COLORS"
    """The colours without alpha."""
    SCALED_COLORS = "SCALED_COLORS"
    """The colours of a scaled copy, which are weighted by alpha."""
    ALPHA = "ALPHA"
    """Alpha as grey, with high contrast."""


def point_of(pair: list[Any]) -> tuple[int, int]:
    """Return a point of a picture in sixteenths. Raises ValueError if it is outside."""
    x, y = map(int, pair)
    if not (0 <= x <= POINT_STEPS and 0 <= y <= POINT_STEPS):
        raise ValueError(f"focal_point {pair!r} is outside the picture")
    return x, y


_REQUEST: Final[Parts] = {"image_id": ulid_of, "revision": int}
"""Parts of every request; numbers of DynamoDB are strings in a state."""


@dataclass(frozen=True)
class Original(Document):
    """The uploaded object of an event: bucket, key, ETag (unquoted) and size in bytes."""

    bucket: str
    key: str
    etag: str
    size: int


@dataclass(frozen=True)
class OriginalFacts(Document):
    """Facts about the original: upright size in px (orientation applied), bytes, Pillow's format name, SHA-256."""

    width: int
    height: int
    bytes: int
    format: str
    sha256: str
    frames: int = 1


@dataclass(frozen=True)
class Rendition(Document):
    """One stored image file: its S3 key, size in px, size in bytes, media type and number of frames.

    ``frames`` is 0 in records of releases that did not count them.
    """

    key: str
    width: int
    height: int
    bytes: int
    content_type: str
    frames: int = 0


@dataclass(frozen=True)
class View(Document):
    """One picture for the detector (JPEG or PNG): its S3 key, size in px, size in bytes, media type.

    ``frame`` is the index of a frame of the stored picture; ``rendering`` says how it is shown.
    """

    key: str
    width: int
    height: int
    bytes: int
    content_type: str
    frame: int = 0
    rendering: Rendering = Rendering.OPAQUE

    parts: ClassVar[Parts] = {"rendering": Rendering}


@dataclass(frozen=True)
class Picture(Document):
    """The servable picture of one revision: the master, its renditions (narrowest first) and placeholders.

    ``placeholder`` is a base64 ThumbHash; ``dominant_color`` is ``#rrggbb``; ``animated`` and ``has_alpha`` describe
    the master; ``quality`` is the predicted encoder quality by output format (1 to 100). ``blur`` says how the picture
    was blurred (``mosaic-4``, ``tile``); empty if it was not, or by an older release. ``focal_point`` is x and y in
    sixteenths of the picture; crops with position=auto are centred on it.
    """

    master: Rendition
    renditions: tuple[Rendition, ...]
    placeholder: str
    dominant_color: str
    animated: bool = False
    has_alpha: bool = False
    quality: dict[str, int] = field(default_factory=dict)
    blur: str = ""
    focal_point: tuple[int, int] = (8, 8)

    parts: ClassVar[Parts] = {
        "master": Rendition.from_state,
        "renditions": each(Rendition.from_state),
        "focal_point": point_of,
    }


@dataclass(frozen=True)
class Label(Document):
    """One moderation label with Rekognition's name; confidence in percent; frame and rendering of the view."""

    name: str
    parent: str
    confidence: float
    taxonomy_level: int = 1
    frame: int = 0
    rendering: Rendering = Rendering.OPAQUE

    parts: ClassVar[Parts] = {"rendering": Rendering}


@dataclass(frozen=True)
class ContentType(Document):
    """A kind of picture that the detector reports beside the labels, such as Illustrated; confidence in percent."""

    name: str
    confidence: float
    frame: int = 0
    rendering: Rendering = Rendering.OPAQUE

    parts: ClassVar[Parts] = {"rendering": Rendering}


@dataclass(frozen=True)
class PinnedPolicies(Document):
    """The policies of one execution, by the digests of their documents; an empty digest means none.

    ``name`` is that of the policy. The floor is the strictness below which no tenant may go; the shadow is judged
    beside the policy and only recorded.
    """

    name: str = DEFAULT_POLICY
    policy: str = ""
    floor: str = ""
    shadow: str = ""


@dataclass(frozen=True)
class ReviewTerms(Document):
    """How long a review may take, in seconds, and its result if nobody decides by then."""

    after_seconds: int
    fallback: Fallback

    parts: ClassVar[Parts] = {"after_seconds": int, "fallback": Fallback}


@dataclass(frozen=True)
class ShadowVerdict(Document):
    """The decision of a policy that is only tried. It is None if the labels cannot determine it."""

    policy_digest: str
    decision: Decision | None
    deciding: tuple[str, ...] = ()
    reason: str | None = None

    parts: ClassVar[Parts] = {"decision": optional(Decision), "deciding": tuple}


@dataclass(frozen=True)
class Basis(Document):
    """What a verdict is based on, and what follows from it.

    ``reason`` is the policy's reason code, ``severity`` is from 1 to 5, ``queue`` is the review queue. ``detector``
    names the detector, which was asked for labels and ``content_types`` of at least ``minimum_confidence`` percent.
    ``views_digest`` is that of the moderated views. ``review`` is set if the decision is review. ``overridden`` tells
    that a recorded override gave the decision.
    """

    reason: str | None = None
    severity: int | None = None
    queue: str | None = None
    policies: PinnedPolicies = PinnedPolicies()
    content_types: tuple[ContentType, ...] = ()
    minimum_confidence: float | None = None
    detector: str | None = None
    views_digest: str = ""
    shadow: ShadowVerdict | None = None
    review: ReviewTerms | None = None
    overridden: bool = False

    parts: ClassVar[Parts] = {
        "policies": PinnedPolicies.from_state,
        "content_types": each(ContentType.from_state),
        "shadow": optional(ShadowVerdict.from_state),
        "review": optional(ReviewTerms.from_state),
    }


@dataclass(frozen=True)
class Verdict(Document):
    """The labels of moderation and the decision. ``deciding`` names the labels that led to it.

    A verdict of a release before 0.2.0 has an empty ``basis``.
    """

    decision: Decision
    policy_version: str
    model_version: str
    labels: tuple[Label, ...] = ()
    deciding: tuple[str, ...] = ()
    basis: Basis = Basis()

    parts: ClassVar[Parts] = {
        "decision": Decision,
        "labels": each(Label.from_state),
        "deciding": tuple,
        "basis": Basis.from_state,
    }


UNFINISHED: Final = "unfinished"
"""What ModerateImage returns in place of a decision while some views have no answer."""


@dataclass(frozen=True)
class Answers(Document):
    """The detector's answers about a picture so far, and the policies of the execution.

    ``views`` are the views with an answer, by their place in ModerateRequest.proxies; ``labels`` and ``content_types``
    are theirs; ``model_version`` is the detector's, "" before the first answer. ``minimum_confidence`` (percent) is
    the one that the detector was asked for. ``policies`` is None before the first call of the execution.
    """

    views: tuple[int, ...] = ()
    labels: tuple[Label, ...] = ()
    model_version: str = ""
    content_types: tuple[ContentType, ...] = ()
    minimum_confidence: float | None = None
    policies: PinnedPolicies | None = None

    parts: ClassVar[Parts] = {
        "views": each(int),
        "labels": each(Label.from_state),
        "content_types": each(ContentType.from_state),
        "policies": optional(PinnedPolicies.from_state),
    }


@dataclass(frozen=True)
class Moderated:
    """ModerateImage's result: a verdict, or None and the answers so far, with which the workflow calls it again."""

    verdict: Verdict | None
    answers: Answers = Answers()

    def to_state(self) -> dict[str, Any]:
        """Return the JSON form. It has the same fields in both cases: the workflow selects each of them."""
        verdict = self.verdict.to_state() if self.verdict else _NO_VERDICT
        return {**verdict, "answers": as_json(self.answers)}


_NO_VERDICT: Final[dict[str, Any]] = {
    "decision": UNFINISHED,
    "policy_version": "",
    "model_version": "",
    "labels": [],
    "deciding": [],
    "basis": {},
}


@dataclass(frozen=True)
class OptimizeRequest(Document):
    """Input of OptimizeImage. ``revision`` is the number that ClaimUpload assigned to this execution.

    ``version`` is the claimed version of the original: an ETag is an MD5, and two pictures can be made that share one.
    It is "" for uploads to buckets without versions, before the first release.
    """

    image_id: str
    revision: int
    original: Original
    version: str = ""

    parts: ClassVar[Parts] = {**_REQUEST, "original": Original.from_state}


@dataclass(frozen=True)
class Optimized:
    """OptimizeImage succeeded: the facts, the picture in staging, its moderation views and a digest of their bytes."""

    facts: OriginalFacts
    picture: Picture
    proxies: tuple[View, ...]
    views_digest: str = ""

    def to_state(self) -> dict[str, Any]:
        """Return the JSON form, ``outcome`` "optimized"."""
        return {"outcome": "optimized", **as_json(self)}


@dataclass(frozen=True)
class Rejected:
    """OptimizeImage rejects the upload: the reason, and a sentence for the client."""

    reason: Reason
    detail: str

    def to_state(self) -> dict[str, Any]:
        """Return the JSON form, ``outcome`` "rejected"."""
        return {"outcome": "rejected", "reason": self.reason.value, "detail": self.detail}


@dataclass(frozen=True)
class Superseded:
    """A newer upload or a removal owns the image now: this execution ends and changes nothing."""

    detail: str

    def to_state(self) -> dict[str, Any]:
        """Return the JSON form, ``outcome`` "superseded"."""
        return {"outcome": "superseded", "detail": self.detail}


@dataclass(frozen=True)
class ModerateRequest(Document):
    """Input of ModerateImage: the views of a picture in the staging bucket, and the answers so far.

    ``answers`` is None in executions of releases before 0.1.0, which know no unfinished result. ``views_digest`` is ""
    in executions of releases before 0.2.0.
    """

    image_id: str
    proxies: tuple[View, ...]
    answers: Answers | None = None
    views_digest: str = ""

    parts: ClassVar[Parts] = {**_REQUEST, "proxies": each(View.from_state), "answers": Answers.from_state}


@dataclass(frozen=True)
class BlurRequest(Document):
    """Input of BlurImage: a picture in the staging bucket."""

    image_id: str
    revision: int
    picture: Picture

    parts: ClassVar[Parts] = {**_REQUEST, "picture": Picture.from_state}


@dataclass(frozen=True)
class PersistRequest(Document):
    """Input of PersistImage: the results of this execution, and its ARN."""

    image_id: str
    revision: int
    execution_arn: str
    original: Original
    facts: OriginalFacts
    picture: Picture
    verdict: Verdict

    parts: ClassVar[Parts] = {
        **_REQUEST,
        "original": Original.from_state,
        "facts": OriginalFacts.from_state,
        "picture": Picture.from_state,
        "verdict": Verdict.from_state,
    }


class Deletion(StrEnum):
    """What RemoveFiles deletes. The first five empty a place and require a record that says REMOVED."""

    GENERATED = "generated"
    PUBLISHED = "published"
    STAGING = "staging"
    ORIGINALS = "originals"
    RECORD = "record"
    """Labels, and attributes of the record and its history that may describe the picture."""
    REVISIONS = "revisions"
    """Files in published and staging of the given revision and older ones, except the one that the record shows."""
    SUPERSEDED = "superseded"
    """Files and variants of revisions older than the one that the record shows."""
    UPLOADS = "uploads"
    """Versions of the original other than the claimed one; all of them if the image is removed."""


REMOVAL: Final = (Deletion.GENERATED, Deletion.PUBLISHED, Deletion.STAGING, Deletion.ORIGINALS, Deletion.RECORD)
"""All files of a removed image, those first that would do most harm if they were left."""


@dataclass(frozen=True)
class Upload(Document):
    """One version of an original: its ETag (unquoted), and its version id if the event has one."""

    etag: str
    version: str = ""


@dataclass(frozen=True)
class DeletionRequest(Document):
    """Input of RemoveFiles: the image, and what to delete, in the order of ``sweep``.

    ``revision`` or, if it is unknown, ``execution_arn`` says whose files Deletion.REVISIONS deletes. ``upload`` is the
    one whose event requests Deletion.UPLOADS. ``after`` is the position where the previous call stopped. ``then`` is
    the step that the record shows once everything is deleted.
    """

    image_id: str
    sweep: tuple[Deletion, ...]
    revision: int | None = None
    execution_arn: str | None = None
    upload: Upload | None = None
    after: str = ""
    then: str | None = None

    parts: ClassVar[Parts] = {**_REQUEST, "sweep": each(Deletion), "upload": Upload.from_state}


@dataclass(frozen=True)
class DeletionResult(Document):
    """Result of RemoveFiles: whether everything is deleted, the number of items, and where to continue if not."""

    done: bool
    deleted: int
    after: str = ""


@dataclass(frozen=True)
class Persisted:
    """PersistImage wrote the record: the image's status."""

    status: Status
    revision: int

    def to_state(self) -> dict[str, Any]:
        """Return the JSON form, ``outcome`` "persisted"."""
        return {"outcome": "persisted", "status": self.status.value, "revision": self.revision}
