"""A first mapping for unknown files: which file feeds which table, and which of its columns is which.

``guessed(paths)`` looks at samples of the files; ``to_toml(guess)`` writes what it found as a commented mapping; ``guess.mapping()``
is the mapping itself, ready for ``data.load.load``. A guess is a value: ``guess.with_column(...)`` returns another one
in which a reader has corrected a column, so that a page can show it as an editable table.

>>> guess = guessed(["deliveries.csv", "hubs.csv"])                     # doctest: +SKIP
>>> guess = guess.with_column("orders", "ready_at", "packed")           # doctest: +SKIP
>>> load([], warehouse=warehouse, mapping=guess.mapping())              # doctest: +SKIP
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from data.contracts import Kind, Table, table
from data.derivations import INFERRED_FROM
from data.errors import MappingError, SourceError
from data.guess_fit import LEAST, Keys, Match, assigned, determines, score
from data.guess_joins import WANTED, joined_columns
from data.guess_patterns import HELPERS, TABLES, name_score, table_score
from data.guess_places import Market, guessed_markets
from data.guess_toml import feed_lines
from data.guess_units import reading_of
from data.guess_views import Confidence, GuessedColumn, GuessedFeed, Leftover, Placed, Remark, View
from data.mapping import CENSUS_COLUMNS, Feed, Mapping, Nearest, census_feed
from data.portraits import Portrait, portraits
from data.samples import sampled
from data.sources import Source, described, expand

NEAREST_WITHIN_M = 800.0
_LEAST_TABLE_SCORE = 1.2
_MISSING_PENALTY = 1.3
_HIGH, _MEDIUM, _CLEAR_MARGIN = 0.8, 0.6, 0.15
_WHOLE_KEYS = 200_000
_CONTRADICTIONS = 0.05
_DIMENSIONS = {
    "drivers": ("vehicle", "market_id"),
    "stores": ("mall_id", "category"),
    "malls": ("market_id", "latitude", "longitude", "name"),
}


@dataclass(frozen=True)
class Guess:
    """A first mapping and what to know about it.

    Attributes
    ----------
    feeds
        Tables fed, in the contracts' order.
    unplaced
        Files and sheets that no table takes, and why.
    missing
        What the files do not say, and what cannot be said therefore.
    """

    feeds: tuple[GuessedFeed, ...]
    unplaced: tuple[tuple[str, str], ...] = ()
    missing: tuple[str, ...] = ()

    def mapping(self, path: Path | None = None) -> Mapping:
        """Return the mapping; ``path``: the file in which it will stand, from whose folder relative files start.

        Raises
        ------
        MappingError
            If no file feeds a table.
        """
        return Mapping.parse(to_toml(self), path)

    def of(self, name: str) -> tuple[GuessedFeed, ...]:
        """Return the feeds of a table."""
        return tuple(each for each in self.feeds if each.table.name == name)

    def with_column(self, name: str, column: str, source_column: str | None, *, place: int = 0) -> "Guess":
        """Return the guess with another source column for a column of a table; None takes it out.

        Parameters
        ----------
        name, column
            Table and column of the contract.
        source_column
            Column of the file.
        place
            Which of the table's feeds, from 0.

        Raises
        ------
        MappingError
            If there is no such feed, or no such column in the table or the file.
        """
        feeds = self.of(name)
        if place >= len(feeds):
            raise MappingError(f"{name}: the guess has no such table")
        feed = feeds[place]
        if source_column is not None and (feed.source is None or feed.source.position(source_column) is None):
            raise MappingError(f"{name}.{column}: the file has no column {source_column!r}")
        changed = _with_column(feed, column, source_column)
        return replace(self, feeds=tuple(changed if each is feed else each for each in self.feeds))


def _with_column(guessed_feed: GuessedFeed, name: str, source_column: str | None) -> GuessedFeed:
    contract = guessed_feed.table
    if name not in {column.name for column in contract.loaded}:
        raise MappingError(f"{contract.name}: a source cannot give a column {name!r}")
    sources = {key: names for key, names in guessed_feed.feed.columns.items() if key != name}
    constants = {key: value for key, value in guessed_feed.feed.constants.items() if key != name}
    columns = [each for each in guessed_feed.columns if each.column.name != name]
    if source_column is not None:
        sources[name] = (source_column,)
        columns.append(GuessedColumn(contract.column(name), (source_column,), Confidence.HIGH, ("chosen by hand",)))
    order = {each: place for place, each in enumerate(contract.names)}
    feed = replace(guessed_feed.feed, columns=dict(sorted(sources.items(), key=lambda item: order[item[0]])), constants=constants)
    return replace(guessed_feed, feed=feed, columns=tuple(sorted(columns, key=lambda each: order[each.column.name])))


def guessed(paths: Sequence[Path | str], *, beside: Path | str | None = None) -> Guess:
    """Look at files and guess a mapping.

    Parameters
    ----------
    paths
        Files, folders and globs.
    beside
        Folder in which the mapping will stand; files inside it are named from there. None: the current folder.

    Returns
    -------
    Guess
        With a feed for every file that a table takes; empty ``feeds`` if none does.

    Raises
    ------
    SourceError
        If a file cannot be read at all.
    """
    folder = Path(beside or ".").resolve()
    views = list(_views(paths, folder))
    census = [view for view in views if set(CENSUS_COLUMNS) <= set(view.source.columns)]
    others = [view for view in views if view not in census]
    placed, unplaced = _tables(others)
    placed += _malls_of_stores(placed)
    markets = guessed_markets(placed, others)
    feeds = [*_feeds(placed, others, markets), *(_census(view) for view in census)]
    joined = {join["file"] for each in feeds for join in each.extras.get("join", ())}
    unplaced = [(name, why) for name, why in unplaced if name not in joined]
    order = [each.name for each in TABLES]
    feeds.sort(key=lambda each: order.index(each.table.name))
    return Guess(tuple(feeds), tuple(unplaced), tuple(_missing(feeds)))


def guessed_as(name: str, paths: Sequence[Path | str], *, beside: Path | str | None = None) -> Guess:
    """Look at files of which it is known which table they feed.

    Parameters
    ----------
    name
        Table of the contract.
    paths, beside
        As for ``guessed``.

    Raises
    ------
    SourceError
        If a file cannot be read at all.
    """
    views = list(_views(paths, Path(beside or ".").resolve()))
    placed = [Placed(view, table(name), tuple(assigned(table(name), view.portraits, {})), _LEAST_TABLE_SCORE, 0.0) for view in views]
    return Guess(tuple(_feed(each, placed, views, ()) for each in placed))


def _views(paths: Sequence[Path | str], folder: Path) -> Iterator[View]:
    """Yield a view of every source; files that differ in the digits of their names only, with the same columns, are one."""
    sources = [source for path in expand(paths) for source in described(path)]
    if not sources:
        raise SourceError("no file was named, so there is nothing to look at")

    def family(source: Source) -> tuple[str, str, tuple[str, ...], str]:
        return str(source.path.resolve().parent), re.sub(r"\d+", "*", source.path.name), source.columns, source.sheet

    for _, group in groupby(sorted(sources, key=family), key=family):
        members = list(group)
        sample = sampled(members[0])
        name = members[0].path.name if len(members) == 1 else _common_pattern([each.path.name for each in members])
        path = members[0].path.resolve().parent / name
        file = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.as_posix()
        names = Counter(name.casefold() for name in members[0].columns)
        # A mapping can speak of a column only by a name that is its own.
        usable = tuple(each for each in portraits(sample) if each.name and names[each.name.casefold()] == 1)
        yield View(members[0], usable, file, sample.is_whole and len(members) == 1)


def _common_pattern(names: Sequence[str]) -> str:
    """Return a glob of names that differ in digits only: runs of digits in which they differ become ``*``."""
    parts = [re.split(r"(\d+)", name) for name in names]
    merged = [each[0] if len(set(each)) == 1 else "*" for each in zip(*parts, strict=True)]
    return re.sub(r"\*+", "*", "".join(merged))


def _census(view: View) -> GuessedFeed:
    feed = census_feed(view.file)
    columns = tuple(
        GuessedColumn(feed.table.column(name), names, Confidence.HIGH, ("the Census Bureau's header",))
        for name, names in feed.columns.items()
    )
    remark = Remark("areas belong to the market whose boundary_counties hold their county; areas of no market are rejected")
    return GuessedFeed(feed, view.source, columns, Confidence.HIGH, (), (remark,))


def _tables(views: Sequence[View]) -> tuple[list[Placed], list[tuple[str, str]]]:
    """Decide which table every source feeds: twice, because the second time the keys of the others are known."""
    placed = [found for view in views if (found := _placed(view, {}))]
    for _ in range(2):
        known = _keys(placed)
        placed = [found for view in views if (found := _placed(view, known))]
    taken = {id(each.view) for each in placed}
    reasons = [
        (view.file + (f"#{view.source.sheet}" if view.source.sheet else ""), _why_not(view)) for view in views if id(view) not in taken
    ]
    return placed, reasons


def _placed(view: View, known: dict[str, Keys]) -> Placed | None:
    scored: list[tuple[float, Table, list[Match]]] = []
    for contract in TABLES:
        matches = assigned(contract, view.portraits, {name: keys for name, keys in known.items() if name != contract.name})
        names = {each.column.name for each in matches if not (each.column.required and each.portrait.is_empty)}
        if not names & _telling(contract) and not table_score(contract, _stem(view)) >= 1:
            continue
        missing = _unfilled(contract, names)
        title = table_score(contract, _stem(view))
        total = sum(each.score for each in matches) + 1.5 * title - _MISSING_PENALTY * len(missing)
        # Whoever comes and goes is a driver; a file with both times holds shifts, though it may be called after the drivers.
        total += 1.5 if contract.name == "shifts" and {"driver_id", "start_at", "end_at"} <= names else 0.0
        if not {each for each in missing if each != contract.key[0]}:
            scored.append((total, contract, matches))
    scored.sort(key=lambda each: -each[0])
    if not scored or scored[0][0] < _LEAST_TABLE_SCORE:
        return None
    total, contract, matches = scored[0]
    return Placed(view, contract, tuple(matches), total, scored[1][0] if len(scored) > 1 else 0.0)


def _stem(view: View) -> str:
    return view.source.sheet or view.source.path.name.split(".")[0]


def _telling(contract: Table) -> set[str]:
    """Return the columns one of which a file must have to feed a table: its key, or its times."""
    return {contract.key[0], *(column.name for column in contract.loaded if column.required and column.kind is Kind.INSTANT)}


_SUBSTITUTES = {"market_id", "time_zone", "name"}
"""Required columns that a constant or the key can give."""


def _unfilled(contract: Table, names: set[str]) -> list[str]:
    """Return the required columns that neither a source's column, a constant, nor a combination of columns can give."""
    missing = [column.name for column in contract.loaded if column.required and column.name not in names]
    missing = [name for name in missing if name not in _SUBSTITUTES or name == contract.key[0]]
    if contract.key == ("shift_id",) and {"driver_id", "start_at"} <= names:
        missing = [name for name in missing if name != "shift_id"]
    return missing


