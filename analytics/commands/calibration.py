"""``python -m analytics calibration``: figures of the data beside published ones."""

import argparse

from analytics.commands.warehouse import Commands, Place, version


def add(commands: Commands, place: Place) -> None:
    """Add the command."""
    parser = commands.add_parser("calibration", help="print figures of the data beside published ones")
    parser.set_defaults(command=_calibration)
    place(parser)


def _calibration(options: argparse.Namespace) -> int:
    from analytics.calibration import calibration, text  # noqa: PLC0415 - no other command needs it

    print(text(calibration(version(options))))
    return 0
