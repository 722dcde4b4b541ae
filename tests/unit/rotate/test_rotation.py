"""The four steps of a rotation: at no moment does the edge send what the firewall refuses."""

import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from threading import Thread
from typing import ClassVar
from uuid import uuid4

import pytest
from moto import mock_aws

from functions.rotate.edge import PROBE_ATTEMPTS, PROBES_IN_A_ROW, NotAcceptedError, NotSendingError
from functions.rotate.settings import RotateSettings
from functions.rotate.steps import UnknownStepError
from functions.shared.errors import SettingsError
from tests.counted import counted
from tests.fakes.aws import new_client
from tests.fakes.faults import failing_call
from tests.fakes.handlers import Function

HEADER, DEPLOYED_HEADER = "X-Origin-Verify", "X-Origin-Deployed"
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
PATTERN_SET = "ImageScaler-test-OriginSecret"
WAITED_POLLS = 4
"""How often a step asks whether the distribution is deployed."""

ROTATIONS = counted(4, 12)
"""Rotations in a row, among failures and deployments. A value that is retired too early is so at the second one."""


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
        return self.sent_and_deployed()[0]

    def deployed(self) -> str:
        """What CloudFormation wrote last."""
        return self.sent_and_deployed()[1]

    def sent_and_deployed(self) -> tuple[str, str]:
        """Return both values with one call: it takes moto 20 ms."""
        config = self.cloudfront.get_distribution_config(Id=self.distribution_id)["DistributionConfig"]
        return header_of(config, HEADER), header_of(config, DEPLOYED_HEADER)

    def send(self, value: str, *, deployed: str = "first") -> None:
        etag = self.cloudfront.get_distribution_config(Id=self.distribution_id)["ETag"]
        self.cloudfront.update_distribution(
            Id=self.distribution_id, IfMatch=etag, DistributionConfig=distribution(value, deployed=deployed)
        )

    def deploy(self, *, reads_anew: bool) -> None:
        """Write the distribution as CloudFormation does: with the value of today, or with the one it wrote before."""
        value = self.current() if reads_anew else self.deployed()
        self.send(value, deployed=value)

    def accepted(self) -> set[str]:
        found = self.firewall.get_regex_pattern_set(Name=PATTERN_SET, Scope="REGIONAL", Id=self.pattern_set_id)
        return {each["RegexString"].strip("^$") for each in found["RegexPatternSet"]["RegularExpressionList"]}

    def is_open(self) -> bool:
        """What the edge sends is accepted, and so is what any deployment at this moment would make it send."""
        return {*self.sent_and_deployed(), self.current()} <= self.accepted()


def header_of(config: dict, name: str) -> str:
    headers = config["Origins"]["Items"][0]["CustomHeaders"]["Items"]
    return next(each["HeaderValue"] for each in headers if each["HeaderName"] == name)


def distribution(value: str, *, deployed: str = "first") -> dict:
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
                    "CustomHeaders": {
                        "Quantity": 2,
                        "Items": [
                            {"HeaderName": HEADER, "HeaderValue": value},
                            {"HeaderName": DEPLOYED_HEADER, "HeaderValue": deployed},
                        ],
                    },
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
        "DEPLOYED_HEADER_NAME": DEPLOYED_HEADER,
        "DEPLOY_POLL_SECONDS": "0",
        "DEPLOY_ATTEMPTS": str(WAITED_POLLS),
        "SECRET_ID": edge.secret_id,
    }.items():
        monkeypatch.setenv(name, value)
    function = Function("rotate", monkeypatch)

    def rotate(step, token=None):
        names = {"SecretId": edge.secret_id, "ClientRequestToken": token} if token else {}
        function({"Step": step, **names})

    return rotate


def rotated(rotate):
    """Take all steps of one rotation."""
    token = str(uuid4())
    for step in STEPS:
        rotate(step, token)


