"""The API's responses as frozen values. ``document`` also has members that this release does not know."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Self

from image_scaler.client.errors import UnexpectedAnswerError

Document = Mapping[str, Any]

RUNNING: Final = "RUNNING"
"""The status of a rejudgement that has not ended."""


class Status(StrEnum):
    """The status of an image. Later releases of the service may have more, so ``Image.status`` is a plain string."""

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


IN_PROGRESS: Final = frozenset({Status.AWAITING_UPLOAD, Status.PROCESSING})
"""An image with one of these changes its status without action; with any other it does not."""

SERVED: Final = frozenset({Status.PUBLISHED, Status.BLURRED})
"""An image with one of these has pictures."""

RESUMABLE: Final = frozenset({Status.HELD, Status.FAILED})
"""An image with one of these can be processed again."""


@dataclass(frozen=True)
class Upload:
    """An accepted upload. ``status`` is the one in the response; the pipeline changes it later."""

    id: str
    status: str


@dataclass(frozen=True)
class Ticket:
    """A record that awaits its upload, and the presigned S3 request for it.

    ``upload`` is the member of the same name in the API's response; pass it to a browser unchanged. ``method`` is POST
    (send ``fields`` and then the file as a form) or PUT (send the bytes with ``headers``).
    """

    id: str
    status: str
    method: str
    url: str
    fields: Mapping[str, str]
    headers: Mapping[str, str]
    expires_at: datetime
    upload: Document = field(compare=False, repr=False)

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read a response of createImage. Raises UnexpectedAnswerError."""
        with reading("a ticket"):
            upload = document["upload"]
            return cls(
                id=str(document["id"]),
                status=str(document["status"]),
                method=str(upload["method"]),
                url=str(upload["url"]),
                fields=dict(upload.get("fields", {})),
                headers=dict(upload.get("headers", {})),
                expires_at=datetime.fromisoformat(upload["expires_at"]),
                upload=upload,
            )


@dataclass(frozen=True)
class Original:
    """The uploaded file: sides in px, upright; size in bytes; the format of its content."""

    width: int
    height: int
    bytes: int
    format: str
    sha256: str
    frames: int

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read the member ``original``."""
        return cls(
            width=int(document["width"]),
            height=int(document["height"]),
            bytes=int(document["bytes"]),
            format=str(document["format"]),
            sha256=str(document["sha256"]),
            frames=int(document.get("frames", 1)),
        )


@dataclass(frozen=True)
class Rendition:
    """A stored size of the picture, in px and bytes."""

    width: int
    height: int
    bytes: int
    content_type: str

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read an entry of ``renditions``."""
        return cls(
            width=int(document["width"]),
            height=int(document["height"]),
            bytes=int(document["bytes"]),
            content_type=str(document["content_type"]),
        )


@dataclass(frozen=True)
class Label:
    """A moderation label; ``confidence`` in percent, ``parent`` the label above it in Rekognition's taxonomy.

    ``frame`` is the number of the published frame from 0, ``rendering`` the rendering of that frame (``OVER_WHITE``
    ...).
    """

    name: str
    confidence: float
    parent: str | None = None
    frame: int = 0
    rendering: str = "OPAQUE"

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read an entry of ``labels``."""
        return cls(
            name=str(document["name"]),
            confidence=float(document["confidence"]),
            parent=text_of(document, "parent"),
            frame=int(document.get("frame", 0)),
            rendering=str(document.get("rendering", "OPAQUE")),
        )


@dataclass(frozen=True)
class Verdict:
    """The policy's decision: allow, blur or block, and the labels that caused it."""

    decision: str
    policy_version: str
    model_version: str
    deciding: tuple[str, ...] = ()

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read the member ``verdict``."""
        return cls(
            decision=str(document["decision"]),
            policy_version=str(document["policy_version"]),
            model_version=str(document["model_version"]),
            deciding=tuple(map(str, document.get("deciding", ()))),
        )


@dataclass(frozen=True)
class HistoryLine:
    """One event of an image. ``actor`` is ``service`` for a call of the API, None for the pipeline."""

    type: str
    at: datetime
    detail: str | None = None
    reason: str | None = None
    error: str | None = None
    actor: str | None = None
    revision: int | None = None
    policy_digest: str | None = None
    document: Document = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read an entry of ``history``. Raises UnexpectedAnswerError."""
        with reading("a line of history"):
            return cls(
                type=str(document["type"]),
                at=datetime.fromisoformat(document["at"]),
                detail=text_of(document, "detail"),
                reason=text_of(document, "reason"),
                error=text_of(document, "error"),
                actor=text_of(document, "actor"),
                revision=int(document["revision"]) if "revision" in document else None,
                policy_digest=text_of(document, "policy_digest"),
                document=document,
            )


