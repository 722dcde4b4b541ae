"""The public grammar of variants: the query parameters, and the canonical spelling under which a variant is stored.

Query form, for people and loaders: ``width`` (``w``), ``height`` (``h``), ``dpr``, by which both sides are multiplied,
``fit``, ``format`` (``f``), ``quality`` (``q``), ``position``, ``background``, ``preset``, and ``download``, which
changes a header and not the picture. A preset has a name and values for other parameters, which apply where the query
has none; a stage's settings define its presets. Parameters of other image services (peers.py) and known names with
upper-case letters are refused; all other unknown names are ignored.

Canonical form, the S3 key below ``images/{id}/`` and the path behind the edge, keys in this order::

    [background=B,]fit=F,format=T,[height=H,]position=P,quality=Q[,width=W]

    B   black gray transparent white            only with fit=contain
    F   contain cover fill inside outside       cover unless both sides are given
    T   auto avif gif jpeg png webp             auto: JPEG, PNG for transparency, GIF for animations
    P   center north northeast east southeast south southwest west northwest, or x{0..16}y{0..16} in sixteenths,
        or auto: the picture's focal point, which its record has
        center unless fit is cover or contain; with contain a point becomes the nearest of the nine named ones, and
        auto center
    Q   auto 40 50 60 70 75 80 85 90 95         auto with png and gif, which have no quality
    H W px                                      missing sides are omitted

A string is canonical if parsing it and spelling it again gives the same string. Parameters without an effect on the
picture have fixed values, so each picture has one name and their number is limited (``maximum_variants``).

cdk/edge/canonicalize.js implements the same grammar: change both together. Tests compare them. No message repeats what
a client sent, except the name of an unknown preset, in which only harmless characters are allowed.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal

from functions.shared.errors import ImageScalerError, http
from functions.shared.peers import advice_for


class Sizes(StrEnum):
    """ladder: sides are rounded up to documented steps. exact: sides in whole px, up to the largest step."""

    LADDER = "ladder"
    EXACT = "exact"


LADDER: Final = (
    *(16, 32, 48, 64, 96, 128, 200, 256, 320, 384, 480, 640, 750, 800, 828, 960),
    *(1080, 1200, 1280, 1600, 1920, 2048, 2560, 3840),
)
"""Steps in px: all of Next.js's default sizes and the usual srcset steps."""

LARGEST_SIDE_PX: Final = LADDER[-1]

RATIO_STEPS: Final = 48
"""If both sides are given, the shorter is a multiple of 1/48 of the longer: exact for 1:1, 4:3, 3:2, 16:9 and 2:1."""

QUALITY_STEPS: Final = (40, 50, 60, 70, 75, 80, 85, 90, 95)

FITS: Final = ("contain", "cover", "fill", "inside", "outside")
FORMATS: Final = ("auto", "avif", "gif", "jpeg", "png", "webp")
NEGOTIATED_FORMATS: Final = ("avif", "webp")
"""The formats that format=auto can choose by Accept, preferred first; Accept must name them."""
WITHOUT_QUALITY: Final = ("gif", "png")
BACKGROUNDS: Final = ("black", "gray", "transparent", "white")

POINT_STEPS: Final = 16
"""Positions are in sixteenths of the picture."""

AUTO: Final = "auto"
"""The position that stands for the picture's focal point."""

Position = tuple[int, int] | Literal["auto"]
"""x and y from 0 to POINT_STEPS, or AUTO."""

POINTS: Final = {
    "center": (8, 8),
    "north": (8, 0),
    "northeast": (16, 0),
    "east": (16, 8),
    "southeast": (16, 16),
    "south": (8, 16),
    "southwest": (0, 16),
    "west": (0, 8),
    "northwest": (0, 0),
}
"""Named positions as x and y in sixteenths of the picture."""

Presets = Mapping[str, Mapping[str, str]]
"""The presets of a stage: values by parameter, by the preset's name."""

NO_PRESETS: Final[Presets] = MappingProxyType({})

MAX_PRESET_NAME_CHARACTERS: Final = 30
"""cdk/edge/canonicalize.js has the same limit."""

_ALIASES: Final = {"w": "width", "h": "height", "f": "format", "q": "quality"}

_SIDE_RULE: Final = "must be a whole number from 1 to 999999, in digits 0 to 9."
_RULES: Final = {
    "background": "must be one of black, gray, transparent, white.",
    "download": "must be a file name.",
    "dpr": "must be a number from 1 to 3 with at most two decimals.",
    "fit": "must be one of contain, cover, fill, inside, outside.",
    "format": "must be one of auto, avif, gif, jpeg, jpg, png, webp.",
    "height": _SIDE_RULE,
    "position": (
        "must be auto, center, a compass point such as northeast, or x,y from 0 to 16 in sixteenths of the picture."
    ),
    "preset": f"must be a name of at most {MAX_PRESET_NAME_CHARACTERS} characters: a to z, 0 to 9, - and _.",
    "quality": "must be auto or a whole number from 1 to 100.",
    "width": _SIDE_RULE,
}
"""Every parameter with its rule, in the order in which they are checked."""

