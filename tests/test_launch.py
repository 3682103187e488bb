"""Weeks since a mall opened: counted from the opening day, complete ones only."""

from datetime import date, timedelta

import duckdb
import ibis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.launch import complete_weeks, with_weeks_open
from tests.town import MONDAY

DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
OPENED = date(2026, 1, 5)
days = st.dates(date(2025, 1, 1), date(2027, 1, 1))


def test_week_zero_begins_with_the_opening_day_and_lasts_seven_days():
    found = with_weeks_open(
        ibis.table({"mall_id": "string", "local_date": "date", "row": "int64"}, name="facts"),
        ibis.table({"mall_id": "string", "opened_on": "date"}, name="malls"),
    )
    shown = [("M1", 0), ("M1", 6), ("M1", 7), ("M1", -1), ("M2", 0), ("M9", 0), (None, 0)]
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE facts (mall_id TEXT, local_date DATE, row BIGINT); CREATE TABLE malls (mall_id TEXT, opened_on DATE)"
        )
        connection.executemany(
            "INSERT INTO facts VALUES (?, ?, ?)", [(mall, OPENED + day * DAY, row) for row, (mall, day) in enumerate(shown)]
        )
        connection.executemany("INSERT INTO malls VALUES (?, ?)", [("M1", OPENED), ("M2", None)])
        rows = connection.sql(f"SELECT * FROM ({ibis.to_sql(found, dialect='duckdb')}) ORDER BY row").fetchall()

    assert found.columns == ("mall_id", "local_date", "row", "weeks_open")
    assert [row[-1] for row in rows] == [0, 0, 1, None, None, None, None]


@pytest.mark.parametrize(
    ("opened_on", "weeks"),
    [
        (MONDAY, range(3)),
        (MONDAY + DAY, range(2)),
        (MONDAY - DAY, range(1, 3)),
        (MONDAY - WEEK, range(1, 4)),
        (MONDAY + 3 * WEEK, range(0)),
        (MONDAY + 30 * WEEK, range(0)),
        (None, range(0)),
    ],
)
def test_a_week_counts_where_the_data_covers_all_of_it(opened_on, weeks):
    assert list(complete_weeks(opened_on, first_on=MONDAY, last_on=MONDAY + 3 * WEEK - DAY)) == list(weeks)


def test_weeks_end_before_the_period_does_and_before_the_mall_closed():
    data = {"first_on": MONDAY, "last_on": MONDAY + 9 * WEEK}

    assert complete_weeks(MONDAY, **data, end_on=MONDAY + 4 * WEEK) == range(4)
    assert complete_weeks(MONDAY, **data, closed_on=MONDAY + 2 * WEEK + DAY) == range(2)
    assert complete_weeks(MONDAY, first_on=None, last_on=None) == range(0)


@given(days, days, st.integers(0, 300), st.none() | days)
def test_complete_weeks_agree_with_a_walk_over_the_days(opened_on, first_on, length, end_on):
    last_on = first_on + length * DAY
    span = {first_on + number * DAY for number in range(length + 1)}
    span = {day for day in span if end_on is None or day < end_on}

    found = complete_weeks(opened_on, first_on=first_on, last_on=last_on, end_on=end_on)

    assert list(found) == [week for week in range(250) if all(opened_on + week * WEEK + number * DAY in span for number in range(7))]


def test_orders_are_asked_by_weeks_since_their_mall_opened(town):
    # Malls of the town opened on 5 January: 2 March begins the ninth week.
    for day, orders in ((0, 11), (6, 12), (7, 13)):
        town.deliver("M1", seconds=[600] * orders, day=MONDAY + day * DAY)
    town.deliver(None, seconds=[600] * 14)

    assert {row.weeks_open: row.orders for row in town.rows("orders", by=("weeks_open",))} == {8: 23, 9: 13, None: 14}
    assert [(row.mall_id, row.weeks_open) for row in town.rows("orders", by=("mall", "weeks_open"))] == [("M1", 8), ("M1", 9), (None, None)]


def test_figures_by_weeks_since_opening_say_that_the_last_week_may_not_be_over(town):
    town.deliver("M1", seconds=[600] * 11, day=MONDAY)

    assert "only the days so far" in town.ask("orders", by=("weeks_open",)).note
    assert "days so far" not in town.ask("orders", by=("week",)).note


def test_hours_of_drivers_by_weeks_since_opening_are_those_of_the_mall_s_drivers_once(town):
    town.work("M1", drivers=6)
    town.work("M1", drivers=7, day=MONDAY + WEEK)

    found = {row.weeks_open: row.denominator for row in town.rows("utilization", by=("weeks_open",))}

    assert found == {8: 6 * 3600, 9: 7 * 3600}
