"""The checks before a deployment, with the real templates against accounts that lack something."""

import json

import boto3
import pytest
from typer.testing import CliRunner

from cdk.regions import REKOGNITION_REGIONS
from image_scaler import cli
from image_scaler.operator.errors import OperatorError
from image_scaler.operator.preflight import CLOUDFRONT_QUOTAS, Preflight, Templates
from tests.fakes.account import REGION, Refused, session_of

NO_STACK = Refused("ValidationError", "Stack with id x does not exist")
READY = {
    "sts.GetCallerIdentity": {"Account": "111122223333"},
    "ssm.GetParameter": {"Parameter": {"Value": "99"}},
    "cloudformation.DescribeStacks": NO_STACK,
    "cloudformation.ListStackResources": {"StackResourceSummaries": []},
    "lambda.GetAccountSettings": {
        "AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 1000}
    },
    "service-quotas.ListServiceQuotas": {"Quotas": []},
    "service-quotas.GetServiceQuota": {"Quota": {"Value": 50.0}},
    "apigateway.GetAccount": {},
    **{
        f"cloudfront.{quota.operation.title().replace('_', '')}": {quota.result: {}}
        for quota in CLOUDFRONT_QUOTAS.values()
    },
}
"""An account that has everything, by the calls that are made."""


@pytest.fixture
def findings(stage):
    """Return a function that checks an account: READY with some answers replaced."""

    def checked(name="dev", region=REGION, *, alarms_have_address=False, **_none):
        def of(answers):
            templates = Templates(stage(name).directory, name)
            preflight = Preflight(
                templates, session_of(READY | answers, region), stage=name, alarms_have_address=alarms_have_address
            )
            return {
                (finding.about, finding.stops): f"{finding.problem}: {finding.do}" for finding in preflight.findings()
            }

        return of

    return checked


def test_an_account_that_has_everything_is_ready(findings):
    assert findings()({}) == {}


def test_without_credentials_the_rest_is_still_told(findings):
    found = findings(alarms_have_address=True)({"sts.GetCallerIdentity": Refused("ExpiredToken")})

    assert found.keys() == {("credentials", True), ("alarms", True)}


@pytest.mark.parametrize(
    ("answers", "about", "do"),
    [
        ({"ssm.GetParameter": Refused("ParameterNotFound")}, "bootstrap", f"bootstrap aws://111122223333/{REGION}"),
        ({"ssm.GetParameter": {"Parameter": {"Value": "5"}}}, "bootstrap", "npx cdk bootstrap"),
        ({"ssm.GetParameter": Refused("AccessDeniedException")}, "bootstrap", "allow this call"),
        ({"apigateway.GetAccount": {"cloudwatchRoleArn": "arn:other"}}, "API Gateway's role", "owns_api_account=False"),
        (
            {"cloudformation.DescribeStacks": {"Stacks": [{"StackStatus": "ROLLBACK_COMPLETE"}]}},
            "stacks",
            "aws cloudformation delete-stack --stack-name ImageScaler-dev-",
        ),
        (
            {"cloudformation.DescribeStacks": {"Stacks": [{"StackStatus": "UPDATE_ROLLBACK_FAILED"}]}},
            "stacks",
            "continue-update-rollback",
        ),
        ({"cloudformation.DescribeStacks": {"Stacks": [{"StackStatus": "UPDATE_IN_PROGRESS"}]}}, "stacks", "wait"),
        (
            {"cloudfront.ListPublicKeys": {"PublicKeyList": {"Items": [{}] * 8}}},
            "CloudFront",
            "Public keys per AWS account",
        ),
    ],
)
def test_what_is_missing_comes_with_what_to_do(findings, answers, about, do):
    found = findings()(answers)

    assert found.keys() == {(about, True)}
    assert do in found[about, True]


def test_a_quota_that_was_raised_counts_instead_of_the_default(findings):
    raised = {"Quotas": [{"QuotaName": "Public keys per AWS account", "Value": 30.0}]}
    used = {"PublicKeyList": {"Items": [{}] * 8}}

    assert findings()({"cloudfront.ListPublicKeys": used, "service-quotas.ListServiceQuotas": raised}) == {}


def test_a_region_without_rekognition_is_refused(findings):
    found = findings(region="eu-north-1")({})

    assert found.keys() == {("region", True)}
    assert REGION in found["region", True]


