"""How good the loaded data are: findings over the loads, orders that a figure must leave out and why, suspicious cells, freshness.

Everything follows from the versions' manifests and from stored columns, so that nothing is stored per row. Rules bear the names of
``data/rules.py``.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from data.checks import SUSPICIOUS_DISTANCE_M
from data.contracts import TABLES, Table
from data.engine import Engine
from data.manifest import Version
from data.misplaced import mended
from data.staging import is_plausible

MAP_RESOLUTION = 8

_IS_CANDIDATE = "(status = 'delivered' OR status IS NULL)"
_Reasons = tuple[tuple[str, str], ...]
_TO_THE_DOOR: _Reasons = (
    ("status_unknown", "status IS NULL"),
    ("impossible_time", f"NOT {is_plausible('placed_at')}"),
    ("event_missing", "delivered_at IS NULL"),
    ("delivered_before_placed", "delivered_at < placed_at"),
)
_STAGE: _Reasons = (("out_of_order", "unsplit_s IS NULL"), ("event_missing", "true"))
_READY_AFTER: _Reasons = (("ready_after_pickup", "ready_at > picked_up_at"), ("out_of_order", "true"))


@dataclass(frozen=True)
class _Figure:
    """A stored column that figures are made of: the orders that should have it, and why one may lack it, the first reason that holds."""

    column: str
    should_have: str
    reasons: _Reasons


_FIGURES = (
    _Figure("local_date", "true", (("impossible_time", f"NOT {is_plausible('placed_at')}"), ("market_unknown", "true"))),
    _Figure("mall_id", "true", (("no_mall_within_distance", "true"),)),
    _Figure("dropoff_cell", "true", (("no_door", "true"),)),
    _Figure(
        "distance_m",
        "true",
        (("no_mall_within_distance", "mall_id IS NULL"), ("no_door", "dropoff_cell IS NULL"), ("unknown_reference", "true")),
    ),
    _Figure("click_to_door_s", _IS_CANDIDATE, _TO_THE_DOOR),
    _Figure("late_s", _IS_CANDIDATE, (*_TO_THE_DOOR, ("no_promise", "promised_by IS NULL"))),
    *(
        _Figure(stage, _IS_CANDIDATE, (*_TO_THE_DOOR, *_STAGE))
        for stage in ("prep_s", "assign_s", "approach_s", "store_wait_s", "handling_s", "mall_dwell_s", "drive_s")
    ),
    _Figure("ready_to_door_s", _IS_CANDIDATE, (*_TO_THE_DOOR, ("event_missing", "ready_at IS NULL"), *_READY_AFTER)),
    _Figure(
        "ready_to_pickup_s",
        _IS_CANDIDATE,
        (*_TO_THE_DOOR, ("event_missing", "ready_at IS NULL OR picked_up_at IS NULL"), *_READY_AFTER),
    ),
)
FIGURES: tuple[str, ...] = tuple(each.column for each in _FIGURES)
"""Columns of orders that ``left_out`` looks at."""
REASONS = {
    "no_door": "The order has neither a point nor a cell of its door",
    "no_promise": "The order was promised for no time",
}
"""Reasons that are no rules: nothing is wrong with the row, and the figure has nothing to say of it."""


@dataclass(frozen=True)
class Trend:
    """How many rows of a table broke a rule in one load, beside the rows that the load read of the table."""

    version: str
    created_at: str
    table: str
    rule: str
    severity: str
    rows: int
    rows_in: int


@dataclass(frozen=True)
class LeftOut:
    """Orders that lack the column of a figure, for one reason; ``orders`` are those that should have it. No reason: all that lack it."""

    market_id: str | None
    column: str
    reason: str
    left_out: int
    orders: int

    @property
    def share(self) -> float:
        """Share of the orders that should have the column and do not, for this reason (0 to 1)."""
        return self.left_out / self.orders if self.orders else 0.0


@dataclass(frozen=True)
class Freshness:
    """How far the data of one table and market go: rows, first and last local day, last complete day of orders, and when rows came last.

    Days are None for a table without days; the market is None for rows of no known market and for tables that belong to none.
    """

    table: str
    market_id: str | None
    rows: int
    first_on: date | None
    last_on: date | None
    last_complete_on: date | None
    changed_at: str | None


def trend(versions: Sequence[Version]) -> list[Trend]:
    """Return the findings of every load that read files, oldest load first, columns summed up.

    A rule that a load did not break has no row: a reader fills the gap with 0 if the load read the table (``rows_in`` of its counts).
    """
    found = []
    for version in versions:
        manifest = version.manifest
        rows: dict[tuple[str, str, str], int] = defaultdict(int)
        for each in manifest.findings if manifest.sources else ():
            rows[each.table, each.rule, each.severity] += each.rows
        for (table, rule, severity), count in sorted(rows.items()):
            rows_in = manifest.counts[table].rows_in if table in manifest.counts else 0
            found.append(Trend(version.id, manifest.created_at, table, rule, severity, count, rows_in))
    return found


def left_out(version: Version, market_id: str | None = None) -> list[LeftOut]:
    """Return, by market and figure, how many orders the figure must leave out and why; one pass over the orders.

    Parameters
    ----------
    version
        The version that is looked at.
    market_id
        Only this market; None: every market, orders of no known one too.

    Returns
    -------
    list of LeftOut
        For each market and column one row without a reason (all that lack the column), then one for each reason that occurs. An order is
        counted under the first reason that holds, so that reasons add up. Cancelled, failed and returned orders are nobody's loss: figures
        of delivered orders do not count them.
    """
    rows = Engine.of(version).table(left_out_sql(market_id)).to_pylist()
    return [each for row in rows for each in _losses(row["market_id"], [count for name, count in row.items() if name != "market_id"])]


def left_out_sql(market_id: str | None = None) -> str:
    """Return the query behind ``left_out``: a row a market, and for each figure and reason a count, ``n0`` and so on."""
    counts = ",\n  ".join(f"count(*) FILTER (WHERE {condition}) AS n{place}" for place, condition in enumerate(_conditions()))
    where = f"\nWHERE market_id = {_literal(market_id)}" if market_id is not None else ""
    return f"SELECT market_id,\n  {counts}\nFROM orders{where}\nGROUP BY market_id ORDER BY market_id"


def _literal(text: str) -> str:
    """Return a text as SQL has it."""
    return "'" + text.replace("'", "''") + "'"


def _conditions() -> Iterator[str]:
    for figure in _FIGURES:
        lacks = f"{figure.should_have} AND {figure.column} IS NULL"
        yield figure.should_have
        yield lacks
        earlier = ""
        for _, condition in figure.reasons:
            yield f"{lacks} AND coalesce({condition}, false){earlier}"
            earlier += f" AND NOT coalesce({condition}, false)"


def _losses(market_id: str | None, counts: list[int]) -> Iterator[LeftOut]:
    place = 0
    for figure in _FIGURES:
        orders, lacking, *by_reason = counts[place : place + 2 + len(figure.reasons)]
        place += 2 + len(figure.reasons)
        yield LeftOut(market_id, figure.column, "", lacking, orders)
        losses: dict[str, int] = defaultdict(int)
        for (reason, _), count in zip(figure.reasons, by_reason, strict=True):
            losses[reason] += count
        yield from (LeftOut(market_id, figure.column, reason, count, orders) for reason, count in losses.items() if count)


def suspicious_cells(version: Version, market_id: str | None = None, resolution: int = MAP_RESOLUTION) -> pa.Table:
    """Return the cells with doors that are suspicious where they lie, and how many orders: never a point.

    Parameters
    ----------
    version
        The version that is looked at.
    market_id
        Only doors of this market; None: of all.
    resolution
        Of the cells, 0 to 9.

    Returns
    -------
    pyarrow.Table
        ``rule`` (``suspicious_distance``, or ``flipped_coordinates``, ``swapped_coordinates`` where that would bring the door home),
        ``cell`` (where the door lies as it stands), ``orders``, ``customers`` (distinct; null where unknown): a reader
        suppresses small numbers before they are shown. Most orders first.
    """
    return Engine.of(version).table(suspicious_cells_sql(market_id, resolution))


def suspicious_cells_sql(market_id: str | None = None, resolution: int = MAP_RESOLUTION) -> str:
    """Return the query behind ``suspicious_cells``."""
    shift = 3 * (15 - resolution)
    cell = f"(dropoff_cell & ~(15::BIGINT << 52)) | ({resolution}::BIGINT << 52) | ((1::BIGINT << {shift}) - 1)"
    rule = mended("dropoff_latitude", "dropoff_longitude", "mall.latitude", "mall.longitude", "suspicious_distance")
    where = f" AND orders.market_id = {_literal(market_id)}" if market_id is not None else ""
    return (
        "SELECT rule, cell, count(*) AS orders, nullif(count(DISTINCT customer_id), 0) AS customers\nFROM (\n"
        f"  SELECT {rule} AS rule, {cell} AS cell, customer_id\n  FROM orders JOIN malls AS mall USING (mall_id)\n"
        f"  WHERE distance_m > {SUSPICIOUS_DISTANCE_M} AND dropoff_cell IS NOT NULL{where}\n)\n"
        "GROUP BY ALL ORDER BY orders DESC, rule, cell"
    )


def freshness(version: Version, versions: Sequence[Version] = ()) -> list[Freshness]:
    """Return how far the data of each table and market go, tables in the contracts' order; tables without rows are left out.

    Parameters
    ----------
    version
        The version that is looked at.
    versions
        Versions of the warehouse, oldest first: of those up to ``version`` the last one that brought or changed rows says ``changed_at``.
    """
    changed: dict[str, str] = {}
    for each in (*versions, version):
        if each.number <= version.number:
            counts = each.manifest.counts.items()
            changed |= {table: each.manifest.created_at for table, count in counts if count.kept or count.replaced}
    found = []
    for table in (each for each in TABLES if version.manifest.rows(each.name)):
        for row in Engine.of(version).table(span_sql(table)).to_pylist():
            extent = version.manifest.extent.get(row["market_id"]) if table.name == "orders" else None
            last_complete_on = extent.last_complete_on if extent else None
            changed_at = changed.get(table.name)
            found.append(Freshness(table.name, row["market_id"], row["n"], row["first_on"], row["last_on"], last_complete_on, changed_at))
    return found


def span_sql(table: Table) -> str:
    """Return the query for the days and rows of a table, market by market."""
    has_market = "market_id" in table.names
    days = [f"{way}({table.period_column}) AS {name}" if table.period_column else f"NULL::DATE AS {name}" for way, name in _SPAN]
    market = "market_id" if has_market else "NULL::VARCHAR AS market_id"
    return f"SELECT {market}, count(*) AS n, {', '.join(days)} FROM {table.name} GROUP BY ALL ORDER BY 1"


_SPAN = (("min", "first_on"), ("max", "last_on"))
