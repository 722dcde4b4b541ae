"""Validates requests of POST /v1/images; an error names the field."""

from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from functions.records.creation import NewImage
from functions.shared.json_body import faults_of, parsed_body
from functions.shared.keys import DEFAULT_TENANT, NAME_PATTERN, POLICY_NAME_PATTERN
from functions.shared.problem import ProblemError
from functions.shared.visible_text import all_visible

CONTENT_TYPES: Final = (
    "image/apng",
    "image/avif",
    "image/avif-sequence",
    "image/bmp",
    "image/gif",
    "image/heic",
    "image/heic-sequence",
    "image/heif",
    "image/heif-sequence",
    "image/jpeg",
    "image/jpg",
    "image/pjpeg",
    "image/png",
    "image/tiff",
    "image/webp",
    "image/x-ms-bmp",
    "image/x-png",
)
"""The media types that a client can declare: registered ones, and those that browsers and phones send instead. The
record keeps the declared type; the content decides how a file is decoded."""

MAX_FILENAME_CHARACTERS: Final = 255
MAX_IDEMPOTENCY_KEY_CHARACTERS: Final = 255
MAX_DIRECT_BYTES: Final = 4_500_000
"""Largest body that fits into Lambda's request of 6 MB in base64, with headers."""

Filename = Annotated[
    str, StringConstraints(min_length=1, max_length=MAX_FILENAME_CHARACTERS), AfterValidator(all_visible)
]
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]


class Method(StrEnum):
    """How the client sends the bytes: as a browser's form, or as the body of a PUT."""

    POST = "POST"
    PUT = "PUT"


def _accepted(content_type: str) -> str:
    media_type = content_type.strip().lower()
    if media_type not in CONTENT_TYPES:
        raise ValueError(f"must be one of {', '.join(CONTENT_TYPES)}")
    return media_type


ContentType = Annotated[str, AfterValidator(_accepted)]


class UploadLabels(BaseModel):
    """What a client declares about an image; ``filename`` is stored, but never part of a key or a path."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    filename: Filename | None = None
    tenant: Name = DEFAULT_TENANT
    owner: Name | None = None
    policy: Annotated[str, StringConstraints(pattern=POLICY_NAME_PATTERN)] | None = None

    def compared(self) -> dict[str, Any]:
        """Return what tells two requests with the same Idempotency-Key apart.

        Only a given policy is part of it, so that a request to an earlier release can be repeated.
        """
        return self.model_dump(mode="json", exclude={"policy"} if self.policy is None else None)


class Upload(UploadLabels):
    """An upload with its declared media type."""

    content_type: ContentType

    def new_image(self, size: int) -> NewImage:
        """Return the image to create; ``size`` is in bytes."""
        return NewImage(self.content_type, size, self.filename, self.tenant, self.owner, self.policy)


class PresignedRequest(Upload):
    """The JSON body: the client declares name, type and size in bytes of the file that it will send to S3."""

    filename: Filename
    size: Annotated[int, Field(ge=1, strict=True)]
    method: Method = Method.POST


LABELS: Final = tuple(UploadLabels.model_fields)
"""Query parameters of an upload whose body is the image."""


def presigned_request(body: bytes, *, max_bytes: int) -> PresignedRequest:
    """Parse the JSON body. Raises ProblemError: 400 that names the field, 413 for a size over ``max_bytes``."""
    request = parsed_body(PresignedRequest, body)
    if request.size > max_bytes:
        raise ProblemError(413, "Content Too Large", f"size: must not exceed {max_bytes} bytes", field="size")
    return request


def direct_upload(query: dict[str, str], content_type: str) -> Upload:
    """Parse the query parameters (LABELS) and the media type of an upload whose body is the image.

    Raises ProblemError: 415 for a media type that is not supported, 400 that names the parameter.
    """
    try:
        return Upload.model_validate({**query, "content_type": content_type})
    except ValidationError as error:
        faults = dict(faults_of(error, known=LABELS))
        if "content_type" in faults:
            detail = f"content_type: {faults['content_type']}"
            raise ProblemError(415, "Unsupported Media Type", detail, field="content_type") from error
        name, detail = next(iter(faults.items()))
        raise ProblemError(400, "Bad Request", f"{name}: {detail}", parameter=name) from error


def idempotency_key(value: str | None) -> str | None:
    """Return a valid Idempotency-Key. Raises ProblemError (400) for one that is not printable ASCII."""
    if value is None:
        return None
    if not 1 <= len(value) <= MAX_IDEMPOTENCY_KEY_CHARACTERS or not all(" " < each <= "~" for each in value):
        raise ProblemError(
            400,
            "Bad Request",
            f"Idempotency-Key must have 1 to {MAX_IDEMPOTENCY_KEY_CHARACTERS} visible ASCII characters",
            field="Idempotency-Key",
        )
    return value
