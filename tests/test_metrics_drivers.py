"""Drivers' metrics, counted by hand in the toy town and against plain loops."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import catalog
from analytics.parameters import Parameters
from analytics.questions import question
from tests.town import MONDAY, Row, Town, cells, local

WEEK = timedelta(weeks=1)
DAY = timedelta(days=1)
NOON = local(MONDAY, 12)


def online(
    town: Town, drivers: int, *, mall: str | None = "M1", day: date = MONDAY, hour: int = 12, name: str = "d", **columns: Any
) -> None:
    """Let so many drivers be online in an hour."""
    for number in range(drivers):
        town.hour_online(mall, f"{name}{number}", at=local(day, hour), **columns)


def test_utilization_is_engaged_over_online_time(town):
    online(town, 4, online_s=3600, engaged_s=1800)
    online(town, 1, name="e", online_s=1800, engaged_s=0)

    row = town.row("utilization")

    assert (row.numerator, row.denominator, row.n) == (4 * 1800, 4 * 3600 + 1800, 5)
    assert row.share == pytest.approx(7200 / 16200)


def test_utilization_of_a_mall_counts_time_for_other_malls_and_tells_its_own(town):
    online(town, 5, online_s=3600, engaged_s=1800, engaged_here_s=600)

    row = town.row("utilization", mall_id="M1")

    assert (row.numerator, row.engaged_here_s, row.denominator) == (9000, 3000, 18000)


def test_work_and_goods_aboard_are_known_only_where_every_event_is(town):
    online(town, 5, work_s=1500, loaded_s=900)
    online(town, 2, name="e", work_s=None, loaded_s=None)

    work, loaded = town.ask("utilization_work"), town.ask("utilization_loaded")

    assert (work.row()["numerator"], work.row()["denominator"]) == (7500, 18000)
    assert (loaded.row()["numerator"], loaded.row()["denominator"]) == (4500, 18000)
    assert work.left_out == {"hours of shifts with a trip of which an event is unknown": 2}
    assert loaded.left_out == {"hours of shifts with a trip whose pick-up is unknown": 2}


def test_without_trips_utilization_is_missing_and_not_zero(town):
    online(town, 5, engaged_s=None)

    answer = town.ask("utilization")

    assert answer.row()["share"] is None
    assert answer.left_out == {"hours of shifts in markets without trips, or with a trip whose end is unknown": 5}


def test_bounds_of_utilization_come_from_the_spread_between_drivers(town):
    for number, engaged_s in enumerate((600, 1200, 1800, 2400, 3000)):
        online(town, 1, name=f"d{number}-", engaged_s=engaged_s)

    row = town.row("utilization")

    # Ratio 0.5; residuals -1200, -600, 0, 600, 1200 of a denominator of 18,000.
    half = 1.96 * (5 / 4 * (2 * 1200**2 + 2 * 600**2)) ** 0.5 / 18000
    assert (row.low, row.high) == pytest.approx((0.5 - half, 0.5 + half), abs=1e-6)


def test_deliveries_are_counted_over_online_and_over_engaged_hours(town):
    town.deliver("M1", seconds=[1200] * 12 + [None] * 3)
    online(town, 6, online_s=3600, engaged_s=1200)

    per_online, per_engaged = town.row("deliveries_per_online_hour"), town.row("deliveries_per_engaged_hour")

    assert (per_online.numerator, per_online.denominator, per_online.rate) == (12, 21600, 2.0)
    assert (per_engaged.numerator, per_engaged.denominator, per_engaged.rate) == (12, 7200, 6.0)


@pytest.mark.parametrize(("unknown_s", "is_told"), [(216, True), (217, False)])
def test_deliveries_are_not_counted_over_engaged_time_of_which_more_than_one_in_a_hundred_is_unknown(town, unknown_s, is_told):
    town.deliver("M1", seconds=[1200] * 12)
    online(town, 6, online_s=3564, engaged_s=1200)
    town.hour_online("M1", "d0", at=NOON, online_s=unknown_s, engaged_s=None)

    answer = town.ask("deliveries_per_engaged_hour")

    assert answer.row()["numerator"] == (12 if is_told else None)
    assert (answer.row()["denominator"], answer.row()["rate"] is not None) == (7200, is_told)
    assert sum(answer.left_out.values()) == 1


def test_an_hour_without_orders_has_no_deliveries_and_one_without_drivers_no_rate(town):
    town.deliver("M1", seconds=[1200] * 12, hour=11)
    online(town, 6, hour=12)

    rows = town.rows("deliveries_per_online_hour", by=("hour",))

    assert [(row.local_hour, row.numerator, row.denominator, row.rate) for row in rows] == [(11, 12, 0, None), (12, 0, 21600, 0.0)]


def test_earnings_are_pay_over_online_hours_and_little_unknown_pay_is_left_out(town):
    online(town, 5)
    for number in range(100):
        pay = None if number == 99 else 1000
        town.trip("M1", f"d{number % 5}", accepted_at=NOON, pay_cents=pay, status="cancelled" if number == 0 else "completed")

    answer = town.ask("earnings_per_online_hour")

    assert (answer.row()["numerator"], answer.row()["denominator"], answer.row()["n"]) == (99_000, 18000, 99)
    assert answer.left_out == {"trips whose pay is unknown": 1}


@pytest.mark.parametrize(("unknown", "is_told"), [(1, True), (2, False)])
def test_where_the_pay_of_more_than_one_in_a_hundred_is_unknown_so_are_cost_and_earnings(town, unknown, is_told):
    town.deliver("M1", seconds=[1200] * 50, fee_cents=500)
    online(town, 5)
    for number in range(100):
        pay = None if number < unknown else 1000
        town.trip("M1", f"d{number % 5}", accepted_at=NOON, pay_cents=pay)
        town.offer("M1", f"d{number % 5}", shown_at=NOON, pay_cents=pay)

    for metric in ("cost_per_delivery", "contribution_per_order", "earnings_per_online_hour"):
        answer = town.ask(metric, handling_cents=100) if "earn" not in metric else town.ask(metric)
        assert (answer.row()["rate"] is not None) == is_told
        assert set(answer.left_out.values()) == {unknown}


def test_a_market_of_which_a_table_has_nothing_is_left_out_and_counted(town):
    town.deliver("M1", seconds=[1200] * 10, fee_cents=500)
    town.deliver("M4", seconds=[1200] * 12, fee_cents=500)
    online(town, 5)
    for number in range(5):
        town.offer("M1", f"d{number}", shown_at=NOON, pay_cents=2000)
    town.trip("M4", "w", accepted_at=local(MONDAY, 12, market="W"), pay_cents=700)
    for number in range(5):
        town.trip("M1", f"d{number}", accepted_at=NOON, pay_cents=900)

    lost = {
        "cost_per_delivery": ("delivered orders in markets or at malls without offers", 12, 1000.0),
        "contribution_per_order": ("delivered orders in markets or at malls without offers", 12, -500.0),
        "deliveries_per_online_hour": ("delivered orders in markets or at malls without shifts", 12, 2.0),
        "deliveries_per_engaged_hour": ("delivered orders in markets or at malls without shifts or without trips", 12, 4.0),
        "earnings_per_online_hour": ("trips in markets or at malls without shifts", 1, 900.0),
    }
    for metric, (reason, number, rate) in lost.items():
        total = town.ask(metric)
        assert (total.row()["rate"], total.left_out) == (rate, {reason: number})
        for by in ("market", "mall"):
            assert [row.rate for row in town.rows(metric, by=(by,))] == [rate]
        assert town.row(metric, mall_id="M4").numerator is None


def test_a_mall_without_an_offer_of_its_own_has_no_free_deliveries(town):
    town.deliver("M1", seconds=[1200] * 10)
    town.deliver("M2", seconds=[1200] * 30)
    for number in range(5):
        town.offer("M1", f"d{number}", shown_at=NOON, pay_cents=2000)

    assert [row.rate for row in town.rows("cost_per_delivery", by=("mall",))] == [1000.0]
    assert town.row("cost_per_delivery", mall_id="M2").rate is None
    assert town.row("cost_per_delivery", market_id="V").rate == 250.0


def test_cost_counts_accepted_offers_of_cancelled_trips_and_handling_of_delivered_orders(town):
    town.deliver("M1", seconds=[1200] * 10 + [None])
    for number in range(6):
        town.offer("M1", f"d{number}", shown_at=NOON, pay_cents=1000)
    town.offer("M1", "d0", shown_at=NOON, pay_cents=5000, status="declined")
    town.offer("M1", "d1", shown_at=NOON, pay_cents=5000, status="expired")

    plain, full = town.row("cost_per_delivery"), town.row("cost_per_delivery", handling_cents=150, surcharge_cents=50)

    assert (plain.numerator, plain.denominator, plain.rate) == (6000, 10, 600.0)
    assert (full.numerator, full.pay_sum_cents, full.rate) == (8000, 6000, 800.0)


def test_unknown_pay_makes_no_cheap_delivery(town):
    town.deliver("M1", seconds=[1200] * 10)
    for number in range(6):
        town.offer("M1", f"d{number}", shown_at=NOON, pay_cents=None)

    answer = town.ask("cost_per_delivery", handling_cents=100)

    assert answer.row()["rate"] is None
    assert answer.left_out == {"accepted offers whose pay is unknown": 6}


def test_contribution_is_what_fee_and_commission_leave_after_the_cost(town):
    town.deliver("M1", seconds=[1200] * 9, fee_cents=700)
    town.deliver("M1", seconds=[1200], fee_cents=None)
    town.deliver("M1", seconds=[None], fee_cents=9999)
    for number in range(5):
        town.offer("M1", f"d{number}", shown_at=NOON, pay_cents=1000)

    answer = town.ask("contribution_per_order", commission_cents=300, handling_cents=100, surcharge_cents=20)

    row = answer.row()
    assert (row["fee_sum_cents"], row["pay_sum_cents"], row["denominator"]) == (6300, 5000, 10)
    assert (row["numerator"], row["rate"]) == (6300 - 5000 + 10 * (300 - 120), 310.0)
    assert answer.left_out == {"delivered orders whose fee is unknown, counted without one": 1}


def test_an_expired_offer_was_not_accepted_and_an_open_one_is_left_out(town):
    for status, number in (("accepted", 6), ("declined", 3), ("expired", 1), (None, 2)):
        for each in range(number):
            town.offer("M1", f"d{each}", shown_at=NOON, status=status)

    answer = town.ask("acceptance_share")

    assert (answer.row()["numerator"], answer.row()["denominator"]) == (6, 10)
    assert answer.left_out == {"offers of which nothing is known yet": 2}


def test_batched_orders_are_counted_as_orders_and_not_as_trips(town):
    for number, (orders, stores) in enumerate(((1, 1), (1, 1), (2, 1), (3, 2), (3, 3))):
        town.trip("M1", f"d{number}", accepted_at=NOON, order_count=orders, store_count=stores)
    town.trip("M1", "d0", accepted_at=NOON, order_count=4, store_count=4, status="cancelled")
    town.trip("M1", "d0", accepted_at=NOON, order_count=2, store_count=None)

    batch, stores = town.ask("batch_share"), town.ask("multi_store_share")

    assert (batch.row()["numerator"], batch.row()["denominator"]) == (10, 12)
    assert (stores.row()["numerator"], stores.row()["denominator"]) == (6, 10)
    assert stores.left_out == {"trips whose number of orders or stores is unknown": 1}


def test_where_a_trip_does_not_say_what_it_carried_the_orders_that_name_it_are_counted(town):
    for number, stores in enumerate((("A",), ("A",), ("A",), ("A", "A"), ("A", "B", None), ("A", None), ())):
        trip = town.trip("M1", f"d{number}", accepted_at=NOON, order_count=None)
        for store in stores:
            town.order("M1", placed_at=NOON - timedelta(hours=1), store_id=store, trip_id=trip["trip_id"])
    for _ in range(3):
        town.order("M1", placed_at=NOON - timedelta(hours=1), store_id="A", trip_id=None)

    for asked in ({}, {"hour": 12, "start_on": MONDAY, "end_on": MONDAY + DAY}):
        batch, stores = town.ask("batch_share", **asked), town.ask("multi_store_share", **asked)

        assert (batch.row()["numerator"], batch.row()["denominator"], batch.row()["n"]) == (7, 10, 6)
        assert batch.left_out == {"trips whose number of orders is unknown": 1}
        assert (stores.row()["numerator"], stores.row()["denominator"], stores.row()["n"]) == (3, 8, 5)
        assert stores.left_out == {"trips whose number of orders or stores is unknown": 2}


def test_deadhead_is_of_meters_and_unknown_meters_are_left_out(town):
    for number in range(5):
        town.trip("M1", f"d{number}", accepted_at=NOON, empty_m=1000, loaded_m=3000)
    town.trip("M1", "d0", accepted_at=NOON, empty_m=1000, loaded_m=None)

    answer = town.ask("deadhead_share")

    assert (answer.row()["numerator"], answer.row()["denominator"], answer.row()["share"]) == (5000, 20000, 0.25)
    assert answer.left_out == {"trips whose meters are unknown": 1}


def test_time_at_the_mall_is_from_arrival_to_departure(town):
    for minute in range(1, 11):
        times = {"arrived_at": NOON, "picked_up_at": NOON + timedelta(minutes=minute)}
        town.deliver("M1", seconds=[3600], accepted_at=NOON, **times)
    town.deliver("M1", seconds=[3600])

    answer = town.ask("mall_dwell")

    assert (answer.row()["p50_s"], answer.row()["p90_s"], answer.row()["n"]) == (300, 540, 10)
    assert answer.left_out == {"delivered orders without usable times at the mall": 1}


def weeks_before(town: Town, weeks: int = 8, *, orders: int = 10, drivers: int = 6, engaged_s: int = 1800, **place: Any) -> None:
    """Let the same happen on Mondays at noon: 10 orders, 6 drivers half of the hour on trips of half an hour: 1,080 s an order."""
    for week in range(1, weeks + 1):
        town.deliver("M1", seconds=[1200] * orders, day=MONDAY - week * WEEK, **place)
        town.work("M1", drivers=drivers, day=MONDAY - week * WEEK, engaged_s=engaged_s)


def test_required_time_is_that_of_the_same_hour_before_spread_over_the_length_of_a_trip(town):
    weeks_before(town)
    town.deliver("M1", seconds=[1200] * 20)
    online(town, 5)
    online(town, 5, hour=13, online_s=900)

    rows = town.rows("hours_gap", by=("hour",), start_on=MONDAY, end_on=MONDAY + DAY)

    # 20 orders need 21,600 s; of trips of half an hour that begin evenly in an hour a quarter falls into the next one.
    assert [(row.local_hour, row.required_s, row.online_s) for row in rows] == [(12, 16200, 18000), (13, 5400, 4500)]
    assert [(row.hours_short, row.hours_spare, row.n, row.unknown_n) for row in rows] == [(0, 1800, 1, 0), (900, 0, 1, 0)]


def test_required_hours_are_said_to_be_modelled_and_how(town):
    weeks_before(town)

    for metric in ("hours_gap", "hours_gap_by_cell"):
        note = town.ask(metric).note
        assert "hours required are modelled" in note
        assert "the 8 weeks before" in note
        assert "mean trip" in note
        assert "Jennings et al. 1996" in note


def test_work_left_over_at_midnight_is_of_the_next_day_and_week(town):
    sunday = MONDAY + 6 * DAY
    for week in range(9):
        town.deliver("M1", seconds=[1200] * 10, day=sunday - week * WEEK, hour=23)
        town.work("M1", drivers=6, day=sunday - week * WEEK, hour=23)
    online(town, 5, day=sunday + DAY, hour=0)

    rows = town.rows("hours_gap", by=("week", "day", "dow", "hour"), start_on=sunday, end_on=sunday + 2 * DAY)

    places = [(row.local_week_on, row.local_date, row.local_dow, row.local_hour, row.required_s) for row in rows]
    assert places == [(MONDAY, sunday, 7, 23, 8100), (MONDAY + WEEK, sunday + DAY, 1, 0, 2700)]


@pytest.mark.parametrize(
    ("changes_on", "hour", "trip_s", "required"),
    [
        (date(2026, 3, 8), 1, 1800, {1: 8100, 3: 2700}),  # from 02:00 to 03:00: of trips of half an hour a quarter is left over
        (date(2026, 3, 8), 0, 7200, {0: 10800, 1: 21600, 3: 10800}),
        (date(2026, 11, 1), 0, 7200, {0: 10800, 1: 32400}),  # 01:00 comes twice
        (date(2026, 11, 1), 1, 7200, {1: 32400, 2: 10800}),
    ],
)
def test_work_is_left_over_for_the_hour_that_the_clock_shows_next(town, changes_on, hour, trip_s, required):
    for week in range(9):
        town.deliver("M1", seconds=[1200] * 10, day=changes_on - week * WEEK, hour=hour)
        town.work("M1", drivers=6, day=changes_on - week * WEEK, hour=hour, engaged_s=trip_s)

    rows = town.rows("hours_gap", by=("mall", "day", "hour"), start_on=changes_on, end_on=changes_on + DAY)

    assert {row.local_hour: row.required_s for row in rows} == required


@pytest.mark.parametrize(("orders", "is_shown"), [(10, True), (9, False)])
def test_work_left_over_past_an_hour_that_the_clock_skips_has_its_customers_behind_it(town, orders, is_shown):
    changes_on = date(2026, 3, 8)
    for week in range(9):
        town.deliver("M1", seconds=[1200] * (10 if week else orders), day=changes_on - week * WEEK, hour=1)
        town.work("M1", drivers=6, day=changes_on - week * WEEK, hour=1, engaged_s=3 * 3600)

    row = town.row("hours_gap", hour=5, start_on=changes_on, end_on=changes_on + DAY)  # from 01:00 on the last of four hours, 3, 4 and 5

    assert row.suppressed != is_shown
    assert (row.required_s is not None and row.required_s > 0) == is_shown


@pytest.mark.parametrize(("orders", "is_shown"), [(10, True), (9, False)])
def test_an_hour_with_work_left_over_alone_is_there_and_has_the_people_of_the_hour_before_behind_it(town, orders, is_shown):
    weeks_before(town)
    town.deliver("M1", seconds=[1200] * orders)
    online(town, 5)
    asked = {"start_on": MONDAY, "end_on": MONDAY + DAY}

    noon, after = town.rows("hours_gap", by=("hour",), **asked)
    alone = town.row("hours_gap", hour=13, **asked)

    assert (noon.local_hour, after.local_hour) == (12, 13)
    assert (after.suppressed, after.hours_short) == (alone.suppressed, alone.hours_short) == (not is_shown, 2700 if is_shown else None)
    answer = town.ask("hours_gap", by=("hour",), **asked)
    assert answer.rows_behind == (orders if is_shown else 0)
    if is_shown:
        assert noon.required_s + after.required_s == town.row("hours_gap", **asked).required_s == 10800


def test_short_and_spare_are_never_netted(town):
    weeks_before(town)
    for week, orders in ((0, 30), (1, 10)):
        town.deliver("M1", seconds=[1200] * orders, day=MONDAY + week * WEEK)
        online(town, 5, day=MONDAY + week * WEEK)

    row = town.row("hours_gap", start_on=MONDAY, end_on=MONDAY + 2 * WEEK, hour=12)

    # 30 orders need 0.75 * 32,400 s; a week later 10 need 0.75 * 8,460 s: 846 s an order after 7 such weeks and that of 9,000 s for 30.
    assert (row.hours_short, row.hours_spare, row.required_s) == (24300 - 18000, 18000 - 6345, 24300 + 6345)


def test_weeks_and_days_add_up_to_their_period_though_trips_grow_longer(town):
    for week in range(14):
        for day, hour in ((MONDAY, 12), (MONDAY + 6 * DAY, 23)):
            town.deliver("M1", seconds=[1200] * 10, day=day + week * WEEK, hour=hour)
            town.work("M1", drivers=6, day=day + week * WEEK, hour=hour, engaged_s=600 + 150 * week)

    asked = {"start_on": MONDAY + 9 * WEEK + 2 * DAY, "end_on": MONDAY + 14 * WEEK}
    total = town.row("hours_gap", **asked)
    weeks = [(asked["start_on"], MONDAY + 10 * WEEK), *((MONDAY + n * WEEK, MONDAY + (n + 1) * WEEK) for n in range(10, 14))]
    each = [town.row("hours_gap", start_on=start, end_on=end) for start, end in weeks]

    for name in ("hours_short", "hours_spare", "required_s"):
        assert sum(getattr(row, name) for row in each) == getattr(total, name) > 0


def test_the_history_is_of_eight_weeks_and_not_of_nine(town):
    weeks_before(town, weeks=8)
    town.deliver("M1", seconds=[1200] * 90, day=MONDAY - 9 * WEEK)
    town.deliver("M1", seconds=[1200] * 10)
    online(town, 5)

    assert town.row("hours_gap", start_on=MONDAY, hour=12).required_s == 8100


def test_an_hour_of_the_week_without_history_is_unknown_and_neither_short_nor_spare(town):
    weeks_before(town)
    town.deliver("M1", seconds=[1200] * 10, hour=18)
    online(town, 5, hour=18)

    row = town.row("hours_gap", start_on=MONDAY, hour=18)

    assert (row.hours_short, row.hours_spare, row.n, row.unknown_n) == (None, None, 0, 1)


def test_hours_in_which_the_mall_is_shut_are_neither_demand_nor_surplus(town):
    weeks_before(town)
    town.deliver("M1", seconds=[1200] * 20)
    online(town, 5)
    online(town, 5, hour=13)
    for mall in ("M1", None):
        town.add("mall_hours", mall_id=mall, market_id="V", local_dow=1, local_hour=12)

    for place in ({"market_id": "V"}, {"mall_id": "M1"}, {"by": ("mall",), "market_id": "V"}):
        row = town.row("hours_gap", start_on=MONDAY, **place)
        assert (row.online_s, row.n) == (18000, 1)


def test_of_a_mall_its_orders_and_its_drivers_time_for_it_count(town):
    weeks_before(town)
    for week in range(1, 9):
        town.deliver("M2", seconds=[1200] * 50, day=MONDAY - week * WEEK)
    town.deliver("M1", seconds=[1200] * 10)
    online(town, 5)

    assert town.row("hours_gap", mall_id="M1", start_on=MONDAY, hour=12).required_s == 8100
    assert town.row("hours_gap", market_id="V", start_on=MONDAY, hour=12).required_s == round(10 * 1080 / 6) * 3 // 4


@pytest.mark.parametrize(("engaged_s", "told"), [(3000, 5 * 3000), (None, None)])
def test_the_gap_tells_how_much_of_the_online_time_was_spent_on_trips_for_any_mall(town, engaged_s, told):
    weeks_before(town)
    town.deliver("M1", seconds=[1200] * 10)
    online(town, 4, engaged_s=3000, engaged_here_s=600)
    online(town, 1, name="e", engaged_s=engaged_s, engaged_here_s=600)

    row = town.row("hours_gap", mall_id="M1", start_on=MONDAY, hour=12)

    assert (row.engaged_s, row.online_s) == (told, 5 * 3600)


def test_cells_share_a_malls_gap_by_orders_and_by_people_within_reach(town):
    weeks_before(town)
    town.deliver("M1", seconds=[1200] * 15, cell=0)
    town.deliver("M1", seconds=[1200] * 15, cell=7, hour=18)
    online(town, 5)
    for cell, people in ((0, 100), (7, 300), (14, 900)):
        town.demand(cell, people)
        town.drive("M1", cell, 600 if cell < 14 else 1300)

    rows = town.rows("hours_gap_by_cell", start_on=MONDAY, hour=12, within_s=1200)

    # 15 orders at noon need 12,150 s in that hour, half of it for either cell; 18,000 s are online for 400 people.
    assert [(row.cell, row.required_s, row.online_s, row.n) for row in rows] == [
        (cells()[0], 6075, 4500, 15),
        (cells()[7], 6075, 13500, 15),
    ]
    assert [(row.hours_short, row.hours_spare) for row in rows] == [(0, 1462), (0, 4388)]


def test_cells_of_a_mall_short_in_one_week_and_spare_in_the_next_have_both(town):
    weeks_before(town)
    for week, orders in ((0, 30), (1, 10)):
        town.deliver("M1", seconds=[1200] * orders, day=MONDAY + week * WEEK)
        online(town, 5, day=MONDAY + week * WEEK)
    town.demand(0, 100)
    town.drive("M1", 0, 600)
    asked = {"start_on": MONDAY, "end_on": MONDAY + 2 * WEEK, "hour": 12}

    (cell,), mall = town.rows("hours_gap_by_cell", within_s=1200, **asked), town.row("hours_gap", mall_id="M1", **asked)

    assert (cell.hours_short, cell.hours_spare) == (mall.hours_short, mall.hours_spare) == (6300, 11655)


@pytest.mark.parametrize(("drivers", "customers", "is_told"), [(5, 10, True), (4, 10, False), (5, 9, False)])
def test_by_cell_a_mall_needs_its_people_in_the_hours_asked_for(town, drivers, customers, is_told):
    weeks_before(town)
    online(town, 6, hour=18)
    online(town, 6, mall="M2")
    town.deliver("M1", seconds=[1200] * 30, hour=18)
    town.deliver("M1", seconds=[1200] * customers)
    online(town, drivers)
    town.demand(0, 100)
    town.drive("M1", 0, 600)

    (cell,) = town.rows("hours_gap_by_cell", start_on=MONDAY, hour=12, within_s=1200)

    assert (cell.online_s > 0, cell.required_s > 0) == (is_told, is_told)


MALLS = ("M1", "M2")
hours = st.integers(10, 13)
days = st.integers(0, 20)


@st.composite
def happenings(draw: st.DrawFn) -> dict[str, list[Row]]:
    """Draw three weeks of orders, offers, trips and hours online at two malls."""

    def several(least: int, most: int) -> Iterator[Row]:
        for number in range(draw(st.integers(least, most))):
            yield {"id": str(number), "mall": draw(st.sampled_from(MALLS)), "day": MONDAY + draw(days) * DAY, "hour": draw(hours)}

    orders = [{**each, "status": draw(st.sampled_from(("delivered", "delivered", "cancelled")))} for each in several(0, 40)]
    trips = [
        {**each, "seconds": draw(st.sampled_from((600, 1800, 5000))), "pay": draw(st.sampled_from((None, 700, 900)))}
        for each in several(0, 8)
    ]
    shifts = []
    for each in several(0, 20):
        seconds = draw(st.integers(1, 3600))
        shifts.append({**each, "online": seconds, "engaged": draw(st.integers(0, seconds))})
    offers = [{**each, "status": draw(st.sampled_from(("accepted", "declined", "expired", None)))} for each in several(0, 20)]
    return {"orders": orders, "trips": trips, "shifts": shifts, "offers": offers}


def settled(folder: str, made: dict[str, list[Row]]) -> Town:
    """Build the town in which all that happened."""
    town = Town(Path(folder) / "town")
    for each in made["orders"]:
        town.deliver(each["mall"], seconds=[1200 if each["status"] == "delivered" else None], day=each["day"], hour=each["hour"])
    for each in made["trips"]:
        at = local(each["day"], each["hour"])
        town.trip(each["mall"], f"d{each['id']}", accepted_at=at, seconds=each["seconds"], pay_cents=each["pay"])
    for each in made["shifts"]:
        at = local(each["day"], each["hour"])
        town.hour_online(each["mall"], f"d{each['id']}", at=at, online_s=each["online"], engaged_s=each["engaged"])
    for each in made["offers"]:
        town.offer(each["mall"], f"d{each['id']}", shown_at=local(each["day"], each["hour"]), status=each["status"], pay_cents=500)
    return town


def raw(town: Town, metric: str, **parameters: Any) -> list[Row]:
    """Return the integers of a metric, hidden ones too."""
    chosen = catalog.metric(metric)
    rows: list[Row] = town.by_hand(question(chosen, chosen.understood(Parameters(**parameters))).sql).to_pylist()
    return rows


@settings(max_examples=12)
@given(made=happenings())
def test_ratios_agree_with_adding_up_in_loops(made):
    with TemporaryDirectory() as folder:
        town = settled(folder, made)
        found = {
            name: {(row["mall_id"], row["local_hour"]): row for row in raw(town, name, by=("mall", "hour"))}
            for name in ("utilization", "deliveries_per_online_hour", "cost_per_delivery", "earnings_per_online_hour", "acceptance_share")
        }

    for place in product(MALLS, range(10, 14)):
        here = {name: [each for each in rows if (each["mall"], each["hour"]) == place] for name, rows in made.items()}
        delivered = sum(each["status"] == "delivered" for each in here["orders"])
        online_s, engaged_s = (sum(each[name] for each in here["shifts"]) for name in ("online", "engaged"))
        accepted = sum(each["status"] == "accepted" for each in here["offers"])
        pays = [each["pay"] for each in here["trips"]]
        known = [pay for pay in pays if pay is not None]
        has = {name: any(each["mall"] == place[0] for each in rows) for name, rows in made.items()}

        if here["shifts"]:
            assert pair(found["utilization"][place]) == (engaged_s, online_s)
        if here["orders"] or here["shifts"]:
            assert pair(found["deliveries_per_online_hour"][place]) == ((delivered, online_s) if has["shifts"] else (None, 0))
        if here["orders"] or here["offers"]:
            is_told = has["orders"] and has["offers"]
            assert pair(found["cost_per_delivery"][place]) == ((500 * accepted, delivered) if is_told else (None, 0))
        if pays or here["shifts"]:
            is_told = has["shifts"] and len(known) == len(pays)
            assert pair(found["earnings_per_online_hour"][place]) == (sum(known) if is_told else None, online_s)
        if any(each["status"] for each in here["offers"]):
            assert pair(found["acceptance_share"][place]) == (accepted, sum(each["status"] is not None for each in here["offers"]))


def pair(row: Row) -> tuple[int | None, int | None]:
    return row["numerator"], row["denominator"]


def gap_in_loops(made: dict[str, list[Row]], mall: str, first: date, last: date) -> tuple[int, int, int, int]:
    """Walk through every hour of a mall: short, spare, known and unknown hours; seconds may be off by the rounding of each hour."""
    placed = Counter((each["day"], each["hour"]) for each in made["orders"] if each["mall"] == mall)
    engaged_s, online_s = Counter(), Counter()
    for each in made["shifts"]:
        if each["mall"] == mall:
            engaged_s[each["day"], each["hour"]] += each["engaged"]
            online_s[each["day"], each["hour"]] += each["online"]
    required: dict[tuple[date, int], Fraction | None] = defaultdict(Fraction)
    for (day, hour), orders in placed.items():
        before = [(day - week * WEEK, hour) for week in range(1, 9)]
        past, past_s = sum(placed[slot] for slot in before), sum(engaged_s[slot] for slot in before)
        lengths = [each["seconds"] for each in made["trips"] if each["mall"] == mall and 7 <= (day - each["day"]).days <= 56]
        trip_s = min(sum(lengths) // len(lengths), 3 * 3600) if lengths else 1
        for lag in range(4):
            part = share_of_work(lag, trip_s)
            if part:
                slot = (day, hour + lag)
                is_known = past > 0 and past_s > 0 and required[slot] is not None
                required[slot] = required[slot] + orders * Fraction(past_s, past) * part if is_known else None
    slots = {slot for slot in (*required, *online_s) if first <= slot[0] <= last}
    known = [slot for slot in slots if required[slot] is not None]
    gaps = [required[slot] - online_s[slot] for slot in known]
    return round(sum(max(gap, 0) for gap in gaps)), round(sum(max(-gap, 0) for gap in gaps)), len(known), len(slots) - len(known)


@cache
def share_of_work(lag: int, trip_s: int) -> Fraction:
    """Return the part of the work of an hour's trips that falls into the hour so many hours later, minute by minute of their beginning."""
    inside = Fraction(0)
    for second in range(3600):  # a trip that begins within the second begins at its middle, on average
        start, end = second + Fraction(1, 2), second + Fraction(1, 2) + trip_s
        inside += max(Fraction(0), min(end, Fraction((lag + 1) * 3600)) - max(start, Fraction(lag * 3600)))
    return inside / (3600 * trip_s)


@settings(max_examples=10)
@given(made=happenings())
def test_hours_short_and_spare_agree_with_walking_through_the_hours(made):
    first, last = MONDAY + WEEK, MONDAY + 3 * WEEK - DAY
    with TemporaryDirectory() as folder:
        town = settled(folder, made)
        found = {mall: raw(town, "hours_gap", mall_id=mall, start_on=first, end_on=last + DAY)[0] for mall in MALLS}

    for mall in MALLS:
        short, spare, known, unknown = gap_in_loops(made, mall, first, last)
        row = found[mall]
        assert (row["n"], row["unknown_n"]) == (known, unknown)
        assert (row["hours_short"] or 0) == pytest.approx(short, abs=2 * known + 4)
        assert (row["hours_spare"] or 0) == pytest.approx(spare, abs=2 * known + 4)


def test_hours_of_few_customers_are_hidden_by_day_as_they_are_by_mall(town):
    town.deliver("M1", seconds=[1800] * 9)
    town.work("M1", drivers=6)

    for by in (("mall",), ("day", "hour"), ("week",)):
        assert all(row.suppressed for row in town.rows("hours_gap", by=by) if row.n or row.suppressed), by
        assert any(row.suppressed for row in town.rows("hours_gap", by=by)), by
