"""What ranking costs: scores and rank acceptability of many malls under many weightings, and the page's question on a warehouse.

``python benchmarks/ranking.py [--warehouse DIR]`` times, best of three:

- 10,000 weightings x 1,000 malls x 12 criteria, drawn scores, wall clock and processor time; beside it a plain numpy version that sorts
  the whole matrix at once;
- with a warehouse, the ranking of its candidates and of 50 places dropped over its markets, first when nothing is kept (criteria, model of
  the drives, forecasts), then after a weight moves, then after the drive time moves.

Seen on two cores that eight processes shared (processor time / clock): 10,000 x 1,000 in 0.25 / 0.8 s, sorted at once 1.0 / 3.0 s; 60
candidates in 3 markets of 200,000 orders: nothing kept 5.0 / 25 s, after a weight moves 0.01 / 0.07 s, after the drive time moves 0.2 /
0.7 s.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from analytics.choosing.ranking import ranking
from analytics.choosing.scenario import pin_at, pins_text, scenario
from analytics.choosing.sites import sites
from analytics.models.scores import WHOLE, Integers, all_weightings, rank_counts
from data.warehouse import Version, Warehouse

MALLS, CRITERIA, WEIGHTINGS = 1_000, 12, 10_000
PLACES = 50


def timed(what: str, run: Callable[[], object], times: int = 3) -> None:
    """Print the best of some runs: wall clock and processor time."""
    best = []
    for _ in range(times):
        clock, worked = time.perf_counter(), time.process_time()
        run()
        best.append((time.perf_counter() - clock, time.process_time() - worked))
    wall, processor = min(each for each, _ in best), min(each for _, each in best)
    print(f"{what:<72} {wall:6.2f} s  {processor:6.2f} s of processor time")


def plain(scores: Integers, weightings: Integers) -> Integers:
    """Return the same counts by sorting everything at once: ties by position, not in turns."""
    order = np.argsort(-(weightings @ scores.T), axis=1, kind="stable")
    counts = np.zeros((len(scores), len(scores)), np.int64)
    np.add.at(counts, (order, np.arange(len(scores))[None, :]), 1)
    return counts


def places(version: Version, count: int) -> str:
    """Return places dropped around the malls of a version, as a text of pins."""
    rng, known = np.random.default_rng(1), sites(version)
    pins = []
    for number in range(count):
        near = known[number % len(known)]
        latitude, longitude = near.latitude + rng.normal(0, 0.08), near.longitude + rng.normal(0, 0.08)
        pins.append(pin_at(f"Place {number + 1}", latitude, longitude, near.market_id, int(rng.integers(40, 250))))
    return pins_text(pins)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--warehouse", type=Path)
    options = parser.parse_args()
    scores = np.random.default_rng(0).integers(0, WHOLE + 1, (MALLS, CRITERIA))
    weightings = all_weightings(CRITERIA, WEIGHTINGS)
    title = f"{WEIGHTINGS:,} weightings x {MALLS:,} malls x {CRITERIA} criteria"
    timed(f"rank acceptability: {title}", lambda: rank_counts(scores, weightings))
    timed("the same, sorted at once", lambda: plain(scores, weightings), times=1)
    version = Warehouse(options.warehouse).current() if options.warehouse else None
    if version is None:
        return
    pins = places(version, PLACES)
    texts = {"pins": pins}
    markets = len({site.market_id for site in sites(version)})
    count = len(ranking(version, scenario({}), also=()).rows) + PLACES
    timed(f"ranking of {count} candidates in {markets} markets, nothing kept", lambda: ranking(version, scenario(texts)), times=1)
    moved = iter(range(40, 44))
    timed("after a weight moves", lambda: ranking(version, scenario(texts | {"weights": f"newly:{next(moved)},orders:20,cost:20"})))
    drives = iter((15, 30, 25))
    timed("after the drive time moves", lambda: ranking(version, scenario(texts | {"drive": str(next(drives))})))


if __name__ == "__main__":
    main()
