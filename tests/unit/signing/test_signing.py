"""Signatures: byte for byte what botocore's CloudFrontSigner and the aws command's algorithm make."""

import ast
import base64
import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from hypothesis import assume, example, given
from hypothesis import strategies as st

from image_scaler import signing
from image_scaler.signing import (
    HashAlgorithm,
    Signer,
    SigningError,
    all_images_policy,
    canned_policy,
    control_url,
    custom_policy,
    expiry_on_grid,
    image_policy,
)
from local.edge.signatures import RefusedError, SignedRequest, check_signature
from tests.aws_command import aws_cloudfront_sign, write_key
from tests.fakes.keys import to_pem

KEY_PAIR_ID = "K2JCJMDEHXQW5F"
EDGE = "https://images.example.com"
IMAGE_ID, OTHER_ID = "01JDXYZ0000000000000000000", "01JDXYZ0000000000000000001"
IMAGE = f"{EDGE}/images/{IMAGE_ID}"
EXPIRES = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
STARTS = datetime(2029, 1, 1, tzinfo=UTC)

IMAGE_IDS = st.from_regex(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", fullmatch=True) | st.just(OTHER_ID)
PRINTABLE = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20)
RESTS = st.lists(st.sampled_from(["/", "?x=", "&x=", "..", "%2f", EDGE, IMAGE, IMAGE_ID]) | PRINTABLE).map("".join)
"""What a viewer may write behind an image's address."""
BASE_URLS = st.lists(
    st.sampled_from(["http", "s", "*", "?", "://", "/", "#", "@", "images", ".example.com", ":443"]), max_size=8
).map("".join)
"""Edges as a careless caller may write them."""


@pytest.fixture
def signer(rsa_pem):
    return Signer(KEY_PAIR_ID, rsa_pem)


@pytest.fixture
def botocore_signer(rsa_key):
    return CloudFrontSigner(KEY_PAIR_ID, lambda message: rsa_key.sign(message, padding.PKCS1v15(), hashes.SHA1()))


@pytest.fixture(scope="session")
def opens(ec_key):
    """Return whether the edge lets a viewer who has a policy's signature fetch a URL, as the local edge decides it."""
    signer, keys = Signer(KEY_PAIR_ID, to_pem(ec_key)), {KEY_PAIR_ID: ec_key.public_key()}

    def opened(policy, url):
        request = SignedRequest(url=url, viewer_ip="192.0.2.7", now=STARTS.timestamp())
        try:
            check_signature(request, parameters=(), cookies=signer.sign_cookies(policy), keys=keys)
        except RefusedError as refused:
            if str(refused) != "WrongResource":
                raise
            return False
        return True

    return opened


@pytest.mark.parametrize("url", [IMAGE, f"{IMAGE}?width=400&format=webp", f"{IMAGE}/fit=cover,format=webp"])
def test_a_canned_signature_is_byte_equal_to_botocores(signer, botocore_signer, url):
    ours = signer.sign_url(url, canned_policy(url, expires_at=EXPIRES))

    assert ours == botocore_signer.generate_presigned_url(url, date_less_than=EXPIRES)


@pytest.mark.parametrize("valid_from", [None, STARTS])
@pytest.mark.parametrize("ip_address", [None, "192.0.2.7", "192.0.2.0/24"])
@pytest.mark.parametrize("resource", [f"{IMAGE}*", f"{IMAGE}?width=400", "http*://images.example.com/*"])
def test_a_custom_signature_is_byte_equal_to_botocores(signer, botocore_signer, resource, ip_address, valid_from):
    policy = custom_policy(resource, expires_at=EXPIRES, valid_from=valid_from, ip_address=ip_address)

    theirs = botocore_signer.build_policy(resource, EXPIRES, valid_from, ip_address)
    assert policy.document == theirs
    assert signer.sign_url(IMAGE, policy) == botocore_signer.generate_presigned_url(IMAGE, policy=theirs)


