"""Encodes pictures: JPEG, WebP, PNG and AVIF stills, WebP and GIF animations.

Files contain only pixels, durations, the number of plays and, if they are kept, the rights fields: decoding drops other
metadata, comments and profiles. GIF cannot store rights fields.
"""

from enum import Enum
from io import BytesIO
from typing import Any, Final

from PIL import Image, ImageChops, ImageStat

from functions.imaging.codecs import load_codec, with_alpha_flag
from functions.imaging.flatness import is_flat
from functions.imaging.gif_writer import TRANSPARENT, gif_animation
from functions.imaging.jpegli import encode_with_jpegli
from functions.imaging.limits import LONGEST_FRAME_MS, MAX_PLAYS
from functions.imaging.picture import DecodedPicture
from functions.imaging.resizing import flattened
from functions.imaging.transparency import is_clean

CONTENT_TYPES: Final = {
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "png": "image/png",
    "avif": "image/avif",
    "gif": "image/gif",
}

ENCODERS: Final = {
    "jpeg": "jpegli, or libjpeg-turbo if its file is smaller",
    "webp": "libwebp",
    "png": "zlib",
    "avif": "libaom",
    "gif": "Pillow",
}
"""The libraries that encode each format; ``encoder_of`` knows the exceptions."""

ANIMATED_FORMATS: Final = frozenset({"webp", "gif"})

FULL_CHROMA_QUALITY: Final = 89
"""From this encoder quality (requested as 90) JPEG has full chroma resolution (4:4:4), by libjpeg-turbo; below it has
4:2:0, like every peer, by jpegli. Flat pictures always have 4:4:4: coloured text scores 15 SSIMULACRA2 points more for
30 % more bytes as JPEG, and 12 points more for 14 % as AVIF; no quality has that effect at 4:2:0."""

COMPARED_PX: Final = 4_000_000
"""Pixels up to which JPEG is encoded by libjpeg-turbo too (1 ms at 800 px), and the smaller file is kept. For noise it
is libjpeg-turbo's, which then also scores higher. A master is encoded once."""

WEBP_METHOD: Final = 4
"""At 800 px method 4 takes 30 ms, and method 2 13 ms for 5 to 11 % more bytes at the same score. Method 2 has no
rate-distortion optimisation and turns the edges of faint shapes into steps; method 3 takes as long as 4."""

ANIMATION_WEBP_METHOD: Final = 2
"""The same for animations, whose frames are all encoded within one request."""

AVIF_SPEED: Final = 9
"""At 800 px speed 9 takes 11 to 35 ms, 8 takes 3 to 5 times as long and 7 takes 5 to 7 times; they score 2 and 4
more at equal bytes. A stored variant is refined with speed 6 later (refining.py)."""

AVIF_OPTIONS: Final = {"tune": "ssimulacra2", "deltaq-strength": "200", "enable-cdef": "0"}
"""aom's tuning for SSIMULACRA2, with twice its redistribution of bits from busy to smooth blocks and without the filter
against ringing. The two options together score 0.5 more at equal bytes and time (docs/adr/0018)."""

PNG_COMPRESS_LEVEL: Final = 6
"""zlib's own default."""

GIF_COLORS: Final = TRANSPARENT
"""One of the 256 palette entries is reserved for transparent pixels."""

GIF_SHORTEST_FRAME_MS: Final = 20
"""Shortest delay in a GIF: browsers show a frame with a delay of 10 ms for 100 ms."""

GIF_LONGEST_FRAME_MS: Final = 655_350
"""Longest delay in a GIF: 16 bits of hundredths of a second."""

WEBP_LONGEST_MS: Final = 2**31 - 1
"""Longest duration of all frames of a WebP together; libwebp's encoder counts in a C int."""

PALETTE_PX: Final = 32_768
"""A palette is chosen from this many pixels if there are more colours than it can have: the mean error grows by at most
0.1 levels, and noise of 3840 x 3840 px takes 1 s instead of 16 s."""

DITHERED_FROM: Final = 1.0
"""Mean error, in levels of 255, from which a picture with a palette is dithered. Pillow's dithering rounds colours to
four levels, so white becomes grey: a chart has an error of 2.3 with it and 0.01 without; a gradient without it has
bands."""


class LosslessEffort(Enum):
    """libwebp's quality and method for lossless files (`python -m benchmarks.lossless`, docs/adr/0034)."""

    SMOOTH = (20, 1)
    """Pictures that are not flat."""
    FIRST = (50, 1)
    """Variants of flat pictures at their first request: 5 to 44 ms at 800 px, less than their lossy WebP."""
    STORED = (80, 4)
    """Stored files of flat pictures."""
    REFINED = (100, 4)
    """Variants of flat pictures that are encoded again. Method 6 takes 8 to 60 times as long for at most 5 %."""


