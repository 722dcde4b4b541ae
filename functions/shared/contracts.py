"""The documents that the states of the workflows exchange, and their enumerations.

Only ``from_state`` and ``to_state`` work with dicts; all other code uses these frozen dataclasses. A field with a
default can be added at any time; removing or renaming one takes two releases, because an execution that starts before a
deployment can end after it.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any, ClassVar, Final, Self, TypeVar

from functions.shared.errors import ContractError
from functions.shared.keys import is_image_id
from functions.shared.variant import POINT_STEPS

T = TypeVar("T")


class Status(StrEnum):
    """The status of an image; part of the public API."""

    AWAITING_UPLOAD = "AWAITING_UPLOAD"
    PROCESSING = "PROCESSING"
    PUBLISHED = "PUBLISHED"
    BLURRED = "BLURRED"
    BLOCKED = "BLOCKED"
    IN_REVIEW = "IN_REVIEW"
    HELD = "HELD"
    REJECTED = "REJECTED"
    FAILED = "FAILED"
    REMOVED = "REMOVED"

    @property
    def is_servable(self) -> bool:
        """Whether variants of the image are served."""
        return self in {Status.PUBLISHED, Status.BLURRED}

    @property
    def is_in_progress(self) -> bool:
        """Whether the upload or its processing is still to be completed."""
        return self in {Status.AWAITING_UPLOAD, Status.PROCESSING}

    @property
    def is_final(self) -> bool:
        """Whether processing has ended with a result. A new upload or a new execution can still change the status."""
        return not self.is_in_progress and self not in {Status.IN_REVIEW, Status.HELD}

    @property
    def ended_without_verdict(self) -> bool:
        """Whether the last execution ended and the image has no verdict of it."""
        return self in {Status.REJECTED, Status.HELD, Status.FAILED}


class Reason(StrEnum):
    """Why an upload was rejected."""

    EMPTY = "EMPTY"
    UNSUPPORTED_FORMAT = "UNSUPPORTED_FORMAT"
    CORRUPT = "CORRUPT"
    TOO_LARGE = "TOO_LARGE"
    TOO_MANY_PIXELS = "TOO_MANY_PIXELS"
    TOO_MANY_FRAMES = "TOO_MANY_FRAMES"
    TOO_COMPLEX = "TOO_COMPLEX"
    TYPE_MISMATCH = "TYPE_MISMATCH"


class Decision(StrEnum):
    """A decision of the moderation policy, mildest first."""

    ALLOW = "allow"
    BLUR = "blur"
    BLOCK = "block"

    @property
    def status(self) -> Status:
        """The status of an image with this decision."""
        return _STATUS_OF[self]


_STATUS_OF: Final = {
    Decision.ALLOW: Status.PUBLISHED,
    Decision.BLUR: Status.BLURRED,
    Decision.BLOCK: Status.BLOCKED,
}


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


Parts = Mapping[str, Callable[[Any], Any]]
"""How the fields of a document are built that are not plain JSON values."""


@dataclass(frozen=True)
class Document:
    """Base of everything that is built from the document of a state or a record. ``parts`` build nested fields."""

    parts: ClassVar[Parts] = {}

    @classmethod
    def from_state(cls, document: dict[str, Any]) -> Self:
        """Build from a document; fields of a newer release are ignored. Raises ContractError."""
        if not isinstance(document, dict):
            raise ContractError(f"{cls.__name__}: {document!r} is not an object")
        try:
            known = {each.name: document[each.name] for each in fields(cls) if each.name in document}
            return cls(
                **{name: cls.parts[name](value) if name in cls.parts else value for name, value in known.items()}
            )
        except (AttributeError, TypeError, ValueError) as error:
            raise ContractError(f"{cls.__name__}: {error!r}") from error


def _each(part: Callable[[Any], T]) -> Callable[[list[Any]], tuple[T, ...]]:
    return lambda items: tuple(map(part, items))


def _image_id(text: str) -> str:
    if not is_image_id(text):
        raise ValueError(f"image_id {text!r} is not a ULID")
    return text


def point_of(pair: list[Any]) -> tuple[int, int]:
    """Return a point of a picture in sixteenths. Raises ValueError if it is outside."""
    x, y = map(int, pair)
    if not (0 <= x <= POINT_STEPS and 0 <= y <= POINT_STEPS):
        raise ValueError(f"focal_point {pair!r} is outside the picture")
    return x, y


_REQUEST: Final[Parts] = {"image_id": _image_id, "revision": int}
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
        "renditions": _each(Rendition.from_state),
        "focal_point": point_of,
    }

    def to_state(self) -> dict[str, Any]:
        """Return the JSON form."""
        return as_json(self)


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
    """A kind of content in one view, such as Animated or Illustrated, with Rekognition's name; confidence in
    percent."""

    name: str
    confidence: float
    frame: int = 0
    rendering: Rendering = Rendering.OPAQUE

    parts: ClassVar[Parts] = {"rendering": Rendering}


@dataclass(frozen=True)
class Verdict(Document):
    """The labels of moderation and the decision of the policy. ``deciding`` names the labels that led to it."""

    decision: Decision
    policy_version: str
    model_version: str
    labels: tuple[Label, ...] = ()
    deciding: tuple[str, ...] = ()

    parts: ClassVar[Parts] = {"decision": Decision, "labels": _each(Label.from_state), "deciding": tuple}

    def to_state(self) -> dict[str, Any]:
        """Return the JSON form."""
        return as_json(self)


UNFINISHED: Final = "unfinished"
"""What ModerateImage returns in place of a decision while some views have no answer."""


@dataclass(frozen=True)
class Answers(Document):
    """The detector's answers about a picture so far.

    ``views`` are the views with an answer, by their place in ModerateRequest.proxies; ``labels`` are all their labels;
    ``model_version`` is the detector's, "" before the first answer.
    """

    views: tuple[int, ...] = ()
    labels: tuple[Label, ...] = ()
    model_version: str = ""

    parts: ClassVar[Parts] = {"views": _each(int), "labels": _each(Label.from_state)}


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
}


@dataclass(frozen=True)
class OptimizeRequest(Document):
    """Input of OptimizeImage. ``revision`` is the number that ClaimUpload assigned to this execution."""

    image_id: str
    revision: int
    original: Original

    parts: ClassVar[Parts] = {**_REQUEST, "original": Original.from_state}


@dataclass(frozen=True)
class Optimized:
    """OptimizeImage succeeded: the facts, the picture in staging and its moderation views."""

    facts: OriginalFacts
    picture: Picture
    proxies: tuple[View, ...]

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

    ``answers`` is None in executions of releases before 0.1.0, which know no unfinished result.
    """

    image_id: str
    proxies: tuple[View, ...]
    answers: Answers | None = None

    parts: ClassVar[Parts] = {**_REQUEST, "proxies": _each(View.from_state), "answers": Answers.from_state}


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


