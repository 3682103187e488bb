"""Samples of source files as text: records from the beginning, the middle and the end, so that a large file is looked at quickly."""

import csv
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from data.errors import SourceError
from data.sources import Source, csv_records, opened, read

BLOCK_ROWS = 15_000
_BLOCK_BYTES = 2 << 20
_WHOLE_BYTES = 3 * _BLOCK_BYTES


@dataclass(frozen=True)
class Sample:
    """Records of a source.

    Attributes
    ----------
    source
        The file (or sheet).
    rows
        One text column per source column, ``c0, c1, ...``, blanks around values removed and empty ones null; ``block`` is 0 for the
        beginning, 1 for the middle, 2 for the end. In file order.
    is_whole
        Whether this is every record.
    """

    source: Source
    rows: pa.Table
    is_whole: bool


def sampled(source: Source) -> Sample:
    """Return a sample of a source; all of it if it is small."""
    if source.is_parquet:
        return _of_parquet(source)
    if source.has_lines:
        return _of_converted(source)
    return _of_csv(source)


def _of_csv(source: Source) -> Sample:
    blocks, is_whole = _byte_blocks(source)
    tables, counts = [], []
    for place, block in enumerate(blocks):
        text = block.decode(source.encoding, errors="replace").removeprefix("\ufeff")
        records = _records(source, text, skips_first=place > 0)
        rows = [*itertools.islice(records, None if is_whole else BLOCK_ROWS)][1 if place == 0 else 0 :]
        tables.append(rows)
        counts.append(len(rows))
    columns = list(zip(*itertools.chain.from_iterable(tables), strict=True)) or [()] * len(source.columns)
    names = [f"c{place}" for place in range(len(columns))]
    table = pa.table([pa.array(column, pa.string()) for column in columns], names=names)
    return Sample(source, _cleaned(table, np.repeat(np.arange(len(counts)), counts)), is_whole)


def _records(source: Source, text: str, *, skips_first: bool) -> Iterator[list[str]]:
    """Yield the records of a block that have as many fields as the header; the first of a later block begins anywhere and is left out."""
    if skips_first:
        text = text[text.find("\n") + 1 :]
    reader = csv_records(io.StringIO(text, newline=""), source.delimiter, width=len(source.columns))
    try:
        yield from (record for record in reader if len(record) == len(source.columns))
    except csv.Error:
        return  # a block may end, or a later one begin, inside a quoted text; what was read so far is the sample


def _byte_blocks(source: Source) -> tuple[list[bytes], bool]:
    """Return whole lines of the beginning, the middle and the end of a file, and whether that is all of it.

    A packed file cannot be entered in its middle: it is read through, and the block kept as the middle is the latest whose number is a
    power of two, so it lies between a quarter and all of the way.
    """
    with opened(source.path) as file:
        first = file.read(_WHOLE_BYTES + 1)
        if len(first) <= _WHOLE_BYTES:
            return [first], True
        if file.seekable() and not first.startswith(b"\x1f\x8b") and source.bytes > len(first):
            blocks = [first[:_BLOCK_BYTES]]
            for start in (source.bytes // 2, source.bytes - _BLOCK_BYTES):
                file.seek(start)
                blocks.append(file.read(_BLOCK_BYTES))
        else:
            middle, last = first[_BLOCK_BYTES:], b""
            for number in itertools.count(1):
                block = file.read(_BLOCK_BYTES)
                if not block:
                    break
                middle, last = (last or middle) if number & (number - 1) == 0 else middle, block
            blocks = [first[:_BLOCK_BYTES], middle, last]
    return [block[: block.rfind(b"\n") + 1] if block is not blocks[-1] else block for block in blocks], False


def _of_parquet(source: Source) -> Sample:
    try:
        with pq.ParquetFile(source.path) as file:
            groups, total = file.metadata.num_row_groups, file.metadata.num_rows
            chosen = sorted({0, groups // 2, groups - 1}) if groups else []
            tables = [file.read_row_group(place) for place in chosen]
            empty = file.schema_arrow.empty_table()
    except (OSError, pa.ArrowException) as error:
        raise SourceError(f"{source.path}: the file is no readable Parquet ({str(error).splitlines()[0]})") from error
    if len(tables) == 1 and tables[0].num_rows > 3 * BLOCK_ROWS:
        middle, end = tables[0].num_rows // 2, tables[0].num_rows - BLOCK_ROWS
        tables = [tables[0].slice(start, BLOCK_ROWS) for start in (0, middle, end)]
    tables = [table.slice(max(0, table.num_rows - BLOCK_ROWS) if place else 0, BLOCK_ROWS) for place, table in enumerate(tables)]
    rows = pa.concat_tables(tables) if tables else empty
    blocks = np.repeat(np.arange(len(tables)), [table.num_rows for table in tables]) if tables else np.zeros(0, int)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone='UTC'")
        connection.register("typed", rows.rename_columns([f"c{place}" for place in range(rows.num_columns)]))
        casts = ", ".join(f"{_as_text(f'c{place}', kind)} AS c{place}" for place, kind in enumerate(source.types))
        text = connection.sql(f"SELECT {casts} FROM typed").to_arrow_table()
    return Sample(source, _cleaned(text, blocks), rows.num_rows == total)


def _as_text(name: str, kind: str) -> str:
    whole = f"CASE WHEN {name} = floor({name}) AND abs({name}) < 9e15 THEN {name}::BIGINT::VARCHAR ELSE {name}::VARCHAR END"
    return whole if kind in ("DOUBLE", "FLOAT") else f"{name}::VARCHAR"


def _of_converted(source: Source) -> Sample:
    """Return a sample of a source that is read as a whole anyway: a sheet, or JSON lines."""
    columns = ", ".join(f"c{place}" for place in range(len(source.columns)))
    with duckdb.connect() as connection:
        read(connection, source, "raw")
        ((count,),) = connection.execute("SELECT count(*) FROM raw WHERE fault IS NULL").fetchall()
        step = max(BLOCK_ROWS, count // 2 - BLOCK_ROWS // 2)
        block = f"least(2, CASE WHEN place < {BLOCK_ROWS} THEN 0 WHEN place < {count - BLOCK_ROWS} THEN 1 ELSE 2 END)"
        is_chosen = f"place < {BLOCK_ROWS} OR place >= {count - BLOCK_ROWS} OR place BETWEEN {step} AND {step + BLOCK_ROWS}"
        placed = f"SELECT {columns}, row_number() OVER (ORDER BY line) - 1 AS place FROM raw WHERE fault IS NULL"
        rows = connection.sql(f"SELECT {columns}, {block} AS block FROM ({placed}) WHERE {is_chosen} ORDER BY place").to_arrow_table()
    blocks = rows.column("block").to_numpy()
    return Sample(source, _cleaned(rows.drop_columns(["block"]), blocks), rows.num_rows == count)


def _cleaned(rows: pa.Table, blocks: np.ndarray) -> pa.Table:
    """Return the columns without blanks around values, empty values as null, and the number of the block."""
    names = rows.column_names
    trimmed = ", ".join(f"nullif(trim({name}, ' ' || chr(9) || chr(10) || chr(13) || chr(160)), '') AS {name}" for name in names)
    with duckdb.connect() as connection:
        connection.register("raw", rows)
        cleaned = connection.sql(f"SELECT {trimmed} FROM raw").to_arrow_table() if names else rows
    return cleaned.append_column("block", pa.array(blocks.astype("int32")))
