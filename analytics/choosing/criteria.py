"""What malls are compared by: each criterion with its unit, its direction and its fixed anchors, and the presets of weights.

Anchors do not come from the candidates compared, so that no mall's score changes when another one joins or leaves. People, minutes and
money have anchors of their own; what depends on how large a program is (orders, driver-hours) is anchored at the pilots of the data
version, rounded.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from analytics.models.scores import Scale

Unit = Literal["people", "count", "orders", "minutes", "share", "money", "hours", "distance"]

_UNITS: Final[Mapping[Unit, str]] = {
    "people": "people",
    "count": "",
    "orders": "orders a week",
    "minutes": "s",
    "share": "thousandths",
    "money": "cents",
    "hours": "driver-hours a week",
    "distance": "m",
}


@dataclass(frozen=True)
class Criterion:
    """One criterion.

    Attributes
    ----------
    id, column
        Its id in addresses, commands and scenarios; its name in a CSV, with the unit.
    label, help, source
        On screen; one sentence; where the figure comes from.
    unit
        What its whole number counts: seconds for ``minutes``, thousandths for ``share``, cents for ``money``, meters for ``distance``.
    """

    id: str
    column: str
    label: str
    help: str
    source: str
    unit: Unit

    @property
    def stored_unit(self) -> str:
        """The unit of its whole number, in words."""
        return "households" if self.id == "households" else _UNITS[self.unit]


_MODELLED: Final = "coverage, modelled"
_FORECAST: Final = "forecast from the pilots"

CRITERIA: Final = (
    Criterion("newly", "newly_people", "Newly reached", "People within the drive whom no open mall reaches", _MODELLED, "people"),
    Criterion("reach", "reach_people", "In reach", "People within the drive", _MODELLED, "people"),
    Criterion("households", "reach_households", "Households in reach", "Households within the drive", _MODELLED, "people"),
    Criterion(
        "income",
        "income_cents",
        "Income",
        "Median household income a year of the cells within the drive, mean over households",
        "public statistics by cell",
        "money",
    ),
    Criterion("orders", "orders_week", "Orders a week", "Orders a week once the launch is over", _FORECAST, "orders"),
    Criterion("p90", "click_to_door_p90_s", "Click-to-door p90", "9 of 10 of its orders would be faster", _FORECAST, "minutes"),
    Criterion("on_time", "on_time_permille", "On time", "Orders that would keep their promise", _FORECAST, "share"),
    Criterion(
        "drivers",
        "driver_hours_in_reach_week",
        "Drivers in reach",
        "Driver-hours a week at open malls that fall to people within the drive",
        "driver access, modelled",
        "hours",
    ),
    Criterion(
        "short",
        "hours_short_week",
        "Hours short",
        "Driver-hours a week it would need beyond what the market has to spare",
        _FORECAST,
        "hours",
    ),
    Criterion("stores", "stores", "Stores", "Stores in the mall", "list of malls", "count"),
    Criterion("categories", "categories", "Categories", "Categories of stores in the mall", "list of stores", "count"),
    Criterion(
        "station",
        "station_m",
        "To the station",
        "Straight line to the nearest delivery station: the farther, the more a mall saves",
        "list of stations",
        "distance",
    ),
    Criterion(
        "other_cost",
        "baseline_cost_cents",
        "Cost otherwise",
        "Cost of an order to the same people the way it is delivered otherwise",
        "baseline",
        "money",
    ),
    Criterion(
        "other_time",
        "baseline_s",
        "Time otherwise",
        "Mean time from order to door for the same people the way it is delivered otherwise",
        "baseline",
        "minutes",
    ),
    Criterion("cost", "cost_cents", "Cost per delivery", "Driver pay, surcharge and handling for each delivered order", _FORECAST, "money"),
    Criterion(
        "taken",
        "taken_permille",
        "Taken from open malls",
        "Part of the open malls' expected people who would choose this one instead",
        "choice between malls, modelled",
        "share",
    ),
)
"""Every criterion, in the order in which tables show them."""

BY_ID: Final = {each.id: each for each in CRITERIA}

PRESETS: Final[Mapping[str, Mapping[str, int]]] = {
    "balanced": {"newly": 25, "orders": 20, "p90": 15, "on_time": 5, "short": 10, "cost": 15, "taken": 10},
    "reach": {"newly": 50, "reach": 10, "orders": 20, "taken": 20},
    "speed": {"newly": 15, "p90": 40, "on_time": 20, "short": 25},
    "cost": {"newly": 10, "orders": 20, "short": 15, "cost": 40, "taken": 15},
}
"""Weights by preset, percent; criteria that are not named have none."""

_PEOPLE_BY_MINUTES: Final = ((0, 0), (600, 300_000), (900, 600_000), (1200, 1_000_000), (1800, 1_800_000), (2700, 2_500_000))
"""People whom a mall in a large metropolitan area reaches within so many seconds: the ideal of reach."""


@dataclass(frozen=True)
class Yardstick:
    """Size of the program in a data version: a week of its middle pilot. 0 where there is none."""

    orders_week: int = 0
    driver_hours_week: int = 0


def scales(within_s: int, yardstick: Yardstick) -> dict[str, Scale]:
    """Return the default anchors of every criterion.

    Parameters
    ----------
    within_s
        Drive time: more minutes reach more people.
    yardstick
        The pilots' size, for orders and driver-hours.
    """
    seconds, reached = zip(*_PEOPLE_BY_MINUTES, strict=True)
    people = _rounded(float(np.interp(float(within_s), seconds, reached)))
    orders, hours = _rounded(2.0 * yardstick.orders_week), _rounded(float(yardstick.driver_hours_week))
    return {
        "newly": Scale(0, people * 4 // 5),
        "reach": Scale(0, people),
        "households": Scale(0, people * 2 // 5),
        "income": Scale(4_000_000, 12_000_000),
        "orders": Scale(0, orders),
        "p90": Scale(7_200, 2_400),
        "on_time": Scale(600, 1_000),
        "drivers": Scale(0, hours),
        "short": Scale(2 * hours, 0),
        "stores": Scale(0, 250),
        "categories": Scale(0, 12),
        "station": Scale(0, 40_000),
        "other_cost": Scale(300, 1_500),
        "other_time": Scale(7_200, 172_800),
        "cost": Scale(2_500, 500),
        "taken": Scale(200, 0),
    }


def _rounded(value: float) -> int:
    """Return a number rounded up to two digits, 10 at the least."""
    if value <= 10:
        return 10
    unit = 10 ** (len(str(int(value))) - 2)
    return int(-(-value // unit) * unit)
