"""One POST to a receiver: to an address that was checked, over TLS, within a time limit, without redirects.

The name is resolved once, and the connection goes to an address of that answer: a second answer of the name server
cannot lead elsewhere. Of the response only status and headers are read.
"""

import http.client
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from threading import Timer
from time import monotonic
from typing import Final

from functions.shared.errors import CALLER, ImageScalerError
from functions.shared.webhooks import WebhookAddress

CONNECT_SECONDS: Final = 5.0
TOTAL_SECONDS: Final = 15.0
"""From the connection to the last header of the response. Standard Webhooks recommends 15 to 30 s."""


class DeliveryError(ImageScalerError):
    """The receiver's address may not be called, it cannot be reached, or it does not respond as HTTP demands."""

    handled = (CALLER,)


@dataclass(frozen=True)
class Response:
    """The status of a response, and the seconds of its header Retry-After; 0 if there are none."""

    status: int
    retry_after_seconds: int = 0

    @property
    def is_success(self) -> bool:
        """Whether the receiver has accepted the message: any 2xx. A redirect is not followed."""
        return 200 <= self.status < 300


def post(
    address: WebhookAddress,
    headers: Mapping[str, str],
    body: bytes,
    *,
    loopback: bool = False,
    total_seconds: float = TOTAL_SECONDS,
    trust: ssl.SSLContext | None = None,
) -> Response:
    """Send a request and return the response. Raises DeliveryError.

    ``trust`` are the authorities of certificates, by default the system's.
    """
    deadline = monotonic() + total_seconds
    try:
        raw = _connect(address.resolve(loopback=loopback), address.port, deadline)
        with closing(_wrapped(raw, address, trust)) as connected, _ended_at(connected, deadline):
            return _exchange(connected, address, headers, body, deadline)
    except (OSError, ValueError, http.client.HTTPException) as error:
        late = f" after {total_seconds:g} s" if monotonic() >= deadline else ""
        raise DeliveryError(f"{type(error).__name__}{late}: {error}") from error


def _connect(addresses: list[str], port: int, deadline: float) -> socket.socket:
    """Connect to the first address that accepts a connection. Raises OSError."""
    failure = OSError("the name has no address")
    for address in addresses:
        seconds = min(CONNECT_SECONDS, deadline - monotonic())
        if seconds <= 0:
            break
        try:
            return socket.create_connection((address, port), timeout=seconds)
        except OSError as error:
            failure = error
    raise failure


def _wrapped(raw: socket.socket, address: WebhookAddress, trust: ssl.SSLContext | None) -> socket.socket:
    """Return a socket for TLS, before the handshake, which needs the time limit too; http needs none."""
    raw.settimeout(None)  # the whole exchange has a time limit
    if not address.secure:
        return raw
    context = trust or ssl.create_default_context()
    return context.wrap_socket(raw, server_hostname=address.host, do_handshake_on_connect=False)


@contextmanager
def _ended_at(connected: socket.socket, deadline: float) -> Iterator[None]:
    """Shut a socket down at a time. A time limit of the socket itself would start again with each byte."""

    def end() -> None:
        with suppress(OSError):
            socket.socket.shutdown(connected, socket.SHUT_RDWR)  # also under TLS: nothing is negotiated

    timer = Timer(max(deadline - monotonic(), 0), end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _exchange(
    connected: socket.socket, address: WebhookAddress, headers: Mapping[str, str], body: bytes, deadline: float
) -> Response:
    """Send the request and read status and headers. Raises OSError or HTTPException."""
    if isinstance(connected, ssl.SSLSocket):
        connected.do_handshake()
    kind = http.client.HTTPSConnection if address.secure else http.client.HTTPConnection
    connection = kind(address.host, address.port)
    connection.auto_open = 0  # never connect again, which would resolve the name again
    connection.sock = connected
    connection.request("POST", address.path, body=body, headers=dict(headers))
    response = connection.getresponse()
    seconds = response.getheader("Retry-After", "")
    response.close()
    if monotonic() >= deadline:  # http.client takes the end of the connection for the end of the headers
        raise TimeoutError("the response is incomplete")
    return Response(response.status, int(seconds) if seconds.isascii() and seconds.isdigit() else 0)
