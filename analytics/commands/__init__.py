"""The commands of ``python -m analytics``, one module each.

To add one, write its module and name it in ``COMMANDS``. A module has one public function::

    def add(commands: Commands, place: Place) -> None:
        parser = commands.add_parser("rank", help="rank candidate malls", description="Rank candidate malls.")
        parser.set_defaults(command=_rank)  # argparse.Namespace -> exit code: 0 done, 1 a check failed
        parser.add_argument("--count", type=whole_number, metavar="N", help="malls (default: 3)")
        place(parser)  # --warehouse and --version; left out by a command that asks no warehouse

``warehouse.version(options)`` opens the version that was named, ``options.py`` has types of options (days, minutes), ``output.py`` prints
answers and writes through a pipe. Rows go to standard output, remarks about a file to standard error, and every fault is raised as a
``MallReachError``, which becomes one line and exit code 2. What is heavy to import is imported where the command runs.
"""

from typing import Final

from analytics.commands import calibration, choose, define, forecast, listing, metric, rank, release, verify
from analytics.commands.warehouse import Commands, Place, place

__all__ = ["COMMANDS", "Commands", "Place", "place"]

COMMANDS: Final = (listing, define, metric, calibration, forecast, rank, choose, verify, release)
"""Every command, in the order in which the help names them."""
