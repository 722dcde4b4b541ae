"""Events of a stage reach webhook through a queue for each receiver; without receivers nothing of it is deployed."""

import json
import string

import pytest

from functions.shared.webhooks import ATTEMPTS, DELAYS_SECONDS, LONGEST_DELAY_SECONDS, WEBHOOK_TYPES
from functions.webhook.settings import WebhookSettings
from tests.infrastructure.policies import CONSUMING, grants_of_role, role_of, text_of

DAY_SECONDS = 24 * 3600


def webhook(synthesized):
    """Return the properties of the function."""
    return synthesized.pipeline["Resources"][synthesized.function_id("webhook")]["Properties"]


def mappings(synthesized):
    """Return the mappings from queues to the function."""
    function = {"Ref": synthesized.function_id("webhook")}
    mapped = synthesized.properties("AWS::Lambda::EventSourceMapping")
    return [mapping for mapping in mapped if mapping["FunctionName"] == function]


def queues(synthesized):
    """Return the logical ids of the queues, in the order of the webhooks."""
    return [mapping["EventSourceArn"]["Fn::GetAtt"][0] for mapping in mappings(synthesized)]


def rule_of(synthesized, queue):
    """Return the rule whose target is a queue."""
    (rule,) = (
        rule
        for rule in synthesized.properties("AWS::Events::Rule")
        if rule["Targets"][0]["Arn"] == {"Fn::GetAtt": [queue, "Arn"]}
    )
    return rule


def test_each_webhook_gets_the_events_and_the_tenant_that_it_names(stage):
    synthesized = stage("options")
    patterns = [rule_of(synthesized, queue)["EventPattern"] for queue in queues(synthesized)]

    assert patterns == [
        {"source": ["image-scaler"], "detail-type": list(WEBHOOK_TYPES.values())},
        {
            "source": ["image-scaler"], "detail-type": ["Image Blocked", "Image In Review"],
            "detail": {"tenant": ["acme"]},
        },
    ]  # fmt: skip


def test_a_message_is_kept_until_its_last_attempt_and_then_moved(stage):
    synthesized = stage("options")

    assert len(queues(synthesized)) == 2
    for queue in queues(synthesized):
        properties = synthesized.pipeline["Resources"][queue]["Properties"]
        dead, _ = properties["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"]
        assert properties["RedrivePolicy"]["maxReceiveCount"] == ATTEMPTS
        assert properties["MessageRetentionPeriod"] > sum(DELAYS_SECONDS) + DAY_SECONDS
        assert webhook(synthesized)["Timeout"] < properties["VisibilityTimeout"] < LONGEST_DELAY_SECONDS
        assert synthesized.pipeline["Resources"][dead]["Properties"]["MessageRetentionPeriod"] == 14 * DAY_SECONDS
        assert rule_of(synthesized, queue)["Targets"][0]["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": [dead, "Arn"]}}


def test_a_failed_message_is_reported_alone(stage):
    found = mappings(stage("options"))

    assert len(found) == 2
    for mapping in found:
        assert (mapping["BatchSize"], mapping["FunctionResponseTypes"]) == (1, ["ReportBatchItemFailures"])
        assert mapping["ScalingConfig"] == {"MaximumConcurrency": 5}


def test_the_function_may_only_read_the_secrets_and_consume_the_queues(stage):
    synthesized = stage("options")
    function = webhook(synthesized)
    secrets = synthesized.resources("AWS::SecretsManager::Secret")

    allowed = grants_of_role(synthesized, role_of(function))

    own = {grant for grant in allowed if not grant.startswith(("logs:", "xray:", "kms:"))}
    assert own == {f"secretsmanager:GetSecretValue {secret}.Id" for secret in secrets} | {
        f"{action} {queue}.Arn" for action in CONSUMING for queue in queues(synthesized)
    }
    assert len(secrets) == 2


def test_the_function_reads_its_variable(stage):
    synthesized = stage("options")

    text = text_of(webhook(synthesized)["Environment"]["Variables"]["WEBHOOKS"])

    endpoints = WebhookSettings.from_environment({"WEBHOOKS": text}).endpoints
    assert [(each.name, each.address.host, each.loopback) for each in endpoints.values()] == [
        ("app", "app.example", False), ("shop", "shop.example", False),
    ]  # fmt: skip
    assert list(endpoints) == [f"{queue}.Arn" for queue in queues(synthesized)]


def test_a_secret_is_random_and_long_enough_for_the_specification(stage):
    secrets = stage("options").properties("AWS::SecretsManager::Secret")

    assert len(secrets) == 2
    for secret in secrets:
        assert secret["GenerateSecretString"] == {
            "ExcludePunctuation": True,
            "ExcludeCharacters": string.punctuation,  # the emulator knows only this one
            "PasswordLength": 44,
        }


def test_the_arns_of_the_secrets_are_outputs(stage):
    outputs = stage("options").pipeline["Outputs"]

    assert {"WebhookAppSecretArn", "WebhookShopSecretArn"} <= outputs.keys()


def test_messages_that_no_attempt_delivered_raise_an_alarm(stage):
    (alarm,) = (
        each["Properties"]
        for name, each in stage("options").resources("AWS::CloudWatch::Alarm").items()
        if name.startswith("OperationsWebhooksNotDelivered")
    )

    assert alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
    assert alarm["AlarmDescription"].endswith("docs/runbook.md#webhooksnotdelivered")


def test_on_the_emulator_the_url_is_a_parameter(stage):
    synthesized = stage("local")

    (item,) = json.loads(text_of(webhook(synthesized)["Environment"]["Variables"]["WEBHOOKS"]))

    assert (item["url"], item["loopback"]) == ("WebhookReceiverUrl", True)
    assert "WebhookReceiverUrl" in synthesized.pipeline["Parameters"]


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_without_webhooks_nothing_of_them_is_deployed(stage, name):
    text = json.dumps(stage(name).pipeline)

    assert "webhook" not in text.lower()
