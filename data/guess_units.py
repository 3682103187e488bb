"""How the values of a matched file are to be read: units, ways to write dates, zones of times, words for statuses, signs of coordinates."""

import math
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import numpy as np

from data.contracts import Kind
from data.guess_fit import Match, clock_unit, is_planar, scale_of
from data.guess_places import PAIRS, Points, all_points, degrees, mixed_sign
from data.guess_views import Placed, Reading, Remark
from data.guess_words import bag, status_meant
from data.portraits import Floats, Portrait

_CENTS_FROM = {"fee_cents": 100, "pay_cents": 100, "income_cents": 1_000_000}
"""Median from which whole amounts are cents: a fee of 100 dollars, an income of a million a year would be odd."""
_COST_CENTS_PER_ORDER, _SECONDS_PER_ORDER = 100, 600
_METERS_FROM = 100
_NIGHT_HOURS = (1, 2, 3, 4, 5)
_LEAST_OFFSET_H, _LEAST_INSTANTS = 3, 50
_NIGHT_SHARE, _BETTER = 0.05, 0.5
_FAR_DEGREES, _NEAR_DEGREES = 5.0, 2.0
_DEGREES = {1e6: "microdegrees", 1e7: "e7"}
_BASE_DATE, _ORIGIN = "2026-01-05", (40.0, -100.0)
_LONGEST_MINUTES = 240
_LATEST_S = 4e9
_UNIT_WORDS = {
    Kind.CENTS: (("CENTS", None), ("DOLLARS", "dollars")),
    Kind.METERS: (("KM", "km"), ("MILES", "miles"), ("METERS", None)),
    Kind.SECONDS: (("MINUTES", "minutes"), ("SECONDS", None)),
    Kind.INTEGER: (("SQFT", "square_feet"),),
}


def reading_of(placed: Placed, others: Sequence[Placed], *, has_nearest: bool) -> Reading:
    """Return how a file's values are to be read; ``has_nearest``: whether its pick-up points are used."""
    units: dict[str, str] = {}
    remarks: list[Remark] = []
    for match in placed.matches:
        unit, remark = _unit(match, placed)
        if unit and (has_nearest or not match.column.name.startswith("pickup_l")):
            units[match.column.name] = unit
        if remark:
            remarks.append(remark)
    extras: dict[str, Any] = {}
    columns: dict[str, tuple[str, ...]] = {}
    formats, format_remarks = _date_formats(placed, extras)
    remarks += [*format_remarks, *_clocks(placed, extras, columns, formats), *_durations(placed, extras), *_zeros(placed, extras)]
    _commas(placed, extras)
    zone, zone_remarks = _zone(placed, others)
    remarks += [*zone_remarks, *_status_words(placed, extras), *_points(placed, others, extras, has_nearest=has_nearest)]
    return Reading(units, zone, tuple(dict.fromkeys(formats)), extras, tuple(remarks), columns)


def _unit(match: Match, placed: Placed) -> tuple[str | None, Remark | None]:
    column, portrait = match.column, match.portrait
    if portrait.is_empty or not portrait.is_number:
        return None, None
    said = next((unit for concept, unit in _UNIT_WORDS.get(column.kind, ()) if concept in bag(portrait.name)), "")
    if said != "":
        return said, None
    if column.kind is Kind.CENTS:
        return _money(match, placed)
    if column.kind is Kind.SECONDS:
        return _sum_of_durations(match, placed)
    return _plain_unit(match)


def _plain_unit(match: Match) -> tuple[str | None, Remark | None]:
    column, portrait = match.column, match.portrait
    if column.kind is Kind.INSTANT and not portrait.is_instant:
        unit = clock_unit(portrait)
        return (unit if unit in ("minutes", "seconds") else None), None
    if column.kind in (Kind.LATITUDE, Kind.LONGITUDE):
        return _DEGREES.get(scale_of(portrait) or 1), None
    if column.kind is Kind.METERS and float(np.median(portrait.known_numbers)) < _METERS_FROM and portrait.known_numbers.max() > 0:
        return "km", Remark(f"{column.name}: the numbers are small, so kilometers are assumed; miles?", "units")
    return None, None


