"""The problem of a portfolio as arrays: which candidates, what each set of them is worth, and what it must keep to.

Demand and drives are those of Coverage (``sites.reach``), expected orders those of the forecast: a mall alone has the orders that
Candidates shows. Where several malls reach a cell, its orders are counted once, at the mall that has most of them there.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np

from analytics.answers import answers
from analytics.choosing import missing
from analytics.choosing.areas import AREA_RESOLUTION
from analytics.choosing.blocks import Block, blocks, joined
from analytics.choosing.carried import source
from analytics.choosing.forecast import Forecast, demands, forecasts
from analytics.choosing.groups import by_markets
from analytics.choosing.measures import recent
from analytics.choosing.rules import rules_of
from analytics.choosing.sites import Integers, Reach, Site, open_places, reach, sites
from analytics.choosing.wish import Wish, known_or_error
from analytics.errors import ParameterError
from analytics.models.conditions import Conditions
from analytics.models.gains import Gains, Savings, covering_gains, savings_of
from analytics.parameters import EVERYTHING, LONGEST_DRIVE_S, SHORTEST_DRIVE_S, Parameters
from analytics.reference import VersionKey
from data.warehouse import Version

THOUSANDTHS: Final = 1000
"""Expected orders are counted in thousandths of an order a week, so that cells with a part of one count."""

MOST_COST_CENTS: Final = 2**52
"""Cost of all malls together up to which sums are exact in the solver, with as much left for what orders bring in."""

_CACHED: Final = 8
"""Problems that are kept: one may take some hundred megabytes."""

_WEEK_DAYS: Final = 7


@dataclass(frozen=True, eq=False)
class Worth:
    """The problem of one wish.

    Attributes
    ----------
    wish
        What is asked.
    sites
        Open malls, candidates and pins of the markets, in the order of ``sites``; positions mean these.
    problem, kept
        What a set is worth, in the unit of the aim, and what it must keep to.
    total
        All demand inside the boundaries; 0: nobody is known to live there.
    most
        For ``minutes``: what a value is taken from to be person-seconds; else 0.
    forecasts
        Of the sites, where expected orders or drivers are asked for; else empty.
    reason
        Why there is nothing to choose; empty where there is.
    notes
        What a reader must know, in sentences.
    """

    wish: Wish
    sites: tuple[Site, ...]
    problem: Gains | Savings
    kept: Conditions
    total: int
    most: int = 0
    forecasts: tuple[Forecast, ...] = ()
    reason: str = ""
    notes: tuple[str, ...] = ()

    @property
    def candidates(self) -> list[int]:
        """Positions of the sites that can be opened."""
        return [place for place, site in enumerate(self.sites) if not site.is_open]

    def value(self, chosen: tuple[int, ...]) -> int:
        """Return what a set is worth in the unit of the aim: people, thousandths of orders a week, person-seconds, or cents."""
        return self.most - self.problem.value(chosen) if self.most else self.problem.value(chosen)


def worth(version: Version, wish: Wish) -> Worth:
    """Return the problem of a wish.

    Raises
    ------
    ParameterError
        If it names markets or malls that are not there, or asks for more than can be held at once.
    """
    return _worth(VersionKey.of(version), wish)


@lru_cache(maxsize=_CACHED)
def _worth(key: VersionKey, wish: Wish) -> Worth:
    version = key.version
    there = sites(version, [wish.market_id] if wish.market_id else (), wish.pins)
    known = {site.id: place for place, site in enumerate(there) if not site.is_open}
    prices = [name for name, _ in wish.prices]
    for names, what in ((wish.must, "must"), (wish.must_not, "not"), (prices, "prices"), ([a for b in wish.apart for a in b], "apart")):
        known_or_error(names, known, what)
    if sum(wish.cost_cents(name) for name in known) > MOST_COST_CENTS:
        raise ParameterError("money, prices: all malls together cost more than can be counted; say less, or fewer weeks")
    is_forecast = wish.hire_hours is not None or wish.aim in missing.FORECAST
    told = forecasts(version, there, wish.terms.of_forecast) if is_forecast else ()
    kept = rules_of(key, wish, there, told)
    made = _unconditional(key, _without_conditions(wish))
    return replace(made, wish=wish, kept=kept, forecasts=told or made.forecasts)


def _without_conditions(wish: Wish) -> Wish:
    """Return the wish with all that changes no set's value as it is by default: the points of a curve have one problem."""
    free = replace(wish, count=None, budget_cents=None, must=(), must_not=(), apart=(), most=None, hire_hours=None)
    if wish.aim == "contribution":
        return free
    usual = Wish()
    return replace(free, price=usual.price, prices=usual.prices, weeks=usual.weeks, earns_cents=usual.earns_cents)


