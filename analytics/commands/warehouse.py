"""Where a command asks: the options ``--warehouse`` and ``--version``, and the version that they name."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from data.errors import WarehouseError
from data.text import Parser
from data.warehouse import Version, Warehouse, default_root

Commands: TypeAlias = "argparse._SubParsersAction[Parser]"  # noqa: SLF001 - argparse has no public name for it
Place: TypeAlias = Callable[[Parser], None]


def place(parser: Parser) -> None:
    """Add the options that say which version is asked."""
    parser.add_argument(
        "--warehouse",
        type=Path,
        default=default_root(),
        metavar="DIR",
        help="folder of versions (default: $MALLREACH_WAREHOUSE, else ./warehouse)",
    )
    parser.add_argument("--version", metavar="ID", help="version to ask (default: the one that serves)")


def version(options: argparse.Namespace) -> Version:
    """Return the version that was named, by its id or the beginning of it; else the one that serves.

    Raises
    ------
    WarehouseError
        If there is none.
    """
    warehouse = Warehouse(options.warehouse)
    if options.version:
        matches = [each for each in warehouse.versions() if each.id.startswith(options.version)]
        return matches[0] if len(matches) == 1 else warehouse.version(options.version)
    current = warehouse.current()
    if current is None:
        raise WarehouseError(f"{options.warehouse}: nothing published yet; run `python -m data demo` or `python -m data load PATH` first")
    return current
