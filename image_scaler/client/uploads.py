"""Uploads: a source that can be sent more than once, and the three upload methods.

API     the body of one call, for small files
PUT     a presigned S3 PUT: streams
POST    a presigned S3 form, as a browser sends it: streams
"""

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Final

import httpx

from image_scaler.client.calls import Calls
from image_scaler.client.errors import ClientError, Problem, UploadRefusedError
from image_scaler.client.results import Ticket

Source = bytes | str | os.PathLike[str] | BinaryIO
"""A source of an upload: bytes, a file's path, or a seekable file that is open for reading."""

Progress = Callable[[int, int], None]
"""A function that is called with the bytes sent so far and the total. A retry starts at 0 again."""

LARGEST_DIRECT_BYTES: Final = 4_500_000
"""The largest body that the API accepts (openapi.yaml, createImage); larger files go directly to S3."""

CHUNK_BYTES: Final = 64 * 1024

CONTENT_TYPES: Final = {
    ".avif": "image/avif", ".bmp": "image/bmp", ".gif": "image/gif", ".heic": "image/heic", ".heif": "image/heif",
    ".jpe": "image/jpeg", ".jpeg": "image/jpeg", ".jpg": "image/jpeg", ".png": "image/png", ".tif": "image/tiff",
    ".tiff": "image/tiff", ".webp": "image/webp",
}  # fmt: skip
"""The media types that the API accepts, by extension."""


class Method(StrEnum):
    """The upload methods."""

    API = "API"
    PUT = "PUT"
    POST = "POST"


class Body:
    """The bytes of one upload, which can be read repeatedly. It reports its progress while it is read."""

    def __init__(self, file: BinaryIO, progress: Progress | None = None) -> None:
        self._file = file
        self._progress = progress
        self.size = file.seek(0, io.SEEK_END)
        file.seek(0)

    def chunks(self) -> Iterator[bytes]:
        """Yield all bytes from the start."""
        self.seek(0)
        while chunk := self.read(CHUNK_BYTES):
            yield chunk

    def read(self, size: int = -1) -> bytes:
        """Read the next bytes; HTTP forms use this."""
        chunk = self._file.read(size)
        if chunk and self._progress:
            self._progress(self._file.tell(), self.size)
        return chunk

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move in the file."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the position in the file."""
        return self._file.tell()


@contextmanager
def opened(source: Source, progress: Progress | None = None) -> Iterator[Body]:
    """Open a source; an open file is not closed. Raises ClientError if it cannot be read from its start."""
    if isinstance(source, bytes):
        yield Body(io.BytesIO(source), progress)
    elif isinstance(source, str | os.PathLike):
        with _file(Path(source)) as file:
            yield Body(file, progress)
    elif source.seekable():
        yield Body(source, progress)
    else:
        raise ClientError("the source must be seekable, because a retry reads it from the start")


def _file(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise ClientError(f"{path} cannot be read: {error.strerror}") from error


def name_of(source: Source) -> str | None:
    """Return the file name of a source, if it has one."""
    name = os.fspath(source) if isinstance(source, str | os.PathLike) else getattr(source, "name", None)
    return Path(name).name if isinstance(name, str) else None


def content_type_of(filename: str) -> str:
    """Return the media type by the extension. Raises ClientError for one that the API does not accept."""
    extension = Path(filename).suffix.lower()
    if extension not in CONTENT_TYPES:
        raise ClientError(
            f"{filename}: the extension {extension or '(none)'} is not a supported image type; pass content_type"
        )
    return CONTENT_TYPES[extension]


def send_to_storage(calls: Calls, ticket: Ticket, body: Body, *, filename: str) -> None:
    """Send the file with the presigned request of a ticket. Raises UploadRefusedError or UnreachableError.

    A PUT is valid for one object. If S3 reports that the object already exists, an earlier attempt stored it and its
    response was lost, so the upload is complete.
    """

    def attempt() -> None:
        if ticket.method == Method.PUT:
            headers = {**ticket.headers, "Content-Length": str(body.size)}
            answer = calls.storage("PUT", ticket.url, content=body.chunks(), headers=headers)
        else:
            body.seek(0)
            content_type = ticket.fields.get("Content-Type", "application/octet-stream")
            files = {"file": (filename, body, content_type)}
            answer = calls.storage("POST", ticket.url, data=dict(ticket.fields), files=files)
        stored_before = ticket.method == Method.PUT and answer.status_code == httpx.codes.PRECONDITION_FAILED
        if answer.is_success or stored_before:
            return
        problem = Problem.read(answer.status_code, answer.content)
        # With 409 and 400 RequestTimeout, S3 asks the client to retry.
        again = problem.code in {"ConditionalRequestConflict", "RequestTimeout", "OperationAborted"}
        raise UploadRefusedError(problem, retry_after_seconds=0.0 if again else None)

    calls.repeated(attempt)
