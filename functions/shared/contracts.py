"""What the states of the ingest workflow hand to one another, and the words that they use.

Dicts live only in ``from_state`` and ``to_state``; everything between works with these frozen dataclasses.
A field may be added with a default at any time; removing or renaming one takes two releases, because an
execution that started before a deploy finishes after it.
"""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final, Self, TypeVar

from functions.shared.errors import ContractError
from functions.shared.keys import is_image_id

T = TypeVar("T")


class Status(StrEnum):
    """Where an image stands; the public API shows these words."""

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


class Reason(StrEnum):
    """Why an upload was rejected; every rejection has exactly one of these."""

    EMPTY = "EMPTY"
    UNSUPPORTED_FORMAT = "UNSUPPORTED_FORMAT"
    CORRUPT = "CORRUPT"
    TOO_LARGE = "TOO_LARGE"
    TOO_MANY_PIXELS = "TOO_MANY_PIXELS"
    TOO_MANY_FRAMES = "TOO_MANY_FRAMES"
    TOO_COMPLEX = "TOO_COMPLEX"
    TYPE_MISMATCH = "TYPE_MISMATCH"


class Decision(StrEnum):
    """What the moderation policy says about an image, mildest first."""

    ALLOW = "allow"
    BLUR = "blur"
    BLOCK = "block"


class Rendering(StrEnum):
    """How a frame looks in a moderation view. Of a frame with alpha a viewer can see each of these."""

    OPAQUE = "OPAQUE"
    """The frame itself: it has no alpha."""
    OVER_WHITE = "OVER_WHITE"
    OVER_BLACK = "OVER_BLACK"
    OVER_GRAY = "OVER_GRAY"
    COLORS = "COLORS"
    """The bare colours, without alpha."""
    SCALED_COLORS = "SCALED_COLORS"
    """The bare colours of a scaled copy, where alpha has weighted them."""
    ALPHA = "ALPHA"
    """Alpha itself in grey, its contrast made strong."""


@dataclass(frozen=True)
class Original:
    """The uploaded object that an event named: where it is, its ETag (unquoted) and its size in bytes."""

    bucket: str
    key: str
    etag: str
    size: int

    @classmethod
    def from_state(cls, document: dict[str, Any]) -> Self:
        """Build from a state's document; raises ContractError."""
        return _build(cls, document)


@dataclass(frozen=True)
class OriginalFacts:
    """What decoding the original told: px upright (orientation applied), bytes, Pillow's format name, SHA-256."""

    width: int
    height: int
    bytes: int
    format: str
    sha256: str
    frames: int = 1

    @classmethod
    def from_state(cls, document: dict[str, Any]) -> Self:
        """Build from a state's document; raises ContractError."""
        return _build(cls, document)


@dataclass(frozen=True)
class Rendition:
    """One stored image file, whole: its S3 key, size in px, size in bytes, media type and number of frames.

    ``frames`` is 0 in records of releases that did not count them.
    """

    key: str
    width: int
    height: int
    bytes: int
    content_type: str
    frames: int = 0

    @classmethod
    def from_state(cls, document: dict[str, Any]) -> Self:
        """Build from a state's or a record's document; raises ContractError."""
        return _build(cls, document)


@dataclass(frozen=True)
class View:
    """One picture that the detector is shown (JPEG or PNG): its S3 key, size in px, size in bytes, media type.

    ``frame`` counts the frames of the stored picture from 0; ``rendering`` says how it is seen.
    """

    key: str
    width: int
    height: int
    bytes: int
    content_type: str
    frame: int = 0
    rendering: Rendering = Rendering.OPAQUE

    @classmethod
    def from_state(cls, document: dict[str, Any]) -> Self:
        """Build from a state's document; raises ContractError."""
        return _build(cls, _with_rendering(cls, document))


@dataclass(frozen=True)
class Picture:
    """What can be served of one revision: the master, its renditions (narrowest first) and what stands in.

    ``placeholder`` is a base64 ThumbHash; ``dominant_color`` is ``#rrggbb``; ``animated`` and ``has_alpha``
    hold for the master; ``quality`` is the predicted encoder quality by output format (1 to 100). ``blur`` tells
    how the picture was blurred (``mosaic-4``, ``tile``); it is empty where it was not, or by an older release.
    """

    master: Rendition
    renditions: tuple[Rendition, ...]
    placeholder: str
    dominant_color: str
    animated: bool = False
    has_alpha: bool = False
    quality: dict[str, int] = field(default_factory=dict)
    blur: str = ""

    @classmethod
    def from_state(cls, document: dict[str, Any]) -> Self:
        """Build from a state's or a record's document; raises ContractError."""
        nested = dict(document)
        try:
            nested["master"] = Rendition.from_state(document["master"])
            nested["renditions"] = tuple(Rendition.from_state(each) for each in document["renditions"])
        except (KeyError, TypeError) as error:
            raise ContractError(f"Picture: {error!r} in {sorted(document)}") from error
        return _build(cls, nested)

    def to_state(self) -> dict[str, Any]:
        """Return the JSON form."""
        return as_json(self)


