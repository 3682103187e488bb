"""The SQL conditions that find which of the rules (``data/rules.py``) a staged row breaks."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from data.contracts import TIMELINE, Column, Kind, Table
from data.rules import DIVIDED_BY

SUSPICIOUS_DISTANCE_M = 100_000
MASKS = {
    "unparsed": "unparsable_optional",
    "unlisted": "not_in_choices",
    "negative": "below_minimum",
    "spelled": "word_for_nothing",
    "untimely": "impossible_time",
}
"""Bit masks that staging leaves, one bit per loaded column, and the rules that their bits break."""
_NOWHERE_DEGREES = 0.01
_SLACK = timedelta(days=1)
_PLANNED_SLACK = timedelta(days=366)
_LONGEST_WRAP_H = {"orders": 6, "shifts": 16, "trips": 6, "offers": 1}


@dataclass(frozen=True)
class Check:
    """One rule on one column of staged rows: true where it is broken. ``value`` is the SQL of what the example shows."""

    rule: str
    column: str
    condition: str
    value: str


def coordinates(table: Table) -> list[tuple[str, str]]:
    """Return the pairs of latitude and longitude columns of a table."""
    names = [column.name for column in table.loaded]
    return [(name, name.replace("latitude", "longitude")) for name in names if name.endswith("latitude")]


def value_checks(table: Table) -> Iterator[Check]:
    """Yield the findings on single values, from the bit masks that staging leaves."""
    for place, column in enumerate(table.loaded):
        for mask, rule in MASKS.items():
            if not (column.required and mask == "unparsed"):
                yield Check(rule, column.name, f"({mask} >> {place}) & 1 = 1", "")


def row_checks(table: Table, given: frozenset[str], *, has_nearest: bool, clock: datetime | None = None) -> Iterator[Check]:
    """Yield the findings on whole rows of a table.

    Parameters
    ----------
    table
        The contract.
    given
        Columns that at least one source has.
    has_nearest
        Whether malls were looked for by distance.
    clock
        Now, in UTC; None where time is made up, and nothing is in the future.
    """
    if clock:
        yield from _future_checks(table, given, clock)
    if table.name == "orders":
        yield from _order_checks(table, given, has_nearest=has_nearest)
    elif has_nearest:
        yield Check("no_mall_within_distance", "mall_id", "mall_id IS NULL", f"'{table.key[0]} ' || {table.key[0]}")
    spans = {"shifts": ("start_at", "end_at"), "trips": ("accepted_at", "ended_at"), "offers": ("shown_at", "decided_at")}
    if table.name in spans:
        start, end = spans[table.name]
        comparison = "<" if table.name == "offers" else "<="
        yield Check("end_not_after_start", end, f"{end} {comparison} {start}", f"{start} || ' to ' || {end}")
        yield _wrap_check(table, start, end)
    if table.period_column and table.column("market_id") and any(column.name == "local_hour" for column in table.columns):
        yield Check("market_unknown", "market_id", "NOT has_zone", "coalesce(market_id, mall_id, 'no market and no mall')")


def _future_checks(table: Table, given: frozenset[str], clock: datetime) -> Iterator[Check]:
    # What is planned may lie ahead: shifts up to a year, and a promise is no event.
    latest = clock.replace(microsecond=0, tzinfo=None) + (_PLANNED_SLACK if table.name == "shifts" else _SLACK)
    for column in table.loaded:
        if column.kind is Kind.INSTANT and column.name in given and column.name != "promised_by":
            yield Check("future_time", column.name, f"{column.name} > TIMESTAMP '{latest}'", f"'{column.name} = ' || {column.name}")


def _wrap_check(table: Table, start: str, end: str) -> Check:
    longest = f"INTERVAL {_LONGEST_WRAP_H[table.name]} HOUR"
    wraps = f"{end} < {start} AND {end} + INTERVAL 1 DAY BETWEEN {start} AND {start} + {longest}"
    return Check("midnight_wrap", end, wraps, f"{end} || ', {start} ' || {start}")


def _order_checks(table: Table, given: frozenset[str], *, has_nearest: bool) -> Iterator[Check]:
    before = TIMELINE[0]
    for place, event in enumerate(TIMELINE[1:]):
        yield Check("out_of_order", event, f"(disorder >> {place}) & 1 = 1", f"{event} || ', before ' || {before}")
        before = f"coalesce({event}, {before})"
    for event in (*TIMELINE[1:], "ready_at", "promised_by"):
        if event in given:
            yield _wrap_check(table, TIMELINE[0], event)
    yield Check("delivered_before_placed", "delivered_at", "delivered_at < placed_at", "delivered_at || ', placed ' || placed_at")
    for event in (*TIMELINE[1:], "ready_at"):
        if event in given:
            yield Check("event_missing", event, f"status = 'delivered' AND {event} IS NULL", "'order ' || order_id")
    yield Check("ready_after_pickup", "ready_at", "ready_at > picked_up_at", "ready_at || ', picked up ' || picked_up_at")
    yield Check("status_unknown", "status", "status IS NULL AND (unlisted >> {status}) & 1 = 0", "'order ' || order_id")
    yield Check("suspicious_distance", "distance_m", f"distance_m > {SUSPICIOUS_DISTANCE_M}", "distance_m || ' m'")
    if has_nearest:
        yield Check("no_mall_within_distance", "mall_id", "mall_id IS NULL", "'order ' || order_id")


def reject_case(table: Table, zone_dependent: frozenset[str]) -> str:
    """Return the SQL of why a staged row is rejected, as ``rule|column``; null for a good row.

    Works on the columns ``v_<name>`` (value, null where it could not be read), ``r_<name>`` (as it stands in the source) and ``zone``.
    """
    branches = [f"WHEN contains(fault, '{DIVIDED_BY}') THEN 'mixed_delimiters|'", "WHEN fault IS NOT NULL THEN 'malformed_record|'"]
    for column in sorted(table.loaded, key=lambda column: column.name not in table.key):
        branches += _branches(table, column, zone_dependent)
    for latitude, longitude in coordinates(table):
        impossible = f"abs(v_{latitude}) > 90 OR abs(v_{longitude}) > 180 OR {is_nowhere(f'v_{latitude}', f'v_{longitude}')}"
        branches.append(f"WHEN {impossible} THEN 'impossible_coordinates|{latitude}'")
    if table.name == "demand_areas":
        branches.append("WHEN v_market_id IS NULL THEN 'no_market|county'")
    return f"CASE {' '.join(branches)} END"


def is_nowhere(latitude: str, longitude: str) -> str:
    """Return the SQL of whether a point is (0, 0) or hardly beside it: a missing point, often with noise added."""
    return f"(abs({latitude}) < {_NOWHERE_DEGREES} AND abs({longitude}) < {_NOWHERE_DEGREES})"


def _branches(table: Table, column: Column, zone_dependent: frozenset[str]) -> Iterator[str]:
    name, is_key = column.name, column.name in table.key
    if column.required:
        yield f"WHEN r_{name} IS NULL THEN '{'missing_key' if is_key else 'missing_value'}|{name}'"
        if name in zone_dependent:
            yield f"WHEN v_{name} IS NULL AND naive_{name} IS NOT NULL AND zone IS NULL THEN 'no_time_zone|{name}'"
    if column.required or is_key:
        yield f"WHEN r_{name} IS NOT NULL AND v_{name} IS NULL THEN 'unparsable_value|{name}'"
