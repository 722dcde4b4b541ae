"""The scenarios that `python -m benchmarks.load` runs, by table."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from benchmarks.load.designs import (
    LADDER,
    PATIENT,
    Admission,
    Design,
    Throttled,
    before,
    designs,
    patient,
    start_and_wait,
)
from benchmarks.load.pictures import ANIMATIONS, STILLS, Arrivals
from benchmarks.load.platform import EMULATOR
from benchmarks.load.quotas import ACCOUNTS, EMULATED, RESERVED, Account
from benchmarks.load.simulation import Scenario

FEW: Final = (10, 100)
BURSTS: Final = (1_000, 10_000, 100_000)
PROBES: Final = 9
UNPOLLED: Final = frozenset({Admission.LEASES, Admission.WAIT})
MAX_POLLED: Final = 10_000
"""With 100,000 uploads, designs that poll make up to 30 million retries, so only two of them run, in one account."""

NEW, SMALL, DEFAULT = ACCOUNTS


@dataclass(frozen=True)
class Table:
    """Scenarios that form one table in load.json and, if it has markers for ``key``, in docs/scale.md."""

    key: str
    scenarios: tuple[Scenario, ...]


def tables(*, largest: int, seed: int) -> list[Table]:
    """Return all tables, without bursts of more than ``largest`` uploads."""
    bursts = [burst for burst in BURSTS if burst <= largest]
    made = [
        Table("few", tuple(each for account in ACCOUNTS for each in _bursts(account, list(FEW)))),
        *(Table(f"bursts-{account.name}", tuple(_bursts(account, bursts))) for account in ACCOUNTS),
        Table("steady", tuple(_steady())),
        Table("parts", tuple(_parts())),
        Table("animations", tuple(_animations())),
        Table("delays", tuple(_delays())),
        Table("in-flight", tuple(_in_flight())),
        Table("emulator", tuple(_emulator())),
    ]
    return [Table(each.key, tuple(replace(scenario, seed=seed) for scenario in each.scenarios)) for each in made]


def _bursts(account: Account, bursts: list[int]) -> Iterator[Scenario]:
    for burst in bursts:
        for design in designs(account):
            few = burst <= MAX_POLLED or (account is DEFAULT and design.admission is Admission.DIRECT)
            if few or design.admission in UNPOLLED:
                yield Scenario(design, account, Arrivals(burst=burst, probes=PROBES if burst >= 1_000 else 0))


def _steady() -> Iterator[Scenario]:
    for account in ACCOUNTS:
        for design in (before(), patient(), start_and_wait(account)):
            yield Scenario(design, account, Arrivals(per_second=1, seconds=3_600))
    for design in (before(), patient(), start_and_wait(DEFAULT)):
        yield Scenario(design, DEFAULT, Arrivals(per_second=100, seconds=300))


def _parts() -> Iterator[Scenario]:
    """The effect of each part of the chosen design: without and with it."""
    thousand = Arrivals(burst=1_000)
    yield Scenario(before(), RESERVED, Arrivals(burst=10_000))
    yield Scenario(before(), SMALL, thousand)
    waits = start_and_wait(SMALL)
    yield Scenario(_named(waits, "waits, ladder", throttling=LADDER, detector=Throttled.GIVES_UP), SMALL, thousand)
    yield Scenario(_named(waits, "waits, patient", detector=Throttled.GIVES_UP), SMALL, thousand)
    yield Scenario(waits, SMALL, thousand)
    for design in (before(), _named(start_and_wait(NEW), "waits, ladder", throttling=LADDER), start_and_wait(NEW)):
        yield Scenario(design, NEW, Arrivals(burst=100), views_per_second=60.0)


def _animations() -> Iterator[Scenario]:
    """All pictures need 64 detector calls, and the account allows five a second."""
    starts_over = _named(patient(), "patient, starts over", detector=Throttled.STARTS_OVER)
    for design in (before(), starts_over, patient(), start_and_wait(SMALL)):
        yield Scenario(design, SMALL, Arrivals(burst=50), mix=ANIMATIONS)


def _delays() -> Iterator[Scenario]:
    """The effect of the longest wait between retries."""
    for account in (NEW, DEFAULT):
        for seconds in (60, 300, 900):
            throttling = replace(PATIENT, max_delay_seconds=seconds)
            design = _named(patient(), f"patient retriers, {seconds} s", throttling=throttling)
            yield Scenario(design, account, Arrivals(burst=5_000))


def _in_flight() -> Iterator[Scenario]:
    """The effect of `in_flight` and of the number of uploads per invocation of `admit`."""
    for account, limits in ((NEW, (2, 3, 4, 6)), (SMALL, (5, 10, 15, 20)), (DEFAULT, (50, 100, 150, 300))):
        for limit in limits:
            yield Scenario(start_and_wait(account, in_flight=limit), account, Arrivals(burst=2_000))
    for batch in (2, 10):
        yield Scenario(start_and_wait(DEFAULT, in_flight=150, batch=batch), DEFAULT, Arrivals(burst=2_000))


def _emulator() -> Iterator[Scenario]:
    for design in (before(), start_and_wait(EMULATED)):
        yield Scenario(design, EMULATED, Arrivals(burst=500), STILLS, EMULATOR, views_per_second=0.0)


def _named(design: Design, name: str, **changes: object) -> Design:
    return replace(design, name=name, **changes)  # type: ignore[arg-type]
