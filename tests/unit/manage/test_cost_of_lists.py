"""The reads of a page do not depend on the size of the library: they are counted for every selector."""

from collections import Counter
from itertools import product

import pytest

from functions.records.entries import entries_at_verdict, position_of, status_selector
from functions.shared.aws import client
from functions.shared.contracts import Label
from functions.shared.dynamo import to_item
from tests.counted import counted
from tests.fakes.aws import TABLE, SmallAws, mock_aws
from tests.fakes.faults import hooked
from tests.fakes.gateway import Answer, proxy_event
from tests.fakes.handlers import Function
from tests.unit.manage.conftest import image_id

RECORDS = counted(200, 20_000)
MOST_PAGED = 300
"""Images of a list whose pages are read one after the other: moto compares every item of the table for each query."""
FACTOR = 2
"""Items that a page reads for each image that it may have: a key of the index, and a record. One key more tells whether
there is another page."""
TENANTS = ("default", "acme")
STATUSES = ("PUBLISHED", "BLURRED", "BLOCKED", "HELD")
DECISIONS = ("allow", "blur", "block")
LABELS = ("Weapons", "Bare Back", "Violence")
QUERIES = [
    {},
    *({"owner": f"owner-{number}"} for number in range(2)),
    *({"status": status} for status in STATUSES),
    *({"verdict": decision} for decision in DECISIONS),
    *({"label": label} for label in LABELS),
    {"sha256": f"{8:064x}"},
]

PAGES = counted([*((query, 25) for query in QUERIES), ({}, 1), ({}, 100)], [*product(QUERIES, (1, 25, 100))])
"""Selectors, and how many images a page may have."""


def named(value):
    """Return the id of a selector or of a limit."""
    return ("-".join(value.values()) or "all") if isinstance(value, dict) else str(value)


def generated(number):
    """Yield the items of one image: a few of 20 owners, statuses and so on, in one of two tenants."""
    identity, tenant = image_id(number), TENANTS[number % 2]
    owner, status, decision = f"owner-{number % 20 // 2}", STATUSES[number // 2 % 4], DECISIONS[number // 2 % 3]
    sha256 = f"{number % 1_000:064x}"
    yield {
        "pk": f"IMAGE#{identity}", "sk": "RECORD", "image_id": identity, "status": status, "tenant": tenant,
        "owner": owner, "selector": status_selector(status), "position": position_of(tenant, identity),
        "verdict": {"decision": decision}, "created_at": "2026-11-24T09:00:00.000Z",
        "facts": {"width": 6, "height": 4, "bytes": 9, "format": "JPEG", "sha256": sha256},
    }  # fmt: skip
    yield from entries_at_verdict(
        identity, tenant=tenant, owner=owner, decision=decision, sha256=sha256,
        labels=[Label(LABELS[number // 2 % 3], "", 90.0)],
    )  # fmt: skip


@pytest.fixture(scope="module")
def library(clients):
    with mock_aws():
        aws = SmallAws(**clients)
        writes = [{"PutRequest": {"Item": to_item(item)}} for number in range(RECORDS) for item in generated(number)]
        for start in range(0, len(writes), 25):
            aws.dynamodb.batch_write_item(RequestItems={TABLE: writes[start : start + 25]})
        yield aws


@pytest.fixture(scope="module")
def call(library):
    with pytest.MonkeyPatch.context() as monkeypatch:
        function = Function("manage", monkeypatch)
        yield lambda **query: Answer(function(proxy_event("GET", "/v1/images", query=query)))


@pytest.mark.parametrize(("query", "limit"), PAGES, ids=named)
def test_a_page_reads_at_most_a_key_and_a_record_for_each_of_its_images(call, query, limit):
    requests, items = Counter(), Counter()

    def count(parsed, model, **_kwargs):
        requests[model.name] += 1
        if model.name == "Query":
            assert parsed["Count"] == parsed["ScannedCount"]  # nothing is read and filtered out
            items["keys"] += parsed["Count"]
        if model.name == "BatchGetItem":
            items["records"] += len(parsed["Responses"][TABLE])

    with hooked(client("dynamodb"), "after-call.dynamodb", count):
        page = call(limit=str(limit), **query).document

    assert page["items"]
    assert requests == {"Query": 1, "BatchGetItem": 1}
    assert items["records"] == len(page["items"]) <= limit
    assert items["keys"] <= limit + 1
    assert items.total() <= FACTOR * limit + 1


@pytest.mark.parametrize("query", QUERIES, ids=named)
def test_the_pages_of_a_list_have_each_of_its_images_once(call, query):
    checks = {"owner": "owner", "status": "status"}
    found, cursor = [], None
    while True:
        page = call(limit="100", **query, **({"cursor": cursor} if cursor else {})).document
        found += page["items"]
        cursor = page["cursor"]
        if cursor is None or len(found) >= MOST_PAGED:
            break

    ids = [item["id"] for item in found]
    expected = [image_id(number) for number in range(RECORDS - 2, -1, -2) if _has(number, query)]
    assert ids == (expected if cursor is None else expected[: len(ids)])
    for name in query.keys() & checks.keys():
        assert {item[name] for item in found} == {query[name]}


def _has(number, query):
    """Tell whether an image of the first tenant is in a list."""
    record, *entries = generated(number)
    ((name, value),) = query.items() or (("tenant", "default"),)
    if name == "tenant":
        return True
    if name == "status":
        return record["status"] == value
    return any(entry["selector"] == f"{name.upper()}#default#{value}" for entry in entries)
