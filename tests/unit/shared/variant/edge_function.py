"""CloudFront Functions as they are deployed, with events in the form in which CloudFront makes them.

Node keeps a process for as long as the tests run; njs, from which CloudFront's own engine is said to derive, takes a
list of events at once.
"""

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import pytest

from cdk.edge_functions import image_request_code

HERE = Path(__file__).parent
VIEWER_IP = "192.0.2.7"
PRESETS = {
    "card": {"width": "640", "height": "480", "quality": "80", "position": "auto"},
    "hero-2x": {"width": "900", "dpr": "2", "format": "webp"},
    "framed": {"fit": "contain", "background": "black"},
    "constructor": {"quality": "40"},
}
"""The presets of the shared table of cases."""


class CloudFrontFunction:
    """A function's code, run on one event after the other in Node."""

    def __init__(self, code: str) -> None:
        self._process = subprocess.Popen(
            ["node", str(HERE / "run_function.js")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
        )
        self._send(code)

    def handle(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return what the function returns for an event."""
        self._send({"version": "1.0", "viewer": {"ip": VIEWER_IP}, **event})
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        self._process.communicate()

    def _send(self, value: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(value) + "\n")
        self._process.stdin.flush()


class EdgeFunction:
    """Call it with a path, a raw query string and an Accept header; it returns the request or the response."""

    def __init__(self) -> None:
        self._functions = {
            sizes: CloudFrontFunction(image_request_code(sizes, presets=PRESETS)) for sizes in ("ladder", "exact")
        }

    def __call__(
        self, uri: str, query: str = "", *, accept: str | list[str] | None = None, sizes: str = "ladder"
    ) -> dict[str, Any]:
        return self._functions[sizes].handle(image_event(uri, query, accept=accept))

    def close(self) -> None:
        """End the processes."""
        for function in self._functions.values():
            function.close()


def run_on_njs(code: str, events: Sequence[dict[str, Any]], tmp_path: Path) -> list[dict[str, Any]]:
    """Return what a function returns for each event on njs; skips the test where njs is missing."""
    if shutil.which("njs") is None:
        pytest.skip("njs is missing (apt-get install njs): the edge functions ran on Node alone")
    whole = [{"version": "1.0", "viewer": {"ip": VIEWER_IP}, **event} for event in events]
    (tmp_path / "events.json").write_text(json.dumps(whole))
    script = tmp_path / "function.js"
    script.write_text(
        f"{code}\nconst events = JSON.parse(require('fs').readFileSync({json.dumps(str(tmp_path / 'events.json'))}));"
        "events.forEach(event => console.log(JSON.stringify(handler(event))));"
    )
    done = subprocess.run(["njs", str(script)], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def image_event(
    uri: str, query: str = "", *, accept: str | list[str] | None = None, method: str = "GET", **headers: str
) -> dict[str, Any]:
    """Return the event of a viewer's request for an image."""
    sent: dict[str, Any] = {name: {"value": value} for name, value in headers.items()}
    if accept is not None:
        sent["accept"] = cloudfront_values(accept if isinstance(accept, list) else [accept])
    return {"request": {"method": method, "uri": uri, "querystring": cloudfront_querystring(query), "headers": sent}}


def cloudfront_values(values: list[str]) -> dict[str, Any]:
    """Return the values of one header or parameter as CloudFront's event has them: repeats in multiValue."""
    last = {"value": values[-1]}
    return last if len(values) == 1 else {**last, "multiValue": [{"value": value} for value in values]}


def cloudfront_querystring(raw: str) -> dict[str, Any]:
    """Return a query string as CloudFront's event has it: nothing decoded."""
    values: dict[str, list[str]] = {}
    for pair in filter(None, raw.split("&")):
        name, _, value = pair.partition("=")
        values.setdefault(name, []).append(value)
    return {name: cloudfront_values(each) for name, each in values.items()}


def api_gateway_parameters(raw: str) -> list[tuple[str, str]]:
    """Return a query string as API Gateway's event has it, decoded, in the order sent."""
    pairs = (pair.partition("=") for pair in raw.split("&") if pair)
    return [(unquote_plus(name), unquote_plus(value)) for name, _, value in pairs]
