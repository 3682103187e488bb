"""Orders that a new mall would take from open ones, as far as drives tell: those from places that are nearer to an open mall."""

from functools import lru_cache

import numpy as np

from analytics.choosing.carried import Source
from analytics.choosing.sites import Integers, Reach, Site, reach, sites
from analytics.models.demand import Areas, expected
from analytics.reference import VersionKey

_UNREACHED_S = np.iinfo(np.int64).max


def nearer_share(key: VersionKey, told: Source, reached: Reach, position: int) -> float:
    """Return the part of a site's orders that comes from cells as near to an open mall as to the site, or nearer.

    Parameters
    ----------
    key
        Data.
    told
        What the site is forecast from.
    reached
        Whom sites reach.
    position
        Of the site in ``reached.sites``; it needs cells within the drive that counts.
    """
    own = reached.of_site(position)
    is_near = reached.drive_s[own] <= told.history.longest_s
    cell, drive_s = reached.cell[own][is_near], reached.drive_s[own][is_near]
    if told.pilots is None or not len(cell):
        return 0.0
    zeros = np.zeros(len(cell), np.int64)
    areas = Areas(zeros, reached.people[cell].astype(float), drive_s / 60, np.zeros(len(cell)), zeros)
    share = expected(told.pilots, areas).share
    site = reached.sites[position]
    others = [each for each in sites(key.version, reached.market_ids if not site.is_open else [site.market_id]) if each.is_open]
    near_open = _nearest(key, tuple(each for each in others if each.id != site.id), told.history.weight)
    if site.market_id not in near_open:
        return 0.0
    cells, nearest_s = near_open[site.market_id]
    place = np.searchsorted(cells, reached.cells[cell]).clip(max=len(cells) - 1)
    other_s = np.where(cells[place] == reached.cells[cell], nearest_s[place], _UNREACHED_S)
    return float(share[other_s <= drive_s].sum())


@lru_cache(maxsize=64)
def _nearest(key: VersionKey, others: tuple[Site, ...], weight: str) -> dict[str, tuple[Integers, Integers]]:
    """Return by market its cells and the drive from the nearest of some malls; without markets in which no cell is known."""
    reached = reach(key.version, others, weight=weight)
    nearest_s = np.full(len(reached.cells), _UNREACHED_S)
    np.minimum.at(nearest_s, reached.cell, reached.drive_s)
    ends = np.searchsorted(reached.market, np.arange(len(reached.market_ids) + 1))
    own = {name: slice(ends[place], ends[place + 1]) for place, name in enumerate(reached.market_ids)}
    return {name: (reached.cells[cells], nearest_s[cells]) for name, cells in own.items() if cells.stop > cells.start}
