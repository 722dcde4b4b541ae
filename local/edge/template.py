"""Builds the model of the distribution from the synthesized Edge template and refuses unknown properties."""

import re
from collections.abc import Mapping
from typing import Any, Final

from local.edge.intrinsics import Resolver, logical_id
from local.edge.model import (
    ApiOrigin,
    Behavior,
    BucketOrigin,
    CachePolicy,
    Cors,
    Distribution,
    HeaderRule,
    OriginGroup,
    OriginRequestPolicy,
    ResponseHeaders,
)
from local.edge.properties import Properties, UnmodelledError

CACHING_DISABLED: Final = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
"""The id of AWS's managed cache policy CachingDisabled."""

READ_HERE: Final = frozenset(
    {
        "AWS::CloudFront::CachePolicy",
        "AWS::CloudFront::Distribution",
        "AWS::CloudFront::Function",
        "AWS::CloudFront::KeyGroup",
        "AWS::CloudFront::OriginAccessControl",
        "AWS::CloudFront::OriginRequestPolicy",
        "AWS::CloudFront::PublicKey",
        "AWS::CloudFront::ResponseHeadersPolicy",
        "AWS::SecretsManager::Secret",
        "AWS::WAFv2::RegexPatternSet",
        "AWS::WAFv2::WebACL",
        "AWS::WAFv2::WebACLAssociation",
    }
)
"""Types whose effect on a request is modelled."""

RUN_BY_EMULATOR: Final = frozenset(
    {
        "AWS::CloudWatch::Alarm",
        "AWS::Events::Rule",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Function",
        "AWS::Lambda::Permission",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
        "AWS::SQS::Queue",
        "AWS::SQS::QueuePolicy",
    }
)
"""Types that the emulator deploys unchanged."""

NOT_RUN: Final = frozenset(
    {
        "AWS::SecretsManager::ResourcePolicy",
        "AWS::SecretsManager::RotationSchedule",
        "AWS::WAFv2::LoggingConfiguration",
        "Custom::AccessLogDelivery",
        "Custom::AccessLogDestination",
        "Custom::AccessLogSource",
    }
)
"""Types that have no effect locally; NOT_MODELLED lists them."""

_API_DOMAIN = re.compile(r"([a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?")
_BUCKET_DOMAIN = re.compile(r"([a-z0-9.-]+)\.s3[.-][a-z0-9.-]*amazonaws\.com(?:\.cn)?")


class Template:
    """A synthesized template; ``resources`` are its resources by logical id."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Raises UnmodelledError for a resource type that is neither modelled, deployed nor listed."""
        self.resources: Mapping[str, Mapping[str, Any]] = document["Resources"]
        known = READ_HERE | RUN_BY_EMULATOR | NOT_RUN
        unknown = sorted({each["Type"] for each in self.resources.values()} - known)
        if unknown:
            raise UnmodelledError(f"the local edge does not model {', '.join(unknown)}")

    def of_type(self, kind: str) -> dict[str, Mapping[str, Any]]:
        """Return the properties of all resources of a type by logical id."""
        return {name: resource["Properties"] for name, resource in self.resources.items() if resource["Type"] == kind}

    def single(self, kind: str) -> tuple[str, Mapping[str, Any]]:
        """Return the only resource of a type. Raises UnmodelledError if there is not exactly one."""
        found = self.of_type(kind)
        if len(found) != 1:
            raise UnmodelledError(
                f"the template has {len(found)} resources of type {kind}; the local edge models exactly one"
            )
        return next(iter(found.items()))

    def lets_api_gateway_invoke(self) -> bool:
        """Return whether it lets API Gateway invoke functions; otherwise the API returns 500."""
        permissions = self.of_type("AWS::Lambda::Permission").values()
        return any(each["Principal"] == "apigateway.amazonaws.com" for each in permissions)

    def properties(self, reference: Any) -> Properties:
        """Return the properties of the resource in a Ref or GetAtt."""
        name = logical_id(reference)
        return Properties(name, self.resources[name]["Properties"])


def read_distribution(template: Template, resolver: Resolver) -> Distribution:
    """Return the template's distribution. Raises UnmodelledError."""
    return _DistributionReader(template, resolver).read()


