"""Workers that die, hang or find no room: an upload survives one death, and a function that always dies is named."""

import contextlib
import subprocess

import pytest

from tests import pictures
from tests.emulator.test_paths import WEAPON

STATES = {
    "optimize": "OptimizeImage",
    "moderate": "ModerateImage",
    "blur": "BlurImage",
    "persist": "PersistImage",
}


DEATHS = {"Runtime.ExitError", "Runtime.Unknown"}
"""What a worker's death is called: while it handles a call, or while it starts."""


@pytest.fixture
def warm(pipeline):
    """The pipeline, flagging everything, with a worker of each function that waits for its next call."""
    pipeline.rekognition.set(labels=WEAPON)
    pipeline.run(pictures.jpeg(600, 400))
    return pipeline


@pytest.mark.parametrize("function", STATES)
def test_an_upload_survives_the_death_of_one_worker(warm, function):
    with warm.frozen(function):
        image_id = warm.upload(pictures.jpeg(600, 400))
        execution = warm.wait_for_state(image_id, STATES[function])

    assert warm.end_of(image_id).status == "BLURRED"
    assert warm.task_failures(execution) == ["Runtime.ExitError"]


@pytest.mark.parametrize(
    ("function", "status"), [("optimize", "FAILED"), ("moderate", "HELD"), ("blur", "FAILED"), ("persist", "FAILED")]
)
def test_a_function_that_always_dies_is_tried_twice_and_named_and_leaves_no_file(warm, function, status):
    with warm.always_dying(function):
        ended = warm.run(pictures.jpeg(600, 400))

    died = warm.task_failures(ended.execution["executionArn"])
    assert (ended.status, len(died)) == (status, 2)
    assert set(died) <= DEATHS
    assert warm.item(ended.image_id)["error"]["error"] == ended.execution["error"] == died[-1]
    assert [file.partition("/")[0] for file in warm.left_of(ended.image_id)] == ["originals"]


def test_a_throttled_function_is_tried_again_until_there_is_room(pipeline):
    with pipeline.throttled("persist"):
        image_id = pipeline.upload(pictures.jpeg(600, 400))
        execution = pipeline.wait_for_state(image_id, "PersistImage")
        pipeline.eventually(lambda: len(pipeline.task_failures(execution)) >= 2)

    assert pipeline.end_of(image_id).status == "PUBLISHED"
    assert set(pipeline.task_failures(execution)) == {"Lambda.TooManyRequestsException"}


def test_workers_of_another_instance_are_not_touched(pipeline):
    ours = {
        "AWS_LAMBDA_FUNCTION_NAME": pipeline.outputs.functions["persist"],
        "AWS_ENDPOINT_URL": pipeline.outputs.emulator_url,
    }
    theirs = ours | {"AWS_ENDPOINT_URL": "https://127.0.0.1:1"}
    with contextlib.ExitStack() as started:
        one, other = (
            started.enter_context(subprocess.Popen(["/bin/sleep", "60"], env=each)) for each in (ours, theirs)
        )
        started.callback(lambda: [each.kill() for each in (one, other)])
        found = {each.pid for each in pipeline.workers("persist")}

    assert one.pid in found
    assert other.pid not in found
