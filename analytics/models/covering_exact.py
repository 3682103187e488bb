"""A problem of rows given to an exact solver: HiGHS (Huangfu and Hall 2018) through ``scipy.optimize.milp``, with a gap of 0."""

from typing import Final

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from analytics.models.conditions import Conditions
from analytics.models.covering_search import Chosen
from analytics.models.effort import Effort
from analytics.models.merging import Integers, Keys, set_keys, site_keys
from analytics.models.rows import Gains

_PER_SECOND: Final = 40_000
"""Numbers of a problem for which the solver needs about a second before it can be interrupted; larger ones are left to the relaxation."""

_HALF: Final = 0.5
_SHORTEST_S: Final = 0.05
_ROUNDING: Final = 1e-6
_INEXACT: Final = 1e-12
"""Part of all that is paid by which the solver's bound may be wrong: it is raised by as much before it is rounded down."""

_OUT_OF_TIME: Final = 1
_NO_SOLUTION: Final = 2
"""Statuses of ``scipy.optimize.milp``; where the sites left open cannot keep to the conditions only the set that was known remains."""


def solved(gains: Gains, kept: Conditions, found: Chosen, among: Bounds, *, effort: Effort, most_s: float) -> tuple[Chosen, int]:
    """Return the best set that the solver finds in time, or ``found``, and a bound on the sets between two ends of each site.

    Parameters
    ----------
    gains, kept
        What a set is worth, and what it must keep to.
    found
        A set that keeps to the conditions.
    among
        Lower and upper end of each site, 0 or 1: the bound is one of the sets between them, and never less than the value of the best
        set known.
    effort, most_s
        What is left to spend, and of that the most seconds; where a problem is too large to be interrupted in so many, the solver is not
        asked.
    """
    enough, limit_s = _enough(gains), min(most_s, effort.left_s)
    if enough.nnz > _PER_SECOND * most_s:
        return found, gains.most
    sites, rows = gains.sites, gains.rows
    pays = np.concatenate([gains.site_values, gains.weights]) / gains.unit
    ends = Bounds(np.concatenate([among.lb, np.zeros(rows)]), np.concatenate([among.ub, np.ones(rows)]))
    solved = milp(
        -pays,
        integrality=np.ones(sites + rows),  # rows of one site are whole anyway; untold, the solver has left out better sets
        bounds=ends,
        constraints=[LinearConstraint(enough, -np.inf, 0), *([kept.linear(rows)] if kept.rules else [])],
        options={"mip_rel_gap": 0, "time_limit": max(limit_s, _SHORTEST_S)},
    )
    if solved.status == _OUT_OF_TIME:
        effort.cut()
    if solved.x is not None:
        own = tuple(int(site) for site in np.flatnonzero(solved.x[:sites] > _HALF))
        if kept.hold(own) and gains.value(own) > gains.value(found):
            found = own
    bound = solved.mip_dual_bound
    if solved.status == _NO_SOLUTION:
        return found, gains.value(found)
    if bound is None or not np.isfinite(bound):
        return found, gains.most
    inexact = _ROUNDING + _INEXACT * float(np.abs(pays).sum())
    whole_bound = gains.base + int(np.floor(-bound + inexact)) * gains.unit
    return found, max(whole_bound, gains.value(found))


def _enough(gains: Gains) -> sparse.csr_array:
    """Return the rows ``need * y - (sites of the row) <= 0``.

    A row whose sites are those of another row and one more is written as ``y - y_other - x <= 0``: as tight, and with a tenth of the
    numbers in p-median, whose rows grow site by site.
    """
    rows, sites = gains.rows, gains.sites
    child, parent, site = _grown(gains)
    members = gains.members.astype(float)
    is_chained = np.zeros(rows, np.bool_)
    is_chained[child] = True
    members.data[np.repeat(is_chained, np.diff(members.indptr))] = 0
    members.eliminate_zeros()
    ones = np.ones(len(child))
    chained_sites = sparse.csr_array((ones, (child, site)), shape=(rows, sites))
    chained_rows = sparse.csr_array((ones, (child, parent)), shape=(rows, rows))
    own = sparse.csr_array((gains.needs.astype(float), (np.arange(rows), np.arange(rows))), shape=(rows, rows))
    return sparse.hstack([-members - chained_sites, own - chained_rows], format="csr")


def _grown(gains: Gains) -> tuple[Integers, Integers, Integers]:
    """Return rows that need one site, another such row with the same sites but one, and that site."""
    single = np.flatnonzero(gains.needs == 1)
    members = gains.members[single]
    first, second = set_keys(members)
    by_site = site_keys(gains.sites)
    row = np.repeat(np.arange(len(single)), np.diff(members.indptr))
    less_first, less_second = first[row] - by_site[0][members.indices], second[row] - by_site[1][members.indices]
    mixed = _mixed(first, second)
    order = np.argsort(mixed, kind="stable")
    place = np.minimum(np.searchsorted(mixed[order], _mixed(less_first, less_second)), len(order) - 1)
    other = order[place]
    hit = np.flatnonzero((first[other] == less_first) & (second[other] == less_second))
    child, last = np.unique(row[hit], return_index=True)
    return single[child], single[other[hit[last]]], members.indices[hit[last]].astype(np.int64)


def _mixed(first: Keys, second: Keys) -> Keys:
    """Return one number for two; whoever finds it compares the two."""
    return first * np.uint64(0x9E3779B97F4A7C15) + second
