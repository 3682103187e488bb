"""How large a demo of N orders is: which markets, which malls, how many weeks, and how many orders on each day of each mall."""

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from data.demo.model import MallModel, Model
from data.errors import DemoError

REFERENCE = Path(__file__).parent.parent / "reference"
Counts: TypeAlias = NDArray[np.int64]
_YEAR_DAYS = 365.25


@dataclass(frozen=True)
class Place:
    """A place with its people: an approximate center (degrees), land area (km2) and 2020 population."""

    name: str
    latitude: float
    longitude: float
    land_area_km2: float
    population: int


@dataclass(frozen=True)
class Mall:
    """A mall of the demo; ``model`` is None for a candidate, which has no orders."""

    mall_id: str
    name: str
    latitude: float
    longitude: float
    store_count: int
    gross_leasable_m2: int | None
    model: MallModel | None


@dataclass(frozen=True)
class Market:
    """A market of the demo with its places and malls."""

    market_id: str
    name: str
    time_zone: str
    template_id: str
    boundary_counties: str | None
    boundary_name: str
    boundary_polygon: str | None
    places: tuple[Place, ...]
    malls: tuple[Mall, ...]


@dataclass(frozen=True)
class Plan:
    """What will be made: markets, first day, number of days."""

    markets: tuple[Market, ...]
    first_day: date
    days: int
    orders: int

    def open_malls(self, only: Market | None = None) -> Iterator[tuple[int, Market, Mall, MallModel]]:
        """Iterate over the malls that deliver (of one market, if given), with a number that is theirs in every plan of the same markets."""
        number = 0
        for market in self.markets:
            for mall in market.malls:
                if mall.model is not None:
                    if only is None or only is market:
                        yield number, market, mall, mall.model
                    number += 1

    def opened_on(self, mall: MallModel) -> date:
        """Return the first day of delivery of a mall."""
        return self.first_day + timedelta(days=mall.opened_after_days)


