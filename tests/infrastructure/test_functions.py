"""Each function may do what its code does and nothing else; it gets the variables that it reads and no other."""

import contextlib
import importlib
from collections.abc import Mapping

import pytest

from cdk.functions import SPECIFICATIONS
from cdk.functions.serve import KEEP_FREED_MEMORY
from functions.imaging.limits import WALL_FACTOR
from functions.shared.errors import SettingsError
from tests.fakes.stage import EDGE_FUNCTIONS, granted
from tests.infrastructure.policies import CONSUMING, grants_of_role, role_of

TRACES = {"xray:PutTraceSegments *", "xray:PutTelemetryRecords *"}
KEY_USE = {
    f"kms:{action} DataKey.Arn"
    for action in ("Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo")
}
QUEUE_RIGHTS = {
    "prewarm": CONSUMING,
    "refine": CONSUMING,
    "admit": CONSUMING,
    "sweep": {"sqs:SendMessage", "sqs:GetQueueAttributes"},
    "manage": {"sqs:SendMessage"},
    "decide": {"sqs:SendMessage"},
}
"""What functions may do to a queue that their own construct connects them with."""
EVERY_FUNCTION = [name for name in SPECIFICATIONS if name not in {*EDGE_FUNCTIONS, "webhook"}]
"""The functions of the Pipeline stack where delivery is v2; test_webhooks.py is about `webhook`."""
API_FUNCTIONS = {name for name, specification in SPECIFICATIONS.items() if specification.answers_api}
SET_LOCALLY = {"UPLOADS_ENDPOINT_URL", "FORGOTTEN_AFTER_SECONDS", "DETECTOR"}
"""Set by local/emulator.py (an address of one machine), by tests of the sweep, and on a stage whose detector is not
Rekognition, which only a stage on the emulator can be; no real template sets them."""
COMMON_VARIABLES = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_LOG_LEVEL"}


@pytest.mark.parametrize("name", EVERY_FUNCTION)
@pytest.mark.parametrize("stage_name", ["local", "dev", "prod"])
def test_a_role_has_exactly_the_grants_of_its_specification(stage, stage_name, name):
    synthesized = stage(stage_name)
    function = synthesized.pipeline["Resources"][synthesized.function_id(name)]["Properties"]
    (bus,) = synthesized.resources("AWS::Events::EventBus")
    log = function["LoggingConfig"]["LogGroup"]["Ref"]
    own_log = {f"logs:CreateLogStream {log}.Arn", f"logs:PutLogEvents {log}.Arn"}
    specification = SPECIFICATIONS[name]
    executions = {f"states:StartExecution {state_machine(synthesized, each)}" for each in specification.starts} | {
        f"states:DescribeExecution {executions_of(synthesized, each)}" for each in specification.describes
    }
    sends = {"sweep", "manage", "decide"}
    queue = synthesized.queue_of("admit" if name in sends else name) if name in QUEUE_RIGHTS else None
    consumes = {f"{action} {queue}.Arn" for action in QUEUE_RIGHTS.get(name, ())}

    allowed = grants_of_role(synthesized, role_of(function))

    specified = {grant.replace("Bus.Arn", f"{bus}.Arn") for grant in granted(name)}
    assert allowed == specified | executions | consumes | own_log | TRACES


def test_no_function_but_remove_and_its_own_writers_may_delete_a_file():
    """`manage` and `decide` delete variants, which can be generated again if the image is served."""
    deleted = {name: {each for each in granted(name) if ":DeleteObject" in each} for name in SPECIFICATIONS}
    deleting = {name for name, grants in deleted.items() if grants}

    assert deleting == {"remove", "persist", "serve", "prewarm", "refine", "manage", "decide"}
    assert deleted["manage"] == deleted["decide"] == {"s3:DeleteObject Generated.Arn/images/*"}


@pytest.mark.parametrize("name", EVERY_FUNCTION)
def test_with_kms_a_function_may_also_use_the_key_and_not_manage_it(stage, name):
    with_key, without = stage("options"), stage("prod")

    added = grants_of_role(with_key, role_of(with_key.pipeline["Resources"][with_key.function_id(name)]["Properties"]))
    base = grants_of_role(without, role_of(without.pipeline["Resources"][without.function_id(name)]["Properties"]))

    assert {grant for grant in added - base if not grant.startswith("rekognition:")} == KEY_USE  # it has an adapter too


@pytest.mark.parametrize("stage_name", ["local", "dev", "prod"])
def test_every_function_has_its_own_role_without_managed_policies(stage, stage_name):
    synthesized = stage(stage_name)

    roles = [role_of(function) for function in synthesized.properties("AWS::Lambda::Function")]

    webhooks = bool(synthesized.config.webhooks)
    assert len(set(roles)) == len(EVERY_FUNCTION) + webhooks == len(roles)
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

    of_malloc = set(KEEP_FREED_MEMORY) if name in {"serve", "prewarm", "refine"} else set()
    assert given == COMMON_VARIABLES | of_malloc | (variables_read_by(name) - SET_LOCALLY)


