"""JSON lines: one object a line, fields in any order, objects inside objects as ``outer.inner``; read as text in file order."""

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb

from data.errors import SourceError

SUFFIXES = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")

_LINES = (
    "read_csv(?, columns={'line': 'VARCHAR'}, delim=chr(31), quote='', escape='', header=false, auto_detect=false, strict_mode=false, "
    "max_line_size=16777216, compression=?)"
)
_IS_OBJECT = "json_valid(line) AND coalesce(json_type(CASE WHEN json_valid(line) THEN line END) = 'OBJECT', false)"
_MAX_COLUMNS = 2_000


def columns(path: Path, name: str, compression: str) -> dict[str, str]:
    """Return the columns of a file: their names, in the order in which they first occur, and the JSON path of each.

    Parameters
    ----------
    path
        The file, for messages.
    name, compression
        How DuckDB is told of it.

    Raises
    ------
    SourceError
        If no line is an object.
    """
    with duckdb.connect() as connection:
        try:
            objects = f"SELECT line FROM {_LINES} WHERE {_IS_OBJECT}"
            row = connection.execute(f"SELECT json_group_structure(line::JSON) FROM ({objects})", [name, compression]).fetchone()
        except duckdb.Error as error:
            raise SourceError(f"{path}: the file cannot be read as JSON lines ({str(error).splitlines()[0]})") from error
    structure = json.loads(row[0]) if row and row[0] else None
    if not structure:
        raise SourceError(f"{path}: no line of the file is a JSON object; write one object a line")
    found = dict(_flat(structure, "", "$"))
    if len(found) > _MAX_COLUMNS:
        raise SourceError(f"{path}: the objects have {len(found):,} fields, more than {_MAX_COLUMNS:,}; is a key used as a value?")
    return found


def _flat(structure: dict[str, object], prefix: str, path: str) -> Iterator[tuple[str, str]]:
    for key, value in structure.items():
        inner = f"{path}.{json.dumps(key, ensure_ascii=False)}"
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.", inner)
        else:
            yield f"{prefix}{key}", inner


def read(connection: duckdb.DuckDBPyConnection, table: str, name: str, compression: str, paths: list[str]) -> None:
    """Make a file available as a table: fields ``c0, c1, ...`` as text, ``fault``, and ``line``, the line's number from 1."""
    texts = ", ".join(f"json_extract_string(object, ?) AS c{place}" for place in range(len(paths)))
    numbered = f"SELECT line, row_number() OVER () AS number FROM {_LINES}"
    objects = f"SELECT number, CASE WHEN {_IS_OBJECT} THEN line::JSON END AS object FROM ({numbered}) WHERE trim(coalesce(line, '')) <> ''"
    fault = "CASE WHEN object IS NULL THEN 'the line is no JSON object' END"
    sql = f"CREATE TABLE {table} AS SELECT {texts}, {fault} AS fault, number AS line FROM ({objects}) ORDER BY number"
    connection.execute(sql, [*paths, name, compression])
