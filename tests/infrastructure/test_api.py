"""The API's routes and API Gateway's own responses."""

import json

import pytest
import yaml

from cdk.packaging import ROOT

ROUTES = {
    "POST /v1/images": "upload",
    "GET /v1/images": "manage",
    "GET /v1/images/{id}": "manage",
    "GET /v1/images/{id}/history": "manage",
    "GET /v1/images/{id}/explanation": "serve",
    "PATCH /v1/images/{id}": "manage",
    "DELETE /v1/images/{id}": "manage",
    "PUT /v1/images/{id}/legal-hold": "manage",
    "DELETE /v1/owners/{owner}/images": "manage",
    "POST /v1/images/{id}/verdict": "manage",
    "POST /v1/resumptions": "manage",
    "GET /v1/policies/{name}": "policies",
    "PUT /v1/policies/{name}": "policies",
    "GET /v1/policies/{name}/versions": "policies",
    "POST /v1/policies/{name}/check": "policies",
    "POST /v1/policies/{name}/activate": "policies",
    "POST /v1/policies/{name}/shadow": "policies",
    "DELETE /v1/policies/{name}/shadow": "policies",
    "POST /v1/policies/{name}/diff": "policies",
    "POST /v1/rejudgements": "policies",
    "GET /v1/rejudgements/{id}": "policies",
    "GET /images/{id}": "serve",
    "HEAD /images/{id}": "serve",
    "GET /images/{id}/{canonical}": "serve",
    "HEAD /images/{id}/{canonical}": "serve",
}


def paths_of(synthesized):
    """Return the path of every API Gateway resource by logical id."""
    resources = synthesized.resources("AWS::ApiGateway::Resource")

    def path(logical_id):
        properties = resources[logical_id]["Properties"]
        parent = properties["ParentId"].get("Ref")
        return f"{path(parent) if parent else ''}/{properties['PathPart']}"

    return {logical_id: path(logical_id) for logical_id in resources}


def methods_of(synthesized):
    """Return every method of the API: "GET /path" and its properties."""
    paths = paths_of(synthesized)
    return {
        f"{method['HttpMethod']} {paths[method['ResourceId']['Ref']]}": method
        for method in synthesized.properties("AWS::ApiGateway::Method")
    }


@pytest.mark.parametrize("stage_name", ["local", "dev", "prod"])
def test_each_route_reaches_its_function(stage, stage_name):
    synthesized = stage(stage_name)
    functions = {synthesized.function_id(name): name for name in set(ROUTES.values())}

    reached = {}
    for route, method in methods_of(synthesized).items():
        if route.startswith("OPTIONS"):
            continue  # a preflight, which reaches no function
        assert method["Integration"]["Type"] == "AWS_PROXY"
        (function,) = (each for each in functions if each in json.dumps(method["Integration"]["Uri"]))
        reached[route] = functions[function]

    assert reached == ROUTES


def test_routes_are_exactly_the_documented_ones(stage):
    description = yaml.safe_load((ROOT / "openapi.yaml").read_text(encoding="utf-8"))

    documented = {
        f"{method.upper()} {path}"
        for path, item in description["paths"].items()
        for method in item
        if method in {"get", "head", "post", "put", "patch", "delete"}
    }

    assert set(methods_of(stage("prod"))) == documented


def test_bodies_pass_as_they_are(stage):
    (api,) = stage("prod").properties("AWS::ApiGateway::RestApi")

    assert api["BinaryMediaTypes"] == ["*/*"]
    assert api["EndpointConfiguration"]["Types"] == ["REGIONAL"]


@pytest.mark.parametrize("stage_name", ["local", "dev", "prod", "options", "other"])
def test_without_edge_the_api_may_invoke_no_function(stage, stage_name):
    """Without the Edge stack API Gateway returns 500, so an API without a firewall runs no function."""
    permissions = stage(stage_name).properties("AWS::Lambda::Permission")

    assert [each for each in permissions if each["Principal"] == "apigateway.amazonaws.com"] == []


