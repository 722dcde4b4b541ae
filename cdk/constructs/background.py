"""Functions that no request waits for: each takes messages from queues and retries failures."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from cdk.constructs.function import ScopedFunction
from cdk.constructs.queues import background_queue, operators_queue, process_in_background
from cdk.specification import FunctionSpecification, PipelineResources


class Background(Protocol):
    """A construct with a function that no request waits for.

    ``scoped`` is the function. ``undelivered`` holds the messages that failed after all attempts; the alarm
    ``alarm_name`` is raised when there are any. ``alarm_meaning`` is a sentence without its full stop.
    """

    scoped: ScopedFunction
    undelivered: sqs.Queue
    alarm_name: str
    alarm_meaning: str


class EventConsumer(Construct):
    """A function with a queue, and a rule that sends events to the queue.

    The queue limits how many events are processed at once, so that requests are not slowed down.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        specification: FunctionSpecification[PipelineResources],
        resources: PipelineResources,
        zips: Mapping[str, Path],
        queue_id: str,
        rule_id: str,
        rule_description: str,
        event_pattern: events.EventPattern,
        event_bus: events.IEventBus | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        config = resources.config
        self.undelivered = operators_queue(self, "Undelivered", config=config)
        self.queue = background_queue(
            self, queue_id, specification=specification, undelivered=self.undelivered, config=config
        )
        events.Rule(
            self,
            rule_id,
            description=rule_description,
            event_bus=event_bus,
            event_pattern=event_pattern,
            targets=[targets.SqsQueue(self.queue, dead_letter_queue=self.undelivered)],
        )
        function_id = specification.name.capitalize()
        self.scoped = ScopedFunction(self, function_id, specification=specification, resources=resources, zips=zips)
        process_in_background(self.queue, self.scoped.function, config=config)
