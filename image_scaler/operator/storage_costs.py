"""What the stored files of one picture cost: writes, bytes, and the time to generate variants from them.

docs/adr/0034 has the table; `python -m benchmarks.storage` measures its rows.
"""

from dataclasses import dataclass
from typing import Final

from image_scaler.operator import prices

OPTIMIZE_GB: Final = 3_008 / 1_024
SERVE_GB: Final = 1_769 / 1_024
"""Memory of the functions, as deployed (cdk/functions)."""

WRITES_PER_FILE: Final = 2
"""`optimize` writes each file to staging, `persist` copies it to the published bucket."""

GB: Final = 2**30


@dataclass(frozen=True)
class StoredFiles:
    """The files of one picture: how many, their bytes, seconds to generate them and seconds of a variant from them."""

    files: int
    bytes: float
    ingest_s: float
    variant_s: float

    def writes_usd(self) -> float:
        """Return the price of writing the files."""
        return self.files * WRITES_PER_FILE * prices.S3_WRITE

    def month_usd(self) -> float:
        """Return the price of keeping the files for a month."""
        return self.bytes / GB * prices.S3_STANDARD_GB_MONTH

    def ingest_usd(self) -> float:
        """Return the price of the time of `optimize`."""
        return self.ingest_s * OPTIMIZE_GB * prices.LAMBDA_GB_SECOND

    def variant_usd(self) -> float:
        """Return the price of generating one variant: the time of `serve` and the reading of a file."""
        return self.variant_s * SERVE_GB * prices.LAMBDA_GB_SECOND + prices.S3_READ

    def total_usd(self, *, variants: float, months: float) -> float:
        """Return the price of a picture that is kept for ``months`` and of which ``variants`` are generated."""
        once = self.writes_usd() + self.ingest_usd()
        return once + months * self.month_usd() + variants * self.variant_usd()
