"""Runs against what can be computed by hand or by a formula, and what must hold in every run."""

from collections import Counter
from dataclasses import replace
from math import exp, lgamma, log
from random import Random
from statistics import fmean

import pytest

from benchmarks.load.definition import Ending
from benchmarks.load.designs import (
    LADDER,
    Throttled,
    before,
    designs,
    in_flight_of,
    patient,
    start_and_wait,
)
from benchmarks.load.pictures import ANIMATIONS, STILLS, USUAL, Arrivals, pictures
from benchmarks.load.quotas import ACCOUNTS
from benchmarks.load.result import result_of
from benchmarks.load.simulation import Scenario, simulate
from tests.unit.load.platforms import FREE, NO_LIMIT, account, platform

NEW, SMALL, DEFAULT = ACCOUNTS
FEW_CALLS = replace(DEFAULT, name="few calls", detector_calls_per_second=5)
EVERY_DESIGN = [
    pytest.param(each, design, id=f"{each.name}: {design.name}") for each in ACCOUNTS for design in designs(each)
]


def waits_only(*, servers):
    """A design that adds no time of its own: a queue with as many servers."""
    return replace(start_and_wait(DEFAULT, in_flight=servers), poll_seconds=0.0, wait_seconds=FREE, pollers=servers)


def mean_wait_of_m_d_c(rate, service, servers):
    """Crommelin's mean wait in a queue of Poisson arrivals and servers that all take the same time."""

    def poisson_from(first, mean):
        return sum(exp(n * log(mean) - mean - lgamma(n + 1)) for n in range(first, first + 400))

    load = rate * service
    return service * sum(
        poisson_from(i * servers, i * load) - servers / load * poisson_from(i * servers + 1, i * load)
        for i in range(1, 200)
    )


def endings(run):
    return Counter(upload.ending for upload in run.uploads)


# --- every run


@pytest.mark.parametrize(("account", "design"), EVERY_DESIGN)
def test_every_upload_ends_once_and_nothing_stays_at_work(account, design):
    run = simulate(Scenario(design, account, Arrivals(burst=300, per_second=3, seconds=30, probes=2)))

    assert sum(endings(run).values()) == len(run.uploads) > 300
    assert None not in endings(run)
    assert run.counts.in_flight == 0
    assert all(upload.ended_at >= upload.picture.arrives for upload in run.uploads)


@pytest.mark.parametrize(("account", "design"), EVERY_DESIGN)
def test_the_same_seed_gives_the_same_result_and_another_one_another(account, design):
    scenario = Scenario(design, account, Arrivals(burst=100))

    first, again, other = (result_of(each, simulate(each)) for each in (scenario, scenario, replace(scenario, seed=2)))

    assert first == again != other


def test_the_usual_picture_takes_one_and_six_tenths_of_a_call():
    drawn = pictures(Arrivals(burst=50_000), USUAL, Random(1))

    assert fmean(picture.calls for picture in drawn) == pytest.approx(1.6, abs=0.05)


# --- by hand


def test_a_throttled_function_is_called_again_after_each_delay_of_its_retrier():
    one_at_a_time = account(concurrency=1)

    run = simulate(
        Scenario(before(), one_at_a_time, Arrivals(burst=2), STILLS, platform(optimize=10.0, jitter=False), 0.0)
    )

    first, second = run.uploads
    refusals = 3  # at 0, 2 and 6 s, and 0.05 s for each; the next call comes at 14.15 s
    assert first.ended_at == pytest.approx(10.0)
    assert second.ended_at == pytest.approx(2 + 4 + 8 + refusals * 0.05 + 10.0)
    assert second.transitions - first.transitions == refusals


def test_an_upload_fails_when_its_function_is_throttled_through_all_retries():
    run = simulate(
        Scenario(
            before(), account(concurrency=1), Arrivals(burst=2), STILLS, platform(optimize=500.0, jitter=False), 0.0
        )
    )

    failed = run.uploads[1]
    assert failed.ending is Ending.FAILED
    assert failed.ended_at == pytest.approx(sum(LADDER.longest_delay(n) for n in range(6)) + 7 * 0.05)


def test_an_execution_ends_at_its_time_limit_however_many_retries_are_left():
    design = replace(patient(), timeout_seconds=100.0)

    run = simulate(Scenario(design, account(concurrency=1), Arrivals(burst=2), STILLS, platform(optimize=500.0), 0.0))

    assert (run.uploads[1].ending, run.uploads[1].ended_at) == (Ending.FAILED, 100.0)


def test_eventbridge_starts_what_the_quota_refuses_later_and_gives_up_after_a_day():
    two_at_once = replace(NO_LIMIT, start_execution_bucket=2, start_execution_per_second=1 / 3_600)

    run = simulate(Scenario(before(), account(region=two_at_once), Arrivals(burst=60), STILLS, platform(), 0.0))

    assert endings(run)[Ending.LOST] > 0
    assert 24 <= endings(run)[Ending.JUDGED] <= 26
    assert max(upload.ended_at for upload in run.uploads) <= 24 * 3_600


