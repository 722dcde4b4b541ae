"""The documents between states: recorded ones are read and written unchanged, broken ones are refused by name."""

import pytest

from functions.shared.contracts import (
    UNFINISHED,
    Answers,
    Label,
    Moderated,
    ModerateRequest,
    Optimized,
    Original,
    OriginalFacts,
    Persisted,
    PersistRequest,
    Picture,
    Rejected,
    Rendering,
    Rendition,
    Superseded,
    Upload,
    Verdict,
    View,
)
from functions.shared.documents import as_json
from functions.shared.errors import ContractError
from functions.shared.status import Decision, Reason, Status
from tests.fakes.states import REQUESTS, cases, recorded


def read_output(state: str, output: dict):
    outcome = output.get("outcome")
    if outcome == "optimized":
        facts, picture = OriginalFacts.from_state(output["facts"]), Picture.from_state(output["picture"])
        views = tuple(View.from_state(each) for each in output["proxies"])
        return Optimized(facts, picture, views, output["views_digest"])
    if outcome == "rejected":
        return Rejected(Reason(output["reason"]), output["detail"])
    if outcome == "superseded":
        return Superseded(output["detail"])
    if outcome == "persisted":
        return Persisted(Status(output["status"]), output["revision"])
    if state == "ModerateImage":
        unfinished = output["decision"] == UNFINISHED
        return Moderated(None if unfinished else Verdict.from_state(output), Answers.from_state(output["answers"]))
    return Picture.from_state(output)


@pytest.mark.parametrize(("state", "case"), cases())
def test_a_recorded_input_is_read_without_loss(state, case):
    document, _ = recorded(state, case)

    assert as_json(REQUESTS[state].from_state(document)) == document


@pytest.mark.parametrize(("state", "case"), cases())
def test_a_recorded_output_is_what_its_contract_writes(state, case):
    _, output = recorded(state, case)

    assert read_output(state, output).to_state() == output


@pytest.mark.parametrize(("state", "case"), cases())
def test_a_field_of_a_newer_release_is_passed_over(state, case):
    document, _ = recorded(state, case)

    assert REQUESTS[state].from_state(document | {"added_later": 1}) == REQUESTS[state].from_state(document)


@pytest.mark.parametrize(("state", "case"), cases())
def test_a_missing_field_is_named(state, case):
    document, _ = recorded(state, case)

    for name in document.keys() - {"answers", "version", "views_digest"}:  # executions of an older release send none
        less = {key: value for key, value in document.items() if key != name}
        with pytest.raises(ContractError, match=name):
            REQUESTS[state].from_state(less)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"image_id": "../../etc/passwd"}, "not a ULID"),
        ({"revision": "first"}, "first"),
        ({"verdict": {}}, "decision"),
        ({"picture": {"renditions": []}}, "master"),
        ({"verdict": {"decision": "maybe", "policy_version": "1", "model_version": "7"}}, "maybe"),
    ],
)
def test_a_broken_field_is_named(changed, message):
    document, _ = recorded("PersistImage", "published")

    with pytest.raises(ContractError, match=message):
        PersistRequest.from_state(document | changed)


def test_the_original_is_read_from_the_upload_event_s_words():
    document, _ = recorded("OptimizeImage", "optimized")

    assert as_json(Original.from_state(document["original"])) == document["original"]


def test_what_a_state_answers_is_what_the_next_one_takes():
    optimized, verdict = recorded("OptimizeImage", "optimized")[1], recorded("ModerateImage", "blur")[1]
    blurred, persist = recorded("BlurImage", "blurred")[1], recorded("PersistImage", "blurred")[0]
    del verdict["answers"]

    assert recorded("ModerateImage", "blur")[0]["proxies"] == optimized["proxies"]
    assert recorded("BlurImage", "blurred")[0]["picture"] == optimized["picture"]
    assert (persist["facts"], persist["picture"], persist["verdict"]) == (optimized["facts"], blurred, verdict)


def test_views_and_labels_of_an_older_release_are_of_the_first_frame_as_it_is():
    document, _ = recorded("ModerateImage", "allow")
    file = {"key": "k", "width": 9, "height": 9, "bytes": 9, "content_type": "image/jpeg"}
    label = {"name": "Violence", "parent": "", "confidence": 91.5, "taxonomy_level": 1, "frame": 3}

    (view,) = ModerateRequest.from_state(document | {"proxies": [file]}).proxies

    assert (view.frame, view.rendering) == (0, Rendering.OPAQUE)
    assert (Label.from_state(label).frame, Label.from_state(label).rendering) == (3, Rendering.OPAQUE)
    assert Rendition.from_state(file).frames == 0


def test_an_unfinished_result_is_no_verdict():
    _, output = recorded("ModerateImage", "unfinished")

    with pytest.raises(ContractError, match="unfinished"):
        Verdict.from_state(output)


@pytest.mark.parametrize("answers", [None, "", {"views": ["first"]}, {"labels": [{}]}])
def test_broken_answers_are_refused(answers):
    document, _ = recorded("ModerateImage", "allow")

    with pytest.raises(ContractError):
        ModerateRequest.from_state(document | {"answers": answers})


@pytest.mark.parametrize("contract", [View, Label])
def test_an_unknown_rendering_is_named(contract):
    with pytest.raises(ContractError, match="SIDEWAYS"):
        contract.from_state({"rendering": "SIDEWAYS"})


@pytest.mark.parametrize(
    ("question", "statuses"),
    [
        ("is_servable", {"PUBLISHED", "BLURRED"}),
        ("is_in_progress", {"AWAITING_UPLOAD", "PROCESSING"}),
        ("is_final", {"PUBLISHED", "BLURRED", "BLOCKED", "REJECTED", "FAILED", "REMOVED"}),
        ("ended_without_verdict", {"REJECTED", "HELD", "FAILED"}),
    ],
)
def test_a_status_tells_what_can_be_done_with_its_image(question, statuses):
    assert {status for status in Status if getattr(status, question)} == statuses


def test_a_decision_leads_to_one_status():
    assert {decision: decision.status for decision in Decision} == {
        "allow": "PUBLISHED",
        "blur": "BLURRED",
        "review": "IN_REVIEW",
        "block": "BLOCKED",
    }


def test_a_field_of_a_newer_release_is_ignored_whatever_its_name():
    document = {"etag": "e", "version": "v", "parts": {}, "new": 1}

    assert Upload.from_state(document) == Upload("e", "v")
