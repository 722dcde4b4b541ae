"""The queue of uploads and its consumer `admit`; the mapping's maximum concurrency limits the uploads in progress.

EventBridge sends each upload event to the queue, and Lambda invokes `admit` with one message at a time. An invocation
lasts until the message's image has a final status (functions/admit).
"""

from typing import Final

from aws_cdk import Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from cdk.config import StageConfig
from cdk.constructs.function import ScopedFunction
from cdk.constructs.queues import DELIVERY_ATTEMPTS, DELIVERY_HOURS
from cdk.specification import allow

RETENTION: Final = Duration.days(14)
"""SQS's maximum. A burst must not take longer than this to process."""

MAX_RECEIVES: Final = 200
"""Every receive counts, including invocations that stopped waiting and those that Lambda throttled because the account
had no concurrency left. 200 receives take at least 36 hours, longer than an execution may take."""

VISIBILITY_MARGIN: Final = 1.1
"""Visibility timeout as a multiple of the function's timeout. Lambda requires at least 1."""


class Admission(Construct):
    """``queue`` holds the events of uploads that wait or are in progress.

    Events that cannot be delivered go to ``undelivered``.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        admit: lambda_.Function,
        upload_arrived: events.Rule,
        undelivered: sqs.Queue,
    ) -> None:
        super().__init__(scope, construct_id)
        if admit.timeout is None:
            raise ValueError("admit has no time limit")
        self.queue = sqs.Queue(
            self,
            "Uploads",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=config.enforce_tls,
            retention_period=RETENTION,
            visibility_timeout=Duration.seconds(round(admit.timeout.to_seconds() * VISIBILITY_MARGIN)),
            dead_letter_queue=sqs.DeadLetterQueue(max_receive_count=MAX_RECEIVES, queue=undelivered),
        )
        self.queue.grant_consume_messages(admit)
        mapping = lambda_.EventSourceMapping(
            self,
            "Mapping",
            target=admit,
            event_source_arn=self.queue.queue_arn,
            batch_size=1,
            max_concurrency=config.in_flight,
            report_batch_item_failures=True,
        )
        # When a running stack is updated, the rule must change its target last, once the queue accepts messages and has
        # a consumer. The policy names no rule, because it would then depend on the rule that has to wait for it.
        self.queue.add_to_resource_policy(self._from_rules_of_this_account())
        written_to = sqs.Queue.from_queue_arn(self, "Target", self.queue.queue_arn)  # its policy is set above
        upload_arrived.add_target(
            targets.SqsQueue(
                written_to,
                dead_letter_queue=undelivered,
                max_event_age=Duration.hours(DELIVERY_HOURS),
                retry_attempts=DELIVERY_ATTEMPTS,
            )
        )
        upload_arrived.node.add_dependency(mapping, self.queue)

    def let_send(self, function: ScopedFunction) -> None:
        """Let a function send messages to the queue, and give it the queue's URL."""
        function.function.add_environment("UPLOADS_QUEUE_URL", self.queue.queue_url)
        function.allow(allow("sqs:SendMessage", on=self.queue.queue_arn))

    def _from_rules_of_this_account(self) -> iam.PolicyStatement:
        rules = Stack.of(self).format_arn(service="events", resource="rule", resource_name="*")
        return iam.PolicyStatement(
            actions=["sqs:SendMessage"],
            resources=[self.queue.queue_arn],
            principals=[iam.ServicePrincipal("events.amazonaws.com")],
            conditions={"ArnLike": {"aws:SourceArn": rules}},
        )
