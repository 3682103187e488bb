"""The rules that loaded rows may break: their names, their severity, and what a reader should know of each.

*Reject*: the row is not loaded. *Finding*: the row stays; the value, or what is computed from it, is null only where it cannot be true.
"""

from dataclasses import dataclass
from enum import StrEnum

DIVIDED_BY = "divided by"
"""What the fault of a record says that has as many fields as the header, but between other characters."""


class Severity(StrEnum):
    """What breaking a rule costs a row."""

    REJECT = "reject"
    FINDING = "finding"


@dataclass(frozen=True)
class Rule:
    """One rule: its id, its severity, what breaking it means in one sentence, one row that breaks it, and the way to mend it."""

    name: str
    severity: Severity
    meaning: str
    example: str
    mend: str


_REJECTS = {
    "malformed_record": (
        "The record has more or fewer fields than the header",
        "`o1,M1,2026-03-02` under a header of nine columns",
        "look for a delimiter or a quote inside a field, and put such fields in double quotes",
    ),
    "mixed_delimiters": (
        "The record is divided by another character than the header",
        "`o2;M1;2026-03-02 17:00:00` under `order_id,mall_id,placed_at`",
        "two exports were pasted together: keep them as two files",
    ),
    "missing_key": (
        "The row has no key",
        "an order without order_id",
        'name the column with the key, or join several columns to one: order_id = ["store", "number"]',
    ),
    "missing_value": ("A required value is missing", "an order without placed_at", "name the column that holds it, or give a constant"),
    "unparsable_value": (
        "A required value cannot be read as what the column holds",
        "placed_at = soon",
        'say how it is written: date_formats = ["%m/%d/%Y %H:%M"] for times and days',
    ),
    "no_time_zone": (
        "A required time has no offset, and the row names no known market whose time zone could be used",
        "placed_at = 2026-07-01 10:00 at mall M9, which is not loaded",
        'say the zone: time_zone = "America/Phoenix", or load the malls and markets first',
    ),
    "impossible_coordinates": (
        "The point is at (0, 0), within a kilometer of it, or outside the globe",
        "dropoff_latitude = 0, dropoff_longitude = 0.0001",
        "leave unknown points empty; for swapped or scaled columns see what the report proposes",
    ),
    "contradictory_duplicate": (
        "An earlier row of the same load has the same key and other values; the first row stays",
        "order o1 delivered at 17:40, and again at 18:10",
        "keep one row of each key, or load the older file first and the newer one after it: then the newer row wins",
    ),
    "no_market": (
        "The area's county belongs to no market; add the county to a market's boundary_counties",
        "county = 06037, which no market names",
        "add the county to boundary_counties, or leave the area out",
    ),
}
_FINDINGS = {
    "unparsable_optional": (
        "An optional value cannot be read as what the column holds; it becomes null",
        "ready_at = later",
        "say how it is written: date_formats, units, or another column",
    ),
    "word_for_nothing": (
        "The value is a word for nothing (NaN, null, None, N/A, NaT, -); it is read as missing",
        "driver_id = NaN",
        "nothing needs to be done; an export that leaves such fields empty says the same",
    ),
    "impossible_time": (
        "The time is before 2000 or after 2099: null where optional, else the row has no local day and no duration",
        "placed_at = 1970-01-01 00:00:00",
        "leave unknown times empty; two-digit years need a date format with %y",
    ),
    "future_time": (
        "The time lies more than a day (a planned shift: a year) after the clock of the load; nothing is changed",
        "delivered_at = 2036-03-02 17:40:00, loaded in 2026",
        "look for a wrong year, day and month in the wrong order (date_formats), or a wrong clock",
    ),
    "years_off": (
        "The row's day lies apart from the other days of its table, over a year without rows between; data do not begin or end with it",
        "one order of 2016 among orders of 2026",
        "look for a wrong year or date format; remove the row if it is a test",
    ),
    "not_in_choices": (
        "The value is none of those allowed; it becomes null",
        "status = eaten",
        "translate the source's words to those in the table above",
    ),
    "below_minimum": (
        "The number is smaller than allowed (negative, mostly); it becomes null",
        "fee_cents = -250",
        "refunds belong in a column of their own",
    ),
    "repeated_rows": (
        "Rows that say the same as another, or tell an earlier state of it, were merged; `merge = true` in the mapping expects them",
        "order o1 in lines 2 and 3, with equal values",
        "write merge = true if the source has one row per item",
    ),
    "earlier_state": (
        "The row that serves tells a later state of the same thing (delivered, where this one is still open); the later one stays",
        "order o1 without a status from Monday's file, delivered since Tuesday's",
        "nothing; with --replace the files given are taken as they are",
    ),
    "unknown_reference": (
        "The value names no row of the table it refers to; the row stays",
        "store_id = S9, and no store S9 is loaded",
        "load the table referred to as well, and compare how both write the id (case, leading zeros)",
    ),
    "market_unknown": (
        "The row belongs to no known market, so its local calendar columns are null",
        "an order of mall M9, which is not loaded",
        "load the malls, or give market_id by a column or a constant",
    ),
    "no_mall_within_distance": (
        "No mall lies within the distance of the pick-up point; mall_id is null",
        "a pick-up 3 km from the nearest mall, within_m = 800",
        "load the missing mall, or raise within_m",
    ),
    "out_of_order": (
        "The event is earlier than a known event before it; all stages of the order are null",
        "arrived_at = 17:04, accepted_at = 17:05",
        "see that each event comes from the right column and time zone",
    ),
    "delivered_before_placed": (
        "Delivery comes before the order; every duration to the door is null",
        "placed_at = 17:00, delivered_at = 16:59 of the same day",
        "see that both times are of one zone",
    ),
    "midnight_wrap": (
        "The time would be right one day later: its day was taken from before midnight; nothing is changed",
        "placed_at = 2026-03-02 23:50, delivered_at = 2026-03-02 00:20",
        'map its time of day alone and name it in rolls = ["delivered_at"]: earlier than the order then means the next day',
    ),
    "event_missing": (
        "A delivered order lacks this event though the source has the column; its neighbors' seconds are not divided",
        "a delivered order without arrived_at",
        "nothing if it is unknown",
    ),
    "ready_after_pickup": (
        "The order is ready after it was picked up; figures that need the time of readiness are null",
        "ready_at = 17:25, picked_up_at = 17:20",
        "see that the store confirms when it has packed, not when the driver leaves",
    ),
    "status_unknown": (
        "Neither a status nor a delivery is given; the status is null",
        "an order without status and delivered_at",
        "map the status, or delivered_at",
    ),
    "suspicious_distance": (
        "The door is farther than 100 km from the mall; nothing is changed",
        "a door in Tucson of a mall in Phoenix, 180 km",
        "see whether the report finds the columns flipped or swapped; else look at the geocoding of the address",
    ),
    "far_from_market": (
        "The point is farther than 250 km from the middle of its market's malls (a mall: 35 degrees from its zone's city)",
        "a station at (45.0, -93.2) in a market around Phoenix",
        "see that market and point belong together",
    ),
    "flipped_coordinates": (
        "The point is far away, and lies near its mall or market once the sign of a coordinate is flipped; nothing is changed",
        "dropoff_longitude = 112.01 of a mall at -112.00",
        'put the line that the report proposes into the mapping, such as flip = ["dropoff_longitude"]',
    ),
    "swapped_coordinates": (
        "The point is far away or off the globe, and lies near its mall or market once its coordinates are swapped; nothing is changed",
        "dropoff_latitude = -112.01, dropoff_longitude = 33.51",
        'put the line that the report proposes into the mapping, such as swap = ["dropoff_latitude", "dropoff_longitude"]',
    ),
    "scaled_coordinates": (
        "The point is off the globe, and lies near its mall or market once its coordinates are divided by a million or ten",
        "dropoff_latitude = 33510000, dropoff_longitude = -112010000",
        'put the line that the report proposes into the mapping, such as units = { dropoff_latitude = "microdegrees", ... }',
    ),
    "overlapping_shifts": (
        "The shift begins before an earlier one of the same driver ends; online time is their union, never their sum",
        "driver D1 from 17:00 to 20:00, and from 19:30 to 22:00",
        "nothing; one row per span keeps the report short",
    ),
    "end_not_after_start": (
        "The end is not after the start; the duration is null",
        "start_at = 20:00, end_at = 20:00",
        "see that both columns are mapped the right way round, and in one zone",
    ),
    "wrong_encoding": (
        "The text was written in one encoding and read in another; it is shown as it stands",
        "name = CafÃ© Zoo, which was Café Zoo",
        "export the file anew as UTF-8; it was encoded twice, or partly",
    ),
    "no_rows": (
        "The file has a header and no row",
        "orders.csv with the line order_id,placed_at only",
        "see whether the export broke off or its filter is too narrow",
    ),
    "files_disagree": (
        "Two files of the load give one key different values; the row of the first file stays (the number is of keys)",
        "order o1 delivered at 17:40 in orders-1.csv line 2, at 18:10 in orders-2.csv line 9",
        "load the older file first and the newer one after it: then the newer row wins",
    ),
    "day_missing": (
        "A day in the middle of the data has no row in a market, though its weekday usually has (the number is of days)",
        "no order on Thursday 2026-03-05, 120 on Thursdays around it",
        "load the file of that day; a day that was closed needs nothing",
    ),
    "day_thin": (
        "A day in the middle of the data has less than 30 % of its weekday's usual rows in a market (the number is of days)",
        "12 orders on Thursday 2026-03-05, 120 on Thursdays around it",
        "see whether the file of that day is complete",
    ),
    "unit_changed": (
        "From a day on, the usual value of a column is 60, 100, 1,000 ... times what it was: another unit (the number is of rows since)",
        "pay_cents around 900 until 2026-03-09, around 9 from 2026-03-10",
        "split the source at that day, and say the unit of each part in the mapping",
    ),
}

RULES: dict[str, Rule] = {
    **{name: Rule(name, Severity.REJECT, *words) for name, words in _REJECTS.items()},
    **{name: Rule(name, Severity.FINDING, *words) for name, words in _FINDINGS.items()},
}
"""Every rule by its name, rejects first."""
