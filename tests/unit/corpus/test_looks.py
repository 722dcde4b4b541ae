"""Every good upload of the corpus through ingest and rendering; tests/emulator sends some through the pipeline."""

import pytest

from functions.imaging.ingest import ingest_here
from functions.imaging.limits import DEFAULT_LIMITS
from functions.imaging.storing import store_picture
from functions.shared.variant import Sizes, parse_query
from functions.variants.rendering import render
from functions.variants.sources import source_for
from tests.corpus.cases import CASES
from tests.corpus.looks import differences
from tests.fakes.memory_store import MemoryStore


@pytest.mark.parametrize("case", [case for case in CASES if not case.is_refused], ids=lambda case: case.name)
def test_a_good_upload_looks_as_it_should(case):
    ingested = ingest_here(case.build(), case.content_type, DEFAULT_LIMITS)
    store = MemoryStore()
    stored = store_picture(ingested.picture, store=store, bucket="", prefix="")
    query = {name: str(value) for name, value in case.expected.variant.items()}
    variant = parse_query(query.items(), accept="*/*", sizes=Sizes.LADDER).variant

    served = render(store[source_for(stored, variant).key], variant, stored)

    assert (ingested.width, ingested.height) == (case.expected.original or case.expected.size)
    assert differences(case.expected, served.body, served.content_type) == []
