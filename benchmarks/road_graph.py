"""Drives on roads, from an OpenStreetMap extract to a page: how long the graph takes, and what each model makes of the same drives.

``python benchmarks/road_graph.py FILE.osm.pbf [--folder DIR] [--picture FILE.png]`` does, in one go:

1. builds the graph and asks 50 origins for the drives to every cell that has a road;
2. makes up deliveries in a world that no model knows: the file's roads with other speeds by neighborhood and by road, a wait at a part of
   the crossings, a minute at the door, hours, and chance. Four malls deliver, two are candidates from which nobody has driven;
3. loads them as anybody's files are loaded (``python -m data load``), and makes the drive times anew on the roads
   (``python -m data travel-times --osm``), which is the warehouse that the page *Travel times* shows (``--folder`` keeps it);
4. prints how far every model is from the typical drives of that world, by straight-line distance, over all cells weighted by their roads,
   and how many of those within 15 minutes it counts; draws both models against each other.

Fails (exit code 1) where the graph takes 20 s of processor time or more, 50 origins 2 s or more, or the calibrated road graph is not the
best of the models.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.csv_files import written
from data.cells import Floats, Integers, cells_at, centers, haversine_m
from data.engine import Engine
from data.routing.graph import contracted
from data.routing.osm import Arcs, arcs
from data.routing.roads import Roads
from data.travel_time.models import Cells, Place, prior_model
from data.warehouse import Warehouse

ROOT = Path(__file__).resolve().parent.parent
ORIGINS, OPEN, CANDIDATES, DRIVES = 50, 4, 2, 3_000
MILE_M = 1_609.344
BANDS_MI = ((0, 2), (2, 4), (4, 7), (7, 11), (11, 99))
FIRST = datetime(2026, 3, 2)  # noqa: DTZ001 - a wall clock; the market's zone is added
DAYS = 56
HOURS = np.arange(10, 22)
RUSH = {16: 1.18, 17: 1.18, 20: 0.93, 21: 0.93}
"""What an hour of the clock makes of a drive."""
CHANCE, DOOR_S = 0.18, 60.0
GRAPH_LIMIT_S, ORIGINS_LIMIT_S = 20.0, 2.0
SHADES = ("#0E4F86", "#4C8BC5", "#9EC3E2", "#E4E2DC", "#E8B686", "#D47636", "#95401B")
BREAKS = (-25, -15, -5, 5, 15, 25)


@dataclass(frozen=True)
class World:
    """Cells with roads and their weights, malls (candidates last), and by mall the typical drive to every cell, seconds."""

    cells: Cells
    weight: Integers
    malls: tuple[Place, ...]
    typical_s: Mapping[str, Floats]

    def line_m(self, mall: Place) -> Floats:
        """Return the straight lines from a mall to the cells."""
        return haversine_m(np.float64(mall.latitude), np.float64(mall.longitude), self.cells.latitude, self.cells.longitude)


def other_speeds(roads: Arcs, rng: np.random.Generator) -> Arcs:
    """Return the roads with other speeds: by neighborhood (waves of some kilometers), by road, and with a wait at some crossings."""
    north_km = (roads.latitude - roads.latitude.mean()) * 111.2
    east_km = (roads.longitude - roads.longitude.mean()) * 111.2 * np.cos(np.radians(roads.latitude.mean()))
    field = np.zeros(len(roads.latitude))
    for _ in range(8):
        length_km, way, start = rng.uniform(4, 16), rng.uniform(0, 2 * np.pi), rng.uniform(0, 2 * np.pi)
        field += 0.06 * np.sin(2 * np.pi * (north_km * np.cos(way) + east_km * np.sin(way)) / length_km + start)
    seconds = roads.seconds * np.exp(field[roads.end] + rng.normal(0, 0.25, len(roads.seconds)))
    is_crossing = np.bincount(roads.end, minlength=len(field)) >= 3
    wait_s = np.where(is_crossing & (rng.random(len(field)) < 0.15), 12.0, 0.0)
    return Arcs(roads.latitude, roads.longitude, roads.start, roads.end, seconds + wait_s[roads.end])


def world_of(roads: Arcs, rng: np.random.Generator) -> World:
    """Make a world on the roads: its malls stand where roads are dense, well apart."""
    graph = contracted(roads)
    truth = Roads.of(contracted(other_speeds(roads, rng)))
    cell, weight = np.unique(cells_at(graph.latitude, graph.longitude), return_counts=True)
    cells = Cells(cell, *centers(cell))
    malls = tuple(_well_apart(cells, weight, OPEN + CANDIDATES))
    mean = np.mean([RUSH.get(hour, 1.0) for hour in HOURS.tolist()])
    typical = {mall.mall_id: truth.seconds(mall, cells) * mean + DOOR_S for mall in malls}
    return World(cells, weight, malls, typical)


def _well_apart(cells: Cells, weight: Integers, count: int) -> Iterator[Place]:
    """Yield cells of many roads: the first in the middle, each further one where roads and distance to those before are greatest."""
    middle = np.average(cells.latitude, weights=weight), np.average(cells.longitude, weights=weight)
    away = haversine_m(np.float64(middle[0]), np.float64(middle[1]), cells.latitude, cells.longitude)
    is_central = away <= np.quantile(away, 0.7)
    value = np.where(is_central, weight / (1 + away / 3_000), 0)
    nearest = np.full(len(weight), np.inf)
    for number in range(count):
        chosen = int(np.argmax(value))
        place = Place(f"mall-{number + 1}", float(cells.latitude[chosen]), float(cells.longitude[chosen]))
        yield place
        nearest = np.minimum(nearest, haversine_m(np.float64(place.latitude), np.float64(place.longitude), cells.latitude, cells.longitude))
        value = np.where(is_central, np.sqrt(weight) * nearest, 0)


def files(folder: Path, world: World, zone: str, rng: np.random.Generator) -> list[Path]:
    """Write the world's deliveries, markets, malls and demand as files; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    market = {"market_id": "roads"}
    malls = [
        {"mall_id": mall.mall_id, **market, "name": mall.mall_id.replace("-", " ").title(), "latitude": mall.latitude}
        | {"longitude": mall.longitude, "status": "open" if place < OPEN else "candidate"}
        for place, mall in enumerate(world.malls)
    ]
    rows: dict[str, Sequence[dict[str, Any]]] = {
        "markets": [{**market, "name": "Roads", "time_zone": zone}],
        "malls": malls,
        "demand_cells": [
            {**market, "cell": cell, "population": 20 * weight}
            for cell, weight in zip(world.cells.cell.tolist(), world.weight.tolist(), strict=True)
        ],
        "orders": [order for mall in world.malls[:OPEN] for order in _orders(mall, world, zone, rng)],
    }
    return written(folder, rows)


