"""Work on hostile bytes stays within its CPU time and its memory, or is refused; our own bugs stay visible."""

import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from functions.imaging.refusal import RefusedPictureError
from functions.imaging.sandbox import SandboxError, run_bounded
from functions.shared.errors import TransientDependencyError
from functions.shared.status import Reason

CHECKOUT = Path(__file__).resolve().parents[3]
MEMORY = 1024 * 1024 * 1024
LIMITS = {"cpu_seconds": 10, "wall_seconds": 60, "memory_bytes": MEMORY}


def refuse():
    raise RefusedPictureError(Reason.CORRUPT, "a sentence")


def crash():
    os.kill(os.getpid(), signal.SIGKILL)


def fill_memory():
    return len(bytearray(4 * MEMORY))


def test_the_result_comes_back():
    assert run_bounded(divmod, 17, 5, **LIMITS) == (3, 2)


def test_a_large_result_comes_back_whole():
    body = run_bounded(bytes, 20_000_000, **LIMITS)

    assert len(body) == 20_000_000


def test_a_refusal_comes_back_as_it_was():
    with pytest.raises(RefusedPictureError) as caught:
        run_bounded(refuse, **LIMITS)

    assert (caught.value.reason, caught.value.detail) == (Reason.CORRUPT, "a sentence")


def work_for_ever():
    while True:
        pass


@pytest.mark.parametrize(
    ("work", "cpu_seconds", "detail"),
    [
        (work_for_ever, 1, "Decoding the picture takes longer than 1 s."),
        (crash, 10, "The picture cannot be decoded within its limits."),
        (fill_memory, 10, "Decoding the picture takes more memory than is allowed."),
    ],
)
def test_too_much_cpu_time_too_much_memory_and_a_crash_are_too_complex(work, cpu_seconds, detail):
    with pytest.raises(RefusedPictureError) as caught:
        run_bounded(work, **LIMITS | {"cpu_seconds": cpu_seconds})

    assert (caught.value.reason, caught.value.detail) == (Reason.TOO_COMPLEX, detail)


def test_a_busy_machine_is_not_the_files_fault():
    """A child that waits takes no CPU time, like one whose core is taken by others."""
    with pytest.raises(TransientDependencyError):
        run_bounded(time.sleep, 60, **LIMITS | {"wall_seconds": 0.05})


def test_a_bug_is_raised_with_its_traceback():
    with pytest.raises(SandboxError, match="ZeroDivisionError"):
        run_bounded(divmod, 1, 0, **LIMITS)


def complain():
    os.write(2, b"TIFFReadDirectory: Warning, Unknown field with tag 65000.\n" * 1_000)
    logging.getLogger("PIL").error("More samples per pixel than can be decoded: 65535")


def test_what_libraries_complain_of_is_not_written(capfd):
    run_bounded(complain, **LIMITS)

    assert capfd.readouterr() == ("", "")


DECODE_IN_LITTLE_MEMORY = """
from dataclasses import replace

from PIL import Image

from functions.imaging.ingest import ingest
from functions.imaging.limits import DEFAULT_LIMITS
from functions.imaging.refusal import RefusedPictureError
from tests import pictures

body = pictures.jpeg(image=Image.new("RGB", (4_000, 3_000)))
try:
    ingest(body, "image/jpeg", replace(DEFAULT_LIMITS, max_memory_bytes=30 * 1024 * 1024))
except RefusedPictureError as refusal:
    print(refusal.reason)
"""


def test_decoding_that_takes_too_much_memory_is_too_complex():
    """In an interpreter of its own: this one may hold freed memory that a child could use below the limit."""
    done = subprocess.run(
        [sys.executable, "-c", DECODE_IN_LITTLE_MEMORY], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == [Reason.TOO_COMPLEX]
