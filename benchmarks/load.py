"""Loading beside the least DuckDB can do: read the same Parquet, sort it, write it.

``python -m benchmarks.load [ORDERS]`` makes orders by SQL in a temporary folder, runs the plain copy, the H3 indexing alone and the whole
load, each in a process of its own, and prints seconds, the ratio ``(load - indexing) / plain`` and the largest resident memory.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np

ALLOWED_RATIO = 3.0
MEMORY_LIMIT = "2GB"

_MARKETS = "market_id,name,time_zone,boundary_counties\nnorth,North,America/New_York,99001\nsouth,South,America/Phoenix,99003\n"

_ORDERS = """
COPY (
    SELECT printf('o%09d', i) AS order_id, 'm' || (h % 70) AS mall_id, 's' || (h % 3000) AS store_id, 'c' || (h % 900000) AS customer_id,
        'd' || (h % 5000) AS driver_id, 't' || (i // 2) AS trip_id, 'delivered' AS status,
        placed_at, placed_at + to_seconds(300 + h % 1200) AS ready_at, placed_at + to_seconds(200 + h % 600) AS accepted_at,
        placed_at + to_seconds(900 + h % 900) AS arrived_at, placed_at + to_seconds(2000 + h % 600) AS picked_up_at,
        placed_at + to_seconds(2700 + h % 2000) AS delivered_at, placed_at + to_seconds(3600) AS promised_by,
        33.0 + (h % 70) * 0.01 + (h % 9973) * 1e-5 AS dropoff_latitude, -112.0 + (h % 70) * 0.01 + (h % 9967) * 1e-5 AS dropoff_longitude,
        h % 900 AS fee_cents
    FROM (
        SELECT i, (hash(i) % 1000000007)::BIGINT AS h,
            TIMESTAMPTZ '2026-01-05 00:00:00+00' + to_microseconds((hash(i + 1) % 15724800000000)::BIGINT) AS placed_at
        FROM range(?) AS orders(i)
    )
) TO 'orders.parquet' (FORMAT parquet)
"""


def make_input(folder: Path, orders: int) -> None:
    (folder / "markets.csv").write_text(_MARKETS, "utf-8")
    malls = (f"m{each},{'north' if each % 2 else 'south'},Mall {each},open,{33 + each * 0.01},{-112 + each * 0.01}" for each in range(70))
    (folder / "malls.csv").write_text("mall_id,market_id,name,status,latitude,longitude\n" + "\n".join(malls) + "\n", "utf-8")
    with duckdb.connect(config={"memory_limit": MEMORY_LIMIT}) as connection:
        connection.execute("SET TimeZone='UTC'")
        connection.execute(f"SET temp_directory='{folder / 'spill'}'")
        connection.execute(_ORDERS.replace("orders.parquet", str(folder / "orders.parquet")), [orders])


def plain(folder: Path) -> None:
    with duckdb.connect(str(folder / "plain.duckdb"), config={"memory_limit": MEMORY_LIMIT}) as connection:
        connection.execute(f"SET temp_directory='{folder / 'spill'}'")
        connection.execute(f"CREATE TABLE orders AS SELECT * FROM '{folder / 'orders.parquet'}' ORDER BY mall_id, placed_at")


def indexing(folder: Path) -> None:
    from data.cells import cells_at  # noqa: PLC0415 -- the plain copy needs nothing of the project

    with duckdb.connect() as connection:
        batches = connection.sql(f"SELECT dropoff_latitude, dropoff_longitude FROM '{folder / 'orders.parquet'}'").to_arrow_reader(
            1_000_000
        )
        cells = [cells_at(batch[0].to_numpy(), batch[1].to_numpy()) for batch in batches]
    print(f"{np.unique(np.concatenate(cells)).size:,} cells", file=sys.stderr)


def load(folder: Path) -> None:
    from data.load import load as load_files  # noqa: PLC0415
    from data.warehouse import Warehouse  # noqa: PLC0415

    files = [folder / name for name in ("markets.csv", "malls.csv", "orders.parquet")]
    result = load_files(files, warehouse=Warehouse(folder / "warehouse"), memory_limit=MEMORY_LIMIT)
    print(result.counts["orders"], file=sys.stderr)


STEPS = {"plain": plain, "indexing": indexing, "load": load}


def run_step(name: str, folder: Path) -> None:
    started = time.monotonic()
    STEPS[name](folder)
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": time.monotonic() - started, "peak_mb": peak_kb / 1024}))


def main(orders: int) -> int:
    measured = {}
    with tempfile.TemporaryDirectory(prefix="mallreach-benchmark-") as folder:
        make_input(Path(folder), orders)
        for name in STEPS:
            command = [sys.executable, "-m", "benchmarks.load", "--step", name, folder]
            output = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=Path(__file__).parent.parent).stdout
            measured[name] = json.loads(output.splitlines()[-1])
            print(f"{name:<9} {measured[name]['seconds']:7.1f} s  peak {measured[name]['peak_mb']:,.0f} MB resident")
    ratio = (measured["load"]["seconds"] - measured["indexing"]["seconds"]) / measured["plain"]["seconds"]
    print(f"{orders:,} orders: (load - indexing) / plain = {ratio:.2f}, allowed {ALLOWED_RATIO:.0f}")
    return 0 if ratio <= ALLOWED_RATIO else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--step"]:
        run_step(sys.argv[2], Path(sys.argv[3]))
    else:
        sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000))
