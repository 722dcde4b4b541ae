"""Settings of refine."""

from dataclasses import dataclass
from typing import Self

from functions.shared.options import Delivery, Refine
from functions.shared.settings import EnvironmentReader, Settings
from functions.variants.settings import VariantSettings


@dataclass(frozen=True)
class RefineSettings(Settings):
    """How variants are generated, and which of them are refined."""

    variants: VariantSettings

    @classmethod
    def read(cls, reader: EnvironmentReader) -> Self:
        """Read the settings; the reader collects the faults."""
        variants = VariantSettings.read(reader)
        delivery = reader.word("DELIVERY", Delivery, Delivery.V2)
        reader.expect(delivery is Delivery.V2, "DELIVERY is v1, in which stored variants are not read; it must be v2")
        reader.expect(variants.refine is not Refine.OFF, "REFINE is off; it must be common or all")
        return cls(variants)
