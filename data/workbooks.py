"""Workbooks (Excel and OpenDocument): their sheets as tables of text.

A sheet's header is the first row that looks like one: as wide as most rows, after any lines of title. Values are written as a CSV would
have them: times as ISO 8601 (rounded to milliseconds, because workbooks store days as fractions), whole numbers without a point.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, WorksheetNotFound

from data.errors import SourceError

SUFFIXES = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")

_HEADER_SEARCH_ROWS = 20
_HEADER_SHARE = 0.6
_LARGEST_EXACT = 9e15

Value = str | None


@dataclass(frozen=True)
class Sheet:
    """One sheet: its name, its columns, and its rows below the header, each with its number as the workbook shows it."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[Value, ...]], ...]


def sheets(path: Path) -> list[Sheet]:
    """Return the sheets of a workbook that hold anything.

    Raises
    ------
    SourceError
        If the file is no workbook, is damaged or protected, or no sheet holds anything.
    """
    try:
        book = CalamineWorkbook.from_path(str(path))
        cells = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names if _is_grid(book, name)}
    except PasswordError as error:
        raise SourceError(f"{path}: the workbook is protected by a password; save it without one") from error
    except (CalamineError, OSError, ValueError) as error:
        raise SourceError(f"{path}: the file is no readable workbook ({str(error).splitlines()[0]})") from error
    found = [sheet for name, rows in cells.items() if (sheet := _sheet(name, rows))]
    if not found:
        raise SourceError(f"{path}: the workbook is empty; it lacks even a header")
    return found


def sheet(path: Path, name: str) -> Sheet:
    """Return one sheet by its name."""
    for each in sheets(path):
        if each.name == name:
            return each
    raise SourceError(f"{path}: the workbook has no sheet {name!r} any more")


def _is_grid(book: CalamineWorkbook, name: str) -> bool:
    try:
        book.get_sheet_by_name(name)
    except WorksheetNotFound:  # a sheet that is one large chart
        return False
    return True


def _sheet(name: str, cells: Sequence[Sequence[object]]) -> Sheet | None:
    rows = [(number, [_text(value) for value in row]) for number, row in enumerate(cells, 1)]
    rows = [(number, row) for number, row in rows if any(row)]
    if not rows:
        return None
    widths = [sum(1 for value in row if value) for _, row in rows[:_HEADER_SEARCH_ROWS]]
    header = next(place for place, width in enumerate(widths) if width >= _HEADER_SHARE * max(widths))
    names = rows[header][1]
    body = rows[header + 1 :]
    kept = [place for place in range(len(names)) if names[place] or any(row[place] for _, row in body)]
    columns = tuple((names[place] or f"column {place + 1}").strip() for place in kept)
    return Sheet(name, columns, tuple((number, tuple(row[place] for place in kept)) for number, row in body))


def _text(value: object) -> Value:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value == int(value) and abs(value) < _LARGEST_EXACT else repr(value)
    if isinstance(value, datetime):
        rounded = value + timedelta(microseconds=500)
        rounded = rounded.replace(microsecond=rounded.microsecond // 1000 * 1000)
        return rounded.isoformat(" ", "milliseconds") if rounded.microsecond else rounded.isoformat(" ")
    if isinstance(value, timedelta):
        seconds = round(value.total_seconds())
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value) if value not in (None, "") else None
