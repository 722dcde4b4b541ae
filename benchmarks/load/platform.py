"""How long things take where the pipeline runs: on AWS, or on the emulator of one machine.

Nothing has run on AWS yet. Its figures come from docs/performance.md and docs/costs.md where they say something, and
are assumptions where they do not; each says which. The emulator's were measured.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from benchmarks.load.definition import THROTTLED


@dataclass(frozen=True)
class Work:
    """One invocation of a function: seconds of waiting, seconds of a core, and the cold start on top.

    Where a platform has ``cores``, invocations queue for them; elsewhere both just pass. ``spread`` is the standard
    deviation of the logarithm of the whole: 0.5 means that one of six takes 1.65 times the median or longer.
    """

    waiting_seconds: float
    core_seconds: float = 0.0
    spread: float = 0.0
    cold_start_seconds: float = 0.0
    memory_mb: int = 128


@dataclass(frozen=True)
class Platform:
    """Where the pipeline runs. ``cores`` are shared by all functions; None: each has its own.

    ``longest_retry_seconds`` bounds each wait of a retrier, ``retry_scale`` multiplies it, and without ``jitter`` it is
    the longest one: what the emulator makes of Retry. ``throttled`` is the error name of a throttled function.
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
        # 1.15 s of an x86 core for a photo of 12 to 18 megapixels (docs/performance.md), taken as 1.5 times that on
        # arm64 with 1.7 vCPU, and 0.3 s for S3: with the others, the 8 GB-seconds an upload of docs/costs.md.
        "optimize": Work(2.0, spread=0.5, cold_start_seconds=0.7, memory_mb=3008),
        "moderate": Work(0.1, cold_start_seconds=0.6, memory_mb=256),
        "blur": Work(1.0, spread=0.5, cold_start_seconds=0.7, memory_mb=3008),
        "persist": Work(0.6, spread=0.3, cold_start_seconds=0.7, memory_mb=512),  # copies 20 objects: assumed
        "serve": Work(0.15, spread=0.5, cold_start_seconds=0.4, memory_mb=1769),  # a variant that nobody asked for yet
        "admit": Work(0.05, cold_start_seconds=0.5, memory_mb=128),
    },
    detector_seconds=0.4,  # assumed; the price is by call, whatever it takes
    detector_spread=0.3,
    parallel_detector_calls=8,
    state_seconds=0.025,  # assumed
    service_seconds=0.03,  # assumed: one call of DynamoDB or EventBridge
    delivery_seconds=0.5,  # assumed: from S3's PUT to the call of a target
)

EMULATOR: Final = Platform(
    name="the emulator",
    # Medians of eight uploads of a JPEG of 20 KB, one after another, on a shared machine of two cores; about 0.1 s of
    # each is the emulator's own call, which waits 50 ms for log lines. Core seconds are CPU times of its processes.
    work={
        "optimize": Work(0.09, core_seconds=0.045, cold_start_seconds=0.3),
        "moderate": Work(0.05, core_seconds=0.015, cold_start_seconds=0.3),
        "blur": Work(0.09, core_seconds=0.045, cold_start_seconds=0.3),
        "persist": Work(0.05, core_seconds=0.045, cold_start_seconds=0.3),
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
    # From its source: no jitter, 60 s at most whatever MaxDelaySeconds says, and the scale that local/emulator.py sets.
    jitter=False,
    longest_retry_seconds=60.0,
    retry_scale=0.2,
)
"""Calibrate it before comparing: `dataclasses.replace` with the durations that the machine of the day shows."""
