"""Which picture serve returns: sizes, formats, storing, and responses within the limit."""

import itertools
import json

import pytest

from functions.records.reader import RecordReader
from functions.serve.delivery import ImageDelivery
from functions.serve.settings import ServeSettings
from functions.shared.object_store import S3ObjectStore
from functions.shared.variant import LADDER
from functions.variants import timings
from tests import pictures
from tests.fakes.aws import ENVIRONMENT, GENERATED
from tests.fakes.handlers import emitted_metrics
from tests.unit.serve.conftest import IMAGE_ID, WEBP_640


@pytest.fixture
def clock(monkeypatch):
    """Let a phase take one second each time it is gone through."""
    monkeypatch.setattr(timings, "perf_counter", itertools.count().__next__)


@pytest.mark.parametrize(
    ("query", "size"),
    [
        ({"width": "640"}, (640, 480)),
        ({"height": "480"}, (640, 480)),
        ({"width": "320", "height": "320"}, (320, 320)),
        ({"width": "320", "height": "320", "fit": "inside"}, (320, 240)),
        ({"width": "320", "height": "320", "fit": "outside"}, (427, 320)),
        ({"width": "320", "height": "320", "fit": "contain"}, (320, 320)),
        ({"width": "320", "height": "320", "fit": "fill"}, (320, 320)),
        ({"width": "3840"}, (1600, 1200)),
        ({}, (1600, 1200)),
    ],
)
def test_a_variant_has_the_size_that_was_asked_for_and_is_never_enlarged(serve, library, query, size):
    library.publish()

    answer = serve.query(query | {"format": "jpeg"})

    assert answer.status == 200
    assert answer.image.size == size


@pytest.mark.parametrize(
    ("query", "size"),
    [
        ({"width": "320", "dpr": "2"}, (640, 480)),
        ({"preset": "square"}, (320, 320)),
        ({"preset": "square", "dpr": "1.5"}, (480, 480)),
        ({"preset": "square", "height": "160"}, (320, 160)),
    ],
)
def test_density_and_presets_decide_the_size(serve_with, library, query, size):
    library.publish()
    serve = serve_with(PRESETS=json.dumps({"square": {"width": "320", "height": "320", "format": "jpeg"}}))

    assert serve.query({"format": "jpeg"} | query).image.size == size


def test_every_width_above_the_pictures_own_is_one_stored_variant(serve, library, aws):
    library.publish(size=(700, 525))
    steps = [step for step in LADDER if step >= 700]

    answers = [serve.query({"width": str(step), "format": "webp"}) for step in steps]
    answers += [serve.query({"height": "600", "format": "webp"})]

    assert aws.keys(GENERATED) == [f"images/{IMAGE_ID}/fit=cover,format=webp,position=center,quality=auto,width=750"]
    assert {answer.image.size for answer in answers} == {(700, 525)}
    assert len({answer.headers["ETag"] for answer in answers}) == 1


@pytest.mark.parametrize(
    ("image_format", "content_type"),
    [
        ("jpeg", "image/jpeg"),
        ("jpg", "image/jpeg"),
        ("webp", "image/webp"),
        ("avif", "image/avif"),
        ("png", "image/png"),
        ("gif", "image/gif"),
    ],
)
def test_every_format_comes_with_its_media_type(serve, library, image_format, content_type):
    library.publish()

    answer = serve.query({"w": "64", "f": image_format})

    assert answer.headers["Content-Type"] == content_type
    assert answer.image.get_format_mimetype() == content_type


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [("image/avif,image/webp,*/*", "image/avif"), ("image/webp,*/*", "image/webp"), ("*/*", "image/jpeg")],
)
def test_the_automatic_format_is_one_that_the_client_names(serve, library, accept, content_type):
    library.publish()

    answer = serve.query({"w": "64"}, headers={"Accept": accept})

    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["Vary"] == "Accept"


def test_a_fixed_format_does_not_vary(serve, library):
    library.publish()

    assert "Vary" not in serve.query({"w": "64", "f": "webp"}).headers
    assert "Vary" not in serve.path().headers


def test_the_automatic_format_keeps_transparency_for_clients_that_name_no_format(serve, library):
    library.publish_master(pictures.webp(image=pictures.scene(64, 64).convert("RGBA")), (64, 64), has_alpha=True)

    answer = serve.query({"w": "64"}, headers={"Accept": "*/*"})

    assert answer.headers["Content-Type"] == "image/png"


@pytest.mark.parametrize(
    ("query", "accept", "came"),
    [
        ({}, "image/avif,image/webp", ("image/webp", 3)),
        ({"f": "webp"}, "", ("image/webp", 3)),
        ({}, "*/*", ("image/gif", 3)),
        ({"f": "jpeg"}, "", ("image/jpeg", 1)),
        ({"f": "png"}, "", ("image/png", 1)),
    ],
)
def test_an_animation_stays_one_unless_a_still_is_asked_for(serve, library, query, accept, came):
    library.publish_master(animation(), (128, 96), animated=True)

    answer = serve.query({"w": "48", **query}, headers={"Accept": accept})

    assert (answer.headers["Content-Type"], getattr(answer.image, "n_frames", 1)) == came


