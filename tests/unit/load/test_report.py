"""What is published: the tables of docs/scale.md are those of benchmarks/load.json."""

import json

import pytest

from benchmarks.load import report
from benchmarks.load.designs import in_flight_of
from benchmarks.load.quotas import ACCOUNTS
from benchmarks.load.result import Result
from benchmarks.load.scenarios import tables


@pytest.fixture(scope="module")
def results():
    return json.loads(report.RESULTS.read_text(encoding="utf-8"))


def test_the_page_has_the_tables_of_the_results(results):
    text = report.PAGE.read_text(encoding="utf-8")

    assert report.page(text, results) == text


def test_the_results_are_those_of_the_scenarios(results):
    made = tables(largest=100_000, seed=results["seed"])

    assert {table.key: len(table.scenarios) for table in made} == {
        key: len(rows) for key, rows in results["tables"].items()
    }


def test_the_design_that_was_chosen_fails_and_holds_nothing_in_any_run(results):
    rows = [Result(**row) for table in results["tables"].values() for row in table]
    chosen = [row for row in rows if row.design == "queue, starts and waits"]

    assert {row.account for row in chosen} == {"new", "small", "default", "emulator"}
    assert [row for row in chosen if row.judged != row.uploads] == []


def test_the_page_says_how_many_may_be_at_work_in_each_account():
    text = report.PAGE.read_text(encoding="utf-8")

    for account in ACCOUNTS:
        row = f"| {account.concurrency:,} | {account.detector_calls_per_second} | {in_flight_of(account)} |"
        assert row in text


@pytest.mark.parametrize(("seconds", "text"), [(None, ""), (4.24, "4.2 s"), (310.4, "310 s"), (12_600, "3.5 h")])
def test_times_are_written_as_a_reader_takes_them_in(seconds, text):
    assert report.duration(seconds) == text