@dataclass(frozen=True)
class Removal:
    """The progress of a removal: IN_PROGRESS or DONE; ``step`` is the current step."""

    status: str
    step: str | None = None

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read the member ``removal``."""
        return cls(str(document["status"]), text_of(document, "step"))


def _point(document: Document | None) -> tuple[float, float] | None:
    return None if document is None else (float(document["x"]), float(document["y"]))


@dataclass(frozen=True)
class Image:
    """An image's record. Listings have fewer members than a record; missing ones are None or empty.

    ``owner`` and ``tenant`` are the application's own; ``reason`` and ``detail`` say why an image was rejected.
    ``width`` and ``height`` are those of the original in px, upright.
    ``placeholder`` is a ThumbHash (base64), ``dominant_color`` is ``#rrggbb``. Crops with position=auto are centred on
    ``focal_point``, x and y from 0 to 1 of the width and of the height. ``frames`` is the number of published
    frames, ``original.frames`` that of uploaded ones. ``document`` is the complete document from the API.
    """

    id: str
    status: str
    filename: str | None = None
    tenant: str | None = None
    owner: str | None = None
    content_type: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    removed_at: datetime | None = None
    reason: str | None = None
    detail: str | None = None
    error: str | None = None
    execution_arn: str | None = None
    legal_hold: bool = False
    original: Original | None = None
    width: int | None = None
    height: int | None = None
    renditions: tuple[Rendition, ...] = ()
    placeholder: str | None = None
    dominant_color: str | None = None
    focal_point: tuple[float, float] | None = None
    frames: int | None = None
    animated: bool = False
    has_alpha: bool = False
    verdict: Verdict | None = None
    labels: tuple[Label, ...] = ()
    history: tuple[HistoryLine, ...] = ()
    history_cursor: str | None = None
    removal: Removal | None = None
    document: Document = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read a record or a line of a listing. Raises UnexpectedAnswerError."""
        with reading("an image"):
            return cls(
                id=str(document["id"]),
                status=str(document["status"]),
                filename=text_of(document, "filename"),
                tenant=text_of(document, "tenant"),
                owner=text_of(document, "owner"),
                content_type=text_of(document, "content_type"),
                created_at=time_of(document, "created_at"),
                updated_at=time_of(document, "updated_at"),
                removed_at=time_of(document, "removed_at"),
                reason=text_of(document, "reason"),
                detail=text_of(document, "detail"),
                error=text_of(document, "error"),
                execution_arn=text_of(document, "execution_arn"),
                legal_hold=bool(document.get("legal_hold")),
                original=Original.from_document(document["original"]) if document.get("original") else None,
                width=int(document["width"]) if "width" in document else None,
                height=int(document["height"]) if "height" in document else None,
                renditions=tuple(map(Rendition.from_document, document.get("renditions") or ())),
                placeholder=text_of(document, "placeholder"),
                dominant_color=text_of(document, "dominant_color"),
                focal_point=_point(document.get("focal_point")),
                frames=int(document["frames"]) if "frames" in document else None,
                animated=bool(document.get("animated")),
                has_alpha=bool(document.get("has_alpha")),
                verdict=Verdict.from_document(document["verdict"]) if document.get("verdict") else None,
                labels=tuple(map(Label.from_document, document.get("labels") or ())),
                history=tuple(map(HistoryLine.from_document, document.get("history") or ())),
                history_cursor=text_of(document, "history_cursor"),
                removal=Removal.from_document(document["removal"]) if document.get("removal") else None,
                document=document,
            )

    @property
    def in_progress(self) -> bool:
        """Whether the image is being processed or awaits its upload."""
        return self.status in IN_PROGRESS

    @property
    def is_served(self) -> bool:
        """Whether the image has pictures."""
        return self.status in SERVED

    @property
    def is_gone(self) -> bool:
        """Whether the image is removed and its files are deleted."""
        return self.status == Status.REMOVED and (self.removal is None or self.removal.status == "DONE")

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height in px of the largest served picture, upright; None if there is none."""
        if not self.renditions:
            return None
        largest = max(self.renditions, key=lambda each: each.width * each.height)
        return largest.width, largest.height


@dataclass(frozen=True)
class Page:
    """A page of a listing, newest first. Even a short or empty page may have a ``cursor`` to the next one."""

    items: tuple[Image, ...]
    cursor: str | None

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read a response of listImages. Raises UnexpectedAnswerError."""
        with reading("a page of images"):
            return cls(tuple(map(Image.from_document, document["items"])), text_of(document, "cursor"))


