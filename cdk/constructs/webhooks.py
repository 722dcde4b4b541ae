"""Delivers events over HTTPS: for each webhook a rule, a queue and a secret; one function for all.

A message stays in its queue until the receiver accepts it. The function sets how long the queue hides it after each
failed attempt. After the last one the queue moves it to ``undelivered``.
"""

import string
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from aws_cdk import CfnParameter, RemovalPolicy, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from cdk import names
from cdk.config import Webhook
from cdk.constructs.function import ScopedFunction
from cdk.constructs.queues import background_queue, operators_queue, process_in_background
from cdk.constructs.resource import resource_of
from cdk.functions.webhook import SPECIFICATION
from cdk.specification import PipelineResources, allow
from functions.shared.keys import EVENT_SOURCE
from functions.shared.webhooks import ATTEMPTS, WEBHOOK_TYPES

SECRET_CHARACTERS: Final = 44
"""Letters and digits: 262 random bits. They are also base64 of 33 bytes; Standard Webhooks demands 24 to 64."""


class Webhooks(Construct):
    """Rules, queues, secrets and the function. ``undelivered`` holds messages that no attempt could deliver."""

    alarm_name = "WebhooksNotDelivered"
    alarm_meaning = "Some events could not be delivered to their webhooks"

    def __init__(
        self, scope: Construct, construct_id: str, *, resources: PipelineResources, zips: Mapping[str, Path]
    ) -> None:
        super().__init__(scope, construct_id)
        config = resources.config
        self.undelivered = operators_queue(self, "Undelivered", config=config)
        self.scoped = ScopedFunction(self, "Webhook", specification=SPECIFICATION, resources=resources, zips=zips)
        self.secrets: dict[str, secretsmanager.Secret] = {}
        self.secret_arns: dict[str, str] = {}
        described = []
        for each in config.webhooks:
            queue = background_queue(
                self,
                f"{each.name.title()}Queue",
                specification=SPECIFICATION,
                undelivered=self.undelivered,
                config=config,
                tries=ATTEMPTS,
                kept_days=5,  # all attempts take 75 h 35 min
            )
            secret = self.secrets[each.name] = self._secret(each)
            # The attribute is the ARN on AWS and on the emulator, whose Ref is the name.
            secret_arn = self.secret_arns[each.name] = resource_of(secret, secretsmanager.CfnSecret).attr_id
            self._rule(each, queue, event_bus=resources.event_bus)
            self.scoped.allow(allow("secretsmanager:GetSecretValue", on=secret_arn))
            process_in_background(queue, self.scoped.function, config=config, reports_failures=True)
            described.append(
                {
                    "name": each.name,
                    "url": self._url(each),
                    "secret": secret_arn,
                    "queue": queue.queue_arn,
                    "queue_url": queue.queue_url,
                    **({"loopback": True} if each.allow_loopback else {}),
                }
            )
        self.scoped.function.add_environment("WEBHOOKS", Stack.of(self).to_json_string(described))

    def _secret(self, webhook: Webhook) -> secretsmanager.Secret:
        return secretsmanager.Secret(
            self,
            f"{webhook.name.title()}Secret",
            description=f"image-scaler: signs the events for the webhook {webhook.name}",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                password_length=SECRET_CHARACTERS,
                exclude_punctuation=True,
                # The emulator knows only this option. With punctuation, the text is not base64 for one secret in four.
                exclude_characters=string.punctuation,
            ),
            removal_policy=RemovalPolicy.DESTROY,
        )

    def _rule(self, webhook: Webhook, queue: sqs.Queue, *, event_bus: events.IEventBus) -> None:
        types = webhook.events or tuple(WEBHOOK_TYPES)
        events.Rule(
            self,
            f"{webhook.name.title()}Events",
            description=f"image-scaler: events for the webhook {webhook.name}",
            event_bus=event_bus,
            event_pattern=events.EventPattern(
                source=[EVENT_SOURCE],
                detail_type=[WEBHOOK_TYPES[each] for each in types],
                detail=None if webhook.tenant is None else {"tenant": [webhook.tenant]},
            ),
            targets=[targets.SqsQueue(queue, dead_letter_queue=self.undelivered)],
        )

    def _url(self, webhook: Webhook) -> str:
        """Return the URL; on the emulator a parameter of the stack, because the receiver's port is free to choose."""
        if not webhook.allow_loopback:
            return webhook.url
        parameter = CfnParameter(self, f"{webhook.name.title()}Url", default=webhook.url)
        parameter.override_logical_id(names.webhook_parameter(webhook.name))
        return parameter.value_as_string
