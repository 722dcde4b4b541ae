"""WAF, the origin's secret and its rotation, the purge: the API is closed by default and open only to the edge."""

import json
import re

import pytest

from cdk.constructs.api import ROUTES
from cdk.constructs.workflows import DEFINITIONS
from cdk.functions import SPECIFICATIONS
from tests.fakes.stage import granted
from tests.infrastructure.policies import CONSUMING

ALL_STAGES = pytest.mark.parametrize("name", ["local", "dev", "prod", "options", "other"])


@pytest.fixture
def edge(stage):
    def resources(name, kind):
        found = stage(name).edge["Resources"]
        return {logical_id: each for logical_id, each in found.items() if each["Type"] == kind}

    return resources


@pytest.fixture
def acl(edge):
    def properties(name):
        (found,) = edge(name, "AWS::WAFv2::WebACL").values()
        return found["Properties"]

    return properties


def rules_of(acl):
    return {rule["Name"]: rule for rule in acl["Rules"]}


def demands_the_header(statement):
    reference = statement["RegexPatternSetReferenceStatement"]
    return reference["Arn"] == {"Fn::GetAtt": ["AcceptedOriginValues", "Arn"]} and reference["FieldToMatch"] == {
        "SingleHeader": {"Name": "x-origin-verify"}
    }


@ALL_STAGES
def test_only_requests_with_the_secret_are_allowed(acl, name):
    rules = rules_of(acl(name))
    allowing = [rule for rule in rules.values() if "Allow" in rule.get("Action", {})]

    assert acl(name)["DefaultAction"] == {"Block": {}}
    assert acl(name)["Scope"] == "REGIONAL"
    assert [rule["Name"] for rule in allowing] == ["AllowTheEdge"]
    assert demands_the_header(allowing[0]["Statement"])
    assert max(rule["Priority"] for rule in rules.values()) == allowing[0]["Priority"]


@ALL_STAGES
def test_the_rate_is_limited_by_the_address_that_the_edge_vouches_for(stage, acl, name):
    config = stage(name).config
    for rule, limit, path in (
        ("RateLimit", config.viewer_requests_per_5_minutes, "/live/images/"),
        ("ControlRateLimit", config.control_requests_per_5_minutes, "/live/v1/"),
    ):
        rate = rules_of(acl(name))[rule]["Statement"]["RateBasedStatement"]

        assert rate["Limit"] == limit
        assert rate["AggregateKeyType"] == "FORWARDED_IP"
        assert rate["ForwardedIPConfig"] == {"FallbackBehavior": "MATCH", "HeaderName": "x-viewer-address"}
        secret, where = rate["ScopeDownStatement"]["AndStatement"]["Statements"]
        assert demands_the_header(secret)
        assert where["ByteMatchStatement"]["SearchString"] == path
        assert where["ByteMatchStatement"]["PositionalConstraint"] == "STARTS_WITH"


@ALL_STAGES
def test_a_rate_limit_refusal_is_not_shared(acl, name):
    for rule in ("RateLimit", "ControlRateLimit"):
        response = rules_of(acl(name))[rule]["Action"]["Block"]["CustomResponse"]
        headers = {each["Name"]: each["Value"] for each in response["ResponseHeaders"]}

        assert response["ResponseCode"] == 429
        assert headers == {"Cache-Control": "no-store", "Retry-After": "60"}


@ALL_STAGES
def test_no_managed_rule_ever_sees_an_upload(acl, name):
    managed = [
        rule["Statement"]["ManagedRuleGroupStatement"]
        for rule in acl(name)["Rules"]
        if "ManagedRuleGroupStatement" in rule["Statement"]
    ]

    assert managed
    for group in managed:
        method, path = group["ScopeDownStatement"]["NotStatement"]["Statement"]["AndStatement"]["Statements"]
        assert method["ByteMatchStatement"]["SearchString"] == "POST"
        assert path["ByteMatchStatement"]["SearchString"] == "/live/v1/images"
        assert path["ByteMatchStatement"]["PositionalConstraint"] == "EXACTLY"
        assert "RuleActionOverrides" not in group


def test_a_managed_group_has_the_version_that_the_stage_pins(acl):
    versions = {
        name: [
            rule["Statement"]["ManagedRuleGroupStatement"].get("Version")
            for rule in acl(name)["Rules"]
            if "ManagedRuleGroupStatement" in rule["Statement"]
        ]
        for name in ("prod", "options")
    }

    assert versions == {"prod": [None, None], "options": ["Version_1.19", None]}


