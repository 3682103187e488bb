"""Dirty files of every loadable table: good rows, rows with one planted fault each, and garbage, written in any dialect.

A ``Plan`` is drawn by hypothesis or by a plain random generator; ``written`` makes a file of it and says which rules it must break.
"""

import csv
import gzip
import io
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from data.cells import cells_at
from data.checks import coordinates
from data.contracts import Column, Kind, Table, loadable_tables
from data.contracts import table as contract
from data.manifest import Finding
from data.staging import has_zone

Row = dict[str, str | None]
START = datetime(2026, 3, 2, 17, tzinfo=UTC)
TABLES = tuple(each.name for each in loadable_tables())
GARBAGE: tuple[str | None, ...] = (
    *(None, "", " ", "'", '"', "=1+1", "é", "CafÃ©", "NaN ", "NULL", "nan", "1e400", "9" * 30, "0", "-1", "7.42", "33.5", "-112", "181"),
    *("2026-03-02 17:00:00", "2026-03-08T02:30:00", "2026-11-01 01:30", "1772470800", "1772470800000", "infinity", "0001-01-01"),
    *("2026-03-02T17:00:00+02:00", "2026-03-02 17:00:00 Mars/Base", "294247-01-10 04:00:54", "2026-13-45", "1970-01-01", "24:00:00"),
    *("desert", "M1", "o1", "delivered", "POLYGON((0 0,1 0,1 1,0 0))", "POLYGON((", "8928308280fffff", "a,b;c|d\te", "two\nlines", "\x01"),
)
DIALECTS = ("comma", "semicolon", "tab", "bar", "latin-1", "byte order mark", "carriage returns", "packed", "parquet")
_DELIMITERS = {"semicolon": ";", "tab": "\t", "bar": "|"}
BLOCK_DAYS, BLOCK_ROWS = 14, 8


@dataclass(frozen=True)
class Plan:
    """What one file shall be: its table, the faults planted in it, its dialect, its good rows and garbage (one mapping per row)."""

    table: str
    faults: tuple[str, ...]
    dialect: str = "comma"
    good: int = 5
    garbage: tuple[Mapping[str, str | None], ...] = ()


@dataclass
class Dirty:
    """A file, its records, and the rules that a load of it must report, each with its column (None: any)."""

    name: str
    content: bytes
    rows: int
    planted: set[tuple[str, str | None]] = field(default_factory=set)


@dataclass
class _Sheet:
    """Rows being made; ``raw`` are records that are no rows of the header."""

    table: Table
    rows: list[Row] = field(default_factory=list)
    raw: list[Callable[[Sequence[str], str], str]] = field(default_factory=list)
    planted: set[tuple[str, str | None]] = field(default_factory=set)

    def add(self, **changes: str | None) -> Row:
        row = {**good_row(self.table, len(self.rows)), **changes}
        self.rows.append(row)
        return row

    def plant(self, rule: str, column: str | None, **changes: str | None) -> None:
        self.add(**changes)
        self.planted.add((rule, column))


def good_row(table: Table, number: int) -> Row:
    """Return a row without fault, the same for the same number; every table names market ``desert`` and mall ``M1``."""
    return {column.name: _good(table, column, number) for column in table.loaded}


def _good(table: Table, column: Column, number: int) -> str | None:
    known = {
        "market_id": f"market{number}" if table.name == "markets" else "desert",
        "mall_id": f"mall{number}" if table.name == "malls" else "M1",
        "time_zone": "America/Phoenix",
        "currency": "USD",
        "week_start": "1",
        "boundary_counties": f"{90000 + number}",
        "county": "04013",
        "boundary_polygon": None,
        "driver_id": f"driver{number}",
        "status": {"malls": "open", "orders": "delivered", "offers": "accepted", "trips": "completed"}.get(table.name),
        "cell": f"{_cell(number):x}",
    }
    if (table.name, column.name) in (("baseline", "cell"), ("orders", "dropoff_cell"), ("orders", "is_dropoff_area")):
        return None
    if column.name in known:
        return known[column.name]
    if column.name == "local_date":
        return f"{START.date() + timedelta(days=number)}"
    if column.kind is Kind.INSTANT:
        return _at(START, table, column.name)
    return _GOOD[column.kind].format(number=number)


