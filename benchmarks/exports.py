"""What files cost: a million rows in every format, the seconds of processor time and the memory that writing takes.

``python -m benchmarks.exports [--rows N]``
"""

import argparse
import resource
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import h3
import numpy as np
import pyarrow as pa

from analytics.export import FORMATS, KINDS, Format, Table, pieces

KIBI = 1024


class Repeated(Table):
    """A table that hands out the same rows again and again, so that what it takes itself does not hide what writing takes."""

    times = 1

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.table.num_rows * self.times

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Iterate over the rows as they leave."""
        for _ in range(self.times):
            yield from super().batches()


def sample(rows: int) -> pa.Table:
    """Return rows as the rows behind a figure are: mall, cell, two instants, stages, and a text with quotes now and then."""
    random = np.random.default_rng(5)
    cells = np.array([int(cell, 16) for cell in h3.grid_disk(h3.latlng_to_cell(36.13, -115.17, 9), 40)])
    placed = [datetime.fromisoformat("2026-03-02T12:00:00") + timedelta(seconds=int(each)) for each in random.integers(0, 10_000_000, rows)]
    names = pa.array(["fashion-show", "meadows-mall", 'the "other" mall', "=1+1", None])
    return pa.table(
        {
            "mall_id": names.take(pa.array(random.integers(0, 5, rows))),
            "cell": cells[random.integers(0, len(cells), rows)],
            "local_date": pa.array([date(2026, 3, 2)] * rows),
            "placed_at_utc": pa.array(placed, pa.timestamp("s")),
            "placed_at_local": pa.array(placed, pa.timestamp("s")),
            "click_to_door_s": random.integers(600, 9000, rows),
            "prep_s": random.integers(0, 3000, rows),
            "approach_s": random.integers(0, 3000, rows),
            "drive_s": random.integers(0, 3000, rows),
            "late_s": pa.array(random.integers(-3000, 3000, rows), mask=random.random(rows) < 0.1),
            "share": random.random(rows),
            "suppressed": random.random(rows) < 0.1,
        }
    )


def written(table: Table, format_: Format) -> tuple[float, float, int, int]:
    """Write a file to nowhere; return wall seconds, processor seconds, bytes and the longest piece."""
    wall, processor = time.perf_counter(), time.process_time()
    total = longest = 0
    for piece in pieces(table, format_):
        total, longest = total + len(piece), max(longest, len(piece))
    return time.perf_counter() - wall, time.process_time() - processor, total, longest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    table = Repeated(sample(100_000), "sample", {"what": "a benchmark"})
    Repeated.times = max(1, options.rows // 100_000)
    print(f"{table.rows:,} rows of {len(table.schema)} columns")
    print(f"{'':12}{'wall s':>8}{'cpu s':>8}{'MB':>8}{'piece MB':>10}{'peak MB':>9}")
    for format_ in FORMATS:
        if format_ in {"geojson", "json"} and table.rows > 1_000_000:
            continue
        wall, processor, total, longest = written(table, format_)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIBI
        print(f"{KINDS[format_].label:12}{wall:8.2f}{processor:8.2f}{total / 1e6:8.1f}{longest / 1e6:10.1f}{peak:9.0f}")


if __name__ == "__main__":
    main()
