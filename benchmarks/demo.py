"""How long the demo takes: generation alone, and with the load into a warehouse.

    python -m benchmarks.demo [ORDERS]

Prints seconds, seconds per 100,000 orders, and the peak resident memory of the process so far.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

from data import demo
from data.demo.generate import write_demo
from data.warehouse import Warehouse


def silent(_: str, __: int, ___: int) -> None:
    """Show no progress."""


def line(label: str, seconds: float, orders: int) -> str:
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024
    return f"{label:<28}{seconds:8.1f} s{seconds / orders * 100_000:8.2f} s per 100,000 orders{peak_mb:10,.0f} MB peak"


def main(orders: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        written = write_demo(Path(folder), orders=orders, seed=1)
        print(f"{written.rows['orders']:,} orders, {written.rows['trips']:,} trips, {written.rows['offers']:,} offers")
        print(line("generation to Parquet", time.perf_counter() - begin, orders))
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        version = demo.build(Warehouse(Path(folder)), orders=orders, seed=1, progress=silent)
        print(line("generation and load", time.perf_counter() - begin, version.manifest.rows("orders")))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
