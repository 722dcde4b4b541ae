"""CloudFront Functions in long-lived node processes, with events in the form in which CloudFront makes them."""

import json
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

HERE = Path(__file__).parent
FUNCTIONS = HERE.parents[2] / "cdk" / "edge"
FUNCTION = FUNCTIONS / "canonicalize.js"


class CloudFrontFunction:
    """A function's source, run on one event after the other."""

    def __init__(self, source: Path, entry: str = "handler") -> None:
        self._process = subprocess.Popen(
            ["node", str(HERE / "run_function.js"), str(source), entry],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def handle(self, event: dict[str, Any], *, sizes: str = "ladder") -> dict[str, Any]:
        """Return what the function returns for an event."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"sizes": sizes, "event": {"version": "1.0", **event}}) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


class EdgeFunction(CloudFrontFunction):
    """Call it with a path, a raw query string and an Accept header; it returns the request or the response."""

    def __init__(self) -> None:
        super().__init__(FUNCTION, entry="rewritten")

    def __call__(
        self, uri: str, query: str = "", *, accept: str | None = None, sizes: str = "ladder"
    ) -> dict[str, Any]:
        headers = {} if accept is None else {"accept": {"value": accept}}
        request = {"method": "GET", "uri": uri, "querystring": cloudfront_querystring(query), "headers": headers}
        return self.handle({"request": request}, sizes=sizes)


def cloudfront_querystring(raw: str) -> dict[str, Any]:
    """Return a query string as CloudFront's event has it: nothing decoded, repeats in multiValue."""
    result: dict[str, Any] = {}
    for pair in filter(None, raw.split("&")):
        name, _, value = pair.partition("=")
        if name in result:
            result[name].setdefault("multiValue", [{"value": result[name]["value"]}]).append({"value": value})
        else:
            result[name] = {"value": value}
    return result


def api_gateway_parameters(raw: str) -> list[tuple[str, str]]:
    """Return a query string as API Gateway's event has it, decoded, in the order sent."""
    pairs = (pair.partition("=") for pair in raw.split("&") if pair)
    return [(unquote_plus(name), unquote_plus(value)) for name, _, value in pairs]
