"""When a removal, or the retirement of a revision, is final: after the longest write that can still be under way.

Every function that writes files of an image reads its record first. It can act upon what it read before the record
changed until it ends, and Lambda ends it at its time limit.
"""

from collections.abc import Mapping
from typing import Final

from cdk.config import Delivery, RemovalWaits, StageConfig
from cdk.constructs.prewarm import SIZE as PREWARM_SIZE

MARGIN_SECONDS: Final = 30
"""For a write that S3 took before its sender's time was up, and for clocks that differ."""
WRITERS: Final = ("optimize", "blur", "persist", "serve")
"""The functions that write files, prewarm aside."""


def removal_waits(config: StageConfig) -> RemovalWaits:
    """Return the stage's own waits, or those that follow from the time limits of its functions."""
    if config.removal_waits is not None:
        return config.removal_waits
    limits: Mapping[str, int] = {name: config.functions[name].timeout_seconds for name in WRITERS}
    prewarm = PREWARM_SIZE.timeout_seconds if config.delivery is Delivery.V2 else 0
    answers_end = limits["serve"] + MARGIN_SECONDS
    return RemovalWaits(
        answers_end=answers_end,
        variants_end=max(*limits.values(), prewarm) + MARGIN_SECONDS - answers_end,
    )
