"""Addresses of pictures: they repeat, they open what they should and nothing else."""

import re
import time
from datetime import timedelta
from http.cookies import SimpleCookie
from urllib.parse import parse_qsl, urlsplit

import pytest

from image_scaler.client import Pictures
from local.edge.signatures import RefusedError, SignedRequest, check_signature, split_query
from tests.unit.client.conftest import CONTROL, EDGE, IMAGE_ID

OTHER = "01JDXYZ0000000000000000001"


@pytest.fixture
def pictures(signer):
    return Pictures(EDGE, signer)


@pytest.fixture
def opens(ec_key):
    """Return whether the edge answers a request with these cookies, ``after`` some time."""

    def opened(url: str, cookies=None, *, after: timedelta = timedelta()) -> bool:
        address, _, query = url.partition("?")
        kept, signature = split_query(query)
        request = SignedRequest(
            url=f"{address}?{kept}" if kept else address, viewer_ip="192.0.2.1", now=time.time() + after.total_seconds()
        )
        try:
            check_signature(request, parameters=signature, cookies=cookies or {}, keys={CONTROL: ec_key.public_key()})
        except RefusedError:
            return False
        return True

    return opened


def test_a_url_opens_its_picture_for_the_time_and_no_other(pictures, opens):
    url = pictures.url(IMAGE_ID, width=640, fit="cover")

    assert opens(url)
    assert opens(url, after=timedelta(minutes=59))
    assert not opens(url, after=timedelta(hours=2))
    assert not opens(url.replace(IMAGE_ID, OTHER))


def test_a_srcset_by_density_asks_for_the_same_size_with_each_dpr(pictures, opens):
    entries = [entry.split(" ") for entry in pictures.densities(IMAGE_ID, width=200, height=100).split(", ")]

    assert [density for _, density in entries] == ["1x", "2x", "3x"]
    for (url, _), dpr in zip(entries, ("1", "2", "3"), strict=True):
        assert dict(parse_qsl(urlsplit(url).query)).items() >= {"width": "200", "height": "100", "dpr": dpr}.items()
        assert opens(url)


def test_a_srcset_of_widths_takes_no_dpr(pictures):
    with pytest.raises(ValueError, match="needs no dpr"):
        pictures.srcset(IMAGE_ID, (600, 400), dpr=2)


def test_the_same_page_shows_the_same_urls(signer):
    """What browsers cache is found again: two views within a step of the grid have equal URLs, ECDSA keys included."""
    grid = timedelta(days=30)

    views = [Pictures(EDGE, signer, grid=grid).url(IMAGE_ID, width=640) for _ in range(3)]

    assert len(set(views)) == 1


def test_one_signature_opens_all_sizes(pictures, opens):
    signature = pictures.signature(IMAGE_ID)

    assert opens(f"{EDGE}/images/{IMAGE_ID}?width=123&{signature}")
    assert opens(f"{EDGE}/images/{IMAGE_ID}/fit=cover,format=webp?{signature}")


def test_a_srcset_stops_at_the_pictures_width_and_every_entry_opens(pictures, opens):
    entries = [entry.split(" ") for entry in pictures.srcset(IMAGE_ID, (600, 400), quality=80).split(", ")]

    assert [(dict(parse_qsl(urlsplit(url).query))["width"], width) for url, width in entries] == [
        ("320", "320w"), ("640", "600w")
    ]  # fmt: skip
    assert all(opens(url) for url, _ in entries)
    assert all("quality=80" in url for url, _ in entries)


def test_a_crop_asks_for_both_sides(pictures):
    (url, width), *_ = [entry.split(" ") for entry in pictures.srcset(IMAGE_ID, (600, 400), ratio=1).split(", ")]

    assert dict(parse_qsl(urlsplit(url).query))["height"] == "320"
    assert width == "320w"


def test_values_are_quoted(pictures, opens):
    url = pictures.url(IMAGE_ID, position="4,8", download="my cat & dog.jpg")

    assert "position=4%2C8&download=my%20cat%20%26%20dog.jpg&" in url
    assert opens(url)


def test_cookies_of_all_images_open_pictures_and_nothing_else(pictures, opens):
    cookies = pictures.cookies()

    assert opens(f"{EDGE}/images/{IMAGE_ID}?width=320", cookies.values)
    assert opens(f"{EDGE}/images/{OTHER}", cookies.values)
    assert not opens(f"{EDGE}/v1/images", cookies.values)
    assert cookies.path == "/images/"


def test_cookies_of_one_image_open_its_sizes_alone(pictures, opens):
    cookies = pictures.cookies(IMAGE_ID)

    assert opens(f"{EDGE}/images/{IMAGE_ID}?width=320", cookies.values)
    assert not opens(f"{EDGE}/images/{OTHER}", cookies.values)
    assert cookies.path == f"/images/{IMAGE_ID}"


def read_cookies(headers: list[str]) -> dict:
    return {name: each for header in headers for name, each in SimpleCookie(header).items()}


def test_cookies_are_set_for_pictures_only_and_out_of_reach_of_scripts(pictures):
    cookies = pictures.cookies()

    headers = read_cookies(cookies.headers(domain="example.com"))
    assert {name: each.value for name, each in headers.items()} == cookies.values
    for each in headers.values():
        assert (each["path"], each["domain"], each["samesite"]) == ("/images/", "example.com", "Lax")
        assert each["secure"]
        assert each["httponly"]
        assert 3600 - 5 <= int(each["max-age"]) <= 7200


def test_cookies_of_an_edge_without_tls_are_not_secure_only(signer):
    headers = Pictures("http://localhost:7780", signer).cookies().headers()

    assert headers
    assert not any(re.search("secure", header, re.IGNORECASE) for header in headers)
    assert not any("omain" in header for header in headers)


def test_a_stage_with_public_pictures_has_plain_addresses():
    pictures = Pictures(EDGE, None)

    assert pictures.url(IMAGE_ID) == f"{EDGE}/images/{IMAGE_ID}"
    assert pictures.url(IMAGE_ID, width=320) == f"{EDGE}/images/{IMAGE_ID}?width=320"
    assert pictures.signature(IMAGE_ID) == ""
    assert pictures.cookies().headers() == []
