"""Rows of an exploration: picked, covered, compared and ranked. They are rows as an answer shows them, hidden ones empty."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from analytics.answers import Answer
from analytics.catalog import Metric
from analytics.changes import Change, Estimate, change, rate
from analytics.dimensions import DIMENSIONS
from analytics.explore.question import Exploration, Value
from analytics.figures import Figure
from analytics.privacy import SUBJECTS

Row = dict[str, Any]
_NO_TIME = timedelta(0)


@dataclass(frozen=True)
class Total:
    """A figure over everything that was picked; ``value`` is None where it is hidden, unknown, or would tell of what is hidden."""

    value: float | None
    low: float | None = None
    high: float | None = None
    rows: int | None = None


def names_of(asked: Exploration, metric: Metric) -> list[str]:
    """Return the columns that name a row."""
    return list(dict.fromkeys([*(DIMENSIONS[dimension] for dimension in asked.by), *metric.keys]))


def is_picked(row: Mapping[str, Any], only: Sequence[tuple[str, Value]]) -> bool:
    """Tell whether a row is of the values picked."""
    return all(row[DIMENSIONS[dimension]] == value for dimension, value in only)


def covered(rows: list[Row], answer: Answer, shown: Sequence[Figure], named: Sequence[str]) -> tuple[list[Row], bool]:
    """Hide the smallest shown row too where the hidden ones, taken together, may still be too few people, and tell whether one was.

    Beside a total, what the shown rows leave of it are the hidden rows together. A shown row has k people or more behind it in every table
    of facts, so that with it they have them too. Where the answer knows that its hidden rows have k people already, nothing more is hidden;
    but it knows so of its first table of facts only, and of all its rows, so that picked rows and figures of several tables are always
    covered.

    Parameters
    ----------
    rows, answer
        What may be shown, and where it comes from.
    shown
        All figures of the metric. Rows are hidden for all of them, whichever is looked at: were it another row for each, one figure's view
        would show what the other's hides.
    named
        Columns that name a row.
    """
    if not any(row["suppressed"] for row in rows):
        return rows, False
    if answer.rows_behind is not None and len(answer.metric.all_facts) < 2 and len(rows) == answer.table.num_rows:
        return rows, False
    left = {place for place, row in enumerate(rows) if not row["suppressed"]}
    hidden: set[int] = set()
    for column in dict.fromkeys(figure.rows or figure.column for figure in shown):
        # A row in which nothing is counted covers nobody, and one in which the count is hidden is hidden for it already.
        if not any(rows[place][column] for place in hidden):
            counted = {place for place in left - hidden if rows[place][column]}
            hidden |= {min(counted, key=lambda place: (rows[place][column], place))} if counted else set()
    if left and not hidden:
        hidden = {min(left)}
    return [_emptied(row, named) if place in hidden else row for place, row in enumerate(rows)], bool(hidden)


def _emptied(row: Row, named: Sequence[str]) -> Row:
    return {name: value if name in named else None for name, value in row.items()} | {"suppressed": True}


def total(row: Mapping[str, Any], shown: Figure, rows: Sequence[Mapping[str, Any]]) -> Total:
    """Return the total of a figure; none of a count or a share that some shown row lacks, for what is hidden there would follow."""
    counted = row[shown.rows] if shown.rows else None
    is_told = shown.unit in {"count", "share"} and any(each[shown.column] is None and not each["suppressed"] for each in rows)
    if is_told:
        return Total(None, rows=counted)
    low, high = (row[name] if name else None for name in (shown.low, shown.high))
    return Total(row[shown.column], low, high, counted)


def compared(now: Sequence[Row], then: Sequence[Row], asked: Exploration, shown: Figure, metric: Metric) -> list[Row]:
    """Return rows with what they are compared with beside them; a group that only the other side has stands there too.

    Days and weeks of two periods are the same group where they have the same place in them.
    """
    names = names_of(asked, metric)
    before = {_group(row, names, _shift(asked)): row for row in then}
    present = {_group(row, names) for row in now}
    empty = dict.fromkeys(now[0] if now else then[0]) if now or then else {}
    # No rows of a counted thing are zero of it; other figures of nothing are missing.
    zero = {metric.id: 0} if metric.kind == "count" and metric.facts and metric.id in empty else {}
    gone = [empty | dict(zip(names, group, strict=True)) | zero | {"suppressed": False} for group in before if group not in present]
    return [_with_change(row, before.get(_group(row, names), zero), shown, metric) for row in [*now, *gone]]


def _shift(asked: Exploration) -> timedelta:
    """Return by how much days of the period compared are moved, so that its first day lies on the first day shown."""
    other, start_on = asked.beside, asked.parameters.start_on
    if other is None or other.is_of_mall or other.start_on is None or start_on is None:
        return _NO_TIME
    return start_on - other.start_on


def _group(row: Mapping[str, Any], names: Sequence[str], shift: timedelta = _NO_TIME) -> tuple[Any, ...]:
    return tuple(row[name] + shift if isinstance(row[name], date) else row[name] for name in names)


def _with_change(row: Row, before: Mapping[str, Any], shown: Figure, metric: Metric) -> Row:
    told = _change(row, before, shown, metric)
    return row | {
        "before": before.get(shown.column),
        "before_low": before.get(shown.low),
        "before_high": before.get(shown.high),
        "before_rows": before.get(shown.rows),
        "change": told.difference if told else None,
        "change_low": told.low if told else None,
        "change_high": told.high if told else None,
        "is_beyond_chance": told.is_beyond_chance if told else None,
    }


def total_change(now: Total | None, before: Total | None, shown: Figure, metric: Metric) -> Change | None:
    """Return the change of a total; None where one of the two is missing."""
    if now is None or before is None:
        return None
    first, second = ({shown.low: each.low, shown.high: each.high, shown.column: each.value} for each in (now, before))
    return _change(first, second, shown, metric)


def _change(row: Mapping[str, Any], before: Mapping[str, Any], shown: Figure, metric: Metric) -> Change | None:
    now, then = (_estimate(each, shown, metric) for each in (row, before))
    return change(now, then) if now and then else None


def _estimate(row: Mapping[str, Any], shown: Figure, metric: Metric) -> Estimate | None:
    value = row.get(shown.column)
    if value is None:
        return None
    if metric.facts and shown.unit == "count" and metric.unit == SUBJECTS[metric.facts].rows:
        return rate(int(value), 1)
    low, high = (None if row.get(name) is None else float(row[name]) for name in (shown.low, shown.high))
    return Estimate(float(value), low, high)


def ranked(rows: Sequence[Row], asked: Exploration, shown: Figure, metric: Metric) -> list[Row]:
    """Sort rows by what is asked, ties by group; rows without the figure stand after the others, hidden ones last, by group alone."""
    names = names_of(asked, metric)

    def place(row: Mapping[str, Any]) -> tuple[Any, ...]:
        group = tuple((row[name] is None, 0 if row[name] is None else row[name]) for name in names)
        if asked.order == "groups":
            return (group,)
        value = row.get("change") if asked.order == "change" else row[shown.column]
        standing = 2 if row["suppressed"] else 1 if value is None else 0
        size = 0.0 if standing or value is None else float(value)
        weighed = size if asked.order == "least" else -abs(size) if asked.order == "change" else -size
        return (standing, weighed, group)

    return sorted(rows, key=place)
