"""PersistImage through its handler: the recorded documents, the metrics, the settings."""

import pytest

from functions.persist.settings import PersistSettings
from functions.shared.aws import client
from functions.shared.errors import ContractError, SettingsError
from tests.fakes.handlers import Function, emitted_metrics
from tests.fakes.states import recorded
from tests.unit.persist.conftest import claimed


@pytest.fixture
def persist_image(aws, monkeypatch):
    return Function("persist", monkeypatch)


@pytest.mark.parametrize(
    ("case", "metric"),
    [
        ("published", "ImagePublished"), ("blurred", "ImageBlurred"), ("in_review", "ImageInReview"),
        ("blocked", "ImageBlocked"),
    ],
)  # fmt: skip
def test_each_recorded_input_leads_to_its_recorded_output(aws, persist_image, capsys, case, metric):
    state = claimed(aws, case)

    result = persist_image(state)

    assert result == recorded("PersistImage", case)[1]
    assert emitted_metrics(capsys.readouterr().out) == {metric: [1]}


def test_a_superseded_run_is_an_outcome_with_its_own_metric(aws, persist_image, capsys):
    state = claimed(aws, "superseded", status="REMOVED")

    result = persist_image(state)

    assert result == recorded("PersistImage", "superseded")[1]
    assert emitted_metrics(capsys.readouterr().out) == {"ImageSuperseded": [1]}


def test_a_first_revision_needs_no_client_of_step_functions(aws, persist_image):
    state = claimed(aws, "published")
    made = client.cache_info().currsize

    persist_image(state)

    assert client.cache_info().currsize == made


def test_a_revision_from_dynamodb_may_come_as_text(aws, persist_image):
    state = claimed(aws, "published")

    assert persist_image(state | {"revision": "1"})["revision"] == 1


@pytest.mark.filterwarnings("ignore:No application metrics to publish")
def test_an_input_that_lacks_a_verdict_breaks_the_contract(aws, persist_image):
    state = claimed(aws, "published")
    del state["verdict"]

    with pytest.raises(ContractError, match="verdict"):
        persist_image(state)


def test_all_missing_settings_are_named_at_once():
    with pytest.raises(SettingsError) as raised:
        PersistSettings.from_environment({"STAGING_BUCKET": "s", "TABLE_NAME": ""})

    assert str(raised.value) == (
        "PUBLISHED_BUCKET is not set; GENERATED_BUCKET is not set; TABLE_NAME is not set; EVENT_BUS_NAME is not set; "
        "RETIRE_STATE_MACHINE_ARN is not set"
    )
