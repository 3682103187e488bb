"""Source files: every dialect gives the same rows, every time the same instant, every file-level fault one clear error."""

import gzip
import hashlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.errors import MallReachError, SourceError
from data.sources import describe, expand
from data.warehouse import Count
from tests.loading import Shop, rules

TEXT = 'order_id;mall_id;customer_id;placed_at\no1;M1;Zoë;2026-03-02 17:00:00\no2;M2;"a;""b""";2026-03-02 18:00:00\n'
EXPECTED = [("o1", "M1", "Zoë"), ("o2", "M2", 'a;"b"')]

DIALECTS = {
    "semicolon": TEXT.encode(),
    "comma": 'order_id,mall_id,customer_id,placed_at\no1,M1,Zoë,2026-03-02 17:00:00\no2,M2,"a;""b""",2026-03-02 18:00:00\n'.encode(),
    "tab": 'order_id\tmall_id\tcustomer_id\tplaced_at\no1\tM1\tZoë\t2026-03-02 17:00:00\no2\tM2\t"a;""b"""\t2026-03-02 18:00:00\n'.encode(),
    "caret": 'order_id^mall_id^customer_id^placed_at\no1^M1^Zoë^2026-03-02 17:00:00\no2^M2^"a;""b"""^2026-03-02 18:00:00\n'.encode(),
    "byte order mark": b"\xef\xbb\xbf" + TEXT.encode(),
    "latin-1": TEXT.encode("latin-1"),
    "line ends of Windows": TEXT.replace("\n", "\r\n").encode(),
    "no line end at the end": TEXT.rstrip("\n").encode(),
    "blank lines": TEXT.replace("\no2", "\n\no2").encode(),
    "packed": gzip.compress(TEXT.encode()),
    "packed latin-1": gzip.compress(TEXT.encode("latin-1")),
    "blanks around names and values": TEXT.replace(";M1;", "; M1 ;").replace("mall_id", " mall_id ").encode(),
    "capital names": TEXT.replace("order_id", "ORDER_ID").encode(),
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("sources")).open()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_of_csv_gives_the_same_rows(shop: Shop, dialect: str) -> None:
    result = shop.load(shop.write("orders.csv", DIALECTS[dialect]), replace=True)

    rows = shop.rows("SELECT order_id, mall_id, customer_id FROM orders ORDER BY order_id")
    assert [tuple(row.values()) for row in rows] == EXPECTED
    assert any("Latin-1" in note for note in result.notes) == ("latin-1" in dialect)


def test_records_with_too_many_or_too_few_fields_are_rejected_by_their_line(shop: Shop) -> None:
    content = "order_id,placed_at\no1,2026-03-02 17:00:00\no2\no3,2026-03-02 17:00:00,x\no4,2026-03-02 17:00:00\n"

    result = shop.load(shop.write("orders.csv", content), replace=True)

    assert result.counts["orders"] == Count(rows_in=4, kept=2, rejected=2)
    assert rules(result)["malformed_record", ""] == 2
    assert result.rejects_path is not None
    lines = result.rejects_path.read_text().splitlines()[1:]
    assert lines == [
        'orders,orders.csv,3,"",malformed_record,1 fields instead of 2',
        'orders,orders.csv,4,"",malformed_record,3 fields instead of 2',
    ]


def test_bytes_that_are_neither_text_nor_latin_1_controls_still_load(shop: Shop) -> None:
    result = shop.load(shop.write("orders.csv", TEXT.encode("latin-1").replace(b"Zo", b"Z\x80")), replace=True)

    assert result.counts["orders"].kept == 2


