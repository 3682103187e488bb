"""The reading side of the warehouse: one read-only DuckDB connection per version, one cursor per question.

Every table of the contracts is a view of the contract's name. A table in several parts is their union without the superseded rows;
a table without parts is an empty view with the right columns.
"""

import os
import tempfile
import threading
import warnings
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from pathlib import Path
from typing import ClassVar

import duckdb
import pyarrow as pa

from data.contracts import TABLES, Table
from data.derive import CUSTOMER_BUCKET
from data.errors import Stopped, WarehouseError
from data.manifest import SERVE_ANOTHER, Part, Version

# A relation would save a copy of the rows, of which there are few, and plan every question twice: a fifth of the time of a page.
warnings.filterwarnings("ignore", "Arrow output on a DB-API result makes an extra copy", UserWarning)

MAX_QUERY_MS = 120_000
"""A question that runs longer is stopped: it would hold both cores against every other reader."""

_PROBED_ROWS = 64

GIVEN_UP = "the question was canceled"

KEPT_VERSIONS = 3
"""Connections kept open per process: pages that pinned the last versions keep working after a swap."""


class Watch:
    """Follows the questions that one thread asks, and can put an end to them.

    ::

        with watch.following():  # in the thread that asks
            answers(...)
        watch.stop()  # from any other: the question that runs, and every later one in the block, ends with ``Stopped``

    Attributes
    ----------
    asked
        Questions that were begun.
    is_stopped
        Whether an end was put to them.
    """

    def __init__(self) -> None:
        self.asked = 0
        self.is_stopped = False
        self._running: duckdb.DuckDBPyConnection | None = None

    @contextmanager
    def following(self) -> Iterator[None]:
        """Follow every question that this thread asks inside."""
        token = _following.set(self)
        try:
            yield
        finally:
            _following.reset(token)

    def stop(self) -> None:
        """Put an end to the questions. One that is about to begin may miss it: call it again until the thread is done."""
        self.is_stopped = True
        running = self._running
        if running is not None:
            running.interrupt()

    @contextmanager
    def over(self, cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """Follow one question.

        Raises
        ------
        Stopped
            If an end was put to the questions before.
        """
        if self.is_stopped:
            raise Stopped(GIVEN_UP)
        self.asked += 1
        self._running = cursor
        try:
            yield
        finally:
            self._running = None


_following: ContextVar[Watch | None] = ContextVar("following", default=None)


class Engine:
    """Answers SQL on one version. Safe to share between threads.

    ``Engine.of(version)`` is the way to have one: it keeps the last versions' connections open. A dropped engine is not closed but
    left to its readers, so that a question already running is answered.
    """

    _open: ClassVar[OrderedDict[tuple[Path, str], "Engine"]] = OrderedDict()
    _lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, version: Version) -> None:
        self.version = version
        self._kept: dict[str, set[str]] = {}
        self._keeping: dict[str, threading.Lock] = {}
        self._connection = connection(version)
        for statement in (
            "SET GLOBAL enable_external_access=false",
            "SET GLOBAL python_enable_replacements=false",
            "SET GLOBAL autoinstall_known_extensions=false",
            "SET GLOBAL autoload_known_extensions=false",
            f"SET GLOBAL max_execution_time={MAX_QUERY_MS}",
            "SET lock_configuration=true",
        ):
            self._connection.execute(statement)

    @classmethod
    def of(cls, version: Version) -> "Engine":
        """Return the engine of a version, opening it if this process has not yet.

        Raises
        ------
        WarehouseError
            If a file of the version is missing or damaged.
        """
        key = (version.root.absolute(), version.id)
        with cls._lock:
            engine = cls._open.get(key) or cls(version)
            cls._open[key] = engine
            cls._open.move_to_end(key)
            while len(cls._open) > KEPT_VERSIONS:
                cls._open.popitem(last=False)
        return engine

    def keep(self, name: str, sql: str, part: str = "") -> None:
        """Make a table of this connection from a query, or add a part to it, once; it is in memory only and gone with the connection.

        Parameters
        ----------
        name
            Name under which later questions read it.
        sql
            The query that makes it; what it says the second time is not looked at.
        part
            Which of its rows the query makes, where it is made bit by bit.
        """
        parts = self._kept.setdefault(name, set())
        if part in parts:
            return
        with self._keeping.setdefault(name, threading.Lock()):
            if part not in parts:
                with self._told():  # nobody's watch: it is made for every reader
                    self._connection.cursor().execute(f"INSERT INTO {name} {sql}" if parts else f"CREATE TABLE {name} AS {sql}")
                parts.add(part)

    def table(self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> pa.Table:
        """Run one statement and return its result.

        Parameters
        ----------
        sql
            A query over the contracts' tables.
        parameters
            Values for ``?`` (a sequence) or ``$name`` (a mapping) in it.

        Returns
        -------
        pyarrow.Table
            All rows; no rows but the right columns where nothing matches.

        Raises
        ------
        WarehouseError
            If a file turns out to be damaged, or the question runs too long; ``Stopped`` if whoever follows it put an end to it. An error
            in the SQL itself stays a ``duckdb.Error``.
        """
        cursor, watch = self._connection.cursor(), _following.get()
        with self._told(watch), watch.over(cursor) if watch else nullcontext():
            return cursor.execute(sql, parameters or None).to_arrow_table()

    def batches(self, sql: str, rows: int) -> Iterator[pa.RecordBatch]:
        """Run one statement and hand out its result a batch at a time, so that it need not fit in memory.

        Parameters
        ----------
        sql
            A query over the contracts' tables.
        rows
            Most rows of a batch.

        Raises
        ------
        WarehouseError
            As ``table``.
        """
        cursor, watch = self._connection.cursor(), _following.get()
        with self._told(watch), watch.over(cursor) if watch else nullcontext():
            yield from cursor.sql(sql).to_arrow_reader(rows)

    @contextmanager
    def _told(self, watch: Watch | None = None) -> Iterator[None]:
        """Tell in the words of this project why a question was stopped, or that a file is damaged."""
        try:
            yield
        except duckdb.InterruptException as error:
            if watch and watch.is_stopped:
                raise Stopped(GIVEN_UP) from error
            raise WarehouseError(f"the question took longer than {MAX_QUERY_MS // 1000} s and was stopped; ask for less at once") from error
        except (duckdb.IOException, duckdb.SerializationException, duckdb.InternalException, duckdb.FatalException) as error:
            raise WarehouseError(_damaged(self.version, error)) from error


def connection(version: Version) -> duckdb.DuckDBPyConnection:
    """Open a version: an in-memory DuckDB that has the version's files attached read-only and a view per table of the contracts.

    Raises
    ------
    WarehouseError
        If a file is missing, has another size than published, or is no readable DuckDB file.
    """
    connection = duckdb.connect()
    # An in-memory database would spill into a folder of the current directory.
    spill = Path(tempfile.gettempdir()) / f"mallreach-{os.getpid()}"
    connection.execute("SET GLOBAL temp_directory=?", [str(spill)])
    connection.execute("SET GLOBAL TimeZone='UTC'")
    aliases = _attached(connection, version)
    try:
        for name, query in _views(connection, version, aliases).items():
            connection.execute(f"CREATE VIEW {name} AS {query}")
    except duckdb.Error as error:
        raise WarehouseError(_damaged(version, error)) from error
    return connection


def script(version: Version) -> str:
    """Return SQL that opens a version in any DuckDB as ``connection`` does: its files attached read-only, and a view per table.

    Every file is opened once on the way, so that a script that is handed out can be run.

    Raises
    ------
    WarehouseError
        As ``connection``.
    """
    with duckdb.connect() as probe:
        aliases = _attached(probe, version)
        views = _views(probe, version, aliases)
    files = [_attach_sql(version.file(name), alias) for name, alias in aliases.items()]
    made = [f"CREATE OR REPLACE TEMP VIEW {name} AS {query}" for name, query in views.items()]
    return "".join(f"{statement};\n" for statement in ("SET TimeZone='UTC'", *files, *made))


def _attached(connection: duckdb.DuckDBPyConnection, version: Version) -> dict[str, str]:
    """Attach the files of a version read-only; return the name of each in the connection."""
    aliases = {}
    for position, (name, entry) in enumerate(sorted(version.manifest.files.items())):
        path = version.file(name)
        if not path.is_file() or path.stat().st_size != entry.bytes:
            state = "has another size than it was published with" if path.is_file() else "is missing"
            raise WarehouseError(f"{path}: the file {state}, so {version.id} cannot be read; {SERVE_ANOTHER}")
        aliases[name] = f"file_{position}"
        try:
            attach(connection, path, aliases[name])
        except duckdb.Error as error:
            raise WarehouseError(_damaged(version, error, path)) from error
    return aliases


def _views(connection: duckdb.DuckDBPyConnection, version: Version, aliases: Mapping[str, str]) -> dict[str, str]:
    """Return the query behind each table of the contracts."""
    known = _without_stale_buckets(connection, _columns(connection))
    return {table.name: _view(table, version, aliases, known) for table in TABLES}


def attach(connection: duckdb.DuckDBPyConnection, path: Path, alias: str, *, writable: bool = False) -> None:
    """Attach a DuckDB file to a connection under a name; read-only unless said otherwise."""
    connection.execute(_attach_sql(path, alias, writable=writable))


def _attach_sql(path: Path, alias: str, *, writable: bool = False) -> str:
    quoted = str(path.absolute()).replace("'", "''")
    return f"ATTACH '{quoted}' AS {alias}{'' if writable else ' (READ_ONLY)'}"


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], set[str]]:
    """Return which columns each table of each attached file has."""
    known: dict[tuple[str, str], set[str]] = {}
    for file, table, column in connection.execute("SELECT database_name, table_name, column_name FROM duckdb_columns()").fetchall():
        known.setdefault((file, table), set()).add(column)
    return known


