"""Tables as they leave the program: cells as text, instants in whole seconds, made-up rows marked, and what must be said beside them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import pyarrow as pa

from analytics.answers import Answer
from analytics.export.about import description, description_of
from analytics.export.names import MARK, exported_names, safe_stem, stem
from data.warehouse import Version

CELL: Final = "cell"
"""Column of the cell that a row is of."""

BATCH_ROWS: Final = 65_536
"""Rows that are written at a time: as many as fit easily in memory, few enough to begin at once."""

SLICE_ROWS: Final = 8_192


class Leaving(Protocol):
    """What can be written as a file: rows in batches, never all at once, with a name and a description."""

    @property
    def name(self) -> str:
        """Name of the file without its ending."""

    @property
    def rows(self) -> int:
        """Number of rows."""

    @property
    def is_synthetic(self) -> bool:
        """Whether the rows are made up."""

    @property
    def has_cells(self) -> bool:
        """Whether the rows are cells, so that they can be drawn on a map."""

    @property
    def schema(self) -> pa.Schema:
        """Names and types of the columns as they leave."""

    @property
    def about(self) -> Mapping[str, Any]:
        """What a reader must know to make the file again and to trust it."""

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Iterate over the rows as they leave."""


@dataclass(frozen=True)
class Table:
    """A table that may leave the program, whether it is an answer's or made of several.

    Attributes
    ----------
    table
        Rows as they were computed. Columns carry their unit in their name; ``cell`` and ``..._cell`` are H3 cells as signed integers.
        Only what may be shown: nothing is hidden from here on.
    name
        Name of the file without its ending; see ``safe_stem``.
    about
        The description: data version, sources, filters; ``rows`` and ``columns`` are added.
    is_synthetic
        Rows are made up and marked so.
    """

    table: pa.Table
    name: str
    about: Mapping[str, Any] = field(default_factory=dict)
    is_synthetic: bool = False

    @property
    def rows(self) -> int:
        """Number of rows, which the button tells."""
        return int(self.table.num_rows)

    @property
    def has_cells(self) -> bool:
        """Whether the rows are cells, so that they can be drawn on a map."""
        return CELL in self.table.column_names

    @property
    def schema(self) -> pa.Schema:
        """Names and types of the columns as they leave."""
        return leaving(self.table.slice(0, 0), is_synthetic=self.is_synthetic).schema

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Iterate over the rows as they leave, a batch at a time."""
        for start in range(0, self.table.num_rows, BATCH_ROWS):
            piece = leaving(self.table.slice(start, BATCH_ROWS), is_synthetic=self.is_synthetic)
            yield from piece.combine_chunks().to_batches()


def in_slices(table: Leaving) -> Iterator[pa.RecordBatch]:
    """Iterate over the rows of a table in small batches, for formats in which a row takes a hundred times the memory that it has here."""
    for batch in table.batches():
        for start in range(0, batch.num_rows, SLICE_ROWS):
            yield batch.slice(start, SLICE_ROWS)


def of_answer(answer: Answer, version: Version) -> Table:
    """Return an answer as a table that may leave: exactly the rows that may be shown."""
    return Table(answer.table.rename_columns(exported_names(answer)), stem(answer), description(answer, version), answer.is_synthetic)


def of_table(table: pa.Table, name: str, version: Version, **about: Any) -> Table:
    """Return a table that is no answer, such as findings or a ranking, as one that may leave.

    Parameters
    ----------
    table
        Only rows that may be shown; columns carry their unit in their name.
    name
        What the file holds, such as ``places_not_covered``; the version, and ``synthetic`` where the data is made up, are added.
    version
        Version it was made from.
    about
        What else the description must say: what was chosen, the model, the scenario.
    """
    is_synthetic = version.manifest.synthetic
    return Table(
        table, safe_stem([name, version.id, "synthetic" if is_synthetic else ""]), description_of(version, what=name, **about), is_synthetic
    )


def exported(answer: Answer) -> pa.Table:
    """Return an answer's table as it leaves: names with units, cells as text, made-up data marked."""
    return leaving(answer.table.rename_columns(exported_names(answer)), is_synthetic=answer.is_synthetic)


def leaving(table: pa.Table, *, is_synthetic: bool) -> pa.Table:
    """Return a table with cells as hexadecimal text, instants in whole seconds and, where they are made up, its rows marked."""
    for position, name in enumerate(table.column_names):
        column = table.column(name)
        if _is_cell(name, column.type):
            table = table.set_column(position, name, cell_texts(column))
        elif pa.types.is_timestamp(column.type):
            table = table.set_column(position, name, column.cast(pa.timestamp("s"), safe=False))
    if is_synthetic:
        table = table.append_column(MARK, pa.array(["synthetic"] * table.num_rows, pa.string()))
    return table


def _is_cell(name: str, kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) and (name == CELL or name.endswith("_cell"))


def cell_texts(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return cells as hexadecimal text; each cell is written once however many rows have it."""
    chunks = [chunk.dictionary_encode() for chunk in cells.chunks]
    texts = [pa.array([None if each is None else f"{each:x}" for each in chunk.dictionary.to_pylist()], pa.string()) for chunk in chunks]
    return pa.chunked_array([text.take(chunk.indices) for text, chunk in zip(texts, chunks, strict=True)], pa.string())
