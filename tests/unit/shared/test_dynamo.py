"""DynamoDB's typed form and back, held against boto3's own converter."""

import math
from decimal import Decimal

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.dynamo import from_item, from_value, to_item, to_value
from functions.shared.status import Status

NUMBERS = st.integers(-(10**37), 10**37) | st.floats(allow_nan=False, allow_infinity=False, width=32)
VALUES = st.recursive(
    st.none() | st.booleans() | st.text() | NUMBERS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def as_boto3_takes_it(value):
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, dict):
        return {key: as_boto3_takes_it(each) for key, each in value.items()}
    if isinstance(value, list):
        return [as_boto3_takes_it(each) for each in value]
    return value


@given(VALUES)
def test_a_value_comes_back_as_it_was(value):
    assert from_value(to_value(value)) == value


@given(VALUES)
def test_boto3_reads_what_is_written_here(value):
    assert TypeDeserializer().deserialize(to_value(value)) == as_boto3_takes_it(value)


@given(VALUES)
def test_what_boto3_writes_is_read_here(value):
    assert from_value(TypeSerializer().serialize(as_boto3_takes_it(value))) == value


@pytest.mark.parametrize(("text", "number"), [("7", 7), ("97.4", 97.4), ("97.0", 97), ("1E+2", 100), ("-0.5", -0.5)])
def test_whole_numbers_are_int_and_others_float(text, number):
    read = from_value({"N": text})

    assert (read, type(read)) == (number, type(number))


def test_attributes_that_are_none_are_left_out():
    assert to_item({"a": None, "b": False, "c": 0, "d": ""}) == {"b": {"BOOL": False}, "c": {"N": "0"}, "d": {"S": ""}}


def test_words_of_an_enumeration_are_written_as_text():
    typed = to_value(Status.PUBLISHED)

    assert typed == {"S": "PUBLISHED"}
    assert type(typed["S"]) is str


def test_tuples_are_lists():
    assert from_value(to_value((1, "a"))) == [1, "a"]


@pytest.mark.parametrize("value", [math.nan, math.inf, b"bytes", {1, 2}, object()])
def test_what_has_no_form_here_is_refused(value):
    with pytest.raises(TypeError, match="cannot be stored"):
        to_value(value)


def test_a_type_that_is_not_used_here_is_refused():
    with pytest.raises(TypeError, match="type SS"):
        from_item({"a": {"SS": ["x"]}})


def test_dynamodb_takes_it(aws):
    aws.put_item({"pk": "p", "sk": "s", "confidence": 97.29618072509766, "labels": [{"name": "Violence", "level": 1}]})

    assert aws.items("p")["s"]["confidence"] == 97.29618072509766
