"""What the Data page says about a version: what is in it, how fresh, from where, and what was odd. Everything is read from its manifest."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace

import pyarrow as pa

from analytics.reference import extent, markets
from data.contracts import TABLES
from data.manifest import Count, Finding, Manifest, Version
from data.preview import Missing
from data.report import mend
from ui import format as write
from ui.panels import Shown

HOW_TO_LOAD = """
Files whose columns bear the names of `docs/tables.md` need no mapping; for others, write one and name it. A load adds to what is there;
`--replace` replaces the tables that it brings. Every load is a version, and one command takes it back.

```
python -m data template > mapping.toml
python -m data load orders.csv malls.csv --mapping mapping.toml
python -m data versions
python -m data rollback
```
"""

MAY_NOT_LOAD = "Files are loaded by whoever sits at the machine that serves this page, or as its owner decides (may_load in app.py)."

TABLE_COLUMNS = (
    Shown("table", "Table", is_pinned=True),
    Shown("rows", "Rows now", "count"),
    Shown("rows_in", "In this load", "count", help="Rows in = kept + merged + replaced + unchanged + rejected"),
    Shown("kept", "Kept", "count"),
    Shown("merged", "Merged", "count", help="Several rows of one thing became one"),
    Shown("replaced", "Replaced", "count", help="A newer row of the same key took its place"),
    Shown("unchanged", "Unchanged", "count"),
    Shown("rejected", "Rejected", "count"),
    Shown("grain", "What a row is", width_px=640),
)
FINDING_COLUMNS = (
    Shown("table", "Table", is_pinned=True),
    Shown("rule", "Rule"),
    Shown(
        "severity", "Severity", help="Reject: the row is not loaded. Finding: the row stays, figures that need the bad value do without it"
    ),
    Shown("column", "Column"),
    Shown("rows", "Rows", "count"),
    Shown("example", "Example"),
    Shown("mend", "How to mend"),
)
COUNT_COLUMNS = (
    Shown("table", "Table", is_pinned=True),
    *(each for each in TABLE_COLUMNS if each.column in ("rows_in", "kept", "merged", "replaced", "unchanged", "rejected")),
)
SOURCE_COLUMNS = (
    Shown("file", "File", is_pinned=True),
    Shown("tables", "Tables"),
    Shown("rows", "Rows", "count"),
    Shown("size", "Size"),
    Shown("sha256", "SHA-256"),
)
MARKET_COLUMNS = (
    Shown("market", "Market", is_pinned=True),
    Shown("first", "Orders from"),
    Shown("last", "Complete to"),
    Shown("boundary", "Boundary"),
    Shown("time_zone", "Time zone"),
)


def sentence(version: Version) -> tuple[str, str]:
    """Return what is loaded in one sentence, and in an aside when and as which version."""
    manifest = version.manifest
    span = extent(version)
    fresh = f", complete to {write.day(span.last_complete_on)}" if span.last_complete_on else ""
    places = write.counted(len(markets(version)), "market")
    found = _found(manifest)
    odd = f"the last load rejected {write.counted(manifest.rejected, 'row')} and found {write.counted(found, 'oddity', 'oddities')}"
    odd = odd if manifest.rejected or found else "nothing in the last load was rejected or odd"
    return (
        f"{write.counted(manifest.rows('orders'), 'order')} in {places}{fresh}; {odd}.",
        f"{version.id}, published {write.instant(manifest.created_at)}",
    )


def _found(manifest: Manifest) -> int:
    return sum(finding.rows for finding in manifest.findings if finding.severity == "finding")


def tables(version: Version) -> pa.Table:
    """Return one row a table: rows now, and what became of the rows of the last load."""
    manifest = version.manifest
    rows = []
    for each in TABLES:
        count = manifest.counts.get(each.name)
        if manifest.rows(each.name) or count:
            fates = asdict(count) if count else {}
            rows.append({"table": each.name, "rows": manifest.rows(each.name), **fates, "grain": each.grain})
    return _table(TABLE_COLUMNS, rows)


def counts(found: Mapping[str, Count]) -> pa.Table:
    """Return one row a table: what became of the rows of a load."""
    return _table(COUNT_COLUMNS, [{"table": name, **asdict(count)} for name, count in found.items()])


def findings(version: Version) -> pa.Table:
    """Return one row a rule that rows of the last load broke, rejects first, then by number of rows; its examples show no exact point."""
    return finding_rows([replace(each, example=without_points(each.example)) for each in version.manifest.findings])


def without_points(example: str) -> str:
    """Return an example with coordinates cut to a tenth of a degree: exact points of customers are for whoever loads."""
    return re.sub(r"(\d+\.\d)\d{2,}", r"\1..", example)


def finding_rows(found: Sequence[Finding]) -> pa.Table:
    """Return one row a broken rule, rejects first, then by number of rows."""
    order: Callable[[Finding], tuple[bool, int]] = lambda finding: (finding.severity != "reject", -finding.rows)  # noqa: E731
    rows = [
        {
            "table": each.table,
            "rule": each.rule,
            "severity": each.severity.capitalize(),
            "column": each.column,
            "rows": each.rows,
            "example": each.example,
            "mend": mend(each),
        }
        for each in sorted(found, key=order)
    ]
    return _table(FINDING_COLUMNS, rows)


def missing_rows(missing: Sequence[Missing]) -> pa.Table:
    """Return one row a reason of missing values: columns that miss as many for the same reason share it."""
    groups: dict[tuple[int, str, str], list[str]] = {}
    for each in missing:
        groups.setdefault((each.rows, each.why, each.example), []).append(each.column)
    names = {"columns": pa.string(), "rows": pa.int64(), "why": pa.string(), "example": pa.string()}
    rows = [
        {"columns": ", ".join(columns), "rows": number, "why": why, "example": example}
        for (number, why, example), columns in groups.items()
    ]
    return pa.Table.from_pylist(rows, schema=pa.schema(list(names.items())))


def as_text(rows: pa.Table) -> pa.Table:
    """Return a table as its values are stored, in letters: nothing is rounded, and days and times are not moved to the reader's zone."""
    return pa.table(
        {
            name: pa.array([None if value is None else str(value) for value in rows[name].to_pylist()], pa.string())
            for name in rows.column_names
        }
    )


