"""Settings of refine."""

from dataclasses import dataclass
from typing import Self

from functions.shared.options import Refine
from functions.shared.settings import EnvironmentReader, Settings
from functions.variants.settings import VariantSettings, expect_stored_variants


@dataclass(frozen=True)
class RefineSettings(Settings):
    """How variants are generated, and which of them are refined."""

    variants: VariantSettings

    @classmethod
    def read(cls, reader: EnvironmentReader) -> Self:
        """Read the settings; the reader collects the faults."""
        variants = VariantSettings.read(reader)
        expect_stored_variants(reader)
        reader.expect(variants.refine is not Refine.OFF, "REFINE is off; it must be common or all")
        return cls(variants)
