"""What the Data page says about a version: what is in it, how fresh, from where, and what was odd. Everything is read from its manifest."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict

import pyarrow as pa

from analytics.reference import extent, markets
from data.contracts import TABLES
from data.manifest import Finding, Manifest, Version
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

TABLE_COLUMNS = (
    Shown("table", "Table", is_pinned=True),
    Shown("rows", "Rows now", "count"),
    Shown("rows_in", "In this load", "count", help="Rows in = kept + merged + replaced + unchanged + rejected"),
    Shown("kept", "Kept", "count"),
    Shown("merged", "Merged", "count", help="Several rows of one thing became one"),
    Shown("replaced", "Replaced", "count", help="A newer row of the same key took its place"),
    Shown("unchanged", "Unchanged", "count"),
    Shown("rejected", "Rejected", "count"),
    Shown("grain", "What a row is"),
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
)
VERSION_COLUMNS = (
    Shown("version", "Version", is_pinned=True),
    Shown("state", "State"),
    Shown("published", "Published"),
    Shown("orders", "Orders", "count"),
    Shown("rejected", "Rejected", "count"),
    Shown("note", "Note"),
    Shown("code", "Code"),
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


def findings(version: Version) -> pa.Table:
    """Return one row a rule that rows broke, rejects first, then by number of rows."""
    order: Callable[[Finding], tuple[bool, int]] = lambda finding: (finding.severity != "reject", -finding.rows)  # noqa: E731
    rows = [
        {
            "table": each.table,
            "rule": each.rule,
            "severity": each.severity.capitalize(),
            "column": each.column,
            "rows": each.rows,
            "example": each.example,
        }
        for each in sorted(version.manifest.findings, key=order)
    ]
    return _table(FINDING_COLUMNS, rows)


def versions(all_versions: Sequence[Version], serving: Version, shown: Version) -> pa.Table:
    """Return one row a version, newest first, with the one that serves and the one on this page marked."""
    rows = [
        {
            "version": each.id,
            "state": write.listed([word for word, other in (("serving", serving), ("shown here", shown)) if each.id == other.id]),
            "published": write.instant(each.manifest.created_at),
            "orders": each.manifest.rows("orders"),
            "rejected": each.manifest.rejected,
            "note": each.manifest.note,
            "code": each.manifest.code_version,
        }
        for each in reversed(all_versions)
    ]
    return _table(VERSION_COLUMNS, rows)


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
