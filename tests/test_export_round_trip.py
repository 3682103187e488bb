"""What is written comes back as it was: every format, every type of column, every text; and no spreadsheet finds a formula in it."""

import csv
import io
import json
import math
import os
import shutil
import string
import subprocess
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from xml.etree import ElementTree as ET

import geopandas
import h3
import openpyxl
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape

from analytics.errors import ParameterError
from analytics.export import Format, Table, pieces, table_csv

NASTY = (
    "=cmd|' /C calc'!A0",
    "+1",
    "-5",
    "@x",
    "\t=1+1",
    "\r=1+1",
    " =1+1",
    "\ufeff=1+1",
    "'=1+1",
    "''@x",
    "'-5",
    "+SUM(A1:A9)",
    "-store",
    'the "other" mall',
    "two\nlines",
    "two\r\nlines",
    "a,b;c\td",
    "",
    " ",
    "NULL",
    "null",
    "NaN",
    "true",
    "007",
    "1e5",
    "2026-03-02",
    "قصر الأزياء",
    "\u202eevil",
    "👩🏽‍🚀 mall",
    "<b>&amp;</b>",
    "_x0041_",
    "\x07bell",
    "\ufffe",
    "'",
)
CELLS = [int(cell, 16) for cell in sorted(h3.grid_disk(h3.latlng_to_cell(36.13, -115.17, 9), 2))]
ACROSS = int(h3.latlng_to_cell(-17.0, 179.9999, 7), 16)
"""A cell on both sides of the 180th meridian."""

SOME = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
TEXTS = st.sampled_from(NASTY) | st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=12)
INSTANTS = st.datetimes(datetime.fromisoformat("1990-01-01"), datetime.fromisoformat("2099-12-31")).map(
    lambda at: at.replace(microsecond=0)
)
NEAR_EXACT = (10**15 - 1, 10**15, -(10**15), 1 - 10**15, 2**53 + 1)
"""Where a spreadsheet begins to round."""

COLUMNS: dict[str, tuple[pa.DataType, st.SearchStrategy]] = {
    "name": (pa.string(), TEXTS),
    "orders": (pa.int64(), st.sampled_from(NEAR_EXACT) | st.integers(-(2**63), 2**63 - 1)),
    "fee_cents": (pa.int64(), st.integers(-(10**6), 10**6)),
    "on_time_share": (pa.float64(), st.floats(allow_nan=False, allow_infinity=False)),
    "suppressed": (pa.bool_(), st.booleans()),
    "local_date": (pa.date32(), st.dates(date(1990, 1, 1), date(2099, 12, 31))),
    "placed_at_utc": (pa.timestamp("s"), INSTANTS),
    "cell": (pa.int64(), st.sampled_from(CELLS)),
}


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    """Draw a table with every type of column that the program knows, nulls among the values."""
    rows = draw(st.integers(0, 6))
    columns = {
        name: pa.array(draw(st.lists(st.none() | values, min_size=rows, max_size=rows)), kind) for name, (kind, values) in COLUMNS.items()
    }
    return pa.table(columns)


def file_of(table: pa.Table, format_: Format, **options: bool) -> bytes:
    return b"".join(pieces(Table(table, "rows", {"what": "a test"}), format_, **options))


def expected(table: pa.Table) -> list[dict[str, object]]:
    """Return the rows as a reader of a typed file should find them."""
    return [{**row, "cell": None if row["cell"] is None else h3.int_to_str(row["cell"])} for row in table.to_pylist()]


def would_run(text: str) -> bool:
    """Tell in plain words whether a spreadsheet would run a text as a formula."""
    begins_so = text.lstrip("\t\n\f\r \ufeff")[:1] in {"=", "+", "-", "@"} or text.lstrip(" \ufeff")[:1] in {"\t", "\r"}
    return begins_so and not is_number(text)


def must_be_armed(text: str) -> bool:
    """Tell whether a text would run, or would if apostrophes were taken from its beginning."""
    bare = text.lstrip("'")
    return would_run(text) or (bare != text and (would_run(bare) or (is_number(bare) and bare.strip()[0] in "+-")))


def is_number(text: str) -> bool:
    trimmed = text.strip("\t\n\f\r ")
    if not trimmed or set(trimmed) - set(string.digits + "+-.eE"):
        return False
    try:
        float(trimmed)
    except ValueError:
        return False
    return True


def given_back(text: str | None) -> str | None:
    """Take away the apostrophe that disarms a text."""
    return text[1:] if text and text[0] == "'" and must_be_armed(text[1:]) else text


@SOME
@given(tables())
def test_a_csv_gives_back_every_value(table):
    kinds = {name: pa.string() if name == "cell" else kind for name, (kind, _) in COLUMNS.items()}
    convert = pacsv.ConvertOptions(column_types=kinds, strings_can_be_null=True, quoted_strings_can_be_null=False, null_values=[""])
    found = pacsv.read_csv(
        io.BytesIO(file_of(table, "csv")), parse_options=pacsv.ParseOptions(newlines_in_values=True), convert_options=convert
    )

    assert [{**row, "name": given_back(row["name"])} for row in found.to_pylist()] == expected(table)


