"""The uploads of a run: when they arrive, and what each of them needs.

They are generated before the run starts, so that all designs are compared on the same pictures.
"""

from dataclasses import dataclass
from enum import Enum
from math import exp, log
from random import Random
from typing import Final


class Route(Enum):
    """The states that a picture goes through; each value is what `Definition.path` takes."""

    PUBLISHED = ("OptimizeImage", "ModerateImage", "PersistImage")
    BLURRED = ("OptimizeImage", "ModerateImage", "BlurImage", "PersistImage")
    REJECTED = ("OptimizeImage", "RecordRejection", "UploadRejected")


@dataclass(frozen=True)
class Mix:
    """The shares of pictures that are rejected, blurred, transparent and animated.

    A transparent picture takes three detector calls, an animation ``fewest`` to ``most`` (log-uniform), any other
    picture one. There are no statistics of real uploads yet, so all shares are assumptions.
    """

    rejected: float = 0.02
    blurred: float = 0.03
    transparent: float = 0.07
    animated: float = 0.03
    fewest: int = 2
    most: int = 64


USUAL: Final = Mix()
"""On average 1.6 detector calls per picture."""
STILLS: Final = Mix(rejected=0.0, blurred=0.0, transparent=0.0, animated=0.0)
"""One call each, all published."""
ANIMATIONS: Final = Mix(rejected=0.0, blurred=0.0, transparent=0.0, animated=1.0, fewest=64, most=64)
"""The worst case for the detector: 64 calls each."""


@dataclass(frozen=True)
class Picture:
    """One upload: when it arrives (s), its route, its detector calls. ``size`` is the logarithm of its
    work in standard deviations: 0 for the median picture. A ``probe`` is a single upload during a burst."""

    arrives: float
    route: Route
    calls: int
    size: float
    probe: bool = False


@dataclass(frozen=True)
class Arrivals:
    """When uploads arrive: ``burst`` at once, then ``per_second`` at random for ``seconds``.

    ``probes`` are single uploads of other users during the burst, every ten seconds from the tenth second on.
    """

    burst: int = 0
    per_second: float = 0.0
    seconds: float = 0.0
    probes: int = 0

    @property
    def name(self) -> str:
        """The name in tables."""
        return f"{self.burst:,} at once" if self.burst else f"{self.per_second:g} a second for {self.seconds:g} s"


def pictures(arrivals: Arrivals, mix: Mix, random: Random) -> list[Picture]:
    """Generate the uploads of a run in order of arrival."""
    times = [0.0] * arrivals.burst
    at = 0.0
    while arrivals.per_second and (at := at + random.expovariate(arrivals.per_second)) < arrivals.seconds:
        times.append(at)
    drawn = [_picture(time, mix, random) for time in times]
    probes = [Picture(10.0 * (number + 1), Route.PUBLISHED, 1, 0.0, probe=True) for number in range(arrivals.probes)]
    return sorted([*drawn, *probes], key=lambda picture: picture.arrives)


def _picture(arrives: float, mix: Mix, random: Random) -> Picture:
    kind, size = random.random(), random.gauss(0.0, 1.0)
    calls = 1
    if kind < mix.animated:
        calls = round(exp(random.uniform(log(mix.fewest), log(mix.most))))
    elif kind < mix.animated + mix.transparent:
        calls = 3
    verdict = random.random()
    if verdict < mix.rejected:
        return Picture(arrives, Route.REJECTED, 0, size)
    blurred = verdict < mix.rejected + mix.blurred
    return Picture(arrives, Route.BLURRED if blurred else Route.PUBLISHED, calls, size)
