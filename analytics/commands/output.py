"""What a command prints: answers as tables of text with what must be said beside them, and bytes for a pipe."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
from tqdm import tqdm

from analytics import export
from analytics.answers import Answer
from analytics.errors import ParameterError
from data.text import aligned, counted

Progress: TypeAlias = Callable[[str, int, int], None]
"""Told what begins, and how many of how many steps are behind it."""

_BAR = "{desc:<28} {percentage:3.0f}% |{bar}| {elapsed}"


def pipe(pieces: Iterable[bytes]) -> None:
    """Write bytes to standard output."""
    for piece in pieces:
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


@contextmanager
def progress() -> Iterator[Progress]:
    """Hand out what is told of each step; a terminal shows it as a bar on standard error, files and pipes see nothing of it."""
    with tqdm(total=1, bar_format=_BAR, leave=False, disable=None) as bar:

        def say(text: str, done: int, total: int) -> None:
            bar.total, bar.n = total, done
            bar.set_description_str(text)

        yield say


def json_bytes(value: object) -> bytes:
    """Return what ``json.dumps(value, ensure_ascii=False, indent=1)`` and the end of a line are, in a tenth of the time for long lists.

    Parameters
    ----------
    value
        Dictionaries by text, lists and tuples, numbers, texts, booleans, None.
    """
    return f"{_indented(value, chr(10))}\n".encode()


def _indented(value: object, line: str) -> str:
    inner = f"{line} "
    if isinstance(value, dict) and value:
        entries = (f"{json.dumps(key, ensure_ascii=False)}: {_indented(each, inner)}" for key, each in value.items())
        return "{" + inner + f",{inner}".join(entries) + line + "}"
    if isinstance(value, list | tuple) and value:
        if all(type(each) is int for each in value):
            return "[" + inner + f",{inner}".join(map(str, value)) + line + "]"
        return "[" + inner + f",{inner}".join(_indented(each, inner) for each in value) + line + "]"
    return json.dumps(value, ensure_ascii=False)


def leave(table: export.Leaving, format_: str, out: Path | None, *, bom: bool = False) -> None:
    """Write rows to a file, with their description beside it, or through a pipe where no file is named.

    Raises
    ------
    ParameterError
        If the format is none that a file has, or cannot hold the rows, or the file cannot be written.
    """
    chosen = next((each for each in export.FORMATS if each == format_), None)
    if chosen is None:
        raise ParameterError(f"rows are written as {' or '.join(export.FORMATS)}, not as a {format_}")
    if bom and chosen not in {"csv", "zip"}:
        raise ParameterError(f"--bom is for csv, not for {chosen}")
    if out is None:
        pipe(export.pieces(table, chosen, bom=bom))
        return
    path, about = export.write(table, out, chosen, bom=bom)
    print(f"{path}: {counted(table.rows, 'row')}; {about.name} says what they are", file=sys.stderr)


def print_answer(answer: Answer) -> None:
    """Print an answer as a table, and under it the version, its rows and what they leave out."""
    print_rows(export.exported(answer), f"hidden: {answer.too_few}")
    print("\n".join(_remarks(answer)))


def print_rows(table: pa.Table, hidden: str) -> None:
    """Print a table that may leave the program as text; ``hidden`` stands behind its suppressed rows."""
    names = [name for name in table.column_names if name not in {"suppressed", "data"}]
    rows = [[_text(row[name]) for name in names] + [hidden if row["suppressed"] else ""] for row in table.to_pylist()]
    print(aligned([[*names, ""], *rows], right=[index for index, name in enumerate(names) if _is_number(table, name)]))


def row_count(answer: Answer) -> str:
    """Return how many rows an answer has: ``214 rows``."""
    return counted(answer.table.num_rows, "row")


def _remarks(answer: Answer) -> list[str]:
    lines = [f"version {answer.version_id}, {row_count(answer)}" + (", synthetic data" if answer.is_synthetic else "")]
    if answer.hidden_share:
        most = "at most " if answer.rows_behind is None else ""
        lines.append(f"{most}{100 * answer.hidden_share:.1f} % of the {answer.rows_are} are in hidden rows")
    lines += [f"left out: {count:,} {reason}" for reason, count in answer.left_out.items()]
    return lines + ([f"note: {answer.note}"] if answer.note else [])


def _is_number(table: pa.Table, name: str) -> bool:
    return str(table.schema.field(name).type) in {"int64", "double"}


def _text(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.4f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
