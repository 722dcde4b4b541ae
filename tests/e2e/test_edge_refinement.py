"""Through the edge: a first answer, the refined file that follows it, and a removal between the two."""

import json

from local import aws
from tests import pictures
from tests.e2e.edge import eventually, runs

QUERY = "width=480&format=webp"


def variant(deployed, image_id):
    """Return the stored variant of QUERY with its key; None if there is none."""
    for key in deployed.keys("generated", f"images/{image_id}/"):
        if key.endswith("format=webp,position=center,quality=auto,width=480"):
            return {"Key": key} | deployed.s3.get_object(Bucket=deployed.outputs.buckets["generated"], Key=key)
    return None


def refined(deployed, image_id):
    """Return the stored variant if it is refined."""
    found = variant(deployed, image_id)
    return found if found and "refined" in found["Metadata"] else None


def refine(deployed, stored):
    """Call refine with the event of a stored file, and return Lambda's response."""
    news = {"detail": {"object": {"key": stored["Key"], "etag": stored["ETag"].strip('"')}}}
    return aws.client("lambda", deployed.outputs).invoke(
        FunctionName=deployed.outputs.functions["refine"],
        Payload=json.dumps({"Records": [{"messageId": "again", "body": json.dumps(news)}]}),
    )


def test_a_refined_file_follows_the_first_answer_from_the_bucket_without_a_function_call(deployed, viewer):
    deployed.rekognition.reset()
    image_id = deployed.run(pictures.jpeg(1500, 1000)).image_id
    first = viewer.get(image_id, QUERY)
    eventually(lambda: refined(deployed, image_id))
    before = runs(deployed.outputs)["serve"]
    deployed.client.forget(image_id)  # as if ten minutes had passed

    second = eventually(lambda: answer if (answer := viewer.get(image_id, QUERY)).content != first.content else None)

    assert first.headers["cache-control"] == "public, max-age=3600, s-maxage=600"
    assert second.headers["cache-control"] == "public, max-age=3600, s-maxage=31536000"
    assert (second.status_code, second.headers["x-local-trace"]) == (200, "bucket 200")
    assert second.headers["content-type"] == "image/webp"
    assert len(second.content) < len(first.content)
    assert runs(deployed.outputs)["serve"] == before


def test_nothing_comes_back_of_an_image_removed_between_first_answer_and_refinement(deployed, viewer):
    deployed.rekognition.reset()
    image_id = deployed.run(pictures.jpeg(1500, 1000)).image_id
    with deployed.throttled("refine"):
        assert viewer.get(image_id, QUERY).status_code == 200
        first = variant(deployed, image_id)
        assert "refined" not in first["Metadata"]
        deployed.remove(image_id)

    assert "FunctionError" not in refine(deployed, first)

    assert deployed.keys("generated", f"images/{image_id}/") == []
    assert eventually(lambda: viewer.get(image_id, QUERY).status_code == 410)
