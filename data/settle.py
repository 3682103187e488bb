"""Settling: which of the staged rows are loaded, and what becomes of the others.

A row with a fault is rejected. Of rows with one key the first stays; later ones are merged if they say the same, rejected if not. Then
rows are compared with the version that serves: known and equal is unchanged, known and different replaces, the rest is new.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain

import duckdb

from data import checks
from data.contracts import TIMELINE, Table
from data.derive import calendar
from data.inferred import PREFIX as INFERRED
from data.manifest import Count, Finding
from data.staging import Reading, quoted

_LINE_BITS = 40
_EVENTS = {
    "orders": TIMELINE[1:],
    "trips": ("arrived_at", "picked_up_at", "ended_at"),
    "offers": ("decided_at",),
}
"""Tables whose rows come further with time, and the events that tell how far."""
_AS_GIVEN = {
    # Inferred trips are no source's.
    ("orders", "trip_id"): f"CASE WHEN NOT starts_with(old.trip_id, '{INFERRED}') THEN old.trip_id END",
    # The cell of a point is made when a row is written; only without a point does it come from the source.
    ("orders", "dropoff_cell"): "CASE WHEN old.dropoff_latitude IS NULL OR old.dropoff_longitude IS NULL THEN old.dropoff_cell END",
    # Before there was the column, no door was an area.
    ("orders", "is_dropoff_area"): "coalesce(old.is_dropoff_area, false)",
}
"""What a column of a row that serves was in its source, where that is not what is stored."""


@dataclass(frozen=True)
class Settled:
    """What was decided on one table: its counts, the rows to write, and the keys that they replace."""

    count: Count
    rows: int
    superseded: int
    is_changed: bool


def settle(connection: duckdb.DuckDBPyConnection, table: Table, *, is_replacing: bool) -> Settled:
    """Decide on all staged rows of one table.

    Reads ``scratch.staged_<table>`` and the base's ``<table>``; makes ``scratch.skipped_<table>`` (source, line, fate, column), the view
    ``kept_<table>`` of rows to write, and ``built.<table>_superseded`` where rows replace earlier ones.
    """
    name = table.name
    connection.execute(f"CREATE TABLE scratch.skipped_{name} (source INTEGER, line BIGINT, fate VARCHAR, part VARCHAR)")
    _settle_duplicates(connection, table)
    unchanged, superseded, base_rows = _compare(connection, table, is_replacing=is_replacing)
    rows_in, faulty = _row(connection, f"SELECT count(*), count(fault) FROM scratch.staged_{name}")
    fates = dict(connection.execute(f"SELECT fate, count(*) FROM scratch.skipped_{name} GROUP BY fate").fetchall())
    merged, rejected = fates.get("merged", 0), fates.get("rejected", 0) + faulty
    good = rows_in - merged - rejected
    is_same = unchanged == good and (not is_replacing or unchanged == base_rows)
    if is_same:
        count = Count(rows_in, 0, merged, 0, unchanged, rejected)
    elif is_replacing:
        count = Count(rows_in, good, merged, 0, 0, rejected)
    else:
        count = Count(rows_in, good - unchanged - superseded, merged, superseded, unchanged, rejected)
    skips_unchanged = is_same or not is_replacing
    _keep(connection, table, skips_unchanged=skips_unchanged and unchanged > 0, skips=bool(merged or fates.get("rejected")))
    if is_replacing or not superseded:
        superseded = 0
    else:
        _write_superseded(connection, table)
    return Settled(count, count.kept + count.replaced, superseded, is_changed=not is_same)


def _row(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[int, ...]:
    return tuple(value or 0 for value in connection.execute(sql).fetchone() or ())


def same_key(table: Table, left: str, right: str) -> str:
    """Return the SQL of equal keys; a key column that may be null equals null."""
    operators = {name: "=" if table.column(name).required else "IS NOT DISTINCT FROM" for name in table.key}
    return " AND ".join(f"{left}.{name} {operator} {right}.{name}" for name, operator in operators.items())


def _settle_duplicates(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    name, keys = table.name, ", ".join(table.key)
    # Hashes first: eight bytes a row instead of keys of any length; the few candidates are then compared as they are.
    repeated = f"SELECT hash({keys}) AS h FROM scratch.staged_{name} WHERE fault IS NULL GROUP BY h HAVING count(*) > 1"
    connection.execute(f"CREATE TABLE scratch.repeated_{name} AS {repeated}")
    (found,) = _row(connection, f"SELECT count(*) FROM scratch.repeated_{name}")
    if not found:
        return
    place = f"row_number() OVER (PARTITION BY {keys} ORDER BY {_state(table)} DESC, source, line)"
    connection.execute(
        f"CREATE TABLE scratch.ranked_{name} AS SELECT *, {place} AS place, {_state(table)} AS state "
        f"FROM scratch.staged_{name} WHERE fault IS NULL AND hash({keys}) IN (SELECT h FROM scratch.repeated_{name})"
    )
    differs = " ".join(f"WHEN other.{each.name} IS DISTINCT FROM first.{each.name} THEN '{each.name}'" for each in table.loaded)
    connection.execute(
        f"INSERT INTO scratch.skipped_{name} SELECT source, line, CASE WHEN part IS NULL THEN 'merged' ELSE 'rejected' END, part FROM ("
        f"SELECT other.source, other.line, CASE WHEN other.state < first.state THEN NULL {differs} END AS part "
        f"FROM scratch.ranked_{name} AS other JOIN scratch.ranked_{name} AS first ON {same_key(table, 'other', 'first')} "
        "WHERE other.place > 1 AND first.place = 1)"
    )
    connection.execute(f"DROP TABLE scratch.ranked_{name}")


def _state(table: Table, prefix: str = "") -> str:
    """Return the SQL of how far a thing has come, as a number that rises: events known, then over, then returned.

    Of two rows of one key the one that has come further stands; those that are over in different ways are no earlier or later.
    """
    events = _EVENTS.get(table.name)
    if events is None:
        return "0"
    known = " ".join(f"WHEN {prefix}{event} IS NOT NULL THEN {place}" for place, event in reversed([*enumerate(events, 1)]))
    return f"CASE WHEN {prefix}status = 'returned' THEN 30 WHEN {prefix}status IS NOT NULL THEN 20 {known} ELSE 0 END"


def _compare(connection: duckdb.DuckDBPyConnection, table: Table, *, is_replacing: bool) -> tuple[int, int, int]:
    """Compare good rows with the base; return how many leave it as it is, how many differ, and how many rows the base has."""
    name = table.name
    (base_rows,) = _row(connection, f"SELECT count(*) FROM {name}")
    if not base_rows:
        return 0, 0, 0
    # What depends on the mall and the market is content too: a row whose mall has moved since is not the same.
    columns = [*(column.name for column in table.loaded), *calendar(table), *(["distance_m"] if name == "orders" else [])]
    same = [f"new.{column} IS NOT DISTINCT FROM {_AS_GIVEN.get((name, column), f'old.{column}')}" for column in columns]
    derived = "".join(f", {sql} AS {column}" for column, sql in calendar(table).items())
    is_earlier = "false" if is_replacing else f"{_state(table, 'new.')} < {_state(table, 'old.')}"
    connection.execute(
        f"CREATE TABLE scratch.known_{name} AS SELECT new.source, new.line, {is_earlier} AS is_earlier, "
        f"({' AND '.join(same)}) OR is_earlier AS is_same FROM ("
        f"SELECT *{derived} FROM scratch.staged_{name} AS staged WHERE fault IS NULL "
        f"AND {_none_of(f'scratch.skipped_{name}')}) AS new "
        f"JOIN {name} AS old ON {same_key(table, 'new', 'old')}"
    )
    unchanged, differing = _row(
        connection, f"SELECT count(*) FILTER (WHERE is_same), count(*) FILTER (WHERE NOT is_same) FROM scratch.known_{name}"
    )
    return unchanged, differing, base_rows


def earlier_states(connection: duckdb.DuckDBPyConnection, table: Table, readings: list[Reading]) -> list[Finding]:
    """Return the finding on rows that were left aside because the row that serves tells a later state."""
    if table.name not in _EVENTS or not _row(connection, f"SELECT count(*) FROM {table.name}")[0]:
        return []
    rows = f"(SELECT staged.* FROM scratch.staged_{table.name} AS staged JOIN scratch.known_{table.name} AS known "
    rows += "ON known.source = staged.source AND known.line = staged.line WHERE known.is_earlier)"
    key = table.key[0]
    return checked(connection, table, readings, [checks.Check("earlier_state", "status", "true", f"'{key} ' || {key}")], rows)


def _keep(connection: duckdb.DuckDBPyConnection, table: Table, *, skips_unchanged: bool, skips: bool) -> None:
    name = table.name
    conditions = ["fault IS NULL"]
    if skips:
        conditions.append(_none_of(f"scratch.skipped_{name}"))
    if skips_unchanged:
        conditions.append(_none_of(f"(SELECT source, line FROM scratch.known_{name} WHERE is_same)"))
    connection.execute(f"CREATE VIEW kept_{name} AS SELECT * FROM scratch.staged_{name} AS staged WHERE {' AND '.join(conditions)}")


def _none_of(relation: str) -> str:
    return f"NOT EXISTS (SELECT 1 FROM {relation} AS other WHERE other.source = staged.source AND other.line = staged.line)"


def _write_superseded(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    name = table.name
    keys = ", ".join(f"staged.{key}" for key in table.key)
    connection.execute(
        f"CREATE TABLE built.{name}_superseded AS SELECT {keys} FROM scratch.staged_{name} AS staged "
        f"JOIN scratch.known_{name} AS known ON known.source = staged.source AND known.line = staged.line WHERE NOT known.is_same"
    )


def findings(
    connection: duckdb.DuckDBPyConnection, table: Table, readings: list[Reading], count: Count, clock: datetime | None
) -> list[Finding]:
    """Return the findings on the rows of ``kept_<table>``, each with its first example; then how many rows were merged unasked.

    ``clock`` is now, in UTC; None where time is made up.
    """
    given = frozenset(chain.from_iterable(reading.given for reading in readings))
    has_nearest = any(reading.feed.nearest for reading in readings)
    masks = _row(connection, f"SELECT {', '.join(f'bit_or({mask})' for mask in checks.MASKS)} FROM kept_{table.name}")
    broken = dict(zip(checks.MASKS, masks, strict=True)) if masks else {}
    wanted = [
        check
        for check in checks.value_checks(table)
        if any(
            check.condition.startswith(f"({mask} >> {place})") for mask, bits in broken.items() for place in range(32) if bits >> place & 1
        )
    ]
    status_place = next((place for place, column in enumerate(table.loaded) if column.name == "status"), 0)
    rows = checks.row_checks(table, given, has_nearest=has_nearest, clock=clock)
    wanted += [replace(check, condition=check.condition.format(status=status_place)) for check in rows]
    found = [*checked(connection, table, readings, wanted, f"kept_{table.name}")]
    merges = all(reading.feed.merge for reading in readings)
    if count.merged and not merges:
        found.append(
            Finding(table.name, "repeated_rows", "finding", table.key[0], count.merged, _first_merged(connection, table, readings))
        )
    return found


def _first_merged(connection: duckdb.DuckDBPyConnection, table: Table, readings: list[Reading]) -> str:
    sql = f"SELECT source, line FROM scratch.skipped_{table.name} WHERE fate = 'merged' ORDER BY source, line LIMIT 1"
    source, line = connection.execute(sql).fetchone() or (0, 0)
    return place(readings, source, line)


def checked(
    connection: duckdb.DuckDBPyConnection, table: Table, readings: list[Reading], wanted: list[checks.Check], relation: str
) -> list[Finding]:
    """Count all checks in one pass over the rows; then find the first row of each that was broken, mostly none, and look it up."""
    if not wanted:
        return []
    counts = connection.execute(f"SELECT {', '.join(f'count_if({check.condition})' for check in wanted)} FROM {relation}").fetchone() or ()
    broken = [(check, rows) for check, rows in zip(wanted, counts, strict=True) if rows]
    if not broken:
        return []
    at = f"(source::BIGINT << {_LINE_BITS}) | line"
    places = ", ".join(f"min({at}) FILTER (WHERE {check.condition})" for check, _ in broken)
    firsts = connection.execute(f"SELECT {places} FROM {relation}").fetchone() or ()
    found = []
    for (check, rows), first in zip(broken, firsts, strict=True):
        source, line = first >> _LINE_BITS, first & ((1 << _LINE_BITS) - 1)
        found.append(Finding(table.name, check.rule, "finding", check.column, rows, _example(connection, readings, check, (source, line))))
    return found


def place(readings: list[Reading], source: int, line: int) -> str:
    """Return where a row stands, in words."""
    reading = next(each for each in readings if each.position == source)
    return f"{reading.source.name if reading.source else 'constants of the mapping'} line {line:,}"


def _example(connection: duckdb.DuckDBPyConnection, readings: list[Reading], check: checks.Check, at: tuple[int, int]) -> str:
    source, line = at
    table, where = readings[0].table, place(readings, source, line)
    if check.value:
        sql = f"SELECT ({check.value})::VARCHAR FROM scratch.staged_{table.name} WHERE source = {source} AND line = {line}"
    else:
        reading = next(each for each in readings if each.position == source)
        raw = reading.raw(table.column(check.column))[0]
        sql = f"SELECT value FROM (SELECT __line, ({raw})::VARCHAR AS value FROM {reading.relation}) WHERE __line = {line}"
    (value,) = connection.execute(sql).fetchone() or (None,)
    return f"{where}: {check.column} = {value}" if not check.value else f"{where}: {value}"


def unknown_references(connection: duckdb.DuckDBPyConnection, table: Table, readings: list[Reading]) -> tuple[list[Finding], list[str]]:
    """Return findings on values of ``kept_<table>`` that name no row of the table they refer to, and notes where that table is empty."""
    found, notes = [], []
    for column in (each for each in table.loaded if each.references):
        (known,) = _row(connection, f"SELECT count(*) FROM now_{column.references}")
        (given,) = _row(connection, f"SELECT count({column.name}) FROM kept_{table.name}")
        if not given:
            continue
        if not known:
            notes.append(f"{table.name}.{column.name}: not checked, because no {column.references} are loaded")
            continue
        key = f"SELECT {column.name} FROM now_{column.references}"
        unknown = f"(SELECT * FROM kept_{table.name} WHERE {column.name} IS NOT NULL AND {column.name} NOT IN ({key}))"
        found += checked(connection, table, readings, [checks.Check("unknown_reference", column.name, "true", column.name)], unknown)
    return found, notes


def overlapping_shifts(connection: duckdb.DuckDBPyConnection, table: Table, readings: list[Reading]) -> list[Finding]:
    """Return the finding on new shifts that begin before an earlier one of the same driver, new or known, has ended."""
    earlier = f"SELECT driver_id, shift_id, start_at, end_at, NULL AS source, NULL AS line FROM {table.name} WHERE driver_id IN ("
    earlier += "SELECT driver_id FROM kept_shifts) AND shift_id NOT IN (SELECT shift_id FROM kept_shifts)"
    window = "OVER (PARTITION BY driver_id ORDER BY start_at, shift_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
    spans = (
        f"(SELECT *, max(end_at) {window} AS busy_until FROM (SELECT driver_id, shift_id, start_at, end_at, source, line FROM kept_shifts "
        f"UNION ALL {earlier}))"
    )
    check = checks.Check(
        "overlapping_shifts", "start_at", "source IS NOT NULL AND start_at < busy_until", "shift_id || ' from ' || start_at"
    )
    return checked(connection, table, readings, [check], spans)


def reject(connection: duckdb.DuckDBPyConnection, table: Table, readings: list[Reading]) -> list[Finding]:
    """Add the table's rejected rows to ``scratch.rejects``; return them by rule and column, each with an example."""
    name = table.name
    faults = (
        f"SELECT source, line, split_part(fault, '|', 1) AS rule, split_part(fault, '|', 2) AS part FROM scratch.staged_{name} "
        f"WHERE fault IS NOT NULL UNION ALL SELECT source, line, 'contradictory_duplicate', part FROM scratch.skipped_{name} "
        "WHERE fate = 'rejected'"
    )
    (faulty,) = _row(connection, f"SELECT count(*) FROM ({faults})")
    if not faulty:
        return []
    for reading in readings:
        file = quoted(reading.source.name if reading.source else "mapping")
        connection.execute(
            f"INSERT INTO scratch.rejects SELECT '{name}', {file}, fault.line, fault.part, fault.rule, {_rejected_value(table)} "
            f"FROM ({faults}) AS fault JOIN (SELECT __line, __fault AS malformed, {_raw_columns(reading)} FROM {reading.relation}) AS raw "
            f"ON raw.__line = fault.line WHERE fault.source = {reading.position}"
        )
    rows = connection.execute(
        "SELECT rule, part, count(*), arg_min(file || ' line ' || format('{:,}', line) || "
        "coalesce(': ' || nullif(part, '') || ' = ' || value, ': ' || value, ''), (file, line)) "
        f'FROM (SELECT *, "column" AS part FROM scratch.rejects WHERE "table" = \'{name}\') GROUP BY rule, part ORDER BY rule, part'
    ).fetchall()
    return [Finding(name, rule, "reject", part, rows_, example) for rule, part, rows_, example in rows]


def _raw_columns(reading: Reading) -> str:
    return ", ".join(f"({reading.raw(column)[0]})::VARCHAR AS r_{column.name}" for column in reading.table.loaded)


def _rejected_value(table: Table) -> str:
    points = [
        f"WHEN fault.rule = 'impossible_coordinates' AND fault.part = '{latitude}' THEN raw.r_{latitude} || ', ' || raw.r_{longitude}"
        for latitude, longitude in checks.coordinates(table)
    ]
    values = [f"WHEN fault.part = '{column.name}' THEN raw.r_{column.name}" for column in table.loaded]
    return f"CASE WHEN fault.rule IN ('malformed_record', 'mixed_delimiters') THEN raw.malformed {' '.join([*points, *values])} END"
