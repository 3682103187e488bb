"""Suspicions: what no single row shows, only a load as a whole.

Runs once, when every table is settled, in a handful of statements per table over sets of rows; nothing is changed. Each suspicion is a
finding under a rule of its own (``data/rules.py``).
"""

import re
from collections.abc import Mapping

import duckdb

from data import checks, daily, misplaced, settle
from data.contracts import Kind, Table
from data.manifest import Finding
from data.staging import Reading, quoted

# A letter of UTF-8 that was read as Latin-1 or Windows-1252 shows as one of two letters and one of these; U+FFFD stands for lost bytes.
_SECOND = r"\x{80}-\x{BF}\x{152}\x{153}\x{160}\x{161}\x{178}\x{17D}\x{17E}\x{192}\x{2C6}\x{2DC}\x{2013}-\x{203A}\x{20AC}\x{2122}"
_GARBLED = rf"[ÃÂ][{_SECOND}]|â\x{{20AC}}|[\x{{80}}-\x{{9F}}]|\x{{FFFD}}"
_NO_PROSE = ("time_zone", "currency", "boundary_counties", "boundary_polygon", "county", "opening_hours")
_PROPOSAL = re.compile(r"`([^`]+)`")


def suspicions(connection: duckdb.DuckDBPyConnection, readings: Mapping[str, list[Reading]], *, is_made_up: bool) -> list[Finding]:
    """Return everything that looks wrong in a load, though its single rows may be right.

    Parameters
    ----------
    connection
        Has ``scratch.staged_<table>``, ``scratch.skipped_<table>`` and ``kept_<table>`` of the tables read, ``now_<table>`` of all.
    readings
        The sources of each table.
    is_made_up
        A demo says by an empty file that it has no rows of a table.

    Returns
    -------
    list of Finding
        With severity ``finding``; ``rows`` counts what the rule says: rows, keys or days.
    """
    found: list[Finding] = []
    anchors = misplaced.anchors(connection)
    for each in readings.values():
        table = each[0].table
        found += [] if is_made_up else _files_without_rows(connection, table, each)
        found += _files_that_disagree(connection, table, each)
        found += misplaced.misplaced(connection, table, each, anchors)
        found += _wrongly_encoded(connection, table, each)
        found += daily.suspicious_days(connection, table, each)
        found += daily.changed_units(connection, table, each)
    return found


def proposal(finding: Finding) -> str | None:
    """Return the mapping line that a finding proposes, such as ``flip = ["dropoff_longitude"]``; None if it proposes none."""
    match = _PROPOSAL.search(finding.example) if finding.rule in misplaced.RULES else None
    return match.group(1) if match else None


def _files_without_rows(connection: duckdb.DuckDBPyConnection, table: Table, readings: list[Reading]) -> list[Finding]:
    filled = {row[0] for row in connection.execute(f"SELECT DISTINCT source FROM scratch.staged_{table.name}").fetchall()}
    names = [each.source.name for each in readings if each.source and each.position not in filled]
    if not names:
        return []
    return [Finding(table.name, "no_rows", "finding", "", 0, f"{', '.join(names)}: a header and no row")]


def _files_that_disagree(connection: duckdb.DuckDBPyConnection, table: Table, readings: list[Reading]) -> list[Finding]:
    """Find the keys that two files give with different values; the rows themselves were rejected one by one."""
    name, keys = table.name, ", ".join(table.key)
    if len(readings) < 2:
        return []
    (rejected,) = connection.execute(f"SELECT count(*) FROM scratch.skipped_{name} WHERE fate = 'rejected'").fetchone() or (0,)
    if not rejected:
        return []
    values = " ".join(f"WHEN {quoted(each.name)} THEN {{0}}.{each.name}::VARCHAR" for each in table.loaded)
    later_value, first_value = (f"CASE part {values.format(alias)} END" for alias in ("later", "first"))
    # Of the rows of one key the first of the load is the one that stays.
    pairs = (
        f"SELECT later.*, part, first.source AS other, first.line AS other_line, {later_value} AS value, {first_value} AS other_value "
        f"FROM scratch.skipped_{name} AS skipped JOIN scratch.staged_{name} AS later USING (source, line) "
        f"JOIN (SELECT * FROM scratch.staged_{name} WHERE fault IS NULL QUALIFY row_number() OVER (PARTITION BY {keys} "
        f"ORDER BY source, line) = 1) AS first ON {settle.same_key(table, 'later', 'first')} "
        "WHERE fate = 'rejected' AND first.source <> later.source"
    )
    (count,) = connection.execute(f"SELECT count(*) FROM (SELECT DISTINCT {keys} FROM ({pairs}))").fetchone() or (0,)
    if not count:
        return []
    sql = f"SELECT source, line, other, other_line, part, value, other_value FROM ({pairs}) ORDER BY source, line LIMIT 1"
    source, line, other, other_line, part, value, other_value = connection.execute(sql).fetchone() or (0, 0, 0, 0, "", "", "")
    here, there = settle.place(readings, source, line), settle.place(readings, other, other_line)
    return [
        Finding(
            name, "files_disagree", "finding", part, count, f"{there}: {part} = {other_value or 'nothing'}; {here}: {value or 'nothing'}"
        )
    ]


def _wrongly_encoded(connection: duckdb.DuckDBPyConnection, table: Table, readings: list[Reading]) -> list[Finding]:
    given = frozenset().union(*(reading.given for reading in readings))
    texts = [each.name for each in table.loaded if each.kind is Kind.TEXT and not each.choices and each.name not in _NO_PROSE]
    wanted = [
        # Plain ASCII has as many bytes as characters; only the rest is looked at.
        checks.Check("wrong_encoding", each, f"CASE WHEN strlen({each}) > length({each}) THEN {_is_garbled(each)} ELSE false END", each)
        for each in texts
        if each in given
    ]
    return settle.checked(connection, table, readings, wanted, f"kept_{table.name}")


def _is_garbled(column: str) -> str:
    return f"regexp_matches({column}, {quoted(_GARBLED)})"
