"""A toy town to count in by hand: two open malls and a candidate in one market, a third open mall in another, and a handful of cells.

Two malls, because with one a missing join condition passes every test. Rows are written straight into a warehouse; the few derived
columns are worked out here in plain Python, a second time and not by the loader's code.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import count, pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import h3
import pyarrow as pa

from analytics.answers import Answer, answers
from analytics.parameters import EVERYTHING, Parameters
from data.contracts import TABLES, TIMELINE, Kind, Table, table
from data.warehouse import Extent, PartSpec, Record, SourceFile, Version, Warehouse

Row = dict[str, Any]

ZONES = {"V": "America/Los_Angeles", "W": "America/New_York"}
MALLS = (("M1", "V", "open"), ("M2", "V", "open"), ("M3", "V", "candidate"), ("M4", "W", "open"))
MONDAY = date(2026, 3, 2)
"""The day on which things happen unless a test says otherwise."""

_ARROW = {
    Kind.TEXT: pa.string(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.INSTANT: pa.timestamp("us"),
    Kind.DAY: pa.date32(),
    Kind.LATITUDE: pa.float64(),
    Kind.LONGITUDE: pa.float64(),
}


@cache
def cells() -> tuple[int, ...]:
    """Return the 49 resolution-9 cells of one resolution-7 cell: 0 to 6 are the children of one resolution-8 cell, 7 to 13 of the next."""
    middles = sorted(h3.cell_to_children(h3.latlng_to_cell(36.13, -115.17, 7), 8))
    return tuple(int(child, 16) for middle in middles for child in sorted(h3.cell_to_children(middle, 9)))


def local(day: date, hour: int, minute: int = 0, *, market: str = "V") -> datetime:
    """Return the UTC instant of a wall clock in a market."""
    wall = datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(ZONES[market]))
    return wall.astimezone(UTC).replace(tzinfo=None)


def stages(events: Row) -> Row:
    """Cut a delivered order's time into stages, event by event, as the glossary says in words."""
    known = [events[name] for name in TIMELINE if events.get(name) is not None]
    if any(later < earlier for earlier, later in pairwise(known)):
        return {}
    placed, accepted, arrived, picked, delivered = (events.get(name) for name in TIMELINE)
    ready = events.get("ready_at")
    if ready is not None:
        ready = max(ready, placed) if picked is None else min(max(ready, placed), picked)
    spans: Row = {}
    if ready is not None and accepted is not None:
        spans |= {"prep_s": min(ready, accepted) - placed, "assign_s": max(timedelta(0), accepted - ready)}
    if accepted is not None and arrived is not None:
        spans["approach_s"] = arrived - accepted
    if arrived is not None and picked is not None:
        spans["mall_dwell_s"] = picked - arrived
        if ready is not None:
            spans["store_wait_s"] = max(timedelta(0), ready - arrived)
            spans["handling_s"] = picked - arrived - spans["store_wait_s"]
    if picked is not None and delivered is not None:
        spans["drive_s"] = delivered - picked
    tiles = ("prep_s", "assign_s", "approach_s", "mall_dwell_s", "drive_s")
    divided = sum((spans[name] for name in tiles if name in spans), timedelta(0))
    spans["unsplit_s"] = delivered - placed - divided
    return {name: int(span.total_seconds()) for name, span in spans.items()}


