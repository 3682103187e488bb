"""Dirty files by the thousand: does any raise, lose a row, or hide a fault that was planted in it?

``python -m benchmarks.dirty_files [--files 10000] [--seed 1] [--seconds 1500]`` draws files of every table (see ``tests/dirty.py``), one in
twenty broken as a whole, loads each of them on every core, and prints how many, how many failed (with what to run them again by) and how
many a second. It stops after so many seconds and says how far it came.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from pathlib import Path

from data.errors import MallReachError
from tests.dirty import TABLES, broken_off, drawn, missed, written
from tests.loading import Shop, is_conserved

BATCH = 25
BROKEN_SHARE = 0.05


def outcome(folder: Path, seed: int) -> tuple[str, int, int]:
    """Load the file of one seed; return what went wrong (empty: nothing), rows read and faults planted."""
    chance = random.Random(seed)
    shop = Shop(folder)
    if chance.random() < BROKEN_SHARE:
        dirty = broken_off(chance)
        try:
            shop.load(shop.write(dirty.name, dirty.content))
        except MallReachError as error:
            return ("" if dirty.name in str(error) and "\n" not in str(error) else f"unclear: {error}"), 0, 1
        return f"{dirty.name} was loaded though it is broken", 0, 1
    plan = drawn(chance, chance.choice(TABLES))
    dirty = written(plan)
    result = shop.load(shop.write(dirty.name, dirty.content))
    count = result.counts[plan.table]
    if count.rows_in != dirty.rows or not is_conserved(count):
        return f"{plan}: {dirty.rows} rows became {count}", dirty.rows, len(dirty.planted)
    hidden = missed(plan, dirty, result.findings)
    return (f"{plan}: not told {hidden}" if hidden else ""), dirty.rows, len(dirty.planted)


def batch(base: Path, seeds: list[int]) -> list[tuple[int, str, int, int]]:
    """Load the files of some seeds, each into a copy of the base."""
    results = []
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(base, Path(folder) / "shop")
            try:
                results.append((seed, *outcome(Path(folder) / "shop", seed)))
            except Exception:  # noqa: BLE001 -- any exception is what is looked for
                results.append((seed, traceback.format_exc(limit=-3), 0, 0))
    return results


def batches(first: int, files: int) -> Iterator[list[int]]:
    seeds = iter(range(first, first + files))
    while seeds_ := list(islice(seeds, BATCH)):
        yield seeds_


def main() -> int:
    """Print the count, the failures and the rate; return 1 if any file failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1, help="seed of the first file; the next file has the next")
    parser.add_argument("--seconds", type=float, default=1500, help="stop after this time")
    parser.add_argument("--workers", type=int, default=None)
    arguments = parser.parse_args()
    started, totals, failures = time.monotonic(), Counter[str](), list[tuple[int, str]]()
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(arguments.workers) as pool:
        base = Shop(Path(folder)).open().folder
        waiting = [pool.submit(batch, base, seeds) for seeds in batches(arguments.seed, arguments.files)]
        for each in waiting:
            if time.monotonic() - started > arguments.seconds:
                pool.shutdown(wait=True, cancel_futures=True)
                break
            for seed, fault, rows, planted in each.result():
                totals.update(files=1, rows=rows, planted=planted)
                if fault:
                    failures.append((seed, fault))
    seconds = time.monotonic() - started
    for seed, fault in failures:
        print(f"--seed {seed} --files 1: {fault}", file=sys.stderr)
    print(
        f"{totals['files']:,} files with {totals['rows']:,} rows and {totals['planted']:,} planted faults: {len(failures):,} failed; "
        f"{seconds:.0f} s, {totals['files'] / seconds:.1f} files a second"
    )
    return 1 if failures or not totals["files"] else 0


if __name__ == "__main__":
    sys.exit(main())
