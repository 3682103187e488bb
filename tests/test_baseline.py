"""The baseline beside the program: means per order, of the period's days or of the last days before it."""

from datetime import date, timedelta

import pytest

from analytics.baseline import baselines
from analytics.changes import Estimate
from analytics.periods import Period

DAY = timedelta(days=1)
START = date(2026, 3, 2)
WEEK = Period(START, START + 7 * DAY)


def day(number, orders, *, seconds=None, cents=None, market="V", cell=None):
    return {
        "market_id": market,
        "cell": cell,
        "local_date": START + number * DAY,
        "orders": orders,
        "click_to_door_sum_s": None if seconds is None else orders * seconds,
        "cost_sum_cents": None if cents is None else orders * cents,
    }


def test_means_are_sums_over_the_orders_of_the_period_s_days(publish):
    version = publish(
        {"baseline": [day(-1, 90, seconds=1), day(0, 10, seconds=600, cents=500), day(6, 30, seconds=1000), day(7, 90, seconds=1)]}
    )

    found = baselines(version, WEEK)["V"]

    assert (found.first_on, found.last_on, found.orders) == (START, START + 6 * DAY, 40)
    assert found.click_to_door_s.value == (10 * 600 + 30 * 1000) / 40
    assert found.cost_cents.value == 500


def test_a_baseline_that_ended_is_taken_over_its_last_days(publish):
    version = publish({"baseline": [day(-20 - number, 10, seconds=100 * number) for number in range(10)]})

    found = baselines(version, WEEK)["V"]

    assert (found.first_on, found.last_on) == (START - 26 * DAY, START - 20 * DAY)
    assert found.click_to_door_s.value == 300
    assert found.cost_cents is None


def test_a_market_without_a_baseline_before_the_period_s_end_has_none(publish):
    version = publish({"baseline": [day(7, 50, seconds=60)]})

    assert baselines(version, WEEK) == {}
    assert baselines(publish({"markets": []}, replace=["baseline"]), WEEK) == {}


def test_a_row_of_the_whole_market_counts_instead_of_its_cells(publish):
    cells = [day(0, 20, seconds=10, cell=1), day(0, 20, seconds=10, cell=2), day(1, 12, seconds=40, cell=1), day(1, 12, seconds=40, cell=2)]
    version = publish({"baseline": [*cells, day(0, 24, seconds=20), day(0, 30, seconds=70, market="W")]})

    found = baselines(version, WEEK)

    assert (found["V"].orders, found["V"].click_to_door_s.value) == (48, 30)
    assert (found["W"].orders, found["W"].click_to_door_s.value) == (30, 70)


@pytest.mark.parametrize(("orders", "is_shown"), [(9, False), (10, True)])
def test_fewer_than_ten_orders_are_hidden(publish, orders, is_shown):
    version = publish({"baseline": [day(0, orders, seconds=60)]})

    assert (baselines(version, WEEK)["V"].click_to_door_s == Estimate(60)) is is_shown


def test_days_give_the_mean_its_bounds(publish):
    found = baselines(publish({"baseline": [day(number, 100, seconds=600 + 60 * number) for number in range(7)]}), WEEK)[
        "V"
    ].click_to_door_s

    assert found.value == 780
    # Deviations of 0, 60, 120 and 180 s: sqrt(7 / 6 * 2 * (60^2 + 120^2 + 180^2)) / 7, Student with 6 degrees of freedom 2.4469.
    assert found.high - found.value == pytest.approx(2.4469 * (7 / 6 * 2 * (60**2 + 120**2 + 180**2)) ** 0.5 / 7, rel=1e-4)
