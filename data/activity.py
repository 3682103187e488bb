"""What drivers do in every hour of their shifts: the derived table ``shift_activity``.

Two unions of intervals make it. Overlapping shifts of a driver become one; within each, overlapping trips count once: every span gives what
lies beyond the latest end before it (``end - greatest(start, max(end) before)``). Only shifts in which trips do overlap need that, for it
costs most. What is left is cut at market-local hours, so that every filter is a sum. Instants are whole seconds since 1970, moved by the
zone's minutes where its hours do not begin with those of UTC; malls, markets and shifts go by numbers until the rows are written.
"""

from typing import Final

import duckdb

from data.contracts import SHIFT_ACTIVITY
from data.staging import UTC

READS: Final = frozenset({"markets", "shifts", "trips", "offers", "orders"})
"""Tables from which the activity follows."""

_HOUR_S: Final = 3600


def _epoch_s(instant: str) -> str:
    return f"date_diff('second', TIMESTAMP '1970-01-01', {instant})"


_ZONES = f"""
SELECT row_number() OVER (ORDER BY market_id)::INTEGER AS zone, market_id, time_zone, week_start,
    {_epoch_s(f"timezone(time_zone, TIMESTAMP '2026-01-01' AT TIME ZONE '{UTC}')")} % {_HOUR_S} AS phase_s
FROM now_markets
"""
"""Seconds by which a zone's hours begin before those of UTC. A change of the clock by part of an hour is not known of any market."""

_MALLS = """
SELECT row_number() OVER (ORDER BY mall_id)::INTEGER AS mall, mall_id FROM (
    SELECT mall_id FROM now_shifts UNION SELECT mall_id FROM now_trips UNION SELECT mall_id FROM now_offers
) WHERE mall_id IS NOT NULL
"""

_NUMBERED = f"""
WITH homes AS (
    SELECT driver_id, min(market_id) AS market_id FROM now_trips GROUP BY driver_id
), spans AS (
    SELECT shift.driver_id, shift_id, mall_id, is_inferred, {_epoch_s("start_at")} AS start_s, {_epoch_s("end_at")} AS end_s,
        coalesce(shift.market_id, homes.market_id, (SELECT min(market_id) FROM now_markets HAVING count(*) = 1)) AS market_id
    FROM now_shifts AS shift LEFT JOIN homes ON shift.driver_id = homes.driver_id WHERE online_s > 0
), marked AS (
    SELECT *, coalesce(start_s >= max(end_s) OVER before, true) AS is_first
    FROM spans WINDOW before AS (PARTITION BY driver_id ORDER BY start_s, shift_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT *, (sum(is_first::INTEGER) OVER here)::INTEGER AS number
FROM marked WINDOW here AS (ORDER BY driver_id, start_s, shift_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
"""
"""Shifts with the number of the merged shift that each is part of; the numbers of one driver follow on each other."""

_SHIFTS = """
SELECT shift.*, coalesce(zone, 0) AS zone, coalesce(phase_s, 0) AS phase_s, min(number) OVER (PARTITION BY driver_id) AS first_number,
    lead(start_s) OVER (PARTITION BY driver_id ORDER BY number) AS next_start_s
FROM (
    SELECT number, driver_id, min(shift_id) FILTER (is_first) AS shift_id, coalesce(min(market_id) FILTER (is_first), min(market_id))
        AS market_id, min(start_s) AS start_s, max(end_s) AS end_s, bool_or(coalesce(is_inferred, false)) AS is_inferred
    FROM scratch.numbered_shifts GROUP BY number, driver_id
) AS shift LEFT JOIN scratch.zones ON zones.market_id = shift.market_id
"""

_WITHIN_TRIPS: Final = ("loaded_from_s", "driven_to_s", "served_from_s")

