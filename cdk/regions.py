"""The regions in which a stage can be deployed: those with Rekognition.

Without Rekognition every image would be held. The template contains a rule, so that CloudFormation refuses the
deployment before it creates anything.
"""

from typing import Final

from aws_cdk import CfnRule, CfnRuleAssertion, Fn, Stack

REKOGNITION_REGIONS: Final = (
    *("ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ap-southeast-5"),
    *("ap-southeast-7", "ca-central-1", "eu-central-1", "eu-south-2", "eu-west-1", "eu-west-2", "il-central-1"),
    *("sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2"),
)
"""Rekognition's regions. Source: botocore's endpoints; a test compares them."""


def require_rekognition(stack: Stack) -> None:
    """Have CloudFormation refuse to deploy the stack in a region without Rekognition."""
    CfnRule(
        stack,
        "RegionHasRekognition",
        assertions=[
            CfnRuleAssertion(
                assert_=Fn.condition_contains(list(REKOGNITION_REGIONS), stack.region),
                assert_description=f"the stage needs Rekognition, which is in {', '.join(REKOGNITION_REGIONS)}",
            )
        ],
    )
