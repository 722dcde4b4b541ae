"""No request ends in an exception, in an answer that Lambda's runtime cannot send, or in a large one."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.policy import store
from functions.records.cursors import Cursor, HistoryCursor
from functions.records.entries import Selection
from tests.counted import counted
from tests.fakes import hostile_json
from tests.fakes.gateway import Answer, proxy_event
from tests.fakes.handlers import Function
from tests.fakes.machines import Machine
from tests.unit.manage.conftest import image_id

MOST_BYTES = 100_000
IMAGE = f"/v1/images/{image_id(1)}"
DIGEST = "a" * 64
BODIES = [
    ("upload", "POST", "/v1/images"),
    ("manage", "PATCH", IMAGE),
    ("manage", "PUT", f"{IMAGE}/legal-hold"),
    ("manage", "POST", f"{IMAGE}/verdict"),
    ("manage", "POST", "/v1/resumptions"),
    ("policies", "PUT", "/v1/policies/default"),
    ("policies", "POST", "/v1/policies/default/check"),
    ("policies", "POST", "/v1/policies/default/activate"),
    ("policies", "POST", "/v1/policies/default/shadow"),
    ("policies", "POST", "/v1/policies/default/diff"),
    ("policies", "POST", "/v1/rejudgements"),
]
QUERIES = [
    *BODIES,
    ("manage", "GET", "/v1/images"),
    ("manage", "GET", IMAGE),
    ("manage", "GET", f"{IMAGE}/history"),
    ("manage", "DELETE", IMAGE),
    ("manage", "DELETE", "/v1/owners/ann/images"),
    ("policies", "GET", "/v1/policies/default"),
    ("policies", "GET", "/v1/policies/default/versions"),
    ("policies", "DELETE", "/v1/policies/default/shadow"),
    ("policies", "GET", f"/v1/rejudgements/{image_id(1)}"),
]
each = settings(
    max_examples=counted(usual=40, long=2_000), deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip

cursors = st.one_of(
    hostile_json.texts,
    hostile_json.texts.filter(str.isascii).map(lambda text: HistoryCursor(f"EVENT#{text}").encode()),
    st.just(Cursor(Selection("default").digest, image_id(1)).encode()),
)
parameters = st.dictionaries(
    st.sampled_from(["tenant", "owner", "status", "verdict", "label", "sha256", "from", "to", "limit", "digest"])
    | hostile_json.texts,
    st.one_of(
        hostile_json.texts,
        st.sampled_from(["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1" * 5_000, "allow", "HELD", "9"]),
    ),
    max_size=3,
)


@pytest.fixture
def call(aws, monkeypatch):
    """Call a function of the API as Lambda does and check what any answer must be."""
    store._documents.clear()
    Machine("rejudge")
    functions = {name: Function(name, monkeypatch) for name in ("upload", "manage", "policies")}

    def request(entry, *, body: bytes = b"", query: dict | None = None, content_type: str = "application/json") -> None:
        function, method, path = entry
        event = proxy_event(method, path, body=body, query=query, headers={"Content-Type": content_type})
        answer = Answer(functions[function](event))
        assert 200 <= answer.status < 500 or answer.status == 503
        assert len(json.dumps(answer.raw, ensure_ascii=False).encode("utf-8")) <= MOST_BYTES
        if answer.status >= 400:
            answer.problem()

    return request


@pytest.mark.parametrize("entry", BODIES, ids=" ".join)
@each
@given(body=hostile_json.bodies)
def test_any_body_has_an_answer(call, entry, body):
    call(entry, body=body)


@each
@given(body=hostile_json.bodies, content_type=st.sampled_from(["image/png", "image/x"]) | hostile_json.texts)
def test_any_picture_and_any_type_have_an_answer(call, body, content_type):
    call(BODIES[0], body=body, content_type=content_type)


@pytest.mark.parametrize("entry", QUERIES, ids=" ".join)
@each
@given(query=parameters, cursor=st.none() | cursors)
def test_any_query_has_an_answer(call, entry, query, cursor):
    call(entry, query=query | ({"cursor": cursor} if cursor is not None else {}))


@each
@given(
    entry=st.sampled_from(["/v1/images/{}", "/v1/images/{}/history", "/v1/owners/{}/images", "/v1/{}"]),
    method=st.sampled_from(["GET", "DELETE", "PATCH"]),
    text=hostile_json.texts,
)
def test_any_path_has_an_answer(call, entry, method, text):
    call(("manage", method, entry.format(text)))


@each
@given(entry=st.sampled_from(["/v1/policies/{}", "/v1/rejudgements/{}", "/v1/{}"]), text=hostile_json.texts)
def test_any_name_has_an_answer(call, entry, text):
    call(("policies", "GET", entry.format(text)))
