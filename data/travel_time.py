"""Travel time before any delivery is known: minutes as a function of the straight line, the same for every mall and hour.

The curve is an uncalibrated prior, drawn through typical metropolitan drives. Where deliveries or a road graph exist, other models make
the same table ``catchments``; its column ``source`` says which one did.
"""

import duckdb
import numpy as np
import pyarrow as pa

from data.cells import Floats, Integers, centers, haversine_m

KILOMETERS = (1.0, 2.0, 3.0, 5.0, 8.0, 10.0, 15.0, 20.0, 30.0)
MINUTES = (4.3, 6.6, 8.3, 11.5, 15.1, 17.2, 22.7, 26.7, 32.0)
"""Points of the curve. Between them it is straight, beyond either end it goes on with the slope of the first or last piece."""

LONGEST_S = 45 * 60
SDLOG_PERMILLE = 230
"""Measured error of drives that were modelled from the straight line: 15 to 23 %. The prior was fitted to nothing here, so the larger."""

SOURCE = "prior"


def prior_s(distance_m: Floats) -> Integers:
    """Return the drive over a straight-line distance, whole seconds.

    Parameters
    ----------
    distance_m
        Meters, 0 or more.

    Returns
    -------
    numpy.ndarray
        Seconds, rounded to the nearest.
    """
    kilometers, minutes = np.array(KILOMETERS), np.array(MINUTES)
    slope = np.diff(minutes) / np.diff(kilometers)
    x = np.asarray(distance_m, float) / 1000
    piece = np.clip(np.searchsorted(kilometers, x, side="right") - 1, 0, len(slope) - 1)
    return np.asarray(np.rint(60 * (minutes[piece] + slope[piece] * (x - kilometers[piece]))), np.int64)


def longest_m() -> float:
    """Return the straight line beyond which no drive is within ``LONGEST_S``."""
    slope = (MINUTES[-1] - MINUTES[-2]) / (KILOMETERS[-1] - KILOMETERS[-2])
    return 1000 * (KILOMETERS[-1] + (LONGEST_S / 60 - MINUTES[-1]) / slope)


_CELLS = """
SELECT DISTINCT cell FROM (
    SELECT cell FROM now_demand_cells WHERE market_id = $market
    UNION ALL SELECT dropoff_cell FROM now_orders WHERE market_id = $market
    UNION ALL SELECT cell FROM now_malls WHERE market_id = $market
) WHERE cell IS NOT NULL ORDER BY cell
"""


def catchments_of_market(connection: duckdb.DuckDBPyConnection, market_id: str) -> pa.Table:
    """Return the drives from every mall of a market to its demand cells, the cells of its drop-offs, and the malls' own cells.

    Reads ``now_malls``, ``now_demand_cells`` and ``now_orders``.

    Returns
    -------
    pyarrow.Table
        Columns of the contract ``catchments``; sorted by mall, drive and cell; no drive over 45 minutes.
    """
    cell = connection.sql(_CELLS, params={"market": market_id}).to_arrow_table()["cell"].to_numpy()
    malls = connection.execute("SELECT mall_id, latitude, longitude FROM now_malls WHERE market_id = ? ORDER BY mall_id", [market_id])
    latitude, longitude = centers(cell)
    parts = []
    for mall_id, mall_latitude, mall_longitude in malls.fetchall():
        drive_s = prior_s(haversine_m(np.float64(mall_latitude), np.float64(mall_longitude), latitude, longitude))
        order = np.lexsort((cell, drive_s))
        order = order[drive_s[order] <= LONGEST_S]
        parts.append(_catchment(str(mall_id), market_id, cell[order], drive_s[order]))
    return pa.concat_tables(parts) if parts else _catchment("", market_id, cell[:0], cell[:0])


def _catchment(mall_id: str, market_id: str, cell: Integers, drive_s: Integers) -> pa.Table:
    texts = {name: pa.repeat(pa.scalar(value, pa.string()), len(cell)) for name, value in (("mall_id", mall_id), ("market_id", market_id))}
    return pa.table(
        {
            **texts,
            "cell": pa.array(cell, pa.int64()),
            "drive_s": pa.array(drive_s, pa.int64()),
            "drive_sdlog_permille": pa.array(np.full(len(cell), SDLOG_PERMILLE, np.int64)),
            "source": pa.repeat(pa.scalar(SOURCE, pa.string()), len(cell)),
        }
    )
