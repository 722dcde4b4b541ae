"""Variants generated at ingest come from the bucket at their first request, without a function call."""

import json
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from functions.shared.limits import MAX_BODY_BYTES
from local import aws
from tests import pictures
from tests.e2e.edge import eventually, runs

FRAMES = 24


def generated(deployed, image_id, part):
    """Return the keys of an image's generated variants that hold a text."""
    return [key for key in deployed.keys("generated", f"images/{image_id}/") if part in key]


@pytest.fixture(scope="module")
def common(deployed):
    """The id of a published photo whose common variant is made and refined."""
    deployed.rekognition.reset()
    ended = deployed.run(pictures.jpeg(1500, 1000))
    eventually(lambda: is_refined(deployed, ended.image_id, "format=webp"))
    return ended.image_id


def is_refined(deployed, image_id, part):
    bucket = deployed.outputs.buckets["generated"]
    keys = generated(deployed, image_id, part)
    return keys and all("refined" in deployed.s3.head_object(Bucket=bucket, Key=key)["Metadata"] for key in keys)


@pytest.fixture(scope="module")
def noise():
    """An animation 660 px wide that compresses badly."""
    numbers = np.random.default_rng(7)
    frames = [Image.fromarray(numbers.integers(0, 256, (495, 660, 3), dtype=np.uint8)) for _ in range(FRAMES)]
    return pictures.encoded(
        frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=80, loop=0, quality=80, method=0
    )


@pytest.fixture(scope="module")
def heavy(deployed, noise):
    """The id of that animation, published and prewarmed."""
    return prewarmed(deployed, noise)


def prewarmed(deployed, noise):
    deployed.rekognition.reset()
    ended = deployed.run(noise, "image/webp")
    assert ended.status == "PUBLISHED"
    eventually(lambda: len(generated(deployed, ended.image_id, "width=640")) == 4)
    return ended.image_id


def test_the_first_request_for_a_common_variant_is_answered_by_the_bucket(deployed, viewer, common):
    before = runs(deployed.outputs)["serve"]

    first = viewer.get(common, "width=640&format=webp")

    assert (first.status_code, first.headers["x-local-trace"]) == (200, "bucket 200")
    assert first.headers["content-type"] == "image/webp"
    assert first.headers["cache-control"] == "public, max-age=3600, s-maxage=31536000"  # it is refined, too
    with Image.open(BytesIO(first.content)) as image:
        assert image.width == 640
    assert runs(deployed.outputs)["serve"] == before


def test_a_duplicate_event_does_not_change_existing_variants(deployed, common):
    """The stored variant is replaced with another picture, which is still there afterwards: nothing was generated
    again."""
    (key,) = generated(deployed, common, "format=webp")
    place = {"Bucket": deployed.outputs.buckets["generated"], "Key": key}
    stored = deployed.s3.get_object(**place)
    whole = stored["Body"].read()
    properties = {name: stored[name] for name in ("ContentType", "CacheControl", "Metadata")}
    deployed.s3.put_object(**place, Body=b"another", **properties)

    answer = prewarm(deployed, common)

    assert "FunctionError" not in answer
    assert deployed.s3.get_object(**place)["Body"].read() == b"another"
    deployed.s3.put_object(**place, Body=whole, **properties)


@pytest.mark.parametrize(
    ("image_format", "content_type"),
    [("gif", "image/gif"), ("auto", "image/gif"), ("webp", "image/webp"), ("avif", "image/webp")],
)
def test_an_animation_too_large_for_a_response_is_served_completely_from_the_bucket(
    deployed, viewer, heavy, image_format, content_type
):
    before = runs(deployed.outputs)["serve"]

    answer = viewer.get(heavy, f"width=640&format={image_format}", Accept="*/*")

    assert (answer.status_code, answer.headers["x-local-trace"]) == (200, "bucket 200")
    assert answer.headers["content-type"] == content_type
    assert len(answer.content) > MAX_BODY_BYTES
    with Image.open(BytesIO(answer.content)) as image:
        assert image.n_frames == FRAMES
    assert runs(deployed.outputs)["serve"] == before


def test_a_removal_deletes_prewarmed_variants(deployed):
    image_id = deployed.run(pictures.jpeg(900, 600)).image_id
    eventually(lambda: generated(deployed, image_id, "width=640"))

    deployed.remove(image_id)

    assert generated(deployed, image_id, "") == []
    assert "FunctionError" not in prewarm(deployed, image_id)
    assert generated(deployed, image_id, "") == []


def test_an_image_removed_while_it_is_prewarmed_leaves_nothing_behind(deployed, noise):
    """The removal happens between two variants: the first exists, and the next takes seconds to generate."""
    image_id = prewarmed(deployed, noise)
    for key in generated(deployed, image_id, ""):
        deployed.s3.delete_object(Bucket=deployed.outputs.buckets["generated"], Key=key)

    with ThreadPoolExecutor(1) as thread:
        answer = thread.submit(prewarm, deployed, image_id)
        eventually(lambda: generated(deployed, image_id, ""))
        assert deployed.client.delete(image_id).status_code == 202

    assert "FunctionError" not in answer.result()
    assert generated(deployed, image_id, "") == []


def prewarm(deployed, image_id):
    """Call prewarm as its queue does, and return Lambda's response."""
    news = {"detail-type": "Image Published", "detail": {"image_id": image_id}}
    return aws.client("lambda", deployed.outputs).invoke(
        FunctionName=deployed.outputs.functions["prewarm"],
        Payload=json.dumps({"Records": [{"messageId": "again", "body": json.dumps(news)}]}),
    )
