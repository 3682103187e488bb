"""What a moved control costs on the pages of choosing: 50 candidates in 3 markets, the whole rerun until the main answer stands there.

``python benchmarks/choosing_pages.py [--folder DIR] [--page TITLE] [--orders N]`` builds the demo, adds candidates at the demand of its
markets until there are 50, and opens both pages at addresses as a browser would (``benchmarks.pages.Reader``). Every control is moved to
values that nobody has asked for yet, so no result is at hand; what is learned once for a version (pilots, drives) is. The aim: the main
answer within a second. On Portfolio a control is moved twice: once while nothing else is worked on, and once right after another one,
while what follows that one (next best sets, curve, scenarios) is still being worked out. Then it is told how long that takes, and that it
ends soon after it is canceled.
"""

import argparse
import csv
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import h3
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from analytics.choosing.scenario import scenario
from analytics.choosing.sites import sites
from analytics.choosing.wish import wish
from benchmarks.pages import Reader
from data.demo import build
from data.engine import Engine
from data.warehouse import Version, Warehouse
from ui.portfolio.following import Following, following

CANDIDATES, ORDERS = 50, 200_000
AIM_S = 1.0
_SEED = 50
_PEOPLE = "SELECT market_id, cell, population FROM demand_cells WHERE is_inside AND population > 0 ORDER BY market_id, cell"

Address = Mapping[str, str]


@dataclass(frozen=True)
class Control:
    """A control of a page, and the addresses that it makes when it is moved."""

    page: str
    name: str
    values: tuple[Address, ...]


def warehouse(folder: Path, orders: int) -> Version:
    """Return a version with 50 candidates in the demo's markets, after building it where there is none."""
    kept = Warehouse(folder / "warehouse")
    if kept.current() is None:
        folder.mkdir(parents=True, exist_ok=True)
        build(kept, orders=orders)
    version = kept.current() or _nothing(folder)
    lacking = CANDIDATES - sum(not site.is_open for site in sites(version))
    if lacking > 0:
        file = _more_candidates(version, lacking, folder)
        root = Path(__file__).resolve().parent.parent
        subprocess.run([sys.executable, "-m", "data", "load", str(file), "--warehouse", str(kept.root)], cwd=root, check=True)
    return kept.current() or _nothing(folder)


def _nothing(folder: Path) -> Version:
    raise RuntimeError(f"{folder}: nothing was published")


def _more_candidates(version: Version, count: int, folder: Path) -> Path:
    """Write so many malls at cells drawn by their people."""
    rows = Engine.of(version).table(_PEOPLE).to_pylist()
    weights = np.array([row["population"] for row in rows], float)
    drawn = np.random.default_rng(_SEED).choice(len(rows), count, replace=False, p=weights / weights.sum())
    path = folder / "malls.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["mall_id", "market_id", "name", "status", "latitude", "longitude", "store_count"])
        for number, place in enumerate(drawn.tolist()):
            latitude, longitude = h3.cell_to_latlng(f"{rows[place]['cell']:x}")
            writer.writerow([f"more-{number}", rows[place]["market_id"], f"Place {number}", "candidate", latitude, longitude, 60])
    return path


def controls(version: Version) -> list[Control]:
    """Return what can be moved on both pages, each to three places."""
    there = sites(version)
    names = [site.id for site in there if not site.is_open]
    pins = [[f"Pin {number}", site.latitude + 0.01, site.longitude, site.market_id] for number, site in enumerate(there[:3])]
    drives = tuple({"drive": minutes} for minutes in ("15", "30", "10"))
    of = ({"of": "households"}, {"of": "households", "drive": "15"}, {"of": "households", "drive": "30"})
    markets = tuple({"market": name} for name in sorted({site.market_id for site in there}))
    return [
        Control("Candidates", "drive", drives),
        Control("Candidates", "preset", tuple({"preset": name} for name in ("reach", "speed", "cost"))),
        Control("Candidates", "weights", tuple({"preset": "own", "weights": f"newly:{weight},p90:20,cost:10"} for weight in (5, 35, 65))),
        Control("Candidates", "market", markets),
        Control("Candidates", "who is counted", of),
        Control("Candidates", "limit", tuple({"limits": f"newly:{people}:"} for people in (1_000, 20_000, 50_000))),
        Control("Candidates", "costs of an order", tuple({"costs": f"{cents}:25"} for cents in (10, 20, 30))),
        Control("Candidates", "staffing", tuple({"staffing": f"{seconds}:100"} for seconds in (200, 400, 500))),
        Control("Candidates", "mall opened", tuple({"site": name} for name in names[1:4])),
        Control("Candidates", "map of a criterion", tuple({"on-map": name} for name in ("p90", "orders", "station"))),
        Control("Candidates", "pin dropped", tuple({"pins": json.dumps([pin])} for pin in pins)),
        Control("Candidates", "every criterion", tuple({"below": "criteria", "site": name} for name in names[4:7])),
        Control("Portfolio", "number", tuple({"open": number} for number in ("5", "8", "12"))),
        Control("Portfolio", "budget", tuple({"budget": f"{millions}00000000"} for millions in (4, 6, 9))),
        Control("Portfolio", "number within a budget", tuple({"open": "4", "budget": f"{millions}50000000"} for millions in (3, 4, 5))),
        Control("Portfolio", "drive", drives),
        Control("Portfolio", "market", markets),
        Control("Portfolio", "who is counted", of),
        Control("Portfolio", "must", tuple({"must": name} for name in names[1:4])),
        Control("Portfolio", "must not", tuple({"not": ",".join(names[:count])} for count in (2, 6, 10))),
        Control("Portfolio", "at most in a market", tuple({"open": "6", "most": number} for number in ("2", "3", "4"))),
        Control("Portfolio", "backup", tuple({"open": number, "backup": "2"} for number in ("4", "6", "8"))),
        Control("Portfolio", "shortest drives", tuple({"aim": "minutes", "open": number} for number in ("4", "6", "8"))),
        Control("Portfolio", "most orders", tuple({"aim": "orders", "open": number} for number in ("4", "6", "8"))),
        Control("Portfolio", "most money", tuple({"aim": "contribution", "earns": cents} for cents in ("2000", "2500", "3000"))),
        Control("Portfolio", "driver-hours", tuple({"open": "4", "hire": hours} for hours in ("2000", "4000", "8000"))),
    ]


