"""Drive times made anew for data that is loaded: from the orders' drives alone, from a road file, or from a routing server."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb
import numpy as np
from tqdm import tqdm

from data import batches
from data.contracts import TABLES, table
from data.engine import attach
from data.engine import connection as open_version
from data.errors import WarehouseError
from data.manifest import PartSpec, Version
from data.routing.osrm import Osrm
from data.routing.roads import roads
from data.travel_time.calibration import Drives
from data.travel_time.models import Base, Cells, Model, Place, calibrated_model
from data.travel_time.tables import NAMES, Tables, analytic
from data.warehouse import Draft, Warehouse

Progress = Callable[[str, int, int], None]
_BAR = "{desc:<40} {percentage:3.0f}% |{bar}| {elapsed}"
_MEMORY = "2GB"


@dataclass(frozen=True)
class Fit:
    """How the drive times of one market came out.

    Attributes
    ----------
    market_id, source
        Market, and what made most of its drives.
    pairs
        Malls and cells within 45 minutes.
    drives, error_s, error_permille
        Drives measured, and half of them differ by more than this: seconds, thousandths of the drive. None without drives.
    compared, ratio_permille, difference_s
        Pairs that the version before knew too; the median of new over old in thousandths, and the median difference in seconds.
    people_without_permille
        Of the people inside the boundary, how many live in cells without a drive from any mall.
    """

    market_id: str
    source: str
    pairs: int
    drives: int
    error_s: int | None
    error_permille: int | None
    compared: int
    ratio_permille: int | None
    difference_s: int | None
    people_without_permille: int | None


@dataclass(frozen=True)
class Rebuilt:
    """The version that serves now, whether it is new, and the fit of each market."""

    version: Version
    is_new: bool
    fits: tuple[Fit, ...]


def rebuild(
    warehouse: Warehouse,
    *,
    osm: Path | None = None,
    osrm: str | None = None,
    markets: Sequence[str] = (),
    progress: Progress | None = None,
) -> Rebuilt:
    """Make the drive times of a warehouse anew and publish them; where nothing changes, nothing is published.

    Parameters
    ----------
    warehouse
        Where the data is.
    osm
        OpenStreetMap extract: drives on its roads, for markets with a mall within 400 m of one.
    osrm
        Address of an OSRM server instead. With neither, drives follow from the orders alone.
    markets
        Only these; none: all.
    progress
        Told what is being done, and how many of how many steps are behind it; a bar on a terminal where not given.

    Raises
    ------
    WarehouseError
        If nothing is loaded, a market is unknown, somebody else is writing, or the disk does not take it.
    SourceError
        If the road file or the server cannot be read.
    """
    with tqdm(total=1, bar_format=_BAR, leave=False, disable=None if progress is None else True) as bar:

        def tell(text: str, done: int, total: int) -> None:
            bar.total, bar.n = total, done
            bar.set_description_str(text)

        say = progress or tell
        say("reading roads" if osm else "looking at drives", 0, 1)
        base = Osrm(osrm) if osrm else roads(osm, warehouse.root / "roads") if osm else None
        with warehouse.draft() as draft:
            return _rebuilt(draft, base, markets, note=_note(osm, osrm), say=say)


def _note(osm: Path | None, osrm: str | None) -> str:
    if osm:
        return f"drive times on the roads of {osm.name}"
    return f"drive times by the routing server {osrm}" if osrm else "drive times from the orders' drives"


def _rebuilt(draft: Draft, base: Base | None, markets: Sequence[str], *, note: str, say: Progress) -> Rebuilt:
    if draft.base is None:
        raise WarehouseError("nothing is loaded yet, so there are no malls to drive from")
    connection = open_version(draft.base)
    try:
        connection.execute("SET GLOBAL memory_limit=?", [_MEMORY])
        attach(connection, draft.file, "built", writable=True)
        attach(connection, draft.folder / "scratch.duckdb", "scratch", writable=True)
        for each in TABLES:
            connection.execute(f"CREATE VIEW now_{each.name} AS SELECT * FROM {each.name}")
        chosen = _chosen(connection, markets)
        tables = Tables(connection, fit=partial(fit_on, base) if base else analytic)
        for place, market_id in enumerate(chosen):
            say(f"driving times of {market_id}", place, len(chosen))
            tables.model(market_id)
        rows = {name: _write(connection, tables, name, chosen) for name in NAMES}
        fits = tuple(_fit_of(connection, market_id) for market_id in chosen)
        is_new = any(_differs(connection, name) for name in NAMES)
    finally:
        connection.close()
    if not is_new:
        return Rebuilt(draft.base, is_new=False, fits=fits)
    tables_ = {name: PartSpec(count) for name, count in rows.items()}
    record = draft.base.record("; ".join(part for part in (draft.base.manifest.note, note) if part))
    version = draft.publish(tables=tables_, replace=set(NAMES), record=record)
    return Rebuilt(version, is_new=True, fits=fits)


def _chosen(connection: duckdb.DuckDBPyConnection, markets: Sequence[str]) -> list[str]:
    known = [row[0] for row in connection.execute("SELECT market_id FROM markets ORDER BY market_id").fetchall()]
    for each in markets:
        if each not in known:
            raise WarehouseError(f"there is no market {each!r}; markets are {', '.join(known) or 'none'}")
    return [each for each in known if each in (markets or known)]


def fit_on(base: Base, malls: list[Place], drives: Drives) -> Model:
    """Return a base on the level of a market's drives; the analytic model where the base knows no way from any of its malls."""
    base_s = np.full(len(drives), np.nan)
    knows = False
    for position, mall in enumerate(malls):
        own = drives.mall == position
        itself = np.array([mall.latitude]), np.array([mall.longitude])
        there = drives.latitude[own], drives.longitude[own]
        cells = Cells(np.r_[0, drives.cell[own]], *(np.r_[at, door] for at, door in zip(itself, there, strict=True)))
        seconds = base.seconds(mall, cells)
        knows = knows or bool(np.isfinite(seconds[0]))
        base_s[own] = seconds[1:]
    if not knows:
        return analytic(malls, drives)
    known = np.isfinite(base_s) & (base_s > 0)
    model = calibrated_model(base, drives.where(known), base_s[known], len(malls))
    modelled_s = np.zeros(len(drives), np.int64)
    modelled_s[known] = model.modelled_s if len(model.modelled_s) else np.rint(base_s[known])
    return Model(model.base, model.calibration, model.sdlog_permille, modelled_s, model.measured)


