"""Do bands of forecasts hold what they promise? Worlds with a known truth, malls with orders, and one more that the forecast has not seen.

``python benchmarks/forecast.py [--worlds N]`` makes N worlds (2,000) with 3 and with 12 malls. In each, malls differ by a spread drawn from
a half-normal(0.5); orders follow people, income and minutes, launches differ, areas and weeks scatter. The forecast sees counts only. It
prints how often the 50 and 80 percent bands hold one week of the new mall, over all worlds and by spread, how wide they are, and what a
plain regression without the spread between malls would have held; then the same in worlds that break the model's assumptions.

Fails (exit code 1) where the 80 percent bands hold the truth less than 77 or more than 83 percent of the time over all worlds.

Seen, 225 s of processor time (width: high end of the 80 percent band over its low end, median)::

    worlds                                 n in 50 % in 80 %          width plain 80 %
    3 pilots, half-normal(0.5)          2000   50.1%   79.5% +-0.9%    3.35     46.0%
    3 pilots, spread 0.2                 500   56.6%   86.2% +-1.5%    2.61     60.0%
    3 pilots, spread 0.4                 500   47.4%   79.2% +-1.8%    3.81     40.6%
    3 pilots, spread 0.7                 500   40.0%   71.6% +-2.0%    6.19     25.2%
    3 pilots, heavy tails                500   47.4%   79.2% +-1.8%    3.16     46.8%
    3 pilots, two kinds of malls         500   50.0%   86.0% +-1.6%    3.42     43.4%
    12 pilots, half-normal(0.5)         2000   50.6%   80.7% +-0.9%    2.94     48.9%
    12 pilots, spread 0.2                500   54.6%   84.2% +-1.6%    2.15     62.2%
    12 pilots, spread 0.4                500   53.4%   82.2% +-1.7%    3.39     46.0%
    12 pilots, spread 0.7                500   50.8%   81.6% +-1.7%    6.72     26.2%
    12 pilots, heavy tails               500   55.4%   82.2% +-1.7%    2.72     52.8%
    12 pilots, two kinds of malls        500   38.6%   81.6% +-1.7%    3.10     38.8%
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from analytics.models.demand import Areas, expected, learned
from analytics.models.launch_ramp import Weeks, ramp

SPREAD_SCALE = 0.5
SPREADS = (0.2, 0.4, 0.7)
MALLS = (3, 12)
AREAS = 160
LEAST, MOST = 0.77, 0.83


@dataclass(frozen=True)
class World:
    """What pilots show, the people around a new mall, and the orders of one of its weeks."""

    areas: Areas
    weeks: Weeks
    new: Areas
    truth: int
    spread: float


def world(
    rng: Generator, malls: int, *, spread: float | None = None, effect: Callable[[Generator, int], np.ndarray] | None = None
) -> World:
    """Return a world; ``effect`` draws standardized differences between malls, normal if it is not given."""
    tau = abs(rng.normal(0, SPREAD_SCALE)) if spread is None else spread
    differences = tau * (rng.normal(size=malls + 1) if effect is None else effect(rng, malls + 1))
    level = rng.uniform(-6.5, -4.5)
    decay, income = rng.normal(-0.1, 0.03), rng.normal(0.2, 0.3)
    dispersion, noise = rng.uniform(0.05, 1.0), rng.uniform(0.03, 0.12) ** 2
    mall = np.repeat(np.arange(malls + 1), AREAS)
    people = np.maximum(1.0, np.round(rng.lognormal(6.0, 1.0, len(mall)) * np.repeat(rng.lognormal(0, 0.5, malls + 1), AREAS)))
    minutes = 1 + 29 * np.sqrt(rng.random(len(mall)))
    income_log = rng.normal(0, 0.3, len(mall)) + np.repeat(rng.normal(0, 0.2, malls + 1), AREAS)
    mean = people * np.exp(level + differences[mall] + decay * minutes + income * income_log)
    mean *= rng.gamma(1 / dispersion, dispersion, len(mall))
    rows: list[tuple[int, int, int]] = []
    orders = np.zeros(len(mall), np.int64)
    for each in range(malls):
        start, speed = rng.uniform(0.1, 0.9), 4 * np.exp(rng.normal(0, 0.5))
        first = int(rng.integers(0, 20))
        at = np.arange(first, first + int(rng.integers(10, 30)))
        share = ramp(at, start, speed) * rng.gamma(1 / noise, noise, len(at))
        counts = rng.poisson(mean[mall == each][:, None] * share)
        orders[mall == each] = counts.sum(axis=1)
        rows += [(each, int(week), int(total)) for week, total in zip(at, counts.sum(axis=0), strict=True)]
    is_new = mall == malls
    truth = int(rng.poisson(mean[is_new].sum() * rng.gamma(1 / noise, noise)))
    weeks = Weeks(*(np.array(column, np.int64) for column in zip(*rows, strict=True)))
    areas = Areas(mall[~is_new], people[~is_new], minutes[~is_new], income_log[~is_new], orders[~is_new])
    zeros = np.zeros(AREAS, np.int64)
    return World(areas, weeks, Areas(zeros, people[is_new], minutes[is_new], income_log[is_new], zeros), truth, tau)


@dataclass(frozen=True)
class Outcome:
    """Of one world: its spread, whether the bands hold the truth, and how wide the wider one is."""

    spread: float
    holds_50: bool
    holds_80: bool
    holds_80_plain: bool
    factor_80: float


def outcome(made: World) -> Outcome:
    """Forecast the new mall of a world and compare."""
    found = expected(learned(made.areas, made.weeks), made.new)
    plain = expected(learned(made.areas, made.weeks, scale=1e-6), made.new)
    low_80, low_50, high_50, high_80 = np.quantile(found.orders(), [0.1, 0.25, 0.75, 0.9])
    plain_low, plain_high = np.quantile(plain.orders(), [0.1, 0.9])
    return Outcome(
        made.spread,
        bool(round(low_50) <= made.truth <= round(high_50)),
        bool(round(low_80) <= made.truth <= round(high_80)),
        bool(round(plain_low) <= made.truth <= round(plain_high)),
        float(high_80 / max(0.5, low_80)),
    )


def line(name: str, found: Sequence[Outcome]) -> str:
    """Return what outcomes say, as one row."""
    held = [np.mean([getattr(each, field) for each in found]) for field in ("holds_50", "holds_80", "holds_80_plain")]
    error = np.sqrt(held[1] * (1 - held[1]) / len(found))
    width = np.median([each.factor_80 for each in found])
    return f"{name:<34}{len(found):>6}{held[0]:>8.1%}{held[1]:>8.1%} +-{error:.1%}{width:>8.2f}{held[2]:>10.1%}"


def heavy(rng: Generator, count: int) -> np.ndarray:
    """Return differences with heavy tails, of variance 1."""
    return rng.standard_t(4, count) / np.sqrt(2)


def two_kinds(rng: Generator, count: int) -> np.ndarray:
    """Return differences of malls of two kinds, of variance 1."""
    return rng.choice([-1.0, 1.0], count)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=2000)
    worlds = parser.parse_args().worlds
    print(f"{'worlds':<34}{'n':>6}{'in 50 %':>8}{'in 80 %':>8}{'':>7}{'width':>8}{'plain 80 %':>11}")
    is_good, began = True, time.process_time()
    for malls in MALLS:
        seeds = [np.random.default_rng([malls, number]) for number in range(worlds)]
        found = [outcome(world(rng, malls)) for rng in seeds]
        is_good &= LEAST <= float(np.mean([each.holds_80 for each in found])) <= MOST
        print(line(f"{malls} pilots, half-normal(0.5)", found))
        few = max(100, worlds // 4)
        for spread in SPREADS:
            print(
                line(
                    f"{malls} pilots, spread {spread}",
                    [outcome(world(np.random.default_rng([malls, number, 1]), malls, spread=spread)) for number in range(few)],
                )
            )
        for name, effect in (("heavy tails", heavy), ("two kinds of malls", two_kinds)):
            print(
                line(
                    f"{malls} pilots, {name}",
                    [outcome(world(np.random.default_rng([malls, number, 2]), malls, effect=effect)) for number in range(few)],
                )
            )
    print(f"width: high end of the 80 % band over its low end (median); {time.process_time() - began:.0f} s of processor time")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
