"""Settings of blur."""

from dataclasses import dataclass
from typing import Self

from functions.shared.options import BLURS, DEFAULT_BLUR, Blur
from functions.shared.settings import EnvironmentReader, Settings


@dataclass(frozen=True)
class BlurSettings(Settings):
    """The staging bucket, for sharp and blurred files, and how to blur."""

    staging_bucket: str
    blur: Blur = DEFAULT_BLUR

    @classmethod
    def read(cls, reader: EnvironmentReader) -> Self:
        """Read the settings; the reader collects the faults."""
        bucket, name = reader.text("STAGING_BUCKET"), reader.text("BLUR", str(DEFAULT_BLUR))
        blur = BLURS.get(name)
        reader.expect(blur is not None, f"BLUR is {name!r}; it must be one of {', '.join(BLURS)}")
        return cls(bucket, blur or DEFAULT_BLUR)
