"""A library of release 0.1.0 is migrated: its records get into lists, and nothing of it is lost.

previous_release/library.json was written by the code of 0.1.0: the items of its table, and the files of its buckets,
with a rendition at each width of the ladder.
"""

import base64
import json
from itertools import islice
from pathlib import Path

import pytest
from typer.testing import CliRunner

from image_scaler import cli
from image_scaler.operator.migrate import Migration

LIBRARY = json.loads((Path(__file__).parent / "previous_release" / "library.json").read_text(encoding="utf-8"))
IMAGES = LIBRARY["images"]


@pytest.fixture
def library(pipeline, tmp_path, monkeypatch):
    """Write the library into the running stage, and let the command find that stage."""
    for item in LIBRARY["items"]:
        pipeline.dynamodb.put_item(TableName=pipeline.outputs.table, Item=item)
    for name, body in LIBRARY["files"].items():
        bucket, _, key = name.partition("/")
        pipeline.s3.put_object(
            Bucket=pipeline.outputs.buckets[bucket], Key=key, Body=base64.b64decode(body), ContentType="image/jpeg"
        )
    (tmp_path / ".local").mkdir()
    pipeline.outputs.write(tmp_path / ".local" / "outputs.json")
    monkeypatch.chdir(tmp_path)
    return {image_id: pipeline.items(image_id) for image_id in IMAGES.values()}


def listed(pipeline, **query):
    """Return the images of the library in a list, by name."""
    names = {image_id: name for name, image_id in IMAGES.items()}
    return {names[image.id] for image in pipeline.client.client.list(**query) if image.id in names}


def test_a_library_of_the_previous_release_is_migrated_with_nothing_lost(pipeline, library):
    assert listed(pipeline) == set()

    first = list(islice(Migration(pipeline.operator), 2))  # and no further
    rest = CliRunner().invoke(cli.app, ["migrate", "--json"])
    again = CliRunner().invoke(cli.app, ["migrate"])

    assert rest.exit_code == again.exit_code == 0, rest.stderr
    migrated = {each.image_id for each in first if each.written} | {
        json.loads(line)["id"] for line in rest.stdout.splitlines()
    }
    assert migrated >= set(IMAGES.values())
    assert again.stderr.splitlines()[-1].startswith("migrate: 0 of ")
    assert f"{IMAGES['held']}: its legal hold has no lock" in rest.stderr
    for image_id, before in library.items():
        after = pipeline.items(image_id)
        assert {name: after["RECORD"].get(name) for name in before["RECORD"]} == before["RECORD"]
        assert {key: after.get(key) for key in before.keys() - {"RECORD"}} == {
            key: item for key, item in before.items() if key != "RECORD"
        }
    assert listed(pipeline) == {"blurred", "blocked", "awaiting", "rejected", "held"}
    assert listed(pipeline, tenant="acme") == {"published"}
    assert listed(pipeline, owner="alice") == {"blurred"}
    assert listed(pipeline, status="REMOVED") == {"removed"}
    assert listed(pipeline, verdict="block") == {"blocked"}
    assert listed(pipeline, label="Weapon Violence") == {"blurred", "blocked"}
    facts = library[IMAGES["held"]]["RECORD"]["facts"]
    assert listed(pipeline, sha256=facts["sha256"]) == {"held"}


def test_pictures_of_the_previous_release_are_served_from_their_files_and_stay_removable(pipeline, library):
    CliRunner().invoke(cli.app, ["migrate"])

    for name in ("published", "blurred", "held"):
        answer = pipeline.client.variant(IMAGES[name], width=256, format="webp")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
    assert pipeline.client.variant(IMAGES["blocked"], width=256).status_code == 451
    removed = list(pipeline.client.client.delete_owner("alice", tenant="acme"))
    assert removed == [IMAGES["published"]]
    pipeline.removed(IMAGES["published"])
    assert pipeline.left_of(IMAGES["published"]) == []
    assert set(pipeline.items(IMAGES["published"])) & {"ENTRY#OWNER", "ENTRY#TENANT", "LABELS"} == set()
