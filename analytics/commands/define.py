"""``python -m analytics define NAME``: what a metric means, as the dictionary has it."""

import argparse

from analytics import catalog
from analytics.commands.warehouse import Commands, Place


def add(commands: Commands, place: Place) -> None:  # noqa: ARG001 - a definition is the same for every warehouse
    """Add the command."""
    parser = commands.add_parser("define", help="say what one metric means", description="Say what one metric means, as Markdown.")
    parser.set_defaults(command=_define)
    parser.add_argument("name", metavar="NAME", help="metric, as in the command list")


def _define(options: argparse.Namespace) -> int:
    from analytics.docs import section  # noqa: PLC0415 - no other command needs it

    print(section(catalog.metric(options.name)), end="")
    return 0
