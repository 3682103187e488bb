"""One hash for what a version holds, whatever its files, parts and times of publishing."""

import hashlib

from data.contracts import TABLES, Table
from data.engine import Engine
from data.warehouse import Version


def content_hash(version: Version) -> str:
    """Return the SHA-256 over every table of a version, its rows in the order of its key.

    Two versions with the same rows have the same hash; a row more, a value changed or a null in place of an empty text gives another.
    """
    engine = Engine.of(version)
    whole = hashlib.sha256()
    for table in TABLES:
        rows = engine.table(_hashes_in_order(table))
        whole.update(f"{table.name}:{rows.column(0)[0].as_py()}\n".encode())
    return whole.hexdigest()


def _hashes_in_order(table: Table) -> str:
    """Return the query of one table: the hash of its rows' hashes in the order of the key (row hash last: a key may hold nulls)."""
    values = ", ".join(f"coalesce(length(v.{name}::VARCHAR) || ':' || v.{name}::VARCHAR, '-')" for name in table.names)
    key = ", ".join(f"v.{name}" for name in table.key)
    hashed = f"SELECT sha256(concat({values})) AS row_hash, {key} FROM {table.name} AS v"
    order = ", ".join([*table.key, "row_hash"])
    return f"SELECT coalesce(sha256(string_agg(row_hash, '' ORDER BY {order})), 'empty') FROM ({hashed})"
