"""Demand cells from demand areas: people of small areas spread over H3 cells, totals conserved to the person.

A center is not a cell: a block group's people live around its center, not on it. So every area is spread over the cells whose centers lie
within a radius of its own center: half the distance to its fourth nearest neighbor, at least 300 m and at most 3 km. Where areas are
small and dense the radius is small. A cell takes people only from the three centers nearest to it, so that nobody is spread across
a whole neighbor. The weight falls with the square of the distance, ``1 - (d / radius)^2`` (Epanechnikov's kernel), and is halved and cut to
a third for the second and third nearest center. The cell of the center itself always takes part. Shares become whole people by largest
remainder, ties by cell, for population and households alike: every area's and every market's total is conserved exactly.

An area with a shape of its own (a polygon, a point, an H3 cell of another resolution) is spread over the cells that it covers, by the
share of its area in each.

An area without people or households leaves no cell. A cell's income is the mean of its areas', weighted by households (people, where no
households are known).
"""

from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import shapely
from scipy.spatial import cKDTree

from data.cells import EARTH_RADIUS_M, Floats, Integers, areas_m2, cells_at, centers, disks
from data.shapes import spread_evenly

NEIGHBOR = 4
RADIUS_M = (300.0, 3000.0)
NEAREST_CENTERS = 3
_RING_STEP_M = 260.0
"""No resolution-9 cells next to each other have centers closer than this: rings enough to hold every center within a radius."""

Booleans = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Spread:
    """Pairs of an area (position) and a cell with the weight of the cell in the area; weights of an area sum to 1."""

    area: Integers
    cell: Integers
    weight: Floats


def spread(latitude: Floats, longitude: Floats) -> Spread:
    """Choose the cells of every area and their weights.

    Parameters
    ----------
    latitude, longitude
        Centers of the areas of one market, degrees.

    Returns
    -------
    Spread
        Sorted by area, then cell; every area has at least one cell.
    """
    if not len(latitude):
        return Spread(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    middle = float(latitude.mean())
    points = _meters(latitude, longitude, middle)
    tree = cKDTree(points)
    radius = _radii(tree, points)
    own = cells_at(latitude, longitude)
    area, cell = _candidates(own, radius)
    unique, place = np.unique(cell, return_inverse=True)
    at = _meters(*centers(unique), middle)
    distance = np.hypot(*(at[place] - points[area]).T)
    nearest = tree.query(at, k=range(1, NEAREST_CENTERS + 1))[0][place]
    # Which nearest center each pair's area is to its cell: 1 for the nearest; beyond the last one counted, one more.
    rank = 1 + (nearest < distance[:, None] - 1e-6).sum(axis=1)
    weight = np.clip(1 - (distance / radius[area]) ** 2, 0, None) / rank
    weight[rank > NEAREST_CENTERS] = 0
    # Where the center's own cell is too far off or too crowded to count by the rule, a sliver of weight keeps it.
    weight = np.where((cell == own[area]) & (weight <= 0), 1e-9, weight)
    taken = weight > 0
    area, cell, weight = area[taken], cell[taken], weight[taken]
    return Spread(area, cell, weight / np.bincount(area, weight)[area])


def _meters(latitude: Floats, longitude: Floats, middle: float) -> Floats:
    """Return points on a local plane, meters: good to a few tenths of a percent across a market."""
    scale = np.radians(1) * EARTH_RADIUS_M
    return np.column_stack((longitude * scale * np.cos(np.radians(middle)), latitude * scale))


def _radii(tree: cKDTree, points: Floats) -> Floats:
    wanted = min(NEIGHBOR + 1, len(points))
    distance = tree.query(points, k=[wanted])[0][:, 0]
    return np.asarray(np.clip(distance / 2, *RADIUS_M))


def _candidates(own: Integers, radius: Floats) -> tuple[Integers, Integers]:
    """Return pairs of area and cell that cover every cell within the area's radius."""
    rings = np.ceil(radius / _RING_STEP_M).astype(int) + 1
    pairs = []
    for count in np.unique(rings):
        chosen = np.flatnonzero(rings == count)
        position, cell = disks(own[chosen], int(count))
        pairs.append((chosen[position], cell))
    area, cell = (np.concatenate(each) for each in zip(*pairs, strict=True))
    order = np.lexsort((cell, area))
    return area[order], cell[order]


def whole_shares(totals: Integers, spread_: Spread) -> Integers:
    """Share out whole totals of areas over their cells by largest remainder, ties by cell.

    Parameters
    ----------
    totals
        Per area, 0 or more.
    spread_
        Cells of the areas and their weights.

    Returns
    -------
    numpy.ndarray
        Whole shares, one per pair; those of an area sum to its total.
    """
    exact = totals[spread_.area] * spread_.weight
    shares = np.floor(exact).astype(np.int64)
    left = totals - np.bincount(spread_.area, shares, minlength=len(totals)).astype(np.int64)
    order = np.lexsort((spread_.cell, -np.round(exact - shares, 9), spread_.area))
    first = np.searchsorted(spread_.area, np.arange(len(totals)))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order)) - first[spread_.area[order]]
    # More left than cells can only come of rounding in the weights; whole rounds then go to every cell.
    cells = np.bincount(spread_.area, minlength=len(totals))
    rounds, rest = left // np.maximum(cells, 1), left % np.maximum(cells, 1)
    return np.asarray(shares + rounds[spread_.area] + (place < rest[spread_.area]))


