"""When a change is more than chance, against published figures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.changes import Change, Estimate, change, rate
from analytics.intervals import wilson


def share(numerator, denominator):
    low, high = wilson(np.array([float(numerator)]), np.array([float(denominator)]))
    return Estimate(numerator / denominator, float(low[0]), float(high[0]))


@pytest.mark.parametrize(
    ("now", "before", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((5, 56), (0, 29), -0.0381, 0.1926),
    ],
)
def test_the_interval_of_two_shares_is_that_of_newcombe_1998_table_2(now, before, low, high):
    found = change(share(*now), share(*before))

    assert (found.low, found.high) == (pytest.approx(low, abs=5e-4), pytest.approx(high, abs=5e-4))


def test_a_change_is_beyond_chance_only_when_its_interval_leaves_out_zero():
    assert change(share(56, 70), share(48, 80)).is_beyond_chance
    assert not change(share(5, 56), share(0, 29)).is_beyond_chance
    assert not Change(0.1, 0.0, 0.2).is_beyond_chance


def test_nothing_is_claimed_where_a_bound_is_unknown():
    found = change(Estimate(4_100, 3_900, None), Estimate(3_000, 2_900, 3_100))

    assert (found.difference, found.low, found.high, found.is_beyond_chance) == (1_100, None, None, False)


def test_lopsided_bounds_stay_on_their_side():
    found = change(Estimate(100, 90, 140), Estimate(80, 77, 84))

    assert found.low == pytest.approx(20 - (10**2 + 4**2) ** 0.5)
    assert found.high == pytest.approx(20 + (40**2 + 3**2) ** 0.5)


def test_a_rate_is_per_week_whatever_the_length():
    assert rate(100, 4).value == 25
    assert rate(100, 4).low == pytest.approx((10 - 0.98) ** 2 / 4)
    assert rate(0, 1).low == 0


def test_a_rate_over_no_time_is_refused():
    with pytest.raises(ValueError, match="above zero"):
        rate(3, 0)


def test_twelve_hundred_orders_after_a_thousand_are_news_and_a_thousand_and_twenty_are_not():
    assert change(rate(1_200, 1), rate(1_000, 1)).is_beyond_chance
    assert not change(rate(1_020, 1), rate(1_000, 1)).is_beyond_chance


@given(st.integers(0, 50), st.integers(1, 50), st.integers(0, 50), st.integers(1, 50))
def test_turning_the_comparison_round_turns_the_interval_round(k1, n1, k0, n0):
    now, before = share(min(k1, n1), n1), share(min(k0, n0), n0)

    there, back = change(now, before), change(before, now)

    assert (there.low, there.high) == (pytest.approx(-back.high), pytest.approx(-back.low))
