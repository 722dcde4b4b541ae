"""Each function may do what its code does and nothing else; it gets the variables that it reads and no other."""

import ast

import pytest

from cdk.allocation import KEEP_FREED_MEMORY
from cdk.names import FUNCTIONS, PREWARM, package_of
from cdk.packaging import PACKAGES, ROOT
from tests.infrastructure.policies import grants_of_role, role_of

GRANTS = {
    "optimize": {
        "s3:GetObject Originals.Arn/uploads/*",
        "s3:PutObjectVersionTagging Originals.Arn/uploads/*",
        "s3:PutObject Staging.Arn/*",
    },
    "moderate": {
        "s3:GetObject Staging.Arn/*",
        "rekognition:DetectModerationLabels *",
    },
    "blur": {
        "s3:GetObject Staging.Arn/*",
        "s3:PutObject Staging.Arn/*",
    },
    "persist": {
        "s3:GetObject Staging.Arn/*",
        "s3:DeleteObject Staging.Arn/*",
        "s3:ListBucket Staging.Arn",
        "s3:PutObject Published.Arn/*",
        "s3:DeleteObject Published.Arn/*",
        "s3:ListBucket Published.Arn",
        "s3:DeleteObject Generated.Arn/images/*",
        "s3:ListBucket Generated.Arn",
        "dynamodb:GetItem Records.Arn",
        "dynamodb:PutItem Records.Arn",
        "dynamodb:UpdateItem Records.Arn",
        "events:PutEvents Bus.Arn",
    },
    "serve": {
        "s3:GetObject Published.Arn/*",
        "s3:GetObject Generated.Arn/images/*",
        "s3:PutObject Generated.Arn/images/*",
        "s3:DeleteObject Generated.Arn/images/*",
        "dynamodb:GetItem Records.Arn",
    },
    "prewarm": {
        "s3:GetObject Published.Arn/*",
        "s3:GetObject Generated.Arn/images/*",
        "s3:PutObject Generated.Arn/images/*",
        "s3:DeleteObject Generated.Arn/images/*",
        "dynamodb:GetItem Records.Arn",
        "sqs:ReceiveMessage Queue.Arn",
        "sqs:ChangeMessageVisibility Queue.Arn",
        "sqs:GetQueueUrl Queue.Arn",
        "sqs:DeleteMessage Queue.Arn",
        "sqs:GetQueueAttributes Queue.Arn",
    },
    "upload": {
        "s3:PutObject Originals.Arn/uploads/*",
        "dynamodb:PutItem Records.Arn",
        "dynamodb:GetItem Records.Arn where dynamodb:LeadingKeys IMAGE#*",
        "dynamodb:UpdateItem Records.Arn where dynamodb:LeadingKeys idempotency#*",
        "dynamodb:DeleteItem Records.Arn where dynamodb:LeadingKeys idempotency#*",
    },
    "manage": {
        "dynamodb:GetItem Records.Arn",
        "dynamodb:Query Records.Arn",
        "dynamodb:PutItem Records.Arn",
        "dynamodb:UpdateItem Records.Arn",
        "dynamodb:DeleteItem Records.Arn",
        "dynamodb:Query Records.Arn/index/by_day",
        "states:StartExecution Removal",
        "states:DescribeExecution executions of Removal",
    },
    "remove": {
        "s3:DeleteObject Originals.Arn/uploads/*",
        "s3:DeleteObjectVersion Originals.Arn/uploads/*",
        "s3:ListBucketVersions Originals.Arn",
        "s3:DeleteObject Staging.Arn/*",
        "s3:ListBucket Staging.Arn",
        "s3:DeleteObject Published.Arn/*",
        "s3:ListBucket Published.Arn",
        "s3:GetObject Generated.Arn/images/*",
        "s3:DeleteObject Generated.Arn/images/*",
        "s3:ListBucket Generated.Arn",
        "dynamodb:GetItem Records.Arn",
        "dynamodb:Query Records.Arn",
        "dynamodb:UpdateItem Records.Arn",
        "dynamodb:BatchWriteItem Records.Arn",
    },
}
"""Everything that a function's role allows beyond its own log and its traces."""

TRACES = {"xray:PutTraceSegments *", "xray:PutTelemetryRecords *"}
KEY_USE = {
    f"kms:{action} DataKey.Arn"
    for action in ("Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo")
}
EVERY_FUNCTION = (*FUNCTIONS, PREWARM)
"""Where delivery is v2."""
SET_BY_THE_EMULATOR = {"UPLOADS_ENDPOINT_URL"}
"""Names an address of one machine: local/emulator.py sets it, and no template does."""
COMMON_VARIABLES = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_LOG_LEVEL"}