def _keys(placed: Sequence[Placed]) -> dict[str, Keys]:
    """Return the keys of the tables that files feed; a table's keys are whole if every file of it was read as a whole."""
    known: dict[str, Keys] = {}
    for each in placed:
        match = each.match(each.table.key[0])
        if match and len(each.table.key) == 1 and len(match.portrait.counts) <= _WHOLE_KEYS:
            before = known.get(each.table.name, Keys(frozenset(), is_whole=True))
            known[each.table.name] = Keys(before.values | set(match.portrait.counts), before.is_whole and each.view.is_whole)
    return known


def _why_not(view: View) -> str:
    """Say what keeps a source from feeding the table it comes closest to."""
    best: tuple[float, Table, list[Match]] | None = None
    for contract in TABLES:
        matches = assigned(contract, view.portraits, {})
        total = sum(each.score for each in matches) + 1.5 * table_score(contract, _stem(view))
        if matches and (best is None or total > best[0]):
            best = total, contract, matches
    if best is None:
        return "no column of it means anything here"
    _, contract, matches = best
    missing = _unfilled(contract, {each.column.name for each in matches})
    found = ", ".join(f"{each.portrait.name} could be {each.column.name}" for each in matches)
    lack = f"nothing in it can be {' or '.join(missing)}, which every row needs" if missing else "too little speaks for it"
    return f"closest to {contract.name} ({found}), but {lack}"


