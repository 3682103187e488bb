"""Parquet files of the demo: one per table, column names of the contracts, written piece by piece so that memory stays bounded."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from data.contracts import Kind, table

_ARROW_TYPES = {
    Kind.TEXT: pa.string(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.INSTANT: pa.timestamp("s", tz="UTC"),
    Kind.DAY: pa.date32(),
    Kind.LATITUDE: pa.float64(),
    Kind.LONGITUDE: pa.float64(),
}
_ROWS_PER_GROUP = 120_000


def ids(prefix: str, numbers: NDArray[np.int64], *, width: int, missing: NDArray[np.bool_] | None = None) -> pa.Array:
    """Return texts such as ``o00000017``: a prefix and the zero-padded number, null where missing."""
    digits = pc.utf8_lpad(pa.array(numbers, mask=missing).cast(pa.string()), width=width, padding="0")
    return pc.binary_join_element_wise(pa.scalar(prefix), digits, pa.scalar(""))


def choice(values: Sequence[str], positions: NDArray[np.int64], missing: NDArray[np.bool_] | None = None) -> pa.Array:
    """Return a text column that repeats few values: ``values[positions]``, null where missing."""
    return pa.DictionaryArray.from_arrays(pa.array(positions.astype(np.int32), mask=missing), pa.array(values, pa.string()))


def constant(value: str, count: int) -> pa.Array:
    """Return a text column of one value."""
    return choice([value], np.zeros(count, np.int64))


def instants(seconds: NDArray[np.int64], missing: NDArray[np.bool_] | None = None) -> pa.Array:
    """Return seconds since 1970 as instants, null where missing."""
    return pa.array(seconds, mask=missing).cast(pa.timestamp("s", tz="UTC"))


class Files:
    """The demo's Parquet files in a folder; a table's file opens with its first rows. Use as a context manager."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._waiting: dict[str, list[pa.RecordBatch]] = {}
        self.rows: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if kind is None:
                for name in self._waiting:
                    self._flush(name)
        finally:
            for writer in self._writers.values():
                writer.close()

    @property
    def paths(self) -> list[Path]:
        """Files written so far."""
        return [self._folder / f"{name}.parquet" for name in self._writers]

    def add(self, name: str, columns: dict[str, Any]) -> None:
        """Append rows to a table; every loaded column of the contract must be given, in any order."""
        loaded = [column for column in table(name).loaded if column.name in columns]
        unknown = columns.keys() - {column.name for column in loaded}
        if unknown:
            raise KeyError(f"{name} has no loaded column {', '.join(sorted(unknown))}")
        arrays = [_typed(columns[column.name], _ARROW_TYPES.get(column.kind, pa.int64())) for column in loaded]
        batch = pa.RecordBatch.from_arrays(arrays, names=[column.name for column in loaded])
        self.rows[name] = self.rows.get(name, 0) + len(batch)
        waiting = self._waiting.setdefault(name, [])
        waiting.append(batch)
        if sum(len(each) for each in waiting) >= _ROWS_PER_GROUP:
            self._flush(name)

    def add_empty(self, name: str) -> None:
        """Give a table without rows: a load that replaces tables then drops the rows of earlier loads."""
        columns = table(name).loaded
        self.add(name, {column.name: pa.nulls(0, _ARROW_TYPES.get(column.kind, pa.int64())) for column in columns})

    def _flush(self, name: str) -> None:
        waiting = self._waiting[name]
        if not waiting:
            return
        rows = pa.Table.from_batches([_plain(batch) for batch in waiting])
        writer = self._writers.get(name)
        if writer is None:
            repeating = [field.name for field in waiting[0].schema if pa.types.is_dictionary(field.type)]
            writer = self._writers[name] = pq.ParquetWriter(
                self._folder / f"{name}.parquet", rows.schema, compression="snappy", use_dictionary=repeating, store_schema=False
            )
        writer.write_table(rows, row_group_size=_ROWS_PER_GROUP)
        waiting.clear()


def _typed(values: Any, kind: pa.DataType) -> pa.Array:
    array = values if isinstance(values, pa.Array) else pa.array(values)
    if pa.types.is_dictionary(array.type) or array.type == kind:
        return array
    return array.cast(kind)


def _plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Decode dictionaries: pieces of different malls have different ones."""
    return pa.RecordBatch.from_arrays(
        [pc.cast(column, pa.string()) if pa.types.is_dictionary(column.type) else column for column in batch.columns],
        names=batch.schema.names,
    )
