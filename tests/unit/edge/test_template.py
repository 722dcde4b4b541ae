"""The edge reads the template that would be deployed, and refuses whatever in it that it does not know."""

import pytest

from local.edge.firewall import Firewall
from local.edge.model import ApiOrigin, BucketOrigin
from local.edge.properties import UnmodelledError
from local.edge.template import Template, read_distribution


def config_of(document):
    return document["Resources"]["Distribution"]["Properties"]["DistributionConfig"]


def resource(document, kind):
    return next(each["Properties"] for each in document["Resources"].values() if each["Type"] == kind)


def test_the_model_says_what_the_template_says(template, resolver):
    distribution = read_distribution(template, resolver)
    images, api, default = distribution.behaviors

    assert [each.pattern for each in distribution.behaviors] == ["/images/*", "/v1/*", "*"]
    assert images.cache.keeps
    assert not api.cache.keeps
    assert images.key_groups != api.key_groups == default.key_groups
    assert "x-viewer-address" in api.origin_request.headers
    group = distribution.groups[images.target]
    assert isinstance(distribution.origins[group.primary], BucketOrigin)
    assert isinstance(distribution.origins[group.fallback], ApiOrigin)
    assert {403, 404} <= group.statuses
    assert "function handler" in distribution.functions[str(images.request_function)]


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["Resources"].update(Extra={"Type": "AWS::CloudFront::RealtimeLogConfig", "Properties": {}}),
        lambda d: config_of(d).update(WebACLId="arn"),
        lambda d: config_of(d).update(Enabled=False),
        lambda d: config_of(d).update(DefaultRootObject="index.html"),
        lambda d: config_of(d)["CacheBehaviors"][0].update(FieldLevelEncryptionId="x"),
        lambda d: config_of(d)["CacheBehaviors"][0].update(LambdaFunctionAssociations=[]),
        lambda d: config_of(d)["CacheBehaviors"][0]["FunctionAssociations"][0].update(EventType="origin-request"),
        lambda d: config_of(d)["CustomErrorResponses"][0].update(ResponsePagePath="/error.html"),
        lambda d: config_of(d)["Origins"][0].update(ConnectionAttempts=1),
        lambda d: config_of(d)["Origins"][0].update(DomainName="www.example.com"),
        lambda d: config_of(d)["OriginGroups"]["Items"][0].update(SelectionCriteria="media-quality-based"),
        lambda d: resource(d, "AWS::CloudFront::CachePolicy")["CachePolicyConfig"][
            "ParametersInCacheKeyAndForwardedToOrigin"
        ].update(HeadersConfig={"HeaderBehavior": "whitelist", "Headers": ["Accept"]}),
        lambda d: resource(d, "AWS::CloudFront::ResponseHeadersPolicy")["ResponseHeadersPolicyConfig"].update(
            ServerTimingHeadersConfig={"Enabled": True}
        ),
        lambda d: resource(d, "AWS::CloudFront::OriginAccessControl")["OriginAccessControlConfig"].update(
            SigningBehavior="never"
        ),
        lambda d: resource(d, "AWS::CloudFront::Function")["FunctionConfig"].update(Runtime="cloudfront-js-1.0"),
    ],
)
def test_what_is_neither_modelled_nor_listed_stops_the_start(document, resolver, change):
    change(document)

    with pytest.raises(UnmodelledError):
        read_distribution(Template(document), resolver)


@pytest.mark.parametrize(
    "change",
    [
        lambda acl: acl.update(TokenDomains=["example.com"]),
        lambda acl: acl.update(Scope="CLOUDFRONT"),
        lambda acl: acl.update(DefaultAction={"Block": {"CustomResponse": {"ResponseCode": 404}}}),
        lambda acl: acl["Rules"][-1].update(Action={"Captcha": {}}),
        lambda acl: acl["Rules"][-1].update(Statement={"GeoMatchStatement": {"CountryCodes": ["AT"]}}),
        lambda acl: acl["Rules"][-1]["Statement"]["RegexPatternSetReferenceStatement"].update(
            FieldToMatch={"Body": {}}
        ),
        lambda acl: acl["Rules"][0]["Statement"]["RateBasedStatement"].update(AggregateKeyType="IP"),
    ],
)
def test_a_rule_that_is_not_modelled_stops_the_start(document, change):
    acl = resource(document, "AWS::WAFv2::WebACL")
    acl["Rules"].sort(key=lambda rule: rule["Priority"])
    change(acl)

    with pytest.raises(UnmodelledError):
        Firewall("WebAcl", acl)
