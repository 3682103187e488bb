"""Who stands behind the groups of a question: counted only as far as has to be known."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa

from analytics.privacy import SUBJECTS, Integers, is_hidden
from analytics.questions import People, Question, few_sql
from data.engine import Engine

ROWS: Final = "rows_behind"
PEOPLE: Final = "people_behind"
BUCKETS: Final = "buckets_behind"
OTHERS: Final = "behind_"
_MOST_NAMED: Final = 2_000
"""Groups that are named in a query; where more are unsure, all groups are counted one by one."""

_WRITTEN: Final = {pa.string(): "VARCHAR", pa.int64(): "BIGINT", pa.date32(): "DATE"}


def with_people(values: pa.Table, asked_of: Question, engine: Engine) -> pa.Table:
    """Add to each row the rows of facts and the people that count in it; rows behind which nobody stands in any table are no rows."""
    present = np.zeros(values.num_rows, np.bool_) if asked_of.people else np.ones(values.num_rows, np.bool_)
    added: dict[str, Integers] = {}
    for place, people in enumerate(asked_of.people):
        counts = people_behind(people, engine)
        found = _places(values, counts, people.group)
        for name in counts.column_names:
            if name not in people.group and (place == 0 or name == PEOPLE):
                known = np.append(counts.column(name).to_numpy().astype(np.int64), 0)
                added[name if place == 0 else f"{OTHERS}{people.table}"] = known[found] if name != ROWS else _once(known[found], found)
        present |= (found < counts.num_rows) if people.group else np.True_
    for name, column in added.items():
        values = values.append_column(name, pa.array(column))
    return values if present.all() else values.filter(pa.array(present))


def _once(rows: Integers, groups: Integers) -> Integers:
    """Keep the rows of each group in the first row that has them: where a table does not know the place, many rows are of one group."""
    first = np.zeros(len(rows), np.bool_)
    first[np.unique(groups, return_index=True)[1]] = True
    kept: Integers = np.where(first, rows, 0)
    return kept


def people_behind(people: People, engine: Engine) -> pa.Table:
    """Return the rows and the people behind each group of one table of facts.

    Returns
    -------
    pyarrow.Table
        As ``analytics.privacy.behind`` describes it; people are counted one by one only in groups that might have fewer than k.
    """
    if people.is_sparse:
        return engine.table(people.exact_sql)
    counts = engine.table(people.at_least_sql)
    k = SUBJECTS[people.table].k
    for name in (name for name in counts.column_names if name.startswith(PEOPLE)):
        least = counts.column(name).to_numpy().astype(np.int64)
        unsure = np.flatnonzero(is_hidden(least, k))
        if len(unsure) > _MOST_NAMED:
            return engine.table(people.exact_sql)
        if len(unsure):
            groups = counts.select(people.group).take(pa.array(unsure))
            found = engine.table(few_sql(people, name.removeprefix(PEOPLE).removeprefix("_"), _written(groups)))
            exactly = np.append(found.column("exactly").to_numpy().astype(np.int64), 0)
            there = _places(groups, found, people.group) if people.group else np.zeros(1, np.int64)
            least[unsure] = np.maximum(least[unsure], exactly[there])
            counts = counts.set_column(counts.column_names.index(name), name, pa.array(least))
    return counts


def _written(groups: pa.Table) -> str:
    """Write groups as a subquery; nothing where they have no columns."""
    if not groups.column_names:
        return ""
    rows = ", ".join(
        f"({', '.join(_literal(value, field.type) for value, field in zip(row, groups.schema, strict=True))})" for row in _tuples(groups)
    )
    names = ", ".join(f'"{name}"' for name in groups.column_names)
    return f"(SELECT * FROM (VALUES {rows}) AS named({names}))"


def _literal(value: Any, type_: pa.DataType) -> str:
    written = "NULL" if value is None else "'" + str(value).replace("'", "''") + "'"
    return f"CAST({written} AS {_WRITTEN[type_]})"


def _places(values: pa.Table, counts: pa.Table, group: tuple[str, ...]) -> Integers:
    """Return for each row of values which row of counts is of its group; one past the last where none is."""
    if not group:
        return np.zeros(values.num_rows, np.int64)
    wanted, known = values.select(group), counts.select(group)
    if wanted.equals(known.cast(wanted.schema)):
        return np.arange(values.num_rows)
    rows = {row: place for place, row in enumerate(_tuples(known))}
    return np.fromiter((rows.get(row, len(rows)) for row in _tuples(wanted)), np.int64, values.num_rows)


def _tuples(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    return zip(*(column.to_pylist() for column in table.columns), strict=True)
