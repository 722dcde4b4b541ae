"""Enforces time and memory limits: work on hostile bytes runs in a forked child process that can be killed.

A decoder is C code that may crash and that no signal handler, thread or check between frames can interrupt. A forked
process can be killed at any time, takes about 10 ms to start, shares the upload's bytes by copy-on-write, and needs
neither /dev/shm nor a second start of the interpreter, so it works in Lambda.

The time limit is on CPU time, which depends on the file alone: a file is not refused because the machine is busy. A
child that gets too little CPU time is killed too, after a wall-clock time, but then the work can be tried again.
"""

import logging
import os
import resource
import signal
import traceback
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Final, TypeVar

from functions.imaging.refusal import RefusedPictureError
from functions.shared.errors import STATE_MACHINE, ImageScalerError, TransientDependencyError
from functions.shared.status import Reason

T = TypeVar("T")

_FORK: Final = get_context("fork")


class SandboxError(ImageScalerError):
    """The work failed because of a bug, not because of the file. The message contains the child's traceback."""

    handled = (STATE_MACHINE,)


def run_bounded(work: Callable[..., T], *arguments: Any, cpu_seconds: int, wall_seconds: float, memory_bytes: int) -> T:
    """Return ``work(*arguments)`` from a child process that takes at most ``cpu_seconds`` of CPU time.

    Raises RefusedPictureError: the work's own, or TOO_COMPLEX if the CPU time or the memory was not sufficient or the
    decoder crashed. Raises TransientDependencyError if it is not done after ``wall_seconds``, because it got too little
    CPU time, and SandboxError for any other failure.
    """
    receiver, sender = _FORK.Pipe(duplex=False)
    child = _FORK.Process(target=_child, args=(sender, work, arguments, cpu_seconds, memory_bytes), daemon=True)
    child.start()
    sender.close()
    try:
        if not receiver.poll(wall_seconds):
            raise TransientDependencyError(f"decoding has not ended after {wall_seconds:g} s")
        kind, value = receiver.recv()
    except EOFError as error:  # the child died without a result: its time or memory ran out, or a decoder crashed
        child.join()
        detail = (
            f"Decoding the picture takes longer than {cpu_seconds} s."
            if child.exitcode == -signal.SIGXCPU
            else "The picture cannot be decoded within its limits."
        )
        raise RefusedPictureError(Reason.TOO_COMPLEX, detail) from error
    finally:
        receiver.close()
        child.kill()
        child.join()
    if kind == "refused":
        raise RefusedPictureError(*value)
    if kind == "failed":
        raise SandboxError(value)
    result: T = value
    return result


def _child(
    sender: Connection, work: Callable[..., Any], arguments: tuple[Any, ...], cpu_seconds: int, memory_bytes: int
) -> None:
    """Run the work in the child with the limits, and send the result to the parent."""
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    _silence()
    result: tuple[str, Any]
    try:
        result = ("done", work(*arguments))
    except RefusedPictureError as refusal:
        result = ("refused", (refusal.reason, refusal.detail))
    except MemoryError:
        result = ("refused", (Reason.TOO_COMPLEX, "Decoding the picture takes more memory than is allowed."))
    except Exception:  # noqa: BLE001 - the parent raises it as SandboxError
        result = ("failed", traceback.format_exc())
    sender.send(result)


def _silence() -> None:
    """Discard messages of libraries: for one damaged fax page libtiff writes a line per row.

    Tracebacks of this project are sent through the pipe, not to standard error.
    """
    logging.disable()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
