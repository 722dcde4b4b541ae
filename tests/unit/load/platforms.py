"""Platforms and accounts whose runs can be computed by hand: nothing takes time but what a test says."""

from benchmarks.load.platform import Platform, Work
from benchmarks.load.quotas import Account, Region

FREE = 1e9
"""A quota that nothing reaches."""
NO_LIMIT = Region("a region without limits", FREE, FREE, FREE, FREE, FREE)


def account(*, concurrency=1_000, detector=FREE, region=NO_LIMIT, **reserved):
    return Account("test", concurrency, detector, region, reserved)


def platform(*, detector_seconds=0.0, jitter=True, **seconds):
    """A platform without delays of its own; ``seconds`` are those of functions, by name."""
    functions = ("optimize", "moderate", "blur", "persist", "serve", "admit")
    return Platform(
        name="test",
        work={name: Work(seconds.get(name, 0.0)) for name in functions},
        detector_seconds=detector_seconds,
        detector_spread=0.0,
        parallel_detector_calls=8,
        state_seconds=0.0,
        service_seconds=0.0,
        delivery_seconds=0.0,
        jitter=jitter,
    )
