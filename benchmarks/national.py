"""A national choice by the command line: 1,000 candidate malls in 100 markets, from files to a proven set.

``python benchmarks/national.py [--folder DIR]`` writes files of made-up markets, malls and areas, loads them as anybody's files are loaded,
and times ``python -m analytics choose`` (the best 50 for people, and for the shortest drives) and ``rank`` as whole commands, with the
command's own start.
"""

import argparse
import csv
import json
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
MARKETS, CANDIDATES, AREAS = 100, 10, 1_000
SPREAD_DEG = 0.12
"""Standard deviation of areas around a market's center, degrees: about 13 km."""

COMMANDS = (
    ("choose 50 for people", ("choose", "--open", "50", "--next", "1", "--format", "json")),
    ("choose 50 for the shortest drives", ("choose", "--open", "50", "--aim", "minutes", "--next", "1", "--format", "json")),
    ("rank", ("rank", "--format", "json")),
)


def files(folder: Path, seed: int = 1) -> list[Path]:
    """Write markets on a grid over the plains, each with one open mall, candidates and areas; return the paths."""
    rng = np.random.default_rng(seed)
    markets: list[dict[str, Any]] = []
    malls: list[dict[str, Any]] = []
    areas: list[dict[str, Any]] = []
    for number in range(MARKETS):
        market = f"market-{number:03}"
        markets.append({"market_id": market, "name": f"Market {number}", "time_zone": "America/Chicago"})
        center = np.array([31.0 + 1.5 * (number % 10), -104.0 + 1.5 * (number // 10)])
        points = center + rng.normal(0, SPREAD_DEG, (AREAS, 2))
        for area, (latitude, longitude) in enumerate(points.tolist()):
            people = int(rng.integers(200, 4_000))
            areas.append(
                {"area_id": f"{market}-{area}", "market_id": market, "latitude": latitude, "longitude": longitude, "population": people}
            )
        for mall, place in enumerate(rng.choice(AREAS, 1 + CANDIDATES, replace=False).tolist()):
            latitude, longitude = points[place].tolist()
            name = {"mall_id": f"{market}-mall-{mall}", "market_id": market, "name": f"Mall {mall} of market {number}"}
            malls.append({**name, "status": "candidate" if mall else "open", "latitude": latitude, "longitude": longitude})
    paths = []
    for name, rows in (("markets", markets), ("malls", malls), ("demand_areas", areas)):
        path = folder / f"{name}.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        paths.append(path)
    return paths


def timed(*command: str) -> tuple[float, subprocess.CompletedProcess[str]]:
    """Run a command of the project; return its seconds and what it said."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    return time.perf_counter() - start, done


def main() -> None:
    """Load the files, run the commands, and print what each took."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("--folder", type=Path, help="where files and warehouse are kept (default: a temporary folder)")
    kept = options.parse_args().folder
    with TemporaryDirectory() as temporary:
        folder = kept or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        warehouse = str(folder / "warehouse")
        seconds, done = timed("data", "load", *map(str, files(folder)), "--warehouse", warehouse)
        print(
            f"load {MARKETS * (1 + CANDIDATES):,} malls and {MARKETS * AREAS:,} areas: {seconds:.1f} s, exit {done.returncode}", flush=True
        )
        for name, command in COMMANDS:
            seconds, done = timed("analytics", *command, "--warehouse", warehouse)
            said = json.loads(done.stdout).get("answer", "") if done.returncode == 0 else done.stderr.strip()
            print(f"{name}: {seconds:.1f} s, exit {done.returncode}; {said[-200:]}", flush=True)


if __name__ == "__main__":
    main()