def _malls_of_stores(placed: Sequence[Placed]) -> list[Placed]:
    """Return stores that have points as malls too, where there are no malls: somewhere orders are picked up."""
    if any(each.table.name == "malls" for each in placed):
        return []
    found = []
    for each in placed:
        key = each.match("store_id")
        if each.table.name != "stores" or key is None:
            continue
        matches = [match for match in assigned(table("malls"), each.view.portraits, {}) if match.column.name != "mall_id"]
        if {"latitude", "longitude"} <= {match.column.name for match in matches}:
            own_key = replace(key, column=table("malls").column("mall_id"), score=LEAST)
            found.append(Placed(each.view, table("malls"), (own_key, *matches), 0.0, 0.0))
    return found


def _feeds(placed: Sequence[Placed], views: Sequence[View], markets: Sequence[Market]) -> Iterator[GuessedFeed]:
    """Yield the feeds: of every file its table, then tables made of columns of another table's file, then markets of constants."""
    fed = {each.table.name for each in placed}
    for each in placed:
        yield _feed(each, placed, views, markets)
    for each in placed:
        if each.table.name == "orders":
            for name in ("drivers", "stores"):
                if name not in fed and (made := _dimension(each, name, markets)):
                    fed.add(name)
                    yield made
    if "markets" not in fed:
        for market in markets:
            feed = Feed(table("markets"), constants=market.constants)
            columns = tuple(GuessedColumn(table("markets").column(name), (), Confidence.LOW) for name in market.constants)
            yield GuessedFeed(feed, None, columns, Confidence.LOW, (), market.remarks)


