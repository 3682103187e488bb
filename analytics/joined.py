"""Several answers to one question side by side: one row per group, the columns of each metric, for tables that show more than one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import pyarrow as pa

from analytics.answers import Answer
from analytics.dimensions import columns
from analytics.export import description, description_of, exported, leaving, safe_stem
from analytics.export.names import MARK
from analytics.export.tables import BATCH_ROWS, CELL
from data.warehouse import Version

_OF_ALL: Final = frozenset({"data", "data_version", "published_at_utc", "sources", "scope", "period"})
"""Entries of a description that are the same for all answers of a version."""

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
        joined = joined.append_column(MARK, pa.array(["synthetic"] * joined.num_rows, pa.string()))
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


@dataclass(frozen=True)
class Joined:
    """Several answers side by side as one file; joined when it is written, not before.

    Attributes
    ----------
    name
        Name of the file without its ending.
    answers, groups
        See ``side_by_side``.
    version
        Version that was asked.
    """

    name: str
    answers: Sequence[Answer]
    version: Version
    groups: pa.Table | None = None

    @property
    def is_synthetic(self) -> bool:
        """Whether the rows are made up."""
        return self.version.manifest.synthetic

    @cached_property
    def rows(self) -> int:
        """Number of rows, which the button tells."""
        return row_count(self.answers, self.groups)

    @property
    def has_cells(self) -> bool:
        """Whether the rows are cells, so that they can be drawn on a map."""
        return CELL in _keys(self.answers)

    @property
    def schema(self) -> pa.Schema:
        """Names and types of the columns as they leave."""
        return self._table.schema

    @property
    def about(self) -> Mapping[str, Any]:
        """What was asked of which data, metric by metric."""
        parts = [{name: value for name, value in description(each, self.version).items() if name not in _OF_ALL} for each in self.answers]
        return description_of(self.version, what=self.name, metrics=parts)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Iterate over the rows as they leave."""
        return iter(self._table.combine_chunks().to_batches(max_chunksize=BATCH_ROWS))

    @cached_property
    def _table(self) -> pa.Table:
        return side_by_side(self.answers, self.groups)


def file(what: str, answers: Sequence[Answer], version: Version, groups: pa.Table | None = None) -> Joined:
    """Return several answers side by side as what may leave the program, named for what it holds."""
    return Joined(safe_stem([what, version.id, "synthetic" if version.manifest.synthetic else ""]), answers, version, groups)


def _named(answer: Answer) -> pa.Table:
    table = exported(answer)
    table = table.drop_columns([MARK]) if MARK in table.column_names else table
    return table.rename_columns([f"{answer.metric.id}_suppressed" if name == "suppressed" else name for name in table.column_names])
