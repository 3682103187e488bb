"""Several answers to one question side by side: one row per group, the columns of each metric, for tables that show more than one."""

import io
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv

from analytics.answers import Answer
from analytics.dimensions import columns
from analytics.export import exported, leaving

_MARK = "data"
_Group = tuple[Any, ...]


def side_by_side(answers: Sequence[Answer], groups: pa.Table | None = None) -> pa.Table:
    """Return one table of several answers that were asked by the same dimensions, as it may leave the program.

    Parameters
    ----------
    answers
        At least one; each metric once, all grouped by the same dimensions.
    groups
        Groups that have a row in any case, such as malls without orders: the columns of the dimensions.

    Returns
    -------
    pyarrow.Table
        Sorted by the dimensions, groups without a name last; a group that one metric lacks has nulls there. ``suppressed`` becomes
        ``orders_suppressed`` and so on; made-up data is marked once.

    Raises
    ------
    ValueError
        If they are not grouped alike.
    """
    keys = _keys(answers)
    named = [_named(answer) for answer in answers]
    tables = [*([] if groups is None else [leaving(groups.select(keys), is_synthetic=False)]), *named]
    wanted = _groups(tables, keys)
    found = {key: pa.array([group[place] for group in wanted], named[0].schema.field(key).type) for place, key in enumerate(keys)}
    for table in named:
        places = {group: place for place, group in enumerate(_rows(table, keys))}
        figures = table.drop_columns(keys).take(pa.array([places.get(group) for group in wanted], pa.int64()))
        found |= {name: figures.column(name) for name in figures.column_names}
    joined = pa.table(found)
    if answers[0].is_synthetic:
        joined = joined.append_column(_MARK, pa.array(["synthetic"] * joined.num_rows, pa.string()))
    return joined


def row_count(answers: Sequence[Answer], groups: pa.Table | None = None) -> int:
    """Return how many rows ``side_by_side`` has, and so the file: groups of any of the answers, each once."""
    keys = _keys(answers)
    return len(_groups([*([] if groups is None else [groups]), *(answer.table for answer in answers)], keys))


def _keys(answers: Sequence[Answer]) -> list[str]:
    asked = {answer.parameters.by for answer in answers}
    if len(asked) != 1:
        raise ValueError(f"answers side by side need the same groups, not {sorted(asked)}")
    return list(columns(asked.pop()))


def _groups(tables: Sequence[pa.Table], keys: Sequence[str]) -> list[_Group]:
    """Return the groups of all tables, each once, sorted; nulls are equal here, which they are not in a join, and come last."""
    return sorted({group for table in tables for group in _rows(table, keys)}, key=lambda group: [(part is None, part) for part in group])


def _rows(table: pa.Table, keys: Sequence[str]) -> list[_Group]:
    """Return the group of each row; one nameless group for a table of one row over everything."""
    return list(zip(*(table.column(key).to_pylist() for key in keys), strict=True)) if keys else [()] * table.num_rows


def csv(answers: Sequence[Answer], groups: pa.Table | None = None) -> bytes:
    """Return ``side_by_side`` as CSV: UTF-8, comma, a plain header line."""
    table = side_by_side(answers, groups)
    buffer = io.BytesIO((",".join(table.column_names) + "\n").encode())
    buffer.seek(0, io.SEEK_END)
    pacsv.write_csv(table, buffer, pacsv.WriteOptions(include_header=False))
    return buffer.getvalue()


def file_name(stem: str, answers: Sequence[Answer]) -> str:
    """Return the name of the file: what it holds, the version, and ``synthetic`` where the data is made up."""
    parts = [stem, answers[0].version_id, "synthetic" if answers[0].is_synthetic else ""]
    return "_".join(filter(None, parts)) + ".csv"


def _named(answer: Answer) -> pa.Table:
    table = exported(answer)
    table = table.drop_columns([_MARK]) if _MARK in table.column_names else table
    return table.rename_columns([f"{answer.metric.id}_suppressed" if name == "suppressed" else name for name in table.column_names])
