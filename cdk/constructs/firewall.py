"""WAF in front of the API: nothing passes that did not come through the edge, and nobody may ask too often.

The ACL is regional, where the client's address is CloudFront's; the edge says who is asking in a header of its own.
Requests are allowed by one rule and blocked by default, so that a rule that is missing closes the API.
"""

from dataclasses import dataclass

from aws_cdk import Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from cdk import names
from cdk.config import StageConfig
from cdk.constructs.origin_secret import HEADER

ADDRESS_HEADER = "x-viewer-address"
"""Set by cdk/edge/viewer_address.js, whatever the client sent."""

_NO_TRANSFORMATION = wafv2.CfnWebACL.TextTransformationProperty(priority=0, type="NONE")


@dataclass(frozen=True)
class ManagedGroup:
    """A group of rules that AWS keeps. ``body_rules`` look into bodies: by rule name, the label that each one sets.

    An image is megabytes of anything, and the common group blocks every body over 8 KB: in the group these rules only
    count, and a rule of our own blocks by their labels what is not an upload.
    """

    name: str
    label_namespace: str
    body_rules: dict[str, str]

    def labels(self) -> list[str]:
        """Return the full labels of the body rules."""
        return [f"awswaf:managed:aws:{self.label_namespace}:{label}" for label in self.body_rules.values()]


MANAGED_GROUPS = (
    ManagedGroup(
        name="AWSManagedRulesCommonRuleSet",
        label_namespace="core-rule-set",
        body_rules={
            "SizeRestrictions_BODY": "SizeRestrictions_Body",
            "EC2MetaDataSSRF_BODY": "EC2MetaDataSSRF_Body",
            "GenericLFI_BODY": "GenericLFI_Body",
            "GenericRFI_BODY": "GenericRFI_Body",
            "CrossSiteScripting_BODY": "CrossSiteScripting_Body",
        },
    ),
    ManagedGroup(
        name="AWSManagedRulesKnownBadInputsRuleSet",
        label_namespace="known-bad-inputs",
        body_rules={
            "JavaDeserializationRCE_BODY": "JavaDeserializationRCE_Body",
            "Log4JRCE_BODY": "Log4JRCE_Body",
            "ReactJSRCE_BODY": "ReactJSRCE_Body",
        },
    ),
)


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
                field_to_match=_header(HEADER),
                text_transformations=[_NO_TRANSFORMATION],
            )
        )
        self.web_acl = wafv2.CfnWebACL(
            self,
            "WebAcl",
            name=names.stack_name(config.name, "Api"),
            description="image-scaler: only the edge may call the API",
            default_action=wafv2.CfnWebACL.DefaultActionProperty(block={}),
            scope="REGIONAL",
            visibility_config=_visibility("WebAcl"),
            rules=[
                self._limit_rate(config.viewer_requests_per_5_minutes),
                *(_managed(group, priority=10 + index) for index, group in enumerate(MANAGED_GROUPS)),
                _block_bodies_outside_uploads(priority=20),
                self._allow_the_edge(priority=30),
            ],
        )
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

    def _limit_rate(self, requests: int) -> wafv2.CfnWebACL.RuleProperty:
        """Count only what came through the edge: others could write anybody's address into the header."""
        return wafv2.CfnWebACL.RuleProperty(
            name="RateLimit",
            priority=0,
            action=wafv2.CfnWebACL.RuleActionProperty(
                block=wafv2.CfnWebACL.BlockActionProperty(
                    custom_response=wafv2.CfnWebACL.CustomResponseProperty(response_code=429)
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
                    scope_down_statement=self._came_through_the_edge,
                )
            ),
            visibility_config=_visibility("RateLimit"),
        )

    def _allow_the_edge(self, *, priority: int) -> wafv2.CfnWebACL.RuleProperty:
        return wafv2.CfnWebACL.RuleProperty(
            name="AllowTheEdge",
            priority=priority,
            action=wafv2.CfnWebACL.RuleActionProperty(allow={}),
            statement=self._came_through_the_edge,
            visibility_config=_visibility("AllowTheEdge"),
        )


def _managed(group: ManagedGroup, *, priority: int) -> wafv2.CfnWebACL.RuleProperty:
    return wafv2.CfnWebACL.RuleProperty(
        name=group.name,
        priority=priority,
        override_action=wafv2.CfnWebACL.OverrideActionProperty(none={}),
        statement=wafv2.CfnWebACL.StatementProperty(
            managed_rule_group_statement=wafv2.CfnWebACL.ManagedRuleGroupStatementProperty(
                name=group.name,
                vendor_name="AWS",
                rule_action_overrides=[
                    wafv2.CfnWebACL.RuleActionOverrideProperty(
                        name=rule, action_to_use=wafv2.CfnWebACL.RuleActionProperty(count={})
                    )
                    for rule in group.body_rules
                ],
            )
        ),
        visibility_config=_visibility(group.name),
    )


def _block_bodies_outside_uploads(*, priority: int) -> wafv2.CfnWebACL.RuleProperty:
    labelled = [
        wafv2.CfnWebACL.StatementProperty(
            label_match_statement=wafv2.CfnWebACL.LabelMatchStatementProperty(key=label, scope="LABEL")
        )
        for group in MANAGED_GROUPS
        for label in group.labels()
    ]
    upload = wafv2.CfnWebACL.StatementProperty(
        and_statement=wafv2.CfnWebACL.AndStatementProperty(
            statements=[
                _exactly(wafv2.CfnWebACL.FieldToMatchProperty(method={}), "POST"),
                _exactly(wafv2.CfnWebACL.FieldToMatchProperty(uri_path={}), f"/{names.API_STAGE}/v1/images"),
            ]
        )
    )
    return wafv2.CfnWebACL.RuleProperty(
        name="BodiesOutsideUploads",
        priority=priority,
        action=wafv2.CfnWebACL.RuleActionProperty(block={}),
        statement=wafv2.CfnWebACL.StatementProperty(
            and_statement=wafv2.CfnWebACL.AndStatementProperty(
                statements=[
                    wafv2.CfnWebACL.StatementProperty(
                        or_statement=wafv2.CfnWebACL.OrStatementProperty(statements=labelled)
                    ),
                    wafv2.CfnWebACL.StatementProperty(
                        not_statement=wafv2.CfnWebACL.NotStatementProperty(statement=upload)
                    ),
                ]
            )
        ),
        visibility_config=_visibility("BodiesOutsideUploads"),
    )


def _exactly(field: wafv2.CfnWebACL.FieldToMatchProperty, text: str) -> wafv2.CfnWebACL.StatementProperty:
    return wafv2.CfnWebACL.StatementProperty(
        byte_match_statement=wafv2.CfnWebACL.ByteMatchStatementProperty(
            field_to_match=field,
            positional_constraint="EXACTLY",
            search_string=text,
            text_transformations=[_NO_TRANSFORMATION],
        )
    )


def _header(name: str) -> wafv2.CfnWebACL.FieldToMatchProperty:
    return wafv2.CfnWebACL.FieldToMatchProperty(single_header={"Name": name.lower()})


def _visibility(metric: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    """Return metrics without samples: sampled requests would show the secret header to whoever may look at WAF."""
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=metric, sampled_requests_enabled=False
    )
