"""Metrics of several tables of facts: who is counted behind a group, which rows are seen, what is left out and said."""

from collections.abc import Callable
from datetime import timedelta

import ibis
import ibis.expr.types as ir
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ibis import _

from analytics import catalog
from analytics.catalog import CALENDAR, Counting, Metric
from analytics.export import description, exported
from analytics.ratios import ratio_bounds, ratio_of_sums
from tests.town import MONDAY, Town, local

DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)


def minutes_online(shift_activity: ir.Table, *, by: tuple[str, ...] = ()) -> ir.Table:
    """Seconds online over seconds engaged."""
    return ratio_of_sums(shift_activity, shift_activity.engaged_s, shift_activity.online_s, cluster="driver_id", by=by)


def pay_per_order(trips: ir.Table, orders: ir.Table, *, by: tuple[str, ...] = ()) -> ir.Table:
    """Pay of trips over delivered orders."""
    paid = trips.aggregate({"numerator": _.pay_cents.sum().fill_null(0)}, by=list(by))
    done = orders.filter(_.status == "delivered").aggregate({"denominator": _.count()}, by=list(by))
    if not by:
        return paid.cross_join(done)
    joined = paid.outer_join(done, list(by), rname="{name}_done")
    keys = {name: ibis.coalesce(joined[name], joined[f"{name}_done"]) for name in by}
    return joined.select(**keys, numerator=_.numerator.fill_null(0), denominator=_.denominator.fill_null(0))


def order_history(orders: ir.Table, *, by: tuple[str, ...] = ()) -> ir.Table:
    """Orders in the period, and those of the weeks before."""
    return orders.aggregate({"n": _.in_period.sum().fill_null(0), "before_n": (~_.in_period).sum().fill_null(0)}, by=list(by))


def hour_of_orders(orders: ir.Table, *, hour: int | None) -> ir.Table:
    """Orders of the hour before, cell by cell."""
    wanted = orders if hour is None else orders.filter(_.local_hour + 1 == hour)
    return wanted.aggregate({"n": _.count()}, by=["cell"])


def _toy(function: Callable[..., ir.Table], **options: object) -> Metric:
    told = {"label": "Toy", "help": "A toy.", "unit": "s", "kind": "ratio", "direction": "up", "source": "made up", "dimensions": CALENDAR}
    return Metric(function, **{**told, **options})  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _toys(monkeypatch):
    delivered = Counting("orders", where=lambda orders: orders.status == "delivered")
    paid = Counting("trips", ("pay_cents",), "completed", "trips without pay")
    toys = (
        _toy(minutes_online, kind="share", units=("s", "s")),
        _toy(pay_per_order, kind="money", units=("cents", "orders"), also=(paid, delivered)),
        _toy(order_history, kind="count", history_weeks=8),
        _toy(hour_of_orders, kind="count", dimensions=(), keys=("cell",)),
    )
    monkeypatch.setattr(catalog, "METRICS", toys)


def trips_of(town: Town, mall: str, drivers: int, *, pay_cents: int | None = 900) -> None:
    for driver in range(drivers):
        town.trip(mall, f"{mall}-{driver}", accepted_at=local(MONDAY, 12), pay_cents=pay_cents)


def test_four_drivers_are_hidden_and_five_are_shown(town):
    town.work("M1", drivers=4)
    town.work("M2", drivers=5)

    first, second = town.rows("minutes_online", by=("mall",))

    assert (first.suppressed, first.numerator, second.suppressed, second.numerator) == (True, None, False, 5 * 1800)
    assert town.ask("minutes_online").too_few == "fewer than 5 drivers"


def test_many_hours_of_few_drivers_are_hidden(town):
    for hour in range(8, 20):
        for driver in "abcd":
            town.hour_online("M1", driver, at=local(MONDAY, hour))

    assert town.row("minutes_online").suppressed


@pytest.mark.parametrize(
    ("drivers", "customers", "is_hidden"), [(5, 10, False), (4, 10, True), (5, 9, True), (0, 10, False), (5, 0, False)]
)
def test_a_figure_of_two_tables_is_hidden_where_either_has_too_few_people(town, drivers, customers, is_hidden):
    trips_of(town, "M1", drivers)
    town.deliver("M1", seconds=[600] * customers)
    trips_of(town, "M2", 20)
    town.deliver("M2", seconds=[600] * 20)

    by_mall = town.rows("pay_per_order", by=("mall",))

    assert [row.suppressed for row in by_mall] == [is_hidden, False]
    assert town.row("pay_per_order", mall_id="M1").suppressed == is_hidden
    assert town.ask("pay_per_order").too_few == "fewer than 5 drivers or 10 customers"
    if not is_hidden:
        assert (by_mall[0].numerator, by_mall[0].denominator) == (900 * drivers, customers)


def test_only_rows_that_count_stand_behind_a_figure(town):
    trips_of(town, "M1", 5)
    town.deliver("M1", seconds=[600] * 9 + [None] * 20)

    assert town.row("pay_per_order").suppressed
    town.deliver("M1", seconds=[600])
    assert town.row("pay_per_order").rate == 450


def test_what_is_left_out_is_told_of_every_table(town):
    trips_of(town, "M1", 6)
    trips_of(town, "M1", 3, pay_cents=None)
    town.trip("M1", "x", accepted_at=local(MONDAY, 12), status="cancelled")
    town.deliver("M1", seconds=[600] * 10)
    town.order(None, placed_at=local(MONDAY, 12), market_id=None)

    assert town.ask("pay_per_order").left_out == {"trips without pay": 3}
    in_period = town.ask("pay_per_order", start_on=MONDAY).left_out
    assert in_period == {"trips without pay": 3, "orders without a local day, because their market is unknown": 1}


