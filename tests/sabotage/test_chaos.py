"""Workers die, raise and hang at random lines of the deployed pipeline, while it is used: nothing is lost or left."""

import random
import sys
import time
from collections import Counter

import pytest

from local import emulator
from local.workspace import Workspace
from tests.counted import counted
from tests.sabotage.audit import audit
from tests.sabotage.chaos import Auditor, ChaosRun, saboteurs

SECONDS = counted(10, 120)
SEED = 20261128
SETTLES_WITHIN_SECONDS = 600.0
"""After the last fault: retries, two rounds of settle, the waits of remove and retire, the last purge. The workers
share two cores with other tests."""

HEARD_WITHIN_SECONDS = 120.0
"""After the last execution: its event arrives through a queue."""

REDELIVERED_AFTER_SECONDS = 5
"""When a message comes again whose call of `admit` was stopped; a call that still waits then is not disturbed."""


@pytest.fixture
def seed(pytestconfig):
    minutes, seed = pytestconfig.getoption("--minutes", None), pytestconfig.getoption("--seed", None)
    if seed is not None:
        return seed
    return SEED if minutes is None else random.SystemRandom().randrange(10**9)


@pytest.fixture
def seconds(pytestconfig):
    minutes = pytestconfig.getoption("--minutes", None)
    return SECONDS if minutes is None else 60 * minutes


@pytest.fixture
def chaos(pipeline, viewer, tmp_path, seed):
    return ChaosRun(pipeline, viewer, tmp_path, seed)


def test_whatever_is_stopped_every_image_ends_and_nothing_is_left_or_served(pipeline, chaos, tmp_path, seconds, capsys):
    with pipeline.retry_delays(emulator.RETRY_DELAY_SCALE), pipeline.announcements() as heard_of:
        auditor = Auditor(pipeline, chaos.viewer, heard_of)
        with pipeline.admitting(visibility_seconds=REDELIVERED_AFTER_SECONDS):
            with saboteurs(pipeline, tmp_path, Workspace(tmp_path).runtime / "bin" / "python"):
                chaos.run(seconds)
            settled = time.monotonic() + SETTLES_WITHIN_SECONDS
            while not auditor.is_quiet() and time.monotonic() < settled:
                time.sleep(0.5)
        heard = time.monotonic() + HEARD_WITHIN_SECONDS
        while (findings := audit(images := auditor.images(chaos.viewed))) and time.monotonic() < heard:
            time.sleep(1)

    stopped = chaos.stopped()
    with capsys.disabled():
        sys.stdout.write(
            f"\nchaos, --seed {chaos.seed}, {seconds:.0f} s: {chaos.counts}; {len(images)} images "
            f"{dict(Counter(image.status for image in images))}; stopped "
            f"{dict(Counter(order.action for order in stopped))} at "
            f"{len({(order.file, order.line) for order in stopped})} lines of "
            f"{dict(Counter(order.function for order in stopped))}\n"
        )
    assert stopped
    assert findings == [], f"--seed {chaos.seed}: {stopped}"
