"""H3 indexing on Arrow batches beside a loop of ``h3.latlng_to_cell``: at least three times as fast, with the same cells.

``python -m benchmarks.h3_indexing [POINTS]``. Both end with what the warehouse stores, integers; the loop without that last step, which
leaves texts, is printed beside them. The three take turns, and the fastest run of each counts: other programs only ever slow them down.
Bulk indexing uses every core: measure while nothing else runs.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

import h3
import numpy as np

from data.cells import cells_at
from data.contracts import CELL_RESOLUTION

NEEDED_RATIO = 3.0
RUNS = 15


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    return work(), time.perf_counter() - started


def main(points: int) -> int:
    random = np.random.default_rng(1)
    latitude, longitude = random.uniform(33, 40, points), random.uniform(-115, -77, points)
    pairs = list(zip(latitude.tolist(), longitude.tolist(), strict=True))
    ways: dict[str, Callable[[], Any]] = {
        "bulk": lambda: cells_at(latitude, longitude),
        "loop": lambda: [h3.str_to_int(h3.latlng_to_cell(y, x, CELL_RESOLUTION)) for y, x in pairs],
        "loop to texts": lambda: [h3.latlng_to_cell(y, x, CELL_RESOLUTION) for y, x in pairs],
    }
    seconds, results = dict.fromkeys(ways, float("inf")), {}
    for _ in range(RUNS):
        for name, way in ways.items():
            results[name], taken = timed(way)
            seconds[name] = min(seconds[name], taken)

    differing = sum(one != other for one, other in zip(results["loop"], results["bulk"].tolist(), strict=True))
    for name, taken in seconds.items():
        print(f"{name:<14} {points / taken / 1e6:5.2f} M points/s")
    ratio = seconds["loop"] / seconds["bulk"]
    print(f"bulk is {ratio:.1f} times as fast, {differing} cells differ; needed: {NEEDED_RATIO:.0f} times, 0 cells")
    return 0 if ratio >= NEEDED_RATIO and not differing else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 300_000))
