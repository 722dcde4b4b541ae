"""The waits of removals and retirements, after which no write of an image's files can be in progress.

Every function that writes files of an image reads its record first. It may act on a record that it read before the
change until it ends, and Lambda ends it at its time limit. `manage` starts `retire` before it writes a new focal point,
so that wait outlasts `manage` too.
"""

from typing import Final

from cdk.config import RemovalWaits, StageConfig
from cdk.functions import SPECIFICATIONS

MARGIN_SECONDS: Final = 30
"""A margin for a write that S3 accepted just before its sender timed out, and for clock differences."""


def removal_waits(config: StageConfig) -> RemovalWaits:
    """Return the stage's own waits, or those derived from its functions' time limits."""
    if config.removal_waits is not None:
        return config.removal_waits
    limits = {
        name: specification.size_in(config).timeout_seconds
        for name, specification in SPECIFICATIONS.items()
        if specification.writes_files and specification.is_deployed(config)
    }
    changes_end = SPECIFICATIONS["manage"].size_in(config).timeout_seconds
    answers_end = max(limits["serve"], changes_end) + MARGIN_SECONDS
    return RemovalWaits(
        answers_end=answers_end,
        variants_end=max(limits.values()) + MARGIN_SECONDS - answers_end,
    )
