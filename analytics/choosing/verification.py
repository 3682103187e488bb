"""An independent check of a certificate: conditions by plain counting, values by SQL over the raw tables, and all sets where there are few.

Nothing of the solver is used, nor its arrays: only the tables ``malls``, ``demand_cells`` and ``catchments``, what was dropped on the
map, and for expected orders the forecast. Source of the idea: McConnell et al. 2011, Certifying Algorithms.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Final

from analytics.choosing.certificate import Certificate
from analytics.choosing.raw import Raw, raw
from analytics.choosing.wish import Wish
from data.warehouse import Version

MOST_SETS: Final = 200_000
"""Sets up to which every one is tried: under a minute for people and orders."""

MOST_WORK: Final = 2_000_000_000
"""Numbers looked at while trying, cells times sets."""


@dataclass(frozen=True)
class Check:
    """One thing that was checked: what, whether it holds (None: it could not be checked), and what was found."""

    what: str
    holds: bool | None
    found: str


def verify(version: Version, said: Certificate) -> tuple[Check, ...]:
    """Return what holds of a certificate and what does not.

    Parameters
    ----------
    version
        The version that it names.
    said
        What it says.

    Returns
    -------
    tuple of Check
        In the order in which they were made. A certificate verifies where none is false.
    """
    checks = [Check("text unchanged since it was written", said.is_whole, "hash as written" if said.is_whole else "another hash")]
    known = raw(version, said.wish)
    missing = [mall for mall in said.malls if mall not in known.candidates]
    named = f"unknown: {', '.join(missing)}" if missing else _count(said.malls)
    checks.append(Check("malls are candidates of the version", not missing, named))
    if missing:
        return tuple(checks)
    broken = broken_conditions(known, said.wish, said.malls)
    checks.append(Check("conditions hold", not broken, "; ".join(broken) or "each counted anew"))
    values = {"value": known.value(said.malls), "before": known.value(()), "total": known.total}
    values["cost"] = sum(said.wish.cost_cents(mall) for mall in said.malls)
    for name, value in values.items():
        own = said.cost_cents if name == "cost" else getattr(said, name)
        checks.append(Check(f"{name} recomputed from the tables", value == own, f"{value:,}" + ("" if value == own else f", not {own:,}")))
    checks += [_bound(said), *_next_best(known, said), _all_sets(known, said)]
    return tuple(checks)


def verifies(checks: Sequence[Check]) -> bool:
    """Tell whether nothing that could be checked is false."""
    return all(check.holds is not False for check in checks)


def broken_conditions(known: Raw, wish: Wish, malls: Sequence[str]) -> list[str]:
    """Return the conditions that a set of malls breaks, in words."""
    broken = []
    if len(set(malls)) != len(malls):
        broken.append("a mall is named twice")
    if wish.count is not None and len(malls) != wish.count:
        broken.append(f"{_count(malls)}, not {wish.count}")
    if wish.budget_cents is not None and sum(wish.cost_cents(mall) for mall in malls) > wish.budget_cents:
        broken.append("over the budget")
    broken += [f"{mall} is not in it" for mall in wish.must if mall not in malls]
    broken += [f"{mall} is in it" for mall in wish.must_not if mall in malls]
    broken += [f"both {a} and {b}" for a, b in wish.apart if a in malls and b in malls]
    for market_id, own in known.by_market(malls).items():
        if wish.most is not None and len(own) > wish.most:
            broken.append(f"{len(own)} in {market_id}")
        if wish.hire_hours is not None and known.hours_needed(own) > known.hours_there(market_id):
            broken.append(f"too many driver-hours in {market_id}")
    return broken


def _bound(said: Certificate) -> Check:
    is_lower = said.wish.aim == "minutes"
    is_beyond = said.bound <= said.value if is_lower else said.bound >= said.value
    holds = is_beyond and said.is_proven == (said.bound == said.value)
    words = "the bound meets the value" if said.bound == said.value else f"{abs(said.bound - said.value):,} between them"
    return Check("bound is no worse than the value, and meets it where proven", holds, words)


def _next_best(known: Raw, said: Certificate) -> list[Check]:
    if not said.others:
        return []
    sign = -1 if said.wish.aim == "minutes" else 1
    faults = []
    sets = [frozenset(said.malls), *(frozenset(malls) for malls, _ in said.others)]
    for malls, value in said.others:
        unknown = [mall for mall in malls if mall not in known.candidates]
        if unknown or broken_conditions(known, said.wish, malls):
            faults.append(f"{', '.join(malls)} is not allowed")
        elif known.value(malls) != value:
            faults.append(f"{', '.join(malls)} has {known.value(malls):,}, not {value:,}")
        elif sign * value > sign * said.value and said.is_proven:
            faults.append(f"{', '.join(malls)} is better")
    if len(set(sets)) < len(sets):
        faults.append("a set stands twice")
    return [Check("next best sets hold as well", not faults, "; ".join(faults) or f"sets: {len(said.others)}")]


def _all_sets(known: Raw, said: Certificate) -> Check:
    """Try every set, where there are few enough."""
    what = "no allowed set is better, by trying them all"
    names = sorted(known.candidates)
    count = comb(len(names), said.wish.count) if said.wish.count is not None else 2 ** len(names)
    worth, size = known.quick(names)
    if count > MOST_SETS or count * size > MOST_WORK:
        return Check(what, None, f"{count:,} sets are too many to try")
    best = _best(known, said.wish, names, worth)
    if best is None:
        return Check(what, holds=False, found="no set is allowed at all")
    sign = -1 if said.wish.aim == "minutes" else 1
    if sign * best > sign * said.bound:
        return Check(what, holds=False, found=f"{count:,} sets tried; the best has {best:,}, beyond the bound of {said.bound:,}")
    is_best = sign * best <= sign * said.value
    # a set that is not said to be the best may be behind another one, within its bound
    return Check(what, True if is_best else None, f"{count:,} sets tried; the best has {best:,}")


def _best(known: Raw, wish: Wish, names: Sequence[str], worth: Callable[[tuple[int, ...]], int]) -> int | None:
    sign = -1 if wish.aim == "minutes" else 1
    found: int | None = None
    for size in range(len(names) + 1) if wish.count is None else (wish.count,):
        for places in combinations(range(len(names)), size):
            value = worth(places)
            if found is not None and sign * value <= sign * found:
                continue
            if not broken_conditions(known, wish, [names[place] for place in places]):
                found = value
    return found


def _count(malls: Sequence[str]) -> str:
    return f"{len(malls)} {'mall' if len(malls) == 1 else 'malls'}"
