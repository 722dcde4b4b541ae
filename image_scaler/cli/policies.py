"""``image-scaler policy``: stores, checks, activates and shadows moderation policies."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from image_scaler.cli import rejudging
from image_scaler.cli.app import AsJson, CommandError, ProfileName, profile_of
from image_scaler.cli.output import write_note, write_result
from image_scaler.client import Client, ResponseError
from image_scaler.client.policies import DEFAULT_NAME

_DIGEST = re.compile("[0-9a-f]{64}")

Name = Annotated[str, typer.Option("--name", help="Name of the policy.")]
Tenant = Annotated[str | None, typer.Option(help="Tenant (default: `default`).")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="A policy as JSON.", exists=True, dir_okay=False)]
Chosen = Annotated[str, typer.Argument(metavar="FILE|DIGEST", help="A policy as JSON, or the digest of a version.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="The moderation policies of a stage (docs/policies.md).")
    for command in (get, versions, put, check, activate, shadow, convert):
        group.command()(command)
    rejudging.register_diff(group)
    app.add_typer(group, name="policy")


def get(
    digest: Annotated[str | None, typer.Option(help="Print this version instead of the policy in force.")] = None,
    name: Name = DEFAULT_NAME,
    tenant: Tenant = None,
    profile: ProfileName = None,
    as_json: AsJson = False,
) -> None:
    """Print a policy as JSON, to be edited: the one in force, or a version."""
    with Client.from_profile(profile_of(profile)) as client:
        if digest is None:
            document = client.policies.get(name, tenant=tenant).document
        else:
            document = client.policies.version(digest, name=name, tenant=tenant).document
    write_result(document, _layout(document["document"]), as_json=as_json)


def versions(
    name: Name = DEFAULT_NAME, tenant: Tenant = None, profile: ProfileName = None, as_json: AsJson = False
) -> None:
    """Print the versions of a policy, newest first, one per line."""
    with Client.from_profile(profile_of(profile)) as client:
        found = client.policies.get(name, tenant=tenant)
        for each in client.policies.versions(name, tenant=tenant):
            state = "failed" if each.failures else "passed" if each.checked_at else "unchecked"
            if each.digest in {found.active_digest, found.shadow_digest}:
                state = "active" if each.digest == found.active_digest else "shadow"
            created = each.created_at.isoformat(timespec="seconds")
            write_result(each.document, f"{each.digest}  {created}  {state:<9}  {each.version}", as_json=as_json)


def put(
    file: File, name: Name = DEFAULT_NAME, tenant: Tenant = None, profile: ProfileName = None, as_json: AsJson = False
) -> None:
    """Store a version of a policy and print its digest; it is not active yet."""
    with Client.from_profile(profile_of(profile)) as client, _explained():
        version = client.policies.put(_document(file), name=name, tenant=tenant)
    write_result(version.document, version.digest, as_json=as_json)


def check(
    chosen: Chosen,
    name: Name = DEFAULT_NAME,
    tenant: Tenant = None,
    profile: ProfileName = None,
    as_json: AsJson = False,
) -> None:
    """Check that a version's examples pass and that it is not milder than the floor (a file is stored first)."""
    with Client.from_profile(profile_of(profile)) as client, _explained():
        digest = _digest(client, chosen, name, tenant)
        version = client.policies.check(digest, name=name, tenant=tenant)
    write_result(version.document, f"{version.digest}  passed", as_json=as_json)


def activate(
    chosen: Chosen,
    name: Name = DEFAULT_NAME,
    tenant: Tenant = None,
    profile: ProfileName = None,
    as_json: AsJson = False,
) -> None:
    """Check and activate a version (a file is stored first). It judges images that are claimed from then on."""
    with Client.from_profile(profile_of(profile)) as client, _explained():
        digest = _digest(client, chosen, name, tenant)
        client.policies.check(digest, name=name, tenant=tenant)
        number = client.policies.activate(digest, name=name, tenant=tenant)
    write_result({"digest": digest, "number": number}, f"{digest}  active", as_json=as_json)


def shadow(
    chosen: Annotated[
        str | None, typer.Argument(metavar="[FILE|DIGEST]", help="A policy as JSON, or a digest.")
    ] = None,
    off: Annotated[bool, typer.Option("--off", help="Stop shadowing.")] = False,
    name: Name = DEFAULT_NAME,
    tenant: Tenant = None,
    profile: ProfileName = None,
    as_json: AsJson = False,
) -> None:
    """Also judge images by a version (a file is stored first), and only record its decision."""
    if off is (chosen is not None):
        raise CommandError("name a version to shadow, or give --off")
    with Client.from_profile(profile_of(profile)) as client, _explained():
        if chosen is None:
            client.policies.end_shadow(name, tenant=tenant)
            write_result({"shadow": None}, "no shadow", as_json=as_json)
            return
        digest = _digest(client, chosen, name, tenant)
        client.policies.shadow(digest, name=name, tenant=tenant)
    write_result({"shadow": {"digest": digest}}, f"{digest}  shadow", as_json=as_json)


def convert(file: File) -> None:
    """Print a policy.json of release 0.1 as a policy. Reasons are the names of labels; edit them."""
    previous = _document(file)
    try:
        rules = [
            {"label": label, "action": action, **_threshold(label, confidence)}
            for label, levels in previous["rules"].items()
            for action, confidence in (levels.items() if isinstance(levels, dict) else [(levels, None)])
        ]
        (action, confidence), *_ = previous["default"].items()
        policy = {
            "version": previous["version"],
            "minimum_confidence": previous["minimum_confidence"],
            "default": {"action": action, "confidence": confidence, "reason": "UNKNOWN_LABEL"},
            "rules": rules,
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CommandError(f"{file} is not a policy.json of release 0.1: {error!r}") from error
    typer.echo(_layout(policy))


def _threshold(label: str, confidence: Any) -> dict[str, Any]:
    if confidence is None:
        return {}
    return {"confidence": confidence, "reason": re.sub("[^A-Z]+", "_", label.upper()).strip("_")}


def _digest(client: Client, chosen: str, name: str, tenant: str | None) -> str:
    """Return a digest as it is; store a file and return its digest."""
    if _DIGEST.fullmatch(chosen):
        return chosen
    path = Path(chosen)
    if not path.is_file():
        raise CommandError(f"{chosen} is neither a file nor a digest of 64 characters")
    return client.policies.put(_document(path), name=name, tenant=tenant).digest


def _document(file: Path) -> dict[str, Any]:
    try:
        document = json.loads(file.read_text(encoding="utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{file} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise CommandError(f"{file} is not a JSON object")
    return document


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("an object has a member twice")
    return dict(pairs)


def _layout(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)


@contextmanager
def _explained() -> Iterator[None]:
    """Print every fault of a policy that the service refuses, one per line, before the error itself."""
    try:
        yield
    except ResponseError as error:
        document = error.problem.document
        for fault in document.get("errors", ()):
            write_note(f"{fault['field']} {fault['detail']}")
        for sentence in (*document.get("failures", ()), *document.get("milder_than_floor", ())):
            write_note(str(sentence))
        raise
