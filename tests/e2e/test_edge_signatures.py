"""The edge lets through what a trusted key signed, and nothing else; a refusal is short and never cached."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from image_scaler.signing import HashAlgorithm, Signer, canned_policy, custom_policy
from tests.aws_command import aws_cloudfront_sign, write_key
from tests.e2e.edge import KeyGroup, an_hour_ago, eventually, in_an_hour, pem_of

OTHER = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def refused(answer):
    assert answer.status_code == 403
    assert len(answer.content) < 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-cache"] == "Error from cloudfront"
    return answer.text.partition("<Code>")[2].partition("</Code>")[0]


@pytest.fixture
def forger():
    return pem_of(rsa.generate_private_key(65537, 2048))


def test_one_signature_opens_every_size_of_its_image(viewer, picture):
    policy = viewer.policy(picture)

    answers = [
        viewer.http.get(viewer.signer.sign_url(viewer.image_url(picture, query), policy))
        for query in ("width=96&format=jpeg", "w=200&f=webp", "height=128&format=png")
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 200]


def test_signed_cookies_give_the_same_access_as_signed_urls(viewer, picture):
    cookies = viewer.signer.sign_cookies(viewer.policy(picture))

    answer = viewer.http.get(viewer.image_url(picture), headers={"Cookie": "; ".join(map("=".join, cookies.items()))})

    assert answer.status_code == 200


def test_a_canned_signature_opens_its_url_and_no_other(viewer, picture):
    url = viewer.image_url(picture, "width=96&format=jpeg")
    signed = viewer.signer.sign_url(url, canned_policy(url, expires_at=in_an_hour()))

    assert viewer.http.get(signed).status_code == 200
    assert refused(viewer.http.get(signed.replace("width=96", "width=128"))) == "InvalidSignature"


@pytest.mark.parametrize("valid_from", [None, an_hour_ago()])
def test_botocores_own_signer_is_accepted(viewer, picture, valid_from):
    key = serialization.load_pem_private_key(Path(viewer.outputs.edge_private_key_file).read_bytes(), None)
    signer = CloudFrontSigner(
        viewer.outputs.edge_key_pair_id, lambda message: key.sign(message, padding.PKCS1v15(), hashes.SHA1())
    )
    url = viewer.image_url(picture)
    policy = signer.build_policy(f"{url}*", in_an_hour(), valid_from, "127.0.0.0/8")

    assert viewer.http.get(signer.generate_presigned_url(url, policy=policy)).status_code == 200
    assert viewer.http.get(signer.generate_presigned_url(url, date_less_than=in_an_hour())).status_code == 200


@pytest.mark.parametrize("algorithm", list(HashAlgorithm))
def test_ecdsa_keys_and_both_digests_are_accepted(viewer, picture, algorithm):
    key = ec.generate_private_key(ec.SECP256R1())
    group = KeyGroup(viewer, "viewers")
    signer = Signer(group.add_key(key), pem_of(key), hash_algorithm=algorithm)
    try:
        url = signer.sign_url(viewer.image_url(picture), viewer.policy(picture))
        assert eventually(lambda: viewer.http.get(url).status_code == 200)
    finally:
        group.restore()


def test_a_signature_by_the_openssl_command_is_accepted(viewer, picture):
    policy = viewer.policy(picture)
    signed = subprocess.run(
        ["openssl", "sha1", "-sign", viewer.outputs.edge_private_key_file],
        input=policy.document.encode(), capture_output=True, check=True,
    ).stdout  # fmt: skip
    encoded = subprocess.run(["openssl", "base64", "-A"], input=signed, capture_output=True, check=True).stdout
    ours = viewer.signer.sign_url(viewer.image_url(picture), policy)

    assert encoded.decode().translate(str.maketrans("+=/", "-_~")) in ours
    assert viewer.http.get(ours).status_code == 200


@pytest.mark.parametrize("options", [{}, {"ip_address": "127.0.0.0/8"}])
def test_signatures_of_the_aws_command_are_accepted(viewer, picture, tmp_path, options):
    key = serialization.load_pem_private_key(Path(viewer.outputs.edge_private_key_file).read_bytes(), None)

    signed = aws_cloudfront_sign(
        viewer.image_url(picture), key_pair_id=viewer.outputs.edge_key_pair_id,
        key_file=write_key(key, tmp_path / "key.pem"), date_less_than=in_an_hour().isoformat(timespec="seconds"),
        **options,
    )  # fmt: skip

    assert viewer.http.get(signed).status_code == 200


def test_without_a_signature_requests_are_refused(viewer, picture):
    assert refused(viewer.http.get(viewer.image_url(picture))) == "MissingKey"


def test_an_expired_signature_is_refused(viewer, picture):
    policy = custom_policy(f"{viewer.url}/*", expires_at=an_hour_ago())

    assert refused(viewer.http.get(viewer.signer.sign_url(viewer.image_url(picture), policy))) == "Expired"


def test_a_signature_that_is_not_valid_yet_is_refused(viewer, picture):
    later = datetime.now(UTC) + timedelta(minutes=30)
    policy = custom_policy(f"{viewer.url}/*", expires_at=in_an_hour(), valid_from=later)

    assert refused(viewer.http.get(viewer.signer.sign_url(viewer.image_url(picture), policy))) == "NotYetValid"


def test_a_signature_for_another_network_is_refused(viewer, picture):
    policy = custom_policy(f"{viewer.url}/*", expires_at=in_an_hour(), ip_address="192.0.2.0/24")

    assert refused(viewer.http.get(viewer.signer.sign_url(viewer.image_url(picture), policy))) == "WrongAddress"


def test_a_signature_for_another_image_is_refused(viewer, picture):
    signed = viewer.signer.sign_url(viewer.image_url(picture), viewer.policy(OTHER))

    assert refused(viewer.http.get(signed)) == "WrongResource"


def test_a_signature_by_another_key_is_refused(viewer, picture, forger):
    trusted_id = Signer(viewer.outputs.edge_key_pair_id, forger)
    unknown_id = Signer("KUNKNOWN", forger)
    url, policy = viewer.image_url(picture), viewer.policy(picture)

    assert refused(viewer.http.get(trusted_id.sign_url(url, policy))) == "InvalidSignature"
    assert refused(viewer.http.get(unknown_id.sign_url(url, policy))) == "InvalidKey"


def test_a_tampered_policy_is_refused(viewer, picture):
    url = viewer.image_url(picture)
    narrow, wide = viewer.policy(OTHER), viewer.everything()
    signature = viewer.signer.sign_cookies(narrow)["CloudFront-Signature"]
    honest = viewer.signer.sign_cookies(wide)

    forged = viewer.signer.sign_url(url, wide).replace(honest["CloudFront-Signature"], signature)

    assert refused(viewer.http.get(forged)) == "InvalidSignature"


def test_a_refused_request_leaves_no_cache_entry(viewer, picture):
    query = "width=750&format=jpeg&fit=inside"
    refused(viewer.http.get(viewer.image_url(picture, query)))

    first = viewer.get(picture, query)

    assert (first.status_code, first.headers["x-cache"]) == (200, "Miss from cloudfront")


def test_cached_responses_still_need_a_signature(viewer, picture):
    viewer.get(picture)
    assert viewer.get(picture).headers["x-cache"] == "Hit from cloudfront"

    assert refused(viewer.http.get(viewer.image_url(picture))) == "MissingKey"


def test_a_viewers_key_is_of_no_use_on_the_api(viewer, picture):
    key = ec.generate_private_key(ec.SECP256R1())
    group = KeyGroup(viewer, "viewers")
    signer = Signer(group.add_key(key), pem_of(key))
    try:
        url = signer.sign_url(viewer.image_url(picture), viewer.policy(picture))
        assert eventually(lambda: viewer.http.get(url).status_code == 200)

        cookies = {"Cookie": "; ".join(map("=".join, signer.sign_cookies(viewer.everything()).items()))}
        by_cookie = viewer.http.delete(f"{viewer.url}/v1/images/{picture}", headers=cookies)
        by_url = viewer.call("DELETE", f"/v1/images/{picture}", signer=signer)
    finally:
        group.restore()

    assert refused(by_cookie) == refused(by_url) == "InvalidKey"
    assert viewer.get(picture).status_code == 200


def test_a_control_key_opens_the_api(viewer, picture):
    answer = viewer.call("GET", f"/v1/images/{picture}")

    assert answer.json()["status"] == "PUBLISHED"


@pytest.mark.parametrize("path", ["/", "/index.html", "/v2/images", "/image", "/.git/config"])
def test_everything_else_is_closed_with_and_without_a_signature(viewer, path):
    assert viewer.http.get(f"{viewer.url}{path}").status_code == 403
    assert viewer.call("GET", path).status_code == 403


def test_the_api_refuses_requests_that_bypass_the_edge(deployed, viewer):
    url = f"{deployed.outputs.api_url}/v1/images"

    without = viewer.http.get(url)
    guessed = viewer.http.get(url, headers={"X-Origin-Verify": "guess", "X-Viewer-Address": "192.0.2.1"})
    delete = viewer.http.delete(f"{url}/{OTHER}")

    assert [answer.status_code for answer in (without, guessed, delete)] == [403, 403, 403]
    assert without.headers["content-type"] == "application/problem+json"
