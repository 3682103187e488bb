"""Orders: every placed one counts, once, in the place and day it belongs to."""

from datetime import date, timedelta

import pytest

from tests.town import MONDAY, cells


def test_cancelled_orders_are_demand_and_count(town):
    town.deliver("M1", seconds=[600] * 19 + [None] * 11)
    town.deliver("M1", seconds=[600] * 12, status="failed")
    town.deliver("M1", seconds=[600] * 10, status="returned")
    town.deliver("M1", seconds=[600] * 13, status=None)

    row = town.row("orders")

    assert (row.orders, row.delivered, row.cancelled, row.failed, row.returned) == (65, 19, 11, 12, 10)


def test_orders_of_another_mall_or_market_do_not_count(town):
    town.deliver("M1", seconds=[600] * 11)
    town.deliver("M2", seconds=[600] * 12)
    town.deliver("M4", seconds=[600] * 13)

    assert town.row("orders", mall_id="M1").orders == 11
    assert town.row("orders", market_id="V").orders == 23
    assert town.row("orders", market_id="V", mall_id="M2").orders == 12
    assert town.row("orders").orders == 36


def test_an_order_without_a_mall_counts_in_its_market_and_in_the_row_without_a_mall(town):
    town.deliver("M1", seconds=[600] * 11)
    town.deliver(None, seconds=[600] * 10)

    assert town.row("orders", market_id="V").orders == 21
    assert [(row.mall_id, row.orders) for row in town.rows("orders", by=("mall",))] == [("M1", 11), (None, 10)]
    assert town.row("orders", mall_id="M1").orders == 11


def test_an_order_belongs_to_its_local_day_not_to_the_utc_day(town):
    town.deliver("M1", seconds=[600] * 10, day=MONDAY, hour=23)  # Tuesday in UTC

    (row,) = town.rows("orders", by=("day", "dow", "hour", "week"))

    assert (row.local_date, row.local_dow, row.local_hour, row.local_week_on) == (MONDAY, 1, 23, MONDAY)


def test_weeks_are_named_by_their_first_day(town):
    for day in range(14):
        town.deliver("M1", seconds=[600] * 2, day=MONDAY + timedelta(days=day))

    rows = town.rows("orders", by=("week",))

    assert [(row.local_week_on, row.orders) for row in rows] == [(MONDAY, 14), (date(2026, 3, 9), 14)]


@pytest.mark.parametrize(("resolution", "expected"), [(9, [11, 12, 13]), (8, [23, 13]), (7, [36])])
def test_cells_roll_up_by_index(town, resolution, expected):
    # Cells 0 and 1 share a parent at resolution 8; cell 7 is in the next one, all three share the one at resolution 7.
    for cell, orders in ((0, 11), (1, 12), (7, 13)):
        town.deliver("M1", cell=cell, seconds=[600] * orders)

    rows = town.rows("orders", by=("cell",), resolution=resolution)

    assert sorted(row.orders for row in rows) == sorted(expected)
    assert all((row.cell >> 52) & 15 == resolution for row in rows)


def test_a_row_by_cell_carries_the_area_of_its_cell_for_densities(town):
    town.deliver("M1", cell=0, seconds=[600] * 10)
    town.deliver("M1", cell=None, seconds=[600] * 10)

    known, unknown = town.rows("orders", by=("cell",))

    assert known.cell == cells()[0]
    assert known.cell_area_m2 == pytest.approx(105_332, rel=0.2)  # mean area of resolution 9; cells differ by up to a fifth
    assert (unknown.cell, unknown.cell_area_m2, unknown.orders) == (None, None, 10)


def test_several_dimensions_make_one_row_per_combination_sorted_by_them(town):
    for mall in ("M2", "M1"):
        for hour in (18, 9):
            town.deliver(mall, seconds=[600] * 10, hour=hour)

    rows = town.rows("orders", by=("mall", "hour"))

    assert [(row.mall_id, row.local_hour) for row in rows] == [("M1", 9), ("M1", 18), ("M2", 9), ("M2", 18)]


@pytest.mark.parametrize("status", ["cancelled", "failed", "returned"])
def test_orders_that_end_undelivered_are_a_share_of_all_placed(town, status):
    town.deliver("M1", seconds=[600] * 25)
    town.deliver("M1", seconds=[600] * 15, status=status)
    town.deliver("M1", seconds=[600] * 10, status=None)
    town.deliver("M2", seconds=[600] * 20, status=status)

    row = town.row(f"{status}_share", mall_id="M1")

    assert (row.numerator, row.denominator, row.n, row.share) == (15, 50, 50, 0.3)
    assert row.low < 0.3 < row.high
    assert [town.row(f"{other}_share", mall_id="M2").numerator for other in ("cancelled", "failed", "returned")] == [
        20 if other == status else 0 for other in ("cancelled", "failed", "returned")
    ]


@pytest.mark.parametrize(("cancelled", "others"), [(9, 31), (31, 9)])
def test_a_share_that_rests_on_few_customers_is_hidden_on_either_side(town, cancelled, others):
    town.deliver("M1", seconds=[None] * cancelled)
    town.deliver("M1", seconds=[600] * others)

    row = town.row("cancelled_share")

    assert (row.denominator, row.numerator, row.share, row.low) == (40, None, None, None)


def test_nobody_cancelled_is_zero_and_no_secret(town):
    town.deliver("M1", seconds=[600] * 20)

    assert town.row("cancelled_share").share == 0


def test_bands_of_distance_begin_at_whole_miles_and_include_their_start(town):
    for distance_m in (0, 3_218, 3_219, 24_139, 24_140, 90_000):
        town.deliver("M1", seconds=[600] * 10, distance_m=distance_m)
    town.deliver("M1", seconds=[600] * 11, distance_m=None)

    rows = town.rows("orders", by=("distance_band",))

    assert [(row.distance_from_m, row.orders) for row in rows] == [(0, 20), (3_219, 10), (16_093, 10), (24_140, 20), (None, 11)]
