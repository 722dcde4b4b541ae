"""Alarms and the dashboard: what an operator wants to be told, and the page of the runbook that helps then."""

from collections.abc import Sequence

from aws_cdk import Aws, Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from cdk import names
from cdk.config import StageConfig
from cdk.constructs.api import Api
from cdk.constructs.background import Background
from cdk.constructs.function import ScopedFunction
from cdk.constructs.queues import operators_queue
from cdk.constructs.workflows import Workflows
from cdk.specification import FunctionMetric
from functions.shared.keys import EVENT_SOURCE

RUNBOOK = "docs/runbook.md"
PERIOD = Duration.minutes(5)
LONG_WAIT_SECONDS = 3_600
WAITS_OUT_TROUBLE = logs.FilterPattern.string_value("$.details.name", "=", "WaitOutTrouble")
ENDED_BADLY = logs.FilterPattern.any(
    *(logs.FilterPattern.string_value("$.type", "=", f"Execution{end}") for end in ("Failed", "TimedOut", "Aborted"))
)
"""Lines of a state machine's log, as Step Functions writes them: a state that is entered, and how an execution ends."""


class Operations(Construct):
    """Alarms of a stage, their topic when there is an address to tell, and one dashboard.

    ``uploads`` is the queue in which uploads wait, ``held`` the queue that notes each held image; ``alarm_action``
    tells the operator, if there is an address.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        scoped_functions: Sequence[ScopedFunction],
        serve: lambda_.Function,
        workflows: Workflows,
        api: Api,
        background: Sequence[Background],
        uploads: sqs.Queue,
        event_bus: events.EventBus,
    ) -> None:
        super().__init__(scope, construct_id)
        self.alarm_action = self._tell(config.alarm_email) if config.alarm_email else None
        self.held = self._note_held(event_bus, config)
        held = self.held.metric_number_of_messages_sent(period=PERIOD, statistic="Sum")
        ingest = workflows.ingest
        every_function = [each.function for each in scoped_functions]
        failed = ingest.metric_failed(period=PERIOD)
        timed_out, aborted = ingest.metric_timed_out(period=PERIOD), ingest.metric_aborted(period=PERIOD)
        undelivered = workflows.undelivered.metric_approximate_number_of_messages_visible(
            period=PERIOD, statistic="Maximum"
        )
        waiting = uploads.metric_approximate_age_of_oldest_message(period=PERIOD, statistic="Maximum")
        queued = uploads.metric_approximate_number_of_messages_visible(period=PERIOD, statistic="Maximum")
        settle = workflows.settle
        delayed = self._count_in_logs("RemovalsDelayed", config, workflows, WAITS_OUT_TROUBLE)
        ended = self._count_in_logs("RemovalsEndedBadly", config, workflows, ENDED_BADLY)
        rejudged = self._count_in_logs("RejudgementsEndedBadly", config, workflows, ENDED_BADLY, machines=("rejudge",))
        reviews = self._count_in_logs("ReviewsEndedBadly", config, workflows, ENDED_BADLY, machines=("review",))
        serve_p95 = serve.metric_duration(period=PERIOD, statistic="p95")
        api_errors = api.stage.metric_server_error(period=PERIOD, statistic="Sum")

        self._alarm("IngestFailed", failed, "Executions of ingest ended FAILED")
        self._alarm("IngestTimedOut", timed_out, "Executions of ingest exceeded its time limit")
        self._alarm("IngestAborted", aborted, "Executions of ingest were stopped manually")
        self._alarm("ImagesHeld", held, "Moderation produced no verdict for some images; they are held, not published")
        self._alarm("UndeliveredEvents", undelivered, "Some events could not be delivered after all retries")
        self._alarm(
            "UploadsWaiting", waiting, "Uploads have been waiting for more than an hour", threshold=LONG_WAIT_SECONDS
        )
        self._alarm("SettleFailed", settle.metric_failed(period=PERIOD), "Executions of settle ended FAILED")
        self._alarm(
            "SettleTimedOut", settle.metric_timed_out(period=PERIOD), "Executions of settle exceeded its time limit"
        )
        self._alarm("SettleAborted", settle.metric_aborted(period=PERIOD), "Executions of settle were stopped manually")
        self._alarm("RemovalsDelayed", delayed, "Files of removed or replaced images could not be deleted yet")
        self._alarm("RemovalsEndedBadly", ended, "Removals or retirements ended before they were done")
        self._alarm("ReviewsEndedBadly", reviews, "Reviews ended before their fallback; the images are not published")
        for scoped in scoped_functions:
            function_alarms(self, scoped, action=self.alarm_action)
        self._alarm("RejudgementsEndedBadly", rejudged, "Executions of rejudge ended before they were done")
        self._alarm("ApiErrors", api_errors, "The API returned 5xx", threshold=5)
        for each in background:
            failed_messages = each.undelivered.metric_approximate_number_of_messages_visible(
                period=PERIOD, statistic="Maximum"
            )
            self._alarm(each.alarm_name, failed_messages, each.alarm_meaning)
        self._dashboard(
            config,
            {
                "Executions": [ingest.metric_started(period=PERIOD), ingest.metric_succeeded(period=PERIOD), failed],
                "Held images, undelivered events": [held, undelivered],
                "Uploads waiting": [queued],
                "Age of the oldest upload": [waiting],
                "Removals": [workflows.remove.metric_started(period=PERIOD), delayed, ended],
                "Time of an execution": [ingest.metric_time(period=PERIOD, statistic=p) for p in ("p50", "p95")],
                "Errors": [function.metric_errors(period=PERIOD) for function in every_function],
                "Throttles": [function.metric_throttles(period=PERIOD) for function in every_function],
                "serve": [serve.metric_duration(period=PERIOD, statistic="p50"), serve_p95],
                "API": [
                    api.stage.metric_count(period=PERIOD),
                    api.stage.metric_client_error(period=PERIOD),
                    api_errors,
                ],
            },
        )

    def _tell(self, address: str) -> cloudwatch.IAlarmAction:
        topic = sns.Topic(self, "Alarms", display_name="image-scaler", enforce_ssl=True)
        topic.add_subscription(subscriptions.EmailSubscription(address))
        topic.grant_publish(iam.ServicePrincipal("cloudwatch.amazonaws.com"))
        return actions.SnsAction(topic)

    def _note_held(self, event_bus: events.EventBus, config: StageConfig) -> sqs.Queue:
        """Return the queue to which each held image is noted: what to resume, and its metric is the alarm's."""
        queue = operators_queue(self, "HeldImages", config=config)
        events.Rule(
            self,
            "ImageHeld",
            description="An image is held because it has no verdict: put it into the operator's queue",
            event_bus=event_bus,
            event_pattern=events.EventPattern(source=[EVENT_SOURCE], detail_type=["Image Held"]),
            targets=[targets.SqsQueue(queue)],
        )
        return queue

    def _count_in_logs(
        self,
        name: str,
        config: StageConfig,
        workflows: Workflows,
        pattern: logs.IFilterPattern,
        *,
        machines: tuple[str, ...] = ("remove", "retire"),
    ) -> cloudwatch.Metric:
        """Return how many lines in the logs of state machines match; the metric is the stage's own."""
        namespace = names.metrics_namespace(config.name)
        for machine in machines:
            logs.MetricFilter(
                self,
                f"{name}Of{machine.title()}",
                log_group=workflows.logs[machine],
                filter_pattern=pattern,
                metric_namespace=namespace,
                metric_name=name,
            )
        return cloudwatch.Metric(namespace=namespace, metric_name=name, period=PERIOD, statistic="Sum")

    def _alarm(
        self, name: str, metric: cloudwatch.IMetric, meaning: str, *, threshold: float = 1, periods: int = 1
    ) -> None:
        runbook_alarm(self, name, metric, meaning, action=self.alarm_action, threshold=threshold, periods=periods)

    def _dashboard(self, config: StageConfig, graphs: dict[str, list[cloudwatch.IMetric]]) -> None:
        widgets: list[cloudwatch.IWidget] = [
            cloudwatch.GraphWidget(title=title, left=metrics, width=12) for title, metrics in graphs.items()
        ]
        cloudwatch.Dashboard(
            self,
            "Dashboard",
            # An account's regions share their dashboards.
            dashboard_name=f"image-scaler-{config.name}-{Aws.REGION}",
            widgets=[[widget] for widget in widgets],
        )


