"""WAF in front of the API: only requests from the edge pass, and each client address has a rate limit.

A regional ACL sees CloudFront's address as the client's; the edge sends the viewer's address in a separate header. One
rule allows requests and the default blocks them, so a missing rule closes the API.
"""

from aws_cdk import ArnFormat, RemovalPolicy, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_logs as logs
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from cdk import names
from cdk.config import StageConfig

ADDRESS_HEADER = "x-viewer-address"
"""Set by cdk/edge/viewer_address.js, which overwrites any value from the client."""

_NO_TRANSFORMATION = wafv2.CfnWebACL.TextTransformationProperty(priority=0, type="NONE")


MANAGED_GROUPS = ("AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet")
"""AWS's managed rule groups. They do not check uploads: an image is megabytes of arbitrary bytes, the common group
blocks every body over 8 KB, and a future rule could block more."""

RETRY_AFTER_SECONDS = 60
"""The Retry-After of a refused client. WAF evaluates the last five minutes about every half minute."""


class Firewall(Construct):
    """The web ACL and its association with the API's stage."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        api_stage: apigateway.Stage,
        accepted_values: wafv2.CfnRegexPatternSet,
    ) -> None:
        super().__init__(scope, construct_id)
        self._came_through_the_edge = wafv2.CfnWebACL.StatementProperty(
            regex_pattern_set_reference_statement=wafv2.CfnWebACL.RegexPatternSetReferenceStatementProperty(
                arn=accepted_values.attr_arn,
                field_to_match=_header(names.ORIGIN_VERIFY_HEADER),
                text_transformations=[_NO_TRANSFORMATION],
            )
        )
        self.web_acl = wafv2.CfnWebACL(
            self,
            "WebAcl",
            name=names.firewall_name(config.name),
            description="image-scaler: only the edge may call the API",
            default_action=wafv2.CfnWebACL.DefaultActionProperty(block={}),
            scope="REGIONAL",
            visibility_config=_visibility(names.firewall_name(config.name)),
            rules=[
                self._limit_rate("RateLimit", "/images/", config.viewer_requests_per_5_minutes, priority=0),
                self._limit_rate("ControlRateLimit", "/v1/", config.control_requests_per_5_minutes, priority=1),
                *(
                    _managed(name, version=config.firewall_rule_versions.get(name), priority=10 + index)
                    for index, name in enumerate(MANAGED_GROUPS)
                ),
                self._allow_the_edge(priority=30),
            ],
        )
        if not config.runs_on_emulator:  # its WAF has no logs
            self._log_blocks(config)
        self.association = wafv2.CfnWebACLAssociation(
            self,
            "Association",
            resource_arn=Stack.of(self).format_arn(
                service="apigateway",
                account="",
                resource="/restapis",
                resource_name=f"{api_stage.rest_api.rest_api_id}/stages/{api_stage.stage_name}",
            ),
            web_acl_arn=self.web_acl.attr_arn,
        )

    def _log_blocks(self, config: StageConfig) -> wafv2.CfnLoggingConfiguration:
        """Log blocked requests, without the secret; the API's own access log has the allowed ones."""
        logs_ = logs.LogGroup(
            self,
            "Logs",
            log_group_name=f"aws-waf-logs-{names.firewall_name(config.name)}",  # WAF requires this prefix
            retention=config.log_retention,
            removal_policy=RemovalPolicy.DESTROY,
        )
        return wafv2.CfnLoggingConfiguration(
            self,
            "Logging",
            log_destination_configs=[
                Stack.of(self).format_arn(
                    service="logs",
                    resource="log-group",
                    resource_name=logs_.log_group_name,
                    arn_format=ArnFormat.COLON_RESOURCE_NAME,
                )
            ],
            logging_filter={
                "DefaultBehavior": "DROP",
                "Filters": [
                    {
                        "Behavior": "KEEP",
                        "Conditions": [{"ActionCondition": {"Action": "BLOCK"}}],
                        "Requirement": "MEETS_ANY",
                    }
                ],
            },
            redacted_fields=[
                wafv2.CfnLoggingConfiguration.FieldToMatchProperty(
                    single_header={"Name": names.ORIGIN_VERIFY_HEADER.lower()}
                ),
                wafv2.CfnLoggingConfiguration.FieldToMatchProperty(query_string={}),
            ],
            resource_arn=self.web_acl.attr_arn,
        )

    def _limit_rate(self, name: str, path: str, requests: int, *, priority: int) -> wafv2.CfnWebACL.RuleProperty:
        """Count only requests from the edge: other clients could forge the address in the header.

        Images and the API are counted separately: an application's servers call the API from few addresses.
        """
        return wafv2.CfnWebACL.RuleProperty(
            name=name,
            priority=priority,
            action=wafv2.CfnWebACL.RuleActionProperty(
                block=wafv2.CfnWebACL.BlockActionProperty(
                    custom_response=wafv2.CfnWebACL.CustomResponseProperty(
                        response_code=429,
                        response_headers=[  # otherwise all clients of a collapsed request get one client's refusal
                            wafv2.CfnWebACL.CustomHTTPHeaderProperty(name="Cache-Control", value="no-store"),
                            wafv2.CfnWebACL.CustomHTTPHeaderProperty(
                                name="Retry-After", value=str(RETRY_AFTER_SECONDS)
                            ),
                        ],
                    )
                )
            ),
            statement=wafv2.CfnWebACL.StatementProperty(
                rate_based_statement=wafv2.CfnWebACL.RateBasedStatementProperty(
                    aggregate_key_type="FORWARDED_IP",
                    evaluation_window_sec=300,
                    forwarded_ip_config=wafv2.CfnWebACL.ForwardedIPConfigurationProperty(
                        fallback_behavior="MATCH", header_name=ADDRESS_HEADER
                    ),
                    limit=requests,
                    scope_down_statement=wafv2.CfnWebACL.StatementProperty(
                        and_statement=wafv2.CfnWebACL.AndStatementProperty(
                            statements=[
                                self._came_through_the_edge,
                                _path(f"/{names.API_STAGE}{path}", "STARTS_WITH"),
                            ]
                        )
                    ),
                )
            ),
            visibility_config=_visibility(name),
        )

    def _allow_the_edge(self, *, priority: int) -> wafv2.CfnWebACL.RuleProperty:
        return wafv2.CfnWebACL.RuleProperty(
            name="AllowTheEdge",
            priority=priority,
            action=wafv2.CfnWebACL.RuleActionProperty(allow={}),
            statement=self._came_through_the_edge,
            visibility_config=_visibility("AllowTheEdge"),
        )


