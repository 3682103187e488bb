"""What a set of sites saves where each cell takes the best of them: p-median problems, as arrays and as rows.

The demand-weighted drive falls whenever a nearer site is chosen, so that each cell has a row for each of its distances, with the sites at
most so far away, that pays the way to the next distance (the radius formulation: Garcia, Labbe and Marin 2011).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import gcd

import numpy as np
import numpy.typing as npt
from scipy import sparse

from analytics.models.merging import Booleans, Integers, site_keys, summed, whole
from analytics.models.rows import Gains, Part, demand_of, site_values_of, there_of


@dataclass(frozen=True, eq=False)
class Savings:
    """A p-median problem as what each site saves: a cell takes the largest saving among the chosen sites.

    Attributes
    ----------
    matrix
        Saving of each cell by each site, 0 or more; shape (cells, sites).
    site_values
        What each chosen site pays by itself, such as minus its cost; shape (sites,).
    base
        What is saved whatever is chosen.
    """

    matrix: Integers
    site_values: Integers
    base: int

    @property
    def sites(self) -> int:
        """Number of sites."""
        return int(self.matrix.shape[1])

    @property
    def cells(self) -> int:
        """Number of demand cells."""
        return int(self.matrix.shape[0])

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return int(self.matrix.size)

    @cached_property
    def unit(self) -> int:
        """Largest whole number that divides every saving; 1 where there is none."""
        return gcd(int(np.gcd.reduce(self.matrix, axis=None)), int(np.gcd.reduce(self.site_values))) or 1

    @property
    def most(self) -> int:
        """What no set is worth more than."""
        return self.base + int(self.matrix.max(axis=1, initial=0).sum()) + int(np.maximum(self.site_values, 0).sum())

    def value(self, chosen: Sequence[int]) -> int:
        """Return what a set of sites saves and pays, an exact whole number."""
        own = list(chosen)
        return self.base + int(self.matrix[:, own].max(axis=1, initial=0).sum()) + int(self.site_values[own].sum())

    def given(self, taken: Booleans, free: Booleans) -> Part["Savings"]:
        """Return what is left to save by the free sites once others are taken; its sites are the free ones."""
        there = self.matrix[:, taken].max(axis=1, initial=0)
        left = np.maximum(self.matrix[:, free] - there[:, None], 0)
        rows = np.flatnonzero(left.any(axis=1))
        base = self.base + int(there.sum()) + int(self.site_values[taken].sum())
        return Part(Savings(left[rows], self.site_values[free], base), rows, there[rows])

    @cached_property
    def as_rows(self) -> Gains:
        """The same problem as rows."""
        return self.restricted(np.zeros(self.sites, np.bool_))

    def restricted(self, out: Booleans) -> Gains:
        """Return the problem without some sites, as rows (the radius formulation); sites keep their places."""
        return replace(_radius_rows(np.where(out, 0, self.matrix), self.base), site_values=self.site_values)


def distance_gains(
    weights: npt.ArrayLike, distances: npt.ArrayLike, *, open_sites: Sequence[int] = (), longest: int | None = None
) -> Savings:
    """Return a p-median problem: the value of a set is the weighted distance that it saves against ``longest`` everywhere.

    Parameters
    ----------
    weights
        Whole numbers, 0 or more; shape (cells,).
    distances
        Whole numbers, 0 or more, of shape (cells, sites); infinite ones count as ``longest``.
    open_sites
        Sites that are there already.
    longest
        Longer distances count as this; None: the longest there is.

    Returns
    -------
    Savings
        ``weights.sum() * longest - value`` is the weighted distance to the nearest site.

    Raises
    ------
    ValueError
        If weights or distances are negative or no whole numbers, or shapes do not fit.
    """
    demand, away, top = weighted(weights, distances, longest)
    whole([int(demand.sum()) * top], "weighted distances")
    return savings_of((top - away) * demand[:, None], open_sites=open_sites)


def weighted(weights: npt.ArrayLike, distances: npt.ArrayLike, longest: int | None) -> tuple[Integers, Integers, int]:
    """Return the demand of each cell, the distances as whole numbers, none longer than the longest, and that one.

    Raises
    ------
    ValueError
        If weights or distances are negative or no whole numbers, or shapes do not fit.
    """
    if sparse.issparse(distances):
        raise ValueError("distances must be a full table, as .toarray() makes: in a sparse one no distance and no way are the same")
    demand, given = demand_of(weights), np.asarray(distances)
    if given.ndim != 2 or given.shape[0] != len(demand):
        raise ValueError(f"distances must have shape (cells, sites) with {len(demand)} cells, not {given.shape}")
    is_far = unreachable(given)
    near = whole(np.where(is_far, 0, given) if is_far.any() else given, "distances", lowest=0, are_summed=False)
    top = int(near.max(initial=0)) if longest is None else int(whole([longest], "longest", lowest=0)[0])
    return demand, np.minimum(np.where(is_far, top, near), top), top


def unreachable(distances: npt.ArrayLike) -> Booleans:
    """Return which distances are infinite."""
    given = np.asarray(distances)
    return np.isposinf(given) if np.issubdtype(given.dtype, np.floating) else np.zeros(given.shape, np.bool_)


def savings_of(savings: npt.ArrayLike, *, open_sites: Sequence[int] = (), site_values: npt.ArrayLike | None = None) -> Savings:
    """Return a problem in which each cell takes its largest saving among the chosen and the open sites.

    Parameters
    ----------
    savings
        Whole numbers, 0 or more, of shape (cells, sites).
    open_sites
        Sites that are there already: what they save is saved in ``base``.
    site_values
        What each chosen site pays by itself; shape (sites,).

    Raises
    ------
    ValueError
        If savings are negative or no whole numbers, or there are not as many site values as sites.
    """
    saved = whole(savings, "savings", lowest=0, are_summed=False)
    whole(saved.max(axis=1, initial=0), "the largest savings of the cells")  # a cell takes one of them
    own = there_of(open_sites, saved.shape[1])
    there = saved[:, own].max(axis=1, initial=0)
    more = np.maximum(saved - there[:, None], 0)
    more[:, own] = 0
    values = site_values_of(site_values, saved.shape[1])
    return Savings(more[more.any(axis=1)], values, int(there.sum()))


def _radius_rows(savings: Integers, base: int) -> Gains:
    """Return a row for each cell and saving: the sites that save at least as much, and the step down to the next saving."""
    sites = savings.shape[1]
    order = np.argsort(-savings, axis=1, kind="stable")
    falling = np.take_along_axis(savings, order, axis=1)
    pays = falling - np.concatenate([falling[:, 1:], np.zeros((len(savings), 1), np.int64)], axis=1)
    one, other = (np.cumsum(keys[order], axis=1, dtype=np.uint64) for keys in site_keys(sites))
    cell, rank = np.nonzero(pays > 0)
    first, weights = summed(pays[cell, rank], one[cell, rank], other[cell, rank])
    sizes = rank[first] + 1
    pointers = np.concatenate([[0], np.cumsum(sizes)])
    inside = np.arange(pointers[-1]) - np.repeat(pointers[:-1], sizes)
    members = sparse.csr_array(
        (np.ones(pointers[-1], np.int8), order[np.repeat(cell[first], sizes), inside], pointers), shape=(len(first), sites)
    )
    return Gains(members, weights, np.ones(len(first), np.int64), np.zeros(sites, np.int64), base, len(savings))
