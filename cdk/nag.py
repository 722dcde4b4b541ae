"""cdk-nag's rules of the pack AwsSolutions, and the reason for each finding that stands.

A reason is given to the one construct that it is about. A finding without one fails the synth of a real stage.
"""

from collections.abc import Sequence

from aws_cdk import Acknowledgment, App, CfnElement, Stack, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from cdk_nag import AwsSolutionsChecks
from constructs import Construct, IConstruct

from cdk import names
from cdk.constructs.resource import resource_of
from cdk.constructs.workflows import INVOKED
from cdk.edge_stack import EdgeStack
from cdk.pipeline_stack import PipelineStack

WILDCARDS = {
    "optimize": ("<Originals.Arn>/uploads/*", "<Staging.Arn>/*", "*"),
    "moderate": ("<Staging.Arn>/*", "*"),
    "blur": ("<Staging.Arn>/*", "*"),
    "persist": ("<Staging.Arn>/*", "<Published.Arn>/*", "<Generated.Arn>/images/*", "*"),
    "serve": ("<Published.Arn>/*", "<Generated.Arn>/images/*", "*"),
    "upload": ("<Originals.Arn>/uploads/*", "*"),
    "manage": ("*",),
    "remove": ("<Originals.Arn>/uploads/*", "<Staging.Arn>/*", "<Published.Arn>/*", "<Generated.Arn>/images/*", "*"),
}
"""The resources with a wildcard in the role of each function, as cdk-nag writes them."""


def check(app: App) -> None:
    """Have the whole app checked at synth; findings that stand have their reasons beside the constructs."""
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))


def accept_in_pipeline(pipeline: PipelineStack) -> None:
    """Give the reasons for what stands in the Pipeline stack."""
    _accept_in_functions(pipeline)
    _accept_in_workflows(pipeline)
    _accept_in_api(pipeline)
    if pipeline.prewarm:
        prewarm = pipeline.prewarm.prewarm
        _accept_in_function(prewarm.function, prewarm.role, WILDCARDS["serve"])
        accept(pipeline.prewarm.undelivered, "SQS3", "This is the dead-letter queue.")
    storage = pipeline.storage
    for bucket in (storage.originals, storage.staging, storage.published, storage.generated):
        accept(
            bucket,
            "S1",
            "Readers are the functions, which log each image, and CloudFront, which has access logs; whether to pay "
            "for data events of CloudTrail on top is the account's decision.",
        )


def accept_in_edge(edge: EdgeStack) -> None:
    """Give the reasons for what stands in the Edge stack."""
    for function in (edge.rotation, edge.purge.purge):
        accept(function, "L1", "Locks are for Python 3.13; a newer runtime is a tested change.")
        accept(function.role, "IAM5[Resource::*]", "X-Ray and GetRandomPassword take no resource.")
    _accept_in_access_logs(edge)
    distribution = edge.edge.distribution
    accept(
        edge.access_logs.bucket, "S1", "It holds access logs itself; logging its own readers would go round in circles."
    )
    accept(distribution, "CFR1", "Where images may be seen is the application's decision.")
    accept(distribution, "CFR2", "WAF stands in front of the API; at the edge, signatures decide.")
    accept(distribution, "CFR4", "TLS 1.2 is the minimum with a domain of one's own; CloudFront's name sets its own.")
    accept(edge.purge.undelivered, "SQS3", "This is the dead-letter queue.")


def _accept_in_access_logs(edge: EdgeStack) -> None:
    accept(edge.edge.distribution, "CFR3", "Standard logging v2 is no property of the distribution; see access_logs.")
    accept(
        edge.access_logs,
        "IAM5[Resource::arn:<AWS::Partition>:logs:us-east-1:<AWS::AccountId>:delivery:*]",
        "A delivery's id is made by the call that creates it.",
    )
    caller = edge.node.find_child("AWS679f53fac002430cb0da5b7982bd2287")  # what CDK calls AWS with
    accept(
        caller,
        "IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]",
        "CDK's own function, which it gives no other right to write its log.",
    )


def accept(construct: IConstruct, finding: str, reason: str) -> None:
    """Let one finding of AwsSolutions on a construct stand, for a reason."""
    Validations.of(construct).acknowledge(Acknowledgment(id=f"AwsSolutions::AwsSolutions-{finding}", reason=reason))


def _accept_in_functions(pipeline: PipelineStack) -> None:
    for name in names.FUNCTIONS:
        function = pipeline.functions.by_name[name]
        _accept_in_function(function, _role_of(function), WILDCARDS[name])
    manage = pipeline.functions.by_name["manage"]
    removals = f"execution:<{_logical_id(pipeline.workflows.remove)}.Name>:*"
    accept(
        _role_of(manage),
        f"IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:{removals}]",
        "The executions of one state machine; which one removes an image is unknown at deploy time.",
    )


def _role_of(function: lambda_.Function) -> iam.IRole:
    if function.role is None:
        raise TypeError(f"{function.node.path} has no role")
    return function.role


def _accept_in_function(function: lambda_.Function, role: iam.IRole, wildcards: Sequence[str]) -> None:
    accept(function, "L1", "Locks and native wheels are for Python 3.13; a newer runtime is a tested change.")
    for resource in wildcards:
        reason = (
            "X-Ray's and Rekognition's actions take no resource."
            if resource == "*"
            else "Keys begin with an image's id, unknown at deploy time; bucket and prefix are exact."
        )
        accept(role, f"IAM5[Resource::{resource}]", reason)


def _accept_in_workflows(pipeline: PipelineStack) -> None:
    workflows = pipeline.workflows
    for name, machine in workflows.machines.items():
        accept(machine.role, "IAM5[Resource::*]", "X-Ray and the delivery of logs take no resource.")
        for invoked in INVOKED[name]:
            function = _logical_id(pipeline.functions.by_name[invoked])
            accept(
                machine.role,
                f"IAM5[Resource::<{function}.Arn>:*]",
                "The versions of one function, so that a run survives a deploy.",
            )
    accept(workflows.undelivered, "SQS3", "This is the dead-letter queue, of EventBridge's rules.")
    accept(pipeline.operations.held, "SQS3", "Nothing consumes it by itself, so nothing can fail to.")


def _accept_in_api(pipeline: PipelineStack) -> None:
    api = pipeline.api.rest_api
    accept(api, "APIG2", "The functions validate, and their problem documents name the field.")
    accept(pipeline.api.stage, "APIG3", "The edge stack associates its web ACL with this stage.")
    for rule in ("APIG4", "COG4"):
        accept(
            api,
            rule,
            "Callers are authenticated by CloudFront's signatures; WAF lets in only what carries the edge's secret.",
        )
    accept(
        api,
        "IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]",
        "AWS's own policy for API Gateway's account-wide right to write logs.",
    )


def _logical_id(construct: Construct) -> str:
    return str(Stack.of(construct).resolve(resource_of(construct, CfnElement).logical_id))
