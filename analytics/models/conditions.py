"""What a portfolio of sites must keep to: how many, what it may cost, what must and must not be in it. Rules over plain arrays.

Every condition is one or more rules ``low <= sum of amounts over the chosen sites <= high`` with a name, so that a solver, a local search
and the search for conflicts read the same rows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from analytics.models.merging import Booleans, Integers, whole

ANY_LOW, ANY_HIGH = -(2**62), 2**62
_LARGEST_AMOUNT: Final = 2**23
"""Larger amounts are shown to the solver in a larger unit: from 2 ** 33 on it has ruled out sets that keep to them."""

_INFEASIBLE: Final = 2
"""Status of ``scipy.optimize.milp`` where no solution exists."""


class Infeasible(ValueError):  # noqa: N818 - reads as what it says
    """No set of sites keeps to all conditions.

    Attributes
    ----------
    conflict
        Names of conditions that cannot hold together; without any one of them, the others can.
    """

    def __init__(self, conflict: Sequence[str]) -> None:
        super().__init__(f"no set keeps to all conditions; these cannot hold together: {'; '.join(conflict)}")
        self.conflict = tuple(conflict)


@dataclass(frozen=True, eq=False)
class Rule:
    """``low <= amounts @ x <= high``, where x is 1 for chosen sites; ``amounts`` are whole numbers of shape (sites,)."""

    name: str
    amounts: Integers
    low: int = ANY_LOW
    high: int = ANY_HIGH

    def holds(self, chosen: Sequence[int]) -> bool:
        """Tell whether a set of sites keeps to it."""
        return self.low <= int(self.amounts[list(chosen)].sum()) <= self.high


@dataclass(frozen=True, eq=False)
class Conditions:
    """All rules over a number of sites.

    Attributes
    ----------
    sites
        Number of sites.
    rules
        In the order in which they were stated.
    """

    sites: int
    rules: tuple[Rule, ...] = ()

    def also(self, *rules: Rule) -> "Conditions":
        """Return the conditions with more rules."""
        return Conditions(self.sites, (*self.rules, *rules))

    def hold(self, chosen: Iterable[int]) -> bool:
        """Tell whether a set of sites keeps to every rule."""
        own = list(chosen)
        return all(rule.holds(own) for rule in self.rules)

    @property
    def are_of_number(self) -> bool:
        """Whether they say how many sites are chosen, and nothing else."""
        return len(self.rules) == 1 and bool((self.rules[0].amounts == 1).all())

    @cached_property
    def amounts(self) -> Integers:
        """Amounts of every rule, shape (rules, sites)."""
        return np.array([rule.amounts for rule in self.rules], np.int64).reshape(len(self.rules), self.sites)

    @cached_property
    def low(self) -> Integers:
        """Lower ends, shape (rules,)."""
        return np.array([rule.low for rule in self.rules], np.int64)

    @cached_property
    def high(self) -> Integers:
        """Upper ends, shape (rules,)."""
        return np.array([rule.high for rule in self.rules], np.int64)

    def implied(self, taken: Booleans, free: Booleans) -> tuple[Booleans, Booleans] | None:
        """Return which sites are taken and which are free once every rule has had its say; None where no set can keep to all rules.

        Parameters
        ----------
        taken, free
            Sites that are chosen, and sites that may be; shape (sites,).
        """
        amounts, taken, free = self.amounts, taken.copy(), free.copy()
        while True:
            used = amounts @ taken
            least = used + np.minimum(amounts, 0) @ free
            most = used + np.maximum(amounts, 0) @ free
            if (least > self.high).any() or (most < self.low).any():
                return None
            after_least, after_most = least[:, None] + np.abs(amounts), most[:, None] - np.abs(amounts)
            is_over, is_under = after_least > self.high[:, None], after_most < self.low[:, None]
            # an amount above 0 makes a set break an upper end with the site, and a lower end without it; one below 0 the other way round
            never = free & ((is_over & (amounts > 0)) | (is_under & (amounts < 0))).any(axis=0)
            always = free & ((is_under & (amounts > 0)) | (is_over & (amounts < 0))).any(axis=0)
            if (never & always).any():
                return None
            if not never.any() and not always.any():
                return taken, free
            taken, free = taken | always, free & ~never & ~always

    def given(self, taken: Booleans, free: Booleans) -> tuple["Conditions", npt.NDArray[np.intp]]:
        """Return what the rules ask of the free sites once others are taken, and which rules: those that always hold are gone."""
        used = self.amounts @ taken
        own = self.amounts[:, free]
        least, most = used + np.minimum(own, 0).sum(axis=1), used + np.maximum(own, 0).sum(axis=1)
        left = np.flatnonzero((least < self.low) | (most > self.high))
        rules = [
            Rule(
                self.rules[rule].name,
                own[rule],
                low=ANY_LOW if self.low[rule] <= ANY_LOW else int(self.low[rule] - used[rule]),
                high=ANY_HIGH if self.high[rule] >= ANY_HIGH else int(self.high[rule] - used[rule]),
            )
            for rule in left
        ]
        return Conditions(int(free.sum()), tuple(rules)), left

    def linear(self, extra: int = 0) -> LinearConstraint:
        """Return the rules for a solver, over the sites and ``extra`` more variables that they leave alone.

        A solver keeps rows to a part of their numbers, and with budgets of ten billion leaves out sets that it must not. So amounts are
        divided by what they have in common, and larger ones counted in a larger unit, in favor of the sets: all that keep to the rules
        keep to these rows; some others may too.
        """
        rows, lows, highs = [], [], []
        for rule in self.rules:
            for amounts, low, high in _small(rule):
                rows.append(amounts)
                lows.append(low)
                highs.append(high)
        amounts = np.array(rows, float).reshape(len(rows), self.sites)
        matrix = sparse.hstack([sparse.csr_array(amounts), sparse.csr_array((len(rows), extra))], format="csr")
        return LinearConstraint(matrix, np.array(lows, float), np.array(highs, float))

    def feasible(self, toward: npt.ArrayLike | None = None) -> tuple[int, ...] | None:
        """Return a set that keeps to every rule, with a large sum of ``toward`` over its sites; None where there is none."""
        found = self._nearly(np.zeros(self.sites) if toward is None else np.asarray(toward, float))
        if found is None or self.hold(found):
            return found
        for rule in self.rules:
            if not rule.holds(found):  # the solver's rows are a little wider: look far inside the rule
                own = rule.amounts / max(int(np.abs(rule.amounts).max()), 1)
                inside = self._nearly(own if int(rule.amounts[list(found)].sum()) < rule.low else -own)
                if inside is not None and self.hold(inside):
                    return inside
        return self._tried(found)

    def _nearly(self, toward: npt.NDArray[np.float64]) -> tuple[int, ...] | None:
        """Return a set that keeps to the solver's rows, with the largest sum; where there is none, none keeps to the rules either."""
        found = milp(-toward, integrality=np.ones(self.sites), bounds=Bounds(0, 1), constraints=[self.linear()] if self.rules else [])
        if found.x is None:
            if found.status != _INFEASIBLE:
                raise RuntimeError(f"the solver gave up on the conditions: {found.message}")
            return None
        return tuple(int(site) for site in np.flatnonzero(found.x > 0.5))

    def _tried(self, near: Sequence[int]) -> tuple[int, ...] | None:
        """Return a set that keeps to every rule by trying all, those like ``near`` first; None where there is none."""
        is_near, nothing = np.zeros(self.sites, np.bool_), np.zeros(self.sites, np.bool_)
        is_near[list(near)] = True
        waiting = [(nothing, ~nothing)]
        while waiting:
            left = self.implied(*waiting.pop())
            if left is None:
                continue
            taken, free = left
            if self.hold(np.flatnonzero(taken).tolist()):
                return tuple(np.flatnonzero(taken).tolist())
            site = int(np.argmax(free))  # without free sites what is implied keeps to every rule
            free[site] = False
            with_site = taken.copy()
            with_site[site] = True
            ways = [(taken, free), (with_site, free)]
            waiting += ways if is_near[site] else ways[::-1]
        return None

    def conflict(self) -> tuple[str, ...]:
        """Return names of conditions that cannot hold together, though without any one of them the others can; none where all can.

        Found by deletion (Chinneck and Dravnieks 1991): a condition is left out for good wherever the rest still cannot hold.
        """
        if self.feasible() is not None:
            return ()
        kept = list(dict.fromkeys(rule.name for rule in self.rules))
        for name in tuple(kept):
            rest = Conditions(self.sites, tuple(rule for rule in self.rules if rule.name in kept and rule.name != name))
            if rest.feasible() is None:
                kept.remove(name)
        return tuple(kept)


