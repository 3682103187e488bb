"""What a mall without history would sell, how long its orders would take, whom it would need and what a delivery would cost.

Everything is carried over from the pilots: demand by a regression on the people around them and what malls differ in beyond it, times and
pay by their own orders with the drive of the new mall. A band of 80 percent holds the truth for 8 of 10 malls; with few pilots it is wide.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

import numpy as np

from analytics.choosing.areas import areas_of, income_logs, less_typical, stacked
from analytics.choosing.carried import FIGURES, SHARES, Source, sample_of, source
from analytics.choosing.groups import by_markets
from analytics.choosing.nearer import nearer_share
from analytics.choosing.sites import Site, reach
from analytics.choosing.staffing import Staffing, spare_drivers, staffing
from analytics.models.between import Floats
from analytics.models.demand import Areas, Demand, expected
from analytics.models.transfer import Sample
from analytics.reference import VersionKey
from data.engine import Engine
from data.warehouse import Version

LAUNCH_WEEKS: Final = 26
_CACHED: Final = 64
_KEPT: Final = 2_048
_WORTH_SAYING: Final = 0.05


@dataclass(frozen=True)
class Band:
    """A whole number that is not known yet: its middle, and the ends between which it lies for 50 and for 80 of 100 such malls."""

    middle: int
    low_50: int
    high_50: int
    low_80: int
    high_80: int

    @classmethod
    def of(cls, quantiles: Sequence[float] | Floats) -> "Band":
        """Return the band of the values under which 10, 25, 50, 75 and 90 of 100 lie."""
        low_80, low_50, middle, high_50, high_80 = (round(float(each)) for each in quantiles)
        return cls(middle, low_50, high_50, low_80, high_80)

    def plus(self, amount: int) -> "Band":
        """Return the band moved by an amount."""
        return Band(*(getattr(self, name) + amount for name in Band.__dataclass_fields__))

    @property
    def ascending(self) -> tuple[int, int, int, int, int]:
        """The five values from the lowest to the highest."""
        return self.low_80, self.low_50, self.middle, self.high_50, self.high_80


@dataclass(frozen=True)
class Assumptions:
    """What a reader may change.

    Attributes
    ----------
    wait_s, waiting_permille
        Staffing: so many of 1,000 trips may wait longer than this for a driver.
    handling_cents, surcharge_cents
        Cost of a delivered order beside the driver's pay.
    weight
        Whose number demand follows: ``households`` or ``population``.
    """

    wait_s: int = 300
    waiting_permille: int = 100
    handling_cents: int = 0
    surcharge_cents: int = 0
    weight: str = "households"


USUAL: Final = Assumptions()


@dataclass(frozen=True)
class Hour:
    """One hour of the week: orders placed in it, and drivers needed if demand lies low, in the middle, or high in its band.

    Weekdays count from 1 Monday; ends are those of the 80 percent band.
    """

    dow: int
    hour: int
    orders: float
    drivers_low: int
    drivers: int
    drivers_high: int


@dataclass(frozen=True)
class Forecast:
    """A forecast of one site; a figure that the data cannot tell is None, and ``reasons`` says why.

    Attributes
    ----------
    site
        The place.
    pilots
        Ids of the malls it was learned from; an open mall is never among its own.
    orders_week
        Orders placed in one week when the launch is over, chance of the week included.
    launch
        The same for each of the first 26 weeks; the first one is week 0. Empty unless asked for.
    click_to_door_p50_s, click_to_door_p90_s, on_time_permille, cost_cents
        Of its orders; the promise moves with the modelled drive.
    driver_hours_week, hours_short_week
        Driver-hours needed in a week, and those of them that the market's drivers do not have to spare in the same hour of the week.
    hours
        Drivers needed, hour by hour; hours without orders or work left over from the hour before are not there.
    factor_80
        High end over low end of the 80 percent band of orders: how wide it is.
    reasons
        By the name of a figure, why it is None; ``orders_week`` stands for everything.
    notes
        What a reader must know, in sentences.
    """

    site: Site
    pilots: tuple[str, ...]
    orders_week: Band | None = None
    launch: tuple[Band, ...] = ()
    click_to_door_p50_s: Band | None = None
    click_to_door_p90_s: Band | None = None
    on_time_permille: Band | None = None
    cost_cents: Band | None = None
    driver_hours_week: Band | None = None
    hours_short_week: Band | None = None
    hours: tuple[Hour, ...] = ()
    factor_80: float | None = None
    reasons: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def forecasts(version: Version, sites: Sequence[Site], assumptions: Assumptions = USUAL) -> tuple[Forecast, ...]:
    """Return the forecast of each site, in their order, without its launch; what they share is learned once for a version.

    An open mall is forecast from the others alone, as if it were not open yet.

    Parameters
    ----------
    version
        Data.
    sites
        As ``analytics.choosing.sites.sites`` returns them.
    assumptions
        What a reader may change.
    """
    return _forecasts(VersionKey.of(version), tuple(sites), assumptions)


def forecast(version: Version, site: Site, assumptions: Assumptions = USUAL) -> Forecast:
    """Return the forecast of one site with its launch."""
    (found,) = forecasts(version, (site,), assumptions)
    (demand,) = demands(version, (site,), assumptions.weight)
    if demand is None:
        return found
    return replace(found, launch=tuple(_band(demand.orders(week)) for week in range(LAUNCH_WEEKS)))


def demands(version: Version, sites: Sequence[Site], weight: str = "households") -> tuple[Demand | None, ...]:
    """Return the orders each site may have, before they are told as bands; None where nothing can be said."""
    return tuple(around.demand for around in _around(VersionKey.of(version), tuple(sites), weight))


@dataclass(frozen=True)
class _Around:
    """A site, what it is forecast from, the areas around it, and the part of its orders from places nearer to an open mall."""

    site: Site
    source: Source
    areas: Areas
    demand: Demand | None
    nearer_share: float = 0.0

    def sample(self) -> Sample | None:
        """Return orders as this site would have them; None where no pilot's are known. Made anew: those of 1,000 sites fill gigabytes."""
        pilots, history = self.source.pilots, self.source.history
        if self.demand is None or pilots is None or not len(history.carried.mall):
            return None
        return sample_of(history, pilots, self.areas)


