"""Whom a set of sites would reach beyond the open malls, cell by cell, as a map draws it."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from analytics.choosing.sites import Reach


def newly_covered(reach_: Reach, chosen: Sequence[int], market_id: str, resolution: int) -> pa.Table:
    """Return the cells of a market that some sites or an open mall reach, and how many of their people only the sites would.

    Parameters
    ----------
    reach_
        Whom the sites reach.
    chosen
        Positions of the sites that would open; an open mall among them adds nothing.
    market_id
        Market of the cells.
    resolution
        H3 resolution of the rows, 9 or coarser: children are rolled up by H3 index.

    Returns
    -------
    pyarrow.Table
        One row per cell, ascending:

        - ``cell``: H3 cell of ``resolution``
        - ``people``: people in its children that are reached
        - ``newly``: of these, people whom no open mall reaches
        - ``drive_s``: least drive from a chosen site, seconds; null where only open malls reach it
        - ``mall_id``: the site of that drive, ties by position; null where only open malls reach it
    """
    none = np.iinfo(np.int64).max
    least, nearest = np.full(len(reach_.cells), none), np.full(len(reach_.cells), -1, np.int64)
    for position in sorted(chosen):
        own = reach_.of_site(position)
        cell, drive_s = reach_.cell[own], reach_.drive_s[own]
        nearer = drive_s < least[cell]
        least[cell[nearer]], nearest[cell[nearer]] = drive_s[nearer], position
    is_in = (reach_.market == reach_.market_ids.index(market_id)) & ((least < none) | (reach_.open_count > 0))
    shift = 3 * (15 - resolution)
    parents = (reach_.cells[is_in] & ~(15 << 52)) | (resolution << 52) | ((1 << shift) - 1)
    # Nearest child first: a parent is as far as the nearest of its children.
    order = np.lexsort((least[is_in], parents))
    cells, first, group = np.unique(parents[order], return_index=True, return_inverse=True)
    people, newly = np.zeros(len(cells), np.int64), np.zeros(len(cells), np.int64)
    np.add.at(people, group, reach_.people[is_in][order])
    np.add.at(newly, group, np.where(reach_.open_count[is_in] > 0, 0, reach_.people[is_in])[order])
    seconds, place = least[is_in][order][first], nearest[is_in][order][first]
    is_reached = place >= 0
    return pa.table(
        {
            "cell": cells,
            "people": people,
            "newly": newly,
            "drive_s": pa.array(np.where(is_reached, seconds, 0), mask=~is_reached),
            "mall_id": pa.array([reach_.sites[each].id if each >= 0 else None for each in place.tolist()], pa.string()),
        }
    )
