"""Settings of prewarm."""

from dataclasses import dataclass
from typing import Self

from functions.shared.settings import EnvironmentReader, Settings
from functions.shared.variant import FORMATS, LARGEST_SIDE_PX
from functions.variants.settings import VariantSettings, expect_stored_variants


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
        expect_stored_variants(reader)
        return cls(
            variants,
            widths=reader.integers("PREWARM_WIDTHS", minimum=1, maximum=LARGEST_SIDE_PX),
            formats=reader.words("PREWARM_FORMATS", FORMATS),
        )