def _without_stale_buckets(
    connection: duckdb.DuckDBPyConnection, known: dict[tuple[str, str], set[str]]
) -> dict[tuple[str, str], set[str]]:
    """Forget buckets that this DuckDB's hash would not make: with two kinds of them, one customer could count as two."""
    for (file, table), names in known.items():
        if table == "orders" and "customer_bucket" in names:
            first = f"SELECT customer_bucket, {CUSTOMER_BUCKET} AS expected FROM (SELECT * FROM {file}.main.orders LIMIT {_PROBED_ROWS})"
            (differing,) = connection.execute(
                f"SELECT count(*) FROM ({first}) WHERE customer_bucket IS DISTINCT FROM expected"
            ).fetchone() or (0,)
            if differing:
                names.discard("customer_bucket")
    return known


def _selected(table: Table, alias: str, known: Mapping[tuple[str, str], set[str]]) -> str:
    """Return a table's columns as a file has them: null where it was published before the contract had the column."""
    names = known.get((alias, table.name), set())
    columns = ((column.name, "" if column.name in names else f"NULL::{column.kind.duckdb_type} AS ") for column in table.columns)
    return ", ".join(f"{missing}{name}" for name, missing in columns)


def _view(table: Table, version: Version, aliases: Mapping[str, str], known: Mapping[tuple[str, str], set[str]]) -> str:
    """Return the query behind a table's view."""
    entry = version.manifest.tables.get(table.name)
    if entry is None or not entry.parts:
        return f"SELECT {', '.join(f'NULL::{column.kind.duckdb_type} AS {column.name}' for column in table.columns)} WHERE false"
    if not any(part.superseded for part in entry.parts):
        files = [aliases[part.file] for part in entry.parts]
        return " UNION ALL ".join(f"SELECT {_selected(table, file, known)} FROM {file}.main.{table.name}" for file in files)
    return _overlaid(table, entry.parts, aliases, known)