def _orders(mall: Place, world: World, zone: str, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    typical_s = world.typical_s[mall.mall_id]
    pull = np.where(np.isfinite(typical_s), world.weight * np.exp(-np.nan_to_num(typical_s, nan=1e9) / 540), 0)
    cell = rng.choice(len(pull), DRIVES, p=pull / pull.sum())
    hour = rng.choice(HOURS, DRIVES)
    mean = np.mean([RUSH.get(each, 1.0) for each in HOURS.tolist()])
    factor = np.array([RUSH.get(each, 1.0) for each in hour.tolist()]) / mean
    drive_s = ((typical_s[cell] - DOOR_S) * factor + DOOR_S) * np.exp(rng.normal(0, CHANCE, DRIVES))
    moment_s = rng.integers(0, DAYS, DRIVES) * 86_400 + hour * 3_600 + rng.integers(0, 3_600, DRIVES)
    for number, (at, left, drive) in enumerate(zip(cell.tolist(), moment_s.tolist(), np.rint(drive_s).tolist(), strict=True)):
        name = f"{mall.mall_id}-{number}"
        events = {"placed_at": left - 2_400, "accepted_at": left - 1_200, "arrived_at": left - 600, "picked_up_at": left}
        yield {
            "order_id": name,
            "trip_id": f"trip-{name}",
            "mall_id": mall.mall_id,
            "driver_id": f"driver-{mall.mall_id}-{number % 40}",
            "customer_id": f"customer-{name}",
            "status": "delivered",
            **{event: _instant(second, zone) for event, second in (events | {"delivered_at": left + drive}).items()},
            "dropoff_latitude": world.cells.latitude[at],
            "dropoff_longitude": world.cells.longitude[at],
        }


def _instant(second: float, zone: str) -> str:
    return (FIRST + timedelta(seconds=second)).replace(tzinfo=ZoneInfo(zone)).isoformat()


def run(*command: str) -> None:
    """Run a command of the project, tell what it said and how long it took; fail where it does."""
    start = time.perf_counter()
    child = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=True, capture_output=True, text=True)
    print(f"\n$ python -m {' '.join(command[:2])} ...   {time.perf_counter() - start:.1f} s\n{child.stdout.strip()}", flush=True)


