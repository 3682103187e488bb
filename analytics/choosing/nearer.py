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
    others = tuple(each for each in sites(key.version, [site.market_id]) if each.is_open and each.id != site.id)
    cells, nearest_s = _nearest(key, others, told.history.weight) if others else (zeros[:0], zeros[:0])
    if not len(cells):
        return 0.0
    place = np.searchsorted(cells, reached.cells[cell]).clip(max=len(cells) - 1)
    other_s = np.where(cells[place] == reached.cells[cell], nearest_s[place], _UNREACHED_S)
    return float(share[other_s <= drive_s].sum())


@lru_cache(maxsize=64)
def _nearest(key: VersionKey, others: tuple[Site, ...], weight: str) -> tuple[Integers, Integers]:
    """Return the cells of a market and the drive from the nearest of some malls."""
    reached = reach(key.version, others, weight=weight)
    nearest_s = np.full(len(reached.cells), _UNREACHED_S)
    np.minimum.at(nearest_s, reached.cell, reached.drive_s)
    return reached.cells, nearest_s
