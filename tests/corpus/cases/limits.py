"""Every limit on an upload, from both sides: the last file that is accepted and the first that is refused."""

import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial

from PIL import Image

from functions.imaging.limits import DEFAULT_LIMITS, MIB
from tests import pictures
from tests.corpus.case import HEIGHT, SCENE, WIDTH, Case, Look, Refusal

LIMITS = DEFAULT_LIMITS
WHITE = {(0.5, 0.5): (255, 255, 255)}


def cases() -> Iterator[Case]:
    """Yield the cases of this module: what is just within the limits, then what is just over them."""
    yield from _within_sizes()
    yield from _within_frames()
    yield from _within_metadata()
    yield from _within_parts()
    yield from _over_bytes()
    yield from _over_pixels()
    yield from _over_frames()
    yield from _over_parts()
    yield from _over_scans()


# --- within


def _within(name: str, build: Callable[[], bytes], media_type: str, look: Look) -> Case:
    return Case(f"within: {name}", build, media_type, look)


def _within_sizes() -> Iterator[Case]:
    longest = LIMITS.max_side_px
    yield _within(
        "bytes",
        lambda: pictures.jpeg(WIDTH, HEIGHT).ljust(LIMITS.max_bytes, b"\0"),
        "image/jpeg",
        Look((WIDTH, HEIGHT), SCENE),
    )
    yield _within(
        "pixels",
        lambda: _white_png(8_000, 8_000),
        "image/png",
        Look((320, 320), WHITE, original=(8_000, 8_000), variant={"format": "png", "width": 320}),
    )
    yield _within(
        "side",
        lambda: _white_png(longest, 16),
        "image/png",
        Look((3_840, 4), WHITE, original=(longest, 16), variant={"format": "png", "width": longest}),
    )
    yield _within("one pixel", lambda: _white_png(1, 1), "image/png", Look((1, 1), WHITE))


def _within_frames() -> Iterator[Case]:
    form = {"variant": {"format": "webp"}, "content_type": "image/webp"}
    look = Look((16, 12), {}, frames=LIMITS.max_frames, **form)
    for kind, pillow_format, media_type in (
        ("gif", "GIF", "image/gif"),
        ("apng", "PNG", "image/png"),
        ("webp", "WEBP", "image/webp"),
    ):
        yield _within(f"{kind}, frames", partial(_flicker, pillow_format, LIMITS.max_frames), media_type, look)


def _within_metadata() -> Iterator[Case]:
    look = Look((WIDTH, HEIGHT), SCENE)
    for kind, make in (("jpeg", pictures.jpeg), ("webp", pictures.webp)):
        build = partial(make, WIDTH, HEIGHT, icc_profile=b"\1" * 5 * MIB)
        yield _within(f"{kind}, long colour profile", build, f"image/{kind}", look)
    packed = zlib.compress(bytes(LIMITS.max_bytes + 1))
    for name, build in (
        ("colour profile longer than a file", partial(_png_with, 1, b"iCCP", b"k\0\0" + packed)),
        ("text longer than a file", partial(_png_with, 1, b"zTXt", b"k\0\0" + packed)),
        ("international text", partial(_png_with, 1, b"iTXt", b"k\0\1\0\0\0" + packed)),
        ("many texts", partial(_png_with, 1_000, b"tEXt", b"k\0v")),
    ):
        yield _within(f"png, {name}", build, "image/png", look)


def _within_parts() -> Iterator[Case]:
    scene, tiny = Look((WIDTH, HEIGHT), SCENE), Look((16, 16), {})
    grey = Look((64, 48), {(0.5, 0.5): (128, 128, 128)})
    chunks, blocks = LIMITS.max_chunks, LIMITS.max_gif_blocks
    for name, build, media_type, look in (
        ("png, chunks", partial(_png_with, chunks - 3, b"abCd", b""), "image/png", scene),
        ("webp, chunks", partial(_webp_of_chunks, chunks - 1), "image/webp", scene),
        ("jpeg, segments", partial(pictures.jpeg_segment_bomb, chunks - 20), "image/jpeg", tiny),
        ("gif, blocks", partial(pictures.gif_of_tiny_blocks, blocks - 100), "image/gif", tiny),
        ("jpeg, scans", partial(_jpeg_of_scans, LIMITS.max_scans, 64, 48), "image/jpeg", grey),
    ):
        yield _within(name, build, media_type, look)


# --- over


def _over(name: str, build: Callable[[], bytes], media_type: str, reason: str, detail: str) -> Case:
    return Case(f"over: {name}", build, media_type, Refusal(reason, detail))


def _over_bytes() -> Iterator[Case]:
    yield Case("empty", bytes, "image/jpeg", Refusal("EMPTY", r"The file is empty\."), past_api=True)
    yield Case(
        "over: bytes",
        lambda: pictures.jpeg(WIDTH, HEIGHT).ljust(LIMITS.max_bytes + 1, b"\0"),
        "image/jpeg",
        Refusal("TOO_LARGE", r"The file has 64\.1 MiB; at most 64 MiB are accepted\."),
        past_api=True,
    )


