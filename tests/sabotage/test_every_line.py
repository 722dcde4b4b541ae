"""Writers die at any line, or hang there, while somebody removes, blurs or blocks their image: nothing is left, stuck,
lost or served.

State machines, functions and retries are the deployed ones (in_process.py); the audit judges at the end. AWS looks the
same at all lines between two calls: `make test` takes the first of them. `make test-long` takes every line, and every
pair of calls between which the image changes and the worker dies.
"""

import itertools
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests import pictures
from tests.counted import counted
from tests.sabotage.audit import audit
from tests.sabotage.in_process import InProcessPipeline, in_process_pipeline
from tests.sabotage.injection import Injection, Place

PICTURE = pictures.jpeg(120, 80)
ALWAYS = 99
"""Invocations that die; more than there ever are."""
UNTIL_TROUBLE = 3
"""Deaths of `remove` in a row: both attempts of a Task, then the first one after the trouble."""
REMOVED, STOPPED, REJUDGED = ("remove",), ("remove", "stop"), ("remove", "blur", "stop", "block")
IS_LONG = counted(0, 1)


@dataclass(frozen=True)
class Writer:
    """A function, and how a test gets it to write. ``changes`` are what may happen to its image while it works.

    ``holds_from`` is from how many seconds on a Wait of `remove` and `retire` outlasts the writer. None where it does
    not: runs of `ingest` may outlast them all. ``takes_every_line`` is for one writer of each function.
    """

    function: str
    prepare: Callable[[InProcessPipeline], str]
    act: Callable[[InProcessPipeline, str], object]
    changes: tuple[str, ...]
    times: tuple[int, ...] = (1, ALWAYS)
    holds_from: float | None = None
    takes_every_line: bool = True


def uploaded(pipeline: InProcessPipeline) -> str:
    return pipeline.upload(PICTURE)


def published(pipeline: InProcessPipeline) -> str:
    return pipeline.published(PICTURE)


def published_with_variant(pipeline: InProcessPipeline) -> str:
    image_id = pipeline.published(PICTURE)
    pipeline.serve(image_id)
    return image_id


def judged(verdict: str, **options: bool) -> Callable[[InProcessPipeline, str], None]:
    return lambda pipeline, image_id: pipeline.ingest(image_id, verdict, **options)


