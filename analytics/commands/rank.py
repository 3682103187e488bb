"""``python -m analytics rank``: candidate malls in order, with the figures they are weighed by."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analytics import export
from analytics.commands.output import json_bytes, pipe, progress
from analytics.commands.warehouse import Commands, Place, version
from analytics.errors import ParameterError
from data.text import Parser, aligned

if TYPE_CHECKING:
    from analytics.choosing.ranking import Ranking
    from analytics.choosing.scenario import Scenario
    from data.warehouse import Version

_EPILOG = """\
examples:
  python -m analytics rank --market las-vegas
  python -m analytics rank --preset speed --limits p90::3600 --format csv > ranking.csv
  python -m analytics rank --weights newly:40,orders:30,cost:30 --pin '["Old airport",36.05,-115.2,"las-vegas",90]'
  python -m analytics rank --candidates sites.csv --save "With our sites"
  python -m analytics rank --scenario "With our sites" --format json
"""
_CHOICES = {
    "market": ("ID", "market (default: all)"),
    "drive": ("MIN", "drive time, minutes (default: 20)"),
    "of": ("WHO", "population or households (default: population)"),
    "preset": ("NAME", "weights by name: balanced, reach, speed or cost (default: balanced)"),
    "weights": ("LIST", "weights of one's own instead, such as newly:30,orders:20"),
    "anchors": ("LIST", "worst and ideal value of criteria, such as p90:5400:1800, and after a third colon where it is as bad again"),
    "limits": ("LIST", "least and most that a mall must have, such as newly:20000,p90::3600"),
    "costs": ("CENTS", "handling and surcharge per delivered order, such as 50:25"),
    "staffing": ("RULE", "so many of 1,000 trips may wait longer than so many seconds for a driver (default: 300:100)"),
}


def add(commands: Commands, place: Place) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "rank",
        help="rank candidate malls",
        description="Rank candidate malls. Numbers are in stored units: seconds, cents, meters, thousandths.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command=_rank)
    add_scenario(parser)
    parser.add_argument("--format", choices=("table", "csv", "json"), default="table", help="default: table")
    parser.add_argument("--save", metavar="NAME", help="keep what was asked as a scenario of that name; an earlier one is replaced")
    place(parser)


def add_scenario(parser: Parser) -> None:
    """Add the options that make a scenario."""
    parser.add_argument("--scenario", metavar="NAME", help="begin with a saved scenario, or with a file that holds one")
    for name, (shown, text) in _CHOICES.items():
        parser.add_argument(f"--{name}", metavar=shown, help=text)
    parser.add_argument("--pin", action="append", default=[], metavar="PLACE", help='a place more: ["Name", latitude, longitude, "market"]')
    parser.add_argument("--candidates", action="append", type=Path, default=[], metavar="FILE", help="candidate malls of a file")


def chosen_scenario(options: argparse.Namespace, data: "Version") -> tuple[str, "Scenario"]:
    """Return the scenario that the options describe, and its name; empty where it has none.

    Raises
    ------
    ParameterError, MallReachError
        If an option, a saved scenario or a file cannot be read.
    """
    from analytics.choosing import scenario as scenarios  # noqa: PLC0415 - no other command needs it
    from analytics.choosing.kept import scenario_named  # noqa: PLC0415

    name, texts = "", {}
    if options.scenario:
        name, begun = scenario_named(data, options.scenario)
        texts = begun.texts
    texts |= {key: value for key in _CHOICES if (value := getattr(options, key)) is not None}
    chosen = scenarios.scenario(texts)
    for text in options.pin:
        for pin in scenarios.pins_of(f"[{text}]"):
            chosen = scenarios.with_pin(chosen, pin)
    for path in options.candidates:
        for pin in _places(path, data):
            chosen = scenarios.with_pin(chosen, pin)
    return name, chosen


def _places(path: Path, data: "Version") -> list[Any]:
    from analytics.choosing.scenario import pin_at  # noqa: PLC0415
    from data.candidates import read_candidates  # noqa: PLC0415
    from data.warehouse import Warehouse  # noqa: PLC0415

    try:
        content = path.read_bytes()
    except OSError as error:
        raise ParameterError(f"{path}: cannot be read ({error.strerror})") from error
    found = read_candidates([(path.name, content)], Warehouse(data.root), data)
    for file, line, why in found.rejected:
        print(f"{file} line {line}: rejected, {why}", file=sys.stderr)
    return [pin_at(each.name, each.latitude, each.longitude, each.market_id, each.store_count) for each in found.candidates]


def _rank(options: argparse.Namespace) -> int:
    from analytics.choosing.kept import keep  # noqa: PLC0415
    from analytics.choosing.ranking import ranking, table  # noqa: PLC0415

    data = version(options)
    name, chosen = chosen_scenario(options, data)
    with progress() as say:
        found = ranking(data, chosen, say=say)
    if options.save:
        keep(data.root, options.save, chosen, may_replace=True)
        print(f"saved as {options.save!r}", file=sys.stderr)
    if options.format == "table":
        _print(found, data)
    elif options.format == "csv":
        pipe([export.table_csv(table(found), is_synthetic=data.manifest.synthetic)])
    else:
        pipe([json_bytes(_told(found, chosen, options.save or name, data))])
    return 0


def _told(found: "Ranking", chosen: "Scenario", name: str, data: "Version") -> dict[str, Any]:
    from analytics.choosing.ranking import table  # noqa: PLC0415

    standing = [row.site.id for row in found.standing]
    return {
        "version": data.id,
        "synthetic": data.manifest.synthetic,
        "scenario": {"name": name, "choices": chosen.texts},
        "weights": dict(found.weights),
        "left_out": [each.id for each in found.left_out],
        "anchors": {key: [scale.worst, scale.ideal, scale.beyond] for key, scale in found.scales.items() if key in found.measured},
        "candidates": table(found).to_pylist(),
        "weightings_by_rank": {site: found.counts[place].tolist() for place, site in enumerate(standing)},
    }


def _print(found: "Ranking", data: "Version") -> None:
    from analytics.choosing.criteria import BY_ID  # noqa: PLC0415
    from analytics.choosing.ranking import TOP, in_units  # noqa: PLC0415

    names = list(found.measured)
    header = ["rank", "mall", "score", f"top {TOP} under", *(BY_ID[name].label for name in names), ""]
    rows = []
    for place, row in enumerate(found.rows):
        values = [found.measured[name].values[place] for name in names]
        shown = ["-" if value is None else in_units(value, BY_ID[name].unit) for value, name in zip(values, names, strict=True)]
        sure = "-" if row.top_permille is None else f"{row.top_permille / 10:.0f} %"
        remark = f"fails: {row.failed}" if row.failed else f"unknown: {', '.join(row.unknown)}" if row.unknown else ""
        score = "-" if row.score is None else f"{row.score:.1f}"
        rows.append(["-" if row.rank is None else str(row.rank), row.site.name, score, sure, *shown, remark])
    print(aligned([header, *rows], right=[0, *range(2, len(header) - 1)]))
    print(f"version {data.id}, {len(found.rows)} candidates" + (", synthetic data" if data.manifest.synthetic else ""))
    print("weights: " + ", ".join(f"{BY_ID[name].label} {weight}" for name, weight in found.weights.items()))
    for each in found.left_out:
        print(f"left out: {each.label}, of which nothing is known")
