"""Pictures that an older release has blurred are blurred again from their originals, once each."""

from itertools import islice

import pytest
from typer.testing import CliRunner

from image_scaler import cli
from image_scaler.operator.reblur import Reblurring
from tests import pictures
from tests.emulator.test_paths import WEAPON


@pytest.fixture
def blurred_before(pipeline):
    """Three blurred images whose records do not say how, as those of older releases."""
    pipeline.rekognition.set(labels=WEAPON)
    uploads = [pipeline.upload(pictures.jpeg(300, 200, quality=80 + number)) for number in range(3)]
    ids = [pipeline.end_of(image_id).image_id for image_id in uploads]
    for image_id in ids:
        pipeline.dynamodb.update_item(
            TableName=pipeline.outputs.table, Key={"pk": {"S": f"IMAGE#{image_id}"}, "sk": {"S": "RECORD"}},
            UpdateExpression="REMOVE picture.blur",
        )  # fmt: skip
    return ids


def test_a_stopped_run_continues_and_blurs_every_picture_once(pipeline, blurred_before, tmp_path, monkeypatch):
    (tmp_path / ".local").mkdir()
    pipeline.outputs.write(tmp_path / ".local" / "outputs.json")
    monkeypatch.chdir(tmp_path)

    (first,) = islice(Reblurring(pipeline.operator, at_a_time=1), 1)  # and no further
    rest = CliRunner().invoke(cli.app, ["reblur", "--at-a-time", "2"])
    again = CliRunner().invoke(cli.app, ["reblur"])

    assert (first.status, first.blur, first.execution_status) == ("BLURRED", "mosaic-4", "SUCCEEDED")
    assert {line.split(": ")[1] for line in rest.stdout.splitlines()} == {
        f"{image_id} BLURRED mosaic-4" for image_id in blurred_before if image_id != first.image_id
    }
    assert rest.stderr.splitlines() == ["reblur: 2 images are not blurred as mosaic-4", "reblur: BLURRED 2; 0 left"]
    assert (again.exit_code, again.stderr.splitlines()[-1]) == (0, "reblur: nothing to do; 0 left")
    for image_id in blurred_before:
        assert pipeline.item(image_id)["revision"] == 2
        assert {key.split("/")[1] for key in pipeline.keys("published", f"{image_id}/")} == {"2"}
        assert pipeline.history(image_id) == ["BLURRED", "BLURRED"]


def test_images_that_cannot_be_blurred_again_are_reported(pipeline, blurred_before):
    lost, *kept = blurred_before
    pipeline.s3.delete_object(Bucket=pipeline.outputs.buckets["originals"], Key=f"uploads/{lost}/original")

    ended = {
        image.image_id: (image.status, image.execution_status) for image in Reblurring(pipeline.operator, at_a_time=3)
    }

    assert ended == {lost: ("FAILED", "FAILED")} | dict.fromkeys(kept, ("BLURRED", "SUCCEEDED"))
