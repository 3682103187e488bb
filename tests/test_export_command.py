"""``python -m analytics metric``: files in every format, with their description and hash, and the rows behind a figure."""

import csv
import io
import json
from hashlib import sha256

import geopandas
import openpyxl
import pyarrow.parquet as pq
import pytest

from analytics import catalog
from analytics.__main__ import main
from analytics.commands.question import written
from analytics.export import FORMATS
from data.engine import Engine
from tests.town import cells


@pytest.fixture
def ask(town, capsysbinary):
    """Run the command on a town of twenty orders in two cells; return exit code, output and errors."""
    town.deliver("M1", cell=3, seconds=[600] * 10)
    town.deliver("M1", cell=4, seconds=[1200] * 10)
    town.deliver("M2", cell=9, seconds=[1200] * 9)
    place = ["--warehouse", str(town.version.root)]

    def ask(*arguments: str) -> tuple[int, bytes, str]:
        code = main(["metric", *arguments, *place])
        output, errors = capsysbinary.readouterr()
        return code, output, errors.decode()

    return ask


@pytest.fixture
def folder(tmp_path):
    """A folder with nothing in it."""
    empty = tmp_path / "files"
    empty.mkdir()
    return empty


@pytest.mark.parametrize("format_", FORMATS)
def test_a_file_of_every_format_stands_with_its_description_and_hash(town, ask, folder, format_):
    code, output, errors = ask("click_to_door", "--by", "cell", "--format", format_, "--out", str(folder))

    (path,) = (each for each in folder.iterdir() if "description" not in each.name)
    about = json.loads(path.with_name(f"{path.name}.description.json").read_text())
    assert (code, output) == (0, b"")
    assert f"{path.name}: 3 rows;" in errors
    assert len(list(folder.iterdir())) == 2
    assert about["sha256"] == sha256(path.read_bytes()).hexdigest()
    assert (about["rows"], about["file"], about["data_version"]) == (3, path.name, town.version.id)
    assert about["definition_version"] == 1 + len(catalog.metric("click_to_door").changes)


def test_files_hold_the_same_figures_in_every_format(ask, folder):
    for format_ in ("csv", "xlsx", "geojson", "geoparquet"):
        assert ask("orders", "--by", "cell", "--format", format_, "--out", str(folder / format_))[0] == 0

    expected = [(f"{cells()[3]:x}", 10), (f"{cells()[4]:x}", 10), (f"{cells()[9]:x}", None)]
    texts = list(csv.DictReader((folder / "csv").read_text().splitlines()))
    sheet = openpyxl.load_workbook(io.BytesIO((folder / "xlsx").read_bytes()))["rows"]
    frames = geopandas.read_file(io.BytesIO((folder / "geojson").read_bytes())), geopandas.read_parquet(folder / "geoparquet")
    assert [(row["cell"], int(row["orders"]) if row["orders"] else None) for row in texts] == expected
    assert [(row[0].value, row[1].value) for row in sheet.iter_rows(min_row=2)] == expected
    for frame in frames:
        assert [
            (cell, None if orders != orders else orders)  # noqa: PLR0124 - not a number
            for cell, orders in zip(frame["cell"], frame["orders"], strict=True)
        ] == expected


def test_a_csv_begins_with_a_byte_order_mark_where_one_is_asked_for(ask):
    plain, marked = (ask("orders", "--format", "csv", *option)[1] for option in ((), ("--bom",)))

    assert marked == b"\xef\xbb\xbf" + plain


def test_all_rows_behind_a_figure_are_written_without_those_of_hidden_groups(ask, folder):
    code, _, errors = ask("click_to_door", "--by", "mall", "--rows", "--format", "parquet", "--out", str(folder / "rows.parquet"))

    rows = pq.read_table(folder / "rows.parquet").to_pylist()
    assert code == 0
    assert "rows.parquet: 20 rows;" in errors
    assert sorted((row["mall_id"], row["click_to_door_s"]) for row in rows) == [("M1", 600)] * 10 + [("M1", 1200)] * 10


def test_the_query_of_the_rows_is_printed_and_gives_them(town, ask):
    sql = ask("click_to_door", "--by", "mall", "--rows", "--sql")[1].decode()
    rows = ask("click_to_door", "--by", "mall", "--rows")[1].decode()

    assert Engine.of(town.version).table(sql).num_rows == 20 == len(rows.splitlines()) - 1


def test_the_command_that_a_page_shows_asks_the_same(town, ask):
    answer = town.ask("orders", by=("mall", "day"), market_id="V")
    name, *options = written(answer.metric, answer.parameters).split()[4:]

    assert len(ask(name, *options, "--rows")[1].splitlines()) - 1 == answer.rows_shown == 20


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("orders", "--by", "mall", "--format", "geojson"), "name no cells"),
        (("orders", "--format", "parquet", "--bom"), "--bom is for csv"),
        (("covered_share", "--rows"), "A model stands behind these figures"),
        (("orders", "--mall", "M2", "--rows"), "fewer than 10 customers"),
        (("orders", "--rows", "--format", "table"), "rows are written as csv or parquet"),
    ],
)
def test_what_cannot_leave_is_one_sentence_and_leaves_the_old_file(ask, folder, arguments, sentence):
    (folder / "old.csv").write_text("as it was")

    code, output, errors = ask(*arguments, "--out", str(folder / "old.csv"))

    assert (code, output) == (2, b"")
    assert errors.startswith("error: ")
    assert errors.count("\n") == 1
    assert sentence in errors
    assert [(each.name, each.read_text()) for each in folder.iterdir()] == [("old.csv", "as it was")]
