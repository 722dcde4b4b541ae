"""Calls back at each line that a thread is about to run in a folder. Uses nothing but the standard library.

``sys.settrace`` sees every thread for itself: the calling one, and those that it starts. Lines outside of functions,
which run at the import of a module, are left out.
"""

import inspect
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

AtLine = Callable[[str, int], None]
"""Takes the file, relative to the folder, and the line. What it raises is raised at that line."""


def tracer(folder: Path, at_line: AtLine) -> Callable[..., Any]:
    """Return a trace function for the files below ``folder``. Forked children are left alone."""
    root, process = f"{folder}{os.sep}", os.getpid()

    def trace(frame: Any, event: str, _argument: Any) -> Any:
        if event != "line":
            code = frame.f_code
            watched = code.co_flags & inspect.CO_OPTIMIZED and code.co_filename.startswith(root)
            return trace if watched and os.getpid() == process else None
        at_line(frame.f_code.co_filename.removeprefix(root), frame.f_lineno)
        return trace

    return trace


@contextmanager
def tracing(folder: Path, at_line: AtLine) -> Iterator[None]:
    """Watch this thread, and those that it starts, while the block runs."""
    before = sys.gettrace(), threading.gettrace()
    trace = tracer(folder, at_line)
    threading.settrace(trace)
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before[0])
        threading.settrace(before[1])  # type: ignore[arg-type]


@contextmanager
def not_tracing() -> Iterator[None]:
    """Watch nothing while the block runs; to be used inside a callback."""
    before = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)  # type: ignore[arg-type]
    try:
        yield
    finally:
        sys.settrace(before[0])
        threading.settrace(before[1])  # type: ignore[arg-type]
