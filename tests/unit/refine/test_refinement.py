"""Stored variants that refine replaces, through its handler, and the requests that find them."""

import json
from io import BytesIO

import pytest
from PIL import Image

from functions.records.reader import RecordReader
from functions.refine.refinement import Refiner
from functions.refine.settings import RefineSettings
from functions.shared.aws import client
from functions.shared.errors import SettingsError, TransientDependencyError
from functions.shared.object_store import S3ObjectStore
from tests import pictures
from tests.fakes.aws import ENVIRONMENT, GENERATED
from tests.fakes.faults import failing_call, hooked
from tests.fakes.handlers import Function, emitted_metrics
from tests.unit.serve.conftest import IMAGE_ID

REFINE = {"REFINE": "common"}
A_YEAR = "public, max-age=3600, s-maxage=31536000"
TEN_MINUTES = "public, max-age=3600, s-maxage=600"


@pytest.fixture
def serve(serve_with):
    return serve_with(**REFINE)


@pytest.fixture
def refine_with(serve, monkeypatch):  # serve starts first: client() then returns the client of refine
    def cold_start(**environment: str) -> Function:
        for variable, value in (REFINE | environment).items():
            monkeypatch.setenv(variable, value)
        return Function("refine", monkeypatch)

    return cold_start


@pytest.fixture
def refine(refine_with) -> Function:
    return refine_with()


@pytest.fixture
def stored(library, serve, aws):
    """Publish a photo and request a variant; return its only stored file."""

    def request(image_format: str = "webp", **query: str) -> dict:
        library.publish()
        assert serve.query({"w": "200", "f": image_format, **query}).status == 200
        return only_file(aws)

    return request


def only_file(aws) -> dict:
    (key,) = aws.keys(GENERATED)
    found = aws.s3.get_object(Bucket=GENERATED, Key=key)
    return {
        "key": key,
        "etag": found["ETag"].strip('"'),
        "body": found["Body"].read(),
        "metadata": found["Metadata"],
        "cache_control": found["CacheControl"],
        "type": found["ContentType"],
    }


def message(file: dict) -> dict:
    """Return a message of the queue: S3's event, as EventBridge delivers it."""
    stored = {"key": file["key"], "etag": file["etag"], "size": len(file["body"])}
    body = {"source": "aws.s3", "detail-type": "Object Created", "detail": {"object": stored}}
    return {"Records": [{"messageId": "m", "body": json.dumps(body)}]}


def direct() -> Refiner:
    settings = RefineSettings.from_environment(ENVIRONMENT | REFINE)
    return Refiner(settings, store=S3ObjectStore(), records=RecordReader(settings.variants.table_name))


def outcome(output: str) -> str:
    (name,) = (name for name in emitted_metrics(output) if name.startswith("Variant"))
    return name.removeprefix("Variant")


# --- what is refined


@pytest.mark.parametrize("image_format", ["jpeg", "webp", "avif"])
def test_a_common_variant_is_replaced_by_a_smaller_file_of_the_same_picture(refine, stored, aws, capsys, image_format):
    first = stored(image_format)

    refine(message(first))

    refined = only_file(aws)
    metrics = emitted_metrics(capsys.readouterr().out)
    assert metrics["RefinementSavedBytes"] == [len(first["body"]) - len(refined["body"])]
    assert metrics["RefinementSavedBytes"][0] > 0
    assert (refined["key"], refined["type"]) == (first["key"], first["type"])
    assert refined["metadata"] == first["metadata"] | {"refined": "true"}
    before, after = (Image.open(BytesIO(each["body"])).convert("RGB") for each in (first, refined))
    assert pictures.mean_difference(before, after) < 5  # two lossy files of a noisy picture


def test_a_refined_jpeg_has_the_same_pixels_in_progressive_scans(refine, stored, aws):
    first = stored("jpeg")

    refine(message(first))

    before, after = (Image.open(BytesIO(each["body"])) for each in (first, only_file(aws)))
    assert (before.info.get("progressive"), after.info.get("progressive")) == (None, 1)
    assert before.tobytes() == after.tobytes()


def test_the_next_request_gets_the_refined_file(refine, stored, serve, aws, capsys):
    refine(message(stored()))
    capsys.readouterr()

    answer = serve.query({"w": "200", "f": "webp"})

    assert answer.body == only_file(aws)["body"]
    assert "VariantFound" in emitted_metrics(capsys.readouterr().out)


def test_caches_keep_a_first_answer_for_minutes_and_a_refined_file_for_a_year(refine, stored, serve, aws):
    first = stored()
    answer = serve.query({"w": "200", "f": "webp"})

    refine(message(first))

    assert answer.headers["Cache-Control"] == first["cache_control"] == TEN_MINUTES
    assert only_file(aws)["cache_control"] == A_YEAR


@pytest.mark.parametrize(
    "query", [{"f": "png"}, {"f": "gif"}, {"q": "80"}, {"h": "200"}], ids=["png", "gif", "quality", "both sides"]
)
def test_a_variant_that_is_not_common_is_kept_for_a_year_and_left_alone(refine, stored, aws, capsys, query):
    first = stored(**query)
    capsys.readouterr()

    refine(message(first))

    assert outcome(capsys.readouterr().out) == "NotRefined"
    assert only_file(aws) == first
    assert first["cache_control"] == A_YEAR


