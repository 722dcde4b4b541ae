"""Admit through its handler: the response to Lambda, the metrics, the settings."""

import pytest

from functions.admit.settings import AdmitSettings
from functions.shared.contracts import Status
from functions.shared.errors import SettingsError
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


def test_settings_need_the_table_and_the_state_machine():
    with pytest.raises(SettingsError, match="TABLE_NAME is not set; INGEST_STATE_MACHINE_ARN is not set"):
        AdmitSettings.from_environment({})
