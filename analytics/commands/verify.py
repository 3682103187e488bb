"""``python -m analytics verify``: check a certificate against the raw tables, without the solver that made it."""

import argparse
from pathlib import Path

from analytics.commands.warehouse import Commands, Place
from analytics.errors import ParameterError
from data.errors import WarehouseError
from data.text import aligned
from data.warehouse import Version, Warehouse

_EPILOG = """\
exit codes:
  0  verified: every field, and no allowed set is better
  1  NOT verified: something is false, or was changed after it was written
  2  an error: no certificate, or no such version
  3  consistent, but not verified in full: nothing is false, but there are too many sets to look at all,
     so that the bound, or the order of the next best sets, is taken on trust from the solver
"""
_ON_TRUST = 3


def add(commands: Commands, place: Place) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "verify",
        help="check the certificate of a set of malls",
        description=(
            "Recompute every field of a certificate from the tables of the version that it names, by SQL and plain counting, and look for "
            "a better set among all that there are. Only what stands under `run` (how the set was found) is not checked."
        ),
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command=_verify)
    parser.add_argument("file", type=Path, metavar="FILE", help="certificate, as `choose --certificate FILE` writes it")
    place(parser)


def _verify(options: argparse.Namespace) -> int:
    from analytics.choosing.certificate import read  # noqa: PLC0415 - no other command needs these
    from analytics.choosing.verification import contradicted, verifies, verify  # noqa: PLC0415

    try:
        said = read(options.file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ParameterError(f"{options.file}: cannot be read as text") from error
    checks = verify(_version(options, said.version_id), said)
    words = {True: "ok", False: "FALSE", None: "ON TRUST"}
    print(aligned([(words[check.holds], check.what, check.found) for check in checks]))
    print("not checked: what stands under run (solver, seconds, rows, greedy set); nothing of the above hangs on it")
    if contradicted(checks):
        print(f"{options.file}: NOT verified, on version {said.version_id}")
        return 1
    if verifies(checks):
        print(f"{options.file}: verified, on version {said.version_id}")
        return 0
    trusted = "; ".join(check.what for check in checks if check.holds is None)
    print(f"{options.file}: consistent, but not verified in full, on version {said.version_id}. Taken on trust: {trusted}")
    return _ON_TRUST


def _version(options: argparse.Namespace, named: str) -> Version:
    """Return the very version that the certificate names; another one says nothing of it."""
    if options.version and options.version != named:
        raise WarehouseError(f"the certificate is of version {named}, not {options.version}")
    return Warehouse(options.warehouse).version(named)
