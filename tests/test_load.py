"""Loading: conservation of rows, appending and replacing, and what a second load of the same files does."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.contracts import Table, loadable_tables
from data.engine import Engine
from data.errors import MallReachError, MappingError, SourceError
from data.load import load
from data.report import report
from data.rules import RULES
from data.warehouse import Count, Warehouse
from tests.loading import DELIVERED, Shop, is_conserved, rules


@pytest.fixture(scope="module", autouse=True)
def _engines() -> Iterator[None]:
    """Leave no connection for the interpreter's end, where the bindings would complain of it."""
    yield
    Engine._open.clear()


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path).open()


def test_an_order_is_stored_with_its_market_and_local_calendar(shop: Shop) -> None:
    shop.orders({})

    row = shop.row(
        "SELECT market_id, local_date::VARCHAR AS day, local_hour, local_dow, local_week_on::VARCHAR AS week, status FROM orders"
    )

    # Without a mapping 17:00 is UTC, which is 10 in Phoenix; 2 March 2026 is a Monday.
    assert row == {
        "market_id": "desert",
        "day": "2026-03-02",
        "local_hour": 10,
        "local_dow": 1,
        "week": "2026-03-02",
        "status": "delivered",
    }


def test_the_week_begins_on_the_market_s_first_weekday(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    markets = shop.write("markets.csv", "market_id,name,time_zone,week_start\ndesert,Desert,America/Phoenix,7\n")
    malls = shop.write("malls.csv", "mall_id,market_id,name,latitude,longitude\nM1,desert,One,33.5,-112.0\n")
    orders = shop.rows_file(
        "orders.csv", [{**DELIVERED, "placed_at": f"2026-03-0{day} 17:00:00", "order_id": f"o{day}"} for day in (1, 2, 7, 8)]
    )
    shop.load(markets, malls, orders)

    weeks = [row["week"] for row in shop.rows("SELECT local_week_on::VARCHAR AS week FROM orders ORDER BY order_id")]

    assert weeks == ["2026-03-01", "2026-03-01", "2026-03-01", "2026-03-08"]


def test_the_same_files_again_publish_no_version(shop: Shop) -> None:
    first = shop.orders({}, {"order_id": "o2"})

    again = shop.orders({}, {"order_id": "o2"})

    assert (first.is_new, again.is_new) == (True, False)
    assert again.counts["orders"] == Count(rows_in=2, unchanged=2)
    assert again.version is not None
    assert first.version is not None
    assert again.version.id == first.version.id
    assert "No new version" in report(again)


def test_the_same_files_again_under_replace_publish_no_version(shop: Shop) -> None:
    shop.orders({}, {"order_id": "o2"})

    again = shop.orders({}, {"order_id": "o2"}, replace=True)

    assert not again.is_new
    assert again.counts["orders"] == Count(rows_in=2, unchanged=2)


def test_an_append_tells_new_changed_and_unchanged_rows_apart(shop: Shop) -> None:
    shop.orders({"order_id": "same"}, {"order_id": "late"}, {"order_id": "other"})

    result = shop.orders({"order_id": "same"}, {"order_id": "late", "delivered_at": "2026-03-02 18:00:00"}, {"order_id": "new"})

    assert result.counts["orders"] == Count(rows_in=3, kept=1, replaced=1, unchanged=1)
    rows = shop.rows("SELECT order_id, click_to_door_s FROM orders ORDER BY order_id")
    assert [(row["order_id"], row["click_to_door_s"]) for row in rows] == [("late", 3600), ("new", 2400), ("other", 2400), ("same", 2400)]
    assert shop.warehouse.check() == []


def test_a_row_may_change_twice_and_the_last_change_wins(shop: Shop) -> None:
    shop.orders({})
    shop.orders({"delivered_at": "2026-03-02 18:00:00"})

    shop.orders({"delivered_at": "2026-03-02 19:00:00"})

    assert shop.row("SELECT count(*) AS n, max(click_to_door_s) AS s FROM orders") == {"n": 1, "s": 7200}
    assert shop.warehouse.check() == []


def test_a_later_state_is_not_overwritten_by_an_older_file(shop: Shop) -> None:
    open_ = {"delivered_at": None, "picked_up_at": None}
    shop.orders({"order_id": "done"}, {"order_id": "back", "status": "returned"}, {"order_id": "way", "delivered_at": None})

    result = shop.orders(
        {"order_id": "done", **open_},
        {"order_id": "back"},
        {"order_id": "way", **open_},
        {"order_id": "done-now", **open_},
    )
    newer = shop.orders({"order_id": "done", "status": "cancelled"}, {"order_id": "way"}, {"order_id": "back", "status": "returned"})

    assert result.counts["orders"] == Count(rows_in=4, kept=1, unchanged=3)
    assert rules(result)["earlier_state", "status"] == 3
    assert [each.example for each in result.findings if each.rule == "earlier_state"] == ["orders.csv line 2: order_id done"]
    # What is over may be corrected: a cancellation replaces a delivery.
    assert newer.counts["orders"] == Count(rows_in=3, replaced=2, unchanged=1)
    rows = shop.rows("SELECT order_id, status FROM orders ORDER BY order_id")
    assert [tuple(row.values()) for row in rows] == [("back", "returned"), ("done", "cancelled"), ("done-now", None), ("way", "delivered")]


def test_under_replace_the_files_are_taken_as_they_are(shop: Shop) -> None:
    shop.orders({})

    result = shop.orders({"delivered_at": None}, replace=True)

    assert result.counts["orders"] == Count(rows_in=1, kept=1)
    assert shop.row("SELECT status FROM orders") == {"status": None}


def test_of_two_states_in_one_load_the_later_stands_whichever_file_comes_first(shop: Shop) -> None:
    monday = shop.rows_file("orders-1.csv", [{**DELIVERED, "delivered_at": None}, {**DELIVERED, "order_id": "o2"}])
    tuesday = shop.rows_file("orders-2.csv", [DELIVERED, {**DELIVERED, "order_id": "o2", "delivered_at": None}])

    result = shop.load(monday, tuesday)

    assert result.counts["orders"] == Count(rows_in=4, kept=2, merged=2)
    assert shop.rows("SELECT click_to_door_s AS s FROM orders") == [{"s": 2400}, {"s": 2400}]


def test_replace_drops_earlier_rows_of_the_given_table_only(shop: Shop) -> None:
    shop.orders({"order_id": "old"})

    result = shop.orders({"order_id": "new"}, replace=True)

    assert result.counts["orders"] == Count(rows_in=1, kept=1)
    assert [row["order_id"] for row in shop.rows("SELECT order_id FROM orders")] == ["new"]
    assert shop.row("SELECT count(*) AS n FROM malls") == {"n": 2}


def test_identical_rows_are_merged_and_contradicting_ones_rejected(shop: Shop) -> None:
    result = shop.orders({}, {}, {"delivered_at": "2026-03-02 18:00:00"}, {"order_id": "o2"})

    assert result.counts["orders"] == Count(rows_in=4, kept=2, merged=1, rejected=1)
    assert rules(result)["contradictory_duplicate", "delivered_at"] == 1
    assert rules(result)["repeated_rows", "order_id"] == 1
    assert shop.row("SELECT click_to_door_s AS s FROM orders WHERE order_id = 'o1'") == {"s": 2400}


def test_rows_of_one_order_per_item_are_merged_without_a_finding_where_the_mapping_expects_them(shop: Shop) -> None:
    mapping = '[orders]\nfile = "orders.csv"\nmerge = true\ntime_zone = "UTC"\n'

    result = shop.orders({"item": "tea"}, {"item": "cake"}, mapping=mapping)

    assert result.counts["orders"] == Count(rows_in=2, kept=1, merged=1)
    assert not result.findings


def test_rejects_are_written_with_table_line_column_rule_and_value(shop: Shop) -> None:
    result = shop.orders({}, {"order_id": None}, {"order_id": "o3", "placed_at": "yesterday"}, {"order_id": "o4", "dropoff_latitude": "99"})

    assert result.rejects_path is not None
    with result.rejects_path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["table"], row["file"], row["line"], row["column"], row["rule"], row["value"]) for row in rows] == [
        ("orders", "orders.csv", "3", "order_id", "missing_key", ""),
        ("orders", "orders.csv", "4", "placed_at", "unparsable_value", "yesterday"),
        ("orders", "orders.csv", "5", "dropoff_latitude", "impossible_coordinates", "99, -112.01"),
    ]


