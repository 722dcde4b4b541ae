"""Deploys the functions of the Pipeline stack, except those with their own construct."""

from collections.abc import Mapping
from pathlib import Path

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from cdk.config import StageConfig, WarmStart
from cdk.constructs.function import ScopedFunction
from cdk.functions import SPECIFICATIONS
from cdk.specification import PipelineResources, allow


class Functions(Construct):
    """The functions of a stage. ``zips`` are the built packages by name.

    ``scoped`` holds the functions with their roles, ``by_name`` only the functions. The API invokes ``entry_points``:
    an alias if a warm start is configured, otherwise the function.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, resources: PipelineResources, zips: Mapping[str, Path]
    ) -> None:
        super().__init__(scope, construct_id)
        specifications = {
            name: specification
            for name, specification in SPECIFICATIONS.items()
            if not specification.has_own_construct and specification.is_deployed(resources.config)
        }
        self.scoped = {
            name: ScopedFunction(self, name.capitalize(), specification=specification, resources=resources, zips=zips)
            for name, specification in specifications.items()
        }
        self.by_name: dict[str, lambda_.Function] = {name: each.function for name, each in self.scoped.items()}
        self.entry_points: dict[str, lambda_.IFunction] = {
            name: self._entry_point(name, resources.config)
            for name, specification in specifications.items()
            if specification.answers_api
        }

    def let_start(self, machines: Mapping[str, sfn.StateMachine]) -> None:
        """Let functions start and describe executions of the state machines that their specifications name."""
        for name, scoped in self.scoped.items():
            starts, describes = SPECIFICATIONS[name].starts, SPECIFICATIONS[name].describes
            for used in dict.fromkeys((*starts, *describes)):
                scoped.function.add_environment(f"{used.upper()}_STATE_MACHINE_ARN", machines[used].state_machine_arn)
            for started in starts:
                scoped.allow(allow("states:StartExecution", on=machines[started].state_machine_arn))
            for described in describes:
                executions = Stack.of(self).format_arn(
                    service="states",
                    resource="execution",
                    resource_name=f"{machines[described].state_machine_name}:*",
                    arn_format=ArnFormat.COLON_RESOURCE_NAME,
                )
                reason = "The executions of one state machine; their names are unknown at deploy time."
                scoped.allow(allow("states:DescribeExecution", on=executions, reason=reason))

    def _entry_point(self, name: str, config: StageConfig) -> lambda_.IFunction:
        function = self.by_name[name]
        if config.warm_start is WarmStart.NONE:
            return function
        return lambda_.Alias(
            self,
            f"{name.capitalize()}Live",
            alias_name="live",
            version=function.current_version,
            provisioned_concurrent_executions=config.provisioned_concurrency or None,
        )
