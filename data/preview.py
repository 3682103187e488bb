"""A load rehearsed: the first rows as they would be stored, what is null in them and why; nothing is published.

The loader itself reads, stages and settles, on the first rows of tables that grow with time and on all of the others, so that orders find
their malls. It needs no lock: the version that serves is only read. What can only be seen over all rows (references, missing days,
changed units) is left to the load.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from data.checks import MASKS
from data.contracts import TABLES, Column, Kind, Table
from data.derive import derived
from data.errors import MappingError
from data.fetch import Local, needs_fetching
from data.load import Bench, Steps, planned_feeds  # the same workbench, so that a preview cannot say something else than the load does
from data.manifest import Count, Finding
from data.mapping import Mapping
from data.rules import RULES
from data.staging import Reading
from data.warehouse import Draft, Warehouse

SAMPLE_ROWS = 5_000
"""Rows of each file that a preview looks at, in tables that grow with time."""

_MEMORY_LIMIT = "512MB"
_WHY = {
    "unparsed": "cannot be read",
    "unlisted": "none of the words allowed",
    "negative": "below what is allowed",
    "spelled": "a word for nothing",
    "untimely": "no possible time",
}
EMPTY, FOLLOWS = "empty in the file", "what it follows from is missing"


@dataclass(frozen=True)
class Missing:
    """Null values of one column of the sample: in how many rows, why, and an example where there is one."""

    column: str
    rows: int
    why: str
    example: str = ""


@dataclass(frozen=True)
class Preview:
    """What a load would make of one table.

    Attributes
    ----------
    table
        Its contract.
    files
        Names of the files that feed it.
    rows
        The first rows: ``file``, ``line``, ``fate`` (kept, merged, replaced, unchanged, or rejected and by which rule), then the columns as
        they would be stored; columns without any value are left out. Cells are hexadecimal text.
    missing
        What is null in the sample, per column and reason, most rows first.
    absent
        Columns of the contract that no file has.
    count
        What would become of the sample's rows.
    findings
        Rules that rows of the sample break, rejects first.
    is_whole
        Whether the sample is everything.
    """

    table: Table
    files: tuple[str, ...]
    rows: pa.Table
    missing: tuple[Missing, ...]
    absent: tuple[str, ...]
    count: Count
    findings: tuple[Finding, ...]
    is_whole: bool


def preview(paths: Sequence[Path | str], mapping: Mapping | None, warehouse: Warehouse, rows: int = 20) -> tuple[Preview, ...]:
    """Rehearse a load and return what it would make of every table it feeds.

    Parameters
    ----------
    paths, mapping
        As for ``data.load.load``; files on this machine only.
    warehouse
        Where the load would go; only read.
    rows
        First rows to return of each table.

    Raises
    ------
    SourceError, MappingError
        If a file or the mapping is at fault as a whole, in the words of the load.
    """
    if needs_fetching(paths, mapping):
        raise MappingError("addresses and queries are not previewed; load them by `python -m data load`")
    plan = planned_feeds(Local(tuple(paths), mapping))
    with tempfile.TemporaryDirectory(prefix="mallreach-preview-") as folder, Steps(plan, lambda *_: None) as steps:
        draft = Draft(warehouse, warehouse.current(), Path(folder), 0)
        bench = Bench(draft, plan, steps, is_replacing=False, clock=datetime.now(UTC))
        with _closed_after(bench):
            bench.open(_MEMORY_LIMIT)
            bench.read_sources()
            cut = _cut(bench)
            for each in TABLES:
                bench.load_table(each)
            given = [each for each in TABLES if each.name in bench.readings]
            return tuple(_preview(bench, each, rows, is_whole=each.name not in cut) for each in given)


@contextmanager
def _closed_after(bench: Bench) -> Iterator[None]:
    try:
        yield
    finally:
        bench.close()


def _cut(bench: Bench) -> set[str]:
    """Let tables that grow with time be read from their first rows only; return those that have more."""
    cut = set()
    for name, readings in bench.readings.items():
        if readings[0].table.period_column is None:
            continue
        for each in readings:
            sql = f"SELECT count(*) FROM (SELECT 1 FROM {each.relation} LIMIT {SAMPLE_ROWS + 1})"
            if _row(bench.connection, sql)[0] > SAMPLE_ROWS:
                cut.add(name)
        bench.readings[name] = [replace(each, relation=f"(SELECT * FROM {each.relation} LIMIT {SAMPLE_ROWS})") for each in readings]
    return cut


def _preview(bench: Bench, table: Table, rows: int, *, is_whole: bool) -> Preview:
    readings = bench.readings[table.name]
    findings = tuple(each for each in bench.findings if each.table == table.name)
    given = frozenset[str]().union(*(each.given for each in readings))
    missing = [*_missing_loaded(bench, table, findings), *_missing_derived(bench, table)]
    first = _first_rows(bench, table, readings, rows)
    return Preview(
        table,
        tuple(dict.fromkeys(each.source.name for each in readings if each.source)),
        first,
        tuple(sorted((each for each in missing if each.why != EMPTY or each.column in given), key=lambda each: -each.rows)),
        tuple(each.name for each in table.loaded if each.name not in {*given, *first.column_names}),
        bench.counts[table.name],
        findings,
        is_whole,
    )


def _first_rows(bench: Bench, table: Table, readings: list[Reading], rows: int) -> pa.Table:
    """Return the first rows as they would be stored, rejected ones as far as they could be read."""
    first = f"SELECT * FROM scratch.staged_{table.name} ORDER BY source, line LIMIT {rows}"
    fate = _fate(bench, table)
    staged = bench.connection.sql(f"SELECT *, {fate} AS fate FROM ({first}) AS staged ORDER BY source, line").to_arrow_table().to_pylist()
    stored = _stored(bench, table, f"SELECT * FROM ({first}) WHERE fault IS NULL")
    files = {each.position: each.source.name if each.source else "constants" for each in readings}
    found = []
    for row in staged:
        whole = row if row["fault"] else row | stored.get(tuple(row[key] for key in table.key), {})
        values = {name: whole.get(name) for name in table.names}
        found.append({"file": files[row["source"]], "line": row["line"], "fate": row["fate"], **values})
    kept = [column for column in table.columns if any(row[column.name] is not None for row in found)]
    return pa.table(
        {
            "file": pa.array([row["file"] for row in found], pa.string()),
            "line": pa.array([row["line"] for row in found], pa.int64()),
            "fate": pa.array([row["fate"] for row in found], pa.string()),
            **{column.name: _array(column, [row[column.name] for row in found]) for column in kept},
        }
    )


def _array(column: Column, values: list[Any]) -> pa.Array:
    if column.kind is Kind.CELL:
        return pa.array([None if value is None else f"{value:x}" for value in values], pa.string())
    return pa.array(values)


def _fate(bench: Bench, table: Table) -> str:
    """Return the SQL of what would become of a staged row, in words."""
    at = "other.source = staged.source AND other.line = staged.line"
    words = "CASE fate WHEN 'rejected' THEN 'rejected: contradictory_duplicate' ELSE fate END"
    skipped = f"(SELECT {words} FROM scratch.skipped_{table.name} AS other WHERE {at})"
    known = "NULL"
    if _row(bench.connection, f"SELECT count(*) FROM duckdb_tables() WHERE table_name = 'known_{table.name}'")[0]:
        known = f"(SELECT CASE WHEN is_same THEN 'unchanged' ELSE 'replaced' END FROM scratch.known_{table.name} AS other WHERE {at})"
    return f"coalesce('rejected: ' || split_part(fault, '|', 1), {skipped}, {known}, 'kept')"


def _stored(bench: Bench, table: Table, relation: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Return staged rows with their derived columns, by key; nothing for cells of demand, whose boundary is not looked at here."""
    if table.name == "demand_cells":
        return {}
    made = bench.connection.sql(derived(table, relation)).to_arrow_table().to_pylist()
    return {tuple(row[key] for key in table.key): row for row in made}