def test_a_stage_without_allowed_origins_sets_no_empty_variable(stage):
    variables = [each["Environment"]["Variables"] for each in stage("prod").properties("AWS::Lambda::Function")]

    assert [name for each in variables for name, value in each.items() if value == ""] == []


@pytest.mark.parametrize(
    ("stage_name", "runtime", "architecture"),
    [("dev", "python3.13", "arm64"), ("prod", "python3.13", "arm64")],
)
def test_real_stages_run_python_on_arm(stage, stage_name, runtime, architecture):
    functions = stage(stage_name).properties("AWS::Lambda::Function")

    assert {each["Runtime"] for each in functions} == {runtime}
    assert {tuple(each["Architectures"]) for each in functions} == {(architecture,)}


def test_the_local_stage_runs_through_the_lambda_runtime_api(stage):
    assert {each["Runtime"] for each in stage("local").properties("AWS::Lambda::Function")} == {"provided.al2023"}


@pytest.mark.parametrize(("stage_name", "days"), [("local", 7), ("dev", 14), ("prod", 90)])
def test_every_function_is_traced_and_its_log_ends_some_day(stage, stage_name, days):
    synthesized = stage(stage_name)
    functions = synthesized.properties("AWS::Lambda::Function")
    log_groups = synthesized.resources("AWS::Logs::LogGroup")

    assert functions
    for function in functions:
        assert function["TracingConfig"] == {"Mode": "Active"}
        log_group = log_groups[function["LoggingConfig"]["LogGroup"]["Ref"]]
        assert log_group["Properties"]["RetentionInDays"] == days


@pytest.mark.parametrize("stage_name", ["local", "dev", "prod"])
def test_decoding_ends_before_the_function_even_on_a_busy_machine(stage, stage_name):
    synthesized = stage(stage_name)
    optimize = synthesized.pipeline["Resources"][synthesized.function_id("optimize")]["Properties"]

    cpu_seconds = int(optimize["Environment"]["Variables"]["MAX_DECODE_SECONDS"])
    assert cpu_seconds <= optimize["Timeout"] / 2
    assert cpu_seconds * WALL_FACTOR <= optimize["Timeout"] * 3 / 4


@pytest.mark.parametrize("stage_name", ["dev", "prod", "options", "other"])
def test_no_stage_on_aws_reserves_concurrency(stage, stage_name):
    """An account with a small quota refuses a deployment that does."""
    functions = stage(stage_name).properties("AWS::Lambda::Function")

    assert [each["Handler"] for each in functions if "ReservedConcurrentExecutions" in each] == []


def test_provisioned_concurrency_keeps_the_functions_of_the_api_warm(stage):
    aliases = stage("options").properties("AWS::Lambda::Alias")

    assert len(aliases) == len(API_FUNCTIONS)
    assert {alias["ProvisionedConcurrencyConfig"]["ProvisionedConcurrentExecutions"] for alias in aliases} == {2}
    assert stage("prod").properties("AWS::Lambda::Alias") == []


def test_snapstart_starts_the_functions_of_the_api_from_published_versions(stage):
    other = stage("other")

    started = {
        name
        for name in EVERY_FUNCTION
        if SPECIFICATIONS[name].is_deployed(other.config)
        and other.pipeline["Resources"][other.function_id(name)]["Properties"].get("SnapStart")
        == {"ApplyOn": "PublishedVersions"}
    }

    assert started == API_FUNCTIONS
    assert len(other.properties("AWS::Lambda::Alias")) == len(API_FUNCTIONS)
    assert len(other.properties("AWS::Lambda::Version")) == len(API_FUNCTIONS)


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


def state_machine(synthesized, name: str) -> str:
    """Return the logical id of a state machine."""
    output = f"{'' if name == 'ingest' else name.title()}StateMachineArn"
    return synthesized.pipeline["Outputs"][output]["Value"]["Ref"]


def executions_of(synthesized, name: str) -> str:
    """Return the ARN of all executions of a state machine, as a policy names it."""
    prefix = "arn:AWS::Partition:states:AWS::Region:AWS::AccountId:execution"
    return f"{prefix}:{state_machine(synthesized, name)}.Name:*"


class Recorder(Mapping):
    """An environment without variables that records which ones are read."""

    def __init__(self):
        self.asked = set()

    def __getitem__(self, name):
        self.asked.add(name)
        raise KeyError(name)

    def __iter__(self):
        return iter(())

    def __len__(self):
        return 0


def variables_read_by(function: str) -> set[str]:
    """Return the names that a function's settings read, except Lambda's own."""
    module = importlib.import_module(f"functions.{SPECIFICATIONS[function].package.name}.settings")
    recorder = Recorder()
    with contextlib.suppress(SettingsError):
        getattr(module, f"{function.capitalize()}Settings").from_environment(recorder)
    return {name for name in recorder.asked if not name.startswith("AWS_")}
