"""Settings of serve."""

from dataclasses import dataclass
from typing import Self

from functions.shared.options import Delivery
from functions.shared.settings import EnvironmentReader, Settings
from functions.variants.settings import VariantSettings


@dataclass(frozen=True)
class ServeSettings(Settings):
    """How variants are generated, and whether they are stored (v2)."""

    variants: VariantSettings
    delivery: Delivery

    @classmethod
    def read(cls, reader: EnvironmentReader) -> Self:
        """Read the settings; the reader collects the faults."""
        return cls(VariantSettings.read(reader), reader.word("DELIVERY", Delivery, Delivery.V2))
