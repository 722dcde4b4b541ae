"""Variants that prewarm generates, through its handler, and the requests that find them."""

import json
from io import BytesIO

import pytest
from PIL import Image

from functions.prewarm.prewarming import Prewarming
from functions.prewarm.settings import PrewarmSettings
from functions.records.reader import RecordReader
from functions.serve.delivery import ImageDelivery
from functions.serve.settings import ServeSettings
from functions.shared.aws import client
from functions.shared.contracts import Picture, Rendition
from functions.shared.errors import ContractError, SettingsError, TransientDependencyError
from functions.shared.limits import MAX_BODY_BYTES
from functions.shared.object_store import S3ObjectStore
from functions.shared.variant import Sizes
from functions.variants.prewarm_plan import animation_variants
from tests import pictures
from tests.fakes.aws import ENVIRONMENT, GENERATED, PUBLISHED
from tests.fakes.faults import failing_call
from tests.fakes.handlers import Function, emitted_metrics
from tests.unit.serve.conftest import IMAGE_ID

COMMON = {"PREWARM_WIDTHS": "320, 640", "PREWARM_FORMATS": "webp, auto"}


def key(width: int, image_format: str) -> str:
    return f"images/{IMAGE_ID}/fit=cover,format={image_format},position=center,quality=auto,width={width}"


def message(image_id: str = IMAGE_ID) -> dict:
    body = {"source": "image-scaler", "detail-type": "Image Published", "detail": {"image_id": image_id, "revision": 1}}
    return {"Records": [{"messageId": "m", "body": json.dumps(body)}]}


@pytest.fixture
def prewarm_with(aws, monkeypatch):
    def cold_start(**environment: str) -> Function:
        for variable, value in environment.items():
            monkeypatch.setenv(variable, value)
        return Function("prewarm", monkeypatch)

    return cold_start


@pytest.fixture
def prewarm(prewarm_with) -> Function:
    return prewarm_with(**COMMON)


def prewarming(*, max_response_bytes: int = MAX_BODY_BYTES, **environment: str) -> Prewarming:
    """Return one without its handler; with a small limit, small animations are too large for a response."""
    settings = PrewarmSettings.from_environment(ENVIRONMENT | environment)
    records = RecordReader(settings.variants.table_name)
    return Prewarming(settings, store=S3ObjectStore(), records=records, max_response_bytes=max_response_bytes)


