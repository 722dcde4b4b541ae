"""A photo page with image-scaler: a back end on Python's standard library and image_scaler's client, and one page.

    make up
    .venv/bin/python samples/webapp/app.py        then open http://localhost:8000

    POST /photos          creates a record and returns a presigned S3 form for the browser
    GET  /photos          the photos, as the page shows them
    GET  /events          each photo whose status changes, as server-sent events for the page
    POST /webhooks        image-scaler's events, each one verified; they tell this process of every change
    GET  /                the page, with signed cookies for the pictures

The control key must not leave this process: with a signature of /v1, a page could list and remove every image. A real
application adds authentication, and a check of who owns a photo.
"""

import argparse
import json
import os
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import httpx
from standardwebhooks import Webhook, WebhookVerificationError

from image_scaler.client import Client, ClientError, Image, InvalidRequestError
from image_scaler.profiles import load_profile

HERE = Path(__file__).parent
BROWSER_MODULE = HERE.parents[1] / "docs" / "frontend" / "image-scaler.mjs"
PORT = 8000
RECEIVER = "http://localhost:7785"
"""The receiver of webhooks that `make up` started; it forwards them to this application."""
SECRET_VARIABLE = "WEBHOOK_SECRET"  # noqa: S105 - the name of a variable
LARGEST_REQUEST_BYTES = 20_000
KEEP_ALIVE_SECONDS = 15
OWNER = "alice"
"""The user who is logged in."""

FILES = {
    "/": (HERE / "page.html", "text/html; charset=utf-8"),
    "/page.mjs": (HERE / "page.mjs", "text/javascript"),
    "/image-scaler.mjs": (BROWSER_MODULE, "text/javascript"),
}


@dataclass
class Photos:
    """The application's own data: the ids of its photos, oldest first, and the pages that listen to changes."""

    client: Client
    ids: list[str] = field(default_factory=list)
    listeners: list[SimpleQueue[dict[str, Any]]] = field(default_factory=list)

    def create(self, filename: str, content_type: str, size: int) -> dict[str, Any]:
        """Create a record and return the presigned request for the browser."""
        ticket = self.client.create_upload(filename=filename, content_type=content_type, size=size, owner=OWNER)
        self.ids.append(ticket.id)
        return {"id": ticket.id, "upload": ticket.upload}

    def show(self, image_id: str) -> dict[str, Any]:
        """Return one photo as the page shows it."""
        return _shown(self.client.get(image_id))

    def show_all(self) -> list[dict[str, Any]]:
        """Return all photos that have been uploaded."""
        return [self.show(image_id) for image_id in self.ids]

    def changed(self, data: dict[str, Any]) -> None:
        """Tell every page of a photo whose event has arrived. An event that arrives again changes nothing there."""
        if data["image_id"] not in self.ids:
            return
        photo = _shown_by_event(data) or self.show(data["image_id"])
        for listener in list(self.listeners):
            listener.put(photo)


def _shown_by_event(data: dict[str, Any]) -> dict[str, Any] | None:
    """Return the photo as its event describes it; None if the event lacks something."""
    if "placeholder" not in data:
        return None
    size = [data["width"], data["height"]]
    shown = {"id": data["image_id"], "status": data["status"], "size": size, "placeholder": data["placeholder"]}
    return {**shown, "in_progress": False, "detail": None}


def _shown(image: Image) -> dict[str, Any]:
    return {
        "id": image.id,
        "status": image.status,
        "in_progress": image.in_progress,
        "size": image.size,
        "placeholder": image.placeholder,
        "detail": image.detail,
    }


