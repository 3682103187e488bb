"""Cells by the name of a place: the nearest name, or a direction from it; and people who are not covered, by these names."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import ibis
import numpy as np
import pyarrow as pa

from analytics.reference import VersionKey
from data.cells import Integers, centers, haversine_m
from data.engine import Engine
from data.warehouse import Version

AT_M: Final = 8_000
"""Cells this near to a name are that place; those farther away lie in a direction from it."""

DIRECTIONS: Final = ("north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest")
_CACHED: Final = 32
_SCHEMA: Final = pa.schema(
    [
        ("place", pa.string()),
        ("direction", pa.string()),
        ("people", pa.int64()),
        ("all_people", pa.int64()),
        ("drive_s", pa.int64()),
        ("mall_id", pa.string()),
        ("cells", pa.int64()),
    ]
)


@dataclass(frozen=True)
class Name:
    """A name on the map and where it stands, degrees."""

    text: str
    latitude: float
    longitude: float


def by_place(cells: pa.Table, names: Sequence[Name]) -> pa.Table:
    """Return uncovered people by the place they live in.

    Parameters
    ----------
    cells
        Rows of ``white_space``: ``cell``, ``mall_id``, ``drive_s``, ``numerator``, ``denominator``.
    names
        At least one where there are cells.

    Returns
    -------
    pyarrow.Table
        One row per place, most uncovered people first, ties by name and direction:

        - ``place``: the nearest name
        - ``direction``: where from it the cells lie, one of eight; null within 8 km of it
        - ``people``: people not covered
        - ``all_people``: people in the same cells, covered ones included
        - ``drive_s``: drive within which at least half of these cells' people reach the nearest mall, seconds (nearest rank); null where it
          is over 45 minutes
        - ``mall_id``: the mall of that drive
        - ``cells``: cells with uncovered people

    Raises
    ------
    ValueError
        If there are cells and no name.
    """
    if not cells.num_rows:
        return _SCHEMA.empty_table()
    if not names:
        raise ValueError("uncovered cells need at least one name to be told by")
    groups: dict[tuple[str, str | None], list[dict[str, Any]]] = {}
    for each, row in zip(nearest(cells.column("cell").to_numpy(), names), cells.to_pylist(), strict=True):
        groups.setdefault((each.name, each.direction), []).append(row)
    rows = [_place(key, members) for key, members in groups.items()]
    rows.sort(key=lambda row: (-row["people"], row["place"], row["direction"] or ""))
    return pa.Table.from_pylist(rows, schema=_SCHEMA)


@dataclass(frozen=True)
class Near:
    """Where a cell lies: the nearest name, one of eight directions from it (None within 8 km), and how far away it is, meters."""

    name: str
    direction: str | None
    away_m: float


def nearest(cells: Integers, names: Sequence[Name]) -> list[Near]:
    """Return where each cell lies; of two names equally near the first.

    Parameters
    ----------
    cells
        H3 cells as signed integers.
    names
        At least one where there are cells.
    """
    if not len(cells):
        return []
    latitude, longitude = centers(cells)
    away_m = np.stack([haversine_m(np.float64(name.latitude), np.float64(name.longitude), latitude, longitude) for name in names])
    first = away_m.argmin(axis=0)
    own_latitude, own_longitude = (np.array([getattr(name, each) for name in names])[first] for each in ("latitude", "longitude"))
    north = latitude - own_latitude
    east = (longitude - own_longitude) * np.cos(np.radians(latitude))
    octant = np.rint(np.arctan2(east, north) / (np.pi / 4)).astype(int) % len(DIRECTIONS)
    return [
        Near(names[name].text, None if away <= AT_M else DIRECTIONS[place], away)
        for name, away, place in zip(first, away_m.min(axis=0).tolist(), octant, strict=True)
    ]


def _place(key: tuple[str, str | None], members: Sequence[dict[str, Any]]) -> dict[str, Any]:
    middle = _middle(members)
    return {
        "place": key[0],
        "direction": key[1],
        "people": sum(row["numerator"] for row in members),
        "all_people": sum(row["denominator"] for row in members),
        "drive_s": middle["drive_s"],
        "mall_id": middle["mall_id"],
        "cells": len(members),
    }


def _middle(members: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the cell at which half of the people are reached, nearest cells first."""
    ordered = sorted(members, key=lambda row: (row["drive_s"] is None, row["drive_s"] or 0, row["cell"]))
    half, running = sum(row["denominator"] for row in members) / 2, 0
    for row in ordered:
        running += row["denominator"]
        if running >= half:
            return row
    return ordered[-1]


def cells_with_people(version: Version, market_id: str, weight: str) -> Integers:
    """Return the cells inside a market's boundary with people (or households) in them, ascending; public facts, kept per version."""
    return _cells_with_people(VersionKey.of(version), market_id, weight)


@lru_cache(maxsize=_CACHED)
def _cells_with_people(key: VersionKey, market_id: str, weight: str) -> Integers:
    demand = ibis.table({"market_id": "string", "cell": "int64", "is_inside": "boolean", weight: "int64"}, name="demand_cells")
    wanted = demand.filter(demand.market_id == market_id, demand.is_inside, demand[weight] > 0)
    sql = str(ibis.to_sql(wanted.select("cell").order_by("cell"), dialect="duckdb"))
    cells: Integers = Engine.of(key.version).table(sql).column("cell").to_numpy()
    return cells
