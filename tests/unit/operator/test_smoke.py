"""The smoke test's steps that only AWS can pass, against an account and an edge that misbehave."""

from itertools import chain, repeat
from types import SimpleNamespace

import boto3
import httpx
import pytest

from image_scaler.client import Client
from image_scaler.operator.smoke import STEPS, Outcome, SmokeTest, steps
from image_scaler.operator.stage import Operator
from image_scaler.profiles import Aws, Profile
from image_scaler.signing import Signer
from tests.fakes.account import REGION, Refused, session_of
from tests.fakes.clock import Clock
from tests.fakes.keys import to_pem

EDGE, API = "https://images.example.com", "https://a1b2.execute-api.eu-central-1.amazonaws.com/live/"
OLD, NEW = {"old": ["AWSCURRENT"]}, {"old": ["AWSPREVIOUS"], "new": ["AWSCURRENT", "AWSPENDING"]}
PENDING = {**OLD, "new": ["AWSPENDING"]}
SECRET = {
    "Name": "origin", "RotationEnabled": True,
    "Tags": [{"Key": "aws:cloudformation:stack-name", "Value": "ImageScaler-dev-Edge"}],
}  # fmt: skip
STACK = {"StackName": "x", "StackStatus": "UPDATE_COMPLETE", "Outputs": [{"OutputKey": "ApiUrl", "OutputValue": API}]}
ACCOUNT = {
    "cloudformation.DescribeStacks": {"Stacks": [STACK]},
    "secretsmanager.ListSecrets": {"SecretList": [{**SECRET, "Name": "another", "Tags": []}, SECRET]},
    "secretsmanager.RotateSecret": {"VersionId": "new"},
}


def labelled(*versions):
    """Return answers of DescribeSecret: the labels after each other, the last ones for good."""
    left = chain(versions, repeat(versions[-1]))
    return {"secretsmanager.DescribeSecret": lambda: {"VersionIdsToStages": next(left)}}


@pytest.fixture
def run(monkeypatch, ec_key):
    """Return a function that runs one step; ``respond`` answers HTTP requests, ``answers`` calls of AWS."""
    clock = Clock()
    monkeypatch.setattr(steps, "time", SimpleNamespace(monotonic=clock, sleep=clock.sleep))

    def ran(name, respond, answers=None):
        session = session_of(ACCOUNT | (answers or {}))
        monkeypatch.setattr(boto3, "Session", lambda **_: session)
        profile = Profile("dev", EDGE, aws=Aws(stage="dev", region=REGION))
        signer = Signer("KCONTROL", to_pem(ec_key))
        with httpx.Client(transport=httpx.MockTransport(respond)) as http:
            client = Client(EDGE, control=signer, http=http, sleep=clock.sleep)
            (step,) = (each for each in STEPS if each.name == name)
            (report,) = SmokeTest(client, profile, http, Operator(profile.aws)).run([step])
            return report

    return ran


def listing(_request):
    return httpx.Response(200, json={"items": [], "cursor": None})


def refused(_request):
    return httpx.Response(403, json={"title": "Forbidden", "status": 403})


def test_an_api_that_refuses_calls_past_the_edge_is_ok(run):
    asked = []

    report = run("API without edge", lambda request: asked.append(str(request.url)) or refused(request))

    assert (report.outcome, report.note) == (Outcome.OK, "403")
    assert asked == [f"{API}v1/images"]


@pytest.mark.parametrize("status", [200, 404, 500])
def test_an_api_that_answers_past_the_edge_differs(run, status):
    report = run("API without edge", lambda _: httpx.Response(status))

    assert (report.outcome, report.expected, report.actual) == (Outcome.DIFFERS, "403", str(status))
    assert "waf" in report.read


def test_a_rotation_during_which_every_call_is_answered_is_ok(run):
    report = run("rotation", listing, labelled(OLD, PENDING, NEW))

    assert (report.outcome, report.note) == (Outcome.OK, "4 s, 2 calls")


def test_a_call_that_is_refused_during_a_rotation_differs(run):
    report = run("rotation", refused, labelled(OLD, PENDING, NEW))

    assert report.outcome is Outcome.DIFFERS
    assert "AccessDenied" in report.actual
    assert "rotating-secrets" in report.read


def test_a_rotation_that_does_not_end_differs(run):
    report = run("rotation", listing, labelled(PENDING))

    assert report.outcome is Outcome.DIFFERS
    assert (report.expected, report.actual) == ("the rotation ends within 240 s", "it is still in progress")


def test_a_rotation_that_secrets_manager_refuses_differs(run):
    report = run("rotation", listing, {"secretsmanager.RotateSecret": Refused("InvalidRequestException")})

    assert report.outcome is Outcome.DIFFERS
    assert "InvalidRequestException" in report.actual


def test_a_stage_without_a_rotated_secret_is_skipped(run):
    report = run("rotation", listing, {"secretsmanager.ListSecrets": {"SecretList": [SECRET | {"Tags": []}]}})

    assert report.outcome is Outcome.SKIPPED
