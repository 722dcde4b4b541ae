"""An AWS account by its answers: a session whose calls are answered from a table, without a network."""

from collections.abc import Callable, Mapping
from types import SimpleNamespace

import boto3

REGION = "eu-central-1"


class Refused:
    """What AWS answers instead of a result."""

    def __init__(self, code: str, message: str = "refused") -> None:
        self.error = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": 400}}


def session_of(account: Mapping[str, dict | Refused | Callable[[], dict]], region: str = REGION) -> boto3.Session:
    """Return a session for an account, whose keys are calls such as "sts.GetCallerIdentity".

    A value is the answer, a function that returns it, or a refusal. A call that is not in the table is a KeyError.
    """
    session = boto3.Session(region_name=region, aws_access_key_id="test", aws_secret_access_key="test")

    def answer(model, **_options):
        found = account[f"{model.service_model.service_name}.{model.name}"]
        if isinstance(found, Refused):
            return SimpleNamespace(status_code=400), found.error
        return SimpleNamespace(status_code=200), found() if callable(found) else found

    session.events.register("before-call", answer)
    return session
