"""The state machines and the rules that start them.

`ingest` takes an upload through the pipeline. The events of the rule `upload_arrived` go to a queue, from which `admit`
starts it (cdk/constructs/admission.py). `remove` deletes everything of one image; `manage` starts it. `retire` deletes
what a new revision replaced; `persist` and `manage` start it. `settle` looks after executions that ended badly (timed
out, aborted, failed): it writes FAILED into the record that one of ingest left behind, sends the event that it did not
send, and starts the others again. What reached neither queue nor state machine, after EventBridge's retries, is in the
queue of undelivered events.

The definitions are plain files, time limits included: `DefinitionBody.from_string` keeps them in the template, where
cfn-lint sees them.
"""

from pathlib import Path

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from cdk import names
from cdk.constructs.function import statement, use_of
from cdk.constructs.functions import Functions
from cdk.constructs.queues import DELIVERY_ATTEMPTS, DELIVERY_HOURS, operators_queue
from cdk.constructs.waits import removal_waits
from cdk.specification import PipelineResources, allow

DEFINITIONS = Path(__file__).resolve().parents[2] / "workflows"

RECORDS = ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
"""What writing a claim, an ending and a line of history takes."""


class Workflows(Construct):
    """The state machines of a stage, and the rule `upload_arrived` on the originals bucket's events."""

    def __init__(
        self, scope: Construct, construct_id: str, *, resources: PipelineResources, functions: Functions
    ) -> None:
        super().__init__(scope, construct_id)
        self._resources = resources
        self._functions = functions
        self.undelivered = operators_queue(self, "UndeliveredEvents", config=resources.config)
        self.logs: dict[str, logs.LogGroup] = {}
        self.invoked: dict[str, list[lambda_.Function]] = {}
        waits = removal_waits(resources.config).as_substitutions()
        self.remove = self._state_machine("remove", actions=("dynamodb:UpdateItem",), substitutions=waits)
        self.retire = self._state_machine(
            "retire", actions=("dynamodb:GetItem", "dynamodb:UpdateItem"), substitutions=waits
        )
        self.ingest = self._state_machine("ingest", actions=RECORDS, starts={"Retire": self.retire})
        self.settle = self._state_machine(
            "settle",
            actions=RECORDS,
            starts={"Remove": self.remove, "Retire": self.retire},
            substitutions={"TroubleSeconds": waits["TroubleSeconds"]},
        )
        self.upload_arrived = self._on_upload(resources.storage.originals)
        self._settle_what_ended_badly()

    @property
    def machines(self) -> dict[str, sfn.StateMachine]:
        """The state machines by the names of their definitions."""
        return {"ingest": self.ingest, "settle": self.settle, "remove": self.remove, "retire": self.retire}

    def _state_machine(
        self,
        name: str,
        *,
        actions: tuple[str, ...],
        substitutions: dict[str, str] | None = None,
        starts: dict[str, sfn.StateMachine] | None = None,
    ) -> sfn.StateMachine:
        """Return a state machine that may do ``actions`` to the table, send events, and start others.

        It may invoke the functions whose ARNs its definition contains.
        """
        config, table, event_bus = self._resources.config, self._resources.table, self._resources.event_bus
        definition = (DEFINITIONS / f"{name}.asl.json").read_text(encoding="utf-8")
        arns = {f"{each.capitalize()}FunctionArn": function for each, function in self._functions.by_name.items()}
        invoked = {arn: function for arn, function in arns.items() if f"${{{arn}}}" in definition}
        self.invoked[name] = list(invoked.values())
        self.logs[name] = logs.LogGroup(
            self,
            f"{name.title()}Logs",
            # Log groups under this prefix need no line in the account's resource policy, which takes 5,120 characters.
            log_group_name=f"/aws/vendedlogs/states/{names.stack_name(config.name, name.title())}",
            retention=config.log_retention,
            removal_policy=RemovalPolicy.DESTROY,
        )
        machine = sfn.StateMachine(
            self,
            name.title(),
            definition_body=sfn.DefinitionBody.from_string(definition),
            definition_substitutions={
                **{arn: function.function_arn for arn, function in invoked.items()},
                **{f"{each}StateMachineArn": started.state_machine_arn for each, started in (starts or {}).items()},
                "TableName": table.table_name,
                "EventBusName": event_bus.event_bus_name,
                **(substitutions or {}),
            },
            logs=sfn.LogOptions(
                destination=self.logs[name],
                # The data of a run is in its history in the console; log lines join by execution.
                include_execution_data=False,
                level=sfn.LogLevel.ALL,
            ),
            removal_policy=RemovalPolicy.DESTROY,
            state_machine_type=sfn.StateMachineType.STANDARD,
            tracing_enabled=True,
        )
        grants = [allow(*actions, on=table.table_arn), allow("events:PutEvents", on=event_bus.event_bus_arn)]
        if starts:
            machines = tuple(started.state_machine_arn for started in starts.values())
            grants.append(allow("states:StartExecution", on=machines))
        for grant in grants:
            machine.add_to_role_policy(statement(grant))
        for function in invoked.values():
            function.grant_invoke(machine)
        if self._resources.data_key:
            machine.add_to_role_policy(statement(use_of(self._resources.data_key)))
        return machine

    def _on_upload(self, originals: s3.Bucket) -> events.Rule:
        """Return the rule whose target Admission adds. It must keep its logical id: see docs/adr/0026."""
        return events.Rule(
            self,
            "UploadArrived",
            description="An original was written under uploads/: its ingest waits for its turn",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={
                    "bucket": {"name": [originals.bucket_name]},
                    "object": {"key": [{"wildcard": "uploads/*/original"}]},
                },
            ),
        )

    def _settle_what_ended_badly(self) -> None:
        rule = events.Rule(
            self,
            "IngestEndedBadly",
            description="An execution did not succeed: settle the record that it left behind, or start it again",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={
                    "stateMachineArn": [each.state_machine_arn for each in (self.ingest, self.remove, self.retire)],
                    "status": ["FAILED", "TIMED_OUT", "ABORTED"],
                },
            ),
        )
        rule.add_target(self._start(self.settle))

    def _start(self, machine: sfn.StateMachine) -> targets.SfnStateMachine:
        return targets.SfnStateMachine(
            machine,
            dead_letter_queue=self.undelivered,
            max_event_age=Duration.hours(DELIVERY_HOURS),
            retry_attempts=DELIVERY_ATTEMPTS,
        )