_AREAS = """
SELECT area.area_id, area.latitude, area.longitude, coalesce(area.population, 0) AS population,
    coalesce(area.households, 0) AS households, area.income_cents, area.shape,
    coalesce(market.boundary_counties IS NULL OR contains(' ' || market.boundary_counties || ' ', ' ' || area.county || ' '), false)
        AS is_inside,
    count(area.households) OVER () > 0 AS has_households, market.boundary_polygon
FROM now_demand_areas AS area JOIN now_markets AS market USING (market_id)
WHERE market_id = ? ORDER BY area_id
"""


def cells_of_market(connection: duckdb.DuckDBPyConnection, market_id: str) -> pa.Table:
    """Return the demand cells of one market, made from its areas; reads ``now_demand_areas`` and ``now_markets``.

    Returns
    -------
    pyarrow.Table
        Columns of the contract ``demand_cells``, sorted by cell. A cell is inside the boundary if most of its people come from areas in the
        market's counties; if the boundary is a polygon, if its center is in it; if there is no boundary, always.
    """
    areas = connection.sql(_AREAS, params=[market_id]).to_arrow_table()
    latitude, longitude = (areas[name].to_numpy() for name in ("latitude", "longitude"))
    pairs = _spread_all(latitude, longitude, areas["shape"].to_pylist())
    population, households = (whole_shares(areas[name].to_numpy().astype(np.int64), pairs) for name in ("population", "households"))
    cell, place = np.unique(pairs.cell, return_inverse=True)
    inside = np.asarray(areas["is_inside"].to_numpy(zero_copy_only=False), bool)[pairs.area]
    sums = {
        "population": _summed(place, population, len(cell)),
        "households": _summed(place, households, len(cell)),
        "inside": _summed(place, np.where(inside, population + households, 0), len(cell)),
        "all": _summed(place, population + households, len(cell)),
    }
    weight = households if households.any() else population
    income = _mean_income(areas, pairs.area, place, weight)
    polygon = areas["boundary_polygon"][0].as_py() if areas.num_rows else None
    is_inside = _in_polygon(cell, polygon) if polygon else 2 * sums["inside"] >= sums["all"]
    has_households = bool(areas.num_rows and areas["has_households"][0].as_py())
    table = pa.table(
        {
            "market_id": pa.array([market_id] * len(cell), pa.string()),
            "cell": cell,
            "population": sums["population"],
            "households": pa.array(sums["households"], mask=np.full(len(cell), not has_households)),
            "income_cents": income,
            "is_inside": is_inside,
            "cell_area_m2": areas_m2(cell),
        }
    )
    return table.filter(pa.array(sums["all"] > 0))


def _spread_all(latitude: Floats, longitude: Floats, shapes: list[str | None]) -> Spread:
    """Spread areas with a shape evenly over it, and the others around their centers."""
    has_shape = np.array([shape is not None for shape in shapes], bool)
    around = spread(latitude[~has_shape], longitude[~has_shape])
    position, cell, weight = spread_evenly([shape for shape in shapes if shape is not None])
    area = np.concatenate((np.flatnonzero(~has_shape)[around.area], np.flatnonzero(has_shape)[position]))
    cell, weight = np.concatenate((around.cell, cell)), np.concatenate((around.weight, weight))
    order = np.lexsort((cell, area))
    return Spread(area[order], cell[order], weight[order])


def _summed(place: Integers, values: Integers, length: int) -> Integers:
    # bincount sums as floats, exact for whole numbers below 2^53.
    return np.bincount(place, values, minlength=length).astype(np.int64)


def _mean_income(areas: pa.Table, area: Integers, place: Integers, weight: Integers) -> pa.Array:
    known = areas["income_cents"].is_valid().to_numpy()[area]
    income = areas["income_cents"].fill_null(0).to_numpy()[area].astype(float)
    counted = np.where(known, weight, 0).astype(float)
    total = np.bincount(place, counted)
    mean = np.bincount(place, counted * income) / np.maximum(total, 1)
    return pa.array(np.rint(mean).astype(np.int64), mask=total == 0)


def _in_polygon(cell: Integers, polygon: str) -> Booleans:
    latitude, longitude = centers(cell)
    return np.asarray(shapely.intersects_xy(shapely.from_wkt(polygon), longitude, latitude))


def with_boundary(connection: duckdb.DuckDBPyConnection, relation: str) -> pa.Table:
    """Return demand cells that a source gave itself, with what is derived: inside a polygon boundary (else always), and the area."""
    sql = f"SELECT given.*, market.boundary_polygon FROM ({relation}) AS given LEFT JOIN now_markets AS market USING (market_id)"
    given = connection.sql(sql).to_arrow_table()
    cell = given["cell"].to_numpy().astype(np.int64)
    polygons = np.array(given["boundary_polygon"].to_pylist(), object)
    is_inside = np.ones(len(cell), bool)
    for polygon in {text for text in polygons if text}:
        chosen = polygons == polygon
        is_inside[chosen] = _in_polygon(cell[chosen], polygon)
    derived = given.drop_columns(["boundary_polygon"])
    return derived.append_column("is_inside", pa.array(is_inside)).append_column("cell_area_m2", pa.array(areas_m2(cell)))
