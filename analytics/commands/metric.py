"""``python -m analytics metric NAME``: ask one metric, see its query, take its rows away."""

import argparse
import sys
from pathlib import Path

from analytics import export
from analytics.answers import Answer, answers, query
from analytics.commands.output import pipe, print_answer, row_count
from analytics.commands.question import add_question, parameters
from analytics.commands.warehouse import Commands, Place, version
from analytics.errors import ParameterError
from analytics.parameters import EVERYTHING
from data.text import Parser
from data.warehouse import Version


def add(commands: Commands, place: Place) -> None:
    """Add the command."""
    parser = commands.add_parser("metric", help="ask one metric", description="Ask one metric; groups with too few people are hidden.")
    parser.set_defaults(command=_metric)
    add_question(parser)
    _add_output(parser)
    place(parser)


def _add_output(parser: Parser) -> None:
    parser.add_argument("--format", choices=("table", *export.FORMATS), help="default: table on the screen, csv in a file")
    parser.add_argument("--out", type=Path, metavar="FILE", help="file or folder to write to, with a description beside it")
    parser.add_argument("--sql", action="store_true", help="print the query, or write it to --out, instead of running it")


def _metric(options: argparse.Namespace) -> int:
    asked = parameters(options)
    chosen = version(options)
    if options.sql:
        _write_sql(query(options.name, asked, EVERYTHING, chosen), options)
        return 0
    answer = answers(options.name, asked, EVERYTHING, chosen)
    if options.out is not None:
        _write(answer, chosen, options.out, options.format or "csv")
    elif options.format in {None, "table"}:
        print_answer(answer)
    else:
        pipe(export.stream(answer, chosen, options.format))
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
    print(f"{path}: {row_count(answer)}; {about.name} says what they are", file=sys.stderr)
