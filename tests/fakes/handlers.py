"""Imports a function's handler as Lambda does: sets the environment, then imports the module again each time."""

import importlib
import json
import sys

from functions.shared.aws import client
from functions.shared.observability import metrics
from tests.fakes.aws import ENVIRONMENT
from tests.fakes.lambda_context import LambdaContext


class Function:
    """One function, cold-started; call it with an event."""

    def __init__(self, name: str, monkeypatch) -> None:
        for variable, value in ENVIRONMENT.items():
            monkeypatch.setenv(variable, value)
        client.cache_clear()
        metrics.clear_metrics()  # of domain code that other tests called past a handler
        module = f"functions.{name}.handler"
        sys.modules.pop(module, None)
        self.module = importlib.import_module(module)

    def __call__(self, event: dict, *, remaining_ms: int = 28_000) -> dict:
        return self.module.lambda_handler(event, LambdaContext(remaining_ms=remaining_ms))


def emitted_metrics(output: str) -> dict[str, list[float]]:
    """Return the metrics in a call's standard output, in CloudWatch's embedded format."""
    documents = [json.loads(line) for line in output.splitlines() if '"CloudWatchMetrics"' in line]
    return {
        metric["Name"]: document[metric["Name"]]
        for document in documents
        for directive in document["_aws"]["CloudWatchMetrics"]
        for metric in directive["Metrics"]
    }
