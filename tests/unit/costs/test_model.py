"""The cost model: its inputs, its sums, the measurements it rests on, and the page it writes."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import costs_page
from cdk.functions import SPECIFICATIONS
from image_scaler.costs import peers, prices, tables, usage
from image_scaler.costs.model import ORIGINALS, REKOGNITION, EstimateError, Traffic, estimate
from image_scaler.costs.storage import StoredFiles
from image_scaler.costs.usage import FUNCTIONS, UPLOADS, Kind

BENCHMARKS = Path(costs_page.__file__).parent
BAND = 0.25
"""How far the model's CPU times may be from the measurements, which depend on the machine."""
SHARE_BAND = 0.1
EXAMPLE = Traffic(uploads=10_000, views=1_000_000)


@pytest.fixture(scope="module")
def measured():
    return json.loads((BENCHMARKS / "costs.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def compared():
    """The milliseconds of the benchmark for 800 px WebP by engine, the geometric mean over the photos."""
    rows = json.loads((BENCHMARKS / "results.json").read_text(encoding="utf-8"))["variants"]

    def milliseconds(engine):
        product = 1.0
        chosen = [
            row["median_ms"] for row in rows if (row["engine"], row["width"], row["format"]) == (engine, 800, "webp")
        ]
        for each in chosen:
            product *= each
        return product ** (1 / len(chosen))

    return milliseconds


def item(made, name):
    (found,) = (each for each in (*made.items, *made.fixed) if each.name == name)
    return found


@pytest.mark.parametrize(
    ("change", "option"),
    [
        ({"uploads": -1}, "--uploads"),
        ({"megabytes": -0.5}, "--megabytes"),
        ({"megabytes": float("nan")}, "--megabytes"),
        ({"megabytes": float("inf")}, "--megabytes"),
        ({"views": -1}, "--views"),
        ({"variants": -1}, "--variants"),
        ({"kilobytes": -1}, "--kilobytes"),
        ({"flagged": 1.1}, "--flagged"),
        ({"animated": -0.1}, "--animated"),
        ({"hit_rate": 1.5}, "--hit-rate"),
        ({"flagged": 0.6, "animated": 0.6}, "--flagged and --animated"),
        ({"uploads": 0}, "--views needs --uploads"),
        ({"variants": 0}, "--variants"),
        ({"region": "mars-east-1"}, "--region"),
        ({"viewers": "mars"}, "--viewers"),
    ],
)
def test_an_input_out_of_range_is_refused_with_its_option(change, option):
    with pytest.raises(EstimateError, match=f"^{option}"):
        replace(EXAMPLE, **change)


def test_without_uploads_and_views_only_the_fixed_part_costs():
    made = estimate(Traffic(uploads=0))

    assert made.total(fixed=False) == made.total(fixed=False, later=True) == 0
    assert item(made, "CloudWatch metrics, by the hours with data").first_dollars == 0
    assert made.total() == pytest.approx(sum(each.first_dollars for each in made.fixed))
    assert made.total() > 15


def test_a_later_month_costs_storage_and_views_but_no_uploads():
    made = estimate(EXAMPLE)

    for name in ("storage of published files", "storage of generated variants", "CloudFront egress"):
        assert item(made, name).later_dollars == item(made, name).first_dollars > 0
    for name in ("Step Functions", "Rekognition", "DynamoDB writes"):
        assert item(made, name).first_dollars > item(made, name).later_dollars == 0


def test_no_more_variants_are_generated_than_there_are_views():
    assert item(estimate(replace(EXAMPLE, views=100)), "API Gateway").first_amount == (
        usage.API_CALLS_PER_UPLOAD * 10_000 + 100
    )


def test_a_view_that_misses_the_edge_reads_the_bucket_once():
    hits, misses = (estimate(replace(EXAMPLE, hit_rate=rate, variants=0.001)) for rate in (1.0, 0.0))

    more = item(misses, "S3 reads").first_amount - item(hits, "S3 reads").first_amount
    assert more == pytest.approx(1_000_000 - 10)


def test_egress_gets_cheaper_with_its_volume():
    area = prices.VIEWER_AREAS["north-america"]

    assert area.egress(10_000) == pytest.approx(850)
    assert area.egress(60_000) == pytest.approx(850 + 40_000 * 0.080 + 10_000 * 0.060)


def test_refinement_costs_compute_and_saves_egress():
    refined, plain = (estimate(replace(EXAMPLE, refined=share)) for share in (0.5, 0.0))

    def more(name):
        return item(refined, name).first_amount - item(plain, name).first_amount

    assert more("Lambda time") == pytest.approx(25_000 * FUNCTIONS["refine"].gb_seconds)
    assert more("S3 writes and lists") == pytest.approx(25_000)
    assert more("CloudFront egress") == pytest.approx(-0.05 * 50e9 / usage.GB)


def test_a_stored_gb_is_the_same_everywhere():
    made = estimate(Traffic(uploads=1, megabytes=usage.GB / usage.MB))

    assert item(made, ORIGINALS).first_amount == pytest.approx(1)
    assert item(made, ORIGINALS).first_dollars == StoredFiles(1, bytes=2**30, ingest_s=0, variant_s=0).month_usd()


def test_no_traffic_is_counted_twice():
    made = estimate(EXAMPLE)

    names = [each.name for each in (*made.items, *made.fixed)]
    assert len(names) == len(set(names))
    assert made.total() == pytest.approx(sum(each.first_dollars for each in (*made.items, *made.fixed)))
    assert {ORIGINALS, REKOGNITION} <= set(names)


def test_memory_of_functions_is_that_of_their_specifications():
    assert {name: work.memory_mb for name, work in FUNCTIONS.items()} == {
        name: SPECIFICATIONS[name].size.memory_mb for name in FUNCTIONS
    }


@pytest.mark.parametrize("name", ["optimize", "blur", "serve"])
def test_cpu_times_are_those_measured(measured, name):
    assert FUNCTIONS[name].core_seconds * 1_000 == pytest.approx(measured["core_ms"][name], rel=BAND)


def test_the_cpu_time_of_an_animation_is_the_one_measured(measured):
    milliseconds = usage.ANIMATION_CORE_SECONDS * 1_000
    assert milliseconds == pytest.approx(measured["core_ms"]["animation"], rel=BAND)


def test_the_share_of_stored_bytes_is_the_one_measured(measured):
    share = usage.PUBLISHED_SHARE
    assert share == pytest.approx(measured["stored_share"], rel=SHARE_BAND)


@pytest.mark.parametrize(
    ("engine", "seconds"), [("sharp", peers.SHARP_CORE_SECONDS), ("pyvips", peers.LIBVIPS_CORE_SECONDS)]
)
def test_the_times_of_peers_are_those_of_the_benchmark(compared, engine, seconds):
    assert seconds * 1_000 == pytest.approx(compared(engine), rel=BAND)


def test_a_clean_upload_takes_at_most_twelve_writes():
    assert UPLOADS[Kind.CLEAN].s3_puts + UPLOADS[Kind.CLEAN].s3_lists <= 12


def test_peers_compute_each_view_that_misses_the_edge():
    few, many = (peers.compare(replace(EXAMPLE, hit_rate=rate, variants=1)) for rate in (0.9, 0.5))

    assert many[1].compute == pytest.approx(5 * few[1].compute)  # DIT
    assert many[0].compute == pytest.approx(few[0].compute)  # image-scaler


def test_the_page_has_the_tables_of_the_model():
    text = costs_page.PAGE.read_text(encoding="utf-8")

    assert costs_page.page(text) == text
    assert all(f"<!-- {table}: begin -->" in text for table in tables.TABLES)


def test_every_price_has_a_source():
    listed = [each for each in vars(prices).values() if isinstance(each, prices.Price)]

    assert len(listed) > 20
    assert all(each.source and each.dollars > 0 for each in listed)
