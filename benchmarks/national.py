"""A national choice by the command line: 1,000 candidate malls in 100 markets, from files to a proven set.

``python benchmarks/national.py [--folder DIR] [--markets N]`` writes files of made-up markets, malls, areas and a quarter of orders of
twelve pilots, loads them as anybody's files are loaded, and measures ``python -m analytics choose`` (the best 50 for people, for the
shortest drives, for orders), ``verify`` of each certificate, and ``rank`` as whole commands, with the command's own start: seconds of the
clock, seconds of processor time (the clock of a machine that does other work says little), and the most memory.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.csv_files import written

ROOT = Path(__file__).resolve().parent.parent
MARKETS, CANDIDATES, AREAS = 100, 10, 1_000
PILOTS, WEEKS, ORDERS_A_WEEK = 12, 14, 600
FIRST = datetime(2026, 1, 5)  # noqa: DTZ001 - a local wall clock, as sources have it
SPREAD_DEG = 0.12
"""Standard deviation of areas around a market's center, degrees: about 13 km."""

COMMANDS = (
    ("choose 50 for people", ("choose", "--open", "50", "--next", "1", "--format", "json")),
    ("choose 50 for the shortest drives", ("choose", "--open", "50", "--aim", "minutes", "--next", "1", "--format", "json")),
    ("choose 50 for orders", ("choose", "--open", "50", "--aim", "orders", "--next", "1", "--format", "json")),
    ("rank", ("rank", "--format", "json")),
)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Run:
    """What a command took and said: seconds of the clock and of the processors, gigabytes at the most, exit code, both outputs."""

    clock_s: float
    processor_s: float
    peak_gb: float
    code: int
    out: str
    error: str


