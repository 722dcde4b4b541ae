"""Which policies judge an image, from which answer, and what overrides them."""

import pytest

from functions.moderate.detection import RekognitionDetector
from functions.moderate.moderation import Moderator
from functions.moderate.stored_answers import StoredAnswers
from functions.policy.policy import Policy
from functions.policy.store import PolicyStore, document_partition
from functions.records.reader import RecordReader
from functions.shared.contracts import Answers, ModerateRequest, PinnedPolicies
from functions.shared.documents import as_json
from functions.shared.errors import PolicyError, PolicyMissingError
from tests.fakes.aws import TABLE
from tests.fakes.clock import Clock
from tests.fakes.rekognition import labels
from tests.fakes.states import recorded

STATE, _ = recorded("ModerateImage", "allow")
ID, KEY, DIGEST = STATE["image_id"], STATE["proxies"][0]["key"], STATE["views_digest"]
RECORD = {
    "pk": f"IMAGE#{ID}", "sk": "RECORD", "image_id": ID, "status": "PROCESSING", "created_at": "2026-11-23",
    "tenant": "acme",
}  # fmt: skip
JUDGED = {"verdict": {"decision": "blur", "policy_digest": "c" * 64}}
STORED = {
    "pk": f"IMAGE#{ID}", "sk": "LABELS", "labels": [
        {"name": "Violence", "parent": "", "confidence": 70.0, "taxonomy_level": 1, "frame": 0, "rendering": "OPAQUE"}
    ], "content_types": [], "minimum_confidence": 30, "model_version": "6.1", "detector": "rekognition",
    "views_digest": DIGEST,
}  # fmt: skip


def policy(action: str, *, minimum: float = 50, version: str = "a test's", **rule) -> Policy:
    rule |= {"label": "Violence", "action": action}
    if action != "allow":
        rule |= {"confidence": 60, "reason": "V"}
    return Policy.from_document(
        {
            "version": version, "minimum_confidence": minimum,
            "default": {"confidence": 100, "action": "blur", "reason": "UNKNOWN_LABEL"},
            "rules": [rule], "examples": [],
        }
    )  # fmt: skip


@pytest.fixture
def store(aws, clients):
    return PolicyStore(TABLE, clients["dynamodb"])


@pytest.fixture
def activate(store):
    """Return what makes a policy active: by default that of the image's tenant."""

    def activated(chosen: Policy, *, tenant: str = "acme", name: str = "default") -> Policy:
        store.put(tenant, name, chosen)
        store.record_check(tenant, name, chosen.digest, [])
        pointer, _ = store.pointers(tenant, name)
        store.activate(tenant, name, chosen.digest, number=pointer.number if pointer else 0, actor="test")
        return chosen

    return activated


@pytest.fixture
def run(rekognition, rekognition_client, store, aws, clients):
    """Return what moderates the image, whose record has these attributes; what the detector finds is in its keys."""
    moderator = Moderator(
        RekognitionDetector(rekognition_client), RecordReader(TABLE, clients["dynamodb"]),
        StoredAnswers(TABLE, clients["dynamodb"]), store, "staging",
    )  # fmt: skip

    def moderated(*, record: dict | None = None, **state):
        aws.put_item(RECORD | (record or {}))
        return moderator.moderate(ModerateRequest.from_state(STATE | state), budget=Clock().budget(1.0)).result

    rekognition.found[KEY] = labels(("Violence", "", 70.0))
    return moderated


@pytest.mark.parametrize(
    ("action", "decision"), [("allow", "allow"), ("blur", "blur"), ("review", "review"), ("block", "block")]
)
def test_the_active_policy_of_the_tenant_decides(run, activate, action, decision):
    active = activate(policy(action))

    verdict = run().verdict

    assert verdict.decision == decision
    assert (verdict.policy_version, verdict.basis.policies) == (active.version, PinnedPolicies(policy=active.digest))


def test_the_floor_decides_if_it_is_stricter(run, activate):
    activate(policy("allow"))
    floor = activate(policy("block"), tenant="default", name="floor")

    verdict = run().verdict

    assert (verdict.decision, verdict.basis.policies.floor) == ("block", floor.digest)


def test_a_policy_that_is_activated_during_an_execution_does_not_change_it(rekognition, run, activate):
    views = [STATE["proxies"][0], STATE["proxies"][0] | {"key": "late", "frame": 1}]
    pinned = activate(policy("block"))
    rekognition.throttles["late"] = 1_000
    first = run(proxies=views)
    activate(policy("allow"))
    rekognition.throttles.clear()

    second = run(proxies=views, answers=as_json(first.answers))

    assert first.verdict is None
    assert (second.verdict.decision, second.verdict.basis.policies.policy) == ("block", pinned.digest)


def test_a_new_execution_takes_the_newly_active_policy(run, activate):
    activate(policy("block"))
    run()
    activate(policy("allow"))

    assert run().verdict.decision == "allow"


def test_a_shadow_is_judged_beside_the_policy_and_only_recorded(run, activate, store):
    activate(policy("allow"))
    shadow = policy("block")
    store.put("acme", "default", shadow)
    store.start_shadow("acme", "default", shadow.digest, actor="test")

    verdict = run().verdict

    assert verdict.decision == "allow"
    assert as_json(verdict.basis.shadow) == {
        "policy_digest": shadow.digest, "decision": "block", "deciding": ["Violence"], "reason": "V",
    }  # fmt: skip


def test_a_shadow_that_considers_weaker_labels_than_were_asked_for_is_undetermined(run, activate, store, aws):
    activate(policy("allow", minimum=60))
    shadow = policy("block", minimum=50)
    store.put("acme", "default", shadow)
    store.start_shadow("acme", "default", shadow.digest, actor="test")
    aws.put_item(STORED | {"minimum_confidence": 60})

    assert run(record=JUDGED).verdict.basis.shadow.decision is None


