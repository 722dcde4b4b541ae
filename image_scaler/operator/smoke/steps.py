"""The steps of a smoke test, in the order in which they run."""

import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import httpx

from image_scaler.client import Method
from image_scaler.client.pictures import Variant
from image_scaler.operator.smoke import pictures
from image_scaler.operator.smoke.run import DiffersError, SkippedError, SmokeTest, Step, expect, in_an_hour
from image_scaler.signing import canned_policy, custom_policy, image_policy, image_url

MIB: Final = 1024 * 1024
REFUSED: Final = frozenset({400, 403})
GONE: Final = frozenset({403, 404, 410, 451})
TAKEDOWN_SECONDS: Final = 120.0
ROTATION_SECONDS: Final = 240.0
POLL_SECONDS: Final = 2.0

_CLOUDFRONT = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide"
_GATEWAY = "https://docs.aws.amazon.com/apigateway/latest/developerguide"

VARIANTS: Final[tuple[tuple[Variant, str], ...]] = (
    ({"width": 320, "format": "jpeg"}, "image/jpeg"),
    ({"width": 320, "format": "webp"}, "image/webp"),
    ({"width": 320, "format": "avif"}, "image/avif"),
    ({"width": 320, "format": "png"}, "image/png"),
    ({"width": 200, "height": 200, "fit": "cover", "format": "jpeg"}, "image/jpeg"),
    ({"height": 120, "format": "jpeg", "quality": 50}, "image/jpeg"),
)
"""Each format and fit, with the expected content type."""


def uploads(test: SmokeTest) -> str:
    """Upload by each of the three methods."""
    for method in Method:
        image = test.upload(pictures.png(), method=method)
        expect("PUBLISHED", image.status)
    return ", ".join(method.value for method in Method)


def corrupt_picture(test: SmokeTest) -> str:
    """Upload half a file; it must be rejected with a reason."""
    image = test.upload(pictures.truncated_png())
    expect("REJECTED", image.status)
    return str(image.reason)


def flagged_picture(test: SmokeTest) -> str:
    """Upload a picture that Rekognition flags."""
    if test.flagged is None:
        raise SkippedError("no picture that Rekognition flags; pass one with --flagged FILE")
    image = test.upload(test.flagged)
    if image.status not in {"BLURRED", "BLOCKED"}:
        raise DiffersError("BLURRED or BLOCKED", image.status)
    found = ", ".join(f"{label.name} {label.confidence:.0f} %" for label in image.labels)
    return f"{image.status}: {found}"


def variants(test: SmokeTest) -> str:
    """Request each format and fit, and one picture whose format the Accept header selects."""
    image_id = test.published()
    for variant, content_type in VARIANTS:
        answer = test.http.get(test.client.pictures.url(image_id, **variant))
        expect((200, content_type), (answer.status_code, answer.headers.get("content-type")))
    answer = test.http.get(test.client.pictures.url(image_id, width=320), headers={"Accept": "image/avif,image/webp"})
    expect((200, "image/avif"), (answer.status_code, answer.headers.get("content-type")))
    return f"{len(VARIANTS)} variants, and one selected by Accept"


def signatures(test: SmokeTest) -> None:
    """Request a picture without a signature, and with an expired, another image's, and a changed signature."""
    image_id, other = test.published(), test.upload(pictures.png()).id
    url = image_url(test.edge, image_id) + "?width=320&format=jpeg"
    good = test.signed(url, image_policy(test.edge, image_id, expires_at=in_an_hour()))
    expired = test.signed(url, canned_policy(url, expires_at=datetime.now(UTC) - timedelta(minutes=5)))
    of_other = test.signed(url, image_policy(test.edge, other, expires_at=in_an_hour()))
    asked = {"good": good, "none": url, "expired": expired, "another image's": of_other,
             "changed": good.replace("Signature=", "Signature=A")}  # fmt: skip
    found = {name: test.status_of(each) for name, each in asked.items()}
    expect({name: 200 if name == "good" else 403 for name in asked}, found)


