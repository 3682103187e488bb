"""p-median problems whose numbers are too large for sums to stay exact: solved in a larger unit, valued in whole numbers of any size."""

from collections.abc import Sequence
from time import perf_counter
from typing import Final

import numpy as np

from analytics.models.conditions import Conditions
from analytics.models.covering_best import TIME_LIMIT_S, Choice, best, next_best
from analytics.models.covering_search import greedy
from analytics.models.merging import Integers
from analytics.models.savings import savings_of

_ROUNDED_BITS: Final = 40
"""Binary digits of a rounded problem: sums are exact in the solver, and rounding weighs a millionth of a millionth."""

_ROUNDED_SETS: Final = 5
_HALF: Final = 0.5


def rounded(
    demand: Integers,
    away: Integers,
    kept: Conditions,
    *,
    longest: int,
    open_sites: Sequence[int] = (),
    time_limit_s: float = TIME_LIMIT_S,
) -> Choice:
    """Return the best set of a p-median problem whose weighted distances add up to more than 2 ** 53.

    What each site saves is counted in a larger unit, rounded up, so that a bound of the rounded problem is one of the problem itself;
    values are counted exactly. A set is proven best where the bound of all others is no better.

    Parameters
    ----------
    demand, away
        Weights of shape (cells,), and distances of shape (cells, sites).
    longest
        Distance of a cell without any site; none in ``away`` is longer.
    kept, open_sites, time_limit_s
        As for ``best`` and ``choose_p_median``.
    """
    began = perf_counter()
    most = int(demand.sum()) * longest
    unit = 1 << (most.bit_length() - _ROUNDED_BITS)
    saved = (longest - away).astype(object) * demand.astype(object)[:, None]  # whole numbers of any size
    problem = savings_of((-(-saved // unit)).astype(np.int64), open_sites=open_sites)

    def exact(chosen: Sequence[int]) -> int:
        return int(saved[:, [*open_sites, *chosen]].max(axis=1, initial=0).sum())

    first = best(problem, kept, time_limit_s=_HALF * time_limit_s)
    found, bound, tried, was_cut = first.sites, first.bound * unit, 0, first.was_cut
    for other in next_best(problem, kept, first.sites, count=_ROUNDED_SETS, time_limit_s=_HALF * time_limit_s / _ROUNDED_SETS):
        found, bound, tried = max(found, other.sites, key=exact), other.bound * unit, tried + 1
        was_cut |= other.was_cut
        if bound <= exact(found):
            break
    else:
        bound = bound if tried == _ROUNDED_SETS else 0  # fewer: there are no other sets
    grown = greedy(problem, kept)
    value = exact(found)
    told = None if grown is None else most - exact(grown)
    return Choice(found, most - value, most - max(bound, value), told, perf_counter() - began, problem.cells, 0, was_cut)