def encode(picture: DecodedPicture, image_format: str, quality: int, *, background: str = "white") -> bytes:
    """Encode as ``jpeg``, ``webp``, ``png``, ``avif`` or ``gif``; quality from 1 to 100, ignored by png and gif.

    An animation stays animated in WebP and GIF; other formats have its first frame. JPEG has ``background`` behind
    transparent pixels. Raises KeyError for another format.
    """
    if picture.animated and image_format in ANIMATED_FORMATS:
        return _encode_gif(picture) if image_format == "gif" else _encode_webp_animation(picture, quality)
    return _STILL_ENCODERS[image_format](picture.frames[0], quality, background, picture.rights)


def encoder_of(image_format: str, quality: int) -> str:
    """Return the library that encodes a format at an encoder quality. Flat JPEGs are libjpeg-turbo's at any quality."""
    if image_format == "jpeg" and quality >= FULL_CHROMA_QUALITY:
        return "libjpeg-turbo"
    return ENCODERS[image_format]


def encode_lossless_webp(image: Image.Image, rights: bytes = b"", *, effort: LosslessEffort) -> bytes:
    """Encode as lossless WebP without the colours of transparent pixels; transparent and flat pictures are stored so.

    The effort counts for flat pictures. For others, a higher one saves at most 11 % and takes up to twice as long as
    their 3 to 6 megapixels per second.
    """
    quality, method = (effort if is_flat(image) else LosslessEffort.SMOOTH).value
    return encode_still(image, "WEBP", rights, lossless=True, quality=quality, method=method, exact=False)


def encode_lossless_webp_animation(picture: DecodedPicture) -> bytes:
    """Encode an animation as lossless WebP; flat animations are stored so.

    The effort of stored stills would save a fifth of the bytes and take twice as long, for up to 64 megapixels.
    """
    quality, method = LosslessEffort.SMOOTH.value
    return _saved_webp_animation(picture, lossless=True, quality=quality, method=method, exact=False)


def encode_avif(image: Image.Image, quality: int, rights: bytes, *, speed: int = AVIF_SPEED) -> bytes:
    """Encode as AVIF with one thread; flat pictures have full chroma resolution. A lower speed gives smaller files."""
    subsampling = "4:4:4" if is_flat(image) else "4:2:0"
    options = {"quality": quality, "speed": speed, "subsampling": subsampling, "max_threads": 1}
    return encode_still(image, "AVIF", rights, advanced=AVIF_OPTIONS, **options)


def encode_still(image: Image.Image, pillow_format: str, rights: bytes, **options: Any) -> bytes:
    """Encode one image with Pillow's own options and, if they are kept, the rights fields."""
    return _saved(image, pillow_format, **options, **_metadata(rights))


def encode_fast_jpeg(image: Image.Image, quality: int, *, full_chroma: bool, rights: bytes = b"") -> bytes:
    """Encode an RGB image with libjpeg-turbo, in half the time of jpegli; ``full_chroma`` is 4:4:4, otherwise 4:2:0.

    Baseline: progressive takes five times as long, saves 5 % of the bytes and decodes more slowly.
    """
    subsampling = "4:4:4" if full_chroma else "4:2:0"
    return encode_still(image, "JPEG", rights, quality=quality, subsampling=subsampling)


def _encode_jpeg(image: Image.Image, quality: int, background: str, rights: bytes) -> bytes:
    opaque = flattened(image, background)
    full_chroma = quality >= FULL_CHROMA_QUALITY or is_flat(opaque)
    body = None if full_chroma else encode_with_jpegli(opaque, quality, rights)
    if body is not None and opaque.width * opaque.height > COMPARED_PX:
        return body
    fast = encode_fast_jpeg(opaque, quality, full_chroma=full_chroma, rights=rights)
    return fast if body is None else min(body, fast, key=len)


def _encode_webp(image: Image.Image, quality: int, _background: str, rights: bytes) -> bytes:
    body = encode_still(image, "WEBP", rights, quality=quality, method=WEBP_METHOD)
    if is_flat(image):
        return min(body, encode_lossless_webp(image, rights, effort=LosslessEffort.FIRST), key=len)
    return body


def _encode_avif(image: Image.Image, quality: int, _background: str, rights: bytes) -> bytes:
    return encode_avif(image, quality, rights)


def _encode_png(image: Image.Image, _quality: int, _background: str, rights: bytes) -> bytes:
    return encode_still(image, "PNG", rights, compress_level=PNG_COMPRESS_LEVEL)


def _encode_gif_still(image: Image.Image, _quality: int, _background: str, _rights: bytes) -> bytes:
    return _encode_gif(DecodedPicture((image,)))


_STILL_ENCODERS: Final = {
    "jpeg": _encode_jpeg,
    "webp": _encode_webp,
    "png": _encode_png,
    "avif": _encode_avif,
    "gif": _encode_gif_still,
}


def _encode_webp_animation(picture: DecodedPicture, quality: int) -> bytes:
    # Mixed: each frame lossy or lossless, whichever is smaller. That takes the time of both.
    return _saved_webp_animation(picture, quality=quality, method=ANIMATION_WEBP_METHOD, allow_mixed=picture.flat)


