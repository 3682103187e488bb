"""Launches: a share of the later level week by week, mature weeks of malls of any age, and how open a new mall's launch is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.models.launch_ramp import LEAST_NOISE, Weeks, launches, ramp


def weeks(*malls):
    """Weeks of malls, each given as its first week and its orders."""
    rows = [(place, first + week, orders) for place, (first, counts) in enumerate(malls) for week, orders in enumerate(counts)]
    return Weeks(*(np.array(column, np.int64) for column in zip(*rows, strict=True)))


def made(start, speed, level, count, first=0):
    return first, [round(level * share) for share in ramp(np.arange(first, first + count), start, speed)]


def test_the_ramp_is_that_of_the_middle_of_the_week():
    assert float(ramp(0, 0.4, 2.0)) == pytest.approx(1 - 0.6 * np.exp(-0.25))
    assert float(ramp(500, 0.1, 4.0)) == pytest.approx(1.0)


def test_a_launch_that_is_plain_to_see_is_found_again():
    found = launches(weeks(made(0.3, 4.0, 2_000, 26)), 1)

    truth = ramp(np.arange(26), 0.3, 4.0).sum()
    assert found.mature_weeks[0] == pytest.approx(truth, rel=0.01)
    assert found.noise == pytest.approx(LEAST_NOISE)
    assert found.log_error[0] < 0.001


def test_the_weeks_of_an_old_mall_are_worth_as_many():
    found = launches(weeks((200, [900, 1000, 1100, 1000])), 1)

    assert found.mature_weeks[0] == pytest.approx(4.0, abs=1e-6)
    assert found.noise > LEAST_NOISE  # ten percent more and less


def test_two_weeks_of_a_launch_leave_its_later_level_open():
    young, grown = launches(weeks((0, [300, 420])), 1), launches(weeks(made(0.3, 4.0, 1000, 30)), 1)

    assert young.log_error[0] > 20 * grown.log_error[0]


def test_a_new_launch_is_as_those_seen_or_one_of_its_own():
    fast, slow = made(0.9, 1.0, 5_000, 20), made(0.2, 6.0, 5_000, 20)

    shares = launches(weeks(fast, slow), 2).share([0], 300)[0]

    assert shares.min() < 0.3
    assert shares.max() > 0.9
    assert 0.25 < np.mean(shares > 0.9) < 0.45  # one of three ways is the fast one; some of the unknown ways are fast too
    assert 0.25 < np.mean(shares < 0.32) < 0.6


@given(st.lists(st.lists(st.integers(0, 500), min_size=1, max_size=8), min_size=1, max_size=4), st.integers(0, 60))
@settings(max_examples=30)
def test_shares_are_ascending_parts_of_the_later_level_that_grow_with_the_weeks(malls, week):
    found = launches(weeks(*[(place, counts) for place, counts in enumerate(malls)]), len(malls))

    shares = found.share([week, week + 1], 12)

    assert np.all((shares > 0) & (shares <= 1))
    assert np.all(np.diff(shares, axis=1) >= 0)
    assert np.all(shares[1] >= shares[0])
    assert np.all(found.mature_weeks <= [len(counts) for counts in malls])
