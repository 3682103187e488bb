"""Queries on PostgreSQL (extra ``sql``): one read-only snapshot per load, streamed into Parquet files.

All queries on one database run in one transaction that sees one moment of it and can change nothing, so that orders never name drivers who
are not there yet. A result is streamed by ``COPY`` in batches; memory stays bounded however many rows there are. The connection string
(an address or ``key=value`` pairs, as libpq takes them) comes from an environment variable and is never shown.
"""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from data.errors import MappingError, SourceError
from data.remote import environment, redacted
from data.watermark import HighWater, Rising, kind_of

_T = TypeVar("_T")
_BATCH_BYTES = 8 << 20
_OPTIONS = {
    # Seconds; without them a server behind a dead line is waited for without end.
    "connect_timeout": "15",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "application_name": "mallreach",
}
_MARK = re.compile(r"\$watermark\b")
_AS_THEY_ARE = {
    *("bool", "int2", "int4", "int8", "float4", "float8", "text", "varchar", "bpchar", "name", "timestamptz", "timestamp", "date"),
}
"""Types that Parquet keeps; money becomes a plain number (its own form is in cents, unsaid), everything else its text."""
_TYPES = {"instant": "timestamptz", "local": "timestamp", "day": "date", "number": "bigint"}
_UNREACHABLE = ("Connection refused", "timeout expired", "timed out", "could not translate host name", "unreachable", "No route")
_LOST = ("server closed the connection", "terminating connection", "connection to server was lost", "Connection reset", "SSL SYSCALL")
_LOWEST = {"instant": "-infinity", "local": "-infinity", "day": "-infinity", "number": "-9223372036854775808"}


@dataclass(frozen=True)
class Result:
    """What a query gave: the rows, and how far its rising column has come (None without one)."""

    rows: int
    high: HighWater | None = None


