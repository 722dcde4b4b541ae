"""WAF, the origin's secret and its rotation, the purge: the API is closed by default and opens for the edge alone."""

import json

import pytest

from cdk.constructs.workflows import DEFINITIONS

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
def test_everything_is_blocked_but_what_carries_the_secret(acl, name):
    rules = rules_of(acl(name))
    allowing = [rule for rule in rules.values() if "Allow" in rule.get("Action", {})]

    assert acl(name)["DefaultAction"] == {"Block": {}}
    assert acl(name)["Scope"] == "REGIONAL"
    assert [rule["Name"] for rule in allowing] == ["AllowTheEdge"]
    assert demands_the_header(allowing[0]["Statement"])
    assert max(rule["Priority"] for rule in rules.values()) == allowing[0]["Priority"]


@ALL_STAGES
def test_the_rate_is_limited_by_the_address_that_the_edge_vouches_for(stage, acl, name):
    rate = rules_of(acl(name))["RateLimit"]["Statement"]["RateBasedStatement"]

    assert rate["Limit"] == stage(name).config.viewer_requests_per_5_minutes
    assert rate["AggregateKeyType"] == "FORWARDED_IP"
    assert rate["ForwardedIPConfig"] == {"FallbackBehavior": "MATCH", "HeaderName": "x-viewer-address"}
    assert demands_the_header(rate["ScopeDownStatement"])


@ALL_STAGES
def test_rules_that_look_into_bodies_only_count_for_uploads(acl, name):
    rules = rules_of(acl(name))
    counted = {
        override["Name"]
        for rule in rules.values()
        if "ManagedRuleGroupStatement" in rule["Statement"]
        for override in rule["Statement"]["ManagedRuleGroupStatement"]["RuleActionOverrides"]
        if override["ActionToUse"] == {"Count": {}}
    }
    labelled, exception = rules["BodiesOutsideUploads"]["Statement"]["AndStatement"]["Statements"]
    labels = [each["LabelMatchStatement"]["Key"] for each in labelled["OrStatement"]["Statements"]]
    method, path = exception["NotStatement"]["Statement"]["AndStatement"]["Statements"]

    assert {"SizeRestrictions_BODY", "CrossSiteScripting_BODY", "GenericLFI_BODY", "GenericRFI_BODY"} <= counted
    assert len(labels) == len(counted)
    assert all(label.startswith("awswaf:managed:aws:") and label.endswith("_Body") for label in labels)
    assert method["ByteMatchStatement"]["SearchString"] == "POST"
    assert path["ByteMatchStatement"]["SearchString"] == "/live/v1/images"
    assert "Block" in rules["BodiesOutsideUploads"]["Action"]


@ALL_STAGES
def test_no_sample_of_a_request_shows_the_secret(acl, name):
    settings = [acl(name)["VisibilityConfig"], *(rule["VisibilityConfig"] for rule in acl(name)["Rules"])]

    assert {each["SampledRequestsEnabled"] for each in settings} == {False}


@ALL_STAGES
def test_the_firewall_stands_before_the_distribution_exists(stage, edge, name):
    ((association, properties),) = (
        (logical_id, each["Properties"]) for logical_id, each in edge(name, "AWS::WAFv2::WebACLAssociation").items()
    )

    assert association in stage(name).edge["Resources"]["Distribution"]["DependsOn"]
    assert "/restapis/" in json.dumps(properties["ResourceArn"])


@ALL_STAGES
def test_the_secret_is_in_no_template_only_references_that_never_change(stage, edge, name):
    ((secret, properties),) = (
        (logical_id, each["Properties"]) for logical_id, each in edge(name, "AWS::SecretsManager::Secret").items()
    )
    reference = ["{{resolve:secretsmanager:", {"Ref": secret}, ":SecretString:::}}"]
    resources = stage(name).edge["Resources"]
    (header,) = (
        header
        for origin in resources["Distribution"]["Properties"]["DistributionConfig"]["Origins"]
        for header in origin.get("OriginCustomHeaders", [])
    )
    accepted = resources["AcceptedOriginValues"]["Properties"]["RegularExpressionList"]

    assert properties["GenerateSecretString"]["PasswordLength"] == 48
    assert "SecretString" not in properties
    assert header == {"HeaderName": "X-Origin-Verify", "HeaderValue": {"Fn::Join": ["", reference]}}
    assert accepted == [{"Fn::Join": ["", ["^{{resolve:secretsmanager:", {"Ref": secret}, ":SecretString:::}}$"]]}]


@ALL_STAGES
def test_the_secret_rotates_every_month_and_not_while_the_stack_is_being_made(stage, edge, name):
    (schedule,) = edge(name, "AWS::SecretsManager::RotationSchedule").values()

    assert schedule["Properties"]["RotationRules"] == {"ScheduleExpression": "rate(30 days)"}
    assert schedule["Properties"]["RotateImmediatelyOnUpdate"] is False
    assert "Distribution" in schedule["DependsOn"]


