"""Periods: whole local weeks that end with the last complete day in the data, and the ones just before."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.errors import ParameterError
from analytics.periods import PRESETS, Period, period, previous, week_of

DAY = timedelta(days=1)
days = st.dates(date(2015, 1, 1), date(2035, 1, 1))
weekdays = st.integers(1, 7)
whole_weeks = st.sampled_from([name for name in PRESETS if name != "custom"])


def test_last_week_ends_with_the_last_complete_day_when_that_ends_a_week():
    assert period("last-week", last_complete_on=date(2026, 11, 15)) == Period(date(2026, 11, 9), date(2026, 11, 16))


def test_a_week_with_a_day_missing_is_not_the_last_week():
    assert period("last-week", last_complete_on=date(2026, 11, 14)) == Period(date(2026, 11, 2), date(2026, 11, 9))


def test_weeks_begin_on_the_first_weekday_of_the_market():
    assert period("last-week", last_complete_on=date(2026, 11, 14), week_start=7) == Period(date(2026, 11, 8), date(2026, 11, 15))


def test_the_week_of_the_clock_change_has_seven_days():
    # Clocks go back on Sunday 1 November 2026.
    assert period("last-week", last_complete_on=date(2026, 11, 1)) == Period(date(2026, 10, 26), date(2026, 11, 2))


def test_since_opening_holds_the_day_of_opening():
    found = period("since-opening", last_complete_on=date(2026, 11, 15), opened_on=date(2026, 10, 28))

    assert found == Period(date(2026, 10, 26), date(2026, 11, 16))


def test_since_opening_is_empty_before_the_first_week_is_complete():
    assert period("since-opening", last_complete_on=date(2026, 11, 12), opened_on=date(2026, 11, 10)).days == 0


@given(preset=whole_weeks, last_complete_on=days, week_start=weekdays, opened_on=days)
def test_presets_are_whole_weeks_and_end_no_later_than_the_last_complete_day(preset, last_complete_on, week_start, opened_on):
    found = period(preset, last_complete_on=last_complete_on, week_start=week_start, opened_on=opened_on)

    assert found.days % 7 == 0
    assert found.end_on.isoweekday() == week_start
    assert found.last_on <= last_complete_on < found.end_on + 6 * DAY
    if preset != "since-opening":
        assert found.days == 7 * {"last-week": 1, "last-4-weeks": 4, "last-13-weeks": 13}[preset]


@given(start=days, length=st.integers(0, 400))
def test_the_previous_period_is_as_long_and_abuts(start, length):
    current = Period(start, start + length * DAY)

    assert previous(current).days == length
    assert previous(current).end_on == current.start_on


@given(day=days, week_start=weekdays)
def test_every_day_is_in_its_week(day, week_start):
    start = week_of(day, week_start)

    assert start.isoweekday() == week_start
    assert start <= day < start + 7 * DAY


def test_custom_takes_any_days():
    assert period("custom", last_complete_on=date(2026, 1, 1), custom=(date(2026, 2, 3), date(2026, 2, 5))).days == 2


@pytest.mark.parametrize(
    ("preset", "options"),
    [
        ("yesterday", {}),
        ("custom", {}),
        ("since-opening", {}),
        ("last-week", {"week_start": 0}),
        ("custom", {"custom": (date(2026, 2, 3), date(2026, 2, 2))}),
    ],
)
def test_what_cannot_be_meant_is_refused(preset, options):
    with pytest.raises(ParameterError):
        period(preset, last_complete_on=date(2026, 1, 1), **options)
