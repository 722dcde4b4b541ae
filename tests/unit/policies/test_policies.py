"""Policies by the API: stored, checked, activated and shadowed, and every refusal of these."""

import pytest

from functions.policy.policy import Policy
from functions.policy.store import PolicyStore
from functions.shared.aws import client
from tests.fakes.aws import TABLE
from tests.fakes.faults import failing_call, hooked, writing_at
from tests.fakes.openapi import assert_described

PATH = "/v1/policies/default"
RULE = {"label": "Weapons", "action": "block", "confidence": 80, "reason": "WEAPONS"}


def document(version="1", *, action="block", confidence=80, minimum=50, expected="block"):
    return {
        "version": version,
        "minimum_confidence": minimum,
        "default": {"confidence": 80, "action": "blur", "reason": "UNKNOWN_LABEL"},
        "rules": [RULE | {"action": action, "confidence": confidence}],
        "examples": [
            {"name": "a gun is blocked", "labels": [{"name": "Weapons", "confidence": 95}], "decision": expected}
        ],
    }


@pytest.fixture
def put(call):
    def stored(written, path=PATH, **query):
        answer = call("PUT", path, written, **query)
        assert answer.status in {200, 201}, answer.document
        return answer.document["digest"]

    return stored


@pytest.fixture
def activate(call, put):
    """Store, check and activate a document and return its digest."""

    def activated(written, path=PATH, **query):
        digest = put(written, path, **query)
        for step in ("check", "activate"):
            answer = call("POST", f"{path}/{step}", {"digest": digest}, **query)
            assert answer.status == 200, answer.document
        return digest

    return activated


def in_force(call, path=PATH, **query):
    answer = call("GET", path, **query)
    assert_described(answer.document, "PolicyInForce")
    return answer.document


def partition(aws, tenant="default", name="default"):
    return aws.items(f"POLICY#{tenant}#{name}")


def test_a_stage_without_policies_uses_the_shipped_one(call):
    shown = in_force(call)

    assert shown["document"] == Policy.shipped().document
    assert shown["from"] == {"tenant": "default", "name": "default", "shipped": True}
    assert (shown["active"], shown["shadow"], shown["floor_digest"]) == (None, None, None)


def test_a_stored_version_is_not_active(call, put):
    answer = call("PUT", PATH, document())

    assert answer.status == 201
    assert_described(answer.document, "PolicyVersion")
    assert answer.document["digest"] == Policy.from_document(document()).digest
    assert (answer.document["checked_at"], answer.document["failures"]) == (None, [])
    assert in_force(call)["from"]["shipped"]


def test_the_same_document_is_stored_once_whatever_its_layout(call, put, aws):
    digest = put(document())
    before = partition(aws)

    again = call("PUT", PATH, dict(reversed(document().items())))

    assert (again.status, again.document["digest"]) == (200, digest)
    assert partition(aws) == before


def test_versions_are_listed_newest_first_and_read_by_digest(call, put):
    digests = [put(document(str(number))) for number in range(3)]

    listed = call("GET", f"{PATH}/versions")

    assert_described(listed.document, "PolicyVersions")
    created = [each["created_at"] for each in listed.document["items"]]
    assert created == sorted(created, reverse=True)
    assert {each["digest"] for each in listed.document["items"]} == set(digests)
    one = call("GET", PATH, digest=digests[1])
    assert_described(one.document, "PolicyVersion")
    assert one.document["document"] == document("1")


def test_a_version_is_activated_after_its_check(call, put):
    digest = put(document())

    checked = call("POST", f"{PATH}/check", {"digest": digest})
    activated = call("POST", f"{PATH}/activate", {"digest": digest})

    assert_described(checked.document, "PolicyVersion")
    assert (checked.status, checked.document["failures"]) == (200, [])
    assert checked.document["checked_at"]
    assert_described(activated.document, "ActivePolicy")
    assert (activated.status, activated.document["digest"], activated.document["number"]) == (200, digest, 1)
    assert in_force(call)["document"] == document()


def test_activations_are_counted_and_recorded_with_their_actor(call, activate, aws):
    first, second = activate(document("1")), activate(document("2"))
    assert call("POST", f"{PATH}/activate", {"digest": first}).document["number"] == 3

    events = [item for key, item in partition(aws).items() if key.startswith("EVENT#")]
    assert [(each["type"], each["actor"]) for each in events] == [("ACTIVATED", "service")] * len(events)
    assert {(each["digest"], each["number"]) for each in events} >= {(first, 3)}
    assert in_force(call)["active"]["digest"] == first != second


def test_activating_the_active_version_changes_nothing(call, activate, aws):
    digest = activate(document())
    before = partition(aws)

    again = call("POST", f"{PATH}/activate", {"digest": digest})

    assert (again.status, again.document["number"]) == (200, 1)
    assert partition(aws) == before


