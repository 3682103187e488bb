"""Outlines of cells as the formats of maps have them: well-known binary, and geometries of GeoJSON."""

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from h3ronpy.vector import cells_to_wkb_polygons

from data.cells import centers

_TURN: Final = 360.0
_NEAR: Final = 160.0
"""A cell can lie across the 180th meridian only if its center is beyond this longitude, or near a pole."""


def wkb(cells: pa.Array) -> pa.Array:
    """Return the outlines of cells as well-known binary: longitude and latitude in degrees, counterclockwise.

    Parameters
    ----------
    cells
        Signed 64-bit cell ids; null allowed.

    Returns
    -------
    pyarrow.Array
        Binary, null for null: a polygon each; two polygons where a cell lies across the 180th meridian, which is where maps end.
    """
    known = pc.is_valid(cells).to_numpy(zero_copy_only=False)
    there = cells.drop_null()
    outlines = pa.array(cells_to_wkb_polygons(there.cast(pa.uint64())), pa.binary())
    latitude, longitude = centers(there.to_numpy().astype(np.int64))
    if ((np.abs(longitude) > _NEAR) | (np.abs(latitude) > 80)).any():
        outlines = pa.array([_cut(each) for each in outlines.to_pylist()], pa.binary())
    places = np.cumsum(known) - 1
    return outlines.take(pa.array(places, mask=~known))


def geometries(cells: pa.Array) -> list[str | None]:
    """Return the outlines of cells as geometries of GeoJSON (RFC 7946); None for null."""
    written: list[str | None] = shapely.to_geojson(shapely.from_wkb(wkb(cells).to_numpy(zero_copy_only=False))).tolist()
    return written


def _cut(outline: bytes) -> bytes:
    """Return an outline as it is, or as two where it lies across the 180th meridian: its longitudes then jump from 180 to -180."""
    shape = shapely.from_wkb(outline)
    least, _, most, _ = shapely.bounds(shape)
    if most - least <= _TURN / 2:
        return outline
    around = shapely.transform(shape, lambda points: np.column_stack([points[:, 0] % _TURN, points[:, 1]]))
    west = shapely.intersection(around, shapely.box(0, -90, _TURN / 2, 90))
    east = shapely.transform(shapely.intersection(around, shapely.box(_TURN / 2, -90, _TURN, 90)), lambda points: points - [_TURN, 0])
    both: Any = shapely.orient_polygons(shapely.multipolygons([west, east]))
    cut: bytes = shapely.to_wkb(both)
    return cut
