"""H3 cells on Arrow batches, and as functions in DuckDB.

Cells are signed 64-bit integers: every H3 index is below 2^63, and DuckDB and Spark then agree on the type.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import duckdb
import h3
import h3ronpy
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from duckdb.func import FunctionNullHandling, PythonUDFType
from h3ronpy.vector import cells_to_coordinates, coordinates_to_cells

from data.contracts import CELL_RESOLUTION

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_CHUNK = 100_000
"""Points that one thread indexes at a time; the library lets go of Python's lock meanwhile."""

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius (IUGG): the sphere on which straight lines are measured."""


def cells_at(latitude: Floats, longitude: Floats, resolution: int = CELL_RESOLUTION) -> Integers:
    """Return the cells of points.

    Parameters
    ----------
    latitude, longitude
        Degrees, finite, of equal length.
    resolution
        H3 resolution.

    Returns
    -------
    numpy.ndarray
        Signed 64-bit cell ids, one per point.
    """
    starts = range(0, len(latitude), _CHUNK)
    if len(starts) <= 1:
        return _indexed(latitude, longitude, resolution)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        chunks = pool.map(lambda start: _indexed(latitude[start : start + _CHUNK], longitude[start : start + _CHUNK], resolution), starts)
        return np.concatenate(list(chunks))


def _indexed(latitude: Floats, longitude: Floats, resolution: int) -> Integers:
    if not len(latitude):
        return np.empty(0, np.int64)
    cells = pa.array(coordinates_to_cells(latitude, longitude, resolution))
    return np.asarray(cells.to_numpy(zero_copy_only=False)).view(np.int64)


def centers(cells: Integers) -> tuple[Floats, Floats]:
    """Return latitude and longitude of cells' centers, degrees."""
    if not len(cells):
        return np.empty(0), np.empty(0)
    points = pa.record_batch(cells_to_coordinates(pa.array(cells.astype(np.uint64))))
    return points["lat"].to_numpy(), points["lng"].to_numpy()


def areas_m2(cells: Integers) -> Integers:
    """Return the cells' areas on the sphere, whole square meters."""
    if not len(cells):
        return np.empty(0, np.int64)
    areas = pa.array(h3ronpy.cells_area_m2(pa.array(cells.astype(np.uint64))))
    return np.asarray(np.rint(areas.to_numpy()), np.int64)


def disks(cells: Integers, rings: int) -> tuple[Integers, Integers]:
    """Return all cells within a number of rings around each cell.

    Returns
    -------
    tuple of numpy.ndarray
        Position of the center in ``cells``, and the cell; sorted by both.
    """
    lists = pa.array(h3ronpy.grid_disk(pa.array(cells.astype(np.uint64)), rings, flatten=False))
    position = pc.list_parent_indices(lists).to_numpy().astype(np.int64)
    around = pc.list_flatten(lists).to_numpy().astype(np.int64)
    order = np.lexsort((around, position))
    return position[order], around[order]


def haversine_m(latitude: Floats | np.float64, longitude: Floats | np.float64, other_latitude: Floats, other_longitude: Floats) -> Floats:
    """Return great-circle distances in meters on the mean sphere; arguments in degrees, broadcast together."""
    here, there = np.radians(latitude), np.radians(other_latitude)
    across = np.radians(other_longitude - longitude)
    chord = np.sin((there - here) / 2) ** 2 + np.cos(here) * np.cos(there) * np.sin(across / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(chord, 0, 1))))


