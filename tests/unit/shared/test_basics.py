"""Settings, keys, the clock, and what importing a module loads."""

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared import keys
from functions.shared.clock import iso, now
from functions.shared.errors import SettingsError
from functions.shared.settings import EnvironmentReader

ID = "01JDFZ8Q6W4T3R2Y1X0V9B8N7M"


class Mode(StrEnum):
    ONE = "one"
    TWO = "two"


def test_settings_are_read_with_their_defaults():
    reader = EnvironmentReader({"A": "x", "N": "7", "M": "two"})

    assert (reader.text("A"), reader.text("B", "b"), reader.integer("N"), reader.integer("O", 9)) == ("x", "b", 7, 9)
    assert (reader.word("M", Mode, Mode.ONE), reader.word("L", Mode, Mode.ONE)) == (Mode.TWO, Mode.ONE)
    reader.finish()


def test_every_fault_is_named_with_what_is_allowed():
    reader = EnvironmentReader({"N": "many", "S": "0", "L": "11", "M": "three", "EMPTY": ""})
    reader.text("EMPTY")
    reader.integer("N")
    reader.integer("S")
    reader.integer("L", maximum=10)
    reader.integer("ABSENT")
    reader.word("M", Mode, Mode.ONE)

    with pytest.raises(SettingsError) as raised:
        reader.finish()

    assert str(raised.value).split("; ") == [
        "EMPTY is not set",
        "N is 'many'",
        "it must be a whole number from 1 up",
        "S is 0",
        "it must be a whole number from 1 up",
        "L is 11",
        "it must be a whole number from 1 to 10",
        "ABSENT is not set",
        "M is 'three'",
        "it must be one of one, two",
    ]


def test_lists_are_read_with_spaces_and_refused_whole():
    reader = EnvironmentReader({"A": "x, y", "N": "1,10", "B": "x,z", "T": "0,x", "L": "11"})

    assert (reader.words("A", ["x", "y"]), reader.words("NONE", ["x"])) == (("x", "y"), ())
    assert reader.integers("N", minimum=1, maximum=10) == (1, 10)
    assert reader.integers("NONE", minimum=1, maximum=10) == ()
    reader.finish()
    reader.words("B", ["x", "y"])
    reader.integers("T", minimum=1, maximum=10)
    reader.integers("L", minimum=1, maximum=10)

    with pytest.raises(SettingsError) as raised:
        reader.finish()

    assert str(raised.value).split("; ") == [
        "B is 'x,z'",
        "it must be some of x, y",
        "T is '0,x'",
        "it must be whole numbers from 1 to 10",
        "L is '11'",
        "it must be whole numbers from 1 to 10",
    ]


def test_the_process_s_environment_is_the_default(monkeypatch):
    monkeypatch.setenv("IMAGE_SCALER_TEST", "x")

    assert EnvironmentReader().text("IMAGE_SCALER_TEST") == "x"


def test_keys_are_spelled_as_documented():
    assert keys.original_key(ID) == f"uploads/{ID}/original"
    assert keys.revision_prefix(ID, 2) == f"{ID}/2/"
    assert keys.generated_key(ID, "fit=cover") == f"images/{ID}/fit=cover"
    assert keys.record_partition(ID) == f"IMAGE#{ID}"
    assert keys.removal_sort_key("2026-11-24T09:30:00.000Z") == "EVENT#2026-11-24T09:30:00.000Z#REMOVED"


def test_keys_of_history_items_are_unique_and_sort_by_time():
    at = ["2026-11-24T09:30:00.000Z", "2026-11-24T09:30:00.001Z"]
    written = [keys.event_sort_key(each, kind) for each in at for kind in ("VERDICT", "BLOCKED") * 500]

    assert written == sorted(set(written))
    assert {key.rpartition("#")[2] for key in written} == {"VERDICT", "BLOCKED"}


@pytest.mark.parametrize(
    "text", ["", ID.lower(), ID[:-1], ID + "0", "8" + ID[1:], ID[:-1] + "I", ID + "\n", ID[:-1] + "٣", "../" + ID[3:]]
)
def test_what_is_no_ulid_is_no_image_id(text):
    assert keys.is_ulid(ID)
    assert not keys.is_ulid(text)


def test_times_are_utc_with_milliseconds():
    moment = datetime(2026, 11, 24, 10, 30, 0, 123_999, tzinfo=timezone(timedelta(hours=1)))

    assert iso(moment) == "2026-11-24T09:30:00.123Z"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", now())


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_times_sort_as_texts(one, other):
    assert (iso(one) < iso(other)) <= (one < other)


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("functions.records.reader", {"boto3", "s3transfer", "multiprocessing", "pydantic", "aws_lambda_powertools"}),
        ("functions.shared.object_store", {"boto3", "s3transfer", "pydantic", "aws_lambda_powertools"}),
        ("functions.shared.contracts", {"botocore", "aws_lambda_powertools"}),
        ("functions.records.record", {"botocore", "aws_lambda_powertools"}),
        ("functions.policy.policy", {"botocore", "aws_lambda_powertools"}),
        ("functions.persist.publication", {"boto3", "pydantic", "aws_lambda_powertools"}),
    ],
)
def test_importing_brings_nothing_along_that_a_cold_start_would_pay_for(module, unwanted):
    program = f"import sys, {module}; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"

    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert unwanted.isdisjoint(loaded.split())