@lru_cache(maxsize=_CACHED)
def _unconditional(key: VersionKey, wish: Wish) -> Worth:
    version = key.version
    there = sites(version, [wish.market_id] if wish.market_id else (), wish.pins)
    told = forecasts(version, there, wish.terms.of_forecast) if wish.aim in missing.FORECAST else ()
    return {"cover": _cover, "minutes": _minutes, "orders": _orders, "contribution": _contribution}[wish.aim](key, wish, there, told)


def slowed(reach_: Reach, permille: int, within_s: int) -> Reach:
    """Return a reach with all drives longer or shorter by the same part, as far as ``within_s``; open malls' cover with it.

    ``reach_`` must go far enough, and hold every open mall of its markets.
    """
    drive_s = (reach_.drive_s * permille + 500) // 1000
    near = drive_s <= within_s
    cell, site = reach_.cell[near], reach_.site[near]
    open_count = np.bincount(cell[reach_.is_open[site]], minlength=len(reach_.cells)).astype(np.int64)
    return replace(reach_, within_s=within_s, site=site, cell=cell, drive_s=drive_s[near], open_count=open_count)


def reach_of(version: Version, wish: Wish, there: tuple[Site, ...], within_s: int) -> Reach:
    """Return whom the sites reach under a wish's drives."""
    if wish.drive_permille == THOUSANDTHS:
        return reach(version, there, within_s=within_s, weight=wish.terms.weight)
    return slowed(reach(version, there, weight=wish.terms.weight), wish.drive_permille, within_s)


def _cover(key: VersionKey, wish: Wish, there: tuple[Site, ...], told: tuple[Forecast, ...]) -> Worth:
    whom = reach_of(key.version, wish, there, wish.terms.within_s)
    covers = [whom.cell[whom.of_site(place)] for place in range(len(there))]
    problem = covering_gains(whom.people, covers, open_sites=open_places(there), backup=wish.backup)
    return _driven(key, _made(wish, there, problem, whom, told), whom)


def _minutes(key: VersionKey, wish: Wish, there: tuple[Site, ...], told: tuple[Forecast, ...]) -> Worth:
    """Drives longer than 45 minutes count as 45: no longer ones are known."""
    whom = reach_of(key.version, wish, there, LONGEST_DRIVE_S)
    saved = (LONGEST_DRIVE_S - whom.drive_s) * whom.people[whom.cell]
    problem = _savings(there, ((block, block.table(whom, saved)) for block in blocks(whom)))
    note = f"Drives over {LONGEST_DRIVE_S // 60} minutes count as {LONGEST_DRIVE_S // 60}."
    made = replace(_made(wish, there, problem, whom, told), most=int(whom.people.sum()) * LONGEST_DRIVE_S, notes=(*whom.notes, note))
    return _driven(key, made, whom)


def _orders(key: VersionKey, wish: Wish, there: tuple[Site, ...], told: tuple[Forecast, ...]) -> Worth:
    whom, expected = _expected(key, wish, there, told)
    return _known(_made(wish, there, _savings(there, expected), whom, told), told)


