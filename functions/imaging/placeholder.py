"""Placeholders for a picture that is loading: a ThumbHash of about 25 bytes, and one colour.

ThumbHash is Evan Wallace's format (https://evanw.github.io/thumbhash/): averages and a few cosine terms of luminance,
two colour differences and alpha. Its Python libraries only decode or need NumPy; this is an encoder after the
reference.
"""

from base64 import b64encode
from math import cos, pi
from typing import Final

from PIL import Image

from functions.imaging.resizing import resized

HASH_SIDE_PX: Final = 32
"""Longest side of the sampled copy: the hash has at most 7 terms per direction, so a larger one changes nothing."""

COLOR_SIDE_PX: Final = 48
"""Longest side of the copy whose colours are counted."""

COLOR_CLUSTERS: Final = 8
"""Clusters of similar colours (median cut); the largest one is dominant."""

_ROUNDING_NOISE: Final = 1e-9
"""Terms below this are rounding errors of zero in a flat picture."""

_VISIBLE: Final = 128
"""Alpha from which a pixel counts for the dominant colour."""


def thumb_hash(image: Image.Image) -> str:
    """Return the base64 ThumbHash of an RGB or RGBA image."""
    small = _shrunk(image, HASH_SIDE_PX).convert("RGBA")
    width, height = small.size
    data = small.tobytes()
    pixels = [tuple(level / 255 for level in data[start : start + 4]) for start in range(0, len(data), 4)]
    total_alpha = sum(pixel[3] for pixel in pixels)
    average = [sum(p[3] * p[band] for p in pixels) / total_alpha if total_alpha else 0.0 for band in range(3)]
    has_alpha = total_alpha < width * height
    # Transparent pixels have the average colour.
    colors = [[average[band] * (1 - p[3]) + p[3] * p[band] for band in range(3)] for p in pixels]

    limit = 5 if has_alpha else 7
    longer = max(width, height)
    luminance_x = max(1, _level(limit, width / longer))
    luminance_y = max(1, _level(limit, height / longer))
    luminance = _Terms([sum(c) / 3 for c in colors], width, height, max(3, luminance_x), max(3, luminance_y))
    yellow_blue = _Terms([(c[0] + c[1]) / 2 - c[2] for c in colors], width, height, 3, 3)
    red_green = _Terms([c[0] - c[1] for c in colors], width, height, 3, 3)
    channels = [luminance, yellow_blue, red_green]

    landscape = width > height
    header24 = (
        _level(63, luminance.constant)
        | _level(31.5, yellow_blue.constant, 31.5) << 6
        | _level(31.5, red_green.constant, 31.5) << 12
        | _level(31, luminance.scale) << 18
        | has_alpha << 23
    )
    header16 = (
        (luminance_y if landscape else luminance_x)
        | _level(63, yellow_blue.scale) << 3
        | _level(63, red_green.scale) << 9
        | landscape << 15
    )
    encoded = bytearray(header24.to_bytes(3, "little") + header16.to_bytes(2, "little"))
    if has_alpha:
        alpha = _Terms([p[3] for p in pixels], width, height, 5, 5)
        channels.append(alpha)
        encoded.append(_level(15, alpha.constant) | _level(15, alpha.scale) << 4)
    nibbles = [_level(15, term) for channel in channels for term in channel.normalized]
    for start in range(0, len(nibbles), 2):
        high = nibbles[start + 1] if start + 1 < len(nibbles) else 0
        encoded.append(nibbles[start] | high << 4)
    return b64encode(encoded).decode("ascii")


def dominant_color(image: Image.Image) -> str:
    """Return the mean of the largest cluster of colours as ``#rrggbb``; white if the picture is transparent."""
    small = _shrunk(image, COLOR_SIDE_PX)
    data = small.convert("RGBA").tobytes()
    visible = b"".join(data[at : at + 3] for at in range(0, len(data), 4) if data[at + 3] >= _VISIBLE)
    if not visible:
        return "#ffffff"
    pixels = Image.frombytes("RGB", (len(visible) // 3, 1), visible)
    clusters = pixels.quantize(COLOR_CLUSTERS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    palette = clusters.getpalette() or []
    largest = max(range(COLOR_CLUSTERS), key=clusters.histogram().__getitem__)
    return "#" + bytes(palette[largest * 3 : largest * 3 + 3]).hex()


class _Terms:
    """The cosine terms of one channel: ``constant``, the others from 0 to 1 (``normalized``), and their ``scale``."""

    def __init__(self, channel: list[float], width: int, height: int, across: int, down: int) -> None:
        columns = [_cosines(width, term) for term in range(across)]
        rows = [_cosines(height, term) for term in range(down)]
        terms = []
        for v in range(down):
            for u in range(across):
                if u * down < across * (down - v):
                    total = sum(
                        rows[v][y] * sum(a * b for a, b in zip(columns[u], channel[y * width :], strict=False))
                        for y in range(height)
                    )
                    terms.append(total / (width * height))
        self.constant = terms[0]
        scale = max(map(abs, terms[1:]))
        self.scale = scale if scale > _ROUNDING_NOISE else 0.0
        self.normalized = [0.5 + 0.5 / self.scale * term if self.scale else 0.0 for term in terms[1:]]


def _cosines(length: int, term: int) -> list[float]:
    return [cos(pi / length * term * (at + 0.5)) for at in range(length)]


def _level(steps: float, value: float, offset: float = 0.0) -> int:
    """Return a value as a whole number of steps, rounded half up as in the reference."""
    return int(offset + steps * value + 0.5)


def _shrunk(image: Image.Image, side: int) -> Image.Image:
    factor = min(1.0, side / max(image.size))
    return resized(image, (max(1, round(image.width * factor)), max(1, round(image.height * factor))))
