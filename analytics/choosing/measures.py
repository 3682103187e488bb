"""The raw figures of sites by criterion: whole numbers, the ends of an interval where there is one, and why a figure is missing.

Each figure is that of the page which shows it: reach is Coverage's, what is taken from open malls is Coverage's, a forecast is the
opened mall's. Only the criteria that are asked for are worked out, and each is kept for its version, sites and terms.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from analytics import reference
from analytics.answers import answers
from analytics.baseline import baselines
from analytics.choosing import forecast
from analytics.choosing.criteria import BY_ID, Yardstick
from analytics.choosing.sites import Site, reach
from analytics.choosing.taking import lost
from analytics.models.scores import Floats
from analytics.parameters import EVERYTHING, Parameters
from analytics.periods import Period, period
from analytics.privacy import DISPLAY_K
from analytics.reference import VersionKey
from data.cells import haversine_m
from data.engine import Engine
from data.warehouse import Version

_CACHED: Final = 64
_HOUR_S: Final = 3600
_WEEK_DAYS: Final = 7
_WEEKS: Final = 13

_INCOMES = """
SELECT market_id, cell, households, income_cents FROM demand_cells
WHERE is_inside AND households > 0 AND income_cents IS NOT NULL AND market_id IN (SELECT unnest($markets))
"""
_CATEGORIES = "SELECT mall_id, count(DISTINCT category) AS categories FROM stores WHERE category IS NOT NULL GROUP BY mall_id"
_STATIONS = "SELECT market_id, latitude, longitude FROM stations ORDER BY station_id"
_BASELINE_CELLS = """
SELECT cell, sum(orders)::BIGINT AS orders,
    coalesce(sum(orders) FILTER (click_to_door_sum_s IS NOT NULL), 0)::BIGINT AS timed_orders,
    coalesce(sum(click_to_door_sum_s), 0)::BIGINT AS sum_s,
    coalesce(sum(orders) FILTER (cost_sum_cents IS NOT NULL), 0)::BIGINT AS costed_orders,
    coalesce(sum(cost_sum_cents), 0)::BIGINT AS sum_cents
FROM baseline WHERE market_id = $market AND cell IS NOT NULL AND local_date >= $start_on AND local_date < $end_on GROUP BY cell
"""


Say = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Terms:
    """What figures depend on beside the data and the sites.

    Attributes
    ----------
    within_s, weight
        Drive time, seconds, and who is counted: ``population`` or ``households``.
    handling_cents, surcharge_cents
        Cost of a delivered order beside the driver's pay.
    wait_s, waiting_permille
        Staffing: so many of 1,000 trips may wait longer than this for a driver.
    """

    within_s: int = 1200
    weight: str = "population"
    handling_cents: int = 0
    surcharge_cents: int = 0
    wait_s: int = 300
    waiting_permille: int = 100

    @property
    def of_forecast(self) -> forecast.Assumptions:
        """The same, as forecasts take them."""
        return forecast.Assumptions(
            wait_s=self.wait_s,
            waiting_permille=self.waiting_permille,
            handling_cents=self.handling_cents,
            surcharge_cents=self.surcharge_cents,
        )


@dataclass(frozen=True)
class Measure:
    """One criterion of some sites, in their order.

    Attributes
    ----------
    values
        Whole numbers in the criterion's unit; None where the data cannot tell.
    low, high
        Ends of the 80 percent interval; empty where there is none.
    reasons
        Why a value is missing, by position.
    """

    values: tuple[int | None, ...]
    low: tuple[int | None, ...] = ()
    high: tuple[int | None, ...] = ()
    reasons: Mapping[int, str] | None = None

    @property
    def is_known(self) -> bool:
        """Whether anything is known of any site."""
        return any(value is not None for value in self.values)

    def numbers(self) -> Floats:
        """Return the values as floats; NaN where unknown."""
        return np.array([np.nan if value is None else value for value in self.values], np.float64)


def measures(
    version: Version, sites: Sequence[Site], terms: Terms, wanted: Collection[str], say: Say = lambda *_: None
) -> dict[str, Measure]:
    """Return the figures of the criteria that are wanted.

    Parameters
    ----------
    version, sites
        Data, and the places.
    terms
        What the figures depend on.
    wanted
        Ids of criteria.
    say
        Told which criterion is worked out, and how many of how many are done.

    Returns
    -------
    dict of str to Measure
        By criterion.
    """
    key, chosen = VersionKey.of(version), tuple(sites)
    found: dict[str, Measure] = {}
    groups = {_GROUPS[each]: BY_ID[each].label for each in reversed(list(wanted))}  # each by its first criterion
    for done, (group, label) in enumerate(reversed(groups.items())):
        say(label, done, len(groups))
        found |= group(key, chosen, terms)
    return {each: found[each] for each in wanted}


def yardstick(version: Version) -> Yardstick:
    """Return how large the program is: orders and driver-hours in a week of the middle pilot."""
    return _yardstick(VersionKey.of(version))


def recent(version: Version, market_id: str | None) -> Period | None:
    """Return the last 13 whole weeks of a market's data, as Coverage shows them; None where it has no orders."""
    days = reference.extent(version, market_id)
    if days.last_complete_on is None:
        return None
    return period("last-13-weeks", last_complete_on=days.last_complete_on, week_start=days.week_start, first_on=days.first_on)


