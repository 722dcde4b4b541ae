"""Uploads wait in a queue: the mapping limits how many are in progress, and neither throttling nor crashes lose any."""

import json
import os
import sys
import time
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from math import log
from statistics import median, stdev

import pytest
from ulid import ULID

from benchmarks.load.designs import start_and_wait
from benchmarks.load.pictures import STILLS, Arrivals
from benchmarks.load.platform import EMULATOR, Work
from benchmarks.load.quotas import EMULATED
from benchmarks.load.result import result_of
from benchmarks.load.simulation import Scenario, simulate
from local import emulator
from tests import pictures
from tests.counted import LONG, counted
from tests.deployed import WITHIN_SECONDS, eventually

IN_FLIGHT = 3
UPLOADS = counted(8, 24)
SMALL = pictures.jpeg(320, 240)
INGEST = {"OptimizeImage": "optimize", "ModerateImage": "moderate", "PersistImage": "persist"}


@dataclass(frozen=True)
class Burst:
    """Uploads that arrived at once: their final records, and the seconds until the last verdict."""

    records: list[dict]
    seconds: float

    @property
    def statuses(self) -> set[str]:
        return {record["status"] for record in self.records}

    @property
    def most_in_progress(self) -> int:
        """The largest number of images that were claimed and had no final status at the same time."""
        changes = [
            change for record in self.records for change in ((record["claimed_at"], 1), (record["updated_at"], -1))
        ]
        in_progress = [0]
        for _, change in sorted(changes):
            in_progress.append(in_progress[-1] + change)
        return max(in_progress)


def burst(pipeline, uploads, *, within_seconds=WITHIN_SECONDS, then=lambda: None):
    """Send uploads while the mapping is disabled; enable it, call ``then``, and wait until all have a final status."""
    image_ids = [str(ULID()) for _ in range(uploads)]
    eventually(lambda: pipeline.queued_uploads() == 0)
    with pipeline.admitting(Enabled=False, ScalingConfig={"MaximumConcurrency": IN_FLIGHT}) as change:
        for image_id in image_ids:
            pipeline.put_original(image_id, SMALL)
        eventually(lambda: pipeline.queued_uploads() == uploads)
        began = time.time()
        change(Enabled=True)
        then()
        eventually(lambda: pipeline.queued_uploads() == 0, within_seconds=within_seconds)
    records = [pipeline.item(image_id) for image_id in image_ids]
    last = max(datetime.fromisoformat(record["updated_at"]).timestamp() for record in records)
    return Burst(records, last - began)


def executions_of(pipeline, image_id):
    """Return the executions of ingest that `admit` has started for an image."""
    return pipeline.executions("ingest", image_id)


def test_a_burst_that_rekognition_throttles_is_published_within_the_limit_of_uploads_in_progress(pipeline):
    pipeline.run(SMALL)  # warms up the functions
    calls = pipeline.rekognition.state()["calls"]
    pipeline.rekognition.set(throttle=UPLOADS, hold=True)

    ended = burst(pipeline, UPLOADS, then=lambda: answer_when_all_wait(pipeline))

    assert ended.statuses == {"PUBLISHED"}
    assert ended.most_in_progress == IN_FLIGHT
    assert pipeline.rekognition.state()["calls"] - calls == 2 * UPLOADS


def answer_when_all_wait(pipeline):
    """Let Rekognition answer once as many images wait for it as may be in progress, however slow the machine is."""
    eventually(lambda: pipeline.rekognition.state()["waiting"] == IN_FLIGHT)
    pipeline.rekognition.set(hold=False)


def test_an_upload_whose_invocation_of_admit_crashed_is_admitted_by_the_next_one(pipeline):
    with pipeline.admitting(visibility_seconds=2):
        with pipeline.always_dying("admit"):
            image_id = pipeline.upload(SMALL)
            eventually(lambda: received(pipeline) > 0)

        assert pipeline.end_of(image_id).status == "PUBLISHED"

    assert len(executions_of(pipeline, image_id)) == 1


def test_after_an_invocation_stops_waiting_the_next_one_waits_for_the_same_execution(pipeline):
    """Invocations may take 4 s, and the execution takes longer."""
    name = pipeline.outputs.functions["admit"]
    before = pipeline.lambda_.get_function_configuration(FunctionName=name)["Timeout"]
    pipeline.lambda_.update_function_configuration(FunctionName=name, Timeout=4)
    try:
        with pipeline.admitting(visibility_seconds=4), pipeline.rekognition.holding():
            image_id = pipeline.upload(SMALL)
            eventually(lambda: admitted(pipeline, image_id) >= 2)
            assert pipeline.queued_uploads() == 1
        assert pipeline.end_of(image_id).status == "PUBLISHED"
        eventually(lambda: pipeline.queued_uploads() == 0)
    finally:
        pipeline.lambda_.update_function_configuration(FunctionName=name, Timeout=before)

    assert len(executions_of(pipeline, image_id)) == 1