def _contribution(key: VersionKey, wish: Wish, there: tuple[Site, ...], told: tuple[Forecast, ...]) -> Worth:
    """Cents over the weeks: what each expected order leaves, less what the malls cost; open malls' orders are theirs already.

    A mall whose orders cost more than they bring in loses on each that it adds, also where another chosen mall reaches the same cell.
    """
    whom, expected = _expected(key, wish, there, told)
    earns = wish.earns_cents if wish.earns_cents is not None else _mean_fee_cents(key.version)
    costs = [None if each.cost_cents is None else each.cost_cents.middle for each in told]
    if earns is None or all(cost is None for cost in costs):
        nothing = savings_of(np.zeros((0, len(there)), np.int64))
        return _unless(_made(wish, there, nothing, whom, told), True, "What an order brings in or costs is not known in this data.")
    left = np.array([0 if cost is None else earns - cost for cost in costs], np.int64)
    is_open = np.array([site.is_open for site in there], np.bool_)
    costs_of = np.array([0 if site.is_open else -wish.cost_cents(site.id) for site in there], np.int64)
    parts = []
    for block, orders in expected:
        there_already, left_of = is_open[block.sites], left[block.sites]
        had = orders[:, there_already].max(axis=1, initial=0)[:, None]
        # a cell is served by an open mall where it has more orders there, whatever they leave
        added = np.where(orders > had, orders - had, 0)
        value = added * np.maximum(left_of, 0) * wish.weeks // THOUSANDTHS
        lost = (added * np.minimum(left_of, 0) * wish.weeks // THOUSANDTHS).sum(axis=0)
        own = np.where(there_already, 0, costs_of[block.sites] + lost)
        parts.append(savings_of(np.where(there_already, 0, value), site_values=own))
    made = _made(wish, there, joined(parts), whom, told)
    note = f"An order brings in {earns / 100:.2f} and costs what each mall's forecast says."
    return _known(replace(made, notes=(*made.notes, note)), told)


def _known(made: Worth, told: tuple[Forecast, ...]) -> Worth:
    return _lacking(made, missing.forecasts_of(made.wish, [told[place] for place in made.candidates]))


def _driven(key: VersionKey, made: Worth, whom: Reach) -> Worth:
    return _lacking(made, missing.drives_of(key.version, whom, made.candidates))


def _lacking(made: Worth, found: missing.Missing) -> Worth:
    """Return the problem with what is to be said of candidates of which nothing is known."""
    noted = replace(made, notes=(*made.notes, found.note)) if found.note else made
    return _unless(noted, bool(found.reason), found.reason)


def _made(wish: Wish, there: tuple[Site, ...], problem: Gains | Savings, whom: Reach, told: tuple[Forecast, ...]) -> Worth:
    total = int(whom.people.sum())
    made = Worth(wish, there, problem, Conditions(len(there)), total, forecasts=told, notes=whom.notes)
    who = "people" if wish.terms.weight == "population" else "households"
    made = _unless(made, not total, f"No {who} are loaded for this market, so nothing can be said about reach.")
    return _unless(made, not made.candidates, "There is no candidate mall here: load one, or add a place on Candidates.")


def _unless(made: Worth, is_missing: bool, reason: str) -> Worth:  # noqa: FBT001 - reads as a sentence
    return replace(made, reason=reason) if is_missing and not made.reason else made


def _savings(there: tuple[Site, ...], tables: Iterable[tuple[Block, Integers]]) -> Gains | Savings:
    """Return the problem of what each site saves in each cell, block by block; what open sites save is saved already."""
    is_open = np.array([site.is_open for site in there], np.bool_)
    parts: list[Gains | Savings] = []
    for block, saved in tables:
        part = savings_of(saved, open_sites=np.flatnonzero(is_open[block.sites]).tolist())
        parts.append(part if block.sites == slice(0, len(there)) else part.as_rows)
    return joined(parts)


def _expected(
    key: VersionKey, wish: Wish, there: tuple[Site, ...], told: tuple[Forecast, ...]
) -> tuple[Reach, Iterator[tuple[Block, Integers]]]:
    """Return whom the sites reach, and block by block the expected orders a week of each cell from each site, thousandths.

    A mall's orders are spread over its areas as the forecast does, and in an area by people; an open mall has the orders that it had.
    """
    terms = wish.terms.of_forecast
    counted = replace(wish, terms=replace(wish.terms, weight=terms.weight))
    groups = [*by_markets(there)]
    # Of all together only the people are looked at: where there are several groups, no drive of a nation is read twice.
    whom = reach_of(key.version, counted, there, LONGEST_DRIVE_S if len(groups) == 1 else SHORTEST_DRIVE_S)
    known = demands(key.version, there, terms.weight)
    had = _orders_had(key.version, there)

    def column(group: tuple[Site, ...], position: int, place: int, block: Block) -> Integers:
        site, demand, band = there[place], known[place], told[place].orders_week
        orders = np.zeros(block.shape[0], np.int64)
        if demand is not None and band is not None:
            week = had.get(site.id, band.middle) if site.is_open else band.middle
            cells, share = _shares(key.version, group, position, terms.weight, demand.share)
            orders[cells - block.cells.start] = np.floor(THOUSANDTHS * week * share).astype(np.int64)
        return orders

    def tables() -> Iterator[tuple[Block, Integers]]:
        for places, group in groups:
            near = reach_of(key.version, counted, group, LONGEST_DRIVE_S)
            for block in blocks(near):
                found = block.table(near, near.drive_s <= wish.terms.within_s)
                own = range(block.sites.start, block.sites.stop)
                for place in own:
                    found[:, place - own.start] *= column(group, place, places[place], block)
                yield Block(block.cells, slice(places[own.start], places[own.start] + len(own))), found

    return whom, tables()


def _shares(version: Version, there: tuple[Site, ...], place: int, weight: str, by_area: np.ndarray) -> tuple[Integers, np.ndarray]:
    """Return the cells from which a site's orders come, and which part of them from each."""
    whom = reach(version, there, weight=weight)
    own = whom.of_site(place)
    longest_s = source(version, weight, without=there[place].id).history.longest_s
    cells = whom.cell[own][whom.drive_s[own] <= longest_s]
    shift = 3 * (15 - AREA_RESOLUTION)
    parents = (whom.cells[cells] & ~(15 << 52)) | (AREA_RESOLUTION << 52) | ((1 << shift) - 1)
    _, area = np.unique(parents, return_inverse=True)
    people = whom.people[cells].astype(float)
    return cells, by_area[area] * people / np.bincount(area, people)[area]


def _orders_had(version: Version, there: tuple[Site, ...]) -> dict[str, int]:
    """Return orders a week of open malls in the last 13 weeks; without those that may not be shown."""
    found = {}
    for market_id in sorted({site.market_id for site in there}):
        days = recent(version, market_id)
        if days is None:
            continue
        asked = Parameters(market_id=market_id, start_on=days.start_on, end_on=days.end_on, by=("mall",))
        for row in answers("orders", asked, EVERYTHING, version).rows():
            if row["mall_id"] is not None and row["orders"] is not None:
                found[row["mall_id"]] = round(row["orders"] * _WEEK_DAYS / days.days)
    return found


def _mean_fee_cents(version: Version) -> int | None:
    """Return the mean fee of the pilots' delivered orders in the last 13 weeks; None where no fee is known."""
    days = recent(version, None)
    if days is None:
        return None
    row = answers("contribution_per_order", Parameters(start_on=days.start_on, end_on=days.end_on), EVERYTHING, version).row()
    mean = row.get("fee_mean_cents")
    return None if mean is None else round(mean)
