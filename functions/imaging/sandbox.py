"""A deadline and a memory limit that hold: work on hostile bytes runs in a forked child, and is killed with it.

A decoder is C code that no signal handler, thread or check between frames can interrupt, and that may crash. A
forked process can be killed at any moment, costs about 10 ms, shares the upload's bytes by copy-on-write, and
needs neither /dev/shm nor a second interpreter start, so that it works in Lambda.
"""

import logging
import os
import resource
import traceback
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Final, TypeVar

from functions.imaging.refusal import RefusedPictureError
from functions.shared.contracts import Reason
from functions.shared.errors import STATE_MACHINE, ImageScalerError

T = TypeVar("T")

_FORK: Final = get_context("fork")


class SandboxError(ImageScalerError):
    """The work failed because of a bug, not because of the file. The message contains the child's traceback."""

    handled = (STATE_MACHINE,)


def run_bounded(work: Callable[..., T], *arguments: Any, seconds: float, memory_bytes: int) -> T:
    """Return ``work(*arguments)`` from a child process that lives ``seconds`` at most.

    Raises RefusedPictureError: what the work raised, or TOO_COMPLEX where the time or the memory did not suffice or
    the decoder crashed. Raises SandboxError for any other failure.
    """
    receiver, sender = _FORK.Pipe(duplex=False)
    child = _FORK.Process(target=_child, args=(sender, work, arguments, memory_bytes), daemon=True)
    child.start()
    sender.close()
    try:
        if not receiver.poll(seconds):
            raise RefusedPictureError(Reason.TOO_COMPLEX, f"Decoding the picture takes longer than {seconds:g} s.")
        kind, value = receiver.recv()
    except EOFError as error:  # the child died without an answer: a crash in a decoder, or out of memory
        raise RefusedPictureError(Reason.TOO_COMPLEX, "The picture cannot be decoded within its limits.") from error
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


def _child(sender: Connection, work: Callable[..., Any], arguments: tuple[Any, ...], memory_bytes: int) -> None:
    """Run in the child: do the work under the memory limit and send back what came of it."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    _silence()
    answer: tuple[str, Any]
    try:
        answer = ("done", work(*arguments))
    except RefusedPictureError as refusal:
        answer = ("refused", (refusal.reason, refusal.detail))
    except MemoryError:
        answer = ("refused", (Reason.TOO_COMPLEX, "Decoding the picture takes more memory than is allowed."))
    except Exception:  # noqa: BLE001 - nothing goes on: the parent raises it as SandboxError
        answer = ("failed", traceback.format_exc())
    sender.send(answer)


def _silence() -> None:
    """Discard library messages: for one damaged fax page libtiff writes a line per row.

    Tracebacks of our own failures travel through the pipe, not through standard error.
    """
    logging.disable()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
