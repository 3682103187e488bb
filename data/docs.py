"""Documents made from the contracts: ``python -m data.docs`` writes ``docs/tables.md``, ``--check`` fails where it is stale."""

import sys
from pathlib import Path

from data.blocks import BLOCKS
from data.contracts import TABLES, TIMELINE, Column, Table
from data.mapping import UNITS
from data.rules import RULES, Rule, Severity

PATH = Path(__file__).resolve().parent.parent / "docs" / "tables.md"

_HEAD = """\
# Tables

Made from `data/contracts.py` by `python -m data.docs`; do not edit by hand. How files become these tables: [loading.md](loading.md).

Instants are UTC, whole seconds. Durations are whole seconds, distances whole meters, money whole cents, H3 cells signed 64-bit integers of
resolution 9. A column marked *derived* is computed at load and never read from a source; *required* means that a row without a readable
value is rejected. What cannot be computed is null and counted, never guessed.
"""

_BESIDE = """\
`blocks` are no table of a version: they are kept in `WAREHOUSE/blocks` (Parquet) and stay as they are whatever is loaded later; see
[privacy.md](privacy.md).
"""


def tables_page() -> str:
    """Return the page of all tables, rules and units as Markdown."""
    parts = [_HEAD, _contents(), *(_section(table) for table in (*TABLES, BLOCKS)), _BESIDE, _rules(), _units()]
    return "\n".join(parts)


def _contents() -> str:
    return "\n".join(
        ["| table | grain |", "|---|---|", *(f"| [{each.name}](#{each.name}) | {each.grain} |" for each in (*TABLES, BLOCKS)), ""]
    )


def _section(table: Table) -> str:
    lines = [f"## {table.name}", "", f"{table.grain[0].upper()}{table.grain[1:]}.", "", f"Key: {_names(table.key)}.{_order(table)}", ""]
    lines += ["| column | type | unit | | meaning |", "|---|---|---|---|---|"]
    return "\n".join([*lines, *(_row(column) for column in table.columns), *_timeline(table), ""])


def _order(table: Table) -> str:
    return f" Stored in the order of {_names(table.sort)}." if table.sort else ""


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _row(column: Column) -> str:
    role = "derived" if column.derived else "required" if column.required else ""
    return f"| `{column.name}` | {column.kind.duckdb_type} | {column.kind.unit} | {role} | {_meaning(column)} |"


def _meaning(column: Column) -> str:
    remarks = [column.meaning.replace("|", "\\|")]
    if column.choices:
        remarks.append(f"one of {', '.join(column.choices)}")
    if column.minimum is not None:
        remarks.append(f"at least {column.minimum}")
    if column.references:
        remarks.append(f"names a row of [{column.references}](#{column.references})")
    return "; ".join(remarks)


def _timeline(table: Table) -> list[str]:
    return ["", f"Events that must not run backwards: {_names(TIMELINE)}."] if table.name == "orders" else []


def _rules() -> str:
    lines = [
        "## Rules",
        "",
        "A *reject* is not loaded; a *finding* stays, with what is said here.",
        "",
        "| rule | severity | meaning | for example | to mend |",
        "|---|---|---|---|---|",
    ]
    ordered = sorted(RULES.values(), key=lambda rule: rule.severity is not Severity.REJECT)
    return "\n".join([*lines, *(_rule(rule) for rule in ordered), ""])


def _rule(rule: Rule) -> str:
    return f"| `{rule.name}` | {rule.severity} | {rule.meaning} | {rule.example} | {rule.mend} |"


def _units() -> str:
    lines = ["## Units a mapping may name", "", "| for | units |", "|---|---|"]
    return "\n".join([*lines, *(f"| {kind} | {', '.join(f'`{unit}`' for unit in units)} |" for kind, units in UNITS.items()), ""])


def main(arguments: list[str]) -> int:
    """Write the page, or check that it is fresh; return the exit code."""
    page = tables_page()
    if arguments == ["--check"]:
        if PATH.is_file() and PATH.read_text("utf-8") == page:
            return 0
        sys.stderr.write("docs/tables.md is stale: run `python -m data.docs`\n")
        return 1
    PATH.write_text(page, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