def test_the_whole_answer_is_kept_also_what_no_policy_considers(rekognition, run, activate):
    activate(policy("allow"))
    rekognition.found[KEY] = labels(("Violence", "", 31.0))
    types = [{"Name": "Illustrated", "Confidence": 97.5}]
    rekognition.spoil = lambda answer, _: answer | {"ContentTypes": types}

    verdict = run().verdict

    assert [(label.name, label.confidence) for label in verdict.labels] == [("Violence", 31.0)]
    assert as_json(verdict.basis)["content_types"] == [
        {"name": "Illustrated", "confidence": 97.5, "frame": 0, "rendering": "OPAQUE"}
    ]
    assert (verdict.basis.detector, verdict.model_version, verdict.basis.views_digest) == ("rekognition", "7.0", DIGEST)


def test_content_types_reach_the_policy(rekognition, run, activate):
    activate(policy("block", unless=["Illustrated"]))
    rekognition.spoil = lambda answer, _: answer | {"ContentTypes": [{"Name": "Illustrated", "Confidence": 97.5}]}

    assert run().verdict.decision == "allow"  # 70 % is less than the default rule's 100 %


# --- stored answers


def test_an_image_whose_views_have_not_changed_is_judged_from_its_stored_answer(rekognition, run, activate, aws):
    activate(policy("block"))
    aws.put_item(STORED)

    verdict = run(record=JUDGED).verdict

    assert rekognition.requests == []
    assert (verdict.decision, verdict.model_version, verdict.basis.minimum_confidence) == ("block", "6.1", 30)


@pytest.mark.parametrize(
    ("stored", "again"),
    [
        ({"views_digest": "f" * 64}, {"record": JUDGED}),
        ({"views_digest": None}, {"record": JUDGED}),
        ({"views_digest": None}, {"record": JUDGED, "views_digest": ""}),
        ({"minimum_confidence": 60}, {"record": JUDGED}),
        ({}, {}),
    ],
    ids=["other views", "an earlier release's", "an earlier release's execution", "undetermined", "never judged"],
)
def test_any_other_image_is_labelled_again(rekognition, run, aws, stored, again):
    aws.put_item({name: value for name, value in (STORED | stored).items() if value is not None})

    verdict = run(**again).verdict

    assert len(rekognition.requests) == 1
    assert verdict.model_version == "7.0"


def test_answers_of_an_execution_of_an_earlier_release_count_as_asked_for_from_50_percent_on(run, activate):
    activate(policy("block"))
    views = [STATE["proxies"][0], STATE["proxies"][0] | {"key": "late", "frame": 1}]

    verdict = run(proxies=views, answers={"views": [1], "labels": [], "model_version": "7.0"}).verdict

    assert (verdict.decision, verdict.basis.minimum_confidence) == ("block", 50)


# --- overrides and re-judgements


@pytest.mark.parametrize("decision", ["allow", "blur", "block"])
def test_an_override_decides_and_the_labels_are_kept(run, activate, decision):
    activate(policy("review"))
    made = {"decision": decision, "actor": "service", "at": "2026-11-25", "source": "override", "reason": "SEEN"}

    verdict = run(record=JUDGED | {"override": made}).verdict

    assert (verdict.decision, verdict.basis.reason, verdict.deciding) == (decision, "SEEN", ())
    assert (verdict.basis.overridden, verdict.basis.review) == (True, None)
    assert [label.name for label in verdict.labels] == ["Violence"]


@pytest.mark.parametrize("stricter", ["policy", "floor"])
def test_what_became_active_after_a_rejudgement_was_started_judges_the_image(run, activate, stricter):
    judged_by = activate(policy("allow"))
    pending = {
        "decision": "allow", "source": "rejudge", "at": "2026-11-25", "policies": {"policy": judged_by.digest},
    }  # fmt: skip
    place = {} if stricter == "policy" else {"tenant": "default", "name": "floor"}
    activate(policy("block"), **place)

    assert run(record=JUDGED | {"pending": pending}).verdict.decision == "block"


def test_a_pending_override_needs_no_policies_of_its_own(run, activate):
    active = activate(policy("block"))
    made = {"decision": "allow", "actor": "service", "at": "2026-11-25", "source": "override"}
    pending = {"decision": "allow", "source": "override", "at": "2026-11-25"}

    verdict = run(record=JUDGED | {"override": made, "pending": pending}).verdict

    assert (verdict.decision, verdict.basis.policies.policy) == ("allow", active.digest)


# --- policies that cannot be had


def test_an_active_policy_whose_document_is_missing_gives_no_verdict(rekognition, run, activate, aws, clients):
    active = activate(policy("allow", version="is lost"))
    key = {"pk": {"S": document_partition(active.digest)}, "sk": {"S": "DOCUMENT"}}
    clients["dynamodb"].delete_item(TableName=TABLE, Key=key)

    with pytest.raises(PolicyMissingError):
        run()

    assert rekognition.requests == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": "x"}'])
@pytest.mark.parametrize("place", [("acme", "default"), ("default", "floor")], ids=["policy", "floor"])
def test_an_active_policy_that_cannot_be_read_gives_no_verdict(run, activate, aws, place, text):
    tenant, name = place
    active = activate(policy("allow", version=f"{name} {text}"), tenant=tenant, name=name)
    aws.put_item({"pk": document_partition(active.digest), "sk": "DOCUMENT", "text": text})

    with pytest.raises(PolicyError):
        run()


def test_pinned_policies_that_are_gone_give_no_verdict(run):
    answers = as_json(Answers(policies=PinnedPolicies(policy="d" * 64)))

    with pytest.raises(PolicyMissingError):
        run(answers=answers)
