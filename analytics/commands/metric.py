"""``python -m analytics metric NAME``: ask one metric, see its query, take its rows away."""

import argparse
import sys
from pathlib import Path

from analytics import export
from analytics.answers import answers, query
from analytics.commands.output import leave, print_answer
from analytics.commands.question import add_question, parameters
from analytics.commands.warehouse import Commands, Place, version
from analytics.errors import ParameterError
from analytics.parameters import EVERYTHING
from data.text import Parser


def add(commands: Commands, place: Place) -> None:
    """Add the command."""
    parser = commands.add_parser("metric", help="ask one metric", description="Ask one metric; groups with too few people are hidden.")
    parser.set_defaults(command=_metric)
    add_question(parser)
    _add_output(parser)
    place(parser)


def _add_output(parser: Parser) -> None:
    parser.add_argument("--format", choices=("table", *export.FORMATS), help="default: table on the screen, csv in a file")
    parser.add_argument("--bom", action="store_true", help="begin csv with a byte-order mark, for older versions of Excel")
    parser.add_argument("--rows", action="store_true", help="all rows behind the figures instead of these: each order, offer, trip or hour")
    parser.add_argument("--out", type=Path, metavar="FILE", help="file or folder to write to, with a description beside it")
    parser.add_argument("--sql", action="store_true", help="print the query, or write it to --out, instead of running it")


def _metric(options: argparse.Namespace) -> int:
    asked = parameters(options)
    chosen = version(options)
    if options.sql and not options.rows:
        _write_sql(query(options.name, asked, EVERYTHING, chosen), options)
        return 0
    answer = answers(options.name, asked, EVERYTHING, chosen)
    behind = export.rows_behind(answer, chosen) if options.rows else None
    if options.sql and behind:
        _write_sql(behind.sql, options)
    elif behind or options.out is not None or options.format not in {None, "table"}:
        leave(behind or export.of_answer(answer, chosen), options.format or "csv", options.out, bom=options.bom)
    else:
        print_answer(answer)
    return 0


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
