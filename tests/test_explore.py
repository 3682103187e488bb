"""Any figure by any dimensions: what is picked, ranked, compared and summed up is what answers show, and hidden rows stay hidden."""

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from analytics.catalog import METRICS, metric
from analytics.changes import Estimate, change
from analytics.errors import ParameterError
from analytics.explore import MOST_GROUPS, ORDERS, Beside, Exploration, explored, most_groups, total_change
from analytics.figures import figure, figures
from analytics.parameters import Parameters
from tests.town import MONDAY, Town

WEEK = timedelta(days=7)
STORES = ("s1", "s2", "s3", "s4")


def look(town, name="orders", *, by=(), column="", only=(), beside=None, top=0, order="most", **parameters):
    asked = Exploration(name, Parameters(by=by, **parameters), column, only, beside, top, order)
    return explored(asked, lambda metric, wanted: town.ask(metric, **wanted.__dict__), town.version)


def rows(found, *names):
    return [tuple(row[name] for name in names) for row in found.table.to_pylist()]


def sold(town, counts, *, mall="M1", status=None, day=MONDAY):
    """Let so many customers order once at each store."""
    for store, count in counts.items():
        town.deliver(mall, seconds=[None if status else 600] * count, store_id=store, day=day, **({"status": status} if status else {}))


def test_rows_are_ranked_cut_and_summed_up(town):
    sold(town, {"s1": 12, "s2": 30, "s3": 20})

    most = look(town, by=("store",), top=2)

    assert rows(most, "store_id", "orders") == [("s2", 30), ("s3", 20)]
    assert (most.groups, most.hidden, most.total.value) == (3, 0, 62)
    assert rows(look(town, by=("store",), top=1, order="least"), "store_id") == [("s1",)]
    assert rows(look(town, by=("store",), order="groups"), "store_id") == [("s1",), ("s2",), ("s3",)]


def test_one_value_is_picked_and_the_total_is_that_of_the_pick(town):
    sold(town, {"s1": 12, "s2": 30})
    sold(town, {"s1": 15, "s2": 11}, status="cancelled")

    found = look(town, by=("store",), only=(("status", "cancelled"),))

    assert rows(found, "store_id", "status", "orders") == [("s1", "cancelled", 15), ("s2", "cancelled", 11)]
    assert found.total.value == 26
    alone = look(town, only=(("status", "cancelled"),))
    assert (rows(alone, "orders"), alone.total) == ([(26,)], None)


def test_a_figure_of_the_picked_rows_is_the_figure_of_that_group_alone(town):
    for store, seconds in (("s1", 600), ("s2", 900)):
        town.deliver("M1", seconds=[seconds + 10 * number for number in range(12)], store_id=store)
        town.deliver("M1", seconds=[5 * seconds] * 11, store_id=store, status="delivered", hour=18)

    found = look(town, "click_to_door", by=("store",), column="p50_s", hour=12)
    by_hour = look(town, "click_to_door", by=("store",), column="p50_s", only=(("hour", 12),))

    assert rows(found, "store_id", "p50_s", "n") == rows(by_hour, "store_id", "p50_s", "n") == [("s2", 950, 12), ("s1", 650, 12)]
    assert found.total == by_hour.total


def test_a_hidden_row_stands_last_and_its_number_moves_nothing(tmp_path):
    shown = []
    for few in (1, 9):
        town = Town(tmp_path / str(few))
        sold(town, {"s1": 20, "s2": few, "s3": 30, "s4": 40})
        found = {order: look(town, by=("store",), order=order, top=top) for order, top in product(ORDERS, (0, 3))}
        shown.append({key: each.table for key, each in found.items()})
        assert found["most"].hidden == found["least"].hidden == 2

    assert shown[0] == shown[1]
    assert [row[0] for row in rows(look(town, by=("store",)), "store_id")] == ["s4", "s3", "s1", "s2"]