def dot_segments(test: SmokeTest) -> str:
    """Request another image as ``/images/A/../B`` with A's signature; the path is sent as it is written."""
    own, other = test.published(), test.upload(pictures.png()).id
    policy = image_policy(test.edge, own, expires_at=in_an_hour())
    query = urlsplit(test.signed(image_url(test.edge, own), policy)).query
    found = {}
    for path in (f"/images/{own}/../{other}", f"/images/{own}/%2e%2e/{other}", f"/images/{own}/..%2f{other}"):
        found[path] = test.status_of_target(f"{path}?{query}")
    if not set(found.values()) <= REFUSED | {404}:
        raise DiffersError("400, 403 or 404", found)
    return ", ".join(map(str, found.values()))


def preflights(test: SmokeTest) -> str:
    """Send a browser's preflight request for a picture; the edge must answer it, not S3 with 400."""
    url = test.client.pictures.url(test.published(), width=320)
    status = test.status_of(
        url, "OPTIONS", Origin="https://app.example", **{"Access-Control-Request-Method": "GET"}
    )  # fmt: skip
    if status not in {200, 204, 403}:
        raise DiffersError("200 or 204, or 403 without a signature", status)
    return str(status)


def policies(test: SmokeTest) -> str:
    """Sign policies with wildcards, where the query follows ``*``, a plain ``?`` or ``\\?``."""
    image_id = test.published()
    url = image_url(test.edge, image_id)
    resources = {"*": f"{url}*", "?": f"{url}?width=*", "\\?": f"{url}\\?width=*"}
    asked = f"{url}?width=320&format=jpeg"
    found = {
        name: test.status_of(test.signed(asked, custom_policy(resource, expires_at=in_an_hour())))
        for name, resource in resources.items()
    }
    if found["*"] != httpx.codes.OK or httpx.codes.OK not in {found["?"], found["\\?"]}:
        raise DiffersError("200 for * and for at least one of ? and \\?", found)
    return ", ".join(f"{name} {status}" for name, status in found.items())


def too_large(test: SmokeTest) -> str:
    """Send the API bodies above the limits of Lambda (6 MB) and API Gateway (10 MB)."""
    found = {}
    for size in (7 * MIB, 11 * MIB):
        policy = canned_policy(f"{test.edge}/v1/images", expires_at=in_an_hour())
        cookies = test.profile.control_key().signer().sign_cookies(policy)
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
            "Content-Type": "image/png", "Idempotency-Key": uuid.uuid4().hex,
        }  # fmt: skip
        answer = test.http.post(f"{test.edge}/v1/images", content=b"\0" * size, headers=headers)
        found[f"{size // MIB} MiB"] = (answer.status_code, answer.headers.get("content-type", ""))
    if {status for status, _ in found.values()} != {413}:
        raise DiffersError("413", found)
    return ", ".join(f"{size} {kind}" for size, (_, kind) in found.items())


def takedown(test: SmokeTest) -> str:
    """Remove a picture that the edge has cached, and measure how long the edge still serves it."""
    image = test.upload(pictures.png())
    url = test.client.pictures.url(image.id, width=320, format="jpeg")
    for _ in range(2):
        expect(200, test.status_of(url))
    test.client.delete(image.id)
    started = time.monotonic()
    while (status := test.status_of(url)) not in GONE:
        if time.monotonic() - started > TAKEDOWN_SECONDS:
            raise DiffersError(f"not served {TAKEDOWN_SECONDS:.0f} s after the removal", status)
        time.sleep(POLL_SECONDS)
    seconds = time.monotonic() - started
    again = test.http.get(url)
    return f"{status} after {seconds:.0f} s; next response: {again.headers.get('x-cache', 'no x-cache')}"


def api_without_edge(test: SmokeTest) -> str:
    """Call the API at its own address; the firewall must refuse requests that bypass the edge."""
    if test.profile.aws and test.profile.aws.endpoint_url:
        raise SkippedError("the emulator's API has no DNS name")
    address = test.with_credentials().output("ApiUrl").rstrip("/")
    status = test.status_of(f"{address}/v1/images")
    expect(403, status)
    return str(status)


