"""The tables that rest on drive times, made market by market: ``catchments``, ``hour_factors``, ``drives``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.cells import Integers, centers
from data.contracts import CATCHMENTS, DRIVES, HOUR_FACTORS, Kind, Table, table
from data.travel_time import drives as sampled
from data.travel_time.calibration import BANDS_S, Drives
from data.travel_time.models import FEWEST_DRIVES, Cells, Model, Place, analytic_model, prior_model, within_reach

NAMES = ("catchments", "hour_factors", "drives")

Fit = Callable[[list[Place], Drives], Model]
"""Makes a market's model from its malls and its drives."""

MADE_AT_LOAD = ("prior", "analytic")
"""Sources that every load makes anew; what came of a road file or a server stays until it is asked for again."""

_CELLS = """
SELECT DISTINCT cell FROM (
    SELECT cell FROM {now}demand_cells WHERE market_id = $market
    UNION ALL SELECT dropoff_cell FROM {now}orders WHERE market_id = $market
    UNION ALL SELECT cell FROM {now}malls WHERE market_id = $market
) WHERE cell IS NOT NULL ORDER BY cell
"""
_LINE_CLASS_M, _FIT_CLASS_S = 1_000, 120

_MALLS = "SELECT mall_id, latitude, longitude FROM now_malls WHERE market_id = ? ORDER BY mall_id"
_STAYING_MALLS = """
SELECT mall_id FROM now_malls JOIN malls USING (mall_id, market_id, latitude, longitude)
WHERE market_id = ? AND mall_id IN (SELECT mall_id FROM catchments WHERE source NOT IN ('prior', 'analytic')) ORDER BY mall_id
"""
_ORDER_IDS = "SELECT * FROM scratch.drives WHERE market_id = ? AND mall_id IN (SELECT unnest(?)) ORDER BY order_id"


def analytic(malls: list[Place], drives: Drives) -> Model:
    """Return the model of a market's own drives; the prior where they are too few."""
    return analytic_model(drives, len(malls)) if len(drives) >= FEWEST_DRIVES else prior_model()