_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")
_SIDE: Final = re.compile(r"[0-9]{1,6}")
_DPR: Final = re.compile(r"([1-3])(?:\.([0-9]{1,2}))?")
_LARGEST_DPR: Final = 300
"""In hundredths."""
_PRESET_NAME: Final = re.compile(rf"[a-z0-9_-]{{1,{MAX_PRESET_NAME_CHARACTERS}}}")
_PERCENT: Final = re.compile(r"[0-9]{1,3}")
_POINT: Final = re.compile(r"([0-9]{1,2}),([0-9]{1,2})")
_SPELLED_POINT: Final = re.compile(r"x([0-9]{1,2})y([0-9]{1,2})")
_WEIGHT: Final = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")


class VariantError(ImageScalerError):
    """A query parameter is invalid: ``parameter`` is its full name, ``detail`` a sentence."""

    handled = (http(400),)

    def __init__(self, parameter: str, rule: str) -> None:
        self.parameter = parameter
        self.detail = f"{parameter} {rule}"
        super().__init__(self.detail)


class NotCanonicalError(ImageScalerError):
    """A path is not the canonical spelling of a variant."""

    handled = (http(404),)


@dataclass(frozen=True)
class Variant:
    """One normalised variant. Sides in px, None if missing; ``quality`` is None for auto.

    ``position`` is AUTO only with fit cover.
    """

    width: int | None
    height: int | None
    fit: str
    format: str
    quality: int | None
    position: Position
    background: str | None

    @property
    def has_quality(self) -> bool:
        """Whether the format that is asked for has a quality."""
        return self.format not in WITHOUT_QUALITY

    @property
    def canonical(self) -> str:
        """The canonical spelling."""
        attributes = {
            "background": self.background,
            "fit": self.fit,
            "format": self.format,
            "height": self.height,
            "position": _spelled_position(self.position),
            "quality": self.quality or "auto",
            "width": self.width,
        }
        return ",".join(f"{name}={value}" for name, value in attributes.items() if value is not None)


@dataclass(frozen=True)
class VariantRequest:
    """A parsed query. ``negotiated``: the format depends on Accept. ``download``: a file name as the client sent it.

    ``values`` are the known parameters by full name, the preset's included, before they are rounded.
    """

    variant: Variant
    negotiated: bool
    download: str | None
    values: Mapping[str, str] = field(default_factory=dict, compare=False)


def parse_query(
    parameters: Iterable[tuple[str, str]], *, accept: str, sizes: Sizes, presets: Presets = NO_PRESETS
) -> VariantRequest:
    """Parse the query form: decoded names and values in any order, and the Accept header ("" if there is none).

    Raises VariantError.
    """
    pairs = list(parameters)
    _check_names(name for name, _ in pairs)
    values = _with_preset(_known_parameters(pairs), presets)
    negotiated = values.get("format", "auto") == "auto"
    variant = _normalised(values, sizes=sizes, automatic_format=_accepted_format(accept))
    return VariantRequest(variant=variant, negotiated=negotiated, download=values.get("download"), values=values)


def parse_download(parameters: Iterable[tuple[str, str]]) -> str | None:
    """Return the file name of a download, the only parameter of a canonical path. Raises VariantError."""
    return _known_parameters((name, value) for name, value in parameters if name == "download").get("download")


def parse_canonical(text: str, *, sizes: Sizes) -> Variant:
    """Parse the canonical form. Raises NotCanonicalError for a string that ``Variant.canonical`` does not return."""
    try:
        values = _known_parameters(_spelled_parameters(text))
        variant = _normalised(values, sizes=sizes, automatic_format="auto")
    except VariantError as error:
        raise NotCanonicalError from error
    if variant.canonical != text:
        raise NotCanonicalError
    return variant


def preset_faults(presets: Mapping[str, Mapping[str, object]], *, sizes: Sizes) -> list[str]:
    """Return what is wrong with a stage's presets: one sentence for each fault, with the preset and the parameter."""
    faults = []
    known = [name for name in _RULES if name not in {"download", "preset"}]
    for preset, values in presets.items():
        if not _PRESET_NAME.fullmatch(preset):
            faults.append(f"preset {preset!r} {_RULES['preset']}")
        faults += [
            f"preset {preset!r}: {name} is not a parameter of presets; use {', '.join(known)}"
            for name in values
            if name not in known
        ]
        for name, value in values.items():
            if not isinstance(value, str):
                faults.append(f"preset {preset!r}: the value of {name} must be a string")
                continue
            try:
                parse_query([(name, value)] if name in known else [], accept="", sizes=sizes)
            except VariantError as error:
                faults.append(f"preset {preset!r}: {error.detail}")
    return faults


