"""``image-scaler policy diff`` and ``image-scaler rejudge``: what a policy would change, and changing it."""

from typing import Annotated

import typer

from image_scaler.cli.app import AsJson, CommandError, ExitCode, ProfileName, profile_of
from image_scaler.cli.output import write_note, write_result
from image_scaler.client import Client, Rejudgement

Tenant = Annotated[str | None, typer.Option(help="Tenant (default: `default`).")]
PolicyName = Annotated[str, typer.Option("--policy", help="Name of the policy.")]


def register(app: typer.Typer) -> None:
    """Add the command `rejudge`."""
    app.command()(rejudge)


def register_diff(policy: typer.Typer) -> None:
    """Add the command `diff` to those about policies."""
    policy.command()(diff)


def diff(
    candidate: Annotated[str, typer.Argument(metavar="A", help="A version: its digest, `shadow` or `active`.")],
    against: Annotated[str, typer.Argument(metavar="B", help="The version to compare it with.")] = "active",
    name: PolicyName = "default",
    tenant: Tenant = None,
    profile: ProfileName = None,
    as_json: AsJson = False,
) -> None:
    """Count how decisions on all stored images would change from policy B to policy A. Nothing is changed."""
    with Client.from_profile(profile_of(profile)) as client:
        started = client.rejudgements.diff(candidate, against, policy=name, tenant=tenant)
        _finish(client, started, as_json=as_json)


def rejudge(
    apply: Annotated[bool, typer.Option("--apply", help="Change the images, instead of only counting them.")] = False,
    manifest: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Apply the manifest of a dry run, or continue an interrupted rejudgement."),
    ] = None,
    cap: Annotated[int | None, typer.Option(min=0, help="Change nothing if more images would change.")] = None,
    confirm: Annotated[bool, typer.Option("--confirm", help="Change the images even if they exceed the cap.")] = False,
    name: PolicyName = "default",
    tenant: Tenant = None,
    profile: ProfileName = None,
    as_json: AsJson = False,
) -> None:
    """Judge all stored images by the active policy, from their stored labels."""
    if manifest and tenant:
        raise CommandError("--tenant cannot be combined with --manifest, which determines the tenant")
    with Client.from_profile(profile_of(profile)) as client:
        if manifest:
            started = client.rejudgements.apply(manifest, cap=cap, confirm=confirm)
        else:
            mode = "apply" if apply else "dry_run"
            started = client.rejudgements.start(mode=mode, policy=name, tenant=tenant, cap=cap, confirm=confirm)
        _finish(client, started, as_json=as_json)


def _finish(client: Client, started: Rejudgement, *, as_json: bool) -> None:
    """Wait for the end and print the report; fail unless the rejudgement did what was asked for."""
    write_note(f"rejudgement {started.id}, manifest {started.manifest}")
    ended = client.rejudgements.wait(started.id, on_change=None if as_json else _report_progress)
    write_result(ended.document, _described(ended), as_json=as_json)
    if ended.status not in {"REPORTED", "APPLIED"}:
        raise typer.Exit(ExitCode.FAILED)


def _report_progress(rejudgement: Rejudgement) -> None:
    (surveyed, days), (applied, parts) = rejudgement.days, rejudgement.parts
    write_note(f"{surveyed} of {days} days surveyed, {applied} of {parts} parts applied")


def _described(rejudgement: Rejudgement) -> str:
    """Return a rejudgement as text for people."""
    lines = [f"{rejudgement.id}  {rejudgement.status}"]
    lines += [f"  {said}" for said in (rejudgement.detail, rejudgement.error) if said]
    report = rejudgement.report
    lines += [f"  {name:<13}{count}" for name, count in report.get("images", {}).items()]
    for name, transition in report.get("transitions", {}).items():
        labels = ", ".join(f"{label} {count}" for label, count in transition["labels"].items())
        lines.append(f"  {name:<13}{transition['count']}" + (f"  ({labels})" if labels else ""))
        lines.append(f"  {'':<13}for example {' '.join(transition['examples'])}")
    lines += [f"  {outcome:<13}{count}" for outcome, count in report.get("outcomes", {}).items()]
    return "\n".join(lines)
