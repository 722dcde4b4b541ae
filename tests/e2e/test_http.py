"""The service over HTTP, as a client meets it: what is served, and how everything else is refused."""

import io
import uuid

import pytest
from PIL import Image

from tests import pictures
from tests.deployed import Upload

UNKNOWN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
WEAPON = [{"Name": "Weapons", "ParentName": "Violence", "TaxonomyLevel": 2, "Confidence": 97.0}]
EXPLICIT = [{"Name": "Explicit Sexual Activity", "ParentName": "Explicit", "TaxonomyLevel": 2, "Confidence": 99.0}]


@pytest.fixture(scope="module")
def published(deployed):
    """A published picture of 1500 by 1000 px."""
    deployed.rekognition.reset()
    ended = deployed.run(pictures.jpeg(1500, 1000))
    assert ended.status == "PUBLISHED"
    return ended


def opened(answer):
    return Image.open(io.BytesIO(answer.content))


def problem(answer):
    assert answer.headers["content-type"].startswith("application/problem+json"), answer.text
    document = answer.json()
    assert document["status"] == answer.status_code
    return document


# --- pictures


@pytest.mark.parametrize(
    ("width", "wanted", "got"), [(96, "jpeg", "image/jpeg"), (320, "webp", "image/webp"), (1080, "png", "image/png")]
)
def test_a_picture_has_the_requested_size_and_format(pipeline, published, width, wanted, got):
    answer = pipeline.client.variant(published.image_id, width=width, format=wanted)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == got
    assert opened(answer).size == (width, round(width * 2 / 3))


@pytest.mark.parametrize(
    ("accept", "got"),
    [("image/avif,image/webp,*/*", "image/avif"), ("image/webp,*/*", "image/webp"), ("*/*", "image/jpeg")],
)
def test_without_a_format_the_client_gets_the_best_accepted_one(pipeline, published, accept, got):
    answer = pipeline.client.variant(published.image_id, accept=accept, width=200)

    assert answer.headers["content-type"] == got
    assert "accept" in answer.headers["vary"].lower()


def test_fit_cover_crops_to_the_requested_aspect_ratio(pipeline, published):
    answer = pipeline.client.variant(published.image_id, width=200, height=200, fit="cover", format="jpeg")

    assert opened(answer).size == (200, 200)


def test_a_picture_is_never_enlarged(pipeline, published):
    assert opened(pipeline.client.variant(published.image_id, width=3840, format="jpeg")).width == 1500


def test_the_canonical_path_serves_the_same_as_the_query_form(pipeline, published):
    by_query = pipeline.client.variant(published.image_id, width=320, format="jpeg")
    key = next(key for key in pipeline.keys("generated", f"images/{published.image_id}/") if "width=320" in key)

    by_path = pipeline.client.http.get(f"{pipeline.outputs.api_url}/{key}")

    assert by_path.status_code == 200
    assert by_path.headers["etag"]
    assert by_query.status_code == 200


def test_a_generated_variant_is_stored_and_not_generated_again(pipeline, published):
    """The stored variant is replaced with another picture, which is returned: nothing was generated again."""
    uncommon = {"width": 480, "format": "jpeg", "quality": 80}  # it is not refined
    pipeline.client.variant(published.image_id, **uncommon)
    (key,) = [key for key in pipeline.keys("generated", f"images/{published.image_id}/") if "width=480" in key]
    place = {"Bucket": pipeline.outputs.buckets["generated"], "Key": key}
    stored = pipeline.s3.head_object(**place)
    exchanged = pictures.jpeg(48, 32)
    pipeline.s3.put_object(
        **place, Body=exchanged, ContentType=stored["ContentType"], CacheControl=stored["CacheControl"],
        Metadata=stored["Metadata"],
    )  # fmt: skip

    answer = pipeline.client.variant(published.image_id, **uncommon)

    assert answer.content == exchanged


