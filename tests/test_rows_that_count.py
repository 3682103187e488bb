"""Rows that a mapping leaves out, lists and logs that it joins, ids of several parts, days without a year, and files between blanks."""

import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.errors import MappingError
from data.mapping import Mapping
from data.warehouse import Count
from tests.loading import Shop, rules

PLACED = "2026-03-02 17:00"
ORDERS = '[orders]\nfile = "orders.csv"\ntime_zone = "UTC"\n'


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("counting")).open()


def column(shop: Shop, sql: str) -> list[object]:
    return [next(iter(row.values())) for row in shop.rows(f"SELECT {sql} FROM orders ORDER BY order_id")]


def test_rows_count_by_words_numbers_and_what_is_missing_and_broken_ones_are_still_told(shop: Shop) -> None:
    text = "order_id,mall_id,placed_at,state,grabbed,done,note\n"
    for order, state, grabbed, done in (
        ("a", "Food", "1", "17"),
        ("b", "drinks", "1.0", "18"),
        ("c", "parcel", "1", "19"),
        ("d", "food", "0", "20"),
        ("e", "food", "1", "0"),
        ("f", "food", "1", ""),
        ("i", "food", "1", "NaN"),
        ("g", "", "1", "21"),
    ):
        text += f"{order},M1,{PLACED},{state},{grabbed},{done},\n"
    shop.write("orders.csv", f"{text}h,M1\n")

    result = shop.load(
        mapping=ORDERS + 'only = { state = ["food", "DRINKS"], Grabbed = 1 }\nexcept = { done = [0, ""], note = "test" }\n',
        replace=True,
    )

    assert column(shop, "order_id") == ["a", "b"]
    assert result.counts["orders"] == Count(rows_in=3, kept=2, rejected=1)
    assert rules(result) == {("malformed_record", ""): 1, ("status_unknown", "status"): 2}
    assert "orders: 6 of 9 rows of orders.csv are left out, as the mapping says (only, except)" in result.notes
    assert not any("columns not used" in note for note in result.notes)


def test_a_column_to_choose_rows_by_must_be_there(shop: Shop) -> None:
    shop.write("orders.csv", f"order_id,mall_id,placed_at\na,M1,{PLACED}\n")

    with pytest.raises(MappingError, match=r"orders only, except: .*has no column 'state'"):
        shop.load(mapping=ORDERS + 'only = { state = "food" }\n')


def test_words_are_compared_in_any_case_of_any_letters_and_long_numbers_as_the_ids_that_they_are(shop: Shop) -> None:
    ids = ["9007199254740993", "9007199254740992", "\u0661", "{below}", "\u039f\u03a3", "100%", "it's"]
    shop.rows_file("orders.csv", [{"order_id": place, "mall_id": "M1", "placed_at": PLACED, "it": each} for place, each in enumerate(ids)])

    for place, word in enumerate(ids):
        shop.load(mapping=ORDERS + f'only = {{ it = "{word}" }}\n', replace=True)
        assert column(shop, "order_id") == [str(place)], word

    name = '{below}\'s "[100%]"'
    rows = pa.table({"order_id": ["a", "b"], "mall_id": ["M1", "M1"], "placed_at": [PLACED, PLACED], name: [1, 2]})
    pq.write_table(rows, shop.folder / "orders.parquet")
    shop.load(mapping=ORDERS.replace(".csv", ".parquet") + f"only = {{ {json.dumps(name)} = 2 }}\n", replace=True)
    assert column(shop, "order_id") == ["b"]