def test_rows_without_the_figure_stand_after_the_others_and_hidden_ones_last(town):
    for store, seconds, count in (("s1", 600, 20), ("s2", 1200, 20), ("s0", 1200, 4), ("s3", 1800, 20)):
        town.deliver("M1", seconds=[seconds] * count, store_id=store, promise_s=900)

    found = look(town, "lateness", by=("store",), order="least")

    assert rows(found, "store_id", "late_p50_s", "suppressed") == [
        ("s3", 900, False),
        ("s1", None, False),
        ("s0", None, True),
        ("s2", None, True),
    ]


def test_the_smallest_shown_row_is_hidden_too_where_the_total_would_tell_of_few(town):
    sold(town, {"s1": 12, "s2": 9, "s3": 30})

    found = look(town, by=("store",))

    assert rows(found, "store_id", "orders", "suppressed") == [("s3", 30, False), ("s1", None, True), ("s2", None, True)]
    assert (found.total.value, found.is_covered) == (51, True)


def test_the_same_rows_are_hidden_whichever_figure_is_looked_at(town):
    sold(town, {"s1": 40, "s2": 70, "s3": 4})
    sold(town, {"s1": 20, "s2": 12}, status="cancelled")

    told = {
        column: rows(look(town, by=("store",), column=column, order="groups"), "orders") for column in ("orders", "cancelled", "failed")
    }

    assert list(told.values()) == [[(None,), (82,), (None,)]] * 3


def test_a_figure_that_the_smallest_row_does_not_count_is_covered_by_another_row(town):
    sold(town, {"s1": 40, "s2": 70, "s3": 4, "s4": 90, "s5": 99})
    sold(town, {"s2": 30, "s3": 3, "s4": 12}, status="cancelled")

    found = look(town, by=("store",), column="cancelled", order="groups")

    assert rows(found, "store_id", "suppressed") == [("s1", True), ("s2", False), ("s3", True), ("s4", True), ("s5", False)]


def test_nothing_more_is_hidden_where_the_hidden_rows_have_enough_people_together(town):
    sold(town, {"s1": 12, "s2": 9, "s3": 8})

    found = look(town, by=("store",))

    assert rows(found, "store_id", "orders") == [("s1", 12), ("s2", None), ("s3", None)]
    assert (found.hidden, found.is_covered) == (2, False)


def test_what_a_total_leaves_over_is_nothing_or_ten_people(town):
    """Over all shown rows, and over those of one end, in a dozen malls of stores with few and many customers."""
    chance = random.Random(7)
    malls = [f"X{number}" for number in range(12)]
    for mall in malls:
        town.add("malls", mall_id=mall, market_id="V", name=mall, status="open", latitude=36.0, longitude=-115.0)
        for store in STORES:
            sold(town, {f"{mall}-{store}": chance.randrange(15)}, mall=mall)
            sold(town, {f"{mall}-{store}": chance.randrange(15)}, mall=mall, status="cancelled")
    covered = 0
    for mall, only in product(malls, ((), (("status", "cancelled"),))):
        found = look(town, by=("store",), only=only, mall_id=mall)
        orders = [order for order in town.tables["orders"] if order["mall_id"] == mall and (not only or order["status"] == "cancelled")]
        placed = Counter(order["store_id"] for order in orders)
        told = {row["store_id"]: row["orders"] for row in found.table.to_pylist() if row["orders"] is not None}

        assert told == {store: placed[store] for store in told}
        assert all(count >= 10 for count in told.values())
        if found.total is not None and found.total.value is not None:
            assert not 0 < found.total.value - sum(told.values()) < 10
            assert found.total.value == len(orders)
        assert set(rows(look(town, by=("store",), only=only, mall_id=mall, top=2), "orders")) <= set(rows(found, "orders"))
        covered += found.is_covered
    assert covered > 3


def test_figures_of_drivers_and_customers_are_covered_whoever_is_few(town):
    for hour, drivers in ((10, 6), (11, 4), (12, 8)):
        town.work("M1", drivers=drivers, hour=hour)
        town.deliver("M1", seconds=[600] * 20, hour=hour)

    found = look(town, "deliveries_per_online_hour", by=("hour",), mall_id="M1")

    assert rows(found, "local_hour", "suppressed") == [(12, False), (10, True), (11, True)]
    assert found.is_covered


