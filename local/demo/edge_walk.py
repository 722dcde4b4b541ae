"""Walks one published picture past the edge's doors and through both ways of delivery, and tells each step.

Delivery v1 is a stage of its own beside the other, with an edge of its own.
Every line begins with the row of the older design that it shows (docs/architecture.md lists them).
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
    """One line: the row that it shows, and what happened."""

    row: str
    text: str


@dataclass(frozen=True)
class Subject:
    """A published picture, and where the stage runs that has it."""

    outputs: Outputs
    image_id: str


def walk(v2: Subject, v1: Subject) -> list[Step]:
    """Return the steps, with a picture of each stage. Raises LocalError when one does not go as it must."""
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
    yield Step("K3", f"signed for every size of the picture: {_expect(opened, 200)}  {signed}")
    yield Step("K3", f"without a signature: {_expect(closed, 403)}  {plain}")
    listed = through.http.get(f"{outputs.edge_url}/v1/images")
    yield Step("U1", f"a call of the API, signed, passes CloudFront: {_expect(listed, 200)}")
    around = anybody.get(f"{outputs.api_url}/v1/images")
    yield Step("U2", f"the same call around CloudFront lacks X-Origin-Verify, and WAF answers: {_expect(around, 403)}")


def _delivery_v1(v1: Subject, anybody: httpx.Client, through: Access) -> Iterator[Step]:
    path = f"/images/{v1.image_id}?width=750&format=jpeg"  # a size that nobody has asked for yet
    first = through.http.get(through.url + path)
    _expect(first, 200)
    asked = _asked(first)
    if len(asked) != 2 or not asked[0].startswith("firewall"):
        raise LocalError(f"Delivery v1 asks the API and nothing else; it asked {asked}.")
    yield Step("V1.1", f"delivery v1, an edge of its own: CloudFront has it not: {first.headers['x-cache']}")
    around = anybody.get(v1.outputs.api_url + path)
    yield Step("V1.2", f"it asks the API alone, where WAF checks X-Origin-Verify: {_expect(around, 403)} without it")
    yield Step("V1.3", f"with it WAF lets the request through: {', '.join(asked)}")
    yield Step("V1.4", f"API Gateway calls serve, which loads a rendition from S3: {_timing(first, 'fetch')} ms")
    resized, encoded = _timing(first, "resize"), _timing(first, "encode")
    size = f"{len(first.content) / 1000:.0f} kB {first.headers['content-type']}"
    yield Step("V1.5", f"resizes it as the URL says, and returns it: resize {resized} ms, encode {encoded} ms, {size}")
    bucket = v1.outputs.buckets["generated"]
    kept = aws.client("s3", v1.outputs).list_objects_v2(Bucket=bucket, Prefix=f"images/{v1.image_id}/")["KeyCount"]
    if kept:
        raise LocalError(f"Delivery v1 stores nothing; {bucket} has {kept} variants of {v1.image_id}.")
    second = through.http.get(through.url + path)
    yield Step("V1.1", f"nothing is stored in a bucket; asked once more: {second.headers['x-cache']}")


def _timing(answer: httpx.Response, phase: str) -> str:
    """Return the milliseconds of one phase of serve's work, or a dash where it had none."""
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
    yield Step("V2.4", f"delivery v2: CloudFront looks into the bucket of generated pictures: {origins[0]}")
    yield Step("V2.5-7", f"it is not there, so it is generated behind WAF and API Gateway: {', '.join(origins[1:])}")
    yield Step("V2.8-9", f"serve returned {len(first.content) / 1000:.0f} kB and stored them in the bucket")
    through.forget(image_id)
    second = through.variant_from_origin(url)
    _expect(second, 200)
    if _asked(second) != ["bucket 200"]:
        raise LocalError(f"The second request should have been the bucket's alone; it asked {_asked(second)}.")
    yield Step("V2.4", "asked again by a cache that has forgotten it: bucket 200, and no function runs")
    third = through.http.get(url)
    yield Step("V2.4", f"asked once more: {third.headers['x-cache']}")


def _asked(answer: httpx.Response) -> list[str]:
    """Return which origins the local edge asked for an answer."""
    asked: str = answer.headers.get("x-local-trace", "nothing")
    return asked.split("; ")


def _expect(answer: httpx.Response, status: int) -> int:
    if answer.status_code != status:
        raise LocalError(
            f"{answer.request.url.path} answered {answer.status_code} where {status} was due: {answer.text}"
        )
    return status