def test_the_first_request_is_generated_and_stored_and_the_second_found(serve, library, capsys):
    library.publish()

    first = serve.path()
    first_metrics = emitted_metrics(capsys.readouterr().out)
    second = serve.path()
    second_metrics = emitted_metrics(capsys.readouterr().out)

    assert first.body == second.body
    assert first.headers["ETag"] == second.headers["ETag"]
    assert set(first_metrics) == {
        "VariantGenerated",
        *(f"Variant{phase}Time" for phase in ("Fetch", "Decode", "Resize", "Encode", "Store")),
    }
    assert set(second_metrics) == {"VariantFound", "VariantFetchTime"}
    assert [phase.split(";")[0] for phase in first.headers["Server-Timing"].split(", ")] == [
        "fetch",
        "decode",
        "resize",
        "encode",
        "store",
    ]


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(("version", "fetch_ms"), [("v2", 2_000), ("v1", 1_000)])
def test_a_look_for_a_variant_that_is_not_there_counts_as_fetching(serve_with, library, version, fetch_ms):
    library.publish()

    answer = serve_with(DELIVERY=version).path()

    assert answer.headers["Server-Timing"].split(", ")[0] == f"fetch;dur={fetch_ms:.1f}"


def test_a_stored_variant_is_complete_for_a_cdn_that_reads_the_bucket(serve, library, aws):
    library.publish(revision=7)

    answer = serve.query({"w": "640"}, headers={"Accept": "image/webp"})

    stored = aws.s3.get_object(Bucket=GENERATED, Key=f"images/{IMAGE_ID}/{WEBP_640}")
    assert stored["Body"].read() == answer.body
    assert stored["ContentType"] == "image/webp"
    assert stored["CacheControl"] == answer.headers["Cache-Control"] == "public, max-age=3600, s-maxage=31536000"
    assert stored["Metadata"] == {"revision": "7", "cache-tag": IMAGE_ID}


def test_delivery_v1_computes_each_time_and_stores_nothing(serve_with, library, aws):
    library.publish()
    serve = serve_with(DELIVERY="v1")

    answers = [serve.path(), serve.path()]

    assert [answer.status for answer in answers] == [200, 200]
    assert all("encode" in answer.headers["Server-Timing"] for answer in answers)
    assert aws.keys(GENERATED) == []


def test_exact_sizes_are_a_setting(serve_with, library):
    library.publish()

    assert serve_with(SIZES="exact").query({"w": "333", "f": "jpeg"}).image.width == 333


def test_a_variant_found_under_another_name_is_no_miss_of_the_edge(serve, library, capsys):
    library.publish(size=(700, 525))
    serve.query({"width": "1280", "format": "webp"})
    capsys.readouterr()

    serve.query({"width": "1920", "format": "webp"})

    assert "VariantFoundAtOwnSize" in emitted_metrics(capsys.readouterr().out)


def test_cache_lifetimes_are_settings(serve_with, library):
    library.publish()
    serve = serve_with(S_MAXAGE_SECONDS="60", MAX_AGE_SECONDS="0")

    assert serve.path().headers["Cache-Control"] == "public, max-age=0, s-maxage=60"


def animation() -> bytes:
    return pictures.animated_webp(128, 96, frames=3)


def test_a_refitted_answer_says_so(serve, library):
    library.publish()
    whole = len(serve.query({"w": "1600", "f": "jpeg", "q": "95"}).body)
    small = delivery(max_body_bytes=whole - 1)

    answer = small.respond(serve.event("query_form") | query(w="1600", f="jpeg", q="95", h="1200"))

    assert 'refit;desc="quality 90"' in answer.proxy["headers"]["Server-Timing"]


def test_a_kept_variant_that_is_too_large_for_an_answer_is_left_in_place(serve, library, aws):
    library.publish()
    serve.path()
    small = delivery(max_body_bytes=100)

    answer = small.respond(serve.event("canonical_path"))

    assert answer.status == 413
    assert "largest_width" not in json.loads(answer.proxy["body"])
    assert len(aws.keys(GENERATED)) == 1


def test_a_new_variant_that_is_too_large_for_a_response_names_the_largest_width_that_fits(serve, library):
    library.publish()
    fits = len(serve.query({"w": "320", "f": "png"}).body)

    answer = delivery(max_body_bytes=fits).respond(serve.event("query_form") | query(w="640", f="png"))

    document = json.loads(answer.proxy["body"])
    assert (answer.status, document["largest_width"]) == (413, 320)
    assert document["detail"].endswith("The largest width that fits is 320 px.")


def delivery(*, max_body_bytes: int) -> ImageDelivery:
    settings = ServeSettings.from_environment(ENVIRONMENT)
    return ImageDelivery(
        settings,
        store=S3ObjectStore(),
        records=RecordReader(settings.variants.table_name),
        max_body_bytes=max_body_bytes,
    )


def query(**parameters: str) -> dict[str, object]:
    return {
        "queryStringParameters": parameters,
        "multiValueQueryStringParameters": {name: [value] for name, value in parameters.items()},
    }


def test_a_picture_stored_at_every_step_of_the_ladder_is_served_from_the_file_of_that_width(serve, library):
    sizes = {f"w{width}.jpg": (width, width * 3 // 4) for width in (200, 256, 320, 384, 480, 640, 750, 800, 828, 960)}
    sizes = {"master.jpg": (1_000, 750)} | sizes
    bodies = {
        name: pictures.jpeg(image=pictures.scene(*size, seed=size[0]), quality=94) for name, size in sizes.items()
    }
    library.store(bodies, sizes, content_type="image/jpeg")

    for width in (200, 750, 960):
        own = pictures.opened(bodies[f"w{width}.jpg"])
        assert pictures.mean_difference(serve.query({"w": str(width), "f": "png"}).image, own) == 0
