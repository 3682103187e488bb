"""Drivers needed: Erlang's formula, on the load that orders bring while they are being delivered."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.models.staffing import HOURS, drivers_needed, offered_load, waiting_share


def erlang_c(load, drivers, busy_s, wait_s):
    """Erlang's delay formula as textbooks write it, factorials and all."""
    if drivers <= load:
        return 1.0
    last = load**drivers / math.factorial(drivers) * drivers / (drivers - load)
    delayed = last / (sum(load**k / math.factorial(k) for k in range(drivers)) + last)
    return delayed * math.exp(-(drivers - load) * wait_s / busy_s)


@given(st.floats(0.05, 60), st.integers(1, 80), st.integers(60, 7200), st.integers(0, 1800))
@settings(max_examples=80)
def test_waiting_is_what_the_textbook_says(load, drivers, busy_s, wait_s):
    assert waiting_share(load, drivers, busy_s, wait_s) == pytest.approx(erlang_c(load, drivers, busy_s, wait_s), abs=1e-9)


@given(st.lists(st.floats(0.0, 60), min_size=1, max_size=6), st.integers(300, 5000), st.integers(0, 1800), st.floats(0.01, 0.5))
@settings(max_examples=60)
def test_they_are_the_fewest_under_whom_few_enough_wait(loads, busy_s, wait_s, share):
    for load, drivers in zip(loads, drivers_needed(loads, busy_s, wait_s=wait_s, waiting_share=share).tolist(), strict=True):
        assert (drivers == 0) == (load == 0)
        if drivers:
            assert erlang_c(load, drivers, busy_s, wait_s) <= share + 1e-9
            assert drivers == 1 or erlang_c(load, drivers - 1, busy_s, wait_s) > share - 1e-9


def test_hours_without_orders_keep_those_who_are_still_under_way():
    needed = drivers_needed([0.05, 0.1, 1.2, 3.0], 1800, wait_s=300, waiting_share=0.1, has_orders=False)

    assert needed.tolist() == [0, 1, 2, 3]


def test_orders_that_come_evenly_keep_as_many_drivers_as_they_take_time():
    load = offered_load(np.full(HOURS, 6.0), np.array([600.0, 0.0]), np.array([1800.0, 5400.0]), np.array([1.0, 0.5]))

    # 6 an hour, of which one keeps a driver for half an hour and the next half a driver for one and a half
    assert load == pytest.approx(np.full(HOURS, 6 * (0.5 + 0.75) / 2))


def test_work_lags_behind_the_orders_and_the_week_follows_itself():
    orders = np.zeros(HOURS)
    orders[HOURS - 1] = 12.0  # Sunday, the last hour

    load = offered_load(orders, np.array([3600.0]), np.array([1800.0]), np.array([1.0]))

    assert np.flatnonzero(load).tolist() == [0, 1]  # an hour later it is Monday
    assert load[:2] == pytest.approx([6.0, 5.5])  # 12 an hour, half an hour each; from one o'clock on they only end, one in five minutes
    assert load[HOURS - 1] == 0


def test_an_hour_is_staffed_for_its_busiest_five_minutes():
    orders = np.zeros(HOURS)
    orders[10] = 12.0

    load = offered_load(orders, np.array([0.0]), np.array([900.0]), np.array([1.0]))

    assert load[10] == pytest.approx(3.0)  # one every five minutes, each for fifteen
    assert load[11] == pytest.approx(2.5)  # on average from 11:00 to 11:05, while they fall from three to two
    assert load[12] == 0


@given(st.integers(1, 40), st.integers(0, 4000), st.integers(1, 9000))
@settings(max_examples=30)
def test_twice_the_orders_are_twice_the_load(orders, start_s, busy_s):
    rhythm = np.zeros((2, HOURS))
    rhythm[0, 30], rhythm[1, 30] = orders, 2 * orders

    one, two = offered_load(rhythm, np.array([float(start_s)]), np.array([float(busy_s)]), np.array([1.0]))

    assert two == pytest.approx(2 * one, abs=1e-6)
