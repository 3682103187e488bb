"""How well a column of a source fits a column of a contract: by its header, its values, and the keys that other files hold.

Scores lie between 0 and about 1.5; ``None`` means that it cannot be. All columns of a file are then given to a table's columns at once, so
that the sum is greatest (the assignment problem), and columns of times are moved where the order of events in the rows says so.
"""

import re
from collections.abc import Mapping as Table_
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from zoneinfo import available_timezones

import numpy as np
from scipy.optimize import linear_sum_assignment

from data.contracts import TIMELINE, Column, Kind, Table
from data.guess_patterns import name_score, targets
from data.guess_words import bag, is_vehicle, status_meant
from data.portraits import Floats, Portrait

LEAST = 0.42
"""A column that scores less is not assigned."""

_SURE_SHARE, _KNOWN_SHARE = 0.95, 0.98
_REFERENCE_BONUS, _REFERENCE_ALONE, _NO_REFERENCE = 0.35, 0.5, -0.5
_ORDER_WEIGHT = 0.3
_LEAST_ROWS_FOR_ORDER = 5
_EVENT_PAIRS = {
    "orders": [
        *combinations(TIMELINE, 2),
        ("placed_at", "ready_at"),
        ("ready_at", "delivered_at"),
        ("placed_at", "promised_by"),
        ("picked_up_at", "promised_by"),
    ],
    "trips": list(combinations(("accepted_at", "arrived_at", "picked_up_at", "ended_at"), 2)),
    "offers": [("shown_at", "decided_at")],
    "shifts": [("start_at", "end_at")],
    "malls": [("opened_on", "closed_on")],
}
_LOOKED_AT = 500
_SCALES = (1e6, 1e5, 1e7)
_NAMED, _NO_DAY = 0.6, 0.15
"""A time without a date must be named as one; without a column of days it is less sure."""
_BOOLEANS = frozenset({"true", "false", "True", "False", "TRUE", "FALSE", "0", "1", "t", "f", "yes", "no"})
_LAND_USES = frozenset({"urban", "suburban", "rural", "metropolitan", "metropolitian", "semi-urban", "downtown"})


@dataclass(frozen=True)
class Keys:
    """Values of the key of a table, as another file holds them, and whether these are all of them."""

    values: frozenset[str]
    is_whole: bool


@dataclass(frozen=True)
class Match:
    """A column of a source that was given to a column of the contract: its score, and the others that might be it, best first."""

    column: Column
    portrait: Portrait
    score: float
    others: tuple[tuple[float, Portrait], ...]
    reasons: tuple[str, ...]


def score(
    table: Table, column: Column, portrait: Portrait, known: Table_[str, Keys], *, has_day: bool = True
) -> tuple[float, tuple[str, ...]] | None:
    """Return how well a source's column fits, and why; None if it cannot be.

    ``has_day``: whether times of day have a column of days beside them.
    """
    name = name_score(table, column, portrait.name)
    if portrait.is_empty:
        return (name, ("no value in the sample",)) if name else None
    content = portrait.remembered(f"{table.name}.{column.name}", lambda: _content(table, column, portrait))
    if content is not None and column.kind is Kind.INSTANT and not portrait.is_instant and (name < _NAMED or not has_day):
        return None if name < _NAMED else (name - _NO_DAY, content[1])
    if content is None:
        return None
    bonus, reasons = content
    if column.references and column.name not in table.key and column.references in known:
        reference = _reference(known[column.references], portrait, column, name)
        bonus += reference[0]
        reasons += reference[1]
    return max(0.0, name + bonus), reasons


Bonus = tuple[float, tuple[str, ...]]


def _content(table: Table, column: Column, portrait: Portrait) -> Bonus | None:
    if column.kind is Kind.TEXT:
        return _text(table, column, portrait)
    if column.kind is Kind.INSTANT:
        return _instant(portrait)
    if column.kind in (Kind.LATITUDE, Kind.LONGITUDE):
        return _degrees(column, portrait)
    return _plain(column, portrait)


def _plain(column: Column, portrait: Portrait) -> Bonus | None:
    if column.kind is Kind.DAY:
        return ((0.15 if portrait.is_day else -0.1), ()) if portrait.is_instant else None
    if column.kind is Kind.CELL:
        return (0.5, ("H3 cells",)) if portrait.is_cell else None
    if column.kind is Kind.BOOLEAN:
        return (0.2, ()) if portrait.counts.keys() <= _BOOLEANS else None
    return _number(column, portrait)