@dataclass(frozen=True)
class Label:
    """One moderation label as Rekognition names it; confidence in percent; frame and rendering of the view it is of."""

    name: str
    parent: str
    confidence: float
    taxonomy_level: int = 1
    frame: int = 0
    rendering: Rendering = Rendering.OPAQUE

    @classmethod
    def from_state(cls, document: dict[str, Any]) -> Self:
        """Build from a state's or a record's document; raises ContractError."""
        return _build(cls, _with_rendering(cls, document))


@dataclass(frozen=True)
class Verdict:
    """What moderation found and what the policy decided. ``deciding`` names the labels that decided it."""

    decision: Decision
    policy_version: str
    model_version: str
    labels: tuple[Label, ...] = ()
    deciding: tuple[str, ...] = ()

    @classmethod
    def from_state(cls, document: dict[str, Any]) -> Self:
        """Build from a state's or a record's document; raises ContractError."""
        nested = dict(document)
        try:
            nested["decision"] = Decision(document["decision"])
            nested["labels"] = tuple(Label.from_state(each) for each in document.get("labels", ()))
            nested["deciding"] = tuple(document.get("deciding", ()))
        except (KeyError, ValueError) as error:
            raise ContractError(f"Verdict: {error!r}") from error
        return _build(cls, nested)

    def to_state(self) -> dict[str, Any]:
        """Return the JSON form."""
        return as_json(self)


UNFINISHED: Final = "unfinished"
"""What ModerateImage returns in place of a decision while some views have no answer."""


@dataclass(frozen=True)
class Answers:
    """What the detector has answered about a picture so far.

    ``views`` are the views with an answer, by their place in ModerateRequest.proxies; ``labels`` are all that these
    have; ``model_version`` is the detector's, "" before the first answer.
    """

    views: tuple[int, ...] = ()
    labels: tuple[Label, ...] = ()
    model_version: str = ""

    @classmethod
    def from_state(cls, document: dict[str, Any]) -> Self:
        """Build from a state's document; raises ContractError."""
        nested = dict(document)
        try:
            nested["views"] = tuple(int(each) for each in document.get("views", ()))
            nested["labels"] = tuple(Label.from_state(each) for each in document.get("labels", ()))
        except (AttributeError, TypeError, ValueError) as error:
            raise ContractError(f"Answers: {error!r}") from error
        return _build(cls, nested)


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
class OptimizeRequest:
    """Input of OptimizeImage. ``revision`` is the number that ClaimUpload drew for this execution."""

    image_id: str
    revision: int
    original: Original

    @classmethod
    def from_state(cls, event: dict[str, Any]) -> Self:
        """Build from the state's input; raises ContractError."""
        return _build_request(cls, event, original=Original)


@dataclass(frozen=True)
class Optimized:
    """OptimizeImage succeeded: the facts, the picture in staging and the views of it for moderation."""

    facts: OriginalFacts
    picture: Picture
    proxies: tuple[View, ...]

    def to_state(self) -> dict[str, Any]:
        """Return the JSON form, ``outcome`` "optimized"."""
        return {"outcome": "optimized", **as_json(self)}


@dataclass(frozen=True)
class Rejected:
    """OptimizeImage refuses the upload: the reason, and a sentence for the uploader."""

    reason: Reason
    detail: str

    def to_state(self) -> dict[str, Any]:
        """Return the JSON form, ``outcome`` "rejected"."""
        return {"outcome": "rejected", "reason": self.reason.value, "detail": self.detail}


@dataclass(frozen=True)
class Superseded:
    """Somebody else owns the image now (a newer upload, a removal): this execution ends without a trace."""

    detail: str

    def to_state(self) -> dict[str, Any]:
        """Return the JSON form, ``outcome`` "superseded"."""
        return {"outcome": "superseded", "detail": self.detail}


@dataclass(frozen=True)
class ModerateRequest:
    """Input of ModerateImage: the views of a picture, which are in the staging bucket, and the answers so far.

    ``answers`` is None in executions of releases that know no unfinished result.
    """

    image_id: str
    proxies: tuple[View, ...]
    answers: Answers | None = None

    @classmethod
    def from_state(cls, event: dict[str, Any]) -> Self:
        """Build from the state's input; raises ContractError."""
        answers = {"answers": Answers} if "answers" in event else {}
        return _build_request(cls, event, proxies=_views, **answers)


@dataclass(frozen=True)
class BlurRequest:
    """Input of BlurImage: the picture lies in the staging bucket."""

    image_id: str
    revision: int
    picture: Picture

    @classmethod
    def from_state(cls, event: dict[str, Any]) -> Self:
        """Build from the state's input; raises ContractError."""
        return _build_request(cls, event, picture=Picture)