@dataclass(frozen=True)
class Names:
    """How sites and groups are called in the names of conditions; by default by their places."""

    sites: Sequence[str] = ()
    groups: Sequence[str] = ()

    def site(self, place: int) -> str:
        """Return a site's name."""
        return self.sites[place] if self.sites else f"site {place}"

    def group(self, place: int) -> str:
        """Return a group's name."""
        return self.groups[place] if self.groups else f"group {place}"


def conditions(
    sites: int,
    *,
    k: int | None = None,
    costs: npt.ArrayLike | None = None,
    budget: int | None = None,
    must: Sequence[int] = (),
    must_not: Sequence[int] = (),
    not_both: Sequence[tuple[int, int]] = (),
    groups: npt.ArrayLike | None = None,
    at_most: int | Sequence[int] | None = None,
    limits: Sequence[Rule] = (),
    open_sites: Sequence[int] = (),
    names: Names | None = None,
) -> Conditions:
    """Return the rules of a portfolio.

    Parameters
    ----------
    sites
        Number of sites.
    k
        Exactly so many are chosen; None: any number.
    costs, budget
        Whole numbers of shape (sites,), and the most that the chosen ones may cost together.
    must, must_not
        Places of sites that are in every set, and in none.
    not_both
        Pairs of sites of which at most one is chosen.
    groups, at_most
        Group of each site, from 0, shape (sites,), and the most sites chosen in a group: one number for all, or one for each group.
    limits
        Other rules, such as the driver-hours that a market has.
    open_sites
        Sites that are there already: they are never chosen again.
    names
        How sites and groups are called in conflicts.

    Raises
    ------
    ValueError
        If a place names no site, a number is negative, or a budget comes without costs or ``at_most`` without groups.
    """
    called = names or Names()
    for what, places in (
        ("must", must),
        ("must_not", must_not),
        ("open_sites", open_sites),
        ("not_both", [p for q in not_both for p in q]),
    ):
        if any(not 0 <= place < sites for place in places):
            raise ValueError(f"{what} names a site that is not there: sites are 0 to {sites - 1}")
    rules = [
        *(Rule(f"must open {called.site(place)}", _one(sites, place), low=1) for place in must),
        *(Rule(f"must not open {called.site(place)}", _one(sites, place), high=0) for place in must_not),
        *(Rule(f"{called.site(place)} is open already", _one(sites, place), high=0) for place in open_sites),
        *(Rule(f"not both {called.site(a)} and {called.site(b)}", _one(sites, a) + _one(sites, b), high=1) for a, b in not_both),
        *_counts(sites, k),
        *_budget(sites, costs, budget),
        *_at_most(sites, groups, at_most, called),
        *limits,
    ]
    return Conditions(sites, tuple(rules))