def _managed(name: str, *, version: str | None, priority: int) -> wafv2.CfnWebACL.RuleProperty:
    """Return the rule that applies a managed group to everything except uploads; None is AWS's default version."""
    upload = wafv2.CfnWebACL.StatementProperty(
        and_statement=wafv2.CfnWebACL.AndStatementProperty(
            statements=[
                _matches(wafv2.CfnWebACL.FieldToMatchProperty(method={}), "POST", "EXACTLY"),
                _path(f"/{names.API_STAGE}/v1/images", "EXACTLY"),
            ]
        )
    )
    return wafv2.CfnWebACL.RuleProperty(
        name=name,
        priority=priority,
        override_action=wafv2.CfnWebACL.OverrideActionProperty(none={}),
        statement=wafv2.CfnWebACL.StatementProperty(
            managed_rule_group_statement=wafv2.CfnWebACL.ManagedRuleGroupStatementProperty(
                name=name,
                scope_down_statement=wafv2.CfnWebACL.StatementProperty(
                    not_statement=wafv2.CfnWebACL.NotStatementProperty(statement=upload)
                ),
                vendor_name="AWS",
                version=version,
            )
        ),
        visibility_config=_visibility(name),
    )


def _path(text: str, constraint: str) -> wafv2.CfnWebACL.StatementProperty:
    return _matches(wafv2.CfnWebACL.FieldToMatchProperty(uri_path={}), text, constraint)


def _matches(
    field: wafv2.CfnWebACL.FieldToMatchProperty, text: str, constraint: str
) -> wafv2.CfnWebACL.StatementProperty:
    return wafv2.CfnWebACL.StatementProperty(
        byte_match_statement=wafv2.CfnWebACL.ByteMatchStatementProperty(
            field_to_match=field,
            positional_constraint=constraint,
            search_string=text,
            text_transformations=[_NO_TRANSFORMATION],
        )
    )


def _header(name: str) -> wafv2.CfnWebACL.FieldToMatchProperty:
    return wafv2.CfnWebACL.FieldToMatchProperty(single_header={"Name": name.lower()})


def _visibility(metric: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    """Return metrics without samples: sampled requests would show the secret header to everyone with read access to
    WAF."""
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=metric, sampled_requests_enabled=False
    )