def _text(table: Table, column: Column, portrait: Portrait) -> Bonus | None:
    if column.name in _TEXT_CHECKS:
        return _checked_text(column, portrait)
    if column.choices:
        return _choice(column, portrait)
    return _id(table, column, portrait) if column.name.endswith("_id") else _words(column, portrait)


def _instant(portrait: Portrait) -> Bonus | None:
    if not portrait.is_instant:
        unit = clock_unit(portrait)
        return (-0.05, (_CLOCK_WORDS[unit],)) if unit else None
    return (-0.2, ("days without a time of day",)) if portrait.is_day else (0.05, ())


_CLOCK_WORDS = {"clock": "times of day", "minutes": "minutes after midnight", "seconds": "seconds after midnight"}
_DAY_S = 86_400


def clock_unit(portrait: Portrait) -> str:
    """Return in which unit a column may hold times without a date: ``clock``, ``minutes`` or ``seconds`` after midnight; else nothing."""
    if portrait.is_clock:
        return "clock"
    numbers = portrait.known_numbers
    if not portrait.is_number or not len(numbers) or numbers.min() < 0 or portrait.epoch_unit:
        return ""
    if 60 < numbers.max() <= 2 * _DAY_S / 60:
        return "minutes"
    return "seconds" if 2 * _DAY_S / 60 < numbers.max() <= 2 * _DAY_S else ""


def times(portrait: Portrait) -> Floats:
    """Return the instants of a column, or its times of day in seconds where it has no date."""
    unit = "" if portrait.is_instant else clock_unit(portrait)
    if unit in ("minutes", "seconds"):
        return portrait.numbers * (60.0 if unit == "minutes" else 1.0)
    return np.array([_clock_s(text) for text in portrait.texts]) if unit == "clock" else portrait.instants


def _clock_s(text: str | None) -> float:
    match = re.match(r"(\d+):(\d+)(?::(\d+))?[^ap]*([ap]m)?", (text or "").lower())
    if not match:
        return np.nan
    hours = int(match[1]) % 12 + 12 * (match[4] == "pm") if match[4] else int(match[1])
    return 3600.0 * hours + 60.0 * int(match[2]) + float(match[3] or 0)


def _number(column: Column, portrait: Portrait) -> Bonus | None:
    if not portrait.is_number or portrait.is_cell or portrait.epoch_unit:
        return None
    numbers = portrait.known_numbers
    if column.name == "week_start":
        return (0.1, ()) if ((numbers >= 1) & (numbers <= 7)).all() else None
    bonus = 0.0 if portrait.is_whole or column.kind is not Kind.INTEGER else -0.3
    return bonus - (0.2 if (numbers < 0).mean() > 1 - _SURE_SHARE else 0), ()


def _degrees(column: Column, portrait: Portrait) -> Bonus | None:
    if not portrait.is_number or portrait.epoch_unit:
        return None
    numbers = np.abs(portrait.known_numbers[portrait.known_numbers != 0])
    limit = 90 if column.kind is Kind.LATITUDE else 180
    if not len(numbers):
        return None
    if (numbers <= limit).mean() >= _SURE_SHARE:
        return (-0.2 if portrait.is_whole else 0.1), ()
    if column.kind is Kind.LATITUDE and (numbers <= 180).mean() >= _SURE_SHARE and not portrait.is_whole:
        return -0.3, ("beyond 90 degrees",)
    if scale_of(portrait):
        return 0.0, (f"degrees times {scale_of(portrait):,.0f}",)
    return (-0.05, ("on a plane, in meters?",)) if is_planar(portrait) else None


def is_planar(portrait: Portrait) -> bool:
    """Whether a column may be a coordinate on a plane: named x or y, too large for degrees, and no multiple of them."""
    is_named = bool({"X", "Y"} & bag(portrait.name).keys())
    return is_named and portrait.is_number and not portrait.epoch_unit and scale_of(portrait) is None and _beyond(portrait)


def _beyond(portrait: Portrait) -> bool:
    return bool((np.abs(portrait.known_numbers) > 180).mean() > 1 - _SURE_SHARE)


def scale_of(portrait: Portrait) -> float | None:
    """Return by how much degrees seem to be multiplied, where a column holds whole numbers too large for degrees."""
    numbers = np.abs(portrait.known_numbers[portrait.known_numbers != 0])
    if not len(numbers) or not portrait.is_whole or (numbers <= 180).mean() > 1 - _SURE_SHARE:
        return None
    return next((scale for scale in _SCALES if ((numbers <= 180 * scale) & (numbers > scale)).mean() >= _SURE_SHARE), None)


