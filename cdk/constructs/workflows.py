"""The state machines and the rules that start them.

`ingest` takes an upload through the pipeline. The events of the rule `upload_arrived` go to a queue, from which `admit`
starts it (cdk/constructs/admission.py). `remove` deletes everything of one image; `manage` starts it. `retire` deletes
what a new revision replaced; `persist`, `manage` and `decide` start it. `review` waits until the review of an image is
due; the event that the image is in review starts it. `rejudge` applies a policy to stored labels; `policies` starts it.
`settle` looks after executions that ended badly (timed out, aborted, failed): it writes FAILED into the record that one
of ingest left behind, sends the event that it did not send, and starts removals, retirements and reviews again. What
reached neither queue nor state machine, after EventBridge's retries, is in the queue of undelivered events.

The definitions are plain files, time limits included: `DefinitionBody.from_string` keeps them in the template, where
cfn-lint sees them.
"""

from pathlib import Path

from aws_cdk import ArnFormat, Duration, RemovalPolicy, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
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
from functions.shared.keys import EVENT_SOURCE

DEFINITIONS = Path(__file__).resolve().parents[2] / "workflows"

IN_REVIEW_EVENT = "Image In Review"
"""The type of the event that starts `review`; tests compare it with the one that functions send."""

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
        self.review = self._state_machine("review", actions=("dynamodb:GetItem",))
        self.settle = self._state_machine(
            "settle",
            actions=RECORDS,
            starts={"Remove": self.remove, "Retire": self.retire, "Review": self.review},
            substitutions={"TroubleSeconds": waits["TroubleSeconds"]},
        )
        self.rejudge = self._rejudge()
        self.upload_arrived = self._on_upload(resources.storage.originals)
        self._settle_what_ended_badly()
        self._review_what_is_in_review()

    @property
    def machines(self) -> dict[str, sfn.StateMachine]:
        """The state machines by the names of their definitions."""
        return {
            "ingest": self.ingest,
            "settle": self.settle,
            "remove": self.remove,
            "retire": self.retire,
            "review": self.review,
            "rejudge": self.rejudge,
        }

    def _rejudge(self) -> sfn.StateMachine:
        """Return the state machine `rejudge`, which may also list the reports and run the items of its Maps.

        A distributed Map starts an execution of its own state machine for each item, so the grant names the machine
        that has the role: it is a policy of its own, because the role's other policy is deployed before the machine.
        """
        reports = self._resources.storage.reports
        machine = self._state_machine("rejudge", substitutions={"ReportsBucketName": reports.bucket_name})
        machine.add_to_role_policy(statement(allow("s3:ListBucket", on=reports.bucket_arn)))
        items = Stack.of(self).format_arn(
            service="states",
            resource="execution",
            resource_name=f"{machine.state_machine_name}/*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        grants = [
            allow("states:StartExecution", on=machine.state_machine_arn),
            allow("states:DescribeExecution", "states:StopExecution", on=items),
        ]
        iam.Policy(self, names.REJUDGE_ITEMS, roles=[machine.role], statements=list(map(statement, grants)))
        return machine

    def _state_machine(
        self,
        name: str,
        *,
        actions: tuple[str, ...] = (),
        substitutions: dict[str, str] | None = None,
        starts: dict[str, sfn.StateMachine] | None = None,
    ) -> sfn.StateMachine:
        """Return a state machine that may do ``actions`` to the table, and start others.

        It may invoke the functions whose ARNs its definition contains, and send events if it names the bus.
        """
        config, table, event_bus = self._resources.config, self._resources.table, self._resources.event_bus
        definition = (DEFINITIONS / f"{name}.asl.json").read_text(encoding="utf-8")
        arns = {f"{each.capitalize()}FunctionArn": function for each, function in self._functions.by_name.items()}
        invoked = {arn: function for arn, function in arns.items() if f"${{{arn}}}" in definition}
        sends_events = "${EventBusName}" in definition
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
                **({"TableName": table.table_name} if actions else {}),
                **({"EventBusName": event_bus.event_bus_name} if sends_events else {}),
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
        grants = [allow(*actions, on=table.table_arn)] if actions else []
        if sends_events:
            grants.append(allow("events:PutEvents", on=event_bus.event_bus_arn))
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
        settled = (self.ingest, self.remove, self.retire, self.review)
        rule = events.Rule(
            self,
            "IngestEndedBadly",
            description="An execution did not succeed: settle the record that it left behind, or start it again",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={
                    "stateMachineArn": [each.state_machine_arn for each in settled],
                    "status": ["FAILED", "TIMED_OUT", "ABORTED"],
                },
            ),
        )
        rule.add_target(self._start(self.settle))

    def _review_what_is_in_review(self) -> None:
        rule = events.Rule(
            self,
            "ReviewBegan",
            description="An image is in review: wait until it is decided, or apply the fallback",
            event_bus=self._resources.event_bus,
            event_pattern=events.EventPattern(
                source=[EVENT_SOURCE],
                detail_type=[IN_REVIEW_EVENT],
                detail={"image_id": events.Match.exists()},
            ),
        )
        rule.add_target(self._start(self.review, events.RuleTargetInput.from_event_path("$.detail")))

    def _start(
        self, machine: sfn.StateMachine, document: events.RuleTargetInput | None = None
    ) -> targets.SfnStateMachine:
        return targets.SfnStateMachine(
            machine,
            input=document,
            dead_letter_queue=self.undelivered,
            max_event_age=Duration.hours(DELIVERY_HOURS),
            retry_attempts=DELIVERY_ATTEMPTS,
        )
