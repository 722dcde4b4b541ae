"""Reading the state machine: paths, retriers by hand, and where a Task ends that fails for good."""

from random import Random
from statistics import fmean

import pytest

from benchmarks.load.definition import THROTTLED, Definition, Ending, Retrier, with_retrier
from benchmarks.load.designs import DETECTOR_PATIENCE_SECONDS, LADDER, PATIENT, PATIENT_TIMEOUT_SECONDS
from benchmarks.load.pictures import Route

MOST_EVENTS = 25_000
"""What the history of an execution holds."""
EVENTS_OF_AN_ATTEMPT = 3
"""TaskScheduled, TaskStarted, TaskFailed."""
EVENTS_OF_A_ROUND = 7
"""A Task that succeeds, entered and exited, and a Choice, entered and exited."""


@pytest.fixture(scope="module")
def ingest():
    return Definition.from_file()


def test_a_retrier_has_the_languages_defaults():
    assert Retrier.from_asl({"ErrorEquals": ["A"]}) == Retrier(frozenset({"A"}), 1, 3, 2.0, None, full_jitter=False)


def test_delays_grow_by_the_backoff_up_to_the_longest():
    assert [LADDER.longest_delay(retry) for retry in range(6)] == [2, 4, 8, 16, 32, 60]


def test_without_a_longest_delay_the_backoff_goes_on():
    retrier = Retrier.from_asl({"ErrorEquals": ["A"], "IntervalSeconds": 3, "BackoffRate": 1.5})

    assert [retrier.longest_delay(retry) for retry in range(3)] == [3, 4.5, 6.75]


def test_full_jitter_takes_any_delay_up_to_the_longest():
    delays = [LADDER.delay(4, random) for random in [Random(1)] for _ in range(2_000)]

    assert 0 <= min(delays) < 1
    assert 31 < max(delays) <= 32
    assert fmean(delays) == pytest.approx(16, rel=0.05)


def mean_patience_seconds(retrier):
    """All waits of a retrier with full jitter, on average."""
    assert retrier.full_jitter
    return sum(retrier.longest_delay(retry) for retry in range(retrier.max_attempts)) / 2


def test_the_ladder_lasts_a_minute_on_average_and_patience_a_day():
    assert mean_patience_seconds(LADDER) == 61
    assert mean_patience_seconds(PATIENT) == pytest.approx(24 * 3_600, rel=0.05)


def test_neither_patient_retries_nor_endless_rounds_of_moderate_fill_the_history_of_an_execution():
    retries = PATIENT.max_attempts * EVENTS_OF_AN_ATTEMPT
    rounds = PATIENT_TIMEOUT_SECONDS / DETECTOR_PATIENCE_SECONDS * EVENTS_OF_A_ROUND

    assert max(4 * retries, rounds) < MOST_EVENTS


def test_a_path_has_a_step_for_each_task_and_the_states_between_them(ingest):
    steps = ingest.path(*Route.PUBLISHED.value)

    assert [step.function for step in steps if step.function] == ["optimize", "moderate", "persist"]
    assert next(step.name for step in steps if step.name) == "ClaimUpload"
    assert steps[-1].name == "PersistImage"


def test_a_path_ends_with_its_end_state(ingest):
    steps = ingest.path(*Route.REJECTED.value)

    assert steps[-1].name == ""
    assert steps[-1].states > 0


def test_a_clean_upload_is_billed_for_eight_transitions(ingest):
    """The start and each state; docs/costs.md."""
    assert 1 + sum(step.states for step in ingest.path(*Route.PUBLISHED.value)) == 8


@pytest.mark.parametrize(
    ("route", "functions"),
    [
        (Route.BLURRED, ["optimize", "moderate", "blur", "persist"]),
        (Route.REJECTED, ["optimize", "remove"]),
    ],
)
def test_each_route_calls_its_functions(ingest, route, functions):
    assert [step.function for step in ingest.path(*route.value) if step.function] == functions


def test_every_function_of_the_pipeline_has_a_retrier_for_being_throttled(ingest):
    for step in ingest.path(*Route.BLURRED.value):
        assert not step.function or any(retrier.handles(THROTTLED) for retrier in step.retriers), step.name


def test_an_image_without_a_verdict_is_held_and_any_other_failure_fails(ingest):
    endings = {step.name: step.ending for step in ingest.path(*Route.BLURRED.value) if step.function}

    assert endings.pop("ModerateImage") is Ending.HELD
    assert set(endings.values()) == {Ending.FAILED}


def test_a_retrier_put_into_a_path_comes_before_those_of_the_file(ingest):
    for step in with_retrier(ingest.path(*Route.PUBLISHED.value), PATIENT):
        if step.function:
            assert next(retrier for retrier in step.retriers if retrier.handles(THROTTLED)) is PATIENT


def test_a_path_to_a_state_that_cannot_be_reached_is_an_error(ingest):
    with pytest.raises(ValueError, match="UploadRejected cannot be reached from PersistImage"):
        ingest.path("PersistImage", "UploadRejected", "OptimizeImage")