_HOURS = re.compile(r"\b(mo|tu|we|th|fr|sa|su|di|mi|do|lu|ma|me|je|ve)\w*\b.*\d|\d{1,2}[:.]\d{2}\s*-\s*\d{1,2}[:.]\d{2}", re.IGNORECASE)
_TEXT_CHECKS = {
    "time_zone": (re.compile("|".join(re.escape(name) for name in sorted(available_timezones(), key=len, reverse=True))), 0.5),
    "currency": (re.compile("[A-Z]{3}"), 0.2),
    "boundary_polygon": (re.compile(r"(MULTI)?POLYGON\b.*", re.IGNORECASE | re.DOTALL), 0.6),
    "boundary_counties": (re.compile(r"\d{4,5}([ ,;]+\d{4,5})*"), 0.2),
    "county": (re.compile(r"\d{4,5}"), 0.2),
    "opening_hours": (re.compile(rf".*({_HOURS.pattern}).*", re.IGNORECASE), 0.4),
}
"""How values look, and what it is worth."""


def _checked_text(column: Column, portrait: Portrait) -> Bonus | None:
    looks, bonus = _TEXT_CHECKS[column.name]
    values = list(islice(portrait.counts, _LOOKED_AT))
    is_such = sum(looks.fullmatch(text) is not None for text in values) >= _SURE_SHARE * len(values)
    return (bonus, (f"values look like {column.name.replace('_', ' ')}",)) if is_such else None


def _choice(column: Column, portrait: Portrait) -> Bonus | None:
    if portrait.is_number or portrait.is_instant or not portrait.vocabulary:
        return None
    listed = sum(word.lower() in column.choices for word in portrait.vocabulary) / len(portrait.vocabulary)
    if listed == 1:
        return 0.5, ("the very words",)
    are_codes = all(len(word) <= 2 for word in portrait.vocabulary)
    meant = sum(status_meant(word, column.choices) is not None for word in portrait.vocabulary) / len(portrait.vocabulary)
    return (0.4 * max(listed, meant), ()) if meant else (-0.6 if are_codes else -0.3, ("none of the words is known",))


def _id(table: Table, column: Column, portrait: Portrait) -> Bonus | None:
    has_fraction = portrait.is_number and not portrait.is_whole
    if has_fraction or portrait.has_comma or (portrait.is_instant and not portrait.is_number) or portrait.is_clock:
        return None
    if portrait.epoch_unit == "s" and portrait.unique_share < _KNOWN_SHARE:
        return None
    is_key = table.key == (column.name,)
    is_flag = len(portrait.counts) <= 2 < portrait.filled and portrait.is_number and set(portrait.counts) <= {"0", "1"}
    if is_flag or {text.lower() for text in portrait.vocabulary or ("",)} <= _LAND_USES:
        return None
    if not is_key:
        return (-0.2 if portrait.is_cell or portrait.epoch_unit else 0.0), ()
    if portrait.unique_share >= _KNOWN_SHARE:
        return 0.15, ("no value twice",)
    repeats = f"{len(portrait.counts):,} different values in {portrait.filled:,} rows"
    return (0.0 if portrait.unique_share >= 0.2 else -0.35), (repeats,)


def _words(column: Column, portrait: Portrait) -> Bonus | None:
    if portrait.is_instant or portrait.is_cell or (portrait.is_number and not portrait.is_whole):
        return None
    if column.name == "vehicle":
        return (0.4, ("words for vehicles",)) if _speaks_of_vehicles(portrait) else (0.0, ())
    if column.name == "category" and portrait.unique_share > 0.5 and len(portrait.counts) > 20:
        return -0.3, ()
    return (-0.3 if portrait.is_number else 0.0), ()


def _reference(keys: Keys, portrait: Portrait, column: Column, name: float) -> Bonus:
    found = sum(text in keys.values for text in portrait.counts) / max(1, len(portrait.counts))
    if found >= _SURE_SHARE:
        # Small numbers occur in every file; other texts hardly do by chance.
        is_telling = not portrait.is_number or len(portrait.counts) > 50
        bonus = _REFERENCE_BONUS if name > 0 else (_REFERENCE_ALONE if is_telling else 0.0)
        return bonus, (f"values are keys of {column.references}",)
    if found < 1 - _KNOWN_SHARE + 0.1 and keys.is_whole:
        return _NO_REFERENCE, (f"values are no keys of {column.references}",)
    return 0.0, ()