@dataclass(frozen=True)
class HistoryPage:
    """A page of an image's history. ``cursor`` leads to the next one; the last page has None."""

    items: tuple[HistoryLine, ...]
    cursor: str | None

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read a response of getHistory. Raises UnexpectedAnswerError."""
        with reading("a page of a history"):
            return cls(tuple(map(HistoryLine.from_document, document["items"])), text_of(document, "cursor"))


@dataclass(frozen=True)
class Resumption:
    """The ids of resumed images, and of those whose record does not identify the upload, which were skipped.

    Even a resumption without ids may have a ``cursor`` to the next one.
    """

    resumed: tuple[str, ...]
    skipped: tuple[str, ...]
    cursor: str | None

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read a response of resumeImages. Raises UnexpectedAnswerError."""
        with reading("a resumption"):
            resumed, skipped = (tuple(map(str, document[name])) for name in ("resumed", "skipped"))
            return cls(resumed, skipped, text_of(document, "cursor"))


@dataclass(frozen=True)
class Rejudgement:
    """A comparison of decisions over stored images, or their change: what was asked for, and how far it is.

    ``status`` is RUNNING, FAILED, REPORTED, OVER_CAP (nothing was changed), OUTDATED (another policy or floor became
    active before all images were changed) or APPLIED. ``days`` and ``parts`` are each how many are done and how many
    there are. ``report`` is empty before the end. ``manifest`` is the id with which the images of a dry run, or the
    rest of an interrupted execution, are changed.
    """

    id: str
    manifest: str
    mode: str
    status: str = RUNNING
    detail: str | None = None
    error: str | None = None
    days: tuple[int, int] = (0, 0)
    parts: tuple[int, int] = (0, 0)
    report: Document = field(default_factory=dict, compare=False)
    document: Document = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read a response about a rejudgement. Raises UnexpectedAnswerError."""
        with reading("a rejudgement"):
            progress = {"surveyed_days": 0, "days": 0, "applied_parts": 0, "parts": 0, **document.get("progress", {})}
            return cls(
                id=str(document["id"]),
                manifest=str(document["manifest"]),
                mode=str(document["mode"]),
                status=str(document.get("status", RUNNING)),
                detail=text_of(document, "detail"),
                error=text_of(document, "error"),
                days=(int(progress["surveyed_days"]), int(progress["days"])),
                parts=(int(progress["applied_parts"]), int(progress["parts"])),
                report=dict(document.get("report") or {}),
                document=document,
            )

    @property
    def is_running(self) -> bool:
        """Whether the execution has not ended."""
        return self.status == RUNNING

    @property
    def changed(self) -> int:
        """The number of images whose decision differs; 0 before the report."""
        return int(self.report.get("images", {}).get("changed", 0))


@dataclass(frozen=True)
class OwnerRemoval:
    """The ids of an owner's images that are being removed, and of those under a legal hold, which stay."""

    removed: tuple[str, ...]
    held: tuple[str, ...]
    cursor: str | None

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read a response of removeOwnersImages. Raises UnexpectedAnswerError."""
        with reading("a removal of an owner's images"):
            removed, held = (tuple(map(str, document[name])) for name in ("removed", "held"))
            return cls(removed, held, text_of(document, "cursor"))


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Convert errors while reading a response to UnexpectedAnswerError."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnexpectedAnswerError(f"the response is not {what} ({type(error).__name__}: {error})") from error


def text_of(document: Document, name: str) -> str | None:
    """Return a member as text; None if it is missing."""
    value = document.get(name)
    return None if value is None else str(value)


def time_of(document: Document, name: str) -> datetime | None:
    """Return a member as a time; None if it is missing."""
    value = document.get(name)
    return None if value is None else datetime.fromisoformat(value)
