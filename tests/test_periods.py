"""Periods: whole local weeks that end with the last complete day in the data, and the ones just before."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.errors import ParameterError
from analytics.periods import PRESETS, Period, Span, comparable, period, previous, week_of

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


def test_periods_of_weeks_begin_with_the_first_whole_week_that_has_data_and_say_from_when_it_is():
    for preset in ("last-13-weeks", "since-opening"):
        found = period(preset, last_complete_on=date(2026, 6, 28), opened_on=date(2024, 3, 6), first_on=date(2026, 5, 20))

        assert (found, found.data_from) == (Period(date(2026, 5, 25), date(2026, 6, 29)), date(2026, 5, 20))


def test_a_week_that_has_data_from_its_first_day_is_whole():
    found = period("last-13-weeks", last_complete_on=date(2026, 6, 28), first_on=date(2026, 5, 18))

    assert (found.start_on, found.data_from) == (date(2026, 5, 18), date(2026, 5, 18))


def test_data_that_reaches_further_back_clips_nothing():
    found = period("last-4-weeks", last_complete_on=date(2026, 6, 28), first_on=date(2026, 6, 1))

    assert (found.start_on, found.data_from) == (date(2026, 6, 1), None)


def test_data_of_a_few_days_still_has_its_week_and_own_days_stay_as_chosen():
    week = period("last-4-weeks", last_complete_on=date(2026, 6, 28), first_on=date(2026, 6, 24))
    own = period("custom", last_complete_on=date(2026, 6, 28), first_on=date(2026, 6, 24), custom=(date(2026, 6, 2), date(2026, 6, 26)))

    assert (week, week.data_from) == (Period(date(2026, 6, 22), date(2026, 6, 29)), date(2026, 6, 24))
    assert (own, own.data_from) == (Period(date(2026, 6, 2), date(2026, 6, 26)), date(2026, 6, 24))


@given(preset=whole_weeks, last_complete_on=days, week_start=weekdays, opened_on=days, age=st.integers(0, 400))
def test_no_preset_of_whole_weeks_begins_before_the_data_but_for_the_last_week(preset, last_complete_on, week_start, opened_on, age):
    first_on = last_complete_on - age * DAY
    found = period(preset, last_complete_on=last_complete_on, week_start=week_start, opened_on=opened_on, first_on=first_on)

    assert found.start_on >= first_on or found.days <= 7
    assert found.days % 7 == 0
    assert found.data_from in {None, first_on}


WEEK = Period(date(2026, 7, 6), date(2026, 7, 13))
BEFORE = Period(date(2026, 6, 29), date(2026, 7, 6))
LONG = Span(date(2026, 5, 18), date(2026, 7, 12))


def test_a_comparison_is_fair_when_every_place_has_data_on_all_days_of_both():
    assert comparable(WEEK, BEFORE, {"Las Vegas": LONG, "Washington": Span(date(2026, 6, 29), date(2026, 7, 12))}) == (BEFORE, "")


def test_a_place_whose_data_begins_within_the_compared_days_or_after_them_forbids_it():
    for first_on, words in ((date(2026, 6, 30), "30 Jun"), (date(2026, 7, 8), "8 Jul")):
        found = comparable(WEEK, BEFORE, {"Las Vegas": LONG, "Washington": Span(first_on, date(2026, 7, 12))})

        assert found == (None, f"No fair comparison: Washington has data from {words}")


def test_a_place_whose_data_ended_before_the_days_shown_did_forbids_it_too():
    assert comparable(WEEK, BEFORE, {"Tempe": Span(date(2025, 5, 18), date(2026, 7, 11))})[1].endswith("Tempe has data to 11 Jul")
    assert comparable(WEEK, BEFORE, {"Tempe": Span(date(2025, 5, 18), date(2025, 7, 11))}) == (BEFORE, "")


def test_the_year_is_said_where_it_is_another_one():
    january, december = Period(date(2027, 1, 4), date(2027, 1, 11)), Period(date(2026, 12, 28), date(2027, 1, 4))

    assert comparable(january, december, {"A": Span(date(2026, 12, 30), date(2027, 2, 1))})[1].endswith("A has data from 30 Dec 2026")


def test_where_nothing_is_to_be_compared_there_is_nothing_to_refuse():
    assert comparable(WEEK, None, {"A": Span(date(2026, 7, 8), date(2026, 7, 12))}) == (None, "")
    assert comparable(WEEK, BEFORE, {}) == (BEFORE, "")
