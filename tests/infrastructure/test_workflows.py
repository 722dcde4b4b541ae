"""State machines, the rules that start them, and the roles that the emulator does not check."""

import json

import pytest

from cdk.constructs.workflows import DEFINITIONS
from tests.infrastructure.policies import grants_of_role, role_of, text_of
from workflows import lint

INGEST_FUNCTIONS = ("optimize", "moderate", "blur", "persist")
LOGS_AND_TRACES = {
    "logs:CreateLogDelivery *",
    "logs:GetLogDelivery *",
    "logs:UpdateLogDelivery *",
    "logs:DeleteLogDelivery *",
    "logs:ListLogDeliveries *",
    "logs:PutResourcePolicy *",
    "logs:DescribeResourcePolicies *",
    "logs:DescribeLogGroups *",
    "xray:PutTraceSegments *",
    "xray:PutTelemetryRecords *",
    "xray:GetSamplingRules *",
    "xray:GetSamplingTargets *",
}


def machine(synthesized, title):
    """Return the one state machine whose logical id has ``title`` in it: its logical id and properties."""
    ((logical_id, resource),) = (
        (logical_id, resource)
        for logical_id, resource in synthesized.resources("AWS::StepFunctions::StateMachine").items()
        if title in logical_id
    )
    return logical_id, resource["Properties"]


def rule_of(synthesized, detail_type):
    """Return the properties of the one rule on events of a type."""
    (rule,) = (
        rule
        for rule in synthesized.properties("AWS::Events::Rule")
        if rule["EventPattern"]["detail-type"] == [detail_type]
    )
    return rule


@pytest.mark.parametrize("stage_name", ["local", "dev", "prod"])
def test_ingest_may_invoke_its_four_functions_write_records_discard_uploads_and_announce(stage, stage_name):
    synthesized = stage(stage_name)
    _, properties = machine(synthesized, "Ingest")
    (bus,) = synthesized.resources("AWS::Events::EventBus")
    invoked = {synthesized.function_id(name) for name in INGEST_FUNCTIONS}

    granted = grants_of_role(synthesized, role_of(properties))

    assert granted == LOGS_AND_TRACES | {
        *(f"lambda:InvokeFunction {function}.Arn{versions}" for function in invoked for versions in ("", ":*")),
        "s3:DeleteObject Originals.Arn/uploads/*",
        "s3:DeleteObjectVersion Originals.Arn/uploads/*",
        "dynamodb:GetItem Records.Arn",
        "dynamodb:PutItem Records.Arn",
        "dynamodb:UpdateItem Records.Arn",
        f"events:PutEvents {bus}.Arn",
    }


@pytest.mark.parametrize("stage_name", ["local", "dev", "prod"])
def test_settle_may_write_records_and_announce_and_invokes_nothing(stage, stage_name):
    synthesized = stage(stage_name)
    _, properties = machine(synthesized, "Settle")
    (bus,) = synthesized.resources("AWS::Events::EventBus")

    granted = grants_of_role(synthesized, role_of(properties))

    assert granted == LOGS_AND_TRACES | {
        "dynamodb:PutItem Records.Arn",
        "dynamodb:UpdateItem Records.Arn",
        f"events:PutEvents {bus}.Arn",
    }


@pytest.mark.parametrize("title", ["Ingest", "Settle"])
def test_roles_of_state_machines_trust_step_functions_alone(stage, title):
    synthesized = stage("prod")
    _, properties = machine(synthesized, title)

    role = synthesized.pipeline["Resources"][role_of(properties)]["Properties"]

    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "states.amazonaws.com"}
    assert "ManagedPolicyArns" not in role


@pytest.mark.parametrize(("title", "file"), [("Ingest", "ingest.asl.json"), ("Settle", "settle.asl.json")])
def test_the_deployed_definition_is_the_file_with_every_name_substituted(stage, title, file):
    _, properties = machine(stage("prod"), title)

    assert properties["DefinitionString"] == (DEFINITIONS / file).read_text(encoding="utf-8")
    wanted = {part.split("}")[0] for part in properties["DefinitionString"].split("${")[1:]}
    assert wanted == properties["DefinitionSubstitutions"].keys()
    assert lint.SUBSTITUTIONS[file] == properties["DefinitionSubstitutions"].keys()


