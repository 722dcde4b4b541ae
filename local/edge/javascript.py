"""Runs the template's own CloudFront Functions in one long-lived Node process.

A call takes a fraction of a millisecond; starting Node for each call would take 25 ms. CloudFront's engine implements a
subset of ECMAScript, so Node runs all code that it runs.
"""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.errors import LocalError

RUNNER = Path(__file__).with_name("javascript.js")
_LINE_LIMIT = 1024 * 1024


class FunctionFailedError(Exception):
    """A CloudFront Function threw an error; CloudFront returns 503."""


class FunctionRunner:
    """The functions of a template by name. ``start`` it inside the event loop that uses it."""

    def __init__(self, node: str, functions: Mapping[str, str]) -> None:
        self._node = node
        self._functions = functions
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._last = 0

    async def start(self) -> None:
        """Start Node and load the functions."""
        self._process = await asyncio.create_subprocess_exec(
            self._node, str(RUNNER),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=_LINE_LIMIT, env={},
        )  # fmt: skip
        self._send({"functions": dict(self._functions)})
        self._reader = asyncio.create_task(self._read())

    async def stop(self) -> None:
        """End the process."""
        self._reader.cancel()
        if self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()

    async def run(self, name: str, event: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the function's handler returns for an event. Raises FunctionFailedError."""
        if self._process.returncode is not None:
            raise LocalError(f"Node ended with {self._process.returncode}")
        self._last += 1
        future = asyncio.get_running_loop().create_future()
        self._waiting[self._last] = future
        self._send({"id": self._last, "name": name, "event": json.dumps(event)})
        result: dict[str, Any] = await future
        return result

    def _send(self, message: Mapping[str, Any]) -> None:
        if self._process.stdin is None:
            raise LocalError("Node has no standard input")
        self._process.stdin.write(json.dumps(message).encode() + b"\n")

    async def _read(self) -> None:
        if self._process.stdout is None:
            raise LocalError("Node has no standard output")
        async for line in self._process.stdout:
            answer = json.loads(line)
            future = self._waiting.pop(answer["id"])
            if future.done():
                continue  # the caller has gone
            if "error" in answer:
                future.set_exception(FunctionFailedError(answer["error"]))
            else:
                future.set_result(json.loads(answer["result"]))
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(FunctionFailedError("Node ended"))
