"""What a mapping may ask to be made of a source's columns: words, joins, times, places, and tables inferred from others.

Each is a small frozen value, read from TOML here and turned into SQL elsewhere (``data/transforms.py``, ``data/joins.py``,
``data/inferred.py``). ``docs/loading.md`` shows an example of each.
"""

import math
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from data.contracts import Column, Kind, Table
from data.errors import MappingError
from data.toml_checks import expect, names, number, plain, refuse_unknown, required

SPANS: Mapping[str, float] = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
LENGTHS: Mapping[str, float] = {"meters": 1, "km": 1000, "miles": 1609.344, "feet": 0.3048}
PICKUP = ("pickup_latitude", "pickup_longitude")
"""Names by which a mapping speaks of the pick-up point that ``nearest`` looks from."""
INFERRED_FROM: Mapping[str, str] = {"trips": "orders", "shifts": "orders", "offers": "trips"}
"""Tables that can be inferred, and from which."""
GAP_HOURS = 2.0
"""Hours without anything to do after which an inferred shift ends, where the mapping says nothing else."""

KEYS = (
    "only",
    "except",
    "values",
    "join",
    "missing",
    "base_date",
    "rolls",
    "first_of",
    "after",
    "whole_days",
    "planar",
    "flip",
    "swap",
    "infer",
    "gap_hours",
)


@dataclass(frozen=True)
class Chosen:
    """Which rows of a file count, by words of its columns in any case; an empty text means missing.

    ``only``: rows with one of these words in each of these columns; ``without``: of them not those with one of these words.
    """

    only: dict[str, tuple[str, ...]] = field(default_factory=dict)
    without: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that are looked at."""
        return tuple(dict.fromkeys([*self.only, *self.without]))

    def of(self, columns: Collection[str]) -> "Chosen":
        """Return what is said of some columns."""
        return Chosen(*({name: words for name, words in each.items() if name in columns} for each in (self.only, self.without)))


ALL: Final = Chosen()


@dataclass(frozen=True)
class Join:
    """A second file whose columns are put beside the rows by key.

    ``on`` pairs this file's column (or ``other.column`` of an earlier join) with the joined file's; ``name`` prefixes its columns. Of
    several matches ``keep`` takes the first or last by ``by``, or the median of every number; None: several matches are refused.
    ``split`` is a column of ``on`` that holds a list: each element is a key. ``rows`` says which rows of the file count.
    """

    name: str
    file: str
    on: tuple[tuple[str, str], ...]
    keep: str | None = None
    by: str | None = None
    split: str | None = None
    rows: Chosen = ALL


@dataclass(frozen=True)
class After:
    """An event a duration after another: ``by`` is a source's column or a number, in units of ``factor`` seconds."""

    event: str
    by: str | float
    factor: float


@dataclass(frozen=True)
class Planar:
    """Coordinates on a plane: meters (times ``factor``) north and east of an origin in degrees."""

    latitude: float
    longitude: float
    factor: float


