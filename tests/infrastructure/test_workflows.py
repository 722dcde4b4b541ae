"""State machines, the rules that start them, and the roles that the emulator does not check."""

import json

import pytest

from cdk.constructs.workflows import DEFINITIONS
from cdk.functions import SPECIFICATIONS
from functions.shared.events import detail_type
from functions.shared.status import Status
from tests.infrastructure.policies import grants_of_role, role_of, text_of
from workflows import lint

TITLES = ("Ingest", "Settle", "Remove", "Retire", "Review", "Rejudge")
INGEST_FUNCTIONS = ("optimize", "moderate", "blur", "persist")
FUNCTIONS = {
    "Ingest": (*INGEST_FUNCTIONS, "remove"),
    "Settle": ("remove",),
    "Remove": ("remove",),
    "Retire": ("remove",),
    "Rejudge": ("survey", "decide"),
    "Review": ("decide",),
}
STARTS = {
    "Ingest": ("Retire",),
    "Settle": ("Remove", "Retire", "Review"),
    "Remove": (),
    "Retire": (),
    "Review": (),
    "Rejudge": (),
}
WRITES = {
    "Ingest": ("GetItem", "PutItem", "UpdateItem"),
    "Settle": ("GetItem", "PutItem", "UpdateItem"),
    "Remove": ("UpdateItem",),
    "Retire": ("GetItem", "UpdateItem"),
    "Review": ("GetItem",),
    "Rejudge": (),
}
SENDS_NO_EVENTS = {"Review", "Rejudge"}
"""What each state machine invokes, starts, and does to the table."""
OWN = {
    "Rejudge": lambda rejudge: {
        "s3:ListBucket Reports.Arn",
        f"states:StartExecution {rejudge}",
        *(
            f"states:{action} arn:AWS::Partition:states:AWS::Region:AWS::AccountId:execution:{rejudge}.Name/*"
            for action in ("DescribeExecution", "StopExecution")
        ),
    }
}
"""What the Maps of a state machine need."""
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


def rule_of(synthesized, event):
    """Return the properties of the one rule on events of a type, apart from events of the generated bucket."""
    generated = {"bucket": {"name": [{"Ref": "Generated"}]}}
    (rule,) = (
        rule
        for rule in synthesized.properties("AWS::Events::Rule")
        if (pattern := rule.get("EventPattern", {})).get("detail-type") == [event]
        and pattern.get("detail") != generated
    )
    return rule


@pytest.mark.parametrize("stage_name", ["local", "dev", "prod"])
@pytest.mark.parametrize("title", TITLES)
def test_a_state_machine_has_exactly_the_grants_that_its_states_need(stage, stage_name, title):
    synthesized = stage(stage_name)
    _, properties = machine(synthesized, title)
    (bus,) = synthesized.resources("AWS::Events::EventBus")
    invoked = {synthesized.function_id(name) for name in FUNCTIONS[title]}
    started = {machine(synthesized, other)[0] for other in STARTS[title]}

    granted = grants_of_role(synthesized, role_of(properties))

    assert granted == LOGS_AND_TRACES | {
        *(f"lambda:InvokeFunction {function}.Arn{versions}" for function in invoked for versions in ("", ":*")),
        *(f"states:StartExecution {other}" for other in started),
        *(f"dynamodb:{action} Records.Arn" for action in WRITES[title]),
        *(OWN.get(title, lambda _: ())(machine(synthesized, title)[0])),
        *(() if title in SENDS_NO_EVENTS else (f"events:PutEvents {bus}.Arn",)),
    }


@pytest.mark.parametrize("title", TITLES)
def test_the_expected_grants_match_the_definition(title):
    text = (DEFINITIONS / f"{title.lower()}.asl.json").read_text(encoding="utf-8")
    resources = {state.get("Resource", "") for state in json.loads(text)["States"].values()}

    assert {name for name in SPECIFICATIONS if f"{name.capitalize()}FunctionArn" in text} == set(FUNCTIONS[title])
    assert ("arn:aws:states:::events:putEvents" in resources) == (title not in SENDS_NO_EVENTS)
    assert {other for other in TITLES if f"{other}StateMachineArn" in text} == set(STARTS[title])
    assert ("arn:aws:states:::aws-sdk:dynamodb:transactWriteItems" in resources) == ("PutItem" in WRITES[title])
    assert ("arn:aws:states:::dynamodb:getItem" in resources) == ("GetItem" in WRITES[title])


