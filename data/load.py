"""Loading: sources -> staged rows -> settled rows -> derived tables -> a published version.

Every table goes through the same steps, references first: stage (rename, cast), settle (reject, merge, compare with the version that
serves), write (sort, derive). Each is a few SQL statements over sets of rows in the draft's folder, so that memory stays bounded.
Rows in = kept + merged + replaced + unchanged + rejected, for every table.
"""

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Self

import duckdb
import pyarrow as pa
from tqdm import tqdm

from data import activity, batches, cells, contracts, demand, inferred, opening_hours, settle, transforms, travel_time, world
from data.contracts import TABLES, Table
from data.derive import derived
from data.engine import connection as open_version
from data.errors import SourceError
from data.extent import extents
from data.fetch import Local, local, needs_fetching, refuse_changed
from data.manifest import Count, Finding, PartSpec, Record, SourceFile, Version
from data.mapping import Feed, Mapping, read_mapping
from data.plan import Plan, planned
from data.report import write_rejects
from data.sources import Source, read
from data.staging import Reading, quoted, relation_of, staged
from data.suspicions import suspicions
from data.warehouse import Draft, Warehouse

Progress = Callable[[str, int, int], None]
"""Told what is being done, and how many of how many steps are behind it."""

_REFRESH_S = 0.2
_BAR = "{desc:<28} {percentage:3.0f}% |{bar}| {elapsed}"


@dataclass(frozen=True)
class LoadResult:
    """What a load did.

    Attributes
    ----------
    version
        Version that serves now: the new one, or the earlier one where nothing changed (None: there is none).
    is_new
        Whether a version was published.
    counts
        Per table given: rows in, and what became of them.
    findings
        Broken rules, rejects first, each with rows and an example.
    rejects_path
        CSV of the rejected rows; None where none was rejected.
    sources, notes
        Files read, and what the reader should know.
    seconds
        Time it took.
    """

    version: Version | None
    is_new: bool
    counts: dict[str, Count]
    findings: tuple[Finding, ...]
    rejects_path: Path | None
    sources: tuple[SourceFile, ...]
    notes: tuple[str, ...]
    seconds: float


def load(
    paths: Sequence[Path | str],
    *,
    warehouse: Warehouse,
    mapping: Mapping | Path | str | None = None,
    replace: bool = False,
    synthetic: bool = False,
    note: str = "",
    progress: Progress | None = None,
    memory_limit: str = "2GB",
) -> LoadResult:
    """Load files into a new version of a warehouse.

    Parameters
    ----------
    paths
        Files, folders, globs and addresses; empty: whatever the mapping names.
    warehouse
        Where the version is published.
    mapping
        Which column means what; None: files, columns and units are named as in the contracts.
    replace
        Drop the earlier rows of the tables given; else rows are added, and a known key replaces its earlier row.
    synthetic, note
        Recorded in the manifest.
    progress
        Called before every step; None: a bar on standard error if that is a terminal.
    memory_limit
        DuckDB's share of the memory; it spills into the draft's folder beyond.

    Raises
    ------
    SourceError, MappingError
        If a file or the mapping is at fault as a whole; nothing changes then.
    WarehouseError
        If somebody else is writing, or the disk does not take it.
    """
    started = time.monotonic()
    if isinstance(mapping, str | Path):
        mapping = read_mapping(mapping)
    began = time.time()
    with _prepared(paths, mapping, warehouse, progress, is_replacing=replace) as (draft, plan), Steps(plan, progress) as steps:
        bench = Bench(draft, plan, steps, replace, clock=None if synthetic else datetime.now(UTC))
        try:
            bench.open(memory_limit)
            bench.read_sources()
            for each in TABLES:
                bench.load_table(each)
            bench.finish()
            record, rejects = bench.record(synthetic=synthetic, note=note)
        except (duckdb.Error, SourceError):
            refuse_changed(plan.sources, began)  # explains whatever was met in a file that is being written to
            raise
        finally:
            bench.close()
        refuse_changed(plan.sources, began)
        tables = {name: PartSpec(each.rows, each.superseded) for name, each in bench.built.items()}
        version = draft.base
        if bench.is_changed:
            steps.begin("publishing")
            version = draft.publish(tables=tables, replace=bench.replaced, record=record)
            rejects = version.rejects_path
        elif rejects:
            rejects = rejects.replace(warehouse.root / "rejects-unpublished.csv")
    return LoadResult(
        version,
        bench.is_changed,
        dict(record.counts),
        record.findings,
        rejects,
        record.sources,
        record.notes,
        time.monotonic() - started,
    )


