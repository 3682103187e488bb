"""The answer to an exploration."""

from dataclasses import dataclass, replace
from typing import Final

import pyarrow as pa

from analytics import catalog
from analytics.answers import Answer
from analytics.catalog import Metric
from analytics.explore import rows as of_rows
from analytics.explore.limits import refuse
from analytics.explore.question import Ask, Exploration
from analytics.explore.rows import Row, Total
from analytics.figures import Figure, figure, figures
from analytics.parameters import Parameters
from data.warehouse import Version

COARSEST: Final = 6
MOST_HIDDEN: Final = 0.2
"""Cells that would hide a larger part of the rows behind them are drawn larger, down to resolution 6."""

BESIDE: Final = (
    ("before", pa.float64()),
    ("before_low", pa.float64()),
    ("before_high", pa.float64()),
    ("before_rows", pa.int64()),
    ("change", pa.float64()),
    ("change_low", pa.float64()),
    ("change_high", pa.float64()),
    ("is_beyond_chance", pa.bool_()),
)
"""Columns of what rows are compared with."""


@dataclass(frozen=True)
class Explored:
    """What an exploration found.

    Attributes
    ----------
    table
        Rows in their order, cut to the top: the columns of the answer, and those of ``BESIDE`` where something is compared. Hidden rows are
        empty and stand last, unless rows are sorted by their groups.
    metric, figure
        What is shown.
    answer, compared
        The answers behind the rows, and behind what they are compared with.
    total, total_before
        Over everything that was picked; None where there is no such thing: rows of a fixed kind, one row alone.
    totals
        The answers behind these.
    groups, hidden
        Rows before the cut, and how many of them are hidden.
    is_covered
        Whether a row is hidden only because the total would have told of others.
    highest, lowest
        Of all shown rows, before the cut: those with the highest and the lowest figure, the first by group of several; None without any.
    """

    table: pa.Table
    metric: Metric
    figure: Figure
    answer: Answer
    compared: Answer | None
    total: Total | None
    total_before: Total | None
    totals: tuple[Answer, ...]
    groups: int
    hidden: int
    is_covered: bool
    highest: Row | None = None
    lowest: Row | None = None

    @property
    def answers(self) -> tuple[Answer, ...]:
        """Every answer that a number shown comes from."""
        return tuple(answer for answer in (self.answer, self.compared, *self.totals) if answer is not None)


@dataclass(frozen=True)
class _Picked:
    """Rows that were picked from one answer, and their total with the answer behind it."""

    rows: list[Row]
    answer: Answer
    total: Total | None = None
    totals: tuple[Answer, ...] = ()
    is_covered: bool = False


def explored(asked: Exploration, ask: Ask, version: Version) -> Explored:
    """Answer an exploration.

    Parameters
    ----------
    asked
        The question.
    ask
        Answers one metric, as ``analytics.answers.answers`` does, from a cache where there is one.
    version
        Version that is asked, for how many groups there may be.

    Returns
    -------
    Explored
        Rows after suppression.

    Raises
    ------
    ParameterError
        If the metric has no such figure or dimension, what is compared cannot be, or there would be too many groups.
    """
    metric = catalog.metric(asked.metric)
    shown = figure(metric, asked.column)
    refuse(asked, version)
    now = _picked(asked, asked.parameters, shown, metric, ask)
    then = None if asked.beside is None else _picked(asked, asked.before, shown, metric, ask)
    rows = now.rows if then is None else of_rows.compared(now.rows, then.rows, asked, shown, metric)
    ranked = of_rows.ranked(rows, asked, shown, metric)
    known = [row for row in of_rows.ranked(now.rows, replace(asked, order="groups"), shown, metric) if row[shown.column] is not None]
    return Explored(
        table=_table(ranked[: asked.top or None], now.answer.table.schema, has_before=then is not None),
        metric=metric,
        figure=shown,
        answer=now.answer,
        compared=then.answer if then else None,
        total=now.total,
        total_before=then.total if then else None,
        totals=now.totals + (then.totals if then else ()),
        groups=len(rows),
        hidden=sum(bool(row["suppressed"]) for row in rows),
        is_covered=now.is_covered or bool(then and then.is_covered),
        highest=max(known, key=lambda row: row[shown.column], default=None),
        lowest=min(known, key=lambda row: row[shown.column], default=None),
    )


def explored_on_a_map(asked: Exploration, ask: Ask, version: Version) -> Explored:
    """Answer an exploration by cell alone in as fine cells as hide at most 20 % of the rows behind them; others as they are asked.

    Notes
    -----
    Nothing is coarser than resolution 6; what is compared has the same cells.
    """
    found = explored(asked, ask, version)
    while _is_by_cell(asked) and asked.parameters.resolution > COARSEST and found.answer.hidden_share > MOST_HIDDEN:
        asked = replace(asked, parameters=replace(asked.parameters, resolution=asked.parameters.resolution - 1))
        found = explored(asked, ask, version)
    return found


def _is_by_cell(asked: Exploration) -> bool:
    return asked.parameters.by == ("cell",)


def _picked(asked: Exploration, parameters: Parameters, shown: Figure, metric: Metric, ask: Ask) -> _Picked:
    """Ask, pick the rows of the values chosen, and hide what a total would tell."""
    answer = ask(metric.id, replace(parameters, by=asked.by))
    rows = [row for row in answer.rows() if of_rows.is_picked(row, asked.only)]
    if metric.keys or set(asked.by) == set(asked.picks):
        return _Picked(rows, answer)
    whole = ask(metric.id, replace(parameters, by=asked.picks))
    over_all = next((row for row in whole.rows() if of_rows.is_picked(row, asked.only)), None)
    rows, is_covered = of_rows.covered(rows, answer, figures(metric), of_rows.names_of(asked, metric))
    total = Total(None) if over_all is None else of_rows.total(over_all, shown, rows)
    return _Picked(rows, answer, total, (whole,), is_covered)


def _table(rows: list[Row], schema: pa.Schema, *, has_before: bool) -> pa.Table:
    wanted = [*((field.name, field.type) for field in schema), *(BESIDE if has_before else ())]
    return pa.table({name: pa.array([row.get(name) for row in rows], kind) for name, kind in wanted})
