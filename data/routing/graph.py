"""A road graph, contracted without loss, and the drives on it.

Of parallel arcs the fastest stays, and only the largest part in which every node reaches every other: a cell beside an island of roads has
no value rather than a wrong one. Most nodes of a map only bend a road. Such a node has two neighbors and lets through in the same
directions on both sides; chains of them become one arc between the junctions at their ends, and every node of a chain keeps its seconds
to and from both ends. Drives to all nodes are then exact: those of the uncontracted graph, by Dijkstra's algorithm over the junctions.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

from data.cells import EARTH_RADIUS_M, Floats, Integers
from data.routing.osm import Arcs

FARTHEST_SNAP_M: Final = 400.0
"""A place farther from every road than this has no drive time."""

SNAP_KMH: Final = 15.0
"""How fast the way between a place and its road is."""


@dataclass(frozen=True)
class Graph:
    """A contracted road graph.

    Attributes
    ----------
    latitude, longitude
        All nodes, degrees.
    anchors
        Two rows: for each node the junctions (positions among the junctions) at the ends of its chain; a junction is its own, twice.
    inward_s, outward_s
        Two rows: seconds from each of the two junctions to the node, and from the node to it; infinite against a one-way street.
    chain
        Number of the chain on which a node stands; -1 for a junction.
    start, end, seconds
        Arcs between junctions, by their positions.
    """

    latitude: Floats
    longitude: Floats
    anchors: Integers
    inward_s: Floats
    outward_s: Floats
    chain: Integers
    start: Integers
    end: Integers
    seconds: Floats

    @property
    def junctions(self) -> int:
        """Number of junctions."""
        return int(self.anchors.max()) + 1

    def matrix(self) -> csr_array:
        """Return the arcs between junctions as a sparse matrix."""
        return csr_array((self.seconds, (self.start, self.end)), shape=(self.junctions, self.junctions))

    def drives(self, matrix: csr_array, origin: int, limit_s: float = np.inf) -> Floats:
        """Return the drives from a node to every node, seconds; infinite beyond the limit."""
        ends = self.anchors[:, origin]
        reached = dijkstra(matrix, indices=ends, limit=limit_s) + self.outward_s[:, origin][:, None]
        nearest = reached.min(axis=0)
        found = np.min(nearest[self.anchors] + self.inward_s, axis=0)
        same = np.flatnonzero((self.chain == self.chain[origin]) & (self.chain[origin] >= 0))
        if len(same):
            found[same] = np.minimum(found[same], self._along(origin, same))
        return np.asarray(found)

    def _along(self, origin: int, others: Integers) -> Floats:
        """Return the drives along one chain that leave it nowhere."""
        here, there = self.inward_s[:, [origin]], self.inward_s[:, others]
        ahead = np.where(np.isfinite(here) & np.isfinite(there), there, -1.0) - np.where(np.isfinite(here), here, 0.0)
        return np.asarray(np.where(ahead >= 0, ahead, np.inf).min(axis=0))


def contracted(arcs: Arcs) -> Graph:
    """Return the graph of a file's arcs: largest strongly connected part, fastest parallel arcs, chains contracted."""
    nodes = len(arcs.latitude)
    start, end, seconds = fastest(arcs.start, arcs.end, arcs.seconds)
    whole = csr_array((seconds, (start, end)), shape=(nodes, nodes))
    _, part = connected_components(whole, directed=True, connection="strong")
    kept = part == np.bincount(part).argmax()
    inside = kept[start] & kept[end]
    number = np.cumsum(kept) - 1
    start, end, seconds = number[start[inside]], number[end[inside]], seconds[inside]
    return _contracted(arcs.latitude[kept], arcs.longitude[kept], start, end, seconds)


def fastest(start: Integers, end: Integers, seconds: Floats) -> tuple[Integers, Integers, Floats]:
    """Return arcs without loops, the fastest one of each pair of nodes; sorted."""
    order = np.lexsort((seconds, end, start))
    start, end, seconds = start[order], end[order], seconds[order]
    first = np.r_[True, (start[1:] != start[:-1]) | (end[1:] != end[:-1])] & (start != end)
    return start[first], end[first], seconds[first]


