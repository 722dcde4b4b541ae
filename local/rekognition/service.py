"""DetectModerationLabels over HTTP, compatible with boto3, with Rekognition's validation and error codes.

A POST with ``X-Amz-Target: RekognitionService.DetectModerationLabels`` and a JSON body is a call, as on AWS.
``/control`` does not exist on AWS: GET returns the settings of behaviour.py, PATCH changes some, DELETE resets all.
"""

import base64
import json
from dataclasses import dataclass
from typing import Any, Final, Protocol

from anyio import to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.rekognition.behaviour import Behaviour, ControlError
from local.rekognition.pictures import SeenPicture, UnreadablePictureError, look_at

TARGET: Final = "RekognitionService.DetectModerationLabels"
MAX_INLINE_BYTES: Final = 5 * 1024 * 1024
MAX_OBJECT_BYTES: Final = 15 * 1024 * 1024
MIN_SIDE_PX: Final = 80
MAX_SIDE_PX: Final = 10_000
DEFAULT_MIN_CONFIDENCE: Final = 50.0

NO_DOCUMENT: Final = (ValueError, RecursionError)
"""Errors of parsing JSON: invalid UTF-8 or syntax, a number with too many digits, too deep nesting."""


class ObjectReader(Protocol):
    """The store for Image.S3Object."""

    def read(self, bucket: str, key: str, version: str | None) -> bytes:
        """Return an object's bytes; raises LookupError if it cannot be read."""


@dataclass
class RekognitionError(Exception):
    """An error response: AWS's error code, its message and the HTTP status."""

    code: str
    message: str
    status: int = 400


def create_app(behaviour: Behaviour, objects: ObjectReader) -> Starlette:
    """Return the ASGI application of one service."""

    async def detect(request: Request) -> Response:
        behaviour.calls += 1
        try:
            return _amz_json(await _detect(request, behaviour, objects))
        except RekognitionError as error:
            return _amz_json({"__type": error.code, "Message": error.message, "Code": error.code}, error.status)

    async def control(request: Request) -> Response:
        try:
            if request.method == "PATCH":
                behaviour.change(await request.json())
            elif request.method == "DELETE":
                behaviour.reset()
        except (ControlError, *NO_DOCUMENT, AttributeError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        return JSONResponse(behaviour.state())

    return Starlette(
        routes=[
            Route("/", detect, methods=["POST"]),
            Route("/control", control, methods=["GET", "PATCH", "DELETE"]),
        ]
    )


async def _detect(request: Request, behaviour: Behaviour, objects: ObjectReader) -> dict[str, Any]:
    if request.headers.get("x-amz-target") != TARGET:
        raise RekognitionError("UnknownOperationException", f"Only {TARGET} is supported.")
    await behaviour.wait_for_release()
    if not behaviour.on:
        raise RekognitionError("ServiceUnavailableException", "The stand-in is turned off.", 503)
    if behaviour.takes("throttle"):
        raise RekognitionError("ThrottlingException", "Rate exceeded")
    if behaviour.is_over_rate():
        raise RekognitionError("ProvisionedThroughputExceededException", "Provisioned rate exceeded")
    if behaviour.takes("refuse"):
        raise RekognitionError("InvalidImageFormatException", "Request has invalid image format")
    try:
        document = json.loads(await request.body())
        image, min_confidence = document["Image"], float(document.get("MinConfidence", DEFAULT_MIN_CONFIDENCE))
    except (*NO_DOCUMENT, KeyError, TypeError) as error:
        raise RekognitionError("InvalidParameterException", "Request has invalid parameters") from error
    if not 0 <= min_confidence <= 100:
        raise RekognitionError("InvalidParameterException", "MinConfidence must be from 0 to 100.")
    body = await to_thread.run_sync(_body_of, image, objects)
    labels = await to_thread.run_sync(_labels_of, body, behaviour)
    return behaviour.answer(labels, min_confidence)


def _body_of(image: Any, objects: ObjectReader) -> bytes:
    """Return the picture's bytes, inline or from S3, within the respective limit."""
    given = set(image) if isinstance(image, dict) else set()
    if given == {"Bytes"}:
        try:
            body = base64.b64decode(image["Bytes"], validate=True)
        except (ValueError, TypeError) as error:
            raise RekognitionError("InvalidParameterException", "Request has invalid parameters") from error
        limit = MAX_INLINE_BYTES
    elif given == {"S3Object"}:
        place = image["S3Object"]
        try:
            body = objects.read(place["Bucket"], place["Name"], place.get("Version"))
        except (LookupError, TypeError) as error:
            raise RekognitionError(
                "InvalidS3ObjectException",
                "Unable to get object metadata from S3. Check object key, region and/or access permissions.",
            ) from error
        limit = MAX_OBJECT_BYTES
    else:
        raise RekognitionError("InvalidParameterException", "Request has invalid parameters")
    if len(body) > limit:
        raise RekognitionError("ImageTooLargeException", f"The image is larger than {limit} bytes.")
    return body


def _labels_of(body: bytes, behaviour: Behaviour) -> list[dict[str, Any]]:
    try:
        return behaviour.labels_of(body, _seen(body))
    except UnreadablePictureError as error:
        raise RekognitionError("InvalidImageFormatException", "Request has invalid image format") from error


def _seen(body: bytes) -> SeenPicture:
    """Return the picture, if its sides are within Rekognition's limits. Raises UnreadablePictureError."""
    picture = look_at(body)
    if max(picture.width, picture.height) > MAX_SIDE_PX:
        raise RekognitionError("ImageTooLargeException", f"A side is longer than {MAX_SIDE_PX} pixels.")
    if min(picture.width, picture.height) < MIN_SIDE_PX:
        raise RekognitionError("InvalidParameterException", f"A side is shorter than {MIN_SIDE_PX} pixels.")
    return picture


def _amz_json(document: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(document), status_code=status, media_type="application/x-amz-json-1.1")
