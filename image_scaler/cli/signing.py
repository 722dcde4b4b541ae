"""``image-scaler sign``."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated
from urllib.parse import quote, urlencode

import typer

from image_scaler.cli.app import AsJson, ProfileName, profile_of
from image_scaler.cli.durations import duration, moment
from image_scaler.cli.output import write_result
from image_scaler.profiles import KeyPair, ProfileError
from image_scaler.signing import (
    HashAlgorithm,
    Policy,
    Signer,
    canned_policy,
    custom_policy,
    image_url,
    split_image_url,
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(sign)


def sign(
    url: Annotated[
        str,
        typer.Argument(metavar="URL|ID", help="URL to sign, such as https://host/images/ID?width=400, or an id."),
    ],
    width: Annotated[int | None, typer.Option(min=1, help="Width in px, added to the URL.")] = None,
    height: Annotated[int | None, typer.Option(min=1, help="Height in px, added to the URL.")] = None,
    dpr: Annotated[
        float | None, typer.Option(min=1, max=3, help="Pixels per CSS pixel, by which width and height are multiplied.")
    ] = None,
    fit: Annotated[str | None, typer.Option(help="Fit for width and height: cover, contain, fill …")] = None,
    image_format: Annotated[str | None, typer.Option("--format", help="avif, webp, jpeg, png or gif.")] = None,
    position: Annotated[
        str | None, typer.Option(help="What a crop keeps: auto (the focal point), center, north …, or x,y.")
    ] = None,
    preset: Annotated[str | None, typer.Option(help="One of the stage's presets.")] = None,
    expires_in: Annotated[
        timedelta, typer.Option(parser=duration, metavar="TIME", help="Validity of the signature, such as 15m.")
    ] = "1h",  # type: ignore[assignment]
    valid_from: Annotated[
        datetime | None,
        typer.Option(parser=moment, metavar="TIME", help="Not valid before this time (UTC unless it has a zone)."),
    ] = None,
    ip_address: Annotated[
        str | None,
        typer.Option("--ip", help="Restrict to this IPv4 address or network (a.b.c.d/n); the stage must not use IPv6."),
    ] = None,
    all_sizes: Annotated[
        bool, typer.Option("--all-sizes", help="Sign all sizes, formats and crops of the image.")
    ] = False,
    resource: Annotated[
        str | None, typer.Option(help="Resource to sign instead of the URL; * matches any text, ? any one character.")
    ] = None,
    cookies: Annotated[bool, typer.Option("--cookies", help="Print cookies (name=value) instead of a URL.")] = False,
    edge: Annotated[
        str | None, typer.Option(envvar="IMAGE_SCALER_EDGE", help="Edge for an id (default: the profile's).")
    ] = None,
    key_pair_id: Annotated[
        str | None,
        typer.Option(
            envvar="IMAGE_SCALER_KEY_PAIR_ID", help="CloudFront's id of the public key (default: the profile's)."
        ),
    ] = None,
    private_key: Annotated[
        Path | None,
        typer.Option(
            envvar="IMAGE_SCALER_PRIVATE_KEY_FILE",
            exists=True,
            dir_okay=False,
            help="Private key, a PEM file (default: the profile's viewers key).",
        ),
    ] = None,
    hash_algorithm: Annotated[
        HashAlgorithm, typer.Option("--hash", help="Hash algorithm; every CloudFront distribution accepts SHA1.")
    ] = HashAlgorithm.SHA1,
    profile: ProfileName = None,
    as_json: AsJson = False,
) -> None:
    """Sign the URL of an image; the policy is canned unless an option needs a custom one."""
    if all_sizes and resource:
        raise typer.BadParameter("--all-sizes and --resource cannot be used together")
    if "*" in url and not resource:
        raise typer.BadParameter("the URL must not have wildcards; use --resource for them")
    if (key_pair_id is None) != (private_key is None):
        raise typer.BadParameter("--key-pair-id and --private-key must be used together")
    if "/" not in url:
        image_id, _, query = url.partition("?")
        url = image_url(edge or profile_of(profile).edge, image_id) + (f"?{query}" if query else "")
    if dpr is not None and round(dpr, 2) != dpr:
        raise typer.BadParameter("--dpr has at most two decimals")
    variant = {"width": width, "height": height, "dpr": None if dpr is None else f"{dpr:g}", "fit": fit}
    url = _with_variant(url, {**variant, "format": image_format, "position": position, "preset": preset})
    key = KeyPair(key_pair_id, private_key) if key_pair_id and private_key else _viewers_key(profile)
    signer = Signer(key.key_pair_id, key.private_key_file.read_bytes(), hash_algorithm=hash_algorithm)
    signed = f"{image_url(*split_image_url(url))}*" if all_sizes else resource
    policy = _policy(
        url, signed, expires_at=datetime.now(UTC) + expires_in, valid_from=valid_from, ip_address=ip_address
    )
    if cookies:
        values = signer.sign_cookies(policy)
        lines = "\n".join(f"{name}={value}" for name, value in values.items())
        write_result({"cookies": values}, lines, as_json=as_json)
    else:
        address = signer.sign_url(url, policy)
        write_result({"url": address}, address, as_json=as_json)


def _viewers_key(name: str | None) -> KeyPair:
    profile = profile_of(name)
    if profile.viewers is None:
        raise ProfileError(f"the profile {profile.name} has no viewers key; use --key-pair-id and --private-key")
    profile.viewers.signer()  # raises an error that describes a problem with the file
    return profile.viewers


def _with_variant(url: str, variant: dict[str, int | str | None]) -> str:
    query = urlencode({name: str(value) for name, value in variant.items() if value is not None}, quote_via=quote)
    if not query:
        return url
    return f"{url}{'&' if '?' in url else '?'}{query}"


def _policy(
    url: str, resource: str | None, *, expires_at: datetime, valid_from: datetime | None, ip_address: str | None
) -> Policy:
    if resource is None and valid_from is None and ip_address is None:
        return canned_policy(url, expires_at=expires_at)
    return custom_policy(resource or url, expires_at=expires_at, valid_from=valid_from, ip_address=ip_address)