_GOOD = {
    Kind.TEXT: "text{number}",
    Kind.INTEGER: "7",
    Kind.BOOLEAN: "true",
    Kind.DAY: "2026-03-02",
    Kind.SECONDS: "600",
    Kind.METERS: "4000",
    Kind.CENTS: "900",
    Kind.CELL: "",
    Kind.LATITUDE: "33.51",
    Kind.LONGITUDE: "-112.01",
}
_MINUTES = {"ready_at": 10, "accepted_at": 5, "arrived_at": 15, "picked_up_at": 20, "delivered_at": 40, "ended_at": 40, "end_at": 40}
_MINUTES |= {"promised_by": 60, "decided_at": 1}


def _at(placed: datetime, table: Table, name: str) -> str:
    minutes = 0 if name == table.sort[1] else _MINUTES[name]
    return f"{placed + timedelta(minutes=minutes):%Y-%m-%d %H:%M:%S}"


def _moved(table: Table, start: datetime) -> Row:
    """Return the instants of a good row that begins at another time."""
    return {column.name: _at(start, table, column.name) for column in table.loaded if column.kind is Kind.INSTANT}


@cache
def _cell(number: int) -> int:
    return int(cells_at(np.array([33.0 + 0.01 * number]), np.array([-112.0]))[0])


# Faults: each adds a row (or a few) that breaks one rule for sure, and says which.


def _missing_key(sheet: _Sheet) -> None:
    key = next(name for name in sheet.table.key if sheet.table.column(name).required)
    sheet.plant("missing_key", key, **{key: None})


def _missing_value(sheet: _Sheet) -> None:
    for column in _required(sheet.table):
        sheet.plant("missing_value", column.name, **{column.name: None})


def _unparsable_value(sheet: _Sheet) -> None:
    for column in _required(sheet.table):
        if column.kind is not Kind.TEXT or column.name == "time_zone":
            sheet.plant("unparsable_value", column.name, **{column.name: "soon"})


def _unparsable_optional(sheet: _Sheet) -> None:
    for column in _optional(sheet.table):
        if column.kind is not Kind.TEXT:
            sheet.plant("unparsable_optional", column.name, **{column.name: "soon"})


def _word_for_nothing(sheet: _Sheet) -> None:
    for column in _optional(sheet.table):
        sheet.plant("word_for_nothing", column.name, **{column.name: "NaN "})


def _not_in_choices(sheet: _Sheet) -> None:
    for column in sheet.table.loaded:
        if column.choices:
            sheet.plant("not_in_choices", column.name, **{column.name: "eaten"})


def _below_minimum(sheet: _Sheet) -> None:
    for column in sheet.table.loaded:
        if column.minimum is not None:
            sheet.plant("unparsable_value" if column.required else "below_minimum", column.name, **{column.name: "-5"})


def _impossible_coordinates(sheet: _Sheet) -> None:
    for latitude, longitude in coordinates(sheet.table):
        for point in (("0", "0.0"), ("0.0004", "-0.002"), ("91", "10"), ("10", "-181")):
            sheet.plant("impossible_coordinates", latitude, **dict(zip((latitude, longitude), point, strict=True)))


def _impossible_time(sheet: _Sheet) -> None:
    for column in _instants(sheet.table):
        sheet.plant("impossible_time", column.name, **{column.name: "1970-01-01 00:00:00"})


def _future_time(sheet: _Sheet) -> None:
    for column in _instants(sheet.table):
        if column.name != "promised_by":
            sheet.plant("future_time", column.name, **{column.name: "2098-03-02 17:00:00"})


def _repeated_rows(sheet: _Sheet) -> None:
    sheet.rows.append(dict(sheet.add()))
    sheet.planted.add(("repeated_rows", None))


