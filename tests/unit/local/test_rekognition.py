"""The Rekognition stand-in, asked by boto3 itself over HTTP: Rekognition's answers, validation and error codes."""

import base64
import io
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError
from PIL import Image, ImageOps

from local.rekognition.behaviour import Behaviour
from local.rekognition.known import KnownPictures
from local.rekognition.service import MAX_INLINE_BYTES, TARGET, create_app
from local.rekognition.spoiled import SPOILED
from tests import pictures
from tests.fakes.clock import Clock
from tests.fakes.serving import rekognition_at, serving

SAMPLES = Path(__file__).parents[3] / "samples" / "images"


class Objects:
    """S3 with one readable object for each file of samples/images."""

    def read(self, bucket: str, key: str, version: str | None) -> bytes:  # noqa: ARG002 -- the samples have one
        if bucket != "staging" or not (SAMPLES / key).is_file():
            raise LookupError(key)
        return (SAMPLES / key).read_bytes()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(create_app(Behaviour(judge=KnownPictures.from_file()), Objects())) as address:
        yield address


@pytest.fixture
def control(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, trust_env=False) as client:
        yield client
        client.delete("/control")


@pytest.fixture
def rekognition(address: str) -> Iterator[Any]:
    client = rekognition_at(address)
    yield client
    client.close()


def jpeg(width: int = 200, height: int = 150, colour: str = "teal") -> bytes:
    return encoded(Image.new("RGB", (width, height), colour))


