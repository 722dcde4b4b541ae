"""Lambda's part of an invocation: the Runtime API, from which AWS's runtime client fetches events.

The client is the package ``awslambdaric``, which AWS's managed Python runtime also runs. It takes an event from
``/invocation/next``, calls the handler, and posts the response or the error.
"""

import json
import os
import queue
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

VERSION = "/2018-06-01/runtime"
ANSWER_SECONDS = 300
"""For one invocation, including a cold start, under emulation."""
POLL_SECONDS = 0.5


class InvocationError(Exception):
    """A function failed, or ended without a response; the message is the error or the end of its log."""


class Worker:
    """One running instance of a function."""

    def __init__(self, timeout_seconds: int) -> None:
        self._timeout_seconds = timeout_seconds
        self._events: queue.Queue[dict[str, Any]] = queue.Queue()
        self._answers: queue.Queue[tuple[str, Any]] = queue.Queue()
        self.process: subprocess.Popen[bytes] | None = None
        self.log = Path(os.devnull)

    def invoke(self, event: dict[str, Any]) -> Any:
        """Return the handler's response. Raises InvocationError."""
        self._events.put(event)
        deadline = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < deadline:
            try:
                kind, answer = self._answers.get(timeout=POLL_SECONDS)
            except queue.Empty:
                if self.process and self.process.poll() is not None:
                    break
                continue
            if kind != "response":
                raise InvocationError(f"{kind}: {answer}")
            return answer
        raise InvocationError(self.log.read_text(errors="replace")[-3000:])

    def next_event(self) -> tuple[dict[str, str], bytes]:
        """Wait for an event; return it with the headers of an invocation."""
        body = json.dumps(self._events.get()).encode()
        deadline_ms = int((time.time() + self._timeout_seconds) * 1000)
        return {
            "Lambda-Runtime-Aws-Request-Id": str(uuid.uuid4()),
            "Lambda-Runtime-Deadline-Ms": str(deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-central-1:111122223333:function:tested",
        }, body

    def answer(self, kind: str, body: bytes) -> None:
        """Take a response, or an error of an invocation or of the start."""
        self._answers.put((kind, json.loads(body)))


@contextmanager
def running(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str], log: Path, timeout_seconds: int = 120
) -> Iterator[Worker]:
    """Run the client with a Runtime API of its own in the code's folder; end it afterwards."""
    worker = Worker(timeout_seconds)
    server = _Server(("127.0.0.1", 0), type("Handler", (_RuntimeApi,), {"worker": worker}))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    variables = {**environment, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}"}
    worker.log = log
    with log.open("wb") as output:
        worker.process = subprocess.Popen(command, env=variables, cwd=folder, stdout=output, stderr=output)
    try:
        yield worker
    finally:
        worker.process.kill()
        worker.process.wait()
        server.shutdown()
        server.socket.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_arguments: object) -> None:
        """Ignore a connection that its client closed: a worker is killed while it waits for an event."""


class _RuntimeApi(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    worker: Worker

    def do_GET(self) -> None:
        assert self.path == f"{VERSION}/invocation/next", self.path
        headers, body = self.worker.next_event()
        self._send(200, body, headers)

    def do_POST(self) -> None:
        self.worker.answer(self.path.rpartition("/")[2], self._body())
        self._send(202, b"{}", {})

    def log_message(self, *_arguments: object) -> None:
        """Log nothing."""

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