@contextmanager
def _prepared(
    paths: Sequence[Path | str], mapping: Mapping | None, warehouse: Warehouse, progress: Progress | None, *, is_replacing: bool
) -> Iterator[tuple[Draft, Plan]]:
    """Hold the warehouse, with everything that is read elsewhere fetched into the draft's folder, and the plan made."""
    if not needs_fetching(paths, mapping):
        plan = planned_feeds(Local(tuple(paths), mapping))
        with warehouse.draft() as draft:
            yield draft, plan
        return
    with warehouse.draft() as draft, tqdm(bar_format="{desc}", disable=None if progress is None else True, leave=False) as line:
        known = {} if is_replacing or draft.base is None else draft.base.manifest.watermarks
        say = line.set_description_str if progress is None else partial(_told, progress)
        sources = local(paths, mapping, draft.folder / "fetched", known=known, say=say)
        line.close()
        with sources.told():
            yield draft, planned_feeds(sources)


def _told(progress: Progress, text: str) -> None:
    progress(text, 0, 1)


def planned_feeds(sources: Local) -> Plan:
    """Return what feeds what; ``SourceError`` where nothing was named."""
    plan = planned(sources.paths, sources.mapping)
    if not plan.feeds:
        raise SourceError("no file was named, so there is nothing to load")
    return dataclasses.replace(plan, notes=(*sources.notes, *plan.notes), watermarks=dict(sources.watermarks))


