"""How far the two public functions get on the field's public instances: p-median and maximal covering, value, bound, gap and seconds.

    python benchmarks/public_instances.py [--limit SECONDS] [--only TEXT] [--files DIRECTORY]

The instances are made by the recipe of OR-Library's forty p-median files (Beasley 1985): a ring of n vertices with costs of 1 to 100,
random edges up to n * n / 50, the last cost of an edge counts, all shortest paths. The same graphs with a radius are covering instances,
as are random points in a square with demand of 1 to 100 (Cordeau, Furini and Ljubic 2019). ``--files`` reads OR-Library's own files
instead, and compares with its optima where ``pmedopt.txt`` lies beside them.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.csgraph import shortest_path
from scipy.spatial import cKDTree

from analytics.models.covering import Choice, choose_covering, choose_p_median

Integers = npt.NDArray[np.int64]

SIZES = {
    100: (5, 10, 10, 20, 33),
    200: (5, 10, 20, 40, 67),
    300: (5, 10, 30, 60, 100),
    400: (5, 10, 40, 80, 133),
    500: (5, 10, 50, 100, 167),
    600: (5, 10, 60, 120, 200),
    700: (5, 10, 70, 140),
    800: (5, 10, 80),
    900: (5, 10, 90),
}
"""Vertices, and how many are opened in each file of that size: forty in all."""

GRAPH_COVERS = ((300, 40, 20), (500, 25, 30), (700, 20, 40), (900, 15, 50), (900, 25, 20))
"""Vertices, radius, and how many are opened, on the same graphs."""

POINT_COVERS = (
    (100, 10_000, 5.5, 10),
    (100, 50_000, 5.5, 15),
    (100, 100_000, 6.25, 20),
    (500, 10_000, 5.5, 10),
    (500, 50_000, 4.0, 20),
    (1_000, 50_000, 3.25, 20),
    (1_000, 50_000, 5.5, 15),
)
"""Sites, cells, radius in a square of 30 by 30, and how many are opened: the public ones have 100 sites, more of them are harder."""


@dataclass(frozen=True)
class Instance:
    """One instance: weights, and distances (p-median) or cover sets."""

    name: str
    weights: Integers
    k: int
    distances: Integers | None = None
    covers: list[Integers] | None = None
    optimum: int | None = None

    def choice(self, limit_s: float) -> Choice:
        """Return what the public function makes of it."""
        if self.distances is not None:
            return choose_p_median(self.weights, self.distances, self.k, time_limit_s=limit_s)
        return choose_covering(self.weights, self.covers or [], self.k, time_limit_s=limit_s)


def graph(vertices: int, random: np.random.Generator) -> Integers:
    """Return the shortest paths between all vertices of a random graph, shape (vertices, vertices)."""
    ring = np.arange(vertices)
    more = random.integers(0, vertices, (vertices * vertices // 50 - vertices, 2))
    ends = np.vstack([np.column_stack([ring, (ring + 1) % vertices]), more[more[:, 0] != more[:, 1]]])
    return paths(vertices, ends, random.integers(1, 101, len(ends)))


def paths(vertices: int, ends: Integers, costs: Integers) -> Integers:
    """Return the shortest paths of a graph by its edges; of several edges between two vertices the last one counts."""
    pair = np.sort(ends, axis=1)
    _, last = np.unique((pair[:, 0] * vertices + pair[:, 1])[::-1], return_index=True)
    kept = len(pair) - 1 - last
    edges = sparse.csr_array((costs[kept].astype(float), (pair[kept, 0], pair[kept, 1])), shape=(vertices, vertices))
    return np.rint(shortest_path(edges, directed=False)).astype(np.int64)


def made() -> Iterator[Instance]:
    """Iterate over the made instances: as the forty files, then covering."""
    place = 0
    for vertices, counts in SIZES.items():
        for k in counts:
            place += 1
            away = graph(vertices, np.random.default_rng(place))
            yield Instance(f"p-median {place}: {vertices} vertices, {k} opened", np.ones(vertices, np.int64), k, distances=away)
    for vertices, radius, k in GRAPH_COVERS:
        random = np.random.default_rng(vertices + radius)
        near, weights = graph(vertices, random) <= radius, random.integers(1, 101, vertices)
        covers = [np.flatnonzero(column) for column in near.T]
        yield Instance(f"covering: {vertices} vertices, radius {radius}, {k} opened", weights, k, covers=covers)
    for sites, cells, radius, k in POINT_COVERS:
        random = np.random.default_rng(sites + cells + k)
        places, points, weights = 30 * random.random((sites, 2)), 30 * random.random((cells, 2)), random.integers(1, 101, cells)
        covers = [np.array(sorted(near), np.int64) for near in cKDTree(points).query_ball_point(places, radius)]
        yield Instance(f"covering: {sites:,} sites x {cells:,} points, radius {radius:g}, {k} opened", weights, k, covers=covers)


def read(directory: Path) -> Iterator[Instance]:
    """Iterate over OR-Library's files ``pmed1.txt`` to ``pmed40.txt`` in a directory."""
    optima: dict[str, int] = {}
    if (listed := directory / "pmedopt.txt").exists():
        optima = {line.split()[0]: int(line.split()[1]) for line in listed.read_text().splitlines() if line.startswith("pmed")}
    for place in range(1, 41):
        path = directory / f"pmed{place}.txt"
        if path.exists():
            numbers = np.array(path.read_text().split(), np.int64)
            vertices, k, edges = int(numbers[0]), int(numbers[2]), numbers[3:].reshape(-1, 3)
            away = paths(vertices, edges[:, :2] - 1, edges[:, 2])
            yield Instance(path.stem, np.ones(vertices, np.int64), k, distances=away, optimum=optima.get(path.stem))


def main() -> None:
    """Run the instances and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limit", type=float, default=60.0, metavar="S", help="seconds for each (default: 60)")
    parser.add_argument("--only", metavar="TEXT", default="", help="only instances whose name holds this")
    parser.add_argument("--files", type=Path, metavar="DIRECTORY", help="OR-Library's own files")
    options = parser.parse_args()
    print("| instance | value | bound | | seconds | of processor | greedy |\n| --- | --: | --: | --- | --: | --: | --: |")
    for instance in read(options.files) if options.files else made():
        if options.only not in instance.name:
            continue
        began = process_time()
        choice = instance.choice(options.limit)
        used_s = process_time() - began
        proof = "proven" if choice.is_proven else f"gap {choice.gap:.3%}"
        if instance.optimum is not None:
            proof += " and known" if choice.value == instance.optimum else f", known is {instance.optimum:,}"
        greedy = "-" if choice.greedy is None else f"{abs(choice.greedy - choice.value) / max(choice.value, 1):.2%} worse"
        cells = [instance.name, f"{choice.value:,}", f"{choice.bound:,}", proof, f"{choice.seconds:.2f}", f"{used_s:.2f}", greedy]
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
