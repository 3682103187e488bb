"""What a load did, in words: counts per table, broken rules with an example each, and the CSV of rejected rows."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from data.contracts import Kind, table
from data.manifest import Count, Finding
from data.rules import RULES
from data.staging import quoted
from data.text import aligned, counted, printable

if TYPE_CHECKING:
    from data.load import LoadResult

_NUMBERS = (Kind.INTEGER, Kind.SECONDS, Kind.METERS, Kind.CENTS, Kind.LATITUDE, Kind.LONGITUDE)
_COMMA = re.compile(r"[-+]?(\d{1,3}([.]\d{3})+|\d+),\d+")
_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2},\d{3}")
# A spreadsheet takes these for the beginning of a formula; numbers are left alone.
_GUARDED = "CASE WHEN regexp_matches(ltrim({0}), '^[-=+@\\t\\r]') AND try_cast({0} AS DOUBLE) IS NULL THEN '''' || {0} ELSE {0} END"


def write_rejects(connection: duckdb.DuckDBPyConnection, path: Path) -> Path | None:
    """Write ``scratch.rejects`` as CSV: table, file, line, column, rule, value; return its path, None where there is none."""
    (rows,) = connection.execute("SELECT count(*) FROM scratch.rejects").fetchone() or (0,)
    if not rows:
        return None
    select = f'SELECT "table", file, line, "column", rule, {_GUARDED.format("value")} AS value FROM scratch.rejects ORDER BY ALL'
    connection.execute(f"COPY ({select}) TO {quoted(str(path))} (FORMAT csv, HEADER)")
    return path


def report(result: "LoadResult") -> str:
    """Return a load's report as text: what serves, counts by table, rejects and findings by rule, notes."""
    lines = [_headline(result), "", *_count_lines(result.counts)]
    for severity, title in (("reject", "Rejected rows, by rule"), ("finding", "Findings: rows that stay, values that are in doubt")):
        chosen = [each for each in result.findings if each.severity == severity]
        if chosen:
            lines += ["", title, *(line for each in chosen for line in _finding_lines(each))]
    if result.rejects_path:
        lines += ["", f"Every rejected row: {result.rejects_path}"]
    if result.notes:
        lines += ["", "Notes", *(f"  {note}" for note in result.notes)]
    return "\n".join(map(printable, lines))


def mend(finding: Finding) -> str:
    """Return how to mend what a finding tells: the rule's way, or the key of the mapping that its example asks for."""
    rule = RULES.get(finding.rule)
    if rule is None:  # of a version that another edition of the program has published
        return ""
    if finding.rule in ("unparsable_value", "unparsable_optional") and _is_with_comma(finding):
        return "numbers have a comma before their fraction: write decimal_comma = true in the table's mapping"
    return rule.mend


def _is_with_comma(finding: Finding) -> bool:
    """Whether a value that could not be read is a number with a decimal comma; 1,234 may have one between its thousands instead."""
    is_number = any(each.name == finding.column and each.kind in _NUMBERS for each in table(finding.table).columns)
    value = finding.example.rpartition(" = ")[2].strip()
    return is_number and _COMMA.fullmatch(value) is not None and _THOUSANDS.fullmatch(value) is None


def _headline(result: "LoadResult") -> str:
    rows = sum(count.rows_in for count in result.counts.values())
    read = f"{counted(rows, 'row')} of {counted(len(result.sources), 'file')} in {result.seconds:.1f} s"
    if result.is_new and result.version:
        return f"{result.version.id} serves: {read}"
    serving = f"{result.version.id} still serves" if result.version else "nothing is published"
    return f"No new version, because nothing changed; {serving}: {read}"


def _count_lines(counts: dict[str, Count]) -> list[str]:
    header = ("table", "rows in", "kept", "merged", "replaced", "unchanged", "rejected")
    rows = [
        (name, *(f"{number:,}" for number in (each.rows_in, each.kept, each.merged, each.replaced, each.unchanged, each.rejected)))
        for name, each in counts.items()
    ]
    return aligned([header, *rows], right=range(1, len(header))).split("\n")


def _finding_lines(finding: Finding) -> list[str]:
    where = f"{finding.table}.{finding.column}" if finding.column else finding.table
    return [
        f"  {finding.rows:>9,}  {finding.rule}  {where}",
        f"             {RULES[finding.rule].meaning}",
        f"             e.g. {finding.example}",
        f"             to mend: {mend(finding)}",
    ]