class _DistributionReader:
    def __init__(self, template: Template, resolver: Resolver) -> None:
        self._template = template
        self._resolver = resolver

    def read(self) -> Distribution:
        name, properties = self._template.single("AWS::CloudFront::Distribution")
        outer = Properties(name, properties)
        config = outer.part("DistributionConfig")
        outer.label("Tags")
        outer.finish()
        if config is None:
            raise UnmodelledError(f"{name} has no DistributionConfig")
        config.label("Comment")
        config.only("Enabled", [True])
        tags = config.take("CacheTagConfig", None)
        config.not_modelled("addresses and protocols", "Aliases", "ViewerCertificate", "HttpVersion", "IPV6Enabled")
        origins = [self._origin(each) for each in config.parts("Origins")]
        groups_part = config.part("OriginGroups")
        groups = self._groups(groups_part) if groups_part else []
        behaviors = [
            *(self._behavior(each) for each in config.parts("CacheBehaviors")),
            self._behavior(config.part("DefaultCacheBehavior"), pattern="*"),
        ]
        error_ttls = {}
        for each in config.parts("CustomErrorResponses"):
            error_ttls[each.take("ErrorCode")] = each.take("ErrorCachingMinTTL")
            each.finish()
        config.finish()
        return Distribution(
            logical_id=name,
            behaviors=tuple(behaviors),
            origins={each.id: each for each in origins},
            groups={each.id: each for each in groups},
            error_ttls=error_ttls,
            functions=self._functions(),
            cache_tag_header=tags["HeaderName"].lower() if tags else None,
            key_groups=frozenset(group for behavior in behaviors for group in behavior.key_groups),
        )

    def _origin(self, part: Properties) -> ApiOrigin | BucketOrigin:
        domain = self._resolver.resolve(part.take("DomainName"))
        origin_id = part.take("Id")
        path = part.take("OriginPath", "")
        part.take("OriginCustomHeaders", [])  # the deployed distribution has their current values
        custom = part.part("CustomOriginConfig")
        access_control = part.take("OriginAccessControlId", None)
        if custom and (api := _API_DOMAIN.fullmatch(domain)):
            custom.only("OriginProtocolPolicy", ["https-only"])
            custom.not_modelled("addresses and protocols", "HTTPPort", "HTTPSPort", "OriginSSLProtocols")
            custom.not_modelled("origin timeouts", "OriginReadTimeout")
            custom.finish()
            part.finish()
            return ApiOrigin(id=origin_id, api_id=api[1], path=path)
        s3_config = part.part("S3OriginConfig")
        if s3_config and access_control and not path and (bucket := _BUCKET_DOMAIN.fullmatch(domain)):
            s3_config.only("OriginAccessIdentity", [""])
            s3_config.finish()
            part.finish()
            control = self._template.properties(access_control).part("OriginAccessControlConfig")
            if control is None:
                raise UnmodelledError(f"{origin_id} has no OriginAccessControlConfig")
            control.label("Name", "Description")
            control.only("OriginAccessControlOriginType", ["s3"])
            control.only("SigningBehavior", ["always"])
            control.only("SigningProtocol", ["sigv4"])
            control.finish()
            return BucketOrigin(id=origin_id, bucket=bucket[1])
        raise UnmodelledError(f"the origin {domain} is neither a REST API nor a bucket with origin access control")

    def _groups(self, part: Properties) -> list[OriginGroup]:
        groups = []
        for each in part.parts("Items"):
            members = [member["OriginId"] for member in each.take("Members")["Items"]]
            if len(members) != 2:
                raise UnmodelledError("an origin group must have two members")
            each.only("SelectionCriteria", ["default"])
            groups.append(
                OriginGroup(
                    id=each.take("Id"),
                    primary=members[0],
                    fallback=members[1],
                    statuses=frozenset(each.take("FailoverCriteria")["StatusCodes"]["Items"]),
                )
            )
            each.finish()
        part.label("Quantity")
        part.finish()
        return groups

    def _behavior(self, part: Properties | None, *, pattern: str | None = None) -> Behavior:
        if part is None:
            raise UnmodelledError("the distribution has no default behaviour")
        part.not_modelled("viewer protocol policy", "ViewerProtocolPolicy")
        part.only(
            "Compress", [False, True]
        )  # no response is compressed: no cache policy uses Accept-Encoding, see below
        part.only("CachedMethods", [["GET", "HEAD"]])
        functions = {
            each["EventType"]: logical_id(each["FunctionARN"]) for each in part.take("FunctionAssociations", [])
        }
        request_policy = part.take("OriginRequestPolicyId", None)
        headers_policy = part.take("ResponseHeadersPolicyId", None)
        behavior = Behavior(
            pattern=pattern or part.take("PathPattern"),
            methods=frozenset(part.take("AllowedMethods", ["GET", "HEAD"])),
            cache=self._cache_policy(part.take("CachePolicyId")),
            target=part.take("TargetOriginId"),
            origin_request=self._request_policy(request_policy) if request_policy else OriginRequestPolicy(),
            response_headers=self._headers_policy(headers_policy) if headers_policy else ResponseHeaders(),
            request_function=functions.pop("viewer-request", None),
            response_function=functions.pop("viewer-response", None),
            key_groups=tuple(logical_id(each) for each in part.take("TrustedKeyGroups", [])),
        )
        if functions:
            raise UnmodelledError(f"the local edge does not model functions on {', '.join(functions)}")
        part.finish()
        return behavior

    def _cache_policy(self, reference: Any) -> CachePolicy:
        if reference == CACHING_DISABLED:
            return CachePolicy(min_ttl=0, default_ttl=0, max_ttl=0)
        config = self._template.properties(reference).part("CachePolicyConfig")
        key = config.part("ParametersInCacheKeyAndForwardedToOrigin") if config else None
        if config is None or key is None:
            raise UnmodelledError(f"{reference} is not a cache policy of this template")
        config.label("Comment", "Name")
        key.only("CookiesConfig", [{"CookieBehavior": "none"}])
        key.only("HeadersConfig", [{"HeaderBehavior": "none"}])
        key.only("QueryStringsConfig", [{"QueryStringBehavior": "none"}])
        key.only("EnableAcceptEncodingBrotli", [False])
        key.only("EnableAcceptEncodingGzip", [False])
        key.finish()
        policy = CachePolicy(
            min_ttl=config.take("MinTTL"), default_ttl=config.take("DefaultTTL"), max_ttl=config.take("MaxTTL")
        )
        config.finish()
        return policy

    def _request_policy(self, reference: Any) -> OriginRequestPolicy:
        config = self._template.properties(reference).part("OriginRequestPolicyConfig")
        if config is None:
            raise UnmodelledError(f"{reference} is not an origin request policy of this template")
        config.label("Comment", "Name")
        config.only("CookiesConfig", [{"CookieBehavior": "none"}])
        headers = config.take("HeadersConfig")
        query = config.take("QueryStringsConfig")["QueryStringBehavior"]
        if headers["HeaderBehavior"] not in {"none", "whitelist"} or query not in {"none", "all"}:
            raise UnmodelledError("an origin request policy must forward listed headers, and all of the query or none")
        config.finish()
        return OriginRequestPolicy(
            headers=frozenset(name.lower() for name in headers.get("Headers", [])), query=query == "all"
        )

    def _headers_policy(self, reference: Any) -> ResponseHeaders:
        config = self._template.properties(reference).part("ResponseHeadersPolicyConfig")
        if config is None:
            raise UnmodelledError(f"{reference} is not a response headers policy of this template")
        config.label("Comment", "Name")
        rules = []
        custom = config.take("CustomHeadersConfig", {"Items": []})
        rules += [HeaderRule(each["Header"], each["Value"], each["Override"]) for each in custom["Items"]]
        security = config.part("SecurityHeadersConfig")
        if security:
            rules += _security_rules(security)
        removed = config.take("RemoveHeadersConfig", {"Items": []})
        cors = config.part("CorsConfig")
        policy = ResponseHeaders(
            rules=tuple(rules),
            removed=frozenset(each["Header"].lower() for each in removed["Items"]),
            cors=_cors(cors) if cors else None,
        )
        config.finish()
        return policy

    def _functions(self) -> dict[str, str]:
        codes = {}
        for name, properties in self._template.of_type("AWS::CloudFront::Function").items():
            function = Properties(name, properties)
            function.label("Name", "Tags")
            function.only("AutoPublish", [True])
            codes[name] = function.take("FunctionCode")
            config = function.part("FunctionConfig")
            if config is None:
                raise UnmodelledError(f"{name} has no FunctionConfig")
            config.label("Comment")
            config.only("Runtime", ["cloudfront-js-2.0"])
            config.finish()
            function.finish()
        return codes