def made(warehouse: Path, world: World) -> dict[str, Floats]:
    """Return the drives of the version that serves, by mall, to the world's cells; NaN where it has none."""
    version = Warehouse(warehouse).current()
    if version is None:
        raise SystemExit("nothing was loaded")
    found = {}
    for mall in world.malls:
        rows = Engine.of(version).table("SELECT cell, drive_s FROM catchments WHERE mall_id = $mall ORDER BY cell", {"mall": mall.mall_id})
        known = dict(zip(rows["cell"].to_pylist(), rows["drive_s"].to_pylist(), strict=True))
        found[mall.mall_id] = np.array([known.get(cell, np.nan) for cell in world.cells.cell.tolist()], float)
    return found


def _median(values: Floats, weight: Floats) -> float:
    order = np.argsort(values)
    running = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(running, running[-1] / 2)])


def error_row(world: World, drives: Mapping[str, Floats], malls: Sequence[Place]) -> tuple[float, str]:
    """Return the median error in minutes over all cells of the malls within 45 minutes, and a line of the table."""
    off, share, line_mi, weight, reach = [], [], [], [], []
    for mall in malls:
        truth, found = world.typical_s[mall.mall_id], drives[mall.mall_id]
        known = np.isfinite(truth) & (truth <= 2_700) & np.isfinite(found)
        off.append(np.abs(found - truth)[known] / 60)
        share.append((np.abs(found - truth) / truth)[known])
        line_mi.append(world.line_m(mall)[known] / MILE_M)
        weight.append(world.weight[known].astype(float))
        reach.append(100 * (world.weight[np.nan_to_num(found, nan=1e9) <= 900].sum() / world.weight[truth <= 900].sum() - 1))
    minutes, part, miles, weights = (np.concatenate(each) for each in (off, share, line_mi, weight))
    middle = _median(minutes, weights)
    bands = []
    for low, high in BANDS_MI:
        here = (miles >= low) & (miles < high)
        bands.append(f"{_median(minutes[here], weights[here]):6.2f}" if here.any() else "     -")
    return middle, f"{middle:8.2f} {100 * _median(part, weights):5.0f} % {' '.join(bands)}   {min(reach):+4.0f} to {max(reach):+.0f} %"


def draw(world: World, analytic: Mapping[str, Floats], roads: Mapping[str, Floats], path: Path) -> None:
    """Draw how much longer or shorter the analytic drive is than that on roads: a mall with drives, and a candidate."""
    from matplotlib.colors import BoundaryNorm, ListedColormap  # noqa: PLC0415 -- only for the picture
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(13, 6.2), layout="constrained")
    norm = BoundaryNorm([-1e3, *BREAKS, 1e3], len(SHADES))
    panels = figure.subplots(1, 2)
    for axes, mall, what in zip(panels, (world.malls[0], world.malls[-1]), ("3,000 drives", "no drive yet"), strict=True):
        percent = 100 * (analytic[mall.mall_id] / roads[mall.mall_id] - 1)
        known = np.isfinite(percent)
        where = world.cells.longitude[known], world.cells.latitude[known]
        points = axes.scatter(*where, c=percent[known], cmap=ListedColormap(SHADES), norm=norm, marker="h", s=16, linewidths=0)
        axes.plot(mall.longitude, mall.latitude, marker="*", color="black", markersize=13)
        middle = np.median(np.abs(percent[known]))
        axes.set_title(f"{mall.mall_id}, {what}: half of the cells differ by more than {middle:.0f} %", loc="left")
        axes.set_aspect(1 / np.cos(np.radians(mall.latitude)))
        axes.set_axis_off()
    bar = figure.colorbar(points, ax=panels, orientation="horizontal", fraction=0.04, ticks=BREAKS, extend="both")
    bar.set_label("Analytic drive against drive on roads, %.  Roads: OpenStreetMap contributors, ODbL")
    figure.savefig(path, dpi=110)


