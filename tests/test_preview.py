"""A rehearsed load: what would be stored, what is null and why, and that nothing is published."""

import pytest

from data import preview as module
from data.errors import MappingError, SourceError
from data.mapping import Mapping
from data.preview import EMPTY, FOLLOWS, preview
from tests.loading import DELIVERED, MALLS, MARKETS, Shop


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path).open()


def orders(shop, *rows):
    return shop.rows_file("orders.csv", [{**DELIVERED, **row} for row in rows])


def only(previews):
    (one,) = previews
    return one


def whys(shown):
    return {(each.column, each.why): each.rows for each in shown.missing}


def test_rows_are_shown_as_they_will_be_stored(shop):
    path = orders(shop, {})

    (row,) = only(preview([path], None, shop.warehouse)).rows.to_pylist()

    shop.load(path)
    stored = shop.row("SELECT * FROM orders")
    cells = {"dropoff_cell": f"{stored['dropoff_cell']:x}"}
    assert {name: row.get(name) for name in stored} == {**stored, **cells}
    assert (row["file"], row["line"], row["fate"]) == ("orders.csv", 2, "kept")


def test_nothing_is_published_and_no_lock_is_needed(shop):
    before = shop.warehouse.versions()

    with shop.warehouse.draft():
        preview([orders(shop, {})], None, shop.warehouse)

    assert shop.warehouse.versions() == before


def test_every_row_says_what_becomes_of_it(shop):
    shop.orders({"order_id": "same"}, {"order_id": "late"})
    path = orders(
        shop,
        {"order_id": "same"},
        {"order_id": "late", "delivered_at": "2026-03-02 18:00:00"},
        {"order_id": "new"},
        {"order_id": "new"},
        {"order_id": "new", "delivered_at": "2026-03-02 19:00:00"},
        {"order_id": "", "placed_at": "2026-03-02 17:00:00"},
    )

    shown = only(preview([path], None, shop.warehouse))

    assert shown.rows["fate"].to_pylist() == [
        "unchanged",
        "replaced",
        "kept",
        "merged",
        "rejected: contradictory_duplicate",
        "rejected: missing_key",
    ]
    count = shown.count
    assert (count.rows_in, count.kept, count.merged, count.replaced, count.unchanged, count.rejected) == (6, 1, 1, 1, 1, 2)


def test_missing_values_have_their_reason(shop):
    path = orders(
        shop, {}, {"order_id": "o2", "ready_at": "later"}, {"order_id": "o3", "ready_at": "NaN"}, {"order_id": "o4", "ready_at": ""}
    )

    found = whys(only(preview([path], None, shop.warehouse)))

    assert found["ready_at", "cannot be read"] == 1
    assert found["ready_at", "a word for nothing"] == 1
    assert found["ready_at", EMPTY] == 1
    assert found["ready_to_door_s", FOLLOWS] == 3


def test_a_reason_has_its_example(shop):
    shown = only(preview([orders(shop, {"ready_at": "later"})], None, shop.warehouse))

    assert [each.example for each in shown.missing if each.column == "ready_at"] == ["orders.csv line 2: ready_at = later"]


def test_columns_of_no_file_are_named_once_and_not_counted_as_missing(shop):
    shown = only(preview([orders(shop, {})], None, shop.warehouse))

    assert "store_id" in shown.absent
    assert "dropoff_cell" not in shown.absent
    assert not [each for each in shown.missing if each.column == "store_id"]


def test_tables_of_the_same_load_are_known_to_each_other(tmp_path):
    shop = Shop(tmp_path)
    files = [shop.write("markets.csv", MARKETS), shop.write("malls.csv", MALLS), orders(shop, {})]

    shown = {each.table.name: each for each in preview(files, None, shop.warehouse)}

    assert shown["orders"].rows["market_id"].to_pylist() == ["desert"]
    assert shown["malls"].count.kept == 2
    assert shop.warehouse.current() is None


def test_orders_are_looked_at_from_their_beginning_only(shop, monkeypatch):
    monkeypatch.setattr(module, "SAMPLE_ROWS", 3)
    whole, cut = orders(shop, *({"order_id": f"o{number}"} for number in range(3))), None
    assert only(preview([whole], None, shop.warehouse)).is_whole
    cut = orders(shop, *({"order_id": f"o{number}"} for number in range(4)))

    shown = only(preview([cut], None, shop.warehouse, rows=2))

    assert not shown.is_whole
    assert shown.count.rows_in == 3
    assert shown.rows["order_id"].to_pylist() == ["o0", "o1"]


def test_rules_are_those_of_the_load(shop):
    path = orders(shop, {"delivered_at": "2026-03-02 16:00:00"})

    shown = only(preview([path], None, shop.warehouse))

    loaded = shop.load(path).findings
    assert {(each.rule, each.rows) for each in shown.findings} == {(each.rule, each.rows) for each in loaded}


def test_a_mapping_names_the_columns(shop):
    path = shop.write("x.csv", "nr,mall,when\no1,M1,2026-03-02 17:00\n")
    mapping = Mapping.parse(
        '[orders]\nfile = "x.csv"\ncolumns = { order_id = "nr", mall_id = "mall", placed_at = "when" }', path.parent / "m.toml"
    )

    (row,) = only(preview([], mapping, shop.warehouse)).rows.to_pylist()

    assert (row["order_id"], row["placed_at"].hour) == ("o1", 0)


def test_a_fault_of_the_whole_file_is_the_loads_sentence(shop):
    path = shop.write("orders.csv", "order_id\no1\n")

    with pytest.raises(SourceError, match="placed_at"):
        preview([path], None, shop.warehouse)


def test_what_stands_elsewhere_is_not_fetched(shop):
    with pytest.raises(MappingError, match="not previewed"):
        preview(["https://example.invalid/orders.parquet"], None, shop.warehouse)


@pytest.mark.parametrize("name", ["stores", "drivers", "shifts", "offers", "trips", "demand_areas", "demand_cells", "baseline"])
def test_every_table_can_be_rehearsed(shop, name):
    rows = {
        "stores": "store_id,mall_id,name\nS1,M1,Store\n",
        "drivers": "driver_id,market_id\nD1,desert\n",
        "shifts": "shift_id,driver_id,market_id,start_at,end_at\nH1,D1,desert,2026-03-02 17:00:00,2026-03-02 20:00:00\n",
        "offers": "offer_id,driver_id,mall_id,shown_at\nF1,D1,M1,2026-03-02 17:00:00\n",
        "trips": "trip_id,driver_id,mall_id,accepted_at,ended_at\nT1,D1,M1,2026-03-02 17:00:00,2026-03-02 18:00:00\n",
        "demand_areas": "area_id,market_id,latitude,longitude,population\nA1,desert,33.5,-112.0,100\n",
        "demand_cells": "cell,market_id,population\n8929b6d162fffff,desert,100\n",
        "baseline": "market_id,local_date,orders\ndesert,2026-03-02,5\n",
    }[name]

    shown = only(preview([shop.write(f"{name}.csv", rows)], None, shop.warehouse))

    assert shown.table.name == name
    assert shown.rows["fate"].to_pylist() == ["kept"]