def test_a_total_is_not_told_where_a_part_of_a_shown_row_is_hidden(town):
    sold(town, {"s1": 20, "s2": 20})
    sold(town, {"s1": 3, "s2": 12}, status="failed")

    found = look(town, by=("store",), column="failed")

    assert {row["store_id"]: row["failed"] for row in found.table.to_pylist()} == {"s1": None, "s2": 12}
    assert found.total.value is None
    assert look(town, by=("store",), column="orders").total.value == 55


# Comparisons.


def test_two_periods_are_compared_group_by_group(town):
    sold(town, {"s1": 20, "s2": 40})
    sold(town, {"s1": 30, "s3": 15}, day=MONDAY - WEEK)
    before = Beside(MONDAY - WEEK, MONDAY)

    found = look(town, by=("store",), start_on=MONDAY, end_on=MONDAY + WEEK, beside=before, order="change")

    assert rows(found, "store_id", "orders", "before", "change") == [
        ("s2", 40, 0.0, 40.0),
        ("s3", 0, 15.0, -15.0),
        ("s1", 20, 30.0, -10.0),
    ]
    assert [row[0] for row in rows(found, "is_beyond_chance")] == [True, True, False]
    assert (found.total.value, found.total_before.value) == (60, 45)
    assert total_change(found.total, found.total_before, found.figure, found.metric).difference == 15


def test_days_of_two_periods_are_compared_by_their_place_in_them(town):
    for day in range(3):
        sold(town, {"s1": 20 + day}, day=MONDAY + timedelta(days=day))
        sold(town, {"s1": 40 + day}, day=MONDAY + timedelta(days=day) - WEEK)

    found = look(town, by=("day",), start_on=MONDAY, end_on=MONDAY + WEEK, beside=Beside(MONDAY - WEEK, MONDAY), order="groups")

    assert rows(found, "local_date", "orders", "before") == [(MONDAY + timedelta(days=day), 20 + day, 40.0 + day) for day in range(3)]


def test_two_malls_are_compared_with_the_interval_of_the_difference(town):
    for mall, late in (("M1", 4), ("M2", 12)):
        for hour in (12, 13):
            town.deliver(mall, seconds=[600] * 30 + [1200] * late, promise_s=900, hour=hour)

    found = look(town, "on_time_share", by=("hour",), mall_id="M1", beside=Beside(mall_id="M2", is_of_mall=True))

    for row in found.table.to_pylist():
        told = change(Estimate(row["share"], row["low"], row["high"]), Estimate(row["before"], row["before_low"], row["before_high"]))
        assert (row["before_rows"], row["change"]) == (42, pytest.approx(30 / 34 - 30 / 42))
        assert (row["change_low"], row["change_high"], row["is_beyond_chance"]) == (told.low, told.high, told.is_beyond_chance)
    assert {answer.parameters.mall_id for answer in found.answers} == {"M1", "M2"}


def test_malls_of_different_markets_are_compared_and_a_mall_with_all_of_its_market(town):
    for mall, count in (("M1", 20), ("M2", 12), ("M4", 15)):
        town.deliver(mall, seconds=[600] * count)

    elsewhere = look(town, by=("hour",), mall_id="M1", market_id="V", beside=Beside(mall_id="M4", is_of_mall=True))
    everywhere = look(town, by=("hour",), mall_id="M1", market_id="V", beside=Beside(is_of_mall=True))

    assert rows(elsewhere, "orders", "before") == [(20, 15.0)]
    assert rows(everywhere, "orders", "before") == [(20, 32.0)]


def test_what_was_hidden_on_one_side_is_no_zero_on_the_other(town):
    sold(town, {"s1": 20, "s2": 30})
    sold(town, {"s1": 4, "s2": 30}, day=MONDAY - WEEK)

    found = look(town, by=("store",), start_on=MONDAY, end_on=MONDAY + WEEK, beside=Beside(MONDAY - WEEK, MONDAY))

    assert rows(found, "store_id", "before", "change") == [("s2", None, None), ("s1", None, None)]
    assert found.is_covered


