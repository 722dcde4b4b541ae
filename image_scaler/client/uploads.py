"""Bytes on their way: a file or bytes that can be sent more than once, and the three ways to send them.

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
"""What can be uploaded: bytes, a file's path, or a file that is open for reading and can be sought."""

Progress = Callable[[int, int], None]
"""Is called with the bytes sent so far and all bytes. A repeated attempt begins at 0 again."""

LARGEST_DIRECT_BYTES: Final = 4_500_000
"""What the API takes as a body (openapi.yaml, createImage); larger files go to S3 directly."""

CHUNK_BYTES: Final = 64 * 1024

CONTENT_TYPES: Final = {
    ".avif": "image/avif", ".bmp": "image/bmp", ".gif": "image/gif", ".heic": "image/heic", ".heif": "image/heif",
    ".jpe": "image/jpeg", ".jpeg": "image/jpeg", ".jpg": "image/jpeg", ".png": "image/png", ".tif": "image/tiff",
    ".tiff": "image/tiff", ".webp": "image/webp",
}  # fmt: skip
"""Media types by extension: those that the API accepts."""


class Method(StrEnum):
    """How the bytes are sent."""

    API = "API"
    PUT = "PUT"
    POST = "POST"


class Body:
    """The bytes of one upload, from their start as often as needed. Reports its progress while it is read."""

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
        """Read on; HTTP forms read through this."""
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
    """Open a source; a file that was open stays so. Raises ClientError when it cannot be read from its start."""
    if isinstance(source, bytes):
        yield Body(io.BytesIO(source), progress)
    elif isinstance(source, str | os.PathLike):
        with _file(Path(source)) as file:
            yield Body(file, progress)
    elif source.seekable():
        yield Body(source, progress)
    else:
        raise ClientError("the source must be seekable: a repeated attempt reads it from the start again")


def _file(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise ClientError(f"{path} cannot be read: {error.strerror}") from error


def name_of(source: Source) -> str | None:
    """Return the file name of a source that has one."""
    name = os.fspath(source) if isinstance(source, str | os.PathLike) else getattr(source, "name", None)
    return Path(name).name if isinstance(name, str) else None


def content_type_of(filename: str) -> str:
    """Return the media type by the extension. Raises ClientError for one that the API does not accept."""
    extension = Path(filename).suffix.lower()
    if extension not in CONTENT_TYPES:
        raise ClientError(
            f"{filename}: the extension {extension or '(none)'} is not of an accepted image type; give content_type"
        )
    return CONTENT_TYPES[extension]


def send_to_storage(calls: Calls, ticket: Ticket, body: Body, *, filename: str) -> None:
    """Send the bytes with the presigned request of a ticket. Raises UploadRefusedError or UnreachableError.

    A PUT is good for one object. When S3 says that it is there already, an earlier attempt stored it and its answer was
    lost: the upload is done.
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
        # 409 and 400 RequestTimeout are S3's own words for "try again".
        again = problem.code in {"ConditionalRequestConflict", "RequestTimeout", "OperationAborted"}
        raise UploadRefusedError(problem, retry_after_seconds=0.0 if again else None)

    calls.repeated(attempt)
