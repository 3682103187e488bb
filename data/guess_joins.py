"""Files that stand beside others by a key: what a table lacks may be found there, over one or two steps."""

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Table_
from dataclasses import dataclass
from typing import Any

from data.contracts import Column, Kind
from data.guess_fit import LEAST, Keys, score
from data.guess_views import Placed, View
from data.guess_words import bag
from data.portraits import Portrait

WANTED = ("mall_id", "driver_id", "dropoff_latitude", "dropoff_longitude")
"""Columns of orders that are worth a join."""

_LEAST_SCORE = 0.8
_FOUND, _FOUND_IN_SAMPLE = 0.9, 0.05
_UNIQUE = 0.98
_NOT_KEYS = frozenset({"TIME", "DATE", "STATUS", "NAME", "COUNT", "PRICE", "DISTANCE", "CATEGORY", "ID", "?", "CITY", "LAT", "LON"})
_ELSEWHERE = frozenset({"STORE", "MALL", "PICKUP", "HOME", "DRIVER", "STATION"})
"""Whose points are no doors."""
_MOST_STEPS = 2


@dataclass(frozen=True)
class Joined:
    """A column found in another file: the joins that lead to it, as TOML has them, its name there, and what it looks like."""

    joins: tuple[dict[str, Any], ...]
    name: str
    portrait: Portrait
    file: str


@dataclass(frozen=True)
class _Step:
    """A file that was reached: its prefix, and the joins on the way."""

    view: View
    prefix: str
    joins: tuple[dict[str, Any], ...]


def joined_columns(placed: Placed, views: Sequence[View], wanted: Sequence[Column], known: Table_[str, Keys]) -> dict[str, Joined]:
    """Return where columns that orders lack can be found: by contract column, over the fewest steps."""
    found: dict[str, Joined] = {}
    steps, seen = [_Step(placed.view, "", ())], {id(placed.view)}
    for _ in range(_MOST_STEPS):
        steps = [step for each in steps for step in _next(each, views, seen)]
        seen |= {id(step.view) for step in steps}
        for step in steps:
            for column in wanted:
                best = _best(placed, column, step.view, known)
                if best and column.name not in found and (column.kind is Kind.TEXT or _is_pair(placed, wanted, column, step.view, known)):
                    found[column.name] = Joined(step.joins, f"{step.prefix}{best.name}", best, step.view.label)
    return found


def _is_pair(placed: Placed, wanted: Sequence[Column], column: Column, view: View, known: Table_[str, Keys]) -> bool:
    """Whether a file has both coordinates of a point."""
    stem = column.name.rpartition("_")[0]
    return all(_best(placed, each, view, known) is not None for each in wanted if each.name.startswith(stem))


def _best(placed: Placed, column: Column, view: View, known: Table_[str, Keys]) -> Portrait | None:
    least = _LEAST_SCORE if column.kind is Kind.TEXT else LEAST
    usable = [
        each for each in view.portraits if column.kind is Kind.TEXT or not _ELSEWHERE & {*bag(each.name), *bag(view.source.path.stem)}
    ]
    scored = [(found[0], portrait) for portrait in usable if (found := score(placed.table, column, portrait, known))]
    best = max(scored, key=lambda each: each[0], default=None)
    return best[1] if best and best[0] >= least else None


def _next(step: _Step, views: Sequence[View], seen: set[int]) -> Iterator[_Step]:
    for view in views:
        if id(view) in seen or view.source.sheet or "*" in view.file:
            continue
        link = _link(step.view, view)
        if link is None:
            continue
        own, other = link
        name = view.source.path.name.split(".")[0]
        join: dict[str, Any] = {"name": name, "file": view.file, "on": {f"{step.prefix}{own.name}": other.name}}
        if other.unique_share < _UNIQUE:
            by = next((each.name for each in view.portraits if each.unique_share >= _UNIQUE and each is not other), None)
            join |= {"keep": "last", "by": by} if by and not _has_points(view) else {"keep": "median"}
        yield _Step(view, f"{name}.", (*step.joins, join))


def _has_points(view: View) -> bool:
    return any("LAT" in bag(each.name) for each in view.portraits)


def _link(view: View, other: View) -> tuple[Portrait, Portrait] | None:
    """Return the columns by which two files belong together: of one meaning, and most values of the first occur in the second."""
    best: tuple[float, Portrait, Portrait] | None = None
    for own in view.portraits:
        for theirs in other.portraits:
            shared = bag(own.name).keys() & bag(theirs.name).keys() - _NOT_KEYS
            if not shared or not _is_key(own) or not _is_key(theirs):
                continue
            found = len(own.counts.keys() & theirs.counts.keys()) / len(own.counts)
            needed = _FOUND if other.is_whole else _FOUND_IN_SAMPLE
            rank = found + (0.5 if own.name == theirs.name else 0.0) + (0.2 if theirs.unique_share >= _UNIQUE else 0.0)
            if found >= needed and (best is None or rank > best[0]):
                best = rank, own, theirs
    return best[1:] if best else None


def _is_key(portrait: Portrait) -> bool:
    is_measured = portrait.is_number and not portrait.is_whole
    return not (portrait.is_empty or portrait.is_instant or portrait.is_clock or is_measured) and len(portrait.counts) > 2
