"""Workbooks and JSON lines load like CSV: same rows, lines as their programs show them, one error for a damaged file."""

import gzip
from datetime import datetime, time
from pathlib import Path

import openpyxl
import pytest

from data import workbooks
from data.errors import MallReachError, MappingError
from data.sources import described
from data.warehouse import Count
from tests.loading import Shop, rules

HEADER = ("order_id", "mall_id", "placed_at", "fee_cents")
ROWS = [("o1", "M1", datetime.fromisoformat("2026-03-02T17:00:00"), 540), ("o2", "M2", datetime.fromisoformat("2026-03-02T18:00:59"), None)]
EXPECTED = [("o1", "M1", "2026-03-02 17:00:00", 540), ("o2", "M2", "2026-03-02 18:00:59", None)]
SQL = "SELECT order_id, mall_id, placed_at::VARCHAR AS at, fee_cents FROM orders ORDER BY order_id"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("workbooks")).open()


def workbook(path: Path, sheets: dict[str, list[tuple[object, ...]]]) -> Path:
    book = openpyxl.Workbook()
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    del book["Sheet"]
    book.save(path)
    return path


def loaded(shop: Shop) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in shop.rows(SQL)]


def test_the_only_sheet_of_a_workbook_named_after_a_table_feeds_it(shop: Shop) -> None:
    shop.load(workbook(shop.folder / "orders-march.xlsx", {"Page 1": [HEADER, *ROWS]}), replace=True)

    assert loaded(shop) == EXPECTED


def test_each_sheet_feeds_the_table_that_it_is_named_after_and_others_are_noted(shop: Shop) -> None:
    stores = [("store_id", "name"), (17, "Books"), (18.5, "Half")]
    sheets = {"Orders": [HEADER, *ROWS], "Notes": [("Read me",)], "stores": stores}

    result = shop.load(workbook(shop.folder / "export.xlsx", sheets), replace=True)

    assert loaded(shop) == EXPECTED
    assert [row["store_id"] for row in shop.rows("SELECT store_id FROM stores ORDER BY 1")] == ["17", "18.5"]
    assert "export.xlsx#Notes: nothing says what this sheet holds, so it was not read" in result.notes
    assert sorted(source.path for source in result.sources) == ["export.xlsx#Orders", "export.xlsx#stores"]


def test_a_mapping_names_the_sheet(shop: Shop) -> None:
    workbook(shop.folder / "book.xlsx", {"A": [("x",), ("1",)], "Sales 2026": [("no", "when"), ("7", ROWS[0][2])]})
    mapping = '[orders]\nfile = "book.xlsx"\nsheet = "Sales 2026"\ncolumns = { order_id = "no", placed_at = "when" }\ntime_zone = "UTC"\n'

    shop.load(mapping=mapping, replace=True)

    assert [row[:1] + row[2:3] for row in loaded(shop)] == [("7", "2026-03-02 17:00:00")]
    with pytest.raises(MappingError, match="has no sheet 'Sales 2025'; its sheets: 'A', 'Sales 2026'"):
        shop.load(mapping=mapping.replace("Sales 2026", "Sales 2025"))
    with pytest.raises(MappingError, match="has no sheet 'orders'"):
        shop.load(mapping=mapping.replace('sheet = "Sales 2026"\n', ""))


def test_rejects_name_the_row_as_the_workbook_numbers_it(shop: Shop) -> None:
    rows = [("Orders of March",), (), HEADER, ROWS[0], (), ("o3", "M1", "yesterday", 1)]

    result = shop.load(workbook(shop.folder / "orders.xlsx", {"Sheet A": rows}), replace=True)

    assert result.counts["orders"] == Count(rows_in=2, kept=1, rejected=1)
    assert result.rejects_path is not None
    assert result.rejects_path.read_text().splitlines()[1] == 'orders,"orders.xlsx#Sheet A",6,placed_at,unparsable_value,yesterday'


