"""RemoveFiles through its handler: the document in, the document out, metrics."""

import pytest

from functions.shared.errors import ContractError
from tests.fakes.handlers import Function, emitted_metrics
from tests.unit.remove.conftest import ALL, IMAGE_ID


@pytest.fixture
def remove(aws, monkeypatch):
    return Function("remove", monkeypatch)


def test_a_deletion_tells_whether_it_is_done_and_how_much_it_deleted(world, remove, capsys):
    world.removed()
    world.fill()

    result = remove({"image_id": IMAGE_ID, "sweep": ALL, "then": "ANSWERS"})

    assert result == {"done": True, "deleted": 11, "after": ""}
    assert emitted_metrics(capsys.readouterr().out) == {"ItemsDeleted": [11]}


@pytest.mark.filterwarnings("ignore:No application metrics to publish")
@pytest.mark.parametrize(
    ("event", "named"),
    [
        ({"image_id": "../x", "sweep": ALL}, "not a ULID"),
        ({"image_id": IMAGE_ID}, "sweep"),
        ({"image_id": IMAGE_ID, "sweep": ["everything"]}, "everything"),
        ({"image_id": IMAGE_ID, "sweep": ["uploads"], "upload": {}}, "etag"),
        ({"image_id": IMAGE_ID, "sweep": ["revisions"], "revision": "first"}, "first"),
    ],
)
def test_a_broken_request_is_named(remove, event, named):
    with pytest.raises(ContractError, match=named):
        remove(event)
