"""Shapes that demand is given by: polygons and points as WKT, H3 cells of any resolution; each is spread evenly over resolution-9 cells."""

import math
from collections.abc import Sequence

import duckdb
import h3
import numpy as np
import pyarrow as pa
import shapely
from h3ronpy import ContainmentMode
from h3ronpy.vector import cells_to_wkb_polygons, geometry_to_cells

from data.cells import Floats, Integers, arrow_function, cells_at, centers, near, parsed, resolution
from data.contracts import CELL_RESOLUTION

_AREAL, _POINT = (3, 6), 0


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Give a connection ``is_shape(text)``, and the inner point of a shape: ``shape_latitude(text)`` and ``shape_longitude(text)``."""
    arrow_function(connection, "is_shape", _is_shape, ("VARCHAR",), "BOOLEAN")
    arrow_function(connection, "shape_latitude", lambda texts: _middle(texts, 0), ("VARCHAR",), "DOUBLE")
    arrow_function(connection, "shape_longitude", lambda texts: _middle(texts, 1), ("VARCHAR",), "DOUBLE")


def _is_shape(texts: pa.ChunkedArray) -> pa.Array:
    return pa.array([inner_point(each) is not None for each in texts.to_pylist()], pa.bool_())


def _middle(texts: pa.ChunkedArray, axis: int) -> pa.Array:
    points = [inner_point(each) for each in texts.to_pylist()]
    return pa.array([point[axis] if point else None for point in points], pa.float64())


def inner_point(text: str | None) -> tuple[float, float] | None:
    """Return a point (latitude, longitude) inside a shape: its center of gravity if that is inside; None where the text is no shape."""
    cell = parsed(text)
    if cell is not None:
        latitude, longitude = h3.cell_to_latlng(f"{cell:x}")
        return float(latitude), float(longitude)
    shape = _geometry(text)
    if shape is None:
        return None
    point = shape.centroid if shape.intersects(shape.centroid) else shape.representative_point()
    return float(point.y), float(point.x)


def _geometry(text: str | None) -> shapely.Geometry | None:
    # A number beyond all floats makes no shape on the globe, and no reason to warn.
    with np.errstate(over="ignore"):
        shape = shapely.from_wkt(text, on_invalid="ignore") if text else None
    if shape is None or shapely.is_empty(shape) or shapely.get_type_id(shape) not in (*_AREAL, _POINT):
        return None
    west, south, east, north = shape.bounds
    is_on_globe = all(map(math.isfinite, shape.bounds)) and west >= -180 and east <= 180 and south >= -90 and north <= 90
    return shape if is_on_globe and shape.is_valid else None


def spread_evenly(texts: Sequence[str]) -> tuple[Integers, Integers, Floats]:
    """Spread shapes over the cells that they cover, by the share of their area in each.

    Parameters
    ----------
    texts
        Shapes for which ``inner_point`` is not None.

    Returns
    -------
    tuple of numpy.ndarray
        Position of the shape, cell and weight, sorted by position and cell; the weights of a shape sum to 1. A point and a finer cell
        lie in one cell, a coarser cell is shared out equally over its descendants.
    """
    parts = [_cells(text) for text in texts]
    position = np.repeat(np.arange(len(parts)), [len(cell) for cell, _ in parts])
    cell = np.concatenate([cell for cell, _ in parts]) if parts else np.empty(0, np.int64)
    weight = np.concatenate([weight for _, weight in parts]) if parts else np.empty(0)
    return position.astype(np.int64), cell.astype(np.int64), weight


def _cells(text: str) -> tuple[Integers, Floats]:
    whole = parsed(text)
    if whole is not None:
        inside = [near(whole)] if resolution(whole) >= CELL_RESOLUTION else _descendants(whole)
        return np.sort(np.array(inside, np.int64)), np.full(len(inside), 1 / len(inside))
    shape = _geometry(text)
    if shape is None:
        raise ValueError(f"no shape: {text[:40]}")
    if shapely.get_type_id(shape) != _POINT:
        covered = geometry_to_cells(shape, CELL_RESOLUTION, containment_mode=ContainmentMode.IntersectsBoundary)
        cell = np.sort(np.asarray(pa.array(covered).to_numpy()).astype(np.int64))
        outline = shapely.from_wkb(pa.array(cells_to_wkb_polygons(pa.array(cell.astype(np.uint64)))).to_pylist())
        # A degree of longitude shrinks toward the poles; within a cell it does not.
        area = shapely.area(shapely.intersection(outline, shape)) * np.cos(np.radians(centers(cell)[0]))
        if area.sum() > 0:
            return cell[area > 0], area[area > 0] / area.sum()
    latitude, longitude = inner_point(text) or (0.0, 0.0)
    return cells_at(np.array([latitude]), np.array([longitude])), np.ones(1)


def _descendants(cell: int) -> list[int]:
    return [int(child, 16) for child in h3.cell_to_children(f"{cell:x}", CELL_RESOLUTION)]
