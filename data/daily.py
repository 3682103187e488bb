"""What days show: rows years away from the others, days that are missing or thin, and columns whose unit changed from a day on.

Everything comes from one row per market and day, however many rows a table has.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from statistics import median

import duckdb
import numpy as np
import numpy.typing as npt

from data import checks, settle
from data.contracts import TIMELINE, Kind, Table
from data.extent import with_islands
from data.manifest import Finding
from data.staging import Reading, has_zone, is_plausible

_DAYS_BEFORE = 7
_WEEKS_AROUND = 8
_DAYS_AROUND = 3
_LEAST_WEEKDAYS = 3
_LEAST_DAYS = 5
_LEAST_USUAL = 8
_LEAST_USUAL_OF_THIN = 20
_THIN_SHARE = 0.3
FACTORS = (60.0, 100.0, 1000.0, 1609.344, 3600.0, 1e5, 1e6, 1e7)
"""Factors between units that are taken for each other: minutes and seconds, dollars and cents, kilometers and meters, miles, degrees."""
_FACTOR_SLACK = math.log(1.2)
_DAY_SLACK = math.log(4)
_STEADY_SHARE = 0.8
_LEAST_ROWS = 10
_HISTORY_DAYS = 56

Levels = npt.NDArray[np.float64]


def suspicious_days(connection: duckdb.DuckDBPyConnection, table: Table, readings: list[Reading]) -> list[Finding]:
    """Return findings on rows years off, and on missing or thin days among those that the load touches."""
    if not has_zone(table):
        return []
    day = f"coalesce(local_date, {table.sort[1]}::DATE)"
    at = f"coalesce(local_at, {table.sort[1]})::DATE"
    first_on, last_on = (
        connection.execute(f"SELECT min({at}), max({at}) FROM kept_{table.name} WHERE {_can_be(table)}").fetchone() or (None,) * 2
    )
    if first_on is None:
        return []
    days = f"SELECT market_id, {day} AS day, count(*) AS rows FROM now_{table.name} WHERE {_can_be(table)} GROUP BY ALL"
    rows = connection.execute(f"SELECT market_id, day, rows, is_lone FROM ({with_islands(days)}) ORDER BY market_id, day").fetchall()
    lone = {(market, on) for market, on, _, is_lone in rows if is_lone}
    found = _years_off(connection, table, readings, lone) if lone else []
    counts: dict[str | None, dict[date, int]] = defaultdict(dict)
    for market, on, count, is_lone in rows:
        if not is_lone:
            counts[market][on] = count
    return [*found, *_gaps(table, counts, (first_on - timedelta(_DAYS_BEFORE), last_on))]


def _can_be(table: Table) -> str:
    return is_plausible(table.sort[1])


def _years_off(
    connection: duckdb.DuckDBPyConnection, table: Table, readings: list[Reading], lone: set[tuple[str | None, date]]
) -> list[Finding]:
    days = ", ".join(f"DATE '{on}'" for on in sorted({on for _, on in lone}))
    instant = table.sort[1]
    check = checks.Check("years_off", instant, f"coalesce(local_at, {instant})::DATE IN ({days})", instant)
    return settle.checked(connection, table, readings, [check], f"kept_{table.name}")


def _gaps(table: Table, counts: dict[str | None, dict[date, int]], span: tuple[date, date]) -> list[Finding]:
    examples: dict[str, list[str]] = defaultdict(list)
    for market, by_day in counts.items():
        for on, rows, usual in _unusual(by_day, span):
            rule = "day_thin" if rows else "day_missing"
            where = market or "no market"
            examples[rule].append(f"{on} ({on:%A}) in {where}: {rows:,} rows, where about {usual:,.0f} are usual")
    return [Finding(table.name, rule, "finding", "local_date", len(each), each[0]) for rule, each in sorted(examples.items())]


def _unusual(by_day: dict[date, int], span: tuple[date, date]) -> Iterator[tuple[date, int, float]]:
    """Yield the days within a span, inside the data, that have far fewer rows than usual: the day, its rows, the usual rows."""
    first_on, last_on = min(by_day), max(by_day)
    start, end = max(first_on + timedelta(1), span[0]), min(last_on - timedelta(1), span[1])
    for place in range((end - start).days + 1):
        on = start + timedelta(place)
        rows = by_day.get(on, 0)
        usual = _usual(by_day, on, first_on, last_on)
        if (rows == 0 and usual >= _LEAST_USUAL) or (rows < _THIN_SHARE * usual and usual >= _LEAST_USUAL_OF_THIN):
            yield on, rows, usual


def _usual(by_day: dict[date, int], on: date, first_on: date, last_on: date) -> float:
    """Return how many rows a day should have; 0 where too little is known.

    The median of the same weekday in the weeks around; in young or patchy data that of the days just around it, but no more than the same
    weekday had a week before or after: it may be a day off.
    """
    weekdays = _known(by_day, on, first_on, last_on, [7 * week for week in range(-_WEEKS_AROUND, _WEEKS_AROUND + 1)])
    around = _known(by_day, on, first_on, last_on, range(-_DAYS_AROUND, _DAYS_AROUND + 1))
    beside = _known(by_day, on, first_on, last_on, (-7, 7))
    of_weekday = median(weekdays) if len(weekdays) >= _LEAST_WEEKDAYS else 0
    of_days = median(around) if len(around) >= _LEAST_DAYS else 0
    return max(of_weekday, min(of_days, max(beside, default=0)))


def _known(by_day: dict[date, int], on: date, first_on: date, last_on: date, steps: Iterable[int]) -> list[int]:
    """Return the rows of other days within the data, so many steps away."""
    days = (on + timedelta(step) for step in steps if step)
    return [by_day.get(day, 0) for day in days if first_on <= day <= last_on]


def changed_units(connection: duckdb.DuckDBPyConnection, table: Table, readings: list[Reading]) -> list[Finding]:
    """Return findings on columns whose usual value changes, from a day on, by a factor between two units.

    The usual value of a day is the geometric mean of what is not 0: one pass, and a factor is a step of its logarithm. Rows rejected for
    their coordinates take part, because degrees written as millionths are off the globe.
    """
    values = _measured(table, frozenset().union(*(reading.given for reading in readings)))
    if not values:
        return []
    levels = ", ".join(
        f"count(*) FILTER (WHERE {sql} <> 0), avg(ln(abs({sql}))) FILTER (WHERE {sql} <> 0)"  # a row without the value is in neither
        for sql in values.values()
    )
    instant = table.sort[1] if has_zone(table) else "local_date"
    day = f"coalesce(local_at, {instant})::DATE" if has_zone(table) else instant
    counts_too = f"{instant} IS NOT NULL AND {is_plausible(instant)} AND (fault IS NULL OR fault LIKE 'impossible_coordinates%')"
    columns = sorted({instant, *(each.name for each in table.loaded if each.name in values or each.name in (*TIMELINE, "orders"))})
    new = f"SELECT {day} AS day, {', '.join(columns)} FROM scratch.staged_{table.name} WHERE {counts_too}"
    (first_on,) = connection.execute(f"SELECT min(day) FROM ({new})").fetchone() or (None,)
    if first_on is None:
        return []
    earlier = f"local_date BETWEEN DATE '{first_on}' - {_HISTORY_DAYS} AND DATE '{first_on}'"
    known = f"SELECT local_date AS day, {', '.join(columns)} FROM {table.name} WHERE {earlier}"
    rows = connection.execute(
        f"SELECT day, {levels} FROM ({new} UNION ALL {known}) WHERE day IS NOT NULL GROUP BY day ORDER BY day"
    ).fetchall()
    return [
        finding
        for place, column in enumerate(values)
        for finding in _change(table, column, [(row[0], row[1 + 2 * place], row[2 + 2 * place]) for row in rows if row[1 + 2 * place]])
    ]


def _measured(table: Table, given: frozenset[str]) -> dict[str, str]:
    """Return the columns with a unit, and the SQL of what is measured; of an order's events the seconds since it was placed."""
    if not (has_zone(table) or table.name == "baseline"):
        return {}
    kinds = (Kind.SECONDS, Kind.METERS, Kind.CENTS, Kind.LATITUDE, Kind.LONGITUDE)
    values = {each.name: each.name for each in table.loaded if each.kind in kinds and each.name in given}
    if table.name == "baseline":
        values = {name: f"({name} / nullif(orders, 0))" for name in values}
    if table.name == "orders":
        events = [each for each in (*TIMELINE[1:], "ready_at", "promised_by") if each in given]
        values |= {each: f"greatest(0, date_diff('second', placed_at, {each}))" for each in events}
    return values


