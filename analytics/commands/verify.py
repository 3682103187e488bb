"""``python -m analytics verify``: check a certificate against the raw tables, without the solver that made it."""

import argparse
from pathlib import Path

from analytics.commands.warehouse import Commands, Place
from analytics.errors import ParameterError
from data.errors import WarehouseError
from data.text import aligned
from data.warehouse import Version, Warehouse


def add(commands: Commands, place: Place) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "verify",
        help="check the certificate of a set of malls",
        description=(
            "Recompute the conditions and values of a certificate from the tables of the version that it names, by SQL and plain counting, "
            "and try every other set where there are few enough. Exit code 1 where anything is false."
        ),
    )
    parser.set_defaults(command=_verify)
    parser.add_argument("file", type=Path, metavar="FILE", help="certificate, as `choose --certificate FILE` writes it")
    place(parser)


def _verify(options: argparse.Namespace) -> int:
    from analytics.choosing.certificate import read  # noqa: PLC0415 - no other command needs these
    from analytics.choosing.verification import verifies, verify  # noqa: PLC0415

    try:
        said = read(options.file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ParameterError(f"{options.file}: cannot be read as text") from error
    checks = verify(_version(options, said.version_id), said)
    words = {True: "ok", False: "FALSE", None: "not tried"}
    print(aligned([(words[check.holds], check.what, check.found) for check in checks]))
    holds = verifies(checks)
    print(f"{options.file}: {'verified' if holds else 'NOT verified'}, on version {said.version_id}")
    return 0 if holds else 1


def _version(options: argparse.Namespace, named: str) -> Version:
    """Return the very version that the certificate names; another one says nothing of it."""
    if options.version and options.version != named:
        raise WarehouseError(f"the certificate is of version {named}, not {options.version}")
    return Warehouse(options.warehouse).version(named)
