"""A road graph as a base of drive times, kept by the hash of its file so that it is read once."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np
from scipy.sparse import csr_array

from data.cells import Floats
from data.errors import SourceError
from data.routing.graph import SNAP_KMH, Graph, Snap, contracted
from data.routing.osm import arcs
from data.travel_time.models import Cells, Place
from data.travel_time.prior import LONGEST_S

FORMAT: Final = 1
"""Number of the way in which graphs are made and kept; another one reads every file anew."""

_LIMIT_S = 2.0 * LONGEST_S  # a calibration may shorten what the graph takes too long for


@dataclass(frozen=True)
class Roads:
    """Drives on a road graph."""

    graph: Graph
    matrix: csr_array
    snap: Snap
    source: str = "road_graph"

    @classmethod
    def of(cls, graph: Graph) -> "Roads":
        """Make a graph ready for questions."""
        return cls(graph, graph.matrix(), Snap.of(graph))

    def seconds(self, mall: Place, cells: Cells) -> Floats:
        """Return drives from a mall to cells; NaN where either is too far from a road, or the drive takes over 90 minutes."""
        (origin,), (origin_m,) = self.snap.nearest(np.array([mall.latitude]), np.array([mall.longitude]))
        node, snap_m = self.snap.nearest(cells.latitude, cells.longitude)
        found = self.graph.drives(self.matrix, int(origin), _LIMIT_S)[node] + (snap_m + origin_m) / (SNAP_KMH / 3.6)
        return np.asarray(np.where(np.isfinite(found), found, np.nan))


def roads(path: Path, cache: Path) -> Roads:
    """Return the roads of an extract, from the cache where the same bytes were read before.

    Parameters
    ----------
    path
        OpenStreetMap extract.
    cache
        Folder of graphs that were made before; made where it does not exist.

    Raises
    ------
    SourceError
        If the file cannot be read, or holds no road.
    """
    if not path.is_file():
        raise SourceError(f"{path}: there is no such file")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    known = cache / f"{digest[:16]}-{FORMAT}.npz"
    if known.is_file():
        return _read(known)
    graph = contracted(arcs(path))
    cache.mkdir(parents=True, exist_ok=True)
    draft = known.with_name(f"{os.getpid()}-{known.name}")
    with draft.open("wb") as file:
        np.savez(file, **{each.name: getattr(graph, each.name) for each in fields(Graph)})
    draft.replace(known)
    return Roads.of(graph)


def kept(cache: Path) -> Iterator[Roads]:
    """Iterate over the graphs that were made before, the newest first; one is read when it is asked for."""
    yield from map(_read, sorted(cache.glob(f"*-{FORMAT}.npz"), key=lambda path: (-path.stat().st_mtime_ns, path.name)))


def _read(path: Path) -> Roads:
    with np.load(path) as arrays:
        return Roads.of(Graph(**{each.name: arrays[each.name] for each in fields(Graph)}))