def _feed(each: Placed, placed: Sequence[Placed], views: Sequence[View], markets: Sequence[Market]) -> GuessedFeed:
    helpers = {column.name for column in HELPERS.get(each.table.name, ())}
    columns = {match.column.name: _column(match) for match in each.matches if match.column.name not in helpers}
    nearest = _nearest(each, columns, has_malls=any(other.table.name == "malls" for other in placed))
    reading = reading_of(each, placed, has_nearest=nearest is not None)
    columns |= {name: replace(columns[name], source_columns=names) for name, names in reading.columns.items()}
    remarks, extras = list(reading.remarks), dict(reading.extras)
    _fill_in(each, columns, remarks)
    _mend_key(each, columns, remarks)
    if each.table.name in ("orders", "stores"):
        _own_mall(each, placed, columns, remarks)
    if each.table.name == "orders":
        _join(each, placed, views, columns, extras, has_nearest=nearest is not None)
    constants, market_remarks = _market_constant(each.table, columns, markets)
    if each.table.name == "malls" and "status" not in columns:
        constants["status"] = "open"
        market_remarks = (*market_remarks, Remark("are these malls open (a pilot is running)? Else candidate or closed", "constants"))
    key = columns.get(each.table.key[0])
    merge = bool(key) and len(each.table.key) == 1 and _repeats([each.view.portrait(name) for name in key.source_columns]) if key else False
    if merge:
        remarks.append(Remark("the key repeats in the rows, so that equal rows become one", "merge"))
    if nearest:
        remarks.append(Remark("pick-up points lead to the nearest mall; is the distance right?", "nearest"))
    feed = Feed(
        each.table,
        each.view.file,
        {name: columns[name].source_columns for name in each.table.names if name in columns},
        constants,
        reading.units,
        reading.time_zone,
        reading.date_formats,
        merge,
        nearest,
        each.view.source.sheet or None,
    )
    used = {name for column in columns.values() for name in column.source_columns} | (
        {nearest.latitude, nearest.longitude} if nearest else set()
    )
    leftovers = tuple(
        Leftover(portrait.name, portrait.examples, _remark_on(portrait)) for portrait in each.view.portraits if portrait.name not in used
    )
    ordered = tuple(columns[name] for name in each.table.names if name in columns)
    return GuessedFeed(feed, each.view.source, ordered, _table_confidence(each), leftovers, (*remarks, *market_remarks), extras)


