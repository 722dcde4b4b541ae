"""Converts decoded pixels to 8-bit sRGB: profiles, code points, gamma, CMYK, grey, palettes, 16 bits.

Decoders disagree in two cases:
- A CMYK JPEG is treated as inverted with and without Adobe's marker, as in Pillow and Chromium.
- A profile that is broken, or for another colour space than the pixels', is ignored: the picture is treated as sRGB
  (grey, RGB) or as uncalibrated CMYK, as in browsers.
"""

from io import BytesIO
from typing import Any, Final

from PIL import Image, ImageCms, ImageMath, ImageOps

from functions.imaging.colorimetry import Colorimetry, hdr_table, icc_profile
from functions.imaging.facts import Transparency, clear_info, facts_of
from functions.imaging.faults import decoder_faults
from functions.imaging.refusal import RefusedPictureError
from functions.shared.status import Reason

_SPACE_OF_MODE: Final = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK", "LAB": "Lab"}
_SIXTEEN_BITS: Final = frozenset({"I;16", "I;16L", "I;16B", "I;16N"})
_WHITE_OF_12_BITS: Final = 4_095
_WHITE_OF_16_BITS: Final = 65_535
"""The highest levels of the depths that Pillow returns in 16 bits."""

_SAME: Final = 1
"""A profile counts as sRGB if it differs by at most this many levels of 255, because of rounding."""


def to_srgb(
    image: Image.Image,
    *,
    bit_depth: int = 8,
    white_is_zero: bool = False,
    profile: bytes = b"",
    colorimetry: Colorimetry | None = None,
) -> Image.Image:
    """Return a loaded frame as RGB, or RGBA where it has transparency, converted to sRGB; ``info`` is empty.

    If there is nothing to convert, the given image is returned. ``bit_depth``, ``white_is_zero``, ``profile`` and
    ``colorimetry`` are those of Inspection; a profile counts more than colorimetry. Raises RefusedPictureError for
    floating point and 32-bit samples.
    """
    facts = facts_of(image)
    profile = profile or facts.profile
    if image.mode in _SIXTEEN_BITS:
        white = _WHITE_OF_12_BITS if bit_depth == 12 else _WHITE_OF_16_BITS
        pixels, alpha = _from_sixteen_bits(image, white, facts.transparency, white_is_zero=white_is_zero)
    else:
        clear_info(image, keep=_in_eight_bits(facts.transparency, image.mode, bit_depth))
        pixels, alpha = _split(image)
    if profile:
        pixels = _through_profile(pixels, profile)
    elif colorimetry is not None and pixels.mode in {"L", "RGB"}:
        pixels = _from_colorimetry(pixels.convert("RGB"), colorimetry)
    result = pixels if pixels.mode == "RGB" else pixels.convert("RGB")
    if alpha is not None and alpha.getextrema() != (255, 255):
        result.putalpha(alpha)
    clear_info(result)
    return result


def _split(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Return the colours, in a mode to which a profile can be applied, and alpha if there is any."""
    if image.mode in {"I", "F"}:
        raise RefusedPictureError(
            Reason.UNSUPPORTED_FORMAT, "Pictures with 32-bit or floating point samples are not accepted."
        )
    if image.mode == "LAB":
        return image, None
    if image.mode == "La":  # premultiplied grey, in TIFFs only; Pillow converts it in this direction only
        image = image.convert("LA")
    with decoder_faults():  # the file's palette and its transparent entries may be inconsistent
        if not image.has_transparency_data:
            if image.mode in {"L", "RGB", "CMYK"}:
                return image, None
            return image.convert("L" if image.mode == "1" else "RGB"), None
        full = image.convert("RGBA")
    alpha = full.getchannel("A")
    if image.mode in {"L", "LA"}:
        return full.getchannel("R"), alpha
    return full.convert("RGB"), alpha


def _in_eight_bits(transparent: Transparency, mode: str, bit_depth: int) -> Transparency:
    """Scale a transparent level from the bit depth of the file to the 8 bits of the pixels."""
    if mode == "RGB" and bit_depth == 16 and isinstance(transparent, tuple):
        return tuple(level >> 8 for level in transparent)
    if mode == "L" and bit_depth in {2, 4} and isinstance(transparent, int):
        most = (1 << bit_depth) - 1
        return (transparent & most) * 255 // most
    return transparent


def _from_sixteen_bits(
    image: Image.Image, white: int, transparent: Transparency, *, white_is_zero: bool
) -> tuple[Image.Image, Image.Image | None]:
    """Scale grey of more than 8 bits to 8. Pillow's convert() clips at 255, which turns pictures white."""
    wide = image.convert("I")
    grey = ImageMath.lambda_eval(
        lambda names: names["convert"]((names["wide"] * 255 + white // 2) / white, "L"), wide=wide
    )
    if white_is_zero:
        grey = ImageOps.invert(grey)
    if not isinstance(transparent, int):
        return grey, None
    alpha = ImageMath.lambda_eval(lambda names: names["convert"]((names["wide"] != transparent) * 255, "L"), wide=wide)
    return grey, alpha


def _from_colorimetry(pixels: Image.Image, colorimetry: Colorimetry) -> Image.Image:
    if not colorimetry.full_range:
        pixels = pixels.point([min(255, max(0, round((level - 16) * 255 / 219))) for level in range(256)] * 3)
    if colorimetry.hdr:
        return pixels.filter(hdr_table(colorimetry))
    return _through_profile(pixels, icc_profile(colorimetry))


def _through_profile(pixels: Image.Image, profile: bytes) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        if source.profile.xcolor_space.strip() != _SPACE_OF_MODE[pixels.mode]:
            return pixels
        transform = ImageCms.buildTransform(
            source,
            _srgb(),
            pixels.mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        if pixels.mode == "RGB" and _changes_nothing(transform):
            return pixels
        converted = ImageCms.applyTransform(pixels, transform)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):  # a broken profile: see the module's docstring
        return pixels
    return pixels if converted is None else converted


def _srgb() -> Any:
    return ImageCms.createProfile("sRGB")


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    """Tell whether a transform does not change a sample of all colours: sRGB, under any of its names.

    Most pictures have an sRGB profile, and transforming 12 megapixels would take longer than decoding them.
    """
    levels = range(0, 256, 51)
    cube = bytes(level for red in levels for green in levels for blue in levels for level in (red, green, blue))
    sample = Image.frombytes("RGB", (len(cube) // 3, 1), cube)
    converted = ImageCms.applyTransform(sample, transform)
    return converted is not None and all(
        abs(before - after) <= _SAME for before, after in zip(cube, converted.tobytes(), strict=True)
    )