def test_transitions_beyond_the_quota_wait_and_none_is_lost():
    slow = replace(NO_LIMIT, transition_bucket=1, transitions_per_second=10)

    run = simulate(Scenario(patient(), account(region=slow), Arrivals(burst=20), STILLS, platform(), 0.0))

    transitions = sum(upload.transitions for upload in run.uploads)
    assert endings(run) == {Ending.JUDGED: 20}
    assert max(upload.ended_at for upload in run.uploads) == pytest.approx(transitions / 10, rel=0.02)


def test_the_detector_answers_at_its_rate():
    run = simulate(
        Scenario(patient(), account(detector=5), Arrivals(burst=200), STILLS, platform(detector_seconds=0.1), 0.0)
    )

    assert run.counts.detector_calls == 200
    assert max(upload.ended_at for upload in run.uploads) == pytest.approx((200 - 5) / 5, rel=0.1)


# --- by formula


@pytest.mark.parametrize(("uploads", "servers"), [(10, 1), (100, 7), (99, 33)])
def test_a_burst_takes_as_many_rounds_as_its_servers_need(uploads, servers):
    run = simulate(
        Scenario(waits_only(servers=servers), account(), Arrivals(burst=uploads), STILLS, platform(optimize=60.0), 0.0)
    )

    rounds = -(-uploads // servers)
    ramp = max(0.0, (servers - 5) / 5)  # Lambda adds pollers
    assert rounds * 60 <= max(upload.ended_at for upload in run.uploads) <= rounds * 60 + ramp


def test_crommelins_formula_agrees_with_pollaczek_and_khinchine_for_one_server():
    assert mean_wait_of_m_d_c(0.7, 1.0, 1) == pytest.approx(0.7 / (2 * 0.3), rel=1e-6)


@pytest.mark.parametrize(("servers", "rate"), [(1, 0.7), (2, 1.5), (4, 3.2)])
def test_uploads_wait_as_long_as_in_a_queue_with_servers_that_all_take_the_same_time(servers, rate):
    run = simulate(
        Scenario(
            waits_only(servers=servers),
            account(),
            Arrivals(per_second=rate, seconds=20_000 / rate),
            STILLS,
            platform(optimize=1.0),
            views_per_second=0.0,
        )
    )

    waited = fmean(upload.ended_at - upload.picture.arrives - 1.0 for upload in run.uploads)
    assert waited == pytest.approx(mean_wait_of_m_d_c(rate, 1.0, servers), rel=0.08)


# --- what the choice rests on


@pytest.mark.parametrize("account", ACCOUNTS, ids=lambda account: account.name)
def test_a_burst_that_the_ladder_fails_is_judged_to_the_last_when_its_work_is_bounded(account):
    burst = Arrivals(burst=4_000 if account is DEFAULT else 400)

    ladder = endings(simulate(Scenario(before(), account, burst)))
    chosen = simulate(Scenario(start_and_wait(account), account, burst))

    assert ladder[Ending.HELD] + ladder[Ending.FAILED] > 0
    assert endings(chosen) == {Ending.JUDGED: burst.burst}
    assert chosen.counts.most_in_flight <= in_flight_of(account)


def test_answers_that_are_kept_are_paid_once_and_those_that_are_not_again_and_again():
    burst = Arrivals(burst=20)

    starts_over = replace(patient(detector=Throttled.STARTS_OVER), timeout_seconds=3_600.0)
    lost = simulate(Scenario(starts_over, SMALL, burst, ANIMATIONS))
    kept = simulate(Scenario(start_and_wait(SMALL), SMALL, burst, ANIMATIONS))

    assert (kept.counts.detector_calls, kept.counts.wasted_calls) == (20 * 64, 0)
    assert lost.counts.wasted_calls > 20 * 64
    assert endings(kept) == {Ending.JUDGED: 20}


@pytest.mark.parametrize("account", [*ACCOUNTS, FEW_CALLS], ids=lambda account: account.name)
def test_even_if_every_picture_takes_64_calls_admit_never_stops_waiting(account):
    design = start_and_wait(account)

    run = simulate(Scenario(design, account, Arrivals(burst=2 * design.in_flight), ANIMATIONS, views_per_second=0.0))

    assert run.counts.most_in_flight == design.in_flight


def test_a_new_account_leaves_room_for_views_while_uploads_come_in():
    view_share = {design.name: simulate(Scenario(design, NEW, Arrivals(burst=1_000))).counts for design in designs(NEW)}

    shares = {name: counts.views_throttled / counts.views for name, counts in view_share.items()}
    assert shares["queue, starts and waits"] < 0.03
    assert shares["before"] > 0.2
    assert shares["patient retriers"] > 0.2
