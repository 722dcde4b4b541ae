"""Texts that clients write freely have only visible characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.visible_text import INVISIBLE, JOINERS, SIGNS, all_visible, visible_lines


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


ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"


def test_tags_are_visible_in_a_flag_only():
    assert all_visible(f"to {ENGLAND}!") == f"to {ENGLAND}!"
    with pytest.raises(ValueError, match=r"U\+E0067"):
        all_visible(f"{ENGLAND} \U000e0067")


@pytest.mark.parametrize("text", ["one line", "two\nlines", "\n"])
def test_lines_may_be_broken_and_are_visible(text):
    assert visible_lines(text) == text
    with pytest.raises(ValueError, match="must not contain"):
        visible_lines(f"{text}\n\u202e")


@pytest.mark.parametrize("text", ["می\u200cخواهم", "👩\u200d🔬", "é\u200d" * 100_000 + "é"])
def test_joiners_are_visible_between_characters_that_they_join(text):
    assert all_visible(text) == text
