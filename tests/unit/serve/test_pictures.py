"""What serve makes of an image: sizes, formats, sources, storing, and answers that are small enough."""

import itertools
from contextlib import suppress
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageSequence

from functions.imaging.encoding import encode
from functions.imaging.picture import DecodedPicture
from functions.imaging.variants import read_rendition
from functions.serve import timing
from functions.serve.delivery import ImageDelivery
from functions.serve.refusals import RefusedError
from functions.serve.rendering import MOST_PIXELS, Rendered, render
from functions.serve.settings import ServeSettings
from functions.serve.sources import needed_size, source_for
from functions.shared.contracts import Picture, Rendition
from functions.shared.object_store import S3ObjectStore
from functions.shared.records import RecordReader
from functions.shared.variant import LADDER, Sizes, Variant, parse_query
from tests import pictures
from tests.fakes.aws import ENVIRONMENT, GENERATED
from tests.fakes.handlers import emitted_metrics
from tests.unit.serve.conftest import IMAGE_ID, WEBP_640, Served


@pytest.fixture
def clock(monkeypatch):
    """Let a phase take one second each time it is gone through."""
    monkeypatch.setattr(timing, "perf_counter", itertools.count().__next__)


def variant(**query: str) -> Variant:
    return parse_query(query.items(), accept="", sizes=Sizes.LADDER).variant


def rendition(width: int, height: int) -> Rendition:
    return Rendition(f"w{width}", width, height, 1, "image/jpeg")


LADDER_OF_THREE = Picture(
    master=rendition(2000, 1500),
    renditions=(rendition(320, 240), rendition(640, 480), rendition(1280, 960)),
    placeholder="",
    dominant_color="#000000",
)


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


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ({"w": "320"}, "w320"),
        ({"w": "384"}, "w640"),
        ({"w": "640"}, "w640"),
        ({"w": "1280"}, "w1280"),
        ({"w": "1600"}, "w2000"),
        ({"w": "3840"}, "w2000"),
        ({"h": "480"}, "w640"),
        ({"h": "256"}, "w640"),
        ({"w": "320", "h": "320"}, "w640"),
        ({"w": "320", "h": "320", "fit": "inside"}, "w320"),
        ({"w": "320", "h": "320", "fit": "contain"}, "w320"),
        ({"w": "320", "h": "320", "fit": "outside"}, "w640"),
        ({"w": "320", "h": "320", "fit": "fill"}, "w640"),
        ({}, "w2000"),
    ],
)
def test_a_variant_is_made_from_the_smallest_rendition_that_has_its_pixels(query, key):
    assert source_for(LADDER_OF_THREE, variant(**query)).key == key


def test_a_needed_side_is_at_least_one_px():
    assert needed_size(rendition(5000, 10), variant(w="16")) == (16, 1)


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


def test_cache_lifetimes_are_settings(serve_with, library):
    library.publish()
    serve = serve_with(S_MAXAGE_SECONDS="60", MAX_AGE_SECONDS="0")

    assert serve.path().headers["Cache-Control"] == "public, max-age=0, s-maxage=60"


def test_automatic_quality_is_the_one_predicted_for_the_picture():
    source = pictures.jpeg(320, 240)
    plain = Picture(rendition(320, 240), (), "", "#000000", quality={"jpeg": 43})

    automatic = render(source, variant(w="320", f="jpeg"), plain)

    assert automatic.body == encode(read_rendition(Image.open(BytesIO(source))), "jpeg", 43)


@pytest.mark.parametrize(("image_format", "encoder_quality"), [("jpeg", 79), ("webp", 78), ("avif", 76)])
def test_a_quality_that_is_asked_for_is_on_the_scale_of_the_peers(image_format, encoder_quality):
    source = pictures.jpeg(320, 240)
    plain = Picture(rendition(320, 240), (), "", "#000000", quality={image_format: 40})

    asked = render(source, variant(w="320", f=image_format, q="80"), plain)

    assert asked.body == encode(read_rendition(Image.open(BytesIO(source))), image_format, encoder_quality)


# --- answers that are small enough


def noise() -> tuple[bytes, Picture]:
    source = encode(DecodedPicture((pictures.scene(800, 600),)), "jpeg", 95)
    picture = Picture(rendition(800, 600), (), "", "#000000", quality={"jpeg": 90, "webp": 90})
    return source, picture


def animation() -> bytes:
    return pictures.animated_webp(128, 96, frames=3)


def refit(**query: str) -> tuple[Rendered, int]:
    source, picture = noise()
    unlimited = render(source, variant(**query), picture)
    limit = len(unlimited.body) - 1
    return render(source, variant(**query), picture, max_bytes=limit), limit


