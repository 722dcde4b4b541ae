"""Work on hostile bytes ends by its deadline and within its memory, or is refused; our own bugs stay visible."""

import os
import signal
import time

import pytest

from functions.imaging.refusal import RefusedPictureError
from functions.imaging.sandbox import SandboxError, run_bounded
from functions.shared.contracts import Reason

MEMORY = 1024 * 1024 * 1024


def refuse():
    raise RefusedPictureError(Reason.CORRUPT, "a sentence")


def crash():
    os.kill(os.getpid(), signal.SIGKILL)


def fill_memory():
    return len(bytearray(4 * MEMORY))


def test_the_result_comes_back():
    assert run_bounded(divmod, 17, 5, seconds=10, memory_bytes=MEMORY) == (3, 2)


def test_a_large_result_comes_back_whole():
    body = run_bounded(bytes, 20_000_000, seconds=10, memory_bytes=MEMORY)

    assert len(body) == 20_000_000


def test_a_refusal_comes_back_as_it_was():
    with pytest.raises(RefusedPictureError) as caught:
        run_bounded(refuse, seconds=10, memory_bytes=MEMORY)

    assert (caught.value.reason, caught.value.detail) == (Reason.CORRUPT, "a sentence")


@pytest.mark.parametrize(
    ("work", "arguments", "seconds"), [(time.sleep, (60,), 0.05), (crash, (), 10), (fill_memory, (), 10)]
)
def test_too_long_too_much_memory_and_a_crash_are_too_complex(work, arguments, seconds):
    with pytest.raises(RefusedPictureError) as caught:
        run_bounded(work, *arguments, seconds=seconds, memory_bytes=MEMORY)

    assert caught.value.reason is Reason.TOO_COMPLEX


def test_a_bug_is_raised_with_its_traceback():
    with pytest.raises(SandboxError, match="ZeroDivisionError"):
        run_bounded(divmod, 1, 0, seconds=10, memory_bytes=MEMORY)