@pytest.mark.parametrize("name", EVERY_FUNCTION)
@pytest.mark.parametrize("stage_name", ["local", "dev", "prod"])
def test_a_function_may_do_exactly_what_the_table_says(stage, stage_name, name):
    synthesized = stage(stage_name)
    function = synthesized.pipeline["Resources"][synthesized.function_id(name)]["Properties"]
    (bus,) = synthesized.resources("AWS::Events::EventBus")
    log = function["LoggingConfig"]["LogGroup"]["Ref"]
    own_log = {f"logs:CreateLogStream {log}.Arn", f"logs:PutLogEvents {log}.Arn"}

    granted = grants_of_role(synthesized, role_of(function))

    real = {
        "Bus.Arn": f"{bus}.Arn",
        " Queue.Arn": f" {queue_of_prewarm(synthesized)}.Arn",
        "executions of Removal": executions_of_remove(synthesized),
        " Removal": f" {remove_machine(synthesized)}",
    }
    assert granted == {in_template(grant, real) for grant in GRANTS[name]} | own_log | TRACES


def test_no_function_but_remove_and_its_own_writers_may_delete_a_file():
    deleting = {name for name, grants in GRANTS.items() if any(":DeleteObject" in grant for grant in grants)}

    assert deleting == {"remove", "persist", "serve", "prewarm"}
    assert not any("Originals" in grant for grant in GRANTS["persist"] | GRANTS["serve"])


@pytest.mark.parametrize("name", EVERY_FUNCTION)
def test_with_kms_a_function_may_also_use_the_key_and_not_manage_it(stage, name):
    with_key, without = stage("options"), stage("prod")

    added = grants_of_role(with_key, role_of(with_key.pipeline["Resources"][with_key.function_id(name)]["Properties"]))
    base = grants_of_role(without, role_of(without.pipeline["Resources"][without.function_id(name)]["Properties"]))

    assert added - base == KEY_USE


@pytest.mark.parametrize("stage_name", ["local", "dev", "prod"])
def test_every_function_has_a_role_of_its_own_without_managed_policies(stage, stage_name):
    synthesized = stage(stage_name)

    roles = [role_of(function) for function in synthesized.properties("AWS::Lambda::Function")]

    assert len(set(roles)) == len(EVERY_FUNCTION) == len(roles)
    for role in roles:
        properties = synthesized.pipeline["Resources"][role]["Properties"]
        assert "ManagedPolicyArns" not in properties
        assert [each["Principal"] for each in properties["AssumeRolePolicyDocument"]["Statement"]] == [
            {"Service": "lambda.amazonaws.com"}
        ]


@pytest.mark.parametrize("name", EVERY_FUNCTION)
def test_a_function_gets_exactly_the_variables_that_its_settings_read(stage, name):
    synthesized = stage("options")
    function = synthesized.pipeline["Resources"][synthesized.function_id(name)]["Properties"]

    given = set(function["Environment"]["Variables"])

    of_malloc = set(KEEP_FREED_MEMORY) if name in {"serve", PREWARM} else set()
    assert given == COMMON_VARIABLES | of_malloc | (variables_read_by(name) - SET_BY_THE_EMULATOR)


def test_a_stage_without_allowed_origins_sets_no_empty_variable(stage):
    variables = [each["Environment"]["Variables"] for each in stage("prod").properties("AWS::Lambda::Function")]

    assert [name for each in variables for name, value in each.items() if value == ""] == []


@pytest.mark.parametrize(
    ("stage_name", "runtime", "architecture"),
    [("dev", "python3.13", "arm64"), ("prod", "python3.13", "arm64")],
)
def test_real_stages_run_python_on_arm(stage, stage_name, runtime, architecture):
    for function in stage(stage_name).properties("AWS::Lambda::Function"):
        assert function["Runtime"] == runtime
        assert function["Architectures"] == [architecture]


def test_the_local_stage_runs_through_the_lambda_runtime_api(stage):
    assert {each["Runtime"] for each in stage("local").properties("AWS::Lambda::Function")} == {"provided.al2023"}


