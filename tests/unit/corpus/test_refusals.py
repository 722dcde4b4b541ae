"""What an uploader is told when a file is refused: one fixed reason, and one whole sentence about this very file."""

import pytest

from functions.imaging.ingest import ingest_here
from functions.imaging.limits import DEFAULT_LIMITS
from functions.imaging.refusal import RefusedPictureError
from functions.shared.status import Reason
from tests.corpus.cases import CASES

REFUSED = [case for case in CASES if case.is_refused]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_a_refusal_has_its_reason_and_a_sentence_about_this_file(case):
    body = case.build()

    with pytest.raises(RefusedPictureError) as caught:
        ingest_here(body, case.content_type, DEFAULT_LIMITS)

    refusal = caught.value
    assert refusal.reason == case.expected.reason
    assert case.expected.fits(refusal.detail), refusal.detail
    assert refusal.detail.endswith(".")
    assert refusal.detail[0].isupper()
    assert 4 <= len(refusal.detail.split()) <= 30
    assert "Error" not in refusal.detail


def test_the_corpus_has_every_reason_and_no_sentence_serves_two_of_them():
    by_sentence: dict[str, set[str]] = {}
    for case in REFUSED:
        by_sentence.setdefault(case.expected.detail, set()).add(case.expected.reason)

    assert {case.expected.reason for case in REFUSED} == set(Reason)
    assert all(len(reasons) == 1 for reasons in by_sentence.values())


def test_each_case_of_the_corpus_has_a_name_of_its_own():
    names = [case.name for case in CASES]

    assert sorted(names) == sorted(set(names))
