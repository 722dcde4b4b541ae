"""The CloudFront distribution: access, origins and caching.

    /images/*   signed by a key of `viewers` (unless viewer_access is public); cached by the canonical path only
    /v1/*       signed by a key of `control`; never cached
    others      signed by a key of `control`; the edge itself returns 403

A viewer's signature is not valid for /v1/*, because the two groups share no key.
"""

import hashlib
from typing import Final

from aws_cdk import Annotations, Aws, Duration, Fn, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_s3 as s3
from constructs import Construct

from cdk import edge_functions, names
from cdk.config import StageConfig, ViewerAccess
from cdk.constructs.firewall import ADDRESS_HEADER
from cdk.constructs.origin_secret import OriginSecret
from cdk.constructs.resource import resource_of
from cdk.signing_keys import SigningKeys, TrustedKey
from functions.shared.options import Delivery

FAILOVER_STATUS: Final = (403, 404, 500, 502, 503, 504)
"""A missing variant is a 403 (the edge may not list the bucket) or a 404; errors of S3 also fail over."""


class EdgeDistribution(Construct):
    """The distribution, its policies, functions and trusted keys. ``key_ids`` are the key ids for signers, by group.
    ``function_names`` are the names of its functions, for their metrics; ``api_domain`` is the API's own host.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        keys: SigningKeys,
        api_stage: apigateway.Stage,
        generated_bucket: s3.IBucket,
        origin_secret: OriginSecret,
    ) -> None:
        super().__init__(scope, construct_id)
        self._config = config
        self._public_keys: dict[str, cloudfront.PublicKey] = {}
        self.function_names: dict[str, str] = {}
        viewers = self._key_group("Viewers", keys.viewers)
        control = self._key_group("Control", keys.control)
        self.key_ids = {
            "Viewers": [self._public_keys[key.fingerprint].public_key_id for key in keys.viewers],
            "Control": [self._public_keys[key.fingerprint].public_key_id for key in keys.control],
        }
        stack = Stack.of(self)
        self.api_domain = f"{api_stage.rest_api.rest_api_id}.execute-api.{stack.region}.{stack.url_suffix}"
        api = self._api_origin(origin_secret)
        spelled_out = "*" not in config.allowed_origins  # browsers accept no cookies with *
        picture_headers = self._response_headers("PictureHeaders", cookies=spelled_out)
        api_headers = self._response_headers("ApiHeaders", cookies=False)  # a page must not use a control cookie
        self.distribution = cloudfront.Distribution(
            self,
            names.DISTRIBUTION,
            comment=f"image-scaler {config.name}",
            certificate=acm.Certificate.from_certificate_arn(self, "Certificate", config.certificate_arn)
            if config.certificate_arn
            else None,
            domain_names=[config.domain_name] if config.domain_name else None,
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021
            if config.certificate_arn  # CloudFront's own certificate has a fixed minimum
            else None,
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            enable_ipv6=config.ipv6,
            default_behavior=self._closed(api, api_headers, trusted=control),
            additional_behaviors={
                "/images/*": self._images(self._image_origin(api, generated_bucket), picture_headers, trusted=viewers),
                "/v1/*": self._control(api, api_headers, trusted=control),
            },
            error_responses=error_responses(),
        )
        resource = resource_of(self.distribution, cloudfront.CfnDistribution)
        resource.override_logical_id(names.DISTRIBUTION)
        resource.add_property_override("DistributionConfig.CacheTagConfig.HeaderName", names.CACHE_TAG_HEADER)
        Annotations.of(self.distribution).acknowledge_warning(
            "@aws-cdk/aws-cloudfront-origins:updateImportedBucketPolicyOac",
            "The bucket's policy, in the Pipeline stack, lets this account's distributions read it.",
        )

    def _closed(
        self, api: cloudfront.IOrigin, headers: cloudfront.ResponseHeadersPolicy, *, trusted: cloudfront.KeyGroup
    ) -> cloudfront.BehaviorOptions:
        return cloudfront.BehaviorOptions(
            origin=api,
            allowed_methods=cloudfront.AllowedMethods.ALLOW_GET_HEAD,
            cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
            function_associations=[self._on_request("Closed", edge_functions.closed_code())],
            response_headers_policy=headers,
            trusted_key_groups=[trusted],
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
        )

    def _images(
        self, pictures: cloudfront.IOrigin, headers: cloudfront.ResponseHeadersPolicy, *, trusted: cloudfront.KeyGroup
    ) -> cloudfront.BehaviorOptions:
        return cloudfront.BehaviorOptions(
            origin=pictures,
            allowed_methods=cloudfront.AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
            cache_policy=self._cache_by_path(),
            compress=False,
            function_associations=[
                self._on_request("ImageRequest", self._image_request_code()),
                self._on_response("ImageResponse", edge_functions.image_response_code()),
            ],
            origin_request_policy=self._forward_to_images(),
            response_headers_policy=headers,
            trusted_key_groups=[trusted] if self._config.viewer_access is ViewerAccess.SIGNED else None,
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        )

    def _control(
        self, api: cloudfront.IOrigin, headers: cloudfront.ResponseHeadersPolicy, *, trusted: cloudfront.KeyGroup
    ) -> cloudfront.BehaviorOptions:
        return cloudfront.BehaviorOptions(
            origin=api,
            allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
            cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
            function_associations=[self._on_request("ControlRequest", edge_functions.control_request_code())],
            origin_request_policy=self._forward_to_api(),
            response_headers_policy=headers,
            trusted_key_groups=[trusted],
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
        )

    def _api_origin(self, origin_secret: OriginSecret) -> cloudfront.IOrigin:
        return origins.HttpOrigin(
            self.api_domain,
            custom_headers={
                names.ORIGIN_VERIFY_HEADER: origin_secret.value,
                names.ORIGIN_DEPLOYED_HEADER: origin_secret.value,
            },
            http_port=80,
            https_port=443,
            origin_path=f"/{names.API_STAGE}",
            origin_ssl_protocols=[cloudfront.OriginSslPolicy.TLS_V1_2],
            protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
            read_timeout=Duration.seconds(30),  # API Gateway gives up after 29
        )

    def _image_origin(self, api: cloudfront.IOrigin, generated_bucket: s3.IBucket) -> cloudfront.IOrigin:
        if self._config.delivery is Delivery.V1:
            return api
        # The bucket of another stack, by name: given the construct, the CDK would write the bucket's policy, and the
        # Pipeline stack would refer to this one. The existing policy already lets this account's distributions read the
        # bucket.
        bucket = s3.Bucket.from_bucket_attributes(
            self,
            "Generated",
            bucket_name=generated_bucket.bucket_name,
            bucket_regional_domain_name=generated_bucket.bucket_regional_domain_name,
        )
        return origins.OriginGroup(
            primary_origin=origins.S3BucketOrigin.with_origin_access_control(
                bucket,
                origin_access_control=cloudfront.S3OriginAccessControl(
                    self, "GeneratedAccess", origin_access_control_name=self._name("Generated")
                ),
            ),
            fallback_origin=api,
            fallback_status_codes=list(FAILOVER_STATUS),
        )

    def _key_group(self, title: str, keys: tuple[TrustedKey, ...]) -> cloudfront.KeyGroup:
        for key in keys:
            if key.fingerprint not in self._public_keys:
                self._public_keys[key.fingerprint] = cloudfront.PublicKey(
                    self,
                    f"Key{key.fingerprint}",
                    encoded_key=key.pem,
                    comment=f"image-scaler {self._config.name}",
                    public_key_name=self._name(key.fingerprint),
                )
        return cloudfront.KeyGroup(
            self,
            title,
            items=[self._public_keys[key.fingerprint] for key in keys],
            comment=f"image-scaler {self._config.name}: {title.lower()}",
            key_group_name=self._name(title),
        )

    def _name(self, title: str) -> str:
        """Return a name of a policy, key or access control. CloudFront's names are unique across all regions of an
        account."""
        return f"image-scaler-{self._config.name}-{title}-{Aws.REGION}"

    def _on_request(self, title: str, code: str) -> cloudfront.FunctionAssociation:
        return self._function(title, code, cloudfront.FunctionEventType.VIEWER_REQUEST)

    def _on_response(self, title: str, code: str) -> cloudfront.FunctionAssociation:
        return self._function(title, code, cloudfront.FunctionEventType.VIEWER_RESPONSE)

    def _function(
        self, title: str, code: str, event_type: cloudfront.FunctionEventType
    ) -> cloudfront.FunctionAssociation:
        function = cloudfront.Function(
            self,
            title,
            function_name=self._function_name(title, code),
            code=cloudfront.FunctionCode.from_inline(code),
            comment=f"image-scaler {self._config.name}",
            runtime=cloudfront.FunctionRuntime.JS_2_0,
        )
        self.function_names[title] = self._function_name(title, code)
        return cloudfront.FunctionAssociation(event_type=event_type, function=function)

    def _function_name(self, title: str, code: str) -> str:
        """Return a name that no earlier function has.

        A fixed name returns 409 when a create is retried and when a function is replaced. This one depends on the code
        and on the stack: the first part of the stack's id is new each time the stack is created.
        """
        stack_id = Fn.select(0, Fn.split("-", Fn.select(2, Fn.split("/", Aws.STACK_ID))))
        digest = hashlib.sha256(code.encode()).hexdigest()[:8]
        return f"image-scaler-{self._config.name}-{title}-{digest}-{stack_id}"

    def _image_request_code(self) -> str:
        origins_ = self._config.allowed_origins
        return edge_functions.image_request_code(
            self._config.sizes,
            allowed_origins=origins_,
            credentials=bool(origins_) and "*" not in origins_,
            presets=self._config.presets,
        )

    def _cache_by_path(self) -> cloudfront.CachePolicy:
        """Cache by path only: the function has added size, format and all other relevant parameters to it."""
        return cloudfront.CachePolicy(
            self,
            "ByCanonicalPath",
            cache_policy_name=self._name("ByCanonicalPath"),
            comment="image-scaler: one entry for each variant of an image",
            cookie_behavior=cloudfront.CacheCookieBehavior.none(),
            header_behavior=cloudfront.CacheHeaderBehavior.none(),
            query_string_behavior=cloudfront.CacheQueryStringBehavior.none(),
            min_ttl=Duration.seconds(0),
            default_ttl=Duration.seconds(60),
            max_ttl=Duration.days(365),
        )

    def _forward_to_images(self) -> cloudfront.OriginRequestPolicy:
        return cloudfront.OriginRequestPolicy(
            self,
            "ForwardToImages",
            origin_request_policy_name=self._name("ForwardToImages"),
            comment="image-scaler: images depend on their path; the address is for the rate limit",
            cookie_behavior=cloudfront.OriginRequestCookieBehavior.none(),
            header_behavior=cloudfront.OriginRequestHeaderBehavior.allow_list("Accept", ADDRESS_HEADER),
            query_string_behavior=cloudfront.OriginRequestQueryStringBehavior.none(),
        )

    def _forward_to_api(self) -> cloudfront.OriginRequestPolicy:
        return cloudfront.OriginRequestPolicy(
            self,
            "ForwardToApi",
            origin_request_policy_name=self._name("ForwardToApi"),
            comment="image-scaler: what the API reads",
            cookie_behavior=cloudfront.OriginRequestCookieBehavior.none(),
            header_behavior=cloudfront.OriginRequestHeaderBehavior.allow_list(
                "Accept",
                "Access-Control-Request-Headers",
                "Access-Control-Request-Method",
                "Content-Type",
                "Idempotency-Key",
                "Origin",
                ADDRESS_HEADER,
            ),
            query_string_behavior=cloudfront.OriginRequestQueryStringBehavior.all(),
        )

    def _response_headers(self, title: str, *, cookies: bool) -> cloudfront.ResponseHeadersPolicy:
        config = self._config
        return cloudfront.ResponseHeadersPolicy(
            self,
            title,
            response_headers_policy_name=self._name(title),
            comment="image-scaler: what every answer carries",
            cors_behavior=cloudfront.ResponseHeadersCorsBehavior(
                access_control_allow_credentials=cookies,
                access_control_allow_headers=["Content-Type", "Idempotency-Key"],
                access_control_allow_methods=["GET", "HEAD", "OPTIONS", "POST", "PATCH", "DELETE"],
                access_control_allow_origins=list(config.allowed_origins),
                access_control_expose_headers=["ETag", "Location", "Retry-After", "Server-Timing"],
                access_control_max_age=Duration.hours(1),
                origin_override=True,
            )
            if config.allowed_origins
            else None,
            custom_headers_behavior=cloudfront.ResponseCustomHeadersBehavior(
                custom_headers=[
                    cloudfront.ResponseCustomHeader(
                        header="Cross-Origin-Resource-Policy", value="cross-origin", override=True
                    )
                ]
            ),
            remove_headers=["x-amz-server-side-encryption", names.CACHE_TAG_HEADER],
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy="default-src 'none'; sandbox", override=True
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=Duration.days(365), override=True
                ),
            ),
        )


def error_responses() -> list[cloudfront.ErrorResponse]:
    """Return how long an error without its own lifetime is cached, by status."""
    seconds = {
        403: 0,  # the firewall refuses one request; the next one for the same picture may come from another viewer
        404: 5,  # short, because uploads are published within seconds
        **dict.fromkeys((500, 502, 503, 504), 1),
    }
    return [cloudfront.ErrorResponse(http_status=status, ttl=Duration.seconds(ttl)) for status, ttl in seconds.items()]