def _contradictory_duplicate(sheet: _Sheet) -> None:
    row = dict(sheet.add())
    column = next(each for each in sheet.table.loaded if each.name not in sheet.table.key and each.name in _CONTRADICTED)
    row[column.name] = {"33.51": "33.52", "900": "901"}.get(str(row[column.name]), "other")
    sheet.rows.append(row)
    sheet.planted.add(("contradictory_duplicate", column.name))


_CONTRADICTED = ("name", "category", "vehicle", "customer_id", "pay_cents", "latitude", "income_cents", "cost_sum_cents", "driver_id")


def _unknown_reference(sheet: _Sheet) -> None:
    for column in sheet.table.loaded:
        if column.references in ("markets", "malls"):
            sheet.plant("unknown_reference", column.name, **{column.name: "nowhere"})


def _market_unknown(sheet: _Sheet) -> None:
    if has_zone(sheet.table):
        sheet.plant("market_unknown", "market_id", market_id="nowhere", mall_id=None)


def _flipped_coordinates(sheet: _Sheet) -> None:
    for latitude, longitude in coordinates(sheet.table):
        sheet.plant("flipped_coordinates", longitude, **{longitude: "112.01"})
        sheet.plant("flipped_coordinates", latitude, **{latitude: "-33.51"})


def _swapped_coordinates(sheet: _Sheet) -> None:
    for latitude, longitude in coordinates(sheet.table):
        sheet.plant("swapped_coordinates", latitude, **{latitude: "-112.01", longitude: "33.51"})


def _scaled_coordinates(sheet: _Sheet) -> None:
    for latitude, longitude in coordinates(sheet.table):
        sheet.plant("scaled_coordinates", latitude, **{latitude: "33510000", longitude: "-112010000"})


def _far_point(sheet: _Sheet) -> None:
    for latitude, longitude in coordinates(sheet.table):
        rule, column = ("suspicious_distance", "distance_m") if sheet.table.name == "orders" else ("far_from_market", latitude)
        sheet.plant(rule, column, **{latitude: "60", longitude: "30"})


def _wrong_encoding(sheet: _Sheet) -> None:
    for column in _optional(sheet.table):
        if column.kind is Kind.TEXT and column.name in (*_CONTRADICTED, "boundary_name", "trip_id", "store_id"):
            sheet.plant("wrong_encoding", column.name, **{column.name: "CafÃ© Zoo"})


def _malformed_record(sheet: _Sheet) -> None:
    values = list(good_row(sheet.table, 700).values())
    sheet.raw.append(lambda _, delimiter: delimiter.join(value or "" for value in [*values, "one", "more"]))
    sheet.planted.add(("malformed_record", ""))


def _mixed_delimiters(sheet: _Sheet) -> None:
    values = list(good_row(sheet.table, 701).values())
    sheet.raw.append(lambda _, delimiter: ("|" if delimiter != "|" else ";").join(value or "" for value in values))
    sheet.planted.add(("mixed_delimiters", ""))


def _no_market(sheet: _Sheet) -> None:
    if sheet.table.name == "demand_areas":
        sheet.plant("no_market", "county", market_id=None, county="06037")


def _midnight_wrap(sheet: _Sheet) -> None:
    if has_zone(sheet.table):
        end = {"orders": "delivered_at", "shifts": "end_at", "trips": "ended_at", "offers": "decided_at"}[sheet.table.name]
        start = {sheet.table.sort[1]: "2026-03-02 23:50:00"}
        others = {column.name: None for column in _instants(sheet.table) if column.name not in (end, *start)}
        sheet.plant("midnight_wrap", end, **{**others, **start, end: "2026-03-02 00:20:00"})


def _end_not_after_start(sheet: _Sheet) -> None:
    ends = {"shifts": "end_at", "trips": "ended_at", "offers": "decided_at"}
    if sheet.table.name in ends:
        end = ends[sheet.table.name]
        sheet.plant("end_not_after_start", end, **{end: "2026-03-02 16:00:00"})


def _overlapping_shifts(sheet: _Sheet) -> None:
    if sheet.table.name == "shifts":
        sheet.add(driver_id="twin")
        sheet.plant("overlapping_shifts", "start_at", driver_id="twin")


