"""The guess as a value: what it says, how it is corrected, how it is written, and that no file breaks it."""

import csv
import io
import tempfile
from pathlib import Path

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.__main__ import main
from data.contracts import table
from data.errors import MallReachError, MappingError, SourceError
from data.guess import Confidence, guessed, to_toml
from data.guess_patterns import name_score
from data.guess_places import nearest_zone
from data.guess_words import bag, status_meant, words
from data.mapping import Mapping
from tests.loading import MALLS, MARKETS, Shop

ORDERS = "No;Hub;Ordered;Handed over;Rating\n" + "".join(
    f"A{number};M1;2026-03-02T1{number % 10}:00:00Z;2026-03-02T1{number % 10}:40:00Z;{number % 5}\n" for number in range(30)
)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.mark.parametrize(
    ("header", "concepts"),
    [
        ("Bestellnummer", {"ORDER", "ID"}),
        ("drvAccTs", {"DRIVER", "ACCEPTED", "TIME"}),
        ("dropofflatitude", {"DROPOFF", "LAT"}),
        ("dataEntregaPrevista", {"DATE", "DELIVERY", "PROMISED"}),
        ("heure de livraison", {"TIME", "DELIVERY"}),
        ("PICKUP_LNG", {"PICKUP", "LON"}),
        ("Angebots-ID", {"OFFER", "ID"}),
        ("cstmr", {"CUSTOMER"}),
        ("xyzzy", {"?"}),
    ],
)
def test_headers_of_many_styles_mean_the_same(header: str, concepts: set[str]) -> None:
    assert set(bag(header)) == concepts


def test_words_are_cut_at_capitals_digits_and_signs() -> None:
    assert words("orderID-2 pickedUpAt") == ("order", "id", "2", "picked", "at")


def test_a_contract_s_own_name_is_worth_most_and_other_things_cost() -> None:
    orders = table("orders")
    placed = orders.column("placed_at")
    assert name_score(orders, placed, "placed_at") == 1
    assert name_score(orders, placed, "orderTime") > name_score(orders, placed, "orderPromisedTime")
    assert name_score(orders, orders.column("store_id"), "place_category") < name_score(orders, orders.column("store_id"), "pickup_place")


@pytest.mark.parametrize(
    ("word", "meaning"), [("FINISHED", "delivered"), ("Storniert", "cancelled"), ("entregue", "delivered"), ("Z3", None)]
)
def test_words_of_a_status_are_known_in_several_languages(word: str, meaning: str | None) -> None:
    assert status_meant(word, table("orders").column("status").choices) == meaning


@pytest.mark.parametrize(
    ("place", "zone"),
    [
        ((40.7, -74.0), "America/New_York"),
        ((36.1, -115.2), "America/Los_Angeles"),
        ((33.4, -111.9), "America/Phoenix"),
        ((38.9, -77.2), "America/New_York"),
        ((-23.5, -46.6), "America/Sao_Paulo"),
        ((22.7, 75.9), "Asia/Kolkata"),
        ((52.5, 13.4), "Europe/Berlin"),
    ],
)
def test_the_zone_of_the_nearest_city_is_asked_for(place: tuple[float, float], zone: str) -> None:
    assert nearest_zone(*place) == zone


def test_a_guess_says_how_sure_it_is_what_is_left_and_what_is_missing(shop: Shop) -> None:
    shop.write("markets.csv", MARKETS)
    shop.write("malls.csv", MALLS)
    shop.write("sales.csv", ORDERS)

    guess = guessed([shop.folder], beside=shop.folder)

    (feed,) = guess.of("orders")
    assert feed.feed.columns == {"order_id": ("No",), "mall_id": ("Hub",), "placed_at": ("Ordered",), "delivered_at": ("Handed over",)}
    assert {each.column.name: each.confidence for each in feed.columns}["mall_id"] is Confidence.HIGH
    assert [(each.name, each.examples) for each in feed.leftovers] == [("Rating", ("0", "1", "2"))]
    assert "orders.promised_by: no promise: on time cannot be said" in guess.missing
    assert any("utilization" in each for each in guess.missing)
    text = to_toml(guess)
    assert "Rating: e.g. 0, 1, 2" in text
    assert 'file = "sales.csv"' in text
    assert "# - orders.promised_by: no promise: on time cannot be said" in text


def test_what_is_written_is_the_mapping_and_loads(shop: Shop) -> None:
    shop.open()
    path = shop.write("sales.csv", ORDERS)

    guess = guessed([path], beside=shop.folder)

    assert guess.mapping() == Mapping.parse(to_toml(guess))
    result = shop.load(path, mapping=to_toml(guess))
    assert result.counts["orders"].kept == 30
    assert shop.row("SELECT min(click_to_door_s) AS s FROM orders") == {"s": 2400}


