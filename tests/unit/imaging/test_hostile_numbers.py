"""Numbers and texts of a file never decide: ingest ends in a picture or a refusal, and serve shows every picture."""

import ast
import struct
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from functions.imaging.encoding import encode
from functions.imaging.ingest import ingest, ingest_here
from functions.imaging.inspection import inspect
from functions.imaging.limits import DEFAULT_LIMITS
from functions.imaging.picture import DecodedPicture
from functions.imaging.refusal import RefusedPictureError
from functions.imaging.storing import store_picture
from functions.imaging.variants import open_rendition
from functions.shared.status import Reason
from functions.shared.variant import FORMATS, Sizes, parse_query
from functions.variants.errors import VariantTooLargeError
from functions.variants.rendering import render
from functions.variants.sources import source_for
from tests import hostile, pictures
from tests.counted import counted
from tests.fakes.memory_store import MemoryStore
from tests.unit.imaging.decoded import decoded

PER_KIND = counted(usual=8, long=170)
ASKED = ({}, {"width": "16"}, {"width": "32", "height": "32", "fit": "contain"})
PACKAGE = Path(__file__).resolve().parents[3] / "functions" / "imaging"

LONGEST_IN_WEBP_MS, LONGEST_IN_GIF_MS = 2**24 - 1, 655_350


def master_of(body):
    return ingest_here(body, "", DEFAULT_LIMITS).picture.master.body


def refusal_of(body, **limits):
    with pytest.raises(RefusedPictureError) as caught:
        inspect(body, replace(DEFAULT_LIMITS, **limits))
    return caught.value


def served(ingested):
    """Render a picture in every format and in several sizes; a refusal, as of what is too large, is an answer too."""
    store = MemoryStore()
    stored = store_picture(ingested.picture, store=store, bucket="", prefix="")
    for image_format in FORMATS:
        for size in ASKED:
            query = {"format": image_format, **size}
            variant = parse_query(query.items(), accept="*/*", sizes=Sizes.LADDER).variant
            try:
                yield render(store[source_for(stored, variant).key], variant, stored)
            except VariantTooLargeError as refusal:
                yield refusal


@pytest.mark.parametrize("kind", hostile.KINDS)
def test_hostile_numbers_end_in_a_refusal_or_in_a_picture_that_serve_shows(kind):
    accepted = 0
    for seed in range(PER_KIND):
        body = hostile.hostile_file(kind, seed)
        try:
            ingested = ingest(body, "", DEFAULT_LIMITS, keep_rights=seed % 2 == 0)
        except RefusedPictureError:
            continue
        except Exception as error:
            raise AssertionError(f"ingest of {kind} {seed}") from error
        accepted += 1
        try:
            assert len(list(served(ingested))) == len(FORMATS) * len(ASKED)
        except Exception as error:
            raise AssertionError(f"serve of {kind} {seed}") from error
    assert accepted


# --- what a file says of itself


def png_with(*chunks, animated=False):
    body = pictures.apng(32, 24, frames=2) if animated else pictures.png(32, 24)
    return body[:33] + b"".join(pictures.png_chunk(*chunk) for chunk in chunks) + body[33:]


@cache
def master_without_text(*, animated):
    return master_of(png_with(animated=animated))


@pytest.mark.parametrize("animated", [False, True])
@pytest.mark.parametrize("text", [b"abc", b"1e999", b"6"])
@pytest.mark.parametrize("name", [word for word in hostile.WORDS if word])
def test_a_text_in_a_png_is_no_parameter_of_its_picture(name, text, animated):
    body = png_with((b"tEXt", name.encode() + b"\0" + text), animated=animated)

    assert master_of(body) == master_without_text(animated=animated)


ODD_TAGS = {
    "a density that is a text": (282, 2, 4, b"abc\0"),
    "a size that is a text": (256, 2, 4, b"abc\0"),
    "a fraction outside the file": (283, 5, 1, b"\xff\xff\xff\x7f"),
    "a directory that is this one": (0x8769, 4, 1, struct.pack("<I", 8)),
    "a position that is a number": (0x8825, 3, 1, b"\1\0\0\0"),
    "XMP that is a number": (700, 4, 1, b"\6\0\0\0"),
    "more values than memory": (305, 12, 2**32 - 1, b"\0\0\0\0"),
}


def odd_exif(tag, kind, count, value):
    entries = [struct.pack("<HHIHH", 274, 3, 1, 6, 0), struct.pack("<HHI", tag, kind, count) + value]
    return b"II*\0" + struct.pack("<IH", 8, 2) + b"".join(sorted(entries)) + bytes(4)