def _order_events(sheet: _Sheet) -> None:
    if sheet.table.name == "orders":
        sheet.plant("out_of_order", "arrived_at", arrived_at="2026-03-02 17:04:00")
        sheet.plant("delivered_before_placed", "delivered_at", delivered_at="2026-03-02 16:59:00")
        sheet.plant("event_missing", "accepted_at", accepted_at=None)
        sheet.plant("ready_after_pickup", "ready_at", ready_at="2026-03-02 17:21:00")
        sheet.plant("status_unknown", "status", status=None, delivered_at=None)


def _years_off(sheet: _Sheet) -> None:
    if has_zone(sheet.table):
        sheet.plant("years_off", sheet.table.sort[1], **_moved(sheet.table, START.replace(year=2012)))
        for _ in range(4):
            sheet.add()


def _calendar(sheet: _Sheet) -> None:
    """Add two weeks of rows without one of the days, and with other units from the second week on."""
    if not has_zone(sheet.table):
        return
    money = next((each.name for each in sheet.table.loaded if each.kind is Kind.CENTS), None)
    for day in (each for each in range(BLOCK_DAYS) if each != BLOCK_DAYS // 2 + 1):
        for minute in range(BLOCK_ROWS):
            start = START + timedelta(days=90 + day, minutes=minute)
            changes = {money: "90000" if day >= BLOCK_DAYS // 2 else "900"} if money else {}
            sheet.add(**_moved(sheet.table, start), **changes)
    sheet.planted.add(("day_missing", "local_date"))
    if money:
        sheet.planted.add(("unit_changed", money))


FAULTS: dict[str, Callable[[_Sheet], None]] = {
    "missing_key": _missing_key,
    "missing_value": _missing_value,
    "unparsable_value": _unparsable_value,
    "unparsable_optional": _unparsable_optional,
    "word_for_nothing": _word_for_nothing,
    "not_in_choices": _not_in_choices,
    "below_minimum": _below_minimum,
    "impossible_coordinates": _impossible_coordinates,
    "impossible_time": _impossible_time,
    "future_time": _future_time,
    "repeated_rows": _repeated_rows,
    "contradictory_duplicate": _contradictory_duplicate,
    "unknown_reference": _unknown_reference,
    "market_unknown": _market_unknown,
    "flipped_coordinates": _flipped_coordinates,
    "swapped_coordinates": _swapped_coordinates,
    "scaled_coordinates": _scaled_coordinates,
    "far_point": _far_point,
    "wrong_encoding": _wrong_encoding,
    "malformed_record": _malformed_record,
    "mixed_delimiters": _mixed_delimiters,
    "no_market": _no_market,
    "midnight_wrap": _midnight_wrap,
    "end_not_after_start": _end_not_after_start,
    "overlapping_shifts": _overlapping_shifts,
    "order_events": _order_events,
    "years_off": _years_off,
    "calendar": _calendar,
}
"""Ways to spoil a file by name; one that does not apply to a table adds nothing."""


def _required(table: Table) -> list[Column]:
    return [column for column in table.loaded if column.required and column.name not in table.key]


def _optional(table: Table) -> list[Column]:
    return [column for column in table.loaded if not column.required and column.name not in table.key]


def _instants(table: Table) -> list[Column]:
    return [column for column in table.loaded if column.kind is Kind.INSTANT]


def written(plan: Plan, suffix: str = "") -> Dirty:
    """Make the file of a plan; ``suffix`` tells files of one table apart."""
    sheet = _Sheet(contract(plan.table))
    for _ in range(plan.good):
        sheet.add()
    for fault in plan.faults:
        FAULTS[fault](sheet)
    for place, changes in enumerate(plan.garbage):
        # Garbage has keys of its own: what is planted stays as it is.
        sheet.rows.append({**good_row(sheet.table, 800 + place), **changes})
    names = [column.name for column in sheet.table.loaded]
    rows = [[row[name] for name in names] for row in sheet.rows]
    if plan.dialect == "parquet":
        table = pa.table({name: pa.array([row[place] for row in rows], pa.string()) for place, name in enumerate(names)})
        sink = io.BytesIO()
        pq.write_table(table, sink)
        # A Parquet file has no records that are no rows.
        planted = {each for each in sheet.planted if each[1] != ""}
        return Dirty(f"{plan.table}{suffix}.parquet", sink.getvalue(), len(rows), planted)
    # A text encoded twice is right again in Latin-1 bytes: nothing would be wrong with such a file.
    dialect = "comma" if plan.dialect == "latin-1" and "wrong_encoding" in plan.faults else plan.dialect
    text = _text(names, rows, sheet.raw, dialect)
    return Dirty(f"{plan.table}{suffix}.csv", _encoded(text, dialect), len(rows) + len(sheet.raw), sheet.planted)


def _text(
    names: Sequence[str], rows: Sequence[Sequence[str | None]], raw: Sequence[Callable[[Sequence[str], str], str]], dialect: str
) -> str:
    delimiter, end = _DELIMITERS.get(dialect, ","), "\r\n" if dialect == "carriage returns" else "\n"
    records = [_record(row, delimiter) for row in (names, *rows)] + [line(names, delimiter) for line in raw]
    return "".join(record + end for record in records)


def _record(row: Sequence[str | None], delimiter: str) -> str:
    """Return one record without its end. The writer quotes only what its own line end holds; a bare carriage return would be a line end."""
    sink = io.StringIO()
    csv.writer(sink, delimiter=delimiter, lineterminator="\r\n").writerow(row)
    return sink.getvalue().removesuffix("\r\n")


def _encoded(text: str, dialect: str) -> bytes:
    if dialect == "latin-1":
        return text.encode("latin-1", errors="replace")
    encoded = text.encode("utf-8-sig" if dialect == "byte order mark" else "utf-8")
    return gzip.compress(encoded) if dialect == "packed" else encoded


def drawn(chance: random.Random, table: str) -> Plan:
    """Draw a plan for one table by chance."""
    columns = [column.name for column in contract(table).loaded if column.name not in contract(table).key]
    garbage = [{name: chance.choice(GARBAGE) for name in columns if chance.random() < 0.4} for _ in range(chance.choice((0, 0, 1, 3, 8)))]
    faults = tuple(chance.sample(sorted(FAULTS), chance.randrange(0, 7)))
    return Plan(table, faults, chance.choice(DIALECTS), chance.randrange(3, 7), tuple(garbage))


def missed(plan: Plan, dirty: Dirty, findings: Sequence[Finding]) -> list[tuple[str, str | None]]:
    """Return what was planted and not reported for the plan's table."""
    found = {(each.rule, each.column) for each in findings if each.table == plan.table}
    rules = {rule for rule, _ in found}
    return sorted(
        (rule, column or "") for rule, column in dirty.planted if (rule not in rules if column is None else (rule, column) not in found)
    )


def broken_off(chance: random.Random) -> Dirty:
    """Make a file that no load may take: empty, cut off, of another encoding or without an end."""
    content = b"order_id,placed_at\no1,2026-03-02 17:00:00\n"
    sink = io.BytesIO()
    pq.write_table(pa.table({"order_id": ["a"] * 200, "placed_at": ["2026-03-02"] * 200}), sink)
    parquet, packed = sink.getvalue(), gzip.compress(content * 50)
    name, bad = chance.choice(
        [
            ("orders.csv", b""),
            ("orders.csv", b" \n\n"),
            ("orders.csv", content.decode().encode("utf-16")),
            ("orders.csv", content + b'"o2,2026-03-02\n'),
            ("orders.csv", content.replace(b"placed_at", b"unplaced_at")),
            ("orders.csv.gz", packed[: chance.randrange(20, len(packed) - 8)]),
            ("orders.parquet", parquet[: chance.randrange(4, len(parquet) - 1)]),
            ("orders.parquet", b"no parquet at all"),
        ]
    )
    return Dirty(name, bad, 0)
