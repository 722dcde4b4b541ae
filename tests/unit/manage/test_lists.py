"""GET /v1/images, through the handler: what each list contains, its order and pages, and what is refused."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ulid import ULID

from functions.manage.queries import SELECTORS
from functions.records.creation import NewImage, RecordCreator
from functions.records.cursors import Cursor
from functions.records.entries import Selection, Selector, entries_at_creation
from functions.shared.keys import record_partition
from tests.counted import counted
from tests.fakes.aws import TABLE
from tests.fakes.openapi import assert_described
from tests.unit.manage.conftest import image_id, put_image, record_of

OTHER_HASH = "1" * 64


def put_labelled(aws, number, *names, **changed):
    """Write an image that is listed under labels."""
    identity = put_image(aws, number, **changed)
    for name in names:
        tenant = changed.get("tenant", "default")
        aws.put_item(
            {
                "pk": record_partition(identity), "sk": f"ENTRY#LABEL#{name}", "selector": f"LABEL#{tenant}#{name}",
                "position": f"{tenant}#{identity}",
            }
        )  # fmt: skip
    return identity


def library(aws):
    """Write one image for each value of each selector, in two tenants."""
    facts = {"width": 640, "height": 400, "bytes": 99, "format": "JPEG", "sha256": OTHER_HASH}
    verdict = {"decision": "blur", "policy_version": "p1", "model_version": "7.0"}
    for shift, tenant in ((0, "default"), (10, "acme")):
        put_image(aws, shift, tenant=tenant)
        put_image(aws, shift + 1, tenant=tenant, owner="alice")
        put_image(aws, shift + 2, tenant=tenant, status="HELD")
        put_image(aws, shift + 3, tenant=tenant, status="BLURRED", verdict=verdict)
        put_image(aws, shift + 4, tenant=tenant, facts=facts)
        put_labelled(aws, shift + 5, "Bare Back", tenant=tenant)


SELECTED = {"owner": "alice", "status": "HELD", "verdict": "blur", "sha256": OTHER_HASH, "label": "Bare Back"}


def listed(call, **query):
    """Return the ids of a list, all pages, and check each page."""
    found, cursor = [], None
    while True:
        page = call("GET", "/v1/images", **query, **({"cursor": cursor} if cursor else {})).document
        assert_described(page, "Page")
        found += [item["id"] for item in page["items"]]
        cursor = page["cursor"]
        if cursor is None:
            return found


@pytest.mark.parametrize("number", range(5))
def test_a_selector_lists_the_images_of_its_value_and_of_the_tenant(call, aws, number):
    library(aws)
    name = list(SELECTED)[number]

    assert listed(call, **{name: SELECTED[name]}) == [image_id(number + 1)]
    assert listed(call, **{name: SELECTED[name]}, tenant="acme") == [image_id(number + 11)]
    assert listed(call, **{name: SELECTED[name]}, tenant="nobody") == []


def test_without_a_selector_all_images_of_the_tenant_are_listed_newest_first(call, aws):
    library(aws)

    assert listed(call, limit="4") == [image_id(number) for number in (5, 4, 3, 2, 1, 0)]
    assert listed(call, limit="1", tenant="acme") == [image_id(number) for number in (15, 14, 13, 12, 11, 10)]


def test_the_last_full_page_has_no_cursor(call, aws):
    for number in range(4):
        put_image(aws, number)

    assert call("GET", "/v1/images", limit="4").document["cursor"] is None


def test_an_empty_library_is_an_empty_page(call):
    assert call("GET", "/v1/images").document == {"items": [], "cursor": None}


def test_an_item_carries_what_a_gallery_needs(call, aws):
    put_image(aws, 1, owner="alice")

    (item,) = call("GET", "/v1/images", owner="alice").document["items"]

    assert {name: item[name] for name in ("width", "height", "placeholder", "dominant_color", "owner")} == {
        "width": 640, "height": 400, "placeholder": "AAAA", "dominant_color": "#112233", "owner": "alice",
    }  # fmt: skip


@pytest.mark.parametrize("status", ["BLOCKED", "PROCESSING", "HELD"])
def test_an_item_of_an_image_that_is_not_served_shows_nothing_of_the_picture(call, aws, status):
    put_image(aws, 1, status=status)

    (item,) = call("GET", "/v1/images").document["items"]

    assert not item.keys() & {"placeholder", "dominant_color", "url_path"}


@pytest.mark.parametrize("selector", [None, *SELECTORS])
def test_a_removed_image_is_in_no_list_but_that_of_removed_images(call, aws, selector):
    identity = put_labelled(aws, 1, "Bare Back", owner="alice", status="HELD")
    record = record_of(aws, identity)
    values = {"owner": "alice", "status": "HELD", "verdict": "allow", "sha256": "0" * 64, "label": "Bare Back"}
    query = {} if selector is None else {selector: values[selector]}
    assert listed(call, **query) == [identity]

    aws.put_item({**record, "status": "REMOVED", "selector": "STATUS#REMOVED"})  # its entries are deleted later

    assert listed(call, **query) == []
    assert listed(call, status="REMOVED") == [identity]


def test_a_list_is_right_while_the_index_lags_behind_the_record(call, aws):
    identity = put_image(aws, 1)
    record = record_of(aws, identity)

    aws.put_item({**record, "verdict": {**record["verdict"], "decision": "block"}})

    assert listed(call, verdict="allow") == []


def test_an_entry_whose_record_expired_is_deleted_by_the_list_that_meets_it(call, aws):
    age = datetime.now(UTC) - timedelta(days=17)
    identity = str(ULID.from_datetime(age))
    (entry, _) = entries_at_creation(identity, tenant="default", owner="alice")
    aws.put_item(entry)

    assert listed(call) == []
    assert aws.items(record_partition(identity)) == {}


def test_an_entry_of_a_young_image_is_kept_whatever_a_read_finds(call, aws):
    identity = str(ULID())
    aws.put_item(entries_at_creation(identity, tenant="default", owner=None)[0])

    assert listed(call) == []
    assert "ENTRY#TENANT" in aws.items(record_partition(identity))


def test_a_new_image_is_listed_at_once(call, aws, clients):
    creator = RecordCreator(TABLE, clients["dynamodb"])
    identity = creator.create(NewImage("image/jpeg", 7, tenant="acme", owner="alice"))

    for query in ({}, {"owner": "alice"}, {"status": "AWAITING_UPLOAD"}):
        assert listed(call, tenant="acme", **query) == [identity]
        assert listed(call, **query) == []


def at(identity, shift_ms=0):
    moment = ULID.from_str(identity).datetime + timedelta(milliseconds=shift_ms)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.mark.parametrize("limit", ["1", "25"])
def test_a_time_range_includes_its_start_and_excludes_its_end(call, aws, limit):
    moments = [datetime(2026, 11, day, tzinfo=UTC) for day in (20, 21, 22, 23)]
    identities = [str(ULID.from_datetime(moment)) for moment in moments]
    for identity in identities:
        put_image(aws, identity=identity)

    def between(**times):
        return listed(call, limit=limit, **times)

    assert between(**{"from": at(identities[1])}) == identities[:0:-1]
    assert between(**{"from": at(identities[1], 1)}) == identities[:1:-1]
    assert between(to=at(identities[2])) == identities[1::-1]
    assert between(to=at(identities[2], 1)) == identities[2::-1]
    assert between(**{"from": at(identities[1])}, to=at(identities[2])) == [identities[1]]


FIRST = datetime(2026, 11, 24, tzinfo=UTC)
moments = st.integers(-1_000, 7_000).map(lambda microseconds: FIRST + timedelta(microseconds=microseconds))


@pytest.fixture
def close_images(aws):
    """The ids of six images that were created within 6 ms; each selector selects some of them."""
    identities = [ULID.from_datetime(FIRST + timedelta(milliseconds=number)) for number in range(6)]
    for number, identity in enumerate(identities):
        put_labelled(
            aws, number, *["Bare Back"] * (number % 2), identity=str(identity), owner=("alice", "bob")[number % 2],
            status=("HELD", "PUBLISHED")[number // 3], tenant=("default", "acme")[number == 4],
        )  # fmt: skip
    return identities


@settings(
    max_examples=counted(usual=60, long=3_000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    selector=st.sampled_from([None, *SELECTED.items()]),
    times=st.tuples(st.none() | moments, st.none() | moments).filter(lambda pair: None in pair or pair[0] < pair[1]),
    limit=st.integers(1, 4),
    before=st.none() | st.integers(0, 5),
)
def test_every_page_has_only_images_that_match_the_query_with_any_cursor(  # noqa: PLR0917 - by name
    call, close_images, selector, times, limit, before
):
    since, until = times
    query = {"limit": str(limit)} | (dict([selector]) if selector else {})
    query |= {name: value.isoformat() for name, value in (("from", since), ("to", until)) if value}
    matching = call("GET", "/v1/images", **query | {"limit": "100"}).document["items"]
    ids = [ULID.from_str(item["id"]) for item in matching]
    if before is not None:
        chosen = Selection("default", Selector(selector[0].upper()), selector[1]) if selector else Selection("default")
        query["cursor"] = Cursor(chosen.digest, str(close_images[before])).encode()
        ids = [each for each in ids if each < close_images[before]]

    page = call("GET", "/v1/images", **query).document["items"]

    assert [item["id"] for item in page] == [str(each) for each in ids][:limit]
    assert all((since is None or each.datetime >= since) and (until is None or each.datetime < until) for each in ids)


@pytest.mark.parametrize("first", SELECTORS)
@pytest.mark.parametrize("second", SELECTORS)
def test_two_selectors_are_a_400_that_names_the_supported_ones(call, first, second):
    if first == second:
        return
    values = SELECTED

    problem = call("GET", "/v1/images", **{first: values[first], second: values[second]}).problem()

    assert problem["status"] == 400
    assert problem["parameter"] in {first, second}
    assert all(name in problem["detail"] for name in (*SELECTORS, "tenant", "from", "to"))


@pytest.mark.parametrize(
    ("mine", "other"),
    [
        ({}, {"tenant": "acme"}),
        ({"owner": "alice"}, {"owner": "bob"}),
        ({"owner": "alice"}, {"owner": "alice", "tenant": "acme"}),
        ({"status": "PUBLISHED"}, {"status": "PUBLISHED", "tenant": "acme"}),
        ({"status": "PUBLISHED"}, {}),
    ],
)
def test_a_cursor_is_valid_only_for_its_own_list(call, aws, mine, other):
    for number in range(2):
        put_image(aws, number, owner="alice")
    cursor = call("GET", "/v1/images", limit="1", **mine).document["cursor"]

    assert call("GET", "/v1/images", cursor=cursor, **mine).status == 200
    assert call("GET", "/v1/images", cursor=cursor, **other).problem()["parameter"] == "cursor"


def test_a_cursor_from_outside_the_range_ends_the_list(call, aws):
    for number in range(2):
        put_image(aws, number)
    cursor = call("GET", "/v1/images", limit="1").document["cursor"]

    later = {"from": "2100-01-01T00:00:00Z"}

    assert call("GET", "/v1/images", cursor=cursor, **later).document == {"items": [], "cursor": None}


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"offset": "1"}, "offset"),
        ({"Status": "HELD"}, "Status"),
        ({"q": "knife"}, "q"),
        ({"since": "2026-11-24T09:30:00Z"}, "since"),
        ({"tenant": "no spaces"}, "tenant"),
        ({"tenant": ""}, "tenant"),
        ({"tenant": "a\u202e"}, "tenant"),
        ({"owner": "a#b"}, "owner"),
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"status": "LOST"}, "status"),
        ({"verdict": "maybe"}, "verdict"),
        ({"label": ""}, "label"),
        ({"label": "a\u0000"}, "label"),
        ({"sha256": "0" * 63}, "sha256"),
        ({"sha256": "A" * 64}, "sha256"),
        ({"from": "yesterday"}, "from"),
        ({"from": "1764000000"}, "from"),
        ({"to": "2026-11-24T09:30:00"}, "to"),
        ({"from": "2026-11-24T09:30:00Z", "to": "2026-11-24T09:30:00Z"}, "to"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"cursor": "ä"}, "cursor"),
        ({"cursor": ""}, "cursor"),
        ({"cursor": f"{Cursor(Selection('default').digest, image_id(1)).encode()}!"}, "cursor"),
    ],
)
def test_a_wrong_parameter_is_named(call, query, parameter):
    answer = call("GET", "/v1/images", **query)

    assert answer.status == 400
    assert answer.problem()["parameter"] == parameter
