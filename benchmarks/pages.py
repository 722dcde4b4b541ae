"""Documents with generated tables, each between the lines ``<!-- KEY: begin -->`` and ``<!-- KEY: end -->``."""

import re
from collections.abc import Mapping
from typing import Final

_MARKED: Final = re.compile(r"(<!-- (?P<key>[\w-]+): begin -->\n).*?(<!-- (?P=key): end -->)", re.DOTALL)


def with_tables(text: str, tables: Mapping[str, str]) -> str:
    """Return a document with the tables between its markers replaced. Each table ends with a line break."""
    return _MARKED.sub(lambda match: f"{match[1]}\n{tables[match['key']]}\n{match[3]}", text)