def _security_rules(security: Properties) -> list[HeaderRule]:
    rules = []
    if policy := security.take("ContentSecurityPolicy", None):
        rules.append(HeaderRule("Content-Security-Policy", policy["ContentSecurityPolicy"], policy["Override"]))
    if options := security.take("ContentTypeOptions", None):
        rules.append(HeaderRule("X-Content-Type-Options", "nosniff", options["Override"]))
    if transport := security.part("StrictTransportSecurity"):
        transport.only("IncludeSubdomains", [False])
        transport.only("Preload", [False])
        seconds, override = transport.take("AccessControlMaxAgeSec"), transport.take("Override")
        rules.append(HeaderRule("Strict-Transport-Security", f"max-age={seconds}", override))
        transport.finish()
    security.finish()
    return rules


def _cors(part: Properties) -> Cors:
    cors = Cors(
        origins=tuple(part.take("AccessControlAllowOrigins")["Items"]),
        methods=tuple(part.take("AccessControlAllowMethods")["Items"]),
        headers=tuple(part.take("AccessControlAllowHeaders")["Items"]),
        exposed=tuple(part.take("AccessControlExposeHeaders", {"Items": []})["Items"]),
        max_age=part.take("AccessControlMaxAgeSec", 5),
        override=part.take("OriginOverride"),
        credentials=part.take("AccessControlAllowCredentials"),
    )
    part.finish()
    return cors