WRITERS = {
    "optimize": Writer("optimize", uploaded, judged("allow"), STOPPED),
    "blur": Writer("blur", uploaded, judged("blur"), STOPPED),
    "persist": Writer("persist", uploaded, judged("allow"), REJUDGED),
    "persist of a blurred picture": Writer(
        "persist", published_with_variant, judged("blur", rework=True), STOPPED, takes_every_line=False
    ),
    "persist of a block": Writer(
        "persist", published_with_variant, judged("block", rework=True), STOPPED, takes_every_line=False
    ),
    "decide": Writer("decide", published_with_variant, InProcessPipeline.block, REMOVED, times=(1,), holds_from=1),
    "serve": Writer("serve", published, InProcessPipeline.serve, REJUDGED, times=(1,), holds_from=1),
    "prewarm": Writer("prewarm", published, InProcessPipeline.prewarm, REJUDGED, holds_from=100),
    "refine": Writer("refine", published_with_variant, InProcessPipeline.refine, REJUDGED, holds_from=100),
    "focal point": Writer(
        "manage", published_with_variant, InProcessPipeline.set_focal_point, (), times=(1,), holds_from=1
    ),
    "focal point of a picture that changes": Writer(
        "manage", published_with_variant, InProcessPipeline.set_focal_point, REJUDGED, times=(1,), holds_from=1,
        takes_every_line=False,
    ),
    "remove": Writer("remove", published_with_variant, InProcessPipeline.remove, (), times=(1, UNTIL_TROUBLE)),
    "remove for retire": Writer(
        "remove", published_with_variant, judged("blur", rework=True), REMOVED, times=(1, UNTIL_TROUBLE),
        takes_every_line=False,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """What happens to one image: a change before a call, or none, and a death or a hang."""

    change: str | None
    change_before: int | None
    dies_at: tuple[str, int] | int | None
    times: int = 1
    hangs: bool = False


@pytest.fixture(scope="module")
def pipeline() -> Iterator[InProcessPipeline]:
    with in_process_pipeline() as made:
        yield made


def played(pipeline: InProcessPipeline, writer: Writer, case: Case) -> tuple[Injection, str]:
    """Play a case until all writers have ended; return the injection and the image."""
    image_id = writer.prepare(pipeline)
    changed: list[str] = []

    def change() -> None:
        if case.change is not None:
            changed.append(case.change)
            pipeline.change(image_id, case.change)

    injection = Injection(writer.function, change, case.change_before, case.dies_at, hangs=case.hangs, times=case.times)
    pipeline.executions.hold(writer.holds_from)
    pipeline.injection = injection
    writer.act(pipeline, image_id)
    pipeline.executions.idle()
    if not changed:
        change()
    return injection, image_id


def faults(pipeline: InProcessPipeline, writer: Writer, case: Case, died: Counter[Place]) -> list[str]:
    """Play a case to its end, and return what the audit finds."""
    injection, image_id = played(pipeline, writer, case)
    pipeline.finish()
    pipeline.injection = None
    died.update(injection.deaths)
    state = pipeline.state(image_id, pipeline.serve(image_id))
    pipeline.forget(image_id)
    return [f"{case}, {injection.deaths}: {finding}" for finding in audit([state])]


def recorded(pipeline: InProcessPipeline, writer: Writer) -> Injection:
    """Return an injection in which the writer lives, with the places that it passes.

    These are the places of a second run: lines that run once per process, such as the loading of botocore's models,
    could not be found again.
    """
    for _ in range(2):
        injection, _ = played(pipeline, writer, Case(None, None, None))
        pipeline.finish()
        pipeline.injection = None
    return injection


def cases(writer: Writer, injection: Injection) -> Iterator[Case]:
    """Yield the cases of a writer that passes these places."""
    calls = range(1, injection.calls + 1)
    if IS_LONG:
        yield from _every_case(writer, injection, calls)
        return
    changes, times = itertools.cycle(writer.changes or (None,)), itertools.cycle(writer.times)
    for call in calls:
        yield Case(change := next(changes), call if change else None, call, next(times))
        if change and writer.takes_every_line:
            yield Case(next(changes), None, call, hangs=True)


def _every_case(writer: Writer, injection: Injection, calls: range) -> Iterator[Case]:
    yield from (Case(None, None, call, times) for call, times in itertools.product(calls, writer.times))
    for change, call in itertools.product(writer.changes, calls):
        yield from (Case(change, call, call, times) for times in writer.times)
        yield from (Case(change, before, call) for before in range(1, call))
        yield Case(change, None, call, hangs=True)
    if not writer.takes_every_line:
        return
    calls_before = {place.where: place.calls for place in reversed(injection.places)}
    for where, change in zip(calls_before, itertools.cycle((*writer.changes, None)), strict=False):
        yield Case(change, calls_before[where] or None, where)


def _missed(writer: Writer, injection: Injection, died: Counter[Place]) -> Iterator[Case]:
    """Yield a case for each line around which a change led: here it comes at the death."""
    if IS_LONG and writer.takes_every_line:
        missed = {place.where for place in injection.places} - {place.where for place in died}
        yield from (Case(change, None, where) for change, where in itertools.product(REMOVED, sorted(missed)))


@pytest.mark.parametrize("name", WRITERS)
def test_a_writer_may_die_or_hang_at_any_line(pipeline, name, capsys):
    writer, died, found, runs = WRITERS[name], Counter(), [], 0
    injection = recorded(pipeline, writer)

    for more_cases in (lambda: cases(writer, injection), lambda: _missed(writer, injection, died)):
        for case in list(more_cases()):
            found += faults(pipeline, writer, case, died)
            runs += 1

    lines = len({place.where for place in died})
    with capsys.disabled():
        sys.stdout.write(f"\n{name}: {runs} runs, {died.total()} deaths and hangs, at {lines} lines\n")
    assert {place.calls for place in died} >= set(range(1, injection.calls + 1))
    assert list(_missed(writer, injection, died)) == []
    assert found == []


def test_what_a_dead_writer_leaves_is_found_where_nobody_sweeps(pipeline):
    """The audit would see a variant that outlived its image: without the passes that come later, it does."""
    writer = WRITERS["serve"]
    injection = recorded(pipeline, writer)
    findings = []
    for call in range(1, injection.calls + 1):
        _, image_id = played(pipeline, writer, Case("remove", call, call))
        findings += [finding for finding in audit([pipeline.state(image_id)]) if finding.what.startswith("generated/")]
        pipeline.finish()

    assert {finding.rule for finding in findings} == {"a_removed_image_has_no_file"}