def test_an_unchecked_version_is_not_activated(call, put, aws):
    digest = put(document())
    before = partition(aws)

    refused = call("POST", f"{PATH}/activate", {"digest": digest})

    assert (refused.status, refused.problem()["detail"]) == (409, "This version has not been checked; check it first.")
    assert partition(aws) == before


FAILURE = "a gun is blocked: expected block, got blur (WEAPONS), because of Weapons, Violence"


def test_a_failing_example_is_named_with_what_came_out_and_recorded(call, put):
    digest = put(document(action="blur"))

    refused = call("POST", f"{PATH}/check", {"digest": digest})

    assert (refused.status, refused.problem()["failures"]) == (422, [FAILURE])
    assert refused.document["detail"] == f"An example fails: {FAILURE}"
    assert call("GET", PATH, digest=digest).document["failures"] == [FAILURE]


def test_a_version_that_failed_its_check_is_not_activated(call, put):
    digest = put(document(action="blur"))
    call("POST", f"{PATH}/check", {"digest": digest})

    refused = call("POST", f"{PATH}/activate", {"digest": digest})

    assert (refused.status, refused.problem()["failures"]) == (422, [FAILURE])
    assert in_force(call)["active"] is None


PLACE = "Weapons from 80 %: blur, but the floor says block"


def milder_document():
    return document("milder", action="blur", expected="blur")


def test_a_policy_milder_than_the_floor_is_refused_with_the_place(call, put, activate):
    activate(document("floor"), "/v1/policies/floor")
    digest = put(milder_document(), tenant="acme")

    refused = call("POST", f"{PATH}/check", {"digest": digest}, tenant="acme")

    assert (refused.status, refused.problem()["milder_than_floor"]) == (409, [PLACE])
    assert call("GET", PATH, digest=digest, tenant="acme").document["failures"] == [PLACE]


def test_a_floor_that_rises_between_check_and_activation_is_respected(call, put, activate):
    digest = put(milder_document())
    call("POST", f"{PATH}/check", {"digest": digest})
    activate(document("floor"), "/v1/policies/floor")

    refused = call("POST", f"{PATH}/activate", {"digest": digest})

    assert (refused.status, refused.problem()["milder_than_floor"]) == (409, [PLACE])
    assert in_force(call)["active"] is None


def test_a_floor_that_falls_after_a_failed_check_is_too(call, put, activate):
    activate(document("floor"), "/v1/policies/floor")
    digest = put(milder_document())
    assert call("POST", f"{PATH}/check", {"digest": digest}).status == 409
    activate(milder_document(), "/v1/policies/floor")

    assert call("POST", f"{PATH}/activate", {"digest": digest}).status == 200


def test_the_floor_may_change_while_policies_are_active(call, activate):
    activate(milder_document(), tenant="acme")

    floor = activate(document("floor"), "/v1/policies/floor")

    assert in_force(call, tenant="acme")["floor_digest"] == floor


def test_only_the_tenant_default_has_a_floor(call, aws):
    refused = call("PUT", "/v1/policies/floor", document(), tenant="acme")

    assert (refused.status, refused.problem()["parameter"]) == (400, "tenant")
    assert partition(aws, "acme", "floor") == {}


def test_of_two_simultaneous_activations_one_is_refused(call, put, activate, clients):
    first = activate(document("1"))
    second, third = put(document("2")), put(document("3"))
    for digest in (second, third):
        call("POST", f"{PATH}/check", {"digest": digest})
    other = PolicyStore(TABLE, clients["dynamodb"])

    def meanwhile(**_):
        if other.pointers("default", "default")[0].digest == first:
            other.activate("default", "default", third, number=1, actor="service")

    with hooked(client("dynamodb"), "before-call.dynamodb.TransactWriteItems", meanwhile):
        refused = call("POST", f"{PATH}/activate", {"digest": second})

    assert (refused.status, refused.problem()["title"]) == (409, "Conflict")
    assert in_force(call)["active"]["digest"] == third


@pytest.mark.parametrize("number", range(5))
@pytest.mark.parametrize("lost_answer", [False, True])
def test_an_activation_that_is_interrupted_can_be_repeated(call, put, activate, number, lost_answer):
    activate(document("1"))
    digest = put(document("2"))
    call("POST", f"{PATH}/check", {"digest": digest})

    with failing_call([client("dynamodb")], number, lost_answer=lost_answer) as watch:
        interrupted = call("POST", f"{PATH}/activate", {"digest": digest})
    repeated = call("POST", f"{PATH}/activate", {"digest": digest})

    assert interrupted.status == (503 if number < len(watch.names) else 200)
    assert (repeated.status, repeated.document["number"]) == (200, 2)


