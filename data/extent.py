"""Which local days the orders of a market span, and which of them is the last complete one.

The last day of a source is often cut off in the middle. It counts as complete only if its last order was placed at most two hours earlier
(by the local clock) than the median of the last orders of the same weekday in the 8 weeks before (malls shut earlier on Sundays), or of
the 14 days with orders before it where that weekday was never seen; else the day before is the last complete one.

A few rows years away from all others (a wrong year) are no beginning and no end.
"""

from datetime import timedelta

import duckdb

from data.manifest import Extent

_DAYS_BEFORE = 14
_WEEKS_BEFORE = 8
_TOLERATED_S = 7200

_YEARS_APART_DAYS = 366
_LONE_SHARE = 0.25


def with_islands(days: str) -> str:
    """Return the SQL of days (``market_id, day, rows``) with ``is_lone``: set apart from the market's others by over a year without rows.

    Days that such gaps bound are an island; one with less than a quarter of the market's rows is lone, except the one with the most.
    """
    gaps = f"SELECT *, day - lag(day) OVER (PARTITION BY market_id ORDER BY day) > {_YEARS_APART_DAYS} AS is_gap FROM ({days})"
    islands = f"SELECT *, count(*) FILTER (WHERE is_gap) OVER (PARTITION BY market_id ORDER BY day) AS island FROM ({gaps})"
    weighed = f"SELECT *, sum(rows) OVER (PARTITION BY market_id, island) AS weight FROM ({islands})"
    return (
        f"SELECT * EXCLUDE (is_gap, island, weight), weight < {_LONE_SHARE} * sum(rows) OVER (PARTITION BY market_id) "
        f"AND weight < max(weight) OVER (PARTITION BY market_id) AS is_lone FROM ({weighed})"
    )


_DAYS = """
    SELECT market_id, local_date AS day, max(placed_at) AS last_at, count(*) AS rows FROM now_orders
    WHERE market_id IS NOT NULL AND local_date IS NOT NULL GROUP BY ALL
"""
_SQL = f"""
WITH days AS (
    SELECT market_id, day AS local_date, last_at FROM ({with_islands(_DAYS)}) WHERE NOT is_lone
), clocks AS (
    SELECT market_id, local_date,
        date_diff('second', local_date::TIMESTAMP, timezone(time_zone, last_at AT TIME ZONE 'UTC')) AS last_s,
        row_number() OVER (PARTITION BY market_id ORDER BY local_date DESC) AS place,
        max(local_date) OVER (PARTITION BY market_id) - local_date AS days_ago,
        min(local_date) OVER (PARTITION BY market_id) AS first_on
    FROM days JOIN now_markets USING (market_id)
)
SELECT market_id, any_value(first_on), max(local_date),
    max(last_s) FILTER (WHERE place = 1)
        >= coalesce(
            median(last_s) FILTER (WHERE days_ago % 7 = 0 AND days_ago BETWEEN 7 AND {_WEEKS_BEFORE * 7}),
            median(last_s) FILTER (WHERE place BETWEEN 2 AND {_DAYS_BEFORE + 1}),
            0
        ) - {_TOLERATED_S}
FROM clocks GROUP BY market_id ORDER BY market_id
"""


def extents(connection: duckdb.DuckDBPyConnection) -> dict[str, Extent]:
    """Return the extent of every market that has orders; reads ``now_orders`` and ``now_markets``."""
    rows = connection.execute(_SQL).fetchall()
    return {
        market: Extent(first_on, last_on if is_complete else last_on - timedelta(days=1)) for market, first_on, last_on, is_complete in rows
    }
