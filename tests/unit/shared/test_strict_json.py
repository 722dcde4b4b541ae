"""JSON that clients send: what is accepted is what it says, and every other text is refused with its fault."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.shared.errors import InvalidJsonError
from functions.shared.problem import json_text, problem
from functions.shared.strict_json import MAX_LEVELS, parsed_json
from tests.counted import counted
from tests.fakes import hostile_json

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(plain)
def test_a_value_is_read_as_it_was_written(value):
    assert parsed_json(json.dumps(value)) == value
    assert parsed_json(json.dumps(value, ensure_ascii=False).encode()) == value


@settings(max_examples=counted(usual=150, long=20_000), deadline=None)
@given(hostile_json.bodies)
def test_every_other_text_is_refused_and_what_is_read_can_be_written(body):
    try:
        value = parsed_json(body)
    except InvalidJsonError:
        return
    json.dumps(value, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("text", "member"),
    [
        ('{"a": 1, "a": 1}', "a"),
        ('[{"b": {"c": 1, "a": 2, "\\u0061": 3}}]', "a"),
        (hostile_json.an_object([("x" * 100, "1")] * 2), "x" * 64),
        ("{" + ",".join(f'"{number}": 1' for number in range(30_000)) + ', "7": 1}', "7"),
    ],
    ids=["twice", "inside", "long", "among many"],
)
def test_a_repeated_member_is_named(text, member):
    with pytest.raises(InvalidJsonError) as raised:
        parsed_json(text)

    assert (raised.value.member, raised.value.fault) == (member, "is repeated in an object")


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
@pytest.mark.parametrize("levels", [MAX_LEVELS + 1, 951, 952, 100_000])
def test_the_depth_is_bounded(opening, closing, levels):
    parsed_json(opening * MAX_LEVELS + "1" + closing * MAX_LEVELS)

    with pytest.raises(InvalidJsonError, match="must not be nested deeper than 32 levels"):
        parsed_json(opening * levels + "1" + closing * levels)


@pytest.mark.parametrize("text", ['"\\ud800"', '["\\udfff\\ud800"]', '{"\\udcff": 1}', '"\udcff"'])
def test_a_lone_surrogate_is_refused(text):
    with pytest.raises(InvalidJsonError, match="lone surrogate"):
        parsed_json(text)


@pytest.mark.parametrize("body", [b'"\xff"', b"\xed\xa0\x80", "\ufeff1".encode(), '"a"'.encode("utf-16"), b"", b"1 2"])
def test_what_is_not_utf_8_or_not_json_is_refused(body):
    with pytest.raises(InvalidJsonError, match="is not JSON"):
        parsed_json(body)


@given(st.text(st.characters()))
def test_a_response_never_contains_a_lone_surrogate(text):
    for written in (json_text({text: text}), problem(400, text, text, field=text, more=[text])["body"]):
        written.encode("utf-8")
        json.dumps(json.loads(written), ensure_ascii=False).encode()
