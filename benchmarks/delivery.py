"""Delivery over HTTP: `python -m benchmarks.delivery` prints JSON. It runs in the environment of the local stage.

Both delivery modes are deployed locally. One client requests variants that the edge has cached, variants in the bucket
of generated variants, and variants that `serve` must compute. Then twenty clients request one new variant at once,
through the edge and around it.
"""

import json
import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import httpx

from image_scaler.client import Method
from local.access import Access
from local.console import Progress
from local.instance import Instance
from local.outputs import Outputs
from local.workspace import CHECKOUT, Workspace

PHOTO = CHECKOUT / "benchmarks" / ".cache" / "photos" / "phone.jpg"
WIDTHS = (200, 256, 320, 384, 480, 640, 750, 800, 828, 960, 1080, 1200)
QUALITIES = (70, 80, 90)
VARIANTS = [{"width": width, "quality": quality, "format": "jpeg"} for quality in QUALITIES for width in WIDTHS]
CACHED_REQUESTS = 200
CLIENTS = 20
EMULATOR_CALLS = 20
HITS_OF_THE_BUCKET = "bucket 200"


def main() -> None:
    """Deploy, measure, stop, print."""
    with TemporaryDirectory(prefix="image-scaler-bench-") as home:
        instance = Instance(Workspace(Path(home)), Progress(quiet=True))
        with instance.running() as outputs:
            print(json.dumps(_measured(outputs, instance.up_v1())))


def _measured(v2: Outputs, v1: Outputs) -> dict[str, Any]:
    through, through_v1, past = Access(v2), Access(v1), Access(v2, past_edge=True)
    try:
        image, image_v1 = (_published(client) for client in (through, through_v1))
        for variant in VARIANTS:
            _answer(through, image, variant)
        through.forget(image)
        through.variant_from_origin(f"{through.url}/images/{image}?width=200&quality=70&format=jpeg")
        hits = _times(lambda variant: _from_bucket(through, image, variant), VARIANTS[1:])
        cached = _times(lambda _: _cached(through, image), range(CACHED_REQUESTS))
        _answer(through_v1, image_v1, {"width": 48})  # the first call of a function starts it
        computing: list[float] = []
        computed = _times(lambda variant: computing.append(_computed(through_v1, image_v1, variant)), VARIANTS)
        nothing = _times(lambda _: past.http.get(f"{past.url}/images/nothing"), range(EMULATOR_CALLS))
        return {
            "cached": _summary(cached),
            "bucket": _summary(hits),
            "computed": _summary(computed) | {"serve_ms": round(median(computing), 1)},
            "call_ms": round(median(nothing), 1),
            "clients": CLIENTS,
            "one": _at_once(past, image, 1, quality=75),
            "through_edge": _at_once(through, image, CLIENTS, quality=85),
            "past_edge": _at_once(past, image, CLIENTS, quality=95),
        }
    finally:
        for client in (through, through_v1, past):
            client.close()


def _published(client: Access) -> str:
    image_id = client.client.upload(PHOTO, method=Method.PUT).id
    status = client.client.wait(image_id).status
    if status != "PUBLISHED":
        raise RuntimeError(f"the picture ended as {status}")
    return image_id


def _answer(client: Access, image_id: str, variant: dict[str, Any]) -> httpx.Response:
    answer = client.variant(image_id, **variant)
    answer.raise_for_status()
    return answer


def _cached(client: Access, image_id: str) -> None:
    if not _answer(client, image_id, VARIANTS[1]).headers["x-cache"].startswith("Hit"):
        raise RuntimeError("the edge did not respond from its cache")


def _from_bucket(client: Access, image_id: str, variant: dict[str, Any]) -> None:
    asked = _answer(client, image_id, variant).headers.get("x-local-trace")
    if asked != HITS_OF_THE_BUCKET:
        raise RuntimeError(f"the edge requested {asked} for a variant in the bucket")


def _computed(client: Access, image_id: str, variant: dict[str, Any]) -> float:
    """Request a variant that must be computed and return the ms that serve spent on it."""
    return sum(_phases(_answer(client, image_id, variant)).values())


def _phases(answer: httpx.Response) -> dict[str, float]:
    return {name: float(ms) for name, ms in re.findall(r"(\w+);dur=([\d.]+)", answer.headers.get("server-timing", ""))}


def _at_once(client: Access, image_id: str, clients: int, *, quality: int) -> dict[str, Any]:
    """Let many clients request one new variant at once; first, each requests its own variant to warm up the workers."""
    own = [{"width": 48, "height": 16 + number, "format": "png"} for number in range(clients)]
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(lambda variant: client.variant(image_id, **variant), own))
        started = perf_counter()
        wanted = {"width": 1600, "format": "webp", "quality": quality}
        answers = list(pool.map(lambda _: _answer(client, image_id, wanted), range(clients)))
        elapsed = (perf_counter() - started) * 1000
    # Responses from one computation have the same timings.
    computations = {
        answer.headers["server-timing"]: sum(_phases(answer).values())
        for answer in answers
        if "encode" in _phases(answer)
    }
    return {"computations": len(computations), "ms": round(elapsed), "serve_ms": round(sum(computations.values()))}


def _times(call: Callable[[Any], object], each: Iterable[Any]) -> list[float]:
    """Return the ms of each call, made one at a time."""
    found = []
    for item in each:
        started = perf_counter()
        call(item)
        found.append((perf_counter() - started) * 1000)
    return found


def _summary(times: list[float]) -> dict[str, float]:
    return {
        "requests": len(times),
        "p50_ms": round(median(times), 1),
        "p99_ms": round(quantiles(times, n=100, method="inclusive")[98], 1),
        "per_second": round(1000 * len(times) / sum(times), 1),
    }


if __name__ == "__main__":
    main()
