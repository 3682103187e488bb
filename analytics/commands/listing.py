"""``python -m analytics list``: every metric in one line."""

import argparse

from analytics import catalog
from analytics.commands.warehouse import Commands, Place
from data.text import aligned


def add(commands: Commands, place: Place) -> None:  # noqa: ARG001 - the list is the same for every warehouse
    """Add the command."""
    commands.add_parser("list", help="list the metrics").set_defaults(command=_list)


def _list(_: argparse.Namespace) -> int:
    header = ("metric", "unit", "better", "grouped by", "what it is")
    better = {"up": "higher", "down": "lower", "none": "-"}
    rows = [(each.id, each.unit, better[each.direction], ",".join(each.dimensions) or "-", each.help) for each in catalog.METRICS]
    print(aligned([header, *rows]))
    return 0
