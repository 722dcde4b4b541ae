"""S3 and DynamoDB for cold starts, on a local port: one record, its files, no delays.

    python -m benchmarks.fake_aws IMAGE_ID STORED_FOLDER ORIGINAL

It prints its port and serves until it is stopped. GET returns the file of a rendition or of the original, and 404 for
other keys, like a variant that does not exist yet. PUT succeeds, and GetItem returns the record.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from functions.shared.dynamo import to_item

ORIGINAL_KEY = "original"


class FakeAws(BaseHTTPRequestHandler):
    """The operations that the SDKs of both languages need for one request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    """Like AWS's servers; otherwise a client that reuses its connection waits 40 ms for every response's second
    packet."""

    files: dict[str, bytes]
    record: bytes

    def do_GET(self) -> None:
        """S3's GetObject."""
        body = self.files.get(unquote(urlsplit(self.path).path).rpartition("/")[2])
        if body is None:
            error = b"<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>"
            self._answer(404, error, {"Content-Type": "application/xml"})
        else:
            headers = {"Content-Type": "image/jpeg", "ETag": '"0"', "Last-Modified": "Tue, 24 Nov 2026 00:00:00 GMT"}
            self._answer(200, body, headers)

    def do_PUT(self) -> None:
        """S3's PutObject."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._answer(200, b"", {"ETag": '"0"'})

    def do_POST(self) -> None:
        """DynamoDB's GetItem."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._answer(200, self.record, {"Content-Type": "application/x-amz-json-1.0"})

    def log_message(self, *_arguments: Any) -> None:
        """Log nothing, because requests are being timed."""

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    """Serve one image's record and files."""
    image_id, folder, original = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    FakeAws.files = {path.name: path.read_bytes() for path in folder.glob("*.jpg")}
    FakeAws.files[ORIGINAL_KEY] = original.read_bytes()
    record = {
        "image_id": image_id,
        "status": "PUBLISHED",
        "revision": 1,
        "created_at": "2026-11-24T00:00:00.000Z",
        "updated_at": "2026-11-24T00:00:00.000Z",
        "picture": json.loads((folder / "picture.json").read_text()),
    }
    FakeAws.record = json.dumps({"Item": to_item(record)}).encode()
    server = ThreadingHTTPServer(("127.0.0.1", 0), FakeAws)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