def test_a_signature_is_byte_equal_to_openssls_as_amazon_documents_it(signer, rsa_pem, tmp_path):
    key = tmp_path / "key.pem"
    key.write_bytes(rsa_pem)
    policy = custom_policy(f"{IMAGE}*", expires_at=EXPIRES)

    signed = subprocess.run(
        ["openssl", "sha1", "-sign", str(key)], input=policy.document.encode(), capture_output=True, check=True
    ).stdout
    expected = base64.b64encode(signed).decode().translate(str.maketrans("+=/", "-_~"))
    assert signer.sign_cookies(policy)["CloudFront-Signature"] == expected


@pytest.mark.parametrize(
    ("resource", "conditions", "options"),
    [
        (f"{IMAGE}?width=400&format=webp", None, {}),
        (f"{IMAGE}*", {"ip_address": "192.0.2.0/24"}, {"ip_address": "192.0.2.0/24"}),
        (f"{IMAGE}*", {"valid_from": STARTS}, {"date_greater_than": "2029-01-01"}),
        (
            f"{IMAGE}*",
            {"valid_from": STARTS, "ip_address": "192.0.2.7"},
            {"date_greater_than": "2029-01-01T00:00:00", "ip_address": "192.0.2.7"},
        ),
    ],
)
def test_a_signature_is_byte_equal_to_the_aws_commands(signer, rsa_key, tmp_path, *, resource, conditions, options):
    """The command signs the URL that it is given; with a wildcard in it, that is the custom policy's resource."""
    made = custom_policy(resource, expires_at=EXPIRES, **conditions) if conditions else None

    theirs = aws_cloudfront_sign(
        resource, key_pair_id=KEY_PAIR_ID, key_file=write_key(rsa_key, tmp_path / "key.pem"),
        date_less_than="2030-01-02T03:04:05", **options,
    )  # fmt: skip

    assert signer.sign_url(resource, made or canned_policy(resource, expires_at=EXPIRES)) == theirs


@pytest.mark.parametrize("base_url", [EDGE, f"{EDGE}/", "http://127.0.0.1:8443"])
def test_an_images_policy_is_for_its_address_and_what_follows_it(base_url):
    policy = image_policy(base_url, IMAGE_ID, expires_at=EXPIRES)

    assert json.loads(policy.document)["Statement"][0]["Resource"] == f"{base_url.rstrip('/')}/images/{IMAGE_ID}*"


def test_the_apis_addresses_are_those_of_the_records():
    assert control_url(f"{EDGE}/") == f"{EDGE}/v1/images"
    assert control_url(EDGE, IMAGE_ID) == f"{EDGE}/v1/images/{IMAGE_ID}"


@given(rest=RESTS)
def test_one_policy_signs_all_sizes_of_an_image(opens, rest):
    assert opens(image_policy(EDGE, IMAGE_ID, expires_at=EXPIRES), f"{IMAGE}{rest}")


@given(other=IMAGE_IDS, rest=RESTS)
def test_one_policy_signs_no_other_image(opens, other, rest):
    assume(other != IMAGE_ID)

    assert not opens(image_policy(EDGE, IMAGE_ID, expires_at=EXPIRES), f"{EDGE}/images/{other}{rest}")


@given(base_url=BASE_URLS, other=IMAGE_IDS)
@example(base_url=EDGE, other=OTHER_ID)
@example(base_url="http*://images.example.com", other=OTHER_ID)
@example(base_url="https://*.example.com", other=OTHER_ID)
@example(base_url="https://*", other=OTHER_ID)
@example(base_url="https://*@images.example.com", other=OTHER_ID)
@example(base_url="https://images.example.com/*", other=OTHER_ID)
def test_no_edge_that_is_taken_lets_an_images_policy_open_another_image_that_names_it(opens, base_url, other):
    assume(other != IMAGE_ID)
    try:
        policy = image_policy(base_url, IMAGE_ID, expires_at=EXPIRES)
    except SigningError:
        return

    resource = f"{base_url.rstrip('/')}/images/{IMAGE_ID}"
    for start in range(len(resource)):
        assert not opens(policy, f"{EDGE}/images/{other}?width=320&x={resource[start:]}")