@pytest.mark.parametrize(
    ("name", "changes", "why"),
    [
        ("orders", {"by": ("pay_band",)}, "would count once for each"),
        ("orders", {"only": (("pay_band", 0),)}, "would count once for each"),
        ("orders", {"by": ("market", "mall", "day", "hour", "status")}, "at most 4 dimensions"),
        ("orders", {"column": "p90_s"}, "no figure 'p90_s'; its figures are orders, delivered"),
        ("orders", {"beside": Beside(MONDAY, MONDAY + WEEK)}, "both have a first and a last day"),
        ("orders", {"start_on": MONDAY, "end_on": MONDAY + WEEK, "beside": Beside(MONDAY, MONDAY + 2 * WEEK)}, "same length"),
        (
            "orders",
            {"by": ("week",), "start_on": MONDAY, "end_on": MONDAY + WEEK, "beside": Beside(MONDAY + timedelta(3), MONDAY + timedelta(10))},
            "whole weeks apart",
        ),
        ("orders", {"mall_id": "M1", "beside": Beside(mall_id="M1", is_of_mall=True)}, "compared with itself"),
        ("orders", {"by": ("mall",), "beside": Beside(mall_id="M1", is_of_mall=True)}, "side by side already"),
        ("covered_share", {"start_on": MONDAY, "end_on": MONDAY + WEEK, "beside": Beside(MONDAY - WEEK, MONDAY)}, "has no days"),
        ("order_rate", {"by": ("mall",)}, "would count once for each"),
    ],
)
def test_what_cannot_be_explored_is_refused_with_the_reason(town, name, changes, why):
    with pytest.raises(ParameterError, match=why):
        look(town, name, **changes)


def test_more_groups_than_can_be_looked_at_are_refused_before_they_are_asked_for(town, monkeypatch):
    monkeypatch.setattr("analytics.explore.limits.MOST_GROUPS", 10)
    sold(town, {"s1": 20})
    with pytest.raises(ParameterError, match="could have 20 groups"):
        look(town, by=("cell", "hour"))
    assert most_groups(("hour",), Parameters(), town.version) == 20
    assert MOST_GROUPS == 300_000


def test_dimensions_that_follow_from_another_make_no_more_groups(town):
    sold(town, {"s1": 300})
    bound = {by: most_groups(by, Parameters(), town.version) for by in (("mall",), ("market", "mall"), ("market",), ("mall", "dow"))}

    assert bound == {("mall",): 5, ("market", "mall"): 5, ("market",): 2, ("mall", "dow"): 35}


# Figures.


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.id)
def test_every_metric_has_a_leading_figure_with_bounds_of_its_own(metric):
    found = figures(metric)

    assert figure(metric) == found[0]
    assert len({each.column for each in found}) == len(found)
    columns = {each.column for each in found}
    assert not columns & {each.low for each in found} | columns & {each.high for each in found}
    assert all(bool(each.low) == bool(each.high) for each in found)
    assert all(each.rows != each.column for each in found)


@pytest.mark.parametrize(
    ("name", "leading", "unit", "rows_behind"),
    [
        ("orders", "orders", "count", ""),
        ("click_to_door", "p90_s", "s", "n"),
        ("lateness", "late_p50_s", "s", "late_n"),
        ("on_time_share", "share", "share", "n"),
        ("utilization", "share", "share", "n"),
        ("cost_per_delivery", "rate", "cents", "n"),
        ("deliveries_per_online_hour", "rate", "rate", "n"),
        ("hours_gap", "hours_short", "hours", "n"),
        ("white_space", "numerator", "count", "denominator"),
        ("coverage_cells", "drive_s", "s", "denominator"),
    ],
)
def test_the_leading_figure_is_what_the_metric_is_about(name, leading, unit, rows_behind):
    found = figure(metric(name))

    assert (found.column, found.unit, found.rows) == (leading, unit, rows_behind)
    assert replace(found, low="", high="") in {replace(each, low="", high="") for each in figures(metric(name))}
