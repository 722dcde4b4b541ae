"""Images that failed for the same reason are resumed by one call."""

import pytest

from tests import pictures

WITHOUT_WORKERS = "optimize"


@pytest.fixture
def failed(pipeline):
    """Two images that failed because a function crashed."""
    with pipeline.always_dying(WITHOUT_WORKERS):
        uploads = [pipeline.upload(pictures.jpeg(300, 200, quality=80 + number)) for number in range(2)]
        ended = [pipeline.end_of(image_id) for image_id in uploads]
    assert [each.status for each in ended] == ["FAILED", "FAILED"]
    return ended


def test_failed_images_are_resumed_by_one_call_and_published(pipeline, failed):
    ids = {each.image_id for each in failed}
    since = min(pipeline.client.client.get(image_id).updated_at for image_id in ids)

    resumed = set(pipeline.client.client.resume("FAILED", since=since))

    assert resumed == ids
    pipeline.eventually(lambda: {pipeline.item(image_id)["status"] for image_id in ids} == {"PUBLISHED"})
    assert {pipeline.item(image_id)["last_revision"] for image_id in ids} == {2}
