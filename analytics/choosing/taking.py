"""What each of many places would take from the open malls of a market: the metric ``cannibalization``, place by place."""

from collections.abc import Sequence

import numpy as np

from analytics.attraction import with_exponents
from analytics.choosing.groups import by_markets
from analytics.choosing.sites import Reach, Site, reach, sites
from analytics.choosing.with_pins import table_with_pins
from analytics.models.choice import LARGEST, Exponents, Standing, attractions, taken
from analytics.models.huff import TYPICAL_STORES
from analytics.parameters import LONGEST_DRIVE_S, Parameters
from data.warehouse import Version


def lost(version: Version, market_ids: Sequence[str], places: Sequence[Site], weight: str) -> dict[str, tuple[int, int]]:
    """Return by place the people whom the open malls of its market would lose to it, and whom they have before.

    Parameters
    ----------
    version, market_ids
        Data; places of other markets are left out.
    places
        Candidates and pins.
    weight
        ``population`` or ``households``.
    """
    rivals = [site for site in sites(version, market_ids) if site.is_open and site.market_id in market_ids]
    chosen = sorted([*rivals, *(site for site in places if site.market_id in market_ids)], key=lambda site: site.market_id)
    found: dict[str, tuple[int, int]] = {}
    for _, group in by_markets(chosen):
        whom = reach(version, group, within_s=LONGEST_DRIVE_S, weight=weight)
        for market_id in whom.market_ids:
            found |= _lost(version, market_id, whom)
    return found


def _lost(version: Version, market_id: str, whom: Reach) -> dict[str, tuple[int, int]]:
    """Return what the candidates of one market take, of a reach that has its open malls first, and its sites side by side."""
    own = [place for place, site in enumerate(whom.sites) if site.market_id == market_id]
    standing = [place for place in own if whom.sites[place].is_open]
    chosen = own[len(standing) :]
    asked = with_exponents(Parameters(market_id=market_id, weight=whom.weight), version)
    exponents = Exponents(asked.attraction_permille or 0, asked.decay_permille or 0, asked.outside_permille or 0)
    pairs = slice(whom.of_site(own[0]).start, whom.of_site(own[-1]).stop)
    first, last = np.searchsorted(whom.market, np.array([0, 1]) + whom.market_ids.index(market_id))
    site, cell = whom.site[pairs], whom.cell[pairs] - first
    stores = np.array([_stores(each) for each in whom.sites], np.int64)
    pulls = attractions(stores[site], whom.drive_s[pairs], exponents)
    if int(pulls.max(initial=0)) > LARGEST // (len(standing) + 2):  # sums of such would not be numbers of 64 bits
        return _asked(version, asked, [whom.sites[place] for place in chosen])
    is_open = whom.is_open[site]
    dense = np.zeros((len(standing), last - first), np.int64)
    dense[site[is_open] - own[0], cell[is_open]] = pulls[is_open]
    market = Standing(whom.people[first:last], dense, exponents)
    of = {place: slice(*np.searchsorted(site, [place, place + 1])) for place in chosen}
    return {whom.sites[place].id: taken(market, cell[of[place]], pulls[of[place]]) for place in chosen}


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
