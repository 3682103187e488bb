"""Tables that no source gives, inferred from others at load: trips from orders, shifts from orders and trips, offers from trips.

Every inferred row bears ``is_inferred`` and an id that begins with ``inferred-``. Inferred tables are made anew from all rows whenever a
mapping asks for them, so that the order in which days are loaded does not matter; where that changes nothing, nothing is published.
"""

from collections.abc import Callable, Mapping

import duckdb

from data.contracts import Table, table
from data.derivations import Derivations
from data.derive import derived
from data.staging import UTC

PREFIX = "inferred-"
"""What the ids of inferred rows begin with."""

_START = "coalesce(accepted_at, arrived_at, picked_up_at)"
_END = "greatest(accepted_at, arrived_at, picked_up_at, delivered_at)"

_CHAINED = f"""
CREATE OR REPLACE TABLE scratch.chained AS
WITH spans AS (
    SELECT order_id, driver_id, mall_id, market_id, picked_up_at, {_START} AS start_at, {_END} AS end_at FROM now_orders
    WHERE driver_id IS NOT NULL AND {_START} IS NOT NULL AND coalesce(starts_with(trip_id, '{PREFIX}'), true)
), marked AS (
    SELECT *, coalesce(start_at >= max(end_at) OVER before AND NOT coalesce(picked_up_at = lag(picked_up_at) OVER here, false), true)
        AS is_first
    FROM spans WINDOW here AS (PARTITION BY driver_id, mall_id, market_id ORDER BY start_at, order_id),
        before AS (PARTITION BY driver_id, mall_id, market_id ORDER BY start_at, order_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
), numbered AS (
    SELECT *, sum(is_first::INTEGER) OVER (PARTITION BY driver_id, mall_id, market_id ORDER BY start_at, order_id) AS number FROM marked
)
SELECT order_id, '{PREFIX}'
    || first_value(order_id) OVER (PARTITION BY driver_id, mall_id, market_id, number ORDER BY start_at, order_id) AS trip_id
FROM numbered
"""
"""Orders of one driver and one mall whose spans from accept to door overlap, or that were picked up at the same second, are one trip."""

_TRIPS = f"""
SELECT trip_id, min(market_id) AS market_id, min(mall_id) AS mall_id, min(driver_id) AS driver_id, min({_START}) AS accepted_at,
    min(arrived_at) AS arrived_at, min(picked_up_at) AS picked_up_at, max({_END}) AS ended_at,
    CASE WHEN bool_or(status = 'delivered') THEN 'completed' WHEN bool_and(status = 'cancelled') THEN 'cancelled' END AS status,
    count(*) AS order_count, nullif(count(DISTINCT store_id), 0) AS store_count,
    NULL AS pay_cents, NULL AS empty_m, NULL AS loaded_m
FROM now_orders WHERE starts_with(trip_id, '{PREFIX}') GROUP BY trip_id
"""

_SHIFTS = f"""
WITH spans AS (
    SELECT driver_id, market_id, {_START} AS start_at, {_END} AS end_at FROM now_orders
    UNION ALL SELECT driver_id, market_id, accepted_at, coalesce(ended_at, accepted_at) FROM now_trips
), known AS (
    SELECT * FROM spans WHERE driver_id IS NOT NULL AND start_at IS NOT NULL
        AND driver_id NOT IN (SELECT driver_id FROM now_shifts WHERE NOT coalesce(is_inferred, false))
), marked AS (
    SELECT *, coalesce(date_diff('second', max(end_at) OVER before, start_at) > $gap_s, true) AS is_first
    FROM known
    WINDOW before AS (PARTITION BY driver_id ORDER BY start_at, end_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
), numbered AS (
    SELECT *, sum(is_first::INTEGER) OVER (
        PARTITION BY driver_id ORDER BY start_at, end_at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS number FROM marked
)
SELECT '{PREFIX}' || driver_id || '-' || strftime(min(start_at), '%Y%m%dT%H%M%S') AS shift_id, driver_id, min(market_id) AS market_id,
    NULL AS mall_id, min(start_at) AS start_at, max(end_at) AS end_at
FROM numbered GROUP BY driver_id, number HAVING max(end_at) > min(start_at)
"""

_OFFERS = f"""
SELECT '{PREFIX}offer-' || trip_id AS offer_id, market_id, mall_id, driver_id, trip_id, accepted_at AS shown_at, accepted_at AS decided_at,
    'accepted' AS status, order_count, pay_cents, NULL AS distance_m
FROM now_trips
WHERE accepted_at IS NOT NULL AND trip_id NOT IN (
    SELECT trip_id FROM now_offers WHERE trip_id IS NOT NULL AND NOT coalesce(is_inferred, false))
"""

ROWS: Mapping[str, str] = {"trips": _TRIPS, "shifts": _SHIFTS, "offers": _OFFERS}
"""The rows of each table that can be inferred, in the order in which they build on each other."""

