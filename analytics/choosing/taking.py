"""What each of many places would take from the open malls of a market: the metric ``cannibalization``, place by place."""

from collections.abc import Sequence

import numpy as np

from analytics.attraction import with_exponents
from analytics.choosing.sites import Integers, Reach, Site, reach, sites
from analytics.choosing.with_pins import table_with_pins
from analytics.models.choice import LARGEST, Exponents, Standing, attractions, taken
from analytics.models.huff import TYPICAL_STORES
from analytics.parameters import LONGEST_DRIVE_S, Parameters
from data.warehouse import Version


def lost(version: Version, market_id: str, places: Sequence[Site], weight: str) -> dict[str, tuple[int, int]]:
    """Return by place the people whom the open malls would lose to it, and whom they have before.

    Parameters
    ----------
    version, market_id
        Data; places of other markets are left out.
    places
        Candidates and pins.
    weight
        ``population`` or ``households``.
    """
    standing = [site for site in sites(version, (market_id,)) if site.is_open]
    chosen = [site for site in places if site.market_id == market_id]
    asked = with_exponents(Parameters(market_id=market_id, weight=weight), version)
    exponents = Exponents(asked.attraction_permille or 0, asked.decay_permille or 0, asked.outside_permille or 0)
    whom = reach(version, [*standing, *chosen], within_s=LONGEST_DRIVE_S, weight=weight)
    stores = np.array([_stores(site) for site in whom.sites], np.int64)
    pulls = attractions(stores[whom.site], whom.drive_s, exponents)
    if int(pulls.max(initial=0)) > LARGEST // (len(standing) + 2):  # sums of such would not be numbers of 64 bits
        return _asked(version, asked, chosen)
    dense = np.zeros((len(standing), len(whom.cells)), np.int64)
    for place in range(len(standing)):
        own = whom.of_site(place)
        dense[place, whom.cell[own]] = pulls[own]
    market = Standing(whom.people, dense, exponents)
    return {site.id: _taken(market, whom, pulls, len(standing) + place) for place, site in enumerate(chosen)}


def _taken(market: Standing, whom: Reach, pulls: Integers, place: int) -> tuple[int, int]:
    own = whom.of_site(place)
    return taken(market, whom.cell[own], pulls[own])


def _stores(site: Site) -> int:
    """Return the stores as the metric reads them: 100 where unknown, one at the least."""
    return max(1, TYPICAL_STORES if site.store_count is None else site.store_count)


def _asked(version: Version, asked: Parameters, chosen: Sequence[Site]) -> dict[str, tuple[int, int]]:
    """Return the same by the metric's own query, which has no bound."""
    found: dict[str, tuple[int, int]] = {}
    for row in table_with_pins("cannibalization", asked, [site for site in chosen if site.is_pin], version).to_pylist():
        if row["mall_id"] != row["other_mall_id"]:
            people, before = found.get(row["mall_id"], (0, 0))
            found[row["mall_id"]] = people + row["numerator"], before + row["denominator"]
    return found
