"""Several answers to one question side by side: one row per group, the columns of each metric, for tables that show more than one."""

import io
from collections.abc import Sequence
from functools import reduce

import pyarrow as pa
import pyarrow.csv as pacsv

from analytics.answers import Answer
from analytics.dimensions import columns
from analytics.export import exported

_MARK = "data"


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
        Sorted by the dimensions; a group that one metric lacks has nulls there. ``suppressed`` becomes ``orders_suppressed`` and so on;
        made-up data is marked once.

    Raises
    ------
    ValueError
        If they are not grouped alike.
    """
    asked = {answer.parameters.by for answer in answers}
    if len(asked) != 1:
        raise ValueError(f"answers side by side need the same groups, not {sorted(asked)}")
    keys = list(columns(asked.pop()))
    tables = [*([] if groups is None else [groups.select(keys)]), *(_named(answer) for answer in answers)]
    joined = reduce(lambda left, right: left.join(right, keys, join_type="full outer", coalesce_keys=True), tables)
    joined = joined.sort_by([(key, "ascending") for key in keys])
    if answers[0].is_synthetic:
        joined = joined.append_column(_MARK, pa.array(["synthetic"] * joined.num_rows, pa.string()))
    return joined


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
