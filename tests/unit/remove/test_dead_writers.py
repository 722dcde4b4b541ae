"""A process that stores a variant may die at any call while its image changes; a deletion removes what it left."""

import itertools
from contextlib import suppress

import pytest

from functions.records.reader import RecordReader
from functions.shared.object_store import S3ObjectStore
from functions.shared.variant import Sizes, parse_query
from functions.variants.errors import ImageChangedError
from functions.variants.rendering import RenderedVariant
from functions.variants.settings import VariantSettings
from functions.variants.store import VariantStore
from tests.fakes.aws import ENVIRONMENT, GENERATED, TABLE
from tests.fakes.faults import hooked
from tests.unit.remove.conftest import ALL, IMAGE_ID

CALLS = 4
"""A writer reads the record, stores the variant, reads the record again, and deletes the variant if it changed."""
VARIANT = parse_query([("width", "320"), ("format", "webp")], accept="", sizes=Sizes.LADDER).variant


class Killed(BaseException):
    """Stands for the death of the process; nothing catches it."""


@pytest.fixture
def variants(aws, clients):
    return VariantStore(
        VariantSettings.from_environment(ENVIRONMENT),
        store=S3ObjectStore(clients["s3"]),
        records=RecordReader(TABLE, clients["dynamodb"]),
        max_body_bytes=None,
    )


class Scene:
    """Changes the image before one call of the writer, and kills the writer directly before or after a call."""

    def __init__(self, change, change_at, die_at, *, answered):
        self._change, self._change_at, self._die_at, self._answered = change, change_at, die_at, answered
        self._number = -1
        self.killed = False

    def started(self, **_kwargs):
        self._number += 1
        if self._number == self._change_at:
            self._quietly_change()
        if not self._answered:
            self._die()

    def ended(self, **_kwargs):
        if self._answered:
            self._die()

    def _quietly_change(self):
        change, self._change = self._change, lambda: None
        number = self._number
        change()
        self._number = number

    def _die(self):
        if self._number == self._die_at:
            self.killed = True
            raise Killed


@pytest.mark.parametrize("answered", [False, True], ids=["before the call", "after the call"])
@pytest.mark.parametrize("change", ["removed", "replaced"])
def test_everything_that_a_dead_writer_left_is_deleted(world, delete, variants, clients, *, change, answered):
    s3, dynamodb = clients["s3"], clients["dynamodb"]
    changed = world.removed if change == "removed" else lambda: world.record("PUBLISHED", revision=2)
    deaths = 0
    for change_at, die_at in itertools.product(range(CALLS), range(CALLS)):
        world.record("PUBLISHED", revision=1)
        record = RecordReader(TABLE, dynamodb).get(IMAGE_ID)
        scene = Scene(changed, change_at, die_at, answered=answered)
        with (
            hooked(s3, "before-call", scene.started),
            hooked(dynamodb, "before-call.dynamodb.GetItem", scene.started),
            hooked(s3, "after-call", scene.ended),
            hooked(dynamodb, "after-call.dynamodb.GetItem", scene.ended),
            suppress(Killed, ImageChangedError),
        ):
            variants.put(record, VARIANT, RenderedVariant(b"picture", "image/webp", {}))
        deaths += scene.killed

        changed()  # the writer may have died before the change
        delete(*(ALL if change == "removed" else ["superseded"]))

        assert world.files()[GENERATED] == [], (change_at, die_at)
    assert deaths >= 10  # fewer than all pairs: some writers finish before the call at which they would die


def test_without_a_deletion_a_dead_writer_leaves_a_variant(world, variants, clients):
    world.record("PUBLISHED", revision=1)
    record = RecordReader(TABLE, clients["dynamodb"]).get(IMAGE_ID)

    def die(**_kwargs):
        raise Killed

    with hooked(clients["s3"], "after-call.s3.PutObject", die), pytest.raises(Killed):
        variants.put(record, VARIANT, RenderedVariant(b"picture", "image/webp", {}))

    assert len(world.files()[GENERATED]) == 1