@pytest.mark.parametrize("odd", ODD_TAGS)
@pytest.mark.parametrize("pillow_format", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_upright_whatever_else_its_exif_says(pillow_format, odd, tmp_path):
    stored = pictures.scene().transpose(pictures.ORIENTATION_OPERATIONS[6])
    block = odd_exif(*ODD_TAGS[odd])
    if pillow_format == "PNG":
        body = pictures.png(image=stored)
        body = body[:33] + pictures.png_chunk(b"eXIf", block) + body[33:]
    else:
        body = pictures.encoded(stored, pillow_format, exif=b"Exif\0\0" + block)

    pictures.assert_similar(decoded(body).frames[0], pictures.scene(), within=8, save_to=tmp_path)


@pytest.mark.parametrize("odd", ODD_TAGS)
def test_a_tiff_is_read_whatever_its_other_tags_say(odd, tmp_path):
    tag, kind, _, value = ODD_TAGS[odd]
    row = np.asarray(pictures.scene(64, 48).convert("L"))
    odd_tags = [] if tag == 256 else [(tag, kind, value)]
    body = pictures.tiff_of_rows([each.tobytes() for each in row], 64, bits=8, odd_tags=odd_tags)

    pictures.assert_similar(
        decoded(body).frames[0], pictures.scene(64, 48).convert("L").convert("RGB"), within=0, save_to=tmp_path
    )


@pytest.mark.parametrize("block", [b"", b"Exif\0\0", b"MM", b"II*\0\xff\xff\xff\xff", b"II*\0" + bytes(4), b"junk" * 9])
def test_what_is_no_exif_is_passed_over(block):
    assert master_of(png_with((b"eXIf", block))) == master_of(png_with())


LOOP = b"\x21\xff\x0bNETSCAPE2.0"
XMP = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
IN_A_GIF = b"\x21\xff\x0bXMP DataXMP" + bytes([len(XMP)]) + XMP + b"\0"


@pytest.mark.parametrize(
    "body",
    [
        png_with((b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP)),
        pictures.webp(32, 24, xmp=XMP),
        pictures.avif(32, 24, xmp=XMP),
        pictures.tiff(32, 24, tiffinfo={700: XMP}),
        pictures.gif(32, 24, frames=2).replace(LOOP, IN_A_GIF + LOOP, 1),
    ],
    ids=["png", "webp", "avif", "tiff", "gif"],
)  # fmt: skip
def test_xmp_turns_nothing(body):
    assert decoded(body).size == (32, 24)


@pytest.mark.parametrize(
    "body",
    [
        pictures.jpeg(exif=pictures.exif(), comment=pictures.GPS_MARK, xmp=XMP),
        pictures.mpo(),
        png_with(
            (b"tEXt", b"Title\0abc"), (b"eXIf", odd_exif(*ODD_TAGS["a size that is a text"])), (b"pHYs", bytes(9))
        ),
        pictures.webp(exif=pictures.exif().tobytes(), xmp=XMP),
        pictures.tiff(exif=pictures.exif(), tiffinfo={700: b"<x/>"}),
        pictures.avif(exif=pictures.exif().tobytes(), xmp=XMP),
        pictures.heic(exif=pictures.exif().tobytes(), xmp=XMP),
    ],
    ids=["jpeg", "mpo", "png", "webp", "tiff", "avif", "heic"],
)
def test_no_metadata_reaches_a_decoder(body):
    opened = pictures.opened(inspect(body, DEFAULT_LIMITS).body)

    assert not {each for each in ("exif", "xmp", "comment", "aspect", "Title", "mp") if opened.info.get(each)}
    assert dict(opened.getexif()).keys() <= {256, 257, 258, 259, 262, 273, 277, 278, 279, 284}
    assert opened.convert("RGB").tobytes() == pictures.opened(body).convert("RGB").tobytes()


def test_no_comment_reaches_the_decoder_of_a_gif_s_frames():
    animation = inspect(pictures.gif(frames=2, comment=pictures.GPS_MARK), DEFAULT_LIMITS).animation

    assert [pictures.GPS_MARK in frame.file() for frame in animation.frames] == [False, False]


def test_one_module_alone_reads_what_pillow_has_collected_of_a_file():
    """Pillow's ``info`` and EXIF hold what a file says in whatever type; facts.py checks and clamps it."""
    readers = {
        path.name
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"info", "getexif", "_getexif", "exif_transpose"}
    }

    assert readers == {"facts.py"}


def test_the_header_of_a_png_counts_once():
    larger = struct.pack(">IIBBBBB", 64, 48, 8, 2, 0, 0, 0)

    assert decoded(png_with((b"IHDR", larger))).size == (32, 24)


