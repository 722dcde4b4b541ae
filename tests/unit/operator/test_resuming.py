"""Resuming one image by its id: with its execution's input, or with its record's once that is gone."""

import json

import pytest

from functions.shared.keys import original_key
from image_scaler.operator.errors import OperatorError
from tests.fakes.aws import ORIGINALS

IMAGE_ID = "01JDXYZ0000000000000000000"
CLAIM = {"claimed_etag": "e" * 32, "claimed_version": "v1", "claimed_size": 7, "sequencer": "00AA"}


def test_an_image_is_resumed_with_the_input_of_its_execution(stage):
    event = {"detail": {"object": {"key": original_key(IMAGE_ID)}}, "id": "1"}
    before = stage.states.start_execution(stateMachineArn=stage.machine, name="first", input=json.dumps(event))

    started = stage.operator.resume(IMAGE_ID, before["executionArn"])

    assert stage.input_of(started) == {**event, "resume": True}


@pytest.mark.parametrize("version", ["v1", ""])
def test_an_image_whose_execution_is_forgotten_is_resumed_with_what_its_record_says(stage, version):
    stage.record(IMAGE_ID, **CLAIM | {"claimed_version": version})

    started = stage.operator.resume(IMAGE_ID, stage.execution_arn("forgotten"))

    uploaded = {"key": original_key(IMAGE_ID), "size": 7, "etag": "e" * 32, "sequencer": "00AA"}
    assert stage.input_of(started) == {
        "detail": {"bucket": {"name": ORIGINALS}, "object": uploaded | ({"version-id": version} if version else {})},
        "resume": True,
    }


@pytest.mark.parametrize("missing", ["claimed_etag", "claimed_size", "sequencer"])
def test_without_execution_and_without_what_its_event_needs_the_error_names_what_is_missing(stage, missing):
    stage.record(IMAGE_ID, **CLAIM | {missing: None})

    with pytest.raises(OperatorError, match=f"{IMAGE_ID} cannot be resumed: .* the record has no {missing}; upload"):
        stage.operator.resume(IMAGE_ID, stage.execution_arn("forgotten"))


def test_another_error_of_step_functions_does_not_count_as_a_forgotten_execution(stage):
    stage.record(IMAGE_ID, **CLAIM)

    with pytest.raises(OperatorError, match=r"the image cannot be resumed: .*InvalidArn"):
        stage.operator.resume(IMAGE_ID, "arn:aws:nonsense")