def files(folder: Path, markets: int = MARKETS, seed: int = 1) -> list[Path]:
    """Write markets on a grid over the plains, each with an open mall, candidates and areas, and orders of pilots; return the paths."""
    rng = np.random.default_rng(seed)
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in ("markets", "malls", "demand_areas", "orders", "trips")}
    for number in range(markets):
        market = f"market-{number:03}"
        rows["markets"].append({"market_id": market, "name": f"Market {number}", "time_zone": "America/Chicago"})
        center = np.array([31.0 + 1.5 * (number % 10), -104.0 + 1.5 * (number // 10)])
        points = center + rng.normal(0, SPREAD_DEG, (AREAS, 2))
        people = rng.integers(200, 4_000, AREAS)
        income = rng.normal(7_000_000, 1_500_000, AREAS).clip(2_000_000).astype(int)
        rows["demand_areas"] += [
            {"area_id": f"{market}-{area}", "market_id": market, "latitude": latitude, "longitude": longitude}
            | {"population": count, "households": round(count / 2.6), "income_cents": cents}
            for area, ((latitude, longitude), count, cents) in enumerate(
                zip(points.tolist(), people.tolist(), income.tolist(), strict=True)
            )
        ]
        for mall, place in enumerate(rng.choice(AREAS, 1 + CANDIDATES, replace=False).tolist()):
            latitude, longitude = points[place].tolist()
            name = {"mall_id": f"{market}-mall-{mall}", "market_id": market, "name": f"Mall {mall} of market {number}"}
            status = {"status": "candidate" if mall else "open", "store_count": int(rng.integers(60, 240))}
            rows["malls"].append({**name, **status, "latitude": latitude, "longitude": longitude})
            if not mall and number < PILOTS:
                orders, trips = _orders(rng, name, points[place], points, people)
                rows["orders"] += orders
                rows["trips"] += trips
    return written(folder, rows)


def _orders(
    rng: np.random.Generator, mall: dict[str, str], place: Floats, points: Floats, people: npt.NDArray[np.int64]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the orders of a pilot and the trip of each: people order the less the farther they live."""
    away_km = np.hypot((points[:, 0] - place[0]) * 111, (points[:, 1] - place[1]) * 111 * np.cos(np.radians(place[0])))
    pull = people * np.exp(-away_km / 6) * (away_km < 25)
    count = int(ORDERS_A_WEEK * WEEKS * rng.lognormal(0, 0.3))
    area = rng.choice(len(points), count, p=pull / pull.sum())
    doors = points[area] + rng.normal(0, 0.003, (count, 2))
    placed_s = np.sort(rng.integers(0, WEEKS * 7, count) * 86_400 + rng.integers(10 * 3_600, 21 * 3_600, count))
    stages_s = np.stack(
        [rng.integers(60, 400, count), rng.integers(400, 1_500, count), 240 + 95 * away_km[area] * rng.lognormal(0, 0.2, count)]
    )
    instants = placed_s + np.concatenate([np.zeros((1, count)), np.cumsum(stages_s, axis=0)]).astype(int)
    orders, trips = [], []
    for number, (placed, accepted, picked_up, delivered) in enumerate(instants.T.tolist()):
        name = f"{mall['mall_id']}-{number}"
        same = {
            "market_id": mall["market_id"],
            "mall_id": mall["mall_id"],
            "trip_id": f"t-{name}",
            "driver_id": f"d-{mall['mall_id']}-{number % 40}",
        }
        same |= {"accepted_at": _instant(accepted), "picked_up_at": _instant(picked_up)}
        orders.append(
            {"order_id": name, "customer_id": f"c-{name[:-1]}", "status": "delivered", **same}
            | {"placed_at": _instant(placed), "delivered_at": _instant(delivered), "promised_by": _instant(placed + 4_200)}
            | {"dropoff_latitude": doors[number, 0], "dropoff_longitude": doors[number, 1], "fee_cents": 900}
        )
        pay = 500 + round((delivered - accepted) / 4)
        trips.append({**same, "ended_at": _instant(delivered), "status": "completed", "order_count": 1, "pay_cents": pay})
    return orders, trips


def _instant(seconds: int) -> str:
    return (FIRST + timedelta(seconds=seconds)).isoformat()


def measured(command: Iterable[str], folder: Path) -> Run:
    """Run a command of the project and measure it."""
    out, error = folder / "out.txt", folder / "error.txt"
    with out.open("wb") as said, error.open("wb") as told:
        start = time.perf_counter()
        child = subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, stdout=said, stderr=told)
        _, status, used = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    peak_gb = used.ru_maxrss * 1_024 / 1e9
    return Run(seconds, used.ru_utime + used.ru_stime, peak_gb, child.returncode, out.read_text("utf-8"), error.read_text("utf-8"))


def main() -> None:
    """Load the files, run the commands, and print what each took."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("--folder", type=Path, help="where files and warehouse are kept (default: a temporary folder)")
    options.add_argument("--markets", type=int, default=MARKETS, help="markets, each with 10 candidates (default: 100)")
    asked = options.parse_args()
    with TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        warehouse = str(folder / "warehouse")
        paths = [str(path) for path in files(folder, asked.markets)]
        what = f"load {asked.markets * (1 + CANDIDATES):,} malls and {asked.markets * AREAS:,} areas"
        _say(what, measured(("data", "load", *paths, "--warehouse", warehouse), folder))
        certificate = folder / "certificate.json"
        for name, command in COMMANDS:
            is_certified = command[0] == "choose"
            more = ("--certificate", str(certificate)) if is_certified else ()
            _say(name, measured(("analytics", *command, *more, "--warehouse", warehouse), folder))
            if is_certified:
                _say("verify it", measured(("analytics", "verify", str(certificate), "--warehouse", warehouse), folder))


def _say(what: str, run: Run) -> None:
    said = "" if run.code == 0 else run.error.strip()[-300:]
    if run.code == 0 and run.out.startswith("{"):
        said = json.loads(run.out).get("answer", "")[-150:]
    took = f"{run.clock_s:.1f} s, {run.processor_s:.1f} s of processor time, {run.peak_gb:.1f} GB"
    print(f"{what}: {took}, exit {run.code}; {said}", flush=True)


if __name__ == "__main__":
    main()
