"""Writers die at any line, or hang there, while somebody removes, blurs or blocks their image: nothing is left, stuck,
lost or served.

State machines, functions and retries are the deployed ones (world.py); the audit judges at the end. AWS looks the same
at all lines between two calls: `make test` takes the first of them. `make test-long` takes every line, and every pair
of calls between which the image changes and the worker dies.
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
from tests.sabotage.scenes import Place, Scene
from tests.sabotage.world import World, world

PICTURE = pictures.jpeg(120, 80)
ALWAYS = 99
"""Invocations that die; more than there ever are."""
UNTIL_TROUBLE = 3
"""Deaths of `remove` in a row: both attempts of a Task, then the first one after the trouble."""
REMOVED, REJUDGED = ("remove",), ("remove", "blur", "block")
IS_LONG = counted(0, 1)


@dataclass(frozen=True)
class Writer:
    """A function, and how a test gets it to write. ``changes`` are what may happen to its image meanwhile.

    ``holds_from`` is from how many seconds on a Wait of `remove` and `retire` outlasts the writer. None where it does
    not: runs of `ingest` may outlast them all. ``takes_every_line`` is for one writer of each function.
    """

    function: str
    prepare: Callable[[World], str]
    act: Callable[[World, str], object]
    changes: tuple[str, ...]
    times: tuple[int, ...] = (1, ALWAYS)
    holds_from: float | None = None
    takes_every_line: bool = True


def uploaded(world: World) -> str:
    return world.upload(PICTURE)


def published(world: World) -> str:
    return world.published(PICTURE)


def published_with_variant(world: World) -> str:
    image_id = world.published(PICTURE)
    world.serve(image_id)
    return image_id


def judged(verdict: str, **options: bool) -> Callable[[World, str], None]:
    return lambda world, image_id: world.ingest(image_id, verdict, **options)


WRITERS = {
    "optimize": Writer("optimize", uploaded, judged("allow"), REMOVED),
    "blur": Writer("blur", uploaded, judged("blur"), REMOVED),
    "persist": Writer("persist", uploaded, judged("allow"), REJUDGED),
    "persist of a blurred picture": Writer(
        "persist", published_with_variant, judged("blur", rework=True), REMOVED, takes_every_line=False
    ),
    "persist of a block": Writer(
        "persist", published_with_variant, judged("block", rework=True), REMOVED, takes_every_line=False
    ),
    "serve": Writer("serve", published, World.serve, REJUDGED, times=(1,), holds_from=1),
    "prewarm": Writer("prewarm", published, World.prewarm, REJUDGED, holds_from=100),
    "remove": Writer("remove", published_with_variant, World.remove, (), times=(1, UNTIL_TROUBLE)),
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
def aws() -> Iterator[World]:
    with world() as made:
        yield made


def played(aws: World, writer: Writer, case: Case) -> tuple[Scene, str]:
    """Play a case up to the point at which nobody is writing any more; return the scene and the image."""
    image_id = writer.prepare(aws)
    changed: list[str] = []

    def change() -> None:
        if case.change is not None:
            changed.append(case.change)
            aws.change(image_id, case.change)

    scene = Scene(writer.function, change, case.change_before, case.dies_at, hangs=case.hangs, times=case.times)
    aws.executions.hold(writer.holds_from)
    aws.scene = scene
    writer.act(aws, image_id)
    aws.executions.idle()
    if not changed:
        change()
    return scene, image_id


def faults(aws: World, writer: Writer, case: Case, died: Counter[Place]) -> list[str]:
    """Play a case to its end, and return what the audit finds."""
    scene, image_id = played(aws, writer, case)
    aws.finish()
    aws.scene = None
    died.update(scene.deaths)
    state = aws.state(image_id, aws.serve(image_id))
    return [f"{case}, {scene.deaths}: {finding}" for finding in audit([state])]


def recorded(aws: World, writer: Writer) -> Scene:
    """Return a scene in which the writer lives, with the places that it passes."""
    scene, _ = played(aws, writer, Case(None, None, None))
    aws.finish()
    aws.scene = None
    return scene


def cases(writer: Writer, scene: Scene) -> Iterator[Case]:
    """Yield the cases of a writer that passes these places."""
    calls = range(1, scene.calls + 1)
    if IS_LONG:
        yield from _every_case(writer, scene, calls)
        return
    changes, times = itertools.cycle(writer.changes), itertools.cycle(writer.times)
    for call in calls:
        if writer.takes_every_line:
            yield Case(None, None, call, next(times))
        if writer.changes:
            yield Case(next(changes), None, call, hangs=True)
            yield Case(next(changes), call, call, next(times))


def _every_case(writer: Writer, scene: Scene, calls: range) -> Iterator[Case]:
    yield from (Case(None, None, call, times) for call, times in itertools.product(calls, writer.times))
    for change, call in itertools.product(writer.changes, calls):
        yield from (Case(change, call, call, times) for times in writer.times)
        yield from (Case(change, before, call) for before in range(1, call))
        yield Case(change, None, call, hangs=True)
    if not writer.takes_every_line:
        return
    calls_before = {place.where: place.calls for place in reversed(scene.places)}
    for where, change in zip(calls_before, itertools.cycle((*writer.changes, None)), strict=False):
        yield Case(change, calls_before[where] or None, where)


def _missed(writer: Writer, scene: Scene, died: Counter[Place]) -> Iterator[Case]:
    """Yield a case for each line around which a change led: here it comes at the death."""
    if IS_LONG and writer.takes_every_line:
        missed = {place.where for place in scene.places} - {place.where for place in died}
        yield from (Case(change, None, where) for change, where in itertools.product(REMOVED, sorted(missed)))


@pytest.mark.parametrize("name", WRITERS)
def test_a_writer_may_die_or_hang_at_any_line(aws, name, capsys):
    writer, died, found, runs = WRITERS[name], Counter(), [], 0
    scene = recorded(aws, writer)

    for more_cases in (lambda: cases(writer, scene), lambda: _missed(writer, scene, died)):
        for case in list(more_cases()):
            found += faults(aws, writer, case, died)
            runs += 1

    lines = len({place.where for place in died})
    with capsys.disabled():
        sys.stdout.write(f"\n{name}: {runs} runs, {died.total()} deaths and hangs, at {lines} lines\n")
    assert {place.calls for place in died} >= set(range(1, scene.calls + 1))
    assert list(_missed(writer, scene, died)) == []
    assert found == []


def test_what_a_dead_writer_leaves_is_found_where_nobody_sweeps(aws):
    """The audit would see a variant that outlived its image: without the passes that come later, it does."""
    writer = WRITERS["serve"]
    scene = recorded(aws, writer)
    findings = []
    for call in range(1, scene.calls + 1):
        _, image_id = played(aws, writer, Case("remove", call, call))
        findings += [finding for finding in audit([aws.state(image_id)]) if finding.what.startswith("generated/")]
        aws.finish()

    assert {finding.rule for finding in findings} == {"a_removed_image_has_no_file"}
