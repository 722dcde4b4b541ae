"""The fixed part of the cost model has what the templates of a stage on AWS have."""

import pytest

from image_scaler.costs import usage


@pytest.fixture(scope="module")
def resources(stage):
    """Return a function that returns the properties of a type's resources in both stacks."""
    synthesized = stage("prod")
    both = [*synthesized.pipeline["Resources"].values(), *synthesized.edge["Resources"].values()]
    return lambda kind: [each.get("Properties", {}) for each in both if each["Type"] == kind]


def test_the_fixed_items_are_those_of_the_templates(resources):
    assert len(resources("AWS::CloudWatch::Alarm")) == usage.ALARMS
    assert len(resources("AWS::CloudWatch::Dashboard")) == usage.DASHBOARDS
    assert len(resources("AWS::SecretsManager::Secret")) == usage.SECRETS
    (firewall,) = resources("AWS::WAFv2::WebACL")
    assert len(firewall["Rules"]) == usage.FIREWALL_RULES


def test_functions_poll_as_many_queues_as_the_model_says(resources):
    assert len(resources("AWS::Lambda::EventSourceMapping")) == usage.POLLED_QUEUES
