"""What a set of sites is worth, as weighted rows: a row pays its weight once enough of its sites are chosen.

Rows with the same sites and the same need are one row (10 to 46 times fewer in real catchments). All weights are whole numbers, so that a
value is exact.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Generic, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
from scipy import sparse

from analytics.models.merging import Booleans, Integers, set_keys, summed, whole

Each = TypeVar("Each")
_TABLE: Final = 2
Cover = npt.ArrayLike | AbstractSet[int]
"""Places of the cells that a site covers, in any order: a list, an array or a set."""

Covers: TypeAlias = Sequence[Cover] | npt.NDArray[np.bool_] | sparse.csr_array
"""The cover of each site; or one table of marks, shape (sites, cells), boolean or sparse."""


@dataclass(frozen=True, eq=False)
class Part(Generic[Each]):
    """What is left of a problem once some sites are taken and others are out.

    Attributes
    ----------
    problem
        Of the sites that are free.
    rows
        Which rows, or cells, of the whole are left; shape (rows,).
    there
        What each of them has already; shape (rows,).
    """

    problem: Each
    rows: npt.NDArray[np.intp]
    there: Integers


@dataclass(frozen=True, eq=False)
class Gains:
    """Rows of sites with what they pay.

    Attributes
    ----------
    members
        Rows by sites, 1 where the site counts for the row; ``scipy.sparse.csr_array`` of shape (rows, sites).
    weights
        What each row pays, 1 or more; shape (rows,).
    needs
        How many of its sites must be chosen for it to pay, 1 or more; shape (rows,).
    site_values
        What each chosen site pays by itself, such as minus its cost; shape (sites,).
    base
        What is paid whatever is chosen.
    cells
        Rows before merging.
    """

    members: sparse.csr_array
    weights: Integers
    needs: Integers
    site_values: Integers
    base: int
    cells: int

    @property
    def sites(self) -> int:
        """Number of sites."""
        return int(self.members.shape[1])

    @property
    def rows(self) -> int:
        """Number of rows after merging."""
        return int(self.members.shape[0])

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return int(self.members.nnz)

    @cached_property
    def unit(self) -> int:
        """Largest whole number that divides every weight and site value; 1 where there is none."""
        return int(np.gcd.reduce(np.concatenate([self.weights, self.site_values]))) or 1

    @property
    def most(self) -> int:
        """What no set is worth more than."""
        return self.base + int(self.weights.sum()) + int(np.maximum(self.site_values, 0).sum())

    @cached_property
    def by_site(self) -> sparse.csc_array:
        """The members with sites as columns."""
        return self.members.tocsc()

    def value(self, chosen: Sequence[int]) -> int:
        """Return what a set of sites is worth, an exact whole number.

        Parameters
        ----------
        chosen
            Places of sites, each once.
        """
        own = list(chosen)
        hits = np.zeros(self.rows, np.int64)
        for site in own:
            hits[self.members_of(site)] += 1
        return self.base + int(self.weights[hits >= self.needs].sum()) + int(self.site_values[own].sum())

    def restricted(self, out: Booleans) -> "Gains":
        """Return the problem without some sites, its rows merged anew; sites keep their places."""
        merged = _merged(_without(self.members, np.flatnonzero(out).tolist()), self.weights, self.needs, self.site_values, self.sites)
        return replace(merged, base=self.base, cells=self.cells)

    def given(self, taken: Booleans, free: Booleans) -> Part["Gains"]:
        """Return what is left to gain by the free sites once others are taken; its sites are the free ones, its rows are not merged."""
        hits = np.zeros(self.rows, np.int64)
        for site in np.flatnonzero(taken):
            hits[self.members_of(int(site))] += 1
        needs = self.needs - hits
        members = self.members[:, np.flatnonzero(free)].tocsr()
        rows = np.flatnonzero((needs > 0) & (np.diff(members.indptr) >= needs))
        base = self.base + int(self.weights[needs <= 0].sum()) + int(self.site_values[taken].sum())
        left = Gains(members[rows].tocsr(), self.weights[rows], needs[rows], self.site_values[free], base, self.cells)
        return Part(left, rows, np.zeros(len(rows), np.int64))

    def members_of(self, site: int) -> npt.NDArray[np.int32]:
        """Return the rows for which a site counts."""
        by_site = self.by_site
        rows: npt.NDArray[np.int32] = by_site.indices[by_site.indptr[site] : by_site.indptr[site + 1]]
        return rows


def covering_gains(
    weights: npt.ArrayLike,
    covers: Covers,
    *,
    open_sites: Sequence[int] = (),
    backup: int = 1,
    site_values: npt.ArrayLike | None = None,
) -> Gains:
    """Return the rows of a covering problem: a cell pays its weight once ``backup`` sites reach it.

    Parameters
    ----------
    weights
        Whole numbers, 0 or more; shape (cells,).
    covers
        For each site the places of the cells it reaches, or a table of marks of shape (sites, cells), boolean or sparse.
    open_sites
        Sites that are there already: cells that they cover are paid in ``base``.
    backup
        How many sites must reach a cell, 1 or more; open ones count.
    site_values
        What each chosen site pays by itself; shape (sites,).

    Raises
    ------
    ValueError
        If weights are negative or no whole numbers, or a cover names a cell that is not there.
    """
    demand = demand_of(weights)
    times = int(whole([backup], "backup", lowest=1)[0])
    members = _members(covers, len(demand))
    sites = members.shape[1]
    own = there_of(open_sites, sites)
    already = np.asarray(members[:, own].sum(axis=1), np.int64).ravel()
    return _merged(_without(members, own), demand, np.maximum(times - already, 0), site_values, sites)


def together(*parts: Gains) -> Gains:
    """Return the rows of several problems over the same sites as one: their values add up."""
    members = sparse.vstack([part.members for part in parts], format="csr")
    weights, needs = (np.concatenate([getattr(part, name) for part in parts]) for name in ("weights", "needs"))
    site_values = np.sum([part.site_values for part in parts], axis=0)
    merged = _merged(members, weights, needs, site_values, members.shape[1])
    return Gains(
        merged.members,
        merged.weights,
        merged.needs,
        merged.site_values,
        sum(part.base for part in parts) + merged.base,
        sum(part.cells for part in parts),
    )


def _members(covers: Covers, cells: int) -> sparse.csr_array:
    """Return cells by sites, 1 where the site reaches the cell; a cell named twice counts once."""
    if (marks := _marks(covers)) is not None:
        return _marked(marks, cells)
    sets = [_places(cover, site, cells) for site, cover in enumerate(covers)]
    for site, cover in enumerate(sets):
        if len(cover) and not (cover[0] >= 0 and cover[-1] < cells):
            raise ValueError(f"site {site} covers cell {int(cover[-1] if cover[-1] >= cells else cover[0])}, but there are {cells} cells")
    pointers = np.concatenate([[0], np.cumsum([len(cover) for cover in sets])])
    cells_of = np.concatenate([*sets, np.empty(0, np.int64)])
    return sparse.csc_array((np.ones(len(cells_of), np.int8), cells_of, pointers), shape=(cells, len(sets))).tocsr()


def _marks(covers: Covers) -> sparse.csr_array | None:
    """Return a table of marks as a sparse one; None where covers are no such table."""
    if sparse.issparse(covers):
        return sparse.csr_array(covers)
    table = np.asarray(covers) if hasattr(covers, "ndim") else np.empty(0)
    return sparse.csr_array(table) if table.ndim == _TABLE and table.dtype == np.bool_ else None


def _marked(marks: sparse.csr_array, cells: int) -> sparse.csr_array:
    """Return cells by sites of a table of marks, sites by cells."""
    if marks.shape[1] != cells:
        turned = "; turn it with .T" if marks.shape[0] == cells else ""
        raise ValueError(f"a table of covers must have shape (sites, cells) with {cells} cells, not {marks.shape}{turned}")
    if not np.isin(marks.data, (0, 1)).all():
        raise ValueError("a table of covers must hold marks, 0 or 1, as in distances <= radius")
    by_cell = sparse.csr_array(marks.T.astype(np.int8))
    by_cell.eliminate_zeros()
    return by_cell


def _places(cover: Cover, site: int, cells: int) -> Integers:
    """Return the places of a cover, each once: of a list, an array or a set."""
    given = np.asarray(list(cover) if isinstance(cover, AbstractSet) else cover)
    are_marks = given.dtype == np.bool_ or (len(given) == cells > 2 and np.isin(given, (0, 1)).all()) if given.ndim == 1 else True
    if are_marks:
        # a row of marks, one for each cell, would be read as the places 0 and 1
        raise ValueError(
            f"the cover of site {site} must list the places of its cells; numpy.flatnonzero makes them of marks; "
            "or all covers must be one boolean table of shape (sites, cells)"
        )
    return np.unique(whole(given, f"the places that site {site} covers"))


def demand_of(weights: npt.ArrayLike) -> Integers:
    """Return the demand of each cell, shape (cells,), as whole numbers of 0 or more."""
    demand = whole(weights, "weights", lowest=0)
    if demand.ndim != 1:
        raise ValueError(f"weights must have shape (cells,), not {demand.shape}")
    return demand


def there_of(open_sites: Sequence[int], sites: int) -> list[int]:
    """Return the sites that are there already, all of them among so many sites."""
    own = list(open_sites)
    if any(not 0 <= site < sites for site in own):
        raise ValueError(f"open_sites names a site that is not there: sites are 0 to {sites - 1}")
    return own


def _without(members: sparse.csr_array, sites: Sequence[int]) -> sparse.csr_array:
    """Return the members with some sites counting for nothing."""
    if not len(sites):
        return members
    is_kept = np.ones(members.shape[1], np.int8)
    is_kept[list(sites)] = 0
    kept = members.copy()
    kept.data = is_kept[kept.indices]
    kept.eliminate_zeros()
    return kept


def _merged(members: sparse.csr_array, weights: Integers, needs: Integers, site_values: npt.ArrayLike | None, sites: int) -> Gains:
    """Return one row for each set of sites and need; rows that need nothing are paid in the base, those that can never pay are gone."""
    own = site_values_of(site_values, sites)
    base = int(weights[needs == 0].sum())
    counts = np.diff(members.indptr)
    kept = np.flatnonzero((needs > 0) & (counts >= needs) & (weights > 0))
    first, totals = summed(weights[kept], *set_keys(members[kept]), needs[kept])
    return Gains(members[kept[first]].tocsr(), totals, needs[kept[first]], own, base, len(weights))


def site_values_of(values: npt.ArrayLike | None, sites: int) -> Integers:
    """Return what each of so many sites pays by itself; None: nothing."""
    own = np.zeros(sites, np.int64) if values is None else whole(values, "site values")
    if own.shape != (sites,):
        raise ValueError(f"there are {sites} sites, but {own.shape} site values")
    return own