@SOME
@given(tables(), st.booleans())
def test_a_csv_is_read_by_everybody_alike_with_and_without_its_mark(table, bom):
    content = file_of(table, "csv", bom=bom)

    assert content.startswith(b"\xef\xbb\xbf") == bom
    heading, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
    assert heading == table.column_names
    assert [given_back(row[0]) for row in rows] == [row["name"] or "" for row in table.to_pylist()]
    assert not any(would_run(row[0]) for row in rows)
    assert [row[1:3] for row in rows] == [
        ["" if row[name] is None else str(row[name]) for name in ("orders", "fee_cents")] for row in table.to_pylist()
    ]
    assert [float(row[3]) if row[3] else None for row in rows] == table.column("on_time_share").to_pylist()


@SOME
@given(tables())
def test_parquet_and_json_give_back_every_value_with_its_type(table):
    assert pq.read_table(pa.BufferReader(file_of(table, "parquet"))).to_pylist() == expected(table)

    written = [{name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()} for row in expected(table)]
    assert json.loads(file_of(table, "json"))["rows"] == written


@SOME
@given(tables())
def test_a_workbook_gives_back_every_value_and_has_no_formula(table):
    book = openpyxl.load_workbook(io.BytesIO(file_of(table, "xlsx")))
    heading, *rows = book["rows"].iter_rows()

    assert [cell.value for cell in heading] == table.column_names
    assert {cell.data_type for row in book["rows"].iter_rows() for cell in row}.isdisjoint({"f", "e"})
    assert [[in_workbook(cell) for cell in row] for row in rows] == [
        [as_workbook(value) for value in row.values()] for row in expected(table)
    ]
    for row, text in zip(rows, table.column("name").to_pylist(), strict=True):
        assert row[0].quotePrefix == (text is not None and must_be_armed(text))


def in_workbook(cell: openpyxl.cell.Cell) -> object:
    return unescape(cell.value) if isinstance(cell.value, str) else cell.value