@pytest.mark.parametrize(("stage_name", "days"), [("local", 7), ("dev", 14), ("prod", 90)])
def test_every_function_is_traced_and_its_log_ends_some_day(stage, stage_name, days):
    synthesized = stage(stage_name)
    log_groups = synthesized.resources("AWS::Logs::LogGroup")

    for function in synthesized.properties("AWS::Lambda::Function"):
        assert function["TracingConfig"] == {"Mode": "Active"}
        log_group = log_groups[function["LoggingConfig"]["LogGroup"]["Ref"]]
        assert log_group["Properties"]["RetentionInDays"] == days


def test_serve_and_the_functions_of_ingest_have_a_ceiling_in_prod(stage):
    prod = stage("prod")

    ceilings = {
        name: prod.pipeline["Resources"][prod.function_id(name)]["Properties"].get("ReservedConcurrentExecutions")
        for name in FUNCTIONS
    }

    assert ceilings == {
        "optimize": 50,
        "moderate": 50,
        "blur": 50,
        "persist": 50,
        "serve": 200,
        "upload": None,
        "manage": None,
        "remove": None,
    }


def test_provisioned_concurrency_keeps_the_functions_of_the_api_warm(stage):
    aliases = stage("options").properties("AWS::Lambda::Alias")

    assert len(aliases) == 3
    assert {alias["ProvisionedConcurrencyConfig"]["ProvisionedConcurrentExecutions"] for alias in aliases} == {2}
    assert stage("prod").properties("AWS::Lambda::Alias") == []


def test_snapstart_starts_the_functions_of_the_api_from_published_versions(stage):
    other = stage("other")

    started = {
        name
        for name in FUNCTIONS
        if other.pipeline["Resources"][other.function_id(name)]["Properties"].get("SnapStart")
        == {"ApplyOn": "PublishedVersions"}
    }

    assert started == {"serve", "upload", "manage"}
    assert len(other.properties("AWS::Lambda::Alias")) == 3
    assert len(other.properties("AWS::Lambda::Version")) == 3


@pytest.mark.parametrize(("stage_name", "delivery", "sizes"), [("prod", "v2", "ladder"), ("other", "v1", "exact")])
def test_delivery_and_sizes_of_the_stage_reach_serve(stage, stage_name, delivery, sizes):
    synthesized = stage(stage_name)

    serve = synthesized.pipeline["Resources"][synthesized.function_id("serve")]["Properties"]

    variables = serve["Environment"]["Variables"]
    assert (variables["DELIVERY"], variables["SIZES"]) == (delivery, sizes)


@pytest.mark.parametrize(("stage_name", "views"), [("prod", "64"), ("other", "100")])
def test_the_views_that_a_stage_judges_of_a_picture_reach_optimize(stage, stage_name, views):
    synthesized = stage(stage_name)

    optimize = synthesized.pipeline["Resources"][synthesized.function_id("optimize")]["Properties"]

    assert optimize["Environment"]["Variables"]["MAX_MODERATION_VIEWS"] == views


def remove_machine(synthesized) -> str:
    """Return the logical id of the state machine that removes images."""
    return synthesized.pipeline["Outputs"]["RemoveStateMachineArn"]["Value"]["Ref"]


def executions_of_remove(synthesized) -> str:
    """Return the ARN of all executions of that state machine, as a policy names it."""
    prefix = "arn:AWS::Partition:states:AWS::Region:AWS::AccountId:execution"
    return f"{prefix}:{remove_machine(synthesized)}.Name:*"


def in_template(grant, real) -> str:
    """Return a grant of the table with the template's own names."""
    for name, value in real.items():
        if name in grant:
            return grant.replace(name, value)
    return grant


def queue_of_prewarm(synthesized) -> str:
    """Return the logical id of the queue that prewarm is fed from."""
    (mapping,) = synthesized.properties("AWS::Lambda::EventSourceMapping")
    logical_id, attribute = mapping["EventSourceArn"]["Fn::GetAtt"]
    assert attribute == "Arn"
    return logical_id


def variables_read_by(function: str) -> set[str]:
    """Return the names that a function's own code asks an EnvironmentReader for, Lambda's own ones aside.

    Two functions share the package of `serve`; what is named for prewarm is that one's alone.
    """
    read = variables_read_in(package_of(function))
    return read if function == PREWARM else {name for name in read if not name.startswith("PREWARM_")}


def variables_read_in(function_package: str) -> set[str]:
    return {
        call.args[0].value
        for package in PACKAGES[function_package].packages
        if package != "shared"
        for path in sorted((ROOT / "functions" / package).rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in {"text", "integer", "word", "words"}
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and str(call.args[0].value).isupper()
        and not call.args[0].value.startswith("AWS_")
    }
