"""A receiver on this machine: answers each connection with given bytes, and keeps what it was sent."""

import socket
import ssl
import threading
import time
from contextlib import contextmanager, suppress

OK = b"HTTP/1.1 204 No Content\r\n\r\n"


class Receiver:
    """One listening socket. ``answers`` are the bytes to send, one item after the other, with ``pause`` between."""

    def __init__(self, listening: socket.socket, tls: ssl.SSLContext | None) -> None:
        self.port = listening.getsockname()[1]
        self.answers: list[bytes] = [OK]
        self.pause_seconds = 0.0
        self.requests: list[bytes] = []
        self._listening, self._tls = listening, tls
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                raw, _ = self._listening.accept()
            except OSError:
                return
            with suppress(OSError), raw:
                self._answer(self._tls.wrap_socket(raw, server_side=True) if self._tls else raw)

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            received = b""
            while b"\r\n\r\n" not in received:
                received += connection.recv(65_536)
            head, _, body = received.partition(b"\r\n\r\n")
            length = next(
                int(line.split(b":")[1]) for line in head.splitlines() if line.lower().startswith(b"content-length")
            )
            while len(body) < length:
                body += connection.recv(65_536)
            self.requests.append(head + b"\r\n\r\n" + body)
            for answer in self.answers:
                connection.sendall(answer)
                time.sleep(self.pause_seconds)


@contextmanager
def receiving(tls: ssl.SSLContext | None = None):
    """Run a receiver on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield Receiver(listening, tls)