@lru_cache(maxsize=_CACHED)
def _around(key: VersionKey, sites: tuple[Site, ...], weight: str) -> tuple[_Around, ...]:
    if source(key.version, weight).pilots is None:  # nothing to learn from: nobody need know whom the sites reach
        return tuple(_Around(site, source(key.version, weight), stacked([]), None) for site in sites)
    found: dict[int, _Around] = {}
    for places, group in by_markets(sites):
        found |= dict(zip(places, _around_group(key, group, weight), strict=True))
    return tuple(found[place] for place in range(len(sites)))


def _around_group(key: VersionKey, sites: tuple[Site, ...], weight: str) -> Iterator[_Around]:
    reached = reach(key.version, sites, weight=weight)
    logs = income_logs(Engine.of(key.version), reached)
    incomes: dict[float | None, Floats] = {}  # all new malls have the same typical income
    for position, site in enumerate(sites):
        told = source(key.version, weight, without=site.id)
        typical = told.history.income_log
        if typical not in incomes:
            incomes = {typical: less_typical(logs, typical)}
        areas = areas_of(reached, position, told.history.longest_s, incomes[typical])
        if told.pilots is None or not len(areas.people):
            yield _Around(site, told, areas, None)
            continue
        nearer = nearer_share(key, told, reached, position)
        yield _Around(site, told, areas, expected(told.pilots, areas), nearer)


@lru_cache(maxsize=_CACHED)
def _forecasts(key: VersionKey, sites: tuple[Site, ...], assumptions: Assumptions) -> tuple[Forecast, ...]:
    places = [_place(key, site, assumptions) for site in sites]
    lacking = tuple(site for site, place in zip(sites, places, strict=True) if not place)
    made = {around.site: _forecast(key, around, assumptions) for around in (_around(key, lacking, assumptions.weight) if lacking else ())}
    for site, place in zip(sites, places, strict=True):
        if not place:
            place.append(made[site])
    return tuple(place[0] for place in places)


@lru_cache(maxsize=_KEPT)
def _place(key: VersionKey, site: Site, assumptions: Assumptions) -> list[Forecast]:  # noqa: ARG001 - the cache's key
    """Return where the forecast of one site is kept, empty at first: who drops a pin asks anew for it alone, not for all the others."""
    return []