def test_a_log_of_events_is_joined_once_for_every_event_and_rows_count_by_what_is_joined(shop: Shop) -> None:
    events = [("a", "PICKED", "17:20"), ("a", "PICKED", "17:19"), ("a", "DONE", "17:40"), ("b", "PICKED", "17:30"), ("c", "DONE", "18:00")]
    shop.write("events.csv", "\n".join(["order,event,at", *(f"{order},{event},2026-03-02 {at}" for order, event, at in events), "c\n"]))
    shop.rows_file("orders.csv", [{"order_id": order, "mall_id": "M1", "placed_at": PLACED} for order in "abc"])
    mapping = """
    join = [
        { name = "picked", file = "events.csv", on = { order_id = "order" }, only = { event = "picked" }, keep = "first", by = "at" },
        { name = "done", file = "events.csv", on = { order_id = "order" }, except = { event = "PICKED" } },
    ]
    columns = { picked_up_at = "picked.at", delivered_at = "done.at" }
    except = { "picked.at" = "" }
    """

    result = shop.load(mapping=ORDERS + mapping, replace=True)

    assert column(shop, "(order_id, strftime(picked_up_at, '%H:%M'), strftime(delivered_at, '%H:%M'))::VARCHAR") == [
        "(a, '17:19', '17:40')",
        "(b, '17:30', NULL)",
    ]
    assert "orders: 1 of 3 rows of orders.csv are left out, as the mapping says (only, except)" in result.notes
    assert "orders: broken records of events.csv: 1, the first in line 7; they are left out" in result.notes


def test_broken_records_of_a_joined_file_are_told(shop: Shop) -> None:
    shop.rows_file("orders.csv", [{"order_id": "a", "mall_id": "M1", "placed_at": PLACED}])
    shop.write("riders.csv", "order,rider,vehicle\na,x\n")
    join = 'join = { file = "riders.csv", on = { order_id = "order" } }\n'

    result = shop.load(mapping=ORDERS + join + 'columns = { driver_id = "riders.rider" }\n', replace=True)

    assert column(shop, "driver_id") == ["x"]
    told = "orders: broken records of riders.csv: 1, the first in line 2; they are joined with the fields that they have"
    assert told in result.notes


@pytest.mark.parametrize("values", [["[17, 18, 17]", "19", "[]"], [[17, 18, 17], [19], []], [[17.0, 18.0, None], [19.0], []]])
def test_each_element_of_a_list_is_a_key_once(shop: Shop, values: list[object]) -> None:
    pq.write_table(pa.table({"courier": ["x", "y", "z"], "number": [1, 2, 3], "ids": values}), shop.folder / "waves.parquet")
    shop.rows_file("orders.csv", [{"order_id": order, "mall_id": "M1", "placed_at": PLACED} for order in ("17", "18", "19", "20")])
    join = 'join = { name = "wave", file = "waves.parquet", on = { order_id = "ids" }, split = "ids" }\n'

    result = shop.load(mapping=ORDERS + join + 'columns = { trip_id = ["wave.courier", "wave.number"] }\n', replace=True)

    assert column(shop, "trip_id") == ["x-1", "x-1", "y-2", None]
    assert "orders: 1 rows have no match in waves.parquet; they stay" in result.notes


def test_trips_outside_the_shifts_of_their_drivers_and_without_an_end_are_told(shop: Shop) -> None:
    shop.rows_file(
        "shifts.csv", [{"shift_id": each, "driver_id": each, "start_at": PLACED, "end_at": "2026-03-02 20:00"} for each in "abc"]
    )
    ends = {"a": "17:30", "b": "17:40", "c": "", "d": "17:50", "e": "17:50"}
    trips = [
        {"trip_id": each, "driver_id": each, "accepted_at": "2026-03-02 17:10", "ended_at": end and f"2026-03-02 {end}"}
        for each, end in ends.items()
    ]
    shop.rows_file("trips.csv", trips)

    result = shop.load(shop.folder / "shifts.csv", shop.folder / "trips.csv")

    (outside,) = (note for note in result.notes if "outside the shifts" in note)
    assert outside.startswith(
        "trips: 2 of 4 lie outside the shifts of their drivers and are no engaged time (2 are of drivers without a shift, such as d)"
    )
    (unended,) = (note for note in result.notes if "no usable end" in note)
    assert unended.startswith("trips: 1 have no usable end, so the engaged time of 1 of 3 shifts is unknown")

    mapping = '[trips]\nfile = "trips.csv"\ntime_zone = "UTC"\nexcept = { ended_at = "", driver_id = ["d", "e"] }\n'
    again = shop.load(shop.folder / "trips.csv", mapping=mapping, replace=True)
    assert not any("outside the shifts" in note or "no usable end" in note for note in again.notes)


