"""The command ``image-scaler``: sign URLs and cookies, make and rotate the keys that sign, look at a record."""

import json
import re
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from image_scaler.key_files import Group, KeyDirectory, KeyFilesError, KeyPair, KeyType
from image_scaler.signing import (
    HashAlgorithm,
    Policy,
    Signer,
    SigningError,
    canned_policy,
    control_url,
    custom_policy,
    image_url,
    split_image_url,
)

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
keys_app = typer.Typer(no_args_is_help=True, help="The key pairs of a stage; a deployment makes changes take effect.")
app.add_typer(keys_app, name="keys")

_DURATION = re.compile(r"([1-9][0-9]{0,8})([smhd]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}

Stage = Annotated[str, typer.Option(help="The stage whose keys these are.")]
Directory = Annotated[
    Path | None, typer.Option(help="Where the stage's keys lie; keys/<stage> unless said otherwise.", file_okay=False)
]
Groups = Annotated[list[Group] | None, typer.Option("--group", help="A group; both unless said otherwise.")]
Type = Annotated[KeyType, typer.Option("--type", help="rsa works with every signing tool, ecdsa makes shorter URLs.")]


def _duration(text: str) -> timedelta:
    match = _DURATION.fullmatch(text)
    if not match:
        raise typer.BadParameter("say a number of seconds, or one with s, m, h or d, for example 90m")
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter("say a time like 2027-01-31T09:00:00Z") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@app.command()
def sign(
    url: Annotated[
        str,
        typer.Argument(
            metavar="URL|ID", help="What to sign: https://host/images/ID?width=400, or an ID alone with --edge."
        ),
    ],
    key_pair_id: Annotated[
        str, typer.Option(envvar="IMAGE_SCALER_KEY_PAIR_ID", help="CloudFront's id of the public key.")
    ],
    private_key: Annotated[
        Path,
        typer.Option(
            envvar="IMAGE_SCALER_PRIVATE_KEY_FILE", exists=True, dir_okay=False, help="The private key, a PEM file."
        ),
    ],
    expires_in: Annotated[timedelta, typer.Option(parser=_duration, help="How long it is valid, such as 15m.")] = "1h",  # type: ignore[assignment]
    valid_from: Annotated[
        datetime | None, typer.Option(parser=_moment, help="Not valid before this time (UTC unless it says a zone).")
    ] = None,
    ip_address: Annotated[
        str | None,
        typer.Option(
            "--ip", help="Valid for this IPv4 address or network (a.b.c.d/n) only; the stage must be without IPv6."
        ),
    ] = None,
    all_sizes: Annotated[
        bool, typer.Option("--all-sizes", help="Sign every size, format and crop of the URL's image at once.")
    ] = False,
    edge: Annotated[
        str | None,
        typer.Option(envvar="IMAGE_SCALER_EDGE", help="The edge of an ID, such as https://images.example.com"),
    ] = None,
    resource: Annotated[
        str | None, typer.Option(help="Sign this instead of the URL; * is any text, ? any one character.")
    ] = None,
    cookies: Annotated[bool, typer.Option("--cookies", help="Print cookies (name=value) rather than a URL.")] = False,
    hash_algorithm: Annotated[
        HashAlgorithm, typer.Option("--hash", help="SHA1 is what every CloudFront distribution takes.")
    ] = HashAlgorithm.SHA1,
) -> None:
    """Sign a URL; the policy is canned unless an option needs a custom one."""
    if all_sizes and resource:
        raise typer.BadParameter("--all-sizes and --resource say the same thing twice; give one of them")
    if "*" in url and not resource:
        raise typer.BadParameter("a URL has no wildcard; write what is to be signed as --resource")
    if "/" not in url:
        if not edge:
            raise typer.BadParameter(f"{url!r} is no URL; with an image's ID give --edge too")
        url = image_url(edge, url)
    expires_at = datetime.now(UTC) + expires_in
    signed = f"{image_url(*split_image_url(url))}*" if all_sizes else resource
    signer = Signer(key_pair_id, private_key.read_bytes(), hash_algorithm=hash_algorithm)
    policy = _policy(url, signed, expires_at=expires_at, valid_from=valid_from, ip_address=ip_address)
    if cookies:
        for name, value in signer.sign_cookies(policy).items():
            typer.echo(f"{name}={value}")
    else:
        typer.echo(signer.sign_url(url, policy))


@app.command()
def status(
    image_id: Annotated[str, typer.Argument(metavar="ID")],
    edge: Annotated[str, typer.Option(envvar="IMAGE_SCALER_EDGE", help="The edge, such as https://images.example.com")],
    key_pair_id: Annotated[
        str, typer.Option(envvar="IMAGE_SCALER_CONTROL_KEY_PAIR_ID", help="CloudFront's id of a control key.")
    ],
    private_key: Annotated[
        Path,
        typer.Option(
            envvar="IMAGE_SCALER_CONTROL_PRIVATE_KEY_FILE", exists=True, dir_okay=False, help="That key, a PEM file."
        ),
    ],
) -> None:
    """Print an image's record: where it stands, what was found, what was decided."""
    url = control_url(edge, image_id)
    signer = Signer(key_pair_id, private_key.read_bytes())
    signed = signer.sign_url(url, canned_policy(url, expires_at=datetime.now(UTC) + timedelta(minutes=5)))
    request = urllib.request.Request(signed, headers={"Accept": "application/json"})  # noqa: S310 - https or http only
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - signing refuses other schemes
            typer.echo(json.dumps(json.load(answer), indent=2, ensure_ascii=False))
    except urllib.error.HTTPError as error:
        typer.echo(f"{error.code} {error.read().decode(errors='replace')}", err=True)
        raise typer.Exit(1) from error
    except urllib.error.URLError as error:
        typer.echo(f"{edge} cannot be reached: {error.reason}", err=True)
        raise typer.Exit(1) from error


def _policy(
    url: str, resource: str | None, *, expires_at: datetime, valid_from: datetime | None, ip_address: str | None
) -> Policy:
    if resource is None and valid_from is None and ip_address is None:
        return canned_policy(url, expires_at=expires_at)
    return custom_policy(resource or url, expires_at=expires_at, valid_from=valid_from, ip_address=ip_address)


@keys_app.command()
def create(
    stage: Stage = "dev",
    directory: Directory = None,
    groups: Groups = None,
    key_type: Type = KeyType.RSA,
    shared: Annotated[bool, typer.Option("--shared", help="One pair for all groups rather than one for each.")] = False,
    if_missing: Annotated[bool, typer.Option("--if-missing", help="Leave groups alone that have a key.")] = False,
) -> None:
    """Make the first keys of a stage."""
    keys = _directory(directory, stage)
    wanted = [group for group in groups or list(Group) if not (if_missing and keys.public_files(group))]
    if any(keys.public_files(group) for group in wanted):
        raise KeyFilesError("there are keys already; add one with: image-scaler keys rotate")
    for together in [wanted] if shared and wanted else [[group] for group in wanted]:
        _tell(keys.add(together, key_type=key_type))


@keys_app.command()
def rotate(
    stage: Stage = "dev", directory: Directory = None, groups: Groups = None, key_type: Type = KeyType.RSA
) -> None:
    """Add a new key beside the old one; both are trusted after the next deployment.

    Let the application sign with the new key then, and retire the old one when the last URL it signed has expired.
    """
    keys = _directory(directory, stage)
    for group in groups or list(Group):
        _tell(keys.add([group], key_type=key_type))


@keys_app.command()
def retire(stage: Stage = "dev", directory: Directory = None, groups: Groups = None) -> None:
    """Stop trusting the older of two keys; what it signed is refused after the next deployment."""
    keys = _directory(directory, stage)
    for group in groups or list(Group):
        typer.echo(f"retired {keys.retire_oldest(group)}")


def _directory(directory: Path | None, stage: str) -> KeyDirectory:
    return KeyDirectory(directory or Path("keys") / stage)


def _tell(pair: KeyPair) -> None:
    for public_file in pair.public_files:
        typer.echo(f"public   {public_file}")
    typer.echo(f"private  {pair.private_file}   (keep it safe; it is not for version control)")


def main() -> None:
    """Run a command; a mistake is told in one line rather than in a traceback."""
    try:
        app()
    except (SigningError, KeyFilesError) as error:
        sys.exit(f"image-scaler: {error}")


if __name__ == "__main__":
    main()
