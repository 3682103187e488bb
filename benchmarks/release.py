"""What a release costs: cutting all months that are over into blocks, and asking tables of them afterwards.

``python benchmarks/release.py --warehouse DIR`` cuts the months of the warehouse's version anew (of made-up orders only: real ones are
fixed once they are cut), then asks each table of all malls and of one. Beside the time stands the processor time of both cores, which a
busy machine changes less.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from analytics.parameters import RELEASED
from analytics.release import BY, release
from data.blocks import blocks
from data.warehouse import Warehouse


def timed(name: str, ask: Callable[[], int]) -> None:
    started, worked = time.perf_counter(), time.process_time()
    rows = ask()
    print(f"{name:<28} {time.perf_counter() - started:8.2f} s {time.process_time() - worked:8.2f} s of processor  {rows:>9,} rows")


def main(root: Path) -> int:
    version = Warehouse(root).current()
    if version is None or not version.manifest.synthetic:
        print(f"{root}: no version of made-up orders serves here", file=sys.stderr)
        return 1
    print(f"{version.id}: {version.manifest.rows('orders'):,} orders")
    timed("cut all months", lambda: blocks(version, anew=True).num_rows)
    mall = blocks(version)["mall_id"][0].as_py()
    for by in BY:
        timed(f"by {by}, all malls", lambda by=by: release(by, RELEASED, version).table.num_rows)
        timed(f"by {by}, one mall", lambda by=by: release(by, RELEASED, version, mall_id=mall).table.num_rows)
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--warehouse", type=Path, required=True, metavar="DIR", help="folder of versions of made-up orders")
    sys.exit(main(parser.parse_args().warehouse))
