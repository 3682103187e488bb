"""Roads of an OpenStreetMap extract: which ways a car may take, in which direction, how fast.

A way counts by its ``highway`` class. ``motorcar``, ``motor_vehicle``, ``vehicle`` and ``access`` say who may drive on it, the first of
them that is given. ``oneway`` says in which direction; motorways and roundabouts are one-way unless it says no; a reversible lane is no
road, because nobody knows which way it is open. Ferries are no roads: a driver with parcels does not wait for one. Signals, turns and turn
restrictions are not modelled: calibration puts their usual cost on the level.

A speed is what traffic attains of the limit on roads of that class, assumed; ``maxspeed`` in km/h, or in mph where it says so.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np

from data.cells import Floats, Integers, haversine_m
from data.errors import SourceError

CLASSES: Final[Mapping[str, tuple[float, float]]] = {
    "motorway": (105, 0.95),
    "motorway_link": (60, 0.85),
    "trunk": (90, 0.85),
    "trunk_link": (55, 0.80),
    "primary": (65, 0.75),
    "primary_link": (50, 0.75),
    "secondary": (60, 0.72),
    "secondary_link": (45, 0.72),
    "tertiary": (50, 0.70),
    "tertiary_link": (40, 0.70),
    "unclassified": (40, 0.70),
    "residential": (40, 0.65),
    "living_street": (15, 0.80),
    "service": (20, 0.70),
    "road": (40, 0.70),
}
"""Class of a way: its limit in km/h where none is given, and what traffic attains of it."""

_NOT_ROADS = frozenset({"driveway", "parking_aisle", "drive-through", "emergency_access"})
_WHO = ("motorcar", "motor_vehicle", "vehicle", "access")
_BARRED = frozenset({"no", "private", "agricultural", "forestry", "emergency", "bus", "psv", "military"})
_FORWARD, _BACKWARD, _BOTH = frozenset({"yes", "true", "1"}), frozenset({"-1", "reverse"}), frozenset({"no", "false", "0"})
_LIMIT = re.compile(r"^(\d{1,3}(?:\.\d+)?)\s*(mph|km/h|kmh|kph)?$")
_KMH_PER_MPH = 1.609344
_WORDS = {"none": 130.0, "walk": 7.0}
SHORTEST_S: Final = 0.05
"""Seconds of an arc without length: a sparse graph takes a zero for no arc."""


@dataclass(frozen=True)
class Arcs:
    """Nodes with their coordinates in degrees, and directed arcs between them by position, in seconds."""

    latitude: Floats
    longitude: Floats
    start: Integers
    end: Integers
    seconds: Floats


def speed_kmh(tags: Mapping[str, str]) -> float | None:
    """Return the speed on a way; None where a car may not take it."""
    if tags.get("highway") not in CLASSES or tags.get("service") in _NOT_ROADS or tags.get("area") == "yes" or tags.get("route") == "ferry":
        return None
    allowed = next((tags[who] for who in _WHO if who in tags), "yes")
    if allowed in _BARRED:
        return None
    limit, attained = CLASSES[tags["highway"]]
    return attained * (limit_kmh(tags.get("maxspeed")) or limit)


def limit_kmh(text: str | None) -> float | None:
    """Return a speed limit as tagged, in km/h; None where it says none that can be read."""
    said = (text or "").strip().lower()
    if said in _WORDS:
        return _WORDS[said]
    found = _LIMIT.match(said)
    if not found or float(found[1]) == 0:
        return None
    return float(found[1]) * (_KMH_PER_MPH if found[2] == "mph" else 1.0)


def directions(tags: Mapping[str, str]) -> tuple[bool, bool]:
    """Return whether a way may be taken forward, and backward."""
    said = tags.get("oneway")
    if said in _BACKWARD:
        return False, True
    if said in _FORWARD:
        return True, False
    if said is not None and said not in _BOTH:
        return False, False
    is_implied = said is None and (tags.get("highway") == "motorway" or tags.get("junction") in ("roundabout", "circular"))
    return True, not is_implied


def arcs(path: Path) -> Arcs:
    """Read the roads of an extract.

    Parameters
    ----------
    path
        File of OpenStreetMap data: ``.osm.pbf``, ``.osm``, ``.osm.gz``, ...

    Raises
    ------
    SourceError
        If the file cannot be read, or holds no road; or if pyosmium is not installed.
    """
    nodes: dict[int, tuple[int, float, float]] = {}
    start: list[int] = []
    end: list[int] = []
    kmh: list[float] = []
    for tags, refs in _ways(path):
        speed, (forward, backward) = speed_kmh(tags), directions(tags)
        if speed is None:
            continue
        places = [nodes.setdefault(ref, (len(nodes), latitude, longitude))[0] for ref, latitude, longitude in refs]
        for here, there in pairwise(places):
            if forward:
                start.append(here)
                end.append(there)
                kmh.append(speed)
            if backward:
                start.append(there)
                end.append(here)
                kmh.append(speed)
    if not start:
        raise SourceError(f"{path.name}: there is no road in it that a car may take")
    latitude, longitude = (np.array([node[axis] for node in nodes.values()]) for axis in (1, 2))
    one, other = np.array(start, np.int64), np.array(end, np.int64)
    length_m = haversine_m(latitude[one], longitude[one], latitude[other], longitude[other])
    return Arcs(latitude, longitude, one, other, np.maximum(length_m / (np.array(kmh) / 3.6), SHORTEST_S))


def _ways(path: Path) -> Any:
    """Iterate over ways with their tags and the nodes that the extract holds; a way is cut where one is missing."""
    try:
        import osmium  # noqa: PLC0415 -- an extra: only who reads a road file needs it
    except ImportError as error:
        raise SourceError("reading roads needs the extra `routing` (pyosmium): run make extras") from error
    if not path.is_file():
        raise SourceError(f"{path}: there is no such file")
    try:
        reading = osmium.FileProcessor(str(path)).with_locations().with_filter(osmium.filter.EntityFilter(osmium.osm.WAY))
        for way in reading.with_filter(osmium.filter.KeyFilter("highway")):
            tags = dict(way.tags)
            piece = []
            for node in way.nodes:  # type: ignore[union-attr]  # only ways pass the filter
                if node.location.valid():
                    piece.append((node.ref, node.location.lat, node.location.lon))
                else:
                    yield tags, piece
                    piece = []
            yield tags, piece
    except (RuntimeError, OSError) as error:
        raise SourceError(f"{path.name}: not a readable OpenStreetMap file ({error})") from error