class Steps:
    """Counts the steps of a load and tells the caller, or draws a bar."""

    def __init__(self, plan: Plan, progress: Progress | None) -> None:
        tables = {each.feed.table.name for each in plan.feeds}
        self.total = len(plan.sources) + 3 * len(tables) + len(plan.inferred) + 5
        self.done = 0
        self._progress = progress
        self._bar = tqdm(total=self.total, bar_format=_BAR, disable=None if progress is None else True, leave=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def begin(self, text: str) -> None:
        """Say what begins now; what was begun before is done."""
        if self._progress:
            self._progress(text, self.done, self.total)
        self._bar.n = self.done
        self._bar.set_description_str(text)
        self.done = min(self.done + 1, self.total)

    def within(self, share: float) -> None:
        """Move the bar to a share (0 to 1) of the step that runs."""
        self._bar.n = self.done - 1 + min(max(share, 0.0), 1.0)
        self._bar.refresh()


@dataclass(frozen=True)
class _Built:
    """Rows of one table in the draft's file, and how many keys they supersede."""

    rows: int
    superseded: int = 0


@dataclass
class Bench:
    """The workbench of one load: a connection with the base's tables, ``scratch`` for staged rows, ``built`` for what is published."""

    draft: Draft
    plan: Plan
    steps: Steps
    is_replacing: bool
    clock: datetime | None
    readings: dict[str, list[Reading]] = field(default_factory=dict)
    counts: dict[str, Count] = field(default_factory=dict)
    built: dict[str, _Built] = field(default_factory=dict)
    replaced: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    connection: duckdb.DuckDBPyConnection = field(init=False)

    @property
    def is_changed(self) -> bool:
        """Whether there is anything to publish."""
        return bool(self.changed)

    def open(self, memory_limit: str) -> None:
        """Open the base read-only and the two files that are written."""
        self.connection = open_version(self.draft.base) if self.draft.base else _empty_base()
        spill = self.draft.folder / "spill"
        for statement, value in (("memory_limit", memory_limit), ("temp_directory", str(spill)), ("TimeZone", "UTC")):
            self.connection.execute(f"SET GLOBAL {statement}=?", [value])
        # Only with this setting does DuckDB keep count of a statement's progress.
        self.connection.execute("SET enable_progress_bar=true; SET enable_progress_bar_print=false")
        self.connection.execute(f"ATTACH {quoted(str(self.draft.file.absolute()))} AS built")
        self.connection.execute(f"ATTACH {quoted(str((self.draft.folder / 'scratch.duckdb').absolute()))} AS scratch")
        self.connection.execute(
            'CREATE TABLE scratch.rejects ("table" VARCHAR, file VARCHAR, line BIGINT, "column" VARCHAR, rule VARCHAR, value VARCHAR)'
        )
        cells.register(self.connection)
        world.register(self.connection)

    def close(self) -> None:
        """Close the connection, so that the draft's file is complete on disk."""
        if hasattr(self, "connection"):
            self.connection.close()

    def read_sources(self) -> None:
        """Read every CSV once, however many tables it feeds."""
        tables: dict[tuple[Path, str], str] = {}
        for position, source in enumerate(self.plan.sources):
            self.steps.begin(f"reading {source.name}")
            tables[source.key] = f"scratch.raw_{position}"
            if not source.is_parquet:
                with self._uncompressed():
                    read(self.connection, source, tables[source.key])
        for position, each in enumerate(self.plan.feeds):
            raw = tables[each.source.key] if each.source else ""
            reading = Reading(position, each.feed, each.source, relation_of(each.source, raw), each.zone)
            beside = [relation_of(joined.source, tables[joined.source.key]) for joined in each.joined]
            reading, notes = transforms.derived(self.connection, reading, each.joined, beside)
            self.notes += notes
            self.readings.setdefault(each.feed.table.name, []).append(reading)
        self.notes += _remarks([reading for readings in self.readings.values() for reading in readings])

    def load_table(self, table: Table) -> None:
        """Stage, settle and write one table; then it can be looked up as ``now_<table>``."""
        readings = self.readings.get(table.name, [])
        if readings:
            self._stage(table, readings)
            self._settle(table, readings)
            self._write(table)
        self._show(table)

    def _stage(self, table: Table, readings: list[Reading]) -> None:
        self.steps.begin(f"reading {table.name}")
        around = world.world(self.connection, table, readings)
        rows = " UNION ALL ".join(staged(reading, around) for reading in readings)
        try:
            with self._uncompressed():
                self._run(f"CREATE TABLE scratch.staged_{table.name} AS {rows}")
        except (duckdb.IOException, duckdb.InvalidInputException, duckdb.ConversionException) as error:
            # Casts of ours never raise, so what does not convert is damaged or beyond all types; a full disk is the warehouse's to tell.
            if isinstance(error, duckdb.IOException) and "Failed to read file" not in str(error):
                raise
            raise SourceError(_unreadable(readings, error)) from error

    def _run(self, sql: str) -> None:
        """Run a statement that may take minutes, and move the bar meanwhile."""
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(self.connection.execute, sql)
            try:
                while wait([running], timeout=_REFRESH_S).not_done:
                    self.steps.within(self.connection.query_progress() / 100)
            except KeyboardInterrupt:
                self.connection.interrupt()
                raise
        running.result()

    @contextmanager
    def _uncompressed(self) -> Iterator[None]:
        """Write without compression: what is read once and thrown away is not worth the search for the best encoding."""
        self.connection.execute("SET GLOBAL force_compression='uncompressed'")
        yield
        self.connection.execute("SET GLOBAL force_compression='auto'")

    def _settle(self, table: Table, readings: list[Reading]) -> None:
        self.steps.begin(f"checking {table.name}")
        settled = settle.settle(self.connection, table, is_replacing=self.is_replacing)
        self.counts[table.name] = settled.count
        self.findings += settle.reject(self.connection, table, readings)
        self.findings += settle.earlier_states(self.connection, table, readings)
        if settled.rows:
            self.findings += settle.findings(self.connection, table, readings, settled.count, self.clock)
            if table.name == "shifts":
                self.findings += settle.overlapping_shifts(self.connection, table, readings)
        if settled.is_changed:
            self.changed.add(table.name)
            self.built[table.name] = _Built(settled.rows, settled.superseded)
            if self.is_replacing:
                self.replaced.add(table.name)

    def _write(self, table: Table) -> None:
        self.steps.begin(f"writing {table.name}")
        if table.name not in self.changed:
            return
        order = ", ".join(table.sort or table.key)
        rows = f"SELECT * FROM kept_{table.name} ORDER BY {order}"
        self.connection.execute(table.ddl(f"built.{table.name}"))
        if table.name == "demand_cells":
            loaded = ", ".join(column.name for column in table.loaded)
            self.connection.register("made", demand.with_boundary(self.connection, f"SELECT {loaded} FROM ({rows})"))
            self.connection.execute(f"INSERT INTO built.demand_cells SELECT {', '.join(table.names)} FROM made ORDER BY {order}")
            self.connection.unregister("made")
        else:
            self._run(f"INSERT INTO built.{table.name} {derived(table, rows)}")

    def _show(self, table: Table) -> None:
        """Make the table as it will be after this load visible as ``now_<table>``."""
        name, columns = table.name, ", ".join(table.names)
        earlier, new = f"SELECT {columns} FROM {name}", f"SELECT {columns} FROM built.{name}"
        if name in self.replaced:
            sql = new
        elif name in self.built:
            kept = ""
            if self.built[name].superseded:
                same = " AND ".join(f"late.{key} IS NOT DISTINCT FROM {name}.{key}" for key in table.key)
                kept = f" WHERE NOT EXISTS (SELECT 1 FROM built.{name}_superseded AS late WHERE {same})"
            sql = f"{earlier}{kept} UNION ALL {new}"
        else:
            sql = earlier
        self.connection.execute(f"CREATE VIEW now_{name} AS {sql}")

    def finish(self) -> None:
        """Infer what no source gives, check references, now that every table is there, and rebuild what follows from several tables."""
        for feed in sorted(self.plan.inferred, key=lambda each: [*inferred.ROWS].index(each.table.name)):
            self._infer(feed)
        self.steps.begin("checking references")
        for name, readings in self.readings.items():
            if name in self.changed:
                contract = readings[0].table
                found, notes = settle.unknown_references(self.connection, contract, readings)
                self.findings += found
                self.notes += notes
        self.findings += suspicions(self.connection, self.readings, is_made_up=self.clock is None)
        self.steps.begin("spreading demand")
        self._rebuild("demand_cells", self._markets_with_new_areas(), demand.cells_of_market)
        self.steps.begin("driving times")
        tables, markets = travel_time.Tables(self.connection), self._markets_with_new_drives()
        for name in travel_time.NAMES:
            self._rebuild(name, markets, partial(_of_market, tables, name))
        self._rebuild("mall_hours", self._markets_with_new_malls(), opening_hours.hours_of_market)
        self._add_up_shifts()
        if (
            self.draft.base
            and self.changed & {"markets", "malls"}
            and "orders" not in self.counts
            and self.draft.base.manifest.rows("orders")
        ):
            self.notes.append("markets or malls changed: load the orders again to bring their local times and distances up to date")

    def _infer(self, feed: Feed) -> None:
        """Make an inferred table anew; orders bear the trips that were inferred from them."""
        name = feed.table.name
        self.steps.begin(f"inferring {name}")
        if name == "trips":
            self._chain_orders()
        is_new, note = inferred.inferred(self.connection, feed.table, feed.derivations)
        self.notes.append(note)
        if is_new:
            self.replaced.add(name)
            self.changed.add(name)
            self.built[name] = _Built(0)
            self.built[name] = _Built(inferred.write(self.connection, name, lambda: self._show(feed.table)))

    def _chain_orders(self) -> None:
        inferred.chain_orders(self.connection)
        moved = inferred.write_trips_of_orders(self.connection, is_built="orders" in self.built)
        if moved:
            before = self.built.get("orders", _Built(0))
            self.built["orders"] = _Built(before.rows + moved, before.superseded + moved)
            self.changed.add("orders")
            self.connection.execute("DROP VIEW now_orders")
            self._show(contracts.table("orders"))

    def _markets_with_new_areas(self) -> list[str]:
        """Return the markets whose demand cells must be made anew; none if a source gives the cells themselves."""
        if "demand_cells" in self.counts or not self.changed & {"demand_areas", "markets"}:
            return []
        # The base's areas too: a market that lost all of them loses its cells.
        known = "SELECT market_id FROM now_demand_areas INTERSECT SELECT market_id FROM now_markets"
        return self._names(f"{known} UNION SELECT market_id FROM demand_areas")

    def _markets_with_new_drives(self) -> list[str]:
        """Return the markets whose malls, demand or orders changed: all of them where one of few malls did, else those of the orders."""
        if self.changed & {"malls", "markets", "demand_cells"} or "orders" in self.replaced:
            return self._names("SELECT market_id FROM now_markets")
        if "orders" not in self.changed:
            return []
        # An order that replaces an earlier one may have moved to another market: the earlier one's drives change too.
        moved = "SELECT market_id FROM orders SEMI JOIN built.orders_superseded USING (order_id)"
        changed = f"SELECT market_id FROM built.orders{f' UNION {moved}' if self.built['orders'].superseded else ''}"
        return self._names(f"SELECT market_id FROM now_markets INTERSECT ({changed})")

    def _markets_with_new_malls(self) -> list[str]:
        return self._names("SELECT market_id FROM now_markets") if self.changed & {"malls", "markets"} else []

    def _add_up_shifts(self) -> None:
        """Make the activity of shifts anew where something that it follows from changed."""
        self.steps.begin("adding up shifts")
        if not self.changed & activity.READS or not (self._has("shifts") or self._has("shift_activity")):
            return
        self.connection.execute("DROP VIEW now_shift_activity")
        rows, remarks = activity.write(self.connection)
        self.notes += remarks
        self.built["shift_activity"] = _Built(rows)
        self.replaced.add("shift_activity")
        self.changed.add("shift_activity")
        self._show(contracts.SHIFT_ACTIVITY)

    def _has(self, name: str) -> bool:
        return bool(self.connection.execute(f"SELECT true FROM now_{name} LIMIT 1").fetchone())

    def _names(self, sql: str) -> list[str]:
        return sorted(row[0] for row in self.connection.execute(sql).fetchall())

    def _rebuild(self, name: str, markets: Sequence[str], make: Callable[[duckdb.DuckDBPyConnection, str], pa.Table]) -> None:
        """Write a table anew: the given markets as ``make`` says, the others as the base has them."""
        if not markets:
            return
        contract = contracts.table(name)
        columns = ", ".join(contract.names)
        self.connection.execute(f"DROP VIEW now_{name}")
        self.connection.execute(contract.ddl(f"built.{name}"))
        others = f"SELECT {columns} FROM {name} WHERE market_id NOT IN (SELECT unnest(?)) ORDER BY {', '.join(contract.sort)}"
        self.connection.execute(f"INSERT INTO built.{name} {others}", [list(markets)])
        batches.insert(self.connection, f"built.{name}", columns, self._each_told(markets, make))
        (rows,) = self.connection.execute(f"SELECT count(*) FROM built.{name}").fetchone() or (0,)
        self.built[name] = _Built(rows)
        self.replaced.add(name)
        self.changed.add(name)
        self._show(contract)

    def _each_told(self, markets: Sequence[str], make: Callable[[duckdb.DuckDBPyConnection, str], pa.Table]) -> Iterator[pa.Table]:
        """Make something for each market, and move the bar meanwhile."""
        for place, market_id in enumerate(markets):
            self.steps.within(place / len(markets))
            yield make(self.connection, market_id)

    def record(self, *, synthetic: bool, note: str) -> tuple[Record, Path | None]:
        """Return what the manifest says of this load, and the CSV of its rejects."""
        rejects = write_rejects(self.connection, self.draft.folder / "rejects.csv")
        findings = sorted(self.findings, key=lambda each: each.severity != "reject")
        record = Record(
            sources=tuple(self._source(source) for source in self.plan.sources),
            counts=self.counts,
            findings=tuple(findings),
            rejects=rejects,
            extent=extents(self.connection),
            notes=(*self.plan.notes, *dict.fromkeys(self.notes)),
            synthetic=synthetic,
            note=note,
            watermarks=self.plan.watermarks,
        )
        return record, rejects

    def _source(self, source: Source) -> SourceFile:
        fed = [each for each in self.plan.feeds if each.source is source or any(joined.source is source for joined in each.joined)]
        tables = tuple(dict.fromkeys(each.feed.table.name for each in fed))
        reading = next((each for readings in self.readings.values() for each in readings if each.file is source), None)
        relation = relation_of(source, f"scratch.raw_{self.plan.sources.index(source)}")
        sql = f"SELECT count(*) FROM {relation}"
        if reading:
            sql = f"SELECT count(*) FROM scratch.staged_{reading.table.name} WHERE source = {reading.position}"
        (rows,) = self.connection.execute(sql).fetchone() or (0,)
        return SourceFile(source.name, source.sha256, source.bytes, tables, rows)


def _of_market(tables: travel_time.Tables, name: str, _: duckdb.DuckDBPyConnection, market_id: str) -> pa.Table:
    return tables.staying(name, market_id)


def _empty_base() -> duckdb.DuckDBPyConnection:
    """Return a connection with every table of the contracts, empty: what the first load adds to."""
    connection = duckdb.connect()
    for each in TABLES:
        connection.execute(each.ddl())
    return connection


def _unreadable(readings: list[Reading], error: Exception) -> str:
    files = ", ".join(str(reading.source.path) for reading in readings if reading.source)
    return f"{files}: a file cannot be read to its end ({str(error).splitlines()[0]})"


def _remarks(readings: Sequence[Reading]) -> list[str]:
    """Return which columns of the sources were not used, and which columns of the contracts the sources do not have."""
    notes: list[str] = []
    used: dict[Source, set[str]] = {}
    for reading in readings:
        if reading.file:
            used.setdefault(reading.file, set()).update(reading.used)
    for source, names in used.items():
        unused = [name for name in source.columns if name not in names]
        notes += [f"{source.name}: columns not used: {', '.join(unused)}"] if unused else []
    for reading in readings:
        has_mall = reading.feed.nearest or (reading.table.name == "orders" and "store_id" in reading.given)
        known = reading.given | ({"mall_id"} if has_mall else set()) | {"is_dropoff_area"}
        missing = [column.name for column in reading.table.loaded if column.name not in known]
        if reading.source and missing:
            notes.append(f"{reading.table.name}: not in {reading.source.name}: {', '.join(missing)}")
    return notes
