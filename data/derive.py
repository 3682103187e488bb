"""Derived columns: calendar columns, cells, durations and the stages of an order, computed once from staged rows.

The stages tile click-to-door to the second: ``prep + assign + approach + mall_dwell + drive + unsplit = click_to_door`` with nulls as 0,
for every delivered order whose known events are in order (GLOSSARY: the order's timeline).
"""

from data.contracts import BUCKETS, Table
from data.staging import has_zone, is_plausible

CUSTOMER_BUCKET = f"hash(coalesce(customer_id, order_id)) % {BUCKETS}"
"""SQL of an order's ``customer_bucket``."""

STAGES: tuple[str, ...] = ("prep_s", "assign_s", "approach_s", "mall_dwell_s", "drive_s")
"""Stages that, with ``unsplit_s``, add up to click-to-door; store_wait_s and handling_s divide mall_dwell_s."""


def derived(table: Table, relation: str) -> str:
    """Return the SQL of a table's rows with all columns of the contract, in its order.

    Parameters
    ----------
    table
        The contract.
    relation
        SQL of staged rows, already in the order in which they are stored.
    """
    below = f"({relation})"
    if table.name == "orders":
        below = f"({_staged_order(below)})"
    expressions = {**calendar(table), **_DERIVED.get(table.name, {})}
    loaded = {column.name: column.name for column in table.loaded}
    columns = ", ".join(f"({(loaded | expressions)[name]})::{table.column(name).kind.duckdb_type} AS {name}" for name in table.names)
    return f"SELECT {columns} FROM {below}"


def calendar(table: Table) -> dict[str, str]:
    """Return the SQL of a table's calendar columns over staged rows, by name; none for a table without instants of a market."""
    if not has_zone(table):
        return {}
    return {
        "local_date": "local_at::DATE",
        "local_hour": "hour(local_at)",
        "local_dow": "isodow(local_at)",
        "local_week_on": "local_at::DATE - ((isodow(local_at) - week_start + 7) % 7)::INTEGER",
    }


def _seconds(start: str, end: str) -> str:
    """Return the SQL of whole seconds between two instants, null where one is; exact because instants are whole seconds."""
    return f"date_diff('second', {start}, {end})"


def _span(start: str, end: str) -> str:
    return f"CASE WHEN {end} > {start} AND {is_plausible(start)} AND {is_plausible(end)} THEN {_seconds(start, end)} END"


def _staged_order(below: str) -> str:
    """Return orders with what all durations depend on: ``is_done``, ``is_tiled``, and the ready time after clamping from below."""
    is_done = f"coalesce(status = 'delivered' AND delivered_at >= placed_at AND {is_plausible('placed_at')}, false)"
    is_ready_known = f"coalesce(ready_at <= coalesce(picked_up_at, ready_at) AND {is_plausible('placed_at')}, false)"
    first = f"SELECT *, {is_done} AS is_done, {is_ready_known} AS is_ready_known, disorder = 0 AS is_in_order FROM {below}"
    # r of the glossary: ready clamped to [placed, picked up].
    clamped = "CASE WHEN ready_at IS NOT NULL THEN least(greatest(ready_at, placed_at), coalesce(picked_up_at, TIMESTAMP '2200-01-01')) END"
    second = f"SELECT *, is_done AND is_in_order AS is_tiled, {clamped} AS r FROM ({first})"
    # A null makes the whole stage null here: least and greatest would skip it.
    prep = "CASE WHEN is_tiled AND r IS NOT NULL AND accepted_at IS NOT NULL THEN date_diff('second', placed_at, least(r, accepted_at)) END"
    assign = "CASE WHEN is_tiled AND r IS NOT NULL AND accepted_at IS NOT NULL THEN greatest(0, date_diff('second', r, accepted_at)) END"
    wait = (
        "CASE WHEN is_tiled AND r IS NOT NULL AND arrived_at IS NOT NULL AND picked_up_at IS NOT NULL "
        "THEN greatest(0, date_diff('second', arrived_at, r)) END"
    )
    stages = {
        "prep_s": prep,
        "assign_s": assign,
        "approach_s": f"CASE WHEN is_tiled THEN {_seconds('accepted_at', 'arrived_at')} END",
        "store_wait_s": wait,
        "mall_dwell_s": f"CASE WHEN is_tiled THEN {_seconds('arrived_at', 'picked_up_at')} END",
        "drive_s": f"CASE WHEN is_tiled THEN {_seconds('picked_up_at', 'delivered_at')} END",
        "click_to_door_s": f"CASE WHEN is_done THEN {_seconds('placed_at', 'delivered_at')} END",
    }
    return f"SELECT *, {', '.join(f'{sql} AS {name}' for name, sql in stages.items())} FROM ({second})"


def _unless_negative(condition: str, start: str, end: str) -> str:
    return f"CASE WHEN {condition} AND {end} >= {start} THEN {_seconds(start, end)} END"


_DERIVED: dict[str, dict[str, str]] = {
    "malls": {"cell": "cell_at(latitude, longitude)"},
    "drivers": {"home_cell": "cell_at(home_latitude, home_longitude)"},
    "shifts": {"online_s": _span("start_at", "end_at"), "is_inferred": "false"},
    "offers": {"is_inferred": "false"},
    "trips": {"engaged_s": _span("accepted_at", "ended_at"), "is_inferred": "false"},
    "orders": {
        "dropoff_cell": "coalesce(cell_at(dropoff_latitude, dropoff_longitude), dropoff_cell)",
        "distance_m": "distance_m",
        **{name: name for name in (*STAGES, "click_to_door_s", "store_wait_s")},
        "ready_to_door_s": _unless_negative("is_done AND is_ready_known", "ready_at", "delivered_at"),
        "ready_to_pickup_s": _unless_negative("is_done AND is_ready_known", "ready_at", "picked_up_at"),
        "placed_to_ready_s": _unless_negative("is_ready_known", "placed_at", "ready_at"),
        "late_s": f"CASE WHEN is_done THEN {_seconds('promised_by', 'delivered_at')} END",
        "handling_s": "mall_dwell_s - store_wait_s",
        "customer_bucket": CUSTOMER_BUCKET,
        "unsplit_s": "CASE WHEN is_tiled THEN click_to_door_s - " + " - ".join(f"coalesce({name}, 0)" for name in STAGES) + " END",
    },
}
