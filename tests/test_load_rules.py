"""Every rule: one row that breaks it, counted once, with what becomes of the row and of the figures that needed the bad value."""

from pathlib import Path
from typing import Any

import pytest

from data.load import LoadResult
from data.rules import RULES
from tests.loading import DELIVERED, Shop, rules

ORDERS: list[dict[str, Any]] = [
    {"order_id": "good"},
    {"order_id": None},
    {"order_id": "no-time", "placed_at": None},
    {"order_id": "bad-time", "placed_at": "soon"},
    {"order_id": "null-island", "dropoff_latitude": "0", "dropoff_longitude": "0.0"},
    {"order_id": "off-globe", "dropoff_longitude": "-181"},
    {"order_id": "twice"},
    {"order_id": "twice", "delivered_at": "2026-03-02 17:41:00"},
    {"order_id": "same"},
    {"order_id": "same"},
    {"order_id": "bad-optional", "ready_at": "later"},
    {"order_id": "bad-choice", "status": "eaten"},
    {"order_id": "negative", "fee_cents": "-1"},
    {"order_id": "fraction", "fee_cents": "7.42"},
    {"order_id": "nowhere", "mall_id": "M9"},
    {"order_id": "mall-less", "mall_id": None, "store_id": None},
    {"order_id": "disorder", "arrived_at": "2026-03-02 17:04:00"},
    {"order_id": "before", "delivered_at": "2026-03-02 16:59:00"},
    {"order_id": "missing", "accepted_at": None},
    {"order_id": "late-ready", "ready_at": "2026-03-02 17:21:00"},
    {"order_id": "just-ready", "ready_at": "2026-03-02 17:20:00"},
    {"order_id": "limbo", "delivered_at": None},
    {"order_id": "far", "dropoff_latitude": "34.5"},
    {"order_id": "stranger", "store_id": "S9"},
]
FILES = {
    "stores.csv": [{"store_id": "S1", "mall_id": "M1"}],
    "drivers.csv": [{"driver_id": "D1", "market_id": "desert"}, {"driver_id": "D2", "market_id": "desert"}],
    "shifts.csv": [
        {"shift_id": "a", "driver_id": "D1", "start_at": "2026-03-02 17:00:00", "end_at": "2026-03-02 20:00:00"},
        {"shift_id": "b", "driver_id": "D1", "start_at": "2026-03-02 18:00:00", "end_at": "2026-03-02 19:00:00"},
        {"shift_id": "c", "driver_id": "D1", "start_at": "2026-03-02 20:00:00", "end_at": "2026-03-02 20:00:00"},
        {"shift_id": "d", "driver_id": "D2", "start_at": "2026-03-02 18:30:00", "end_at": "2026-03-02 21:00:00"},
        {"shift_id": "e", "driver_id": "D1", "start_at": "2026-03-02 19:30:00", "end_at": "2026-03-02 22:00:00"},
    ],
    "trips.csv": [
        {"trip_id": "t1", "driver_id": "D1", "accepted_at": "2026-03-02 17:00:00", "ended_at": "2026-03-02 17:30:00", "mall_id": "M1"},
        {"trip_id": "t2", "driver_id": "D1", "accepted_at": "2026-03-02 17:00:00", "ended_at": "2026-03-02 17:00:00", "mall_id": "M1"},
    ],
    "demand_areas.csv": [
        {"area_id": "1", "county": "4013", "latitude": "33.5", "longitude": "-112", "population": "10"},
        {"area_id": "2", "county": "06037", "latitude": "34.1", "longitude": "-118.2", "population": "10"},
    ],
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("rules")).open()


@pytest.fixture(scope="module")
def result(shop: Shop) -> LoadResult:
    files = [shop.rows_file(name, rows) for name, rows in FILES.items()]
    orders = shop.rows_file("orders.csv", [{**DELIVERED, "store_id": "S1", **row} for row in ORDERS])
    return shop.load(orders, *files)


@pytest.mark.parametrize(
    ("rule", "column", "rows"),
    [
        ("missing_key", "order_id", 1),
        ("missing_value", "placed_at", 1),
        ("unparsable_value", "placed_at", 1),
        ("impossible_coordinates", "dropoff_latitude", 2),
        ("contradictory_duplicate", "delivered_at", 1),
        ("repeated_rows", "order_id", 1),
        ("unparsable_optional", "ready_at", 1),
        ("unparsable_optional", "fee_cents", 1),
        ("not_in_choices", "status", 1),
        ("below_minimum", "fee_cents", 1),
        ("unknown_reference", "mall_id", 1),
        ("unknown_reference", "store_id", 1),
        ("market_unknown", "market_id", 2),
        ("out_of_order", "arrived_at", 1),
        ("out_of_order", "delivered_at", 1),
        ("delivered_before_placed", "delivered_at", 1),
        ("event_missing", "accepted_at", 1),
        ("ready_after_pickup", "ready_at", 1),
        ("status_unknown", "status", 1),
        ("suspicious_distance", "distance_m", 1),
        ("no_market", "county", 1),
        ("overlapping_shifts", "start_at", 3),
        ("end_not_after_start", "end_at", 1),
        ("end_not_after_start", "ended_at", 1),
    ],
)
def test_a_broken_rule_is_counted_once_per_row(result: LoadResult, rule: str, column: str, rows: int) -> None:
    assert rules(result).get((rule, column)) == rows


