"""How long each operation takes on AWS and on the emulator.

Nothing has run on AWS yet. Its figures come from docs/performance.md and docs/costs.md, or are assumptions and say so.
The emulator's figures were measured.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from benchmarks.load.definition import THROTTLED


@dataclass(frozen=True)
class Work:
    """One invocation of a function: seconds of waiting, seconds of CPU time, and the additional cold start.

    On a platform with ``cores``, invocations queue for CPU time. ``spread`` is the standard deviation of the logarithm
    of the duration: with 0.5, one invocation in six takes at least 1.65 times the median.
    """

    waiting_seconds: float
    core_seconds: float = 0.0
    spread: float = 0.0
    cold_start_seconds: float = 0.0
    memory_mb: int = 128


@dataclass(frozen=True)
class Platform:
    """Where the pipeline runs. All functions share ``cores``; None means that they do not compete for any.

    ``longest_retry_seconds`` limits each wait of a retrier, ``retry_scale`` multiplies it, and without ``jitter`` it is
    always the longest. These describe the emulator's Retry. ``throttled`` is the error name of a throttled function.
    """

    name: str
    work: Mapping[str, Work]
    detector_seconds: float
    detector_spread: float
    parallel_detector_calls: int
    state_seconds: float
    service_seconds: float
    delivery_seconds: float
    throttled: str = THROTTLED
    cores: int | None = None
    jitter: bool = True
    longest_retry_seconds: float = float("inf")
    retry_scale: float = 1.0


AWS: Final = Platform(
    name="AWS",
    work={
        # 1.15 s of an x86 core for a photo of 12 to 18 megapixels (docs/performance.md), assumed to be 1.5 times
        # that on arm64 with 1.7 vCPU, plus 0.3 s for S3. All functions together take the 8 GB-seconds
        # per upload of docs/costs.md.
        "optimize": Work(2.0, spread=0.5, cold_start_seconds=0.7, memory_mb=3008),
        "moderate": Work(0.1, cold_start_seconds=0.6, memory_mb=256),
        "blur": Work(1.0, spread=0.5, cold_start_seconds=0.7, memory_mb=3008),
        "persist": Work(0.6, spread=0.3, cold_start_seconds=0.7, memory_mb=512),  # copies 20 objects: assumed
        "remove": Work(0.2, cold_start_seconds=0.5, memory_mb=512),  # lists and deletes a run's files: assumed
        "serve": Work(0.15, spread=0.5, cold_start_seconds=0.4, memory_mb=1769),  # a variant that is not stored yet
        "admit": Work(0.05, cold_start_seconds=0.5, memory_mb=128),
    },
    detector_seconds=0.4,  # assumed; the price per call does not depend on it
    detector_spread=0.3,
    parallel_detector_calls=8,
    state_seconds=0.025,  # assumed
    service_seconds=0.03,  # assumed: one call to DynamoDB or EventBridge
    delivery_seconds=0.5,  # assumed: from the PUT to S3 to the call to the target
)

EMULATOR: Final = Platform(
    name="the emulator",
    # Medians of eight sequential uploads of a 20 KB JPEG on a shared machine with two cores. About 0.1 s of each is the
    # emulator's own overhead, including a 50 ms wait for log lines. Core seconds are CPU times of its processes.
    work={
        "optimize": Work(0.09, core_seconds=0.045, cold_start_seconds=0.3),
        "moderate": Work(0.05, core_seconds=0.015, cold_start_seconds=0.3),
        "blur": Work(0.09, core_seconds=0.045, cold_start_seconds=0.3),
        "persist": Work(0.05, core_seconds=0.045, cold_start_seconds=0.3),
        "remove": Work(0.05, core_seconds=0.02, cold_start_seconds=0.3),  # assumed
        "serve": Work(0.06, core_seconds=0.02, cold_start_seconds=0.3),
        "admit": Work(0.06, core_seconds=0.02, cold_start_seconds=0.3),
    },
    detector_seconds=0.01,
    detector_spread=0.0,
    parallel_detector_calls=8,
    state_seconds=0.001,
    service_seconds=0.005,
    delivery_seconds=0.01,
    cores=2,
    # From its source: no jitter, at most 60 s regardless of MaxDelaySeconds, and the scale set in local/emulator.py.
    jitter=False,
    longest_retry_seconds=60.0,
    retry_scale=0.2,
)
"""Before a comparison, use `dataclasses.replace` to set the durations measured on the same machine."""