def test_rejects_of_a_load_that_publishes_nothing_are_kept_beside_the_versions(shop: Shop) -> None:
    result = shop.orders({"order_id": None})

    assert not result.is_new
    assert result.rejects_path == shop.warehouse.root / "rejects-unpublished.csv"
    assert result.rejects_path.read_text().count("missing_key") == 1


def test_a_reject_that_looks_like_a_formula_is_guarded(shop: Shop) -> None:
    result = shop.orders({"placed_at": '=HYPERLINK("x")'}, {"order_id": "o2", "placed_at": "-5"})

    assert result.rejects_path is not None
    with result.rejects_path.open(newline="") as file:
        values = [row["value"] for row in csv.DictReader(file)]
    assert values == ['\'=HYPERLINK("x")', "-5"]


def test_the_report_names_every_rule_with_an_example(shop: Shop) -> None:
    text = report(shop.orders({}, {"order_id": "o2", "arrived_at": "2026-03-02 16:00:00"}, {"order_id": None}))

    assert RULES["missing_key"].meaning in text
    assert "orders.csv line 3: 2026-03-02 16:00:00, before 2026-03-02 17:05:00" in text
    assert "orders.csv line 4" in text


def test_a_line_is_the_record_s_number_though_a_field_holds_line_breaks(shop: Shop) -> None:
    result = shop.orders({"customer_id": "two\nlines"}, {"order_id": None})

    assert result.findings[0].example.startswith("orders.csv line 3")