def test_a_duplicate_event_starts_a_second_execution_that_claims_nothing(pipeline):
    """S3 may send an event twice; the second message then has its own id."""
    ended = pipeline.run(SMALL)
    record = pipeline.item(ended.image_id)

    pipeline.sqs.send_message(QueueUrl=pipeline.uploads_queue, MessageBody=ended.execution["input"])
    eventually(lambda: len(executions_of(pipeline, ended.image_id)) == 2)
    eventually(lambda: pipeline.queued_uploads() == 0)

    duplicate = next(
        each for each in executions_of(pipeline, ended.image_id)
        if each["executionArn"] != ended.execution["executionArn"]
    )  # fmt: skip
    assert pipeline.states(duplicate)[-1] == "DuplicateUpload"
    assert pipeline.item(ended.image_id) == record


def test_a_held_image_is_resumed_by_a_message(pipeline):
    pipeline.rekognition.set(refuse=1)
    held = pipeline.run(SMALL)
    event = {**json.loads(held.execution["input"]), "resume": True}

    pipeline.sqs.send_message(QueueUrl=pipeline.uploads_queue, MessageBody=json.dumps(event))

    eventually(lambda: pipeline.item(held.image_id)["status"] == "PUBLISHED")


if os.environ.get(LONG):

    def test_500_uploads_at_once_take_as_long_as_the_simulation_says(pipeline, capsys):
        """With five detector calls a second; the simulation uses durations measured in a small burst."""
        platform = measured(pipeline)
        scenario = Scenario(start_and_wait(EMULATED), EMULATED, Arrivals(burst=500), STILLS, platform, 0.0)
        simulated = result_of(scenario, simulate(scenario)).last_verdict_seconds
        pipeline.rekognition.set(rate=5)

        with pipeline.retry_delays(emulator.RETRY_DELAY_SCALE):
            ended = burst(pipeline, 500, within_seconds=900)

        with capsys.disabled():
            sys.stdout.write(
                f"\nadmission: {dict(Counter(record['status'] for record in ended.records))}, at most "
                f"{ended.most_in_progress} in progress, the last verdict after {ended.seconds:.1f} s; simulated "
                f"{simulated:.1f} s with {platform.state_seconds:.3f} s a state and "
                f"{ {name: round(platform.work[name].waiting_seconds, 3) for name in INGEST.values()} } s, "
                f"spread {platform.work['optimize'].spread:.2f}\n"
            )
        assert ended.statuses == {"PUBLISHED"}
        assert ended.most_in_progress == IN_FLIGHT
        assert ended.seconds == pytest.approx(simulated, rel=0.25)


def measured(pipeline):
    """Return the emulator with the durations of a small burst on this machine. They include the contention of three
    concurrent executions, so functions do not queue for cores."""
    pipeline.run(SMALL)  # warms up each function
    records = sorted(burst(pipeline, 30).records, key=lambda record: record["claimed_at"])
    executions = [record["claimed_by"] for record in records[6:]]  # without those that include cold starts
    durations = [task_seconds(pipeline, execution) for execution in executions]
    spread = stdev(log(sum(each[state] for state in INGEST)) for each in durations)
    work = dict(EMULATOR.work)
    for state, name in INGEST.items():
        detector = EMULATOR.detector_seconds if name == "moderate" else 0.0
        work[name] = Work(median(each[state] for each in durations) - detector, spread=spread, cold_start_seconds=0.3)
    return replace(
        EMULATOR,
        work=work,
        service_seconds=median(each["ClaimUpload"] for each in durations),
        state_seconds=median(state_seconds(pipeline, execution) for execution in executions),
        cores=None,
    )


def state_seconds(pipeline, execution_arn):
    """Return the time an execution spent outside its Tasks, including the start, per state."""
    found = pipeline.stepfunctions.describe_execution(executionArn=execution_arn)
    whole = (found["stopDate"] - found["startDate"]).total_seconds()
    return (whole - sum(task_seconds(pipeline, execution_arn).values())) / len(pipeline.states(found))


def task_seconds(pipeline, execution_arn):
    """Return how long each Task of an execution took, by state."""
    pages = pipeline.stepfunctions.get_paginator("get_execution_history").paginate(executionArn=execution_arn)
    state, began, seconds = "", None, {}
    for event in (event for page in pages for event in page["events"]):
        if event["type"].endswith("StateEntered"):
            state = event["stateEnteredEventDetails"]["name"]
        elif event["type"] == "TaskScheduled":
            began = event["timestamp"]
        elif event["type"] == "TaskSucceeded":
            seconds[state] = (event["timestamp"] - began).total_seconds()
    return seconds


def received(pipeline):
    """Return how many messages `admit` is processing."""
    names = ["ApproximateNumberOfMessagesNotVisible"]
    answer = pipeline.sqs.get_queue_attributes(QueueUrl=pipeline.uploads_queue, AttributeNames=names)
    return int(answer["Attributes"][names[0]])


def admitted(pipeline, image_id):
    """Return how many invocations of `admit` for an image have ended, according to the log."""
    name = pipeline.outputs.functions["admit"]
    group = pipeline.lambda_.get_function_configuration(FunctionName=name)["LoggingConfig"]["LogGroup"]
    found = pipeline.logs.filter_log_events(logGroupName=group, filterPattern=f'"{image_id}"')["events"]
    return sum('"admit"' in event["message"] and image_id in event["message"] for event in found)
