"""A blocked, held or in-review image cannot be fetched: by any route, bucket path or guessed key."""

import httpx
import pytest

from tests import pictures
from tests.deployed import eventually, trust_of
from tests.emulator.test_paths import EXPLICIT, WEAPON
from tests.emulator.test_verdicts import REVIEWED

TENANT = "withheld"


@pytest.fixture(scope="module", params=["BLOCKED", "HELD", "IN_REVIEW"])
def withheld(request, deployed):
    """An image with each status that has a picture which must not be seen."""
    document = {**REVIEWED, "version": TENANT, "review": {"after_seconds": 86_400, "fallback": "block"}}
    policies = deployed.client.client.policies
    digest = policies.put(document, tenant=TENANT).digest
    policies.check(digest, tenant=TENANT)
    policies.activate(digest, tenant=TENANT)
    deployed.rekognition.reset()
    if request.param == "HELD":
        deployed.rekognition.set(refuse=100)
    else:
        deployed.rekognition.set(labels=WEAPON if request.param == "IN_REVIEW" else EXPLICIT)
    try:
        image_id = deployed.client.client.upload(pictures.jpeg(900, 600), filename="photo.jpg", tenant=TENANT).id
        eventually(lambda: deployed.item(image_id)["status"] == request.param)
    finally:
        deployed.rekognition.reset()
    return image_id


def guessed_keys(image_id):
    """Return keys that an image's files have, or had in an earlier release, in any bucket."""
    files = ("master.jpg", "master.webp", "w480.jpg", "w1280.jpg", "blurred/master.jpg", "proxy-0.jpg")
    return [
        f"uploads/{image_id}/original",
        f"images/{image_id}/format=auto",
        f"images/{image_id}/fit=contain,format=jpeg,width=320",
        *(f"{image_id}/{revision}/{file}" for revision in (1, 2) for file in files),
    ]


@pytest.mark.parametrize(
    "query", ["", "width=320&format=jpeg", "width=320&format=avif", "width=64&height=64&fit=cover", "format=auto&dpr=2"]
)
def test_no_image_route_returns_it(viewer, withheld, query):
    answer = viewer.get(withheld, query)

    assert answer.status_code in {202, 451}  # not yet, or not because of the verdict
    assert not answer.headers["content-type"].startswith("image/")


def test_no_path_of_the_edge_returns_it(viewer, withheld):
    answers = [viewer.call("GET", f"/{key}") for key in guessed_keys(withheld)]
    answers += [viewer.call("GET", f"/{bucket}/{key}") for key in guessed_keys(withheld) for bucket in
                ("originals", "staging", "published", "generated")]  # fmt: skip

    assert {answer.status_code for answer in answers} <= {400, 403, 404, 409}
    assert not [answer for answer in answers if answer.headers.get("content-type", "").startswith("image/")]


def test_no_bucket_returns_it_to_a_stranger(deployed, withheld):
    """Every key that any bucket has of the image is also requested, by both forms of S3's address."""
    known = [key for name in deployed.outputs.buckets for key in deployed.keys(name) if withheld in key]
    with httpx.Client(trust_env=False, verify=trust_of(deployed.outputs)) as stranger:
        answers = [
            stranger.get(f"{base}/{bucket}/{key}")
            for base in (deployed.outputs.emulator_url, deployed.outputs.uploads_url)
            for bucket in deployed.outputs.buckets.values()
            for key in {*known, *guessed_keys(withheld)}
        ]

    assert known
    assert {answer.status_code for answer in answers} <= {400, 403, 404, 405}


def test_its_record_shows_nothing_of_it(deployed, withheld):
    record = deployed.client.image(withheld)

    assert record.keys().isdisjoint({"placeholder", "dominant_color", "url_path", "renditions"})
