"""``python -m analytics``: list the metrics, ask one, and take the rows away; the commands are in ``analytics/commands``.

Exit codes: 0 done, 1 a check failed, 2 an error (one line on standard error); `verify` has one more, 3 (its help says what of).
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from data.errors import MallReachError, is_interrupt
from data.text import Parser, printable

_EPILOG = """\
examples:
  python -m analytics list
  python -m analytics metric click_to_door --by mall,week --format csv --out .
  python -m analytics metric orders --market las-vegas --from 2026-03-02 --to 2026-03-09 --by day
  python -m analytics metric covered_share --by market --within 15
  python -m analytics metric on_time_share --by mall --sql      the query, to run by hand
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    try:
        options = _parser().parse_args(arguments)
        command: Callable[[argparse.Namespace], int] = options.command
        code = command(options)
        sys.stdout.flush()
    except MallReachError as error:
        print(f"error: {printable(str(error))}", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, RuntimeError) as error:
        if not is_interrupt(error):
            raise
        print("error: stopped", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _parser() -> Parser:
    from analytics.commands import COMMANDS, place  # noqa: PLC0415 - takes a second, in which Ctrl-C may be pressed

    parser = Parser(
        prog="python -m analytics",
        description="Ask the metrics of the dashboards from the command line.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True, title="commands")
    for module in COMMANDS:
        module.add(commands, place)
    return parser


if __name__ == "__main__":
    sys.exit(main())