def encoded(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def names(answer: dict[str, Any]) -> list[str]:
    return [label["Name"] for label in answer["ModerationLabels"]]


def error_code(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return caught.value.response["Error"]["Code"]


def test_a_known_sample_in_s3_gets_its_labels_with_their_parents(rekognition):
    answer = rekognition.detect_moderation_labels(Image={"S3Object": {"Bucket": "staging", "Name": "knife.jpg"}})

    assert names(answer) == ["Weapons", "Violence"]
    assert answer["ModerationLabels"][0]["ParentName"] == "Violence"
    assert answer["ModerationLabels"][0]["TaxonomyLevel"] == 2
    assert answer["ModerationModelVersion"]


@pytest.mark.parametrize("width", [1400, 640, 128])
def test_a_known_sample_is_recognised_in_any_size(rekognition, width):
    with Image.open(SAMPLES / "knife.jpg") as picture:
        scaled = picture.resize((width, width * picture.height // picture.width))
    buffer = io.BytesIO()
    scaled.save(buffer, "JPEG", quality=70)

    assert names(rekognition.detect_moderation_labels(Image={"Bytes": buffer.getvalue()})) == ["Weapons", "Violence"]


def test_a_png_is_recognised_like_a_jpeg(rekognition):
    assert "Explicit" in names(
        rekognition.detect_moderation_labels(Image={"S3Object": {"Bucket": "staging", "Name": "neon.png"}})
    )


@pytest.mark.parametrize(
    "sample", ["mountains.jpg", "camera-grey.jpg", "a b+c%25é.jpg", "deep-field-p3.jpg", "chart-palette.png"]
)
def test_in_a_picture_that_it_does_not_know_it_finds_nothing(rekognition, sample):
    answer = rekognition.detect_moderation_labels(Image={"S3Object": {"Bucket": "staging", "Name": sample}})

    assert names(answer) == []


def test_labels_below_the_asked_confidence_are_left_out(rekognition):
    answer = rekognition.detect_moderation_labels(
        Image={"S3Object": {"Bucket": "staging", "Name": "knife.jpg"}}, MinConfidence=99
    )

    assert names(answer) == []


@pytest.mark.parametrize(
    ("image", "code"),
    [
        ({"Bytes": b"GIF89a nothing"}, "InvalidImageFormatException"),
        ({"Bytes": jpeg()[:100]}, "InvalidImageFormatException"),
        ({"Bytes": jpeg(width=79)}, "InvalidParameterException"),
        ({"Bytes": jpeg(width=10_001, height=80)}, "ImageTooLargeException"),
        ({"Bytes": jpeg() + bytes(MAX_INLINE_BYTES)}, "ImageTooLargeException"),
        ({}, "InvalidParameterException"),
        ({"Bytes": jpeg(), "S3Object": {"Bucket": "staging", "Name": "knife.jpg"}}, "InvalidParameterException"),
        ({"S3Object": {"Bucket": "staging", "Name": "missing"}}, "InvalidS3ObjectException"),
    ],
    ids=[
        "not an image",
        "truncated",
        "too small",
        "too large",
        "too many bytes",
        "no image",
        "two images",
        "no object",
    ],
)
def test_what_rekognition_refuses_is_refused_with_its_code(rekognition, image, code):
    assert error_code(rekognition.detect_moderation_labels, Image=image) == code


def test_another_operation_is_unknown(rekognition):
    assert error_code(rekognition.detect_labels, Image={"Bytes": jpeg()}) == "UnknownOperationException"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\xff", b"[", b"[]", b"null", b"1", b"[" * 100_000,
        b'{"Image": {}, "MinConfidence": 1' + b"0" * 5_000 + b"}",
        *(json.dumps({"Image": image}).encode() for image in (None, 5, "Bytes", ["Bytes"], {"Bytes": "é"}, {"Bytes": 5},
          {"S3Object": None}, {"S3Object": {"Bucket": 1, "Name": []}})),
        *(json.dumps({"Image": {"Bytes": ""}, "MinConfidence": number}).encode() for number in ("x", [], -1, 101)),
        b'{"Image": {"Bytes": ""}, "MinConfidence": NaN}',
    ],
)  # fmt: skip
def test_a_malformed_call_is_a_400_with_a_code(address, body):
    headers = {"X-Amz-Target": TARGET, "X-Odd": "é".encode()}

    answer = httpx.post(address, content=body, headers=headers, trust_env=False)

    assert answer.status_code == 400
    assert answer.json()["__type"].endswith("Exception")


def test_a_header_outside_ascii_is_no_operation(address):
    answer = httpx.post(address, content=b"{}", headers={"X-Amz-Target": "é".encode()}, trust_env=False)

    assert (answer.status_code, answer.json()["__type"]) == (400, "UnknownOperationException")


@pytest.mark.parametrize(
    "make", [partial(pictures.jpeg_header, 65_000, 65_000), partial(pictures.png_header, 30_000, 30_000)]
)
def test_a_picture_that_claims_more_than_rekognition_takes_is_not_decoded(rekognition, make):
    code = error_code(rekognition.detect_moderation_labels, Image={"Bytes": make()})

    assert code == "InvalidImageFormatException"


def test_it_throttles_as_often_as_it_was_told(rekognition, control):
    control.patch("/control", json={"throttle": 1})

    assert error_code(rekognition.detect_moderation_labels, Image={"Bytes": jpeg()}) == "ThrottlingException"
    assert names(rekognition.detect_moderation_labels(Image={"Bytes": jpeg()})) == []


def test_beyond_its_rate_it_throttles_and_as_time_passes_it_answers_again():
    clock = Clock()
    behaviour = Behaviour(clock=clock)
    behaviour.change({"rate": 5})

    at_once = [behaviour.is_over_rate() for _ in range(7)]
    clock.sleep(0.4)
    later = [behaviour.is_over_rate() for _ in range(3)]
    clock.sleep(60)
    much_later = [behaviour.is_over_rate() for _ in range(6)]

    assert at_once == [False] * 5 + [True] * 2
    assert later == [False] * 2 + [True]
    assert much_later == [False] * 5 + [True]


def test_a_call_beyond_the_rate_has_rekognitions_own_code(rekognition, control):
    control.patch("/control", json={"rate": 1})
    refused = set()

    for _ in range(10):
        try:
            rekognition.detect_moderation_labels(Image={"Bytes": jpeg()})
        except ClientError as error:
            refused.add(error.response["Error"]["Code"])

    assert refused == {"ProvisionedThroughputExceededException"}


def test_switched_off_it_answers_nothing_until_it_is_on_again(rekognition, control):
    control.patch("/control", json={"on": False})

    assert error_code(rekognition.detect_moderation_labels, Image={"Bytes": jpeg()}) == "ServiceUnavailableException"

    control.patch("/control", json={"on": True})

    assert names(rekognition.detect_moderation_labels(Image={"Bytes": jpeg()})) == []


def test_labels_that_are_set_hold_for_every_picture(rekognition, control):
    label = {"Name": "Gambling", "ParentName": "", "TaxonomyLevel": 1, "Confidence": 88.0}
    control.patch("/control", json={"labels": [label]})

    assert names(rekognition.detect_moderation_labels(Image={"Bytes": jpeg()})) == ["Gambling"]


@pytest.mark.parametrize("how", SPOILED)
def test_it_spoils_its_answers_as_it_was_told_and_still_speaks_the_protocol(address, control, how):
    control.patch("/control", json={"spoil": how})

    answer = httpx.post(
        address,
        headers={"X-Amz-Target": TARGET},
        json={"Image": {"Bytes": base64.b64encode(jpeg()).decode()}},
        trust_env=False,
    )

    assert answer.status_code == 200
    good = {"ModerationLabels": [], "ModerationModelVersion": "7.0", "ContentTypes": []}
    assert json.loads(answer.text) != good


@pytest.mark.parametrize("background", ["white", "black"])
@pytest.mark.parametrize("alpha", [12, 60, 200])
@pytest.mark.parametrize("sample", ["knife.jpg", "bather.webp", "neon.png"])
def test_a_known_sample_is_recognised_through_alpha(rekognition, background, alpha, sample):
    with Image.open(SAMPLES / sample) as image:
        picture = image.convert("RGB")
    seen = Image.blend(Image.new("RGB", picture.size, background), picture, alpha / 255)

    assert names(rekognition.detect_moderation_labels(Image={"Bytes": encoded(seen)}))


@pytest.mark.parametrize("sample", ["knife.jpg", "bather.webp", "neon.png"])
def test_a_known_sample_is_recognised_in_negative(rekognition, sample):
    with Image.open(SAMPLES / sample) as image:
        negative = ImageOps.invert(image.convert("RGB"))

    assert names(rekognition.detect_moderation_labels(Image={"Bytes": encoded(negative)}))


@pytest.mark.parametrize(
    "body",
    [
        *(
            json.dumps(each).encode()
            for each in (
                {"of": True}, {"on": "no"}, {"throttle": None}, {"spoil": "a little"}, {"rate": -1}, [], None, 1,
            )
        ),
        *(json.dumps({"labels": [each]}).encode() for each in (1, {}, {"Name": "a"}, {"Name": 1, "Confidence": 9})),
        b"", b"\xff", b"[" * 100_000,
    ],
)  # fmt: skip
def test_a_wrong_control_document_is_refused_and_changes_nothing(control, body):
    before = control.get("/control").json()

    assert control.patch("/control", content=body).status_code == 400
    assert control.get("/control").json() == before