def _small(rule: Rule) -> list[tuple[Integers, float, float]]:
    """Return a rule as rows of small numbers, each with its ends, to which all sets keep that keep to the rule."""
    divisor = int(np.gcd.reduce(rule.amounts, initial=0)) or 1
    low = None if rule.low <= ANY_LOW else -(-int(rule.low) // divisor)
    high = None if rule.high >= ANY_HIGH else int(rule.high) // divisor
    amounts = rule.amounts // divisor
    unit = -(-int(np.abs(amounts).max(initial=0)) // _LARGEST_AMOUNT) or 1
    if unit == 1:
        return [(amounts, -np.inf if low is None else float(low), np.inf if high is None else float(high))]
    rows: list[tuple[Integers, float, float]] = []
    if low is not None:
        rows.append((-(-amounts // unit), float(-(-low // unit)), np.inf))
    if high is not None:
        rows.append((amounts // unit, -np.inf, float(high // unit)))
    return rows


def without_set(conditions: Conditions, chosen: Sequence[int]) -> Conditions:
    """Return the conditions with one set excluded (a no-good cut): at least one site differs."""
    is_in = np.zeros(conditions.sites, np.int64)
    is_in[list(chosen)] = 1
    return conditions.also(Rule("another set", 1 - 2 * is_in, low=1 - len(chosen)))


def _one(sites: int, place: int) -> Integers:
    amounts = np.zeros(sites, np.int64)
    amounts[place] = 1
    return amounts


def _counts(sites: int, k: int | None) -> list[Rule]:
    if k is None:
        return []
    count = int(whole([k], "k", lowest=0)[0])
    name = f"open exactly {count}" if count <= sites else f"open exactly {count} of {sites} sites"
    return [Rule(name, np.ones(sites, np.int64), low=count, high=count)]


def _budget(sites: int, costs: npt.ArrayLike | None, budget: int | None) -> list[Rule]:
    if budget is None:
        return []
    if costs is None:
        raise ValueError("a budget needs the costs of the sites")
    amounts = whole(costs, "costs", lowest=0)
    if amounts.shape != (sites,):
        raise ValueError(f"there are {sites} sites, but {amounts.shape} costs")
    return [Rule("the budget", amounts, high=int(whole([budget], "budget", lowest=0)[0]))]


def _at_most(sites: int, groups: npt.ArrayLike | None, at_most: int | Sequence[int] | None, called: Names) -> list[Rule]:
    if at_most is None:
        return []
    if groups is None:
        raise ValueError("at_most needs the group of each site")
    own = whole(groups, "groups", lowest=0)
    if own.shape != (sites,):
        raise ValueError(f"there are {sites} sites, but {own.shape} groups")
    present = [int(group) for group in np.unique(own)]
    bounds = whole(at_most, "at_most", lowest=0)
    if not bounds.ndim:
        bounds = np.repeat(bounds, max(present, default=0) + 1)
    if present and present[-1] >= len(bounds):
        raise ValueError(f"at_most has {len(bounds)} numbers, but there is a group {present[-1]}")
    most = {group: int(bounds[group]) for group in present}
    return [Rule(f"at most {most[group]} in {called.group(group)}", (own == group).astype(np.int64), high=most[group]) for group in present]
