"""Imports a function's handler as Lambda does: the environment first, then the module, each time anew."""

import importlib
import json
import sys

from functions.shared.aws import client
from tests.fakes.aws import ENVIRONMENT
from tests.fakes.lambda_context import LambdaContext


class Function:
    """One function, cold-started; call it with an event."""

    def __init__(self, name: str, monkeypatch, *, entry_point: str = "handler") -> None:
        for variable, value in ENVIRONMENT.items():
            monkeypatch.setenv(variable, value)
        client.cache_clear()
        module = f"functions.{name}.{entry_point}"
        sys.modules.pop(module, None)
        self.module = importlib.import_module(module)

    def __call__(self, event: dict, *, remaining_ms: int = 28_000) -> dict:
        return self.module.lambda_handler(event, LambdaContext(remaining_ms=remaining_ms))


def emitted_metrics(output: str) -> dict[str, list[float]]:
    """Return the metrics that a call's standard output carries in CloudWatch's embedded format."""
    documents = [json.loads(line) for line in output.splitlines() if '"CloudWatchMetrics"' in line]
    return {
        metric["Name"]: document[metric["Name"]]
        for document in documents
        for directive in document["_aws"]["CloudWatchMetrics"]
        for metric in directive["Metrics"]
    }
