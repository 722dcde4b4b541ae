"""Derives what is stored of a decoded picture: files, placeholders and predicted qualities. Ingest and blur use it."""

from dataclasses import dataclass

from functions.imaging.focus import focal_point
from functions.imaging.picture import DecodedPicture
from functions.imaging.placeholder import dominant_color, thumb_hash
from functions.imaging.quality import PROBE_WIDTH_PX, complexity_features, predicted_quality
from functions.imaging.renditions import EncodedFile, ScaledCopies, encoded_renditions


@dataclass(frozen=True)
class DerivedPicture:
    """The files of a picture and its properties; renditions narrowest first."""

    master: EncodedFile
    renditions: tuple[EncodedFile, ...]
    placeholder: str
    dominant_color: str
    animated: bool
    has_alpha: bool
    quality: dict[str, int]
    focal_point: tuple[int, int]


def derive(
    picture: DecodedPicture, master: EncodedFile, copies: ScaledCopies, widths: tuple[int, ...]
) -> DerivedPicture:
    """Encode the renditions of a master at these widths from ``copies``, and derive the picture's properties."""
    renditions = sorted(encoded_renditions(copies, widths), key=lambda each: each.width)
    smallest = copies.at(min(widths)) if widths else picture
    probe = smallest if picture.animated else copies.at(PROBE_WIDTH_PX)  # scaling an animation means scaling all frames
    return DerivedPicture(
        master=master,
        renditions=tuple(renditions),
        placeholder=thumb_hash(smallest.frames[0]),
        dominant_color=dominant_color(smallest.frames[0]),
        animated=picture.animated,
        has_alpha=picture.has_alpha,
        quality=predicted_quality(complexity_features(probe.frames[0])),
        focal_point=focal_point(smallest.frames[0]),
    )