_TRIPS = f"""
WITH packed AS (
    SELECT trip_id, max(ready_at) AS ready_at, count(ready_at) = count(*) AS is_known
    FROM now_orders WHERE trip_id IS NOT NULL GROUP BY trip_id
), spans AS (
    SELECT driver_id, mall_id, is_inferred, {_epoch_s("accepted_at")} AS start_s, {_epoch_s("ended_at")} AS end_s,
        {_epoch_s("arrived_at")} AS arrived_s, {_epoch_s("picked_up_at")} AS picked_up_s, {_epoch_s("ready_at")} AS ready_s,
        coalesce(status = 'cancelled', false) AND picked_up_at IS NULL AS is_empty, coalesce(packed.is_known, false) AS is_ready_known
    FROM now_trips AS trip LEFT JOIN packed ON packed.trip_id = trip.trip_id WHERE engaged_s > 0
), known AS (
    SELECT *, coalesce(is_empty OR picked_up_s BETWEEN start_s AND end_s, false) AS is_loaded_known,
        coalesce(CASE WHEN is_empty THEN arrived_s IS NULL OR arrived_s BETWEEN start_s AND end_s
            ELSE start_s <= arrived_s AND arrived_s <= picked_up_s AND picked_up_s <= end_s AND is_ready_known END, false) AS is_work_known
    FROM spans
), cut AS (
    SELECT driver_id, coalesce(mall, 0) AS mall, coalesce(is_inferred, false) AS is_inferred, start_s, end_s,
        is_loaded_known, is_work_known,
        CASE WHEN is_loaded_known AND NOT is_empty THEN picked_up_s ELSE end_s END AS loaded_from_s,
        CASE WHEN NOT is_work_known THEN start_s WHEN is_empty THEN coalesce(arrived_s, end_s) ELSE arrived_s END AS driven_to_s,
        CASE WHEN is_work_known AND NOT is_empty THEN least(picked_up_s, greatest(arrived_s, ready_s)) ELSE end_s END AS served_from_s
    FROM known LEFT JOIN scratch.malls_named USING (mall_id)
), reaching AS (
    SELECT trip.*, shift.number, shift.end_s AS offline_s, shift.next_start_s
    FROM cut AS trip ASOF LEFT JOIN scratch.merged_shifts AS shift ON shift.driver_id = trip.driver_id AND trip.start_s >= shift.start_s
), touching AS (
    SELECT * EXCLUDE (driver_id, offline_s, next_start_s)
    FROM reaching WHERE start_s < offline_s AND (next_start_s IS NULL OR end_s <= next_start_s)
    UNION ALL SELECT trip.* EXCLUDE (driver_id, number, offline_s, next_start_s), unnest(range(
        CASE WHEN trip.number IS NULL THEN latest.first_number WHEN offline_s > trip.start_s THEN trip.number ELSE trip.number + 1 END,
        latest.number + 1))::INTEGER AS number
    FROM (FROM reaching WHERE number IS NULL OR end_s > next_start_s) AS trip
        ASOF JOIN scratch.merged_shifts AS latest ON latest.driver_id = trip.driver_id AND trip.end_s > latest.start_s
), clipped AS (
    SELECT trip.* REPLACE (greatest(trip.start_s, shift.start_s) AS start_s, least(trip.end_s, shift.end_s) AS end_s), zone, phase_s
    FROM touching AS trip JOIN scratch.merged_shifts AS shift ON shift.number = trip.number
)
SELECT number, zone, mall, is_inferred, is_loaded_known, is_work_known, start_s + phase_s AS start_s, end_s + phase_s AS end_s,
    {", ".join(f"least(greatest({each}, start_s), end_s) + phase_s AS {each}" for each in _WITHIN_TRIPS)}
FROM clipped
"""
"""Trips, clipped to each merged shift that they reach into; a trip may begin before a shift, outlast it, and reach into the next.

Goods are aboard from ``loaded_from_s`` to the end. Work is done to ``driven_to_s`` and from ``served_from_s`` on: at the mall a driver
waits from the arrival until the last order is packed, no longer than to the departure.
"""

_MALLS_OF_SHIFTS = f"""
WITH carried AS (
    SELECT DISTINCT number, mall_id FROM scratch.numbered_shifts WHERE mall_id IS NOT NULL
), free AS (
    SELECT number, driver_id, start_s, end_s FROM scratch.merged_shifts WHERE number NOT IN (SELECT number FROM carried)
), moments AS (
    SELECT driver_id, mall_id, {_epoch_s("shown_at")} AS at_s FROM now_offers
    UNION ALL SELECT driver_id, mall_id, {_epoch_s("accepted_at")} FROM now_trips WHERE engaged_s IS NULL
), meant AS (
    SELECT * FROM moments WHERE mall_id IS NOT NULL AND driver_id IN (SELECT driver_id FROM free)
), named AS (
    FROM carried
    UNION SELECT free.number, meant.mall_id
        FROM meant ASOF JOIN free ON free.driver_id = meant.driver_id AND meant.at_s >= free.start_s WHERE meant.at_s < free.end_s
)
SELECT number, mall FROM named JOIN scratch.malls_named USING (mall_id)
UNION SELECT number, mall FROM scratch.shift_trips WHERE mall > 0 AND number IN (SELECT number FROM free)
"""
"""The malls whose drivers' shift it is: those that it carries, else those of its offers and trips."""

