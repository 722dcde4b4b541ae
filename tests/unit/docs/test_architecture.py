"""The documentation names only what exists: the table of rows, links, and the alarms' sections in the runbook."""

import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
ROW = re.compile(r"^\| ([KUV][0-9.]+(?:-[0-9]+)?) \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
NAMED = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
TEST = re.compile(r"`(tests/[\w/.]+)(?:::(\w+))?`")
ROWS = (
    *(f"K{number}" for number in range(1, 10)),
    *(f"U{number}" for number in range(1, 8)),
    *("V1.1-3", "V1.4-5", "V2.4", "V2.5-7", "V2.8-9"),
)
PAGES = sorted({*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").rglob("*.md")})


def table() -> dict[str, list[str]]:
    text = (CHECKOUT / "docs" / "requirements.md").read_text(encoding="utf-8")
    return {row: cells for row, *cells in ROW.findall(text)}


def test_every_row_of_the_older_design_is_in_the_table():
    assert tuple(table()) == ROWS


@pytest.mark.parametrize("row", ROWS)
def test_a_row_names_a_resource_code_and_a_test_that_exist(row):
    _, *columns = table()[row]

    for column in columns:
        assert NAMED.findall(column)
        for name in NAMED.findall(column):
            path, _, function = name.partition("::")
            source = (CHECKOUT / path).read_text(encoding="utf-8")
            assert not function or f"def {function}(" in source, name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_a_page_links_only_to_what_exists(page):
    broken = [
        target for target in LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / target).exists()
    ]

    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_a_page_names_only_tests_that_exist(page):
    missing = []
    for path, name in TEST.findall(page.read_text(encoding="utf-8")):
        place = CHECKOUT / path
        if not place.exists() or (name and f"def {name}(" not in place.read_text(encoding="utf-8")):
            missing.append(f"{path}::{name}")

    assert missing == []


def test_every_alarm_has_a_section_in_the_runbook():
    source = (CHECKOUT / "cdk" / "constructs" / "operations.py").read_text(encoding="utf-8")
    edge = (CHECKOUT / "cdk" / "edge_stack.py").read_text(encoding="utf-8")
    alarms = set(re.findall(r'self\._alarm\(\s*"(\w+)"', source))
    alarms |= set(re.findall(r'\("(\w+)", [^,]+, "[^"]+"\),', edge))

    sections = set(
        re.findall(r"^## (\w+)$", (CHECKOUT / "docs" / "runbook.md").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert alarms
    assert alarms <= sections