def test_a_frame_of_no_animation_is_no_part_of_a_png():
    corner = struct.pack(">5I2H2B", 0, 8, 8, 0, 0, 1, 1, 0, 0)

    assert decoded(png_with((b"fcTL", corner))).frames[0].tobytes() == pictures.scene(32, 24).tobytes()


# --- times, and how often


def apng_with(delay, unit, plays):
    chunks = [
        (kind, data[:20] + struct.pack(">HH", delay, unit) + data[24:] if kind == b"fcTL" else data)
        for kind, data in hostile.png_chunks(pictures.apng(32, 24, frames=2))
    ]
    chunks = [(kind, data[:4] + struct.pack(">I", plays) if kind == b"acTL" else data) for kind, data in chunks]
    return hostile.png_of_chunks(chunks)


@pytest.mark.parametrize("plays", [65_535, 65_536, 100_000, 2**32 - 1])
def test_an_animation_plays_as_often_as_its_outputs_can_say(plays):
    master = master_of(apng_with(1, 10, plays))

    assert open_rendition(master).loop == 65_535
    assert pictures.opened(encode(open_rendition(master), "gif", 80)).info["loop"] == 65_534  # after the first time


def test_a_gif_that_is_repeated_65535_times_is_taken():
    assert open_rendition(master_of(pictures.gif(32, 24, frames=2, loop=65_535))).loop == 65_535


