"""Names and public facts for pages: markets, malls, stores, and how far the data reaches. No orders pass through here."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from analytics.periods import Span
from analytics.privacy import DRIVER_K
from data.contracts import table as contract
from data.engine import Engine
from data.warehouse import Version

DRIVE_TIME_NOTES: Final = {
    "prior": (
        "drive times are modelled by a curve over distance that no delivery has calibrated yet: "
        "the people within reach of one mall may be off by a third"
    ),
    "analytic": "drive times are modelled over distance, hour and place{fit}: the people within reach of one mall may be off by a third",
    "road_graph": "drive times are modelled on roads of OpenStreetMap (© OpenStreetMap contributors, ODbL){fit}",
    "osrm": "drive times are modelled by a routing server{fit}",
}
"""What a reader must know about drive times, by ``catchments.source``; ``fit`` says on what they were calibrated, and how well they fit."""

_FIT: Final = ", calibrated on {n:,} single drives, half of which differ from it by more than {minutes:.1f} min ({percent:.0f} %)"
_NO_FIT: Final = ", calibrated on no delivery"

_CACHED_VERSIONS = 8
_USUAL_DRIVE_S: Final = 600
"""Begin of the band of drives of 10 to 15 minutes in ``hour_factors``."""
_LAG: Final = timedelta(days=7)


@dataclass(frozen=True)
class Market:
    """A market, its calendar and the local days its orders span (None where it has none)."""

    id: str
    name: str
    time_zone: str
    currency: str
    week_start: int
    boundary_name: str | None
    boundary_counties: tuple[str, ...]
    first_on: date | None
    last_complete_on: date | None


@dataclass(frozen=True)
class Mall:
    """A mall; its coordinates are public facts."""

    id: str
    market_id: str
    name: str
    status: str | None
    opened_on: date | None
    closed_on: date | None
    latitude: float
    longitude: float
    store_count: int | None
    opening_hours: str | None
    cell: int | None


@dataclass(frozen=True)
class Store:
    """A store inside a mall."""

    id: str
    mall_id: str | None
    name: str | None
    category: str | None


@dataclass(frozen=True)
class Extent:
    """Local days that the data of one or all markets spans, and the weekday (1 Monday to 7 Sunday) on which its weeks start.

    Over several markets ``last_complete_on`` is the last day that is complete in each of them, but for those in ``lagging``: names of
    markets whose data ends more than 7 days before that of the newest one.
    """

    first_on: date | None
    last_complete_on: date | None
    week_start: int
    lagging: tuple[str, ...] = ()


@dataclass(frozen=True)
class Freshness:
    """How fresh a version is: its id, when it was published (UTC, ISO 8601), data to when, and whether it is made up."""

    version_id: str
    created_at: str
    last_complete_on: date | None
    is_synthetic: bool
    rows_by_table: tuple[tuple[str, int], ...]


def markets(version: Version) -> tuple[Market, ...]:
    """Return the markets of a version, by name."""
    return _markets(VersionKey.of(version))


def malls(version: Version, market_id: str | None = None) -> tuple[Mall, ...]:
    """Return the malls of a version, of one market if it is named: open ones first, then by name."""
    return tuple(mall for mall in _malls(VersionKey.of(version)) if market_id in {None, mall.market_id})


def stores(version: Version, mall_id: str | None = None) -> tuple[Store, ...]:
    """Return the stores of a version, of one mall if it is named, by name."""
    return tuple(store for store in _stores(VersionKey.of(version)) if mall_id in {None, store.mall_id})


def vehicles(version: Version) -> tuple[str, ...]:
    """Return the kinds of vehicle that enough drivers have for them to be named, by name."""
    return _vehicles(VersionKey.of(version))


def extent(version: Version, market_id: str | None = None) -> Extent:
    """Return the days that orders span, in one market or in all that have orders.

    Weeks of several markets start on Monday unless all of them agree on another day. A market whose data ended long ago does not hold
    back the others: it is left out of the last complete day, and named.
    """
    chosen = [market for market in markets(version) if market_id in {None, market.id}]
    firsts = [market.first_on for market in chosen if market.first_on is not None]
    lasts = {market.name: market.last_complete_on for market in chosen if market.last_complete_on is not None}
    newest = max(lasts.values(), default=None)
    lagging = tuple(name for name, last_on in lasts.items() if newest is not None and newest - last_on > _LAG)
    last_complete_on = min((last_on for name, last_on in lasts.items() if name not in lagging), default=None)
    starts = {market.week_start for market in chosen}
    return Extent(min(firsts, default=None), last_complete_on, starts.pop() if len(starts) == 1 else 1, lagging)


def spans(version: Version, market_id: str | None = None, mall_id: str | None = None) -> dict[str, Span]:
    """Return the days with data by the name of the place, as ``analytics.periods.comparable`` wants them.

    Parameters
    ----------
    version
        Data.
    market_id, mall_id
        What is looked at: one mall, one market, or with neither all markets. A mall has data from the first day of its market's, but not
        before it opened.

    Returns
    -------
    dict of str to Span
        Places without orders are left out.
    """
    mall = next((each for each in malls(version) if each.id == mall_id), None)
    place = market_id if mall is None else mall.market_id
    found: dict[str, Span] = {}
    for market in markets(version):
        if place in {None, market.id} and market.first_on is not None and market.last_complete_on is not None:
            opened_on = market.first_on if mall is None or mall.opened_on is None else mall.opened_on
            name = market.name if mall is None else mall.name
            found[name] = Span(max(market.first_on, opened_on), market.last_complete_on)
    return found


def drive_time_note(version: Version, market_id: str | None = None) -> str:
    """Return which models made the drive times of a market, or of all of them, and their error where drives were measured against them."""
    return _drive_time_note(VersionKey.of(version), market_id)


def hour_factors(version: Version, market_id: str) -> dict[tuple[bool, int], int]:
    """Return what the model of a market makes of a drive of 10 to 15 minutes that begins in an hour.

    Returns
    -------
    dict
        By whether it is a Saturday or Sunday, and by local hour: thousandths of the typical drive. Empty where no hours were fitted.
    """
    return _hour_factors(VersionKey.of(version), market_id)


def has_values(version: Version, table: str, column: str) -> bool:
    """Tell whether any row of a table has a value in a column: what no row has, no figure can rest on."""
    return _has_values(VersionKey.of(version), table, column)


def freshness(version: Version) -> Freshness:
    """Return what the footer says about a version."""
    manifest = version.manifest
    rows = tuple((name, entry.rows) for name, entry in sorted(manifest.tables.items()))
    return Freshness(version.id, manifest.created_at, extent(version).last_complete_on, manifest.synthetic, rows)


@dataclass(frozen=True)
class VersionKey:
    """A version as the key of a cache: a version never changes, so its folder and id say everything."""

    root: Path
    id: str
    version: Version = field(compare=False)

    @classmethod
    def of(cls, version: Version) -> "VersionKey":
        """Return the key of a version."""
        return cls(version.root.absolute(), version.id, version)


@lru_cache(maxsize=_CACHED_VERSIONS)
def _markets(key: VersionKey) -> tuple[Market, ...]:
    spans = key.version.manifest.extent
    sql = """
        SELECT market_id AS id, name, time_zone, coalesce(currency, 'USD') AS currency, coalesce(week_start, 1) AS week_start,
            boundary_name, coalesce(boundary_counties, '') AS boundary_counties
        FROM markets ORDER BY name, market_id
    """
    return tuple(
        Market(
            **{**row, "boundary_counties": tuple(row["boundary_counties"].split())},
            first_on=spans[row["id"]].first_on if row["id"] in spans else None,
            last_complete_on=spans[row["id"]].last_complete_on if row["id"] in spans else None,
        )
        for row in _rows(key.version, sql)
    )


@lru_cache(maxsize=_CACHED_VERSIONS)
def _malls(key: VersionKey) -> tuple[Mall, ...]:
    sql = """
        SELECT mall_id AS id, market_id, name, status, opened_on, closed_on, latitude, longitude, store_count, opening_hours, cell
        FROM malls ORDER BY status IS DISTINCT FROM 'open', name, mall_id
    """
    return tuple(Mall(**row) for row in _rows(key.version, sql))


_FITS = """
    WITH sources AS (SELECT DISTINCT source, market_id FROM catchments), errors AS (
        SELECT market_id, source, abs(drive_s - modelled_s) AS error_s, abs(drive_s - modelled_s) / drive_s AS share FROM drives
    )
    SELECT source, count(error_s) AS n, median(error_s) / 60 AS minutes, 100 * median(share) AS percent
    FROM sources LEFT JOIN errors USING (market_id, source)
    WHERE $market IS NULL OR market_id = $market GROUP BY source ORDER BY source
