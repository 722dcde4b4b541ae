"""Texts that clients write freely have only visible characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.visible_text import INVISIBLE, JOINERS, SIGNS, all_visible


@given(st.text(st.characters(categories=("L", "M", "N", "P", "S", "Zs"), exclude_characters="".join(INVISIBLE))))
def test_letters_marks_signs_and_spaces_are_visible(text):
    assert all_visible(text) == text


@given(
    st.text(),
    st.characters(categories=("Cc", "Cf", "Cs", "Zl", "Zp"), exclude_characters="".join(SIGNS | JOINERS))
    | st.sampled_from(sorted(INVISIBLE)),
    st.text(),
)
def test_an_invisible_character_is_refused_wherever_it_is(before, character, after):
    with pytest.raises(ValueError, match="must not contain"):
        all_visible(before + character + after)


@pytest.mark.parametrize("text", ["می\u200cخواهم", "👩\u200d🔬", "é\u200d" * 100_000 + "é"])
def test_joiners_are_visible_between_characters_that_they_join(text):
    assert all_visible(text) == text