def test_an_ecdsa_signature_verifies_and_is_shorter(signer, ec_key):
    policy = custom_policy(f"{IMAGE}*", expires_at=EXPIRES)
    signed = Signer(KEY_PAIR_ID, to_pem(ec_key)).sign_url(IMAGE, policy)

    encoded = parse_qs(urlsplit(signed).query)["Signature"][0].translate(str.maketrans("-_~", "+=/"))
    ec_key.public_key().verify(base64.b64decode(encoded), policy.document.encode(), ec.ECDSA(hashes.SHA1()))
    assert len(signed) < len(signer.sign_url(IMAGE, policy))


def test_sha256_is_announced_in_urls_and_cookies(rsa_key, rsa_pem):
    policy = canned_policy(IMAGE, expires_at=EXPIRES)
    signer = Signer(KEY_PAIR_ID, rsa_pem, hash_algorithm=HashAlgorithm.SHA256)

    cookies = signer.sign_cookies(policy)
    assert signer.sign_url(IMAGE, policy).endswith(f"&Key-Pair-Id={KEY_PAIR_ID}&Hash-Algorithm=SHA256")
    assert cookies["CloudFront-Hash-Algorithm"] == "SHA256"
    signature = base64.b64decode(cookies["CloudFront-Signature"].translate(str.maketrans("-_~", "+=/")))
    rsa_key.public_key().verify(signature, policy.document.encode(), padding.PKCS1v15(), hashes.SHA256())


def test_cookies_carry_what_urls_carry(signer):
    canned = canned_policy(IMAGE, expires_at=EXPIRES)
    custom = custom_policy(f"{IMAGE}*", expires_at=EXPIRES)

    assert set(signer.sign_cookies(canned)) == {"CloudFront-Expires", "CloudFront-Signature", "CloudFront-Key-Pair-Id"}
    assert set(signer.sign_cookies(custom)) == {"CloudFront-Policy", "CloudFront-Signature", "CloudFront-Key-Pair-Id"}


def test_a_time_is_a_moment_whatever_its_zone():
    elsewhere = EXPIRES.astimezone(timezone(timedelta(hours=-9)))

    assert canned_policy(IMAGE, expires_at=elsewhere) == canned_policy(IMAGE, expires_at=EXPIRES)


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: canned_policy("/images/1", expires_at=EXPIRES), "url"),
        (lambda: canned_policy("ftp://images.example.com/1", expires_at=EXPIRES), "url"),
        (lambda: canned_policy(f"{IMAGE}#top", expires_at=EXPIRES), "url"),
        (lambda: canned_policy(f"{IMAGE}?q=é", expires_at=EXPIRES), "url"),
        (lambda: canned_policy(f"{IMAGE}?q=a b", expires_at=EXPIRES), "url"),
        (lambda: canned_policy(f"{IMAGE}?Expires=1", expires_at=EXPIRES), "Expires"),
        (lambda: canned_policy(f"{IMAGE}*", expires_at=EXPIRES), "wildcard"),
        (lambda: canned_policy(IMAGE.replace("https", "http*"), expires_at=EXPIRES), "url"),
        (lambda: canned_policy(IMAGE, expires_at=EXPIRES.replace(tzinfo=None)), "expires_at"),
        (lambda: canned_policy(IMAGE, expires_at=datetime(2040, 1, 1, tzinfo=UTC)), "2038"),
        (lambda: custom_policy(IMAGE, expires_at=STARTS, valid_from=EXPIRES), "valid_from"),
        (lambda: custom_policy(IMAGE, expires_at=EXPIRES, ip_address="2001:db8::1"), "ip_address"),
        (lambda: custom_policy(IMAGE, expires_at=EXPIRES, ip_address="192.0.2.0/33"), "ip_address"),
        (lambda: image_policy("https://images.example.com", "../*", expires_at=EXPIRES), "image_id"),
        # The beginning of an id would sign every image whose id begins so.
        (lambda: image_policy("https://images.example.com", "01", expires_at=EXPIRES), "image_id"),
        (
            lambda: image_policy("https://images.example.com", "01JDXYZ000000000000000000", expires_at=EXPIRES),
            "image_id",
        ),
        (lambda: control_url(EDGE, "*"), "image_id"),
        *(
            (lambda make=make, base_url=base_url: make(base_url), "base_url")
            for make in (control_url, lambda base_url: image_policy(base_url, IMAGE_ID, expires_at=EXPIRES))
            for base_url in (
                "http*://images.example.com",
                "https://*.example.com",
                "https://images.example.com/v1",
                "https://images.example.com?a=b",
                "https://images.example.com#top",
                "https://somebody@images.example.com",
                "https://images.example.com:443:443",
                "images.example.com",
                "https://",
                "ftp://images.example.com",
            )
        ),
        (lambda: Signer("k-1 ", b""), "key_pair_id"),
        (lambda: Signer(KEY_PAIR_ID, b"not a key"), "private_key"),
        (lambda: Signer(KEY_PAIR_ID, to_pem(ec.generate_private_key(ec.SECP384R1()))), "P-256"),
        (lambda: Signer(KEY_PAIR_ID, to_pem(rsa.generate_private_key(65537, 3072))), "2048"),
    ],
)
def test_what_cloudfront_would_refuse_is_refused_here_and_named(make, named):
    with pytest.raises(SigningError, match=re.escape(named)):
        make()


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126, exclude_characters='"\\#[]'), max_size=60))
def test_any_printable_path_signs_as_botocore_does(path):
    url = f"https://images.example.com/{path}"
    assume("*" not in url)

    theirs = CloudFrontSigner(KEY_PAIR_ID, lambda message: message).build_policy(url, EXPIRES)
    assert canned_policy(url, expires_at=EXPIRES).document == theirs


