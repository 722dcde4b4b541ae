"""Writes derived files to the object store, and returns their contracts between states."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol

from functions.imaging.derived import DerivedPicture
from functions.imaging.proxies import EncodedView
from functions.imaging.renditions import EncodedFile
from functions.shared.contracts import Picture, Rendition, View

PARALLEL_WRITES: Final = 4
"""S3 stores a file of any size in tens of milliseconds; a picture has up to three files, and 64 views."""


class FileWriter(Protocol):
    """The method of the object store that is needed here."""

    def put(self, bucket: str, key: str, body: bytes, *, content_type: str) -> str:
        """Write a whole object and return its ETag."""


def store_files(files: Iterable[EncodedFile], *, store: FileWriter, bucket: str, prefix: str) -> tuple[Rendition, ...]:
    """Write each file under ``prefix`` (with a trailing slash) and return their contracts in the same order.

    Raises TransientDependencyError.
    """

    def write(file: EncodedFile) -> Rendition:
        key = f"{prefix}{file.name}"
        store.put(bucket, key, file.body, content_type=file.content_type)
        return Rendition(key, file.width, file.height, len(file.body), file.content_type, file.frames)

    with ThreadPoolExecutor(PARALLEL_WRITES) as pool:
        return tuple(pool.map(write, files))


def store_views(views: Iterable[EncodedView], *, store: FileWriter, bucket: str, prefix: str) -> tuple[View, ...]:
    """Write the views of a picture and return their contracts. Raises TransientDependencyError."""
    views = tuple(views)
    written = store_files((each.file for each in views), store=store, bucket=bucket, prefix=prefix)
    return tuple(
        View(file.key, file.width, file.height, file.bytes, file.content_type, each.frame, each.rendering)
        for each, file in zip(views, written, strict=True)
    )


def store_picture(picture: DerivedPicture, *, store: FileWriter, bucket: str, prefix: str) -> Picture:
    """Write a picture's master and renditions and return its contract. Raises TransientDependencyError."""
    master, *renditions = store_files((picture.master, *picture.renditions), store=store, bucket=bucket, prefix=prefix)
    return Picture(
        master=master,
        renditions=tuple(renditions),
        placeholder=picture.placeholder,
        dominant_color=picture.dominant_color,
        animated=picture.animated,
        has_alpha=picture.has_alpha,
        quality=picture.quality,
        focal_point=picture.focal_point,
    )
