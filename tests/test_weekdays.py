"""Saturdays stand beside Saturdays."""

from datetime import date, timedelta

import pytest

from analytics.changes import Estimate
from analytics.weekdays import beside_weekdays

SATURDAY = date(2026, 11, 14)
WEEK = timedelta(weeks=1)


def test_the_range_is_that_of_the_same_weekday_in_the_four_weeks_before():
    figures = {SATURDAY - weeks * WEEK: Estimate(float(value)) for weeks, value in enumerate((90, 50, 60, 40, 55, 10))}
    figures |= {SATURDAY - timedelta(days=day): Estimate(1000.0) for day in range(1, 7)}

    (day,) = beside_weekdays(figures, [SATURDAY])

    assert (day.figure.value, day.least, day.most, day.week_before.value) == (90, 40, 60, 50)
    assert day.change.difference == 40
    assert not day.change.is_beyond_chance  # without intervals nothing is claimed


def test_a_change_carries_its_interval():
    figures = {SATURDAY: Estimate(90.0, 85.0, 95.0), SATURDAY - WEEK: Estimate(50.0, 46.0, 54.0)}

    (day,) = beside_weekdays(figures, [SATURDAY])

    assert day.change.is_beyond_chance
    assert (day.change.low, day.change.high) == pytest.approx((40 - 41**0.5, 40 + 41**0.5))


def test_one_earlier_day_is_no_range_and_a_missing_day_no_figure():
    days = beside_weekdays({SATURDAY - WEEK: Estimate(50.0)}, [SATURDAY, SATURDAY - WEEK])

    assert [(day.on, day.figure, day.least, day.change) for day in days] == [
        (SATURDAY, None, None, None),
        (SATURDAY - WEEK, Estimate(50.0), None, None),
    ]
