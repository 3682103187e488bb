"""``python -m data``: load files, build the demo, and keep the warehouse's versions.

Exit codes: 0 done, 1 ``check`` found a fault, 2 an error (one line on standard error).
"""
# ruff: noqa: PLC0415 -- a command imports what it runs: `versions` need not wait for the loader's libraries

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from data.errors import MallReachError, MappingError, SourceError, WarehouseError, is_interrupt
from data.text import Parser, aligned, counted, printable, whole_number
from data.warehouse import Version, Warehouse, default_root

_EVERY_S = 300
_LONGEST_EVERY_S = 366 * 86_400
_SOURCES_SHOWN = 3

_EPILOG = """\
examples:
  python -m data load deliveries/ malls.csv           add files; columns named as in docs/tables.md need no mapping
  python -m data mapping export/ --out mapping.toml   guess a mapping for files with other column names
  python -m data load orders.csv --mapping mapping.toml
  python -m data load --mapping mapping.toml --watch  load again every five minutes; see docs/sources.md
  python -m data versions                             what is loaded, and which version serves
  python -m data rollback                             serve the version before the current one
  python -m data open > open.sql                      then: duckdb -init open.sql
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        code = command(options)
        sys.stdout.flush()
    except MallReachError as error:
        print(f"error: {printable(str(error))}", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, RuntimeError) as error:
        if not is_interrupt(error):
            raise
        print("error: stopped; nothing was published", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # Whoever read the output has seen enough. The rest, also what Python flushes at its end, goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _parser() -> Parser:
    common = Parser(add_help=False)
    common.add_argument(
        "--warehouse",
        type=Path,
        default=default_root(),
        metavar="DIR",
        help="folder that holds the versions (default: $MALLREACH_WAREHOUSE, else ./warehouse)",
    )
    parser = Parser(
        prog="python -m data",
        description="Load delivery data into versions that dashboards read while the next one is built.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True, title="commands")

    def command(name: str, run: Callable[[argparse.Namespace], int], summary: str, details: str = "") -> Parser:
        added = commands.add_parser(name, parents=[common], help=summary, description=f"{summary[0].upper()}{summary[1:]}. {details}")
        added.set_defaults(command=run)
        return added

    load = command(
        "load",
        _load,
        "load files and publish a new version",
        "Rows are added to what is there: a row with a known key replaces the earlier one; the same files again change nothing.",
    )
    load.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="CSV (also .gz) or Parquet file, folder, quoted glob such as 'orders-*.csv', or address such as s3://bucket/orders.parquet; "
        "none: whatever the mapping names",
    )
    load.add_argument("--mapping", type=Path, metavar="FILE", help="TOML file that says which columns mean what; see the command template")
    load.add_argument("--replace", action="store_true", help="drop the earlier rows of the tables that these files give; other tables stay")

    load.add_argument("--watch", action="store_true", help="load again and again until stopped; a round that fails leaves the last version")
    load.add_argument("--every", type=_span, metavar="SPAN", help="with --watch: from round to round, such as 90s, 5m, 1h (default: 5m)")
    load.add_argument(
        "--keep", type=_count, metavar="N", help="with --watch: prune to the newest N versions whenever there are twice as many"
    )

    demo = command("demo", _demo, "build the demo markets and publish them", "Everything in them is labelled synthetic.")
    demo.add_argument("--orders", type=_count, default=200_000, metavar="N", help="orders to make, about (default: 200000)")
    demo.add_argument("--seed", type=whole_number, default=1, metavar="S", help="seed; the same seed gives the same content (default: 1)")

    command("versions", _versions, "list the versions and which one serves")

    rollback = command("rollback", _rollback, "serve an earlier version again", "Nothing is deleted: rolling forward works the same way.")
    rollback.add_argument(
        "version", nargs="?", metavar="VERSION", help="version to serve, such as v0003 (default: the one before the current)"
    )

    check = command("check", _check, "recompute hashes and row counts of a version", "Exits with 1 if anything is damaged.")
    check.add_argument("version", nargs="?", metavar="VERSION", help="version to check, such as v0003 (default: the one that serves)")

    opened = command(
        "open",
        _open,
        "print SQL that opens a version in any DuckDB",
        "Then a query of `python -m analytics metric NAME --sql` gives the integers of the dashboards. Nothing is hidden there.",
    )
    opened.add_argument("version", nargs="?", metavar="VERSION", help="version to open, such as v0003 (default: the one that serves)")

    prune = command(
        "prune",
        _prune,
        "delete old versions and merge scattered parts",
        "Dashboards that still show a deleted version keep working until they are reloaded.",
    )
    prune.add_argument(
        "--keep", type=_count, default=3, metavar="N", help="newest versions to keep; the serving one always stays (default: 3)"
    )

    guess = command(
        "mapping",
        _mapping,
        "look at unknown files and write a first mapping",
        "It says of every column how sure the guess is, what it could not place, and what is missing.",
    )
    guess.add_argument("paths", nargs="+", metavar="FILE", help="CSV, Parquet, Excel or JSON lines; file, folder or quoted glob")
    guess.add_argument("--out", type=Path, metavar="FILE", help="file to write, such as mapping.toml (default: standard output)")

    times = command(
        "travel-times",
        _travel_times,
        "make the drive times from malls anew",
        "From the orders' drives alone, or on the roads of a file or a server at the level of these drives; see docs/travel_time.md.",
    )
    origin = times.add_mutually_exclusive_group()
    origin.add_argument("--osm", type=Path, metavar="FILE", help="OpenStreetMap extract, such as metro.osm.pbf (needs make extras)")
    origin.add_argument("--osrm", metavar="URL", help="address of an OSRM server, such as http://127.0.0.1:5000")
    times.add_argument("--market", action="append", default=[], metavar="ID", help="only this market; may be repeated (default: all)")

    command("template", _template, "print a mapping file to fill in", "It lists every table and column with its meaning.")
    return parser


def _load(options: argparse.Namespace) -> int:
    from data.load import load
    from data.report import report

    warehouse = Warehouse(options.warehouse)
    if not options.watch and (options.every or options.keep):
        raise SourceError("--every and --keep belong to --watch")
    if options.watch:
        return _watch(options, warehouse)
    print(report(load(options.paths, warehouse=warehouse, mapping=options.mapping, replace=options.replace)))
    return 0


def _watch(options: argparse.Namespace, warehouse: Warehouse) -> int:
    from data.load import LoadResult, load
    from data.watch import watch

    def once() -> LoadResult:
        result = load(options.paths, warehouse=warehouse, mapping=options.mapping, replace=options.replace, progress=lambda *_: None)
        if options.keep and len(warehouse.versions()) > 2 * options.keep:
            warehouse.prune(options.keep)
        return result

    def complain(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    watch(once, every_s=options.every or _EVERY_S, say=lambda text: print(text, flush=True), complain=complain)
    return 0


def _demo(options: argparse.Namespace) -> int:
    from data import demo

    version = demo.build(warehouse=Warehouse(options.warehouse), orders=options.orders, seed=options.seed)
    print(f"{version.id} serves: {version.manifest.rows('orders'):,} synthetic orders in {options.warehouse}")
    return 0


def _travel_times(options: argparse.Namespace) -> int:
    from data.travel_time.rebuild import rebuild

    done = rebuild(Warehouse(options.warehouse), osm=options.osm, osrm=options.osrm, markets=options.market)
    header = ("market", "source", "mall-cell pairs", "drives", "error min", "error %", "new / old", "differs min", "people without %")
    rows = [
        (
            fit.market_id,
            fit.source,
            f"{fit.pairs:,}",
            f"{fit.drives:,}",
            _scaled(fit.error_s, 60),
            _scaled(fit.error_permille, 10),
            _scaled(fit.ratio_permille, 1000, decimals=3),
            _scaled(fit.difference_s, 60),
            _scaled(fit.people_without_permille, 10),
        )
        for fit in done.fits
    ]
    print(aligned([header, *rows], right=tuple(range(2, len(header)))))
    print(f"{done.version.id} serves" + ("" if done.is_new else ": nothing changed"))
    return 0


def _scaled(value: int | None, by: int, *, decimals: int = 1) -> str:
    return "-" if value is None else f"{value / by:.{decimals}f}"


def _versions(options: argparse.Namespace) -> int:
    warehouse = Warehouse(options.warehouse)
    versions, current = warehouse.versions(), warehouse.current()
    if current is None:
        print(f"{options.warehouse}: nothing published yet")
        return 0
    header = ("serves", "version", "created (UTC)", "orders", "rejected", "synthetic", "sources")
    rows = [_version_row(version, serves=version.id == current.id) for version in versions]
    print(aligned([header, *rows], right=(3, 4)))
    for event in warehouse.events():
        if event.action == "rolled-back":
            print(f"{_instant(event.at)}  rolled back to {event.version_id}")
    return 0


def _version_row(version: Version, *, serves: bool) -> tuple[str, ...]:
    manifest = version.manifest
    names = [source.path for source in manifest.sources]
    more = f" and {len(names) - _SOURCES_SHOWN} more" if len(names) > _SOURCES_SHOWN else ""
    sources = ", ".join(names[:_SOURCES_SHOWN]) + more
    return (
        "yes" if serves else "",
        version.id,
        _instant(manifest.created_at),
        f"{manifest.rows('orders'):,}",
        f"{manifest.rejected:,}",
        "yes" if manifest.synthetic else "no",
        "; ".join(filter(None, [sources, manifest.note])) or "-",
    )


def _rollback(options: argparse.Namespace) -> int:
    warehouse = Warehouse(options.warehouse)
    version = warehouse.rollback(_full_id(warehouse, options.version))
    print(f"{version.id} serves: {counted(version.manifest.rows('orders'), 'order')}, loaded {_instant(version.manifest.created_at)} UTC")
    return 0


def _check(options: argparse.Namespace) -> int:
    warehouse = Warehouse(options.warehouse)
    version_id = _full_id(warehouse, options.version)
    faults = warehouse.check(version_id)
    if faults:
        print("\n".join(faults))
        return 1
    version = warehouse.version(version_id) if version_id else warehouse.current()
    if version is None:
        raise WarehouseError(_nothing_in(options.warehouse, "check"))
    files = version.manifest.files.values()
    size_mb = sum(entry.bytes for entry in files) / 1e6
    print(f"{version.id} is sound: {counted(len(files), 'file')}, {size_mb:,.1f} MB, every hash and row count as published")
    return 0


def _open(options: argparse.Namespace) -> int:
    from data.engine import script

    warehouse = Warehouse(options.warehouse)
    version_id = _full_id(warehouse, options.version)
    version = warehouse.version(version_id) if version_id else warehouse.current()
    if version is None:
        raise WarehouseError(_nothing_in(options.warehouse, "open"))
    print(script(version), end="")
    return 0


def _prune(options: argparse.Namespace) -> int:
    warehouse = Warehouse(options.warehouse)
    before = warehouse.current()
    if before is None:
        raise WarehouseError(_nothing_in(options.warehouse, "prune"))
    deleted = warehouse.prune(options.keep)
    current = warehouse.current()
    if current and before.id != current.id:
        print(f"{current.id} serves: {current.manifest.note}")
    print("\n".join(f"deleted {name}" for name in deleted) or "nothing to delete")
    return 0


def _mapping(options: argparse.Namespace) -> int:
    from data.guess import guessed, to_toml

    folder = options.out.parent if options.out else Path()
    guess = guessed(options.paths, beside=folder)
    if options.out is None:
        print(to_toml(guess), end="")
        return 0
    if options.out.exists():
        raise MappingError(f"{options.out}: the file exists; name another, or move it away")
    try:
        options.out.write_text(to_toml(guess), "utf-8")
    except OSError as error:
        raise MappingError(f"{options.out}: cannot be written ({error.strerror})") from error
    tables = ", ".join(dict.fromkeys(each.table.name for each in guess.feeds)) or "no table"
    print(f"{options.out}: {tables}; read it, then python -m data load --mapping {options.out}")
    return 0


def _template(_: argparse.Namespace) -> int:
    from data.mapping import template

    print(template(), end="")
    return 0


def _full_id(warehouse: Warehouse, text: str | None) -> str | None:
    """Return the id that a text such as ``v0003`` begins; a text that begins none stays, for the warehouse to refuse."""
    if text is None:
        return None
    try:
        matches = [version.id for version in warehouse.versions() if version.id.startswith(text)]
    except WarehouseError:  # a damaged CURRENT or manifest is what rollback and check are for; they take full ids
        return text
    return matches[0] if len(matches) == 1 else text


def _nothing_in(folder: Path, action: str) -> str:
    """Return the sentence about a folder without a version: a nightly command that was given a wrong folder must not pass."""
    there = "nothing was ever published in it" if (folder / "CURRENT").is_file() else "there is no warehouse"
    return f"{folder}: {there}, so there is nothing to {action}; see --warehouse"


def _instant(text: str) -> str:
    """Return an ISO instant as people read it, to the minute."""
    return text.replace("T", " ")[:16]


def _span(text: str) -> int:
    from data.watermark import span_s

    try:
        seconds = span_s(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if seconds > _LONGEST_EVERY_S:
        raise argparse.ArgumentTypeError(f"{text} is longer than a year")
    return seconds


def _count(text: str) -> int:
    number = whole_number(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
