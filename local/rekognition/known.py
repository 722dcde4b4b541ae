"""The stand-in's judge: the labels of `known_pictures.json` for the pictures in it, and none for others."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np

from local.rekognition.pictures import (
    THUMBNAIL_HEIGHT,
    THUMBNAIL_WIDTH,
    SeenPicture,
    Thumbnail,
    is_same,
    shows_same,
)

KNOWN_PICTURES: Final = Path(__file__).with_name("known_pictures.json")


@dataclass(frozen=True)
class KnownPicture:
    """A known picture: its features for recognition, and its labels in Rekognition's form."""

    signature: int
    thumbnail: Thumbnail
    labels: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class KnownPictures:
    """Judges a picture by whether it is one of these. It answers with Rekognition's version: it stands in for it."""

    pictures: tuple[KnownPicture, ...] = ()

    model_version: ClassVar[str] = "7.0"

    @classmethod
    def from_file(cls, path: Path = KNOWN_PICTURES) -> "KnownPictures":
        """Read the known pictures."""
        return cls(
            tuple(
                KnownPicture(int(each["signature"], 16), _thumbnail(each["thumbnail"]), tuple(each["labels"]))
                for each in json.loads(path.read_text())
            )
        )

    def labels_of(self, _body: bytes, seen: SeenPicture) -> list[dict[str, Any]]:
        """Return the labels of the known picture that this one shows."""
        for picture in self.pictures:
            if is_same(picture.signature, seen.signature) or shows_same(picture.thumbnail, seen.thumbnail):
                return list(picture.labels)
        return []


def _thumbnail(levels: str) -> Thumbnail:
    """Return the thumbnail with two hexadecimal digits per level, row by row."""
    return np.frombuffer(bytes.fromhex(levels), np.uint8).reshape(THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH).astype(np.float64)
