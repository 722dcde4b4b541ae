"""Stored variants reach refine through a queue; what it cannot do is kept and noticed; it is a setting of the stage."""

from dataclasses import replace

import pytest

from cdk.config import STAGES
from cdk.functions import SPECIFICATIONS
from functions.shared.options import Delivery, Refine

STAGES_THAT_REFINE = pytest.mark.parametrize("name", ["local", "dev", "prod"])


def queues(synthesized):
    """Return the logical ids of the queue and of its dead-letter queue, and the queue's properties."""
    queue = synthesized.queue_of("refine")
    properties = synthesized.pipeline["Resources"][queue]["Properties"]
    dead, _ = properties["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"]
    return queue, dead, properties


def refine(synthesized):
    return synthesized.pipeline["Resources"][synthesized.function_id("refine")]["Properties"]


@STAGES_THAT_REFINE
def test_s3_reports_each_stored_variant_to_the_queue(stage, name):
    synthesized = stage(name)
    queue, dead, _ = queues(synthesized)

    (rule,) = (
        rule
        for rule in synthesized.properties("AWS::Events::Rule")
        if rule["Targets"][0]["Arn"] == {"Fn::GetAtt": [queue, "Arn"]}
    )

    assert rule["EventPattern"] == {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [{"Ref": "Generated"}]}},
    }
    assert rule["Targets"][0]["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": [dead, "Arn"]}}
    bucket = synthesized.pipeline["Resources"]["Generated"]["Properties"]
    assert bucket["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


@pytest.mark.parametrize(("name", "at_once"), [("local", 2), ("dev", 2), ("prod", 5)])
def test_a_variant_is_tried_five_times_one_by_one_and_a_few_at_once(stage, name, at_once):
    synthesized = stage(name)
    mapping = synthesized.mapping_of("refine")
    _, dead, queue = queues(synthesized)

    assert mapping["BatchSize"] == 1
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": at_once}
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 5
    assert queue["VisibilityTimeout"] > refine(synthesized)["Timeout"]
    assert synthesized.pipeline["Resources"][dead]["Properties"]["MessageRetentionPeriod"] == 14 * 24 * 3600


@STAGES_THAT_REFINE
def test_serve_prewarm_and_refine_agree_on_what_is_refined(stage, name):
    resources = stage(name).pipeline["Resources"]

    refined = {
        resources[stage(name).function_id(each)]["Properties"]["Environment"]["Variables"]["REFINE"]
        for each in ("serve", "prewarm", "refine")
    }

    assert refined == {"common"}


@pytest.mark.parametrize("change", [{"refine": Refine.OFF}, {"delivery": Delivery.V1}])
def test_a_stage_that_is_off_or_stores_no_variants_has_no_refine(change):
    config = replace(STAGES["prod"], **change)

    assert config.refines is Refine.OFF
    assert not SPECIFICATIONS["refine"].is_deployed(config)


def test_without_refine_nothing_of_it_is_deployed(stage):
    other = stage("other")  # delivery v1

    assert not any("refine" in function["Handler"] for function in other.properties("AWS::Lambda::Function"))
    assert not [alarm for alarm in other.resources("AWS::CloudWatch::Alarm") if "Refined" in alarm]
    assert "NotificationConfiguration" not in other.pipeline["Resources"]["Generated"]["Properties"]
    serve = other.pipeline["Resources"][other.function_id("serve")]["Properties"]
    assert serve["Environment"]["Variables"]["REFINE"] == "off"
