"""``python -m analytics``: list the metrics, ask one, and take the rows away.

Exit codes: 0 done, 2 an error (one line on standard error).
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from analytics import catalog, export
from analytics.answers import Answer, answers, query
from analytics.errors import ParameterError
from analytics.parameters import EVERYTHING, WEIGHTS, Parameters
from data.errors import MallReachError, WarehouseError
from data.text import Parser, aligned, counted, printable, whole_number
from data.warehouse import Version, Warehouse, default_root

_FIELDS = {
    "market": "market_id",
    "mall": "mall_id",
    "start": "start_on",
    "end": "end_on",
    "within": "within_s",
    "weight": "weight",
    "resolution": "resolution",
    "dow": "dow",
    "hour": "hour",
    "service": "service_s",
    "handling": "handling_cents",
    "surcharge": "surcharge_cents",
    "commission": "commission_cents",
    "attraction": "attraction_permille",
    "decay": "decay_permille",
    "outside": "outside_permille",
}
"""Option, and the field of ``Parameters`` that it sets."""

_EPILOG = """\
examples:
  python -m analytics list
  python -m analytics metric click_to_door --by mall,week --format csv --out .
  python -m analytics metric orders --market las-vegas --from 2026-03-02 --to 2026-03-09 --by day
  python -m analytics metric covered_share --by market --within 15
  python -m analytics metric on_time_share --by mall --sql      the query, to run by hand
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
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _parser() -> Parser:
    parser = Parser(
        prog="python -m analytics",
        description="Ask the metrics of the dashboards from the command line.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True, title="commands")
    listing = commands.add_parser("list", help="list the metrics")
    listing.set_defaults(command=_list)
    metric = commands.add_parser("metric", help="ask one metric", description="Ask one metric; groups with too few people are hidden.")
    metric.set_defaults(command=_metric)
    _add_question(metric)
    _add_output(metric)
    calibration = commands.add_parser("calibration", help="print figures of the data beside published ones")
    calibration.set_defaults(command=_calibration)
    for command in (metric, calibration):
        _add_place(command)
    return parser


def _add_place(parser: Parser) -> None:
    root = default_root()
    parser.add_argument(
        "--warehouse", type=Path, default=root, metavar="DIR", help="folder of versions (default: $MALLREACH_WAREHOUSE, else ./warehouse)"
    )
    parser.add_argument("--version", metavar="ID", help="version to ask (default: the one that serves)")


def _add_question(parser: Parser) -> None:
    parser.add_argument("name", metavar="NAME", help="metric, as in the command list")
    parser.add_argument("--market", metavar="ID", help="only this market")
    parser.add_argument("--mall", metavar="ID", help="only this mall")
    parser.add_argument("--from", dest="start", type=_day, metavar="DAY", help="first local day of the period, such as 2026-03-02")
    parser.add_argument("--to", dest="end", type=_day, metavar="DAY", help="first local day after the period, such as 2026-03-09")
    parser.add_argument("--by", type=_names, default=(), metavar="A,B", help="groups, such as mall,week; the command list names them")
    parser.add_argument("--within", type=_minutes, metavar="MIN", help="drive time standard in minutes, 1 to 45 (default: 20)")
    parser.add_argument("--weight", choices=WEIGHTS, help="who is counted as demand (default: population)")
    parser.add_argument("--resolution", type=whole_number, metavar="R", help="H3 resolution of rows by cell, 4 to 9 (default: 9)")
    parser.add_argument("--dow", type=whole_number, metavar="D", help="only this local weekday, 1 Monday to 7 Sunday")
    parser.add_argument("--hour", type=whole_number, metavar="H", help="only this local hour, 0 to 23")
    parser.add_argument("--service", type=_minutes, metavar="MIN", help="click-to-door standard in minutes, 5 to 1440 (default: 60)")
    parser.add_argument("--attraction", type=_permille, metavar="A", help="exponent of a mall's stores (default: fitted on the orders)")
    parser.add_argument("--decay", type=_permille, metavar="B", help="exponent of the drive (default: fitted on the orders)")
    parser.add_argument("--outside", type=_permille, metavar="W", help="weight of ordering from no mall (default: fitted on the orders)")
    parser.add_argument("--handling", type=whole_number, metavar="CENTS", help="handling cost of a delivered order, cents")
    parser.add_argument("--surcharge", type=whole_number, metavar="CENTS", help="surcharges of a delivered order, cents")
    parser.add_argument("--commission", type=whole_number, metavar="CENTS", help="commission earned by a delivered order, cents")


def _add_output(parser: Parser) -> None:
    parser.add_argument("--format", choices=("table", *export.FORMATS), help="default: table on the screen, csv in a file")
    parser.add_argument("--out", type=Path, metavar="FILE", help="file or folder to write to, with a description beside it")
    parser.add_argument("--sql", action="store_true", help="print the query, or write it to --out, instead of running it")


def _list(_: argparse.Namespace) -> int:
    header = ("metric", "unit", "better", "grouped by", "what it is")
    better = {"up": "higher", "down": "lower", "none": "-"}
    rows = [(each.id, each.unit, better[each.direction], ",".join(each.dimensions) or "-", each.help) for each in catalog.METRICS]
    print(aligned([header, *rows]))
    return 0


def _metric(options: argparse.Namespace) -> int:
    parameters = _parameters(options)
    version = _version(options)
    if options.sql:
        _write_sql(query(options.name, parameters, EVERYTHING, version), options)
        return 0
    answer = answers(options.name, parameters, EVERYTHING, version)
    if options.out is not None:
        _write(answer, version, options.out, options.format or "csv")
    elif options.format in {None, "table"}:
        _print(answer)
    else:
        _pipe(export.stream(answer, version, options.format))
    return 0


def _calibration(options: argparse.Namespace) -> int:
    from analytics.calibration import calibration, text  # noqa: PLC0415 - no other command needs it

    print(text(calibration(_version(options))))
    return 0


def _parameters(options: argparse.Namespace) -> Parameters:
    """Make parameters of the options given; refuse those that this question would not look at."""
    metric = catalog.metric(options.name)
    given = {field: getattr(options, option) for option, field in _FIELDS.items() if getattr(options, option) is not None}
    parameters = Parameters(by=options.by, **given)
    for option, field in _FIELDS.items():
        if field in given and not metric.depends(field, parameters):
            shown = {"start": "from", "end": "to"}.get(option, option)
            rows = " without --by cell" if metric.uses(field) else ""
            raise ParameterError(f"{metric.id}{rows} does not depend on --{shown}; leave it out")
    return parameters


def _version(options: argparse.Namespace) -> Version:
    warehouse = Warehouse(options.warehouse)
    if options.version:
        matches = [each for each in warehouse.versions() if each.id.startswith(options.version)]
        return matches[0] if len(matches) == 1 else warehouse.version(options.version)
    current = warehouse.current()
    if current is None:
        raise WarehouseError(f"{options.warehouse}: nothing published yet; run `python -m data demo` or `python -m data load PATH` first")
    return current


def _write_sql(sql: str, options: argparse.Namespace) -> None:
    if options.format is not None:
        raise ParameterError("--sql gives a query, not rows; leave out --format")
    if options.out is None:
        print(sql)
        return
    path = options.out / f"{options.name}.sql" if options.out.is_dir() else options.out
    try:
        path.write_text(f"{sql}\n", "utf-8")
    except OSError as error:
        raise ParameterError(f"{path}: cannot be written ({error.strerror})") from error
    print(f"{path}: the query", file=sys.stderr)


def _write(answer: Answer, version: Version, out: Path, format_: str) -> None:
    if format_ == "table":
        raise ParameterError("a file is written as csv, parquet or json, not as a table")
    chosen = next(each for each in export.FORMATS if each == format_)
    path = out / export.file_name(answer, chosen) if out.is_dir() else out
    if answer.is_synthetic and "synthetic" not in path.name:
        path = path.with_name(f"{path.stem}-synthetic{path.suffix}")
    about = path.with_name(export.description_name(path.name))
    try:
        with path.open("wb") as file:
            file.writelines(export.stream(answer, version, chosen))
        about.write_text(export.description_text(answer, version), "utf-8")
    except OSError as error:
        raise ParameterError(f"{path}: cannot be written ({error.strerror})") from error
    print(f"{path}: {_rows(answer)}; {about.name} says what they are", file=sys.stderr)


def _pipe(pieces: Iterable[bytes]) -> None:
    for piece in pieces:
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def _print(answer: Answer) -> None:
    table = export.exported(answer)
    names = [name for name in table.column_names if name not in {"suppressed", "data"}]
    rows = [[_text(row[name]) for name in names] + [_remark(row, answer)] for row in table.to_pylist()]
    print(aligned([[*names, ""], *rows], right=[index for index, name in enumerate(names) if _is_number(table, name)]))
    print("\n".join(_remarks(answer)))


def _remark(row: dict[str, Any], answer: Answer) -> str:
    return f"hidden: {answer.too_few}" if row["suppressed"] else ""


def _remarks(answer: Answer) -> list[str]:
    lines = [f"version {answer.version_id}, {_rows(answer)}" + (", synthetic data" if answer.is_synthetic else "")]
    if answer.hidden_share:
        most = "at most " if answer.rows_behind is None else ""
        lines.append(f"{most}{answer.hidden_share:.1%} of the {answer.rows_are} are in hidden rows")
    lines += [f"left out: {count:,} {reason}" for reason, count in answer.left_out.items()]
    return lines + ([f"note: {answer.note}"] if answer.note else [])


def _rows(answer: Answer) -> str:
    return counted(answer.table.num_rows, "row")


def _is_number(table: Any, name: str) -> bool:
    return str(table.schema.field(name).type) in {"int64", "double"}


def _text(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.4f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is not a day such as 2026-03-02") from error


def _minutes(text: str) -> int:
    try:
        return round(float(text) * 60)
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(f"{text} is not a number of minutes") from error


def _permille(text: str) -> int:
    try:
        return round(float(text) * 1000)
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(f"{text} is not a number") from error


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


if __name__ == "__main__":
    sys.exit(main())
