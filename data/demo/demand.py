"""Orders of one mall and one week, before any driver hears of them: when, from which store, to which door, packed when, promised when."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from data.cells import Floats, Integers
from data.demo.geography import doors, from_mall_m, typical_drive_s
from data.demo.ground import Ground
from data.demo.model import Model

Flags = NDArray[np.bool_]
DELIVERED, CANCELLED, FAILED, RETURNED = range(4)
STATUSES = ("delivered", "cancelled", "failed", "returned")
_CUSTOMERS_PER_CELL = 10_000  # customer number = cell position * this + resident


@dataclass(frozen=True)
class Week:
    """Days of one mall that are generated together.

    Attributes
    ----------
    first_day
        Position of the first day in the period.
    weekday
        Local weekday of each day, 0 Monday.
    open_s, close_s
        Opening hours in seconds since local midnight.
    placed, expected
        Orders placed and orders expected on each day.
    recruited
        Part of each day's orders for which the drivers of scarce hours were recruited: recruiting trails the season.
    midnight
        UTC second from which the seconds of each day count.
    """

    first_day: int
    weekday: Integers
    open_s: Integers
    close_s: Integers
    placed: Integers
    expected: Floats
    recruited: Floats
    midnight: Integers

    @property
    def is_weekend(self) -> Flags:
        """Whether the day is a Saturday or Sunday."""
        return self.weekday >= 5


@dataclass(frozen=True)
class Orders:
    """Orders sorted by day and second placed; seconds count from the local midnight of ``day`` (position in the week)."""

    day: Integers
    placed_s: Integers
    ready_s: Integers
    promised_s: Integers
    store: Integers
    customer: Integers
    latitude: Floats
    longitude: Floats
    distance_m: Floats
    fee_cents: Integers
    ending: Integers
    is_cancelled_early: Flags


def hour_weights(week: Week, day: int, model: Model) -> tuple[Integers, Floats]:
    """Return the hours of a day in which orders may be placed, and their shares; the last one may be cut short by the last order."""
    weights = np.array(model.hour_weights_weekend if week.is_weekend[day] else model.hour_weights_weekday)
    last_s = int(week.close_s[day]) - model.last_order_before_close_s
    hours = np.arange(int(week.open_s[day]) // 3600, -(-last_s // 3600))
    share = weights[(hours - 10).clip(0, len(weights) - 1)]
    return hours, share / share.sum()


def _placed(week: Week, model: Model, rng: Generator) -> tuple[Integers, Integers]:
    days, seconds = [], []
    for day, count in enumerate(week.placed):
        hours, share = hour_weights(week, day, model)
        hour = rng.choice(hours, size=int(count), p=share)
        second = np.sort(hour * 3600 + rng.integers(0, 3600, size=int(count)))
        seconds.append(second)
        days.append(np.full(int(count), day, np.int64))
    return np.concatenate(days), np.concatenate(seconds)


def _endings(count: int, model: Model, rng: Generator) -> tuple[Integers, Flags]:
    edges = np.cumsum([model.cancelled_early_share, model.cancelled_late_share, model.failed_share, model.returned_share])
    kind = np.searchsorted(edges, rng.random(count), side="right")
    return np.array([CANCELLED, CANCELLED, FAILED, RETURNED, DELIVERED], np.int64)[kind], kind == 0


def _promised(placed_s: Integers, usual_packing_s: Floats, distance: Floats, model: Model) -> Integers:
    quoted = usual_packing_s + typical_drive_s(distance, model) * model.promise_drive_factor + model.promise_buffer_s
    steps = np.ceil((placed_s + quoted) / model.promise_step_s).astype(np.int64)
    return steps * model.promise_step_s


def week_orders(week: Week, ground: Ground, model: Model, rng: Generator) -> Orders:
    """Return the orders of a week, ``week.placed`` of them on each day, all placed while the mall is open.

    The promise knows the category's usual packing time and the distance, not that a store is always late.
    """
    mall, cells, around, sellers = ground.mall, ground.cells, ground.around, ground.sellers
    day, placed_s = _placed(week, model, rng)
    count = len(day)
    weights = np.cumsum([store.weight for store in sellers])
    store = np.searchsorted(weights, rng.random(count) * weights[-1], side="right").clip(max=len(sellers) - 1)
    drawn = np.searchsorted(around.running_weight, rng.random(count) * around.running_weight[-1], side="right")
    position = around.position[drawn.clip(max=len(around.position) - 1)]
    pool = np.ceil(cells.households[position] * model.customers_per_household).clip(1, _CUSTOMERS_PER_CELL - 1)
    resident = np.floor(pool * rng.random(count) ** model.customer_skew).astype(np.int64)
    latitude, longitude = doors(cells, position, resident)
    distance = from_mall_m(mall, latitude, longitude)
    packing_s = np.array([each.packing_median_s for each in sellers])[store] * rng.lognormal(0, model.packing_sdlog, count)
    ending, is_cancelled_early = _endings(count, model, rng)
    return Orders(
        day=day,
        placed_s=placed_s,
        ready_s=placed_s + packing_s.astype(np.int64),
        promised_s=_promised(placed_s, np.array([each.usual_packing_s for each in sellers])[store], distance, model),
        store=store,
        customer=position * _CUSTOMERS_PER_CELL + resident,
        latitude=latitude,
        longitude=longitude,
        distance_m=distance,
        fee_cents=model.fee_base_cents + (distance * (model.fee_per_km_cents / 1_000)).astype(np.int64),
        ending=ending,
        is_cancelled_early=is_cancelled_early,
    )
