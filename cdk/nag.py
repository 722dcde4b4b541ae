"""cdk-nag's rules of the pack AwsSolutions, and the reason for each suppressed finding.

Each reason applies to one construct. A finding without a reason fails the synth of a real stage.
"""

from typing import Any

from aws_cdk import Acknowledgment, App, CfnElement, Stack, Validations
from cdk_nag import AwsSolutionsChecks
from constructs import Construct, IConstruct

from cdk import names
from cdk.constructs.function import ScopedFunction
from cdk.constructs.resource import resource_of
from cdk.edge_stack import EdgeStack
from cdk.pipeline_stack import PipelineStack


def check(app: App) -> None:
    """Check the whole app at synth; the reasons for suppressed findings are attached to the constructs."""
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))


def accept_in_pipeline(pipeline: PipelineStack) -> None:
    """Suppress findings in the Pipeline stack, with reasons."""
    for scoped in pipeline.scoped_functions:
        _accept_in_function(scoped)
    _accept_in_workflows(pipeline)
    _accept_in_api(pipeline)
    for each in pipeline.background:
        accept(each.undelivered, "SQS3", "This is the dead-letter queue.")
    if pipeline.webhooks:
        for secret in pipeline.webhooks.secrets.values():
            accept(
                secret,
                "SMG4",
                "The receiver must get each new secret, so an operator rotates it.",
            )
    storage = pipeline.storage
    for bucket in (storage.originals, storage.staging, storage.published, storage.generated, storage.reports):
        accept(
            bucket,
            "S1",
            "The readers are the functions, which log each image, and CloudFront, which has access logs; the account "
            "decides whether to pay for CloudTrail data events in addition.",
        )


def accept_in_edge(edge: EdgeStack) -> None:
    """Suppress findings in the Edge stack, with reasons."""
    for scoped in edge.scoped_functions:
        _accept_in_function(scoped)
    _accept_in_access_logs(edge)
    distribution = edge.edge.distribution
    accept(edge.access_logs.bucket, "S1", "It holds access logs itself; logging access to them would be circular.")
    accept(distribution, "CFR1", "The application decides in which countries images may be viewed.")
    accept(distribution, "CFR2", "WAF protects the API; the edge checks signatures.")
    accept(distribution, "CFR4", "The minimum is TLS 1.2 with a custom domain; for CloudFront's own name it is fixed.")
    accept(edge.purge.undelivered, "SQS3", "This is the dead-letter queue.")


def _accept_in_access_logs(edge: EdgeStack) -> None:
    accept(
        edge.edge.distribution, "CFR3", "Standard logging v2 is not a property of the distribution; see access_logs."
    )
    accept(
        edge.access_logs,
        "IAM5[Resource::arn:<AWS::Partition>:logs:us-east-1:<AWS::AccountId>:delivery:*]",
        "The call that creates a delivery generates its id.",
    )
    caller = edge.node.find_child("AWS679f53fac002430cb0da5b7982bd2287")  # the CDK's function that calls AWS
    accept(
        caller,
        "IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]",
        "The CDK's own function; this policy only lets it write its log.",
    )


def accept(construct: IConstruct, finding: str, reason: str) -> None:
    """Suppress one finding of AwsSolutions on a construct, with a reason."""
    Validations.of(construct).acknowledge(Acknowledgment(id=f"AwsSolutions::AwsSolutions-{finding}", reason=reason))


def _accept_in_function(scoped: ScopedFunction) -> None:
    """Use the reasons in a function's specification; a grant without a reason must not have a wildcard."""
    accept(scoped.function, "L1", "Locks and native wheels are for Python 3.13; a newer runtime needs tests first.")
    reasons = {"*": ["X-Ray's actions do not support resources."]}
    for grant in scoped.grants:
        for resource in grant.resources if grant.reason else ():
            reasons.setdefault(_as_cdk_nag_writes(resource, scoped), []).append(grant.reason)
    for resource, given in reasons.items():
        accept(scoped.role, f"IAM5[Resource::{resource}]", " ".join(dict.fromkeys(given)))


def _as_cdk_nag_writes(resource: str, scope: Construct) -> str:
    """Return an ARN as cdk-nag's findings spell it, such as ``<Originals.Arn>/uploads/*``."""
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
        accept(machine.role, "IAM5[Resource::*]", "X-Ray and log delivery do not support resources.")
        for invoked in workflows.invoked[name]:
            function = _logical_id(invoked)
            accept(
                machine.role,
                f"IAM5[Resource::<{function}.Arn>:*]",
                "The versions of one function, so that a run survives a deploy.",
            )
    items = Stack.of(workflows).resolve(workflows.rejudge.state_machine_name)
    accept(
        workflows.node.find_child(names.REJUDGE_ITEMS),
        f"IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:{_text(items)}/*]",
        "The executions of the Maps of one state machine; their names are unknown at deploy time.",
    )
    accept(workflows.undelivered, "SQS3", "This is the dead-letter queue of EventBridge's rules.")
    accept(pipeline.operations.held, "SQS3", "It has no automatic consumer that could fail.")


def _accept_in_api(pipeline: PipelineStack) -> None:
    api = pipeline.api.rest_api
    accept(api, "APIG2", "The functions validate, and their problem documents name the field.")
    accept(pipeline.api.stage, "APIG3", "The edge stack associates its web ACL with this stage.")
    for rule in ("APIG4", "COG4"):
        accept(
            api,
            rule,
            "CloudFront's signatures authenticate callers; WAF accepts only requests with the edge's secret.",
        )
    accept(
        api,
        "IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]",
        "AWS's own policy that lets API Gateway write logs, account-wide.",
    )


def _logical_id(construct: Construct) -> str:
    return str(Stack.of(construct).resolve(resource_of(construct, CfnElement).logical_id))
