"""DecideVerdicts through its handler: the outcome of each change, the metrics, and requests with faults."""

import pytest

from functions.shared.errors import ContractError
from tests.fakes.handlers import Function, emitted_metrics
from tests.unit.verdicts.conftest import ID, put_judged, record_of

OTHER = "01JDFZ8Q6W4T3R2Y1X0V9B8N7N"


@pytest.fixture
def decide(aws, retirements, uploads, monkeypatch):
    return Function("decide", monkeypatch)


def change(image_id: str = ID, decision: str = "block") -> dict:
    return {"image_id": image_id, "revision": "1", "decision": decision, "source": "review", "reason": "R"}


def test_each_change_has_its_outcome_in_the_order_of_the_request(aws, decide, capsys):
    put_judged(aws, "review")

    answer = decide({"changes": [change(OTHER), change()]})

    assert answer == {
        "results": [{"image_id": OTHER, "outcome": "missing"}, {"image_id": ID, "outcome": "applied"}],
        "counts": {"missing": 1, "applied": 1},
    }
    assert record_of(aws)["status"] == "BLOCKED"
    emitted = emitted_metrics(capsys.readouterr().out)
    assert (emitted["ChangeApplied"], emitted["ChangeMissing"]) == ([1], [1])


@pytest.mark.filterwarnings("ignore:No application metrics to publish")
@pytest.mark.parametrize(
    "event", [{}, {"changes": []}, {"changes": [change()] * 101}, {"changes": [change(decision="allow")]},
              {"changes": [{}]}, {"changes": {}}],
)  # fmt: skip
def test_a_request_with_a_fault_changes_nothing(aws, decide, event):
    before = put_judged(aws, "review")

    with pytest.raises(ContractError):
        decide(event)

    assert record_of(aws) == before
