"""H3 indexing on Arrow batches beside a loop of ``h3.latlng_to_cell``: at least three times as fast, with the same cells.

``python -m benchmarks.h3_indexing [POINTS]``
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
RUNS = 7


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    return work(), time.perf_counter() - started


def main(points: int) -> int:
    random = np.random.default_rng(1)
    latitude, longitude = random.uniform(33, 40, points), random.uniform(-115, -77, points)
    cells_at(latitude[:1000], longitude[:1000])

    pairs = list(zip(latitude.tolist(), longitude.tolist(), strict=True))
    bulk_s = loop_s = float("inf")
    # In turns, and the fastest of each: other programs only ever slow them down.
    for _ in range(RUNS):
        bulk, seconds = timed(lambda: cells_at(latitude, longitude))
        bulk_s = min(bulk_s, seconds)
        loop, seconds = timed(lambda: [h3.latlng_to_cell(y, x, CELL_RESOLUTION) for y, x in pairs])
        loop_s = min(loop_s, seconds)

    differing = sum(h3.str_to_int(one) != other for one, other in zip(loop, bulk.tolist(), strict=True))
    ratio = loop_s / bulk_s
    print(f"{points:,} points: bulk {points / bulk_s / 1e6:.1f} M/s, loop {points / loop_s / 1e6:.2f} M/s, {ratio:.1f} times as fast")
    print(f"{differing} cells differ; needed: {NEEDED_RATIO:.0f} times, 0 cells")
    return 0 if ratio >= NEEDED_RATIO and not differing else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 300_000))
