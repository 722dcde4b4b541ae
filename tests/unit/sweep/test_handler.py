"""The sweep through its handler: what it reports and the metrics."""

from functions.shared.status import Status
from tests.fakes.handlers import Function, emitted_metrics


def test_a_sweep_reports_and_counts_what_it_repaired(stage, monkeypatch, capsys):
    monkeypatch.setenv("SETTLE_STATE_MACHINE_ARN", stage.machines["settle"])
    monkeypatch.setenv("REVIEW_STATE_MACHINE_ARN", stage.machines["review"])
    stage.claimed(Status.PROCESSING, claimed_at="2026-01-01T00:00:00.000Z")
    sweep = Function("sweep", monkeypatch)

    answer = sweep({}, remaining_ms=300_000)

    assert answer == {"settled": 1, "started": 0, "resumed": 0, "looked_at_all": True}
    metrics = emitted_metrics(capsys.readouterr().out)
    assert metrics == {"StuckSettled": [1], "StuckStarted": [0], "StuckResumed": [0]}
