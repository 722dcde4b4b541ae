"""The REST API: routes to functions, and problem+json responses for requests that API Gateway itself refuses."""

import json
from dataclasses import dataclass

from aws_cdk import RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk import names
from cdk.config import StageConfig
from cdk.constructs.functions import Functions
from cdk.constructs.resource import resource_of

ROUTES = (
    ("POST", "/v1/images", "upload"),
    ("GET", "/v1/images", "manage"),
    ("GET", "/v1/images/{id}", "manage"),
    ("GET", "/v1/images/{id}/history", "manage"),
    ("GET", "/v1/images/{id}/explanation", "serve"),
    ("PATCH", "/v1/images/{id}", "manage"),
    ("DELETE", "/v1/images/{id}", "manage"),
    ("PUT", "/v1/images/{id}/legal-hold", "manage"),
    ("DELETE", "/v1/owners/{owner}/images", "manage"),
    ("POST", "/v1/images/{id}/verdict", "manage"),
    ("POST", "/v1/resumptions", "manage"),
    ("GET", "/v1/policies/{name}", "policies"),
    ("PUT", "/v1/policies/{name}", "policies"),
    ("GET", "/v1/policies/{name}/versions", "policies"),
    ("POST", "/v1/policies/{name}/check", "policies"),
    ("POST", "/v1/policies/{name}/activate", "policies"),
    ("POST", "/v1/policies/{name}/shadow", "policies"),
    ("DELETE", "/v1/policies/{name}/shadow", "policies"),
    ("POST", "/v1/policies/{name}/diff", "policies"),
    ("POST", "/v1/rejudgements", "policies"),
    ("GET", "/v1/rejudgements/{id}", "policies"),
    ("GET", "/images/{id}", "serve"),
    ("HEAD", "/images/{id}", "serve"),
    ("GET", "/images/{id}/{canonical}", "serve"),
    ("HEAD", "/images/{id}/{canonical}", "serve"),
)
"""Method, path and function of every route."""


@dataclass(frozen=True)
class Refusal:
    """A response that API Gateway sends without calling a function; the response type is its name in API Gateway."""

    response_type: str
    status: int
    title: str
    detail: str


REFUSALS = (
    Refusal("ACCESS_DENIED", 403, "Forbidden", "This call is not allowed."),
    Refusal("API_CONFIGURATION_ERROR", 500, "Internal Server Error", "The service is misconfigured."),
    Refusal("BAD_REQUEST_BODY", 400, "Bad Request", "The body cannot be read."),
    Refusal("BAD_REQUEST_PARAMETERS", 400, "Bad Request", "A parameter cannot be read."),
    Refusal("EXPIRED_TOKEN", 403, "Forbidden", "The credentials have expired."),
    Refusal("INTEGRATION_FAILURE", 504, "Gateway Timeout", "The service did not respond. Try again."),
    Refusal("INTEGRATION_TIMEOUT", 504, "Gateway Timeout", "The service took too long to respond. Try again."),
    Refusal("INVALID_SIGNATURE", 403, "Forbidden", "The signature is not valid."),
    Refusal("MISSING_AUTHENTICATION_TOKEN", 404, "Not Found", "No route matches this method and path."),
    Refusal(
        "REQUEST_TOO_LARGE",
        413,
        "Content Too Large",
        "The body is too large for a direct upload. POST application/json with filename, content_type and size "
        "to /v1/images, then send the file as the response describes.",
    ),
    Refusal("RESOURCE_NOT_FOUND", 404, "Not Found", "No route matches this path."),
    Refusal("THROTTLED", 429, "Too Many Requests", "Too many requests. Try again in a moment."),
    Refusal("UNAUTHORIZED", 401, "Unauthorized", "This call needs credentials."),
    Refusal("UNSUPPORTED_MEDIA_TYPE", 415, "Unsupported Media Type", "This content type is not supported."),
    Refusal("WAF_FILTERED", 403, "Forbidden", "This call is not allowed."),
    Refusal("DEFAULT_4XX", 400, "Bad Request", "The request cannot be served."),
    Refusal("DEFAULT_5XX", 500, "Internal Server Error", "The service failed. Try again."),
)


