"""Runs each engine's cases once per test session, and reports at its end which cases ran, and why others did not."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from functools import partial

import pytest

from tests.workflows import engines
from tests.workflows.cases import CASES, EMULATOR, ENGINES, MOTO, STEP_FUNCTIONS_LOCAL
from tests.workflows.coverage import Part, parts_of, summary, taken_by
from tests.workflows.engines import MACHINES, Deployment, definition
from tests.workflows.runs import Run

OpenEngine = Callable[[], AbstractContextManager[Deployment]]


class Ledger:
    """The runs of the cases, by engine. An engine's cases run together, when the first of them is needed."""

    def __init__(self) -> None:
        self.states = {machine: json.loads(definition(machine))["States"] for machine in MACHINES}
        self._runs: dict[str, dict[str, Future[Run]]] = {}

    def runs(self, engine: str, open_engine: OpenEngine) -> dict[str, Future[Run]]:
        """Return the runs of all cases that an engine can run, by case; reading a failed one raises its error."""
        if engine not in self._runs:
            with open_engine() as deployment, ThreadPoolExecutor(deployment.at_once) as pool:
                self._runs[engine] = {
                    case.name: pool.submit(
                        deployment.run, case.machine, case.input, case=case.name, name=f"{case.name}--case"
                    )
                    for case in CASES
                    if engine not in case.not_on
                }
        return self._runs[engine]

    @property
    def ran(self) -> dict[str, list[Run]]:
        """The finished runs, by engine."""
        return {
            engine: [future.result() for future in runs.values() if not future.exception()]
            for engine, runs in self._runs.items()
        }

    @property
    def parts(self) -> set[Part]:
        """All parts that an execution can take."""
        return {part for machine, states in self.states.items() for part in parts_of(machine, states)}

    def taken(self, engine: str) -> set[Part]:
        """All parts that executions on this engine have taken."""
        return {part for run in self.ran.get(engine, ()) for part in taken_by(run, self.states[run.machine])}


LEDGER = pytest.StashKey[Ledger]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[LEDGER] = Ledger()


@pytest.fixture(scope="session")
def ledger(pytestconfig: pytest.Config) -> Ledger:
    return pytestconfig.stash[LEDGER]


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with engines.emulator(tmp_path_factory.mktemp("emulator")) as deployment:
        yield deployment


@pytest.fixture(scope="session")
def open_engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], AbstractContextManager[Deployment]]:
    """Return a function that opens an engine by its name; the emulator is started once per session."""
    openers: dict[str, OpenEngine] = {
        EMULATOR: lambda: nullcontext(request.getfixturevalue("emulator")),
        MOTO: engines.moto,
        STEP_FUNCTIONS_LOCAL: partial(engines.step_functions_local, tmp_path_factory.getbasetemp()),
    }
    return lambda engine: openers[engine]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    ledger = config.stash[LEDGER]
    if not ledger.ran:
        return
    terminalreporter.section("state machines")
    together: set[Part] = set()
    for engine in ENGINES:
        if engine not in ledger.ran:
            reason = engines.why_no_docker() if engine == STEP_FUNCTIONS_LOCAL else None
            terminalreporter.write_line(f"{engine}: 0 of {len(CASES)} cases ran: {reason or 'no test needed it'}")
            continue
        together |= ledger.taken(engine)
        terminalreporter.write_line(
            f"{engine}: {len(ledger.ran[engine])} of {len(CASES)} cases ran, "
            f"coverage {summary(ledger.taken(engine), ledger.parts)}"
        )
        reasons = [case.not_on[engine] for case in CASES if engine in case.not_on]
        for reason in sorted(set(reasons)):
            terminalreporter.write_line(f"  {reasons.count(reason)} did not: {reason}")
    terminalreporter.write_line(f"together: coverage {summary(together, ledger.parts)}")
