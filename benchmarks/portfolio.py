"""How long the choice of a portfolio takes, and how good it is known to be: markets as rows, the whole nation, one metro, p-median.

    python benchmarks/portfolio.py [--limit SECONDS] [--only NAME]

Each instance is made by fixed random numbers: malls stand where people live, people live around a few centers, and a mall reaches the cells
around it. Printed are cells, rows after merging and the factor between them, the value, its bound, the gap, the seconds, and what greed
had.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from scipy.spatial import cKDTree

from analytics.models.conditions import conditions
from analytics.models.covering import Choice, as_distance, best, next_best
from analytics.models.gains import Gains, covering_gains
from analytics.models.savings import Savings, distance_gains


@dataclass(frozen=True)
class Case:
    """One instance: malls, cells, markets, reach as a part of a market's width, how many are opened, and how many must reach a cell."""

    name: str
    malls: int
    cells: int
    markets: int
    reach: float
    k: int
    backup: int = 1
    is_median: bool = False


CASES = (
    Case("50 malls x 5,000 cells, 3 markets", 50, 5_000, 3, 0.20, 5),
    Case("50 malls x 5,000 cells, 1 market", 50, 5_000, 1, 0.20, 5),
    Case("the same, 10 malls", 50, 5_000, 1, 0.30, 10),
    Case("the same, a second mall as backup", 50, 5_000, 3, 0.20, 5, backup=2),
    Case("nation: 500 malls x 50,000 cells, 50 markets", 500, 50_000, 50, 0.20, 25),
    Case("nation: 1,000 malls x 100,000 cells, 100 markets", 1_000, 100_000, 100, 0.20, 60),
    Case("one metro: 500 malls x 5,000 cells", 500, 5_000, 1, 0.10, 15),
    Case("one metro: 2,000 malls x 20,000 cells", 2_000, 20_000, 1, 0.06, 40),
    Case("p-median: 50 malls x 5,000 cells, 3 markets", 50, 5_000, 3, 0.6, 5, is_median=True),
    Case("p-median: 50 malls x 5,000 cells, 1 market", 50, 5_000, 1, 0.6, 5, is_median=True),
    Case("p-median: 400 malls x 400 cells, 40 opened", 400, 400, 1, 1.0, 40, is_median=True),
    Case("p-median: 900 malls x 900 cells, 90 opened", 900, 900, 1, 1.0, 90, is_median=True),
)
WIDE = 1_000


def made(case: Case, seed: int = 1) -> tuple[Gains | Savings, int, float]:
    """Return the problem, what a p-median value is taken from (else 0), and the seconds that merging took."""
    random = np.random.default_rng(seed)
    malls, cells = [], []
    for market in range(case.markets):
        centers = random.random((6, 2))
        count = case.cells // case.markets + (market < case.cells % case.markets)
        own = centers[random.integers(0, 6, count)] + random.normal(0, 0.15, (count, 2))
        stand = case.malls // case.markets + (market < case.malls % case.markets)
        malls.append(own[random.choice(count, stand, replace=False)] + random.normal(0, 0.03, (stand, 2)) + 10 * market)
        cells.append(own + 10 * market)
    points, places = np.vstack(malls), np.vstack(cells)
    weights = random.integers(1, 3_000, len(places))
    if case.is_median:
        longest = round(WIDE * case.reach)
        away = np.rint(WIDE * np.hypot(*(places[:, None] - points[None]).transpose(2, 0, 1))).astype(np.int64)
        began = perf_counter()
        problem: Gains | Savings = distance_gains(weights, away, longest=longest)
        return problem, int(weights.sum()) * longest, perf_counter() - began
    covers = [np.array(sorted(near)) for near in cKDTree(places).query_ball_point(points, case.reach)]
    began = perf_counter()
    problem = covering_gains(weights, covers, backup=case.backup)
    return problem, 0, perf_counter() - began


def line(case: Case, choice: Choice, problem: Gains | Savings, merging_s: float) -> str:
    """Return what came of an instance as a row of a table."""
    rows = problem.rows if isinstance(problem, Gains) else choice.rows
    factor = f"{problem.cells / rows:.1f}" if rows and isinstance(problem, Gains) else "-"
    proven = "proven" if choice.is_proven else f"gap {choice.gap:.3%}"
    greedy = "-" if choice.greedy is None else f"{abs(choice.greedy - choice.value) / choice.value:.2%} worse"
    cells = [case.name, f"{problem.cells:,}", f"{rows:,}" if rows else "-", factor, f"{merging_s:.2f}", f"{choice.value:,}"]
    return f"| {' | '.join([*cells, f'{choice.bound:,}', proven, f'{choice.seconds:.2f}', greedy])} |"


def main() -> None:
    """Run the instances and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limit", type=float, default=10.0, metavar="S", help="seconds for each (default: 10)")
    parser.add_argument("--only", metavar="TEXT", help="only instances whose name holds this")
    options = parser.parse_args()
    print("| instance | cells | rows | factor | merging s | value | bound | | seconds | greedy |")
    print("| --- | --: | --: | --: | --: | --: | --: | --- | --: | --: |")
    for case in CASES:
        if options.only and options.only not in case.name:
            continue
        problem, most, merging_s = made(case)
        kept = conditions(problem.sites, k=case.k)
        choice = best(problem, kept, time_limit_s=options.limit)
        told = as_distance(choice, most) if most else choice
        print(line(case, told, problem, merging_s), flush=True)
        if case is CASES[0]:
            began = perf_counter()
            count = len(list(next_best(problem, kept, choice.sites)))
            print(f"| its {count} next best sets | | | | | | | all proven | {perf_counter() - began:.2f} | |", flush=True)


if __name__ == "__main__":
    main()
