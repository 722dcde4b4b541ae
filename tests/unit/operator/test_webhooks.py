"""The secret of a webhook: read, and replaced while the previous one still signs."""

import base64
import json

import pytest
from standardwebhooks import Webhook

from functions.webhook.secrets import SigningSecrets
from image_scaler.operator.errors import OperatorError
from image_scaler.operator.stage import Operator
from image_scaler.operator.webhooks import WebhookSecret
from image_scaler.profiles import Aws
from tests.fakes.aws import REGION, mock_aws, new_client


@pytest.fixture
def secret_arn():
    with mock_aws():
        arn = new_client("secretsmanager").create_secret(Name="w", SecretString="A" * 44)["ARN"]
        template = {
            "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
            "Outputs": {"WebhookAppSecretArn": {"Value": arn}},
        }
        new_client("cloudformation").create_stack(
            StackName="ImageScaler-dev-Pipeline", TemplateBody=json.dumps(template)
        )
        yield arn


@pytest.fixture
def operator(secret_arn, monkeypatch):
    for name in ("AWS_ENDPOINT_URL", "AWS_CA_BUNDLE", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    return Operator(Aws(stage="dev", region=REGION, access_key="test"))


def test_the_secret_has_the_form_of_standard_webhooks(operator):
    secret = WebhookSecret(operator, "app").read()

    assert secret == f"whsec_{'A' * 44}"
    assert 24 <= len(base64.b64decode(secret.removeprefix("whsec_"))) <= 64


def test_after_a_rotation_both_secrets_sign(operator, secret_arn):
    before = WebhookSecret(operator, "app").read()

    after = WebhookSecret(operator, "app").rotate()

    signers = SigningSecrets(new_client("secretsmanager")).signers(secret_arn)
    assert before != after == WebhookSecret(operator, "app").read()
    assert [each._whsecret for each in signers] == [Webhook(after)._whsecret, Webhook(before)._whsecret]


def test_a_webhook_that_the_stage_does_not_have_is_named(operator):
    with pytest.raises(OperatorError, match="has no output WebhookShopSecretArn"):
        WebhookSecret(operator, "shop")
