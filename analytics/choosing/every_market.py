"""Is no set better, of a nation's malls? Every set of each market is valued, and markets are put together by what the rest can be worth.

Nobody drives from one market to another, so that a set is worth what its parts in each market are worth together. A market of ten malls has
1,024 sets; the best value of so many malls in several markets follows from those of one market fewer (Bellman 1957). Whole numbers only, as
in ``analytics.choosing.every_set``; it looks at no set that cannot be worth enough.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

from analytics.choosing.every_set import MOST_WORK, Form, Kept, Places, TooMany

MOST_SETS: Final = 200_000
"""Sets of all markets, each by itself, up to which they are all valued."""

_A_SET: Final = 2_000
"""Numbers that could be looked at in the time that a set takes of which the value is known already."""

Sized = dict[int, int]
"""The best value for each number of malls."""


@dataclass(frozen=True, eq=False)
class Market:
    """A market: what sets of its malls are worth, and their places among all malls, in the order of the form."""

    form: Form
    places: Places


@dataclass(frozen=True)
class _Part:
    """Sets of one market with what they are worth, the best ones first, by how many malls they have."""

    by_size: dict[int, list[tuple[int, Places]]]

    @property
    def best(self) -> Sized:
        """Return the best value for each number of malls."""
        return {size: sets[0][0] for size, sets in self.by_size.items()}


@dataclass(frozen=True, eq=False)
class Nation:
    """The sets of each market, and what may be put together of them.

    Attributes
    ----------
    parts
        Sets by market.
    later
        What the markets from one on can be worth, for each number of malls; the last entry is that of no market at all.
    kept
        What sets must keep to.
    most
        Malls that there can be at the most.
    """

    parts: Sequence[_Part]
    later: Sequence[Sized]
    kept: Kept
    most: int


def nation(markets: Sequence[Market], kept: Kept, *, most_work: int = MOST_WORK) -> Nation:
    """Return the sets of all markets, each market by itself.

    Parameters
    ----------
    markets
        No cell is in two of them.
    kept, most_work
        As for ``sets_over``.

    Raises
    ------
    TooMany
        If there are more than can be looked at.
    """
    most, work, parts = _most(kept), 0, list[_Part]()
    for market in markets:
        part, looked = _part(market, kept, most, most_work - work)
        work, parts = work + looked, [*parts, part]
    ends = accumulate((part.best for part in reversed(parts)), lambda rest, own: _together(own, rest, most), initial={0: 0})
    return Nation(parts, [*ends][::-1], kept, most)


def sets_of(found: Nation, over: int | None, *, most_work: int = MOST_WORK) -> Iterator[tuple[Places, int]]:
    """Iterate over all allowed sets that are worth more than ``over``, each once, with what they are worth, as ``sets_over`` does.

    Raises
    ------
    TooMany
        If there are more than can be looked at.
    """
    parts, later, kept, most, work = found.parts, found.later, found.kept, found.most, 0
    waiting: list[tuple[int, Places, int]] = [(0, (), 0)]
    while waiting:
        place, chosen, value = waiting.pop()
        if place == len(parts):
            if (over is None or value > over) and kept.is_allowed(chosen):
                yield tuple(sorted(chosen)), value
            continue
        for size, sets in parts[place].by_size.items():
            rest = _rest(later[place + 1], kept.count, most - len(chosen) - size)
            if rest is None:
                continue
            for worth, own in sets:
                work += _A_SET
                if over is not None and value + worth + rest <= over:
                    break
                if not own or not kept.is_over((*chosen, *own)):
                    waiting.append((place + 1, (*chosen, *own), value + worth))
            if work > most_work:
                raise TooMany


def _most(kept: Kept) -> int:
    """Return how many malls there can be: as many as are asked for, or as the budget pays for of those that cost least, or all."""
    if kept.count is not None:
        return kept.count
    costs = [*accumulate(sorted(kept.costs))]
    return len(costs) if kept.budget is None else sum(cost <= kept.budget for cost in costs)


def _part(market: Market, kept: Kept, most: int, most_work: int) -> tuple[_Part, int]:
    """Return all sets of a market that may be part of an allowed one, and how many numbers were looked at."""
    required = {place for place in market.places if place in kept.first}
    by_size: dict[int, list[tuple[int, Places]]] = {}
    waiting: list[tuple[int, Places, Any]] = [(0, (), market.form.start())]
    work = 0
    while waiting:
        first, chosen, state = waiting.pop()
        work += market.form.cells + _A_SET
        if work > most_work:
            raise TooMany
        if required <= set(chosen):
            by_size.setdefault(len(chosen), []).append((market.form.value(state), chosen))
        if len(chosen) == most:
            continue
        for mall in range(first, market.form.malls):
            more = (*chosen, market.places[mall])
            if not kept.is_over(more):
                waiting.append((mall + 1, more, market.form.after(state, mall)))
    for sets in by_size.values():
        sets.sort(reverse=True)
    return _Part(by_size), work


def _together(own: Sized, rest: Sized, most: int) -> Sized:
    """Return the best value of two groups of markets for each number of malls."""
    found: Sized = {}
    for size, value in own.items():
        for more, other in rest.items():
            if size + more <= most:
                found[size + more] = max(value + other, found.get(size + more, value + other))
    return found


def _rest(best: Sized, count: int | None, left: int) -> int | None:
    """Return what the markets that are left can be worth with the malls that are left; None where they cannot have so many."""
    if count is not None:
        return best.get(left)
    return max((value for size, value in best.items() if size <= left), default=None)
