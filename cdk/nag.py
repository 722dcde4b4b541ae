"""cdk-nag's rules of the pack AwsSolutions, and the reason for each finding that stands.

A reason is given to the one construct that it is about. A finding without one fails the synth of a real stage.
"""

from typing import Any

from aws_cdk import Acknowledgment, App, CfnElement, Stack, Validations
from cdk_nag import AwsSolutionsChecks
from constructs import Construct, IConstruct

from cdk.constructs.function import ScopedFunction
from cdk.constructs.resource import resource_of
from cdk.edge_stack import EdgeStack
from cdk.pipeline_stack import PipelineStack


def check(app: App) -> None:
    """Have the whole app checked at synth; findings that stand have their reasons beside the constructs."""
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))


def accept_in_pipeline(pipeline: PipelineStack) -> None:
    """Give the reasons for what stands in the Pipeline stack."""
    for scoped in pipeline.scoped_functions:
        _accept_in_function(scoped)
    _accept_in_workflows(pipeline)
    _accept_in_api(pipeline)
    if pipeline.prewarm:
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
    for scoped in edge.scoped_functions:
        _accept_in_function(scoped)
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


def _accept_in_function(scoped: ScopedFunction) -> None:
    """Give the reasons of a function's specification; a grant without one may have no wildcard."""
    accept(scoped.function, "L1", "Locks and native wheels are for Python 3.13; a newer runtime is a tested change.")
    reasons = {"*": ["X-Ray's actions take no resource."]}
    for grant in scoped.grants:
        for resource in grant.resources if grant.reason else ():
            reasons.setdefault(_as_cdk_nag_writes(resource, scoped), []).append(grant.reason)
    for resource, given in reasons.items():
        accept(scoped.role, f"IAM5[Resource::{resource}]", " ".join(dict.fromkeys(given)))


def _as_cdk_nag_writes(resource: str, scope: Construct) -> str:
    """Return an ARN in the spelling of cdk-nag's findings, such as ``<Originals.Arn>/uploads/*``."""
    return _text(Stack.of(scope).resolve(resource))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    ((function, argument),) = value.items()
    if function == "Fn::Join":
        separator, parts = argument
        return str(separator.join(map(_text, parts)))
    return f"<{argument if function == 'Ref' else '.'.join(argument)}>"


def _accept_in_workflows(pipeline: PipelineStack) -> None:
    workflows = pipeline.workflows
    for name, machine in workflows.machines.items():
        accept(machine.role, "IAM5[Resource::*]", "X-Ray and the delivery of logs take no resource.")
        for invoked in workflows.invoked[name]:
            function = _logical_id(invoked)
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
