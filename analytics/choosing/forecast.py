"""What a mall without history would sell, how long its orders would take, whom it would need and what a delivery would cost.

Everything is carried over from the pilots: demand by a regression on the people around them and what malls differ in beyond it, times and
pay by their own orders with the drive of the new mall. A band of 80 percent holds the truth for 8 of 10 malls; with few pilots it is wide.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from analytics.choosing.sites import Site
from data.warehouse import Version


@dataclass(frozen=True)
class Band:
    """A whole number that is not known yet: its middle, and the ends between which it lies for 50 and for 80 of 100 such malls."""

    middle: int
    low_50: int
    high_50: int
    low_80: int
    high_80: int


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


@dataclass(frozen=True)
class Hour:
    """One hour of the week: orders placed in it, and drivers needed if demand is at the low end, the middle and the high end of its band."""

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


def forecasts(version: Version, sites: Sequence[Site], assumptions: Assumptions = Assumptions()) -> tuple[Forecast, ...]:
    """Return the forecast of each site, in their order; what they share is learned once for a version."""
    raise NotImplementedError


def forecast(version: Version, site: Site, assumptions: Assumptions = Assumptions()) -> Forecast:
    """Return the forecast of one site with its launch."""
    raise NotImplementedError