class Api(Construct):
    """The API of a stage: ``rest_api`` and its deployed ``stage``, with which the edge's firewall is associated.

    It may not invoke its functions: the Edge stack grants this once the firewall is associated (see
    cdk/constructs/api_access.py).
    """

    def __init__(self, scope: Construct, construct_id: str, *, config: StageConfig, functions: Functions) -> None:
        super().__init__(scope, construct_id)
        self._config = config
        self.rest_api = self._rest_api()
        self.stage = self.rest_api.deployment_stage
        for method, path, function in ROUTES:
            self.rest_api.root.resource_for_path(path).add_method(
                method, _invocation_of(functions.entry_points[function])
            )
        if config.allowed_origins:
            for path in sorted({path for _, path, _ in ROUTES}):
                self._answer_preflights(self.rest_api.root.resource_for_path(path))
        for refusal in REFUSALS:
            self._answer_with_problem(refusal)

    def _rest_api(self) -> apigateway.RestApi:
        config = self._config
        access_logs = logs.LogGroup(
            self,
            "AccessLogs",
            retention=config.log_retention,
            removal_policy=RemovalPolicy.DESTROY,
        )
        api = apigateway.RestApi(
            self,
            "RestApi",
            rest_api_name=f"image-scaler-{config.name}",
            description="image-scaler: upload, manage and serve images",
            binary_media_types=["*/*"],  # anything narrower gives browsers base64 text instead of pictures
            cloud_watch_role=config.owns_api_account,
            cloud_watch_role_removal_policy=(
                RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if config.owns_api_account else None  # other APIs use it too
            ),
            deploy_options=apigateway.StageOptions(
                stage_name=names.API_STAGE,
                access_log_destination=apigateway.LogGroupLogDestination(access_logs),
                access_log_format=apigateway.AccessLogFormat.custom(
                    json.dumps(
                        {
                            "requestId": apigateway.AccessLogField.context_request_id(),
                            "time": apigateway.AccessLogField.context_request_time_epoch(),
                            "method": apigateway.AccessLogField.context_http_method(),
                            "route": apigateway.AccessLogField.context_resource_path(),
                            "path": apigateway.AccessLogField.context_path(),
                            "status": apigateway.AccessLogField.context_status(),
                            "bytes": apigateway.AccessLogField.context_response_length(),
                            "latencyMs": apigateway.AccessLogField.context_response_latency(),
                            "integrationLatencyMs": apigateway.AccessLogField.context_integration_latency(),
                            "refusal": apigateway.AccessLogField.context_error_response_type(),
                            "trace": apigateway.AccessLogField.context_xray_trace_id(),
                        }
                    )
                ),
                data_trace_enabled=False,  # it would log bodies and signed URLs
                logging_level=apigateway.MethodLoggingLevel.ERROR
                if config.keep_data
                else apigateway.MethodLoggingLevel.OFF,
                metrics_enabled=False,  # alarms and dashboard use the stage's metrics, which are free
                throttling_burst_limit=config.api_burst,
                throttling_rate_limit=config.api_requests_per_second,
                tracing_enabled=True,
            ),
            endpoint_types=[apigateway.EndpointType.REGIONAL],
        )
        api.node.try_remove_child("Endpoint")  # an output with a generated name; the stack has ApiUrl
        return api

    def _answer_preflights(self, resource: apigateway.IResource) -> None:
        """Answer OPTIONS for the allowed origins. The body of a preflight is text, regardless of the binary types."""
        preflight = resource.add_cors_preflight(
            allow_origins=list(self._config.allowed_origins),
            allow_methods=sorted({method for method, path, _ in ROUTES if path == resource.path}),
            allow_headers=["Content-Type", "Idempotency-Key"],
            expose_headers=["ETag", "Location", "Retry-After"],
            max_age=None,
        )
        method = resource_of(preflight, apigateway.CfnMethod)
        method.add_property_override("Integration.ContentHandling", "CONVERT_TO_TEXT")

    def _answer_with_problem(self, refusal: Refusal) -> None:
        problem = {
            "type": "about:blank",
            "title": refusal.title,
            "status": refusal.status,
            "detail": refusal.detail,
        }
        headers = {
            "Content-Type": "'application/problem+json'",
            "Cache-Control": "'no-store'",
        }
        if self._config.allowed_origins:
            headers["Access-Control-Allow-Origin"] = "'*'"  # a refusal contains no private data
        self.rest_api.add_gateway_response(
            f"Refusal{refusal.response_type.title().replace('_', '')}",
            type=apigateway.ResponseType.of(refusal.response_type),
            status_code=str(refusal.status),
            response_headers=headers,
            templates={
                "application/json": json.dumps(problem),
                "application/problem+json": json.dumps(problem),
            },
        )


def _invocation_of(function: lambda_.IFunction) -> apigateway.Integration:
    """Return the proxy integration of a function or alias, without the permission that the CDK would add."""
    return apigateway.AwsIntegration(
        proxy=True, service="lambda", path=f"2015-03-31/functions/{function.function_arn}/invocations"
    )