def test_a_trip_that_reaches_into_two_shifts_hides_no_trip_outside_all(shop: Shop) -> None:
    shifts, trips = [("17:00", "18:00"), ("18:30", "20:00")], [("17:30", "19:00"), ("21:00", "21:30")]
    kinds = (("shift", "start_at", "end_at", shifts), ("trip", "accepted_at", "ended_at", trips))
    for key, start, end, spans in kinds:
        rows = [{f"{key}_id": a, "driver_id": "a", start: f"2026-03-02 {a}", end: f"2026-03-02 {b}"} for a, b in spans]
        shop.rows_file(f"{key}s.csv", rows)

    result = shop.load(shop.folder / "shifts.csv", shop.folder / "trips.csv", replace=True)

    (outside,) = (note for note in result.notes if "outside the shifts" in note)
    assert outside.startswith("trips: 1 of 2 lie outside the shifts of their drivers and are no engaged time; ")


def test_whole_numbers_with_a_fraction_are_the_same_ids_as_without(shop: Shop) -> None:
    ids = ["17.0", "17", "v1.0", "007.0", "2.50"]
    rows = [{"order_id": place, "mall_id": "M1", "placed_at": PLACED, "rider": each} for place, each in enumerate(ids)]
    shop.rows_file("orders.csv", rows)
    shop.rows_file("riders.csv", [{"rider": "17", "name": "x"}, {"rider": "7", "name": "y"}])
    join = 'join = { file = "riders.csv", on = "rider" }\n'

    shop.load(mapping=ORDERS + join + 'columns = { driver_id = "rider", customer_id = "riders.name" }\n', replace=True)

    assert column(shop, "driver_id") == ["17", "17", "v1.0", "007", "2.50"]
    assert column(shop, "customer_id") == ["x", "x", None, None, None]


def test_rows_without_an_id_are_known_by_file_and_line_and_are_the_same_the_next_time(shop: Shop) -> None:
    shop.write("orders-1.csv", f"mall_id,placed_at\nM1,{PLACED}\nM1,{PLACED}\n")
    pq.write_table(pa.table({"mall_id": ["M1"], "placed_at": [PLACED]}), shop.folder / "orders-2.parquet")
    mapping = ORDERS.replace("orders.csv", "orders-*") + 'columns = { order_id = ["#file", "#line"] }\n'

    shop.load(mapping=mapping, replace=True)

    assert column(shop, "order_id") == ["orders-1.csv-2", "orders-1.csv-3", "orders-2.parquet-1"]
    assert not shop.load(mapping=mapping).is_new

    with pd.ExcelWriter(shop.folder / "book.xlsx") as book:
        for sheet in "AB":
            pd.DataFrame({"mall_id": ["M1"], "placed_at": [PLACED]}).to_excel(book, sheet_name=sheet, index=False)
    sheets = (mapping.replace("orders-*", f'book.xlsx"\nsheet = "{sheet}').replace("[orders]", "[[orders]]") for sheet in "AB")
    shop.load(mapping="".join(sheets), replace=True)
    assert column(shop, "order_id") == ["book.xlsx#A-2", "book.xlsx#B-2"]


def test_ids_of_several_columns_are_kept_apart_and_miss_what_a_part_misses(shop: Shop) -> None:
    parts = [("1", "23"), ("12", "3"), ("1", "nan"), ("", "5")]
    rows = [{"order_id": str(place), "placed_at": PLACED, "mall_id": "M1", "a": a, "b": b} for place, (a, b) in enumerate(parts)]
    shop.rows_file("orders.csv", rows)

    shop.load(mapping=ORDERS + 'columns = { trip_id = ["a", "b"] }\n', replace=True)

    assert column(shop, "trip_id") == ["1-23", "12-3", None, None]


