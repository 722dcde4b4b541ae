"""``image-scaler get``, ``list``, ``history``, ``explain``, ``focus``, ``verdict``, ``hold`` and ``delete``."""

from datetime import datetime, timedelta
from itertools import islice
from typing import Annotated

import typer

from image_scaler.cli.app import AsJson, CommandError, ExitCode, ProfileName, profile_of
from image_scaler.cli.durations import duration, past
from image_scaler.cli.output import describe, summary, write_note, write_result
from image_scaler.client import Client, Image
from image_scaler.client.service import BROWSER_ACCEPT, PAGE_SIZE

ImageId = Annotated[str, typer.Argument(metavar="ID", help="The image's id.")]
ImageIds = Annotated[list[str], typer.Argument(metavar="ID...", help="The images' ids.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(get)
    app.command("list")(list_images)
    app.command()(history)
    app.command()(explain)
    app.command()(focus)
    app.command()(verdict)
    app.command()(hold)
    app.command()(delete)


def get(image_id: ImageId, profile: ProfileName = None, as_json: AsJson = False) -> None:
    """Print an image's record: its status, labels and verdict."""
    with Client.from_profile(profile_of(profile)) as client:
        image = client.get(image_id)
    write_result(image.document, describe(image), as_json=as_json)


def list_images(
    status: Annotated[str | None, typer.Option(help="Print only images with this status, such as HELD.")] = None,
    owner: Annotated[str | None, typer.Option(help="Print only images of this owner.")] = None,
    verdict: Annotated[
        str | None, typer.Option(help="Print only images with this decision in force, such as blur.")
    ] = None,
    label: Annotated[str | None, typer.Option(help="Print only images with this label of the detector.")] = None,
    sha256: Annotated[str | None, typer.Option(help="Print only images whose uploaded bytes have this hash.")] = None,
    since: Annotated[
        datetime | None,
        typer.Option(parser=past, metavar="TIME", help="Only images created since a time, or since 2h ago."),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(parser=past, metavar="TIME", help="Only images created before a time, or before 2h ago."),
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="Tenant (default: `default`).")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Maximum number of images.")] = 25,
    every: Annotated[bool, typer.Option("--all", help="Print all images.")] = False,
    profile: ProfileName = None,
    as_json: AsJson = False,
) -> None:
    """Print images, newest first, one per line. At most one of --owner, --status, --verdict, --label and --sha256."""
    with Client.from_profile(profile_of(profile)) as client:
        images = client.list(
            tenant=tenant, owner=owner, status=status, verdict=verdict, label=label, sha256=sha256, since=since,
            until=until, page_size=PAGE_SIZE if every else min(limit, PAGE_SIZE),
        )  # fmt: skip
        for image in images if every else islice(images, limit):
            write_result(image.document, summary(image), as_json=as_json)


def history(image_id: ImageId, profile: ProfileName = None, as_json: AsJson = False) -> None:
    """Print the complete history of an image, one event per line."""
    with Client.from_profile(profile_of(profile)) as client:
        for line in client.history(image_id):
            said = (
                line.at.isoformat(timespec="milliseconds"),
                line.type,
                line.actor,
                line.reason,
                line.error,
                line.detail,
            )
            write_result(line.document, "  ".join(filter(None, said)), as_json=as_json)


def explain(
    url: Annotated[
        str, typer.Argument(metavar="URL", help="URL of an image, such as https://host/images/ID?width=400.")
    ],
    accept: Annotated[str, typer.Option(help="The viewer's Accept header.")] = BROWSER_ACCEPT,
    profile: ProfileName = None,
    as_json: AsJson = False,
) -> None:
    """Show which stored file, quality and encoder the picture of a URL comes from, and why."""
    with Client.from_profile(profile_of(profile)) as client:
        found = client.explain(url, accept=accept)
    source, why = found["source"], found["why"]
    lines = [
        f"key      {found['key']}",
        f"         {why['key']} It is {'stored' if found['is_stored'] else 'not stored yet'}.",
        *(f"         {name} {each['given']} is rounded to {each['used']}." for name, each in found["rounded"].items()),
        f"size     {found['width']} x {found['height']} px",
        f"format   {found['format']} by {found['encoder']}. {why['format']}",
        f"quality  {found['quality'] or 'none'}. {why['quality']}",
        f"source   {source['name']}, {source['width']} x {source['height']} px, {source['bytes']} bytes.",
        f"         {why['source']}",
    ]
    write_result(found, "\n".join(lines), as_json=as_json)


def focus(
    image_id: ImageId,
    x: Annotated[float, typer.Argument(min=0, max=1, help="From 0 (left) to 1 (right).")],
    y: Annotated[float, typer.Argument(min=0, max=1, help="From 0 (top) to 1 (bottom).")],
    profile: ProfileName = None,
    as_json: AsJson = False,
) -> None:
    """Set the focal point of an image, which crops with position=auto keep."""
    with Client.from_profile(profile_of(profile)) as client:
        image = client.set_focal_point(image_id, x, y)
    across, down = image.focal_point or (x, y)
    write_result(image.document, f"{image_id}  {across:g} {down:g}", as_json=as_json)


def verdict(
    image_id: ImageId,
    decision: Annotated[str, typer.Argument(metavar="DECISION", help="allow, blur or block.")],
    reason: Annotated[str, typer.Option(help="A code or a short text, up to 200 characters.")],
    note: Annotated[str | None, typer.Option(help="A note for people.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Tenant (default: `default`).")] = None,
    profile: ProfileName = None,
    as_json: AsJson = False,
) -> None:
    """Override the verdict of an image, or decide its review. The decision stands until the next one."""
    with Client.from_profile(profile_of(profile)) as client:
        found = client.decide(image_id, decision, reason=reason, note=note, tenant=tenant)
    write_result(found, f"{image_id}  {found['status']}  {found['decision']} {found['outcome']}", as_json=as_json)


def hold(
    image_ids: ImageIds,
    reason: Annotated[str, typer.Option(help="Why; the history shows it.")],
    release: Annotated[bool, typer.Option("--release", help="End the hold.")] = False,
    profile: ProfileName = None,
    as_json: AsJson = False,
) -> None:
    """Put images under a legal hold: they cannot be removed, and every version of their originals is kept."""
    with Client.from_profile(profile_of(profile)) as client:
        for image_id in image_ids:
            image = client.set_legal_hold(image_id, enabled=not release, reason=reason)
            said = "under legal hold" if image.legal_hold else "not under legal hold"
            write_result(image.document, f"{image_id}  {said}", as_json=as_json)


def delete(
    image_ids: Annotated[list[str] | None, typer.Argument(metavar="[ID...]", help="The images' ids.")] = None,
    owner: Annotated[str | None, typer.Option(help="Instead of ids: all images of this owner.")] = None,
    tenant: Annotated[str | None, typer.Option(help="With --owner: tenant (default: `default`).")] = None,
    wait: Annotated[bool, typer.Option("--wait", "-w", help="Wait until all files are deleted.")] = False,
    timeout: Annotated[
        timedelta,
        typer.Option(parser=duration, metavar="TIME", help="Maximum time to wait for each image, such as 30m."),
    ] = "30m",  # type: ignore[assignment]
    profile: ProfileName = None,
    as_json: AsJson = False,
) -> None:
    """Remove images permanently. They are no longer served; only part of their records remains."""
    if bool(image_ids) == bool(owner):
        raise CommandError("give either ids or --owner")
    if tenant and not owner:
        raise CommandError("--tenant needs --owner")
    held: list[str] = []
    with Client.from_profile(profile_of(profile)) as client:
        removed: list[str] = []
        for image_id in client.delete_owner(owner, tenant=tenant, on_held=held.append) if owner else image_ids or ():
            if not owner:
                client.delete(image_id)
            removed.append(image_id)
            if not wait:
                write_result({"id": image_id, "status": "REMOVED"}, f"{image_id}  REMOVED", as_json=as_json)
        for image_id in removed if wait else ():
            image = client.wait_until_gone(
                image_id, within_seconds=timeout.total_seconds(), on_change=None if as_json else _report
            )
            write_result(image.document, f"{image_id}  REMOVED, and all files deleted", as_json=as_json)
    for image_id in held:
        write_note(f"{image_id}: under a legal hold, not removed")
    if owner:
        write_note(f"delete: {len(removed)} images of {owner} removed, {len(held)} under a legal hold")
    if held:
        raise typer.Exit(ExitCode.FAILED)


def _report(image: Image) -> None:
    if image.removal and image.removal.step:
        write_note(f"{image.id}: {image.removal.step}")