def as_workbook(value: object) -> object:
    """Return a value as a workbook has it: no integers of more than fifteen digits, days as instants."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**15:
        return str(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - as openpyxl has days
    return value


def test_a_workbook_says_what_its_rows_are():
    book = openpyxl.load_workbook(io.BytesIO(file_of(pa.table({"orders": [1, 2]}), "xlsx")))

    assert {row[0].value: row[1].value for row in book["description"].iter_rows()} == {
        "what": "a test",
        "rows": "2",
        "columns": '["orders"]',
    }


def test_a_workbook_that_cannot_hold_the_rows_is_refused_and_not_cut():
    many = pa.table({"orders": pa.nulls(1_048_576, pa.int64())})
    long = pa.table({"name": ["x" * 32_768]})

    with pytest.raises(ParameterError, match="a workbook holds 1,048,575 rows, these are 1,048,576"):
        file_of(many, "xlsx")
    with pytest.raises(ParameterError, match="32,767 characters"):
        file_of(long, "xlsx")


def test_an_archive_holds_the_csv_and_its_description_with_the_hash():
    table = pa.table({"orders": [1, 2], "cell": CELLS[:2]})
    with zipfile.ZipFile(io.BytesIO(file_of(table, "zip"))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["rows.csv", "rows.csv.description.json"]
        content = archive.read("rows.csv")
        about = json.loads(archive.read("rows.csv.description.json"))

    assert content == file_of(table, "csv")
    assert about["sha256"] == sha256(content).hexdigest()
    assert (about["rows"], about["columns"]) == (2, ["orders", "cell"])


@pytest.mark.parametrize("format_", ["csv", "parquet", "json", "geojson", "geoparquet", "xlsx", "zip"])
def test_the_same_rows_give_the_same_bytes_and_no_rows_are_a_whole_file(format_):
    table = pa.table({"cell": CELLS[:3], "orders": [1, 2, None]})

    assert file_of(table, format_) == file_of(table, format_)
    assert file_of(table.slice(0, 0), format_)


@pytest.mark.parametrize("format_", ["geojson", "geoparquet"])
def test_cells_have_the_outlines_that_h3_gives_them(format_):
    parents = [int(h3.cell_to_parent(f"{CELLS[0]:x}", resolution), 16) for resolution in (5, 8)]
    cells = [*CELLS, *parents, None]
    table = pa.table({"cell": pa.array(cells), "orders": pa.array(range(len(cells))), "name": ["=1+1"] * len(cells)})

    frame = frame_of(file_of(table, format_), format_)

    assert frame.crs.is_geographic
    assert frame["orders"].tolist() == list(range(len(cells)))
    assert frame["name"].tolist() == ["=1+1"] * len(cells)
    assert frame.geometry.iloc[-1] is None
    for text, shape in zip(frame["cell"][:-1], frame.geometry[:-1], strict=True):
        boundary = [(longitude, latitude) for latitude, longitude in h3.cell_to_boundary(text)]
        assert shape.equals_exact(shapely.Polygon(boundary), 1e-12) or shape.normalize().equals_exact(
            shapely.Polygon(boundary).normalize(), 1e-12
        )
        assert shapely.is_ccw(shape.exterior)
        assert h3.latlng_to_cell(shape.centroid.y, shape.centroid.x, h3.get_resolution(text)) == text


@pytest.mark.parametrize("format_", ["geojson", "geoparquet"])
def test_a_cell_across_the_180th_meridian_is_two_polygons_and_no_band_around_the_world(format_):
    frame = frame_of(file_of(pa.table({"cell": [ACROSS, CELLS[0]], "orders": [1, 2]}), format_), format_)

    parts = frame.geometry.iloc[0].geoms
    assert sorted(round(math.copysign(180, part.centroid.x)) for part in parts) == [-180, 180]
    assert all(part.bounds[2] - part.bounds[0] < 1 and shapely.is_ccw(part.exterior) for part in parts)


def frame_of(content: bytes, format_: str) -> geopandas.GeoDataFrame:
    return geopandas.read_parquet(io.BytesIO(content)) if format_ == "geoparquet" else geopandas.read_file(io.BytesIO(content))


def test_rows_without_cells_are_refused_as_a_map():
    with pytest.raises(ParameterError, match="the rows name no cells"):
        file_of(pa.table({"orders": [1]}), "geojson")


def test_headings_with_commas_and_quotes_stay_one_column():
    content = table_csv(pa.table({'people, "all"': [1], "orders": [2]}), is_synthetic=False).decode()

    assert list(csv.reader(io.StringIO(content))) == [['people, "all"', "orders"], ["1", "2"]]


@pytest.fixture(scope="module")
def office() -> Callable[[Path, list[Path]], None]:
    """LibreOffice without a window; without it the tests fail where everything must be there (CI=true) and are skipped elsewhere."""
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        message = "LibreOffice is not installed, so no file was opened in it (apt install libreoffice-calc-nogui)"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)

    def convert(folder: Path, files: list[Path]) -> None:
        profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
        subprocess.run(
            [program, profile, "--headless", "--convert-to", "fods", "--outdir", str(folder), *map(str, files)],
            check=True,
            capture_output=True,
            timeout=180,
        )

    return convert


def opened(path: Path) -> list[list[tuple[str, object]]]:
    """Return the rows of the first sheet as a spreadsheet opened them: kind and value of each cell, ``formula`` for a formula."""
    names = {"o": "urn:oasis:names:tc:opendocument:xmlns:office:1.0", "t": "urn:oasis:names:tc:opendocument:xmlns:table:1.0"}
    names["x"] = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
    sheet = ET.fromstring(path.read_bytes()).find(".//t:table", names)  # noqa: S314 - written a moment ago
    rows = []
    for row in sheet.iterfind(".//t:table-row", names):
        cells: list[tuple[str, object]] = []
        for cell in row.iterfind("t:table-cell", names):
            kind = "formula" if cell.get(f"{{{names['t']}}}formula") else cell.get(f"{{{names['o']}}}value-type", "")
            value = cell.get(f"{{{names['o']}}}value")
            content = float(value) if value is not None else "\n".join("".join(each.itertext()) for each in cell.iterfind("x:p", names))
            cells += [(kind, content)] * min(int(cell.get(f"{{{names['t']}}}number-columns-repeated", "1")), 20)
        rows += [cells] * min(int(row.get(f"{{{names['t']}}}number-rows-repeated", "1")), 100)
    return rows


def test_a_spreadsheet_finds_no_formula_and_the_same_numbers(office, tmp_path):
    rows = len(NASTY)
    numbers = pa.array([(-1) ** place * place * 1_234_567 for place in range(rows)])
    shares = pa.array([place / 7 - 2 for place in range(rows)])
    table = pa.table({"orders": numbers, "on_time_share": shares, "name": NASTY, "local_date": [date(2026, 3, 2)] * rows})
    table = table.append_column("placed_at_utc", pa.array([datetime.fromisoformat("2026-03-02T12:00:07")] * rows, pa.timestamp("s")))
    files = {"csv": tmp_path / "of_csv.csv", "xlsx": tmp_path / "of_xlsx.xlsx"}
    for format_, path in files.items():
        path.write_bytes(file_of(table, format_))

    office(tmp_path, list(files.values()))

    for format_, path in files.items():
        found = opened(path.with_suffix(".fods"))[1 : rows + 1]
        assert len(found) == rows
        assert not [cell for row in found for cell in row if cell[0] == "formula"]
        for place, row in enumerate(found):
            assert row[0] == ("float", float(numbers[place].as_py()))
            assert row[1][0] == "float"
            assert row[1][1] == pytest.approx(shares[place].as_py(), rel=1e-14)
            assert row[3][0] == "date"
        if format_ == "xlsx":
            assert all(row[2][0] in {"string", ""} for row in found)
