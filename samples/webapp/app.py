"""A photo page with image-scaler: a back end on Python's standard library and image_scaler's client, and one page.

    make up
    .venv/bin/python samples/webapp/app.py        then open http://localhost:8000

    POST /photos          creates a record and returns a presigned S3 form for the browser
    GET  /photos          the photos, as the page shows them
    GET  /photos/ID       the status of one photo
    GET  /                the page, with signed cookies for the pictures

The control key must not leave this process: with a signature of /v1, a page could list and remove every image. A real
application adds authentication, and a check of who owns a photo.
"""

import argparse
import json
import re
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from image_scaler.client import Client, ClientError, Image, InvalidRequestError
from image_scaler.profiles import load_profile

HERE = Path(__file__).parent
BROWSER_MODULE = HERE.parents[1] / "docs" / "frontend" / "image-scaler.mjs"
PORT = 8000
LARGEST_REQUEST_BYTES = 10_000
OWNER = "alice"
"""The user who is logged in."""

FILES = {
    "/": (HERE / "page.html", "text/html; charset=utf-8"),
    "/page.mjs": (HERE / "page.mjs", "text/javascript"),
    "/image-scaler.mjs": (BROWSER_MODULE, "text/javascript"),
}
PHOTO = re.compile(r"/photos/([0-9A-Z]{26})")


@dataclass
class Photos:
    """The application's own data: the ids of its photos, oldest first."""

    client: Client
    ids: list[str] = field(default_factory=list)

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

    def do_GET(self) -> None:
        """Send a file or photos as JSON."""
        if self.path in FILES:
            self._send_file(*FILES[self.path])
        elif self.path == "/photos":
            self._send_json(HTTPStatus.OK, self.photos.show_all())
        elif (found := PHOTO.fullmatch(self.path)) and found[1] in self.photos.ids:
            self._send_json(HTTPStatus.OK, self.photos.show(found[1]))
        else:
            self._send_json(HTTPStatus.NOT_FOUND, {"detail": "There is no such page."})

    def do_POST(self) -> None:
        """Start an upload."""
        size = int(self.headers.get("Content-Length") or 0)
        if self.path != "/photos" or not 0 < size <= LARGEST_REQUEST_BYTES:
            self._send_json(HTTPStatus.NOT_FOUND, {"detail": "There is no such page."})
            return
        try:
            asked = json.loads(self.rfile.read(size))
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


def server(client: Client, edge: str, port: int) -> ThreadingHTTPServer:
    """Return a local server of the application."""
    handler = type("Handler", (Application,), {"photos": Photos(client), "edge": edge})
    return ThreadingHTTPServer(("127.0.0.1", port), handler)


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description="A photo page on image-scaler.")
    parser.add_argument("--port", type=int, default=PORT, help=f"default {PORT}")
    parser.add_argument("--profile", help="image-scaler profile (default: the instance of `make up`)")
    arguments = parser.parse_args()
    profile = load_profile(arguments.profile)
    with Client.from_profile(profile) as client, server(client, profile.edge, arguments.port) as serving:
        print(f"http://localhost:{arguments.port}")
        serving.serve_forever()


if __name__ == "__main__":
    main()
