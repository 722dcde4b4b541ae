"""When a removal, or the retirement of a revision, is final: after the longest write that can still be under way.

Every function that writes files of an image reads its record first. It can act upon what it read before the record
changed until it ends, and Lambda ends it at its time limit.
"""

from typing import Final

from cdk.config import RemovalWaits, StageConfig
from cdk.functions import SPECIFICATIONS

MARGIN_SECONDS: Final = 30
"""For a write that S3 took before its sender's time was up, and for clocks that differ."""


def removal_waits(config: StageConfig) -> RemovalWaits:
    """Return the stage's own waits, or those that follow from the time limits of its functions."""
    if config.removal_waits is not None:
        return config.removal_waits
    limits = {
        name: specification.size_in(config).timeout_seconds
        for name, specification in SPECIFICATIONS.items()
        if specification.writes_files and specification.is_deployed(config)
    }
    answers_end = limits["serve"] + MARGIN_SECONDS
    return RemovalWaits(
        answers_end=answers_end,
        variants_end=max(limits.values()) + MARGIN_SECONDS - answers_end,
    )
