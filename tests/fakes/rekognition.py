"""Rekognition at the transport: the real botocore client signs, sends and parses; this answers in place of the wire."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from botocore.awsrequest import AWSResponse


class _RawBody(io.BytesIO):
    """A body as urllib3 hands it over."""

    def stream(self, **_kwargs):
        yield self.read()


def labels(*found: tuple[str, str, float]) -> list[dict]:
    """Return labels as Rekognition writes them, each from its name, its parent and its confidence."""
    parents = {name: parent for name, parent, _ in found}

    def level(name: str) -> int:
        return 1 + level(parents[name]) if parents.get(name) in parents else 1 + bool(parents.get(name))

    return [
        {"Name": name, "ParentName": parent, "Confidence": confidence, "TaxonomyLevel": level(name)}
        for name, parent, confidence in found
    ]


@dataclass
class FakeRekognition:
    """Answers DetectModerationLabels: ``found`` by S3 key, or the error ``fails_with``, a code and an HTTP status.

    ``refuses`` are keys whose pictures it cannot read; ``spoil`` changes a good answer before it is sent.
    ``throttles`` says how many calls about a key are throttled before one is answered.
    """

    found: dict[str, list[dict]] = field(default_factory=dict)
    fails_with: tuple[str, int] | None = None
    raises: Exception | None = None
    refuses: frozenset[str] = frozenset()
    throttles: dict[str, float] = field(default_factory=dict)
    spoil: Callable[[dict, float], dict] = lambda answer, _: answer
    requests: list[dict] = field(default_factory=list)

    def attach(self, client) -> None:
        """Stand between this client and the network."""
        client.meta.events.register_first("before-send.rekognition.DetectModerationLabels", self._answer)

    def detach(self, client) -> None:
        """Step aside."""
        client.meta.events.unregister("before-send.rekognition.DetectModerationLabels", self._answer)

    def _answer(self, request, **_kwargs) -> AWSResponse:
        document = json.loads(request.body)
        self.requests.append(document)
        if self.raises:
            raise self.raises
        if self.fails_with:
            code, status = self.fails_with
            return _response(request.url, status, {"__type": code, "Message": "as told", "Code": code})
        key = document["Image"]["S3Object"]["Name"]
        if self.throttles.get(key, 0) > 0:
            self.throttles[key] -= 1
            code = "ProvisionedThroughputExceededException"
            return _response(request.url, 400, {"__type": code, "Message": "as told", "Code": code})
        if key in self.refuses:
            code = "InvalidImageFormatException"
            return _response(request.url, 400, {"__type": code, "Message": "as told", "Code": code})
        found = [label for label in self.found.get(key, []) if label["Confidence"] >= document["MinConfidence"]]
        answer = {"ModerationLabels": found, "ModerationModelVersion": "7.0"}
        return _response(request.url, 200, self.spoil(answer, document["MinConfidence"]))


def _response(url: str, status: int, document: dict) -> AWSResponse:
    return AWSResponse(
        url, status, {"Content-Type": "application/x-amz-json-1.1"}, _RawBody(json.dumps(document).encode())
    )