class Town:
    """Builds contract tables row by row and asks metrics of them; publishes a version when it is asked after a change."""

    def __init__(self, root: Path, *, synthetic: bool = False) -> None:
        self.warehouse = Warehouse(root)
        self.synthetic, self.bucket = synthetic, "hash(coalesce(customer_id, order_id)) % 32"
        named = ("markets", "malls", "orders", "offers", "trips", "shift_activity", "demand_cells", "catchments")
        self.tables: dict[str, list[Row]] = {name: [] for name in named}
        self._numbers = count(1)
        self._version: Version | None = None
        for market, name in (("V", "Las Vegas"), ("W", "Washington")):
            self.add("markets", market_id=market, name=name, time_zone=ZONES[market], currency="USD", week_start=1)
        for position, (mall, market, status) in enumerate(
            (("M1", "V", "open"), ("M2", "V", "open"), ("M3", "V", "candidate"), ("M4", "W", "open"))
        ):
            self.add(
                "malls",
                mall_id=mall,
                market_id=market,
                name=f"Mall {position + 1}",
                status=status,
                opened_on=date(2026, 1, 5) if status == "open" else None,
                latitude=36.1 + position / 100,
                longitude=-115.1,
                cell=cells()[position * 7],
            )

    def add(self, table_name: str, **row: Any) -> Row:
        """Add one row; columns left out are null."""
        self._version = None
        self.tables.setdefault(table_name, []).append(row)
        return row

    def market_of(self, mall: str | None) -> str:
        """Return the market of a mall; the first market for no mall."""
        return next((row["market_id"] for row in self.tables["malls"] if row["mall_id"] == mall), "V")

    def order(self, mall: str | None, *, placed_at: datetime, cell: int | None = 0, status: str = "delivered", **columns: Any) -> Row:
        """Add one order with the derived columns that follow from it; ``cell`` is a position in ``cells()``."""
        market = columns.pop("market_id", self.market_of(mall))
        row: Row = {"order_id": f"o{next(self._numbers)}", "market_id": market, "mall_id": mall, "status": status, "placed_at": placed_at}
        row |= {"customer_id": f"c-{row['order_id']}", "dropoff_cell": None if cell is None else cells()[cell], **columns}
        if market is not None:
            wall = placed_at.replace(tzinfo=UTC).astimezone(ZoneInfo(ZONES[market]))
            week_on = wall.date() - timedelta(days=wall.weekday())
            row |= {"local_date": wall.date(), "local_hour": wall.hour, "local_dow": wall.isoweekday(), "local_week_on": week_on}
        delivered_at, promised_by = row.get("delivered_at"), row.get("promised_by")
        if status == "delivered" and delivered_at is not None and delivered_at >= placed_at:
            row |= stages(row)
            row["click_to_door_s"] = int((delivered_at - placed_at).total_seconds())
            if promised_by is not None:
                row["late_s"] = int((delivered_at - promised_by).total_seconds())
            ready_at, picked_up_at = row.get("ready_at"), row.get("picked_up_at")
            spans = {"placed_to_ready_s": (placed_at, ready_at), "ready_to_pickup_s": (ready_at, picked_up_at)}
            for name, (start, end) in (spans | {"ready_to_door_s": (ready_at, delivered_at)}).items():
                if start is not None and end is not None and start <= end:
                    row[name] = int((end - start).total_seconds())
            if market is not None:
                self._drove(row)
        return self.add("orders", **row)

    def _drove(self, order: Row) -> None:
        """Add a delivered order to the sampled drives: as long as its drive, else as its click-to-door; modelled as ten minutes."""
        same = ("order_id", "market_id", "mall_id", "customer_id", "dropoff_cell", "distance_m")
        local_day = ("local_date", "local_hour", "local_dow", "local_week_on")
        row = {name: order.get(name) for name in (*same, *local_day)}
        drive_s, modelled_s = order.get("drive_s", order["click_to_door_s"]), order.get("modelled_s", 600)
        order.pop("modelled_s", None)
        line_m = row["distance_m"]
        classes = {"line_from_m": None if line_m is None else line_m // 1000 * 1000, "modelled_from_s": modelled_s // 120 * 120}
        self.add("drives", **row, drive_s=drive_s, modelled_s=modelled_s, source="prior", **classes)

    def deliver(
        self,
        mall: str | None,
        *,
        seconds: Sequence[int | None],
        cell: int | None = 0,
        day: date = MONDAY,
        hour: int = 12,
        promise_s: int | None = None,
        **columns: Any,
    ) -> list[Row]:
        """Add orders placed at one moment, each by a customer of its own, that take so many seconds; None is a cancelled order."""
        placed_at = local(day, hour, market=self.market_of(mall))
        promised_by = None if promise_s is None else placed_at + timedelta(seconds=promise_s)
        return [
            self.order(
                mall,
                placed_at=placed_at,
                cell=cell,
                **{
                    "status": "cancelled" if span is None else "delivered",
                    "delivered_at": None if span is None else placed_at + timedelta(seconds=span),
                    "promised_by": promised_by,
                    **columns,
                },
            )
            for span in seconds
        ]

    def calendar(self, market: str, at: datetime) -> Row:
        """Return the local columns of an instant."""
        wall = at.replace(tzinfo=UTC).astimezone(ZoneInfo(ZONES[market]))
        week_on = wall.date() - timedelta(days=wall.weekday())
        return {"local_date": wall.date(), "local_hour": wall.hour, "local_dow": wall.isoweekday(), "local_week_on": week_on}

    def offer(self, mall: str | None, driver: str | None, *, shown_at: datetime, status: str = "accepted", **columns: Any) -> Row:
        """Add one offer."""
        market = columns.pop("market_id", self.market_of(mall))
        row: Row = {"offer_id": f"f{next(self._numbers)}", "market_id": market, "mall_id": mall, "driver_id": driver, "status": status}
        return self.add("offers", **row | {"shown_at": shown_at, "is_inferred": False, **self.calendar(market, shown_at), **columns})

    def trip(self, mall: str | None, driver: str, *, accepted_at: datetime, seconds: int = 1800, **columns: Any) -> Row:
        """Add one trip that lasts so many seconds."""
        market = columns.pop("market_id", self.market_of(mall))
        row: Row = {"trip_id": f"t{next(self._numbers)}", "market_id": market, "mall_id": mall, "driver_id": driver, "status": "completed"}
        row |= {"accepted_at": accepted_at, "ended_at": accepted_at + timedelta(seconds=seconds), "engaged_s": seconds}
        return self.add("trips", **row | {"order_count": 1, "is_inferred": False, **self.calendar(market, accepted_at), **columns})

    def hour_online(
        self, mall: str | None, driver: str, *, at: datetime, online_s: int = 3600, engaged_s: int = 1800, **columns: Any
    ) -> None:
        """Add one hour of a shift: once as part of the whole, and once for the mall whose driver's shift it is, if it is one's."""
        market = columns.pop("market_id", self.market_of(mall))
        row: Row = {"market_id": market, "driver_id": driver, "shift_id": f"s-{driver}", "is_inferred": False, "has_inferred_trips": False}
        row |= {"online_s": online_s, "engaged_s": engaged_s, "engaged_here_s": engaged_s, "loaded_s": engaged_s, "work_s": engaged_s}
        for view in dict.fromkeys((None, mall)):
            self.add("shift_activity", **row | {"mall_id": view, **self.calendar(market, at), **columns})

    def work(self, mall: str | None, *, drivers: int, day: date = MONDAY, hour: int = 12, engaged_s: int = 1800, **columns: Any) -> None:
        """Let so many drivers, each new, be shown and accept an offer, carry out its trip and be online for that hour."""
        at = local(day, hour, market=self.market_of(mall))
        for _ in range(drivers):
            driver = f"d{next(self._numbers)}"
            trip = self.trip(mall, driver, accepted_at=at, pay_cents=900, empty_m=1000, loaded_m=4000, store_count=1, seconds=engaged_s)
            self.offer(mall, driver, shown_at=at, trip_id=trip["trip_id"], pay_cents=900, order_count=1, distance_m=5000)
            self.hour_online(mall, driver, at=at, engaged_s=engaged_s, **columns)

    def demand(self, cell: int, population: int, *, households: int | None = None, inside: bool = True, market: str = "V") -> None:
        """Add people to a cell."""
        weights = {"population": population, "households": households}
        self.add("demand_cells", market_id=market, cell=cells()[cell], is_inside=inside, cell_area_m2=1, **weights)

    def drive(self, mall: str, cell: int, seconds: int, *, source: str = "prior") -> None:
        """Say how long the drive from a mall to a cell takes."""
        self.add("catchments", mall_id=mall, market_id=self.market_of(mall), cell=cells()[cell], drive_s=seconds, source=source)

    @property
    def version(self) -> Version:
        """The version that holds all rows added so far."""
        if self._version is None:
            self._version = self._published()
        return self._version

    def ask(self, metric: str, **parameters: Any) -> Answer:
        """Ask a metric of the town."""
        return answers(metric, Parameters(**parameters), EVERYTHING, self.version)

    def rows(self, metric: str, **parameters: Any) -> list[SimpleNamespace]:
        """Return the rows of an answer, columns as attributes."""
        return [SimpleNamespace(**row) for row in self.ask(metric, **parameters).rows()]

    def row(self, metric: str, **parameters: Any) -> SimpleNamespace:
        """Return the only row of an answer."""
        (row,) = self.rows(metric, **parameters)
        return row

    def by_hand(self, sql: str, *, threads: int = 2) -> pa.Table:
        """Run SQL in a DuckDB of one's own over the version's file: no engine, no views of ours."""
        (name,) = self.version.manifest.files
        with duckdb.connect(str(self.version.file(name)), read_only=True, config={"threads": threads}) as connection:
            present = {found for (found,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
            for missing in {each.name for each in TABLES} - present:
                connection.execute(table(missing).ddl().replace("CREATE TABLE", "CREATE TEMP TABLE", 1))
            return connection.sql(sql).to_arrow_table()

    def _published(self) -> Version:
        with self.warehouse.draft() as draft:
            with duckdb.connect(str(draft.file)) as file:
                file.begin()  # one write to the disk instead of one for each statement
                for name, rows in self.tables.items():
                    if rows:
                        batch = _arrow(table(name), rows)
                        file.execute(table(name).ddl())
                        file.execute(f"INSERT INTO {name} SELECT * FROM batch")
                        if name == "orders":
                            file.execute(f"UPDATE orders SET customer_bucket = {self.bucket}")
                        del batch
                file.commit()
            specs = {name: PartSpec(len(rows)) for name, rows in self.tables.items()}
            source = SourceFile("town.csv", "0" * 64, 1, tuple(specs), sum(spec.rows for spec in specs.values()))
            record = Record(sources=(source,), extent=self._extent(), synthetic=self.synthetic)
            return draft.publish(tables=specs, replace=set(specs), record=record)

    def _extent(self) -> dict[str, Extent]:
        days: dict[str, list[date]] = {}
        for row in self.tables["orders"]:
            if row.get("local_date"):
                days.setdefault(row["market_id"], []).append(row["local_date"])
        return {market: Extent(min(each), max(each)) for market, each in days.items()}


def _arrow(contract: Table, rows: Sequence[Row]) -> pa.Table:
    columns = {
        column.name: pa.array([row.get(column.name) for row in rows], _ARROW.get(column.kind, pa.int64())) for column in contract.columns
    }
    return pa.table(columns)
