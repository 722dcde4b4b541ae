"""Requests one published picture with and without signatures and by both delivery modes, and describes each step.

Delivery v1 is a separate stage with its own edge. Every line begins with the number of the requirement that it shows
(docs/requirements.md).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import httpx

from local import aws
from local.access import Access, signed_for_all_sizes
from local.errors import LocalError
from local.outputs import Outputs


@dataclass(frozen=True)
class Step:
    """One line: the requirement that it shows, and the result."""

    row: str
    text: str


@dataclass(frozen=True)
class Subject:
    """A published picture, and the addresses of its stage."""

    outputs: Outputs
    image_id: str


def walk(v2: Subject, v1: Subject) -> list[Step]:
    """Return the steps, with a picture of each stage. Raises LocalError if a step has an unexpected result."""
    through, through_v1 = Access(v2.outputs), Access(v1.outputs)
    anybody = httpx.Client(timeout=60, trust_env=False)
    try:
        return [
            *_doors(v2.outputs, anybody, through, v2.image_id),
            *_delivery_v1(v1, anybody, through_v1),
            *_delivery_v2(v2.outputs, through, v2.image_id),
        ]
    finally:
        for client in (through, through_v1, anybody):
            client.close()


def _doors(outputs: Outputs, anybody: httpx.Client, through: Access, image_id: str) -> Iterator[Step]:
    plain = f"{outputs.edge_url}/images/{image_id}?width=1000&format=webp"
    signed = signed_for_all_sizes(outputs, plain)
    opened, closed = anybody.get(signed), anybody.get(plain)
    yield Step("K3", f"with a signature for every size: {_expect(opened, 200)}  {signed}")
    yield Step("K3", f"without a signature: {_expect(closed, 403)}  {plain}")
    listed = through.http.get(f"{outputs.edge_url}/v1/images")
    yield Step("U1", f"a signed API call through CloudFront: {_expect(listed, 200)}")
    around = anybody.get(f"{outputs.api_url}/v1/images")
    yield Step(
        "U2", f"the same call around CloudFront, without X-Origin-Verify, is refused by WAF: {_expect(around, 403)}"
    )


def _delivery_v1(v1: Subject, anybody: httpx.Client, through: Access) -> Iterator[Step]:
    path = f"/images/{v1.image_id}?width=750&format=jpeg"  # a size that has not been requested yet
    first = through.http.get(through.url + path)
    _expect(first, 200)
    asked = _asked(first)
    if len(asked) != 2 or not asked[0].startswith("firewall"):
        raise LocalError(f"Delivery v1 must request only the API; it requested {asked}.")
    yield Step("V1.1", f"delivery v1, on a separate edge: not cached by CloudFront: {first.headers['x-cache']}")
    around = anybody.get(v1.outputs.api_url + path)
    yield Step("V1.2", f"it requests the API, where WAF checks X-Origin-Verify: {_expect(around, 403)} without it")
    yield Step("V1.3", f"with it WAF allows the request: {', '.join(asked)}")
    yield Step("V1.4", f"API Gateway calls serve, which loads a rendition from S3: {_timing(first, 'fetch')} ms")
    resized, encoded = _timing(first, "resize"), _timing(first, "encode")
    size = f"{len(first.content) / 1000:.0f} kB {first.headers['content-type']}"
    yield Step("V1.5", f"resizes it as requested and returns it: resize {resized} ms, encode {encoded} ms, {size}")
    bucket = v1.outputs.buckets["generated"]
    kept = aws.client("s3", v1.outputs).list_objects_v2(Bucket=bucket, Prefix=f"images/{v1.image_id}/")["KeyCount"]
    if kept:
        raise LocalError(f"Delivery v1 must not store variants; {bucket} has {kept} variants of {v1.image_id}.")
    second = through.http.get(through.url + path)
    yield Step("V1.1", f"nothing is stored in a bucket; requested again: {second.headers['x-cache']}")


def _timing(answer: httpx.Response, phase: str) -> str:
    """Return the milliseconds of one phase of serve's work, or a dash if there was none."""
    for each in answer.headers.get("server-timing", "").split(","):
        name, _, duration = each.strip().partition(";dur=")
        if name == phase:
            return str(duration)
    return "–"


def _delivery_v2(outputs: Outputs, through: Access, image_id: str) -> Iterator[Step]:
    url = f"{outputs.edge_url}/images/{image_id}?width=1500&format=webp"
    first = through.http.get(url)
    _expect(first, 200)
    origins = _asked(first)
    yield Step("V2.4", f"delivery v2: CloudFront checks the bucket of generated pictures: {origins[0]}")
    yield Step("V2.5-7", f"it is missing, so it is generated behind WAF and API Gateway: {', '.join(origins[1:])}")
    yield Step("V2.8-9", f"serve returned {len(first.content) / 1000:.0f} kB and stored them in the bucket")
    through.forget(image_id)
    second = through.variant_from_origin(url)
    _expect(second, 200)
    if _asked(second) != ["bucket 200"]:
        raise LocalError(f"The second request must reach only the bucket; it reached {_asked(second)}.")
    yield Step("V2.4", "requested again with an empty cache: bucket 200, and no function runs")
    third = through.http.get(url)
    yield Step("V2.4", f"requested again: {third.headers['x-cache']}")


def _asked(answer: httpx.Response) -> list[str]:
    """Return the origins that the local edge requested for a response."""
    asked: str = answer.headers.get("x-local-trace", "nothing")
    return asked.split("; ")


def _expect(answer: httpx.Response, status: int) -> int:
    if answer.status_code != status:
        raise LocalError(f"{answer.request.url.path} returned {answer.status_code} instead of {status}: {answer.text}")
    return status