def changes(now: Version, then: Version) -> list[str]:
    """Return in words what is different once another version serves: rows by table, and to which day the data reach."""
    told = []
    for each in TABLES:
        before, after = now.manifest.rows(each.name), then.manifest.rows(each.name)
        if before != after:
            told.append(f"{each.name}: {write.whole(after)} rows instead of {write.whole(before)}")
        elif now.manifest.tables.get(each.name) != then.manifest.tables.get(each.name):
            told.append(f"{each.name}: {write.whole(after)} rows as now, some of them different")
    days = [extent(version).last_complete_on for version in (now, then)]
    if days[0] != days[1]:
        told.append(f"data to {write.day(days[1])} instead of {write.day(days[0])}")
    return told or ["nothing: both hold the same rows"]


def sources(version: Version) -> pa.Table:
    """Return one row a file that was loaded."""
    rows = [
        {"file": each.path, "tables": ", ".join(each.tables), "rows": each.rows, "size": write.size(each.bytes), "sha256": each.sha256[:16]}
        for each in version.manifest.sources
    ]
    return _table(SOURCE_COLUMNS, rows)


def market_days(version: Version) -> pa.Table:
    """Return one row a market: the days its orders span, its boundary and its clock."""
    rows = [
        {
            "market": each.name,
            "first": write.day(each.first_on),
            "last": write.day(each.last_complete_on),
            "boundary": each.boundary_name or write.MISSING,
            "time_zone": each.time_zone,
        }
        for each in markets(version)
    ]
    return _table(MARKET_COLUMNS, rows)


def _table(columns: Sequence[Shown], rows: Sequence[Mapping[str, object]]) -> pa.Table:
    """Return rows as a table that is well-formed even when it is empty."""
    types = {"count": pa.int64()}
    return pa.Table.from_pylist(
        [dict(row) for row in rows], schema=pa.schema([(each.column, types.get(each.kind, pa.string())) for each in columns])
    )
