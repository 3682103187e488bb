"""The best set of a problem, with a proof where there is one; and the best of the others.

A set is *proven* best when no set can be worth more: weights are whole numbers, and a bound on all sets, rounded down to a whole unit,
equals the value recomputed from the weights and the chosen sites. Else the best set found stands beside a bound that no set exceeds, and
the gap. Exchanges find a set (``covering_search``), a search through all sets proves it (``covering_tree``, with the bounds of
``covering_bound``), and an exact solver helps where it is quick (``covering_exact``).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Final

import numpy as np
from scipy.optimize import Bounds

from analytics.models.conditions import Conditions, Infeasible, without_set
from analytics.models.covering_exact import solved
from analytics.models.covering_search import Chosen, Problem, greedy, improved
from analytics.models.covering_tree import Tree
from analytics.models.effort import Effort
from analytics.models.rows import Gains
from analytics.models.savings import Savings

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
    was_cut
        Whether the time limit ended a part of the work, so that a slower or a quicker run may find another set (of the same value, where
        both are proven). Else every run of the same call finds the same set, whatever the machine does beside it and with any number of
        threads.
    """

    sites: Chosen
    value: int
    bound: int
    greedy: int | None
    seconds: float
    cells: int
    rows: int
    was_cut: bool = False

    @property
    def is_proven(self) -> bool:
        """Whether no set can be better."""
        return self.value == self.bound

    @property
    def gap(self) -> float:
        """Distance from the bound as a part of the value; 0 where proven."""
        return abs(self.bound - self.value) / max(abs(self.value), 1)


def as_distance(choice: Choice, most: int) -> Choice:
    """Return a choice of what is saved against ``most`` as one of what is left of it."""
    saved = None if choice.greedy is None else most - choice.greedy
    return replace(choice, value=most - choice.value, bound=most - choice.bound, greedy=saved)


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
    ValueError
        If the time limit is no number of seconds.
    """
    if not isinstance(time_limit_s, int | float | np.number) or not time_limit_s >= 0:
        raise ValueError(f"time_limit_s must be seconds, 0 or more, not {time_limit_s!r}")
    began, effort = perf_counter(), Effort(float(time_limit_s))
    if isinstance(problem, Savings) and problem.size * problem.sites <= _MERGED_AT_ONCE and problem.as_rows.members.nnz <= _SMALL:
        problem = problem.as_rows  # few sites: thousands of cells become hundreds of rows
    grown = greedy(problem, kept)
    start = kept.feasible() if grown is None else grown
    if start is None:
        raise Infeasible(kept.conflict())
    first = None if grown is None else problem.value(grown)
    found, bound = _proven(problem, kept, improved(problem, kept, start, kicks=0, effort=effort), effort, time_limit_s)
    rows = problem.rows if isinstance(problem, Gains) else 0
    return Choice(found, problem.value(found), bound, first, perf_counter() - began, problem.cells, rows, effort.was_cut)


def _proven(problem: Problem, kept: Conditions, found: Chosen, effort: Effort, limit_s: float) -> tuple[Chosen, int]:
    """Return the best set found in time and a bound: by the solver where that is quick, else by the search, the solver, and the search.

    The first search gives way to the solver by its work, not by the clock: where the clock cuts nothing, each run takes the same turns.
    """
    most, solver_s = problem.most, limit_s * _SOLVER_PART
    if isinstance(problem, Gains) and problem.members.nnz <= _SMALL and not kept.are_of_number:
        ends = Bounds(np.zeros(problem.sites), np.ones(problem.sites))
        found, most = solved(problem, kept, found, ends, effort=effort, most_s=solver_s)
        if most == problem.value(found):
            return found, most
    tree = Tree(problem, kept, found)
    is_ours = isinstance(problem, Savings) and kept.are_of_number  # the solver has never been the quicker one there
    effort.allow(np.inf if is_ours else limit_s * _SEARCH_PART)
    tree.grow(effort)
    if not is_ours and not effort.is_late and tree.bound > tree.known:
        most = min(most, _by_solver(tree, effort, solver_s))
        if most > tree.known:
            effort.allow(np.inf)
            tree.grow(effort)
    return tree.found, max(tree.known, min(most, tree.bound))


def _by_solver(tree: Tree, effort: Effort, most_s: float) -> int:
    """Show the solver the sites that the search has left, and return its bound; the search takes the set."""
    some, every = tree.left
    problem = tree.problem
    if isinstance(problem, Savings) and problem.cells * int(some.sum()) ** 2 > _MERGED_AT_ONCE:
        return tree.bound
    rest = problem.restricted(~some)
    better, bound = solved(rest, tree.conditions, tree.found, Bounds(every.astype(float), some.astype(float)), effort=effort, most_s=most_s)
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
