"""Starts background processes, records them on disk, and stops exactly those.

Each process leads its own session. Ctrl-C on the terminal therefore reaches only the launcher, and the process's
children (the emulator's Lambda workers) can be found by their session even after their parent has ended. A process is
identified by its id and start time, so a reused id is never stopped.
"""

import contextlib
import json
import os
import signal
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
import psutil

from local.errors import LocalError

STOP_SECONDS = 5.0
"""The time that a process has after SIGTERM before it gets SIGKILL (a busy Lambda worker can hang)."""
LOG_LINES = 15
"""The number of log lines in an error message."""
_SAME_START_SECONDS = 1.0
_LOOK_AGAIN_SECONDS = 0.05
_DEFERRED = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True)
class Running:
    """A started process: ``started`` is the system's start time (epoch seconds)."""

    name: str
    pid: int
    started: float
    log: str

    def leader(self) -> psutil.Process | None:
        """Return the process if it is running and is the one that was started."""
        try:
            process = psutil.Process(self.pid)
            if abs(process.create_time() - self.started) < _SAME_START_SECONDS and process.status() != "zombie":
                return process
        except psutil.NoSuchProcess:
            pass
        return None

    def session(self) -> list[psutil.Process]:
        """Return all running processes in the process's session, including the process itself."""
        if self.leader() is None and psutil.pid_exists(self.pid) and not _is_zombie(self.pid):
            return []  # the id now belongs to another process
        return [process for process in psutil.process_iter() if self._is_member(process)]

    def _is_member(self, process: psutil.Process) -> bool:
        try:
            return (
                os.getsid(process.pid) == self.pid
                and process.create_time() >= self.started - _SAME_START_SECONDS
                and process.status() != "zombie"
            )
        except (psutil.Error, OSError):
            return False


def _is_zombie(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == "zombie"
    except psutil.NoSuchProcess:
        return False


class ProcessBook:
    """The processes of one instance, kept in a JSON file so that another command can stop them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._children: list[subprocess.Popen[bytes]] = []

    def entries(self) -> list[Running]:
        """Return the processes that were started and not stopped, alive or not."""
        try:
            document = json.loads(self._path.read_text())
        except FileNotFoundError:
            return []
        except json.JSONDecodeError as error:
            raise LocalError(
                f"{self._path} is damaged ({error}). Delete it, and stop any remaining processes (see `ps`)."
            ) from error
        return [Running(**entry) for entry in document["processes"]]

    def alive(self) -> list[Running]:
        """Return the entries whose process is running."""
        return [entry for entry in self.entries() if entry.leader() is not None]

    def start(
        self, name: str, command: Sequence[str], *, environment: Mapping[str, str], log: Path, folder: Path
    ) -> Running:
        """Start ``command`` with exactly ``environment``; its output goes to ``log``."""
        with log.open("wb") as output, _signals_deferred():
            process = subprocess.Popen(
                command, env=dict(environment), cwd=folder, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
            self._children.append(process)
            running = _running(name, process, log)
            self._write([*self.entries(), running])
        return running

    def stop_all(self, *, patience_seconds: float = STOP_SECONDS) -> list[str]:
        """Stop every entry with all its children; return the names of those that were running.

        Sends SIGTERM, then SIGKILL to processes that remain after ``patience_seconds``. Safe to repeat.
        """
        stopped = [entry.name for entry in reversed(self.entries()) if _stop_session(entry, patience_seconds)]
        for child in self._children:
            child.wait()
        self._children.clear()
        self._path.unlink(missing_ok=True)
        return stopped

    def stop(self, name: str, *, patience_seconds: float = STOP_SECONDS) -> bool:
        """Stop the entry of this name with all its children, and remove it; return whether it was running."""
        entries = self.entries()
        stopped = [_stop_session(entry, patience_seconds) for entry in entries if entry.name == name]
        gone = {entry.pid for entry in entries if entry.name == name}
        for child in [each for each in self._children if each.pid in gone]:
            child.wait()
            self._children.remove(child)
        self._write([entry for entry in entries if entry.name != name])
        return any(stopped)

    def _write(self, entries: list[Running]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(".new")
        draft.write_text(json.dumps({"processes": [asdict(entry) for entry in entries]}, indent=2))
        draft.replace(self._path)


def _running(name: str, process: subprocess.Popen[bytes], log: Path) -> Running:
    return Running(name=name, pid=process.pid, started=psutil.Process(process.pid).create_time(), log=str(log))


@contextlib.contextmanager
def _signals_deferred() -> Iterator[None]:
    """Deliver SIGINT and SIGTERM after the block.

    A signal that ended this process before a new child is recorded would leave the child running.
    """
    if threading.current_thread() is not threading.main_thread():  # Python calls handlers in the main thread only
        yield
        return
    came: list[int] = []
    before = {each: signal.signal(each, lambda number, _: came.append(number)) for each in _DEFERRED}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        for number in came:
            signal.raise_signal(number)


def _stop_session(entry: Running, patience_seconds: float) -> bool:
    members = entry.session()
    if not members:
        return False
    for process in members:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    _wait_for_the_end(entry, patience_seconds)
    # Check again: a worker may have been started between the first check and the end of its parent.
    for process in entry.session():
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    _wait_for_the_end(entry, patience_seconds)
    return True


def _wait_for_the_end(entry: Running, within_seconds: float) -> None:
    """Wait until the session is empty. psutil's own wait would wait for zombies that may never be reaped."""
    deadline = time.monotonic() + within_seconds
    while entry.session() and time.monotonic() < deadline:
        time.sleep(_LOOK_AGAIN_SECONDS)


def wait_until_ready(running: Running, is_ready: Callable[[], bool], *, within_seconds: float = 30.0) -> None:
    """Wait until ``is_ready`` returns true. Raises LocalError, with the log's end, if the process ends or is late."""
    deadline = time.monotonic() + within_seconds
    while not is_ready():
        if running.leader() is None:
            raise LocalError(f"{running.name} ended during its start.\n{log_excerpt(Path(running.log))}")
        if time.monotonic() > deadline:
            raise LocalError(
                f"{running.name} was not ready within {within_seconds:.0f} s.\n{log_excerpt(Path(running.log))}"
            )
        time.sleep(_LOOK_AGAIN_SECONDS)


def answers(url: str, *, verify: ssl.SSLContext | bool = True) -> bool:
    """Return whether a server responds with success."""
    try:
        return httpx.get(url, verify=verify, timeout=2, trust_env=False).is_success
    except httpx.TransportError:
        return False


def run_logged(
    name: str, command: Sequence[str], *, log: Path, folder: Path, environment: Mapping[str, str] | None = None
) -> None:
    """Run ``command`` to its end with its output in ``log``. Raises LocalError with the end of the log if it fails."""
    started: list[tuple[subprocess.Popen[bytes], Running]] = []
    with log.open("wb") as output:
        try:
            with _signals_deferred():
                process = subprocess.Popen(
                    command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=output,
                    stderr=subprocess.STDOUT, start_new_session=True,
                )  # fmt: skip
                started.append((process, _running(name, process, log)))
            code = process.wait()
        except BaseException:
            for process, running in started:
                _stop_session(running, STOP_SECONDS)
                process.wait()
            raise
    if code != 0:
        raise LocalError(f"{name} failed with exit code {code}.\n{log_excerpt(log)}")


def log_excerpt(log: Path) -> str:
    """Return the last lines of a log and its path."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "\n".join([*(f"  | {line}" for line in lines[-LOG_LINES:]), f"Complete log: {log}"])
