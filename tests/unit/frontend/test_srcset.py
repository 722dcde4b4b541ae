"""Which sizes a page offers: one table for Python and for browsers, and the service's own arithmetic."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.imaging.geometry import place
from functions.shared.variant import LADDER, Sizes, parse_query
from image_scaler.srcset import WIDTHS, Step, steps

CASES = json.loads((Path(__file__).parents[2] / "cases" / "srcset.json").read_text())
SIDES = st.integers(min_value=1, max_value=3840)
RATIOS = st.none() | st.sampled_from([1, 4 / 3, 3 / 2, 16 / 9, 2, 3 / 4, 2 / 3, 9 / 16, 1 / 2])


def served(size, step):
    """Return the size of what the service answers for a step."""
    sides = [("width", step.width), *([("height", step.height)] if step.height else [])]
    asked = parse_query([(name, str(side)) for name, side in sides], accept="", sizes=Sizes.LADDER).variant
    return place(size, asked.width, asked.height, asked.fit, asked.position).canvas


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["rule"])
def test_python_offers_the_sizes_of_the_table(case):
    options = {name: case[name] for name in ("ratio", "widths") if name in case}

    assert steps(tuple(case["size"]), **options) == [Step(*step) for step in case["steps"]]


def test_browsers_offer_the_sizes_of_the_table(call):
    def options(case):
        return {name: case[name] for name in ("ratio", "widths") if name in case}

    results = call(*(("steps", [case["size"], options(case)]) for case in CASES))

    found = [[[step["width"], step.get("height"), step["servedWidth"]] for step in result] for result in results]
    assert found == [case["steps"] for case in CASES]


@given(width=SIDES, height=SIDES, ratio=RATIOS)
def test_every_entry_says_the_width_that_the_service_answers_with(width, height, ratio):
    offered = steps((width, height), ratio=ratio)

    assert offered
    for step in offered:
        assert abs(served((width, height), step)[0] - step.served_width) <= 1 + step.served_width // 48


@given(width=SIDES, height=SIDES, ratio=RATIOS)
def test_no_two_entries_are_the_same_picture(width, height, ratio):
    sizes = [served((width, height), step) for step in steps((width, height), ratio=ratio)]

    assert len(set(sizes)) == len(sizes)


def test_the_usual_widths_are_steps_of_the_service_and_the_same_in_browsers(call):
    assert set(WIDTHS) <= set(LADDER)
    (offered,) = call(("steps", []))
    assert [step["width"] for step in offered] == list(WIDTHS)


@pytest.mark.parametrize(
    ("size", "options"),
    [((0, 1), {}), ((1, -1), {}), ((1, 1), {"ratio": 0}), ((1, 1), {"widths": []}), ((1, 1), {"widths": [0]})],
)
def test_sizes_that_cannot_be_are_refused(size, options):
    with pytest.raises(ValueError, match="positive"):
        steps(size, **options)
