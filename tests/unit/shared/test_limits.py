"""Limits travel from a stage to a function as variables; both sides refuse the same values."""

from dataclasses import replace

import pytest

from functions.shared.errors import SettingsError
from functions.shared.limits import MAX_PIXELS, UploadLimits
from functions.shared.settings import EnvironmentReader

CHANGED = UploadLimits(max_bytes=1, max_pixels=2, max_side_px=3, max_frames=4, max_animation_pixels=5)


@pytest.mark.parametrize("limits", [UploadLimits(), CHANGED, UploadLimits(max_pixels=MAX_PIXELS)])
def test_limits_are_the_same_after_they_have_been_variables(limits):
    reader = EnvironmentReader(limits.as_environment())

    assert UploadLimits.read(reader) == limits
    reader.finish()
    assert limits.faults() == []


@pytest.mark.parametrize(
    ("limit", "value"), [("max_bytes", 0), ("max_frames", 0), ("max_pixels", MAX_PIXELS + 1), ("max_side_px", 16_385)]
)
def test_what_a_stage_refuses_a_function_does_not_start_with(limit, value):
    wrong = replace(UploadLimits(), **{limit: value})
    reader = EnvironmentReader(wrong.as_environment())
    UploadLimits.read(reader)

    assert [fault.split()[0] for fault in wrong.faults()] == [f"limits.{limit}"]
    with pytest.raises(SettingsError, match=f"^{limit.upper()} is {value};"):
        reader.finish()