def test_no_other_rule_than_these_is_broken(result: LoadResult) -> None:
    # bad-optional lacks its time of readiness once it is null.
    assert rules(result)["event_missing", "ready_at"] == 1
    assert len(result.findings) == 25


def test_the_example_is_the_first_row_that_breaks_the_rule(tmp_path: Path) -> None:
    result = Shop(tmp_path).open().orders({}, *({"order_id": f"o{each}", "fee_cents": f"-{each}"} for each in (2, 3, 4)))

    assert [each.example for each in result.findings] == ["orders.csv line 3: fee_cents = -2"]


def test_every_rule_is_known_with_its_severity(result: LoadResult) -> None:
    assert all(each.severity == RULES[each.rule].severity for each in result.findings)


def test_rejects_come_before_findings(result: LoadResult) -> None:
    severities = [each.severity for each in result.findings]
    assert severities == sorted(severities, reverse=True)


@pytest.mark.parametrize(
    ("order_id", "expected"),
    [
        ("good", {"click_to_door_s": 2400, "drive_s": 1200, "unsplit_s": 0}),
        ("twice", {"click_to_door_s": 2400}),
        (
            "bad-optional",
            {"ready_at": None, "click_to_door_s": 2400, "prep_s": None, "unsplit_s": 300, "mall_dwell_s": 300, "store_wait_s": None},
        ),
        ("bad-choice", {"status": None, "click_to_door_s": None, "drive_s": None}),
        ("negative", {"fee_cents": None}),
        ("fraction", {"fee_cents": None}),
        ("nowhere", {"mall_id": "M9", "market_id": None, "local_date": None, "distance_m": None, "click_to_door_s": 2400}),
        ("mall-less", {"market_id": None, "local_hour": None}),
        ("disorder", {"click_to_door_s": 2400, "drive_s": None, "mall_dwell_s": None, "unsplit_s": None, "ready_to_door_s": 1800}),
        ("before", {"click_to_door_s": None, "drive_s": None, "late_s": None}),
        ("missing", {"approach_s": None, "prep_s": None, "unsplit_s": 900, "mall_dwell_s": 300, "drive_s": 1200}),
        (
            "late-ready",
            {"ready_to_pickup_s": None, "placed_to_ready_s": None, "ready_to_door_s": None, "store_wait_s": 300, "handling_s": 0},
        ),
        ("just-ready", {"ready_to_pickup_s": 0, "ready_to_door_s": 1200, "store_wait_s": 300, "handling_s": 0}),
        ("limbo", {"status": None, "click_to_door_s": None}),
        ("far", {"click_to_door_s": 2400}),
        ("stranger", {"store_id": "S9"}),
    ],
)
def test_the_row_stays_and_figures_that_need_the_bad_value_are_null(
    shop: Shop, result: LoadResult, order_id: str, expected: dict[str, object]
) -> None:
    assert result.is_new
    row = shop.row(f"SELECT * FROM orders WHERE order_id = '{order_id}'")

    assert {name: row[name] for name in expected} == expected


@pytest.mark.parametrize("order_id", ["no-time", "bad-time", "null-island", "off-globe"])
def test_a_rejected_row_is_not_loaded(shop: Shop, result: LoadResult, order_id: str) -> None:
    assert result.is_new
    assert shop.rows(f"SELECT * FROM orders WHERE order_id = '{order_id}'") == []


def test_a_shift_without_a_mall_takes_its_driver_s_market(shop: Shop, result: LoadResult) -> None:
    assert result.is_new
    row = shop.row("SELECT market_id, local_hour, online_s FROM shifts WHERE shift_id = 'a'")
    assert row == {"market_id": "desert", "local_hour": 10, "online_s": 10800}


def test_durations_of_spans_that_do_not_go_forward_are_null(shop: Shop, result: LoadResult) -> None:
    assert result.is_new
    assert shop.row("SELECT online_s FROM shifts WHERE shift_id = 'c'") == {"online_s": None}
    assert shop.rows("SELECT engaged_s FROM trips ORDER BY trip_id") == [{"engaged_s": 1800}, {"engaged_s": None}]


def test_a_county_in_no_market_says_how_to_mend_it() -> None:
    assert "boundary_counties" in RULES["no_market"].meaning


def test_references_are_not_checked_where_nothing_is_loaded_to_refer_to(result: LoadResult, tmp_path: Path) -> None:
    other = Shop(tmp_path).open().orders({"driver_id": "D1"})

    assert ("unknown_reference", "driver_id") not in rules(other)
    assert "orders.driver_id: not checked, because no drivers are loaded" in other.notes
    assert not any("store_id: not checked" in note for note in result.notes)


def test_sub_second_disorder_is_seen_though_seconds_are_floored(tmp_path: Path) -> None:
    shop = Shop(tmp_path).open()

    result = shop.orders({"accepted_at": "2026-03-02 17:15:00.900", "arrived_at": "2026-03-02 17:15:00.100"})

    assert rules(result) == {("out_of_order", "arrived_at"): 1}
    assert shop.row("SELECT drive_s, click_to_door_s FROM orders") == {"drive_s": None, "click_to_door_s": 2400}
