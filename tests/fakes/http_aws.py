"""AWS over HTTP for code without an SDK: each request becomes a call of the process's clients, which use moto.

Hooks and failures that a test adds to these clients also apply to these calls; a failed call breaks the connection.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit
from wsgiref.handlers import format_date_time

from botocore.exceptions import ClientError, EndpointConnectionError

from functions.shared.aws import client


class _Handler(BaseHTTPRequestHandler):
    """Closes each connection after its response, so that tests need not close a handler's connections."""

    disable_nagle_algorithm = True

    def do_GET(self):
        def get():
            found = client("s3").get_object(**self._object())
            headers = {
                "Content-Type": found["ContentType"],
                "ETag": found["ETag"],
                "Last-Modified": format_date_time(found["LastModified"].timestamp()),
            }
            return found["Body"].read(), headers | {f"x-amz-meta-{n}": value for n, value in found["Metadata"].items()}

        self._answer(get)

    def do_HEAD(self):
        def head():
            found = client("s3").head_object(**self._object())
            return b"", {f"x-amz-meta-{name}": value for name, value in found["Metadata"].items()}

        self._answer(head)

    def do_PUT(self):
        def put():
            options = {"CacheControl": self.headers["Cache-Control"]} if "Cache-Control" in self.headers else {}
            metadata = {n[11:].lower(): v for n, v in self.headers.items() if n.lower().startswith("x-amz-meta-")}
            done = client("s3").put_object(
                **self._object(),
                Body=self._body(),
                ContentType=self.headers["Content-Type"],
                Metadata=metadata,
                **options,
            )
            return b"", {"ETag": done["ETag"]}

        self._answer(put)

    def do_DELETE(self):
        def delete():
            client("s3").delete_object(**self._object())
            return b"", {}

        self._answer(delete)

    def do_POST(self):
        def get_item():
            assert self.headers["X-Amz-Target"] == "DynamoDB_20120810.GetItem"
            done = client("dynamodb").get_item(**json.loads(self._body()))
            return json.dumps({"Item": done["Item"]} if "Item" in done else {}).encode(), {}

        self._answer(get_item)

    def log_message(self, *_arguments):
        """Log nothing."""

    def _object(self):
        bucket, _, key = urlsplit(self.path).path.removeprefix("/").partition("/")
        return {"Bucket": bucket, "Key": unquote(key)}

    def _body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _answer(self, call):
        status = 200
        try:
            body, headers = call()
        except EndpointConnectionError:
            self.close_connection = True
            return
        except ClientError as error:
            status, code = error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]
            body, headers = f"<Error><Code>{code}</Code></Error>".encode(), {}
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@contextmanager
def http_aws() -> Iterator[str]:
    """Serve on a free port; yield the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
