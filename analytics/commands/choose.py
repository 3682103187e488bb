"""``python -m analytics choose``: the best set of malls for a number or a budget, with a certificate."""

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from analytics import export
from analytics.commands.output import Progress, pipe, progress
from analytics.commands.rank import add_scenario, chosen_scenario
from analytics.commands.warehouse import Commands, Place, version
from analytics.errors import ParameterError
from data.text import aligned, whole_number

if TYPE_CHECKING:
    from analytics.choosing.portfolio import Point, Portfolio
    from analytics.choosing.robustness import Standing

_EPILOG = """\
examples:
  python -m analytics choose --open 3
  python -m analytics choose --market las-vegas --budget 200000000 --must meadows-mall --format json
  python -m analytics choose --open 3 --budget 250000000
  python -m analytics choose --open 3 --must meadows-mall --must galleria-at-sunset --not downtown-summerlin
  python -m analytics choose --open 3 --aim minutes --most 1 --certificate portfolio.json
  python -m analytics choose --open 5 --apart downtown-summerlin+meadows-mall --format csv > malls.csv
  python -m analytics verify portfolio.json
"""
_CHOICES = {
    "open": ("K", "open exactly so many malls (default: 3)"),
    "budget": ("CENTS", "open what a budget pays for; with --open exactly so many within it"),
    "aim": ("AIM", "cover, orders, minutes or contribution (default: cover)"),
    "must": ("A,B", "malls that are in every set"),
    "not": ("A,B", "malls that are in none"),
    "apart": ("A+B,C+D", "pairs of which at most one is opened"),
    "most": ("N", "at most so many new malls in a market"),
    "backup": ("N", "demand counts once so many malls reach it, open ones included (default: 1)"),
    "hire": ("HOURS", "driver-hours a week that each market can add to those it has to spare (default: drivers are no bound)"),
    "money": ("A:B:W", "cents to open a mall, cents a week, and weeks (default: 25000000:1000000:52)"),
    "prices": ("M:A:B,..", "opening and weekly cost of single malls, cents"),
    "earns": ("CENTS", "fee and commission of an order (default: the pilots' mean fee)"),
}
_LISTS = {"must", "not", "apart", "prices"}
"""Options that may be said again: each adds to the list."""

_NEXT = 5
T = TypeVar("T")


def add(commands: Commands, place: Place) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "choose",
        help="choose a set of malls, with proof",
        description="Choose the best set of candidate malls. Numbers are in stored units: cents, seconds, driver-hours.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command=_choose)
    for name, (shown, text) in _CHOICES.items():
        parser.add_argument(f"--{name}", dest=f"wish_{name}", metavar=shown, help=text, action="append" if name in _LISTS else "store")
    parser.add_argument("--next", type=whole_number, default=_NEXT, metavar="N", help="next best sets to find (default: 5)")
    parser.add_argument("--curve", action="store_true", help="also the best value for every number of malls or budget")
    parser.add_argument("--worlds", action="store_true", help="also what the set gives up where drives, people or the standard are others")
    parser.add_argument("--limit", type=whole_number, default=10, metavar="S", help="seconds for each set (default: 10)")
    parser.add_argument("--certificate", type=Path, metavar="FILE", help="write what `python -m analytics verify` checks")
    parser.add_argument("--format", choices=("table", "csv", "json"), default="table", help="default: table")
    add_scenario(parser)
    place(parser)


def _choose(options: argparse.Namespace) -> int:
    from analytics.choosing.certificate import certificate, text  # noqa: PLC0415 - no other command needs these
    from analytics.choosing.portfolio import allowances, next_sets, point, portfolio  # noqa: PLC0415
    from analytics.choosing.portfolio_words import beside_error, sentence  # noqa: PLC0415
    from analytics.choosing.robustness import lead, standing, worlds  # noqa: PLC0415
    from analytics.choosing.tables import malls_table  # noqa: PLC0415
    from analytics.choosing.wish import wish  # noqa: PLC0415
    from analytics.choosing.worth import worth  # noqa: PLC0415

    data = version(options)
    _, scenario = chosen_scenario(options, data)
    said = {name: value for name in _CHOICES if (value := getattr(options, f"wish_{name}")) is not None}
    given = {name: ",".join(value) if name in _LISTS else value for name, value in said.items()}
    kept = {name: value for name, value in scenario.others if not (name in {"open", "budget"} and {"open", "budget"} & given.keys())}
    asked = wish(replace(scenario, others=tuple(sorted((kept | given).items()))))
    limit_s, tried = float(options.limit), worlds(asked) if options.worlds else ()
    with _quiet_output(), progress() as say:
        steps = _Steps(say, 3 + options.next + len(tried))
        steps.begin("reading who reaches whom")
        worth(data, asked)
        allowed = allowances(data, asked) if options.curve else ()
        steps.expect(len(allowed))
        steps.begin("looking for the best set")
        found = portfolio(data, asked, time_limit_s=limit_s)
        rest = next_sets(data, found, count=options.next, time_limit_s=limit_s)
        others = list(steps.each(rest, "looking for the next best set"))
        curve = [point(data, asked, each, time_limit_s=limit_s) for each in steps.each(allowed, "drawing the curve")]
        standings = [
            standing(data, found, each, time_limit_s=limit_s)
            for each in steps.each(tried if found.choice else (), "trying other assumptions")
        ]
        steps.begin("comparing with the next best set")
        answer = beside_error(sentence(found, others), found, others, lead(data, found, others[0]) if others else None)
    told = certificate(data, found, others, asked=options.next) if found.choice else None
    if options.certificate is not None:
        if told is None:
            raise ParameterError("there is no set to certify")
        _write(options.certificate, text(told))
    if options.format == "json":
        pipe([json.dumps(_told(answer, found, told, curve, standings, version_id=data.id), ensure_ascii=False, indent=1).encode(), b"\n"])
    elif options.format == "csv":
        pipe([export.table_csv(malls_table(found), is_synthetic=data.manifest.synthetic)])
    else:
        _print(answer, found, others, curve, standings)
        print(f"version {data.id}" + (", synthetic data" if data.manifest.synthetic else ""))
    return 0 if found.choice else 1


