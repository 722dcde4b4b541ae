"""The state machines and the rules that start them.

`ingest` takes an upload through the pipeline; an "Object Created" event of the originals bucket starts it. `settle`
writes FAILED into a record whose execution ended without doing so itself (timed out, aborted, failed outside a
state's Catch). What no state machine took, after EventBridge's retries, lies in the queue of undelivered events.

The definitions are plain files, time limits included: `DefinitionBody.from_string` keeps them in the template, where
cfn-lint sees them.
"""

from pathlib import Path

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from cdk.config import StageConfig
from cdk.constructs.function import allow, use_of
from cdk.constructs.functions import UPLOADS, Functions
from cdk.constructs.queues import operators_queue

DEFINITIONS = Path(__file__).resolve().parents[2] / "workflows"

INGEST_STATES = ("optimize", "moderate", "blur", "persist")
"""The functions that the state machine `ingest` invokes."""


class Workflows(Construct):
    """The state machines of a stage, started by the originals bucket's events."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        functions: Functions,
        originals: s3.Bucket,
        table: dynamodb.Table,
        event_bus: events.EventBus,
        data_key: kms.Key | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._config = config
        self._table = table
        self._event_bus = event_bus
        self._data_key = data_key
        self.undelivered = operators_queue(self, "UndeliveredEvents", config=config)
        self.ingest = self._ingest(functions, originals)
        self.settle = self._settle()
        self._start_ingest_on_upload(originals)
        self._settle_what_ended_badly()

    def _ingest(self, functions: Functions, originals: s3.Bucket) -> sfn.StateMachine:
        invoked = {name: functions.by_name[name] for name in INGEST_STATES}
        machine = self._state_machine(
            "Ingest",
            definition="ingest.asl.json",
            substitutions={
                **{f"{name.capitalize()}FunctionArn": function.function_arn for name, function in invoked.items()},
                "TableName": self._table.table_name,
                "EventBusName": self._event_bus.event_bus_name,
            },
        )
        machine.add_to_role_policy(allow(["dynamodb:GetItem"], self._table.table_arn))
        # An upload that came too late: the version that its event names, or the object where it names none.
        machine.add_to_role_policy(
            allow(["s3:DeleteObject", "s3:DeleteObjectVersion"], originals.arn_for_objects(UPLOADS))
        )
        for function in invoked.values():
            function.grant_invoke(machine)
        return machine

    def _settle(self) -> sfn.StateMachine:
        return self._state_machine(
            "Settle",
            definition="settle.asl.json",
            substitutions={"TableName": self._table.table_name, "EventBusName": self._event_bus.event_bus_name},
        )

    def _state_machine(self, title: str, *, definition: str, substitutions: dict[str, str]) -> sfn.StateMachine:
        config = self._config
        removal = RemovalPolicy.RETAIN if config.keep_data else RemovalPolicy.DESTROY
        machine = sfn.StateMachine(
            self,
            title,
            definition_body=sfn.DefinitionBody.from_string((DEFINITIONS / definition).read_text(encoding="utf-8")),
            definition_substitutions=substitutions,
            logs=sfn.LogOptions(
                destination=logs.LogGroup(
                    self,
                    f"{title}Logs",
                    retention=config.log_retention,
                    removal_policy=removal,
                ),
                # The data of a run stands in its history in the console; log lines join by execution.
                include_execution_data=False,
                level=sfn.LogLevel.ALL,
            ),
            removal_policy=removal,
            state_machine_type=sfn.StateMachineType.STANDARD,
            tracing_enabled=True,
        )
        machine.add_to_role_policy(allow(["dynamodb:PutItem", "dynamodb:UpdateItem"], self._table.table_arn))
        machine.add_to_role_policy(allow(["events:PutEvents"], self._event_bus.event_bus_arn))
        if self._data_key:
            machine.add_to_role_policy(use_of(self._data_key))
        return machine

    def _start_ingest_on_upload(self, originals: s3.Bucket) -> None:
        rule = events.Rule(
            self,
            "UploadArrived",
            description="An original was written under uploads/: start the ingest workflow",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={
                    "bucket": {"name": [originals.bucket_name]},
                    "object": {"key": [{"wildcard": "uploads/*/original"}]},
                },
            ),
        )
        rule.add_target(self._start(self.ingest))

    def _settle_what_ended_badly(self) -> None:
        rule = events.Rule(
            self,
            "IngestEndedBadly",
            description="An execution of ingest did not succeed: settle the record that it may have left behind",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={
                    "stateMachineArn": [self.ingest.state_machine_arn],
                    "status": ["FAILED", "TIMED_OUT", "ABORTED"],
                },
            ),
        )
        rule.add_target(self._start(self.settle))

    def _start(self, machine: sfn.StateMachine) -> targets.SfnStateMachine:
        return targets.SfnStateMachine(
            machine,
            dead_letter_queue=self.undelivered,
            max_event_age=Duration.hours(24),
            retry_attempts=185,  # EventBridge's own maximum, spread over the 24 hours
        )