def test_a_shadow_is_recorded_and_judges_nothing(call, put, aws):
    digest = put(document())

    started = call("POST", f"{PATH}/shadow", {"digest": digest})

    assert_described(started.document, "ShadowPolicy")
    shown = in_force(call)
    assert (shown["shadow"]["digest"], shown["from"]["shipped"]) == (digest, True)
    ended = call("DELETE", f"{PATH}/shadow")
    assert (ended.status, ended.document) == (200, {"shadow": None})
    assert in_force(call)["shadow"] is None
    assert call("DELETE", f"{PATH}/shadow").status == 200
    kinds = [item["type"] for key, item in sorted(partition(aws).items()) if key.startswith("EVENT#")]
    assert sorted(kinds) == ["SHADOWED", "SHADOW_ENDED"]


def test_changes_of_the_same_millisecond_are_all_recorded_in_their_order(call, put, aws):
    first, second = put(document("1")), put(document("2"))

    with writing_at(client("dynamodb"), "2026-11-24T10:00:00.000Z"):
        for digest in (first, second):
            call("POST", f"{PATH}/shadow", {"digest": digest})
            call("DELETE", f"{PATH}/shadow")

    events = [item for key, item in sorted(partition(aws).items()) if key.startswith("EVENT#")]
    assert [(each["type"], each.get("digest")) for each in events] == [
        ("SHADOWED", first), ("SHADOW_ENDED", None), ("SHADOWED", second), ("SHADOW_ENDED", None),
    ]  # fmt: skip


@pytest.mark.parametrize("step", ["check", "activate", "shadow"])
def test_a_version_of_another_tenant_or_name_does_not_exist(call, put, step):
    digest = put(document(), tenant="acme")

    for path, query in ((PATH, {}), ("/v1/policies/other", {"tenant": "acme"})):
        assert call("POST", f"{path}/{step}", {"digest": digest}, **query).status == 404
        assert call("GET", path, digest=digest, **query).status == 404


@pytest.mark.parametrize(
    ("changed", "field", "fault"),
    [
        ({"rules": [RULE | {"label": "Guns"}]}, "rules[0].label",
         'is "Guns", which is not a label of Rekognition\'s taxonomy'),
        ({"rules": [RULE | {"confidence": 101}]}, "rules[0].confidence", "is 101; it must be from 50 to 100"),
        ({"rules": [RULE | {"confidence": -1}]}, "rules[0].confidence", "is -1; it must be from 50 to 100"),
        ({"version": "x" * 70_000}, "policy", "must not exceed 65536"),
        ({"colour": "red"}, "colour", "is unknown"),
    ],
)  # fmt: skip
def test_a_faulty_document_is_refused_with_the_place_and_nothing_is_stored(call, aws, changed, field, fault):
    refused = call("PUT", PATH, document() | changed)

    problem = refused.problem()
    assert (refused.status, problem["field"]) == (400, field)
    assert fault in problem["detail"]
    assert problem["errors"][0]["field"] == field
    assert partition(aws) == {}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_is_no_document_is_a_400(call, body):
    assert call("PUT", PATH, body).problem()["status"] == 400


def test_a_long_list_of_faults_is_shortened(call):
    faults = call("PUT", PATH, document() | {"examples": [{}] * 21_000}).problem()["errors"]

    assert len(faults) == 101
    assert faults[-1] == {"field": "policy", "detail": "has 83899 more faults"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"\\ud800":1,"\\ud800":2}', "?"),
        (b'{"' + "é".encode() * 200 + b'":1,"' + "é".encode() * 200 + b'":1}', "é" * 64),
    ],
)
def test_a_repeated_member_is_named_in_an_answer_that_can_be_sent(call, body, field):
    answer = call("PUT", PATH, body)

    assert answer.problem()["field"] == field
    answer.raw["body"].encode("utf-8")


def test_a_body_that_cannot_be_a_document_is_a_413(call):
    assert call("PUT", PATH, b" " * 262_145).problem()["status"] == 413


@pytest.mark.parametrize(
    ("request_line", "body", "query", "expected"),
    [
        (f"GET {PATH}", b"", {"digest": "abc"}, (400, "digest")),
        (f"GET {PATH}", b"", {"tenant": "no spaces"}, (400, "tenant")),
        (f"GET {PATH}", b"", {"version": "1"}, (400, "version")),
        (f"PUT {PATH}", document(), {"digest": "0" * 64}, (400, "digest")),
        ("GET /v1/policies/-", b"", {}, (404, None)),
        (f"GET /v1/policies/{'x' * 65}", b"", {}, (404, None)),
        (f"POST {PATH}/check", {}, {}, (400, "digest")),
        (f"POST {PATH}/activate", {"digest": "A" * 64}, {}, (400, "digest")),
        (f"POST {PATH}/shadow", {"digest": "0" * 64, "actor": "me"}, {}, (400, "actor")),
        (f"POST {PATH}/activate", {"digest": "0" * 64}, {}, (404, None)),
        (f"GET {PATH}", b"", {"digest": "0" * 64}, (404, None)),
    ],
)
def test_a_bad_request_names_what_is_wrong(call, request_line, body, query, expected):
    problem = call(*request_line.split(), body, **query).problem()

    assert (problem["status"], problem.get("parameter", problem.get("field"))) == expected
