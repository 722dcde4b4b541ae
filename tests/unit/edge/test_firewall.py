"""The template's own web ACL, evaluated: closed by default, open for the secret, and not too often."""

import pytest

from local.edge.firewall import Firewall, FirewallRequest

PATTERNS = {"AcceptedOriginValues": ["^new$", "^old$"]}


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def acl(template):
    return template.single("AWS::WAFv2::WebACL")


@pytest.fixture
def firewall(acl, clock):
    return Firewall(*acl, clock=clock)


@pytest.fixture
def firewall_that_allows(acl, clock):
    """Return a function that makes the firewall with another number of requests for one viewer."""

    def make(requests):
        name, properties = acl
        limit = next(rule for rule in properties["Rules"] if rule["Name"] == "RateLimit")
        limit["Statement"]["RateBasedStatement"]["Limit"] = requests
        return Firewall(name, properties, clock=clock)

    return make


def request(path="/live/images/1", **headers):
    return FirewallRequest("GET", path, {name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize("value", ["new", "old"])
def test_each_accepted_value_opens(firewall, value):
    ruling = firewall.rule(request(x_origin_verify=value, x_viewer_address="192.0.2.1"), PATTERNS)

    assert (ruling.allowed, ruling.rule) == (True, "AllowTheEdge")


@pytest.mark.parametrize(
    "headers", [{}, {"x_origin_verify": ""}, {"x_origin_verify": "newer"}, {"x_origin_verify": "xnew"}]
)
def test_everything_else_is_blocked_by_default(firewall, headers):
    ruling = firewall.rule(request(x_viewer_address="192.0.2.1", **headers), PATTERNS)

    assert (ruling.allowed, ruling.status, ruling.rule) == (False, 403, None)


def test_a_value_that_was_dropped_opens_no_longer(firewall):
    asked = request(x_origin_verify="old", x_viewer_address="192.0.2.1")

    assert firewall.rule(asked, PATTERNS).allowed
    assert not firewall.rule(asked, {"AcceptedOriginValues": ["^new$"]}).allowed


def test_without_its_allowing_rule_the_acl_lets_nobody_in(acl, clock):
    name, properties = acl
    properties["Rules"] = [rule for rule in properties["Rules"] if rule["Name"] != "AllowTheEdge"]

    ruling = Firewall(name, properties, clock=clock).rule(
        request(x_origin_verify="new", x_viewer_address="1"), PATTERNS
    )

    assert not ruling.allowed


def test_one_address_is_limited_others_are_not_and_time_heals(firewall_that_allows, clock):
    firewall = firewall_that_allows(10)
    asked = request(x_origin_verify="new", x_viewer_address="192.0.2.1")

    rulings = [firewall.rule(asked, PATTERNS) for _ in range(11)]
    other = firewall.rule(request(x_origin_verify="new", x_viewer_address="192.0.2.2"), PATTERNS)
    clock.now = 301

    assert [ruling.allowed for ruling in rulings] == [True] * 10 + [False]
    assert (rulings[-1].status, rulings[-1].rule) == (429, "RateLimit")
    assert other.allowed
    assert firewall.rule(asked, PATTERNS).allowed


def test_images_and_the_api_are_counted_apart(acl, clock):
    name, properties = acl
    for rule, requests in (("RateLimit", 10), ("ControlRateLimit", 20)):
        limit = next(each for each in properties["Rules"] if each["Name"] == rule)
        limit["Statement"]["RateBasedStatement"]["Limit"] = requests
    firewall = Firewall(name, properties, clock=clock)
    headers = {"x_origin_verify": "new", "x_viewer_address": "192.0.2.1"}

    rulings = {
        path: [firewall.rule(request(path, **headers), PATTERNS).rule for _ in range(21)]
        for path in ("/live/images/1", "/live/v1/images")
    }

    assert rulings["/live/images/1"].count("AllowTheEdge") == 10
    assert rulings["/live/images/1"][-1] == "RateLimit"
    assert rulings["/live/v1/images"].count("AllowTheEdge") == 20
    assert rulings["/live/v1/images"][-1] == "ControlRateLimit"


def test_requests_past_the_edge_cannot_use_up_somebody_elses_rate(firewall_that_allows):
    firewall = firewall_that_allows(10)
    for _ in range(50):
        firewall.rule(request(x_viewer_address="192.0.2.1"), PATTERNS)

    assert firewall.rule(request(x_origin_verify="new", x_viewer_address="192.0.2.1"), PATTERNS).allowed


@pytest.mark.parametrize("address", ["", "unknown", "2001:db8", "192.0.2.1:443"])
def test_a_request_without_a_valid_address_is_not_served_uncounted(firewall, address):
    ruling = firewall.rule(request(x_origin_verify="new", x_viewer_address=address), PATTERNS)

    assert (ruling.allowed, ruling.rule) == (False, "RateLimit")


def test_the_rate_does_not_apply_to_a_request_without_the_header_as_aws_says(firewall):
    ruling = firewall.rule(request(x_origin_verify="new"), PATTERNS)

    assert (ruling.allowed, ruling.rule) == (True, "AllowTheEdge")


def test_one_network_is_one_viewer_however_it_is_spelt(firewall_that_allows):
    firewall = firewall_that_allows(1)

    rulings = [
        firewall.rule(request(x_origin_verify="new", x_viewer_address=address), PATTERNS).allowed
        for address in ("2001:db8:1:2::", "2001:0DB8:1:2:0:0:0:0", "2001:db8:1:3::")
    ]

    assert rulings == [True, False, True]
