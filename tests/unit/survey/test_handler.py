"""The survey through its handler, and the changes that it returns for `decide`."""

import pytest

from functions.records.changes import Change
from functions.shared.errors import ContractError
from functions.shared.rejudgements import Mode
from functions.survey.requests import SurveyRequest
from tests import library
from tests.fakes.handlers import Function


def test_the_handler_does_what_the_state_asks_for(stage, monkeypatch):
    images = stage.fill(5, days=1)
    survey = Function("survey", monkeypatch)

    answer = survey({"operation": "plan", "rejudgement": stage.asked(Mode.DIFF).to_state()})

    assert answer == {"days": [images[0].record["listing_day"]]}


def test_an_unknown_operation_breaks_the_contract(stage):
    with pytest.raises(ContractError, match="'delete' is not a valid Operation"):
        SurveyRequest.from_state({"operation": "delete", "rejudgement": stage.asked().to_state()})


def test_a_batch_has_changes_that_decide_reads(stage):
    stage.fill(60, days=1)
    stage.activate(library.STRICTER, name="floor")
    rejudgement = stage.asked(floor=library.STRICTER.digest)
    day = stage.call("plan", rejudgement)["days"][0]
    stage.call("day", rejudgement, day=day)
    (part, *_) = stage.keys(f"manifests/{rejudgement.manifest}/tighten/")

    changes = [Change.from_state(each) for each in stage.call("batch", rejudgement, part=part)["changes"]]

    reviews = [change for change in changes if change.decision == "review"]
    assert reviews
    assert all(change.judgement.review.after_seconds == 72 * 60 * 60 for change in reviews)
    assert {change.source for change in changes} == {"rejudge"}
    assert {change.judgement.policies.policy for change in changes} == {rejudgement.candidate}
    assert {change.judgement.policies.floor for change in changes} == {rejudgement.floor}
    assert {change.judgement.policy_version for change in changes} == {"after"}
