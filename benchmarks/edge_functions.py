"""The cost of requests in the edge functions: ``python -m benchmarks.edge_functions`` prints µs per request on njs.

CloudFront throttles a function that exceeds its time limit, for every viewer. The hostile requests are the largest that
CloudFront accepts: 8 KB of URL, 20 KB of headers. Each figure is the median of several runs, without the time that njs
takes to start.
"""

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from cdk import edge_functions

REQUESTS: Final = 300
RUNS: Final = 5
IMAGE: Final = "/images/01JD3M9Q8RKC5V2W7X0Y4Z6ABC"
BROWSER: Final = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"


def image_request(uri: str, querystring: Mapping[str, str], accept: str) -> dict[str, Any]:
    """Return the event of a GET for ``uri``."""
    return {
        "version": "1.0",
        "viewer": {"ip": "2001:db8:1:2:3:4:5:6"},
        "request": {
            "method": "GET",
            "uri": uri,
            "querystring": {name: {"value": value} for name, value in querystring.items()},
            "headers": {"accept": {"value": accept}},
        },
    }


USUAL: Final = image_request(IMAGE, {"width": "640", "height": "480", "fit": "contain"}, BROWSER)
HOSTILE: Final = {
    "a path of 8 KB": image_request(f"{IMAGE}/{'a=,' * 2700}", {}, BROWSER),
    "a path of 8 KB of slashes": image_request("/" * 8100, {}, BROWSER),
    "1,900 parameters": image_request(IMAGE, {f"%61{number}": "" for number in range(1900)}, BROWSER),
    "32 names of 250 characters": image_request(IMAGE, {"%61" * 80 + str(n): "1" for n in range(32)}, BROWSER),
    "a width of 8 KB": image_request(IMAGE, {"width": "%30" * 2700}, BROWSER),
    "a download of 8 KB": image_request(IMAGE, {"download": "%2F" * 2700}, BROWSER),
    "an Accept of 18 KB": image_request(IMAGE, {}, "image/avif;q=0.5," * 1100),
    "an Accept of commas": image_request(IMAGE, {}, "image/webp" + "," * 18_000),
    "the longest Accept that is read": image_request(IMAGE, {}, ("image/webp," * 50)[:512]),
    "one entry of 500 weights": image_request(IMAGE, {}, "image/webp" + ";" * 500),
}
"""Requests by their unusual part."""


def script(code: str, event: Mapping[str, Any], requests: int, folder: Path) -> Path:
    """Write a script that runs a function ``requests`` times on one event, and return its path."""
    source = folder / f"{requests}.js"
    source.write_text(
        f"{code}\nconst text = {json.dumps(json.dumps(event))};\n"
        f"for (let n = 0; n < {requests}; n++) handler(JSON.parse(text));\n"
    )
    return source


def microseconds(code: str, event: Mapping[str, Any], folder: Path) -> float:
    """Return the time of one request in µs, including parsing of the event. njs must be installed."""
    seconds = {}
    for requests in (0, REQUESTS):
        path = script(code, event, requests, folder)
        taken = []
        for _ in range(RUNS):
            began = time.perf_counter()
            subprocess.run(["njs", str(path)], check=True, capture_output=True)
            taken.append(time.perf_counter() - began)
        seconds[requests] = statistics.median(taken)
    return (seconds[REQUESTS] - seconds[0]) / REQUESTS * 1e6


def main() -> None:
    """Print the figures."""
    if shutil.which("njs") is None:
        sys.exit("njs is missing. Install it with apt-get install njs")
    code = edge_functions.image_request_code("ladder")
    with tempfile.TemporaryDirectory() as folder:
        nothing = microseconds("function handler() {}", USUAL, Path(folder))
        print(f"{nothing:8.0f} µs  parsing the typical event, which is part of every figure")
        for name, event in {"a typical request": USUAL, **HOSTILE}.items():
            print(f"{microseconds(code, event, Path(folder)):8.0f} µs  {name}", flush=True)


if __name__ == "__main__":
    main()