_CROWDED = """
SELECT DISTINCT number FROM (
    SELECT number, start_s < max(end_s) OVER before AS is_crowded FROM scratch.shift_trips
    WINDOW before AS (PARTITION BY number ORDER BY start_s, end_s ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
) WHERE is_crowded
"""
"""Shifts in which trips overlap."""

_HOURS = f"""
WITH spans AS (
    SELECT zone, min(start_s + phase_s) // {_HOUR_S} AS first_hour, max(end_s + phase_s) // {_HOUR_S} AS last_hour
    FROM scratch.merged_shifts GROUP BY zone
), instants AS (
    SELECT zone, unnest(range(first_hour, last_hour + 1)) AS hour FROM spans
), clocks AS (
    SELECT zone, hour, week_start,
        timezone(time_zone, (TIMESTAMP '1970-01-01' + to_seconds(hour * {_HOUR_S} - phase_s)) AT TIME ZONE '{UTC}') AS local_at
    FROM instants JOIN scratch.zones USING (zone)
)
SELECT zone, hour, min(hour) OVER (PARTITION BY zone, local_at) AS first_hour, local_at::DATE AS local_date, hour(local_at) AS local_hour,
    isodow(local_at) AS local_dow, local_at::DATE - ((isodow(local_at) - week_start + 7) % 7)::INTEGER AS local_week_on
FROM clocks
"""
"""Every hour of every market on its local clock; an hour that a clock change repeats goes by the first of the two."""


def _in_hour(start: str, end: str) -> str:
    """Return the SQL of the seconds of a span in ``hour``."""
    return f"greatest(0, least({end}, (hour + 1) * {_HOUR_S}) - greatest({start}, hour * {_HOUR_S}))"


_LOCAL_HOUR = "CASE WHEN zone > 0 THEN coalesce(first_hour, hour) ELSE 0 END"
_REPEATED = "LEFT JOIN (FROM scratch.hours WHERE first_hour <> hour) AS repeated USING (zone, hour)"

_ONLINE = f"""
WITH moved AS (
    SELECT number, zone, start_s + phase_s AS start_s, end_s + phase_s AS end_s FROM scratch.merged_shifts
), cut AS (
    SELECT *, unnest(range(start_s // {_HOUR_S}, (end_s - 1) // {_HOUR_S} + 1)) AS hour FROM moved
)
SELECT number, zone, ({_LOCAL_HOUR})::INTEGER AS hour, sum({_in_hour("start_s", "end_s")})::INTEGER AS online_s
FROM cut {_REPEATED} GROUP BY ALL
"""

_SPARSE = f"""
WITH cut AS (
    SELECT number, zone, mall, start_s, end_s, loaded_from_s, driven_to_s, served_from_s,
        unnest(range(start_s // {_HOUR_S}, (end_s - 1) // {_HOUR_S} + 1)) AS hour
    FROM scratch.shift_trips WHERE number NOT IN (FROM scratch.crowded_shifts)
)
SELECT number, ({_LOCAL_HOUR})::INTEGER AS hour, mall, sum({_in_hour("start_s", "end_s")})::INTEGER AS engaged_s,
    sum({_in_hour("loaded_from_s", "end_s")})::INTEGER AS loaded_s,
    sum({_in_hour("start_s", "driven_to_s")} + {_in_hour("served_from_s", "end_s")})::INTEGER AS work_s
FROM cut {_REPEATED} GROUP BY ALL
"""
"""Time on trips by hour and mall, of shifts in which trips follow one another: then their parts do not overlap either."""

_SPANS = """
SELECT number, zone, {mall} AS mall, '{kind}' AS kind, {start} AS start_s, {end} AS end_s
FROM scratch.shift_trips WHERE number IN (FROM scratch.crowded_shifts) AND {end} > {start}
"""
_KINDS: Final = (
    ("engaged", "NULL::INTEGER", "start_s", "end_s"),
    ("engaged", "mall", "start_s", "end_s"),
    ("loaded", "NULL::INTEGER", "loaded_from_s", "end_s"),
    ("work", "NULL::INTEGER", "start_s", "driven_to_s"),
    ("work", "NULL::INTEGER", "served_from_s", "end_s"),
)

_PIECE_S: Final = _in_hour("start_s", "end_s")