def test_a_served_picture_says_how_long_and_how_it_may_be_kept(pipeline, published):
    headers = pipeline.client.variant(published.image_id, width=320, format="jpeg").headers

    assert "s-maxage" in headers["cache-control"]
    assert "immutable" not in headers["cache-control"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"]


def test_an_orientation_is_baked_in_and_no_position_leaves_the_house(pipeline):
    ended = pipeline.run(pictures.oriented("JPEG", 6, 640, 480))

    answer = pipeline.client.variant(ended.image_id, width=640, format="jpeg")

    served = opened(answer)
    assert served.size == (640, 480)
    assert 0x8825 not in served.getexif()
    assert pictures.GPS_MARK not in answer.content


def test_a_blurred_picture_is_served_and_the_record_says_why(pipeline):
    pipeline.rekognition.set(labels=WEAPON)
    ended = pipeline.run(pictures.jpeg(900, 600))

    assert pipeline.client.variant(ended.image_id, width=320).status_code == 200
    assert ended.record["labels"][0]["name"] == "Weapons"


def test_a_malformed_parameter_is_a_400_that_names_it(pipeline, published):
    answer = pipeline.client.variant(published.image_id, width="")

    assert answer.status_code == 400
    assert "width" in str(problem(answer))


def test_an_unknown_image_is_a_404(pipeline):
    assert problem(pipeline.client.variant(UNKNOWN, width=200))["status"] == 404


def test_a_blocked_image_is_a_451(pipeline):
    pipeline.rekognition.set(labels=EXPLICIT)
    ended = pipeline.run(pictures.jpeg())

    assert problem(pipeline.client.variant(ended.image_id, width=200))["status"] == 451


def test_an_image_still_in_the_pipeline_is_a_202_that_says_when_to_ask_again(pipeline):
    with pipeline.rekognition.holding():
        image_id = pipeline.upload(pictures.jpeg())
        pipeline.rekognition.wait_for_a_call()

        answer = pipeline.client.variant(image_id, width=200)

    assert answer.status_code == 202
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["cache-control"] == "no-store"
    pipeline.end_of(image_id)


# --- uploads and records


def test_a_malformed_upload_request_is_refused_with_the_field_named(pipeline):
    answer = pipeline.client.http.post(f"{pipeline.outputs.api_url}/v1/images", json={"filename": "a.jpg", "size": 10})

    assert answer.status_code == 400
    assert "content_type" in str(problem(answer))


def test_a_body_that_is_no_json_document_is_refused(pipeline):
    answer = pipeline.client.http.post(
        f"{pipeline.outputs.api_url}/v1/images", content=b"\xff\xfe", headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 400
    problem(answer)


def test_a_picture_too_large_for_the_api_is_refused_with_the_presigned_form_named(pipeline):
    answer = pipeline.client.http.post(
        f"{pipeline.outputs.api_url}/v1/images?filename=large.jpg",
        content=bytes(4_600_000),
        headers={"Content-Type": "image/jpeg"},
    )

    assert answer.status_code == 413
    assert "presigned" in str(problem(answer)).lower()


def test_a_multipart_form_to_the_api_is_refused_with_the_right_call_shown(pipeline):
    answer = pipeline.client.http.post(f"{pipeline.outputs.api_url}/v1/images", files={"file": pictures.jpeg()})

    assert answer.status_code == 415
    assert "application/json" in str(problem(answer))


def test_a_repeated_post_with_the_same_idempotency_key_answers_with_the_first_id(pipeline):
    key = {"Idempotency-Key": uuid.uuid4().hex}
    address = f"{pipeline.outputs.api_url}/v1/images"
    document = {"filename": "a.jpg", "content_type": "image/jpeg", "size": 10}

    first = pipeline.client.http.post(address, json=document, headers=key)
    second = pipeline.client.http.post(address, json=document, headers=key)
    other = pipeline.client.http.post(address, json={**document, "size": 11}, headers=key)

    assert first.json()["id"] == second.json()["id"]
    assert other.status_code == 422
    problem(other)


def test_the_record_shows_the_upload_and_the_decision(pipeline, published):
    record = pipeline.client.image(published.image_id)

    assert (record["original"]["width"], record["original"]["height"]) == (1500, 1000)
    assert record["original"]["format"] == "JPEG"
    assert len(record["original"]["sha256"]) == 64
    assert record["execution_arn"] == published.execution["executionArn"]


def test_a_file_name_with_special_characters_is_stored_unchanged(pipeline):
    image_id = pipeline.client.upload("post", Upload("a b+c%25é.jpg", "image/jpeg", pictures.jpeg()))

    ended = pipeline.end_of(image_id)

    assert ended.status == "PUBLISHED"
    assert pipeline.item(image_id)["filename"] == "a b+c%25é.jpg"
    keys = pipeline.keys("published", image_id)
    assert keys
    assert all(key.startswith(f"{image_id}/") for key in keys)


def test_images_are_listed_newest_first_in_pages(pipeline):
    newest = [pipeline.run(pictures.jpeg()).image_id for _ in range(3)]
    address = f"{pipeline.outputs.api_url}/v1/images"

    first = pipeline.client.http.get(address, params={"status": "PUBLISHED", "limit": 2}).json()
    second = pipeline.client.http.get(
        address, params={"status": "PUBLISHED", "limit": 2, "cursor": first["cursor"]}
    ).json()

    assert [item["id"] for item in (*first["items"], *second["items"])][:3] == newest[::-1]


def test_a_malformed_listing_is_refused_with_the_parameter_named(pipeline):
    answer = pipeline.client.http.get(f"{pipeline.outputs.api_url}/v1/images", params={"cursor": "nonsense"})

    assert answer.status_code == 400
    assert "cursor" in str(problem(answer))


@pytest.mark.parametrize("image_id", ["..", "%2e%2e"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_id_that_is_no_id_is_a_404(pipeline, method, image_id):
    answer = pipeline.client.http.request(method, f"{pipeline.outputs.api_url}/v1/images/{image_id}")

    assert answer.status_code == 404


def test_a_history_is_read_by_pages(pipeline, published):
    address = f"{pipeline.outputs.api_url}/v1/images/{published.image_id}/history"

    page = pipeline.client.http.get(address, params={"limit": 1})
    refused = pipeline.client.http.get(address, params={"cursor": "nonsense"})

    assert [line["type"] for line in page.json()["items"]] == ["PUBLISHED"]
    assert page.json()["cursor"] is None
    assert problem(refused)["parameter"] == "cursor"


def test_deleting_twice_is_deleting_once(pipeline):
    image_id = pipeline.run(pictures.jpeg()).image_id

    assert [pipeline.client.delete(image_id).status_code for _ in range(2)] == [202, 202]
    assert pipeline.client.image(image_id)["status"] == "REMOVED"
