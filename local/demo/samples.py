"""The sample pictures and their expected results, from samples/manifest.json."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

from image_scaler.client import Method
from local.rekognition.detectors import LocalDetector
from local.workspace import CHECKOUT

SAMPLES = CHECKOUT / "samples"


@dataclass(frozen=True)
class Sample:
    """One sample: ``way`` is api, put or post; ``expected`` is its final status, ``reason`` that of a rejection."""

    file: str
    content_type: str
    way: str
    expected: str
    shows: str
    source: str
    licence: str
    reason: str | None

    @property
    def path(self) -> Path:
        """The path of the picture."""
        return SAMPLES / "images" / self.file

    @property
    def method(self) -> Method:
        """The upload method."""
        return Method(self.way.upper())


def read_samples(detector: LocalDetector = LocalDetector.STAND_IN) -> list[Sample]:
    """Return all samples in the manifest's order, with the results that this detector leads to.

    The manifest has the stand-in's. The local model judges no drawing and no photograph among them as pornographic,
    so it publishes every picture that is not rejected.
    """
    samples = [Sample(**each) for each in json.loads((SAMPLES / "manifest.json").read_text())]
    if detector is LocalDetector.LOCAL:
        return [each if each.reason else replace(each, expected="PUBLISHED") for each in samples]
    return samples
