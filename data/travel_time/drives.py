"""Which drives say how long the way is: single drops, a bounded sample of them.

A drive is clean where its order is the only one of its trip, was delivered to a known door (not to an area), and went neither slower than
a walk's worth of patience nor faster than a car: 1 minute to 2 hours, at most 40 m/s along the straight line. The sample takes all that a
driver picked up within an hour, or nothing of it, by a hash: so it sees which orders rode together, takes the same ones whatever the order
of loading, and reads no long column of all orders.
"""

from typing import Final

import duckdb
import numpy as np
import pyarrow as pa

from data.cells import centers
from data.contracts import table
from data.derive import calendar
from data.staging import UTC
from data.travel_time.calibration import Drives

MOST_PER_MALL: Final = 20_000
MOST: Final = 400_000
"""Orders that are sampled, at the most: of one mall, and of all."""

_HOUR = "hash(driver_id, epoch_us(picked_up_at) // 3600000000)"
_EVERY = """
SELECT mall_id, greatest(0, ceil(log2(orders / least({most_per_mall}, {most} / (SELECT count(DISTINCT mall_id) FROM now_orders))) / 2))
FROM (SELECT mall_id, count(*) AS orders FROM now_orders WHERE drive_s IS NOT NULL AND mall_id IS NOT NULL GROUP BY mall_id)
"""
"""Per mall the power of four of which one driver's hour in so many is taken. Few powers: each of them is one pass over the orders."""

_COLUMNS = "order_id, trip_id, market_id, mall_id, customer_id, status, picked_up_at, drive_s, distance_m, dropoff_cell, is_dropoff_area"
_SAMPLED = f"""
CREATE OR REPLACE TABLE scratch.sampled_drives AS
WITH trips AS (
    SELECT *, count(*) OVER (PARTITION BY coalesce(trip_id, order_id)) AS drops FROM ({{rides}})
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
    connection.execute(_SAMPLED.format(rides=_rides(connection)))
    local = calendar(table("drives"))
    kept = ", ".join(name for name in table("drives").names if name not in {*local, *_MADE})
    made = ", ".join(f"({sql})::{table('drives').column(name).kind.duckdb_type} AS {name}" for name, sql in local.items())
    connection.execute(f"CREATE OR REPLACE TABLE scratch.drives AS SELECT {kept}, {made} FROM scratch.sampled_drives ORDER BY order_id")
    connection.execute("DROP TABLE scratch.sampled_drives")


def _rides(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the SQL of the sampled orders: malls of one power at a time."""
    malls: dict[int, list[str]] = {}
    for mall_id, power in connection.execute(_EVERY.format(most_per_mall=MOST_PER_MALL, most=MOST)).fetchall():
        malls.setdefault(int(power), []).append(mall_id)
    passes = []
    for power, names in sorted(malls.items()):
        those = ", ".join("'" + name.replace("'", "''") + "'" for name in sorted(names))
        here = "mall_id IS NOT NULL" if len(malls) == 1 else f"mall_id IN (SELECT unnest([{those}]))"
        chosen = f"{_HOUR} % {4**power} = 0 AND " if power else ""
        passes.append(f"SELECT {_COLUMNS} FROM now_orders WHERE {chosen}{here}")
    return " UNION ALL ".join(passes) or f"SELECT {_COLUMNS} FROM now_orders WHERE false"


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
    return drives_of(connection.sql(_ROWS, params=[market_id]).to_arrow_table(), malls)


def drives_of(rows: pa.Table, malls: list[str]) -> Drives:
    """Return rows of the table ``drives`` as a fit takes them; those of other malls are left out.

    Parameters
    ----------
    rows
        ``mall_id``, ``dropoff_cell``, ``distance_m``, ``drive_s``, ``local_hour``, ``local_dow``.
    malls
        The market's malls; drives name them by their position.
    """
    position = {mall_id: place for place, mall_id in enumerate(malls)}
    mall = np.array([position.get(each, -1) for each in rows["mall_id"].to_pylist()], np.int64)
    cell, line_m, drive_s, hour, weekday = (
        rows[name].to_numpy().astype(np.int64) for name in ("dropoff_cell", "distance_m", "drive_s", "local_hour", "local_dow")
    )
    latitude, longitude = centers(cell)
    drives = Drives(mall, cell, latitude, longitude, line_m.astype(float), hour, (weekday >= 6).astype(np.int64), drive_s.astype(float))
    return drives.where(mall >= 0)