class Sweep(StrEnum):
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


REMOVAL: Final = (Sweep.GENERATED, Sweep.PUBLISHED, Sweep.STAGING, Sweep.ORIGINALS, Sweep.RECORD)
"""All files of a removed image, those first that would do most harm if they were left."""


@dataclass(frozen=True)
class Upload(Document):
    """One version of an original: its ETag (unquoted), and its version id if the event has one."""

    etag: str
    version: str = ""


@dataclass(frozen=True)
class SweepRequest(Document):
    """Input of RemoveFiles: the image, and what to delete, in this order.

    ``revision`` or, if it is unknown, ``execution_arn`` says whose files Sweep.REVISIONS deletes. ``upload`` is the one
    whose event requests Sweep.UPLOADS. ``after`` is the position where the previous call stopped. ``then`` is the step
    that the record shows once everything is deleted.
    """

    image_id: str
    sweep: tuple[Sweep, ...]
    revision: int | None = None
    execution_arn: str | None = None
    upload: Upload | None = None
    after: str = ""
    then: str | None = None

    parts: ClassVar[Parts] = {**_REQUEST, "sweep": _each(Sweep), "upload": Upload.from_state}


@dataclass(frozen=True)
class Swept:
    """Result of RemoveFiles: whether everything is deleted, the number of items, and where to continue if not."""

    done: bool
    deleted: int
    after: str = ""

    def to_state(self) -> dict[str, Any]:
        """Return the JSON form."""
        return as_json(self)


@dataclass(frozen=True)
class Persisted:
    """PersistImage wrote the record: the image's status."""

    status: Status
    revision: int

    def to_state(self) -> dict[str, Any]:
        """Return the JSON form, ``outcome`` "persisted"."""
        return {"outcome": "persisted", "status": self.status.value, "revision": self.revision}


def as_json(contract: Any) -> dict[str, Any]:
    """Return a dataclass as plain JSON types: enum members become strings, tuples become lists."""
    document: dict[str, Any] = _plain(asdict(contract))
    return document


def _plain(value: Any) -> Any:
    """Convert enum members and tuples to JSON types."""
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value
