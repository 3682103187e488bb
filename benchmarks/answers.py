"""What exactness and hiding cost: answers beside plain DuckDB on the same synthetic orders, in one run.

``python benchmarks/answers.py [--orders N]`` builds N orders (10 million) in a temporary warehouse, then prints for each question the best
of three times, and the ratio to what a plain ``quantile_cont`` or ``count`` over the same filter and groups takes. An answer scans for the
figures, for the people behind them and for what is left out, and brings bounds of percentiles, all of which the plain query does not.

Seen on two cores under load: click-to-door of all markets by week 0.4 to 0.7 s, by mall and week 1.9 s, by 90,000 cells 3.6 s,
because there the counts per second are hardly fewer than the orders.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import h3

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from analytics.answers import answers
from analytics.parameters import EVERYTHING, Parameters
from data.contracts import table
from data.engine import Engine
from data.warehouse import PartSpec, Record, Version, Warehouse

MALLS, DAYS, CELLS_PER_MALL = 30, 182, 3000
FIRST_ON = date(2026, 1, 5)
LAST_MONTH = Parameters(start_on=date(2026, 6, 1), end_on=date(2026, 6, 29))

QUESTIONS = (
    ("click_to_door", Parameters(by=("week",)), "SELECT local_week_on, quantile_cont(click_to_door_s, [0.5, 0.9]) FROM orders GROUP BY 1"),
    (
        "click_to_door",
        Parameters(by=("mall", "week")),
        "SELECT mall_id, local_week_on, quantile_cont(click_to_door_s, [0.5, 0.9]) FROM orders GROUP BY ALL",
    ),
    ("click_to_door", Parameters(by=("cell",)), "SELECT dropoff_cell, quantile_cont(click_to_door_s, [0.5, 0.9]) FROM orders GROUP BY 1"),
    (
        "click_to_door",
        Parameters(mall_id="M7", start_on=LAST_MONTH.start_on, end_on=LAST_MONTH.end_on, by=("cell",)),
        """SELECT dropoff_cell, quantile_cont(click_to_door_s, [0.5, 0.9]) FROM orders
        WHERE mall_id = 'M7' AND local_date >= '2026-06-01' AND local_date < '2026-06-29' GROUP BY 1""",
    ),
    (
        "on_time_share",
        Parameters(by=("week",)),
        "SELECT local_week_on, count(*) FILTER (late_s <= 0), count(late_s) FROM orders GROUP BY 1",
    ),
    ("orders", Parameters(by=("mall",)), "SELECT mall_id, count(*) FROM orders GROUP BY 1"),
    ("orders", Parameters(), "SELECT count(*) FROM orders"),
    (
        "stages",
        Parameters(by=("week",)),
        "SELECT local_week_on, sum(prep_s), sum(assign_s), sum(approach_s), sum(mall_dwell_s), sum(drive_s) FROM orders GROUP BY 1",
    ),
)


def built(root: Path, orders: int) -> Version:
    """Publish synthetic orders, sorted by mall and time as a load sorts them."""
    mall = f"(i * {MALLS} // {orders})"
    columns = {
        "order_id": "'o' || i",
        "market_id": f"'market' || {mall} % 3",
        "mall_id": f"'M' || {mall}",
        "customer_id": "'c' || hash(i) % 2000000",
        "customer_bucket": "hash('c' || hash(i) % 2000000) % 32",
        "status": "'delivered'",
        "placed_at": "TIMESTAMP '2026-01-05 18:00:00' + to_days(day)",
        "dropoff_cell": f"(SELECT cells FROM places)[1 + {mall} * {CELLS_PER_MALL} + (hash(i + 1) % {CELLS_PER_MALL})::BIGINT]",
        "local_date": "DATE '2026-01-05' + day",
        "local_hour": "10 + (hash(i + 2) % 11)::BIGINT",
        "local_dow": "1 + day % 7",
        "local_week_on": "DATE '2026-01-05' + day // 7 * 7",
        "click_to_door_s": "1200 + (hash(i + 3) % 3000 + hash(i + 4) % 1500)::BIGINT",
        "late_s": "(hash(i + 5) % 3000)::BIGINT - 2500",
        "unsplit_s": "0",
        **{
            f"{stage}_s": f"(hash(i + {seed}) % 900)::BIGINT"
            for seed, stage in enumerate(("prep", "assign", "approach", "mall_dwell", "drive"), 6)
        },
    }
    contract = table("orders")
    chosen = ", ".join(f"({columns.get(column.name, 'NULL')})::{column.kind.duckdb_type} AS {column.name}" for column in contract.columns)
    per_mall = orders // MALLS
    with Warehouse(root).draft() as draft:
        with duckdb.connect(str(draft.file)) as file:
            file.execute("CREATE TEMP TABLE places AS SELECT ?::BIGINT[] AS cells", [places()])
            file.execute(contract.ddl())
            day = f"(i % {per_mall} * {DAYS} // {per_mall})::INTEGER AS day"
            file.execute(f"INSERT INTO orders SELECT {chosen} FROM (SELECT i, {day} FROM range({orders}) AS r(i))")
            file.execute(table("malls").ddl())
            malls = f"SELECT 'M' || i, 'market' || i % 3, '', 0, 0 FROM range({MALLS}) AS r(i)"
            file.execute(f"INSERT INTO malls (mall_id, market_id, name, latitude, longitude) {malls}")
        tables = {"orders": PartSpec(orders), "malls": PartSpec(MALLS)}
        return draft.publish(tables=tables, replace=set(), record=Record(synthetic=True))


def places() -> list[int]:
    """Return real cells of resolution 9, enough for every mall."""
    around = sorted(h3.grid_disk(h3.latlng_to_cell(36.13, -115.17, 9), 175))
    return [int(cell, 16) for cell in around[: MALLS * CELLS_PER_MALL]]


def best_s(run: Callable[[], object]) -> float:
    times = []
    for _ in range(3):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description="Time answers beside plain DuckDB.")
    parser.add_argument("--orders", type=int, default=10_000_000)
    orders = parser.parse_args().orders
    with tempfile.TemporaryDirectory() as folder:
        version = built(Path(folder) / "warehouse", orders)
        engine = Engine.of(version)
        print(f"{orders:,} orders, {MALLS} malls, {DAYS} days from {FIRST_ON}")
        print(f"{'metric':14} {'asked':34} {'rows':>7} {'answer s':>9} {'plain s':>8} {'ratio':>6}")
        for metric, parameters, plain in QUESTIONS:
            asked = " ".join(
                filter(
                    None,
                    [
                        ",".join(parameters.by) and "by " + ",".join(parameters.by),
                        parameters.mall_id,
                        "4 weeks" if parameters.start_on else "",
                    ],
                )
            )
            rows = answers(metric, parameters, EVERYTHING, version).table.num_rows
            ours = best_s(lambda: answers(metric, parameters, EVERYTHING, version))  # noqa: B023 - called at once
            theirs = best_s(lambda: engine.table(plain))  # noqa: B023
            print(f"{metric:14} {asked or 'in all':34} {rows:7,} {ours:9.3f} {theirs:8.3f} {ours / theirs:6.1f}")


if __name__ == "__main__":
    main()