def _over_pixels() -> Iterator[Case]:
    megapixels = r"The picture has 64\.1 megapixels; at most 64 are accepted\."
    for kind, make in (("png", pictures.png_header), ("jpeg", pictures.jpeg_header)):
        yield _over(f"{kind}, pixels", partial(make, 8_001, 8_000), f"image/{kind}", "TOO_MANY_PIXELS", megapixels)
    for name, build, media_type, size in (
        ("width", lambda: _white_png(16_385, 2), "image/png", "16385 x 2"),
        ("height", lambda: _white_png(2, 16_385), "image/png", "2 x 16385"),
        ("bmp, width", lambda: pictures.bmp(image=Image.new("1", (16_385, 1))), "image/bmp", "16385 x 1"),
        ("tiff, width", lambda: pictures.tiff(image=Image.new("L", (16_385, 1))), "image/tiff", "16385 x 1"),
    ):
        side = rf"The picture is {size} px; a side may have at most 16384 px\."
        yield _over(name, build, media_type, "TOO_MANY_PIXELS", side)


def _over_frames() -> Iterator[Case]:
    many = r"The animation has more than 256 frames, the most accepted\."
    for kind, build, media_type in (
        ("gif", partial(pictures.gif_with_many_frames, 257), "image/gif"),
        ("apng", partial(_flicker, "PNG", LIMITS.max_frames + 1), "image/png"),
        ("apng that claims", partial(pictures.apng_that_claims, 100_001), "image/png"),
        ("webp", partial(_flicker, "WEBP", LIMITS.max_frames + 1), "image/webp"),
    ):
        yield _over(f"{kind}, frames", build, media_type, "TOO_MANY_FRAMES", many)
    yield _over(
        "animation, pixels",
        partial(pictures.gif_with_many_frames, 256, 1_001, 1_000),
        "image/gif",
        "TOO_MANY_PIXELS",
        r"The animation's 256 frames have 256\.3 megapixels together; at most 256 are accepted\.",
    )
    yield _over(
        "gif, a bomb in its second frame",
        pictures.gif_bomb_in_second_frame,
        "image/gif",
        "TOO_MANY_PIXELS",
        r"The picture is \d+ x \d+ px; a side may have at most 16384 px\.",
    )


def _over_parts() -> Iterator[Case]:
    for name, build, media_type, detail in (
        (
            "png, chunks",
            partial(_png_with, LIMITS.max_chunks - 2, b"abCd", b""),
            "image/png",
            r"The PNG has more than 65536 chunks\.",
        ),
        (
            "webp, chunks",
            partial(_webp_of_chunks, LIMITS.max_chunks + 1),
            "image/webp",
            r"The WebP has more than 65536 chunks\.",
        ),
        (
            "avif, boxes",
            lambda: pictures.avif(64, 48) + struct.pack(">I4s", 8, b"free") * LIMITS.max_chunks,
            "image/avif",
            r"The file has more than 65536 boxes\.",
        ),
        (
            "jpeg, segments",
            partial(pictures.jpeg_segment_bomb, LIMITS.max_chunks + 1),
            "image/jpeg",
            r"The JPEG has more than 65536 segments\.",
        ),
        (
            "gif, blocks",
            partial(pictures.gif_of_tiny_blocks, LIMITS.max_gif_blocks + 1),
            "image/gif",
            r"The GIF is cut into too many small pieces\.",
        ),
    ):
        yield _over(name, build, media_type, "TOO_COMPLEX", detail)


def _over_scans() -> Iterator[Case]:
    detail = r"The JPEG draws its picture in \d+ scans or more, which is too many to decode\."
    for name, build in (
        ("scans", partial(_jpeg_of_scans, LIMITS.max_scans + 1, 64, 48)),
        ("a scan bomb", partial(pictures.scan_bomb, 3_000)),
        ("scans of many pixels", partial(_jpeg_of_scans, 90, 4_500, 4_500)),
    ):
        yield _over(f"jpeg, {name}", build, "image/jpeg", "TOO_COMPLEX", detail)


# --- files of a given number of parts


def _flicker(pillow_format: str, count: int) -> bytes:
    """Return an animation of flat frames: neighbours always differ, and there are few distinct frames to moderate."""
    colors = [(index * 101 % 256, index * 53 % 256, index * 151 % 256) for index in range(32)]
    frames = [Image.new("RGB", (16, 12), colors[index % len(colors)]) for index in range(count)]
    return pictures.encoded(frames[0], pillow_format, save_all=True, append_images=frames[1:], duration=50, loop=0)


def _white_png(width: int, height: int) -> bytes:
    """Return a PNG of one bit a pixel."""
    row = b"\xff" * ((width + 7) // 8)
    return pictures.png_of_rows([row] * height, width, bit_depth=1, color_type=0)


def _png_with(count: int, kind: bytes, data: bytes) -> bytes:
    """Return a scene with a number of equal chunks after its header."""
    body = pictures.png(WIDTH, HEIGHT)
    return body[:33] + pictures.png_chunk(kind, data) * count + body[33:]


def _webp_of_chunks(count: int) -> bytes:
    """Return a scene whose file has that many chunks, nearly all of them empty and unknown."""
    body = pictures.webp(WIDTH, HEIGHT, exif=pictures.exif().tobytes())  # the extended form
    own = _riff_chunks(body)
    body += struct.pack("<4sI", b"abcd", 0) * (count - own)
    return body[:4] + struct.pack("<I", len(body) - 8) + body[8:]


def _riff_chunks(body: bytes) -> int:
    position, count = 12, 0
    while position < len(body):
        length = struct.unpack_from("<I", body, position + 4)[0]
        position += 8 + length + length % 2
        count += 1
    return count


def _jpeg_of_scans(scans: int, width: int, height: int) -> bytes:
    """Return a progressive grey JPEG with exactly that many scans."""
    own = pictures.scan_bomb(0, width, height).count(b"\xff\xda")
    return pictures.scan_bomb(scans - own, width, height)
