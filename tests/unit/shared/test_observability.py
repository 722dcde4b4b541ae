"""Every line of a function's log names its image, and forgets it with the next call."""

import importlib.util
import io
import json

import pytest

from functions.shared.observability import logger, metrics
from tests.fakes.handlers import emitted_metrics
from tests.fakes.lambda_context import LambdaContext


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event, context):
    if "image_id" in event:
        logger.append_keys(image_id=event["image_id"])
    metrics.add_metric(name="Calls", unit="Count", value=1)
    logger.info("worked", extra={"outcome": "done"})


@pytest.fixture
def lines():
    stream = io.StringIO()
    previous = logger.registered_handler.setStream(stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.registered_handler.setStream(previous)


def test_a_line_names_the_image_the_request_and_what_was_done(lines):
    handler({"image_id": "01J"}, LambdaContext())

    (line,) = lines()
    assert (line["image_id"], line["message"], line["outcome"]) == ("01J", "worked", "done")
    assert line["function_request_id"] == LambdaContext.aws_request_id


def test_the_next_call_does_not_inherit_the_image(lines):
    handler({"image_id": "01J"}, LambdaContext())
    handler({}, LambdaContext())

    assert "image_id" not in lines()[1]


def test_metrics_go_out_in_the_namespace_that_the_template_sets(monkeypatch):
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "ImageScaler/prod")
    spec = importlib.util.find_spec("functions.shared.observability")
    cold_start = importlib.util.module_from_spec(spec)

    spec.loader.exec_module(cold_start)

    assert cold_start.metrics.namespace == "ImageScaler/prod"


def test_metrics_go_out_in_the_project_s_namespace(capsys):
    handler({}, LambdaContext())

    output = capsys.readouterr().out
    assert emitted_metrics(output) == {"Calls": [1]}
    assert '"Namespace":"ImageScaler"' in output
