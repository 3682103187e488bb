"""Choose a set of sites: the most demand covered, the least weighted distance, or the largest value, with a proof where there is one.

``choose_covering`` and ``choose_p_median`` take plain arrays and stand alone; ``best`` and ``next_best`` do the same for a problem that
was put together with ``analytics.models.gains`` or ``analytics.models.savings`` and ``analytics.models.conditions``.

>>> from analytics.models.covering import choose_covering, choose_p_median
>>> covered = choose_covering(weights=[10, 20, 30, 40], covers=[[0, 1], [1, 2], [2, 3], [0]], k=2)
>>> print(covered.sites, covered.value, covered.bound, covered.gap, covered.is_proven)
(0, 2) 100 100 0.0 True
>>> near = choose_p_median(weights=[1, 1, 5], distances=[[0, 4], [4, 0], [2, 3]], k=1, time_limit_s=60)
>>> print(near.sites, near.value, near.bound, near.gap, near.is_proven)
(0,) 14 14 0.0 True
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from analytics.models.conditions import Infeasible, Names, Rule, conditions
from analytics.models.covering_best import TIME_LIMIT_S, Choice, as_distance, best, next_best
from analytics.models.covering_rounded import rounded
from analytics.models.merging import MOST, Booleans, Integers
from analytics.models.rows import Covers, covering_gains
from analytics.models.savings import distance_gains, unreachable, weighted

__all__ = ["TIME_LIMIT_S", "Choice", "Infeasible", "Rule", "as_distance", "best", "choose_covering", "choose_p_median", "next_best"]


def choose_covering(
    weights: npt.ArrayLike,
    covers: Covers,
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
        For each site the places of the cells it covers, from 0: lists, arrays or sets. Or one table of marks of shape (sites, cells): a
        boolean array or frame, or a sparse array.
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
    problem = covering_gains(weights, covers, open_sites=open_sites, backup=backup, site_values=site_values)
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
        paths (``scipy.sparse.csgraph.shortest_path``). Infinite: no way; then a set must hold a site that the cell reaches.
    k
        Choose exactly so many sites; None: as many as help, within the other conditions.
    longest
        Longer distances count as this, infinite ones too, as does that of a cell without any site; None: the longest in ``distances``.
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
    demand, away, top = weighted(weights, distances, longest)
    sites = away.shape[1]
    _some(sites)
    must_reach = () if longest is not None else _reaching(demand, unreachable(distances), open_sites)
    kept = conditions(
        sites,
        k=k,
        costs=costs,
        budget=budget,
        must=must,
        must_not=must_not,
        not_both=not_both,
        groups=groups,
        at_most=at_most,
        limits=(*limits, *must_reach),
        open_sites=open_sites,
        names=names,
    )
    most = int(demand.sum()) * top
    if most > MOST:
        return rounded(demand, away, kept, longest=top, open_sites=open_sites, time_limit_s=time_limit_s)
    return as_distance(best(distance_gains(demand, away, longest=top, open_sites=open_sites), kept, time_limit_s=time_limit_s), most)


def _reaching(demand: Integers, is_far: Booleans, open_sites: Sequence[int]) -> list[Rule]:
    """Return for each cell with demand from which some sites cannot be reached that one of the others is chosen, each such rule once."""
    cells = np.flatnonzero((demand > 0) & is_far.any(axis=1) & is_far[:, list(open_sites)].all(axis=1))
    reached, first = np.unique(~is_far[cells], axis=0, return_index=True)
    return [
        Rule(f"a site that cell {cells[cell]} reaches", near.astype(np.int64), low=1) for near, cell in zip(reached, first, strict=True)
    ]


def _some(sites: int) -> None:
    if not sites:
        raise ValueError("there are no sites to choose from")