def test_an_identical_row_in_a_packed_file_under_another_name_is_read(shop: Shop) -> None:
    result = shop.load(shop.write("orders-march.bin", gzip.compress(TEXT.encode())), replace=True)

    assert result.counts["orders"].rows_in == 2


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("orders.csv", b"", "empty"),
        ("orders.csv", b"\n \n", "empty"),
        ("orders.csv", b"order_id\no1\n", "placed_at"),
        ("orders.csv", "order_id,placed_at\n".encode("utf-16"), "UTF-16"),
        ("orders.csv", b'order_id,placed_at\n"o1,2026-03-02 17:00:00\n', "quote"),
        ("orders.csv", b"order_id,order_id,placed_at\n1,2,3\n", "two columns"),
        ("orders.csv", gzip.compress(TEXT.encode(), mtime=0)[:40], "unpacked"),
        ("orders.parquet", b"not parquet", "Parquet"),
        ("orders.parquet", b"PAR1 broken PAR1", "Parquet"),
        ("unknown.csv", b"a\n1\n", "mapping"),
    ],
)
def test_a_fault_of_the_whole_file_is_one_error_that_names_it(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    shop = Shop(tmp_path)
    path = shop.write(name, content)

    with pytest.raises(MallReachError, match=message) as caught:
        shop.load(path)

    assert name in str(caught.value)
    assert "\n" not in str(caught.value)
    assert shop.warehouse.current() is None


def test_a_parquet_that_breaks_off_in_its_data_changes_nothing(shop: Shop) -> None:
    path = shop.folder / "orders.parquet"
    pq.write_table(
        pa.table({"order_id": [str(each) for each in range(5000)], "placed_at": pa.array(range(5000), pa.timestamp("s", "UTC"))}), path
    )
    content = bytearray(path.read_bytes())
    content[50:4000] = bytes(3950)
    path.write_bytes(bytes(content))
    before = shop.warehouse.current()

    with pytest.raises(SourceError, match=r"orders\.parquet"):
        shop.load(path)

    assert shop.warehouse.current() == before


def test_a_time_beyond_all_calendars_in_a_parquet_is_a_fault_of_the_file(shop: Shop) -> None:
    path = shop.folder / "orders.parquet"
    pq.write_table(pa.table({"order_id": ["a"], "placed_at": pa.array([2**62], pa.timestamp("ms"))}), path)

    with pytest.raises(SourceError, match=r"orders\.parquet"):
        shop.load(path)


@pytest.mark.parametrize("name", ["orders-[1] 'x'.csv", "orders-*.csv", "orders-[1].parquet", "orders-ä.csv"])
def test_a_file_may_bear_a_name_that_looks_like_a_pattern(shop: Shop, name: str) -> None:
    path = shop.folder / name
    if name.endswith("parquet"):
        pq.write_table(pa.table({"order_id": ["a"], "placed_at": ["2026-03-02"]}), path)
    else:
        path.write_text("order_id,placed_at\na,2026-03-02\n")

    assert shop.load(path, replace=True).counts["orders"].rows_in == 1


def test_source_columns_may_bear_names_that_loading_uses_itself(shop: Shop) -> None:
    path = shop.folder / "orders.parquet"
    names = ("line", "fault", "source", "zone", "part", "value", "item", "rowid")
    pq.write_table(pa.table({"order_id": ["a"], "placed_at": ["2026-03-02"], **{name: ["x"] for name in names}}), path)

    assert shop.load(path, replace=True).counts["orders"].rows_in == 1
    csv = ",".join(("order_id", "placed_at", *names)) + "\na,2026-03-02" + ",x" * len(names) + "\n"
    assert shop.load(shop.write("orders.csv", csv)).counts["orders"].unchanged == 1


def test_files_folders_and_globs_name_each_file_once(tmp_path: Path) -> None:
    for name in ("orders/1.csv", "orders/2.csv.gz", "orders/.hidden.csv", "orders/notes.md", "malls.csv"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("a\n")

    found = expand([tmp_path / "orders", tmp_path / "*.csv", tmp_path / "orders" / "1.csv"])

    assert [str(path.relative_to(tmp_path)) for path in found] == ["orders/1.csv", "orders/2.csv.gz", "malls.csv"]
    with pytest.raises(SourceError, match="no such file"):
        expand([tmp_path / "x-*.csv"])


def test_a_folder_named_after_a_table_gives_its_files_their_table(shop: Shop) -> None:
    path = shop.write("export/orders/part-0.csv", TEXT)

    result = shop.load(path.parent.parent, replace=True)

    assert result.counts["orders"].rows_in == 2


def test_a_source_knows_its_hash_and_columns(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"x|y\n1|2\n")

    source = describe(path)

    assert (source.columns, source.delimiter, source.encoding, source.bytes) == (("x", "y"), "|", "utf-8", 8)
    assert source.sha256 == hashlib.sha256(b"x|y\n1|2\n").hexdigest()


INSTANTS = {
    # how it is written -> what it is in UTC; files without a mapping speak UTC
    "2026-03-02 17:00:00": "2026-03-02 17:00:00",
    "2026-03-02T17:00:00Z": "2026-03-02 17:00:00",
    "2026-03-02T17:00:00+02:00": "2026-03-02 15:00:00",
    "2026-03-02 17:00:00-0700": "2026-03-03 00:00:00",
    "2026-03-02 17:00:00.999": "2026-03-02 17:00:00",
    "1772470800": "2026-03-02 17:00:00",
    "1772470800.9": "2026-03-02 17:00:00",
    "1772470800999": "2026-03-02 17:00:00",
    "1772470800999999": "2026-03-02 17:00:00",
    "1969-12-31 23:59:59.5": "1969-12-31 23:59:59",
}


def test_every_way_to_write_an_instant_gives_whole_utc_seconds(shop: Shop) -> None:
    shop.load(shop.rows_file("orders.csv", [{"order_id": text, "placed_at": text} for text in INSTANTS]), replace=True)

    rows = shop.rows("SELECT order_id, placed_at::VARCHAR AS at FROM orders")
    assert {row["order_id"]: row["at"] for row in rows} == INSTANTS


def test_local_times_are_read_in_the_row_s_market_with_a_mapping(shop: Shop) -> None:
    rows = [
        {"order_id": "phoenix", "mall_id": "M1", "placed_at": "2026-07-01 10:00:00"},
        {"order_id": "summer", "mall_id": "M2", "placed_at": "2026-07-01 10:00:00"},
        {"order_id": "winter", "mall_id": "M2", "placed_at": "2026-01-01 10:00:00"},
        {"order_id": "skipped", "mall_id": "M2", "placed_at": "2026-03-08 02:30:00"},
        {"order_id": "second", "mall_id": "M2", "placed_at": "2026-11-01 01:30:00"},
        {"order_id": "offset", "mall_id": "M2", "placed_at": "2026-07-01T10:00:00Z"},
    ]

    shop.load(shop.rows_file("orders.csv", rows), mapping='[orders]\nfile = "orders.csv"\n', replace=True)

    found = {
        row["order_id"]: (row["at"], row["local_hour"])
        for row in shop.rows("SELECT order_id, placed_at::VARCHAR AS at, local_hour FROM orders")
    }
    assert found == {
        "phoenix": ("2026-07-01 17:00:00", 10),
        "summer": ("2026-07-01 14:00:00", 10),
        "winter": ("2026-01-01 15:00:00", 10),
        "skipped": ("2026-03-08 07:30:00", 3),
        "second": ("2026-11-01 06:30:00", 1),
        "offset": ("2026-07-01 10:00:00", 6),
    }


def test_a_local_time_of_no_known_market_is_rejected(shop: Shop) -> None:
    row = {"order_id": "o1", "placed_at": "2026-07-01 10:00:00"}

    result = shop.load(shop.rows_file("orders.csv", [row]), mapping='[orders]\nfile = "orders.csv"\n', replace=True)

    assert rules(result)["no_time_zone", "placed_at"] == 1


def test_a_type_that_a_column_cannot_hold_is_a_fault_of_rows_not_of_the_load(shop: Shop) -> None:
    path = shop.folder / "orders.parquet"
    table = pa.table({"order_id": [1, 2], "placed_at": [True, False], "fee_cents": [[1], [2]], "dropoff_latitude": [b"x", b"y"]})
    pq.write_table(table, path)

    result = shop.load(path, replace=True)

    assert result.counts["orders"] == Count(rows_in=2, rejected=2)


def test_whole_ids_that_a_writer_made_floats_stay_whole(shop: Shop) -> None:
    path = shop.folder / "orders.parquet"
    pq.write_table(pa.table({"order_id": [17.0, 18.0], "placed_at": ["2026-03-02 17:00:00"] * 2}), path)

    shop.load(path, replace=True)

    assert [row["order_id"] for row in shop.rows("SELECT order_id FROM orders ORDER BY 1")] == ["17", "18"]