@pytest.mark.parametrize("stage_name", ["local", "prod", "options"])
def test_every_refusal_of_api_gateway_is_a_problem_document(stage, stage_name):
    refusals = stage(stage_name).properties("AWS::ApiGateway::GatewayResponse")

    for refusal in refusals:
        problem = json.loads(refusal["ResponseTemplates"]["application/json"])
        assert problem.keys() == {"type", "title", "status", "detail"}
        assert str(problem["status"]) == refusal["StatusCode"]
        headers = refusal["ResponseParameters"]
        assert headers["gatewayresponse.header.Content-Type"] == "'application/problem+json'"
        assert headers["gatewayresponse.header.Cache-Control"] == "'no-store'"
    assert {"DEFAULT_4XX", "DEFAULT_5XX"} <= {refusal["ResponseType"] for refusal in refusals}


def test_the_refusal_of_a_large_body_names_the_presigned_upload(stage):
    (refusal,) = (
        refusal
        for refusal in stage("prod").properties("AWS::ApiGateway::GatewayResponse")
        if refusal["ResponseType"] == "REQUEST_TOO_LARGE"
    )

    problem = json.loads(refusal["ResponseTemplates"]["application/json"])

    assert problem["status"] == 413
    assert "/v1/images" in problem["detail"]


def test_a_path_or_method_that_does_not_exist_is_404_and_not_api_gateways_403(stage):
    (refusal,) = (
        refusal
        for refusal in stage("prod").properties("AWS::ApiGateway::GatewayResponse")
        if refusal["ResponseType"] == "MISSING_AUTHENTICATION_TOKEN"
    )

    assert refusal["StatusCode"] == "404"


def test_preflights_are_answered_for_allowed_origins_and_by_default_there_are_none(stage):
    preflights = {
        route: method for route, method in methods_of(stage("options")).items() if route.startswith("OPTIONS")
    }

    assert {route.removeprefix("OPTIONS ") for route in preflights} == {route.split()[1] for route in ROUTES}
    for method in preflights.values():
        assert method["Integration"]["Type"] == "MOCK"
        assert method["Integration"]["ContentHandling"] == "CONVERT_TO_TEXT"
        (response,) = method["Integration"]["IntegrationResponses"]
        assert (
            response["ResponseParameters"]["method.response.header.Access-Control-Allow-Origin"]
            == "'https://app.example'"
        )
    assert [route for route in methods_of(stage("prod")) if route.startswith("OPTIONS")] == []


@pytest.mark.parametrize("stage_name", ["local", "dev", "prod"])
def test_the_stage_is_traced_throttled_and_logs_accesses_without_query_or_body(stage, stage_name):
    (deployed,) = stage(stage_name).properties("AWS::ApiGateway::Stage")

    assert deployed["StageName"] == "live"
    assert deployed["TracingEnabled"] is True
    fields = json.loads(deployed["AccessLogSetting"]["Format"])
    assert {"requestId", "status", "latencyMs", "trace"} <= fields.keys()
    (settings,) = deployed["MethodSettings"]
    assert settings["ThrottlingRateLimit"] == 1000
    assert settings["ThrottlingBurstLimit"] == 2000
    assert settings["DataTraceEnabled"] is False


def test_metrics_of_single_routes_are_off_and_not_used(stage):
    """CloudWatch charges for each; those of the whole API are free."""
    synthesized = stage("prod")

    (deployed,) = synthesized.properties("AWS::ApiGateway::Stage")
    (settings,) = deployed["MethodSettings"]
    assert settings["MetricsEnabled"] is False
    (dashboard,) = synthesized.properties("AWS::CloudWatch::Dashboard")
    shown = json.dumps(dashboard)
    assert "AWS/ApiGateway" in shown
    assert '"Resource' not in shown.replace("\\", "")
    watched = [
        {each["Name"] for each in alarm["Dimensions"]}
        for alarm in synthesized.properties("AWS::CloudWatch::Alarm")
        if alarm.get("Namespace") == "AWS/ApiGateway"
    ]
    assert watched == [{"ApiName", "Stage"}]
