"""Responses with a picture, or with 304 if the client's copy is still valid, in API Gateway's proxy form."""

import re
from base64 import b64encode
from typing import Any, Final
from urllib.parse import quote

from functions.serve.requests import ImageRequest
from functions.shared.keys import CACHE_TAG

CONTENT_SECURITY_POLICY: Final = "default-src 'none'; sandbox"
"""A browser that opens a picture as a document must load and run nothing."""

MAX_FILENAME_CHARACTERS: Final = 100

_UNSAFE: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    r'/\\:*?"<>|;%]'
)
"""Control characters, direction marks, invisible characters, and characters special to file systems or headers."""


def picture_response(
    request: ImageRequest,
    *,
    body: bytes,
    content_type: str,
    validators: dict[str, str],
    server_timing: str,
) -> dict[str, Any]:
    """Return the response with a picture; ``validators`` are the headers that a 304 repeats."""
    headers = {
        "Content-Type": content_type,
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "X-Content-Type-Options": "nosniff",
        "Server-Timing": server_timing,
        f"X-Amz-Meta-{CACHE_TAG}": request.image_id,  # as S3 sends an object's metadata
        **validators,
    }
    if request.download is not None:
        headers["Content-Disposition"] = attachment(request.download, content_type)
    return {
        "statusCode": 200,
        "headers": headers,
        "body": "" if request.without_body else b64encode(body).decode("ascii"),
        "isBase64Encoded": not request.without_body,
    }


def not_modified_response(validators: dict[str, str]) -> dict[str, Any]:
    """Return the response 304."""
    return {"statusCode": 304, "headers": validators, "body": "", "isBase64Encoded": False}


def attachment(name: str, content_type: str) -> str:
    """Return Content-Disposition for saving as ``name`` (RFC 6266), without unsafe characters and with an extension.

    cdk/edge/image_response.js has the same function: change both together. Tests compare them.
    """
    text = name.encode("utf-8", "ignore").decode("utf-8")  # lone surrogates have no bytes
    text = _UNSAFE.sub("_", text).strip(" .")[:MAX_FILENAME_CHARACTERS] or "image"
    if "." not in text:
        text = f"{text}.{content_type.removeprefix('image/').replace('jpeg', 'jpg')}"
    plain = text.encode("ascii", "replace").decode("ascii").replace("?", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(text, safe='')}"


def server_timing(timings_ms: dict[str, float], *, refit: str | None = None) -> str:
    """Return the Server-Timing header's value; ``refit`` says how a picture was made smaller to fit."""
    entries = [f"{name};dur={duration:.1f}" for name, duration in timings_ms.items()]
    if refit is not None:
        entries.append(f'refit;desc="{refit}"')
    return ", ".join(entries)
