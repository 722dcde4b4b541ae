"""The four steps of a rotation: at no moment does the edge send what the firewall refuses."""

import re
from uuid import uuid4

import pytest
from moto import mock_aws

from functions.rotate.edge import NotSendingError
from functions.rotate.settings import RotateSettings
from functions.rotate.steps import UnknownStepError
from functions.shared.errors import SettingsError
from tests.fakes.aws import new_client
from tests.fakes.faults import failing_call
from tests.fakes.handlers import Function

HEADER = "X-Origin-Verify"
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
PATTERN_SET = "ImageScaler-test-OriginSecret"


class RotatingEdge:
    """A secret, a distribution that sends it and a firewall that accepts it."""

    def __init__(self) -> None:
        self.secrets, self.cloudfront, self.firewall = (
            new_client(name) for name in ("secretsmanager", "cloudfront", "wafv2")
        )
        self.secret_id = self.secrets.create_secret(Name="origin", SecretString="first")["ARN"]
        self.distribution_id = self.cloudfront.create_distribution(DistributionConfig=distribution("first"))[
            "Distribution"
        ]["Id"]
        self.pattern_set_id = self.firewall.create_regex_pattern_set(
            Name=PATTERN_SET, Scope="REGIONAL", RegularExpressionList=[{"RegexString": "^first$"}]
        )["Summary"]["Id"]

    def current(self) -> str:
        return self.secrets.get_secret_value(SecretId=self.secret_id, VersionStage="AWSCURRENT")["SecretString"]

    def sent(self) -> str:
        config = self.cloudfront.get_distribution_config(Id=self.distribution_id)["DistributionConfig"]
        (header,) = config["Origins"]["Items"][0]["CustomHeaders"]["Items"]
        return header["HeaderValue"]

    def send(self, value: str) -> None:
        etag = self.cloudfront.get_distribution_config(Id=self.distribution_id)["ETag"]
        self.cloudfront.update_distribution(
            Id=self.distribution_id, IfMatch=etag, DistributionConfig=distribution(value)
        )

    def accepted(self) -> set[str]:
        found = self.firewall.get_regex_pattern_set(Name=PATTERN_SET, Scope="REGIONAL", Id=self.pattern_set_id)
        return {each["RegexString"].strip("^$") for each in found["RegexPatternSet"]["RegularExpressionList"]}

    def is_open(self) -> bool:
        """What the edge sends is accepted, and so is what a deployment at this moment would make it send."""
        return self.sent() in self.accepted() and self.current() in self.accepted()


def distribution(value: str) -> dict:
    return {
        "CallerReference": "test",
        "Comment": "",
        "Enabled": True,
        "Origins": {
            "Quantity": 1,
            "Items": [
                {
                    "Id": "api",
                    "DomainName": "api.example.com",
                    "CustomHeaders": {"Quantity": 1, "Items": [{"HeaderName": HEADER, "HeaderValue": value}]},
                    "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"},
                }
            ],
        },
        "DefaultCacheBehavior": {"TargetOriginId": "api", "ViewerProtocolPolicy": "https-only"},
    }


@pytest.fixture
def edge(monkeypatch):
    with mock_aws():
        yield RotatingEdge()