def test_a_new_account_can_be_deployed_to_and_is_advised_to_ask_for_more(findings):
    small = {"AccountLimit": {"ConcurrentExecutions": 10, "UnreservedConcurrentExecutions": 10}}

    dev = findings("dev")({"lambda.GetAccountSettings": small})
    prod = findings("prod")({"lambda.GetAccountSettings": small})

    assert dev.keys() == prod.keys() == {("Lambda concurrency", False)}
    assert "--desired-value 1000" in dev["Lambda concurrency", False]
    assert "15 uploads in progress need 50 concurrent executions" in prod["Lambda concurrency", False]


def test_more_uploads_in_progress_than_rekognition_answers_are_advised_against(findings):
    few = {"service-quotas.GetServiceQuota": {"Quota": {"Value": 4.0}}}

    assert findings("dev")(few) == {}  # 3 in flight, and 3 for each call a second
    found = findings("prod")(few)

    assert found.keys() == {("Rekognition", False)}
    assert "15 uploads in progress need 5 DetectModerationLabels calls" in found["Rekognition", False]
    assert "in_flight of the stage in cdk/config.py to 12" in found["Rekognition", False]
    assert "--quota-code L-7F4D1AC4 --region eu-central-1 --desired-value 5" in found["Rekognition", False]


@pytest.mark.parametrize(("calls", "is_enough"), [(5.0, True), (4.0, False)])
def test_rekognitions_default_counts_where_the_account_has_no_value_of_its_own(findings, calls, is_enough):
    answers = {
        "service-quotas.GetServiceQuota": Refused("NoSuchResourceException"),
        "service-quotas.GetAWSDefaultServiceQuota": {"Quota": {"Value": calls}},
    }

    assert (findings("prod")(answers) == {}) is is_enough


@pytest.mark.parametrize(
    ("unreserved", "reserved_by_stage", "is_enough"), [(1000, 0, True), (108, 0, True), (107, 0, False), (106, 2, True)]
)
def test_lambda_keeps_a_hundred_unreserved(findings, unreserved, reserved_by_stage, is_enough):
    """The stage with every option reserves nothing and provisions two instances of each of four functions."""
    resource = {"ResourceType": "AWS::Lambda::Function", "PhysicalResourceId": "serve", "LogicalResourceId": "Serve"}
    limit = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": unreserved}
    of_stage = (
        {"cloudformation.DescribeStacks": {"Stacks": [{"StackStatus": "UPDATE_COMPLETE"}]},
         "cloudformation.ListStackResources": {"StackResourceSummaries": [resource]},
         "lambda.GetFunctionConcurrency": {"ReservedConcurrentExecutions": reserved_by_stage // 2}}
        if reserved_by_stage else {}
    )  # fmt: skip

    found = findings("options")({"lambda.GetAccountSettings": {"AccountLimit": limit}, **of_stage})

    assert (found == {}) is is_enough


def test_alarms_need_an_address_or_an_explicit_none(findings):
    assert findings("dev", alarms_have_address=True)({}).keys() == {("alarms", True)}
    assert findings("dev", alarms_have_address=False)({}) == {}
    assert findings("options", alarms_have_address=True)({}) == {}


def test_a_stage_without_templates_is_an_error_that_says_what_to_run(tmp_path):
    with pytest.raises(OperatorError, match="make synth STAGE=dev"):
        Templates(tmp_path, "dev")


def test_the_command_prints_every_finding_and_fails(stage, monkeypatch):
    session = session_of(READY, "eu-north-1")
    monkeypatch.setattr(boto3, "Session", lambda: session)

    result = CliRunner().invoke(
        cli.app, ["preflight", "--stage", "dev", "--assembly", str(stage("dev").directory), "--json"]
    )

    assert result.exit_code == 1
    assert [json.loads(line)["about"] for line in result.stdout.splitlines()] == ["region", "alarms"]


def test_a_stage_deploys_only_where_rekognition_is(stage):
    rule = stage("prod").pipeline["Rules"]["RegionHasRekognition"]
    regions, region = rule["Assertions"][0]["Assert"]["Fn::Contains"]

    assert region == {"Ref": "AWS::Region"}
    assert sorted(regions) == boto3.Session().get_available_regions("rekognition")
    assert tuple(regions) == REKOGNITION_REGIONS
    assert "RegionHasRekognition" not in stage("local").pipeline.get("Rules", {})
