"""Settings of moderate."""

from dataclasses import dataclass
from typing import Self

from functions.shared.options import ADAPTER_ARN, DetectorName
from functions.shared.settings import EnvironmentReader, Settings


@dataclass(frozen=True)
class ModerateSettings(Settings):
    """The bucket of the moderation views, the table, what judges them, and the ARN of Rekognition's adapter, or ""."""

    staging_bucket: str
    table_name: str
    detector: DetectorName = DetectorName.REKOGNITION
    adapter: str = ""

    @classmethod
    def read(cls, reader: EnvironmentReader) -> Self:
        """Read the settings; the reader collects the faults."""
        adapter = reader.text("REKOGNITION_ADAPTER", "")
        reader.expect(
            not adapter or bool(ADAPTER_ARN.fullmatch(adapter)), "REKOGNITION_ADAPTER is not an adapter's ARN"
        )
        return cls(
            staging_bucket=reader.text("STAGING_BUCKET"),
            table_name=reader.text("TABLE_NAME"),
            detector=reader.word("DETECTOR", DetectorName, DetectorName.REKOGNITION),
            adapter=adapter,
        )
