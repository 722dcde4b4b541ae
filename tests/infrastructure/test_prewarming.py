"""The settings and the size of prewarm, and that v1 has none of it. Its queue: test_background.py."""

import pytest

from functions.shared.limits import MAX_BODY_BYTES

V2_STAGES = pytest.mark.parametrize("name", ["local", "dev", "prod", "options"])


def prewarm(synthesized):
    return synthesized.pipeline["Resources"][synthesized.function_id("prewarm")]["Properties"]


@V2_STAGES
def test_the_queues_address_is_an_output_for_images_that_are_there_already(stage, name):
    synthesized = stage(name)

    assert synthesized.pipeline["Outputs"]["PrewarmQueueUrl"]["Value"] == {"Ref": synthesized.queue_of("prewarm")}


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
