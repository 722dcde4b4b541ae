"""The rule for every text that clients write freely, such as names of files, reasons and notes: all is visible."""

import unicodedata
from typing import Final

UNPRINTABLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of invisible characters: control, format, surrogate, line and paragraph separator."""

SIGNS: Final = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
"""Visible format characters: signs of Arabic, Syriac and Kaithi."""

JOINERS: Final = frozenset("\u200c\u200d")
"""Zero width non-joiner and joiner, which Persian, Indic scripts and emoji need."""

INVISIBLE: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0")
"""Fillers and separators of other categories."""


FLAG: Final = "\U0001f3f4"
TAGS: Final = frozenset(map(chr, range(0xE0020, 0xE0080)))
"""Tags after a black flag, which make it the flag of England, Scotland or Wales (Unicode Technical Standard 51)."""


def visible_lines(text: str) -> str:
    """Return a text of one or more lines if all of its other characters are visible. Raises ValueError."""
    for line in text.split("\n"):
        all_visible(line)
    return text


def all_visible(text: str) -> str:
    """Return the text if all of its characters are visible. Raises ValueError.

    Invisible characters can make two texts look the same, hide the extension of a file, or reorder what follows.
    """
    in_flag = False
    for position, character in enumerate(text):
        in_flag = character == FLAG or (in_flag and character in TAGS)
        if in_flag:
            continue
        if character in JOINERS:
            neighbours = (text[max(position - 1, 0) : position], text[position + 1 : position + 2])
            if not all(each and each > "\x7f" and each not in JOINERS for each in neighbours):
                raise ValueError("must not contain a joiner except between two non-ASCII characters")
        elif character in INVISIBLE or (unicodedata.category(character) in UNPRINTABLE and character not in SIGNS):
            raise ValueError(f"must not contain the invisible character U+{ord(character):04X}")
    return text
