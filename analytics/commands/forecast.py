"""``python -m analytics forecast MALL``: what a mall without history would sell, how long it would take, whom it needs, and a sheet."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analytics import export, reference
from analytics.commands.options import minutes
from analytics.commands.output import pipe
from analytics.commands.warehouse import Commands, Place, version
from analytics.errors import ParameterError
from analytics.parameters import WEIGHTS
from data.text import aligned, whole_number
from data.warehouse import Version

if TYPE_CHECKING:
    from analytics.choosing.backtest import Backtest
    from analytics.choosing.forecast import Assumptions, Forecast
    from analytics.choosing.told import Told

_FORMATS = tuple(each for each in export.FORMATS if each not in export.GEO_FORMATS)


def add(commands: Commands, place: Place) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "forecast",
        help="forecast a mall that has no history",
        description="Forecast a mall from the pilots: orders, times, cost and drivers, with ranges; an open mall from the others.",
    )
    parser.set_defaults(command=_forecast)
    parser.add_argument("mall", metavar="MALL", help="id of a candidate or an open mall, or the name of a --pin")
    parser.add_argument("--pin", action="append", default=[], metavar="PLACE", help='a place more: ["Name", latitude, longitude, "market"]')
    parser.add_argument("--weight", choices=WEIGHTS, default="households", help="whose number demand follows (default: households)")
    parser.add_argument("--wait", type=minutes, default=300, metavar="MIN", help="staffing: a trip should not wait longer (default: 5)")
    parser.add_argument("--waiting", type=whole_number, default=100, metavar="PERMILLE", help="trips of 1,000 that may (default: 100)")
    parser.add_argument("--handling", type=whole_number, default=0, metavar="CENTS", help="handling cost of a delivered order, cents")
    parser.add_argument("--surcharge", type=whole_number, default=0, metavar="CENTS", help="fuel and other surcharges of one, cents")
    parser.add_argument("--backtest", action="store_true", help="add: each pilot, forecast from the others and compared")
    parser.add_argument("--format", choices=("table", *_FORMATS), default="table", help="rows to standard output (default: table)")
    parser.add_argument("--sheet", type=Path, metavar="FILE", help="write the one-page decision sheet too, a PDF")
    place(parser)


def _forecast(options: argparse.Namespace) -> int:
    from analytics.choosing import told  # noqa: PLC0415 - no other command needs it
    from analytics.choosing.backtest import backtest  # noqa: PLC0415
    from analytics.choosing.forecast import Assumptions, forecast  # noqa: PLC0415
    from analytics.choosing.scenario import pins_of  # noqa: PLC0415
    from analytics.choosing.sites import sites  # noqa: PLC0415

    chosen = version(options)
    assumptions = Assumptions(options.wait, options.waiting, options.handling, options.surcharge, options.weight)
    known = sites(chosen, (), pins_of(f"[{','.join(options.pin)}]"))
    site = next((each for each in known if options.mall in {each.id, each.name if each.is_pin else each.id}), None)
    if site is None:
        names = ", ".join(sorted(each.id for each in known))
        raise ParameterError(f"there is no open or candidate mall {options.mall!r} in {chosen.id}; malls are {names or 'none'}")
    found = forecast(chosen, site, assumptions)
    tested = backtest(chosen, assumptions) if options.backtest else None
    if options.format != "table":
        pipe(export.pieces(told.file(chosen, found, assumptions, tested), options.format))
    else:
        _print(chosen, found, tested)
    if options.sheet is not None:
        _write_sheet(chosen, found, assumptions, options.sheet)
    return 0


def _print(chosen: Version, found: "Forecast", tested: "Backtest | None") -> None:
    from analytics.choosing import told  # noqa: PLC0415

    print(told.sentence(found))
    if found.orders_week is not None:
        rows = [_figure_row(each, found) for each in told.FIGURES]
        print(aligned([["", "10 %", "25 %", "middle", "75 %", "90 %", ""], *rows], right=range(1, 6)))
        print("\n".join([told.why_wide(found), *found.notes]))
    if tested is not None:
        print(told.back_test_sentence(tested))
    if tested is not None and tested.held:
        rows = [_tested_row(each) for each in tested.held]
        print(aligned([["pilot", "80 % range", "had", "", "weeks in it"], *rows], right=(1, 2, 4)))
    synthetic = ", synthetic data" if chosen.manifest.synthetic else ""
    print(f"version {chosen.id}{synthetic}; modelled, learned from {', '.join(found.pilots) or 'no pilot'}")


def _figure_row(each: "Told", found: "Forecast") -> list[str]:
    from analytics.choosing import told  # noqa: PLC0415

    band = getattr(found, each.name)
    values = [told.shown(each.name, value) for value in band.ascending] if band else ["-"] * 5
    return [each.label, *values, "" if band else found.reasons[each.name]]


def _tested_row(each: Any) -> list[str]:
    band = each.forecast.orders_week
    told_range = f"{band.low_80:,} to {band.high_80:,}" if band else "-"
    return [each.mall.id, told_range, f"{each.orders_week:,}", "in" if each.is_held else "out", f"{each.weeks_in_80} of {each.weeks}"]


def _write_sheet(chosen: Version, found: "Forecast", assumptions: "Assumptions", path: Path) -> None:
    from analytics.brief import decision_sheet  # noqa: PLC0415 - brings a typesetter and figures

    target = path / f"{export.safe_stem(['decision-sheet', found.site.id, chosen.id])}.pdf" if path.is_dir() else path
    if chosen.manifest.synthetic and "synthetic" not in target.name:
        target = target.with_name(f"{target.stem}-synthetic{target.suffix}")
    try:
        target.write_bytes(decision_sheet(chosen, found, assumptions))
    except OSError as error:
        raise ParameterError(f"{target}: cannot be written ({error.strerror})") from error
    names = {market.id: market.name for market in reference.markets(chosen)}
    print(f"{target}: decision sheet for {found.site.name}, {names[found.site.market_id]}", file=sys.stderr)
