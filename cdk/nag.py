"""cdk-nag's rules of the pack AwsSolutions, and the reason for each finding that stands."""

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from cdk.pipeline_stack import PipelineStack


def check_with_nag(app: App, *, pipeline: PipelineStack) -> None:
    """Check the whole app at synth; a finding without a reason here fails it."""
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