@ALL_STAGES
def test_the_rotation_and_the_purge_may_do_exactly_what_they_do(edge, name):
    actions = {}
    for logical_id, policy in edge(name, "AWS::IAM::Policy").items():
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            allowed = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            function = "rotate" if "Rotate" in logical_id else "purge"
            actions.setdefault(function, {}).update(dict.fromkeys(allowed, statement["Resource"]))

    tracing = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
    logging = {"logs:CreateLogStream", "logs:PutLogEvents"}
    reading = {
        "sqs:ReceiveMessage",
        "sqs:ChangeMessageVisibility",
        "sqs:GetQueueUrl",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
    }
    assert set(actions["purge"]) == {"cloudfront:CreateInvalidation"} | reading | logging | tracing
    assert (
        set(actions["rotate"])
        == {
            "cloudfront:GetDistribution",
            "cloudfront:GetDistributionConfig",
            "cloudfront:UpdateDistribution",
            "s3:GetBucketAcl",
            "s3:PutBucketAcl",
            "secretsmanager:DescribeSecret",
            "secretsmanager:GetRandomPassword",
            "secretsmanager:GetSecretValue",
            "secretsmanager:PutSecretValue",
            "secretsmanager:UpdateSecretVersionStage",
            "wafv2:GetRegexPatternSet",
            "wafv2:UpdateRegexPatternSet",
        }
        | logging
        | tracing
    )
    everywhere = {action for each in actions.values() for action, resource in each.items() if resource == "*"}
    assert everywhere == {"secretsmanager:GetRandomPassword"} | tracing


@ALL_STAGES
def test_what_is_gone_or_replaced_leaves_the_caches_through_a_queue_that_waits(edge, name):
    patterns = [each["Properties"]["EventPattern"] for each in edge(name, "AWS::Events::Rule").values()]
    mappings = [each["Properties"] for each in edge(name, "AWS::Lambda::EventSourceMapping").values()]
    queues = [each["Properties"] for each in edge(name, "AWS::SQS::Queue").values()]

    assert sorted(kind for pattern in patterns for kind in pattern["detail-type"]) == [
        "Image Blocked",
        "Image Blurred",
        "Image Published",
        "Image Purge Requested",
        "Image Purge Requested",
        "Image Removed",
    ]
    assert all(mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"] for mapping in mappings)
    in_progress = sum(each["BatchSize"] * each["ScalingConfig"]["MaximumConcurrency"] for each in mappings)
    assert in_progress < 15  # the wildcards that CloudFront takes at a time, and some room
    assert sum("RedrivePolicy" in each for each in queues) == len(mappings)


@ALL_STAGES
def test_a_purge_comes_at_once_or_when_no_transfer_to_the_edge_is_under_way_any_more(edge, name):
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
    for rule in edge(name, "AWS::Events::Rule").values():
        pattern = rule["Properties"]["EventPattern"]
        (target,) = rule["Properties"]["Targets"]
        for kind in pattern["detail-type"]:
            delays[kind, *pattern.get("detail", {}).get("when", ())] = queues[target["Arn"]["Fn::GetAtt"][0]]

    later = 1 if name == "local" else 60  # CloudFront gives up on an answer after 30 s
    assert read == set(queues)
    assert delays == {
        ("Image Purge Requested", "now"): 0,
        ("Image Purge Requested", "later"): later,
        ("Image Removed",): later,
        ("Image Published",): 0,
        ("Image Blurred",): 0,
        ("Image Blocked",): 0,
    }


@ALL_STAGES
def test_of_a_first_revision_nothing_is_purged(edge, name):
    patterns = [each["Properties"]["EventPattern"] for each in edge(name, "AWS::Events::Rule").values()]

    (verdicts,) = (pattern for pattern in patterns if "Image Published" in pattern["detail-type"])

    assert verdicts["detail"] == {"revision": [{"numeric": [">", 1]}]}


@pytest.mark.parametrize("machine", ["remove", "retire"])
def test_the_edge_takes_every_purge_that_a_state_machine_asks_for(edge, machine):
    states = json.loads((DEFINITIONS / f"{machine}.asl.json").read_text(encoding="utf-8"))["States"]
    asked = [entry for state in states.values() for entry in state.get("Parameters", {}).get("Entries", ())]

    for entry in asked:
        assert any(
            entry["DetailType"] in pattern["detail-type"]
            and entry["Detail"].get("when") in (pattern.get("detail") or {"when": [None]})["when"]
            for pattern in (each["Properties"]["EventPattern"] for each in edge("prod", "AWS::Events::Rule").values())
            if "Image Published" not in pattern["detail-type"]
        )
    assert len(asked) == {"remove": 3, "retire": 2}[machine]


@ALL_STAGES
def test_what_an_operator_must_know_of_the_edge_is_an_alarm_with_a_page(edge, name):
    alarms = {
        each["Properties"]["AlarmDescription"].rpartition("#")[2]: each["Properties"]
        for each in edge(name, "AWS::CloudWatch::Alarm").values()
    }

    assert set(alarms) == {"purgesundelivered", "rotationfailed"}
    assert {alarm["MetricName"] for alarm in alarms.values()} == {"ApproximateNumberOfMessagesVisible", "Errors"}
    assert all(bool(alarm.get("AlarmActions")) == (name == "options") for alarm in alarms.values())
