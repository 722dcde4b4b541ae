"""Every real file through ingest and rendering; tests/emulator/test_files.py sends them through the pipeline."""

import pytest

from functions.imaging.ingest import ingest_here
from functions.imaging.limits import DEFAULT_LIMITS
from functions.imaging.refusal import RefusedPictureError
from functions.imaging.storing import store_picture
from functions.shared.variant import Sizes, parse_query
from functions.variants.rendering import render
from functions.variants.sources import source_for
from tests.corpus.files import real_files
from tests.fakes.memory_store import MemoryStore


def faults_of(file):
    try:
        ingested = ingest_here(file.body, file.declared, DEFAULT_LIMITS)
    except RefusedPictureError as refusal:
        return list(file.faults_of_refusal(refusal.reason.value, refusal.detail))
    store = MemoryStore()
    stored = store_picture(ingested.picture, store=store, bucket="", prefix="")
    served = {}
    for name in file.formats:
        query = {"format": name} if name else {}
        variant = parse_query(query.items(), accept="*/*", sizes=Sizes.LADDER).variant
        served[name] = render(store[source_for(stored, variant).key], variant, stored).body
    return list(file.faults_of_picture(served))


@pytest.mark.parametrize("file", [pytest.param(each, id=each.name) for each in real_files()])
def test_a_real_file_ends_as_a_client_expects(file):
    assert faults_of(file) == []