def _rows(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _mall(row: dict[str, str], models: dict[str, MallModel]) -> Mall:
    area = row["gross_leasable_m2"]
    return Mall(
        row["mall_id"],
        row["name"],
        float(row["latitude"]),
        float(row["longitude"]),
        int(row["store_count"]),
        int(area) if area else None,
        models.get(row["mall_id"]),
    )


def real_markets(model: Model) -> tuple[Market, ...]:
    """Return the three real markets of ``data/reference`` with their places and malls."""
    models = dict(model.malls)
    malls, places = _rows("malls.csv"), _rows("places.csv")
    return tuple(
        Market(
            market_id=row["market_id"],
            name=row["name"],
            time_zone=row["time_zone"],
            template_id=row["market_id"],
            boundary_counties=row["boundary_counties"],
            boundary_name=row["boundary_name"],
            boundary_polygon=None,
            places=tuple(
                Place(
                    each["place"],
                    float(each["latitude"]),
                    float(each["longitude"]),
                    float(each["land_area_km2"]),
                    int(each["population_2020"]),
                )
                for each in places
                if each["market_id"] == row["market_id"]
            ),
            malls=tuple(_mall(each, models) for each in malls if each["market_id"] == row["market_id"]),
        )
        for row in _rows("markets.csv")
    )


def _turned(point: tuple[float, float], origin: tuple[float, float], to: tuple[float, float], turn_rad: float) -> tuple[float, float]:
    """Return ``point`` turned about ``origin`` and carried to ``to``; lengths are kept (flat earth, some 60 km)."""
    east = (point[1] - origin[1]) * math.cos(math.radians(origin[0]))
    north = point[0] - origin[0]
    turned_east = east * math.cos(turn_rad) - north * math.sin(turn_rad)
    turned_north = east * math.sin(turn_rad) + north * math.cos(turn_rad)
    return to[0] + turned_north, to[1] + turned_east / math.cos(math.radians(to[0]))


def _circle(center: tuple[float, float], radius_deg: float) -> str:
    corners = [
        (center[0] + radius_deg * math.sin(angle), center[1] + radius_deg * math.cos(angle) / math.cos(math.radians(center[0])))
        for angle in (2 * math.pi * step / 48 for step in range(48))
    ]
    return "POLYGON ((" + ", ".join(f"{lon:.5f} {lat:.5f}" for lat, lon in [*corners, corners[0]]) + "))"


def extra_market(index: int, template: Market, model: Model) -> Market:
    """Return an invented market: a real one with other names, turned, and carried to the plains.

    Parameters
    ----------
    index
        0 for the first invented market, which is called "Demo market 4".
    template
        The real market whose places and malls are copied; places farther than 0.5 degrees from its open mall are left out.
    """
    number = index + 4
    row, column = divmod(index, model.extra_columns)
    center = (model.extra_center[0] + row * model.extra_step_deg[0], model.extra_center[1] + column * model.extra_step_deg[1])
    turn_rad = math.radians(model.extra_template_turn_deg * (index + 1))
    anchor = next(mall for mall in template.malls if mall.model is not None)
    origin = (anchor.latitude, anchor.longitude)
    hours = anchor.model
    if hours is None:  # the anchor was chosen because it has one
        raise DemoError(f"market {template.market_id} has no open mall to copy")
    near = [place for place in template.places if math.dist((place.latitude, place.longitude), origin) < 0.5]
    places: list[Place] = []
    for place in near:
        latitude, longitude = _turned((place.latitude, place.longitude), origin, center, turn_rad)
        places.append(replace(place, name=f"Demo place {number}-{len(places) + 1}", latitude=latitude, longitude=longitude))
    malls = []
    for position, mall in enumerate(template.malls[:4]):
        latitude, longitude = _turned((mall.latitude, mall.longitude), origin, center, turn_rad)
        opened = MallModel(
            model.extra_mall_step_days * ((3 * index + position) % 26), 0.96 + 0.02 * position, hours.weekday_hours, hours.sunday_hours
        )
        letter = "ABCD"[position]
        malls.append(
            Mall(
                f"demo-{number}-{letter.lower()}",
                f"Demo mall {number} {letter}",
                latitude,
                longitude,
                mall.store_count,
                mall.gross_leasable_m2,
                opened if position < 3 else None,
            )
        )
    return Market(
        market_id=f"demo-{number}",
        name=f"Demo market {number}",
        time_zone=model.extra_time_zone,
        template_id=template.market_id,
        boundary_counties=None,
        boundary_name=f"Demo county {number}",
        boundary_polygon=_circle(center, 0.75),
        places=tuple(places),
        malls=tuple(malls),
    )


def _delivering_days(markets: Sequence[Market], days: int) -> int:
    return sum(max(0, days - max(0, mall.model.opened_after_days)) for market in markets for mall in market.malls if mall.model)


def plan(orders: int, model: Model) -> Plan:
    """Choose the smallest demo that holds ``orders``: first more weeks, then more markets and malls.

    Raises
    ------
    DemoError
        Fewer orders than every week of every mall needs, or more than all markets can hold.
    """
    if orders < model.fewest_orders:
        raise DemoError(f"the demo needs at least {model.fewest_orders:,} orders, so that every week has some; asked for {orders:,}")
    real = real_markets(model)
    choices = [(model.base_weeks, 0), *((weeks, extra) for weeks in model.more_weeks for extra in range(model.most_extra_markets + 1))]
    shortest_long = max(model.more_weeks)
    for weeks, extra in choices:
        if weeks < shortest_long and extra > 4:
            continue
        markets = (*real, *(extra_market(index, real[index % 3], model) for index in range(extra)))
        days = weeks * 7
        if _delivering_days(markets, days) * model.mean_orders_per_mall_day >= orders:
            return Plan(markets, model.last_day - timedelta(days=days - 1), days, orders)
    raise DemoError(
        f"the demo holds at most {_delivering_days(markets, days) * model.mean_orders_per_mall_day:,} orders; asked for {orders:,}"
    )


def rounded(weights: NDArray[np.float64], total: int) -> Counts:
    """Split ``total`` into whole numbers in proportion to ``weights`` (largest remainder, ties to the first); they sum exactly."""
    shares = weights * (total / weights.sum())
    whole: Counts = np.floor(shares).astype(np.int64)
    rest = total - int(whole.sum())
    whole[np.argsort(-(shares - whole), kind="stable")[:rest]] += 1
    return whole


def expected_volume(plan_: Plan, mall: MallModel, model: Model) -> NDArray[np.float64]:
    """Return the relative volume of a mall for each day of the period: launch ramp times weekday and season, zero before it opens."""
    since = np.arange(plan_.days) - mall.opened_after_days
    ramp = np.where(since < 0, 0.0, 1 - (1 - model.ramp_start) * np.exp(-np.maximum(since, 0) / model.ramp_days))
    weekday = (plan_.first_day.weekday() + np.arange(plan_.days)) % 7
    volume: NDArray[np.float64] = mall.weight * ramp * np.array(model.weekday_factors)[weekday] * _season(plan_, model)
    return volume


def recruited_share(plan_: Plan, model: Model) -> NDArray[np.float64]:
    """Return for each day the volume of the season some weeks before, for which drivers were recruited, over that of the day."""
    return _season(plan_, model, before_days=model.recruiting_days) / _season(plan_, model)


def _season(plan_: Plan, model: Model, *, before_days: int = 0) -> NDArray[np.float64]:
    """Return the factor of the time of the year for each day, straight between the middles of months."""
    days = plan_.first_day.timetuple().tm_yday - before_days + np.arange(plan_.days)
    middles = (np.arange(12) + 0.5) * (_YEAR_DAYS / 12)
    factors: NDArray[np.float64] = np.interp(days, middles, np.array(model.month_factors), period=_YEAR_DAYS)
    return factors


def daily_orders(plan_: Plan, model: Model, seed: int) -> tuple[Counts, NDArray[np.float64]]:
    """Return placed and expected orders, one row per open mall, one column per day.

    The placed ones sum to ``plan_.orders`` exactly and never pass ``most_orders_per_mall_day``; what a full day cannot take goes to
    the others.
    """
    expected = np.array([expected_volume(plan_, mall, model) for _, _, _, mall in plan_.open_malls()])
    noise = np.random.default_rng([seed, 1]).lognormal(-(model.day_noise_sdlog**2) / 2, model.day_noise_sdlog, expected.shape)
    weights = (expected * noise).ravel()
    cap = model.most_orders_per_mall_day
    placed = rounded(weights, plan_.orders)
    while (over := int((placed - cap).clip(0).sum())) > 0:
        placed = placed.clip(max=cap)
        placed += rounded(np.where(placed < cap, weights, 0.0), over)
    return placed.reshape(expected.shape), expected * (plan_.orders / expected.sum())