def maximum_variants(sizes: Sizes) -> int:
    """Return the number of canonical spellings: the most variants that one image can have."""
    if sizes is Sizes.LADDER:
        boxes = {
            box
            for longer in LADDER
            for ratio in range(1, RATIO_STEPS + 1)
            for shorter in [_follow(longer, ratio)]
            for box in [(longer, shorter), (shorter, longer)]
        }
        sides, both = len(LADDER), len(boxes)
    else:
        sides, both = LARGEST_SIDE_PX, LARGEST_SIDE_PX**2
    lossy = len(FORMATS) - len(WITHOUT_QUALITY)
    encodings = lossy * (len(QUALITY_STEPS) + 1) + len(WITHOUT_QUALITY)
    jpegs = len(QUALITY_STEPS) + 1
    cover = (17 * 17 + 1) * encodings  # every point, and auto
    contain = len(POINTS) * (len(BACKGROUNDS) * encodings - jpegs)  # a JPEG has no transparent background
    others = (len(FITS) - 2) * encodings
    return (1 + 2 * sides) * encodings + both * (cover + contain + others)


def _check_names(names: Iterable[str]) -> None:
    """Raise VariantError for a parameter of another image service, and for a known name with upper-case letters.

    Of several, the first one by its lower-case name is reported: the order in which they were sent is lost on the way.
    """
    for lower, name in sorted((name.lower(), name) for name in names if _NAME.fullmatch(name)):
        known = _ALIASES.get(lower, lower)
        if known in _RULES:
            if lower != name:
                raise VariantError(known, "must be written in lower case.")
        elif advice := advice_for(lower):
            raise VariantError(lower, f"is not supported: {advice}")