def test_parquet_lines_are_row_numbers(shop: Shop) -> None:
    path = shop.folder / "orders.parquet"
    pq.write_table(pa.table({"order_id": ["a", None], "placed_at": pa.array([0, 0], pa.timestamp("us", "UTC"))}), path)

    result = shop.load(path)

    assert result.counts["orders"] == Count(rows_in=2, kept=1, rejected=1)
    assert result.findings[0].example.startswith("orders.parquet line 2")


def test_typed_and_text_sources_give_the_same_rows(shop: Shop) -> None:
    shop.orders({})
    text = shop.row("SELECT * FROM orders")
    typed = pa.table(
        {
            name: pa.array([value]).cast(pa.timestamp("us")).cast(pa.timestamp("ns", "UTC"))
            if name.endswith("_at")
            else pa.array([float(value)])
            if name.startswith("dropoff")
            else pa.array([value])
            for name, value in DELIVERED.items()
        }
    )
    path = shop.folder / "orders.parquet"
    pq.write_table(typed, path)

    result = shop.load(path)

    assert result.counts["orders"] == Count(rows_in=1, unchanged=1)
    assert shop.row("SELECT * FROM orders") == text


def test_a_mall_that_moves_makes_reloaded_orders_follow(shop: Shop) -> None:
    shop.orders({})
    before = shop.row("SELECT distance_m FROM orders")
    moved = shop.write("malls.csv", "mall_id,market_id,name,latitude,longitude\nM1,desert,One,33.6,-112.0\n")

    result = shop.load(moved)
    again = shop.orders({})

    assert any("load the orders again" in note for note in result.notes)
    assert again.counts["orders"] == Count(rows_in=1, replaced=1)
    assert shop.row("SELECT distance_m FROM orders")["distance_m"] > before["distance_m"]


def test_nothing_changes_when_a_file_is_at_fault(shop: Shop) -> None:
    shop.orders({})
    before = shop.warehouse.current()
    bad = shop.write("orders.csv", "order_id\no1\n")

    with pytest.raises(SourceError, match="placed_at"):
        shop.load(bad)

    assert shop.warehouse.current() == before
    assert list((shop.warehouse.root / ".drafts").iterdir()) == []


