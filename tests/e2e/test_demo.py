"""`make demo`: every sample ends as its manifest says, and there is a page to look at."""

from pathlib import Path

import pytest
from rich.console import Console

from local.console import Progress
from local.demo.run import run_demo
from local.demo.samples import SAMPLES, read_samples
from local.workspace import Workspace


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def result(deployed, deployed_v1, home):
    return run_demo(deployed.outputs, deployed_v1.outputs, Workspace(home), Progress(quiet=True))


def test_every_sample_has_the_outcome_that_its_manifest_expects(result):
    assert {run.sample.file: (run.status, run.record.get("reason"), [each.status for each in run.variants])
            for run in result.surprises} == {}  # fmt: skip


def test_the_last_lines_count_events_ways_and_outcomes(result):
    console = Console(width=200, record=True, quiet=False, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115
    result.print_end(console)
    console.file.close()

    events, by_way, last = console.export_text().splitlines()[-3:]

    assert last == "demo: 22 uploaded, 14 published, 3 blurred, 4 rejected, 51 served"
    assert by_way == "uploaded by API 8, PUT 8, POST 6"
    assert events == "events by webhook: image.blocked 1, image.blurred 3, image.published 14, image.rejected 4"


def test_the_contact_sheet_shows_every_picture_before_and_after(result, home):
    page = (home / "contact-sheet" / "index.html").read_text()

    assert page.count("<article") == len(result.runs)
    assert page.count("<figure>") == len(result.runs) + sum(len(run.variants) for run in result.runs)
    assert len(list((home / "contact-sheet" / "images").iterdir())) == page.count("<figure>")


def test_the_samples_are_varied_small_and_every_one_has_a_source_and_a_licence():
    samples = read_samples()

    assert {sample.expected for sample in samples} == {"PUBLISHED", "BLURRED", "BLOCKED", "REJECTED"}
    assert "a b+c%25é.jpg" in {sample.file for sample in samples}
    assert all(sample.source and sample.licence and sample.shows for sample in samples)
    assert {sample.path for sample in samples} == set(Path(SAMPLES, "images").iterdir())
    assert all(sample.path.stat().st_size < 400_000 for sample in samples)
