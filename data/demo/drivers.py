"""Drivers of one mall: how many are planned for each hour, who takes which block, where they live."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from data.cells import Floats, Integers
from data.demo.demand import Week, hour_weights
from data.demo.geography import doors, from_mall_m, typical_drive_s
from data.demo.ground import Ground
from data.demo.model import Model


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
    """Blocks of a week, by day and start; seconds since local midnight of the day; ``home_s`` is the driver's way to the mall."""

    day: Integers
    start_s: Integers
    end_s: Integers
    driver: Integers
    home_s: Integers


def _needed(week: Week, day: int, ground: Ground, model: Model) -> Floats:
    """Return the drivers needed in each hour of the day, from hour 0: expected orders, half an hour later, and a margin for chance."""
    hours, share = hour_weights(week, day, model)
    rate = np.zeros(30)
    rate[hours] = share * week.expected[day] * ground.hours_per_order
    lag = model.staffing_lag_s / 3600
    needed: Floats = rate * (1 - lag) + np.r_[0.0, rate[:-1]] * lag
    needed += model.safety_per_root_driver * np.sqrt(needed)
    return needed


def _coming(week: Week, day: int, luck: float, ground: Ground, model: Model) -> Floats:
    """Return the drivers who come in each hour of the day: those needed, and in scarce hours the part of them that was recruited."""
    coming = _needed(week, day, ground, model)
    for scarce in ground.scarce:
        if week.weekday[day] in scarce.weekdays:
            coming[slice(*scarce.hours)] *= np.clip(scarce.staffing * luck * week.recruited[day], model.least_staffing, 1.0)
    return coming


def _blocks(needed: Floats, first_s: int, last_s: int, *, model: Model, rng: Generator) -> list[tuple[int, int]]:
    """Cover the hours with blocks of 3 to 5 hours: at every hour as many start as are missing, late ones short, none after the day."""
    lengths = rng.choice(np.array(model.shift_hours), size=4 + 2 * int(needed.sum()), p=np.array(model.shift_hour_shares)).tolist()
    jitters = rng.integers(-900, 601, size=len(lengths)).tolist()
    online = [0.0] * 40
    blocks: list[tuple[int, int]] = []
    end_hour = math.ceil(last_s / 3600)
    for hour in range(first_s // 3600, end_hour):
        while len(blocks) < len(lengths) and online[hour] + 0.5 <= max(needed[hour], 0.51 if needed[hour] > 0 else 0.0):
            length = min(lengths[len(blocks)], max(end_hour - hour, min(model.shift_hours)))
            end = min(hour * 3600 + jitters[len(blocks)] + length * 3600, last_s)
            start = max(first_s - 900, end - length * 3600)
            blocks.append((start, end))
            for covered in range(hour, hour + length):
                online[covered] += 1
    return blocks


def week_blocks(week: Week, ground: Ground, model: Model, rng: Generator) -> list[list[tuple[int, int]]]:
    """Return the blocks (start, end in seconds of the day) of each day of a week; none on days without orders expected."""
    blocks = []
    for day, expected in enumerate(week.expected):
        luck = float(rng.lognormal(0, model.scarce_sdlog))
        coming = _coming(week, day, luck, ground, model) if expected > 0 else np.zeros(24)
        last_s = int(week.close_s[day]) + model.online_after_close_s
        blocks.append(_blocks(coming, int(week.open_s[day]), last_s, model=model, rng=rng))
    return blocks


def pool(weeks: list[list[list[tuple[int, int]]]], ground: Ground, model: Model, rng: Generator) -> Pool:
    """Return the drivers of a mall: enough for its busiest week and day; they live where its households live."""
    mall, cells, around = ground.mall, ground.cells, ground.around
    busiest_week = max(sum(len(day) for day in week) for week in weeks)
    busiest_day = max(len(day) for week in weeks for day in week)
    size = max(math.ceil(busiest_week / model.shifts_per_driver_week), math.ceil(busiest_day * 1.25), 3)
    drive_s = typical_drive_s(from_mall_m(mall, cells.latitude, cells.longitude), model)[around.position]
    near = around.position[drive_s <= model.home_farthest_min * 60]
    weights = np.cumsum(cells.households[near])
    position = near[np.searchsorted(weights, rng.random(size) * weights[-1], side="right").clip(max=len(near) - 1)]
    latitude, longitude = doors(cells, position, 10_000 + np.arange(size, dtype=np.int64))
    home_m = from_mall_m(mall, latitude, longitude)
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
    who = np.array(driver, np.int64)
    return Shifts(np.array(day, np.int64), np.array(start, np.int64), np.array(end, np.int64), who, drivers.home_drive_s[who])