@pytest.mark.parametrize("title", TITLES)
def test_roles_of_state_machines_trust_only_step_functions(stage, title):
    synthesized = stage("prod")
    _, properties = machine(synthesized, title)

    role = synthesized.pipeline["Resources"][role_of(properties)]["Properties"]

    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "states.amazonaws.com"}
    assert "ManagedPolicyArns" not in role


@pytest.mark.parametrize("title", TITLES)
def test_the_deployed_definition_is_the_file_with_every_name_substituted(stage, title):
    file = f"{title.lower()}.asl.json"
    _, properties = machine(stage("prod"), title)

    assert properties["DefinitionString"] == (DEFINITIONS / file).read_text(encoding="utf-8")
    wanted = {part.split("}")[0] for part in properties["DefinitionString"].split("${")[1:]}
    assert wanted == properties["DefinitionSubstitutions"].keys()
    assert lint.SUBSTITUTIONS[file] == properties["DefinitionSubstitutions"].keys()


@pytest.mark.parametrize("title", TITLES)
def test_state_machines_are_standard_traced_and_logged_without_their_data(stage, title):
    _, properties = machine(stage("prod"), title)

    assert properties["StateMachineType"] == "STANDARD"
    assert properties["TracingConfiguration"] == {"Enabled": True}
    assert properties["LoggingConfiguration"]["Level"] == "ALL"
    assert properties["LoggingConfiguration"]["IncludeExecutionData"] is False


@pytest.mark.parametrize("title", TITLES)
def test_log_groups_of_state_machines_need_no_line_in_the_accounts_policy(stage, title):
    prod = stage("prod")
    _, properties = machine(prod, title)
    (destination,) = properties["LoggingConfiguration"]["Destinations"]
    log_group = prod.pipeline["Resources"][destination["CloudWatchLogsLogGroup"]["LogGroupArn"]["Fn::GetAtt"][0]]

    assert log_group["Properties"]["LogGroupName"] == f"/aws/vendedlogs/states/ImageScaler-prod-{title}"


@pytest.mark.parametrize("stage_name", ["local", "dev", "prod"])
@pytest.mark.parametrize("title", TITLES)
def test_a_state_waits_at_least_as_long_as_its_function_may_run(stage, stage_name, title):
    synthesized = stage(stage_name)
    _, properties = machine(synthesized, title)
    definition = json.loads(properties["DefinitionString"])
    tasks = [
        state
        for part in (definition, *lint.processors(definition).values())
        for state in part["States"].values()
        if state.get("Resource") == "arn:aws:states:::lambda:invoke"
    ]

    limits = {state["Parameters"]["FunctionName"]: state["TimeoutSeconds"] for state in tasks}

    assert len(limits) == len(FUNCTIONS[title])
    for name in FUNCTIONS[title]:
        function = synthesized.pipeline["Resources"][synthesized.function_id(name)]["Properties"]
        assert limits[f"${{{name.capitalize()}FunctionArn}}"] >= function["Timeout"]


@pytest.mark.parametrize(
    ("title", "longest_seconds"),
    [
        ("Ingest", 108_000),
        ("Settle", 108_000),
        ("Remove", 2 * 86_400),
        ("Retire", 2 * 86_400),
        ("Rejudge", 14 * 86_400),
        ("Review", 365 * 86_400),
    ],
)
def test_no_execution_runs_for_ever(stage, title, longest_seconds):
    _, properties = machine(stage("prod"), title)

    assert 0 < json.loads(properties["DefinitionString"])["TimeoutSeconds"] <= longest_seconds


# --- when a removal is final


def writers_of(synthesized):
    """Return the time limit in seconds of every function that may put an object of an image into a bucket."""
    return {
        function["Handler"]: function["Timeout"]
        for function in synthesized.properties("AWS::Lambda::Function")
        if any(
            grant.startswith("s3:PutObject ") and "Originals" not in grant and "Reports" not in grant
            for grant in grants_of_role(synthesized, role_of(function))
        )
    }