def _money(match: Match, placed: Placed) -> tuple[str | None, Remark | None]:
    numbers, name = match.portrait.known_numbers, match.column.name
    if not match.portrait.is_whole:
        return "dollars", None
    typical = float(np.median(np.abs(numbers[numbers != 0]))) if (numbers != 0).any() else 0.0
    limit: float = _CENTS_FROM.get(name, 100)
    if name == "cost_sum_cents":
        typical, limit = _per_order(match, placed), _COST_CENTS_PER_ORDER
    if typical >= limit:
        return None, None
    return "dollars", Remark(
        f"{name}: whole numbers around {typical:,.0f} are taken as whole dollars (or your currency's unit); cents?", "units"
    )


def _sum_of_durations(match: Match, placed: Placed) -> tuple[str | None, Remark | None]:
    per_order = _per_order(match, placed)
    if not match.portrait.is_whole or per_order < _SECONDS_PER_ORDER:
        return "minutes", Remark(f"{match.column.name}: {per_order:,.0f} an order are taken as minutes; seconds?", "units")
    return None, None


def _per_order(match: Match, placed: Placed) -> float:
    orders = placed.portrait("orders")
    total = float(np.nansum(match.portrait.numbers))
    return total / max(1.0, float(np.nansum(orders.numbers)) if orders else 1.0)


def _times(placed: Placed) -> list[Match]:
    return [match for match in placed.matches if match.column.kind in (Kind.INSTANT, Kind.DAY) and match.portrait.is_instant]


def _date_formats(placed: Placed, extras: dict[str, Any]) -> tuple[list[str], list[Remark]]:
    formats: list[str] = []
    remarks: list[Remark] = []
    for match in _times(placed):
        dates = match.portrait.dates
        formats += dates.formats
        if match.column.name == "promised_by" and match.portrait.is_day:
            extras["whole_days"] = ["promised_by"]
            remarks.append(Remark("promises are days; does the promise last until the day's end?", "whole_days"))
        if dates.is_ambiguous:
            example = match.portrait.examples[0]
            first = "day" if dates.formats[0].startswith("%d") else "month"
            remarks.append(
                Remark(f"{match.portrait.name}: {example!r} could have day or month first; the {first} is assumed", "date_formats")
            )
    return formats, remarks


def _commas(placed: Placed, extras: dict[str, Any]) -> None:
    if any(match.portrait.has_comma for match in placed.matches):
        extras["decimal_comma"] = True


def _zeros(placed: Placed, extras: dict[str, Any]) -> Iterator[Remark]:
    """Note epochs that are 0: nothing happened then."""
    zeros = [match.column.name for match in _times(placed) if match.portrait.epoch_unit and "0" in match.portrait.counts]
    if zeros:
        extras["missing"] = dict.fromkeys(zeros, "0")
        yield Remark("0 stands for a time that is not known", "missing")


def _clocks(placed: Placed, extras: dict[str, Any], columns: dict[str, tuple[str, ...]], formats: list[str]) -> Iterator[Remark]:
    """Put a column of days, or a day of its own, before times that have none."""
    clocks = [
        match
        for match in placed.matches
        if match.column.kind is Kind.INSTANT and not match.portrait.is_instant and clock_unit(match.portrait)
    ]
    if not clocks:
        return
    taken = {match.portrait.name for match in placed.matches}
    days = [portrait for portrait in placed.view.portraits if portrait.is_day and portrait.name not in taken]
    for match in clocks:
        if days:
            day = max(days, key=lambda each: len(bag(each.name).keys() & bag(match.portrait.name).keys()))
            columns[match.column.name] = (day.name, match.portrait.name)
            formats += day.dates.formats
    if not days:
        extras["base_date"] = _BASE_DATE
        yield Remark("times have no date; on which day do they begin?", "base_date")
    later = [match.column.name for match in clocks[1:]]
    if later and all(clock_unit(match.portrait) == "clock" for match in clocks):
        extras["rolls"] = later
        yield Remark("times of day that lie far before the event before them are taken for the next day's", "rolls")