@dataclass
class Tables:
    """Makes the tables of one market after the other; each market is fitted once.

    Reads ``now_malls``, ``now_markets``, ``now_demand_cells`` and ``now_orders``, and writes into ``scratch``.
    """

    connection: duckdb.DuckDBPyConnection
    fit: Fit = analytic
    _fitted: dict[str, "_Market"] = field(default_factory=dict)
    _is_sampled: bool = False

    def made(self, name: str, market_id: str) -> pa.Table:
        """Return the rows of one table and market, sorted as the contract says."""
        return {"catchments": self.catchments, "hour_factors": self.hour_factors, "drives": self.drives}[name](market_id)

    def catchments(self, market_id: str) -> pa.Table:
        """Return the drives up to 45 minutes, from every mall to the market's demand cells and the cells of its drop-offs and malls."""
        market = self._market(market_id)
        parts = []
        for position, mall in enumerate(market.malls):
            seconds = np.rint(market.model.typical_s(position, mall, market.cells))
            reached = within_reach(seconds)
            drive_s = seconds[reached].astype(np.int64)
            columns = {
                "cell": market.cells.cell[reached],
                "drive_s": drive_s,
                "drive_sdlog_permille": market.model.spread_permille(position, drive_s),
            }
            parts.append(_table(CATCHMENTS, len(reached), columns, mall_id=mall.mall_id, market_id=market_id, source=market.model.source))
        return pa.concat_tables(parts) if parts else _table(CATCHMENTS, 0, {})

    def hour_factors(self, market_id: str) -> pa.Table:
        """Return the factor of every local hour, kind of day and drive band; none where nothing was fitted."""
        calibration = self._market(market_id).model.calibration
        if calibration is None:
            return _table(HOUR_FACTORS, 0, {})
        permille = np.stack([calibration.permille(band) for band in range(len(BANDS_S))], axis=-1)
        hour, weekend, band = (each.ravel() for each in np.indices(permille.shape))
        columns = {"local_hour": hour, "is_weekend": weekend == 1, "drive_band_s": np.array(BANDS_S)[band], "permille": permille.ravel()}
        return _table(HOUR_FACTORS, len(hour), columns, market_id=market_id)

    def drives(self, market_id: str) -> pa.Table:
        """Return the sampled drives, and what a model made of them that had not seen them."""
        market = self._market(market_id)
        rows = self.connection.sql(_ORDER_IDS, params=[market_id, [mall.mall_id for mall in market.malls]]).to_arrow_table()
        modelled_s = market.model.modelled_s if len(market.model.modelled_s) else _unfitted(market)
        columns = {name: rows.column(name) for name in rows.column_names} | {"modelled_s": pa.array(modelled_s)}
        columns["modelled_from_s"] = pa.array(modelled_s - modelled_s % _FIT_CLASS_S)
        line_m = rows["distance_m"].to_numpy()
        columns["line_from_m"] = pa.array(line_m - line_m % _LINE_CLASS_M)
        made = _table(DRIVES, rows.num_rows, columns, source=market.model.source)
        return made.filter(pa.array(modelled_s > 0)).sort_by([(name, "ascending") for name in DRIVES.sort])

    def staying(self, name: str, market_id: str) -> pa.Table:
        """Return the rows of one table and market at a load: as ``made``, but what came of a road file or a server stays.

        Malls that are new or moved, and cells that were not there when the road file was read, get the drives that a load makes. Reads
        the tables of the version before too, which bear the contracts' names.
        """
        malls = [row[0] for row in self.connection.execute(_STAYING_MALLS, [market_id]).fetchall()]
        if not malls:
            return self.made(name, market_id)
        columns = ", ".join(f"before.{column.name}" for column in table(name).columns)
        if name == "hour_factors":
            return self.connection.sql(
                f"SELECT {columns} FROM hour_factors AS before WHERE market_id = ?", params=[market_id]
            ).to_arrow_table()
        if name == "drives":
            rows = f"SELECT {columns} FROM drives AS before SEMI JOIN now_orders USING (order_id, market_id) WHERE market_id = ?"
            return self.connection.sql(rows, params=[market_id]).to_arrow_table().sort_by([(each, "ascending") for each in DRIVES.sort])
        rows = f"SELECT {columns} FROM catchments AS before WHERE market_id = ? AND mall_id IN (SELECT unnest(?))"
        kept = self.connection.sql(rows, params=[market_id, malls]).to_arrow_table()
        made, seen = self.catchments(market_id), pa.array(self._cells(market_id, ""))
        is_known = pc.and_(pc.is_in(made["mall_id"], pa.array(malls, pa.string())), pc.is_in(made["cell"], seen))
        both = pa.concat_tables([kept.cast(made.schema), made.filter(pc.invert(is_known))])
        return both.sort_by([(each, "ascending") for each in CATCHMENTS.sort])

    def model(self, market_id: str) -> Model:
        """Return the model of a market."""
        return self._market(market_id).model

    def _cells(self, market_id: str, now: str) -> Integers:
        found: Integers = self.connection.sql(_CELLS.format(now=now), params={"market": market_id}).to_arrow_table()["cell"].to_numpy()
        return found

    def _market(self, market_id: str) -> "_Market":
        if not self._is_sampled:
            sampled.sample(self.connection)
            self._is_sampled = True
        if market_id not in self._fitted:
            malls = [Place(str(each), *where) for each, *where in self.connection.execute(_MALLS, [market_id]).fetchall()]
            cell = self._cells(market_id, "now_")
            found = sampled.drives_of_market(self.connection, market_id, [mall.mall_id for mall in malls])
            self._fitted[market_id] = _Market(malls, Cells(cell, *centers(cell)), found, self.fit(malls, found))
        return self._fitted[market_id]


@dataclass(frozen=True)
class _Market:
    malls: list[Place]
    cells: Cells
    drives: Drives
    model: Model


def _unfitted(market: _Market) -> Integers:
    """Return what a model that was fitted to nothing makes of the drives; 0 where it knows no way."""
    made = np.zeros(len(market.drives))
    for position, mall in enumerate(market.malls):
        own = market.drives.mall == position
        there = Cells(market.drives.cell[own], market.drives.latitude[own], market.drives.longitude[own])
        made[own] = np.nan_to_num(market.model.base.seconds(mall, there), nan=0.0)
    return np.asarray(np.rint(made), np.int64)


def _table(contract: Table, rows: int, columns: Mapping[str, object], **texts: str) -> pa.Table:
    """Return a table with the contract's columns; those not given are null, ``texts`` are the same in every row."""
    types = {Kind.TEXT: pa.string(), Kind.BOOLEAN: pa.bool_(), Kind.DAY: pa.date32()}
    made = {}
    for column in contract.columns:
        kind = types.get(column.kind, pa.int64())
        if column.name in texts:
            made[column.name] = pa.repeat(pa.scalar(texts[column.name], kind), rows)
        elif column.name in columns:
            made[column.name] = _cast(columns[column.name], kind)
        else:
            made[column.name] = pa.nulls(rows, kind)
    return pa.table(made)


def _cast(values: object, kind: pa.DataType) -> pa.ChunkedArray | pa.Array:
    return values.cast(kind) if isinstance(values, pa.ChunkedArray | pa.Array) else pa.array(values, kind)
