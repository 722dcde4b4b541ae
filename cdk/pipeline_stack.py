"""The Pipeline stack: everything from an upload to a served image, composed of constructs."""

from collections.abc import Mapping
from pathlib import Path

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_kms as kms
from constructs import Construct

from cdk import names
from cdk.config import StageConfig
from cdk.constructs.admission import Admission
from cdk.constructs.api import Api
from cdk.constructs.background import Background
from cdk.constructs.function import ScopedFunction
from cdk.constructs.functions import Functions
from cdk.constructs.operations import Operations
from cdk.constructs.prewarm import Prewarm
from cdk.constructs.refine import Refinement
from cdk.constructs.resource import resource_of
from cdk.constructs.storage import Storage
from cdk.constructs.sweep import Sweep
from cdk.constructs.table import RecordsTable
from cdk.constructs.webhooks import Webhooks
from cdk.constructs.workflows import Workflows
from cdk.functions.prewarm import SPECIFICATION as PREWARM
from cdk.functions.refine import SPECIFICATION as REFINE
from cdk.functions.webhook import SPECIFICATION as WEBHOOK
from cdk.regions import require_rekognition
from cdk.specification import PipelineResources


class PipelineStack(Stack):
    """Buckets, table, functions, state machines, API and alarms of one stage.

    ``zips`` are the built packages by name. It does not refer to the Edge stack, which depends on it.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        zips: Mapping[str, Path],
        description: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id, description=description)
        if not config.runs_on_emulator:
            require_rekognition(self)
        data_key = self._data_key(config) if config.kms else None
        self.storage = Storage(self, "Storage", config=config, data_key=data_key)
        table = RecordsTable(self, "Records", config=config, data_key=data_key).table
        self.event_bus = events.EventBus(self, "Announcements", event_bus_name=f"image-scaler-{config.name}")
        resources = PipelineResources(
            config=config, storage=self.storage, table=table, event_bus=self.event_bus, data_key=data_key
        )
        self.functions = Functions(self, "Functions", resources=resources, zips=zips)
        self.prewarm = (
            Prewarm(self, "Prewarming", resources=resources, zips=zips) if PREWARM.is_deployed(config) else None
        )
        refinement = (
            Refinement(self, "Refinement", resources=resources, zips=zips) if REFINE.is_deployed(config) else None
        )
        self.webhooks = (
            Webhooks(self, "Webhooks", resources=resources, zips=zips) if WEBHOOK.is_deployed(config) else None
        )
        self.background: list[Background] = [
            each for each in (self.prewarm, refinement, self.webhooks) if each is not None
        ]
        self.workflows = Workflows(self, "Workflows", resources=resources, functions=self.functions)
        self.functions.let_start(self.workflows.machines)
        self.admission = Admission(
            self,
            "Admission",
            config=config,
            admit=self.functions.by_name["admit"],
            upload_arrived=self.workflows.upload_arrived,
            undelivered=self.workflows.undelivered,
        )
        Sweep(self, "Sweep", sweep=self.functions.scoped["sweep"], admission=self.admission)
        for sender in ("manage", "decide"):
            self.admission.let_send(self.functions.scoped[sender])
        self.api = Api(self, "Api", config=config, functions=self.functions)
        self.operations = Operations(
            self,
            "Operations",
            config=config,
            scoped_functions=self.scoped_functions,
            serve=self.functions.by_name["serve"],
            workflows=self.workflows,
            api=self.api,
            background=self.background,
            uploads=self.admission.queue,
            event_bus=self.event_bus,
        )
        self._outputs(
            {
                "ApiUrl": self.api.rest_api.url,
                "ApiId": self.api.rest_api.rest_api_id,
                "StateMachineArn": self.workflows.ingest.state_machine_arn,
                "SettleStateMachineArn": self.workflows.settle.state_machine_arn,
                "RemoveStateMachineArn": self.workflows.remove.state_machine_arn,
                "ReviewStateMachineArn": self.workflows.review.state_machine_arn,
                "RetireStateMachineArn": self.workflows.retire.state_machine_arn,
                "RejudgeStateMachineArn": self.workflows.rejudge.state_machine_arn,
                "TableName": table.table_name,
                "OriginalsBucket": self.storage.originals.bucket_name,
                "StagingBucket": self.storage.staging.bucket_name,
                "PublishedBucket": self.storage.published.bucket_name,
                "GeneratedBucket": self.storage.generated.bucket_name,
                "ReportsBucket": self.storage.reports.bucket_name,
                "UploadsQueueUrl": self.admission.queue.queue_url,
                "EventBusName": self.event_bus.event_bus_name,
                **{names.function_output(each.name): each.function.function_name for each in self.scoped_functions},
            }
        )
        if self.prewarm:
            self._outputs({"PrewarmQueueUrl": self.prewarm.queue.queue_url})
        if self.webhooks:
            secrets = self.webhooks.secret_arns.items()
            self._outputs({names.webhook_output(name): arn for name, arn in secrets})

    @property
    def scoped_functions(self) -> list[ScopedFunction]:
        """All functions of the stack."""
        return [*self.functions.scoped.values(), *(each.scoped for each in self.background)]

    def _data_key(self, config: StageConfig) -> kms.Key:
        key = kms.Key(
            self,
            names.DATA_KEY,
            description=f"image-scaler {config.name}: buckets and table",
            enable_key_rotation=True,
            removal_policy=config.data_removal_policy,
        )
        resource_of(key, kms.CfnKey).override_logical_id(names.DATA_KEY)
        return key

    def _outputs(self, values: dict[str, str]) -> None:
        for name, value in values.items():
            CfnOutput(self, f"Output{name}", value=value).override_logical_id(name)
