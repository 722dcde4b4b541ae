"""``image-scaler estimate`` needs no stage: it prints a table, or one document, and names a wrong option."""

import json

import pytest
from typer.testing import CliRunner

from image_scaler import cli
from image_scaler.cli.app import ExitCode


def run(*arguments):
    return CliRunner().invoke(cli.app, ["estimate", *arguments])


def test_it_prints_each_item_for_the_first_and_for_a_later_month():
    done = run("--uploads", "10000", "--megabytes", "3", "--views", "1000000")

    assert (done.exit_code, done.stderr) == (0, "")
    lines = {line[:45].strip(): line.split()[-2:] for line in done.stdout.splitlines() if line}
    assert lines["CloudFront egress"] == ["3.64", "3.64"]
    assert {"Step Functions", "storage of originals", "fixed, per stage", "total"} <= set(lines)


def test_json_has_amounts_and_dollars_whose_sum_is_the_total():
    document = json.loads(run("--uploads", "10000", "--views", "1000000", "--json").stdout)

    assert document["traffic"]["uploads"] == 10_000
    summed = sum(each["first_usd"] for each in (*document["items"], *document["fixed"]))
    assert document["total"]["first"] == pytest.approx(summed, abs=0.01)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--uploads", "-1"), "--uploads must be a number of at least 0"),
        (("--uploads", "0", "--views", "10"), "--views needs --uploads"),
        (("--uploads", "1", "--region", "mars"), "--region must be one of us-east-1"),
    ],
)
def test_a_wrong_option_is_a_usage_error_that_names_it(arguments, message):
    done = run(*arguments)

    assert done.exit_code == ExitCode.USAGE
    assert message in done.stderr
    assert json.loads(run(*arguments, "--json").stderr)["exit_code"] == ExitCode.USAGE
