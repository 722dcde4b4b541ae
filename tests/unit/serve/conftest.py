"""Serve through its handler, against S3 and DynamoDB in moto; no code of ours is patched."""

import copy
import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from functions.shared.aws import client
from functions.shared.contracts import Picture, Rendition
from functions.shared.keys import record_partition
from tests import pictures
from tests.fakes.aws import ENVIRONMENT, PUBLISHED, SmallAws, mock_aws
from tests.fakes.handlers import Function
from tests.fakes.http_aws import http_aws

EVENTS = Path(__file__).parents[2] / "events" / "serve"
IMAGE_ID = "01JD3M9Q8RKC5V2W7X0Y4Z6ABC"
WEBP_640 = "fit=cover,format=webp,position=center,quality=auto,width=640"


@dataclass(frozen=True)
class Served:
    """An answer of serve as a client sees it."""

    raw: dict[str, Any]

    @property
    def status(self) -> int:
        return self.raw["statusCode"]

    @property
    def headers(self) -> dict[str, str]:
        return self.raw["headers"]

    @property
    def body(self) -> bytes:
        return b64decode(self.raw["body"]) if self.raw["isBase64Encoded"] else self.raw["body"].encode()

    @property
    def image(self) -> Image.Image:
        return Image.open(BytesIO(self.body))

    @property
    def document(self) -> dict[str, Any]:
        return json.loads(self.raw["body"])


class Library:
    """Images as persist leaves them: files in the published bucket and a record."""

    def __init__(self, aws: SmallAws) -> None:
        self.aws = aws

    def record(self, status: str, **attributes: Any) -> None:
        """Write the record of the one image."""
        self.aws.put_item(
            {
                "pk": record_partition(IMAGE_ID),
                "sk": "RECORD",
                "image_id": IMAGE_ID,
                "status": status,
                "created_at": "2026-11-24T10:00:00.000Z",
                "updated_at": "2026-11-24T10:00:05.000Z",
                **attributes,
            }
        )

    def publish(
        self, *, revision: int = 1, status: str = "PUBLISHED", size: tuple[int, int] = (1600, 1200), seed: int = 1
    ) -> Picture:
        """Publish a photo with renditions 320 and 640 px wide."""
        width, height = size
        files = {
            f"{name}.jpg": (each, round(each * height / width))
            for name, each in (("master", width), ("w320", 320), ("w640", 640))
        }
        bodies = {name: pictures.jpeg(*each, image=pictures.scene(*each, seed=seed)) for name, each in files.items()}
        return self.store(bodies, files, revision=revision, status=status, content_type="image/jpeg")

    def publish_master(
        self, body: bytes, size: tuple[int, int], *, content_type: str = "image/webp", **features: Any
    ) -> Picture:
        """Publish a picture that has nothing but its master."""
        return self.store({"master": body}, {"master": size}, content_type=content_type, **features)

    def store(
        self,
        bodies: dict[str, bytes],
        sizes: dict[str, tuple[int, int]],
        *,
        content_type: str,
        revision: int = 1,
        status: str = "PUBLISHED",
        **features: Any,
    ) -> Picture:
        renditions = []
        for name, body in bodies.items():
            key = f"{IMAGE_ID}/{revision}/{name}"
            self.aws.s3.put_object(Bucket=PUBLISHED, Key=key, Body=body, ContentType=content_type)
            renditions.append(Rendition(key, *sizes[name], len(body), content_type))
        picture = Picture(
            master=renditions[0],
            renditions=tuple(renditions[1:]),
            placeholder="",
            dominant_color="#000000",
            quality={"jpeg": 80, "webp": 80, "avif": 62},
            **features,
        )
        self.record(status, revision=revision, picture=picture.to_state())
        return picture


class Serve:
    """Calls the handler with an event of a file, changed where a test says so."""

    def __init__(self, function: Function) -> None:
        self._function = function

    @property
    def module(self) -> Any:
        return self._function.module

    def query(self, query: dict[str, Any] | None = None, **changes: Any) -> Served:
        """Ask by the query form; a list is a repeated parameter."""
        event = self.event("query_form", **changes)
        repeated = {name: value if isinstance(value, list) else [value] for name, value in (query or {}).items()}
        event["multiValueQueryStringParameters"] = repeated or None
        event["queryStringParameters"] = {name: values[-1] for name, values in repeated.items()} or None
        return Served(self._function(event))

    def path(self, canonical: str = WEBP_640, *, download: str | None = None, **changes: Any) -> Served:
        """Ask by the canonical path."""
        event = self.event("canonical_path", **changes)
        event["pathParameters"] = {**event["pathParameters"], "canonical": canonical}
        if download is not None:
            event["queryStringParameters"] = {"download": download}
            event["multiValueQueryStringParameters"] = {"download": [download]}
        return Served(self._function(event))

    def raw(self, event: dict[str, Any]) -> Served:
        return Served(self._function(event))

    @staticmethod
    def event(
        name: str, *, method: str = "GET", headers: dict[str, str] | None = None, image_id: str = IMAGE_ID
    ) -> dict[str, Any]:
        event = copy.deepcopy(json.loads((EVENTS / f"{name}.json").read_text()))
        event["httpMethod"] = method
        event["pathParameters"]["id"] = image_id
        for header, value in (headers or {}).items():
            event["headers"][header] = value
            event["multiValueHeaders"][header] = [value]
        return event


@pytest.fixture
def aws(clients, monkeypatch) -> Iterator[SmallAws]:
    for variable, value in ENVIRONMENT.items():
        monkeypatch.setenv(variable, value)
    with mock_aws(), http_aws() as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")  # botocore's clients are moto's
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")  # what a test breaks is broken
        yield SmallAws(**clients)
        client.cache_clear()


@pytest.fixture
def library(aws: SmallAws) -> Library:
    return Library(aws)


@pytest.fixture
def serve_with(aws: SmallAws, monkeypatch) -> Callable[..., Serve]:
    def cold_start(**environment: str) -> Serve:
        for variable, value in environment.items():
            monkeypatch.setenv(variable, value)
        return Serve(Function("serve", monkeypatch))

    return cold_start


@pytest.fixture
def serve(serve_with) -> Serve:
    return serve_with()


@pytest.fixture
def after_storing() -> Callable[[Callable[[], Any]], None]:
    """Let something happen between a PUT into the generated bucket and the second look at the record."""

    def register(action: Callable[[], Any]) -> None:
        client("s3").meta.events.register("after-call.s3.PutObject", lambda **_: action())

    return register