@pytest.mark.parametrize("name", ["dev", "prod", "options", "other"])
def test_blocked_requests_are_logged_without_the_secret(edge, name):
    (logging,) = edge(name, "AWS::WAFv2::LoggingConfiguration").values()
    (group,) = (
        each["Properties"] for logical_id, each in edge(name, "AWS::Logs::LogGroup").items() if "Firewall" in logical_id
    )

    assert {"SingleHeader": {"Name": "x-origin-verify"}} in logging["Properties"]["RedactedFields"]
    assert {"QueryString": {}} in logging["Properties"]["RedactedFields"]
    assert logging["Properties"]["LoggingFilter"]["DefaultBehavior"] == "DROP"
    assert group["LogGroupName"].startswith("aws-waf-logs-")


@ALL_STAGES
def test_no_sample_of_a_request_shows_the_secret(acl, name):
    settings = [acl(name)["VisibilityConfig"], *(rule["VisibilityConfig"] for rule in acl(name)["Rules"])]

    assert {each["SampledRequestsEnabled"] for each in settings} == {False}


@ALL_STAGES
def test_the_firewall_is_associated_before_the_distribution_exists(stage, edge, name):
    ((association, properties),) = (
        (logical_id, each["Properties"]) for logical_id, each in edge(name, "AWS::WAFv2::WebACLAssociation").items()
    )

    assert association in stage(name).edge["Resources"]["Distribution"]["DependsOn"]
    assert "/restapis/" in json.dumps(properties["ResourceArn"])


@ALL_STAGES
def test_the_api_may_invoke_a_function_for_each_route_once_the_firewall_is_associated(stage, edge, name):
    (association,) = edge(name, "AWS::WAFv2::WebACLAssociation")
    granted = {}
    for permission in edge(name, "AWS::Lambda::Permission").values():
        properties = permission["Properties"]
        if properties["Principal"] != "apigateway.amazonaws.com":
            continue
        assert permission["DependsOn"] == [association]  # created after it, and deleted before it
        granted[properties["SourceArn"]["Fn::Join"][1][-1]] = exported(stage(name), properties["FunctionName"])

    assert {arn: function_of(stage(name), reference) for arn, reference in granted.items()} == {
        f"/live/{method}{re.sub('{[^}]+}', '*', path)}": function for method, path, function in ROUTES
    }


@pytest.mark.parametrize("name", ["options", "other"])
def test_with_a_warm_start_the_api_may_invoke_only_the_alias(stage, edge, name):
    references = {
        exported(stage(name), each["Properties"]["FunctionName"])
        for each in edge(name, "AWS::Lambda::Permission").values()
        if each["Properties"]["Principal"] == "apigateway.amazonaws.com"
    }

    kinds = {stage(name).pipeline["Resources"][reference]["Type"] for reference in references}
    assert kinds == {"AWS::Lambda::Alias"}


def exported(synthesized, imported):
    """Return the Pipeline's logical id behind an import."""
    exports = {
        each["Export"]["Name"]: each["Value"] for each in synthesized.pipeline["Outputs"].values() if "Export" in each
    }
    value = exports[imported["Fn::ImportValue"]]
    return value.get("Ref") or value["Fn::GetAtt"][0]


def function_of(synthesized, logical_id):
    """Return the name of the function with a logical id of a function or alias."""
    resource = synthesized.pipeline["Resources"][logical_id]
    if resource["Type"] == "AWS::Lambda::Alias":
        logical_id = resource["Properties"]["FunctionName"]["Ref"]
    handler = synthesized.pipeline["Resources"][logical_id]["Properties"]["Handler"]
    (name,) = (name for name, specification in SPECIFICATIONS.items() if specification.handler == handler)
    return name


@ALL_STAGES
def test_the_secret_is_in_no_template_only_references_that_never_change(stage, edge, name):
    ((secret, properties),) = (
        (logical_id, each["Properties"]) for logical_id, each in edge(name, "AWS::SecretsManager::Secret").items()
    )
    reference = ["{{resolve:secretsmanager:", {"Ref": secret}, ":SecretString:::}}"]
    resources = stage(name).edge["Resources"]
    headers = [
        header
        for origin in resources["Distribution"]["Properties"]["DistributionConfig"]["Origins"]
        for header in origin.get("OriginCustomHeaders", [])
    ]
    accepted = resources["AcceptedOriginValues"]["Properties"]["RegularExpressionList"]

    assert properties["GenerateSecretString"]["PasswordLength"] == 48
    assert "SecretString" not in properties
    assert headers == [
        {"HeaderName": header, "HeaderValue": {"Fn::Join": ["", reference]}}
        for header in ("X-Origin-Verify", "X-Origin-Deployed")
    ]
    assert accepted == [{"Fn::Join": ["", ["^{{resolve:secretsmanager:", {"Ref": secret}, ":SecretString:::}}$"]]}]