def _write(connection: duckdb.DuckDBPyConnection, tables: Tables, name: str, markets: Sequence[str]) -> int:
    """Write one table: the chosen markets anew, the others as they are; return its rows."""
    contract = table(name)
    columns, order = ", ".join(contract.names), ", ".join(contract.sort)
    connection.execute(contract.ddl(f"built.{name}"))
    others = f"SELECT {columns} FROM {name} WHERE market_id NOT IN (SELECT unnest(?)) ORDER BY {order}"
    connection.execute(f"INSERT INTO built.{name} {others}", [list(markets)])
    batches.insert(connection, f"built.{name}", columns, (tables.made(name, market_id) for market_id in markets))
    ((rows,),) = connection.execute(f"SELECT count(*) FROM built.{name}").fetchall()
    return int(rows)


def _differs(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    columns = ", ".join(table(name).names)
    old, new = f"SELECT {columns} FROM {name}", f"SELECT {columns} FROM built.{name}"
    return bool(connection.execute(f"SELECT true FROM (({old} EXCEPT {new}) UNION ALL ({new} EXCEPT {old})) LIMIT 1").fetchall())


_FIT = """
WITH pairs AS (
    SELECT mode(new.source) AS source, count(*) AS pairs, count(old.drive_s) AS compared,
        round(1000 * exp(median(ln(new.drive_s / old.drive_s))))::BIGINT AS ratio_permille,
        round(median(abs(new.drive_s - old.drive_s)))::BIGINT AS difference_s
    FROM built.catchments AS new LEFT JOIN catchments AS old USING (market_id, mall_id, cell) WHERE market_id = $market
), errors AS (
    SELECT count(*) AS drives, round(median(abs(drive_s - modelled_s)))::BIGINT AS error_s,
        round(1000 * median(abs(drive_s - modelled_s) / drive_s))::BIGINT AS error_permille FROM built.drives WHERE market_id = $market
), people AS (
    SELECT round(1000 * coalesce(sum(population) FILTER (cell NOT IN (SELECT cell FROM built.catchments WHERE market_id = $market)), 0)
        / nullif(sum(population), 0))::BIGINT AS people_without_permille FROM demand_cells WHERE market_id = $market AND is_inside
)
SELECT $market AS market_id, coalesce(source, 'none') AS source, pairs, drives, error_s, error_permille, compared, ratio_permille,
    difference_s, people_without_permille
FROM pairs, errors, people
"""


def _fit_of(connection: duckdb.DuckDBPyConnection, market_id: str) -> Fit:
    (row,) = connection.sql(_FIT, params={"market": market_id}).to_arrow_table().to_pylist()
    return Fit(**row)