def test_with_all_every_still_in_a_lossy_format_is_refined(refine_with, serve_with, library, aws):
    library.publish()
    serve_with(REFINE="all").query({"w": "200", "h": "200", "f": "webp", "q": "80"})
    first = only_file(aws)

    refine_with(REFINE="all")(message(first))

    assert first["cache_control"] == TEN_MINUTES
    assert len(only_file(aws)["body"]) < len(first["body"])


def test_an_animation_is_left_alone(refine, serve, library, aws, capsys):
    body = pictures.animated_webp(320, 240, frames=3)
    library.publish_master(body, (320, 240), animated=True)
    serve.query({"w": "200", "f": "webp"})
    first = only_file(aws)
    capsys.readouterr()

    refine(message(first))

    assert outcome(capsys.readouterr().out) == "NotRefined"
    assert only_file(aws) == first


def test_a_file_that_cannot_be_made_smaller_stays_and_is_marked(refine, stored, aws, capsys):
    first = stored()
    smaller = pictures.webp(200, 150, quality=1)
    properties = {"CacheControl": first["cache_control"], "Metadata": first["metadata"], "ContentType": first["type"]}
    aws.s3.put_object(Bucket=GENERATED, Key=first["key"], Body=smaller, **properties)
    capsys.readouterr()

    refine(message(only_file(aws)))

    kept = only_file(aws)
    assert outcome(capsys.readouterr().out) == "Kept"
    assert kept["body"] == smaller
    assert (kept["metadata"]["refined"], kept["cache_control"]) == ("true", A_YEAR)


def test_the_event_of_a_refined_file_ends_the_chain(refine, stored, aws, capsys):
    refine(message(stored()))
    refined = only_file(aws)
    client("s3").meta.events.register("before-call.s3.PutObject", lambda **_: pytest.fail("it was written again"))
    capsys.readouterr()

    refine(message(refined))

    assert outcome(capsys.readouterr().out) == "NotRefined"


@pytest.mark.parametrize("key", [f"images/{IMAGE_ID}/width=1", f"images/{IMAGE_ID}", "images/no-id/x", "other"])
def test_a_key_that_is_no_variant_is_left_alone(refine, capsys, key):
    refine(message({"key": key, "etag": "e", "body": b""}))

    assert outcome(capsys.readouterr().out) == "NotRefined"


# --- an image that changes


@pytest.mark.parametrize("status", ["REMOVED", "BLOCKED", "PROCESSING", "FAILED"])
def test_a_variant_of_an_image_that_may_not_be_served_is_left_alone(refine, stored, library, aws, status):
    first = stored()
    library.record(status)

    refine(message(first))

    assert only_file(aws) == first


@pytest.mark.parametrize("image_format", ["jpeg", "webp"])
def test_a_variant_deleted_before_its_refinement_does_not_come_back(refine, stored, aws, image_format):
    first = stored(image_format)
    aws.s3.delete_object(Bucket=GENERATED, Key=first["key"])

    refine(message(first))

    assert aws.keys(GENERATED) == []


def test_a_variant_deleted_during_its_refinement_does_not_come_back(refine, stored, aws):
    """S3 refuses the write, whatever the record says: the file that it would replace is gone."""
    first = stored()

    def forget(**_call) -> None:  # what a handler returns would stand in for S3's response
        aws.s3.delete_object(Bucket=GENERATED, Key=first["key"])

    with hooked(client("s3"), "before-call.s3.PutObject", forget):
        refine(message(first))

    assert aws.keys(GENERATED) == []


def test_a_variant_of_an_image_removed_during_the_write_is_deleted(refine, stored, library, aws, after_storing):
    first = stored()
    after_storing(lambda: library.record("REMOVED"))

    refine(message(first))

    assert aws.keys(GENERATED) == []


def test_a_variant_of_a_newer_revision_is_not_replaced(refine, stored, serve, library, aws):
    first = stored()
    library.publish(revision=2, status="BLURRED", seed=9)
    serve.query({"w": "200", "f": "webp"})
    newer = only_file(aws)
    assert newer["metadata"]["revision"] == "2"

    refine(message(first))

    assert only_file(aws) == newer


def test_a_variant_of_an_older_revision_is_not_refined(refine, stored, library, aws):
    first = stored()
    library.publish(revision=2, status="BLURRED", seed=9)

    refine(message(first))

    assert only_file(aws) == first


# --- errors


@pytest.mark.parametrize("lost_answer", [False, True])
@pytest.mark.parametrize("number", range(6))
def test_a_failed_refinement_leaves_a_file_in_place_and_is_tried_again(stored, aws, number, lost_answer):
    first = stored()
    with (
        failing_call([client("s3"), client("dynamodb")], number, lost_answer=lost_answer),
        pytest.raises(TransientDependencyError),
    ):
        direct().refine(first["key"], etag=first["etag"])

    assert only_file(aws)["metadata"]["revision"] == "1"
    direct().refine(first["key"], etag=first["etag"])

    assert only_file(aws)["metadata"]["refined"] == "true"


def test_the_function_does_not_start_where_nothing_is_refined():
    with pytest.raises(SettingsError, match=r"DELIVERY is v1.*REFINE is off"):
        RefineSettings.from_environment(ENVIRONMENT | {"DELIVERY": "v1"})
