"""Files that leave the program: units in the names, cells as text, formulas disarmed, hidden rows empty, made-up data marked."""

import csv
import io
import json
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import catalog, export, joined
from analytics.answers import Answer
from analytics.export import exported_name
from analytics.parameters import Parameters
from tests.town import MONDAY, Town, cells


def file_of(town: Town, answer: Answer, format_: export.Format) -> bytes:
    return b"".join(export.stream(answer, town.version, format_))


def rows_of(town: Town, answer: Answer) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file_of(town, answer, "csv").decode())))


def test_a_csv_begins_with_a_plain_header_whose_names_carry_units(town):
    town.deliver("M1", seconds=[600] * 10)

    first = file_of(town, town.ask("click_to_door", by=("mall", "day")), "csv").split(b"\n")[0].decode()

    assert first == (
        "mall_id,local_date,click_to_door_n_orders,click_to_door_sum_s,click_to_door_p50_s,click_to_door_p50_low_s,click_to_door_p50_high_s,"
        "click_to_door_p90_s,click_to_door_p90_low_s,click_to_door_p90_high_s,click_to_door_mean_s,suppressed"
    )


def test_weights_name_what_was_weighed(town):
    town.demand(0, 10, households=4)
    people = export.exported(town.ask("covered_share")).column_names
    households = export.exported(town.ask("covered_share", weight="households")).column_names

    assert people[:4] == ["covered_share_numerator_people", "covered_share_denominator_people", "covered_share_n_cells", "covered_share"]
    assert households[0] == "covered_share_numerator_households"


@pytest.mark.parametrize(
    ("metric", "column", "name"),
    [
        ("hours_gap", "n", "hours_gap_n_hours"),
        ("hours_gap", "unknown_n", "hours_gap_unknown_n_hours"),
        ("hours_gap", "hours_short", "hours_gap_hours_short_s"),
        ("hours_gap_by_cell", "n", "hours_gap_by_cell_n_orders"),
        ("cost_per_delivery", "n", "cost_per_delivery_n_orders"),
        ("driver_access", "n", "driver_access_n_cells"),
        ("utilization", "n", "utilization_n_shift_hours"),
    ],
)
def test_what_a_figure_counts_stands_behind_its_name(metric, column, name):
    assert exported_name(catalog.metric(metric), column, Parameters()) == name


def test_people_are_households_where_these_were_asked_for():
    asked = Parameters(weight="households")

    assert exported_name(catalog.metric("huff_probability"), "numerator", asked) == "huff_probability_numerator_millionths_of_households"


def test_the_figures_of_the_file_are_those_of_the_answer(town):
    town.deliver("M1", seconds=[600, 700] * 10)
    answer = town.ask("click_to_door", by=("mall",))

    (row,) = rows_of(town, answer)

    assert (int(row["click_to_door_n_orders"]), int(row["click_to_door_p90_s"])) == (20, 700)
    assert float(row["click_to_door_mean_s"]) == answer.row()["mean_s"]


def test_cells_are_hexadecimal_text(town):
    town.deliver("M1", cell=3, seconds=[600] * 10)
    town.deliver("M1", cell=None, seconds=[600] * 10)
    answer = town.ask("orders", by=("cell",))

    assert [row["cell"] for row in rows_of(town, answer)] == [f"{cells()[3]:x}", ""]
    assert pq.read_table(pa.BufferReader(file_of(town, answer, "parquet")))["cell"].to_pylist() == [f"{cells()[3]:x}", None]


def test_a_hidden_row_is_there_marked_and_empty(town):
    town.deliver("M1", seconds=[600] * 9)
    town.deliver("M2", seconds=[600] * 10)

    hidden, shown = rows_of(town, town.ask("orders", by=("mall",)))

    assert (hidden.pop("mall_id"), hidden.pop("suppressed")) == ("M1", "true")
    assert set(hidden.values()) == {""}
    assert (shown["orders"], shown["suppressed"]) == ("10", "false")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+SUM(A1)", "'+SUM(A1)"),
        ("-store", "'-store"),
        ("@home", "'@home"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("  =1+1", "'  =1+1"),
        ("\ufeff=1+1", "'\ufeff=1+1"),
        ("-3.5", "-3.5"),
        ("+7e3", "+7e3"),
        ("Mac=Store", "Mac=Store"),
        ("A-1", "A-1"),
        ("", ""),
    ],
)
def test_texts_that_a_spreadsheet_would_run_are_disarmed_and_numbers_are_not_touched(text, written):
    assert export.disarmed(pa.chunked_array([pa.array([text, None])])).to_pylist() == [written, None]


def test_a_store_named_like_a_formula_is_disarmed_where_cells_have_no_type_and_kept_where_they_have(town):
    town.deliver("M1", seconds=[600] * 10, store_id="=1+1")
    answer = town.ask("orders", by=("store",))

    assert rows_of(town, answer)[0]["store_id"] == "'=1+1"
    assert pq.read_table(pa.BufferReader(file_of(town, answer, "parquet")))["store_id"].to_pylist() == ["=1+1"]
    assert json.loads(file_of(town, answer, "json"))["rows"][0]["store_id"] == "=1+1"