@dataclass(frozen=True)
class Derivations:
    """Everything that one entry of a mapping asks to be derived.

    Attributes
    ----------
    rows
        Which rows count.
    values
        Contract column: the source's words in lower case, and what they mean; an empty text means missing.
    joins
        Files put beside this one.
    missing, missing_in
        Texts that mean a missing value, in every column and by contract column.
    base_date
        Day of times that have none, ISO 8601.
    rolls, rolls_clocks
        Events that may be the next day's, and whether all are whose day and time of day are put together.
    first_of
        Event: the events of which the first that is known stands in for it.
    after
        Event: the event and the duration that it follows.
    whole_days
        Times that are only a day; they mean its end.
    planar, flip, swap
        Mended coordinates: plane to degrees; sign changed in ``all`` rows or made ``positive`` or ``negative``; latitude and longitude
        exchanged (named by either).
    infer, gap_s
        The table is inferred from this one; seconds of rest that end a shift.
    """

    rows: Chosen = ALL
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    joins: tuple[Join, ...] = ()
    missing: tuple[str, ...] = ()
    missing_in: dict[str, tuple[str, ...]] = field(default_factory=dict)
    base_date: str | None = None
    rolls: tuple[str, ...] = ()
    rolls_clocks: bool = False
    first_of: dict[str, tuple[str, ...]] = field(default_factory=dict)
    after: dict[str, After] = field(default_factory=dict)
    whole_days: tuple[str, ...] = ()
    planar: Planar | None = None
    flip: dict[str, str] = field(default_factory=dict)
    swap: tuple[str, ...] = ()
    infer: str | None = None
    gap_s: int = int(GAP_HOURS * 3600)

    @property
    def events(self) -> tuple[str, ...]:
        """Events made from other events, each after those that it is made from."""
        made: list[str] = []
        waiting = {**{name: set(others) for name, others in self.first_of.items()}}
        for name, after in self.after.items():
            waiting.setdefault(name, set()).add(after.event)
        while waiting:
            ready = [name for name, others in waiting.items() if not others & waiting.keys() - {name}]
            made += ready
            for name in ready:
                del waiting[name]
        return tuple(made)


NONE = Derivations()


def pairs(table: Table) -> list[tuple[str, str]]:
    """Return the pairs of latitude and longitude columns of a table, and that of the pick-up point."""
    found = [column.name for column in table.loaded if column.kind is Kind.LATITUDE]
    return [*((name, name.replace("latitude", "longitude")) for name in found), PICKUP]


def derivations(table: Table, raw: dict[str, Any], place: str) -> Derivations:
    """Read what an entry of a mapping says.

    Raises
    ------
    MappingError
        If it names what the contract does not know, or contradicts itself.
    """
    loaded = {column.name: column for column in table.loaded}
    instants = [name for name, column in loaded.items() if column.kind is Kind.INSTANT]
    coordinates = [name for pair in pairs(table) for name in pair]
    rolls_clocks = raw.get("rolls") is True
    missing, missing_in = _missing(raw.get("missing", []), [*loaded, *PICKUP], f"{place} missing")
    found = Derivations(
        rows=_chosen(raw, place),
        values=dict(_values(loaded, raw.get("values", {}), f"{place} values")),
        joins=_joins(raw.get("join", []), f"{place} join"),
        missing=missing,
        missing_in=missing_in,
        base_date=_base_date(raw.get("base_date"), f"{place} base_date"),
        rolls=() if rolls_clocks else _known(raw["rolls"] if raw.get("rolls") else [], instants, f"{place} rolls: there is no time"),
        rolls_clocks=rolls_clocks,
        first_of=_first_of(raw.get("first_of", {}), instants, f"{place} first_of"),
        after=_after(raw.get("after", {}), instants, f"{place} after"),
        whole_days=_known(raw.get("whole_days", []), instants, f"{place} whole_days: there is no time"),
        planar=_planar(raw.get("planar"), f"{place} planar"),
        flip=_flip(raw.get("flip", []), coordinates, f"{place} flip"),
        swap=_known(raw.get("swap", []), coordinates, f"{place} swap: there is no coordinate"),
        infer=_infer(table, raw.get("infer"), f"{place} infer"),
        gap_s=round(3600 * _positive(raw.get("gap_hours", GAP_HOURS), f"{place} gap_hours")),
    )
    if "gap_hours" in raw and (table.name != "shifts" or not found.infer):
        raise MappingError(f'{place}: gap_hours belongs to shifts with infer = "orders"')
    _refuse_circle(found, place)
    return found


def _chosen(raw: dict[str, Any], place: str) -> Chosen:
    """Read which rows count: keys ``only`` and ``except``."""
    found: list[dict[str, tuple[str, ...]]] = []
    for key in ("only", "except"):
        expect(raw.get(key, {}), dict, f"{place} {key}")
        found.append({name: _words(words, f"{place} {key}.{name}") for name, words in raw.get(key, {}).items()})
    return Chosen(*found)


