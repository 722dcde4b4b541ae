"""Runs a function's process with a saboteur in it: ``saboteur.py CONTROL -m MODULE ARGUMENT…``.

Tests put this in the place of the interpreter that the local stage's `bootstrap` starts, by a variable in the
environment of the deployed functions. It runs in the Lambda interpreter and uses the standard library alone.

In the folder CONTROL, ``orders/FUNCTION/*.json`` are orders: ``{"file", "line", "action", "seconds"}``. The first
process that comes to the line moves the order to ``done/`` and kills itself, raises, or sleeps. ``lines/FUNCTION-*``
list the lines that a process has passed.
"""

import json
import os
import runpy
import signal
import sys
import time
from pathlib import Path
from typing import Any, Final

from tracing import tracing

LOOK_AGAIN_SECONDS: Final = 0.02


class SabotageError(Exception):
    """An order said to raise."""


class Saboteur:
    """Carries out the orders for one function."""

    def __init__(self, control: Path, function: str) -> None:
        self._orders = control / "orders" / function
        self._done = control / "done"
        self._lines = (control / "lines" / f"{function}-{os.getpid()}").open("a", buffering=1)
        self._passed: set[tuple[str, int]] = set()
        self._pending: dict[tuple[str, int], tuple[Path, dict[str, Any]]] = {}
        self._looked_at = 0.0

    def at_line(self, file: str, line: int) -> None:
        """Note the line, and carry out an order for it."""
        place = (file, line)
        if place not in self._passed:
            self._passed.add(place)
            self._lines.write(f"{file}:{line}\n")
        if time.monotonic() - self._looked_at > LOOK_AGAIN_SECONDS:
            self._look()
        if place in self._pending:
            self._carry_out(*self._pending.pop(place))

    def _look(self) -> None:
        self._looked_at = time.monotonic()
        self._pending = {}
        for path in self._orders.glob("*.json"):
            try:
                order = json.loads(path.read_text())
            except FileNotFoundError:  # another process was faster
                continue
            self._pending[order["file"], order["line"]] = path, order

    def _carry_out(self, path: Path, order: dict[str, Any]) -> None:
        try:
            path.rename(self._done / path.name)  # only one process can
        except FileNotFoundError:
            return
        match order["action"]:
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "raise":
                raise SabotageError(f"{order['file']}:{order['line']}")
            case "delay":
                time.sleep(order["seconds"])


def main() -> None:
    """Become the interpreter that was asked for, with a saboteur at each line of functions/."""
    control, module, arguments = Path(sys.argv[1]), sys.argv[3], sys.argv[4:]
    sys.path.remove(str(Path(__file__).parent))
    sys.argv = [module, *arguments]
    saboteur = Saboteur(control, os.environ["AWS_LAMBDA_FUNCTION_NAME"])
    with tracing(Path(os.environ["LAMBDA_TASK_ROOT"]) / "functions", saboteur.at_line):
        runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
