"""The warehouse of ten million made-up orders that several benchmarks ask."""

from pathlib import Path

from data.demo import build
from data.warehouse import Version, Warehouse

ORDERS = 10_000_000


def warehouse(folder: Path) -> Version:
    """Return the version that serves, after building it where there is none."""
    if Warehouse(folder).current() is None:
        print(f"building {ORDERS:,} orders in {folder} ...", flush=True)
        build(Warehouse(folder), orders=ORDERS)
    version = Warehouse(folder).current()
    if version is None:
        raise RuntimeError(f"{folder}: nothing was published")
    return version