@ALL_STAGES
def test_the_secret_rotates_every_month_but_not_during_stack_creation(stage, edge, name):
    (schedule,) = edge(name, "AWS::SecretsManager::RotationSchedule").values()

    assert schedule["Properties"]["RotationRules"] == {"ScheduleExpression": "rate(30 days)"}
    assert schedule["Properties"]["RotateImmediatelyOnUpdate"] is False
    assert "Distribution" in schedule["DependsOn"]


@ALL_STAGES
def test_rotation_and_purge_have_exactly_the_grants_of_their_specifications(edge, name):
    actions = {}
    for logical_id, policy in edge(name, "AWS::IAM::Policy").items():
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            allowed = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            if "AWS679f53fac002430cb0da5b7982bd2287" in logical_id or "AccessLogs" in logical_id:
                continue  # CDK's own caller of AWS, see test_edge_distribution
            function = "rotate" if "Rotate" in logical_id else "purge"
            actions.setdefault(function, {}).update(dict.fromkeys(allowed, statement["Resource"]))

    common = {"xray:PutTraceSegments", "xray:PutTelemetryRecords", "logs:CreateLogStream", "logs:PutLogEvents"}
    assert set(actions["purge"]) == actions_of("purge") | common | CONSUMING
    assert set(actions["rotate"]) == actions_of("rotate") | common
    everywhere = {action for each in actions.values() for action, resource in each.items() if resource == "*"}
    assert everywhere == {"secretsmanager:GetRandomPassword", "xray:PutTraceSegments", "xray:PutTelemetryRecords"}


def actions_of(function):
    """Return the actions that a function's specification grants."""
    return {grant.split()[0] for grant in granted(function)}


