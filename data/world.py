"""What staging looks up: the malls, markets and drivers as they are after this load, and whose boundary a point or county lies in."""

import duckdb
import numpy as np
import pyarrow as pa
import shapely

from data import shapes
from data.cells import arrow_function, haversine_m
from data.contracts import Table
from data.staging import Reading, World

_COUNTIES = """
CREATE OR REPLACE TABLE scratch.counties AS
SELECT county, min(market_id) AS market_id
FROM (SELECT market_id, unnest(string_split(boundary_counties, ' ')) AS county FROM now_markets)
GROUP BY ALL
"""


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Give a connection ``is_polygon(text)``: whether a text is a valid WKT polygon; and the functions of shapes."""
    shapes.register(connection)
    arrow_function(connection, "is_polygon", _is_polygon, ("VARCHAR",), "BOOLEAN")


def world(connection: duckdb.DuckDBPyConnection, table: Table, readings: list[Reading]) -> World:
    """Prepare the lookups that staging a table needs, from the tables loaded before it.

    Registers ``nearest_mall(latitude, longitude)`` where a feed asks for it, and ``market_at(latitude, longitude)`` for areas.
    """
    single_zone, has_polygons = None, False
    if table.name not in ("markets", "malls"):
        zones = connection.execute("SELECT DISTINCT time_zone FROM now_markets").fetchall()
        single_zone = zones[0][0] if len(zones) == 1 else None
    if table.name == "demand_areas":
        connection.execute(_COUNTIES)
        has_polygons = _register_polygons(connection)
    nearest = next((reading.feed.nearest for reading in readings if reading.feed.nearest), None)
    if nearest:
        _register_nearest(connection, nearest.within_m)
    stores = None
    if table.name == "orders":
        (in_malls,) = connection.execute("SELECT count(mall_id) FROM now_stores").fetchone() or (0,)
        stores = "now_stores" if in_malls else None
    return World("now_malls", "now_markets", "now_drivers", "scratch.counties", single_zone, has_polygons, stores)


def _is_polygon(texts: pa.ChunkedArray) -> pa.Array:
    # A number beyond all floats is no polygon either, and no reason to warn.
    with np.errstate(over="ignore"):
        shapes = shapely.from_wkt(texts.to_pylist(), on_invalid="ignore")
    areal = np.isin(shapely.get_type_id(shapes), (3, 6))
    return pa.array(areal & shapely.is_valid(shapes) & ~shapely.is_empty(shapes))


def polygons(connection: duckdb.DuckDBPyConnection) -> dict[str, shapely.Geometry]:
    """Return the boundary of every market that has a polygon."""
    sql = "SELECT market_id, boundary_polygon FROM now_markets WHERE boundary_polygon IS NOT NULL ORDER BY market_id"
    return {market: shapely.from_wkt(text) for market, text in connection.execute(sql).fetchall()}


def _register_polygons(connection: duckdb.DuckDBPyConnection) -> bool:
    boundaries = polygons(connection)
    if not boundaries:
        return False

    def market_at(latitude: pa.ChunkedArray, longitude: pa.ChunkedArray) -> pa.Array:
        y, x = (np.array(each.to_pylist(), float) for each in (latitude, longitude))
        found = np.full(len(x), None, object)
        # The first market by name wins where two boundaries overlap.
        for market, boundary in reversed(boundaries.items()):
            inside = shapely.intersects_xy(boundary, x, y)
            found[inside] = market
        return pa.array(found, pa.string())

    arrow_function(connection, "market_at", market_at, ("DOUBLE", "DOUBLE"), "VARCHAR")
    return True


def _register_nearest(connection: duckdb.DuckDBPyConnection, within_m: float) -> None:
    rows = connection.execute("SELECT mall_id, latitude, longitude FROM now_malls ORDER BY mall_id").fetchall()
    names = np.array([row[0] for row in rows], object)
    mall_latitude, mall_longitude = (np.array([row[place] for row in rows], float) for place in (1, 2))

    def nearest_mall(latitude: pa.ChunkedArray, longitude: pa.ChunkedArray) -> pa.Array:
        y, x = (np.array(each.to_pylist(), float) for each in (latitude, longitude))
        best, found = np.full(len(x), np.inf), np.full(len(x), None, object)
        for name, mall_y, mall_x in zip(names, mall_latitude, mall_longitude, strict=True):
            distance = haversine_m(y, x, mall_y, mall_x)
            closer = (distance <= within_m) & (distance < best)
            best[closer], found[closer] = distance[closer], name
        return pa.array(found, pa.string())

    arrow_function(connection, "nearest_mall", nearest_mall, ("DOUBLE", "DOUBLE"), "VARCHAR")
