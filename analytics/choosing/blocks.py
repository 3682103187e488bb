"""Savings of a portfolio market by market: nobody drives from one market to another, so that a nation's table of them is nearly empty.

A problem that fits is one block, as ever. A larger one is a block for each market, made and turned into rows one after the other: a nation
of 2.4 million cells and 1,100 malls would be 21 gigabytes at once, and is 2 megabytes at a time. The rows are the same, and exact.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy import sparse

from analytics.choosing.sites import Booleans, Integers, Reach
from analytics.errors import ParameterError
from analytics.models.gains import Gains, Savings

LARGEST_MATRIX: Final = 40_000_000
"""Pairs of cells and malls that are held at once."""


@dataclass(frozen=True)
class Block:
    """Cells and sites that are looked at together, as ranges of those of a ``Reach``.

    Attributes
    ----------
    cells, sites
        Positions in ``Reach.cells`` and ``Reach.sites``.
    """

    cells: slice
    sites: slice

    @property
    def shape(self) -> tuple[int, int]:
        """Number of cells, number of sites."""
        return self.cells.stop - self.cells.start, self.sites.stop - self.sites.start

    def table(self, whom: Reach, values: Integers | Booleans) -> Integers:
        """Return values of the pairs of ``whom`` as a table of the block, cells by sites; 0 where a site does not reach."""
        pairs = slice(*np.searchsorted(whom.site, [self.sites.start, self.sites.stop]))
        found = np.zeros(self.shape, np.int64)
        found[whom.cell[pairs] - self.cells.start, whom.site[pairs] - self.sites.start] = values[pairs]
        return found


def blocks(whom: Reach) -> Iterator[Block]:
    """Iterate over the blocks of a reach whose sites stand market by market: one where it fits, else one for each market.

    Raises
    ------
    ParameterError
        If a single market is more than can be held at once.
    """
    cells, places = len(whom.cells), len(whom.sites)
    if cells * places <= LARGEST_MATRIX:
        yield Block(slice(0, cells), slice(0, places))
        return
    market = np.array([whom.market_ids.index(site.market_id) for site in whom.sites], np.int64)
    for each, name in enumerate(whom.market_ids):
        ends = [slice(*np.searchsorted(own, [each, each + 1]).tolist()) for own in (whom.market, market)]
        block = Block(*ends)
        if np.prod(block.shape) > LARGEST_MATRIX:
            raise ParameterError(
                f"{block.shape[0]:,} cells and {block.shape[1]:,} malls of {name} are too many at once for this aim: aim at people"
            )
        yield block


def joined(parts: Sequence[Savings | Gains]) -> Savings | Gains:
    """Return the problem of all blocks, in their order: the one there is, or the rows of all of them.

    Rows of different markets have no site in common, so that none of them are the same.
    """
    if len(parts) == 1:
        return parts[0]
    rows = [part.as_rows if isinstance(part, Savings) else part for part in parts]
    return replace(
        rows[0],
        members=sparse.block_diag([part.members for part in rows], format="csr"),
        weights=np.concatenate([part.weights for part in rows]),
        needs=np.concatenate([part.needs for part in rows]),
        site_values=np.concatenate([part.site_values for part in rows]),
        base=sum(part.base for part in rows),
        cells=sum(part.cells for part in rows),
    )