def _words(raw: Any, place: str) -> tuple[str, ...]:
    words = raw if isinstance(raw, list) else [raw]
    if not words:
        raise MappingError(f"{place}: name at least one word")
    return tuple((str(word) if isinstance(word, bool) else plain(word, place)).strip() for word in words)


def _values(loaded: dict[str, Column], raw: Any, place: str) -> Iterator[tuple[str, dict[str, str]]]:
    expect(raw, dict, place)
    refuse_unknown(raw, loaded, f"{place}: a source cannot give a column")
    for name, words in raw.items():
        expect(words, dict, f"{place}.{name}")
        meanings = {word.strip().lower(): plain(meaning, f"{place}.{name}.{word}") for word, meaning in words.items()}
        if loaded[name].kind not in (Kind.TEXT, Kind.BOOLEAN):
            raise MappingError(f"{place}.{name}: only columns of words have words; {name} is of kind {loaded[name].kind}")
        if loaded[name].choices:
            refuse_unknown([each for each in meanings.values() if each], loaded[name].choices, f"{place}.{name}: there is no choice")
        yield name, meanings


def _joins(raw: Any, place: str) -> tuple[Join, ...]:
    entries = raw if isinstance(raw, list) else [raw]
    joins: list[Join] = []
    for entry in entries:
        expect(entry, dict, place)
        refuse_unknown(entry, ("name", "file", "on", "keep", "by", "split", "only", "except"), f"{place}: there is no key")
        required(entry, ("file", "on"), place)
        for key in ("name", "file", "keep", "by", "split"):
            expect(entry.get(key, ""), str, f"{place}.{key}")
        on = entry["on"]
        on = {on: on} if isinstance(on, str) else on
        expect(on, dict, f"{place}.on")
        keep = entry.get("keep")
        if keep is not None:
            refuse_unknown([keep], ("first", "last", "median"), f"{place}.keep: there is no choice")
        if (entry.get("by") is not None) != (keep in ("first", "last")):
            raise MappingError(f'{place}: keep = "first" or "last" and by = "a column" belong together')
        name = entry.get("name") or _stem(entry["file"])
        refuse_twice(name, [each.name for each in joins], place)
        matches = tuple((left, names(right, f"{place}.on.{left}")[0]) for left, right in on.items())
        split = entry.get("split")
        if split is not None:
            refuse_unknown([split], [right for _, right in matches], f"{place}.split: on names no column")
        joins.append(Join(name, entry["file"], matches, keep, entry.get("by"), split, _chosen(entry, place)))
    return tuple(joins)


def _stem(file: str) -> str:
    return file.rsplit("/", 1)[-1].split(".", 1)[0]


def refuse_twice(name: str, taken: list[str], place: str) -> None:
    """Refuse a second join of one name."""
    if name in taken:
        raise MappingError(f'{place}: two joined files are called {name!r}; give one of them another, such as name = "{name}_2"')


def _missing(raw: Any, columns: list[str], place: str) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    if isinstance(raw, dict):
        refuse_unknown(raw, columns, f"{place}: a source cannot give a column")
        return (), {name: names(value, f"{place}.{name}") for name, value in raw.items()}
    return names(raw, place), {}


def _base_date(raw: Any, place: str) -> str | None:
    if raw is None:
        return None
    try:
        return (raw if type(raw) is date else date.fromisoformat(raw)).isoformat()
    except (TypeError, ValueError) as error:
        raise MappingError(f"{place}: a day such as 2026-03-02 is needed, not {raw!r}") from error


def _known(raw: Any, known: list[str], complaint: str) -> tuple[str, ...]:
    found = names(raw, complaint.split(":", maxsplit=1)[0])
    refuse_unknown(found, known, complaint)
    return found