@ALL_STAGES
def test_removed_and_replaced_images_are_purged_through_queues(edge, name):
    patterns = [pattern for pattern, _ in purge_rules(edge(name, "AWS::Events::Rule"))]
    mappings = [each["Properties"] for each in edge(name, "AWS::Lambda::EventSourceMapping").values()]
    queues = [each["Properties"] for each in edge(name, "AWS::SQS::Queue").values()]

    assert sorted(kind for pattern in patterns for kind in pattern["detail-type"]) == [
        "Image Blocked",
        "Image Blurred",
        "Image In Review",
        "Image Published",
        "Image Purge Requested",
        "Image Purge Requested",
        "Image Removed",
    ]
    assert mappings
    assert all(mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"] for mapping in mappings)
    assert sum("RedrivePolicy" in each for each in queues) == len(mappings)


@ALL_STAGES
def test_purges_run_immediately_and_after_the_last_possible_transfer(edge, name):
    queues = {
        logical_id: each["Properties"].get("DelaySeconds", 0)
        for logical_id, each in edge(name, "AWS::SQS::Queue").items()
        if "RedrivePolicy" in each["Properties"]
    }
    read = {
        each["Properties"]["EventSourceArn"]["Fn::GetAtt"][0]
        for each in edge(name, "AWS::Lambda::EventSourceMapping").values()
    }
    delays = {}
    for pattern, target in purge_rules(edge(name, "AWS::Events::Rule")):
        for kind in pattern["detail-type"]:
            delays[kind, *pattern.get("detail", {}).get("when", ())] = queues[target["Arn"]["Fn::GetAtt"][0]]

    later = 1 if name == "local" else 60  # CloudFront gives up on a response after 30 s
    assert read == set(queues)
    assert delays == {
        ("Image Purge Requested", "now"): 0,
        ("Image Purge Requested", "later"): later,
        ("Image Removed",): later,
        ("Image Published",): 0,
        ("Image Blurred",): 0,
        ("Image Blocked",): 0,
        ("Image In Review",): 0,
    }


def purge_rules(rules):
    """Return the pattern and the only target of each rule on the stage's own events."""
    found = [each["Properties"] for each in rules.values()]
    return [
        (each["EventPattern"], target)
        for each in found
        if each.get("EventPattern", {}).get("source") == ["image-scaler"]
        for (target,) in (each["Targets"],)
    ]


@ALL_STAGES
def test_header_and_secret_are_compared_after_every_deployment_and_every_hour(edge, name):
    rules = [each["Properties"] for each in edge(name, "AWS::Events::Rule").values()]
    comparing = [each for each in rules if '"Step":"compare"' in json.dumps(each["Targets"]).replace("\\", "")]
    (deployed,) = (each["EventPattern"] for each in comparing if "EventPattern" in each)

    assert len(comparing) == 2
    assert [each["ScheduleExpression"] for each in comparing if "ScheduleExpression" in each] == ["rate(1 hour)"]
    assert deployed["source"] == ["aws.cloudformation"]
    assert deployed["detail"] == {
        "stack-id": [{"Ref": "AWS::StackId"}],
        "status-details": {"status": [{"suffix": "_COMPLETE"}]},
    }


@ALL_STAGES
def test_only_this_accounts_secrets_manager_may_call_the_rotation(edge, name):
    (permission,) = (
        each["Properties"]
        for each in edge(name, "AWS::Lambda::Permission").values()
        if each["Properties"]["Principal"] == "secretsmanager.amazonaws.com"
    )

    assert permission["SourceAccount"] == {"Ref": "AWS::AccountId"}


@pytest.mark.parametrize("name", ["dev", "prod", "options", "other"])
def test_the_rotation_probes_the_api_behind_the_firewall(edge, name):
    (variables,) = (
        each["Properties"]["Environment"]["Variables"]
        for each in edge(name, "AWS::Lambda::Function").values()
        if each["Properties"]["Handler"] == "functions.rotate.handler.lambda_handler"
    )

    assert variables["PROBE_URL"]["Fn::Join"][1][-1].endswith("/live/probe")
    assert ".execute-api." in json.dumps(variables["PROBE_URL"])


@ALL_STAGES
def test_of_a_first_revision_nothing_is_purged(edge, name):
    patterns = [pattern for pattern, _ in purge_rules(edge(name, "AWS::Events::Rule"))]

    (verdicts,) = (pattern for pattern in patterns if "Image Published" in pattern["detail-type"])

    assert verdicts["detail"] == {"revision": [{"numeric": [">", 1]}]}


@pytest.mark.parametrize("machine", ["remove", "retire"])
def test_the_edge_accepts_every_purge_request_of_a_state_machine(edge, machine):
    states = json.loads((DEFINITIONS / f"{machine}.asl.json").read_text(encoding="utf-8"))["States"]
    sent = [entry for state in states.values() for entry in state.get("Parameters", {}).get("Entries", ())]
    asked = [entry for entry in sent if "DetailType" in entry]  # the event of a status takes its type from the record

    for entry in asked:
        assert any(
            entry["DetailType"] in pattern["detail-type"]
            and entry["Detail"].get("when") in (pattern.get("detail") or {"when": [None]})["when"]
            for pattern, _ in purge_rules(edge("prod", "AWS::Events::Rule"))
            if "Image Published" not in pattern["detail-type"]
        )
    assert asked


@ALL_STAGES
def test_operational_problems_of_the_edge_are_alarms_with_a_runbook_section(edge, name):
    alarms = {
        each["Properties"]["AlarmDescription"].rpartition("#")[2]: each["Properties"]
        for each in edge(name, "AWS::CloudWatch::Alarm").values()
    }

    expected = {"purgesundelivered", "rotationfailed", "edgelockedout"}
    if name != "local":  # the emulator has neither metric math nor CloudFront's metrics
        expected |= {"functionthrottled", "edgemissesstored"}
    if name == "other":  # in v1 the edge reads no bucket
        expected.remove("edgemissesstored")
    assert set(alarms) == expected
    assert all(bool(alarm.get("AlarmActions")) == (name == "options") for alarm in alarms.values())


@pytest.mark.parametrize("name", ["dev", "prod", "options", "other"])
def test_a_throttled_edge_function_is_an_alarm_where_cloudfronts_metrics_are(stage, edge, name):
    functions = {json.dumps(each["Properties"]["Name"]) for each in edge(name, "AWS::CloudFront::Function").values()}
    alarms = [
        each for each in edge(name, "AWS::CloudWatch::Alarm").values()
        if each["Properties"].get("MetricName") == "FunctionThrottles"
    ]  # fmt: skip

    watched = {
        json.dumps(dimension["Value"])
        for alarm in alarms
        for dimension in alarm["Properties"]["Dimensions"]
        if dimension["Name"] == "FunctionName"
    }
    assert watched == functions
    (condition,) = {alarm["Condition"] for alarm in alarms}
    assert stage(name).edge["Conditions"][condition] == {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]}


@ALL_STAGES
def test_an_edge_that_the_firewall_refuses_is_an_alarm(edge, acl, name):
    (alarm,) = (
        each["Properties"]
        for each in edge(name, "AWS::CloudWatch::Alarm").values()
        if each["Properties"].get("MetricName") == "BlockedRequests"
    )

    assert {each["Name"]: each["Value"] for each in alarm["Dimensions"]} == {
        "Region": {"Ref": "AWS::Region"},
        "Rule": "Default_Action",
        "WebACL": acl(name)["VisibilityConfig"]["MetricName"],
    }
