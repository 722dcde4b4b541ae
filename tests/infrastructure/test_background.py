"""Work that no request waits for reaches its function through a queue; messages that fail are kept and noticed."""

import pytest

PATTERNS = {
    "prewarm": {"source": ["image-scaler"], "detail-type": ["Image Published", "Image Blurred"]},
    "refine": {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [{"Ref": "Generated"}]}},
    },
}
AT_ONCE = {"local": 2, "dev": 2, "prod": 5}
EACH_FUNCTION = pytest.mark.parametrize("function", PATTERNS)
EACH_STAGE = pytest.mark.parametrize("name", AT_ONCE)


def queues(synthesized, function):
    """Return the logical ids of the queue and of its dead-letter queue, and the queue's properties."""
    queue = synthesized.queue_of(function)
    properties = synthesized.pipeline["Resources"][queue]["Properties"]
    dead, _ = properties["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"]
    return queue, dead, properties


@EACH_FUNCTION
@EACH_STAGE
def test_each_event_becomes_a_message(stage, name, function):
    synthesized = stage(name)
    queue, dead, _ = queues(synthesized, function)

    (rule,) = (
        rule
        for rule in synthesized.properties("AWS::Events::Rule")
        if rule["Targets"][0]["Arn"] == {"Fn::GetAtt": [queue, "Arn"]}
    )

    (bus,) = synthesized.resources("AWS::Events::EventBus")
    assert rule.get("EventBusName") == ({"Ref": bus} if function == "prewarm" else None)
    assert rule["EventPattern"] == PATTERNS[function]
    assert rule["Targets"][0]["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": [dead, "Arn"]}}


@EACH_FUNCTION
@EACH_STAGE
def test_a_message_is_tried_five_times_one_by_one_and_a_few_at_once(stage, name, function):
    synthesized = stage(name)
    mapping = synthesized.mapping_of(function)
    _, dead, queue = queues(synthesized, function)
    properties = synthesized.pipeline["Resources"][synthesized.function_id(function)]["Properties"]

    assert mapping["BatchSize"] == 1
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": AT_ONCE[name]}
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 5
    assert queue["VisibilityTimeout"] > properties["Timeout"]
    assert synthesized.pipeline["Resources"][dead]["Properties"]["MessageRetentionPeriod"] == 14 * 24 * 3600