@lru_cache(maxsize=8)
def _yardstick(key: VersionKey) -> Yardstick:
    days = recent(key.version, None)
    if days is None:
        return Yardstick()
    asked = Parameters(start_on=days.start_on, end_on=days.end_on, by=("mall",))
    weeks = max(days.days / _WEEK_DAYS, 1)
    orders = [row["orders"] for row in answers("orders", asked, EVERYTHING, key.version).rows() if row["orders"]]
    hours = [row["denominator"] for row in answers("utilization", asked, EVERYTHING, key.version).rows() if row["denominator"]]
    return Yardstick(_middle(orders, weeks), _middle(hours, weeks * _HOUR_S))


def _middle(values: Sequence[int], parts: float) -> int:
    return round(sorted(values)[len(values) // 2] / parts) if values else 0


Found = dict[str, Measure]


@lru_cache(maxsize=_CACHED)
def _reached(key: VersionKey, sites: tuple[Site, ...], within_s: int, weight: str) -> Found:
    whom = reach(key.version, sites, within_s=within_s, weight=weight)
    why = f"no {'people' if weight == 'population' else 'households'} in this data"
    empty = [site.market_id not in whom.market_ids or not whom.market_people[whom.market_ids.index(site.market_id)] for site in sites]
    reasons = {place: why for place, each in enumerate(empty) if each}
    named = {"reach": whom.reached, "newly": whom.only_here}
    return {
        name: Measure(tuple(None if nobody else int(each) for nobody, each in zip(empty, values, strict=True)), reasons=reasons)
        for name, values in named.items()
    }


def _people(key: VersionKey, sites: tuple[Site, ...], terms: Terms) -> Found:
    return _reached(key, sites, terms.within_s, terms.weight)


def _households(key: VersionKey, sites: tuple[Site, ...], terms: Terms) -> Found:
    return {"households": _reached(key, sites, terms.within_s, "households")["reach"]}


def _income(key: VersionKey, sites: tuple[Site, ...], terms: Terms) -> Found:
    return _income_within(key, sites, terms.within_s)


@lru_cache(maxsize=_CACHED)
def _income_within(key: VersionKey, sites: tuple[Site, ...], within_s: int) -> Found:
    whom = reach(key.version, sites, within_s=within_s, weight="households")
    rows = Engine.of(key.version).table(_INCOMES, {"markets": [*whom.market_ids]}).to_pylist()
    income = {(row["market_id"], row["cell"]): row["income_cents"] for row in rows}
    names = np.array(whom.market_ids, object)[whom.market] if len(whom.market) else np.empty(0, object)
    by_cell = np.array([income.get(place, 0) for place in zip(names, whom.cells.tolist(), strict=True)], np.int64)
    households = np.where(by_cell > 0, whom.people, 0)
    total, earned = whom.sums(households[whom.cell]), whom.sums((households * by_cell)[whom.cell])
    values = tuple(int(money) // int(count) if count else None for money, count in zip(earned, total, strict=True))
    reasons = {place: "no incomes in this data" for place, each in enumerate(values) if each is None}
    return {"income": Measure(values, reasons=reasons)}


@lru_cache(maxsize=_CACHED)
def _taken_by(key: VersionKey, sites: tuple[Site, ...], weight: str) -> Measure:
    market_ids, candidates = sorted({site.market_id for site in sites}), [site for site in sites if not site.is_open]
    values: dict[str, int | None] = {}
    for site_id, (people, before) in lost(key.version, market_ids, candidates, weight).items():
        values[site_id] = round(1000 * people / before) if before else None
    found = tuple(None if site.is_open else values.get(site.id) for site in sites)
    why = {True: "open already", False: "no open mall in the market with people around it"}
    return Measure(found, reasons={place: why[sites[place].is_open] for place, each in enumerate(found) if each is None})


def _taken(key: VersionKey, sites: tuple[Site, ...], terms: Terms) -> Found:
    return {"taken": _taken_by(key, sites, terms.weight)}


def _drivers(key: VersionKey, sites: tuple[Site, ...], terms: Terms) -> Found:
    return _drivers_within(key, sites, terms.within_s, terms.weight)


@lru_cache(maxsize=_CACHED)
def _drivers_within(key: VersionKey, sites: tuple[Site, ...], within_s: int, weight: str) -> Found:
    whom = reach(key.version, sites, within_s=within_s, weight=weight)
    online_s, known = np.zeros(len(whom.cells), np.int64), set()
    for position, market_id in enumerate(whom.market_ids):
        days = recent(key.version, market_id)
        if days is None:
            continue
        asked = Parameters(market_id=market_id, start_on=days.start_on, end_on=days.end_on, within_s=within_s, weight=weight)
        table = answers("driver_access", asked, EVERYTHING, key.version).table
        by_cell = dict(zip(table.column("cell").to_pylist(), table.column("numerator").to_pylist(), strict=True))
        own = whom.market == position
        online_s[own] = [by_cell.get(cell) or 0 for cell in whom.cells[own].tolist()]
        known |= {market_id} if any(seconds for cell, seconds in by_cell.items() if cell is not None and seconds) else set()
    sums = whom.sums(online_s[whom.cell])
    values = tuple(round(int(each) / _HOUR_S) if site.market_id in known else None for each, site in zip(sums, sites, strict=True))
    why = "no shifts of five drivers or more in the last 13 weeks"
    return {"drivers": Measure(values, reasons={place: why for place, each in enumerate(values) if each is None})}


def _place(key: VersionKey, sites: tuple[Site, ...], terms: Terms) -> Found:
    del terms
    return _at_place(key, sites)


@lru_cache(maxsize=_CACHED)
def _at_place(key: VersionKey, sites: tuple[Site, ...]) -> Found:
    engine = Engine.of(key.version)
    counted = {row["mall_id"]: row["categories"] for row in engine.table(_CATEGORIES).to_pylist()}
    stations: dict[str, list[tuple[float, float]]] = {}
    for row in engine.table(_STATIONS).to_pylist():
        stations.setdefault(row["market_id"], []).append((row["latitude"], row["longitude"]))
    reasons = {"stores": "stores unknown", "categories": "no list of its stores", "station": "no delivery station in this data"}
    values = {
        "stores": [site.store_count for site in sites],
        "categories": [counted.get(site.id) for site in sites],
        "station": [_nearest_m(site, stations.get(site.market_id, [])) for site in sites],
    }
    return {
        name: Measure(tuple(each), reasons={place: reasons[name] for place, value in enumerate(each) if value is None})
        for name, each in values.items()
    }


def _nearest_m(site: Site, stations: Sequence[tuple[float, float]]) -> int | None:
    if not stations:
        return None
    latitude, longitude = np.array(stations).T
    return round(float(haversine_m(np.float64(site.latitude), np.float64(site.longitude), latitude, longitude).min()))


def _otherwise(key: VersionKey, sites: tuple[Site, ...], terms: Terms) -> Found:
    return _otherwise_within(key, sites, terms.within_s, terms.weight)


@lru_cache(maxsize=_CACHED)
def _otherwise_within(key: VersionKey, sites: tuple[Site, ...], within_s: int, weight: str) -> Found:
    """Return how the same people are served otherwise: by the cells in reach where the baseline has cells, else the market's mean."""
    whom = reach(key.version, sites, within_s=within_s, weight=weight)
    cost: list[int | None] = [None] * len(sites)
    time: list[int | None] = [None] * len(sites)
    for market_id in whom.market_ids:
        days = recent(key.version, market_id)
        own = [place for place, site in enumerate(sites) if site.market_id == market_id]
        if days is None:
            continue
        whole = baselines(key.version, days).get(market_id)
        asked = {"market": market_id, "start_on": days.start_on, "end_on": days.end_on}
        cells = {row["cell"]: row for row in Engine.of(key.version).table(_BASELINE_CELLS, asked).to_pylist()}
        for place in own:
            near = [cells[cell] for cell in whom.cells[whom.cell[whom.of_site(place)]].tolist() if cell in cells]
            cost[place] = _mean([(row["sum_cents"], row["costed_orders"]) for row in near])
            time[place] = _mean([(row["sum_s"], row["timed_orders"]) for row in near])
            if not cells and whole is not None:
                cost[place] = None if whole.cost_cents is None else round(whole.cost_cents.value)
                time[place] = None if whole.click_to_door_s is None else round(whole.click_to_door_s.value)
    why = "no baseline of these people in this data"
    return {
        name: Measure(tuple(each), reasons={place: why for place, value in enumerate(each) if value is None})
        for name, each in (("other_cost", cost), ("other_time", time))
    }


def _mean(parts: Sequence[tuple[int, int]]) -> int | None:
    """Return a mean per order; None where fewer orders than may be shown stand behind it."""
    total, orders = sum(each for each, _ in parts), sum(count for _, count in parts)
    return round(total / orders) if orders >= DISPLAY_K else None


_FORECASTS: Final = {
    "orders": "orders_week",
    "p90": "click_to_door_p90_s",
    "on_time": "on_time_permille",
    "short": "hours_short_week",
    "cost": "cost_cents",
}


def _forecast(key: VersionKey, sites: tuple[Site, ...], terms: Terms) -> Found:
    return _forecast_of(key, sites, terms.of_forecast)


@lru_cache(maxsize=_CACHED)
def _forecast_of(key: VersionKey, sites: tuple[Site, ...], assumptions: forecast.Assumptions) -> Found:
    told = forecast.forecasts(key.version, sites, assumptions)
    found: Found = {}
    for name, field in _FORECASTS.items():
        bands = [getattr(each, field) for each in told]
        reasons = {
            place: each.reasons.get(field) or each.reasons.get("orders_week") or "the pilots do not tell"
            for place, each in enumerate(told)
            if bands[place] is None
        }
        values, low, high = (
            tuple(None if band is None else getattr(band, end) for band in bands) for end in ("middle", "low_80", "high_80")
        )
        found[name] = Measure(values, low, high, reasons)
    return found


_Group = Callable[[VersionKey, tuple[Site, ...], Terms], Found]

_GROUPS: Final[Mapping[str, _Group]] = {
    "newly": _people,
    "reach": _people,
    "households": _households,
    "income": _income,
    "orders": _forecast,
    "p90": _forecast,
    "on_time": _forecast,
    "drivers": _drivers,
    "short": _forecast,
    "stores": _place,
    "categories": _place,
    "station": _place,
    "other_cost": _otherwise,
    "other_time": _otherwise,
    "cost": _forecast,
    "taken": _taken,
}
