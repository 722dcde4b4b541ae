"""Which variants are refined is a setting of the stage. The queue of refine: test_background.py."""

from dataclasses import replace

import pytest

from cdk.config import STAGES
from cdk.functions import SPECIFICATIONS
from functions.shared.options import Delivery, Refine

STAGES_THAT_REFINE = pytest.mark.parametrize("name", ["local", "dev", "prod"])


@STAGES_THAT_REFINE
def test_the_bucket_of_variants_reports_to_eventbridge(stage, name):
    bucket = stage(name).pipeline["Resources"]["Generated"]["Properties"]

    assert bucket["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


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
