"""Webhooks: types of events, the schedule of attempts, and the addresses that may be called. It needs no packages.

Only public addresses may be called. Lambda's own runtime API and credentials are on addresses of the function's network
that a name could resolve to.
"""

import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Self
from urllib.parse import urlsplit

WEBHOOK_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        f"image.{status.lower().replace(' ', '_')}": f"Image {status}"
        for status in ("Published", "Blurred", "Blocked", "In Review", "Held", "Rejected", "Failed", "Removed")
    }
)
"""The detail type of the event on the bus, by the type that a webhook names: ``image.in_review``: ``Image In Review``.
"""

LONGEST_DELAY_SECONDS: Final = 41_760
"""11 h 36 min: SQS hides a message for at most 12 hours after it was received."""

DELAYS_SECONDS: Final = (5, 300, 1_800, 7_200, 18_000, 36_000, *((LONGEST_DELAY_SECONDS,) * 5))
"""Seconds after each failed attempt: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, then five times 11 h 36 min.

The recommended schedule ends with 14, 20 and 24 hours, which are longer than SQS's limit; these are the same 58 hours.
Together 75 h 35 min. Source: the Standard Webhooks specification, "Deliverability and reliability".
"""

ATTEMPTS: Final = len(DELAYS_SECONDS) + 1
"""After so many attempts the queue moves the message to the queue for operators."""

MAX_URL_CHARACTERS: Final = 1_000
"""All webhooks of a stage share the 4 KB of a function's environment variables."""

_GLOBAL_IPV6: Final = ipaddress.ip_network("2000::/3")
"""The only global unicast addresses that are assigned. Source: IANA, "IPv6 Global Unicast Address Assignments".

Outside are loopback, link-local and unique local addresses, and those with an IPv4 address inside: IPv4-mapped
(::ffff:0:0/96), IPv4-compatible (::/96) and NAT64 (64:ff9b::/96, 64:ff9b:1::/48).
"""
_NOT_PUBLIC: Final = tuple(
    map(
        ipaddress.ip_network,
        (
            "192.88.99.0/24",  # relays of 6to4
            "2001::/23",  # protocol assignments, among them Teredo, which contains an IPv4 address
            "2001:db8::/32",
            "2002::/16",  # 6to4, which contains an IPv4 address
            "3fff::/20",
        ),
    )
)
"""Special networks that some versions of ``ipaddress`` call global. Source: IANA, "IPv4/IPv6 Special-Purpose Address
Registry"."""


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of a public host, and contains no other address."""
    ip = ipaddress.ip_address(address)
    if ip.version == 6 and ip not in _GLOBAL_IPV6:
        return False
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in _NOT_PUBLIC)


def is_loopback(address: str) -> bool:
    """Tell whether an IP address is this host's own."""
    return ipaddress.ip_address(address).is_loopback


@dataclass(frozen=True)
class WebhookAddress:
    """The parts of a webhook's URL. ``path`` includes the query; ``secure`` is whether the scheme is https."""

    host: str
    port: int
    path: str
    secure: bool = True

    @classmethod
    def parse(cls, url: str, *, loopback: bool = False) -> Self:
        """Return the parts. Raises ValueError with a sentence if the URL cannot be a webhook's.

        ``loopback`` is for a stage on the emulator: http is then allowed. A literal address must be public, or with
        ``loopback`` this host's.
        """
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port  # an invalid port raises ValueError too
        if not (url.isascii() and url.isprintable() and " " not in url and len(url) <= MAX_URL_CHARACTERS):
            raise ValueError(f"a URL has at most {MAX_URL_CHARACTERS} printable ASCII characters and no space")
        if parts.scheme != "https" and not (loopback and parts.scheme == "http"):
            raise ValueError(f"{url} must begin with https://")
        if not host or "@" in parts.netloc or parts.fragment:
            raise ValueError(f"{url} must have a host, and neither a user name nor a fragment")
        if _is_literal(host) and not _is_allowed(host, loopback=loopback):
            raise ValueError(f"{host} is not a public address")
        secure = parts.scheme == "https"
        path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        return cls(host, port or (443 if secure else 80), path, secure)

    def resolve(self, *, loopback: bool = False) -> list[str]:
        """Return the IP addresses of the host.

        Raises ValueError with a sentence if one of them may not be called, OSError if the name cannot be resolved.
        """
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        for address in addresses:
            if not _is_allowed(address, loopback=loopback):
                raise ValueError(f"{self.host} resolves to {address}, which is not a public address")
        return addresses


def _is_allowed(address: str, *, loopback: bool) -> bool:
    return is_public(address) or (loopback and is_loopback(address))


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