def _known_parameters(parameters: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the known parameters by full name. Raises VariantError for a repeated or an empty one."""
    given: dict[str, list[str]] = {}
    for name, value in parameters:
        given.setdefault(_ALIASES.get(name, name), []).append(value)
    for name in _RULES:
        if len(given.get(name, ())) > 1:
            raise VariantError(name, "is given more than once.")
        if given.get(name) == [""]:
            raise VariantError(name, "is empty.")
    return {name: given[name][0] for name in _RULES if name in given}


def _with_preset(values: dict[str, str], presets: Presets) -> dict[str, str]:
    """Return the values with those of their preset for every other parameter."""
    if "preset" not in values:
        return values
    name = values["preset"]
    if not _PRESET_NAME.fullmatch(name):
        raise VariantError("preset", _RULES["preset"])
    if name not in presets:
        raise VariantError("preset", f"{name} is not defined for this stage.")
    return {**presets[name], **values}


def _spelled_parameters(text: str) -> Iterable[tuple[str, str]]:
    for pair in text.split(","):
        name, _, value = pair.partition("=")
        point = _SPELLED_POINT.fullmatch(value) if name == "position" else None
        yield name, f"{point[1]},{point[2]}" if point else value


def _normalised(values: dict[str, str], *, sizes: Sizes, automatic_format: str) -> Variant:
    background = _word(values, "background", BACKGROUNDS, "white")
    dpr = _dpr(values)
    fit = _word(values, "fit", FITS, "cover")
    image_format = _word(values, "format", (*FORMATS, "jpg"), "auto")
    height = _side(values, "height", dpr)
    position = _position(values)
    quality = _quality(values)
    width = _side(values, "width", dpr)

    if image_format == "auto":
        image_format = automatic_format
    if image_format == "jpg":
        image_format = "jpeg"
    if width is not None and height is not None:
        width, height = snapped_box(width, height, sizes)
    else:
        width = None if width is None else snapped_side(width, sizes)
        height = None if height is None else snapped_side(height, sizes)
    if width is None or height is None:
        fit = "cover"
        position = POINTS["center"]
    elif fit == "contain":
        position = POINTS["center"] if position == AUTO else (_third(position[0]), _third(position[1]))
    elif fit != "cover":
        position = POINTS["center"]
    if image_format == "jpeg" and background == "transparent":
        background = "white"
    return Variant(
        width=width,
        height=height,
        fit=fit,
        format=image_format,
        quality=None if image_format in WITHOUT_QUALITY else quality,
        position=position,
        background=background if fit == "contain" else None,
    )


def _word(values: dict[str, str], name: str, words: tuple[str, ...], default: str) -> str:
    word = values.get(name, default)
    if word not in words:
        raise VariantError(name, _RULES[name])
    return word


def _dpr(values: dict[str, str]) -> int:
    """Return the device pixel ratio in hundredths."""
    number = _DPR.fullmatch(values.get("dpr", "1"))
    hundredths = int(number[1]) * 100 + int((number[2] or "").ljust(2, "0")) if number else 0
    if not number or hundredths > _LARGEST_DPR:
        raise VariantError("dpr", _RULES["dpr"])
    return hundredths


def _side(values: dict[str, str], name: str, dpr: int) -> int | None:
    """Return a side in px, multiplied by ``dpr`` in hundredths."""
    if name not in values:
        return None
    if not _SIDE.fullmatch(values[name]) or int(values[name]) == 0:
        raise VariantError(name, _RULES[name])
    return _divided(int(values[name]) * dpr, 100)


def _position(values: dict[str, str]) -> Position:
    text = values.get("position", "center")
    if text == AUTO:
        return AUTO
    if text in POINTS:
        return POINTS[text]
    point = _POINT.fullmatch(text)
    if not point or int(point[1]) > POINT_STEPS or int(point[2]) > POINT_STEPS:
        raise VariantError("position", _RULES["position"])
    return int(point[1]), int(point[2])


def _quality(values: dict[str, str]) -> int | None:
    text = values.get("quality", "auto")
    if text == "auto":
        return None
    if not _PERCENT.fullmatch(text) or not 1 <= int(text) <= 100:
        raise VariantError("quality", _RULES["quality"])
    return min(QUALITY_STEPS, key=lambda step: (abs(step - int(text)), -step))  # ties round up


def snapped_box(width: int, height: int, sizes: Sizes) -> tuple[int, int]:
    """Clamp and round both sides, in px, to steps. They change together, so the aspect ratio is kept."""
    longer, shorter = max(width, height), min(width, height)
    snapped = snapped_side(longer, sizes)
    if sizes is Sizes.LADDER:
        shorter = _follow(snapped, max(1, _divided(shorter * RATIO_STEPS, longer)))
    elif snapped != longer:
        shorter = max(1, _divided(shorter * snapped, longer))
    return (snapped, shorter) if width >= height else (shorter, snapped)


def snapped_side(side: int, sizes: Sizes) -> int:
    """Clamp and round a side, in px, up to a step."""
    if sizes is Sizes.EXACT:
        return min(side, LARGEST_SIDE_PX)
    return next((step for step in LADDER if step >= side), LARGEST_SIDE_PX)


def same_shape(width: int, height: int) -> list[tuple[int, int]]:
    """Return the boxes of the ladder with the aspect ratio of a canonical box, smallest first; sides in px."""
    ratio = _divided(min(width, height) * RATIO_STEPS, max(width, height))
    boxes = [(longer, _follow(longer, ratio)) for longer in LADDER]
    return boxes if width >= height else [(shorter, longer) for longer, shorter in boxes]


def shorter_sides(longer: int) -> list[int]:
    """Return every shorter side, in px, beside a step of the ladder."""
    return sorted({_follow(longer, ratio) for ratio in range(1, RATIO_STEPS + 1)})


def _follow(longer: int, ratio: int) -> int:
    return max(1, _divided(longer * ratio, RATIO_STEPS))


def _divided(number: int, by: int) -> int:
    """Divide whole numbers and round half up: exact, and the same as in JavaScript."""
    return (2 * number + by) // (2 * by)


def _third(sixteenths: int) -> int:
    """Return the nearest of both edges and the middle."""
    return 0 if sixteenths <= 4 else 16 if sixteenths >= 12 else 8


def _spelled_position(position: Position) -> str:
    if position == AUTO:
        return AUTO
    for word, point in POINTS.items():
        if point == position:
            return word
    return f"x{position[0]}y{position[1]}"


def _accepted_format(accept: str) -> str:
    """Return the format with the highest weight in an Accept header, or auto.

    Ranges such as ``image/*`` are ignored: every browser sends one, whether or not it can decode the formats.
    """
    weights = dict.fromkeys(NEGOTIATED_FORMATS, 0.0)
    for entry in accept.split(","):
        media_type, *attributes = (part.strip(" \t").lower() for part in entry.split(";"))
        weight = 1.0
        for attribute in attributes:
            if attribute.startswith("q="):
                weight = float(attribute[2:]) if _WEIGHT.fullmatch(attribute[2:]) else 0.0
        for image_format in NEGOTIATED_FORMATS:
            if media_type == f"image/{image_format}":
                weights[image_format] = max(weights[image_format], weight)
    best = max(NEGOTIATED_FORMATS, key=lambda image_format: weights[image_format])
    return best if weights[best] > 0 else "auto"