_SAID = {
    "trips": "{rows:,} trips inferred from orders: one driver's overlapping orders of one mall are one trip; figures of trips rest on that",
    "shifts": "{rows:,} shifts inferred from first to last event, cut where a driver rests over {hours:g} h; "
    "drivers were online longer, so that utilization is overstated",
    "offers": "{rows:,} offers inferred from trips, accepted ones only: "
    "nothing is known of offers declined, so the share accepted says nothing",
}


def chain_orders(connection: duckdb.DuckDBPyConnection) -> None:
    """Make ``scratch.chained``: the inferred trip of every order in ``now_orders`` that has a driver and no trip of a source's."""
    connection.execute(_CHAINED)


def inferred(connection: duckdb.DuckDBPyConnection, contract: Table, derivations: Derivations) -> tuple[bool, str]:
    """Infer a table: make ``scratch.inferred_<table>`` with all columns of the contract.

    Returns
    -------
    tuple of bool and str
        Whether that differs from the inferred rows in ``now_<table>``, and what was inferred, in words.
    """
    name = contract.name
    rows = ROWS[name].replace("$gap_s", str(derivations.gap_s))
    instant = contract.sort[1]
    local = (
        f"SELECT made.*, market.week_start, timezone(market.time_zone, made.{instant} AT TIME ZONE '{UTC}') AS local_at "
        f"FROM ({rows}) AS made LEFT JOIN now_markets AS market USING (market_id)"
    )
    columns = ", ".join(contract.names)
    made = f"SELECT {columns} FROM (SELECT * REPLACE (true AS is_inferred) FROM ({derived(contract, local)}))"
    connection.execute(f"CREATE TABLE scratch.inferred_{name} AS {made}")
    known = f"SELECT {columns} FROM now_{name} WHERE is_inferred"
    new = f"SELECT {columns} FROM scratch.inferred_{name}"
    (differing,) = connection.execute(f"SELECT count(*) FROM (({known} EXCEPT {new}) UNION ALL ({new} EXCEPT {known}))").fetchone() or (0,)
    (count,) = connection.execute(f"SELECT count(*) FROM scratch.inferred_{name}").fetchone() or (0,)
    return bool(differing), f"{name}: {_SAID[name].format(rows=count, hours=derivations.gap_s / 3600)}"


def write(connection: duckdb.DuckDBPyConnection, name: str, show: Callable[[], None]) -> int:
    """Write ``built.<name>``: what sources gave, and what was inferred; return its rows. ``show`` makes ``now_<name>`` anew."""
    contract = table(name)
    columns, order = ", ".join(contract.names), ", ".join(contract.sort)
    given = f"SELECT {columns} FROM now_{name} WHERE NOT coalesce(is_inferred, false)"
    connection.execute(f"CREATE TABLE scratch.all_{name} AS {given} UNION ALL SELECT {columns} FROM scratch.inferred_{name}")
    connection.execute(f"DROP VIEW now_{name}")
    for each in (name, f"{name}_superseded"):
        connection.execute(f"DROP TABLE IF EXISTS built.{each}")
    connection.execute(contract.ddl(f"built.{name}"))
    connection.execute(f"INSERT INTO built.{name} SELECT {columns} FROM scratch.all_{name} ORDER BY {order}")
    show()
    (rows,) = connection.execute(f"SELECT count(*) FROM built.{name}").fetchone() or (0,)
    return int(rows)


def write_trips_of_orders(connection: duckdb.DuckDBPyConnection, *, is_built: bool) -> int:
    """Give orders their inferred trips: those of this load where they stand, those that serve by a row that replaces them.

    Returns
    -------
    int
        How many rows that serve were replaced so.
    """
    if is_built:
        connection.execute(
            "UPDATE built.orders SET trip_id = chained.trip_id FROM scratch.chained AS chained WHERE orders.order_id = chained.order_id"
        )
    orders = table("orders")
    new = " AND now.order_id NOT IN (SELECT order_id FROM built.orders)" if is_built else ""
    moved = (
        "SELECT now.* REPLACE (chained.trip_id AS trip_id) FROM now_orders AS now JOIN scratch.chained AS chained USING (order_id) "
        f"WHERE now.trip_id IS DISTINCT FROM chained.trip_id{new}"
    )
    connection.execute(f"CREATE TABLE scratch.moved AS {moved}")
    (rows,) = connection.execute("SELECT count(*) FROM scratch.moved").fetchone() or (0,)
    if rows:
        connection.execute(orders.ddl("built.orders").replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS", 1))
        connection.execute("CREATE TABLE IF NOT EXISTS built.orders_superseded (order_id VARCHAR)")
        order = ", ".join(orders.sort)
        connection.execute(f"INSERT INTO built.orders SELECT {', '.join(orders.names)} FROM scratch.moved ORDER BY {order}")
        connection.execute("INSERT INTO built.orders_superseded SELECT order_id FROM scratch.moved")
    return int(rows)
