"""Cursors of the listing and of histories: the position where a page ends, as an opaque string for clients."""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from functions.shared.keys import EVENT_PREFIX, is_image_id

SHORTENED: Final = 14
"""Characters of an id that a cursor may reveal: the millisecond and 20 of the 80 random bits. Ids that sort before
this prefix are older. An image with the same prefix is skipped; the chance is one in a million within a millisecond."""

_SHORTENED: Final = re.compile(f"[0-9A-HJKMNP-TV-Z]{{{SHORTENED}}}", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_LINE: Final = re.compile(rf"{EVENT_PREFIX}[\w:.+#-]{{1,100}}", re.ASCII)
"""The sort key of a history item."""


@dataclass(frozen=True)
class Cursor:
    """The next page begins with images of ``day`` whose ids sort before ``before``; None: no more of that day."""

    AFTER_ALL: ClassVar[str] = "~"
    """Sorts after every image id."""

    day: str
    before: str | None

    def shortened(self) -> Self:
        """Return the same position with only a prefix of the image's id."""
        return self if self.before is None else type(self)(self.day, self.before[:SHORTENED])

    def encode(self) -> str:
        """Return the opaque form: URL-safe base64 without padding."""
        return _opaque(f"{self.day}/{self.before or ''}")

    @classmethod
    def decode(cls, text: str) -> Self:
        """Read the opaque form. Raises ValueError for a string that ``encode`` does not return."""
        day, _, before = _plain(text).partition("/")
        if not _DAY.fullmatch(day) or not _is_position(before):
            raise ValueError("must be the cursor of a previous page")
        return cls(day=day, before=before or None)


@dataclass(frozen=True)
class HistoryCursor:
    """The next page begins with history items that are older than the one with this sort key."""

    sort_key: str

    def encode(self) -> str:
        """Return the opaque form: URL-safe base64 without padding."""
        return _opaque(self.sort_key)

    @classmethod
    def decode(cls, text: str) -> Self:
        """Read the opaque form. Raises ValueError for a string that ``encode`` does not return."""
        sort_key = _plain(text)
        if not _LINE.fullmatch(sort_key):
            raise ValueError("must be the cursor of a previous page")
        return cls(sort_key)


def _is_position(before: str) -> bool:
    return before in {"", Cursor.AFTER_ALL} or bool(_SHORTENED.fullmatch(before)) or is_image_id(before)


def _opaque(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode("ascii")).decode("ascii").rstrip("=")


def _plain(word: str) -> str:
    """Return the text of an opaque string. Raises ValueError, also for characters that base64 would ignore."""
    try:
        text = base64.urlsafe_b64decode(word + "=" * (-len(word) % 4)).decode("ascii")
    except (binascii.Error, UnicodeError) as error:
        raise ValueError("must be the cursor of a previous page") from error
    if _opaque(text) != word:
        raise ValueError("must be the cursor of a previous page")
    return text