def haversine_sql(latitude: str, longitude: str, other_latitude: str, other_longitude: str) -> str:
    """Return the SQL of the great-circle distance in whole meters; null where a coordinate is."""
    chord = (
        f"pow(sin(radians({other_latitude} - {latitude}) / 2), 2) + cos(radians({latitude})) * cos(radians({other_latitude})) "
        f"* pow(sin(radians({other_longitude} - {longitude}) / 2), 2)"
    )
    # Rounding may push the chord of antipodes over 1; not least(), which would skip a null.
    return f"round(2 * {EARTH_RADIUS_M} * asin(sqrt(CASE WHEN {chord} > 1 THEN 1 ELSE {chord} END)))::BIGINT"


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Give a connection its functions of cells.

    ``cell_at(latitude, longitude)`` and ``cell_of(text)`` are at the contracts' resolution: null where a coordinate is null, and where the
    text names no cell of that resolution. ``cell_near(text)`` takes a cell of any resolution: the parent of a finer one, the middle of a
    coarser one. ``resolution_of(text)`` is null where it names no cell; ``latitude_of(cell)`` and ``longitude_of(cell)`` are its center.
    """
    arrow_function(connection, "cell_at", _cell_at, ("DOUBLE", "DOUBLE"), "BIGINT")
    arrow_function(connection, "cell_of", _cell_of, ("VARCHAR",), "BIGINT")
    arrow_function(connection, "cell_near", _cell_near, ("VARCHAR",), "BIGINT")
    arrow_function(connection, "resolution_of", _resolution_of, ("VARCHAR",), "BIGINT")
    arrow_function(connection, "latitude_of", partial(_center_of, 0), ("BIGINT",), "DOUBLE")
    arrow_function(connection, "longitude_of", partial(_center_of, 1), ("BIGINT",), "DOUBLE")


def arrow_function(
    connection: duckdb.DuckDBPyConnection, name: str, function: Callable[..., pa.Array], parameters: Sequence[str], result: str
) -> None:
    """Give a connection a function over Arrow arrays; it sees nulls and answers them itself."""
    connection.create_function(
        name,
        function,
        [*map(duckdb.sqltype, parameters)],
        duckdb.sqltype(result),
        type=PythonUDFType.ARROW,
        null_handling=FunctionNullHandling.SPECIAL,
    )


def _cell_at(latitude: pa.ChunkedArray, longitude: pa.ChunkedArray) -> pa.Array:
    known = pc.and_(pc.is_valid(latitude), pc.is_valid(longitude))
    known = known.combine_chunks() if isinstance(known, pa.ChunkedArray) else known
    if pc.all(known, min_count=0).as_py():
        return pa.array(cells_at(_numbers(latitude), _numbers(longitude)))
    mask = known.to_numpy(zero_copy_only=False)
    cells = np.zeros(len(mask), np.int64)
    cells[mask] = cells_at(_numbers(latitude)[mask], _numbers(longitude)[mask])
    return pa.array(cells, mask=~mask)


def _numbers(values: pa.ChunkedArray) -> Floats:
    return np.asarray(values.to_numpy(), np.float64) if isinstance(values, pa.ChunkedArray) else values.to_numpy(zero_copy_only=False)


def _cell_of(text: pa.ChunkedArray) -> pa.Array:
    cells = [parsed(each) for each in text.to_pylist()]
    return pa.array([each if each is not None and resolution(each) == CELL_RESOLUTION else None for each in cells], pa.int64())


def _cell_near(text: pa.ChunkedArray) -> pa.Array:
    return pa.array([None if each is None else near(each) for each in map(parsed, text.to_pylist())], pa.int64())


def _resolution_of(text: pa.ChunkedArray) -> pa.Array:
    return pa.array([None if each is None else resolution(each) for each in map(parsed, text.to_pylist())], pa.int64())


def _center_of(axis: int, cells: pa.ChunkedArray) -> pa.Array:
    known = np.array([each is not None for each in cells.to_pylist()], bool)
    found = np.zeros(len(known))
    found[known] = centers(np.array([each for each in cells.to_pylist() if each is not None], np.int64))[axis]
    return pa.array(found, mask=~known)


def resolution(cell: int) -> int:
    """Return the H3 resolution of a cell."""
    return (cell >> 52) & 15


def near(cell: int) -> int:
    """Return the cell of the contracts' resolution that stands for a cell: itself, its parent, or the one in its middle."""
    if resolution(cell) <= CELL_RESOLUTION:
        return int(h3.cell_to_center_child(f"{cell:x}", CELL_RESOLUTION), 16)
    return int(h3.cell_to_parent(f"{cell:x}", CELL_RESOLUTION), 16)


def parsed(text: str | None) -> int | None:
    """Return the cell that a text names, in hexadecimal (15 digits) or decimal (18 or 19 digits)."""
    digits = (text or "").strip().lower().removeprefix("0x")
    try:
        cell = int(digits, 10 if len(digits) > 16 else 16)
    except ValueError:
        return None
    is_cell = 0 < cell < 1 << 63 and pa.array(h3ronpy.cells_valid(pa.array([cell], pa.uint64()), booleanarray=True))[0].as_py()
    return cell if is_cell else None
