"""Sites market by market, so that no more of a nation's drives are held at once than needed."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from analytics.choosing.sites import Site

SITES_AT_ONCE: Final = 250
"""Sites whose drives are held at once where each market can be looked at by itself."""


def by_markets(chosen: Sequence[Site], at_once: int = SITES_AT_ONCE) -> Iterator[tuple[list[int], tuple[Site, ...]]]:
    """Yield sites in groups of whole markets, each with about so many sites, and their positions.

    What follows for each market by itself then needs the drives of one group at a time, however many markets there are. Sites of one
    group alone are handed on as they are.
    """
    order = sorted(range(len(chosen)), key=lambda place: chosen[place].market_id)
    group: list[int] = []
    for _, own in groupby(order, key=lambda place: chosen[place].market_id):
        market = list(own)
        if group and len(group) + len(market) > at_once:
            yield sorted(group), tuple(chosen[place] for place in sorted(group))
            group = []
        group += market
    if group:
        yield sorted(group), tuple(chosen[place] for place in sorted(group))
