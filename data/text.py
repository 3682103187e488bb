"""Words for a terminal: aligned tables, counts, values without control characters, and errors of the command line in one line."""

import argparse
import unicodedata
from collections.abc import Sequence
from typing import NoReturn

_UNPRINTED = ("Cc", "Cf", "Cs", "Zl", "Zp")


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line on standard error and exit code 2, like every other error of a command."""

    def error(self, message: str) -> NoReturn:
        """End the program with what is wrong and where the options are explained."""
        self.exit(2, f"error: {printable(message)}; see {self.prog} --help\n")


def whole_number(text: str) -> int:
    """Return a number as people write it (``200000``, ``200,000``, ``200_000``), as a type of an option.

    Raises
    ------
    argparse.ArgumentTypeError
        If it is none.
    """
    try:
        return int(text.replace(",", "").replace("_", ""))
    except ValueError:
        fault = f"{text[:40]!r} is not a whole number"
    raise argparse.ArgumentTypeError(fault)


def aligned(rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    """Return rows as text, two spaces between columns; columns whose places are in ``right`` end flush."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = (
        "  ".join(
            cell.rjust(width) if place in right else cell.ljust(width) for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 file``, ``1,200 files``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def printable(text: str) -> str:
    r"""Return a text in one line: line breaks, control characters and invisible ones are escaped, such as ``\n`` and ``\x1b``."""
    return "".join(each.encode("unicode_escape").decode() if unicodedata.category(each) in _UNPRINTED else each for each in text)