def _durations(placed: Placed, extras: dict[str, Any]) -> Iterator[Remark]:
    """Make the time of delivery from a duration, where the file has that instead."""
    if placed.table.name != "orders" or placed.match("delivered_at"):
        return
    taken = {match.portrait.name for match in placed.matches}
    event = "picked_up_at" if placed.match("picked_up_at") else "placed_at"
    for portrait in placed.view.portraits:
        concepts = bag(portrait.name)
        if portrait.name in taken or "DURATION" not in concepts or portrait.is_clock or portrait.is_empty:
            continue
        if not all(re.search(r"\d", text) for text in portrait.counts):
            continue
        numbers = [float(found[0]) for text in portrait.counts if (found := re.findall(r"\d+(?:\.\d+)?", text))]
        unit = (
            "seconds"
            if "SECONDS" in concepts or ("MINUTES" not in concepts and float(np.median(numbers)) > _LONGEST_MINUTES)
            else "minutes"
        )
        extras["after"] = {"delivered_at": {"event": event, "by": portrait.name, "unit": unit}}
        start = event.removesuffix("_at").replace("_", " ")
        yield Remark(f"{portrait.name} is taken as the {unit} from {start} to the door; or does it begin at another event?", "after")
        return


def _zone(placed: Placed, others: Sequence[Placed]) -> tuple[str | None, list[Remark]]:
    """Return the zone of times without an offset: UTC if the headers or the hours of the day say so; else that of the market."""
    naive = [match.portrait for match in _times(placed) if match.column.kind is Kind.INSTANT and match.portrait.absolute_share < 0.5]
    if not naive:
        return None, []
    if any("UTC" in bag(portrait.name) for portrait in naive):
        return "UTC", []
    verdict = _evidence(naive, others)
    if verdict is None:  # too few rows, or too near to Greenwich: what the other tables say holds here too
        verdict = next((found for each in others if (found := _evidence(_naive(each), others)) is not None), False)
    if verdict:
        text = "times have no offset; read as local, too much would happen at night, so they seem to be UTC"
        return "UTC", [Remark(text, "time_zone")]
    return None, [
        Remark('times have no offset, so they are read in the zone of the market; if they are not: time_zone = "UTC"', "time_zone")
    ]


def _naive(placed: Placed) -> list[Portrait]:
    times = [match for match in _times(placed) if match.column.kind is Kind.INSTANT]
    return [match.portrait for match in times if match.portrait.absolute_share < 0.5 and not match.portrait.is_day]


def _evidence(naive: Sequence[Portrait], others: Sequence[Placed]) -> bool | None:
    """Return whether times seem to be UTC: people order by day, so the reading that puts fewer events into the night is right."""
    instants = np.concatenate([each.instants[np.isfinite(each.instants)] for each in naive]) if naive else np.array([])
    offset_h = _offset_h(others, float(np.median(instants)) if len(instants) else 0.0)
    if offset_h is None or abs(offset_h) < _LEAST_OFFSET_H or len(instants) < _LEAST_INSTANTS:
        return None
    as_local, as_utc = (_night_share(instants + shift * 3600) for shift in (0.0, offset_h))
    return as_local > _NIGHT_SHARE and as_utc < _BETTER * as_local


