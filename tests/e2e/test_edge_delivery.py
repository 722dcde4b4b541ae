"""What the edge remembers, where it looks first, and what it never lets through to the API."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests import pictures
from tests.e2e.edge import eventually, runs

UNKNOWN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
HIT, MISS, ERROR = "Hit from cloudfront", "Miss from cloudfront", "Error from cloudfront"


def trace(answer):
    """Return the requested origins, in order; empty for a cache hit."""
    return answer.headers["x-local-trace"].split("; ") if "x-local-trace" in answer.headers else []


def test_a_variant_is_generated_and_stored_then_served_from_the_bucket(deployed, viewer, picture):
    query = "width=828&format=webp&quality=80"  # not a common variant, so no refinement replaces it
    first = viewer.get(picture, query)
    before = runs(deployed.outputs)
    deployed.client.forget(picture)

    second = eventually(lambda: answer if trace(answer := viewer.get(picture, query)) else None)

    assert trace(first) == ["bucket 404", "firewall AllowTheEdge", "api 200"]
    assert trace(second) == ["bucket 200"]
    assert second.content == first.content
    assert second.headers["content-type"] == "image/webp"
    assert runs(deployed.outputs) == before


def test_a_repeated_request_is_served_from_the_cache(deployed, viewer, picture):
    viewer.get(picture, "width=1080&format=jpeg")
    before = runs(deployed.outputs)

    again = [viewer.get(picture, query) for query in ("w=1080&f=jpg", "f=jpeg&w=1001&utm_source=mail", "width=1080")]

    assert [answer.headers["x-cache"] for answer in again[:2]] == [HIT, HIT]
    assert again[0].headers["age"].isdigit()
    assert runs(deployed.outputs)["serve"] - before["serve"] <= 1  # format=auto is a separate variant


def test_each_client_gets_the_format_that_it_names_from_one_url(viewer, picture):
    for _ in range(2):
        kinds = [
            viewer.get(picture, "width=640", accept=accept).headers["content-type"]
            for accept in ("image/avif,image/webp,*/*", "image/webp,*/*", "*/*", "image/*")
        ]
        assert kinds == ["image/avif", "image/webp", "image/jpeg", "image/jpeg"]


def test_every_origin_sets_vary_accept_on_a_negotiated_picture(viewer, picture):
    answers = [viewer.get(picture, "width=48", accept="image/webp") for _ in range(2)]

    assert [answer.headers["x-cache"] for answer in answers] == [MISS, HIT]
    assert ["accept" in answer.headers["vary"].lower() for answer in answers] == [True, True]


def test_twenty_simultaneous_requests_generate_one_variant(deployed, viewer, picture):
    before = runs(deployed.outputs)["serve"]

    with ThreadPoolExecutor(20) as clients:
        answers = list(clients.map(lambda _: viewer.get(picture, "width=1200&format=png&fit=inside"), range(20)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert runs(deployed.outputs)["serve"] - before == 1


def test_a_conditional_request_is_answered_from_the_cache_without_a_body(viewer, picture):
    full = viewer.get(picture)

    answer = viewer.get(picture, **{"If-None-Match": full.headers["etag"]})

    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["x-cache"] == HIT


def test_a_part_of_a_picture_is_cut_from_the_cached_whole(viewer, picture):
    full = viewer.get(picture)

    answer = viewer.get(picture, Range="bytes=10-19")

    assert (answer.status_code, answer.content) == (206, full.content[10:20])
    assert answer.headers["content-range"] == f"bytes 10-19/{len(full.content)}"


def test_head_returns_the_headers_of_get(viewer, picture):
    full = viewer.get(picture)
    url = viewer.signer.sign_url(viewer.image_url(picture), viewer.policy(picture))

    answer = viewer.http.head(url)

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(full.content))


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ("me", "filename=\"me.jpg\"; filename*=UTF-8''me.jpg"),
        ("Gr%C3%BC%C3%9Fe.jpg", "filename=\"Gr__e.jpg\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe.jpg"),
        ("a%22%0d%0aSet-Cookie:x.jpg", "filename=\"a___Set-Cookie_x.jpg\"; filename*=UTF-8''a___Set-Cookie_x.jpg"),
    ],
)
def test_download_is_a_header_on_the_same_cached_picture(viewer, picture, asked, named):
    viewer.get(picture)

    answer = viewer.get(picture, f"width=320&format=jpeg&download={asked}")

    assert answer.headers["content-disposition"] == f"attachment; {named}"
    assert answer.headers["x-cache"] == HIT
    assert "set-cookie" not in answer.headers


def test_every_answer_carries_the_security_headers(viewer, picture):
    for answer in (viewer.get(picture), viewer.get(UNKNOWN), viewer.get(picture, "width=0")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert answer.headers["strict-transport-security"] == "max-age=31536000"


@pytest.mark.parametrize(
    "query", ["width=0", "width=-1", "width=1e9", "width=abc", "width=", "width=1&w=2", "width=%D9%A3"]
)
def test_a_bad_parameter_is_named_by_the_edge_itself(deployed, viewer, picture, query):
    before = runs(deployed.outputs)["serve"]

    answer = viewer.get(picture, query)

    assert (answer.status_code, answer.json()["parameter"]) == (400, "width")
    assert runs(deployed.outputs)["serve"] == before


def test_an_unknown_image_is_a_short_lived_404(viewer):
    answer = viewer.get(UNKNOWN)

    assert (answer.status_code, answer.headers["x-cache"]) == (404, ERROR)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "target",
    [
        b"/images/..%2fv1%2fimages",
        b"/images/%2e%2e/v1/images",
        b"/images/../v1/images",
        b"/images/" + UNKNOWN.encode() + b"%00",
        b"/images/" + UNKNOWN.encode() + b"/%0d%0aX-Injected:1",
        b"/images//" + UNKNOWN.encode(),
        b"/images/" + UNKNOWN.encode() + b"/a/b",
        b"/v1/images/..%2f..%2fadmin",
        b"/v1/%2e%2e/admin",
        b"/v1/images/" + UNKNOWN.encode() + b"%00",
        b"/v1/images/%0d%0aX-Injected:%201",
        b"/v1/images/" + b"a" * 200,
        b"/v1//images",
    ],
)
def test_no_odd_path_reaches_the_api(deployed, viewer, target):
    before = runs(deployed.outputs)
    cookies = "; ".join(map("=".join, viewer.signer.sign_cookies(viewer.everything()).items()))

    answer = viewer.send_raw(target, Cookie=cookies)

    assert answer.status_code in {403, 404}
    assert "x-injected" not in answer.headers
    assert b"Injected" not in answer.content
    assert b"%2" not in answer.content
    assert runs(deployed.outputs) == before


def test_an_over_long_address_is_refused(viewer, picture):
    assert viewer.get(picture, "x=" + "a" * 9000).status_code == 414


def test_a_viewer_cannot_forge_its_address(deployed, viewer):
    """The edge sets the address header; with a client's own value, WAF would count a different client."""
    answer = viewer.call("GET", "/v1/images", headers={"X-Viewer-Address": "", "X-Origin-Verify": "mine"})

    assert answer.status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_images_are_for_looking_at(viewer, picture, method):
    url = viewer.signer.sign_url(viewer.image_url(picture), viewer.policy(picture))

    assert viewer.http.request(method, url).status_code == 403


def test_an_upload_passes_the_edge(deployed, viewer):
    body = pictures.jpeg(640, 480)
    answer = viewer.call("POST", "/v1/images?filename=photo.jpg", content=body, headers={"Content-Type": "image/jpeg"})

    assert answer.status_code == 202
    ended = deployed.end_of(answer.json()["id"])
    assert ended.status == "PUBLISHED"
    assert viewer.get(ended.image_id).status_code == 200
