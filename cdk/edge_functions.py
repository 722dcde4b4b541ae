"""The deployed code of the CloudFront Functions: assembled from cdk/edge, then minified.

CloudFront's limit is 10 KB; its documentation does not say whether that is 10,000 or 10,240 bytes. The limit here
leaves room below the smaller one. Only synthesis needs Node and the terser of package-lock.json.
"""

import json
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

from functions.shared.peers import ADVICE
from functions.shared.variant import NO_PRESETS, Presets

SOURCES: Final = Path(__file__).resolve().parent / "edge"
LIMIT_BYTES: Final = 9_900
"""The most bytes of a function's minified code."""


class EdgeFunctionError(Exception):
    """A function's code cannot be minified, or is too long; the message says which."""


def image_request_code(
    sizes: str,
    *,
    allowed_origins: Sequence[str] = (),
    credentials: bool = False,
    presets: Presets = NO_PRESETS,
) -> str:
    """Return the viewer-request function of /images/*: preflights, the canonical path, then the viewer's address.

    ``sizes`` is "ladder" or "exact". Preflights from ``allowed_origins`` are allowed; ``credentials`` lets their pages
    send cookies. ``presets`` are the stage's. Raises EdgeFunctionError.
    """
    source = _source("canonicalize.js", "viewer_address.js")
    for placeholder, value in {
        "'__SIZES__'": sizes,
        "'__ORIGINS__'": list(allowed_origins),
        "'__CREDENTIALS__'": credentials,
        "'__PEERS__'": ADVICE,
        "'__PRESETS__'": [[name, dict(values)] for name, values in presets.items()],
    }.items():
        source = source.replace(placeholder, json.dumps(value))
    return _minified("ImageRequest", source, hint="; the stage's presets are too long" if presets else "")


def image_response_code() -> str:
    """Return the viewer-response function of /images/*: Vary and a download's file name. Raises EdgeFunctionError."""
    return _minified("ImageResponse", _source("image_response.js"))


def control_request_code() -> str:
    """Return the viewer-request function of /v1/*: plain paths, then the viewer's address. Raises EdgeFunctionError."""
    return _minified("ControlRequest", _source("control_path.js", "viewer_address.js"))


def closed_code() -> str:
    """Return the viewer-request function of every other path, which returns 403. Raises EdgeFunctionError."""
    return _minified("Closed", _source("closed.js"))


def _source(*names: str) -> str:
    return "\n".join((SOURCES / name).read_text(encoding="utf-8") for name in names)


@cache
def _minified(name: str, source: str, hint: str = "") -> str:
    done = subprocess.run(
        ["node", str(SOURCES / "minify.mjs")], input=json.dumps([source]), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise EdgeFunctionError(f"{name} cannot be minified (make setup fetches terser): {done.stderr.strip()}")
    (code,) = json.loads(done.stdout)
    size = len(code.encode())
    if size > LIMIT_BYTES:
        raise EdgeFunctionError(
            f"{name} has {size} bytes minified; the limit is {LIMIT_BYTES}, {size - LIMIT_BYTES} fewer{hint}"
        )
    return str(code)
