"""What a client may ask of POST /v1/images, validated; every fault names the field."""

import unicodedata
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from functions.shared.keys import DEFAULT_TENANT, NAME_PATTERN
from functions.shared.problem import ProblemError
from functions.shared.rest_api import MAX_NAME_CHARACTERS

CONTENT_TYPES: Final = (
    "image/avif",
    "image/bmp",
    "image/gif",
    "image/heic",
    "image/heif",
    "image/jpeg",
    "image/png",
    "image/tiff",
    "image/webp",
)
"""The media types that an upload may declare; what it really is, `optimize` finds out."""

MAX_FILENAME_CHARACTERS: Final = 255
MAX_IDEMPOTENCY_KEY_CHARACTERS: Final = 255
MAX_DIRECT_BYTES: Final = 4_500_000
"""What fits through Lambda's 6 MB request as base64, with room for headers."""


UNPRINTABLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories without visible characters: control, format, surrogate, line and paragraph separator."""

SIGNS: Final = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
"""Visible format characters: signs of Arabic, Syriac and Kaithi."""

JOINERS: Final = frozenset("\u200c\u200d")
"""Zero width non-joiner and joiner, which Persian, the scripts of India and emoji need."""

INVISIBLE: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0")
"""Fillers and separators of other categories."""


def _all_visible(text: str) -> str:
    """Return the text if all of its characters are visible. Raises ValueError.

    Invisible characters make one name look like another, or hide its real extension.
    """
    for position, character in enumerate(text):
        if character in JOINERS:
            if not all(each and each > "\x7f" and each not in JOINERS for each in _neighbours(text, position)):
                raise ValueError("must not contain a joiner except between two non-ASCII characters")
        elif character in INVISIBLE or (unicodedata.category(character) in UNPRINTABLE and character not in SIGNS):
            raise ValueError(f"must not contain the invisible character U+{ord(character):04X}")
    return text


def _neighbours(text: str, position: int) -> tuple[str, str]:
    return text[:position][-1:], text[position + 1 :][:1]


Filename = Annotated[
    str, StringConstraints(min_length=1, max_length=MAX_FILENAME_CHARACTERS), AfterValidator(_all_visible)
]
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]


class Method(StrEnum):
    """How the bytes are going to come: as a browser's form, or as the body of a PUT."""

    POST = "POST"
    PUT = "PUT"


def _accepted(content_type: str) -> str:
    media_type = content_type.strip().lower()
    media_type = "image/jpeg" if media_type == "image/jpg" else media_type
    if media_type not in CONTENT_TYPES:
        raise ValueError(f"must be one of {', '.join(CONTENT_TYPES)}")
    return media_type


ContentType = Annotated[str, AfterValidator(_accepted)]


class Labels(BaseModel):
    """What is said of an upload and kept with it: ``filename`` is a label, never part of a key or a path."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    filename: Filename | None = None
    tenant: Name = DEFAULT_TENANT
    owner: Name | None = None


class TicketRequest(Labels):
    """The JSON form: the client tells name, type and size in bytes, and gets a form to send the bytes with."""

    filename: Filename
    content_type: ContentType
    size: Annotated[int, Field(ge=1, strict=True)]
    method: Method = Method.POST


class DirectUpload(Labels):
    """The query parameters of an upload whose body is the picture, and its declared media type."""

    content_type: ContentType


LABELS: Final = tuple(Labels.model_fields)
"""Query parameters of an upload whose body is the picture."""


def ticket_request(body: bytes, *, max_bytes: int) -> TicketRequest:
    """Read the JSON form. Raises ProblemError: 400 that names the field, 413 for a size over ``max_bytes``."""
    try:
        request = TicketRequest.model_validate_json(body)
    except ValidationError as error:
        raise _problem_of(error) from error
    if request.size > max_bytes:
        raise ProblemError(413, "Content Too Large", f"size: at most {max_bytes} bytes are taken", field="size")
    return request


def direct_upload(query: dict[str, str], content_type: str) -> DirectUpload:
    """Read the query parameters (LABELS) and the media type of an upload whose body is the picture.

    Raises ProblemError: 415 for a type that is not taken, 400 that names the parameter.
    """
    try:
        return DirectUpload.model_validate({**query, "content_type": content_type})
    except ValidationError as error:
        faults = {fault["field"]: fault["detail"] for fault in _faults_of(error)}
        if "content_type" in faults:
            detail = f"content_type: {faults['content_type']}"
            raise ProblemError(415, "Unsupported Media Type", detail, field="content_type") from error
        name, detail = next(iter(faults.items()))
        raise ProblemError(400, "Bad Request", f"{name}: {detail}", parameter=name) from error


def idempotency_key(value: str | None) -> str | None:
    """Return a usable Idempotency-Key. Raises ProblemError (400) for one that is not printable ASCII."""
    if value is None:
        return None
    if not 1 <= len(value) <= MAX_IDEMPOTENCY_KEY_CHARACTERS or not all(" " < each <= "~" for each in value):
        raise ProblemError(
            400,
            "Bad Request",
            f"Idempotency-Key must be 1 to {MAX_IDEMPOTENCY_KEY_CHARACTERS} visible ASCII characters",
            field="Idempotency-Key",
        )
    return value


def _problem_of(error: ValidationError) -> ProblemError:
    """Name the first fault in ``field`` and list all of them in ``errors``."""
    faults = _faults_of(error)
    first = faults[0]
    return ProblemError(400, "Bad Request", f"{first['field']}: {first['detail']}", field=first["field"], errors=faults)


def _faults_of(error: ValidationError) -> list[dict[str, str]]:
    return [
        {
            "field": ".".join(str(part) for part in fault["loc"])[:MAX_NAME_CHARACTERS] or "body",
            "detail": _sentence(fault),
        }
        for fault in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def _sentence(fault: Any) -> str:
    if fault["type"] == "extra_forbidden":
        return f"unknown; known are {', '.join(TicketRequest.model_fields)}"
    return str(fault["msg"]).removeprefix("Value error, ")