@pytest.mark.parametrize("title", ["Remove", "Retire"])
@pytest.mark.parametrize("stage_name", ["dev", "prod", "options", "other"])
def test_a_removal_waits_until_no_function_can_write_a_file_any_more(stage, stage_name, title):
    synthesized = stage(stage_name)
    _, properties = machine(synthesized, title)
    writers = writers_of(synthesized)
    serve = writers["functions.serve.handler.lambda_handler"]

    waits = properties["DefinitionSubstitutions"]

    answers, variants = int(waits["AnswersEndSeconds"]), int(waits["VariantsEndSeconds"])
    assert answers >= serve + 30
    assert answers > synthesized.pipeline["Resources"][synthesized.function_id("manage")]["Properties"]["Timeout"]
    assert answers + variants >= max(writers.values()) + 30
    assert set(writers) == {
        specification.handler
        for specification in SPECIFICATIONS.values()
        if specification.writes_files and specification.is_deployed(synthesized.config)
    }


def test_the_waits_of_prod_are_the_documented_ones(stage):
    _, properties = machine(stage("prod"), "Remove")

    waits = {name: value for name, value in properties["DefinitionSubstitutions"].items() if name.endswith("Seconds")}

    assert waits == {"AnswersEndSeconds": "58", "VariantsEndSeconds": "572", "TroubleSeconds": "600"}


@pytest.mark.parametrize("title", ["Remove", "Retire"])
def test_a_trouble_that_lasts_stays_within_the_events_of_one_execution(stage, title):
    """Step Functions ends an execution at 25,000 events. Each attempt of a Task adds three; 50 more are enough for the
    rest of a round: both sweeps, the waits, the choices and the note in the record."""
    _, properties = machine(stage("prod"), title)
    definition = json.loads(properties["DefinitionString"])
    rounds = definition["TimeoutSeconds"] / int(properties["DefinitionSubstitutions"]["TroubleSeconds"])

    attempts = 1 + max(
        entry["MaxAttempts"] for state in definition["States"].values() for entry in state.get("Retry", ())
    )

    assert rounds * (3 * attempts + 50) < 25_000


def test_an_execution_that_ended_badly_is_settled(stage):
    synthesized = stage("prod")
    watched = [{"Ref": machine(synthesized, title)[0]} for title in ("Ingest", "Remove", "Retire", "Review")]
    settle, _ = machine(synthesized, "Settle")

    rule = rule_of(synthesized, "Step Functions Execution Status Change")

    assert rule["EventPattern"] == {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {"stateMachineArn": watched, "status": ["FAILED", "TIMED_OUT", "ABORTED"]},
    }
    assert [target["Arn"] for target in rule["Targets"]] == [{"Ref": settle}]


def test_an_image_in_review_starts_its_review_with_the_events_detail(stage):
    synthesized = stage("prod")
    review, _ = machine(synthesized, "Review")
    (bus,) = synthesized.resources("AWS::Events::EventBus")

    rule = rule_of(synthesized, detail_type(Status.IN_REVIEW))

    assert rule["EventBusName"] == {"Ref": bus}
    assert rule["EventPattern"]["source"] == ["image-scaler"]
    ((arn, path),) = ((target["Arn"], target["InputPath"]) for target in rule["Targets"])
    assert (arn, path) == ({"Ref": review}, "$.detail")


@pytest.mark.parametrize("event", ["Object Created", "Step Functions Execution Status Change", "Image In Review"])
def test_an_undeliverable_event_is_retried_for_a_day_and_then_kept(stage, event):
    synthesized = stage("prod")

    (target,) = rule_of(synthesized, event)["Targets"]

    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185}
    queue, attribute = target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"]
    assert attribute == "Arn"
    assert synthesized.pipeline["Resources"][queue]["Properties"]["MessageRetentionPeriod"] == 14 * 86_400


@pytest.mark.parametrize("title", ["Settle", "Review"])
def test_a_rule_may_start_its_state_machine_and_nothing_else(stage, title):
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
    """Of the queue of uploads, see test_admission.py."""
    synthesized = stage("prod")
    rules = set(synthesized.resources("AWS::Events::Rule"))

    writers = [
        statement
        for policy in synthesized.properties("AWS::SQS::QueuePolicy")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow" and policy["Queues"] != [{"Ref": synthesized.queue_of("admit")}]
    ]

    assert writers
    for statement in writers:
        assert statement["Principal"] == {"Service": "events.amazonaws.com"}
        source = text_of(statement["Condition"]["ArnEquals"]["aws:SourceArn"])
        assert source.removesuffix(".Arn") in rules
