"""What is stored of a decoded picture: its files, what stands in for it, how to encode it. Ingest and blur share it."""

from dataclasses import dataclass

from functions.imaging.picture import DecodedPicture
from functions.imaging.placeholder import dominant_color, thumb_hash
from functions.imaging.quality import PROBE_WIDTH_PX, complexity_features, predicted_quality
from functions.imaging.renditions import EncodedFile, ScaledCopies, encoded_renditions


@dataclass(frozen=True)
class DerivedPicture:
    """The files of a picture and what is known of it; renditions narrowest first."""

    master: EncodedFile
    renditions: tuple[EncodedFile, ...]
    placeholder: str
    dominant_color: str
    animated: bool
    has_alpha: bool
    quality: dict[str, int]


def derive(
    picture: DecodedPicture, master: EncodedFile, copies: ScaledCopies, widths: tuple[int, ...]
) -> DerivedPicture:
    """Encode from ``copies`` the renditions of a master at these widths, and describe the picture in it."""
    rungs = sorted(encoded_renditions(copies, widths), key=lambda each: each.width)
    smallest = copies.at(min(widths)) if widths else picture
    probe = smallest if picture.animated else copies.at(PROBE_WIDTH_PX)  # scaling an animation scales all its frames
    return DerivedPicture(
        master=master,
        renditions=tuple(rungs),
        placeholder=thumb_hash(smallest.frames[0]),
        dominant_color=dominant_color(smallest.frames[0]),
        animated=picture.animated,
        has_alpha=picture.has_alpha,
        quality=predicted_quality(complexity_features(probe.frames[0])),
    )
