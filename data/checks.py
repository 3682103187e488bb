"""The rules that rows may break: their names, their severity, their words, and the SQL conditions that find them.

*Reject*: the row is not loaded. *Finding*: the row stays, the value or what is computed from it is null, and it is counted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from data.contracts import TIMELINE, Column, Table

SUSPICIOUS_DISTANCE_M = 100_000


class Severity(StrEnum):
    """What breaking a rule costs a row."""

    REJECT = "reject"
    FINDING = "finding"


@dataclass(frozen=True)
class Rule:
    """One rule: its id, its severity, and what breaking it means in one sentence."""

    name: str
    severity: Severity
    meaning: str


_REJECTS = {
    "malformed_record": "The record has more or fewer fields than the header",
    "missing_key": "The row has no key",
    "missing_value": "A required value is missing",
    "unparsable_value": "A required value cannot be read as what the column holds",
    "no_time_zone": "A required time has no offset, and the row names no known market whose time zone could be used",
    "impossible_coordinates": "The point is at (0, 0) or outside the globe",
    "contradictory_duplicate": "An earlier row of the same load has the same key and other values; the first row stays",
    "no_market": "The area's county belongs to no market; add the county to a market's boundary_counties",
}
_FINDINGS = {
    "unparsable_optional": "An optional value cannot be read as what the column holds; it becomes null",
    "not_in_choices": "The value is none of those allowed; it becomes null",
    "below_minimum": "The number is smaller than allowed (negative, mostly); it becomes null",
    "repeated_rows": "Rows that say the same as an earlier one were merged; `merge = true` in the mapping expects them",
    "unknown_reference": "The value names no row of the table it refers to; the row stays",
    "market_unknown": "The row belongs to no known market, so its local calendar columns are null",
    "no_mall_within_distance": "No mall lies within the distance of the pick-up point; mall_id is null",
    "out_of_order": "The event is earlier than a known event before it; all stages of the order are null",
    "delivered_before_placed": "Delivery comes before the order; every duration to the door is null",
    "event_missing": "A delivered order lacks this event though the source has the column; its neighbors' seconds are not divided",
    "ready_after_pickup": "The order is ready after it was picked up; figures that need the time of readiness are null",
    "status_unknown": "Neither a status nor a delivery is given; the status is null",
    "suspicious_distance": "The door is farther than 100 km from the mall; nothing is changed",
    "overlapping_shifts": "The shift begins before an earlier one of the same driver ends; online time is their union, never their sum",
    "end_not_after_start": "The end is not after the start; the duration is null",
}

RULES: dict[str, Rule] = {
    **{name: Rule(name, Severity.REJECT, meaning) for name, meaning in _REJECTS.items()},
    **{name: Rule(name, Severity.FINDING, meaning) for name, meaning in _FINDINGS.items()},
}
"""Every rule by its name, rejects first."""


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
        for mask, rule in (("unparsed", "unparsable_optional"), ("unlisted", "not_in_choices"), ("negative", "below_minimum")):
            if not (column.required and mask == "unparsed"):
                yield Check(rule, column.name, f"({mask} >> {place}) & 1 = 1", "")


def row_checks(table: Table, given: frozenset[str], *, has_nearest: bool) -> Iterator[Check]:
    """Yield the findings on whole rows of a table.

    Parameters
    ----------
    table
        The contract.
    given
        Columns that at least one source has.
    has_nearest
        Whether malls were looked for by distance.
    """
    if table.name == "orders":
        yield from _order_checks(given, has_nearest=has_nearest)
    spans = {"shifts": ("start_at", "end_at"), "trips": ("accepted_at", "ended_at"), "offers": ("shown_at", "decided_at")}
    if table.name in spans:
        start, end = spans[table.name]
        comparison = "<" if table.name == "offers" else "<="
        yield Check("end_not_after_start", end, f"{end} {comparison} {start}", f"{start} || ' to ' || {end}")
    if table.period_column and table.column("market_id") and any(column.name == "local_hour" for column in table.columns):
        yield Check("market_unknown", "market_id", "time_zone IS NULL", "coalesce(market_id, mall_id, 'no market and no mall')")


def _order_checks(given: frozenset[str], *, has_nearest: bool) -> Iterator[Check]:
    before = TIMELINE[0]
    for place, event in enumerate(TIMELINE[1:]):
        yield Check("out_of_order", event, f"(disorder >> {place}) & 1 = 1", f"{event} || ', before ' || {before}")
        before = f"coalesce({event}, {before})"
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
    branches = ["WHEN fault IS NOT NULL THEN 'malformed_record|'"]
    for column in sorted(table.loaded, key=lambda column: column.name not in table.key):
        branches += _branches(table, column, zone_dependent)
    for latitude, longitude in coordinates(table):
        impossible = f"abs(v_{latitude}) > 90 OR abs(v_{longitude}) > 180 OR (v_{latitude} = 0 AND v_{longitude} = 0)"
        branches.append(f"WHEN {impossible} THEN 'impossible_coordinates|{latitude}'")
    if table.name == "demand_areas":
        branches.append("WHEN v_market_id IS NULL THEN 'no_market|county'")
    return f"CASE {' '.join(branches)} END"


def _branches(table: Table, column: Column, zone_dependent: frozenset[str]) -> Iterator[str]:
    name, is_key = column.name, column.name in table.key
    if column.required:
        yield f"WHEN r_{name} IS NULL THEN '{'missing_key' if is_key else 'missing_value'}|{name}'"
        if name in zone_dependent:
            yield f"WHEN v_{name} IS NULL AND naive_{name} IS NOT NULL AND zone IS NULL THEN 'no_time_zone|{name}'"
    if column.required or is_key:
        yield f"WHEN r_{name} IS NOT NULL AND v_{name} IS NULL THEN 'unparsable_value|{name}'"
