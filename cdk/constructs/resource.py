"""The CloudFormation resource of a construct, for settings that the CDK's constructs lack, such as a fixed id."""

from typing import TypeVar

from aws_cdk import CfnElement
from constructs import IConstruct

Resource = TypeVar("Resource", bound=CfnElement)


def resource_of(construct: IConstruct, kind: type[Resource]) -> Resource:
    """Return the CloudFormation resource of a construct. Raises TypeError if it has none of this kind."""
    resource = construct.node.default_child
    if not isinstance(resource, kind):
        raise TypeError(f"{construct.node.path} has no {kind.__name__}")
    return resource