def duplicated_event(test: SmokeTest) -> str:
    """Process the same upload event again; nothing must change."""
    image_id = test.published()
    before = test.client.get(image_id)
    states = test.aws("stepfunctions")
    arn = str(before.execution_arn)
    machine, _, _ = arn.replace(":execution:", ":stateMachine:").rpartition(":")
    document = states.describe_execution(executionArn=arn)["input"]
    started = states.start_execution(stateMachineArn=machine, name=f"smoke-{uuid.uuid4().hex}", input=document)
    deadline = time.monotonic() + TAKEDOWN_SECONDS
    while (status := states.describe_execution(executionArn=started["executionArn"])["status"]) == "RUNNING":
        if time.monotonic() > deadline:
            raise DiffersError("the second execution ends", "RUNNING")
        time.sleep(POLL_SECONDS / 2)
    expect("SUCCEEDED", status)
    after = test.client.get(image_id)
    expect(
        (before.status, before.renditions, before.execution_arn), (after.status, after.renditions, after.execution_arn)
    )
    return str(json.loads(document)["detail"]["object"]["key"])


def rotation(test: SmokeTest) -> str:
    """Rotate the secret shared by edge and API while calling the API; no call may be refused."""
    stage = test.with_credentials().stage
    secrets = test.aws("secretsmanager")
    name = next(
        (each["Name"] for page in secrets.get_paginator("list_secrets").paginate() for each in page["SecretList"]
         if each.get("RotationEnabled") and any(
             tag == {"Key": "aws:cloudformation:stack-name", "Value": f"ImageScaler-{stage}-Edge"}
             for tag in each.get("Tags", ()))),
        None,
    )  # fmt: skip
    if name is None:
        raise SkippedError("the stage's secret is not rotated (the emulator has no scheduled rotation)")
    version = secrets.rotate_secret(SecretId=name)["VersionId"]
    started, calls = time.monotonic(), 0
    while version not in _current_versions(secrets.describe_secret(SecretId=name)):
        test.client.page(limit=1)  # raises AccessDeniedError if the call is refused
        calls += 1
        if time.monotonic() - started > ROTATION_SECONDS:
            raise DiffersError(f"the rotation ends within {ROTATION_SECONDS:.0f} s", "it is still in progress")
        time.sleep(POLL_SECONDS)
    return f"{time.monotonic() - started:.0f} s, {calls} calls"


def _current_versions(secret: dict[str, dict[str, list[str]]]) -> set[str]:
    return {version for version, labels in secret["VersionIdsToStages"].items() if "AWSCURRENT" in labels}


def alarms(test: SmokeTest) -> str:
    """Check that no alarm of the stage is firing."""
    firing = test.with_credentials().details().alarms
    expect([], firing)
    return "none firing"


STEPS: Final = (
    Step("takedown", ("E14", "E15"), f"{_CLOUDFRONT}/Invalidation.html", takedown),
    Step("uploads", ("P7",), "https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html", uploads),
    Step("corrupt picture", (), "docs/architecture.md", corrupt_picture),
    Step("flagged picture", (), "https://docs.aws.amazon.com/rekognition/latest/dg/moderation.html", flagged_picture),
    Step("variants", (), "docs/architecture.md", variants),
    Step("signatures", ("E18",), f"{_CLOUDFRONT}/private-content-signed-urls.html", signatures),
    Step("dot segments", ("E8",), f"{_CLOUDFRONT}/private-content-signed-urls.html", dot_segments),
    Step("policies", ("E9",), f"{_CLOUDFRONT}/private-content-creating-signed-url-custom-policy.html", policies),
    Step("preflights", ("E10",), f"{_CLOUDFRONT}/header-caching.html", preflights),
    Step("too large", ("P12",), f"{_GATEWAY}/api-gateway-execution-service-limits-table.html", too_large),
    Step("API without edge", ("E4",), f"{_GATEWAY}/apigateway-control-access-aws-waf.html", api_without_edge),
    Step("duplicated event", (), "docs/architecture.md", duplicated_event),
    Step(
        "rotation",
        ("E3",),
        "https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets.html",
        rotation,
    ),
    Step("alarms", (), "docs/runbook.md", alarms),
)
"""All steps. The takedown comes first, because serving a removed picture is the worst failure."""