def _column(match: Match) -> GuessedColumn:
    margin = match.score - (match.others[0][0] if match.others else 0.0)
    level = Confidence.HIGH if match.score >= _HIGH and margin >= _CLEAR_MARGIN else Confidence.MEDIUM
    level = Confidence.LOW if match.score < _MEDIUM else level
    candidates = tuple(portrait.name for _, portrait in match.others[:3])
    return GuessedColumn(match.column, (match.portrait.name,), level, match.reasons, match.portrait.examples, candidates)


def _table_confidence(each: Placed) -> Confidence:
    if each.score < 2 or each.score - each.runner_up < 0.5:
        return Confidence.LOW
    return Confidence.HIGH if each.score - each.runner_up >= 1.5 else Confidence.MEDIUM


def _fill_in(each: Placed, columns: dict[str, GuessedColumn], remarks: list[Remark]) -> None:
    """Take what the file lacks from its other columns: a name from the id, an id from the name, a shift's id from driver and start."""
    contract, key = each.table, each.table.key[0]
    if key not in columns and "name" in columns:
        columns[key] = replace(
            columns["name"], column=contract.column(key), confidence=Confidence.MEDIUM, reasons=("the name serves as key",)
        )
    if contract.name == "shifts" and "shift_id" not in columns and {"driver_id", "start_at"} <= set(columns):
        names = columns["driver_id"].source_columns + columns["start_at"].source_columns
        columns["shift_id"] = GuessedColumn(contract.column("shift_id"), names, Confidence.MEDIUM, ("driver and start together",))
        remarks.append(Remark("there is no id of a shift, so driver and start serve as one"))
    name = next((column for column in contract.loaded if column.name == "name" and column.required), None)
    if name and "name" not in columns and key in columns:
        columns["name"] = replace(
            columns[key], column=name, confidence=Confidence.MEDIUM, reasons=("no name was found, so the id is shown",)
        )


def _own_mall(each: Placed, placed: Sequence[Placed], columns: dict[str, GuessedColumn], remarks: list[Remark]) -> None:
    """Take a store for its own mall where the malls are made of the stores."""
    is_made = any(other.table.name == "malls" and other.match("store_id") is None and other.score == 0 for other in placed)
    if is_made and "mall_id" not in columns and "store_id" in columns:
        columns["mall_id"] = replace(columns["store_id"], column=each.table.column("mall_id"), confidence=Confidence.LOW)
        remarks.append(Remark("there are no malls, so each store is taken for one; is there a column of malls or hubs?"))


def _mend_key(each: Placed, columns: dict[str, GuessedColumn], remarks: list[Remark]) -> None:
    """Replace a key whose rows contradict each other: by another id that never repeats, else by the key and another id together."""
    name = each.table.key[0]
    key = columns.get(name)
    if key is None or len(each.table.key) > 1 or len(key.source_columns) > 1:
        return
    portrait = each.view.portrait(key.source_columns[0])
    beside = [match.portrait for match in each.matches if match.portrait is not portrait]
    if not _repeats([portrait]) or all(determines(portrait, other) >= 1 - _CONTRADICTIONS for other in beside):
        return
    column = each.table.column(name)
    for other in (other for other in each.view.portraits if not other.is_instant):
        found = score(each.table, column, other, {})
        if found and found[0] >= LEAST and name_score(each.table, column, other.name) > 0 and not _repeats([other]):
            columns[name] = GuessedColumn(column, (other.name,), Confidence.MEDIUM, found[1], other.examples, (portrait.name,))
            remarks.append(Remark(f"rows of one {portrait.name} contradict each other, so {other.name} is the key"))
            return
    ids = [match.portrait for ending in ("_id", "_at") for match in each.matches if match.column.name.endswith(ending)]
    for other in (other for other in ids if other is not portrait):
        if not _repeats([other, portrait]):
            names = (other.name, portrait.name)
            columns[name] = GuessedColumn(column, names, Confidence.MEDIUM, (f"{portrait.name} repeats, {' and '.join(names)} do not",))
            return


