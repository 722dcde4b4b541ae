"""What stored files cost, by hand-calculated examples."""

import pytest

from image_scaler.costs.storage import StoredFiles
from image_scaler.costs.usage import GB

FILES = StoredFiles(files=3, bytes=GB / 1_000, ingest_s=0.5, variant_s=0.02)


def test_each_file_is_written_twice():
    assert FILES.writes_usd() == pytest.approx(6 * 0.000_005)


def test_a_thousandth_of_a_gb_costs_a_thousandth_of_the_price_of_a_gb():
    assert FILES.month_usd() == pytest.approx(0.000_023)


def test_compute_is_billed_by_memory_and_time():
    assert FILES.ingest_usd() == pytest.approx(0.5 * 2.9375 * 0.000_013_333_4)
    assert FILES.variant_usd() == pytest.approx(0.02 * 1.727_54 * 0.000_013_333_4 + 0.000_000_4, rel=1e-4)


def test_the_total_is_what_is_paid_once_plus_months_plus_variants():
    once = FILES.total_usd(variants=0, months=0)

    assert once == pytest.approx(FILES.writes_usd() + FILES.ingest_usd())
    assert FILES.total_usd(variants=5, months=12) == pytest.approx(
        once + 12 * FILES.month_usd() + 5 * FILES.variant_usd()
    )