class _Steps:
    """Counts the steps of a command while it goes through them."""

    def __init__(self, say: Progress, total: int) -> None:
        self._say, self._done, self._total = say, 0, total

    def begin(self, text: str) -> None:
        """Say what begins; what was begun before is done."""
        self._say(text, self._done, self._total)
        self._done += 1

    def expect(self, more: int) -> None:
        """Take so many more steps into account."""
        self._total += more

    def each(self, things: Iterable[T], text: str) -> Iterator[T]:
        """Hand on things, one step each."""
        self.begin(text)
        for thing in things:
            yield thing
            self.begin(text)
        self._done -= 1


@contextmanager
def _quiet_output() -> Iterator[None]:
    """Send what the solver prints from its own code to standard error: standard output is a table, CSV or JSON."""
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        os.dup2(2, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _told(
    said: str, found: "Portfolio", told: dict[str, Any] | None, curve: list["Point"], standings: list["Standing"], *, version_id: str
) -> dict[str, Any]:
    answer: dict[str, Any] = {"answer": said, "version": version_id, "conflict": list(found.conflict)}
    if told:
        answer["certificate"] = told
        answer["alone"] = dict(zip(found.ids, found.alone, strict=True))
    if curve:
        answer["curve"] = [{"allowed": each.allowed, "value": each.value, "malls": each.ids, "proven": each.is_proven} for each in curve]
    if standings:
        answer["worlds"] = [
            {"world": each.name, "value": each.value, "best": each.best.value, "best_malls": each.best.ids, "given_up": each.regret}
            for each in standings
        ]
    return answer | {"notes": list(found.notes)}


def _print(said: str, found: "Portfolio", others: list["Portfolio"], curve: list["Point"], standings: list["Standing"]) -> None:
    from analytics.choosing.portfolio import in_all  # noqa: PLC0415
    from analytics.choosing.portfolio_words import amount, change, money, shown, spent  # noqa: PLC0415

    print(said)
    if found.choice is None:
        return
    choice = found.choice
    lines = [[site.name, site.market_id, amount(found, lost), money(found.wish.cost_cents(site.id))] for site, lost in _pairs(found)]
    if lines:
        print(aligned([["open", "market", "lost without it", "cost"], *lines], right=[2, 3]))
    for place, each in enumerate(others, 2):
        print(f"{place}. {', '.join(site.name for site in each.sites) or 'none'}: {change(each)}")
    if every := in_all([found, *others]) if others else ():
        print(f"in all of them: {', '.join(site.name for site in found.sites if site.id in every)}")
    for dot in curve:
        allowed = f"{dot.allowed}" if found.wish.budget_cents is None else money(dot.allowed)
        value = "not possible" if dot.value is None else f"{shown(found, dot.value):,.1f}"
        print(f"{allowed}: {value}{'' if dot.is_proven else ', not proven'}")
    for world in standings:
        print(f"{world.name}: {'still the best set' if world.holds else f'gives up {amount(world.best, world.regret)}'}")
    greedy = "" if choice.greedy is None else f"; greed would have had {shown(found, choice.greedy):,.1f}"
    merged = f", {choice.cells:,} cells as {choice.rows:,} rows" if choice.rows else ""
    print(f"value {choice.value:,}, bound {choice.bound:,}, gap {100 * choice.gap:.2f} %, {spent(choice)}{merged}{greedy}")
    for note in found.notes:
        print(f"note: {note}")


def _pairs(found: "Portfolio") -> list[tuple[Any, int]]:
    return list(zip(found.sites, found.alone, strict=True))


def _write(path: Path, content: str) -> None:
    try:
        path.write_text(content, "utf-8")
    except OSError as error:
        raise ParameterError(f"{path}: cannot be written ({error.strerror})") from error
    print(f"{path}: the certificate; `python -m analytics verify {path}` checks it", file=sys.stderr)