@pytest.mark.parametrize("image_format", ["jpeg", "webp"])
def test_a_variant_that_is_too_large_is_encoded_again_at_lower_quality(image_format):
    rendered, limit = refit(w="640", f=image_format)

    assert len(rendered.body) <= limit
    assert rendered.refit == "quality 85"


def test_a_lossless_variant_that_is_too_large_names_the_largest_width_that_fits():
    source, picture = noise()
    fits = len(render(source, variant(w="320", f="png"), picture).body)

    with pytest.raises(RefusedError) as refused:
        render(source, variant(w="640", f="png"), picture, max_bytes=fits)

    response = Served(refused.value.response)
    assert response.status == 413
    assert response.document["largest_width"] == 320
    assert "320 px" in response.document["detail"]


def test_the_largest_width_of_a_box_keeps_its_shape():
    source, picture = noise()
    fits = len(render(source, variant(w="320", h="240", fit="fill", f="png"), picture).body)

    with pytest.raises(RefusedError) as refused:
        render(source, variant(w="640", h="480", fit="fill", f="png"), picture, max_bytes=fits)

    assert Served(refused.value.response).document["largest_width"] == 320


def test_the_largest_width_is_found_where_small_variants_cost_more_than_their_share_of_pixels():
    flat = pictures.png(image=Image.new("RGB", (800, 600)))
    picture = Picture(rendition(800, 600), (), "", "#000000")
    sizes = {step: len(render(flat, variant(w=str(step), f="png"), picture).body) for step in LADDER if step < 640}
    limit = len(render(flat, variant(w="640", f="png"), picture).body) - 1

    with pytest.raises(RefusedError) as refused:
        render(flat, variant(w="640", f="png"), picture, max_bytes=limit)

    expected = max(step for step, size in sizes.items() if size <= limit)
    assert Served(refused.value.response).document["largest_width"] == expected


@pytest.mark.parametrize("image_format", ["webp", "gif"])
def test_an_animation_that_is_too_large_keeps_every_second_frame_and_its_time(image_format):
    body = pictures.animated_webp(128, 96, frames=5, duration=[40, 50, 60, 70, 80])
    picture = Picture(rendition(128, 96), (), "", "#000000", animated=True, quality={"webp": 80})
    whole = len(render(body, variant(w="128", f=image_format), picture).body)

    rendered = render(body, variant(w="128", f=image_format), picture, max_bytes=whole - 1)

    assert rendered.refit == "half the frames"
    with Image.open(BytesIO(rendered.body)) as image:
        assert [frame.info["duration"] for frame in ImageSequence.Iterator(image) if frame.load()] == [90, 130, 80]


def test_an_animation_that_is_too_large_with_half_its_frames_is_refused():
    picture = Picture(rendition(128, 96), (), "", "#000000", animated=True, quality={"webp": 80})
    whole = len(render(animation(), variant(w="32", f="webp"), picture).body)
    fits = len(render(animation(), variant(w="32", f="webp"), picture, max_bytes=whole - 1).body)

    with pytest.raises(RefusedError) as refused:
        render(animation(), variant(w="128", f="webp"), picture, max_bytes=fits)

    assert Served(refused.value.response).document["largest_width"] == 32


def test_a_variant_that_fits_at_no_quality_and_no_width_is_refused():
    source, picture = noise()

    with pytest.raises(RefusedError) as refused:
        render(source, variant(w="640", f="jpeg"), picture, max_bytes=100)

    response = Served(refused.value.response)
    assert response.status == 413
    assert "largest_width" not in response.document


@pytest.mark.usefixtures("clock")
def test_a_variant_is_decoded_and_scaled_once_and_encoded_until_it_fits():
    source, picture = noise()
    at_75 = len(render(source, variant(w="640", f="jpeg", q="75"), picture).body)  # of the encoder's 74

    rendered = render(source, variant(w="640", f="jpeg", q="95"), picture, max_bytes=at_75)

    assert rendered.refit == "quality 70"
    assert rendered.timings_ms == {"decode": 1_000, "resize": 1_000, "encode": 6_000}  # 94, 90, 85, 80, 75, 70


def test_what_is_encoded_again_has_the_bytes_of_a_variant_asked_for_at_that_quality():
    source, picture = noise()
    whole = render(source, variant(w="640", f="jpeg"), picture)

    rendered = render(source, variant(w="640", f="jpeg"), picture, max_bytes=len(whole.body) - 1)

    assert rendered.refit == "quality 85"
    assert rendered.body == render(source, variant(w="640", f="jpeg"), replace(picture, quality={"jpeg": 85})).body