def main() -> int:
    """Print everything; return 1 where a limit is broken."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("file", type=Path, help="extract of OpenStreetMap")
    options.add_argument("--folder", type=Path, help="where files and warehouse are kept (default: a temporary folder)")
    options.add_argument("--picture", type=Path, help="where to draw both models against each other")
    options.add_argument("--time-zone", default="America/New_York", help="of the market")
    options.add_argument("--seed", type=int, default=5)
    asked = options.parse_args()
    with TemporaryDirectory() as temporary:
        return measured(asked, asked.folder or Path(temporary))


def measured(asked: argparse.Namespace, folder: Path) -> int:
    """Do what the head of this file says."""
    rng = np.random.default_rng(asked.seed)
    clock_s, used_s = time.perf_counter(), time.process_time()
    roads = arcs(asked.file)
    base = Roads.of(contracted(roads))
    graph, graph_s = base.graph, time.process_time() - used_s
    print(f"graph of {asked.file.name}: {graph_s:.1f} s of processor time, {time.perf_counter() - clock_s:.1f} s of the clock")
    print(f"  {len(graph.latitude):,} nodes, {graph.junctions:,} junctions, {len(graph.seconds):,} arcs")
    world = world_of(roads, rng)
    chosen = rng.choice(len(world.weight), ORIGINS, replace=False).tolist()
    places = [Place("", float(world.cells.latitude[each]), float(world.cells.longitude[each])) for each in chosen]
    clock_s, used_s = time.perf_counter(), time.process_time()
    for place in places:
        base.seconds(place, world.cells)
    origins_s = time.process_time() - used_s
    clock_s = time.perf_counter() - clock_s
    print(f"{ORIGINS} origins to {len(world.weight):,} cells: {origins_s:.2f} s of processor time, {clock_s:.2f} s of the clock")

    warehouse = folder / "warehouse"
    run("data", "load", *map(str, files(folder, world, asked.time_zone, rng)), "--replace", "--warehouse", str(warehouse))
    run("data", "travel-times", "--warehouse", str(warehouse))
    analytic = made(warehouse, world)
    run("data", "travel-times", "--osm", str(asked.file.resolve()), "--warehouse", str(warehouse))
    calibrated = made(warehouse, world)
    bare = prior_model()
    models: dict[str, Mapping[str, Floats]] = {
        "prior": {mall.mall_id: bare.typical_s(0, mall, world.cells) for mall in world.malls},
        "road graph, uncalibrated": {mall.mall_id: base.seconds(mall, world.cells) for mall in world.malls},
        "analytic, calibrated": analytic,
        "road graph, calibrated": calibrated,
    }
    best = True
    bands = " ".join(f"{f'{low}-{high}' if high < 99 else f'{low}+':>6}" for low, high in BANDS_MI)
    for what, malls in (
        (f"{OPEN} malls with {DRIVES:,} drives each", world.malls[:OPEN]),
        (f"{CANDIDATES} candidates", world.malls[OPEN:]),
    ):
        print(f"\n{what}: off by, median of the cells within 45 minutes; min by miles of the straight line; people within 15 min")
        print(f"  {'':26}{'min':>8} {'':>7} {bands}   within 15 min")
        errors = {}
        for name, drives in models.items():
            errors[name], line = error_row(world, drives, malls)
            print(f"  {name:26}{line}")
        best = best and min(errors, key=errors.__getitem__) == "road graph, calibrated"
    if asked.picture:
        draw(world, analytic, calibrated, asked.picture)
    return 0 if graph_s < GRAPH_LIMIT_S and origins_s < ORIGINS_LIMIT_S and best else 1


if __name__ == "__main__":
    raise SystemExit(main())
