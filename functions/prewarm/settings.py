"""Settings of prewarm."""

from dataclasses import dataclass
from typing import Self

from functions.shared.options import Delivery
from functions.shared.settings import EnvironmentReader, Settings
from functions.shared.variant import FORMATS, LARGEST_SIDE_PX
from functions.variants.settings import VariantSettings


@dataclass(frozen=True)
class PrewarmSettings(Settings):
    """How variants are generated, and the common ones: every width in px in every format."""

    variants: VariantSettings
    widths: tuple[int, ...]
    formats: tuple[str, ...]

    @classmethod
    def read(cls, reader: EnvironmentReader) -> Self:
        """Read the settings; the reader collects the faults."""
        variants = VariantSettings.read(reader)
        delivery = reader.word("DELIVERY", Delivery, Delivery.V2)
        reader.expect(delivery is Delivery.V2, "DELIVERY is v1, in which stored variants are not read; it must be v2")
        return cls(
            variants,
            widths=reader.integers("PREWARM_WIDTHS", minimum=1, maximum=LARGEST_SIDE_PX),
            formats=reader.words("PREWARM_FORMATS", FORMATS),
        )
