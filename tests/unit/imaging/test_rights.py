"""Rights fields are kept where a stage says so, and nothing else ever is."""

import pytest

from functions.blur.pictures import blurred_files
from functions.imaging.encoding import CONTENT_TYPES
from functions.imaging.ingest import ingest_here
from functions.imaging.limits import DEFAULT_LIMITS
from functions.imaging.variants import VariantSpec, decode_for, encode_variant
from functions.shared.options import Blur
from functions.shared.variant import POINTS
from tests import pictures

COPYRIGHT, ARTIST, ORIENTATION, DESCRIPTION, GPS = 0x8298, 0x013B, 0x0112, 0x010E, 0x8825


def tagged(pillow_format: str, *, rights: str = "(c) Somebody", **options) -> bytes:
    data = pictures.exif(orientation=6, rights=rights)
    data[ARTIST] = "A. Photographer"
    return pictures.encoded(pictures.scene(400, 300), pillow_format, exif=data.tobytes(), **options)


def fields(body: bytes) -> dict:
    found = pictures.opened(body).getexif()
    return dict(found) | ({GPS: found.get_ifd(GPS)} if found.get_ifd(GPS) else {})


def kept_of(body: bytes):
    return ingest_here(body, "", DEFAULT_LIMITS, keep_rights=True)


@pytest.mark.parametrize("pillow_format", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF", "TIFF"])
def test_kept_rights_are_in_every_stored_file_and_nothing_beside_them(pillow_format):
    picture = kept_of(tagged(pillow_format)).picture

    for file in (picture.master, *picture.renditions):
        assert fields(file.body) == {ARTIST: "A. Photographer", COPYRIGHT: "(c) Somebody"}
        assert pictures.GPS_MARK not in file.body


@pytest.mark.parametrize("image_format", sorted(set(CONTENT_TYPES) - {"gif"}))
def test_what_is_served_carries_them_too(image_format):
    master = kept_of(tagged("JPEG")).picture.master.body
    spec = VariantSpec(200, None, "cover", image_format, 80, POINTS["center"], "white")

    body = encode_variant(decode_for(spec, master).scaled(spec), spec)

    assert fields(body) == {ARTIST: "A. Photographer", COPYRIGHT: "(c) Somebody"}


def test_a_transparent_or_animated_picture_keeps_them_as_well():
    still = pictures.png(image=pictures.drawing(400, 300), exif=pictures.exif().tobytes())
    moving = pictures.animated_webp(frames=3, exif=pictures.exif().tobytes())

    for body in (still, moving):
        assert fields(kept_of(body).picture.master.body) == {COPYRIGHT: "(c) Somebody"}


def test_a_blurred_picture_has_the_rights_of_the_sharp_one():
    master = kept_of(tagged("JPEG")).picture.master.body

    twin = blurred_files(master, (300, 400), (200,), Blur())

    for file in (twin.master, *twin.renditions):
        assert fields(file.body) == {ARTIST: "A. Photographer", COPYRIGHT: "(c) Somebody"}


def test_what_is_moderated_carries_nothing():
    proxies = kept_of(tagged("JPEG")).proxies

    assert proxies
    assert all(fields(view.file.body) == {} for view in proxies)


def test_by_default_nothing_is_kept():
    picture = ingest_here(tagged("JPEG"), "", DEFAULT_LIMITS).picture

    assert all(fields(file.body) == {} for file in (picture.master, *picture.renditions))


def test_a_field_is_cut_to_500_characters_and_an_empty_one_left_out():
    long = kept_of(tagged("JPEG", rights="x" * 20_000)).picture.master.body
    empty = kept_of(tagged("JPEG", rights=" ")).picture.master.body

    assert fields(long)[COPYRIGHT] == "x" * 500
    assert COPYRIGHT not in fields(empty)


def test_broken_exif_is_passed_over():
    body = pictures.jpeg(exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")

    assert fields(kept_of(body).picture.master.body) == {}
