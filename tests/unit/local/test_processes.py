"""What the launcher starts, it stops: all of it, and nothing else."""

import os
import signal
import subprocess
import sys
from dataclasses import replace

import psutil
import pytest

from local.errors import LocalError
from local.processes import ProcessBook, run_logged, wait_until_ready

STUBBORN_CHILD = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"
PARENT_OF_A_STUBBORN_CHILD = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {STUBBORN_CHILD!r}], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
child.wait()
"""


@pytest.fixture
def book(tmp_path):
    book = ProcessBook(tmp_path / "state.json")
    yield book
    book.stop_all(patience_seconds=0.1)


def start(book, tmp_path, code, name="thing"):
    return book.start(name, [sys.executable, "-c", code], environment={}, log=tmp_path / "log", folder=tmp_path)


def runs(process):
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def has_printed(tmp_path):
    return lambda: bool((tmp_path / "log").read_text())


def test_a_stop_ends_the_process_and_the_children_that_ignore_sigterm(book, tmp_path):
    running = start(book, tmp_path, PARENT_OF_A_STUBBORN_CHILD)
    wait_until_ready(running, has_printed(tmp_path))
    child = psutil.Process(int((tmp_path / "log").read_text()))

    stopped = book.stop_all(patience_seconds=0.2)

    assert stopped == ["thing"]
    assert not runs(child)
    assert book.entries() == []


def test_children_are_stopped_even_when_their_parent_died_first(book, tmp_path):
    running = start(book, tmp_path, PARENT_OF_A_STUBBORN_CHILD)
    wait_until_ready(running, has_printed(tmp_path))
    child = psutil.Process(int((tmp_path / "log").read_text()))
    os.kill(running.pid, signal.SIGKILL)

    book.stop_all(patience_seconds=0.2)

    assert not runs(child)


def test_a_process_that_got_the_id_of_one_of_ours_is_left_alone(book, tmp_path):
    stranger = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], start_new_session=True)
    ours = start(book, tmp_path, "")
    book._write([replace(ours, pid=stranger.pid, started=ours.started - 3600)])

    stopped = book.stop_all(patience_seconds=0.1)

    assert stopped == []
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_stopping_twice_is_stopping_once(book, tmp_path):
    start(book, tmp_path, "import signal; signal.pause()")

    assert book.stop_all(patience_seconds=1) == ["thing"]
    assert book.stop_all(patience_seconds=1) == []


def test_a_process_that_ends_while_starting_is_told_with_the_end_of_its_log(book, tmp_path):
    running = start(book, tmp_path, "print('address already in use')")

    with pytest.raises(LocalError, match=r"(?s)thing ended during its start.*address already in use.*Complete log"):
        wait_until_ready(running, lambda: False)


def test_a_command_that_fails_is_told_with_its_code_and_the_end_of_its_log(tmp_path):
    with pytest.raises(LocalError, match=r"(?s)cdk deploy failed with exit code 3.*no such stack"):
        run_logged(
            "cdk deploy", [sys.executable, "-c", "print('no such stack'); raise SystemExit(3)"],
            log=tmp_path / "log", folder=tmp_path,
        )  # fmt: skip


def test_a_broken_state_file_is_told_with_what_to_do(tmp_path):
    (tmp_path / "state.json").write_text("{")

    with pytest.raises(LocalError, match=r"is damaged.*Delete it"):
        ProcessBook(tmp_path / "state.json").entries()


def test_one_process_is_stopped_by_its_name_and_the_others_go_on(book, tmp_path):
    sleep = "import time; time.sleep(60)"
    one, other = start(book, tmp_path, sleep, name="one"), start(book, tmp_path, sleep, name="other")

    assert book.stop("one", patience_seconds=0.2)
    assert not book.stop("one", patience_seconds=0.2)

    assert one.leader() is None
    assert other.leader() is not None
    assert [entry.name for entry in book.entries()] == ["other"]


@pytest.fixture
def started(monkeypatch):
    """Processes at whose start this one gets SIGTERM, before it knows them."""
    started, real = [], subprocess.Popen

    def interrupted(*arguments, **options):
        started.append(real(*arguments, **options))
        signal.raise_signal(signal.SIGTERM)
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", interrupted)
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    yield started
    signal.signal(signal.SIGTERM, before)


def test_a_signal_during_the_start_of_a_command_ends_it_too(started, tmp_path):
    with pytest.raises(SystemExit, match="143"):
        run_logged(
            "thing", [sys.executable, "-c", "import time; time.sleep(60)"], log=tmp_path / "log", folder=tmp_path
        )

    assert started[0].returncode is not None


def test_a_process_is_recorded_before_a_signal_during_its_start_is_handled(started, book, tmp_path):
    with pytest.raises(SystemExit, match="143"):
        start(book, tmp_path, "import time; time.sleep(60)")

    assert book.stop_all(patience_seconds=1) == ["thing"]
    assert started[0].returncode is not None
