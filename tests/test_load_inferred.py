"""Trips, shifts and offers that no source gives: inferred from orders, counted by hand, labelled, and the same however days are loaded."""

from pathlib import Path

import pytest

from data.errors import MappingError
from data.mapping import Mapping
from tests.loading import Shop

HEAD = '[orders]\nfile = "orders*.csv"\ntime_zone = "UTC"\n'
TRIPS = HEAD + '[trips]\ninfer = "orders"\n'
ALL = TRIPS + '[shifts]\ninfer = "orders"\ngap_hours = 1\n[offers]\ninfer = "trips"\n'


def order(
    order_id: str, driver_id: str | None, accepted: str | None, picked: str | None, door: str | None, **more: object
) -> dict[str, object]:
    day = more.pop("day", "2026-03-02")
    at = {name: time and f"{day} {time}:00" for name, time in (("accepted_at", accepted), ("picked_up_at", picked), ("delivered_at", door))}
    return {"order_id": order_id, "driver_id": driver_id, "mall_id": "M1", "placed_at": f"{day} 10:00:00", **at, **more}


# a and b overlap, c begins when b ends, d is of another mall, e of another driver, f has no driver, g was cancelled after its accept.
ROWS = [
    order("a", "ann", "10:10", "10:30", "11:00", store_id="S1"),
    order("b", "ann", "10:20", "10:30", "11:20", store_id="S2"),
    order("c", "ann", "11:20", "11:40", "12:00", store_id="S1"),
    order("d", "ann", "10:15", "10:45", "11:10", mall_id="M2"),
    order("e", "bob", "10:10", "10:30", "11:00"),
    order("f", None, "10:10", "10:30", "11:00"),
    order("g", "bob", "13:00", None, None, status="cancelled"),
]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path).open()


def trips_of(shop: Shop) -> dict[str, str | None]:
    return {row["order_id"]: row["trip_id"] for row in shop.rows("SELECT order_id, trip_id FROM orders")}


def test_overlapping_orders_of_one_driver_and_mall_are_one_trip(shop: Shop) -> None:
    result = shop.load(shop.rows_file("orders.csv", ROWS), mapping=TRIPS)

    assert trips_of(shop) == {
        "a": "inferred-a",
        "b": "inferred-a",
        "c": "inferred-c",
        "d": "inferred-d",
        "e": "inferred-e",
        "f": None,
        "g": "inferred-g",
    }
    trips = {
        row.pop("trip_id"): tuple(row.values())
        for row in shop.rows(
            "SELECT trip_id, driver_id, mall_id, market_id, order_count, store_count, status, engaged_s, is_inferred, local_hour FROM trips"
        )
    }
    assert trips == {
        "inferred-a": ("ann", "M1", "desert", 2, 2, "completed", 4200, True, 3),
        "inferred-c": ("ann", "M1", "desert", 1, 1, "completed", 2400, True, 4),
        "inferred-d": ("ann", "M2", "coast", 1, None, "completed", 3300, True, 5),
        "inferred-e": ("bob", "M1", "desert", 1, None, "completed", 3000, True, 3),
        "inferred-g": ("bob", "M1", "desert", 1, None, "cancelled", None, True, 6),
    }
    assert any(note.startswith("trips: 5 trips inferred from orders") for note in result.notes)


def test_an_order_of_another_mall_does_not_bridge_two_trips(shop: Shop) -> None:
    rows = [
        order("x", "ann", "10:10", "10:30", "10:40"),
        order("y", "ann", "10:10", "10:30", "11:30", mall_id="M2"),
        order("z", "ann", "11:00", "11:10", "11:20"),
    ]

    shop.load(shop.rows_file("orders.csv", rows), mapping=TRIPS)

    assert trips_of(shop) == {each: f"inferred-{each}" for each in "xyz"}


def test_orders_picked_up_at_the_same_second_are_one_trip_though_they_do_not_overlap(shop: Shop) -> None:
    rows = [order("a", "ann", None, "10:30", "10:30"), order("b", "ann", None, "10:30", "11:00"), order("c", "ann", None, None, "11:00")]

    shop.load(shop.rows_file("orders.csv", rows), mapping=TRIPS)

    assert trips_of(shop) == {"a": "inferred-a", "b": "inferred-a", "c": None}


def test_the_same_files_again_publish_no_version_though_trips_are_inferred(shop: Shop) -> None:
    path = shop.rows_file("orders.csv", ROWS)
    shop.load(path, mapping=ALL)

    again = shop.load(path, mapping=ALL)

    assert not again.is_new
    assert again.counts["orders"].unchanged == 7
    assert shop.warehouse.check() == []


