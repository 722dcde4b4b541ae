"""Signs URLs and cookies for CloudFront, for one size of an image or for all sizes.

It needs only the package ``cryptography``, makes no requests, and is fast enough for every picture of a page. The
private key stays in the application's back end; CloudFront has the public key, with the key pair id.

    signer = Signer("K2JCJMDEHXQW5F", Path("viewers.pem").read_bytes())
    policy = image_policy("https://images.example.com", "01JD…", expires_at=in_an_hour)
    for width in (400, 800, 1200):
        signer.sign_url(f"https://images.example.com/images/01JD…?width={width}", policy)

A signature is valid for every method of a URL. For pictures that is harmless; for the API (``/v1``) it is not, so
signatures by a control key must stay on servers (see ``control_url``).

A *canned* policy protects exactly one URL until a time. A *custom* policy may also have wildcards, a start time and a
network; it is part of the URL, which gets longer.
"""

import base64
import ipaddress
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qsl

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

RESERVED_PARAMETERS: Final = frozenset({"Expires", "Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm"})
"""The query parameters of CloudFront's signatures; a URL to sign must not have them."""

_KEY_PAIR_ID = re.compile(r"[A-Z0-9]+")
_IMAGE_ID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9._-]+(?::[0-9]{1,5})?")
_URL = re.compile(rf"{_ORIGIN.pattern}(?:[/?].*)?")
_IMAGE_URL = re.compile(rf"({_ORIGIN.pattern})/images/({_IMAGE_ID.pattern})(?:[/?][^#]*)?")
_ABSOLUTE = re.compile(r"(?:http[s*]?|\*)://[^/?#]+.*")
_PRINTABLE = re.compile(r"[!-~]+")
_CLOUDFRONT_BASE64 = bytes.maketrans(b"+=/", b"-_~")
_LARGEST_EPOCH = 2_147_483_647
"""CloudFront accepts no time after 2038-01-19T03:14:07Z."""


class SigningError(ValueError):
    """The arguments cannot be signed; the message names the argument and the valid values."""


class HashAlgorithm(StrEnum):
    """The hash algorithms of signatures. SHA1 is CloudFront's default and supported by every tool."""

    SHA1 = "SHA1"
    SHA256 = "SHA256"


@dataclass(frozen=True)
class Policy:
    """The policy of a signature: ``document`` is the exact JSON that is signed.

    ``expires`` is set (epoch seconds) if the policy is canned: CloudFront then builds the same document from the
    request's URL and this time, so the URL does not contain the document.
    """

    document: str
    expires: int | None = None


def canned_policy(url: str, *, expires_at: datetime) -> Policy:
    """Return the policy for exactly this URL, including the query. Raises SigningError."""
    _check_url(url)
    if "*" in url:
        raise SigningError("url: a wildcard needs a custom policy; this one is for a single URL")
    moment = _epoch(expires_at, "expires_at")
    return Policy(_document(url, {"DateLessThan": {"AWS:EpochTime": moment}}), expires=moment)


def custom_policy(
    resource: str,
    *,
    expires_at: datetime,
    valid_from: datetime | None = None,
    ip_address: str | None = None,
) -> Policy:
    """Return a policy for every URL that ``resource`` matches: ``*`` matches any text, ``?`` any one character.

    CloudFront matches protocol, domain, path and query separately, and a wildcard does not cross its section; ``*`` at
    the end of the domain or of the path matches everything that follows. ``\\?`` begins the query. CloudFront's current
    documentation uses a plain ``?`` there, earlier editions used ``\\?``; a resource that ends in ``*`` needs neither.

    The resource is not checked: ``*`` in the path also matches ``/``. ``image_policy`` returns one for a single image.

    ``valid_from`` is the start of its validity. ``ip_address`` is the viewer's IPv4 address or network
    (``192.0.2.0/24``). CloudFront supports only IPv4 here and refuses viewers who connect over IPv6, so sign for
    addresses only if the stage is deployed with ``ipv6=False`` (cdk/config.py). Raises SigningError.
    """
    _check_resource(resource)
    until = _epoch(expires_at, "expires_at")
    condition: dict[str, dict[str, object]] = {"DateLessThan": {"AWS:EpochTime": until}}
    if ip_address is not None:
        condition["IpAddress"] = {"AWS:SourceIp": _network(ip_address)}
    if valid_from is not None:
        since = _epoch(valid_from, "valid_from")
        if since >= until:
            raise SigningError("valid_from: it must be before expires_at")
        condition["DateGreaterThan"] = {"AWS:EpochTime": since}
    return Policy(_document(resource, condition))