def test_the_module_needs_cryptography_and_nothing_else():
    tree = ast.parse(Path(signing.__file__).read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert {name.split(".")[0] for name in imported} - sys.stdlib_module_names == {"cryptography"}


def test_a_resource_may_begin_its_query_either_way():
    """Editions of CloudFront's documentation differ in whether the question mark is escaped."""
    for resource in (r"https://images.example.com/images/1\?width=1*", "https://images.example.com/images/1?width=1*"):
        policy = custom_policy(resource, expires_at=datetime(2027, 1, 1, tzinfo=UTC))

        assert json.loads(policy.document)["Statement"][0]["Resource"] == resource


@pytest.mark.parametrize("resource", [r"https://images.example.com/a\b", r"https://images.example.com/a\?b\?c"])
def test_any_other_backslash_in_a_resource_is_refused(resource):
    with pytest.raises(SigningError, match="percent-encoded"):
        custom_policy(resource, expires_at=datetime(2027, 1, 1, tzinfo=UTC))


@given(
    now=st.integers(1_700_000_000, 2_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    valid_for=st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(days=30)),
    grid=st.none() | st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(days=30)),
)
def test_an_expiry_on_the_grid_is_never_too_early_and_at_most_a_step_late(now, valid_for, grid):
    expires = expiry_on_grid(valid_for, grid=grid, now=now)
    step = valid_for if grid is None else grid

    assert now + valid_for <= expires < now + valid_for + step
    assert expires.timestamp() % int(step.total_seconds()) == 0


def test_signatures_within_a_step_of_the_grid_are_equal():
    nine, hour = datetime(2026, 1, 1, 9, tzinfo=UTC), timedelta(hours=1)

    expiries = [expiry_on_grid(hour, now=nine + timedelta(minutes=minutes)) for minutes in (1, 30, 60, 61)]

    assert expiries == [nine + 2 * hour] * 3 + [nine + 3 * hour]


@pytest.mark.parametrize("times", [(timedelta(0), None), (timedelta(hours=1), timedelta(milliseconds=500))])
def test_a_grid_is_of_whole_seconds(times):
    valid_for, grid = times

    with pytest.raises(SigningError, match="at least a second"):
        expiry_on_grid(valid_for, grid=grid)


def test_equal_policies_have_equal_signatures_with_both_kinds_of_keys(signer, ec_key):
    policy = custom_policy(f"{IMAGE}*", expires_at=EXPIRES)

    for each in (signer, Signer(KEY_PAIR_ID, to_pem(ec_key))):
        assert each.sign_url(IMAGE, policy) == each.sign_url(IMAGE, policy)


@given(rest=RESTS)
def test_one_policy_opens_every_image_and_nothing_else(opens, rest):
    policy = all_images_policy(EDGE, expires_at=EXPIRES)

    assert opens(policy, f"{IMAGE}{rest}")
    assert not opens(policy, f"{EDGE}/v1/images{rest}")
