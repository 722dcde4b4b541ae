"""``image-scaler preflight`` and ``smoke``: check an AWS account before a deployment, and a stage after it.

Commands that need AWS credentials import boto3 when they run; the extra `operator` installs it.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from image_scaler.cli.app import NEEDS_BOTO3, AsJson, CommandError, ExitCode, ProfileName, operator_of, profile_of
from image_scaler.cli.output import write_result
from image_scaler.client import Client
from image_scaler.client.calls import new_http

if TYPE_CHECKING:
    from image_scaler.operator.smoke import StepReport


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(preflight)
    app.command()(smoke)


def preflight(
    stage: Annotated[str, typer.Option(metavar="STAGE", help="The stage to deploy.")],
    assembly: Annotated[Path, typer.Option(metavar="DIR", help="The synthesized templates.")] = Path("cdk.out"),
    *,
    alarm_email: Annotated[bool, typer.Option(help="Whether alarms must have an address.")] = True,
    as_json: AsJson = False,
) -> None:
    """Check the AWS account and region of the environment's credentials before a stage is deployed there."""
    try:
        import boto3

        from image_scaler.operator.preflight import Preflight, Templates
    except ImportError as error:
        raise CommandError(NEEDS_BOTO3) from error
    checks = Preflight(Templates(assembly, stage), boto3.Session(), stage=stage, alarms_have_address=alarm_email)
    findings = checks.findings()
    for finding in findings:
        kind = "missing" if finding.stops else "advice"
        write_result(asdict(finding), f"{kind}  {finding.about}: {finding.problem}\n  {finding.do}", as_json=as_json)
    if any(finding.stops for finding in findings):
        raise typer.Exit(ExitCode.FAILED)


def smoke(
    flagged: Annotated[
        Path | None, typer.Option(metavar="FILE", exists=True, help="A picture that Rekognition flags.")
    ] = None,
    step: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Run only this step; may be repeated.")] = None,
    report: Annotated[Path | None, typer.Option(metavar="FILE", help="Write all reports there, as JSON.")] = None,
    profile: ProfileName = None,
    as_json: AsJson = False,
) -> None:
    """Test a deployed stage step by step; fail if it does not behave as expected (docs/aws.md)."""
    chosen = profile_of(profile)
    operator = operator_of(chosen) if chosen.aws else None
    from image_scaler.operator.smoke import STEPS, Outcome, SmokeTest

    if unknown := set(step or ()) - {each.name for each in STEPS}:
        raise CommandError(f"no step is called {', '.join(sorted(unknown))}; see docs/aws.md")
    reports = []
    with new_http() as http, Client.from_profile(chosen, http=http) as client:
        test = SmokeTest(client, chosen, http, operator, flagged)
        for each in test.run([each for each in STEPS if not step or each.name in step]):
            reports.append(asdict(each))
            write_result(reports[-1], _step_report(each), as_json=as_json)
    if report:
        report.write_text(json.dumps({"profile": chosen.name, "edge": chosen.edge, "steps": reports}, indent=2) + "\n")
    if any(each["outcome"] is Outcome.DIFFERS for each in reports):
        raise typer.Exit(ExitCode.FAILED)


def _step_report(report: "StepReport") -> str:
    line = (
        f"{report.outcome:<8} {report.step} {' '.join(report.findings)}  {report.seconds:.1f} s  {report.note}".rstrip()
    )
    if not report.read:
        return line
    more = {"expected": report.expected, "actual": report.actual, "read": report.read}
    return "\n".join([line, *(f"         {name:<8} {text}" for name, text in more.items())])
