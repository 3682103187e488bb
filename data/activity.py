"""What drivers do in every hour of their shifts: the derived table ``shift_activity``.

Two unions of intervals make it. Overlapping shifts of a driver become one; within each, overlapping trips count once: every span gives what
lies beyond the latest end before it (``end - greatest(start, max(end) before)``). What is left is cut at market-local hours, so that every
filter is a sum. Instants are whole seconds since 1970, moved by the zone's minutes where its hours do not begin with those of UTC.
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
SELECT market_id, time_zone, week_start,
    {_epoch_s(f"timezone(time_zone, TIMESTAMP '2026-01-01' AT TIME ZONE '{UTC}')")} % {_HOUR_S} AS phase_s
FROM now_markets
"""
"""Seconds by which a zone's hours begin before those of UTC. A change of the clock by part of an hour is not known of any market."""

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
SELECT *, (sum(is_first::INTEGER) OVER here)::BIGINT AS number
FROM marked WINDOW here AS (ORDER BY driver_id, start_s, shift_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
"""
"""Shifts with the number of the merged shift that each is part of; the numbers of one driver follow on each other."""

_SHIFTS = """
SELECT shift.*, min(number) OVER (PARTITION BY driver_id) AS first_number, coalesce(phase_s, 0) AS phase_s FROM (
    SELECT number, driver_id, min(shift_id) FILTER (is_first) AS shift_id, coalesce(min(market_id) FILTER (is_first), min(market_id))
        AS market_id, min(start_s) AS start_s, max(end_s) AS end_s, bool_or(coalesce(is_inferred, false)) AS is_inferred
    FROM scratch.numbered_shifts GROUP BY number, driver_id
) AS shift LEFT JOIN scratch.zones ON zones.market_id = shift.market_id
"""

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
), reaching AS (
    SELECT trip.*, latest.number AS last_number,
        CASE WHEN earlier.number IS NULL THEN latest.first_number
            WHEN earlier.end_s > trip.start_s THEN earlier.number ELSE earlier.number + 1 END AS first_number
    FROM known AS trip
        ASOF JOIN scratch.merged_shifts AS latest ON latest.driver_id = trip.driver_id AND trip.end_s > latest.start_s
        ASOF LEFT JOIN scratch.merged_shifts AS earlier ON earlier.driver_id = trip.driver_id AND trip.start_s >= earlier.start_s
), each_shift AS (
    SELECT * EXCLUDE (first_number, last_number), unnest(range(first_number, last_number + 1)) AS number
    FROM reaching WHERE first_number <= last_number
)
SELECT trip.* EXCLUDE (driver_id, is_ready_known), shift.start_s AS online_from_s, shift.end_s AS online_to_s
FROM each_shift AS trip JOIN scratch.merged_shifts AS shift ON shift.number = trip.number
"""
"""Trips with each merged shift that they reach into; a trip may begin before a shift, outlast it, and reach into the next."""

_MALLS = f"""
WITH carried AS (
    SELECT DISTINCT number, mall_id FROM scratch.numbered_shifts WHERE mall_id IS NOT NULL
), free AS (
    SELECT number, driver_id, start_s, end_s FROM scratch.merged_shifts WHERE number NOT IN (SELECT number FROM carried)
), moments AS (
    SELECT driver_id, mall_id, {_epoch_s("shown_at")} AS at_s FROM now_offers
    UNION ALL SELECT driver_id, mall_id, {_epoch_s("accepted_at")} FROM now_trips WHERE engaged_s IS NULL
), meant AS (
    SELECT * FROM moments WHERE mall_id IS NOT NULL AND driver_id IN (SELECT driver_id FROM free)
)
FROM carried
UNION SELECT number, mall_id FROM scratch.shift_trips WHERE mall_id IS NOT NULL AND number IN (SELECT number FROM free)
UNION SELECT free.number, meant.mall_id
    FROM meant ASOF JOIN free ON free.driver_id = meant.driver_id AND meant.at_s >= free.start_s WHERE meant.at_s < free.end_s
"""
"""The malls whose drivers' shift it is: those that it carries, else those of its offers and trips."""

_SPANS = """
SELECT number, mall_id, kind, greatest(start_s, online_from_s) AS start_s, least(end_s, online_to_s) AS end_s, online_from_s, online_to_s
FROM (
    SELECT number, NULL AS mall_id, 'engaged' AS kind, start_s, end_s, online_from_s, online_to_s FROM scratch.shift_trips
    UNION ALL SELECT number, mall_id, 'here', start_s, end_s, online_from_s, online_to_s FROM scratch.shift_trips WHERE mall_id IS NOT NULL
    UNION ALL SELECT number, NULL, 'loaded', picked_up_s, end_s, online_from_s, online_to_s FROM scratch.shift_trips
        WHERE is_loaded_known AND NOT is_empty
    UNION ALL SELECT number, NULL, 'work', start_s, coalesce(arrived_s, end_s), online_from_s, online_to_s FROM scratch.shift_trips
        WHERE is_work_known
    UNION ALL SELECT number, NULL, 'work', least(picked_up_s, greatest(arrived_s, ready_s)), end_s, online_from_s, online_to_s
        FROM scratch.shift_trips WHERE is_work_known AND NOT is_empty
) WHERE least(end_s, online_to_s) > greatest(start_s, online_from_s)
"""
"""Spans to be united, clipped to the shift. At the mall a driver waits from the arrival until the last order is packed, no longer."""

_PIECES = """
SELECT number, mall_id, kind, greatest(start_s, coalesce(max(end_s) OVER before, start_s)) AS start_s, end_s
FROM ({spans})
WINDOW before AS (PARTITION BY number, kind, mall_id ORDER BY start_s, end_s ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
UNION ALL SELECT number, NULL, 'online', start_s, end_s FROM scratch.merged_shifts
"""

_KINDS: Final = ("online", "engaged", "here", "loaded", "work")

_WITHIN_S = f"least(cut.end_s, (cut.hour + 1) * {_HOUR_S}) - greatest(cut.start_s, cut.hour * {_HOUR_S})"

_CUT = f"""
WITH pieces AS ({_PIECES.format(spans=_SPANS)}), moved AS (
    SELECT piece.number, piece.mall_id, kind, market_id, piece.start_s + phase_s AS start_s, piece.end_s + phase_s AS end_s
    FROM pieces AS piece JOIN scratch.merged_shifts AS shift ON shift.number = piece.number WHERE piece.end_s > piece.start_s
), cut AS (
    SELECT *, unnest(range(start_s // {_HOUR_S}, (end_s - 1) // {_HOUR_S} + 1)) AS hour FROM moved
)
SELECT number, cut.mall_id, coalesce(hours.first_hour, 0) AS hour,
    {", ".join(f"(sum({_WITHIN_S}) FILTER (kind = '{kind}'))::BIGINT AS {kind}_s" for kind in _KINDS)}
FROM cut LEFT JOIN scratch.hours ON hours.market_id = cut.market_id AND hours.hour = cut.hour
GROUP BY ALL
"""

_HOURS = f"""
WITH spans AS (
    SELECT market_id, min(start_s + phase_s) // {_HOUR_S} AS first_hour, max(end_s + phase_s) // {_HOUR_S} AS last_hour
    FROM scratch.merged_shifts GROUP BY market_id
), instants AS (
    SELECT market_id, unnest(range(first_hour, last_hour + 1)) AS hour FROM spans
), clocks AS (
    SELECT market_id, hour, week_start,
        timezone(time_zone, (TIMESTAMP '1970-01-01' + to_seconds(hour * {_HOUR_S} - phase_s)) AT TIME ZONE '{UTC}') AS local_at
    FROM instants JOIN scratch.zones USING (market_id)
)
SELECT market_id, hour, min(hour) OVER (PARTITION BY market_id, local_at) AS first_hour, local_at::DATE AS local_date,
    hour(local_at) AS local_hour, isodow(local_at) AS local_dow,
    local_at::DATE - ((isodow(local_at) - week_start + 7) % 7)::INTEGER AS local_week_on
FROM clocks
"""
"""Every hour of every market on its local clock; an hour that a clock change repeats goes by the first of the two."""

_MARKETS_WITH_TRIPS = """
SELECT market_id FROM now_trips WHERE market_id IS NOT NULL
UNION SELECT market_id FROM scratch.shift_trips JOIN scratch.merged_shifts USING (number) WHERE market_id IS NOT NULL
"""

_ROWS = """
WITH told AS (
    SELECT number, bool_or(coalesce(is_inferred, false)) AS has_inferred_trips, bool_and(is_loaded_known) AS is_loaded_known,
        bool_and(is_work_known) AS is_work_known FROM scratch.shift_trips GROUP BY number
), shifts AS (
    SELECT shift.number, shift.market_id, driver_id, shift_id, is_inferred, coalesce(has_inferred_trips, false) AS has_inferred_trips,
        CASE WHEN busy.market_id IS NOT NULL THEN 0 END AS idle_s, CASE WHEN coalesce(is_loaded_known, true) THEN idle_s END AS unloaded_s,
        CASE WHEN coalesce(is_work_known, true) THEN idle_s END AS rest_s
    FROM scratch.merged_shifts AS shift LEFT JOIN told ON told.number = shift.number
        LEFT JOIN scratch.markets_with_trips AS busy ON busy.market_id = shift.market_id
), whole AS (
    SELECT number, hour, online_s, engaged_s, loaded_s, work_s FROM scratch.shift_hours WHERE mall_id IS NULL
), views AS (
    SELECT NULL AS mall_id, *, engaged_s AS here_s FROM whole
    UNION ALL SELECT mall.mall_id, whole.*, here.here_s
    FROM scratch.shift_malls AS mall JOIN whole ON whole.number = mall.number
        LEFT JOIN scratch.shift_hours AS here ON here.number = whole.number AND here.hour = whole.hour AND here.mall_id = mall.mall_id
)
SELECT views.mall_id, shifts.market_id, driver_id, shift_id, local_date, local_hour, local_dow, local_week_on,
    online_s, idle_s + coalesce(engaged_s, 0) AS engaged_s, idle_s + coalesce(here_s, 0) AS engaged_here_s,
    unloaded_s + coalesce(loaded_s, 0) AS loaded_s, rest_s + coalesce(work_s, 0) AS work_s, is_inferred, has_inferred_trips
FROM views JOIN shifts ON shifts.number = views.number
    LEFT JOIN scratch.hours ON hours.market_id = shifts.market_id AND hours.hour = views.hour
"""

_STEPS: Final = {
    "zones": _ZONES,
    "numbered_shifts": _NUMBERED,
    "merged_shifts": _SHIFTS,
    "hours": _HOURS,
    "shift_trips": _TRIPS,
    "shift_malls": _MALLS,
    "shift_hours": _CUT,
    "markets_with_trips": _MARKETS_WITH_TRIPS,
}


def write(connection: duckdb.DuckDBPyConnection) -> int:
    """Make ``built.shift_activity`` from ``now_shifts``, ``now_trips``, ``now_offers``, ``now_orders`` and ``now_markets``.

    Returns
    -------
    int
        Rows written.
    """
    for name, sql in _STEPS.items():
        connection.execute(f"CREATE TABLE scratch.{name} AS {sql}")
    connection.execute(SHIFT_ACTIVITY.ddl("built.shift_activity"))
    columns, order = ", ".join(SHIFT_ACTIVITY.names), ", ".join(SHIFT_ACTIVITY.sort)
    connection.execute(f"INSERT INTO built.shift_activity SELECT {columns} FROM ({_ROWS}) ORDER BY {order}")
    for name in _STEPS:
        connection.execute(f"DROP TABLE scratch.{name}")
    (rows,) = connection.execute("SELECT count(*) FROM built.shift_activity").fetchone() or (0,)
    return int(rows)
