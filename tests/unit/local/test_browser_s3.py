"""S3 for browsers: requests arrive as they were signed, and CORS is what the bucket's rules say."""

import anyio
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.browser_s3.cors import cors_headers
from local.browser_s3.service import BrowserS3

ORIGIN = "http://localhost:8000"
RULE = {
    "AllowedOrigins": [ORIGIN, "http://localhost:3000"], "AllowedMethods": ["PUT", "POST"], "AllowedHeaders": ["*"],
    "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 3600,
}  # fmt: skip


class Rules:
    """Knows one bucket."""

    def of(self, bucket):
        return [RULE] if bucket == "originals" else []


@pytest.fixture
def send():
    """Send a request through it; return the answer and what the emulator got."""
    got = []

    def emulator(request):
        got.append(request)
        headers = {"ETag": '"e"', "Access-Control-Allow-Origin": "*", "Connection": "close"}
        return httpx.Response(204, headers=headers)

    async def sent(method, url, **options):
        async with httpx.AsyncClient(transport=httpx.MockTransport(emulator)) as upstream:
            app = BrowserS3("https://127.0.0.1:7783", upstream, Rules())
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as browser:
                return await browser.request(method, url, **options)

    return lambda method, url, **options: (anyio.run(lambda: sent(method, url, **options)), got)


def test_a_request_keeps_what_its_signature_covers(send):
    url = "http://localhost:7781/originals/uploads/a%20b%2Bc/original?X-Amz-Signature=f%2F0&x=1"

    _, (request,) = send("PUT", url, content=b"picture", headers={"If-None-Match": "*", "Content-Type": "image/png"})

    assert str(request.url) == url.replace("http://localhost:7781", "https://127.0.0.1:7783")
    assert request.headers["host"] == "localhost:7781"
    assert (request.headers["if-none-match"], request.headers["content-type"]) == ("*", "image/png")
    assert (request.content, request.headers["content-length"]) == (b"picture", "7")


def test_a_preflight_of_an_allowed_origin_is_answered_here(send):
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "X-A, x-b"}

    answer, got = send("OPTIONS", "http://localhost:7781/originals/k", headers=asked)

    assert (answer.status_code, got) == (200, [])
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["access-control-allow-methods"] == "PUT, POST"
    assert answer.headers["access-control-allow-headers"] == "x-a, x-b"
    assert answer.headers["access-control-max-age"] == "3600"


@pytest.mark.parametrize(
    ("origin", "method", "bucket"),
    [
        ("http://localhost:9999", "PUT", "originals"),
        (ORIGIN, "DELETE", "originals"),
        (ORIGIN, "PUT", "published"),
        ("https://localhost:8000", "PUT", "originals"),
    ],
)
def test_a_preflight_that_no_rule_allows_is_refused(send, origin, method, bucket):
    asked = {"Origin": origin, "Access-Control-Request-Method": method}

    answer, _ = send("OPTIONS", f"http://localhost:7781/{bucket}/k", headers=asked)

    assert answer.status_code == 403
    assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(("origin", "allowed"), [(ORIGIN, ORIGIN), ("http://localhost:9999", None), (None, None)])
def test_the_emulators_own_cors_never_shows(send, origin, allowed):
    headers = {"Origin": origin} if origin else {}

    answer, _ = send("POST", "http://localhost:7781/originals", content=b"form", headers=headers)

    assert (answer.status_code, answer.headers["etag"]) == (204, '"e"')
    assert answer.headers.get("access-control-allow-origin") == allowed
    assert answer.headers.get("access-control-expose-headers") == ("ETag" if allowed else None)


def test_a_star_in_a_rule_is_any_text_and_the_first_rule_that_fits_decides():
    rules = [
        {"AllowedOrigins": ["https://*.example.com"], "AllowedMethods": ["PUT"], "AllowedHeaders": ["x-amz-*"]},
        {"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]},
    ]

    def allowed(origin, method, headers=""):
        asked = {"origin": origin, "access-control-request-method": method, "access-control-request-headers": headers}
        answer = cors_headers(rules, asked, "OPTIONS")
        return answer and answer["access-control-allow-origin"]

    assert allowed("https://a.example.com", "PUT", "X-Amz-Date") == "https://a.example.com"
    assert allowed("https://a.example.com", "PUT", "X-Other") is None
    assert allowed("https://a.example.com.evil.net", "PUT") is None
    assert allowed("https://b.net", "GET") == "*"


@given(st.text(max_size=12))
def test_an_origin_is_allowed_by_its_whole_text_alone(origin):
    rules = [{"AllowedOrigins": ["http://a.b"], "AllowedMethods": ["GET"]}]

    assert (cors_headers(rules, {"origin": origin}, "GET") is not None) == (origin == "http://a.b")