def _overlaid(table: Table, parts: Sequence[Part], aliases: Mapping[str, str], known: Mapping[tuple[str, str], set[str]]) -> str:
    """Return the union of parts without the rows whose key a later part supersedes; one anti-join however many parts there are."""
    columns = ", ".join(table.names)
    rows = " UNION ALL ".join(
        f"SELECT {_selected(table, aliases[part.file], known)}, {position} AS part_position FROM {aliases[part.file]}.main.{table.name}"
        for position, part in enumerate(parts)
    )
    superseded = " UNION ALL ".join(
        f"SELECT {', '.join(table.key)}, {position} AS part_position FROM {aliases[part.file]}.main.{table.name}_superseded"
        for position, part in enumerate(parts)
        if part.superseded
    )
    # A key may be null (the cell of a whole market's baseline), and null names the same row as null.
    same_key = " AND ".join(f"later.{name} IS NOT DISTINCT FROM part.{name}" for name in table.key)
    return (
        f"SELECT {columns} FROM ({rows}) AS part WHERE NOT EXISTS "
        f"(SELECT 1 FROM ({superseded}) AS later WHERE {same_key} AND later.part_position > part.part_position)"
    )


def _damaged(version: Version, error: Exception, path: Path | None = None) -> str:
    place = f"{path}: " if path else ""
    reason = str(error).splitlines()[0]
    return f"{place}a file of {version.id} is damaged ({reason}); see `python -m data check`, and {SERVE_ANOTHER}"
