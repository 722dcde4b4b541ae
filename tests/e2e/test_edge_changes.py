"""Removal, rotation of the origin's secret, rotation of keys: nothing stale is served, and no request is refused."""

import itertools
import threading
from collections import Counter

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from functions.shared.variant import QUALITY_STEPS
from image_scaler.signing import Signer
from local import aws
from local.access import origin_headers
from local.edge.rotation import rotate_origin_secret
from tests import pictures
from tests.e2e.edge import KeyGroup, Viewer, eventually, pem_of


def test_a_removed_picture_is_purged_from_the_cache(deployed, viewer):
    ended = deployed.run(pictures.jpeg(800, 600))
    queries = [f"width={width}&format=jpeg" for width in (96, 320, 640)]
    for query in queries:
        viewer.get(ended.image_id, query)
        assert viewer.get(ended.image_id, query).headers["x-cache"] == "Hit from cloudfront"

    assert viewer.call("DELETE", f"/v1/images/{ended.image_id}").status_code == 202

    for query in queries:
        gone = eventually(
            lambda query=query: answer if (answer := viewer.get(ended.image_id, query)).status_code == 410 else None
        )
        assert gone.headers["content-type"] == "application/problem+json"
    eventually(lambda: deployed.keys("generated", f"images/{ended.image_id}/") == [])


def test_the_edge_is_purged_at_once_and_again_when_nothing_can_be_in_flight_any_more(deployed, viewer):
    ended = deployed.run(pictures.jpeg(96, 64))

    assert viewer.call("DELETE", f"/v1/images/{ended.image_id}").status_code == 202

    assert eventually(lambda: invalidations_of(ended.image_id, viewer.outputs) == 3)
    assert deployed.removed(ended.image_id)


def test_a_variant_that_a_dead_writer_left_after_the_takedown_is_not_served_in_the_end(deployed, viewer):
    """On AWS the edge may serve it until the last sweep; here the waits are short, and the last look is at the end."""
    ended = deployed.run(pictures.jpeg(800, 600))
    place = {"Bucket": deployed.outputs.buckets["generated"]}
    viewer.get(ended.image_id, "width=320&format=jpeg")
    (key,) = (each for each in deployed.keys("generated", f"images/{ended.image_id}/") if "width=320" in each)
    stored = deployed.s3.get_object(**place, Key=key)
    whole = {"Body": stored["Body"].read(), "ContentType": stored["ContentType"], "Metadata": stored["Metadata"]}

    with deployed.throttled("remove"):
        assert viewer.call("DELETE", f"/v1/images/{ended.image_id}").status_code == 202
        deployed.s3.put_object(**place, Key=key, **whole)
        eventually(lambda: viewer.get(ended.image_id, "width=320&format=jpeg").status_code == 200)

    deployed.removed(ended.image_id)
    eventually(lambda: viewer.get(ended.image_id, "width=320&format=jpeg").status_code == 410)
    assert deployed.left_of(ended.image_id) == []


def invalidations_of(image_id, outputs):
    """Return how many invalidations named the image so far."""
    cloudfront, distribution_id = aws.client("cloudfront", outputs), outputs.edge_stack["DistributionId"]
    listed = cloudfront.list_invalidations(DistributionId=distribution_id)["InvalidationList"].get("Items", [])
    found = [
        cloudfront.get_invalidation(DistributionId=distribution_id, Id=each["Id"])["Invalidation"] for each in listed
    ]
    return sum(f"#{image_id}" in each["InvalidationBatch"]["Paths"]["Items"] for each in found)


class Load:
    """Clients that ask all the time for what no cache has, two for new variants and two for records.

    ``answered`` counts by kind; ``failed`` keeps what was not a success.
    """

    def __init__(self, viewer: Viewer, image_id: str) -> None:
        self._viewer = viewer
        records = itertools.repeat(f"{viewer.url}/v1/images/{image_id}")
        variants = (
            viewer.image_url(image_id, f"width=96&height=64&format=jpeg&quality={quality}&position={across},{down}")
            for quality, across, down in itertools.product(QUALITY_STEPS, range(17), range(17))
        )
        self._stopped = threading.Event()
        self._next_url = threading.Lock()
        self._threads = [
            threading.Thread(target=self._ask, args=asked)
            for asked in (("records", records), ("variants", variants)) * 2
        ]
        self.answered = Counter()
        self.failed = []

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, kind, urls):
        with Viewer(self._viewer.outputs).http as http:
            while not self._stopped.is_set():
                with self._next_url:
                    url = next(urls)
                answer = http.get(self._viewer.signer.sign_url(url, self._viewer.everything()))
                self.answered[kind] += 1
                if answer.status_code != 200 or answer.headers["x-cache"] != "Miss from cloudfront":
                    self.failed.append((kind, answer.status_code, answer.headers, answer.text[:200]))


def test_the_origins_secret_rotates_under_load_without_one_refused_request(deployed, viewer, picture):
    values = [origin_headers(deployed.outputs)]

    with Load(viewer, picture) as load:
        for _ in range(3):
            rotate_origin_secret(deployed.outputs)
            values.append(origin_headers(deployed.outputs))
        enough = {kind: load.answered[kind] + 10 for kind in ("records", "variants")}
        eventually(lambda: load.answered >= Counter(enough) or load.failed)

    assert load.failed == []
    url = f"{deployed.outputs.api_url}/v1/images"
    # Accepted are what was deployed, the previous value and the current one. The firewall's view is up to a second old.
    eventually(lambda: [viewer.http.get(url, headers=value).status_code for value in values] == [200, 403, 200, 200])


@pytest.fixture(autouse=True)
def _the_shared_client_follows_a_rotation(deployed):
    """It calls the API past the edge, so it has to know the secret of the moment."""
    yield
    deployed.client.follow_rotation()


def test_urls_of_both_keys_work_until_the_old_one_is_removed(viewer, picture):
    new_key = rsa.generate_private_key(65537, 2048)
    group = KeyGroup(viewer, "viewers")
    url = viewer.image_url(picture)
    with_old = viewer.signer.sign_url(url, viewer.policy(picture))
    try:
        new_id = group.add_key(new_key)
        with_new = Signer(new_id, pem_of(new_key)).sign_url(url, viewer.policy(picture))

        assert eventually(lambda: viewer.http.get(with_new).status_code == 200)
        assert viewer.http.get(with_old).status_code == 200

        group.set([new_id])

        assert eventually(lambda: viewer.http.get(with_old).status_code == 403)
        assert viewer.http.get(with_new).status_code == 200
    finally:
        group.restore()
    assert eventually(lambda: viewer.http.get(with_old).status_code == 200)
