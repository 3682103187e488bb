"""When a change is more than chance, against published figures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

from analytics.changes import MIX, Change, Estimate, Group, change, contributions, rate, ratio
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


def test_a_ratio_is_one_of_sums_and_its_bounds_are_those_of_its_days():
    # R = 12 / 20; residuals 0.4, -0.8, 0.4; sqrt(3 / 2 * 0.96) / 20 = 0.06; Student with 2 degrees of freedom: 4.3027.
    found = ratio([(4, 6), (4, 8), (4, 6)])

    assert found.value == pytest.approx(0.6)
    assert found.high - found.value == pytest.approx(4.3027 * 0.06, rel=1e-4)
    assert found.value - found.low == pytest.approx(found.high - found.value)


def test_two_days_bound_nothing_and_no_day_is_no_ratio():
    assert ratio([(1, 2), (1, 2), (0, 0)]) == Estimate(0.5)
    assert ratio([(0, 0)]) is None
    assert ratio([]) is None


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 50)), min_size=3, max_size=20))
def test_the_bounds_of_a_ratio_agree_with_a_loop(parts):
    found = ratio(parts)

    top, bottom = sum(top for top, _ in parts), sum(bottom for _, bottom in parts)
    squares = sum((each - top / bottom * whole) ** 2 for each, whole in parts)
    error = (len(parts) / (len(parts) - 1) * squares) ** 0.5 / bottom
    assert found.value == pytest.approx(top / bottom)
    assert found.high - found.low == pytest.approx(2 * student.ppf(0.975, len(parts) - 1) * error, abs=1e-9)


def test_a_multiple_of_a_change_keeps_low_below_high():
    assert Change(2.0, 1.0, 4.0).times(-0.5) == Change(-1.0, -2.0, -0.5)
    assert Change(2.0).times(3) == Change(6.0)


def group(n, **pieces):
    return Group(n, {name: Estimate(value, value - 0.01, value + 0.01) for name, value in pieces.items()})


def test_what_each_mall_adds_is_its_own_change_at_its_mean_weight():
    # A weighs 0.5 and then 0.75: its 0.10 count for 0.0625; the weight moved to it adds 0.25 * (0.25 - 0.45).
    now, before = {"A": group(75, dwell=0.3), "B": group(25, dwell=0.45)}, {"A": group(50, dwell=0.2), "B": group(50, dwell=0.45)}

    found = {(each.group, each.piece): each.change for each in contributions(now, before)}

    assert found["A", "dwell"].difference == pytest.approx(0.0625)
    assert found["A", "dwell"].is_beyond_chance
    assert found["B", "dwell"].difference == 0
    assert found[None, MIX].difference == pytest.approx(-0.05)
    assert found[None, MIX].low is None


def test_a_new_mall_moves_weight_and_nothing_else():
    found = contributions({"A": group(50, dwell=0.2), "B": group(50, dwell=0.6)}, {"A": group(50, dwell=0.2)})

    assert {(each.group, each.piece): round(each.change.difference, 9) for each in found} == {(None, MIX): 0.2, ("A", "dwell"): 0}


def test_a_period_without_rows_splits_nothing():
    assert contributions({}, {"A": group(5, dwell=1.0)}) == []
    assert contributions({"A": group(5, dwell=1.0)}, {"A": group(0, dwell=1.0)}) == []


pieces = st.dictionaries(st.sampled_from("pqr"), st.floats(0, 1), max_size=3)
periods = st.dictionaries(st.sampled_from("ABCD"), st.tuples(st.integers(1, 99), pieces), min_size=1, max_size=4)


@given(periods, periods)
def test_contributions_sum_to_the_change_of_the_whole(now, before):
    found = contributions(*({name: group(n, **each) for name, (n, each) in period.items()} for period in (now, before)))

    figures = [sum(n * sum(each.values()) for n, each in period.values()) / sum(n for n, _ in period.values()) for period in (now, before)]
    assert sum(each.change.difference for each in found) == pytest.approx(figures[0] - figures[1], abs=1e-12)
    sizes = [abs(each.change.difference) for each in found]
    assert sizes == sorted(sizes, reverse=True)