@settings(max_examples=20)
@given(
    names=st.lists(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00")), min_size=1, max_size=4, unique=True)
)
def test_any_text_comes_back_from_a_csv_as_it_was_but_for_the_apostrophe(names):
    table = pa.table({"store_id": pa.array(names), "suppressed": pa.array([False] * len(names))})
    piece = export.table_csv(table, is_synthetic=False).decode()

    back = [row["store_id"] for row in csv.DictReader(io.StringIO(piece, newline=""))]

    assert [text.removeprefix("'") if text not in names else text for text in back] == names


def test_made_up_data_says_so_in_the_name_in_every_row_and_in_the_description(tmp_path):
    town = Town(tmp_path / "town", synthetic=True)
    town.deliver("M1", seconds=[600] * 10)
    town.deliver("M2", seconds=[600] * 3)
    answer = town.ask("orders", by=("mall",))

    assert "synthetic" in export.file_name(answer, "csv")
    assert [row["data"] for row in rows_of(town, answer)] == ["synthetic", "synthetic"]
    assert export.description(answer, town.version)["data"] == "synthetic"
    assert pq.read_table(pa.BufferReader(file_of(town, answer, "parquet")))["data"].to_pylist() == ["synthetic"] * 2


def test_real_data_says_nothing_of_the_kind(town):
    town.deliver("M1", seconds=[600] * 10)
    answer = town.ask("orders", by=("mall",))

    assert "synthetic" not in export.file_name(answer, "csv")
    assert "data" not in rows_of(town, answer)[0]


def test_the_description_says_how_to_make_the_file_again(town):
    town.deliver("M1", seconds=[600] * 10)
    town.deliver("M1", seconds=[600] * 2, delivered_at=None)
    answer = town.ask("click_to_door", market_id="V", by=("mall",), start_on=MONDAY, end_on=date(2026, 3, 9))

    about = json.loads(export.description_text(answer, town.version))

    assert (about["metric"], about["data_version"], about["rows"], about["suppressed_below_people"]) == (
        "click_to_door",
        town.version.id,
        1,
        10,
    )
    assert about["sources"] == [{"name": "town.csv", "sha256": "0" * 64}]
    assert about["filters"]["start_on"] == "2026-03-02"
    assert about["filters"]["market_id"] == "V"
    assert "within_s" not in about["filters"]
    assert list(about["left_out"].values()) == [2]
    assert about["columns"] == export.exported(answer).column_names
    assert town.by_hand(about["sql"]).num_rows == 1


def test_a_parquet_file_carries_its_description(town):
    town.deliver("M1", seconds=[600] * 10)

    schema = pq.read_schema(pa.BufferReader(file_of(town, town.ask("orders"), "parquet")))

    assert json.loads(schema.metadata[b"mallreach"])["metric"] == "orders"


def test_a_json_file_is_whole_with_and_without_rows(town):
    town.deliver("M1", seconds=[600] * 10)
    full = json.loads(file_of(town, town.ask("orders", by=("day",)), "json"))
    empty = json.loads(file_of(town, town.ask("orders", by=("day",), end_on=date(2020, 1, 1)), "json"))

    assert full["rows"][0]["local_date"] == "2026-03-02"
    assert empty["rows"] == []


def test_a_long_file_comes_in_pieces(town, monkeypatch):
    monkeypatch.setattr("analytics.export.tables.BATCH_ROWS", 2)
    for cell in range(7):
        town.deliver("M1", cell=cell, seconds=[600] * 10)
    answer = town.ask("orders", by=("cell",))

    pieces = list(export.stream(answer, town.version, "csv"))

    assert len(pieces) == 1 + 4
    assert len(rows_of(town, answer)) == 7


def test_file_names_hold_no_character_that_a_filesystem_minds(town):
    town.add("malls", mall_id="a/b:c", market_id="V", name="", status="open", latitude=1.0, longitude=1.0)
    town.deliver("a/b:c", seconds=[600] * 10)

    name = export.file_name(town.ask("orders", mall_id="a/b:c", by=("day",), start_on=MONDAY), "parquet")

    assert name == f"orders_by-day_a-b-c_2026-03-02_{town.version.id}.parquet"


def test_the_same_answer_gives_the_same_bytes():
    files = []
    for _ in range(2):
        with TemporaryDirectory() as folder:
            town = Town(Path(folder) / "town")
            town.deliver("M2", seconds=[600] * 10)
            town.deliver("M1", seconds=[700] * 10)
            files.append(file_of(town, town.ask("click_to_door", by=("mall",)), "csv"))
    assert files[0] == files[1]


def test_several_answers_side_by_side_are_one_file_with_the_same_figures(tmp_path):
    town = Town(tmp_path / "town", synthetic=True)
    town.deliver("M1", seconds=[600] * 10, promise_s=600)
    town.deliver("M2", seconds=[None] * 12)
    file = joined.file("malls", [town.ask(metric, by=("mall",)) for metric in ("orders", "on_time_share")], town.version)

    rows = list(csv.DictReader(io.StringIO(b"".join(export.pieces(file, "csv")).decode())))

    assert [(row["mall_id"], row["orders"], row["on_time_share"], row["data"]) for row in rows] == [
        ("M1", "10", "1", "synthetic"),
        ("M2", "12", "", "synthetic"),
    ]
    assert export.file_name(file, "csv") == f"malls_{town.version.id}_synthetic.csv"
