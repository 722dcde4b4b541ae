"""openapi.yaml is valid, and describes exactly the routes and words that the functions have."""

import ast
import re
from pathlib import Path
from typing import get_args

from openapi_spec_validator import validate

from functions.manage.queries import ListingQuery
from functions.manage.requests import ResumptionRequest
from functions.shared.contracts import Rendering
from functions.shared.keys import NAME_PATTERN, ULID_PATTERN
from functions.shared.status import Reason, Status
from functions.shared.variant import BACKGROUNDS, FITS, FORMATS
from functions.upload.requests import CONTENT_TYPES, LABELS, PresignedRequest
from tests.fakes.openapi import description

FUNCTIONS = Path(__file__).resolve().parents[3] / "functions"
METHODS = {"get", "post", "delete", "put", "patch", "head"}


def routes_of(function: str) -> set[tuple[str, str]]:
    """Return method and path of each ``@app.<method>("<path>")`` in a function's handler."""
    tree = ast.parse((FUNCTIONS / function / "handler.py").read_text(encoding="utf-8"))
    return {
        (decorator.func.attr, re.sub("<(?:image_|rejudgement_)?(.*?)>", "{\\1}", ast.literal_eval(decorator.args[0])))
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Attribute)
        and decorator.func.attr in METHODS
    }


def test_the_description_is_valid_openapi():
    validate(description())


def test_every_route_of_the_functions_is_described_and_no_other():
    described = {
        (method, path)
        for path, item in description()["paths"].items()
        if path.startswith("/v1/")
        for method in item
        if method != "parameters"
    }
    explanation = ("get", "/v1/images/{id}/explanation")  # of serve, which has no decorators
    functions = ("upload", "manage", "policies")
    assert {explanation}.union(*map(routes_of, functions)) == described


def test_every_call_with_a_json_body_can_be_refused_because_of_its_size():
    described = [
        operation["responses"].keys()
        for path in description()["paths"].values()
        for operation in path.values()
        if "application/json"
        in (operation.get("requestBody", {}) if isinstance(operation, dict) else {}).get("content", {})
    ]

    assert len(described) == 11
    assert all("413" in responses for responses in described)


def test_the_words_of_the_description_are_the_functions_words():
    schemas = description()["components"]["schemas"]

    assert schemas["Status"]["enum"] == list(Status)
    assert schemas["Reason"]["enum"] == list(Reason)
    labels = schemas["Image"]["allOf"][1]["properties"]["labels"]
    assert labels["items"]["properties"]["rendering"]["enum"] == list(Rendering)
    assert schemas["Id"]["pattern"] == ULID_PATTERN
    assert schemas["UploadRequest"]["properties"]["content_type"]["enum"] == list(CONTENT_TYPES)


def test_the_parameters_of_a_variant_are_the_grammar_s_own():
    shared = description()["components"]["parameters"]
    named = [
        shared[each["$ref"].rpartition("/")[2]]
        for each in description()["paths"]["/images/{id}"]["parameters"]
        if "$ref" in each
    ]
    parameters = {each["name"]: each["schema"] for each in named}

    assert set(parameters["fit"]["enum"]) == set(FITS)
    assert set(parameters["format"]["enum"]) == {*FORMATS, "jpg"}
    assert set(parameters["background"]["enum"]) == set(BACKGROUNDS)


def test_the_parameters_and_members_of_the_api_are_those_that_it_takes():
    paths, schemas = description()["paths"], description()["components"]["schemas"]
    posted, listed = (
        {each["name"] for each in paths["/v1/images"][method]["parameters"] if each["in"] == "query"}
        for method in ("post", "get")
    )

    assert posted == set(LABELS)
    assert listed == {field.alias or name for name, field in ListingQuery.model_fields.items()}
    assert set(schemas["UploadRequest"]["properties"]) == set(PresignedRequest.model_fields)
    assert schemas["UploadRequest"]["additionalProperties"] is False
    resumed = schemas["ResumptionRequest"]
    assert set(resumed["properties"]) == set(ResumptionRequest.model_fields)
    assert resumed["properties"]["status"]["enum"] == [*get_args(ResumptionRequest.model_fields["status"].annotation)]
    assert resumed["additionalProperties"] is False
    assert schemas["Name"]["pattern"] == NAME_PATTERN