def test_a_rotation_replaces_the_value_everywhere(edge, rotate):
    token = str(uuid4())

    for step in STEPS:
        rotate(step, token)

    assert edge.current() != "first"
    assert re.fullmatch(r"[0-9A-Za-z]{48}", edge.current())
    assert edge.sent() == edge.current()
    assert edge.accepted() == {edge.current(), "first"}


def test_the_value_before_stays_accepted_until_the_next_rotation_and_no_longer(edge, rotate):
    edge.deploy(reads_anew=True)
    values = [edge.current()]

    for _ in range(3):
        rotated(rotate)
        edge.deploy(reads_anew=True)
        values.append(edge.current())

    assert edge.accepted() == {*values[-2:], values[-2]}
    rotated(rotate)
    assert edge.accepted() == {edge.current(), values[-1]}


def test_a_value_that_cloudformation_wrote_last_is_accepted_however_old_it_is(edge, rotate):
    for _ in range(3):
        rotated(rotate)

    edge.deploy(reads_anew=False)

    assert edge.sent() == "first"
    assert edge.is_open()


def test_a_deployment_that_restored_an_old_value_is_put_right_and_retires_nothing(edge, rotate):
    rotated(rotate)
    rotated(rotate)
    before = edge.accepted()
    edge.deploy(reads_anew=False)

    rotate("compare")

    assert edge.sent() == edge.current() != "first"
    assert edge.accepted() == before


def test_a_comparison_leaves_what_a_rotation_sends_alone(edge, rotate):
    token = str(uuid4())
    for step in STEPS[:2]:
        rotate(step, token)
    pending = edge.sent()

    rotate("compare")

    assert edge.sent() == pending != edge.current()
    assert edge.is_open()


def test_a_comparison_lets_the_firewall_accept_what_is_sent_again(edge, rotate):
    rotated(rotate)
    found = edge.firewall.get_regex_pattern_set(Name=PATTERN_SET, Scope="REGIONAL", Id=edge.pattern_set_id)
    edge.firewall.update_regex_pattern_set(
        Name=PATTERN_SET,
        Scope="REGIONAL",
        Id=edge.pattern_set_id,
        LockToken=found["LockToken"],
        RegularExpressionList=[{"RegexString": f"^by-hand-{number}$"} for number in range(10)],
    )

    rotate("compare")

    assert edge.is_open()
    assert len(edge.accepted()) == 10  # WAF's limit


class Year:
    """Rotations with failures, and deployments in between, each followed by a look at what may be sent.

    After a change the distribution is InProgress for some polls, perhaps for longer than a step waits. Until it is
    Deployed, an edge location may send any value that was written since the last time it was.
    """

    def __init__(self, edge: RotatingEdge, rotate, *, reads_anew: bool, seed: int) -> None:
        from functions.shared.aws import client

        self.edge, self.rotate, self.reads_anew, self.random = edge, rotate, reads_anew, Random(seed)
        self.clients = [client(name) for name in ("secretsmanager", "cloudfront", "wafv2")]
        self.written = edge.sent()
        self.locations = {self.written}
        """What some edge location may still send."""
        self.polls_in_progress = 0
        self.failures = self.deployments = 0
        client("cloudfront").meta.events.register("after-call.cloudfront.GetDistribution", self._poll)

    def _poll(self, parsed, **_):
        if "Distribution" not in parsed:
            return
        self.polls_in_progress = max(0, self.polls_in_progress - 1)
        parsed["Distribution"]["Status"] = "InProgress" if self.polls_in_progress else "Deployed"
        if not self.polls_in_progress:
            self.locations = {header_of(parsed["Distribution"]["DistributionConfig"], HEADER)}

    def look(self) -> None:
        sent, deployed = self.edge.sent_and_deployed()
        if sent != self.written:
            self.written, self.polls_in_progress = sent, self.random.randrange(1, 3 * WAITED_POLLS)
        self.locations.add(sent)
        may_be_sent = self.locations | {self.edge.current(), deployed}
        assert may_be_sent <= self.edge.accepted()

    def maybe_deploy(self) -> None:
        if self.random.random() < 0.25:
            self.deployments += 1
            self.edge.deploy(reads_anew=self.reads_anew)
            self.look()
            if self.random.random() < 0.8:  # the event of a deployment may get lost
                self.rotate("compare")
                self.look()

    def take(self, step: str, token: str) -> bool:
        """Take a step, of which some call may fail; tell whether it was taken."""
        breaks = self.random.random() < 0.3
        number = self.random.randrange(6) if breaks else 1_000
        try:
            with failing_call(self.clients, number, lost_answer=self.random.random() < 0.5):
                self.rotate(step, token)
        except Exception:  # noqa: BLE001 - a broken call, or a deployment that got in between
            self.failures += 1
            return False
        finally:
            self.look()
        return True

    def rotation(self) -> None:
        """Rotate until it has worked: Secrets Manager repeats a step, or gives up and begins a new rotation."""
        token, steps = str(uuid4()), list(STEPS)
        while steps:
            self.maybe_deploy()
            if self.take(steps[0], token):
                steps.pop(0)
            elif self.random.random() < 0.3:
                token, steps = str(uuid4()), list(STEPS)
            else:
                steps = list(STEPS[min(1, STEPS.index(steps[0])) :])