def _change(table: Table, column: str, days: list[tuple[date, int, float]]) -> Iterator[Finding]:
    """Yield the finding if one column's level steps by a factor between units."""
    levels = np.array([level for _, _, level in days])
    rows = np.array([count for _, count, _ in days])
    split = _split(levels)
    if not split or min(rows[:split].sum(), rows[split:].sum()) < _LEAST_ROWS:
        return
    before, after = levels[:split], levels[split:]
    # By rows, not days: a few single rows far away in time are no sign that the unit goes back and forth.
    sides = ((before, rows[:split]), (after, rows[split:]))
    step = float(np.median(after) - np.median(before))
    factor = next((each for each in FACTORS if abs(abs(step) - math.log(each)) < _FACTOR_SLACK), None)
    steady = all(np.average(np.abs(side - np.median(side)) < _DAY_SLACK, weights=n) >= _STEADY_SHARE for side, n in sides)
    if factor and steady:
        words = f"{column} around {_usual_value(before)} until {days[split - 1][0]}, around {_usual_value(after)} from {days[split][0]} on"
        ratio = f"{factor:,.10g} times" if step > 0 else f"1/{factor:,.10g} of"
        yield Finding(table.name, "unit_changed", "finding", column, int(rows[split:].sum()), f"{words}: {ratio} what it was")


def _usual_value(levels: Levels) -> str:
    return f"{math.exp(float(np.median(levels))):,.6g}"


def _split(levels: Levels) -> int:
    """Return the place that divides a row of numbers best into two levels (least squares); 0 for fewer than two numbers."""
    size = len(levels)
    if size < 2:
        return 0
    left = np.arange(1, size)
    sums = np.cumsum(levels)
    gain = (sums[:-1] / left - (sums[-1] - sums[:-1]) / (size - left)) ** 2 * left * (size - left)
    return int(np.argmax(gain)) + 1