_UNITED = f"""
WITH spans AS (
    {" UNION ALL ".join(_SPANS.format(kind=kind, mall=mall, start=start, end=end) for kind, mall, start, end in _KINDS)}
), pieces AS (
    SELECT number, zone, mall, kind, greatest(start_s, coalesce(max(end_s) OVER before, start_s)) AS start_s, end_s FROM spans
    WINDOW before AS (PARTITION BY number, kind, mall ORDER BY start_s, end_s ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
), cut AS (
    SELECT *, unnest(range(start_s // {_HOUR_S}, (end_s - 1) // {_HOUR_S} + 1)) AS hour FROM pieces WHERE end_s > start_s
)
SELECT number, ({_LOCAL_HOUR})::INTEGER AS hour, mall,
    {", ".join(f"(sum({_PIECE_S}) FILTER (kind = '{kind}'))::INTEGER AS {kind}_s" for kind in dict.fromkeys(kind for kind, *_ in _KINDS))}
FROM cut {_REPEATED} GROUP BY ALL
"""
"""The same of shifts in which trips overlap, of the whole (mall is null) and of each mall."""

_NO_END: Final = "ended_at IS NULL OR ended_at < accepted_at"
"""A trip whose end is unknown, or before its start; one that ends in the second in which it begins took no time."""

_UNENDED = f"""
WITH begun AS (
    SELECT driver_id, {_epoch_s("accepted_at")} AS start_s FROM now_trips WHERE {_NO_END}
)
SELECT DISTINCT number FROM begun ASOF JOIN scratch.merged_shifts AS shift
    ON shift.driver_id = begun.driver_id AND begun.start_s >= shift.start_s
WHERE begun.start_s < shift.end_s
"""
"""Shifts in which a trip begins that has no end: how long the driver was engaged is unknown too."""

_MARKETS_WITH_TRIPS = """
SELECT market_id FROM now_trips WHERE market_id IS NOT NULL AND engaged_s IS NOT NULL
UNION SELECT market_id FROM scratch.zones WHERE zone IN (SELECT zone FROM scratch.shift_trips)
"""

_VIEWS = """
WITH busy AS (
    SELECT number, hour, sum(engaged_s)::INTEGER AS engaged_s, sum(loaded_s)::INTEGER AS loaded_s, sum(work_s)::INTEGER AS work_s
    FROM scratch.sparse_hours GROUP BY number, hour
    UNION ALL SELECT number, hour, engaged_s, loaded_s, work_s FROM scratch.united_hours WHERE mall IS NULL
), whole AS (
    SELECT online.*, coalesce(engaged_s, 0) AS engaged_s, coalesce(loaded_s, 0) AS loaded_s, coalesce(work_s, 0) AS work_s
    FROM scratch.online_hours AS online LEFT JOIN busy USING (number, hour)
), here AS (
    SELECT number, hour, mall, engaged_s FROM scratch.sparse_hours
    UNION ALL SELECT number, hour, mall, engaged_s FROM scratch.united_hours WHERE mall IS NOT NULL
)
SELECT NULL::INTEGER AS mall, whole.*, engaged_s AS here_s FROM whole
UNION ALL SELECT mall, whole.*, coalesce(here.engaged_s, 0) AS here_s
FROM scratch.shift_malls JOIN whole USING (number) LEFT JOIN here USING (number, hour, mall)
ORDER BY mall, zone, hour, number
"""
"""The rows as numbers, in the order in which they are stored."""

_ROWS = """
WITH told AS (
    SELECT number, bool_or(is_inferred) AS has_inferred_trips, bool_and(is_loaded_known) AS is_loaded_known,
        bool_and(is_work_known) AS is_work_known FROM scratch.shift_trips GROUP BY number
), shifts AS (
    SELECT shift.number, shift.market_id, driver_id, shift_id, is_inferred, coalesce(has_inferred_trips, false) AS has_inferred_trips,
        busy.market_id IS NOT NULL AND unended.number IS NULL AS is_known, is_known AND coalesce(is_loaded_known, true) AS is_loaded_known,
        is_known AND coalesce(is_work_known, true) AS is_work_known
    FROM scratch.merged_shifts AS shift LEFT JOIN told ON told.number = shift.number
        LEFT JOIN scratch.unended_shifts AS unended ON unended.number = shift.number
        LEFT JOIN scratch.markets_with_trips AS busy ON busy.market_id = shift.market_id
)
SELECT mall_id, market_id, driver_id, shift_id, local_date, local_hour, local_dow, local_week_on, online_s,
    CASE WHEN is_known THEN engaged_s END AS engaged_s, CASE WHEN is_known THEN here_s END AS engaged_here_s,
    CASE WHEN is_loaded_known THEN loaded_s END AS loaded_s, CASE WHEN is_work_known THEN work_s END AS work_s,
    is_inferred, has_inferred_trips
FROM scratch.shift_views AS views JOIN shifts USING (number) LEFT JOIN scratch.malls_named USING (mall)
    LEFT JOIN scratch.hours USING (zone, hour)
"""