@pytest.fixture
def rotate(edge, monkeypatch):
    for name, value in {
        "DISTRIBUTION_ID": edge.distribution_id,
        "HEADER_NAME": HEADER,
        "PATTERN_SET_ID": edge.pattern_set_id,
        "PATTERN_SET_NAME": PATTERN_SET,
        "FIREWALL_SETTLE_SECONDS": "0",
        "DEPLOY_POLL_SECONDS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    function = Function("rotate", monkeypatch)
    return lambda step, token: function({"Step": step, "SecretId": edge.secret_id, "ClientRequestToken": token})


def test_a_rotation_replaces_the_value_everywhere(edge, rotate):
    token = str(uuid4())

    for step in STEPS:
        rotate(step, token)

    assert edge.current() != "first"
    assert re.fullmatch(r"[0-9A-Za-z]{48}", edge.current())
    assert edge.sent() == edge.current()
    assert edge.accepted() == {edge.current()}


def test_what_the_edge_sends_is_accepted_after_every_step(edge, rotate):
    token = str(uuid4())

    for step in STEPS:
        rotate(step, token)
        assert edge.is_open(), step


def test_both_values_are_accepted_before_the_new_one_is_sent(edge, rotate):
    token = str(uuid4())
    rotate("createSecret", token)

    rotate("setSecret", token)

    assert edge.accepted() == {"first", edge.sent()}
    assert edge.current() == "first"


@pytest.mark.parametrize("taken", [2, 3])
def test_a_rotation_that_ended_half_way_is_followed_by_another_without_a_refusal(edge, rotate, taken):
    abandoned, token = str(uuid4()), str(uuid4())
    for step in STEPS[:taken]:
        rotate(step, abandoned)
    third = edge.sent()

    rotate("createSecret", token)
    assert edge.is_open()
    rotate("setSecret", token)

    assert edge.accepted() == {"first", third, edge.sent()}  # edge locations send the third until they are told
    for step in STEPS[2:]:
        rotate(step, token)
        assert edge.is_open(), step
    assert edge.accepted() == {edge.sent()}


def test_a_value_that_somebody_put_into_the_distribution_is_accepted_to_the_letter(edge, rotate):
    token = str(uuid4())
    edge.send("by.hand")
    rotate("createSecret", token)

    rotate("setSecret", token)

    assert r"by\.hand" in edge.accepted()


@pytest.mark.parametrize("repeated", STEPS)
def test_a_step_that_comes_twice_changes_nothing_more(edge, rotate, repeated):
    token = str(uuid4())
    for step in STEPS:
        rotate(step, token)
        if step == repeated:
            before = (edge.current(), edge.sent(), edge.accepted())
            rotate(step, token)
            assert (edge.current(), edge.sent(), edge.accepted()) == before
    assert edge.accepted() == {edge.current()}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("lost_answer", [False, True])
def test_a_step_that_failed_at_any_call_can_be_taken_again_and_never_shuts_the_edge_out(
    edge, rotate, step, lost_answer
):
    from functions.shared.aws import client

    clients = [client(name) for name in ("secretsmanager", "cloudfront", "wafv2")]
    token = str(uuid4())
    for earlier in STEPS[: STEPS.index(step)]:
        rotate(earlier, token)
    number, broke = 0, True
    while broke:
        with failing_call(clients, number, lost_answer=lost_answer):
            try:
                rotate(step, token)
                broke = False
            except Exception:  # noqa: BLE001 - whatever a broken connection becomes
                number += 1
        assert edge.is_open()
    for later in STEPS[STEPS.index(step) :]:
        rotate(later, token)

    assert edge.sent() == edge.current()
    assert edge.accepted() == {edge.current()}


def test_the_old_value_is_kept_while_a_deployment_has_put_it_back(edge, rotate):
    token = str(uuid4())
    for step in STEPS[:3]:
        rotate(step, token)
    edge.send("first")

    with pytest.raises(NotSendingError):
        rotate("finishSecret", token)

    assert edge.is_open()


def test_a_distribution_without_the_header_is_an_error(edge, rotate, monkeypatch):
    token = str(uuid4())
    rotate("createSecret", token)
    config = distribution("first")
    config["Origins"]["Items"][0]["CustomHeaders"]["Items"][0]["HeaderName"] = "X-Other"
    etag = edge.cloudfront.get_distribution_config(Id=edge.distribution_id)["ETag"]
    edge.cloudfront.update_distribution(Id=edge.distribution_id, IfMatch=etag, DistributionConfig=config)

    with pytest.raises(NotSendingError):
        rotate("setSecret", token)


def test_an_unknown_step_is_an_error(rotate):
    with pytest.raises(UnknownStepError):
        rotate("resetSecret", str(uuid4()))


def test_settings_report_all_faults_at_once():
    with pytest.raises(SettingsError, match=r"DISTRIBUTION_ID.*PATTERN_SET_NAME.*DEPLOY_ATTEMPTS"):
        RotateSettings.from_environment({"DEPLOY_ATTEMPTS": "0"})