def _saved_webp_animation(picture: DecodedPicture, **options: Any) -> bytes:
    body = _saved(
        picture.frames[0],
        "WEBP",
        save_all=True,
        append_images=picture.frames[1:],
        duration=_clamped(picture, min(LONGEST_FRAME_MS, WEBP_LONGEST_MS // len(picture.frames))),
        loop=_plays(picture),
        **options,
        **_metadata(picture.rights),
    )
    return with_alpha_flag(body) if picture.has_alpha else body


def _encode_gif(picture: DecodedPicture) -> bytes:
    frames = [_with_palette(frame) for frame in picture.frames]
    if picture.animated:
        plays = _plays(picture)
        return gif_animation(
            *_joined(frames, _gif_durations(picture), alpha=picture.has_alpha),
            None if plays == 1 else max(0, plays - 1),  # GIF counts repetitions after the first play
            alpha=picture.has_alpha,
        )
    options = {"transparency": GIF_COLORS} if picture.has_alpha else {}
    return _saved(frames[0], "GIF", optimize=False, **options)


def _gif_durations(picture: DecodedPicture) -> list[int]:
    """Return the duration of each frame in ms, as a GIF can store it and browsers respect it."""
    hundredths = [(duration + 5) // 10 for duration in _clamped(picture, GIF_LONGEST_FRAME_MS)]
    return [max(GIF_SHORTEST_FRAME_MS, 10 * each) for each in hundredths]


def _clamped(picture: DecodedPicture, longest_ms: int) -> list[int]:
    """Return the duration of each frame in ms, clamped to the longest that the format can store."""
    return [min(max(0, duration), longest_ms) for duration in picture.durations_ms]


def _plays(picture: DecodedPicture) -> int:
    """Return the number of plays, clamped to the largest that WebP and GIF can store."""
    return min(max(0, picture.loop), MAX_PLAYS)


def _joined(frames: list[Image.Image], durations: list[int], *, alpha: bool) -> tuple[list[Image.Image], list[int]]:
    """Join frames of a GIF that look the same as the frame before; return the frames and their durations in ms."""
    kept, times = [frames[0]], [durations[0]]
    last = _shown(frames[0], alpha=alpha)
    for frame, duration in zip(frames[1:], durations[1:], strict=True):
        shown = _shown(frame, alpha=alpha)
        if shown == last:
            times[-1] = min(times[-1] + duration, GIF_LONGEST_FRAME_MS)
        else:
            kept.append(frame)
            times.append(duration)
            last = shown
    return kept, times


def _shown(frame: Image.Image, *, alpha: bool) -> bytes:
    """Return the colours of a frame with a palette, and what is transparent if ``alpha``."""
    transparent = frame.point([0] * GIF_COLORS + [255], "L").tobytes() if alpha else b""
    return frame.convert("RGB").tobytes() + transparent


def _with_palette(image: Image.Image) -> Image.Image:
    """Return a frame with at most 255 colours, dithered if these are too few. Entry 255 is transparent.

    GIF has no semi-transparent pixels. A threshold is right for outlines; elsewhere it could turn a faint picture into
    a plain one, so alpha that is not clean is dithered.
    """
    rgb = image.convert("RGB")
    source = _palette_source(rgb)
    palette = source.quantize(GIF_COLORS, Image.Quantize.MEDIANCUT)
    indexed = palette if source is rgb else rgb.quantize(palette=palette, dither=Image.Dither.NONE)
    errors = ImageStat.Stat(ImageChops.difference(rgb, indexed.convert("RGB"))).mean
    if sum(errors) / len(errors) > DITHERED_FROM:
        indexed = rgb.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
    if image.mode == "RGBA":
        alpha = image.getchannel("A")
        shown = alpha.point([0] * 128 + [255] * 128) if is_clean(alpha) else alpha.convert("1").convert("L")
        colors = (indexed.getpalette() or [])[: GIF_COLORS * 3]
        indexed.putpalette(colors + [0] * (256 * 3 - len(colors)))
        indexed.paste(GIF_COLORS, mask=ImageChops.invert(shown))
    return indexed


def _palette_source(rgb: Image.Image) -> Image.Image:
    """Return the image, or a smaller copy that is sufficient to choose 255 of its colours."""
    pixels = rgb.width * rgb.height
    if pixels <= PALETTE_PX or rgb.getcolors(GIF_COLORS) is not None:
        return rgb
    factor = (PALETTE_PX / pixels) ** 0.5
    size = (max(1, round(rgb.width * factor)), max(1, round(rgb.height * factor)))
    return rgb.resize(size, Image.Resampling.NEAREST)


def _metadata(rights: bytes) -> dict[str, bytes]:
    return {"exif": rights} if rights else {}


def _saved(image: Image.Image, pillow_format: str, **options: Any) -> bytes:
    load_codec(pillow_format)
    buffer = BytesIO()
    image.save(buffer, pillow_format, **options)
    return buffer.getvalue()
