"""Reads documents for tests: a Markdown parser finds headings, links, tables and code, as a renderer does."""

import ast
import itertools
from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

CHECKOUT = Path(__file__).resolve().parents[1]
PAGES = sorted({*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").rglob("*.md")})
_PARSER = MarkdownIt("commonmark").enable("table")


def _tokens(page: Path) -> list[Token]:
    return _PARSER.parse(page.read_text(encoding="utf-8"))


def _inline(tokens: list[Token]) -> Iterator[Token]:
    return (child for token in tokens for child in token.children or ())


def headings(page: Path) -> set[str]:
    """Return the text of every heading."""
    tokens = _tokens(page)
    return {after.content for token, after in itertools.pairwise(tokens) if token.type == "heading_open"}


def links(page: Path) -> list[str]:
    """Return the target of every link and image."""
    targets = ((token.attrGet("href") or token.attrGet("src")) for token in _inline(_tokens(page)))
    return [str(target) for target in targets if target]


def code_spans(page: Path) -> list[str]:
    """Return every piece of inline code."""
    return code_in(_tokens(page))


def code_in(tokens: list[Token]) -> list[str]:
    """Return every piece of inline code of some tokens."""
    return [token.content for token in _inline(tokens) if token.type == "code_inline"]


def code(page: Path) -> list[str]:
    """Return every piece of inline code and every block of code."""
    tokens = _tokens(page)
    return [*code_in(tokens), *(token.content for token in tokens if token.type == "fence")]


def rows(page: Path) -> list[list[Token]]:
    """Return every row of every table, headers included: a token for each cell."""
    found: list[list[Token]] = []
    for token, after in itertools.pairwise(_tokens(page)):
        if token.type == "tr_open":
            found.append([])
        elif token.type in {"td_open", "th_open"}:
            found[-1].append(after)
    return found


def blocks_between(page: Path, mark: str, language: str) -> list[str]:
    """Return the code blocks of a language between ``<!-- mark -->`` and ``<!-- /mark -->``."""
    found, inside = [], False
    for token in _tokens(page):
        if token.type == "html_block" and token.content.strip() in {f"<!-- {mark} -->", f"<!-- /{mark} -->"}:
            inside = not token.content.startswith("<!-- /")
        elif inside and token.type == "fence" and token.info == language:
            found.append(token.content)
    assert found, f"{page} has no {language} block between <!-- {mark} --> and <!-- /{mark} -->"
    return found


def functions_of(module: Path) -> set[str]:
    """Return the name of every function that a module defines."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
