"""The sweep runs on a schedule."""

import pytest


@pytest.mark.parametrize("name", ["local", "dev", "prod"])
def test_the_sweep_runs_every_half_hour(stage, name):
    synthesized = stage(name)
    function_id = synthesized.function_id("sweep")

    (rule,) = (each for each in synthesized.properties("AWS::Events::Rule") if "ScheduleExpression" in each)

    assert rule["ScheduleExpression"] == "rate(30 minutes)"
    assert [target["Arn"] for target in rule["Targets"]] == [{"Fn::GetAtt": [function_id, "Arn"]}]
