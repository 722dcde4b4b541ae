"""Admit through its handler: the response to Lambda, the metrics, the settings."""

import pytest

from functions.shared.status import Status
from tests.fakes.handlers import Function, emitted_metrics
from tests.unit.admit.conftest import MESSAGE, NAME, batch


@pytest.fixture
def admit(stage, monkeypatch):
    return Function("admit", monkeypatch)


def test_the_message_of_an_image_with_a_final_status_is_deleted(stage, admit, capsys):
    stage.write(Status.PUBLISHED)

    assert admit(batch()) == {"batchItemFailures": []}
    assert emitted_metrics(capsys.readouterr().out)["UploadEnded"] == [1]
    assert stage.executions == [NAME]


def test_the_message_of_an_image_in_progress_is_returned_to_the_queue(stage, admit, capsys):
    stage.write(Status.PROCESSING)

    assert admit(batch(), remaining_ms=100) == {"batchItemFailures": [{"itemIdentifier": MESSAGE}]}
    assert emitted_metrics(capsys.readouterr().out)["UploadAtWork"] == [1]