def _join(
    each: Placed,
    placed: Sequence[Placed],
    views: Sequence[View],
    columns: dict[str, GuessedColumn],
    extras: dict[str, Any],
    *,
    has_nearest: bool,
) -> None:
    """Look in the other files for what orders lack."""
    wanted = [each.table.column(name) for name in WANTED if name not in columns and not (name == "mall_id" and has_nearest)]
    joins: dict[str, dict[str, Any]] = {}
    for name, found in joined_columns(each, views, wanted, _keys(placed)).items():
        joins |= {join["name"]: join for join in found.joins}
        reasons = (f"from {found.file}",)
        columns[name] = GuessedColumn(each.table.column(name), (found.name,), Confidence.MEDIUM, reasons, found.portrait.examples)
    if joins:
        extras["join"] = list(joins.values())


def _market_constant(
    contract: Table, columns: dict[str, GuessedColumn], markets: Sequence[Market]
) -> tuple[dict[str, str], tuple[Remark, ...]]:
    """Return the market as a constant where a table needs one, or profits from it, and its file does not say it."""
    names = {column.name for column in contract.loaded}
    if contract.name in ("markets", "demand_areas") or "market_id" not in names or "market_id" in columns or not markets:
        return {}, ()
    by_mall = "mall_id" in columns and contract.name != "malls"
    if len(markets) == 1 and not (by_mall and markets[0].is_loaded):
        return {"market_id": markets[0].market_id}, ()
    required = contract.column("market_id").required
    if len(markets) > 1 and required:
        ids = ", ".join(each.market_id for each in markets)
        return {"market_id": markets[0].market_id}, (Remark(f"which market do these rows belong to? There are {ids}", "constants"),)
    return {}, ()


def _repeats(key: Sequence[Portrait]) -> bool:
    rows = [row for row in zip(*(each.texts for each in key), strict=True) if None not in row]
    return len(set(rows)) < 0.999 * len(rows)


def _nearest(each: Placed, columns: dict[str, GuessedColumn], *, has_malls: bool) -> Nearest | None:
    latitude, longitude = each.match("pickup_latitude"), each.match("pickup_longitude")
    if not (has_malls and latitude and longitude) or "mall_id" in columns:
        return None
    return Nearest(latitude.portrait.name, longitude.portrait.name, NEAREST_WITHIN_M)


def _remark_on(portrait: Portrait) -> str:
    if portrait.is_empty:
        return "empty in the sample"
    if portrait.is_clock:
        return "times of day or durations"
    return ""


