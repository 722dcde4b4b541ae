"""RemoveFiles through its handler: the document in, the document out, metrics, settings."""

import pytest

from functions.remove.settings import RemoveSettings
from functions.shared.errors import ContractError, SettingsError
from tests.fakes.handlers import Function, emitted_metrics
from tests.unit.remove.conftest import ALL, IMAGE_ID


@pytest.fixture
def remove(aws, monkeypatch):
    return Function("remove", monkeypatch)


def test_a_sweep_tells_whether_it_is_done_and_how_much_it_deleted(world, remove, capsys):
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


def test_all_missing_settings_are_named_at_once():
    with pytest.raises(SettingsError, match=r"ORIGINALS_BUCKET is not set; .*TABLE_NAME is not set"):
        RemoveSettings.from_environment({})
