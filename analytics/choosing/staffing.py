"""Drivers that a new mall needs hour by hour of the week, and what the market's drivers have to spare in the same hours."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from analytics.answers import answers
from analytics.choosing.pilots import History
from analytics.choosing.sites import Integers
from analytics.models.between import Floats
from analytics.models.staffing import HOURS, drivers_needed, offered_load
from analytics.models.transfer import Sample
from analytics.opening_hours import open_hours
from analytics.parameters import EVERYTHING, Parameters
from analytics.periods import Period
from analytics.reference import VersionKey, has_values

_HOUR_S = 3600
_DAY_HOURS, _WEEK_DAYS = 24, 7


@dataclass(frozen=True)
class Staffing:
    """Drivers needed by hour of the week, from Monday midnight.

    Attributes
    ----------
    orders
        Orders placed in each hour in the middle case; shape (168,).
    drivers
        Drivers needed if demand lies at each value of its band, the lowest first; shape (5, 168).
    """

    orders: Floats
    drivers: Integers

    def beyond(self, spare: Floats) -> Floats:
        """Return driver-hours a week beyond those that are spare in the same hours, for each value of the band."""
        return np.asarray(np.maximum(self.drivers - spare, 0).sum(axis=1), float)


def staffing(
    found: History, sample: Sample, orders_week: tuple[int, ...], opening_hours: str | None, *, wait_s: int, waiting_share: float
) -> Staffing | None:
    """Return the drivers that a mall needs; None where no order tells how long it kept a driver busy.

    Parameters
    ----------
    found
        What pilots tell: when in the week orders are placed.
    sample
        Orders as the mall would have them.
    orders_week
        Orders in a week: the values of a band, the lowest first, the middle one third.
    opening_hours
        As of a mall; hours in which it is shut have no orders. None: those of the pilots.
    wait_s, waiting_share
        At most this share of trips waits longer for a driver.
    """
    is_known = ~np.isnan(sample.start_s) & ~np.isnan(sample.busy_s)
    rhythm = _within(found.rhythm, opening_hours)
    if not is_known.any() or not rhythm.any():
        return None
    start_s, busy_s, trips = np.maximum(sample.start_s[is_known], 0), sample.busy_s[is_known], 1 / sample.trip_orders[is_known]
    orders = np.array(orders_week, float)[:, None] * rhythm
    load = offered_load(orders, start_s, busy_s, trips)
    mean_s = float(np.average(busy_s, weights=trips))
    return Staffing(orders[2], drivers_needed(load, mean_s, wait_s=wait_s, waiting_share=waiting_share, has_orders=orders > 0))


def _within(rhythm: Floats, opening_hours: str | None) -> Floats:
    """Return the rhythm of a week in the hours a mall is open; as it is where these are unknown, or no order was ever placed in them."""
    hours = open_hours(opening_hours)
    if hours is None:
        return rhythm
    is_open = np.zeros(HOURS)
    is_open[[(dow - 1) * _DAY_HOURS + hour for dow, hour in sorted(hours)]] = 1
    kept = rhythm * is_open
    return kept / kept.sum() if kept.any() else rhythm


def spare_drivers(key: VersionKey, market_id: str, found: History) -> Floats | None:
    """Return how many drivers of a market were spare in each hour of the week; None where no shift is known at all.

    Hours of which too few people tell have nothing to spare.
    """
    if not has_values(key.version, "shift_activity", "online_s"):
        return None
    return _spare(key, market_id, found.recent)


@lru_cache(maxsize=256)
def _spare(key: VersionKey, market_id: str, recent: Period) -> Floats:
    asked = Parameters(market_id=market_id, start_on=recent.start_on, end_on=recent.end_on, by=("dow", "hour"))
    weeks = recent.days / _WEEK_DAYS
    spare = np.zeros(HOURS)
    for row in answers("hours_gap", asked, EVERYTHING, key.version).rows():
        spare[(row["local_dow"] - 1) * _DAY_HOURS + row["local_hour"]] = (row["hours_spare"] or 0) / _HOUR_S / weeks
    spare.setflags(write=False)  # shared by all readers
    return spare
