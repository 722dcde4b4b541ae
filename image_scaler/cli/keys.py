"""``image-scaler keys``: manages the key pairs of a stage."""

from pathlib import Path
from typing import Annotated

import typer

from image_scaler.cli.app import AsJson
from image_scaler.cli.output import write_result
from image_scaler.key_files import Group, KeyDirectory, KeyFilesError, KeyPair, KeyType

Stage = Annotated[str, typer.Option(help="Stage of the keys.")]
Directory = Annotated[Path | None, typer.Option(help="Key directory (default: keys/<stage>).", file_okay=False)]
Groups = Annotated[list[Group] | None, typer.Option("--group", help="A group (default: both).")]
Type = Annotated[KeyType, typer.Option("--type", help="rsa works with every signing tool; ecdsa gives shorter URLs.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        no_args_is_help=True, help="The key pairs of a stage. Changes take effect with the next deployment."
    )
    for command in (create, rotate, retire):
        group.command()(command)
    app.add_typer(group, name="keys")


def create(
    stage: Stage = "dev",
    directory: Directory = None,
    groups: Groups = None,
    key_type: Type = KeyType.RSA,
    shared: Annotated[
        bool, typer.Option("--shared", help="Create one pair for all groups instead of one per group.")
    ] = False,
    if_missing: Annotated[bool, typer.Option("--if-missing", help="Skip groups that already have a key.")] = False,
    as_json: AsJson = False,
) -> None:
    """Create the first keys of a stage."""
    keys = _directory(directory, stage)
    wanted = [group for group in groups or list(Group) if not (if_missing and keys.public_files(group))]
    if any(keys.public_files(group) for group in wanted):
        raise KeyFilesError("the stage already has keys; add one with: image-scaler keys rotate")
    for together in [wanted] if shared and wanted else [[group] for group in wanted]:
        _write(keys.add(together, key_type=key_type), as_json=as_json)


def rotate(
    stage: Stage = "dev",
    directory: Directory = None,
    groups: Groups = None,
    key_type: Type = KeyType.RSA,
    as_json: AsJson = False,
) -> None:
    """Add a new key; the next deployment trusts the old and the new one.

    Then configure the application to sign with the new key, and retire the old key after its last URL has expired.
    """
    keys = _directory(directory, stage)
    for group in groups or list(Group):
        _write(keys.add([group], key_type=key_type), as_json=as_json)


def retire(stage: Stage = "dev", directory: Directory = None, groups: Groups = None, as_json: AsJson = False) -> None:
    """Remove the older of two keys; the next deployment refuses its signatures."""
    keys = _directory(directory, stage)
    for group in groups or list(Group):
        retired = keys.retire_oldest(group)
        write_result({"retired": str(retired)}, f"retired {retired}", as_json=as_json)


def _directory(directory: Path | None, stage: str) -> KeyDirectory:
    return KeyDirectory(directory or Path("keys") / stage)


def _write(pair: KeyPair, *, as_json: bool) -> None:
    document = {"public": [str(each) for each in pair.public_files], "private": str(pair.private_file)}
    lines = [
        *(f"public   {each}" for each in pair.public_files),
        f"private  {pair.private_file}   (keep it secret; do not commit it)",
    ]
    write_result(document, "\n".join(lines), as_json=as_json)