@pytest.mark.parametrize("title", ["Ingest", "Settle"])
def test_state_machines_are_standard_traced_and_logged_without_their_data(stage, title):
    _, properties = machine(stage("prod"), title)

    assert properties["StateMachineType"] == "STANDARD"
    assert properties["TracingConfiguration"] == {"Enabled": True}
    assert properties["LoggingConfiguration"]["Level"] == "ALL"
    assert properties["LoggingConfiguration"]["IncludeExecutionData"] is False


@pytest.mark.parametrize("stage_name", ["local", "dev", "prod"])
def test_a_state_waits_at_least_as_long_as_its_function_may_run(stage, stage_name):
    synthesized = stage(stage_name)
    _, properties = machine(synthesized, "Ingest")
    tasks = [
        state
        for state in json.loads(properties["DefinitionString"])["States"].values()
        if state.get("Resource") == "arn:aws:states:::lambda:invoke"
    ]

    limits = {state["Parameters"]["FunctionName"]: state["TimeoutSeconds"] for state in tasks}

    assert len(limits) == len(INGEST_FUNCTIONS)
    for name in INGEST_FUNCTIONS:
        function = synthesized.pipeline["Resources"][synthesized.function_id(name)]["Properties"]
        assert limits[f"${{{name.capitalize()}FunctionArn}}"] >= function["Timeout"]


@pytest.mark.parametrize("title", ["Ingest", "Settle"])
def test_no_execution_runs_for_ever(stage, title):
    _, properties = machine(stage("prod"), title)

    assert 0 < json.loads(properties["DefinitionString"])["TimeoutSeconds"] <= 3600


def test_an_original_under_uploads_starts_ingest(stage):
    synthesized = stage("prod")
    ingest, _ = machine(synthesized, "Ingest")

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
    assert target["Arn"] == {"Ref": ingest}
    assert "Input" not in target
    assert "InputTransformer" not in target


def test_an_execution_of_ingest_that_ended_badly_is_settled(stage):
    synthesized = stage("prod")
    ingest, _ = machine(synthesized, "Ingest")
    settle, _ = machine(synthesized, "Settle")

    rule = rule_of(synthesized, "Step Functions Execution Status Change")

    assert rule["EventPattern"] == {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {"stateMachineArn": [{"Ref": ingest}], "status": ["FAILED", "TIMED_OUT", "ABORTED"]},
    }
    assert [target["Arn"] for target in rule["Targets"]] == [{"Ref": settle}]


@pytest.mark.parametrize("detail_type", ["Object Created", "Step Functions Execution Status Change"])
def test_an_event_that_no_state_machine_takes_is_retried_for_a_day_and_then_kept(stage, detail_type):
    synthesized = stage("prod")

    (target,) = rule_of(synthesized, detail_type)["Targets"]

    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185}
    queue, attribute = target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"]
    assert attribute == "Arn"
    assert synthesized.pipeline["Resources"][queue]["Properties"]["MessageRetentionPeriod"] == 14 * 86_400


@pytest.mark.parametrize("title", ["Ingest", "Settle"])
def test_eventbridge_may_start_that_one_state_machine_and_nothing_else(stage, title):
    synthesized = stage("prod")
    logical_id, _ = machine(synthesized, title)
    (role,) = {
        role_of(target)
        for rule in synthesized.properties("AWS::Events::Rule")
        for target in rule["Targets"]
        if target["Arn"] == {"Ref": logical_id}
    }

    assert grants_of_role(synthesized, role) == {f"states:StartExecution {logical_id}"}
    (statement,) = synthesized.pipeline["Resources"][role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}


def test_only_eventbridge_for_its_own_rules_may_write_to_the_queues(stage):
    synthesized = stage("prod")
    rules = set(synthesized.resources("AWS::Events::Rule"))

    writers = [
        statement
        for policy in synthesized.properties("AWS::SQS::QueuePolicy")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    ]

    assert writers
    for statement in writers:
        assert statement["Principal"] == {"Service": "events.amazonaws.com"}
        source = text_of(statement["Condition"]["ArnEquals"]["aws:SourceArn"])
        assert source.removesuffix(".Arn") in rules