def publish_animation(library, widths: tuple[int, ...] = (640,), *, master: int = 800, frames: int = 5) -> Picture:
    names = {"master": master} | {f"w{width}": width for width in widths}
    sizes = {name: (width, width * 3 // 4) for name, width in names.items()}
    bodies = {name: pictures.animated_webp(*size, frames=frames) for name, size in sizes.items()}
    return library.store(bodies, sizes, content_type="image/webp", animated=True)


# --- common variants


def test_common_variants_are_made_in_every_width_and_format_of_the_stage(prewarm, library, aws, capsys):
    library.publish()

    prewarm(message())

    assert set(aws.keys(GENERATED)) == {key(width, name) for width in (320, 640) for name in ("webp", "auto")}
    assert emitted_metrics(capsys.readouterr().out)["VariantsPrewarmed"] == [4]


@pytest.mark.parametrize("query", [{"w": "320", "f": "webp"}, {"width": "600"}])
def test_a_prewarmed_variant_is_the_one_that_a_request_would_have_made(prewarm, serve, library, aws, query):
    library.publish()
    asked = serve.query(query, headers={"Accept": "*/*"})
    (name,) = aws.keys(GENERATED)
    made = aws.s3.get_object(Bucket=GENERATED, Key=name)
    aws.s3.delete_object(Bucket=GENERATED, Key=name)

    prewarm(message())

    warmed = aws.s3.get_object(Bucket=GENERATED, Key=name)
    assert warmed["Body"].read() == made["Body"].read() == asked.body
    for property_of_it in ("Metadata", "ContentType", "CacheControl"):
        assert warmed[property_of_it] == made[property_of_it]


def test_the_first_request_for_a_prewarmed_variant_is_found(prewarm, serve, library, capsys):
    library.publish()
    prewarm(message())
    capsys.readouterr()

    assert serve.query({"w": "640", "f": "webp"}).status == 200

    assert "VariantFound" in emitted_metrics(capsys.readouterr().out)


def test_no_variant_is_wider_than_its_picture(prewarm, library, aws):
    library.publish(size=(500, 375))

    prewarm(message())

    assert set(aws.keys(GENERATED)) == {key(320, "webp"), key(320, "auto")}


def test_a_width_that_is_no_step_is_the_step_that_requests_for_it_get(prewarm_with, library, aws):
    library.publish()

    prewarm_with(PREWARM_WIDTHS="601", PREWARM_FORMATS="webp")(message())

    assert aws.keys(GENERATED) == [key(640, "webp")]


def test_without_the_setting_nothing_is_made_of_a_still_picture(prewarm_with, library, aws):
    library.publish()

    prewarm_with()(message())

    assert aws.keys(GENERATED) == []


def test_a_second_delivery_of_the_event_makes_nothing_again(prewarm, library, aws):
    library.publish()
    prewarm(message())
    client("s3").meta.events.register("before-call.s3.PutObject", lambda **_: pytest.fail("it was made again"))

    prewarm(message())

    assert len(aws.keys(GENERATED)) == 4


def test_a_variant_of_an_older_revision_is_replaced(prewarm, library, aws):
    library.publish()
    prewarm(message())
    library.publish(revision=2, status="BLURRED", seed=9)

    prewarm(message())

    revisions = {aws.s3.head_object(Bucket=GENERATED, Key=name)["Metadata"]["revision"] for name in aws.keys(GENERATED)}
    assert revisions == {"2"}


# --- an image that changes during prewarming


@pytest.mark.parametrize("status", ["REMOVED", "BLOCKED", "PROCESSING", "FAILED"])
def test_an_image_that_may_not_be_served_is_left_alone(prewarm, library, aws, status):
    library.publish()
    library.record(status)

    prewarm(message())

    assert aws.keys(GENERATED) == []


def test_an_image_without_a_record_is_left_alone(prewarm, aws):
    prewarm(message())

    assert aws.keys(GENERATED) == []


def test_an_image_removed_while_it_is_prewarmed_leaves_nothing_behind(prewarm, library, aws, after_storing):
    library.publish()
    after_storing(lambda: library.record("REMOVED"))

    prewarm(message())

    assert aws.keys(GENERATED) == []


def test_a_record_that_becomes_unreadable_while_it_is_prewarmed_leaves_no_variant_behind(library, aws, after_storing):
    library.publish()
    after_storing(lambda: library.record("A_STATUS_OF_A_LATER_RELEASE"))

    with pytest.raises(ContractError):
        prewarming(**COMMON).prewarm(IMAGE_ID)

    assert aws.keys(GENERATED) == []


def test_an_image_judged_anew_while_it_is_prewarmed_is_prewarmed_in_its_new_revision(
    prewarm, library, aws, after_storing
):
    library.publish()
    after_storing(lambda: library.publish(revision=2, status="BLURRED", seed=9))

    prewarm(message())

    metadata = [aws.s3.head_object(Bucket=GENERATED, Key=name)["Metadata"] for name in aws.keys(GENERATED)]
    assert [each["revision"] for each in metadata] == ["2"] * 4


def test_an_image_whose_files_went_while_it_is_prewarmed_leaves_nothing_behind(library, aws):
    picture = library.publish()
    for rendition in (picture.master, *picture.renditions):
        aws.s3.delete_object(Bucket=PUBLISHED, Key=rendition.key)

    with pytest.raises(TransientDependencyError):  # the event comes again, and finds the record changed
        prewarming(**COMMON).prewarm(IMAGE_ID)

    assert aws.keys(GENERATED) == []


@pytest.mark.parametrize("number", range(6))
def test_a_dependency_out_of_reach_sends_the_event_back_to_the_queue_and_the_next_try_goes_on(library, aws, number):
    library.publish()
    common = prewarming(**COMMON)

    with failing_call([client("s3"), client("dynamodb")], number), pytest.raises(TransientDependencyError):
        common.prewarm(IMAGE_ID)
    common.prewarm(IMAGE_ID)

    assert len(aws.keys(GENERATED)) == 4


# --- large animations


def test_an_animation_too_large_for_an_answer_is_kept_at_common_widths_under_every_name_that_it_has(library, aws):
    publish_animation(library)

    prewarming(max_response_bytes=100).prewarm(IMAGE_ID)

    names = ("auto", "gif", "avif", "webp")
    assert set(aws.keys(GENERATED)) == {key(width, name) for width in (320, 640) for name in names}
    types = {name: aws.s3.head_object(Bucket=GENERATED, Key=key(640, name))["ContentType"] for name in names}
    assert types == {"auto": "image/gif", "gif": "image/gif", "avif": "image/webp", "webp": "image/webp"}


def test_all_frames_of_a_large_animation_are_kept(library, aws):
    publish_animation(library, frames=5)

    prewarming(max_response_bytes=100).prewarm(IMAGE_ID)

    for name in ("gif", "webp"):
        body = aws.s3.get_object(Bucket=GENERATED, Key=key(640, name))["Body"].read()
        with Image.open(BytesIO(body)) as image:
            assert image.n_frames == 5


def test_an_animation_that_serve_can_answer_with_is_not_kept(prewarm_with, library, aws):
    publish_animation(library)

    prewarm_with()(message())

    assert aws.keys(GENERATED) == []


def test_only_the_widths_at_which_an_animation_is_too_large_are_kept(library, aws):
    publish_animation(library)
    probe = prewarming(max_response_bytes=0)
    probe.prewarm(IMAGE_ID)
    narrow = aws.s3.head_object(Bucket=GENERATED, Key=key(320, "gif"))["ContentLength"]
    for name in aws.keys(GENERATED):
        aws.s3.delete_object(Bucket=GENERATED, Key=name)

    prewarming(max_response_bytes=narrow).prewarm(IMAGE_ID)

    assert key(640, "gif") in aws.keys(GENERATED)
    assert key(320, "gif") not in aws.keys(GENERATED)


def test_a_second_delivery_keeps_a_large_animation_as_it_is(library, aws):
    publish_animation(library)
    first = prewarming(max_response_bytes=100).prewarm(IMAGE_ID)

    again = prewarming(max_response_bytes=100).prewarm(IMAGE_ID)

    assert (first, again) == (8, 0)


def test_common_variants_of_an_animation_are_kept_whatever_they_weigh(library, aws):
    publish_animation(library)
    once = prewarming(max_response_bytes=10**6, PREWARM_WIDTHS="640", PREWARM_FORMATS="webp,avif,jpeg")

    assert once.prewarm(IMAGE_ID) == 3

    assert set(aws.keys(GENERATED)) == {key(640, name) for name in ("webp", "avif", "jpeg")}


def test_until_it_is_there_serve_stands_in_with_half_the_frames_and_keeps_none_of_it(serve, library, aws):
    publish_animation(library)
    whole = len(serve.query({"w": "640", "f": "webp"}).body)
    aws.s3.delete_object(Bucket=GENERATED, Key=key(640, "webp"))

    answer = answered_within(whole - 1, serve, width="640")

    assert answer["statusCode"] == 200
    assert 'refit;desc="half the frames"' in answer["headers"]["Server-Timing"]
    assert answer["headers"]["Cache-Control"] == "public, max-age=60"
    assert not answer["headers"].keys() & {"ETag", "Last-Modified"}  # a cache would get a 304 and keep the half
    assert aws.keys(GENERATED) == []


def test_at_a_width_that_nobody_prewarms_the_half_is_the_answer_and_is_kept(serve, library, aws):
    publish_animation(library)
    whole = len(serve.query({"w": "480", "f": "webp"}).body)
    aws.s3.delete_object(Bucket=GENERATED, Key=key(480, "webp"))

    answer = answered_within(whole - 1, serve, width="480")

    assert "s-maxage" in answer["headers"]["Cache-Control"]
    assert aws.keys(GENERATED) == [key(480, "webp")]


def test_in_v1_nobody_prewarms_and_the_half_is_the_answer(serve, library):
    publish_animation(library)
    whole = len(serve.query({"w": "640", "f": "webp"}).body)

    answer = answered_within(whole - 1, serve, width="640", DELIVERY="v1")

    assert "s-maxage" in answer["headers"]["Cache-Control"]


def test_an_animation_removed_while_half_of_it_is_made_is_not_handed_out(serve, library, aws):
    publish_animation(library)
    whole = len(serve.query({"w": "640", "f": "webp"}).body)
    aws.s3.delete_object(Bucket=GENERATED, Key=key(640, "webp"))
    client("s3").meta.events.register("after-call.s3.GetObject", lambda **_: library.record("REMOVED"))

    answer = answered_within(whole - 1, serve, width="640")

    assert answer["statusCode"] == 410


def test_a_still_picture_has_no_animation_to_prewarm():
    still = Picture(Rendition("m", 640, 480, 1, "image/jpeg"), (Rendition("r", 320, 240, 1, "image/jpeg"),), "", "")

    assert animation_variants(still, sizes=Sizes.LADDER) == ()


def answered_within(max_body_bytes: int, serve, *, width: str, **environment: str) -> dict:
    """Answer a request for the animation as WebP, where an answer may hold this many bytes."""
    settings = ServeSettings.from_environment(ENVIRONMENT | environment)
    small = ImageDelivery(
        settings,
        store=S3ObjectStore(),
        records=RecordReader(settings.variants.table_name),
        max_body_bytes=max_body_bytes,
    )
    parameters = {"w": width, "f": "webp"}
    return small.respond(
        serve.event("query_form")
        | {
            "queryStringParameters": parameters,
            "multiValueQueryStringParameters": {name: [value] for name, value in parameters.items()},
        }
    ).proxy


# --- settings


def test_all_faults_of_the_settings_are_reported_together():
    faults = {"DELIVERY": "v1", "PREWARM_WIDTHS": "640,wide", "PREWARM_FORMATS": "webp,tiff"}

    with pytest.raises(SettingsError, match=r"TABLE_NAME is not set.*DELIVERY.*PREWARM_WIDTHS.*PREWARM_FORMATS"):
        PrewarmSettings.from_environment({"PUBLISHED_BUCKET": "p", "GENERATED_BUCKET": "g", **faults})


@pytest.mark.parametrize("width", ["0", "3841", "-1", "\u0663"])
def test_a_width_is_a_number_of_px_up_to_the_largest_step(width):
    with pytest.raises(SettingsError, match="PREWARM_WIDTHS"):
        PrewarmSettings.from_environment(ENVIRONMENT | {"PREWARM_WIDTHS": width})