@pytest.fixture
def saved(monkeypatch):
    """The sizes in px of the images that Pillow encodes, in turn."""
    sizes = []
    save = Image.Image.save

    def recorded(image, *arguments, **options):
        sizes.append(image.size)
        return save(image, *arguments, **options)

    monkeypatch.setattr(Image.Image, "save", recorded)
    return sizes


@pytest.mark.parametrize(("image_format", "limit"), [("jpeg", 300_000), ("webp", 400_000), ("avif", 100_000)])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_large_picture_is_encoded_three_times_at_most_however_little_fits(saved, image_format, limit, mode):
    source, picture = large_noise(mode)
    saved.clear()

    with suppress(RefusedError):
        assert len(render(source, variant(w="3840", f=image_format), picture, max_bytes=limit).body) <= limit

    assert saved.count((1_600, 1_200)) <= 3


@pytest.mark.parametrize("image_format", ["png", "gif"])
def test_the_width_that_a_refusal_of_a_large_picture_names_does_fit(image_format):
    source, picture = large_noise("RGBA")
    limit = 120_000

    with pytest.raises(RefusedError) as refused:
        render(source, variant(w="3840", f=image_format), picture, max_bytes=limit)

    width = Served(refused.value.response).document["largest_width"]
    assert 100 < width < 1_600
    assert len(render(source, variant(w=str(width), f=image_format), picture, max_bytes=limit).body) <= limit


def large_noise(mode: str) -> tuple[bytes, Picture]:
    """Return a picture that is larger than its sample."""
    bands = len(mode)
    pixels = np.random.default_rng(bands).integers(0, 256, (1_200, 1_600, bands), dtype=np.uint8)
    image = Image.fromarray(pixels)
    body = pictures.encoded(image, "WEBP", lossless=True, quality=0, method=0)
    return body, Picture(rendition(1_600, 1_200), (), "", "#000000", has_alpha=mode == "RGBA")


def test_an_animation_is_encoded_twice_at_most(saved):
    frames = [Image.effect_noise((500, 400), 90).convert("RGB") for _ in range(24)]
    body = pictures.encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=50, quality=80)
    picture = Picture(rendition(500, 400), (), "", "#000000", animated=True, quality={"webp": 80})
    saved.clear()

    with pytest.raises(RefusedError):
        render(body, variant(w="500", f="webp"), picture, max_bytes=20_000)

    assert saved.count((500, 400)) <= 2


def test_a_box_in_which_an_animation_s_frames_would_take_gigabytes_is_refused_unmade(saved):
    frames = [Image.new("RGB", (16, 1_200), (index, 0, 0)) for index in range(100)]
    body = pictures.encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=50, lossless=True)
    picture = Picture(rendition(16, 1_200), (), "", "#000000", animated=True)
    saved.clear()

    with pytest.raises(RefusedError) as refused:
        render(body, variant(w="1200", h="1200", fit="contain", f="webp"), picture)

    assert saved == []
    width = Served(refused.value.response).document["largest_width"]
    assert 100 * width * width <= MOST_PIXELS
    box = {"w": str(width), "h": str(width), "fit": "contain", "f": "webp"}
    assert render(body, variant(**box), picture).body


def test_a_refitted_answer_says_so(serve, library):
    library.publish()
    whole = len(serve.query({"w": "1600", "f": "jpeg", "q": "95"}).body)
    small = delivery(max_body_bytes=whole - 1)

    answer = small.answer(serve.event("query_form") | query(w="1600", f="jpeg", q="95", h="1200"))

    assert 'refit;desc="quality 90"' in answer.response["headers"]["Server-Timing"]


def test_a_kept_variant_that_is_too_large_for_an_answer_is_left_in_place(serve, library, aws):
    library.publish()
    serve.path()
    small = delivery(max_body_bytes=100)

    answer = small.answer(serve.event("canonical_path"))

    assert answer.status == 413
    assert len(aws.keys(GENERATED)) == 1


def delivery(*, max_body_bytes: int) -> ImageDelivery:
    settings = ServeSettings.from_environment(ENVIRONMENT)
    return ImageDelivery(
        settings, store=S3ObjectStore(), records=RecordReader(settings.table_name), max_body_bytes=max_body_bytes
    )


def query(**parameters: str) -> dict[str, object]:
    return {
        "queryStringParameters": parameters,
        "multiValueQueryStringParameters": {name: [value] for name, value in parameters.items()},
    }