def _forecast(key: VersionKey, around: _Around, assumptions: Assumptions) -> Forecast:
    found, site = around.source.history, around.site
    pilots = tuple(mall.id for mall in found.malls)
    if around.demand is None:
        return Forecast(site, pilots, reasons={"orders_week": _no_demand(around, assumptions)})
    orders_week = _band(around.demand.orders())
    sample = around.sample()
    figures = _figures(around, sample, assumptions)
    reasons = {name: _UNKNOWN[name] for name in FIGURES if name not in figures}
    needed, spare = _needed(around, sample, orders_week, assumptions), spare_drivers(key, site.market_id, found)
    if needed is None:
        reasons["driver_hours_week"] = reasons["hours_short_week"] = "no order tells how long it kept a driver busy"
    else:
        figures["driver_hours_week"] = Band.of(needed.drivers.sum(axis=1))
        if spare is None:
            reasons["hours_short_week"] = "no shifts in this data: nobody knows what drivers have to spare"
        else:
            figures["hours_short_week"] = Band.of(needed.beyond(spare))
    known = Forecast(
        site=site,
        pilots=pilots,
        orders_week=orders_week,
        hours=_hours(needed) if needed else (),
        factor_80=orders_week.high_80 / max(1, orders_week.low_80),
        reasons=reasons,
        notes=_notes(around),
    )
    return replace(known, **figures)  # type: ignore[arg-type]  # each is a band


_UNKNOWN: Final = {
    "click_to_door_p50_s": "no pilot's order tells its drive and its click-to-door",
    "click_to_door_p90_s": "no pilot's order tells its drive and its click-to-door",
    "on_time_permille": "no promise times in this data",
    "cost_cents": "no pay of drivers in this data",
}


def _no_demand(around: _Around, assumptions: Assumptions) -> str:
    """Return why nothing can be said of a site's orders."""
    if around.source.pilots is None:
        return "no open mall has orders, people around it and a complete week: there is nothing to learn from"
    return f"no {'households' if assumptions.weight == 'households' else 'people'} are known within reach of this place"


def _band(sorted_values: Floats) -> Band:
    return Band.of(np.quantile(sorted_values, SHARES))


def _figures(around: _Around, sample: Sample | None, assumptions: Assumptions) -> dict[str, Band]:
    """Return the bands of times, on time and cost that are known."""
    bands: dict[str, Band] = {}
    for name in FIGURES if sample is not None else ():
        values = around.source.carried(name, sample) if sample else None
        if values is not None:
            bands[name] = Band.of(1000 * values if name == "on_time_permille" else values)
    if "cost_cents" in bands:
        bands["cost_cents"] = bands["cost_cents"].plus(assumptions.handling_cents + assumptions.surcharge_cents)
    return bands


def _needed(around: _Around, sample: Sample | None, orders_week: Band, assumptions: Assumptions) -> Staffing | None:
    if sample is None:
        return None
    return staffing(
        around.source.history,
        sample,
        orders_week.ascending,
        around.site.opening_hours,
        wait_s=assumptions.wait_s,
        waiting_share=assumptions.waiting_permille / 1000,
    )


def _hours(needed: Staffing) -> tuple[Hour, ...]:
    return tuple(
        Hour(slot // 24 + 1, slot % 24, float(needed.orders[slot]), *(int(needed.drivers[level, slot]) for level in (0, 2, 4)))
        for slot in np.flatnonzero(needed.drivers[4]).tolist()
    )


def _notes(around: _Around) -> tuple[str, ...]:
    """Return what a reader must know: from whom it was learned, why the band is as wide as it is, and what the data lacks."""
    found, pilots = around.source.history, around.source.pilots
    if pilots is None:
        return ()
    count = len(found.malls)
    names = ", ".join(mall.name for mall in found.malls[:5]) + (f" and {count - 5} more" if count > 5 else "")
    seen = "one pilot tells nothing of how much malls differ, so the band is as wide as malls differ elsewhere"
    if count > 1:
        typical = float(np.exp(pilots.spread.quantile(0.5)))
        what = "people, income and drives" if found.income_log is not None else "people and drives"
        seen = f"beyond {what} these malls differ by a factor of about {typical:.1f}"
        seen += ", known badly from so few, so that the band is wide" if count < 10 else ""
    notes = [f"Learned from {names}: {seen}."]
    if found.income_log is None:
        notes.append("No income in this data: two places of equal people and drives are told alike.")
    if around.nearer_share >= _WORTH_SAYING:
        whence = f"{100 * around.nearer_share:.0f} % of these orders come from places at least as near to an open mall"
        notes.append(f"{whence}: part of them would be taken from it, and Coverage tells how many people.")
    own, others = around.areas.people.sum(), np.bincount(found.areas.mall, found.areas.people)
    if not others.min() / 1.5 <= own <= others.max() * 1.5:
        than = "fewer" if own < others.min() else "more"
        notes.append(f"Far {than} {found.weight} within reach than any pilot has: this is beyond what was seen.")
    return tuple(notes)