def _running(version: Version, address: Address) -> Following:
    """Return what follows the answer of a Portfolio address."""
    return following(version, wish(scenario(dict(address))))


def _opened(reader: Reader, page: str, address: Address) -> tuple[float, float]:
    """Open a page; what is timed is of use only where the page took the address over."""
    times = reader.open(page, address)
    if reader.shown != dict(address):
        raise RuntimeError(f"{page} shows {reader.shown} instead of {dict(address)}")
    return times


def timed(reader: Reader, version: Version, control: Control) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Return seconds and processor seconds of a control's moves: while nothing else is worked on, and right after another move."""
    quiet, busy = [], []
    is_portfolio = control.page == "Portfolio"
    for address in control.values:
        _opened(reader, control.page, {})
        if is_portfolio:
            _running(version, {}).wait(600)
        quiet.append(_opened(reader, control.page, address))
        if is_portfolio:
            _running(version, address).cancel()
            _running(version, address).wait(600)
    for number, address in enumerate(control.values if is_portfolio else ()):
        _opened(reader, control.page, {"drive": str(21 + number), "open": "5"})  # what follows it goes on while the control moves
        busy.append(_opened(reader, control.page, {**address, "money": "25000000:1000000:51"}))
        for other in ({"drive": str(21 + number), "open": "5"}, {**address, "money": "25000000:1000000:51"}):
            _running(version, other).cancel()
            _running(version, other).wait(600)
    return quiet, busy


def _told(name: str, times: list[tuple[float, float]]) -> str:
    taken_s, worked_s = (min(each) for each in zip(*times, strict=True))
    worst_s = max(taken for taken, _ in times)
    verdict = "within" if taken_s <= AIM_S else "OVER"
    return (
        f"{name}: {taken_s * 1000:,.0f} ms, worst of {len(times)} {worst_s * 1000:,.0f} ms; processor {worked_s * 1000:,.0f} ms; {verdict}"
    )


def follows(version: Version) -> None:
    """Print how long what follows takes, and how soon it ends once it is canceled."""
    for address in ({"open": "4", "drive": "18"}, {"aim": "minutes", "open": "5"}, {"aim": "orders", "open": "5"}):
        start, worked = time.perf_counter(), time.process_time()
        running = _running(version, address)
        running.main()
        main_s = time.perf_counter() - start
        running.wait(600)
        steps = f"{running.done} of {running.expected} steps, {len(running.others)} next best sets, {len(running.points)} points"
        seconds = f"{time.perf_counter() - start:.1f} s, processor {time.process_time() - worked:.1f} s"
        print(f"  {address}: main answer {main_s:.2f} s, all of it {seconds}: {steps}, {len(running.standings)} scenarios", flush=True)
    running = _running(version, {"open": "6", "drive": "17"})
    running.main()
    start = time.perf_counter()
    running.cancel()
    running.wait(600)
    print(f"  canceled: ends after {time.perf_counter() - start:.2f} s", flush=True)


def main() -> None:
    """Print one line for each control of both pages, and how long what follows takes."""
    parser = argparse.ArgumentParser(description="Time every control of the pages of choosing.")
    parser.add_argument("--folder", type=Path, help="where files and warehouse are kept (default: a temporary folder)")
    parser.add_argument("--page", help="only this page")
    parser.add_argument("--orders", type=int, default=ORDERS)
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    with TemporaryDirectory() as temporary:
        version = warehouse(options.folder or Path(temporary), options.orders)
        os.environ["MALLREACH_WAREHOUSE"] = str(version.root)
        there = sites(version)
        count = sum(not site.is_open for site in there)
        markets = len({site.market_id for site in there})
        print(f"{count} candidates, {len(there) - count} open malls, {markets} markets; {os.cpu_count()} cores", flush=True)
        for page in ("Candidates", "Portfolio") if options.page is None else (options.page,):
            reader = Reader()  # a page takes what was chosen on another one along
            taken_s, worked_s = _opened(reader, page, {})
            print(f"{page}, opened first: {taken_s * 1000:,.0f} ms, processor {worked_s * 1000:,.0f} ms", flush=True)
            for control in controls(version):
                if control.page == page:
                    quiet, busy = timed(reader, version, control)
                    print(_told(f"{control.page}, {control.name}", quiet), flush=True)
                    if busy:
                        print("  " + _told("right after another move", busy), flush=True)
        if options.page in {None, "Portfolio"}:
            follows(version)


if __name__ == "__main__":
    main()
