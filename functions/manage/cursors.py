"""Where a page of the listing ends, as an opaque word that clients hand back."""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from functions.shared.keys import is_image_id

SHORTENED: Final = 14
"""Characters of an id that a cursor may reveal: the millisecond and 20 of the 80 random bits. Ids that sort before
this prefix are older. Another image with the same prefix is skipped: one in a million within a millisecond."""

_SHORTENED: Final = re.compile(f"[0-9A-HJKMNP-TV-Z]{{{SHORTENED}}}", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True)
class Cursor:
    """A day, and the image of that day before (older than) which the next page begins; None when the day is done."""

    AFTER_ALL: ClassVar[str] = "~"
    """Sorts after every image id."""

    day: str
    before: str | None

    def shortened(self) -> Self:
        """Return the same position with only a prefix of the image's id."""
        return self if self.before is None else type(self)(self.day, self.before[:SHORTENED])

    def encode(self) -> str:
        """Return the opaque form: URL-safe, without padding."""
        text = f"{self.day}/{self.before or ''}"
        return base64.urlsafe_b64encode(text.encode("ascii")).decode("ascii").rstrip("=")

    @classmethod
    def decode(cls, text: str) -> Self:
        """Read the opaque form. Raises ValueError for anything that ``encode`` did not make."""
        try:
            plain = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
        except (binascii.Error, UnicodeError) as error:
            raise ValueError("not a cursor") from error
        day, _, before = plain.partition("/")
        if not _DAY.fullmatch(day) or not _is_position(before):
            raise ValueError("not a cursor")
        cursor = cls(day=day, before=before or None)
        if cursor.encode() != text:  # base64 reads over what is not its own
            raise ValueError("not a cursor")
        return cursor


def _is_position(before: str) -> bool:
    return before in {"", Cursor.AFTER_ALL} or bool(_SHORTENED.fullmatch(before)) or is_image_id(before)
