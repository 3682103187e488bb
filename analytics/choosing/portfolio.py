"""Choose a portfolio: the best set of candidate malls under a wish, how sure that is, and what stands beside it.

``portfolio`` is the main answer; ``next_sets``, ``curve`` and ``marginal`` follow one step at a time, so that whoever shows them can show
progress and stop. Values are whole numbers in the unit of the aim: people (or households) covered, thousandths of expected orders a week,
person-seconds of drive, or cents.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from analytics.choosing.sites import Site
from analytics.choosing.wish import Wish
from analytics.choosing.worth import Worth, worth
from analytics.models.conditions import Infeasible
from analytics.models.covering import Choice, as_distance, best, next_best
from analytics.reference import VersionKey
from data.warehouse import Version

NEXT: Final = 5
MAIN_LIMIT_S: Final = 10.0
_CACHED: Final = 128
_MOST_CURVE: Final = 12


@dataclass(frozen=True)
class Portfolio:
    """The best set of a wish.

    Attributes
    ----------
    wish
        What was asked.
    sites
        Malls to open, those whose loss would cost most first.
    before
        Value with the open malls alone.
    total
        All demand inside the boundaries.
    choice
        The set as positions, its value, bound, gap, time, and what greed would have had.
    alone
        For each of ``sites``, what the set would be worth less without it (more, in person-seconds).
    cost_cents
        What the malls cost over the weeks.
    in_every
        Ids of malls that are in this set and in every next best set; empty before those are known.
    conflict
        Conditions that cannot hold together; then there is no set.
    reason
        Why nothing can be chosen; empty where something can.
    notes
        What a reader must know, in sentences.
    """

    wish: Wish
    sites: tuple[Site, ...] = ()
    before: int = 0
    total: int = 0
    choice: Choice | None = None
    alone: tuple[int, ...] = ()
    cost_cents: int = 0
    conflict: tuple[str, ...] = ()
    reason: str = ""
    notes: tuple[str, ...] = ()

    @property
    def value(self) -> int:
        """What the set is worth; 0 where there is none."""
        return self.choice.value if self.choice else 0

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the malls to open."""
        return tuple(site.id for site in self.sites)


@dataclass(frozen=True)
class Point:
    """One point of a curve: malls or cents allowed, the best set there and its value; both are None where the conditions conflict."""

    allowed: int
    value: int | None
    ids: tuple[str, ...] | None
    is_proven: bool


def portfolio(version: Version, wish: Wish, *, time_limit_s: float = MAIN_LIMIT_S) -> Portfolio:
    """Return the best set of malls.

    Parameters
    ----------
    version
        Data.
    wish
        Aim and conditions.
    time_limit_s
        Seconds after which the best set found stands with its bound.

    Raises
    ------
    ParameterError
        If the wish names what is not there.
    """
    return _portfolio(VersionKey.of(version), wish, time_limit_s)


@lru_cache(maxsize=_CACHED)
def _portfolio(key: VersionKey, wish: Wish, time_limit_s: float) -> Portfolio:
    made = worth(key.version, wish)
    if made.reason:
        return Portfolio(wish, reason=made.reason, total=made.total, notes=made.notes)
    try:
        found = told(made, best(made.problem, made.kept, time_limit_s=time_limit_s))
    except Infeasible as error:
        return Portfolio(wish, before=made.value(()), total=made.total, conflict=_to_change(made, error.conflict), notes=made.notes)
    return found


def _to_change(made: Worth, conflict: tuple[str, ...]) -> tuple[str, ...]:
    """Return the conditions of a conflict that someone asked for; open malls are named only where fewer than two are left."""
    given = {f"{site.name} is open already" for site in made.sites if site.is_open}
    asked = tuple(name for name in conflict if name not in given)
    return asked if len(asked) > 1 else conflict


def told(made: Worth, choice: Choice) -> Portfolio:
    """Return a choice of a problem as a portfolio, in the unit of the aim."""
    whole = made.problem.value(choice.sites)
    lost = {place: whole - made.problem.value([each for each in choice.sites if each != place]) for place in choice.sites}
    order = sorted(choice.sites, key=lambda place: (-lost[place], made.sites[place].id))
    sites = tuple(made.sites[place] for place in order)
    return Portfolio(
        wish=made.wish,
        sites=sites,
        before=made.value(()),
        total=made.total,
        choice=as_distance(choice, made.most) if made.most else choice,
        alone=tuple(lost[place] for place in order),
        cost_cents=sum(made.wish.cost_cents(site.id) for site in sites),
        notes=made.notes,
    )


def next_sets(version: Version, found: Portfolio, *, count: int = NEXT, time_limit_s: float = MAIN_LIMIT_S) -> Iterator[Portfolio]:
    """Iterate over the next best sets, best first; each step solves once.

    Parameters
    ----------
    version, found
        Data, and the best set.
    count
        How many at most.
    time_limit_s
        Seconds for each.
    """
    if found.choice is None:
        return
    made = worth(version, found.wish)
    for choice in next_best(made.problem, made.kept, found.choice.sites, count=count, time_limit_s=time_limit_s):
        yield told(made, choice)


def in_all(sets: Sequence[Portfolio]) -> tuple[str, ...]:
    """Return the ids of malls that are in every one of some sets, in the order of the first."""
    return tuple(name for name in sets[0].ids if all(name in each.ids for each in sets)) if sets else ()


def allowances(version: Version, wish: Wish) -> tuple[int, ...]:
    """Return where a curve has its points: numbers of malls from 0, or twelve budgets up to what the whole list would cost."""
    made = worth(version, wish)
    candidates = made.candidates
    if wish.budget_cents is None:
        most = min(len(candidates), max(_MOST_CURVE, (wish.count or 0) + 2))
        return tuple(range(most + 1))
    costs = [wish.cost_cents(made.sites[place].id) for place in candidates]
    top = min(sum(costs), max(2 * wish.budget_cents, min(costs, default=0)))
    return tuple(sorted({round(top * step / _MOST_CURVE) for step in range(_MOST_CURVE + 1)} | {wish.budget_cents}))


def point(version: Version, wish: Wish, allowed: int, *, time_limit_s: float = MAIN_LIMIT_S) -> Point:
    """Return the best value if so many malls, or so many cents, were allowed."""
    asked = replace(wish, count=allowed) if wish.budget_cents is None else replace(wish, budget_cents=allowed)
    found = portfolio(version, asked, time_limit_s=time_limit_s)
    if found.choice is None:
        return Point(allowed, None, None, is_proven=True)
    return Point(allowed, found.value, found.ids, found.choice.is_proven)
