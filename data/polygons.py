"""Outlines of cells as the formats of maps have them: well-known binary, and geometries of GeoJSON."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from h3ronpy.vector import cells_to_wkb_polygons


def wkb(cells: pa.Array) -> pa.Array:
    """Return the outlines of cells as well-known binary: longitude and latitude in degrees, counterclockwise.

    Parameters
    ----------
    cells
        Signed 64-bit cell ids; null allowed.

    Returns
    -------
    pyarrow.Array
        Binary, null for null: a polygon each; two polygons where a cell lies across the 180th meridian.
    """
    known = pc.is_valid(cells).to_numpy(zero_copy_only=False)
    outlines = pa.array(cells_to_wkb_polygons(cells.drop_null().cast(pa.uint64())), pa.binary())
    places = np.cumsum(known) - 1
    return outlines.take(pa.array(places, mask=~known))


def geometries(cells: pa.Array) -> list[str | None]:
    """Return the outlines of cells as geometries of GeoJSON (RFC 7946); None for null."""
    written: list[str | None] = shapely.to_geojson(shapely.from_wkb(wkb(cells).to_numpy(zero_copy_only=False))).tolist()
    return written
