"""Stages: what can be set, what contradicts itself, and that names in the code and in the deployment are the same."""

from dataclasses import replace

import pytest

from cdk import names
from cdk.config import (
    FEWEST_MODERATION_VIEWS,
    LONGEST_UPLOADED_SIDE_PX,
    MOST_BLUR_CELLS,
    MOST_MODERATION_VIEWS,
    MOST_UPLOADED_PIXELS,
    STAGES,
    Blur,
    CommonVariants,
    ConfigError,
    Limits,
    WarmStart,
    stage_config,
)
from cdk.constructs import storage, table
from cdk.packaging import PACKAGES
from functions.imaging import views
from functions.imaging.blurring import BLURS, DEFAULT_BLUR
from functions.moderate import moderation
from functions.optimize import settings
from functions.optimize.originals import REJECTED_TAGS
from functions.optimize.settings import OptimizeSettings
from functions.remove.sweeping import BUDGET_SECONDS
from functions.shared import keys
from functions.shared.observability import NAMESPACE


def test_the_stages_are_two_local_ones_dev_and_prod():
    assert list(STAGES) == ["local", "local-v1", "dev", "prod"]
    assert replace(STAGES["local-v1"], name="local", delivery="v2") == STAGES["local"]


@pytest.mark.parametrize("stage", STAGES)
def test_memory_has_a_third_to_spare_over_what_the_largest_pictures_take(stage):
    functions = STAGES[stage].functions

    assert functions["optimize"].memory_mb == 3008  # docs/memory.md: 1461 MiB
    assert functions["blur"].memory_mb == 2400  # 325 MiB


def test_an_unknown_stage_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match="no stage 'test'; there are local, local-v1, dev, prod"):
        stage_config("test")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"warm_start": WarmStart.PROVISIONED}, "provisioned_concurrency"),
        ({"provisioned_concurrency": 1}, "provisioned_concurrency"),
        ({"runs_on_emulator": True, "warm_start": WarmStart.SNAPSTART}, "snapstart"),
        ({"domain_name": "images.example"}, "certificate_arn"),
        ({"allowed_origins": ("*", "https://app.example")}, "allowed_origins"),
        ({"allowed_origins": ("https://*.app.example",)}, "allowed_origins"),
        ({"keep_metadata": ("gps",)}, "keep_metadata"),
        ({"max_moderation_views": FEWEST_MODERATION_VIEWS - 1}, "max_moderation_views is from 8 to 128"),
        ({"max_moderation_views": MOST_MODERATION_VIEWS + 1}, "max_moderation_views is from 8 to 128"),
        ({"blur_cells": 0}, "blur_cells is 1 to 8"),
        ({"blur_cells": 9}, "blur_cells is 1 to 8"),
        ({"prewarm": CommonVariants(widths=(640,))}, "prewarm takes widths and formats"),
        ({"prewarm": CommonVariants(widths=(3841,), formats=("webp",))}, "from 1 to 3840"),
        ({"prewarm": CommonVariants(widths=(640,), formats=("tiff",))}, "prewarm takes the formats"),
        ({"limits": Limits(max_pixels=MOST_UPLOADED_PIXELS + 1)}, "max_pixels is at most 89478485"),
        ({"limits": Limits(max_side_px=LONGEST_UPLOADED_SIDE_PX + 1)}, "max_side_px is at most 16384"),
        ({"limits": Limits(max_frames=0)}, "max_frames must be 1 or more"),
        ({"functions": {}}, "functions"),
    ],
)
def test_settings_that_contradict_one_another_are_refused(change, fault):
    with pytest.raises(ConfigError, match=fault):
        replace(STAGES["dev"], **change)


def test_all_faults_are_reported_together():
    with pytest.raises(ConfigError, match=r"provisioned_concurrency.*; .*certificate_arn"):
        replace(STAGES["dev"], warm_start=WarmStart.PROVISIONED, domain_name="images.example")


def test_default_limits_are_the_documented_ones():
    assert Limits().as_environment() == {
        "MAX_BYTES": str(64 * 1024 * 1024),
        "MAX_PIXELS": "64000000",
        "MAX_SIDE_PX": "16384",
        "MAX_FRAMES": "256",
        "MAX_ANIMATION_PIXELS": "256000000",
        "MAX_DECODE_SECONDS": "30",
    }


def test_the_largest_limits_of_a_stage_are_those_that_the_function_starts_with():
    largest = Limits(max_pixels=MOST_UPLOADED_PIXELS, max_side_px=LONGEST_UPLOADED_SIDE_PX)

    taken = OptimizeSettings.from_environment({"STAGING_BUCKET": "staging", **largest.as_environment()}).limits

    assert (taken.max_pixels, taken.max_side_px) == (MOST_UPLOADED_PIXELS, LONGEST_UPLOADED_SIDE_PX)


def test_a_stage_judges_as_many_views_as_the_functions_take():
    assert (FEWEST_MODERATION_VIEWS, MOST_MODERATION_VIEWS) == (views.MOST_LOOKS, settings.MOST_VIEWS)
    assert {stage.max_moderation_views for stage in STAGES.values()} == {views.DEFAULT_MAX_VIEWS}


@pytest.mark.parametrize("name", STAGES)
def test_the_most_views_are_judged_long_before_moderate_gives_up(name):
    """A call takes half a second; twice that must do."""
    seconds = MOST_MODERATION_VIEWS / moderation.PARALLEL_CALLS * 1.0

    assert seconds <= STAGES[name].functions["moderate"].timeout_seconds / 2


def test_every_blur_of_a_stage_is_one_that_the_function_knows():
    names = {
        replace(STAGES["prod"], blur=kind, blur_cells=cells).blur_name
        for kind in Blur
        for cells in range(1, MOST_BLUR_CELLS + 1)
    }

    assert names == set(BLURS)
    assert STAGES["prod"].blur_name == str(DEFAULT_BLUR)


def test_default_retention_and_cache_times_are_the_documented_ones():
    prod = STAGES["prod"]

    assert (prod.staging_days, prod.rejected_days) == (30, 30)
    assert (prod.shared_max_age_seconds, prod.browser_max_age_seconds) == (31_536_000, 3_600)


@pytest.mark.parametrize("name", STAGES)
def test_a_sweep_stops_long_before_its_function_is_stopped(name):
    assert STAGES[name].functions["remove"].timeout_seconds >= 2 * BUDGET_SECONDS


@pytest.mark.parametrize("name", STAGES)
def test_serve_answers_before_api_gateway_gives_up(name):
    limit = 29

    assert STAGES[name].functions["serve"].timeout_seconds < limit


def test_names_of_the_deployment_are_those_of_the_code():
    assert {*names.FUNCTIONS, *names.EDGE_FUNCTIONS} == set(PACKAGES)
    assert table.LISTING_INDEX == keys.LISTING_INDEX
    assert dict([storage.REJECTED_TAG]) == REJECTED_TAGS


def test_metrics_go_to_the_namespace_that_the_functions_use():
    assert names.METRICS_NAMESPACE == NAMESPACE