def _night_share(local: Floats) -> float:
    return float(np.isin(local // 3600 % 24, _NIGHT_HOURS).mean())


def _offset_h(placed: Sequence[Placed], at: float) -> float | None:
    """Return the hours from UTC of where the data is: of the zones that a table of markets names, else by longitude."""
    zones = [zone for each in placed if each.table.name == "markets" and (found := each.portrait("time_zone")) for zone in found.counts]
    zones = [zone for zone in zones if zone in available_timezones()]
    moment = datetime.fromtimestamp(min(max(at, 0.0), _LATEST_S), UTC)
    offsets = [offset.total_seconds() / 3600 for zone in zones if (offset := ZoneInfo(zone).utcoffset(moment)) is not None]
    if offsets:
        return sum(offsets) / len(offsets)
    where = all_points(placed)
    return float(np.median(where[0][1].longitude)) / 15 if where else None


def _status_words(placed: Placed, extras: dict[str, Any]) -> Iterator[Remark]:
    """Note what the words of a status mean, where they are not the contract's own."""
    match = placed.match("status")
    if match is None:
        return iter(())
    choices = match.column.choices
    others = [word for word in match.portrait.vocabulary if word.lower() not in choices]
    meanings = {word: meaning for word in others if (meaning := status_meant(word, choices))}
    if meanings:
        extras["values"] = {"status": meanings}
    unknown = [word for word in others if word not in meanings]
    allowed = ", ".join(choices)
    return iter([Remark(f"status: what do {', '.join(map(repr, unknown))} mean? One of {allowed}", "values")] if unknown else [])


def _points(placed: Placed, others: Sequence[Placed], extras: dict[str, Any], *, has_nearest: bool) -> Iterator[Remark]:
    """Note what mends coordinates: a sign, an exchange of latitude and longitude, an origin of a plane."""
    anchor = next((found for each, found in all_points(others) if each.table.name == "malls"), None)
    for latitude, longitude in PAIRS:
        matched = [match for name in (latitude, longitude) if (match := placed.match(name))]
        if len(matched) < 2 or (latitude.startswith("pickup") and not has_nearest):
            continue
        if is_planar(matched[0].portrait) or is_planar(matched[1].portrait):
            extras["planar"] = {"latitude": _ORIGIN[0], "longitude": _ORIGIN[1]}
            yield Remark("the points lie on a plane, in meters; where on Earth is its origin?", "planar")
            continue
        for match in matched:
            sign = mixed_sign(match.portrait)
            if sign:
                extras.setdefault("flip", {})[match.column.name] = sign
                yield Remark(f"{match.portrait.name} has both signs for places close together; all are taken as {sign}", "flip")
        if anchor and placed.table.name != "malls":
            yield from _toward(anchor, placed, (latitude, longitude), extras)


def _toward(anchor: Points, placed: Placed, pair: tuple[str, str], extras: dict[str, Any]) -> Iterator[Remark]:
    """Note the change that brings points to where the malls are, if they are far from them without it."""
    portraits = [portrait for name in pair if (portrait := placed.portrait(name))]
    known = [values[np.isfinite(values)] for values in map(degrees, portraits)]
    if not all(len(values) for values in known):
        return
    y, x = (float(np.median(values)) for values in known)
    at_y, at_x = float(np.median(anchor.latitude)), float(np.median(anchor.longitude))
    if abs(y - at_y) <= _FAR_DEGREES and abs(x - at_x) <= _FAR_DEGREES:
        return
    if math.isclose(y, at_x, abs_tol=_NEAR_DEGREES) and math.isclose(x, at_y, abs_tol=_NEAR_DEGREES):
        extras.setdefault("swap", []).append(pair[0])
        yield Remark(f"{pair[0]} and its longitude seem to be exchanged: the malls lie there the other way round", "swap")
        return
    for name, own_middle, middle in ((pair[0], y, at_y), (pair[1], x, at_x)):
        if abs(own_middle - middle) > _FAR_DEGREES and math.isclose(-own_middle, middle, abs_tol=_NEAR_DEGREES):
            extras.setdefault("flip", {})[name] = "all"
            yield Remark(f"{name}: the sign is the opposite of the malls'", "flip")