_STEPS: Final = {
    "zones": _ZONES,
    "malls_named": _MALLS,
    "numbered_shifts": _NUMBERED,
    "merged_shifts": _SHIFTS,
    "hours": _HOURS,
    "shift_trips": _TRIPS,
    "shift_malls": _MALLS_OF_SHIFTS,
    "crowded_shifts": _CROWDED,
    "online_hours": _ONLINE,
    "sparse_hours": _SPARSE,
    "united_hours": _UNITED,
    "unended_shifts": _UNENDED,
    "markets_with_trips": _MARKETS_WITH_TRIPS,
    "shift_views": _VIEWS,
}


_OUTSIDE_IN: Final = 20
"""One trip in so many may lie outside all shifts before it is told: such trips are no engaged time."""

_TOLD = f"""
WITH spans AS (
    SELECT driver_id, {_epoch_s("accepted_at")} AS start_s, {_epoch_s("ended_at")} AS end_s FROM now_trips WHERE engaged_s > 0
), strangers AS (
    SELECT count(*) AS trips, min(driver_id) AS driver_id FROM spans WHERE driver_id NOT IN (SELECT driver_id FROM scratch.merged_shifts)
), inside AS (
    SELECT count(*) AS trips FROM spans ASOF JOIN scratch.merged_shifts AS shift
        ON shift.driver_id = spans.driver_id AND spans.end_s > shift.start_s
    WHERE shift.end_s > spans.start_s
)
SELECT (SELECT count(*) FROM spans) AS trips, (SELECT trips FROM inside) AS inside,
    strangers.trips AS strangers, strangers.driver_id AS stranger, (SELECT min(driver_id) FROM scratch.merged_shifts) AS known,
    (SELECT count(*) FROM now_trips WHERE {_NO_END}) AS unended,
    (SELECT count(*) FROM scratch.unended_shifts) AS unknown, (SELECT count(*) FROM scratch.merged_shifts) AS shifts
FROM strangers
"""


def _remarks(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return in words what keeps engaged time from being known: trips outside all shifts, trips without an end."""
    (told,) = connection.sql(_TOLD).to_arrow_table().to_pylist()
    remarks = []
    outside = told["trips"] - told["inside"]
    if told["shifts"] and outside * _OUTSIDE_IN > told["trips"]:
        whose = f" ({told['strangers']:,} are of drivers without a shift, such as {told['stranger']})" if told["strangers"] else ""
        remarks.append(
            f"trips: {outside:,} of {told['trips']:,} lie outside the shifts of their drivers and are no engaged time{whose}; compare how "
            f"trips and shifts write drivers, such as {told['known']}, and their time zones"
        )
    if told["unknown"]:
        remarks.append(
            f"trips: {told['unended']:,} have no usable end, so the engaged time of {told['unknown']:,} of {told['shifts']:,} shifts is "
            "unknown; a mapping may leave such trips out (except), or end them with the last event known (first_of)"
        )
    return remarks


def write(connection: duckdb.DuckDBPyConnection) -> tuple[int, list[str]]:
    """Make ``built.shift_activity`` from ``now_shifts``, ``now_trips``, ``now_offers``, ``now_orders`` and ``now_markets``.

    Returns
    -------
    tuple of int and list of str
        Rows written, and what keeps engaged time from being known, in words.
    """
    for name, sql in _STEPS.items():
        connection.execute(f"CREATE TABLE scratch.{name} AS {sql}")
    connection.execute(SHIFT_ACTIVITY.ddl("built.shift_activity"))
    connection.execute(f"INSERT INTO built.shift_activity SELECT {', '.join(SHIFT_ACTIVITY.names)} FROM ({_ROWS})")
    remarks = _remarks(connection)
    for name in _STEPS:
        connection.execute(f"DROP TABLE scratch.{name}")
    (rows,) = connection.execute("SELECT count(*) FROM built.shift_activity").fetchone() or (0,)
    return int(rows), remarks