@pytest.mark.parametrize("reads_anew", [True, False])
@pytest.mark.parametrize("seed", range(counted(1, 20)))
def test_a_year_of_rotations_and_deployments_refuses_no_request_and_retires_no_value_too_early(
    edge, rotate, reads_anew, seed
):
    year = Year(edge, rotate, reads_anew=reads_anew, seed=seed)

    for _ in range(ROTATIONS):
        year.rotation()
        rotate("compare")
        assert edge.sent() == edge.current()

    assert year.failures >= ROTATIONS
    assert year.deployments >= ROTATIONS / 2


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
    assert edge.accepted() == {edge.sent(), "first"}


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
    assert edge.accepted() == {edge.current(), "first"}


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
    assert edge.accepted() == {edge.current(), "first"}


class FirewalledApi(BaseHTTPRequestHandler):
    """API Gateway behind WAF, of which some hosts know of a change later: 403, or 404 for a path that is not there."""

    refusals: ClassVar[list[bool]] = []
    asked: ClassVar[list[str]] = []

    def do_GET(self):
        self.asked.append(self.headers[HEADER])
        self.send_response(403 if self.refusals and self.refusals.pop(0) else 404)
        self.end_headers()

    def log_message(self, *_):
        """Stay quiet."""


@pytest.fixture
def firewalled_api(monkeypatch):
    server = ThreadingHTTPServer(("127.0.0.1", 0), FirewalledApi)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    FirewalledApi.asked.clear()
    for name, value in {
        "PROBE_URL": f"http://127.0.0.1:{server.server_port}/live/probe",
        "PROBE_PAUSE_SECONDS": "0",
    }.items():
        monkeypatch.setenv(name, value)
    yield FirewalledApi
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_new_value_is_sent_when_the_whole_firewall_lets_it_in(firewalled_api, edge, rotate):
    firewalled_api.refusals = [True, False, False, True, False]
    token = str(uuid4())
    rotate("createSecret", token)

    rotate("setSecret", token)

    assert firewalled_api.asked == [edge.sent()] * (4 + PROBES_IN_A_ROW)
    assert edge.sent() != "first"


def test_a_firewall_that_never_lets_the_new_value_in_leaves_the_old_one_sent(firewalled_api, edge, rotate):
    firewalled_api.refusals = [True] * PROBE_ATTEMPTS
    token = str(uuid4())
    rotate("createSecret", token)

    with pytest.raises(NotAcceptedError, match=f"{PROBE_ATTEMPTS} attempts"):
        rotate("setSecret", token)

    assert edge.sent() == "first"
    assert edge.is_open()


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
