"""Published images reach prewarm through a queue; what it cannot do is kept and noticed; in v1 there is none of it."""

import pytest

from functions.shared.limits import MAX_BODY_BYTES

V2_STAGES = pytest.mark.parametrize("name", ["local", "dev", "prod", "options"])


def prewarm(synthesized):
    return synthesized.pipeline["Resources"][synthesized.function_id("prewarm")]["Properties"]


def queues(synthesized):
    """Return the logical ids of the queue and of its dead-letter queue, and the queue's properties."""
    queue = synthesized.queue_of("prewarm")
    properties = synthesized.pipeline["Resources"][queue]["Properties"]
    dead, _ = properties["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"]
    return queue, dead, properties


@V2_STAGES
def test_each_published_or_blurred_image_is_noted_in_the_queue(stage, name):
    synthesized = stage(name)
    queue, dead, _ = queues(synthesized)
    (bus,) = synthesized.resources("AWS::Events::EventBus")

    (rule,) = (
        rule
        for rule in synthesized.properties("AWS::Events::Rule")
        if rule["Targets"][0]["Arn"] == {"Fn::GetAtt": [queue, "Arn"]}
    )

    assert rule["EventBusName"] == {"Ref": bus}
    assert rule["EventPattern"] == {"source": ["image-scaler"], "detail-type": ["Image Published", "Image Blurred"]}
    assert rule["Targets"][0]["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": [dead, "Arn"]}}


@pytest.mark.parametrize(("name", "at_once"), [("local", 2), ("dev", 2), ("prod", 5), ("options", 5)])
def test_an_image_is_tried_five_times_one_by_one_and_a_few_at_once(stage, name, at_once):
    synthesized = stage(name)
    mapping = synthesized.mapping_of("prewarm")
    _, dead, queue = queues(synthesized)

    assert mapping["BatchSize"] == 1
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": at_once}
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 5
    assert queue["VisibilityTimeout"] > prewarm(synthesized)["Timeout"]
    assert synthesized.pipeline["Resources"][dead]["Properties"]["MessageRetentionPeriod"] == 14 * 24 * 3600


@V2_STAGES
def test_the_queues_address_is_an_output_for_images_that_are_there_already(stage, name):
    synthesized = stage(name)

    assert synthesized.pipeline["Outputs"]["PrewarmQueueUrl"]["Value"] == {"Ref": queues(synthesized)[0]}


@V2_STAGES
def test_prewarm_has_memory_for_the_largest_animation(stage, name):
    assert prewarm(stage(name))["MemorySize"] == 3008


@pytest.mark.parametrize(
    ("name", "widths", "formats"),
    [("local", "640", "webp"), ("dev", None, None), ("prod", None, None), ("options", "640,1080", "avif,webp")],
)
def test_the_common_variants_are_a_setting_and_off_by_default(stage, name, widths, formats):
    variables = prewarm(stage(name))["Environment"]["Variables"]

    assert (variables.get("PREWARM_WIDTHS"), variables.get("PREWARM_FORMATS")) == (widths, formats)


def test_prewarming_uses_the_settings_of_serve(stage):
    synthesized = stage("options")
    serve = synthesized.pipeline["Resources"][synthesized.function_id("serve")]["Properties"]["Environment"][
        "Variables"
    ]

    variables = prewarm(synthesized)["Environment"]["Variables"]

    own = {"PREWARM_WIDTHS", "PREWARM_FORMATS", "POWERTOOLS_SERVICE_NAME"}
    assert {name: value for name, value in variables.items() if name not in own} == {
        name: value for name, value in serve.items() if name not in own
    }


def test_in_v1_nothing_is_prewarmed(stage):
    other = stage("other")

    handlers = {function["Handler"] for function in other.properties("AWS::Lambda::Function")}

    assert not any("prewarm" in handler for handler in handlers)
    (mapping,) = other.properties("AWS::Lambda::EventSourceMapping")
    assert mapping == other.mapping_of("admit")
    assert not [alarm for alarm in other.resources("AWS::CloudWatch::Alarm") if "Prewarm" in alarm]
    assert "PrewarmFunctionName" not in other.pipeline["Outputs"]


def test_a_variant_that_serve_cannot_make_again_does_not_expire(stage):
    rules = stage("prod").pipeline["Resources"]["Generated"]["Properties"]["LifecycleConfiguration"]["Rules"]

    (expiring,) = (rule for rule in rules if "ExpirationInDays" in rule)

    assert int(expiring["ObjectSizeLessThan"]) == MAX_BODY_BYTES + 1