def _dimension(each: Placed, name: str, markets: Sequence[Market]) -> GuessedFeed | None:
    """Return a table made of a column of orders: its ids, with what is the same in every row of an id."""
    contract = table(name)
    key_name = contract.key[0]
    key = each.match(key_name)
    if key is None:
        return None
    columns = {key_name: _column(replace(key, column=contract.column(key_name)))}
    remarks = [Remark(f"made of the {key.portrait.name} of orders, because no file of {name} was given")]
    for column in contract.loaded:
        if column.name not in _DIMENSIONS[name]:
            continue
        best = max(each.view.portraits, key=lambda portrait: name_score(contract, column, portrait.name))
        found = score(contract, column, best, {})
        if found is None or name_score(contract, column, best.name) < _MEDIUM or best.is_number or best is key.portrait:
            continue
        if determines(key.portrait, best) == 1:
            columns[column.name] = GuessedColumn(
                column, (best.name,), Confidence.MEDIUM, ("the same in every row of an id",), best.examples
            )
        else:
            remarks.append(Remark(f"{best.name} is left out of {name}: it differs between rows of one {key.portrait.name}"))
    constants, _ = _market_constant(contract, columns, [market for market in markets if not market.is_loaded])
    feed = Feed(
        contract,
        each.view.file,
        {n: c.source_columns for n, c in columns.items()},
        constants,
        merge=True,
        sheet=each.view.source.sheet or None,
    )
    return GuessedFeed(feed, each.view.source, tuple(columns.values()), Confidence.MEDIUM, (), tuple(remarks))


def to_toml(guess: Guess) -> str:
    """Return a guess as a mapping with comments: confidence and examples of every column, questions, and what is left over or missing."""
    total = Counter(each.table.name for each in guess.feeds)
    lines = [*_HEAD]
    for each in guess.feeds:
        lines += ["", *feed_lines(each, is_one_of_many=total[each.table.name] > 1)]
    for file, why in guess.unplaced:
        lines += ["", f"# {file}: no table takes it; {why}."]
    if guess.missing:
        lines += ["", "# What the files do not say:", *(f"# - {each}" for each in guess.missing)]
    return "\n".join(lines) + "\n"


_HEAD = (
    "# A first mapping, guessed from names and samples: read it before you load with it. Behind every column stands how sure the guess is",
    "# (high, medium, low) and a few values. A question is marked with a question mark. Paths are relative to this file.",
)

_WHY_TABLE = {
    "malls": "no malls: nothing can be said around one",
    "orders": "no orders: only places can be shown",
    "shifts": "no shifts: utilization and driver-hours cannot be said",
    "offers": "no offers: acceptance cannot be said",
    "trips": "no trips: engaged time and batches cannot be said",
}
_WHY_COLUMN = {
    "promised_by": "no promise: on time cannot be said",
    "delivered_at": "no time of delivery: click-to-door cannot be said",
    "ready_at": "no time of readiness: the store's part of the wait cannot be told from the driver's",
    "accepted_at": "no time of acceptance: assigning and approaching the mall cannot be told apart",
    "arrived_at": "no time of arrival at the mall: the dwell in it cannot be said",
    "picked_up_at": "no time of pick-up: the drive to the door cannot be told from the rest",
    "dropoff_latitude": "no door: orders cannot be shown on a map, nor demand be made of them",
    "customer_id": "no customers: small groups are hidden by their orders, not their customers",
    "driver_id": "no drivers: nothing can be said by driver",
    "store_id": "no stores: late stores cannot be told from others",
}


def _missing(feeds: Sequence[GuessedFeed]) -> Iterator[str]:
    fed = {each.table.name for each in feeds}
    with_drivers = any("driver_id" in each.feed.columns for each in feeds if each.table.name == "orders")
    for name, why in _WHY_TABLE.items():
        if name not in fed:
            source = INFERRED_FROM.get(name) if with_drivers else None
            yield f'{why}; [{name}] with infer = "{source}" makes them up, marked as inferred' if source else why
    if not fed & {"demand_areas", "demand_cells"}:
        yield "no demand (population by area or cell): coverage of people cannot be said"
    orders = [each for each in feeds if each.table.name == "orders"]
    if orders:
        given = {name for each in orders for name in (*each.feed.columns, *each.feed.constants)}
        has_mall = "mall_id" in given or any(each.feed.nearest for each in orders)
        yield from (f"orders.{name}: {why}" for name, why in _WHY_COLUMN.items() if name not in given)
        if not has_mall:
            yield "orders.mall_id: no mall, nor a pick-up point and malls to look for the nearest: nothing can be said around a mall"


__all__ = ["Confidence", "Guess", "GuessedColumn", "GuessedFeed", "Leftover", "Remark", "guessed", "to_toml"]