def test_days_without_a_year_are_the_first_of_their_name_from_the_base_on(shop: Shop) -> None:
    head = '[orders]\nfile = "orders.csv"\nbase_date = 2027-12-30\ntime_zone = "UTC"\n'
    rows = [("12-30 09:00:00", "12-30 10:00:00"), ("12-31 23:50:00", "01-01 00:20:00"), ("02-29 09:00:00", "2028-02-29 09:30:00")]
    shop.rows_file(
        "orders.csv", [{"order_id": place, "mall_id": "M1", "placed_at": a, "delivered_at": b} for place, (a, b) in enumerate(rows)]
    )

    shop.load(mapping=head + 'date_formats = ["%m-%d %H:%M:%S"]\n', replace=True)

    assert column(shop, "placed_at::VARCHAR") == ["2027-12-30 09:00:00", "2027-12-31 23:50:00", "2028-02-29 09:00:00"]
    assert column(shop, "click_to_door_s") == [3600, 1800, 1800]

    shop.rows_file("orders.csv", [{"order_id": "o", "mall_id": "M1", "day": "1.2.", "at": "09:00"}])
    shop.load(mapping=head + 'date_formats = ["%d.%m."]\ncolumns = { placed_at = ["day", "at"] }\n', replace=True)
    assert column(shop, "placed_at::VARCHAR") == ["2028-02-01 09:00:00"]


def test_blanks_divide_a_file_and_the_rest_of_a_line_is_in_the_last_column(shop: Shop) -> None:
    shop.write("runs.txt", "start pickup  courier bundle\n15.0 34.0 c1 o1\n28.0   36.0 c2 o2 o3\n")
    shop.write("orders.csv", "order_id mall_id placed_at delivered_at\no1 M1 743 755.0\no2 M1 541 \no3 M1 541 570.0\n")
    mapping = """
    base_date = 2026-03-02
    units = { placed_at = "minutes", delivered_at = "minutes", accepted_at = "minutes" }
    join = { name = "run", file = "runs.txt", on = { order_id = "bundle" }, split = "bundle" }
    columns = { driver_id = "run.courier", trip_id = ["run.courier", "run.start"], accepted_at = "run.start" }
    """

    shop.load(mapping=ORDERS + mapping, replace=True)

    assert column(shop, "trip_id") == ["c1-15", "c2-28", "c2-28"]
    assert column(shop, "delivered_at::VARCHAR") == ["2026-03-02 12:35:00", None, "2026-03-02 09:30:00"]


def test_a_single_column_of_words_is_not_divided_at_its_blanks(shop: Shop) -> None:
    shop.write("malls.txt", "name of mall\nDesert Ridge\nFashion Show\n")
    mapping = '[malls]\nfile = "malls.txt"\nconstants = { market_id = "desert", latitude = 33.5, longitude = -112 }\n'

    shop.load(mapping=mapping + 'columns = { mall_id = "name of mall", name = "name of mall" }\n')

    assert [row["name"] for row in shop.rows("SELECT name FROM malls ORDER BY name")][:2] == ["Desert Ridge", "Fashion Show"]


def test_days_of_malls_without_a_year_are_the_first_of_their_name_too(shop: Shop) -> None:
    shop.rows_file("malls.csv", [{"mall_id": each, "name": each, "opened_on": each} for each in ("12-31", "05-22", "2026-01-01")])
    head = '[malls]\nfile = "malls.csv"\nbase_date = 2027-12-30\ndate_formats = ["%m-%d"]\n'

    shop.load(mapping=head + 'constants = { market_id = "desert", latitude = 33.5, longitude = -112 }\n')

    opened = shop.rows("SELECT mall_id, opened_on::VARCHAR AS day FROM malls WHERE opened_on IS NOT NULL ORDER BY opened_on")
    assert [tuple(row.values()) for row in opened] == [("2026-01-01", "2026-01-01"), ("12-31", "2027-12-31"), ("05-22", "2028-05-22")]


@pytest.mark.parametrize("head", ['[markets]\nconstants = { market_id = "m" }\n', '[shifts]\ninfer = "orders"\n'])
def test_rows_of_no_file_cannot_be_chosen(head: str) -> None:
    with pytest.raises(MappingError, match="only and except choose rows of a file"):
        Mapping.parse(head + 'only = { state = "A" }\n')
