"""A legal hold keeps every version of an original on the deployed stage, with the permissions of its functions."""

import pytest
from botocore.exceptions import ClientError

from tests import pictures


def test_a_hold_keeps_all_versions_until_it_is_released(pipeline):
    upload = pipeline.a_small_upload()
    ticket = pipeline.client.ask_for_upload(upload, "POST")
    image_id = ticket["id"]
    pipeline.send(ticket, upload)
    pipeline.end_of(image_id)
    bucket, key = pipeline.outputs.buckets["originals"], f"uploads/{image_id}/original"

    held = pipeline.client.client.set_legal_hold(image_id, enabled=True, reason="case 17")

    assert held.legal_hold
    lock = pipeline.s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
    assert lock["ObjectLockEnabled"] == "Enabled"
    assert "Rule" not in lock
    assert pipeline.client.delete(image_id).status_code == 409
    (version,) = pipeline.s3.list_object_versions(Bucket=bucket, Prefix=key)["Versions"]
    with pytest.raises(ClientError, match="AccessDenied"):
        pipeline.s3.delete_object(Bucket=bucket, Key=key, VersionId=version["VersionId"])

    pipeline.send(ticket, upload)  # the form is used again: the upload is not claimed, but kept
    pipeline.eventually(lambda: "SECOND_UPLOAD" in pipeline.history(image_id))
    assert len(pipeline.s3.list_object_versions(Bucket=bucket, Prefix=key)["Versions"]) == 2

    released = pipeline.client.client.set_legal_hold(image_id, enabled=False, reason="closed")
    assert not released.legal_hold
    pipeline.remove(image_id)
    assert pipeline.left_of(image_id) == []


def test_uploads_work_after_the_first_hold_of_a_stage(pipeline):
    image_id = pipeline.run(pictures.jpeg(300, 200)).image_id
    pipeline.client.client.set_legal_hold(image_id, enabled=True, reason="case 17")

    assert pipeline.run(pictures.jpeg(310, 200)).status == "PUBLISHED"

    pipeline.client.client.set_legal_hold(image_id, enabled=False, reason="closed")
    pipeline.remove(image_id)