def function_alarms(scope: Construct, scoped: ScopedFunction, *, action: cloudwatch.IAlarmAction | None) -> None:
    """Add the alarms of a function's specification; ``action`` tells the operator."""
    metrics = {
        FunctionMetric.ERRORS: scoped.function.metric_errors(period=PERIOD),
        FunctionMetric.DURATION_P95: scoped.function.metric_duration(period=PERIOD, statistic="p95"),
    }
    for alarm in scoped.alarms:
        runbook_alarm(
            scope,
            alarm.name,
            metrics[alarm.metric],
            alarm.meaning,
            action=action,
            threshold=alarm.threshold,
            periods=alarm.periods,
        )


def runbook_alarm(
    scope: Construct,
    name: str,
    metric: cloudwatch.IMetric,
    meaning: str,
    *,
    action: cloudwatch.IAlarmAction | None,
    threshold: float = 1,
    periods: int = 1,
    section: str | None = None,
) -> cloudwatch.Alarm:
    """Alarm when ``metric`` reaches ``threshold`` in so many periods.

    The runbook's section has the alarm's name unless ``section`` says another. ``meaning`` is a sentence without its
    full stop; ``action`` tells the operator, where the stage has an address.
    """
    alarm = cloudwatch.Alarm(
        scope,
        name,
        alarm_description=f"{meaning}. What to do: {RUNBOOK}#{(section or name).lower()}",
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        evaluation_periods=periods,
        metric=metric,
        threshold=threshold,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )
    if action:
        alarm.add_alarm_action(action)
    return alarm
