"""What the stored files of one picture cost: writes, bytes, and the time to generate variants from them.

docs/adr/0034 has the table; `python -m benchmarks.storage` measures its rows.
"""

from dataclasses import dataclass
from typing import Final

from image_scaler.costs import prices
from image_scaler.costs.usage import FUNCTIONS, GB

WRITES_PER_FILE: Final = 2
"""`optimize` writes each file to staging, `persist` copies it to the published bucket."""


@dataclass(frozen=True)
class StoredFiles:
    """One picture's files: number, bytes, seconds to encode them, and seconds to scale a variant from them."""

    files: int
    bytes: float
    ingest_s: float
    variant_s: float

    def writes_usd(self) -> float:
        """Return the price of writing the files."""
        return prices.S3_WRITE.of(self.files * WRITES_PER_FILE)

    def month_usd(self) -> float:
        """Return the price of keeping the files for a month."""
        return prices.S3_GB_MONTH.of(self.bytes / GB)

    def ingest_usd(self) -> float:
        """Return the price of the time of `optimize`."""
        return _compute_usd("optimize", self.ingest_s)

    def variant_usd(self) -> float:
        """Return the price of generating one variant: the time of `serve` and one read from S3."""
        return _compute_usd("serve", self.variant_s) + prices.S3_READ.of(1)

    def total_usd(self, *, variants: float, months: float) -> float:
        """Return the price of storing a picture for ``months`` and generating ``variants`` of it."""
        once = self.writes_usd() + self.ingest_usd()
        return once + months * self.month_usd() + variants * self.variant_usd()


def _compute_usd(function: str, seconds: float) -> float:
    return prices.LAMBDA_ARM_GB_SECOND.of(seconds * FUNCTIONS[function].memory_mb / 1_024)