@pytest.mark.parametrize(("delay", "unit"), [(65_535, 1), (16_778, 1), (17, 0)])
def test_a_frame_lasts_as_long_as_its_outputs_can_say(delay, unit):
    picture = open_rendition(master_of(apng_with(delay, unit, 0)))

    expected = min(delay * 1000 // (unit or 100), LONGEST_IN_WEBP_MS)
    assert set(picture.durations_ms) == {expected}
    assert pictures.opened(encode(picture, "gif", 80)).info["duration"] == min(expected, LONGEST_IN_GIF_MS) // 10 * 10


@pytest.mark.parametrize("frames", [2, 3, 200])
def test_all_frames_together_last_as_long_as_a_webp_can_say(frames):
    images = tuple(Image.new("RGB", (16, 16), (index, 99, 0)) for index in range(frames))

    body = encode(DecodedPicture(images, (LONGEST_IN_WEBP_MS,) * frames, 2**40), "webp", 80)

    assert sum(open_rendition(body).durations_ms) == min(LONGEST_IN_WEBP_MS, (2**31 - 1) // frames) * frames


@pytest.mark.parametrize("colors", [("teal",) * 3, ("teal", "teal", "navy"), ("teal", "navy", "navy")])
def test_equal_frames_that_a_gif_joins_last_no_longer_than_it_can_say(colors):
    frames = tuple(Image.new("RGB", (16, 16), color) for color in colors)

    body = encode(DecodedPicture(frames, (LONGEST_IN_GIF_MS,) * 3), "gif", 80)

    assert pictures.opened(body).info["duration"] == LONGEST_IN_GIF_MS
    assert getattr(pictures.opened(body), "n_frames", 1) == len(set(colors))


def test_what_an_older_release_has_stored_is_served_too():
    frames = tuple(pictures.moving_frames(3))

    halved = DecodedPicture(frames, (LONGEST_IN_WEBP_MS, 2**31, -5), 2**31).kept([0, 2])

    assert open_rendition(encode(halved, "webp", 80)).durations_ms == (LONGEST_IN_WEBP_MS, 0)
    assert pictures.opened(encode(halved, "gif", 80)).info["duration"] == LONGEST_IN_GIF_MS


# --- what is counted before it is read


def tiff_that_claims(tag, count, kind=4):
    row = bytes(16)
    body = pictures.tiff_of_rows([row] * 16, 16, bits=8, odd_tags=[(tag, kind, struct.pack("<I", 8))])
    start = body.index(struct.pack("<HHI", tag, kind, 1))
    return body[: start + 4] + struct.pack("<I", count) + body[start + 8 :]


def test_a_tiff_of_exactly_as_many_strips_as_allowed_is_accepted():
    assert inspect(pictures.tiff_of_strips(200), replace(DEFAULT_LIMITS, max_pieces=200)).height == 200

    refusal = refusal_of(pictures.tiff_of_strips(201), max_pieces=200)
    assert (refusal.reason, refusal.detail) == (
        Reason.TOO_COMPLEX, "The TIFF has more than 200 strips or tiles.",
    )  # fmt: skip


@pytest.mark.parametrize("tag", [273, 279, 324, 325])
@pytest.mark.parametrize("count", [65_537, 15_000_000, 2**32 - 1])
def test_strips_and_tiles_are_counted_by_what_the_directory_claims(tag, count):
    assert refusal_of(tiff_that_claims(tag, count)).reason is Reason.TOO_COMPLEX


@pytest.mark.parametrize("tag", [258, 320, 339, 347, 530])
def test_no_tag_that_is_read_has_more_values_than_a_picture_needs(tag):
    assert refusal_of(tiff_that_claims(tag, 5_000_000)).reason is Reason.TOO_COMPLEX


@pytest.mark.parametrize("tag", [37_724, 34_675])
def test_private_data_and_a_profile_outside_of_the_file_may_claim_anything(tag):
    assert inspect(tiff_that_claims(tag, 2**32 - 1, kind=7), DEFAULT_LIMITS).width == 16


def test_a_directory_of_more_tags_than_allowed_is_read_no_further():
    body = pictures.tiff_of_rows([bytes(16)] * 16, 16, bits=8)

    assert inspect(body, replace(DEFAULT_LIMITS, max_chunks=11)).width == 16
    assert refusal_of(body, max_chunks=1).reason is Reason.CORRUPT  # the second tag is the height


@pytest.mark.parametrize("limit", [50, 51])
def test_extensions_without_data_are_counted_like_any_block_of_a_gif(limit):
    body = pictures.gif(16, 16)
    start = 13 + (3 << ((body[10] & 7) + 1))

    assert refusal_of(body[:start] + b"\x21\xff\0" * (limit + 1) + body[start:], max_gif_blocks=limit).reason is (
        Reason.TOO_COMPLEX
    )


def test_bytes_that_fill_up_a_jpeg_do_not_reach_its_decoder():
    body = pictures.jpeg(16, 16)

    found = inspect(body[:2] + b"\xff" * 1_000_000 + body[2:], DEFAULT_LIMITS)

    assert len(found.body) <= len(body)


def test_no_segment_of_exif_reaches_a_jpegs_decoder_however_many_there_are():
    found = inspect(pictures.jpeg_of_exif_segments(2_000, 40), DEFAULT_LIMITS)

    assert len(found.body) <= len(pictures.jpeg(16, 16))


@pytest.mark.parametrize("make", [pictures.avif, pictures.heic])
@pytest.mark.parametrize(("kind", "at", "layout"), [(b"iinf", 12, ">H"), (b"iloc", 14, ">H"), (b"ipma", 12, ">I")])
def test_items_of_an_avif_or_heic_are_counted_before_its_library_looks_for_each(make, kind, at, layout):
    body = bytearray(make(64, 48))
    struct.pack_into(layout, body, body.index(kind) - 4 + at, 5_000)

    assert refusal_of(bytes(body)).reason is Reason.TOO_COMPLEX


@pytest.mark.parametrize(("kind", "at"), [(b"stsz", 16), (b"stts", 12), (b"stsc", 12), (b"stco", 12)])
def test_samples_of_an_avif_are_counted_as_well(kind, at):
    body = bytearray(pictures.animated_avif(64, 48))
    struct.pack_into(">I", body, body.index(kind) - 4 + at, 2**32 - 1)

    assert refusal_of(bytes(body)).reason is Reason.TOO_COMPLEX


def test_boxes_inside_boxes_are_counted_together():
    inner = struct.pack(">I4s", 8, b"free") * 60
    boxes = struct.pack(">I4s", 8 + len(inner), b"trak") + inner
    body = pictures.avif(64, 48) + struct.pack(">I4s", 8 + 2 * len(boxes), b"moov") + boxes * 2

    assert inspect(body, replace(DEFAULT_LIMITS, max_entries=123)).width == 64
    assert refusal_of(body, max_entries=122).reason is Reason.TOO_COMPLEX


def test_only_so_many_tags_of_exif_are_read():
    tags = struct.pack("<HHII", 300, 4, 1, 0) * 2_000 + struct.pack("<HHIHH", 274, 3, 1, 6, 0)
    block = b"II*\0" + struct.pack("<IH", 8, 2_001) + tags + bytes(4)

    assert decoded(png_with((b"eXIf", block))).size == (32, 24)


# --- what libraries complain of


def damaged_fax():
    body = pictures.tiff(image=pictures.scene(64, 400).convert("1"), compression="group3")
    return pictures.with_bit_rot(body, at=0.1, length=len(body) // 2)


def test_a_damaged_fax_writes_nothing_into_the_log(capfd):
    with suppress(RefusedPictureError):
        ingest(damaged_fax(), "", DEFAULT_LIMITS)

    assert capfd.readouterr() == ("", "")
