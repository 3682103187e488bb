"""Quality: each order that a figure leaves out is counted once under its reason; trends, cells and freshness by hand."""

from datetime import date
from pathlib import Path

import h3
import pytest

from data.contracts import table
from data.quality import _FIGURES, FIGURES, REASONS, LeftOut, freshness, left_out, suspicious_cells, trend
from data.rules import RULES
from data.warehouse import Version
from tests.loading import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path).open()


def current(shop: Shop) -> Version:
    version = shop.warehouse.current()
    assert version is not None
    return version


def reasons(found: list[LeftOut], column: str) -> dict[str, int]:
    return {each.reason: each.left_out for each in found if each.column == column and (each.reason or each.left_out)}


def test_every_order_that_a_figure_leaves_out_is_counted_once_under_its_first_reason(shop: Shop) -> None:
    shop.orders(
        {"order_id": "good", "promised_by": "2026-03-02 18:00:00"},
        {"order_id": "cancelled", "status": "cancelled", "delivered_at": None},
        {"order_id": "limbo", "delivered_at": None},
        {"order_id": "lost", "status": "delivered", "delivered_at": None},
        {"order_id": "before", "delivered_at": "2026-03-02 16:59:00"},
        {"order_id": "1970", "placed_at": "1970-01-01 00:00:00", "market_id": "desert"},
        {"order_id": "disorder", "arrived_at": "2026-03-02 17:04:00"},
        {"order_id": "unready", "ready_at": None},
        {"order_id": "late-ready", "ready_at": "2026-03-02 17:21:00"},
        {"order_id": "no-arrival", "arrived_at": None},
        {"order_id": "no-door", "dropoff_latitude": None},
    )

    found = left_out(current(shop))

    to_the_door = {"status_unknown": 1, "impossible_time": 1, "event_missing": 1, "delivered_before_placed": 1}
    assert reasons(found, "click_to_door_s") == {"": 4, **to_the_door}
    assert reasons(found, "late_s") == {"": 9, **to_the_door, "no_promise": 5}
    assert reasons(found, "drive_s") == {"": 5, **to_the_door, "out_of_order": 1}
    assert reasons(found, "approach_s") == {"": 6, **to_the_door, "out_of_order": 1, "event_missing": 2}
    assert reasons(found, "prep_s") == {"": 6, **to_the_door, "out_of_order": 1, "event_missing": 2}
    assert reasons(found, "ready_to_door_s") == {"": 6, **to_the_door, "event_missing": 2, "ready_after_pickup": 1}
    assert reasons(found, "dropoff_cell") == {"": 1, "no_door": 1}
    assert reasons(found, "local_date") == {"": 1, "impossible_time": 1}
    assert {each.orders for each in found if each.column == "click_to_door_s"} == {10}
    assert next(each.share for each in found if each.column == "click_to_door_s") == 0.4


def test_the_reasons_of_a_figure_add_up(shop: Shop) -> None:
    shop.orders(
        *(
            {"order_id": f"o{place}", **change}
            for place, change in enumerate([{}, {"accepted_at": None}, {"mall_id": "M9"}, {"mall_id": None}])
        )
    )

    found = left_out(current(shop))

    for market in {each.market_id for each in found}:
        for column in FIGURES:
            of_figure = [each for each in found if (each.market_id, each.column) == (market, column)]
            assert of_figure[0].reason == ""
            assert of_figure[0].left_out == sum(each.left_out for each in of_figure[1:]), (market, column)
    assert {each.market_id for each in found} == {"desert", None}


def test_left_out_of_one_market_leaves_the_others_out(shop: Shop) -> None:
    shop.orders({}, {"order_id": "o2", "mall_id": "M2", "ready_at": None})

    assert {each.market_id for each in left_out(current(shop), "coast")} == {"coast"}
    assert reasons(left_out(current(shop), "desert"), "prep_s") == {}


def test_every_reason_is_a_rule_or_has_words_of_its_own() -> None:
    assert {reason for each in _FIGURES for reason, _ in each.reasons} <= set(RULES) | set(REASONS)
    assert set(FIGURES) <= set(table("orders").names)


def test_the_trend_has_a_row_for_each_rule_that_a_load_broke(shop: Shop) -> None:
    shop.orders({}, {"order_id": "o2", "fee_cents": "-1", "ready_at": "later"}, {"order_id": None})
    shop.orders({"order_id": "o3", "fee_cents": "-1"}, {"order_id": "o4", "fee_cents": "-1"})

    rows = [(each.version[:5], each.table, each.rule, each.rows, each.rows_in) for each in trend(shop.warehouse.versions())]

    assert rows == [
        ("v0002", "orders", "below_minimum", 1, 3),
        ("v0002", "orders", "event_missing", 1, 3),
        ("v0002", "orders", "missing_key", 1, 3),
        ("v0002", "orders", "unparsable_optional", 1, 3),
        ("v0003", "orders", "below_minimum", 2, 2),
    ]


def test_suspicious_points_are_told_by_cell_of_resolution_8(shop: Shop) -> None:
    shop.orders(
        {},
        {"order_id": "o2", "dropoff_longitude": "112.01", "customer_id": "a"},
        {"order_id": "o3", "dropoff_longitude": "112.01", "customer_id": "a"},
        {"order_id": "o4", "dropoff_latitude": "40.0", "dropoff_longitude": "-100.0"},
        {"order_id": "o5", "mall_id": "M2", "dropoff_latitude": "60", "dropoff_longitude": "30"},
    )

    rows = suspicious_cells(current(shop), "desert").to_pylist()

    assert rows == [
        {"rule": "flipped_coordinates", "cell": int(h3.latlng_to_cell(33.51, 112.01, 8), 16), "orders": 2, "customers": 1},
        {"rule": "suspicious_distance", "cell": int(h3.latlng_to_cell(40.0, -100.0, 8), 16), "orders": 1, "customers": None},
    ]
    assert suspicious_cells(current(shop)).num_rows == 3


def test_freshness_tells_how_far_each_table_goes_and_when_it_changed_last(shop: Shop) -> None:
    shop.orders({}, {"order_id": "o2", "mall_id": "M2", "placed_at": "2026-03-05 17:00:00", "delivered_at": None})
    # The orders are read again and say nothing new.
    shop.load(shop.rows_file("stores.csv", [{"store_id": "S1", "mall_id": "M1"}]), shop.folder / "orders.csv")
    versions = shop.warehouse.versions()

    found = {(each.table, each.market_id): each for each in freshness(current(shop), versions)}

    desert, coast = found["orders", "desert"], found["orders", "coast"]
    assert (desert.rows, desert.first_on, desert.last_on) == (1, date(2026, 3, 2), date(2026, 3, 2))
    assert (coast.last_on, coast.last_complete_on) == (date(2026, 3, 5), date(2026, 3, 5))
    assert found["stores", None].last_on is None
    assert (desert.changed_at, found["stores", None].changed_at) == (versions[1].manifest.created_at, versions[2].manifest.created_at)
    assert ("trips", None) not in found
