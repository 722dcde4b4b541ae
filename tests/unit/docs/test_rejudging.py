"""docs/rejudging.md has the table of the simulation, whose constants are those of what is deployed."""

import json

from benchmarks import rejudging
from functions.shared import aws
from functions.survey import library, manifest, surveying
from workflows import lint


def test_the_page_has_the_simulated_table():
    text = rejudging.PAGE.read_text(encoding="utf-8")

    assert [line for line in text.splitlines() if line.startswith("|")] == rejudging.table().splitlines()


def test_the_simulated_batches_are_those_of_survey():
    assert rejudging.RECORDS_PER_CALL == surveying.RECORDS_PER_CALL
    assert rejudging.RECORDS_PER_QUERY == library.RECORDS_PER_QUERY
    assert rejudging.KEYS_PER_READ == aws.KEYS_PER_READ
    assert rejudging.IMAGES_PER_BATCH == manifest.IMAGES_PER_BATCH


def test_the_simulated_maps_are_those_of_the_state_machine():
    states = json.loads((lint.DIRECTORY / "rejudge.asl.json").read_text(encoding="utf-8"))["States"]

    assert states["SurveyDays"]["MaxConcurrency"] == rejudging.DAYS_AT_ONCE
    assert states["ApplyParts"]["MaxConcurrency"] == rejudging.PARTS_AT_ONCE