def _first_of(raw: Any, instants: list[str], place: str) -> dict[str, tuple[str, ...]]:
    expect(raw, dict, place)
    refuse_unknown(raw, instants, f"{place}: there is no time")
    return {name: _known(others, instants, f"{place}.{name}: there is no time") for name, others in raw.items()}


def _after(raw: Any, instants: list[str], place: str) -> dict[str, After]:
    expect(raw, dict, place)
    refuse_unknown(raw, instants, f"{place}: there is no time")
    found = {}
    for name, entry in raw.items():
        where = f"{place}.{name}"
        expect(entry, dict, where)
        refuse_unknown(entry, ("event", "by", "unit"), f"{where}: there is no key")
        required(entry, ("event", "by", "unit"), where)
        _known(entry["event"], instants, f"{where}.event: there is no time")
        _known(entry["unit"], [*SPANS], f"{where}.unit: there is no unit")
        by = entry["by"] if isinstance(entry["by"], str) else number(entry["by"], f"{where}.by")
        found[name] = After(entry["event"], by, SPANS[entry["unit"]])
    return found


def _planar(raw: Any, place: str) -> Planar | None:
    if raw is None:
        return None
    expect(raw, dict, place)
    refuse_unknown(raw, ("latitude", "longitude", "unit"), f"{place}: there is no key")
    required(raw, ("latitude", "longitude"), place)
    latitude, longitude = (number(raw[key], f"{place}.{key}") for key in ("latitude", "longitude"))
    if not (abs(latitude) < 85 and abs(longitude) <= 180):
        raise MappingError(f"{place}: the origin ({latitude:g}, {longitude:g}) is no point in degrees between 85 south and 85 north")
    (unit,) = _known(raw.get("unit", "meters"), [*LENGTHS], f"{place}.unit: there is no unit")
    return Planar(latitude, longitude, LENGTHS[unit])


def _flip(raw: Any, coordinates: list[str], place: str) -> dict[str, str]:
    if not isinstance(raw, dict):
        return dict.fromkeys(_known(raw, coordinates, f"{place}: there is no coordinate"), "all")
    refuse_unknown(raw, coordinates, f"{place}: there is no coordinate")
    for name, way in raw.items():
        _known(way, ["all", "positive", "negative"], f"{place}.{name}: there is no choice")
    return dict(raw)


def _infer(table: Table, raw: Any, place: str) -> str | None:
    if raw is None:
        return None
    source = INFERRED_FROM.get(table.name)
    if source is None:
        raise MappingError(f"{place}: only {', '.join(INFERRED_FROM)} can be inferred, not {table.name}")
    _known(raw, [source], f"{place}: {table.name} cannot be inferred from")
    return source


def _positive(raw: Any, place: str) -> float:
    found = number(raw, place)
    if not 0 < found < 24 * 365:
        raise MappingError(f"{place}: a number of hours above 0 is needed, not {raw!r}")
    return found


def _refuse_circle(found: Derivations, place: str) -> None:
    """Refuse events that are made from each other."""
    sources = {name: set(others) for name, others in found.first_of.items()}
    for name, after in found.after.items():
        sources.setdefault(name, set()).add(after.event)
    for name, others in sources.items():
        seen: set[str] = set()
        todo = [*others]
        while todo:
            other = todo.pop()
            if other == name:
                raise MappingError(f"{place}: {name} is made from itself; give one of its events a column")
            if other not in seen:
                seen.add(other)
                todo += sources.get(other, ())


def lacks_year(format_: str) -> bool:
    """Whether a format of times names a day or a month and no year."""
    return bool(re.search("%-?[dmbBj]", format_)) and not re.search("%-?[YyGcxDF]", format_)


def degrees_per_meter() -> float:
    """Return how many degrees of a great circle of the mean sphere one meter is."""
    return 180 / (math.pi * 6_371_008.8)