def _missing_loaded(bench: Bench, table: Table, findings: Sequence[Finding]) -> Iterator[Missing]:
    """Yield what is null in rows that are not rejected, by the masks that staging leaves; what no mask explains is empty in the file."""
    terms, labels = [], []
    for place, column in enumerate(table.loaded):
        explained = []
        for mask, rule in MASKS.items():
            bit = f"({mask} >> {place}) & 1 = 1"
            terms.append(f"count(*) FILTER (WHERE {column.name} IS NULL AND {bit})")
            labels.append((column.name, _WHY.get(mask, RULES[rule].meaning), _example(findings, column.name, rule)))
            explained.append(bit)
        terms.append(f"count(*) FILTER (WHERE {column.name} IS NULL AND NOT ({' OR '.join(explained)}))")
        labels.append((column.name, EMPTY, ""))
    counts = _row(bench.connection, f"SELECT {', '.join(terms)} FROM scratch.staged_{table.name} WHERE fault IS NULL")
    for (column_name, why, example), count in zip(labels, counts, strict=True):
        if count:
            yield Missing(column_name, count, why, example)


def _missing_derived(bench: Bench, table: Table) -> Iterator[Missing]:
    made = [column.name for column in table.columns if column not in table.loaded]
    if not made or table.name == "demand_cells":
        return
    rows = derived(table, f"SELECT * FROM scratch.staged_{table.name} WHERE fault IS NULL")
    counts = _row(bench.connection, f"SELECT {', '.join(f'count(*) - count({name})' for name in made)} FROM ({rows})")
    for name, count in zip(made, counts, strict=True):
        if count:
            yield Missing(name, count, FOLLOWS)


def _example(findings: Sequence[Finding], column: str, rule: str) -> str:
    return next((each.example for each in findings if each.rule == rule and each.column == column), "")


def _row(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[int, ...]:
    rows: list[tuple[int, ...]] = connection.execute(sql).fetchall()
    return rows[0] if rows else (0,)
