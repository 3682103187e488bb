"""Which drives say how long the way is: single drops, a bounded sample of them.

A drive is clean where its order is the only one of its trip, was delivered to a known door (not to an area), and went neither slower than
a walk's worth of patience nor faster than a car: 1 minute to 2 hours, at most 40 m/s along the straight line. The sample takes whole
trips by a hash of their ids, so that it knows which orders rode alone, and takes the same ones whatever the order of loading.
"""

from typing import Final

import duckdb
import numpy as np

from data.cells import centers
from data.contracts import table
from data.derive import calendar
from data.staging import UTC
from data.travel_time.calibration import Drives

MOST_PER_MALL: Final = 6_000
MOST: Final = 240_000
"""Drives that are sampled: of one mall, and of all."""

_SAMPLED = f"""
CREATE OR REPLACE TABLE scratch.sampled_drives AS
WITH counted AS (
    SELECT mall_id, count(*) AS orders FROM now_orders WHERE drive_s IS NOT NULL AND mall_id IS NOT NULL GROUP BY ALL
), every AS (
    SELECT mall_id, greatest(1, orders // least({MOST_PER_MALL}, {MOST} // (SELECT count(*) FROM counted))) AS nth FROM counted
), trips AS (
    SELECT orders.*, count(*) OVER (PARTITION BY coalesce(orders.trip_id, orders.order_id)) AS drops
    FROM now_orders AS orders JOIN every USING (mall_id)
    WHERE hash(coalesce(orders.trip_id, orders.order_id)) % every.nth = 0
), clean AS (
    SELECT trips.*, market.week_start, timezone(market.time_zone, trips.picked_up_at AT TIME ZONE '{UTC}') AS local_at
    FROM trips JOIN now_markets AS market USING (market_id)
    WHERE drops = 1 AND status = 'delivered' AND drive_s BETWEEN 60 AND 7200 AND distance_m <= 40 * drive_s
        AND dropoff_cell IS NOT NULL AND NOT coalesce(is_dropoff_area, false)
)
SELECT * FROM clean ORDER BY order_id
"""

_MADE = ("line_from_m", "modelled_s", "modelled_from_s", "source")

_ROWS = """
SELECT order_id, mall_id, dropoff_cell, distance_m, drive_s, local_hour, local_dow
FROM scratch.drives WHERE market_id = ? ORDER BY order_id
"""


def sample(connection: duckdb.DuckDBPyConnection) -> None:
    """Make ``scratch.drives``: the sample with all columns of the contract ``drives`` but what a model made of them."""
    connection.execute(_SAMPLED)
    local = calendar(table("drives"))
    kept = ", ".join(name for name in table("drives").names if name not in {*local, *_MADE})
    made = ", ".join(f"({sql})::{table('drives').column(name).kind.duckdb_type} AS {name}" for name, sql in local.items())
    connection.execute(f"CREATE OR REPLACE TABLE scratch.drives AS SELECT {kept}, {made} FROM scratch.sampled_drives ORDER BY order_id")
    connection.execute("DROP TABLE scratch.sampled_drives")


def drives_of_market(connection: duckdb.DuckDBPyConnection, market_id: str, malls: list[str]) -> Drives:
    """Return the sampled drives of one market, by order.

    Parameters
    ----------
    connection
        Has ``scratch.drives``.
    market_id
        Market.
    malls
        The market's malls; drives name them by their position.
    """
    rows = connection.sql(_ROWS, params=[market_id]).to_arrow_table()
    position = {mall_id: place for place, mall_id in enumerate(malls)}
    mall = np.array([position.get(each, -1) for each in rows["mall_id"].to_pylist()], np.int64)
    cell, line_m, drive_s, hour, weekday = (
        rows[name].to_numpy().astype(np.int64) for name in ("dropoff_cell", "distance_m", "drive_s", "local_hour", "local_dow")
    )
    latitude, longitude = centers(cell)
    drives = Drives(mall, cell, latitude, longitude, line_m.astype(float), hour, (weekday >= 6).astype(np.int64), drive_s.astype(float))
    return drives.where(mall >= 0)
