"""Uploads wait in a queue, and the mapping of `admit` limits how many are in progress."""

import json

import pytest

from cdk.config import STAGES
from tests.infrastructure.policies import text_of
from tests.infrastructure.test_workflows import machine, rule_of

STAGE_NAMES = pytest.mark.parametrize("name", ["local", "dev", "prod", "options", "other"])
DAY_SECONDS = 86_400


def queue(synthesized):
    return synthesized.pipeline["Resources"][synthesized.queue_of("admit")]["Properties"]


def admit(synthesized):
    return synthesized.pipeline["Resources"][synthesized.function_id("admit")]["Properties"]


def policy_of(synthesized, queue_id):
    """Return the logical id of a queue's policy and its statements."""
    (found,) = (
        (logical_id, policy["Properties"]["PolicyDocument"]["Statement"])
        for logical_id, policy in synthesized.resources("AWS::SQS::QueuePolicy").items()
        if policy["Properties"]["Queues"] == [{"Ref": queue_id}]
    )
    return found


@STAGE_NAMES
def test_events_of_originals_go_to_the_queue_unchanged(stage, name):
    synthesized = stage(name)

    rule = rule_of(synthesized, "Object Created")

    assert rule["State"] == "ENABLED"
    assert rule["EventPattern"] == {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": {"name": [{"Ref": "Originals"}]},
            "object": {"key": [{"wildcard": "uploads/*/original"}]},
        },
    }
    (target,) = rule["Targets"]
    assert target["Arn"] == {"Fn::GetAtt": [synthesized.queue_of("admit"), "Arn"]}
    assert not target.keys() & {"Input", "InputTransformer", "InputPath", "RoleArn"}


@pytest.mark.parametrize(("name", "in_flight"), [("local", 8), ("dev", 3), ("prod", 15), ("options", 15)])
def test_the_mapping_limits_invocations_and_each_takes_one_upload(stage, name, in_flight):
    mapping = stage(name).mapping_of("admit")

    assert mapping["ScalingConfig"] == {"MaximumConcurrency": in_flight}
    assert mapping["BatchSize"] == 1
    assert "MaximumBatchingWindowInSeconds" not in mapping
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


@STAGE_NAMES
def test_a_message_is_kept_for_two_weeks_and_is_invisible_during_an_invocation(stage, name):
    synthesized = stage(name)

    assert queue(synthesized)["MessageRetentionPeriod"] == 14 * DAY_SECONDS
    assert admit(synthesized)["Timeout"] <= queue(synthesized)["VisibilityTimeout"]
    assert queue(synthesized)["VisibilityTimeout"] <= 1.1 * admit(synthesized)["Timeout"]


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_a_message_is_delivered_again_for_longer_than_an_execution_may_take(stage, name):
    synthesized = stage(name)
    _, ingest = machine(synthesized, "Ingest")
    redrive = queue(synthesized)["RedrivePolicy"]

    waited = redrive["maxReceiveCount"] * queue(synthesized)["VisibilityTimeout"]

    assert waited > json.loads(ingest["DefinitionString"])["TimeoutSeconds"]
    dead, _ = redrive["deadLetterTargetArn"]["Fn::GetAtt"]
    assert dead.startswith("WorkflowsUndeliveredEvents")


@STAGE_NAMES
def test_only_rules_of_this_account_and_region_may_write_to_the_queue(stage, name):
    synthesized = stage(name)

    _, statements = policy_of(synthesized, synthesized.queue_of("admit"))

    (writer,) = (each for each in statements if each["Effect"] == "Allow")
    assert writer["Principal"] == {"Service": "events.amazonaws.com"}
    assert writer["Action"] == "sqs:SendMessage"
    rules = text_of(writer["Condition"]["ArnLike"]["aws:SourceArn"])
    assert rules == "arn:AWS::Partition:events:AWS::Region:AWS::AccountId:rule/*"


@STAGE_NAMES
def test_a_deployment_targets_the_queue_only_after_its_policy_and_mapping_exist(stage, name):
    """EventBridge does not retry events that a queue refuses, and a deployment that fails earlier changes nothing."""
    synthesized = stage(name)
    ((rule_id, rule),) = (
        (logical_id, each)
        for logical_id, each in synthesized.resources("AWS::Events::Rule").items()
        if each["Properties"]["Targets"][0]["Arn"] == {"Fn::GetAtt": [synthesized.queue_of("admit"), "Arn"]}
    )
    policy_id, statements = policy_of(synthesized, synthesized.queue_of("admit"))
    (mapping_id,) = (
        logical_id
        for logical_id, each in synthesized.resources("AWS::Lambda::EventSourceMapping").items()
        if each["Properties"]["FunctionName"] == {"Ref": synthesized.function_id("admit")}
    )

    assert {policy_id, mapping_id} <= set(rule["DependsOn"])
    assert rule_id not in json.dumps(statements)


def test_the_rule_keeps_its_logical_id_so_that_its_target_is_replaced_in_one_call(stage):
    """With a new id, both rules would exist for a while, and each event would be sent twice."""
    assert "WorkflowsUploadArrived56614D80" in stage("prod").resources("AWS::Events::Rule")


@STAGE_NAMES
@pytest.mark.parametrize("sender", ["sweep", "manage"])
def test_a_function_that_sends_to_the_queue_knows_its_address(stage, name, sender):
    synthesized = stage(name)
    function = synthesized.pipeline["Resources"][synthesized.function_id(sender)]["Properties"]

    queue = synthesized.queue_of("admit")
    assert function["Environment"]["Variables"]["UPLOADS_QUEUE_URL"] == {"Ref": queue}


@STAGE_NAMES
def test_the_queues_url_is_an_output_for_bulk_resumes(stage, name):
    synthesized = stage(name)

    assert synthesized.pipeline["Outputs"]["UploadsQueueUrl"]["Value"] == {"Ref": synthesized.queue_of("admit")}


def test_every_stage_limits_the_uploads_in_progress():
    assert {name: config.in_flight for name, config in STAGES.items()} == {
        "local": 8, "local-v1": 8, "dev": 3, "prod": 15,
    }  # fmt: skip
