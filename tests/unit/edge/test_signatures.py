"""The local edge's own check of signatures, against signatures of the module that applications import."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from image_scaler.signing import HashAlgorithm, Signer, canned_policy, custom_policy
from local.edge.requests import ViewerRequest
from local.edge.signatures import RefusedError, SignedRequest, check_signature

HOST = "edge.example"
IMAGE = f"http://{HOST}/images/one"
IMAGE_ID = "01JDXYZ0000000000000000000"
NOW = datetime(2027, 1, 1, tzinfo=UTC)
LATER, EARLIER = NOW + timedelta(hours=1), NOW - timedelta(hours=1)
KEYS = {"KRSA": rsa.generate_private_key(65537, 2048), "KEC": ec.generate_private_key(ec.SECP256R1())}
TRUSTED = {name: key.public_key() for name, key in KEYS.items()}


def signer(name="KRSA", **options):
    pem = KEYS[name].private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Signer(name, pem, **options)


def check(url, *, cookies=None, ip="192.0.2.7", now=NOW, keys=TRUSTED):
    headers = [(b"host", HOST.encode())]
    if cookies:
        headers.append((b"cookie", "; ".join(f"{name}={value}" for name, value in cookies.items()).encode()))
    request = ViewerRequest.parse(
        method="GET", target=url.removeprefix(f"http://{HOST}").encode(), headers=headers, viewer_ip=ip, body=b""
    )
    check_signature(
        SignedRequest(url=request.signed_url, viewer_ip=ip, now=now.timestamp()),
        parameters=request.signature,
        cookies=request.cookies,
        keys=keys,
    )


def refusal(url, **options):
    with pytest.raises(RefusedError) as refused:
        check(url, **options)
    return str(refused.value)


@pytest.mark.parametrize("algorithm", list(HashAlgorithm))
@pytest.mark.parametrize("key", list(KEYS))
@pytest.mark.parametrize("query", ["", "?width=400", "?b=2&a=1"])
def test_canned_and_custom_signatures_in_urls_and_cookies_are_accepted(key, algorithm, query):
    signing, url = signer(key, hash_algorithm=algorithm), IMAGE + query
    for policy in (canned_policy(url, expires_at=LATER), custom_policy(f"{IMAGE}*", expires_at=LATER)):
        check(signing.sign_url(url, policy))
        check(url, cookies=signing.sign_cookies(policy))


@pytest.mark.parametrize(
    ("resource", "url", "matches"),
    [
        (f"{IMAGE}*", f"{IMAGE}?width=1", True),
        (f"{IMAGE}*", f"{IMAGE}/fit=cover", True),
        (f"http://{HOST}/images/two*", IMAGE, False),
        ("http*://edge.example/*", IMAGE, True),
        ("http://*/images/one", IMAGE, True),
        (f"http://{HOST}/images/on?", IMAGE, True),
        (f"http://{HOST}/images/o?", IMAGE, False),
        (f"http://{HOST}/images/[a-z]+", IMAGE, False),
        ("http://other.example/*", IMAGE, False),
        ("*://edge.example/images/*", IMAGE, True),
        ("http://edge.example*", f"{IMAGE}?width=1", True),
        (f"{IMAGE}\\?width=1", f"{IMAGE}?width=1", True),
        (f"{IMAGE}?width=1", f"{IMAGE}?width=1", True),
        (f"{IMAGE}\\?*", f"{IMAGE}?width=1", True),
        (f"{IMAGE}\\?width=?", f"{IMAGE}?width=12", False),
        (IMAGE, f"{IMAGE}?width=1", False),
        ("http://edge.example/*one", f"http://{HOST}/images/two?x=/one", False),
        ("http*://edge.example/images/one*", f"http://{HOST}/images/two?x=://edge.example/images/one", False),
        ("http://*/images/one", f"http://{HOST}/images/two?x=/images/one", False),
        ("http://*.example/images/one", "http://edge.example/x/.example/images/one", False),
    ],
)
def test_a_resource_matches_section_by_section_by_star_and_question_mark_alone(resource, url, matches):
    signed = signer().sign_url(url, custom_policy(resource, expires_at=LATER))
    if matches:
        check(signed)
    else:
        assert refusal(signed) == "WrongResource"


def test_times_are_checked_to_the_second():
    signed = signer().sign_url(IMAGE, custom_policy(f"{IMAGE}*", expires_at=LATER, valid_from=NOW))

    check(signed, now=NOW)
    check(signed, now=LATER - timedelta(seconds=1))
    assert refusal(signed, now=NOW - timedelta(seconds=1)) == "NotYetValid"
    assert refusal(signed, now=LATER) == "Expired"


@pytest.mark.parametrize(
    ("network", "ip", "allowed"),
    [
        ("192.0.2.7", "192.0.2.7", True),
        ("192.0.2.0/24", "192.0.2.200", True),
        ("192.0.2.0/24", "192.0.3.1", False),
        ("0.0.0.0/0", "203.0.113.1", True),
        ("192.0.2.7", "2001:db8::1", False),
    ],
)
def test_a_network_is_checked_against_the_viewers_address(network, ip, allowed):
    signed = signer().sign_url(IMAGE, custom_policy(f"{IMAGE}*", expires_at=LATER, ip_address=network))
    if allowed:
        check(signed, ip=ip)
    else:
        assert refusal(signed, ip=ip) == "WrongAddress"


def test_an_untrusted_key_is_refused_before_anything_is_computed():
    signed = signer().sign_url(IMAGE, canned_policy(IMAGE, expires_at=LATER))

    assert refusal(signed, keys={"KEC": TRUSTED["KEC"]}) == "InvalidKey"
    assert refusal(signed, keys={"KRSA": TRUSTED["KEC"]}) == "InvalidSignature"


@pytest.mark.parametrize("left_out", ["Signature", "Key-Pair-Id", "Expires"])
def test_a_signature_lacks_nothing(left_out):
    url = signer().sign_url(IMAGE, canned_policy(IMAGE, expires_at=LATER))
    start, _, rest = url.partition(f"{left_out}=")

    assert refusal(start + rest.partition("&")[2]) == "MissingKey"


def test_a_parameter_that_comes_twice_is_refused():
    url = signer().sign_url(IMAGE, canned_policy(IMAGE, expires_at=LATER))

    assert refusal(f"{url}&Expires=1999999999") == "MalformedSignature"


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"{}",
        b'{"Statement":[]}',
        b'{"Statement":[{"Resource":"*","Condition":{}}]}',
        b'{"Statement":[{"Resource":"*","Condition":{"DateLessThan":{"AWS:EpochTime":"soon"}}}]}',
        b'{"Statement":[{"Resource":1,"Condition":{"DateLessThan":{"AWS:EpochTime":1}}},{}]}',
        b"\xff\xfe",
    ],
)
def test_a_signed_policy_that_says_nothing_sensible_is_refused(document):
    policy = custom_policy(f"{IMAGE}*", expires_at=LATER)
    object.__setattr__(policy, "document", document.decode("latin-1"))

    assert refusal(signer().sign_url(IMAGE, policy)) == "MalformedPolicy"


@given(st.binary(max_size=60), st.binary(max_size=60), st.text("0123456789", max_size=12))
def test_no_invented_signature_passes(policy, signature, expires):
    def encoded(data):
        return base64.b64encode(data).decode().translate(str.maketrans("+=/", "-_~"))

    tail = f"Signature={encoded(signature)}&Key-Pair-Id=KRSA"

    assert refusal(f"{IMAGE}?Policy={encoded(policy)}&{tail}")
    assert refusal(f"{IMAGE}?Expires={expires}&{tail}")
