"""Which orders ride together, what a trip pays, and who refuses it: everything about a trip that does not depend on the driver."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from data.cells import Floats, Integers, haversine_m
from data.demo.demand import CANCELLED, Flags, Orders, Week
from data.demo.geography import hour_factor, typical_drive_s
from data.demo.ground import Ground
from data.demo.model import Model
from data.demo.plan import Mall


@dataclass(frozen=True)
class Batches:
    """Trips to be, sorted by day and release; stops are order positions, nearest door first within a batch.

    ``stop_order`` and ``stop_batch`` run over all stops; ``stop_drive_s`` is the time from leaving the mall to the door.
    """

    day: Integers
    release_s: Integers
    ready_s: Integers
    order_count: Integers
    store_count: Integers
    approach_s: Integers
    inside_s: Integers
    drive_s: Integers
    back_s: Integers
    loaded_m: Integers
    pay_cents: Integers
    is_cancelled: Flags
    stop_order: Integers
    stop_batch: Integers
    stop_drive_s: Integers


def _groups(orders: Orders, mall: Mall, riding: Integers, model: Model) -> Integers:
    """Return a batch number for each riding order: same direction, ready within minutes, doors close, at most three."""
    east = (orders.longitude[riding] - mall.longitude) * np.cos(np.radians(mall.latitude))
    angle = np.arctan2(orders.latitude[riding] - mall.latitude, east)
    sector = np.floor((angle + np.pi) / (2 * np.pi) * model.batch_sectors).astype(np.int64) % model.batch_sectors
    alone = orders.ending[riding] == CANCELLED
    order = np.lexsort((riding, orders.ready_s[riding], sector, orders.day[riding]))
    by_ready = riding[order]
    gap = np.diff(orders.ready_s[by_ready])
    latitude, longitude = orders.latitude[by_ready], orders.longitude[by_ready]
    door_gap = haversine_m(latitude[:-1], longitude[:-1], latitude[1:], longitude[1:])
    same = (np.diff(orders.day[by_ready]) == 0) & (np.diff(sector[order]) == 0) & (gap <= model.batch_gap_s)
    same &= (door_gap <= model.batch_door_gap_m) & ~alone[order][1:] & ~alone[order][:-1]
    starts = np.r_[True, ~same] if len(riding) else np.zeros(0, bool)
    run_first = np.maximum.accumulate(np.where(starts, np.arange(len(starts)), 0))
    starts |= (np.arange(len(starts)) - run_first) % model.most_orders_per_batch == 0
    group = np.empty(len(riding), np.int64)
    group[order] = np.cumsum(starts) - 1
    return group


def week_batches(orders: Orders, week: Week, ground: Ground, model: Model, rng: Generator) -> Batches:
    """Bundle the orders of a week into trips and draw what each trip needs: approach, time inside, drives, pay."""
    riding = np.flatnonzero(~orders.is_cancelled_early)
    group = _groups(orders, ground.mall, riding, model)
    stops = np.lexsort((riding, orders.distance_m[riding], group))
    stop_order, group = riding[stops], group[stops]
    first = np.flatnonzero(np.r_[True, group[1:] != group[:-1]]) if len(group) else np.zeros(0, np.int64)
    count = np.diff(np.r_[first, len(group)])
    ready = np.maximum.reduceat(orders.ready_s[stop_order], first) if len(first) else first
    placed = np.maximum.reduceat(orders.placed_s[stop_order], first) if len(first) else first
    release = np.maximum(ready - model.lead_s, placed + 60)
    day = orders.day[stop_order[first]]
    by_release = np.lexsort((first, release, day))
    batch_of_group = np.empty(len(first), np.int64)
    batch_of_group[by_release] = np.arange(len(first))
    stop_batch = batch_of_group[np.repeat(np.arange(len(first)), count)]
    legs = _Legs(stop_order, first, count)
    stop_drive, drive, last_m, loaded = _drives(orders, week, ground, legs, model=model, rng=rng)
    store_count = _distinct_stores(orders.store[stop_order], first, count)
    trips = len(first)
    pay = model.base_pay_cents + loaded * (model.pay_per_km_cents / 1_000) + (count - 1) * model.pay_per_more_order_cents
    inside = model.park_and_walk_median_s * rng.lognormal(0, model.park_and_walk_sdlog, trips)
    inside += store_count * model.per_store_s + count * model.per_order_s + model.walk_back_s
    back = typical_drive_s(last_m, model) * np.clip(rng.lognormal(0, model.drive_noise_sdlog, trips), 0.6, 2.0)
    approach = model.nearest_approach_median_s * rng.lognormal(0, model.nearest_approach_sdlog, trips)
    pay = pay * rng.lognormal(0, model.pay_noise_sdlog, trips)
    whole = {
        "ready_s": ready,
        "order_count": count,
        "store_count": store_count,
        "approach_s": approach,
        "inside_s": inside,
        "drive_s": drive,
        "back_s": back,
        "loaded_m": loaded,
        "pay_cents": pay,
    }
    return Batches(
        day=day[by_release],
        release_s=release[by_release],
        is_cancelled=(orders.ending[stop_order[first]] == CANCELLED)[by_release],
        stop_order=stop_order,
        stop_batch=stop_batch,
        stop_drive_s=stop_drive,
        **{name: values[by_release].astype(np.int64) for name, values in whole.items()},
    )


def _distinct_stores(store: Integers, first: Integers, count: Integers) -> Integers:
    batch = np.repeat(np.arange(len(first)), count)
    pairs = np.unique(batch * 1_000 + store)
    return np.bincount(pairs // 1_000, minlength=len(first))


@dataclass(frozen=True)
class _Legs:
    """All stops in driving order; where each batch begins and how many stops it has."""

    stop_order: Integers
    first: Integers
    count: Integers


def _drives(
    orders: Orders, week: Week, ground: Ground, legs: _Legs, *, model: Model, rng: Generator
) -> tuple[Integers, Integers, Floats, Floats]:
    """Return, per stop, seconds from the mall; per batch, the whole drive, meters of the last door from the mall, road meters loaded.

    Every leg is the prior curve over its straight line, times hour, market and noise; whole seconds of at least a minute.
    """
    stop_order, first, count, mall = legs.stop_order, legs.first, legs.count, ground.mall
    latitude, longitude = orders.latitude[stop_order], orders.longitude[stop_order]
    previous_latitude, previous_longitude = np.roll(latitude, 1), np.roll(longitude, 1)
    previous_latitude[first], previous_longitude[first] = mall.latitude, mall.longitude
    leg_m = haversine_m(previous_latitude, previous_longitude, latitude, longitude)
    at = orders.ready_s[stop_order] + 600
    factor = hour_factor(leg_m, at, is_weekend=week.is_weekend[orders.day[stop_order]], model=model)
    noise = rng.lognormal(0, model.drive_noise_sdlog, len(stop_order))
    leg_s = np.maximum(60, typical_drive_s(leg_m, model) * factor * noise * ground.drag).astype(np.int64)
    running_s, running_m = np.cumsum(leg_s), np.cumsum(leg_m)
    before_s = np.repeat(running_s[first] - leg_s[first], count)
    last = first + count - 1
    stop_drive = running_s - before_s
    loaded = (running_m[last] - running_m[first] + leg_m[first]) * model.road_factor
    return stop_drive, stop_drive[last], orders.distance_m[stop_order][last], loaded
