"""Writes an original's stored files to a cache folder, as in the published bucket.

    python -m benchmarks.stored PHOTO

Prints their number and bytes, and the number of moderation views, as JSON.
"""

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from functions.shared.contracts import Picture
from functions.shared.variant import Variant
from functions.variants.sources import source_for


@dataclass(frozen=True)
class StoredPicture:
    """A picture in the record, and its files by key."""

    picture: Picture
    files: dict[str, bytes]

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read the files that ``keep`` wrote."""
        picture = Picture.from_state(json.loads((folder / "picture.json").read_text()))
        keys = [picture.master.key, *(each.key for each in picture.renditions)]
        return cls(picture, {key: (folder / key).read_bytes() for key in keys})

    def source(self, variant: Variant) -> bytes:
        """Return the file from which a variant is made."""
        return self.files[source_for(self.picture, variant).key]


def keep(folder: Path, body: bytes) -> dict[str, int]:
    """Ingest an original and write its files and the record's picture into ``folder``; return their numbers."""
    from functions.imaging.ingest import ingest_here
    from functions.imaging.limits import DEFAULT_LIMITS
    from functions.imaging.storing import store_picture

    class Folder:
        def put(self, bucket: str, key: str, content: bytes, **_options: object) -> None:
            (folder / bucket / key).write_bytes(content)

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    ingested = ingest_here(body, "image/jpeg", DEFAULT_LIMITS)
    picture = store_picture(ingested.picture, store=Folder(), bucket="", prefix="")  # type: ignore[arg-type]
    (folder / "picture.json").write_text(json.dumps(picture.to_state()))
    files = (picture.master, *picture.renditions)
    return {"files": len(files), "bytes": sum(each.bytes for each in files), "views": len(ingested.proxies)}


def main() -> None:
    """Store one photo's files in its own process, so that its memory does not affect measurements."""
    from benchmarks.measure import STORED
    from benchmarks.photos import photos

    [photo] = [each for each in photos() if each.name == sys.argv[1]]
    print(json.dumps(keep(STORED / photo.name, photo.path.read_bytes())))


if __name__ == "__main__":
    main()