def test_several_files_of_one_table_are_one_load(shop: Shop) -> None:
    one = shop.rows_file("orders-1.csv", [DELIVERED, {**DELIVERED, "order_id": "o2"}])
    two = shop.rows_file("orders-2.csv", [DELIVERED])

    result = shop.load(one, two)

    assert result.counts["orders"] == Count(rows_in=3, kept=2, merged=1)
    assert [(source.path, source.rows) for source in result.sources] == [("orders-1.csv", 2), ("orders-2.csv", 1)]


def test_the_manifest_records_sources_counts_and_extent(shop: Shop) -> None:
    result = shop.orders({}, {"order_id": "o2", "placed_at": "2026-03-01 16:59:00"})

    assert result.version is not None
    manifest = result.version.manifest
    assert manifest.sources == result.sources
    assert len(manifest.sources[0].sha256) == 64
    assert manifest.counts["orders"].kept == 2
    assert str(manifest.extent["desert"].first_on) == "2026-03-01"


def test_a_last_day_that_breaks_off_early_is_not_complete(shop: Shop) -> None:
    days = [{"order_id": f"o{day}", "placed_at": f"2026-03-{day:02} 23:00:00", "delivered_at": None} for day in range(1, 11)]
    cut = {"order_id": "cut", "placed_at": "2026-03-11 20:59:00", "delivered_at": None}
    whole = {"order_id": "whole", "placed_at": "2026-03-11 21:00:00", "delivered_at": None}

    first = shop.orders(*days, cut)
    second = shop.orders(whole)

    assert first.version is not None
    assert str(first.version.manifest.extent["desert"].last_complete_on) == "2026-03-10"
    assert second.version is not None
    assert str(second.version.manifest.extent["desert"].last_complete_on) == "2026-03-11"


def test_the_extent_forgets_rows_that_were_replaced(shop: Shop) -> None:
    shop.orders({}, {"order_id": "o2", "placed_at": "2026-03-01 17:00:00"})

    result = shop.orders({"order_id": "o2", "placed_at": "2026-03-03 17:00:00", "delivered_at": "2026-03-03 17:40:00"})

    assert result.version is not None
    extent = result.version.manifest.extent["desert"]
    assert (str(extent.first_on), str(extent.last_complete_on)) == ("2026-03-02", "2026-03-03")


def test_catchments_are_made_for_every_mall_and_follow_new_doors(shop: Shop) -> None:
    shop.orders({})
    before = shop.row("SELECT count(*) AS n, count(DISTINCT mall_id) AS malls FROM catchments")

    shop.orders({"order_id": "o2", "dropoff_latitude": "33.6"})

    after = shop.row("SELECT count(*) AS n FROM catchments WHERE mall_id = 'M1'")
    assert before == {"n": 3, "malls": 2}
    assert after == {"n": 3}


def test_progress_is_told_from_first_to_last_step(shop: Shop) -> None:
    seen: list[tuple[str, int, int]] = []
    path = shop.rows_file("orders.csv", [DELIVERED])

    load([path], warehouse=shop.warehouse, progress=lambda *step: seen.append(step))

    assert seen[0] == ("reading orders.csv", 0, seen[0][2])
    assert seen[-1][0] == "publishing"
    assert [step[1] for step in seen] == list(range(seen[0][2]))


def test_an_unknown_file_name_asks_for_a_mapping(shop: Shop) -> None:
    with pytest.raises(SourceError, match="mapping"):
        shop.load(shop.write("things.csv", "a,b\n1,2\n"))
    with pytest.raises(MappingError, match="the mapping names no such file"):
        shop.load(shop.write("things.csv", "a,b\n1,2\n"), mapping='[orders]\nfile = "orders.csv"\n')