class Application(BaseHTTPRequestHandler):
    """Answers the page's requests."""

    photos: Photos
    edge: str
    webhook: Webhook

    def do_GET(self) -> None:
        """Send a file or photos as JSON."""
        if self.path in FILES:
            self._send_file(*FILES[self.path])
        elif self.path == "/photos":
            self._send_json(HTTPStatus.OK, self.photos.show_all())
        elif self.path == "/events":
            self._stream_changes()
        else:
            self._send_json(HTTPStatus.NOT_FOUND, {"detail": "There is no such page."})

    def do_POST(self) -> None:
        """Take an event, or start an upload."""
        size = int(self.headers.get("Content-Length") or 0)
        if self.path not in {"/photos", "/webhooks"} or not 0 < size <= LARGEST_REQUEST_BYTES:
            self._send_json(HTTPStatus.NOT_FOUND, {"detail": "There is no such page."})
            return
        body = self.rfile.read(size)
        if self.path == "/webhooks":
            self._receive(body)
        else:
            self._start_upload(body)

    def _receive(self, body: bytes) -> None:
        """Take one of image-scaler's events if its signature is valid and at most five minutes old."""
        try:
            message = self.webhook.verify(body, dict(self.headers.items()))
        except WebhookVerificationError:
            self._send_json(HTTPStatus.UNAUTHORIZED, {"detail": "The signature is not valid."})
            return
        self.photos.changed(message["data"])
        self._send(HTTPStatus.NO_CONTENT, "application/json", b"", [])

    def _stream_changes(self) -> None:
        """Send each change of a photo until the page is closed."""
        changes: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self.photos.listeners.append(changes)
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        try:
            with suppress(OSError):
                while True:
                    self.wfile.write(_next_event(changes))
                    self.wfile.flush()
        finally:
            self.photos.listeners.remove(changes)

    def _start_upload(self, body: bytes) -> None:
        try:
            asked = json.loads(body)
            answer = self.photos.create(str(asked["name"]), str(asked["type"]), int(asked["size"]))
        except (ValueError, KeyError, TypeError):
            self._send_json(HTTPStatus.BAD_REQUEST, {"detail": "name, type and size are required."})
        except InvalidRequestError as refused:
            self._send_json(HTTPStatus.BAD_REQUEST, {"detail": refused.problem.detail})
        except ClientError as error:
            self.log_error("%s", error)
            self._send_json(
                HTTPStatus.SERVICE_UNAVAILABLE, {"detail": "Uploads are currently unavailable. Try again later."}
            )
        else:
            self._send_json(HTTPStatus.CREATED, answer)

    def _send_file(self, path: Path, content_type: str) -> None:
        body = path.read_bytes().replace(b"{{edge}}", self.edge.encode())
        cookies = self.photos.client.pictures.cookies().headers() if self.path == "/" else []
        self._send(HTTPStatus.OK, content_type, body, cookies)

    def _send_json(self, status: HTTPStatus, document: object) -> None:
        self._send(status, "application/json", json.dumps(document).encode(), [])

    def _send(self, status: HTTPStatus, content_type: str, body: bytes, cookies: list[str]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        for cookie in cookies:
            self.send_header("Set-Cookie", cookie)
        self.end_headers()
        self.wfile.write(body)


def _next_event(changes: SimpleQueue[dict[str, Any]]) -> bytes:
    """Wait for a change and return it as a server-sent event; without one a comment keeps the connection open."""
    try:
        return f"data: {json.dumps(changes.get(timeout=KEEP_ALIVE_SECONDS))}\n\n".encode()
    except Empty:
        return b": no change\n\n"


def server(client: Client, edge: str, port: int, webhook_secret: str) -> ThreadingHTTPServer:
    """Return a local server of the application. ``webhook_secret`` verifies image-scaler's events."""
    webhook = Webhook(webhook_secret)
    handler = type("Handler", (Application,), {"photos": Photos(client), "edge": edge, "webhook": webhook})
    return ThreadingHTTPServer(("127.0.0.1", port), handler)


def forwarded_by(receiver: str, port: int) -> str:
    """Let the receiver of `make up` forward webhooks to this application; return the secret that verifies them."""
    url = f"http://localhost:{port}/webhooks"
    answer = httpx.put(f"{receiver}/forwarding", json={"url": url}, trust_env=False)
    return str(answer.raise_for_status().json()["secret"])


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description="A photo page on image-scaler.")
    parser.add_argument("--port", type=int, default=PORT, help=f"default {PORT}")
    parser.add_argument("--profile", help="image-scaler profile (default: the instance of `make up`)")
    parser.add_argument("--receiver", default=RECEIVER, help=f"local receiver of webhooks (default {RECEIVER})")
    arguments = parser.parse_args()
    profile = load_profile(arguments.profile)
    secret = os.environ.get(SECRET_VARIABLE) or forwarded_by(arguments.receiver, arguments.port)
    with Client.from_profile(profile) as client, server(client, profile.edge, arguments.port, secret) as serving:
        print(f"http://localhost:{arguments.port}")
        serving.serve_forever()


if __name__ == "__main__":
    main()
