"""Cursors of lists and of histories: the position where a page ends, as an opaque string for clients."""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final, Self

from functions.shared.keys import EVENT_PREFIX, is_ulid

_SELECTION: Final = re.compile(r"[0-9a-f]{16}", re.ASCII)
_LINE: Final = re.compile(rf"{EVENT_PREFIX}[!-~]{{1,200}}", re.ASCII)
"""The sort key of a history item."""


@dataclass(frozen=True)
class Cursor:
    """The next page begins with images whose ids sort before ``before``.

    ``selection`` is the digest of the list: a cursor is valid only for its own tenant and selector.
    """

    selection: str
    before: str

    def encode(self) -> str:
        """Return the opaque form: URL-safe base64 without padding."""
        return _opaque(f"{self.selection}/{self.before}")

    @classmethod
    def decode(cls, text: str) -> Self:
        """Read the opaque form. Raises ValueError for a string that ``encode`` does not return."""
        selection, _, before = _plain(text).partition("/")
        if not _SELECTION.fullmatch(selection) or not is_ulid(before):
            raise ValueError("must be the cursor of a previous page")
        return cls(selection, before)


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
