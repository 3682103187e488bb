"""Drivers of one mall: how many are planned for each hour, who takes which block, where they live."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from data.demo.demand import Week, hour_weights
from data.demo.geography import Catchment, Cells, Floats, Integers, distance_m, doors, typical_drive_s
from data.demo.model import Model
from data.demo.plan import Mall


@dataclass(frozen=True)
class Pool:
    """The drivers of a mall: homes in degrees, drive from home to the mall, and how often each works (propensity)."""

    latitude: Floats
    longitude: Floats
    home_drive_s: Integers
    home_m: Integers
    propensity: Floats

    def __len__(self) -> int:
        return len(self.latitude)


@dataclass(frozen=True)
class Shifts:
    """Blocks of a week, by day and start; seconds since local midnight of the day."""

    day: Integers
    start_s: Integers
    end_s: Integers
    driver: Integers


def planned_hours_per_order(around: Catchment, cells: Cells, mall: Mall, drag: float, model: Model) -> float:
    """Return the driver-hours the plan allows an order: a usual trip of this mall, shared by its orders, by the target utilization."""
    weight = np.diff(np.r_[0.0, around.running_weight])
    drive_s = typical_drive_s(distance_m(cells.latitude, cells.longitude, mall.latitude, mall.longitude), model)[around.position]
    trip_s = model.planned_overhead_s + drag * float(np.average(drive_s, weights=weight))
    return trip_s / 3600 / model.planned_orders_per_trip / model.target_utilization


def _needed(week: Week, day: int, hours_per_order: float, model: Model, *, is_short: bool) -> Floats:
    """Return the drivers needed in each hour of the day, from hour 0: expected orders, half an hour later, and a margin for chance."""
    hours, share = hour_weights(week, day, model)
    rate = np.zeros(30)
    rate[hours] = share * week.expected[day] * hours_per_order
    lag = model.staffing_lag_s / 3600
    needed: Floats = rate * (1 - lag) + np.r_[0.0, rate[:-1]] * lag
    needed += model.safety_per_root_driver * np.sqrt(needed)
    if is_short and week.weekday[day] == 5:
        needed *= model.short_staffing
    return needed


def _blocks(needed: Floats, first_s: int, last_s: int, model: Model, rng: Generator) -> list[tuple[int, int]]:
    """Cover the hours with blocks of 3 to 5 hours: at every hour as many start as are missing; the last ones end with the day."""
    lengths = rng.choice(np.array(model.shift_hours), size=4 + 2 * int(needed.sum()), p=np.array(model.shift_hour_shares)).tolist()
    jitters = rng.integers(-900, 601, size=len(lengths)).tolist()
    online = [0.0] * 40
    blocks = []
    for hour in range(first_s // 3600, math.ceil(last_s / 3600)):
        while len(blocks) < len(lengths) and online[hour] + 0.5 <= max(needed[hour], 0.51 if needed[hour] > 0 else 0.0):
            length = lengths[len(blocks)]
            end = min(hour * 3600 + jitters[len(blocks)] + length * 3600, last_s)
            start = max(first_s - 900, end - length * 3600)
            blocks.append((start, end))
            for covered in range(hour, hour + length):
                online[covered] += 1
    return blocks


def week_blocks(week: Week, hours_per_order: float, model: Model, rng: Generator, *, is_short: bool) -> list[list[tuple[int, int]]]:
    """Return the blocks (start, end in seconds of the day) of each day of a week; none on days without orders expected."""
    return [
        _blocks(
            _needed(week, day, hours_per_order, model, is_short=is_short),
            int(week.open_s[day]),
            int(week.close_s[day]) + model.online_after_close_s,
            model,
            rng,
        )
        if week.expected[day] > 0
        else []
        for day in range(len(week.weekday))
    ]


def pool(weeks: list[list[list[tuple[int, int]]]], mall: Mall, cells: Cells, around: Catchment, model: Model, rng: Generator) -> Pool:
    """Return the drivers of a mall: enough for its busiest week and day; they live where its households live."""
    busiest_week = max(sum(len(day) for day in week) for week in weeks)
    busiest_day = max(len(day) for week in weeks for day in week)
    size = max(math.ceil(busiest_week / model.shifts_per_driver_week), math.ceil(busiest_day * 1.25), 3)
    drive_s = typical_drive_s(distance_m(cells.latitude, cells.longitude, mall.latitude, mall.longitude), model)[around.position]
    near = around.position[drive_s <= model.home_farthest_min * 60]
    weights = np.cumsum(cells.households[near])
    position = near[np.searchsorted(weights, rng.random(size) * weights[-1], side="right").clip(max=len(near) - 1)]
    latitude, longitude = doors(cells, position, 10_000 + np.arange(size, dtype=np.int64))
    home_m = distance_m(latitude, longitude, mall.latitude, mall.longitude)
    return Pool(latitude, longitude, typical_drive_s(home_m, model).astype(np.int64), home_m.astype(np.int64), rng.lognormal(0, 0.6, size))


def week_shifts(blocks: list[list[tuple[int, int]]], drivers: Pool, rng: Generator) -> Shifts:
    """Give the blocks of each day to different drivers (at most one block a day each), those who work often first."""
    day, start, end, driver = [], [], [], []
    for number, spans in enumerate(blocks):
        keys = rng.standard_exponential(len(drivers)) / drivers.propensity
        spans_sorted = sorted(spans)
        day += [number] * len(spans)
        start += [span[0] for span in spans_sorted]
        end += [span[1] for span in spans_sorted]
        driver += np.argsort(keys, kind="stable")[: len(spans)].tolist()
    return Shifts(*(np.array(each, np.int64) for each in (day, start, end, driver)))
