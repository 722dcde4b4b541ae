"""Checks CloudFront's signatures as edge locations do: on the URL that the viewer sent, before any other step.

A signature is in the query (Expires or Policy, Signature, Key-Pair-Id, Hash-Algorithm) or, if the query has none, in
cookies with the same names prefixed by CloudFront-. This module follows CloudFront's documentation and shares no code
with the module that signs, so that the two cannot share a mistake.
"""

import base64
import binascii
import ipaddress
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

NAMES: Final = frozenset({"Expires", "Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm"})
_FROM_CLOUDFRONT_BASE64 = str.maketrans("-_~", "+=/")

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


class RefusedError(Exception):
    """The request has no signature that allows it; the message is CloudFront's error code."""


@dataclass(frozen=True)
class SignedRequest:
    """The request to check a signature against: the URL without the signature's parameters, and the viewer."""

    url: str
    viewer_ip: str
    now: float


@dataclass(frozen=True)
class Statement:
    """A policy's statement: the resource's pattern, times in epoch seconds, the network."""

    resource: str
    expires: float
    starts: float | None = None
    network: str | None = None


def split_query(query: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the query without the signature's parameters, in its own order, and those parameters."""
    kept, taken = [], []
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if name in NAMES:
            taken.append((name, value))
        else:
            kept.append(pair)
    return "&".join(kept), taken


def check_signature(
    request: SignedRequest,
    *,
    parameters: Iterable[tuple[str, str]],
    cookies: Mapping[str, str],
    keys: Mapping[str, PublicKey],
) -> None:
    """Return if a key of ``keys`` (by key pair id) signed the request or a policy that allows it. Raises
    RefusedError."""
    parts = _single(parameters)
    if not parts:
        prefix = "CloudFront-"
        parts = {name.removeprefix(prefix): value for name, value in cookies.items() if name.startswith(prefix)}
    if "Signature" not in parts or "Key-Pair-Id" not in parts or not ({"Expires", "Policy"} & set(parts)):
        raise RefusedError("MissingKey")
    key = keys.get(parts["Key-Pair-Id"])
    if key is None:
        raise RefusedError("InvalidKey")
    document = _document(request.url, parts)
    _verify(key, _decoded(parts["Signature"]), document, parts.get("Hash-Algorithm", "SHA1"))
    _check_statement(_statement(document), request)


def load_public_key(pem: str) -> PublicKey:
    """Return a public key of a type that CloudFront supports. Raises ValueError."""
    key = serialization.load_pem_public_key(pem.encode())
    if isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        return key
    raise ValueError("neither RSA nor ECDSA")


def _single(parameters: Iterable[tuple[str, str]]) -> dict[str, str]:
    parts: dict[str, str] = {}
    for name, value in parameters:
        if name in parts:
            raise RefusedError("MalformedSignature")
        parts[name] = value
    return parts


def _document(url: str, parts: Mapping[str, str]) -> bytes:
    """Return the signed JSON: the custom policy as sent, or the canned policy for URL and expiry."""
    if "Policy" in parts:
        return _decoded(parts["Policy"])
    if not re.fullmatch(r"[0-9]{1,10}", parts["Expires"]):
        raise RefusedError("MalformedExpires")
    statement = {"Resource": url, "Condition": {"DateLessThan": {"AWS:EpochTime": int(parts["Expires"])}}}
    return json.dumps({"Statement": [statement]}, separators=(",", ":"), ensure_ascii=False).encode()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text.translate(_FROM_CLOUDFRONT_BASE64), validate=True)
    except (binascii.Error, ValueError):
        raise RefusedError("MalformedSignature") from None


def _verify(key: PublicKey, signature: bytes, document: bytes, algorithm: str) -> None:
    if algorithm not in {"SHA1", "SHA256"}:
        raise RefusedError("MalformedHashAlgorithm")
    digest = hashes.SHA256() if algorithm == "SHA256" else hashes.SHA1()  # noqa: S303 - CloudFront's default
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, document, padding.PKCS1v15(), digest)
        else:
            key.verify(signature, document, ec.ECDSA(digest))
    except InvalidSignature:
        raise RefusedError("InvalidSignature") from None


def _statement(document: bytes) -> Statement:
    try:
        (statement,) = json.loads(document)["Statement"]
        condition = statement["Condition"]
        return Statement(
            resource=statement["Resource"],
            expires=_epoch(condition["DateLessThan"]),
            starts=_epoch(condition["DateGreaterThan"]) if "DateGreaterThan" in condition else None,
            network=condition["IpAddress"]["AWS:SourceIp"] if "IpAddress" in condition else None,
        )
    except (ValueError, KeyError, TypeError):
        raise RefusedError("MalformedPolicy") from None


def _epoch(condition: Any) -> float:
    return float(condition["AWS:EpochTime"])


def _check_statement(statement: Statement, request: SignedRequest) -> None:
    if not _covers(statement.resource, request.url):
        raise RefusedError("WrongResource")
    if request.now >= statement.expires:
        raise RefusedError("Expired")
    if statement.starts is not None and request.now < statement.starts:
        raise RefusedError("NotYetValid")
    if statement.network is not None:
        try:
            allowed = ipaddress.ip_address(request.viewer_ip) in ipaddress.ip_network(statement.network, strict=False)
        except ValueError:
            raise RefusedError("MalformedPolicy") from None
        if not allowed:
            raise RefusedError("WrongAddress")


def _covers(resource: str, url: str) -> bool:
    """Return whether a policy's resource matches a URL, section by section: protocol, domain, path, query.

    ``*`` matches any text of its section and ``?`` any one character. At the end of the domain or of the path ``*``
    matches everything that follows. ``\\?`` begins the query; editions of the documentation disagree on whether a plain
    ``?`` does too, so both readings are tried.
    """
    if resource == "*":
        return True
    sent = _sections(url, url.partition("?")[2], has_query="?" in url)
    return any(
        all(_pattern(pattern).fullmatch(text) for pattern, text in zip(reading, sent, strict=True))
        for reading in _readings(resource)
    )


def _readings(resource: str) -> list[tuple[str, str, str, str]]:
    """Return the patterns for a URL's four sections, once for each way to read the resource."""
    if "://" not in resource:
        resource = f"*://{resource}"
    before, escaped, query = resource.partition("\\?")
    if escaped:
        return [_sections(before, query, has_query=True)]
    readings = [_sections(resource, "", has_query=False)]
    before, plain, query = resource.partition("?")
    if plain:
        readings.append(_sections(before, query, has_query=True))
    return readings


def _sections(url: str, query: str, *, has_query: bool) -> tuple[str, str, str, str]:
    """Return protocol, domain, path and query; ``url`` is without its query."""
    protocol, _, rest = (url.partition("?")[0] if has_query else url).partition("://")
    domain, slash, path = rest.partition("/")
    if domain.endswith("*") and not slash:
        return protocol, domain, "*", "*"
    if path.endswith("*") and not has_query:
        query = "*"
    return protocol, domain, path, query


@lru_cache(maxsize=1024)
def _pattern(section: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(each, re.escape(each)) for each in section), re.DOTALL)