def test_cells_become_text_as_a_csv_would_have_them(tmp_path: Path) -> None:
    row = (True, 3.0, 2.5, datetime.fromisoformat("2026-03-02T00:00:00"), time(8, 30), " x ")
    path = workbook(tmp_path / "kinds.xlsx", {"S": [("a", "b", "c", "d", "e", None), row]})

    (sheet,) = workbooks.sheets(path)
    assert sheet.columns == ("a", "b", "c", "d", "e", "column 6")
    assert sheet.rows == ((2, ("true", "3", "2.5", "2026-03-02", "08:30:00", " x ")),)


@pytest.mark.parametrize("content", [b"PK\x03\x04 broken", b"no workbook", b""])
def test_a_damaged_workbook_is_one_error(tmp_path: Path, content: bytes) -> None:
    shop = Shop(tmp_path)

    with pytest.raises(MallReachError, match=r"orders\.xlsx"):
        shop.load(shop.write("orders.xlsx", content))


def test_a_workbook_cut_short_is_one_error(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    whole = workbook(tmp_path / "whole.xlsx", {"orders": [HEADER, *ROWS]}).read_bytes()

    with pytest.raises(MallReachError, match=r"orders\.xlsx: the file is no readable workbook"):
        shop.load(shop.write("orders.xlsx", whole[: len(whole) // 2]))


def test_a_workbook_without_a_cell_is_empty(tmp_path: Path) -> None:
    with pytest.raises(MallReachError, match="empty"):
        described(workbook(tmp_path / "a.xlsx", {"S": []}))


JSON_LINES = (
    '{"order_id": "o1", "mall_id": "M1", "placed_at": "2026-03-02 17:00:00", "fee_cents": 540}\r\n\r\n'
    '{"placed_at": "2026-03-02 18:00:59", "order_id": "o2", "mall_id": "M2", "fee_cents": null, "tags": ["a"]}\n'
)


@pytest.mark.parametrize(
    ("name", "content"), [("orders.jsonl", JSON_LINES.encode()), ("orders.ndjson.gz", gzip.compress(JSON_LINES.encode()))]
)
def test_json_lines_load_whatever_the_order_of_their_fields(shop: Shop, name: str, content: bytes) -> None:
    result = shop.load(shop.write(name, content), replace=True)

    assert loaded(shop) == EXPECTED
    assert f"{name}: columns not used: tags" in result.notes


def test_objects_inside_objects_are_columns_and_bad_lines_are_rejected_by_their_number(shop: Shop) -> None:
    content = '{"order_id": "o1", "when": {"placed": "2026-03-02 17:00:00", "a \\"b\\"": 1}}\n\n[1]\n{"order_id": \n{"order_id": "o2"}\n'
    mapping = '[orders]\nfile = "orders.jsonl"\ntime_zone = "UTC"\ncolumns = { placed_at = "when.placed" }\n'

    result = shop.load(shop.write("orders.jsonl", content), mapping=mapping, replace=True)

    assert described(shop.folder / "orders.jsonl")[0].columns == ("order_id", "when.placed", 'when.a "b"')
    assert result.counts["orders"] == Count(rows_in=4, kept=1, rejected=3)
    assert rules(result)["malformed_record", ""] == 2
    assert result.rejects_path is not None
    lines = [line.split(",")[2] for line in result.rejects_path.read_text().splitlines()[1:]]
    assert sorted(lines) == ["3", "4", "5"]


@pytest.mark.parametrize("content", [b"[1, 2]\n", b"order_id\no1\n", b"\xff\xfe{"])
def test_a_file_without_an_object_is_one_error(tmp_path: Path, content: bytes) -> None:
    shop = Shop(tmp_path)

    with pytest.raises(MallReachError, match=r"orders\.jsonl"):
        shop.load(shop.write("orders.jsonl", content))


def test_lines_stay_in_order_over_many_of_them(shop: Shop) -> None:
    lines = [f'{{"order_id": "o{number}", "placed_at": "2026-03-02 17:00:00"}}' for number in range(60_000)]
    lines[55_554] = "broken"

    result = shop.load(shop.write("orders.jsonl", "\n".join(lines)), replace=True)

    assert result.counts["orders"] == Count(rows_in=60_000, kept=59_999, rejected=1)
    assert result.rejects_path is not None
    assert result.rejects_path.read_text().splitlines()[1].startswith('orders,orders.jsonl,55555,"",malformed_record')
