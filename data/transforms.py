"""What a mapping asks of single values, as SQL around a source's records: words, missing values, times of day, scales and signs of points.

Every mended column becomes a new field of the records; the feed then names that field, so that staging, examples and rejects see mended
values and need not know how they came to be. A value that cannot be mended stays as it stands in the source, so that it is reported as
unreadable with its own text.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import duckdb

from data.chosen import chosen_rows, left_out
from data.contracts import TIMELINE, Column, Kind
from data.derivations import PICKUP, Chosen, degrees_per_meter, pairs
from data.joins import Joined, joined_relation, view
from data.mapping import Feed, Nearest
from data.staging import Reading, day_of, identifier, instant_of, is_nothing_sql, number_in, quoted, with_year

_ISO = "'%Y-%m-%dT%H:%M:%S.%f'"
"""How mended times are written: with a letter and a fraction, which hardly any format that a mapping gives would take for another day."""
_LATEST_S = 3.2e9
_ROLLING_S = 12 * 3600
_DAY_TYPES = {"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"}
_SEQUENCES = {
    "orders": TIMELINE,
    "trips": ("accepted_at", "arrived_at", "picked_up_at", "ended_at"),
    "shifts": ("start_at", "end_at"),
    "offers": ("shown_at", "decided_at"),
}
"""Events of a table in the order in which they happen."""
_ASIDE = {"ready_at": "placed_at", "promised_by": "placed_at"}
"""Events that are not in that order, and the one that they do follow."""


@dataclass(frozen=True)
class Mended:
    """A new field: its name (the contract's column with a mark), its SQL and its type."""

    name: str
    sql: str
    kind: str


def mark(column: str) -> str:
    """Return the name of the field that holds a mended column."""
    return f"={column}"


def derived(
    connection: duckdb.DuckDBPyConnection, reading: Reading, joined: Sequence[Joined], relations: Sequence[str]
) -> tuple[Reading, list[str]]:
    """Return a reading as its mapping wants it: with joined columns, then mended ones; and what that did, in words.

    The reading itself where the mapping asks for nothing. ``relations`` are the joined files' records.
    """
    file, plain = reading.source, reading
    if file is None:
        return reading, []
    notes: list[str] = []
    rows = reading.feed.derivations.rows
    own = [name for name in rows.columns if file.position(name) is not None]
    reading, said = _with_chosen(connection, reading, rows.of(own))
    notes += said
    if joined:
        relation, said = joined_relation(connection, reading, joined, relations)
        notes += said
        reading = replace(reading, source=view(file, joined), relation=relation)
    used = reading.used | {left for each in joined for left, _ in each.join.on} | {*rows.columns}
    used |= {each.by for each in reading.feed.derivations.after.values() if isinstance(each.by, str)}
    reading, said = _with_chosen(connection, reading, rows.of(set(rows.columns) - {*own}))
    notes += said
    reading, more = mended(connection, reading)
    if reading is plain:
        return plain, []
    places = {file.position(name) for name in used}
    taken = frozenset(name for place, name in enumerate(file.columns) if place in places)
    return replace(reading, origin=file, taken=taken), [*notes, *more]


def _with_chosen(connection: duckdb.DuckDBPyConnection, reading: Reading, rows: Chosen) -> tuple[Reading, list[str]]:
    """Return a reading of the rows that count, and how many do not, in words; itself where all do."""
    chosen = chosen_rows(reading, rows)
    return (reading, []) if chosen == reading.relation else (replace(reading, relation=chosen), [left_out(connection, reading, chosen)])


def mended(connection: duckdb.DuckDBPyConnection, reading: Reading) -> tuple[Reading, list[str]]:
    """Return a reading whose columns are as its mapping wants them, and what that changed; itself where nothing is to be mended."""
    if reading.source is None:
        return reading, []
    fields = [*_fields(reading)]
    if not fields:
        return reading, []
    source, feed = reading.source, reading.feed
    first = len(source.columns)
    places = enumerate(fields, first)
    added = ", ".join(f"{each.sql} AS {identifier(each.name) if source.is_parquet else f'c{place}'}" for place, each in places)
    relation = f"(SELECT *, {added} FROM {reading.relation})"
    whole = replace(
        source,
        columns=(*source.columns, *(each.name for each in fields)),
        types=(*source.types, *(each.kind for each in fields)),
    )
    after = replace(reading, source=whole, relation=relation, feed=_renamed(feed, fields))
    rolled, notes = _rolled(connection, after, _rolling(reading))
    return rolled, notes + _planar_note(feed)


def _renamed(feed: Feed, fields: Sequence[Mended]) -> Feed:
    """Return a feed that names the mended fields, without the units that were already applied."""
    columns, units, nearest = dict(feed.columns), dict(feed.units), feed.nearest
    known = {each.name for each in feed.table.loaded}
    for name in (each.name.removeprefix("=") for each in fields):
        kind = feed.table.column(name).kind if name in known else Kind.LATITUDE
        if name in known:
            columns[name] = (mark(name),)
        if kind in (Kind.INSTANT, Kind.LATITUDE, Kind.LONGITUDE):
            units.pop(name, None)
    if nearest and any(each.name == mark(PICKUP[0]) for each in fields):
        nearest = Nearest(mark(PICKUP[0]), mark(PICKUP[1]), nearest.within_m)
    return replace(feed, columns=columns, units=units, nearest=nearest)


def _fields(reading: Reading) -> Iterator[Mended]:
    derived, table = reading.feed.derivations, reading.table
    coordinates = {name for pair in pairs(table) for name in pair}
    for column in table.loaded:
        if column.name in coordinates:
            continue
        raw, kind = reading.raw(column)
        sql, is_mended = raw, False
        if column.kind is Kind.INSTANT and raw != "NULL" and column.name not in reading.feed.constants:
            sql, kind, is_mended = _time(reading, column)
        if raw == "NULL" and column.name in derived.events:
            sql, kind, is_mended = _unreadable_span(reading, column.name), "VARCHAR", True
        sql, has_gaps = _without(sql, kind, reading, column.name) if raw != "NULL" else (sql, False)
        if column.name in derived.after and raw != "NULL" and kind == "VARCHAR":
            sql, is_mended = f"coalesce({sql}, {_unreadable_span(reading, column.name)})", True
        if column.name in derived.values and raw != "NULL":
            sql, kind, is_mended = _meant(sql, derived.values[column.name]), "VARCHAR", True
        if is_mended or has_gaps:
            yield Mended(mark(column.name), sql, kind)
    if table.name == "demand_areas" and "shape" in reading.given:
        yield from _inner_point(reading)
        return
    for pair in pairs(table):
        yield from _point(reading, pair)


def _inner_point(reading: Reading) -> Iterator[Mended]:
    """Yield the coordinates of an area's center, by its shape where the source does not say them."""
    shape = f"({reading.raw(reading.table.column('shape'))[0]})::VARCHAR"
    for name in ("latitude", "longitude"):
        yield Mended(
            mark(name), f"coalesce(({reading.raw(reading.table.column(name))[0]})::VARCHAR, shape_{name}({shape})::VARCHAR)", "VARCHAR"
        )


def _without(sql: str, kind: str, reading: Reading, name: str) -> tuple[str, bool]:
    """Return a value that is null where it is one of the texts that mean nothing, and whether there are such texts."""
    derived = reading.feed.derivations
    words = [*derived.missing, *derived.missing_in.get(name, ())]
    if not words:
        return sql, False
    if kind == "VARCHAR":
        return f"CASE WHEN {sql} NOT IN ({', '.join(quoted(word.strip()) for word in words)}) THEN {sql} END", True
    numbers = [word for word in words if re.fullmatch(r"[-+]?[0-9]+([.][0-9]+)?", word.strip())]
    if not numbers or kind in ("BOOLEAN", "DATE") or kind.startswith("TIME"):
        return sql, False
    return f"CASE WHEN {sql} NOT IN ({', '.join(numbers)}) THEN {sql} END", True


def _meant(sql: str, words: dict[str, str]) -> str:
    cases = " ".join(f"WHEN {quoted(word)} THEN {quoted(meaning) if meaning else 'NULL'}" for word, meaning in words.items())
    return f"CASE lower(({sql})::VARCHAR) {cases} ELSE ({sql})::VARCHAR END"


def _unreadable_span(reading: Reading, name: str) -> str:
    """Return what stands in the source for an event that is made from others: the duration's text where it is no duration, else null."""
    after = reading.feed.derivations.after.get(name)
    if after is None or not isinstance(after.by, str):
        return "NULL::VARCHAR"
    raw = reading.field(after.by)[0]
    return f"CASE WHEN {number_in(raw)} IS NULL THEN ({raw})::VARCHAR END"


def _time(reading: Reading, column: Column) -> tuple[str, str, bool]:
    """Return the SQL of a time as its mapping dates it, its type, and whether that differs from how it stands in the source."""
    local = _dated(reading, column.name)
    raw, kind = reading.raw(column)
    if local is None and column.name not in reading.feed.derivations.rolls:
        return raw, kind, False
    if local is None:
        return f"coalesce(strftime({_local(reading, column.name)}, {_ISO}), ({raw})::VARCHAR)", "VARCHAR", True
    text = _spaced(reading, column.name)
    return f"coalesce(strftime({local}, {_ISO}), {text})", "VARCHAR", True


def _dated(reading: Reading, name: str) -> str | None:
    """Return the SQL of a local time that a day and a time of day make; None where the source has the whole time in one column."""
    names, base = _names(reading, name), reading.feed.derivations.base_date
    unit = reading.feed.units.get(name)
    factor = reading.feed.factor_of(name, Kind.INSTANT) if unit else None
    if len(names) > 1:
        *days, last = names
        day_text = " || ' ' || ".join(_day_text(reading, each) for each in days)
        day = day_of(f"({day_text})", "VARCHAR", _day_formats(reading.feed.date_formats), base)
        text = _spaced(reading, name)
        formats = f"[{', '.join(map(quoted, reading.feed.date_formats))}]"
        # A format may want the parts with a space between them or without: 20260302 and 1205.
        written = (text, text.replace(" || ' ' || ", " || "))
        whole = [way for each in written for way in with_year(f"({each})", base, reading.feed.date_formats)]
        whole += [f"try_strptime({each}, {formats})" for each in written] if reading.feed.date_formats else []
        seconds = _seconds_of_day(f"({_gapless(reading, last, name)})::VARCHAR", factor)
        clock = f"({day})::TIMESTAMP + to_microseconds(round({seconds} * 1e6)::BIGINT)"
        ways = [*whole, f"try_cast({text} AS TIMESTAMP)", clock] if factor is None else [clock]
        return f"coalesce({', '.join(ways)})"
    if base is None:
        return None
    text = f"({_gapless(reading, names[0], name)})::VARCHAR"
    clock = f"TIMESTAMP '{base}' + to_microseconds(round({_seconds_of_day(text, factor)} * 1e6)::BIGINT)"
    return f"coalesce({', '.join([clock, *with_year(text, base, reading.feed.date_formats)])})"


def _names(reading: Reading, name: str) -> tuple[str, ...]:
    return reading.feed.columns.get(name, (name,))


def _gapless(reading: Reading, source_column: str, name: str) -> str:
    sql, kind = reading.field(source_column)
    sql = _without(sql, kind, reading, name)[0]
    return f"CASE WHEN NOT {is_nothing_sql(sql, reading.table.column(name))} THEN {sql} END" if kind == "VARCHAR" else sql


def _day_text(reading: Reading, name: str) -> str:
    """Return the SQL of a column that holds a day, without the midnight that some programs write behind it."""
    sql, kind = reading.field(name)
    return f"({sql})::DATE::VARCHAR" if kind in _DAY_TYPES else f"regexp_replace(({sql})::VARCHAR, '[ T]00:00(:00([.]0+)?)?$', '')"


def _spaced(reading: Reading, name: str) -> str:
    names = _names(reading, name)
    parts = [_day_text(reading, each) for each in names[:-1]]
    return " || ' ' || ".join([*parts, f"({_gapless(reading, names[-1], name)})::VARCHAR"])


def _day_formats(formats: Sequence[str]) -> list[str]:
    """Return the part of each format that is the day."""
    days = (re.split(r"[ T]*%-?[HIcXT]", each, maxsplit=1)[0] for each in formats)
    return [each for each in dict.fromkeys(days) if each]


def _seconds_of_day(text: str, factor: float | None) -> str:
    """Return the SQL of seconds after midnight: of a number of units, or of a clock.

    A clock may pass 24 hours, bear AM or PM, or be a spreadsheet's fraction of a day.
    """
    if factor is not None:
        number = f"try_cast({text} AS DOUBLE) * {factor}"
        return f"CASE WHEN abs({number}) < {_LATEST_S} THEN {number} END"
    parts = [f"try_cast(split_part({text}, ':', {place}) AS DOUBLE)" for place in (1, 2, 3)]
    clock = f"{parts[0]} * 3600 + {parts[1]} * 60 + coalesce({parts[2]}, 0)"
    half = "['%I:%M:%S %p', '%I:%M %p', '%I %p']"
    spaced = f"regexp_replace(upper(replace({text}, '.', '')), ' ?([AP]M)$', ' \\1')"
    return (
        f"CASE WHEN regexp_full_match({text}, '[0-9]{{1,3}}:[0-5]?[0-9](:[0-5]?[0-9]([.][0-9]+)?)?') THEN {clock} "
        f"WHEN regexp_full_match({text}, '(?i)[0-9]{{1,2}}(:[0-5]?[0-9]){{0,2}} ?[ap][.]?m[.]?') "
        f"THEN epoch(try_strptime({spaced}, {half})::TIME) "
        f"WHEN regexp_full_match({text}, '0?[.][0-9]+') THEN round(try_cast({text} AS DOUBLE) * 86400) END"
    )


def _rolling(reading: Reading) -> list[str]:
    """Return the events that may be the next day's: those named, or all whose day and time of day are put together."""
    derived = reading.feed.derivations
    given = [column.name for column in reading.table.loaded if column.kind is Kind.INSTANT and column.name in reading.given]
    given = [name for name in given if name not in reading.feed.constants]
    return [name for name in given if name in derived.rolls or (derived.rolls_clocks and _dated(reading, name) is not None)]


def _rolled(connection: duckdb.DuckDBPyConnection, reading: Reading, wanted: Sequence[str]) -> tuple[Reading, list[str]]:
    """Move times of day past midnight: where one lies at least 12 hours before the event before it, it is the next day's."""
    source = reading.source
    if not wanted or source is None:
        return reading, []
    given = [column.name for column in reading.table.loaded if column.kind is Kind.INSTANT and column.name in reading.given]
    sequence = [name for name in _SEQUENCES[reading.table.name] if name in given]
    local = [f"{_local(reading, name)} AS at_{place}" for place, name in enumerate(given)]
    layer = f"SELECT *, {', '.join(local)} FROM {reading.relation}"
    before = ""
    for name in [*sequence, *(name for name in given if name not in sequence)]:
        at = f"at_{given.index(name)}"
        earlier = f"at_{given.index(_ASIDE[name])}" if name in _ASIDE and _ASIDE[name] in given else before
        if name in wanted and earlier:
            is_past = f"coalesce({earlier} - {at} >= INTERVAL '{_ROLLING_S} seconds' AND {earlier} - {at} < INTERVAL '1 day', false)"
            next_day = f"CASE WHEN {is_past} THEN {at} + INTERVAL '1 day' ELSE {at} END"
            layer = f"SELECT * REPLACE ({next_day} AS {at}), {is_past} AS is_{at} FROM ({layer})"
        else:
            layer = f"SELECT *, false AS is_{at} FROM ({layer})"
        if name in sequence:
            before = f"coalesce({at}, {before})" if before else at
    fields = {name: source.position(mark(name)) for name in wanted}
    moved = []
    for name, place in fields.items():
        column = identifier(mark(name)) if source.is_parquet else f"c{place}"
        moved.append(f"CASE WHEN is_at_{given.index(name)} THEN strftime(at_{given.index(name)}, {_ISO}) ELSE {column} END AS {column}")
    helpers = ", ".join(f"at_{place}, is_at_{place}" for place in range(len(given)))
    counts = ", ".join(f"count(*) FILTER (is_at_{given.index(name)})" for name in wanted)
    rows = connection.execute(f"SELECT {counts} FROM ({layer})").fetchone() or ()
    notes = [
        f"{reading.table.name}.{name}: {count:,} times of day are earlier than the event before them and were read as the next day's"
        for name, count in zip(wanted, rows, strict=True)
        if count
    ]
    return replace(reading, relation=f"(SELECT * EXCLUDE ({helpers}) REPLACE ({', '.join(moved)}) FROM ({layer}))"), notes


def _local(reading: Reading, name: str) -> str:
    raw, kind = reading.raw(reading.table.column(name))
    return instant_of(raw, kind, reading.feed.date_formats)[1]


def _point(reading: Reading, pair: tuple[str, str]) -> Iterator[Mended]:
    """Yield both coordinates of a point in degrees, where the mapping says that they are anything else."""
    derived, feed = reading.feed.derivations, reading.feed
    raws = [_coordinate(reading, name, place) for place, name in enumerate(pair)]
    if any(raw is None for raw in raws):
        return
    is_swapped = any(name in derived.swap for name in pair)
    touched = is_swapped or derived.planar or any(name in derived.flip or name in feed.units for name in pair)
    found = [_without(sql, kind, reading, name) for (sql, kind), name in zip([raw for raw in raws if raw], pair, strict=True)]
    if not touched and not any(has_gaps for _, has_gaps in found):
        return
    texts = [sql for sql, _ in found]
    for name, text in zip(pair, reversed(texts) if is_swapped else texts, strict=True):
        number = f"try_cast({text} AS DOUBLE)"
        value = _signed(_scaled(number, feed, name, is_latitude=name == pair[0]), derived.flip.get(name))
        yield Mended(mark(name), f"coalesce(({value})::VARCHAR, ({text})::VARCHAR)", "VARCHAR")


def _coordinate(reading: Reading, name: str, place: int) -> tuple[str, str] | None:
    if name in PICKUP:
        nearest = reading.feed.nearest
        return reading.field((nearest.latitude, nearest.longitude)[place]) if nearest else None
    raw = reading.raw(reading.table.column(name))
    return None if raw[0] == "NULL" else raw


def _scaled(number: str, feed: Feed, name: str, *, is_latitude: bool) -> str:
    planar = feed.derivations.planar
    if planar is None:
        factor = feed.factor_of(name, Kind.LATITUDE)
        if factor == 1:
            return number
        # Divided by a whole number a coordinate is the nearest to what is meant; multiplied by a millionth it is not.
        parts = round(1 / factor)
        return f"{number} / {parts}" if parts and math.isclose(parts * factor, 1) else f"{number} * {factor!r}"
    step = degrees_per_meter() * planar.factor
    if is_latitude:
        return f"{planar.latitude!r} + {number} * {step!r}"
    return f"{planar.longitude!r} + {number} * {step!r} / cos(radians({planar.latitude!r}))"


def _signed(value: str, way: str | None) -> str:
    return {"all": f"-({value})", "positive": f"abs({value})", "negative": f"-abs({value})"}[way] if way else value


def _planar_note(feed: Feed) -> list[str]:
    planar = feed.derivations.planar
    if planar is None:
        return []
    origin = f"{planar.latitude:g}, {planar.longitude:g}"
    return [f"{feed.table.name}: coordinates on a plane were laid around {origin}; the map shows no real streets"]