def image_policy(
    base_url: str,
    image_id: str,
    *,
    expires_at: datetime,
    valid_from: datetime | None = None,
    ip_address: str | None = None,
) -> Policy:
    """Return the policy for all sizes, formats and crops of an image.

    See ``image_url`` for ``base_url`` and ``custom_policy`` for the conditions. Raises SigningError.
    """
    return custom_policy(
        f"{image_url(base_url, image_id)}*",  # all ids have the same length, so none is a prefix of another
        expires_at=expires_at,
        valid_from=valid_from,
        ip_address=ip_address,
    )


def all_images_policy(base_url: str, *, expires_at: datetime) -> Policy:
    """Return the policy for every image of the edge, for cookies of a page with many images.

    See ``image_url`` for ``base_url``. The holder of the signature can fetch every image whose id they know; ids have
    80 random bits. Raises SigningError.
    """
    return custom_policy(f"{_origin(base_url)}/images/*", expires_at=expires_at)


def expiry_on_grid(valid_for: timedelta, *, grid: timedelta | None = None, now: datetime | None = None) -> datetime:
    """Return an expiry at least ``valid_for`` from now, rounded up to a multiple of ``grid`` since 1970.

    Signatures within one step of the grid are equal, so a page has the same URLs and browsers can use their caches;
    with a plain ``now + 1 h`` each page view has new URLs. ``grid`` is ``valid_for`` by default: a URL for an hour is
    then valid for one to two hours and changes once an hour. Raises SigningError.
    """
    step = valid_for if grid is None else grid
    if valid_for < timedelta(seconds=1) or step < timedelta(seconds=1):
        raise SigningError("valid_for and grid must be at least a second")
    seconds = int(step.total_seconds())
    earliest = (now or datetime.now(UTC)).timestamp() + valid_for.total_seconds()
    return datetime.fromtimestamp(-(-earliest // seconds) * seconds, UTC)


def split_image_url(url: str) -> tuple[str, str]:
    """Return the edge's origin and the image's id from any URL of an image. Raises SigningError."""
    match = _IMAGE_URL.fullmatch(url)
    if not match:
        raise SigningError(f"url: {url!r} is not an image URL such as https://images.example.com/images/01JD…")
    return match[1], match[2]


def image_url(base_url: str, image_id: str) -> str:
    """Return the URL of an image, to which a query may be added. Raises SigningError.

    ``base_url`` is the edge's origin, ``https://images.example.com``, optionally with a port. It must not have a
    wildcard, because after one the image's URL could match inside another URL's query.
    """
    return f"{_origin(base_url)}/images/{_whole(image_id)}"


def control_url(base_url: str, image_id: str | None = None) -> str:
    """Return the API's URL of all images, or of one image's record. Raises SigningError.

    Keep its signatures on servers; give browsers only the presigned S3 form that the API returns. CloudFront's policies
    have no condition for the method, so a signature is valid for all methods: a client that may POST an upload could
    also GET the list of all records, and a client that may read a record could also DELETE it. See ``image_url`` for
    ``base_url``.
    """
    address = f"{_origin(base_url)}/v1/images"
    return address if image_id is None else f"{address}/{_whole(image_id)}"


class Signer:
    """Signs with one private key: RSA of 2048 bits, or ECDSA on the curve P-256 (shorter URLs)."""

    def __init__(
        self,
        key_pair_id: str,
        private_key: bytes,
        *,
        password: bytes | None = None,
        hash_algorithm: HashAlgorithm = HashAlgorithm.SHA1,
    ) -> None:
        """Load ``private_key``, a PEM file's content. Raises SigningError for a key that CloudFront does not
        support."""
        if not _KEY_PAIR_ID.fullmatch(key_pair_id):
            raise SigningError("key_pair_id: it must be CloudFront's id of the public key, for example K2JCJMDEHXQW5F")
        self._key_pair_id = key_pair_id
        self._key = _load_key(private_key, password)
        self._hash_algorithm = HashAlgorithm(hash_algorithm)

    def sign_url(self, url: str, policy: Policy) -> str:
        """Return ``url`` with the signature of ``policy`` in its query. Raises SigningError."""
        _check_url(url)
        separator = "&" if "?" in url else "?"
        return url + separator + "&".join(f"{name}={value}" for name, value in self._parts(policy).items())

    def sign_cookies(self, policy: Policy) -> dict[str, str]:
        """Return cookies by name. Send them with Secure and HttpOnly, and with the edge's Domain and Path."""
        return {f"CloudFront-{name}": value for name, value in self._parts(policy).items()}

    def _parts(self, policy: Policy) -> dict[str, str]:
        document = policy.document.encode()
        allowance = {"Policy": _encode(document)} if policy.expires is None else {"Expires": str(policy.expires)}
        parts = {**allowance, "Signature": _encode(self._signature(document)), "Key-Pair-Id": self._key_pair_id}
        if self._hash_algorithm is not HashAlgorithm.SHA1:
            parts["Hash-Algorithm"] = self._hash_algorithm.value
        return parts

    def _signature(self, document: bytes) -> bytes:
        digest = hashes.SHA256() if self._hash_algorithm is HashAlgorithm.SHA256 else hashes.SHA1()  # noqa: S303 CloudFront's own
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(document, padding.PKCS1v15(), digest)
        return self._key.sign(document, _ecdsa(digest))


def _ecdsa(digest: hashes.HashAlgorithm) -> ec.ECDSA:
    """Return deterministic ECDSA (RFC 6979), so that equal documents have equal URLs; it needs OpenSSL 3.2."""
    try:
        return ec.ECDSA(digest, deterministic_signing=True)
    except UnsupportedAlgorithm:
        return ec.ECDSA(digest)


def _load_key(pem: bytes, password: bytes | None) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, password)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SigningError(f"private_key: not a readable PEM private key ({error})") from error
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size == 2048:
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    raise SigningError(
        "private_key: it must be RSA of 2048 bits or ECDSA on P-256 (prime256v1), the key types of CloudFront"
    )


def _document(resource: str, condition: dict[str, dict[str, object]]) -> str:
    """Return the JSON in CloudFront's order and without spaces: a canned policy must match byte for byte."""
    return json.dumps({"Statement": [{"Resource": resource, "Condition": condition}]}, separators=(",", ":"))


def _encode(data: bytes) -> str:
    """Return CloudFront's variant of base64, which is safe in URLs and cookies."""
    return base64.b64encode(data).translate(_CLOUDFRONT_BASE64).decode("ascii")


def _check_url(url: str) -> None:
    _check_text(url, "url")
    if not _URL.fullmatch(url):
        raise SigningError("url: it must be absolute, for example https://images.example.com/images/…")


def _check_resource(resource: str) -> None:
    _check_text(resource.replace("\\?", "?", 1), "resource")
    if not _ABSOLUTE.fullmatch(resource):
        raise SigningError("resource: it must be absolute, for example https://images.example.com/images/…")


def _check_text(url: str, argument: str) -> None:
    if not _PRINTABLE.fullmatch(url):
        raise SigningError(f"{argument}: spaces and characters outside printable ASCII must be percent-encoded")
    if '"' in url or "\\" in url:
        raise SigningError(f'{argument}: " and \\ must be percent-encoded')
    if "#" in url:
        raise SigningError(f"{argument}: a fragment (#…) never reaches CloudFront")
    taken = {name for name, _ in parse_qsl(url.partition("?")[2], keep_blank_values=True)} & RESERVED_PARAMETERS
    if taken:
        raise SigningError(
            f"{argument}: it must not have {', '.join(sorted(taken))}, which CloudFront reserves for signatures"
        )


def _origin(base_url: str) -> str:
    origin = base_url.removesuffix("/")
    if not _ORIGIN.fullmatch(origin):
        raise SigningError(
            "base_url: it must be http:// or https://, a host and an optional port, like https://images.example.com"
        )
    return origin


def _whole(image_id: str) -> str:
    if not _IMAGE_ID.fullmatch(image_id):
        raise SigningError("image_id: it must be a complete id of 26 characters; a prefix would match other images")
    return image_id


def _epoch(moment: datetime, argument: str) -> int:
    if moment.tzinfo is None:
        raise SigningError(f"{argument}: it must have a time zone, for example datetime.now(UTC)")
    seconds = int(moment.timestamp())
    if not 0 < seconds <= _LARGEST_EPOCH:
        raise SigningError(f"{argument}: it must be from 1970 to 2038-01-19, CloudFront's range")
    return seconds


def _network(ip_address: str) -> str:
    try:
        ipaddress.IPv4Network(ip_address, strict=False)
    except ValueError as error:
        raise SigningError(
            f"ip_address: {ip_address!r} is neither an IPv4 address nor a network like 192.0.2.0/24"
        ) from error
    return ip_address if "/" in ip_address else f"{ip_address}/32"
