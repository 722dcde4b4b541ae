"""The documents name only what exists: links, tests, and the resources, code and tests of each requirement."""

import pytest

from tests.documents import CHECKOUT, PAGES, code_in, code_spans, functions_of, links, rows

REQUIREMENTS = (
    *(f"K{number}" for number in range(1, 10)),
    *(f"U{number}" for number in range(1, 8)),
    *("V1.1-3", "V1.4-5", "V2.4", "V2.5-7", "V2.8-9"),
)


def exists(name: str) -> bool:
    """Return whether ``path`` or ``path::function`` is in the checkout."""
    path, _, function = name.partition("::")
    place = CHECKOUT / path
    return place.exists() and (not function or function in functions_of(place))


def requirements():
    """Return the cells of each requirement, by its number."""
    return {number.content: cells for number, *cells in rows(CHECKOUT / "docs" / "requirements.md")}


def test_the_table_has_every_requirement():
    assert set(REQUIREMENTS) <= requirements().keys()


@pytest.mark.parametrize("number", REQUIREMENTS)
def test_a_requirement_names_a_resource_code_and_a_test_that_exist(number):
    _, resource, code, test = requirements()[number]

    for column in (resource, code, test):
        names = code_in([column])
        assert names
        assert [name for name in names if not exists(name)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_a_page_links_only_to_what_exists(page):
    local = [target.partition("#")[0] for target in links(page) if "://" not in target and not target.startswith("#")]

    assert [target for target in local if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_a_page_names_only_tests_that_exist(page):
    named = [span for span in code_spans(page) if span.startswith("tests/") and " " not in span and "<" not in span]

    assert [name for name in named if not exists(name)] == []