def test_a_column_is_corrected_without_changing_the_guess(shop: Shop) -> None:
    guess = guessed([shop.write("sales.csv", ORDERS)])

    other = guess.with_column("orders", "delivered_at", None).with_column("orders", "ready_at", "Handed over")

    assert "delivered_at" in guess.of("orders")[0].feed.columns
    assert other.of("orders")[0].feed.columns["ready_at"] == ("Handed over",)
    assert "delivered_at" not in other.mapping().feeds[-1].columns
    with pytest.raises(MappingError, match="no column 'Nothing'"):
        guess.with_column("orders", "ready_at", "Nothing")
    with pytest.raises(MappingError, match="no such table"):
        guess.with_column("trips", "trip_id", "No")
    with pytest.raises(MappingError, match="cannot give"):
        guess.with_column("orders", "drive_s", "No")


def test_sheets_json_lines_and_parquet_are_looked_at_like_csv(shop: Shop) -> None:
    rows = [line.split(";") for line in ORDERS.splitlines()]
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Sales"
    for row in rows:
        sheet.append(row)
    book.save(shop.folder / "book.xlsx")
    records = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    pq.write_table(pa.Table.from_pylist(records), shop.folder / "sales.parquet")
    with duckdb.connect() as connection:
        connection.register("records", pa.Table.from_pylist(records))
        connection.execute(f"COPY records TO '{shop.folder / 'sales.jsonl'}' (FORMAT json)")

    found = {path: guessed([shop.folder / path]).of("orders")[0].feed for path in ("book.xlsx", "sales.parquet", "sales.jsonl")}

    assert {tuple(feed.columns.items()) for feed in found.values()} == {
        (("order_id", ("No",)), ("mall_id", ("Hub",)), ("placed_at", ("Ordered",)), ("delivered_at", ("Handed over",)))
    }
    assert [feed.sheet for feed in found.values()] == ["Sales", None, None]


def test_files_that_differ_in_digits_only_are_one_entry(shop: Shop) -> None:
    for month in ("01", "02"):
        shop.write(f"sales-2026-{month}.csv", ORDERS.replace("A", f"A{month}"))
    shop.write("sales-old-1.csv", "No;When\n1;2\n")

    guess = guessed([shop.folder], beside=shop.folder)

    assert [feed.feed.file for feed in guess.of("orders")] == ["sales-2026-*.csv"]
    assert [name for name, _ in guess.unplaced] == ["sales-old-1.csv"]


def test_what_no_table_takes_is_said_with_what_is_lacking(shop: Shop) -> None:
    guess = guessed([shop.write("weather.csv", "station,day,rain\n1,2026-01-01,3\n")])

    assert guess.feeds == ()
    assert "# " + str(shop.folder / "weather.csv") + ": no table takes it" in to_toml(guess)
    with pytest.raises(MappingError, match="names no table"):
        guess.mapping()


def test_local_times_stay_local_unless_the_hours_of_the_day_say_utc(shop: Shop) -> None:
    shop.write("markets.csv", MARKETS.splitlines()[0] + "\ndesert,Desert,America/Phoenix,04013\n")
    header = "order_id,market_id,placed_at\n"
    by_day = [f"o{each},desert,2026-03-{1 + each % 28:02} {9 + each % 12:02}:30:00" for each in range(200)]
    utc = [f"o{each},desert,2026-03-{1 + each % 28:02} {(16 + each % 12) % 24:02}:30:00" for each in range(200)]

    shop.write("orders.csv", header + "\n".join(by_day))
    assert guessed([shop.folder]).of("orders")[0].feed.time_zone is None
    shop.write("orders.csv", header + "\n".join(utc))
    assert guessed([shop.folder]).of("orders")[0].feed.time_zone == "UTC"
    shop.write("orders.csv", header.replace("placed_at", "placed_utc") + "\n".join(by_day))
    assert guessed([shop.folder]).of("orders")[0].feed.time_zone == "UTC"


@pytest.mark.parametrize(
    ("days", "formats", "is_asked"),
    [
        ([f"{day}/03/2026 10:15" for day in range(1, 29)], ("%d/%m/%Y %H:%M",), False),
        ([f"3/{day}/2026 10:15" for day in range(1, 29)], ("%m/%d/%Y %H:%M",), False),
        ([f"3/{day}/26 1:15 PM" for day in range(1, 12)], ("%m/%d/%y %I:%M %p",), True),
        ([f"{day:02}.03.2026 10:15:00" for day in range(1, 12)], ("%d.%m.%Y %H:%M:%S",), True),
        ([f"2026-03-{day:02} 10:15" for day in range(1, 29)], (), False),
        (["3/4/2026 1:15 PM", "4/3/2026 1:15 PM"] * 5, ("%m/%d/%Y %I:%M %p",), True),
        (["3/4/2026 13:15", "4/3/2026 13:15"] * 5, ("%d/%m/%Y %H:%M",), True),
        ([f"{day:02} Mar 2026 10:15" for day in range(1, 29)], ("%d %b %Y %H:%M",), False),
    ],
)
def test_day_or_month_first_is_decided_by_content_or_asked(shop: Shop, days: list[str], formats: tuple[str, ...], is_asked: bool) -> None:  # noqa: FBT001 -- a row of the table
    rows = "\n".join(f"o{number},{day}" for number, day in enumerate(days))

    (feed,) = guessed([shop.write("orders.csv", f"order_id,placed_at\n{rows}\n")]).of("orders")

    assert feed.feed.date_formats == formats
    assert any("day or month first" in each.text for each in feed.remarks) == is_asked


