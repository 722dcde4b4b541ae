"""The emulated arm64 Python, the unpacked zips, and the packages of Lambda's runtime for both architectures."""

import time
import zipfile

import numpy as np
import pytest
from PIL import Image

from cdk.packaging import ROOT, build_all, unpacked_wheels
from tests.arm64.debian import UnavailableError, unpacked
from tests.infrastructure.conftest import stage  # noqa: F401 - a fixture

LARGEST_DIFFERENCE, MEAN_DIFFERENCE = 24, 0.01
"""Between arm64's and x86's decoded pixels, of 255: one AVIF with alpha differed by 18 and 0.0015."""


@pytest.fixture(scope="session")
def arm():
    began = time.monotonic()
    try:
        python = unpacked(ROOT / "build" / "arm64")
    except UnavailableError as reason:
        pytest.skip(f"the zips for AWS were not executed: {reason}")
    version = python.run(["--version"], environment={}).stdout.strip()
    print(f"\narm64 {version}, ready after {time.monotonic() - began:.0f} s")
    return python


@pytest.fixture(scope="session")
def code(tmp_path_factory):
    """Return the folder of an unpacked zip, by architecture and function."""
    folder = tmp_path_factory.mktemp("code")
    made = {}

    def unzipped(arch, function):
        if (arch, function) not in made:
            made[arch, function] = folder / arch / function
            with zipfile.ZipFile(build_all(arch)[function]) as archive:
                archive.extractall(made[arch, function])
        return made[arch, function]

    return unzipped


@pytest.fixture(scope="session")
def runtime():
    """Return the folder of the packages of Lambda's runtime, by architecture: boto3 and AWS's runtime client."""
    return lambda arch: unpacked_wheels("runtime.txt", arch)


def text_of(value):
    """Return a variable of a template as text."""
    return value if isinstance(value, str) else "value"


def environments(synthesized):
    """Return the variables of each function by its handler's module."""
    return {
        resource["Properties"]["Handler"].rpartition(".")[0]: {
            name: text_of(value) for name, value in resource["Properties"]["Environment"]["Variables"].items()
        }
        for template in (synthesized.pipeline, synthesized.edge)
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Lambda::Function" and resource["Properties"]["Handler"].startswith("functions.")
    }


def assert_close(one, other, name):
    """Check that two files show the same picture, within the bounds above."""
    difference = np.abs(_pixels(one) - _pixels(other))
    print(f"{name} differs by {difference.max()} at most, {difference.mean():.4f} on average")
    assert difference.max() <= LARGEST_DIFFERENCE
    assert difference.mean() <= MEAN_DIFFERENCE


def _pixels(file):
    with Image.open(file) as image:
        return np.asarray(image.convert("RGBA"), dtype=np.int16)
