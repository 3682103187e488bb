"""Choose a set of sites: the most demand covered, the least weighted distance, or the largest value, with a proof where there is one.

``choose_covering`` and ``choose_p_median`` take plain arrays and stand alone; ``best`` and ``next_best`` do the same for a problem that
was put together with ``analytics.models.gains`` and ``analytics.models.conditions``.

A set is *proven* best when no set can be worth more: weights are whole numbers, and the solver's bound, rounded down to a whole unit,
equals the value recomputed from the weights and the chosen sites. Else the best set found stands beside a bound that no set exceeds, and
the gap. Exchanges find a set (``covering_search``), a search through all sets proves it (``covering_tree``, with the bounds of
``covering_bound``), and an exact solver helps where it is quick (``covering_exact``).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds

from analytics.models.conditions import Conditions, Infeasible, Names, Rule, conditions, without_set
from analytics.models.covering_exact import solved
from analytics.models.covering_search import Chosen, Problem, greedy, improved
from analytics.models.covering_tree import Tree
from analytics.models.gains import Cover, Gains, Savings, covering_gains, distance_gains
from analytics.models.merging import whole

TIME_LIMIT_S: Final = 10.0
_SMALL: Final = 20_000
"""Members up to which the solver is asked straight away."""

_MERGED_AT_ONCE: Final = 20_000_000
"""Cells times squared sites of a p-median problem up to which it is written as rows: each of its cells makes rows of 1, 2, 3, ... sites."""

_SEARCH_PART: Final = 0.2
_SOLVER_PART: Final = 0.4
"""Parts of the time for the first search, and for the solver after it; the rest is for the search again."""


@dataclass(frozen=True)
class Choice:
    """A set of sites and how good it is known to be.

    Attributes
    ----------
    sites
        Places of the chosen sites, ascending; sites that were open already are not among them.
    value
        What it is worth, recomputed from the weights: covered demand, or (p-median) weighted distance.
    bound
        No set that keeps to the conditions is better: at most so much demand, or at least so much distance.
    greedy
        What the greedy set is worth; None where greed ended outside the conditions.
    seconds
        How long it took.
    cells, rows
        Demand cells, and rows after merging cells that the same sites reach (0 where rows were never made).
    """

    sites: Chosen
    value: int
    bound: int
    greedy: int | None
    seconds: float
    cells: int
    rows: int

    @property
    def is_proven(self) -> bool:
        """Whether no set can be better."""
        return self.value == self.bound

    @property
    def gap(self) -> float:
        """Distance from the bound as a part of the value; 0 where proven."""
        return abs(self.bound - self.value) / max(abs(self.value), 1)


def choose_covering(
    weights: npt.ArrayLike,
    covers: Sequence[Cover],
    k: int | None = None,
    *,
    costs: npt.ArrayLike | None = None,
    budget: int | None = None,
    must: Sequence[int] = (),
    must_not: Sequence[int] = (),
    not_both: Sequence[tuple[int, int]] = (),
    groups: npt.ArrayLike | None = None,
    at_most: int | Sequence[int] | None = None,
    limits: Sequence[Rule] = (),
    open_sites: Sequence[int] = (),
    backup: int = 1,
    site_values: npt.ArrayLike | None = None,
    names: Names | None = None,
    time_limit_s: float = TIME_LIMIT_S,
) -> Choice:
    """Return the set of sites that covers the most demand (maximal covering location, Church and ReVelle 1974).

    Parameters
    ----------
    weights
        Demand of each cell, whole numbers, 0 or more; shape (cells,).
    covers
        For each site the places of the cells it covers, from 0: lists, arrays or sets.
    k
        Choose exactly so many sites; None: as many as pay, within the other conditions.
    costs, budget
        Cost of each site, whole numbers, and the most that the chosen ones may cost together.
    must, must_not, not_both
        Sites in every set, sites in none, and pairs of which at most one is chosen.
    groups, at_most
        Group (such as a market) of each site, from 0, and the most sites chosen in a group: one number, or one for each group.
    limits
        Further rules over sums of amounts, such as driver-hours.
    open_sites
        Sites that are there already: what they cover is covered, they cost nothing and are not counted in ``k``.
    backup
        A cell is covered once so many sites reach it, open ones included.
    site_values
        What each chosen site adds to the value by itself, such as minus its cost in the unit of ``weights``.
    names
        How sites and groups are called where conditions conflict.
    time_limit_s
        Seconds after which the best set found so far is returned with its bound.

    Returns
    -------
    Choice
        ``value`` is the demand covered, by open sites too, and the site values.

    Raises
    ------
    Infeasible
        If no set keeps to the conditions; it names those that conflict.
    ValueError
        If an argument is no whole number, negative, or names what is not there.

    Examples
    --------
    >>> choice = choose_covering([10, 20, 30, 40], [[0, 1], [1, 2], [2, 3], [0]], 2)
    >>> choice.sites, choice.value, choice.is_proven
    ((0, 2), 100, True)
    """
    _some(len(covers))
    problem = covering_gains(weights, covers, open_sites=open_sites, backup=backup, site_values=site_values)
    kept = conditions(
        len(covers),
        k=k,
        costs=costs,
        budget=budget,
        must=must,
        must_not=must_not,
        not_both=not_both,
        groups=groups,
        at_most=at_most,
        limits=limits,
        open_sites=open_sites,
        names=names,
    )
    return best(problem, kept, time_limit_s=time_limit_s)


def choose_p_median(
    weights: npt.ArrayLike,
    distances: npt.ArrayLike,
    k: int | None = None,
    *,
    longest: int | None = None,
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
    time_limit_s: float = TIME_LIMIT_S,
) -> Choice:
    """Return the set of sites with the least weighted distance from each cell to its nearest site (p-median, Hakimi 1964).

    Parameters
    ----------
    weights
        Demand of each cell, whole numbers, 0 or more; shape (cells,).
    distances
        Whole numbers, 0 or more, of shape (cells, sites): from every cell to every site. Of a road graph's edges these are its shortest
        paths (``scipy.sparse.csgraph.shortest_path``).
    k
        Choose exactly so many sites; None: as many as help, within the other conditions.
    longest
        Longer distances count as this, as does that of a cell without any site; None: the longest in ``distances``.
    costs, budget, must, must_not, not_both, groups, at_most, limits, open_sites, names, time_limit_s
        As for ``choose_covering``.

    Returns
    -------
    Choice
        ``value`` is the weighted distance, ``bound`` the least that any set can have.

    Raises
    ------
    Infeasible
        If no set keeps to the conditions; it names those that conflict.
    ValueError
        If an argument is no whole number, negative, or names what is not there.

    Examples
    --------
    >>> choice = choose_p_median([1, 1, 5], [[0, 4], [4, 0], [2, 3]], 1)
    >>> choice.sites, choice.value, choice.is_proven
    ((0,), 14, True)
    """
    problem = distance_gains(weights, distances, open_sites=open_sites, longest=longest)
    _some(problem.sites)
    kept = conditions(
        problem.sites,
        k=k,
        costs=costs,
        budget=budget,
        must=must,
        must_not=must_not,
        not_both=not_both,
        groups=groups,
        at_most=at_most,
        limits=limits,
        open_sites=open_sites,
        names=names,
    )
    top = int(np.asarray(distances).max(initial=0)) if longest is None else int(longest)
    return as_distance(best(problem, kept, time_limit_s=time_limit_s), int(whole(weights, "weights").sum()) * top)


def _some(sites: int) -> None:
    if not sites:
        raise ValueError("there are no sites to choose from")


def as_distance(choice: Choice, most: int) -> Choice:
    """Return a choice of what is saved against ``most`` as one of what is left of it."""
    saved = None if choice.greedy is None else most - choice.greedy
    return Choice(choice.sites, most - choice.value, most - choice.bound, saved, choice.seconds, choice.cells, choice.rows)


def best(problem: Problem, kept: Conditions, *, time_limit_s: float = TIME_LIMIT_S) -> Choice:
    """Return the set of sites that is worth most among those that keep to the conditions.

    Parameters
    ----------
    problem
        What a set is worth.
    kept
        What it must keep to.
    time_limit_s
        Seconds after which the best set found so far is returned; then ``is_proven`` may be false.

    Raises
    ------
    Infeasible
        If no set keeps to the conditions.
    """
    began = perf_counter()
    until = began + time_limit_s
    if isinstance(problem, Savings) and problem.matrix.size * problem.sites <= _MERGED_AT_ONCE and problem.as_rows.members.nnz <= _SMALL:
        problem = problem.as_rows  # few sites: thousands of cells become hundreds of rows
    grown = greedy(problem, kept)
    start = kept.feasible() if grown is None else grown
    if start is None:
        raise Infeasible(kept.conflict())
    first = None if grown is None else problem.value(grown)
    found, bound = _proven(problem, kept, improved(problem, kept, start, kicks=0, until=until), began, time_limit_s)
    rows = problem.rows if isinstance(problem, Gains) else 0
    return Choice(found, problem.value(found), bound, first, perf_counter() - began, problem.cells, rows)


def _proven(problem: Problem, kept: Conditions, found: Chosen, began: float, limit_s: float) -> tuple[Chosen, int]:
    """Return the best set found in time and a bound: by the solver where that is quick, else by the search, the solver, and the search."""
    if isinstance(problem, Gains) and problem.members.nnz <= _SMALL and not kept.are_of_number:
        found, bound = solved(problem, kept, found, Bounds(np.zeros(problem.sites), np.ones(problem.sites)), limit_s=limit_s * _SOLVER_PART)
        if bound == problem.value(found):
            return found, bound
    tree = Tree(problem, kept, found)
    tree.grow(until=began + limit_s * _SEARCH_PART)
    if tree.bound == tree.known:
        return tree.found, tree.known
    bound = _by_solver(tree, began + limit_s * (_SEARCH_PART + _SOLVER_PART))
    if bound > tree.known:
        tree.grow(until=began + limit_s)
    return tree.found, max(tree.known, min(bound, tree.bound))


def _by_solver(tree: Tree, until: float) -> int:
    """Show the solver the sites that the search has left, and return its bound; the search takes the set."""
    some, every = tree.left
    problem, limit_s = tree.problem, until - perf_counter()
    if isinstance(problem, Savings) and problem.cells * int(some.sum()) ** 2 > _MERGED_AT_ONCE:
        return tree.bound
    rest = problem.restricted(~some)
    better, bound = solved(rest, tree.conditions, tree.found, Bounds(every.astype(float), some.astype(float)), limit_s=limit_s)
    tree.take(better)
    return max(bound, tree.known)


def next_best(
    problem: Problem, kept: Conditions, first: Sequence[int], *, count: int = 5, time_limit_s: float = TIME_LIMIT_S
) -> Iterator[Choice]:
    """Iterate over the best other sets, best first: each is the best that differs from all before it (no-good cuts).

    Parameters
    ----------
    problem, kept
        As for ``best``.
    first
        Sites of the best set.
    count
        How many; fewer where no other set keeps to the conditions.
    time_limit_s
        Seconds for each.
    """
    rest = without_set(kept, first)
    for _ in range(count):
        try:
            choice = best(problem, rest, time_limit_s=time_limit_s)
        except Infeasible:
            return
        yield choice
        rest = without_set(rest, choice.sites)