@pytest.mark.parametrize("parts", [["ab", "cdefg"], ["bdf", "aceg"], ["g", "f", "e", "d", "c", "b", "a"]])
def test_trips_do_not_depend_on_the_order_in_which_files_are_loaded(shop: Shop, parts: list[str]) -> None:
    for part in parts:
        shop.load(shop.rows_file("orders.csv", [row for row in ROWS if row["order_id"] in part]), mapping=ALL)

    assert trips_of(shop)["b"] == "inferred-a"
    assert shop.row("SELECT count(*) AS n, sum(order_count) AS orders FROM trips") == {"n": 5, "orders": 6}
    assert shop.row("SELECT count(*) AS n, count(DISTINCT order_id) AS orders FROM orders") == {"n": 7, "orders": 7}
    assert shop.warehouse.check() == []


def test_inference_may_be_asked_for_after_the_orders_were_loaded(shop: Shop) -> None:
    path = shop.rows_file("orders.csv", ROWS)
    shop.load(path, mapping=HEAD)

    result = shop.load(path, mapping=TRIPS)

    assert result.is_new
    assert trips_of(shop)["b"] == "inferred-a"
    assert shop.row("SELECT count(*) AS n FROM orders") == {"n": 7}


def test_trips_of_a_source_stay_as_they_are(shop: Shop) -> None:
    shop.load(shop.rows_file("trips.csv", [{"trip_id": "T1", "driver_id": "ann", "accepted_at": "2026-03-02 10:10:00", "mall_id": "M1"}]))
    shop.load(shop.rows_file("orders.csv", [{**ROWS[0], "trip_id": "T1"}, ROWS[1]]), mapping=TRIPS)

    assert trips_of(shop) == {"a": "T1", "b": "inferred-b"}
    assert shop.rows("SELECT trip_id, is_inferred FROM trips ORDER BY trip_id") == [
        {"trip_id": "T1", "is_inferred": False},
        {"trip_id": "inferred-b", "is_inferred": True},
    ]


def test_shifts_run_from_first_to_last_event_and_are_cut_by_a_rest(shop: Shop) -> None:
    late = order("h", "ann", "13:01", "13:10", "13:30")
    edge = order("i", "bob", "12:00", "12:10", "12:30")

    result = shop.load(shop.rows_file("orders.csv", [*ROWS, late, edge]), mapping=ALL)

    shifts = shop.rows("SELECT shift_id, driver_id, online_s, is_inferred FROM shifts ORDER BY start_at, driver_id")
    # Ann rests for 61 minutes after 12:00; Bob exactly 60 after 11:00, which is no cut; his cancelled order ends where it began, at 13:00.
    assert [tuple(row.values()) for row in shifts] == [
        ("inferred-ann-20260302T101000", "ann", 6600, True),
        ("inferred-bob-20260302T101000", "bob", 10200, True),
        ("inferred-ann-20260302T130100", "ann", 1740, True),
    ]
    assert any(note.startswith("shifts: 3 shifts inferred") and "over 1 h" in note for note in result.notes)


def test_drivers_with_shifts_of_a_source_get_no_others(shop: Shop) -> None:
    shop.load(
        shop.rows_file(
            "shifts.csv", [{"shift_id": "s", "driver_id": "ann", "start_at": "2026-03-02 08:00:00", "end_at": "2026-03-02 18:00:00"}]
        )
    )

    shop.load(shop.rows_file("orders.csv", ROWS), mapping=ALL)

    assert [row["shift_id"] for row in shop.rows("SELECT shift_id FROM shifts ORDER BY shift_id")] == ["inferred-bob-20260302T101000", "s"]


def test_offers_are_the_accepted_ones_of_trips(shop: Shop) -> None:
    result = shop.load(shop.rows_file("orders.csv", ROWS), mapping=ALL)

    row = shop.row("SELECT * FROM offers WHERE trip_id = 'inferred-a'")
    assert (row["offer_id"], row["status"], row["order_count"], row["is_inferred"]) == ("inferred-offer-inferred-a", "accepted", 2, True)
    assert (str(row["shown_at"]), str(row["decided_at"])) == ("2026-03-02 10:10:00", "2026-03-02 10:10:00")
    assert shop.row("SELECT count(*) AS n FROM offers") == {"n": 5}
    assert any("accepted ones only" in note for note in result.notes)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[trips]\ninfer = "order"\n', "did you mean 'orders'"),
        ('[trips]\ninfer = "orders"\nfile = "trips.csv"\n', "keep one of them"),
        ('[shifts]\ninfer = "orders"\ngap_hours = 0\n', "above 0"),
        ('[trips]\ninfer = "orders"\ngap_hours = 1\n', "belongs to shifts"),
    ],
)
def test_an_inference_that_cannot_be_is_refused(text: str, message: str) -> None:
    with pytest.raises(MappingError, match=message):
        Mapping.parse(text)
