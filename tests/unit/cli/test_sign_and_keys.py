"""``image-scaler sign`` and ``keys`` as people type them."""

import json
import stat
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from typer.testing import CliRunner

from image_scaler import cli
from image_scaler.cli.app import ExitCode
from image_scaler.key_files import Group, KeyDirectory

IMAGE = "https://images.example.com/images/01JDXYZ0000000000000000000"


@pytest.fixture(autouse=True)
def _no_profile(tmp_path, monkeypatch):
    """No profile of this machine may have a say."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def run(*arguments: str):
    return CliRunner().invoke(cli.app, list(arguments))


def decoded(text: str) -> bytes:
    return b64decode(text.translate(str.maketrans("-_~", "+=/")))


@pytest.fixture
def keys(tmp_path):
    run("keys", "create", "--directory", str(tmp_path))
    return KeyDirectory(tmp_path)


@pytest.fixture
def sign(tmp_path, keys):
    (private_key,) = (tmp_path / "private").glob("viewers-*.pem")
    key = ("--key-pair-id", "KVIEWERS", "--private-key", str(private_key))
    return lambda *arguments: run("sign", *arguments, *key).output.strip()


def test_each_group_gets_a_key_of_its_own_and_private_keys_are_private(tmp_path, keys):
    (viewers,), (control,) = keys.public_files(Group.VIEWERS), keys.public_files(Group.CONTROL)
    private = sorted((tmp_path / "private").glob("*.pem"))

    assert viewers.read_bytes() != control.read_bytes()
    assert len(private) == 2
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}
    assert (tmp_path / "private" / ".gitignore").read_text() == "*\n"


def test_one_pair_can_be_shared_by_both_groups(tmp_path):
    run("keys", "create", "--directory", str(tmp_path), "--shared", "--type", "ecdsa")

    keys = KeyDirectory(tmp_path)
    (viewers,), (control,) = keys.public_files(Group.VIEWERS), keys.public_files(Group.CONTROL)
    assert viewers.read_bytes() == control.read_bytes()


def test_keys_that_exist_are_never_overwritten(tmp_path, keys):
    before = keys.public_files(Group.VIEWERS)

    again = run("keys", "create", "--directory", str(tmp_path))
    missing = run("keys", "create", "--directory", str(tmp_path), "--if-missing")

    assert (again.exit_code, again.stderr.startswith("image-scaler: the stage already has keys")) == (
        ExitCode.USAGE,
        True,
    )
    assert (missing.exit_code, missing.output) == (0, "")
    assert keys.public_files(Group.VIEWERS) == before


def test_rotation_keeps_the_old_key_until_it_is_retired(tmp_path, keys):
    (old,) = keys.public_files(Group.VIEWERS)

    run("keys", "rotate", "--directory", str(tmp_path), "--group", "viewers")
    both = keys.public_files(Group.VIEWERS)
    run("keys", "retire", "--directory", str(tmp_path), "--group", "viewers")

    assert both[0] == old
    assert keys.public_files(Group.VIEWERS) == both[1:]
    assert len(keys.public_files(Group.CONTROL)) == 1


def test_a_group_is_never_over_full_and_never_empty(tmp_path, keys):
    last = run("keys", "retire", "--directory", str(tmp_path), "--group", "viewers")
    run("keys", "rotate", "--directory", str(tmp_path), "--group", "viewers")
    third = run("keys", "rotate", "--directory", str(tmp_path), "--group", "viewers")

    assert [done.exit_code for done in (last, third)] == [ExitCode.USAGE] * 2
    assert "a key can be retired only if there are two" in last.stderr
    assert "Retire the oldest first" in third.stderr
    assert len(keys.public_files(Group.VIEWERS)) == 2


def test_a_signed_url_verifies_with_the_public_key_on_disk(keys, sign):
    url = sign(f"{IMAGE}?width=400", "--all-sizes", "--expires-in", "2h")
    query = parse_qs(urlsplit(url).query)

    document = decoded(query["Policy"][0])
    public = serialization.load_pem_public_key(keys.public_files(Group.VIEWERS)[0].read_bytes())
    public.verify(decoded(query["Signature"][0]), document, padding.PKCS1v15(), hashes.SHA1())
    (statement,) = json.loads(document)["Statement"]
    expires = datetime.fromtimestamp(statement["Condition"]["DateLessThan"]["AWS:EpochTime"], UTC)
    assert statement["Resource"] == f"{IMAGE}*"
    assert timedelta(minutes=119) < expires - datetime.now(UTC) <= timedelta(hours=2)


def signed_resource(url):
    (statement,) = json.loads(decoded(parse_qs(urlsplit(url).query)["Policy"][0]))["Statement"]
    return statement["Resource"]


@pytest.mark.parametrize(
    "asked",
    [
        (IMAGE,),
        (f"{IMAGE}?width=400",),
        (f"{IMAGE}/fit=cover,format=webp,position=center,quality=auto,width=400",),
        (IMAGE.rpartition("/")[2], "--edge", IMAGE.partition("/images/")[0] + "/"),
    ],
)
def test_every_address_of_an_image_and_its_id_alone_sign_the_same_sizes(sign, asked):
    assert signed_resource(sign(*asked, "--all-sizes")) == f"{IMAGE}*"


def test_an_id_alone_is_signed_as_the_images_address(sign):
    url = sign(IMAGE.rpartition("/")[2], "--edge", IMAGE.partition("/images/")[0])

    assert url.startswith(f"{IMAGE}?Expires=")


@pytest.mark.parametrize(
    "url",
    [
        "https://images.example.com/",
        "https://images.example.com/images/",
        f"{IMAGE[:-1]}",
        f"{IMAGE}0",
        IMAGE.replace("/images/", "/v1/images/"),
        IMAGE.replace("https:", "ftp:"),
        IMAGE.replace("images.", "somebody@images."),
    ],
)
def test_all_sizes_are_signed_of_an_image_and_of_nothing_wider(tmp_path, keys, url):
    (private_key,) = (tmp_path / "private").glob("viewers-*.pem")

    done = run("sign", url, "--all-sizes", "--key-pair-id", "KVIEWERS", "--private-key", str(private_key))

    assert done.exit_code == ExitCode.USAGE
    assert "is not an image URL" in done.stderr
    assert done.stdout == ""


def test_an_id_without_an_edge_or_a_profile_says_what_is_missing(sign, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert "no profile found" in sign(IMAGE.rpartition("/")[2])


def test_a_variant_is_added_to_the_address(sign):
    url = sign(IMAGE.rpartition("/")[2], "--edge", "https://images.example.com", "--width", "640", "--format", "webp")

    assert url.startswith(f"{IMAGE}?width=640&format=webp&Expires=")


def test_density_position_and_preset_are_added_to_the_address(sign):
    url = sign(IMAGE, "--width", "200", "--dpr", "1.50", "--position", "auto", "--preset", "card")

    assert url.startswith(f"{IMAGE}?width=200&dpr=1.5&position=auto&preset=card&")


@pytest.mark.parametrize("dpr", ["0.5", "3.5", "1.255"])
def test_a_density_out_of_range_is_refused(dpr):
    assert run("sign", IMAGE, "--dpr", dpr).exit_code == ExitCode.USAGE


def test_an_id_may_have_a_query(sign):
    assert sign(f"{IMAGE.rpartition('/')[2]}?width=320", "--edge", "https://images.example.com").startswith(
        f"{IMAGE}?width=320&Expires="
    )


def test_json_is_one_document_a_line(tmp_path, sign):
    assert json.loads(sign(IMAGE, "--json"))["url"].startswith(IMAGE)
    assert set(json.loads(sign(IMAGE, "--json", "--cookies"))["cookies"]) == {
        "CloudFront-Expires", "CloudFront-Signature", "CloudFront-Key-Pair-Id"
    }  # fmt: skip
    rotated = run("keys", "rotate", "--directory", str(tmp_path), "--json")
    assert [sorted(json.loads(line)) for line in rotated.stdout.splitlines()] == [["private", "public"]] * 2


def test_a_plain_url_is_signed_with_a_canned_policy(sign):
    assert "&Expires=" in sign(f"{IMAGE}?width=400")


def test_start_and_network_are_conditions_of_the_policy(sign):
    url = sign(IMAGE, "--valid-from", "2026-01-01T00:00:00", "--ip", "192.0.2.7")

    (statement,) = json.loads(decoded(parse_qs(urlsplit(url).query)["Policy"][0]))["Statement"]
    assert statement["Condition"]["DateGreaterThan"] == {"AWS:EpochTime": 1767225600}
    assert statement["Condition"]["IpAddress"] == {"AWS:SourceIp": "192.0.2.7/32"}


def test_cookies_are_printed_one_a_line(sign):
    names = [line.partition("=")[0] for line in sign(IMAGE, "--resource", f"{IMAGE}*", "--cookies").splitlines()]

    assert names == ["CloudFront-Policy", "CloudFront-Signature", "CloudFront-Key-Pair-Id"]


@pytest.mark.parametrize("options", [(), ("--all-sizes",), ("--ip", "192.0.2.7"), ("--ip", "192.0.2.7", "--cookies")])
def test_a_wildcard_is_written_as_the_resource_and_never_comes_with_the_url(sign, options):
    for url in (IMAGE.replace("https", "http*"), IMAGE.replace("images.", "*."), f"{IMAGE}*"):
        assert "--resource" in sign(url, *options)


@pytest.mark.parametrize("edge", ["http*://images.example.com", "https://*.example.com"])
def test_an_edge_with_a_wildcard_is_refused(tmp_path, keys, edge):
    (private_key,) = (tmp_path / "private").glob("viewers-*.pem")
    key = ["--key-pair-id", "KVIEWERS", "--private-key", str(private_key)]

    done = run("sign", IMAGE.rpartition("/")[2], "--edge", edge, "--all-sizes", *key)

    assert done.exit_code == ExitCode.USAGE
    assert "base_url: " in done.stderr


@pytest.mark.parametrize(
    "arguments", [("--expires-in", "soon"), ("--valid-from", "later"), ("--all-sizes", "--resource", "https://x/*")]
)
def test_an_option_that_makes_no_sense_is_explained(sign, arguments):
    assert "Usage:" in sign(IMAGE, *arguments)
