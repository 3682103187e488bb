"""``python -m analytics release``: a table that may leave the house, made of fixed blocks."""

import argparse
import sys
from datetime import date
from pathlib import Path

from analytics import export
from analytics.commands.output import leave, print_rows
from analytics.commands.warehouse import Commands, Place, version
from analytics.parameters import FINEST_RESOLUTION, RELEASED
from analytics.release import BY, file, release
from data.text import whole_number


def add(commands: Commands, place: Place) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "release",
        help="make a table that may leave the house",
        description="Make a table that may leave the house: sums of fixed blocks, by mall and whole month, with no other filter. "
        "No two of them can be subtracted. See docs/privacy.md.",
    )
    parser.set_defaults(command=_release)
    parser.add_argument("by", metavar="BY", help=f"{', '.join(BY[:-1])} or {BY[-1]}")
    parser.add_argument("--market", metavar="ID", help="only malls of this market")
    parser.add_argument("--mall", metavar="ID", help="only this mall")
    parser.add_argument("--from", dest="start", type=_month, metavar="MONTH", help="first month, such as 2026-03")
    parser.add_argument("--to", dest="end", type=_month, metavar="MONTH", help="first month after, such as 2026-06")
    parser.add_argument("--resolution", type=whole_number, metavar="R", help="H3 resolution of rows by cell, 4 to 9 (default: 9)")
    parser.add_argument("--format", choices=("table", *export.FORMATS), help="default: table on the screen, csv in a file")
    parser.add_argument("--out", type=Path, metavar="FILE", help="file or folder to write to, with a description beside it")
    parser.add_argument("--anew", action="store_true", help="cut all months again: what was released before can then be subtracted")
    place(parser)


def _month(text: str) -> date:
    """Return the first day of a month such as ``2026-03``."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is not a month such as 2026-03") from error


def _release(options: argparse.Namespace) -> int:
    chosen = version(options)
    released = release(
        options.by,
        RELEASED,
        chosen,
        market_id=options.market,
        mall_id=options.mall,
        start_on=options.start,
        end_on=options.end,
        resolution=FINEST_RESOLUTION if options.resolution is None else options.resolution,
        anew=options.anew,
    )
    leaving = file(released, chosen)
    if options.out is None and options.format in {None, "table"}:
        print_rows(export.leaving(released.table, is_synthetic=released.is_synthetic), "suppressed")
    else:
        leave(leaving, options.format or "csv", options.out)
    made = f"blocks made in {', '.join(released.made_in)}" if released.made_in else f"no month that is over has {released.k} customers"
    remarks = f"version {released.version_id}, {made}; {released.note}"
    print(remarks, file=sys.stdout if options.out is None and options.format in {None, "table"} else sys.stderr)
    return 0
