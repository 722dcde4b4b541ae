"""Whatever goes wrong in moderation, nothing of the image is published, and its status says why.

State machines and functions are the deployed ones (in_process.py); AWS and the detector misbehave.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from functions.policy.store import document_partition, policy_partition
from functions.shared.dynamo import to_item
from local.rekognition.spoiled import SPOILED
from tests import pictures
from tests.fakes.faults import hooked
from tests.sabotage.in_process import TABLE, InProcessPipeline, in_process_pipeline
from tests.sabotage.injection import Injection

PICTURE = pictures.jpeg(90, 60)
ALWAYS = 99


@dataclass(frozen=True)
class Trouble:
    """What goes wrong: with the detector's or a function's answer, with items of the table, or with a call."""

    status: str
    spoil: Callable[[dict[str, Any]], dict[str, Any]] = dict
    answers: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = field(default_factory=dict)
    items: tuple[dict[str, Any], ...] = ()
    record: dict[str, Any] = field(default_factory=dict)
    refused: str = ""
    crashes: bool = False


def raising(error: Exception) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def raised(_answer: dict[str, Any]) -> dict[str, Any]:
        raise error

    return raised


def refusal(code: str) -> Exception:
    response = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    return ClientError(response, "DetectModerationLabels")


def spoiled(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda answer: SPOILED[name](answer, 30.0)


def answering(**members: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return what changes members of a function's answer; None leaves one out."""
    return lambda answer: {name: value for name, value in (answer | members).items() if value is not None}


def active(name: str, **document: Any) -> tuple[dict[str, Any], ...]:
    """Return the items of a policy of the default tenant that is active and whose document is as given."""
    digest = f"{name}{len(json.dumps(document))}".ljust(64, "0")
    pointer = {"pk": policy_partition("default", name), "sk": "ACTIVE", "digest": digest, "number": 1}
    return (pointer, {"pk": document_partition(digest), "sk": "DOCUMENT", **document}) if document else (pointer,)


REVIEWS = {
    "version": "reviews everything", "minimum_confidence": 50, "rules": [], "examples": [],
    "default": {"confidence": 50, "action": "review", "reason": "UNKNOWN_LABEL"},
}  # fmt: skip
LABEL = {"Name": "Weapons", "ParentName": "Violence", "Confidence": 97.0, "TaxonomyLevel": 2}
UNAVAILABLE = EndpointConnectionError(endpoint_url="https://aws.invalid")

TROUBLES = {
    "the detector refuses the picture": Trouble("HELD", raising(refusal("InvalidImageFormatException"))),
    "the detector refuses the caller": Trouble("HELD", raising(refusal("AccessDeniedException"))),
    "the detector is unreachable": Trouble("HELD", raising(UNAVAILABLE)),
    **{f"the detector answers {name}": Trouble("HELD", spoiled(name)) for name in SPOILED},
    "the detector answers a text for content types": Trouble("HELD", answering(ContentTypes="Illustrated")),
    "the detector answers a content type without a confidence": Trouble(
        "HELD", answering(ContentTypes=[{"Name": "Illustrated"}])
    ),
    "the active policy has no document": Trouble("HELD", items=active("default")),
    "the floor has no document": Trouble("HELD", items=active("floor")),
    "the active policy is not JSON": Trouble("HELD", items=active("default", text="{")),
    "the active policy is no policy": Trouble("HELD", items=active("default", text='{"version": "1"}')),
    "the floor is not JSON": Trouble("HELD", items=active("floor", text="nonsense")),
    "the active policy lacks its text": Trouble("HELD", items=active("default", comment="lost")),
    "the pointer lacks its digest": Trouble(
        "HELD", items=({"pk": policy_partition("default", "default"), "sk": "ACTIVE", "number": 1},)
    ),
    "the policies cannot be read": Trouble("HELD", refused="dynamodb.BatchGetItem"),
    "the override is not a decision": Trouble("HELD", record={"override": {"decision": "publish"}}),
    "moderate crashes": Trouble("HELD", crashes=True),
    "moderate times out": Trouble("HELD", answers={"moderate": lambda _: {"errorType": "Sandbox.Timedout"}}),
    "moderate answers no decision": Trouble("FAILED", answers={"moderate": answering(decision="")}),
    "moderate answers an unknown decision": Trouble("FAILED", answers={"moderate": answering(decision="postpone")}),
    "moderate answers nothing": Trouble("HELD", answers={"moderate": lambda _: {}}),
    "a review has no terms": Trouble("FAILED", answers={"moderate": answering(decision="review")}),
    "blur is decided and the picture is sharp": Trouble(
        "FAILED", answers={"moderate": answering(decision="blur"), "blur": lambda _: {"errorType": "ContractError"}}
    ),
    "there are no views": Trouble("HELD", answers={"optimize": answering(proxies=[])}),
}


