"""What a portfolio must keep to, as rules over the sites of its markets: numbers, budget, malls, markets, driver-hours."""

import numpy as np

from analytics import reference
from analytics.choosing import missing
from analytics.choosing.forecast import Forecast
from analytics.choosing.pilots import history
from analytics.choosing.sites import Site, open_places
from analytics.choosing.staffing import spare_drivers
from analytics.choosing.wish import Wish
from analytics.models.conditions import Conditions, Names, Rule, conditions
from analytics.reference import VersionKey


def rules_of(key: VersionKey, wish: Wish, there: tuple[Site, ...], told: tuple[Forecast, ...]) -> Conditions:
    """Return the rules of a wish.

    Parameters
    ----------
    key, wish
        Data and question.
    there
        Sites of the markets; rules are over their positions.
    told
        Their forecasts, where driver-hours or expected orders are asked for.
    """
    known = {site.id: place for place, site in enumerate(there)}
    market_ids = sorted({site.market_id for site in there})
    titles = {market.id: market.name for market in reference.markets(key.version)}
    return conditions(
        len(there),
        k=wish.count,
        costs=[0 if site.is_open else wish.cost_cents(site.id) for site in there],
        budget=wish.budget_cents,
        must=[known[name] for name in wish.must],
        must_not=[known[name] for name in wish.must_not],
        not_both=[(known[a], known[b]) for a, b in wish.apart],
        groups=[market_ids.index(site.market_id) for site in there],
        at_most=wish.most,
        limits=[
            *(_drivers(key, wish, there, told) if wish.hire_hours is not None else ()),
            *(missing.rules(wish, told) if wish.aim in missing.FORECAST else ()),
        ],
        open_sites=open_places(there),
        names=Names([site.name for site in there], [titles.get(each, each) for each in market_ids]),
    )


def _drivers(key: VersionKey, wish: Wish, there: tuple[Site, ...], told: tuple[Forecast, ...]) -> list[Rule]:
    """Return, for each market, that new malls need no more driver-hours a week than it has to spare and can add."""
    rules = []
    titles = {market.id: market.name for market in reference.markets(key.version)}
    for market_id in sorted({site.market_id for site in there}):
        own = [site.market_id == market_id and not site.is_open for site in there]
        bands = [each.driver_hours_week for each in told]
        needed = np.array([band.middle if band and mine else 0 for band, mine in zip(bands, own, strict=True)], np.int64)
        spare = spare_drivers(key, market_id, history(key.version, wish.terms.of_forecast.weight))
        hours = (0 if spare is None else int(spare.sum())) + (wish.hire_hours or 0)
        rules.append(Rule(f"{hours:,} driver-hours a week in {titles.get(market_id, market_id)}", needed, high=hours))
    return rules
