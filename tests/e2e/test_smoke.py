"""The smoke test against the local instance, and against one that misbehaves: each step can fail."""

import httpx
import pytest

from image_scaler.client import Client
from image_scaler.operator.smoke import STEPS, Outcome, SmokeTest
from image_scaler.operator.stage import Operator
from image_scaler.profiles import load_profile
from local.demo.samples import SAMPLES
from tests.counted import counted

NEED_AWS = {"API without edge", "rotation"}
FLAGGED = SAMPLES / "images" / "bather.webp"
CLEAN = SAMPLES / "images" / "camera-grey.jpg"


class Misbehaving(httpx.BaseTransport):
    """Sends requests on, and changes the answers."""

    def __init__(self, change):
        self._transport = httpx.HTTPTransport()
        self._change = change

    def handle_request(self, request):
        answer = self._transport.handle_request(request)
        answer.read()
        answer.close()
        return self._change(request, answer) or answer

    def close(self):
        self._transport.close()


@pytest.fixture
def profile(deployed, monkeypatch, tmp_path):
    (tmp_path / ".local").mkdir()
    deployed.outputs.write(tmp_path / ".local" / "outputs.json")
    monkeypatch.chdir(tmp_path)
    return load_profile("local")


@pytest.fixture
def smoke(profile):
    """Return a function that runs steps and returns their reports by name."""

    def ran(*names, flagged=FLAGGED, change=lambda _request, _answer: None):
        with httpx.Client(transport=Misbehaving(change)) as http, Client.from_profile(profile, http=http) as client:
            test = SmokeTest(client, profile, http, Operator(profile.aws), flagged)
            steps = [step for step in STEPS if not names or step.name in names]
            return {report.step: report for report in test.run(steps)}, test

    return ran


@pytest.mark.usefixtures("pipeline")
def test_the_local_instance_passes_every_step_that_does_not_need_aws(smoke, profile):
    reports, test = smoke()

    assert {name for name, report in reports.items() if report.outcome is Outcome.SKIPPED} == NEED_AWS
    assert [report for report in reports.values() if report.outcome is Outcome.DIFFERS] == []
    with Client.from_profile(profile) as client:
        assert {client.get(image_id).status for image_id in test.uploaded} == {"REMOVED"}


def answering(status, *, where=lambda _request: True, text=""):
    """Return a change: another status, and perhaps body, for some requests."""

    def change(request, answer):
        if not where(request):
            return None
        return httpx.Response(status, headers=answer.headers, content=text or answer.content, request=request)

    return change


def of_pictures(request):
    return request.url.path.startswith("/images/")


def without_signature(request):
    return of_pictures(request) and b"Signature" not in request.url.query


def renaming(old, new):
    """Return a change of a word in the API's answers."""

    def change(request, answer):
        if of_pictures(request):
            return None
        return httpx.Response(
            answer.status_code, content=answer.content.replace(old, new), headers={"Content-Type": "application/json"},
            request=request,
        )  # fmt: skip

    return change


MISBEHAVIOUR = {
    "takedown": {"change": answering(403, where=of_pictures)},
    "uploads": {"change": renaming(b'"PUBLISHED"', b'"HELD"')},
    "corrupt picture": {"change": renaming(b'"REJECTED"', b'"PUBLISHED"')},
    "flagged picture": {"flagged": CLEAN},
    "variants": {"change": answering(500, where=of_pictures)},
    "signatures": {"change": answering(200, where=without_signature)},
    "policies": {"change": answering(403, where=of_pictures)},
    "preflights": {"change": answering(400, where=lambda request: request.method == "OPTIONS")},
    "too large": {
        "change": answering(201, where=lambda request: int(request.headers.get("content-length", 0)) > 2**22)
    },
    "duplicated event": {"change": renaming(b'"execution_arn"', b'"was"')},
}


@pytest.mark.usefixtures("pipeline")
@pytest.mark.parametrize("name", counted(["flagged picture", "preflights"], list(MISBEHAVIOUR)))
def test_a_stage_that_misbehaves_differs(smoke, name):
    reports, _ = smoke(name, **MISBEHAVIOUR[name])

    assert reports[name].outcome is Outcome.DIFFERS
    assert reports[name].read


def test_an_alarm_that_fires_differs(smoke, profile):
    operator = Operator(profile.aws)
    cloudwatch = operator.client("cloudwatch")
    name = next(name for kind, _, name in operator._resources() if kind == "AWS::CloudWatch::Alarm")
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a test")
    try:
        reports, _ = smoke("alarms")
    finally:
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="a test")

    assert reports["alarms"].outcome is Outcome.DIFFERS


def test_dot_segments_that_open_another_image_differ(smoke, monkeypatch):
    monkeypatch.setattr(SmokeTest, "status_of_target", lambda *_: 200)

    reports, _ = smoke("dot segments")

    assert reports["dot segments"].outcome is Outcome.DIFFERS