@pytest.fixture(scope="module")
def pipeline() -> Iterator[InProcessPipeline]:
    with in_process_pipeline() as made:
        yield made


@contextmanager
def in_trouble(pipeline: InProcessPipeline, trouble: Trouble, image_id: str) -> Iterator[None]:
    """Let the pipeline have this trouble while the block runs."""
    dynamodb = pipeline.clients.dynamodb
    pipeline.spoil, pipeline.lambda_answers = trouble.spoil, trouble.answers
    if trouble.crashes:
        pipeline.injection = Injection("moderate", dies_at=1, times=ALWAYS)
    for item in trouble.items:
        dynamodb.put_item(TableName=TABLE, Item=to_item(item))
    if trouble.record:
        record = pipeline.record(image_id) | trouble.record
        dynamodb.put_item(TableName=TABLE, Item=to_item(record))
    with ExitStack() as stack:
        if trouble.refused:
            service, _, operation = trouble.refused.partition(".")
            client = pipeline.clients.by_service[service]
            stack.enter_context(hooked(client, f"before-call.{service}.{operation}", _refused))
        yield
    pipeline.spoil, pipeline.lambda_answers, pipeline.injection = dict, {}, None
    for item in trouble.items:
        dynamodb.delete_item(TableName=TABLE, Key=to_item({name: item[name] for name in ("pk", "sk")}))


def _refused(**_options: Any) -> None:
    raise UNAVAILABLE


def found_of(pipeline: InProcessPipeline, image_id: str) -> tuple[str, list[str], int]:
    """Return the status, the files that viewers could get, and the HTTP status of a request for a variant."""
    answer = pipeline.serve(image_id)
    state = pipeline.state(image_id)
    public = [file.key for file in state.files if file.bucket in {"published", "generated"}]
    return state.status, public, answer.status if answer else 500  # serve cannot read the record


def test_without_trouble_the_picture_is_published(pipeline):
    image_id = pipeline.upload(PICTURE)
    with in_trouble(pipeline, Trouble("PUBLISHED"), image_id):
        pipeline.ingest(image_id)
        pipeline.finish()

    status, public, answered = found_of(pipeline, image_id)

    assert (status, answered) == ("PUBLISHED", 200)
    assert public


@pytest.mark.parametrize("name", TROUBLES)
def test_nothing_is_published(pipeline, name):
    trouble = TROUBLES[name]
    image_id = pipeline.upload(PICTURE)
    with in_trouble(pipeline, trouble, image_id):
        pipeline.ingest(image_id)
        pipeline.finish()

    status, public, answered = found_of(pipeline, image_id)

    assert (status, public) == (trouble.status, [])
    assert answered >= 202
    pipeline.forget(image_id)


@pytest.mark.parametrize("name", ["the floor is not JSON", "moderate crashes", "moderate answers an unknown decision"])
def test_a_published_picture_that_is_judged_again_in_trouble_is_not_served(pipeline, name):
    trouble = TROUBLES[name]
    image_id = pipeline.published(PICTURE)
    with in_trouble(pipeline, trouble, image_id):
        pipeline.ingest(image_id, rework=True)
        pipeline.finish()

    status, public, answered = found_of(pipeline, image_id)

    assert (status, [key for key in public if key.startswith("images/")]) == (trouble.status, [])
    assert answered >= 202
    pipeline.forget(image_id)


@pytest.mark.parametrize("prepared", [InProcessPipeline.upload, InProcessPipeline.published])
@pytest.mark.parametrize("function", ["optimize", "moderate", "blur", "persist"])
def test_a_picture_that_is_blocked_while_it_is_processed_is_never_served(pipeline, prepared, function):
    image_id = prepared(pipeline, PICTURE)
    blurs = {"decision": "blur", "source": "override", "actor": "service", "at": "2026-11-28T09:00:00.000Z"}
    with in_trouble(pipeline, Trouble("BLOCKED", record={"override": blurs}), image_id):
        pipeline.injection = Injection(function, lambda: pipeline.block(image_id), 1, None)
        pipeline.ingest(image_id, rework=True)
        pipeline.finish()

    assert found_of(pipeline, image_id) == ("BLOCKED", [], 451)
    assert pipeline.record(image_id)["override"]["decision"] == "block"


def test_an_image_in_review_is_not_published(pipeline):
    image_id = pipeline.upload(PICTURE)
    policy = Trouble(
        "IN_REVIEW", lambda answer: answer | {"ModerationLabels": [LABEL]},
        items=active("default", text=json.dumps(REVIEWS)),
    )  # fmt: skip
    with in_trouble(pipeline, policy, image_id):
        pipeline.ingest(image_id)
        pipeline.finish()

    assert found_of(pipeline, image_id)[:2] == ("IN_REVIEW", [])