dirty_text = st.one_of(
    st.none(),
    st.sampled_from(["o1", "o2", "o3", "M1", "M2", "delivered", "lost", "0", "-1", "33.5", "-112", "1e400", "nan", "9" * 30, "NULL", "é"]),
    st.sampled_from(
        ["2026-03-02 17:00:00", "2026-03-08T02:30:00", "2026-11-01 01:30", "1772470800", "1772470800000", "infinity", "0001-01-01"]
    ),
    st.sampled_from(
        ["2026-03-02T17:00:00+02:00", "2026-03-02 17:00:00 Mars/Base", "294247-01-10 04:00:54", "2026-13-45", " ", "'", '"', "=1+1"]
    ),
    st.text(max_size=6).filter(lambda text: "\x00" not in text),
)
dirty_rows = st.lists(
    st.fixed_dictionaries(
        {"order_id": st.sampled_from(["o1", "o2", "o3", None, " o1 "]), "placed_at": dirty_text},
        optional={
            name: dirty_text
            for name in [*DELIVERED, "status", "fee_cents", "driver_id", "market_id"]
            if name not in ("order_id", "placed_at")
        },
    ),
    max_size=12,
)


@given(first=dirty_rows, second=dirty_rows)
@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_rows_in_are_kept_merged_replaced_unchanged_or_rejected_whatever_the_file(
    tmp_path_factory: pytest.TempPathFactory, first: list[dict[str, object]], second: list[dict[str, object]]
) -> None:
    shop = Shop(tmp_path_factory.mktemp("dirty")).open()
    for rows in (first, second):
        given_rows = [{"order_id": None, "placed_at": None, **row} for row in rows]
        header = list(dict.fromkeys(["order_id", "placed_at", *(name for row in rows for name in row)]))
        path = shop.folder / "orders.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, header, quoting=csv.QUOTE_ALL)
            writer.writeheader()
            writer.writerows(given_rows)
        known = shop.row("SELECT count(*) AS n FROM orders")["n"]

        result = shop.load(path)

        count = result.counts["orders"]
        assert count.rows_in == len(rows)
        assert is_conserved(count)
        assert shop.row("SELECT count(*) AS n, count(DISTINCT order_id) AS keys FROM orders") == {
            "n": known + count.kept,
            "keys": known + count.kept,
        }
        assert sum(each.rows for each in result.findings if each.severity == "reject") == count.rejected
        wrong = "prep_s < 0 OR assign_s < 0 OR approach_s < 0 OR store_wait_s < 0 OR handling_s < 0 OR drive_s < 0 OR unsplit_s < 0"
        assert shop.rows(f"SELECT * FROM orders WHERE {wrong}") == []
        again = shop.load(path)
        assert not again.is_new


@given(table=st.sampled_from([each for each in loadable_tables() if each.name != "orders"]), data=st.data())
@settings(max_examples=24, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_rows_of_every_table_are_conserved_whatever_the_file(
    tmp_path_factory: pytest.TempPathFactory, table: Table, data: st.DataObject
) -> None:
    shop = Shop(tmp_path_factory.mktemp("dirty"))
    columns = {column.name: dirty_text for column in table.loaded}
    rows = data.draw(st.lists(st.fixed_dictionaries(columns), max_size=8))
    path = shop.folder / f"{table.name}.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(columns), quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(rows)

    count = shop.load(path).counts[table.name]

    assert count.rows_in == len(rows)
    assert is_conserved(count)


@given(content=st.one_of(st.binary(max_size=60), st.text('o1,;"\n\r\t 2026-', max_size=80).map(str.encode)), has_header=st.booleans())
@settings(max_examples=24, suppress_health_check=[HealthCheck.too_slow])
def test_any_bytes_are_loaded_or_refused_in_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, *, has_header: bool
) -> None:
    shop = Shop(tmp_path_factory.mktemp("bytes"))
    path = shop.write("orders.csv", (b"order_id,placed_at\n" if has_header else b"") + content)

    refusal, count = "", Count()
    try:
        count = shop.load(path).counts["orders"]
    except MallReachError as error:
        refusal = str(error)

    assert is_conserved(count)
    assert not refusal or ("orders.csv" in refusal and "\n" not in refusal)


def test_warehouse_of_an_empty_folder_takes_header_only_files(tmp_path: Path) -> None:
    shop = Shop(tmp_path)

    result = shop.load(shop.write("orders.csv", "order_id,placed_at\n"))

    assert result.counts["orders"] == Count()
    assert not result.is_new
    assert Warehouse(tmp_path / "warehouse").current() is None