@dataclass(frozen=True)
class PersistRequest:
    """Input of PersistImage: everything that was found out, and the execution that found it."""

    image_id: str
    revision: int
    execution_arn: str
    original: Original
    facts: OriginalFacts
    picture: Picture
    verdict: Verdict

    @classmethod
    def from_state(cls, event: dict[str, Any]) -> Self:
        """Build from the state's input; raises ContractError."""
        return _build_request(cls, event, original=Original, facts=OriginalFacts, picture=Picture, verdict=Verdict)


class Sweep(StrEnum):
    """What RemoveFiles deletes of one image. The first five empty a place and need a record that says REMOVED."""

    GENERATED = "generated"
    PUBLISHED = "published"
    STAGING = "staging"
    ORIGINALS = "originals"
    RECORD = "record"
    """Labels, and everything in the record and its history that may describe the picture."""
    REVISIONS = "revisions"
    """Files in published and staging of the named revision and older ones, except the one that the record shows."""
    SUPERSEDED = "superseded"
    """Files and variants of revisions older than the one that the record shows."""
    UPLOADS = "uploads"
    """Versions of the original other than the one that was claimed; all of them once the image is removed."""


REMOVAL: Final = (Sweep.GENERATED, Sweep.PUBLISHED, Sweep.STAGING, Sweep.ORIGINALS, Sweep.RECORD)
"""Everything of a removed image, in order of the harm that it does where it is left."""


@dataclass(frozen=True)
class Upload:
    """One version of an original: its ETag (unquoted), and its version id where the event names one."""

    etag: str
    version: str = ""

    @classmethod
    def from_state(cls, document: dict[str, Any]) -> Self:
        """Build from a state's document; raises ContractError."""
        return _build(cls, document)


@dataclass(frozen=True)
class SweepRequest:
    """Input of RemoveFiles: the image, and what to delete of it, in this order.

    ``revision`` or, where it is not known, ``execution_arn`` says whose files Sweep.REVISIONS deletes. ``upload`` is
    the one whose event asks for Sweep.UPLOADS. ``after`` is where the call before stopped. ``then`` is the step of the
    removal that the record shows once everything is deleted.
    """

    image_id: str
    sweep: tuple[Sweep, ...]
    revision: int | None = None
    execution_arn: str | None = None
    upload: Upload | None = None
    after: str = ""
    then: str | None = None

    @classmethod
    def from_state(cls, event: dict[str, Any]) -> Self:
        """Build from the state's input; raises ContractError."""
        upload = {"upload": Upload} if "upload" in event else {}
        return _build_request(cls, event, sweep=_sweeps, **upload)


@dataclass(frozen=True)
class Swept:
    """RemoveFiles stopped: whether everything is deleted, how many items were, and where to go on if not."""

    done: bool
    deleted: int
    after: str = ""

    def to_state(self) -> dict[str, Any]:
        """Return the JSON form."""
        return as_json(self)


@dataclass(frozen=True)
class Persisted:
    """PersistImage wrote the record: where the image stands now."""

    status: Status
    revision: int

    def to_state(self) -> dict[str, Any]:
        """Return the JSON form, ``outcome`` "persisted"."""
        return {"outcome": "persisted", "status": self.status.value, "revision": self.revision}


def _sweeps(words: list[str]) -> tuple[Sweep, ...]:
    return tuple(Sweep(word) for word in words)


def _views(document: list[dict[str, Any]]) -> tuple[View, ...]:
    return tuple(View.from_state(each) for each in document)


def _with_rendering(cls: type[Any], document: dict[str, Any]) -> dict[str, Any]:
    """Return a document with its rendering as the enumeration's word; it has none if an older release wrote it."""
    try:
        return {**document, "rendering": Rendering(document.get("rendering", Rendering.OPAQUE))}
    except (AttributeError, TypeError, ValueError) as error:
        raise ContractError(f"{cls.__name__}: {error!r}") from error


def _build_request(cls: type[T], event: dict[str, Any], **parts: Any) -> T:
    document = dict(event)
    try:
        if not is_image_id(document["image_id"]):
            raise ContractError(f"{cls.__name__}: image_id {document['image_id']!r} is not a ULID")
        if "revision" in document:
            document["revision"] = int(document["revision"])  # DynamoDB numbers arrive as strings
        for name, part in parts.items():
            document[name] = getattr(part, "from_state", part)(document[name])
    except (KeyError, TypeError, ValueError) as error:
        raise ContractError(f"{cls.__name__}: {error!r}") from error
    return _build(cls, document)


def _build(cls: type[T], document: dict[str, Any]) -> T:
    """Make the dataclass from the fields that it knows; a newer writer's extra fields are passed over."""
    known = {name: document[name] for name in cls.__dataclass_fields__ if name in document}  # type: ignore[attr-defined]
    try:
        return cls(**known)
    except TypeError as error:
        raise ContractError(f"{cls.__name__}: {error}") from error


def as_json(contract: Any) -> dict[str, Any]:
    """Return a contract dataclass as plain JSON types: enums become words, tuples become lists."""
    document: dict[str, Any] = _plain(asdict(contract))
    return document


def _plain(value: Any) -> Any:
    """Turn enums and tuples into what JSON has."""
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value