@pytest.mark.parametrize(
    ("amounts", "unit"),
    [(["4.99", "5.49"], "dollars"), (["499", "549"], None), (["5", "6"], "dollars"), (["$4.99", "$5.49"], "dollars")],
)
def test_money_is_in_cents_only_where_it_looks_so(shop: Shop, amounts: list[str], unit: str | None) -> None:
    rows = "\n".join(f"o{number},2026-03-02T10:00:00Z,{amounts[number % 2]}" for number in range(40))

    (feed,) = guessed([shop.write("orders.csv", f"order_id,placed_at,fee\n{rows}\n")]).of("orders")

    assert feed.feed.units.get("fee_cents") == unit


def test_events_in_wrong_columns_are_told_by_their_order_in_the_rows(shop: Shop) -> None:
    rows = "\n".join(
        f"o{each},2026-03-02T10:{each:02}:00Z,2026-03-02T10:{each + 5:02}:00Z,2026-03-02T10:{each + 10:02}:00Z" for each in range(40)
    )

    (feed,) = guessed([shop.write("jobs.csv", f"order_id,order_time,fetch_time,arrive_time\n{rows}\n")]).of("orders")

    assert feed.feed.columns["picked_up_at"] == ("fetch_time",)
    assert feed.feed.columns["delivered_at"] == ("arrive_time",)


def test_two_columns_of_one_name_are_left_alone(shop: Shop) -> None:
    guess = guessed([shop.write("orders.csv", "order_id,placed_at,Fee,fee,\no1,2026-03-02T10:00:00Z,1,2,3\n")])

    assert list(guess.of("orders")[0].feed.columns) == ["order_id", "placed_at"]


def test_the_command_writes_a_mapping_that_is_not_overwritten(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = shop.write("sales.csv", ORDERS), shop.folder / "mapping.toml"

    assert main(["mapping", str(path)]) == 0
    assert "[orders.columns]" in capsys.readouterr().out
    assert main(["mapping", str(path), "--out", str(out)]) == 0
    assert 'file = "sales.csv"' in out.read_text()
    assert main(["mapping", str(path), "--out", str(out)]) == 2
    assert "exists" in capsys.readouterr().err


def test_a_file_that_cannot_be_read_is_one_error(shop: Shop) -> None:
    with pytest.raises(SourceError, match="no readable Parquet"):
        guessed([shop.write("orders.parquet", b"PAR1")])


HEADERS = st.sampled_from(
    [
        "order_id",
        "placed_at",
        "Lieferzeit",
        "lat",
        "lng",
        "x",
        "y",
        "fee",
        "status",
        "driver",
        'a "b"',
        "c\\d",
        "é\n",
        "",
        "date",
        "time",
        "Time_taken(min)",
        "promised",
        "hub_id",
        "# no",
        "[orders]",
        "start",
        "end",
        "h3",
        "tz",
        "pickup_lat",
        "pickup_lng",
        "dropoff_lat",
        "dropoff_lng",
        "vehicle",
    ]
)
VALUES = st.sampled_from(
    [
        "",
        "0",
        "1",
        "-1",
        "17",
        "3.5",
        "3,5",
        "nan",
        "NaN ",
        "1e308",
        "-1e308",
        "9" * 30,
        "2026-03-02",
        "0000-01-01",
        "9999-12-31 23:59:59",
        "31/12/2026",
        "12/31/2026 1:00 PM",
        "1666077600",
        "1666077600000",
        "10:15",
        "25:99",
        "delivered",
        "FERTIG",
        "car",
        "33.5",
        "-112",
        "181",
        "40500000",
        "\x00",
        "\x7f",
        "8928308280fffff",
        "617726992936861695",
        "America/Phoenix",
        "Moon/Crater",
        "POLYGON((0 0, 1 1))",
        "USD",
        "'",
        '"',
        "é",
        "2026-03-02T10:00:00+02:00",
    ]
)
TABLES = st.lists(HEADERS, min_size=1, max_size=7).flatmap(
    lambda header: st.tuples(st.just(header), st.lists(st.lists(VALUES, min_size=len(header), max_size=len(header)), max_size=12))
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(tables=st.lists(TABLES, min_size=1, max_size=2), names=st.permutations(["orders", "malls", "drivers", "x"]))
def test_no_file_breaks_the_guess_and_what_it_writes_is_a_valid_mapping(
    tables: list[tuple[list[str], list[list[str]]]], names: list[str]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, (header, rows) in zip(names, tables, strict=False):
            text = io.StringIO()
            csv.writer(text).writerows([header, *rows])
            (Path(folder) / f"{name}.csv").write_text(text.getvalue(), "utf-8")
        try:
            guess = guessed([folder])
        except SourceError:
            return  # such as a file with nothing in it; the loader says the same
        text_ = to_toml(guess)
        if guess.feeds:
            try:
                assert guess.mapping() == Mapping.parse(text_)
            except MallReachError as error:
                pytest.fail(f"{error}\n{text_}")