def test_a_mall_is_asked_of_its_drivers_and_everything_else_of_whole_shifts(town):
    for driver in "abcdef":
        town.hour_online("M1", driver, at=local(MONDAY, 12), engaged_s=600)
        town.add("shift_activity", **{**town.tables["shift_activity"][-1], "mall_id": "M2"})

    assert [row.numerator for row in town.rows("minutes_online", by=("mall",))] == [3600, 3600]
    assert [row.numerator for row in town.rows("minutes_online", by=("market",))] == [3600]
    assert town.row("minutes_online").numerator == town.row("minutes_online", mall_id="M2").numerator == 3600


def test_weeks_before_the_period_are_seen_but_nobody_in_them_stands_behind_the_figure(town):
    for week in range(10):
        town.deliver("M1", seconds=[600] * 20, day=MONDAY - week * WEEK)
    town.deliver("M1", seconds=[600] * 9, day=MONDAY + WEEK)

    asked = town.ask("order_history", start_on=MONDAY, end_on=MONDAY + WEEK)
    assert (asked.row()["n"], asked.row()["before_n"], asked.rows_behind) == (20, 160, 20)
    assert town.row("order_history", start_on=MONDAY + WEEK, end_on=MONDAY + 2 * WEEK).suppressed
    assert (town.row("order_history").n, town.row("order_history").before_n) == (209, 0)


def test_a_metric_that_chooses_its_hour_sees_the_others_and_is_hidden_by_those_of_the_hour(town):
    town.deliver("M1", seconds=[600] * 30, hour=11)
    town.deliver("M1", seconds=[600] * 9, hour=12)

    assert town.row("hour_of_orders", hour=12).suppressed
    town.deliver("M1", seconds=[600], hour=12)
    assert town.row("hour_of_orders", hour=12).n == 30


def test_rows_named_by_a_key_are_hidden_by_their_own_people(town):
    town.deliver("M1", cell=0, seconds=[600] * 9)
    town.deliver("M1", cell=9, seconds=[600] * 10)

    assert [row.suppressed for row in town.rows("hour_of_orders")] == [True, False]
    assert [row.n for row in town.rows("hour_of_orders", resolution=7)] == [19]


def test_money_and_counts_bear_their_units_in_files(town):
    trips_of(town, "M1", 6)
    town.deliver("M1", seconds=[600] * 10)
    town.work("M1", drivers=5)

    assert exported(town.ask("pay_per_order")).column_names[:3] == [
        "pay_per_order_numerator_cents",
        "pay_per_order_denominator_orders",
        "pay_per_order_cents",
    ]
    names = exported(town.ask("minutes_online")).column_names
    assert names[:4] == [
        "minutes_online_numerator_s",
        "minutes_online_denominator_s",
        "minutes_online_n_shift_hours",
        "minutes_online_share",
    ]
    about = description(town.ask("minutes_online"), town.version)
    assert (about["shift_hours_behind"], about["suppressed"]) == (5, "fewer than 5 drivers")


def test_a_share_of_seconds_has_the_bounds_of_its_drivers_and_not_of_its_seconds(town):
    for driver in range(10):
        town.hour_online("M1", f"d{driver}", at=local(MONDAY, 12), engaged_s=1800 + 900 * (-1) ** driver)
        town.hour_online("M1", f"d{driver}", at=local(MONDAY, 13), engaged_s=1800 + 900 * (-1) ** driver)

    row = town.row("minutes_online")

    assert row.share == 0.5
    # 10 drivers, half at 0.75 and half at 0.25: standard error 0.25 * sqrt(10 / 9) / sqrt(10)
    assert row.high - row.share == pytest.approx(1.96 * 0.25 / 3)
    assert row.share - row.low == pytest.approx(1.96 * 0.25 / 3)
    assert not hasattr(row, "clusters")


@given(st.lists(st.tuples(st.integers(0, 3600), st.integers(1, 3600)), min_size=2, max_size=30))
def test_bounds_of_a_ratio_agree_with_the_textbook(pairs):
    up, down = (np.array(values, np.float64) for values in zip(*pairs, strict=True))
    ratio = up.sum() / down.sum()
    error = np.sqrt(len(pairs) / (len(pairs) - 1) * sum((x - ratio * y) ** 2 for x, y in pairs)) / down.sum()

    spread = [np.array([value], np.float64) for value in (len(pairs), (up * up).sum(), (down * down).sum(), (up * down).sum())]
    low, high = ratio_bounds(up.sum(keepdims=True), down.sum(keepdims=True), spread)

    assert low[0] == pytest.approx(ratio - 1.96 * error, abs=1e-6)
    assert high[0] == pytest.approx(ratio + 1.96 * error, abs=1e-6)


def test_what_was_inferred_at_load_is_said_of_every_figure_that_rests_on_it(town):
    town.work("M1", drivers=6, is_inferred=True)
    trips_of(town, "M1", 6)
    town.deliver("M1", seconds=[600] * 10)

    assert town.ask("minutes_online").note == ""
    for number in range(5):
        town.add("shifts", shift_id=f"s{number}", driver_id="d", market_id="V", is_inferred=True)
    assert "shifts inferred from first to last event" in town.ask("minutes_online").note
    assert town.ask("pay_per_order").note == ""
    town.tables["trips"][0]["is_inferred"] = True
    town.add("markets", market_id="X", name="X", time_zone="UTC")
    assert town.ask("pay_per_order").note == "8 % of the trips inferred from orders"


def test_doors_known_by_area_only_are_said_where_cells_are_told(town):
    town.deliver("M1", seconds=[600] * 30)
    town.deliver("M1", seconds=[600] * 10, is_dropoff_area=True)

    assert town.ask("hour_of_orders").note.startswith("of 25 % of the orders only the area of the door is known")
    assert town.ask("order_history").note == ""
