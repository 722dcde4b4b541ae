"""The rules of others: cfn-lint on what is deployed, cdk-nag with a reason for each finding that stands."""

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_s3 as s3
from cfnlint.api import ManualArgs, lint_file

from cdk import nag

CDK_WRITES_DEPENDENCIES_TWICE = "W3005"
"""cfn-lint's note on a DependsOn that a GetAtt implies; the CDK writes both."""


@pytest.mark.parametrize("stage_name", ["local", "dev", "prod", "options", "other"])
@pytest.mark.parametrize("stack", ["Pipeline", "Edge"])
def test_cfn_lint_finds_nothing(stage, stage_name, stack):
    template = stage(stage_name).directory / f"ImageScaler-{stage_name}-{stack}.template.json"

    findings = lint_file(
        template, config=ManualArgs(regions=["us-east-1"], ignore_checks=[CDK_WRITES_DEPENDENCIES_TWICE])
    )

    assert [f"{finding.rule.id} {finding.path} {finding.message}" for finding in findings] == []


def test_a_finding_of_cdk_nag_without_a_reason_fails_the_synth(tmp_path):
    app = App(outdir=str(tmp_path))
    s3.Bucket(Stack(app, "Careless"), "Bucket")

    nag.check(app)

    with pytest.raises(RuntimeError, match="server access logs disabled"):
        app.synth()


def test_a_reason_lets_one_finding_stand_and_no_other(tmp_path):
    app = App(outdir=str(tmp_path))
    bucket = s3.Bucket(Stack(app, "Careless"), "Bucket", enforce_ssl=True)
    other = s3.Bucket(Stack(app, "Other"), "Bucket", enforce_ssl=True)

    nag.check(app)
    nag.accept(bucket, "S1", "nobody reads it")

    with pytest.raises(RuntimeError, match="server access logs disabled"):
        app.synth()
    nag.accept(other, "S1", "nobody reads it either")
    app.synth(force=True)