def assigned(table: Table, portraits: Sequence[Portrait], known: Table_[str, Keys]) -> list[Match]:
    """Give the columns of a source to the columns of a table, each at most once, so that the sum of the scores is greatest."""
    columns = targets(table)
    has_day = any(portrait.is_day for portrait in portraits)
    found = [[score(table, column, portrait, known, has_day=has_day) for column in columns] for portrait in portraits]
    scores = np.array([[each[0] if each else 0.0 for each in row] for row in found]).reshape(len(portraits), len(columns))
    _determined_driver(columns, portraits, scores)
    rows, places = linear_sum_assignment(np.where(scores >= LEAST, scores, 0.0), maximize=True)
    chosen = {int(place): int(row) for row, place in zip(rows, places, strict=True) if scores[row, place] >= LEAST}
    _in_order(table, columns, portraits, scores, chosen)
    matches = []
    for place, row in sorted(chosen.items()):
        others = sorted(((float(scores[each, place]), each) for each in range(len(portraits)) if each != row), reverse=True)
        candidates = tuple((value, portraits[each]) for value, each in others if value >= LEAST)
        reasons = found[row][place]
        matches.append(Match(columns[place], portraits[row], float(scores[row, place]), candidates, reasons[1] if reasons else ()))
    return matches


def _determined_driver(columns: Sequence[Column], portraits: Sequence[Portrait], scores: Floats) -> None:
    """Raise the score of an id with a meaningless header as the driver, if every value of it has one vehicle: nobody else has."""
    place = next((place for place, column in enumerate(columns) if column.name == "driver_id"), None)
    vehicle = next((each for each in portraits if _speaks_of_vehicles(each)), None)
    if place is None or vehicle is None or (scores[:, place] >= LEAST).any():
        return
    best: tuple[float, int] | None = None
    for row, portrait in enumerate(portraits):
        is_free = scores[row].max() < 0.5 and portrait is not vehicle
        is_id = not portrait.is_instant and not portrait.is_clock and (not portrait.is_number or portrait.is_whole)
        repeats = 2 * len(vehicle.counts) < len(portrait.counts) and portrait.unique_share < 0.7
        if is_free and is_id and repeats and determines(portrait, vehicle) >= 0.97 and (best is None or portrait.unique_share < best[0]):
            best = portrait.unique_share, row
    if best:
        scores[best[1], place] = 0.6


def _speaks_of_vehicles(portrait: Portrait) -> bool:
    words = portrait.vocabulary
    return bool(words) and sum(is_vehicle(word) for word in words) >= 0.5 * len(words)


def determines(key: Portrait, other: Portrait) -> float:
    """Return the share of a column's values, of those that occur more than once, that always stand beside the same value of another."""
    seen: dict[str, set[str]] = {}
    for value, beside in zip(key.texts, other.texts, strict=True):
        if value is not None:
            seen.setdefault(value, set()).add(beside or "")
    repeated = [beside for value, beside in seen.items() if key.counts[value] > 1]
    return sum(len(beside) == 1 for beside in repeated) / len(repeated) if repeated else 1.0


def _in_order(table: Table, columns: Sequence[Column], portraits: Sequence[Portrait], scores: Floats, chosen: dict[int, int]) -> None:
    """Move columns of times among the events of a table while that raises their scores and the order in which they happen together."""
    pairs = _EVENT_PAIRS.get(table.name, [])
    places = {column.name: place for place, column in enumerate(columns)}
    events = [places[name] for name in dict.fromkeys(name for pair in pairs for name in pair)]
    agreement: dict[tuple[int, int], float] = {}

    def worth(choice: dict[int, int]) -> float:
        total = sum(scores[row, place] for place, row in choice.items() if place in events)
        for before, after in pairs:
            first, second = choice.get(places[before]), choice.get(places[after])
            if first is not None and second is not None:
                if (first, second) not in agreement:
                    agreement[first, second] = _agreement(portraits[first], portraits[second])
                total += _ORDER_WEIGHT * agreement[first, second]
        return float(total)

    while True:
        best, best_worth = None, worth(chosen) + 1e-9
        for one, other in combinations(events, 2):
            changed = {place: row for place, row in chosen.items() if place not in (one, other)}
            changed |= {place: chosen[source] for place, source in ((one, other), (other, one)) if source in chosen}
            if all(scores[row, place] >= LEAST for place, row in changed.items() if place in (one, other)) and worth(changed) > best_worth:
                best, best_worth = changed, worth(changed)
        if best is None:
            return
        chosen.clear()
        chosen.update(best)


def _agreement(first: Portrait, second: Portrait) -> float:
    """Return how regularly one time comes before another in the rows that have both: 1 always, 0 as often as not, -1 never."""
    earlier, later = times(first), times(second)
    both = np.isfinite(earlier) & np.isfinite(later)
    if both.sum() < _LEAST_ROWS_FOR_ORDER:
        return 0.0
    difference = later[both] - earlier[both]
    return float((difference >= 0).mean() - (difference < 0).mean())