def _contracted(latitude: Floats, longitude: Floats, start: Integers, end: Integers, seconds: Floats) -> Graph:
    nodes = len(latitude)
    ahead: list[dict[int, float]] = [{} for _ in range(nodes)]
    behind: list[dict[int, float]] = [{} for _ in range(nodes)]
    for here, there, span in zip(start.tolist(), end.tolist(), seconds.tolist(), strict=True):
        ahead[here][there] = span
        behind[there][here] = span
    is_bend = [_is_bend(out, into) for out, into in zip(ahead, behind, strict=True)]
    if all(is_bend) and nodes:
        is_bend[0] = False  # a ring without a junction
    junction = np.cumsum(~np.array(is_bend, bool)) - 1
    anchors = np.stack((junction, junction))
    inward, outward = np.zeros((2, nodes)), np.zeros((2, nodes))
    chain = np.full(nodes, -1, np.int64)
    arcs: list[tuple[int, int, float]] = []
    chains = 0
    for first in np.flatnonzero(~np.array(is_bend, bool)).tolist():
        for second in {*ahead[first], *behind[first]}:
            if not is_bend[second]:
                if second in ahead[first]:
                    arcs.append((first, second, ahead[first][second]))
                continue
            if chain[second] >= 0:
                continue
            walk = _walk(first, second, ahead, behind, is_bend)
            there, back = _running(walk, ahead), _running(walk[::-1], ahead)[::-1]
            inner = walk[1:-1]
            chain[inner] = chains
            anchors[0, inner], anchors[1, inner] = junction[walk[0]], junction[walk[-1]]
            # Seconds from the first junction, and from the last one; leaving is the rest of the way to each.
            inward[0, inner], inward[1, inner] = there[1:-1], back[1:-1]
            outward[0, inner], outward[1, inner] = _rest(back), _rest(there)
            arcs += [(walk[0], walk[-1], there[-1]), (walk[-1], walk[0], back[0])]
            chains += 1
    one, other, span = (np.array(each) for each in zip(*arcs, strict=True)) if arcs else (np.empty(0),) * 3
    is_open = np.isfinite(span)
    compact = fastest(junction[one[is_open].astype(int)], junction[other[is_open].astype(int)], span[is_open].astype(float))
    return Graph(latitude, longitude, anchors, inward, outward, chain, *compact)


def _is_bend(out: dict[int, float], into: dict[int, float]) -> bool:
    """Whether a node has two neighbors and lets through in the same directions on both sides."""
    if len({*out, *into}) != 2:
        return False
    return (len(out) == 2 and len(into) == 2) or (len(out) == 1 and len(into) == 1)


def _walk(first: int, second: int, ahead: list[dict[int, float]], behind: list[dict[int, float]], is_bend: list[bool]) -> list[int]:
    """Return the nodes from a junction along a chain to the junction at its end."""
    walk = [first, second]
    while is_bend[walk[-1]]:
        before, here = walk[-2:]
        walk.append(next(each for each in {*ahead[here], *behind[here]} if each != before))
    return walk


def _running(walk: list[int], ahead: list[dict[int, float]]) -> Floats:
    """Return the seconds from the first node of a walk to each of its nodes; infinite from an arc on that is not there."""
    return np.cumsum([0.0, *(ahead[here].get(there, np.inf) for here, there in pairwise(walk))])


def _rest(running: Floats) -> Floats:
    """Return the seconds that are left from each inner node to the end at which a walk's seconds are greatest."""
    whole = max(running[0], running[-1])
    return np.full(len(running) - 2, np.inf) if np.isinf(whole) else whole - running[1:-1]


@dataclass(frozen=True)
class Snap:
    """Finds the node of the nearest road to places; built once per graph."""

    tree: cKDTree
    middle: float

    @classmethod
    def of(cls, graph: Graph) -> "Snap":
        """Index a graph's nodes."""
        middle = float(graph.latitude.mean())
        return cls(cKDTree(_meters(graph.latitude, graph.longitude, middle)), middle)

    def nearest(self, latitude: Floats, longitude: Floats) -> tuple[Integers, Floats]:
        """Return the node nearest to each place and the meters to it, infinite beyond ``FARTHEST_SNAP_M``."""
        distance_m, node = self.tree.query(_meters(latitude, longitude, self.middle))
        return node, np.where(distance_m <= FARTHEST_SNAP_M, distance_m, np.inf)


def _meters(latitude: Floats, longitude: Floats, middle: float) -> Floats:
    scale = np.radians(1) * EARTH_RADIUS_M
    return np.column_stack((longitude * scale * np.cos(np.radians(middle)), latitude * scale))
