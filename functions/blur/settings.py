"""BlurImage's settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from functions.imaging.blurring import BLURS, DEFAULT_BLUR, Blur
from functions.shared.settings import EnvironmentReader


@dataclass(frozen=True)
class BlurSettings:
    """The staging bucket, from which sharp files are read and to which blurred ones are written, and how to blur."""

    staging_bucket: str
    blur: Blur = DEFAULT_BLUR

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read the process's environment. Raises SettingsError with all faults."""
        reader = EnvironmentReader(environment)
        bucket, name = reader.text("STAGING_BUCKET"), reader.text("BLUR", str(DEFAULT_BLUR))
        blur = BLURS.get(name)
        reader.expect(blur is not None, f"BLUR is {name!r}; it must be one of {', '.join(BLURS)}")
        reader.finish()
        return cls(bucket, blur or DEFAULT_BLUR)