class Database(AbstractContextManager["Database"]):
    """A connection that reads one moment of a database.

    Parameters
    ----------
    reference
        ``env:NAME`` of the variable that holds the connection string.

    Raises
    ------
    MappingError
        If the variable is not set, or is not about PostgreSQL.
    SourceError
        If the driver is not installed, or the database cannot be reached or refuses.
    """

    def __init__(self, reference: str) -> None:
        self._shown = f"the database of {reference}"
        self._secret = environment(reference, "database")
        if "://" in self._secret and not self._secret.startswith(("postgresql://", "postgres://")):
            raise MappingError(f"{self._shown}: only PostgreSQL is understood: postgresql://user:password@host/name")
        dbapi = _driver()
        uri = _with_options(self._secret)
        self._connection = self._attempt(self._shown, lambda: dbapi.connect(uri), _why_not_connected)
        self._attempt(self._shown, lambda: self._run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"), _why_failed)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the connection; the transaction ends with it."""
        self._connection.close()

    def fetch(self, query: str, path: Path, place: str, rising: Rising | None = None) -> Result:
        """Write what a query gives into a Parquet file.

        Parameters
        ----------
        query
            One ``select`` (or ``with ... select``). The watermark's value is bound where it holds ``$watermark``; else rows below it are
            left out.
        path
            The file to write.
        place
            Where the query stands, for messages.
        rising
            The column whose greatest loaded value is kept; None: the query is read as a whole.

        Raises
        ------
        SourceError
            If the database refuses, fails or goes away.
        MappingError
            If two columns bear one name, or the watermark's column is missing or cannot be one.
        """
        query = query.strip().rstrip(";")
        schema = self._attempt(place, lambda: self._schema(_MARK.sub("NULL", query)), _why_failed)
        repeated = sorted({name for name in schema.names if schema.names.count(name) > 1})
        if repeated:
            raise MappingError(f"{place}: the query gives two columns named {repeated[0]!r}; name one of them otherwise with AS")
        high = _high_water(rising, schema, place)
        if high:
            value = high.bound or _LOWEST[high.kind]
            self._attempt(place, lambda: self._run("SELECT set_config('mallreach.watermark', $1, true)", (value,)), _why_failed)
        rows = self._stream(_wrapped(query, schema, high), path, place, high)
        return Result(rows, high)

    def _stream(self, sql: str, path: Path, place: str, high: HighWater | None) -> int:
        rows = 0
        with self._connection.cursor() as cursor:
            cursor.adbc_statement.set_options(**{"adbc.postgresql.batch_size_hint_bytes": str(_BATCH_BYTES)})
            self._attempt(place, lambda: cursor.execute(sql), _why_failed)
            reader = self._attempt(place, cursor.fetch_record_batch, _why_failed)
            schema = pa.schema([(field.name, _storage(field.type)) for field in reader.schema])
            with pq.ParquetWriter(path, schema) as writer:
                while (batch := self._attempt(place, lambda: next(reader, None), _why_failed)) is not None:
                    plain = pa.record_batch([_plain(column) for column in batch.columns], schema=schema)
                    if high:
                        high.see(plain.column(high.rising.column))
                    writer.write_batch(plain)
                    rows += len(plain)
        return rows

    def _schema(self, query: str) -> pa.Schema:
        with self._connection.cursor() as cursor:
            return cursor.adbc_execute_schema(query)

    def _run(self, sql: str, values: tuple[str, ...] = ()) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(sql, values or None)
            cursor.fetchall()

    def _attempt(self, place: str, action: Callable[[], _T], why: Callable[[str, str], str]) -> _T:
        """Ask the database; what it objects becomes one sentence, raised outside the handler: the driver's own error may quote secrets."""
        try:
            return action()
        except Exception as error:  # noqa: BLE001 -- the driver raises its own errors, Arrow's and the operating system's alike
            text = _first_line(redacted(str(error), self._secret))
            reason = why(text, getattr(error, "sqlstate", None) or "")
        raise SourceError(f"{place}: {reason}")


def _high_water(rising: Rising | None, schema: pa.Schema, place: str) -> HighWater | None:
    if rising is None:
        return None
    if rising.column not in schema.names:
        raise MappingError(f"{place} watermark: the query gives no column {rising.column!r}; it gives {', '.join(schema.names)}")
    return rising.above(kind_of(rising.column, schema.field(rising.column).type, place))


def _driver() -> Any:
    try:
        from adbc_driver_postgresql import dbapi  # noqa: PLC0415 -- an extra: only whoever names a query needs it
    except ImportError:
        fault = "queries on PostgreSQL need the extra `sql`; install it with `make extras`"
    else:
        return dbapi
    raise SourceError(fault)


def _with_options(connection: str) -> str:
    """Return a connection string with time limits and a name; what it says itself stays."""
    if "://" in connection:
        missing = [f"{name}={value}" for name, value in _OPTIONS.items() if f"{name}=" not in connection.partition("?")[2]]
        return connection + ("&" if "?" in connection else "?") + "&".join(missing) if missing else connection
    return " ".join([*(f"{name}={value}" for name, value in _OPTIONS.items()), connection])


def _wrapped(query: str, schema: pa.Schema, high: HighWater | None) -> str:
    """Return a query with every column in a form that Parquet keeps, the watermark bound, and rows below it left out."""
    columns = ", ".join(_column(field) for field in schema)
    condition = ""
    if high:
        # The value is bound as a setting of the transaction: COPY, which alone streams, takes no parameters.
        marked, query = query, _MARK.sub(_bound(high.kind), query)
        if marked == query and high.bound:
            name = _identifier(high.rising.column)
            condition = f" WHERE source_rows.{name} >= {_bound(high.kind)} OR source_rows.{name} IS NULL"
    return f"SELECT {columns} FROM (\n{query}\n) AS source_rows{condition}"


def _bound(kind: str) -> str:
    return f"current_setting('mallreach.watermark')::{_TYPES[kind]}"


def _column(field: pa.Field) -> str:
    name = _identifier(field.name)
    kind = (field.metadata or {}).get(b"POSTGRESQL:type", b"").decode()
    if kind in _AS_THEY_ARE:
        return f"source_rows.{name}"
    return f"source_rows.{name}{'::numeric' if kind == 'money' else ''}::text AS {name}"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _storage(kind: pa.DataType) -> pa.DataType:
    return kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind


def _plain(column: pa.Array) -> pa.Array:
    return column.storage if isinstance(column.type, pa.BaseExtensionType) else column


def _first_line(text: str) -> str:
    """Return the sentence in a driver's message, without what the driver puts around it."""
    line = (text.strip().splitlines() or [""])[0]
    return re.sub(r"^.*?(ERROR|FATAL): +", "", re.sub(r"\. SQLSTATE: \w+$", "", line))[:300]


def _why_not_connected(text: str, _: str) -> str:
    if any(words in text for words in ("authentication", "password", "pg_hba")):
        return "the user or the password was refused"
    if any(words in text for words in ("does not exist", "permission denied", "starting up", "shutting down", "too many")):
        return f"the database refused: {text}"
    # Nothing of the other messages: where the string is mistyped, libpq quotes the pieces it could not use, maybe of the password.
    if any(words in text for words in _UNREACHABLE):
        return "the database cannot be reached; look at host and port of the connection"
    return "no connection was made; look at host, port, user, password and spelling of the connection"


def _why_failed(text: str, state: str) -> str:
    if state.startswith(("08", "57P")) or any(words in text for words in _LOST):
        return "the connection to the database was lost; nothing was loaded"
    if state == "42501" or "permission denied" in text:
        return f"access was denied: {text}"
    return f"the query failed: {text}"
