"""What files cost: a million rows in every format, the seconds of processor time that writing takes, and memory that stays the same.

``python -m benchmarks.exports [ROWS]``. Every file is written in a process of its own, once, and once with four times the rows.
"""

import resource
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import date, datetime, timedelta
from multiprocessing import get_context

import h3
import numpy as np
import pyarrow as pa

from analytics.export import FORMATS, Format, Table, pieces

KIBI = 1024
SAMPLE_ROWS = 100_000
NEEDED_S_PER_ROW = 1.2e-6


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


def written(table: Table, format_: Format) -> tuple[float, float, int]:
    """Write a file to nowhere; return wall seconds, processor seconds and bytes."""
    wall, processor = time.perf_counter(), time.process_time()
    total = sum(map(len, pieces(table, format_)))
    return time.perf_counter() - wall, time.process_time() - processor, total


def measured(format_: Format, rows: int) -> tuple[float, float, int, float]:
    """Write in a process of its own; add the megabytes by which writing raised the most memory that it took."""
    Repeated.times = max(1, rows // SAMPLE_ROWS)
    table = Repeated(sample(SAMPLE_ROWS), "sample", {"what": "a benchmark"})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = written(table, format_)
    return *found, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / KIBI


def main(rows: int) -> int:
    print(f"{'':22}{rows:>12,} rows {4 * rows:>20,} rows")
    print(f"{'':12}{'wall s':>8}{'cpu s':>8}{'MB':>8}{'+MB memory':>12}{'cpu s':>10}{'+MB memory':>12}")
    failures = 0
    for format_ in FORMATS:
        four_times = rows * 4 if format_ != "xlsx" else rows  # a sheet ends at a million
        runs = []
        for each in (rows, four_times):
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
                runs.append(alone.submit(measured, format_, each).result())
        (wall, processor, total, memory), (_, processor_more, _, memory_more) = runs
        print(f"{format_:12}{wall:8.2f}{processor:8.2f}{total / 1e6:8.0f}{memory:12.0f}{processor_more:10.2f}{memory_more:12.0f}")
        failures += memory_more > 1.5 * memory + 40
        failures += format_ == "csv" and processor / rows > NEEDED_S_PER_ROW
    print("needed: memory the same for four times the rows; csv within 1.2 processor seconds a million rows")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
