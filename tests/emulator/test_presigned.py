"""What the presigned forms allow, S3 itself enforces."""

import base64
import json
from datetime import datetime, timedelta

import httpx
import pytest

from tests import pictures


@pytest.fixture
def upload(pipeline):
    return pipeline.a_small_upload()


def s3_error(answer: httpx.Response) -> str:
    return answer.text.partition("<Code>")[2].partition("</Code>")[0]


def post(pipeline, ticket, body, content_type="image/jpeg", **fields):
    form = {**ticket["upload"]["fields"], **fields}
    return pipeline.client.http.post(
        ticket["upload"]["url"], data=form, files={"file": ("photo.jpg", body, content_type)}
    )


def put(pipeline, ticket, body, **headers):
    return pipeline.client.http.put(
        ticket["upload"]["url"], content=body, headers={**ticket["upload"]["headers"], **headers}
    )


def test_a_post_of_another_type_is_refused(pipeline, upload):
    ticket = pipeline.client.ask_for_upload(upload, "POST")

    answer = post(pipeline, ticket, upload.body, **{"Content-Type": "text/html"})

    assert answer.status_code == 403
    assert pipeline.keys("originals", f"uploads/{ticket['id']}/") == []


def test_a_post_of_more_bytes_than_allowed_is_refused(pipeline, upload):
    ticket = pipeline.client.ask_for_upload(upload, "POST")

    answer = post(pipeline, ticket, bytes(65 * 1024 * 1024))

    assert answer.status_code == 400
    assert s3_error(answer) == "EntityTooLarge"


def test_a_post_to_another_key_is_refused(pipeline, upload):
    ticket = pipeline.client.ask_for_upload(upload, "POST")

    answer = post(pipeline, ticket, upload.body, key="uploads/01ARZ3NDEKTSV4RRFFQ69G5FAV/original")

    assert answer.status_code == 403


def test_a_put_of_another_type_is_refused(pipeline, upload):
    ticket = pipeline.client.ask_for_upload(upload, "PUT")

    answer = put(pipeline, ticket, upload.body, **{"Content-Type": "text/html"})

    assert answer.status_code == 403
    assert pipeline.keys("originals", f"uploads/{ticket['id']}/") == []


def test_a_put_to_another_key_is_refused(pipeline, upload):
    ticket = pipeline.client.ask_for_upload(upload, "PUT")
    url = ticket["upload"]["url"].replace(ticket["id"], "01ARZ3NDEKTSV4RRFFQ69G5FAV")

    answer = pipeline.client.http.put(url, content=upload.body, headers=ticket["upload"]["headers"])

    assert answer.status_code == 403


def test_a_put_of_another_length_is_refused(pipeline, upload):
    ticket = pipeline.client.ask_for_upload(upload, "PUT")

    answer = put(pipeline, ticket, pictures.jpeg(640, 480))

    assert answer.status_code == 403


def test_a_ticket_expires_when_it_says(pipeline, upload):
    put_ticket = pipeline.client.ask_for_upload(upload, "PUT")["upload"]
    post_ticket = pipeline.client.ask_for_upload(upload, "POST")["upload"]

    query = httpx.URL(put_ticket["url"]).params
    signed_at = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%S%z")
    policy = json.loads(base64.b64decode(post_ticket["fields"]["policy"]))

    told = [datetime.fromisoformat(each["expires_at"]) for each in (put_ticket, post_ticket)]
    enforced = [
        signed_at + timedelta(seconds=int(query["X-Amz-Expires"])),
        datetime.fromisoformat(policy["expiration"]),
    ]
    assert all(abs(said - real) < timedelta(seconds=5) for said, real in zip(told, enforced, strict=True))


def test_a_put_whose_expiry_was_moved_is_refused(pipeline, upload):
    ticket = pipeline.client.ask_for_upload(upload, "PUT")
    url = httpx.URL(ticket["upload"]["url"]).copy_set_param("X-Amz-Expires", "604800")

    answer = pipeline.client.http.put(url, content=upload.body, headers=ticket["upload"]["headers"])

    assert answer.status_code == 403


def test_a_put_is_good_for_one_upload(pipeline, upload):
    ticket = pipeline.client.ask_for_upload(upload, "PUT")

    assert [put(pipeline, ticket, upload.body).status_code for _ in range(2)] == [200, 412]
