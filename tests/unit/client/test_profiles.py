"""Profiles: which one is used, what a file may say, and that every mistake is told with its place."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from image_scaler.profiles import Profile, ProfileError, load_profile, profile_names
from tests.fakes.keys import to_pem

PROD = """
[prod]
edge = "https://images.example.com/"
control = { key_pair_id = "KCONTROL", private_key_file = "control.pem" }
viewers = { key_pair_id = "KVIEWERS", private_key_file = "/keys/viewers.pem" }
aws = { region = "eu-central-1", stage = "prod", profile = "ops" }
"""
OUTPUTS = {
    "edge_url": "http://localhost:7780", "viewers_key_pair_id": "K1", "viewers_private_key_file": "/k.pem",
    "control_key_pair_id": "K2", "control_private_key_file": "/c.pem",
    "emulator_url": "https://127.0.0.1:7783", "region": "us-east-1", "ca_file": "/ca.pem", "stage": "local",
}  # fmt: skip


@pytest.fixture
def place(tmp_path):
    """A folder with profiles.toml and, when asked for, a running instance."""

    class Place:
        file = tmp_path / "config" / "image-scaler" / "profiles.toml"
        environment = {"XDG_CONFIG_HOME": str(tmp_path / "config")}

        def write(self, text: str) -> None:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self.file.write_text(text)

        def start_instance(self, **changed) -> None:
            outputs = tmp_path / "checkout" / ".local" / "outputs.json"
            outputs.parent.mkdir(parents=True)
            outputs.write_text(json.dumps({**OUTPUTS, **changed}))

        def load(self, name=None, **environment) -> Profile:
            folder = tmp_path / "checkout" / "docs"
            return load_profile(name, environment={**self.environment, **environment}, folder=folder)

    return Place()


def test_a_profile_says_where_a_stage_is_and_who_signs(place):
    place.write(PROD)

    profile = place.load("prod")

    assert profile.edge == "https://images.example.com"
    assert profile.control.key_pair_id == "KCONTROL"
    assert profile.control.private_key_file == place.file.parent / "control.pem"
    assert str(profile.viewers.private_key_file) == "/keys/viewers.pem"
    assert (profile.aws.stage, profile.aws.region, profile.aws.profile) == ("prod", "eu-central-1", "ops")


def test_the_running_instance_comes_first_from_any_folder_below(place):
    place.write(PROD)
    place.start_instance()

    profile = place.load()

    assert (profile.name, profile.edge) == ("local", "http://localhost:7780")
    assert (profile.viewers.key_pair_id, profile.control.key_pair_id) == ("K1", "K2")
    assert profile.aws.endpoint_url == "https://127.0.0.1:7783"


def test_a_name_comes_before_the_running_instance_and_an_option_before_the_environment(place):
    place.write(PROD + '[dev]\nedge = "https://dev.example.com"\n')
    place.start_instance()

    assert place.load(IMAGE_SCALER_PROFILE="prod").name == "prod"
    assert place.load("dev", IMAGE_SCALER_PROFILE="prod").name == "dev"
    assert place.load("local", IMAGE_SCALER_PROFILE="prod").name == "local"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (PROD, "prod"),
        (PROD + '[default]\nedge = "https://d.example.com"\n', "default"),
    ],
)
def test_without_a_name_the_only_profile_or_the_default_one_is_used(place, text, name):
    place.write(text)

    assert place.load().name == name


def test_another_file_may_be_named(place, tmp_path):
    other = tmp_path / "other.toml"
    other.write_text('[x]\nedge = "https://x.example.com"\n')

    assert place.load(IMAGE_SCALER_PROFILES=str(other)).edge == "https://x.example.com"


def test_names_are_those_of_the_file_and_of_the_running_instance(place, tmp_path):
    place.write(PROD)
    place.start_instance()

    assert profile_names(place.environment, tmp_path / "checkout") == ["local", "prod"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "does not exist"),
        ("", "name one"),
        ("[prod", "cannot be read"),
        ("prod = 1", "must be a table"),
        ("[prod]", r"\[prod\] edge must be a non-empty string"),
        ("[prod]\nedge = 1", r"\[prod\] edge must be a non-empty string"),
        ('[prod]\nedge = "images.example.com"', r"\[prod\] edge: it must be http:// or https://"),
        ('[prod]\nedge = "https://x.example.com"\nregion = "x"', "has the unknown members region"),
        ('[prod]\nedge = "https://x.example.com"\ncontrol = "K"', r"prod\.control must be a table"),
        (
            '[prod]\nedge = "https://x.example.com"\ncontrol = {}',
            r"\[prod\.control\] key_pair_id must be a non-empty string",
        ),
        ('[prod]\nedge = "https://x.example.com"\naws = {stge = "x"}', "has the unknown members stge"),
        (PROD + "[dev]", "has several profiles"),
    ],
)
def test_a_mistake_is_told_with_its_place(place, text, told):
    if text is not None:
        place.write(text)

    with pytest.raises(ProfileError, match=told):
        place.load()


def test_a_name_that_no_profile_has_is_told_with_those_that_there_are(place):
    place.write(PROD)

    with pytest.raises(ProfileError, match="has no profile 'dev'; it has prod"):
        place.load("dev")
    with pytest.raises(ProfileError, match="make up"):
        place.load("local")


def test_an_instance_that_is_half_written_is_told(place):
    place.start_instance(viewers_key_pair_id=None, viewers_private_key_file=None)

    with pytest.raises(ProfileError, match="run `make up` again"):
        place.load()


def test_a_key_that_cannot_be_used_is_told_with_its_file(place, ec_key):
    place.write(PROD)
    profile = place.load()

    with pytest.raises(ProfileError, match=r"control\.pem cannot be read"):
        profile.control_key().signer()
    (place.file.parent / "control.pem").write_text("no key")
    with pytest.raises(ProfileError, match=r"control\.pem: private_key: not a readable PEM"):
        profile.control_key().signer()
    (place.file.parent / "control.pem").write_bytes(to_pem(ec_key))
    assert profile.control_key().signer()


def test_a_profile_without_a_control_key_says_so_when_one_is_needed(place):
    place.write('[prod]\nedge = "https://x.example.com"\n')

    with pytest.raises(ProfileError, match="prod has no control key"):
        place.load().control_key()


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
TABLES = st.recursive(
    SCALARS, lambda inner: st.dictionaries(st.sampled_from(["key_pair_id", "private_key_file", "stage", "x"]), inner)
)
NAMES = st.sampled_from(["default", "prod", "é"])
MEMBERS = st.sampled_from(["edge", "control", "viewers", "aws", "stage"])


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(NAMES, st.dictionaries(MEMBERS, TABLES) | SCALARS, max_size=3))
def test_any_file_is_a_profile_or_a_told_mistake(place, document):
    place.write(_toml(document))

    try:
        profile = place.load()
    except ProfileError:
        return
    assert profile.edge.startswith("http")


def _toml(document: dict) -> str:
    """Write a document as TOML, tables inline; what is None is left out."""
    return "\n".join(f"{json.dumps(name)} = {_value(value)}" for name, value in document.items() if value is not None)


def _value(value) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{json.dumps(name)} = {_value(each)}" for name, each in value.items() if each is not None)
        return "{" + inner + "}"
    return json.dumps(value)
