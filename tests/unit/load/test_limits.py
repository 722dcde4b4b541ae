"""What quotas do to requests: token buckets, and Lambda's concurrency against Erlang's formula."""

from math import factorial

import pytest

from benchmarks.load.designs import before
from benchmarks.load.limits import Entry, Lambda, TokenBucket
from benchmarks.load.pictures import STILLS, Arrivals
from benchmarks.load.simulation import Scenario, simulate
from tests.unit.load.platforms import account, platform


def test_a_bucket_gives_what_it_holds_at_once_and_then_what_comes_in():
    bucket = TokenBucket(size=3, rate=2)

    assert [bucket.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert [bucket.take(0.5), bucket.take(0.5)] == [True, False]


def test_a_bucket_holds_no_more_than_its_size_however_long_nobody_takes():
    bucket = TokenBucket(size=2, rate=10)

    assert [bucket.take(1_000.0) for _ in range(3)] == [True, True, False]


def test_a_bucket_that_delays_lets_requests_through_in_turn_at_its_rate():
    bucket = TokenBucket(size=1, rate=4)

    assert [bucket.delay(0.0) for _ in range(4)] == [0.0, 0.25, 0.5, 0.75]
    assert bucket.delay(2.0, count=2) == pytest.approx(0.25)


def test_functions_share_the_pool_and_the_one_too_many_is_throttled():
    pool = Lambda(2, {})

    assert pool.enter("optimize", 0.0) is Entry.COLD
    assert pool.enter("serve", 0.0) is Entry.COLD
    assert pool.enter("persist", 0.0) is Entry.THROTTLED
    pool.leave("optimize")
    assert pool.enter("persist", 0.0) is Entry.COLD


def test_reserved_concurrency_is_a_guarantee_and_a_ceiling():
    pool = Lambda(3, {"serve": 1})

    assert [pool.enter("optimize", 0.0) for _ in range(3)] == [Entry.COLD, Entry.COLD, Entry.THROTTLED]
    assert [pool.enter("serve", 0.0) for _ in range(2)] == [Entry.COLD, Entry.THROTTLED]


def test_an_environment_that_is_free_again_is_warm():
    pool = Lambda(10, {})
    pool.enter("serve", 0.0)
    pool.leave("serve")

    assert pool.enter("serve", 0.0) is Entry.WARM


def test_a_function_scales_by_a_thousand_environments_and_a_hundred_a_second_more():
    pool = Lambda(5_000, {})

    at_once = sum(pool.enter("optimize", 0.0) is Entry.COLD for _ in range(2_000))
    later = sum(pool.enter("optimize", 3.0) is Entry.COLD for _ in range(2_000))

    assert (at_once, later) == (1_000, 300)


@pytest.mark.parametrize("servers", [2, 5])
def test_requests_that_find_no_place_are_as_many_as_erlang_b_says(servers):
    offered = 2.0
    expected = (offered**servers / factorial(servers)) / sum(offered**n / factorial(n) for n in range(servers + 1))

    run = simulate(
        Scenario(
            before(),
            account(concurrency=servers + 1, optimize=1),
            Arrivals(burst=1),
            STILLS,
            platform(optimize=20_000.0, serve=1.0),
            views_per_second=offered,
        )
    )

    assert run.counts.views_throttled / run.counts.views == pytest.approx(expected, rel=0.05)