"""


@lru_cache(maxsize=64)
def _drive_time_note(key: VersionKey, market_id: str | None) -> str:
    rows = Engine.of(key.version).table(_FITS, {"market": market_id}).to_pylist()
    notes = []
    for row in rows:
        fit = _FIT.format(**row) if row["n"] else _NO_FIT
        notes.append(DRIVE_TIME_NOTES.get(row["source"], f"modelled drive times ({row['source']})").format(fit=fit))
    return "; ".join(notes) or "no drive times in this data"


@lru_cache(maxsize=64)
def _hour_factors(key: VersionKey, market_id: str) -> dict[tuple[bool, int], int]:
    sql = f"SELECT is_weekend, local_hour, permille FROM hour_factors WHERE market_id = $market AND drive_band_s = {_USUAL_DRIVE_S}"
    rows = Engine.of(key.version).table(sql, {"market": market_id}).to_pylist()
    return {(row["is_weekend"], row["local_hour"]): row["permille"] for row in rows}


@lru_cache(maxsize=64)
def _has_values(key: VersionKey, table: str, column: str) -> bool:
    known = contract(table).column(column).name
    return bool(_rows(key.version, f"SELECT 1 AS found FROM {table} WHERE {known} IS NOT NULL LIMIT 1"))


@lru_cache(maxsize=_CACHED_VERSIONS)
def _stores(key: VersionKey) -> tuple[Store, ...]:
    sql = "SELECT store_id AS id, mall_id, name, category FROM stores ORDER BY name, store_id"
    return tuple(Store(**row) for row in _rows(key.version, sql))


@lru_cache(maxsize=_CACHED_VERSIONS)
def _vehicles(key: VersionKey) -> tuple[str, ...]:
    sql = f"SELECT vehicle FROM drivers WHERE vehicle IS NOT NULL GROUP BY vehicle HAVING count(*) >= {DRIVER_K} ORDER BY vehicle"
    return tuple(row["vehicle"] for row in _rows(key.version, sql))


def _rows(version: Version, sql: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = Engine.of(version).table(sql).to_pylist()
    return rows
