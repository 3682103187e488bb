"""The ground under a map, without a network: county outlines, water, main roads and place names as plain GeoJSON.

The three reference markets have a file each in ``data/reference``; any other place in the United States gets county outlines, with what no
county covers as water; elsewhere the ground is plain. Pure data: nothing is cached here, callers do that.
"""

import gzip
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import shapely
from shapely import wkt
from shapely.geometry import box, mapping, shape
from shapely.geometry.base import BaseGeometry

Bounds = tuple[float, float, float, float]
"""West, south, east, north, in degrees."""
Geojson = dict[str, Any]
"""A ``FeatureCollection`` in degrees, WGS84, longitude first."""

REFERENCE = Path(__file__).parent / "reference"
_NATION = "us-counties.topojson.gz"
_GROUND_MARGIN_DEGREES = 8.0
_COUNTY_MARGIN_DEGREES = 1.2
_RING_POINTS = 4  # islands smaller than the topology's grid shrink to fewer points and are left out


@dataclass(frozen=True)
class Place:
    """A name on the map; rank 1 is shown first."""

    name: str
    latitude: float
    longitude: float
    rank: int


@dataclass(frozen=True)
class Background:
    """Ground of one map.

    Attributes
    ----------
    land
        A polygon wider than any view.
    counties, boundary
        County outlines, and the outline of the market's boundary (empty where it is unknown).
    water
        Polygons, and lines for rivers; ``width_m`` in the properties of a line.
    roads
        Lines with ``name`` and ``rank`` (1 interstate, 2 other main road).
    places
        Names with positions, most important first.
    sources
        Where the shapes come from, one sentence each; approximate ones say so.
    """

    market_id: str
    bounds: Bounds
    land: Geojson
    counties: Geojson
    boundary: Geojson
    water: Geojson
    roads: Geojson
    places: tuple[Place, ...] = ()
    sources: tuple[str, ...] = field(default=())


def background(market_id: str, bounds: Bounds, *, boundary_counties: str = "", boundary_polygon: str = "") -> Background:
    """Return the ground for a market.

    Parameters
    ----------
    market_id
        A market; ``reference_markets()`` have water, roads and names.
    bounds
        Box around what will be shown (malls and cells), in degrees.
    boundary_counties, boundary_polygon
        The market's boundary as in the contract of ``markets``: five-digit county codes separated by spaces, or WKT. Without them a
        reference market has its own boundary and any other market none.
    """
    features = _reference_features(market_id) if market_id in reference_markets() else _county_features(bounds)
    boundary = _layer(features, "boundary")
    if boundary_polygon or sorted(boundary_counties.split()) not in ([], _county_codes(boundary)):
        outline = boundary_shape(boundary_counties=boundary_counties, boundary_polygon=boundary_polygon)
        boundary = _collection([] if outline is None else [_feature(outline, "boundary", name=market_id)])
    return Background(
        market_id=market_id,
        bounds=bounds,
        land=_collection([_feature(_widened(bounds, _GROUND_MARGIN_DEGREES), "land")]),
        counties=_layer(features, "county"),
        boundary=boundary,
        water=_layer(features, "water"),
        roads=_layer(features, "road"),
        places=_places(features),
        sources=tuple(dict.fromkeys(each["properties"]["source"] for each in features)),
    )


def reference_markets() -> tuple[str, ...]:
    """Return the markets whose ground is complete, in order of their ids."""
    return tuple(sorted(path.stem for path in REFERENCE.glob("*.geojson")))


def places(market_id: str) -> tuple[Place, ...]:
    """Return the names of a market's ground, most important first; empty where only its counties are known."""
    return _places(_reference_features(market_id)) if market_id in reference_markets() else ()


def boundary_shape(*, boundary_counties: str = "", boundary_polygon: str = "") -> BaseGeometry | None:
    """Return a market's boundary as a shape in degrees; none where neither counties nor a polygon are given, or no county is known."""
    if boundary_polygon.strip():
        return wkt.loads(boundary_polygon)
    codes = set(boundary_counties.split())
    shapes = [shapely.make_valid(outline) for code, _, outline in _nation() if code in codes] if codes else []
    return shapely.union_all(shapes) if shapes else None


def _county_codes(boundary: Geojson) -> list[str]:
    """Return the codes of the counties that a reference boundary is made of, ascending."""
    return [code for each in boundary["features"] for code in each["properties"]["counties"].split()]


def _reference_features(market_id: str) -> list[Geojson]:
    collection: Geojson = json.loads((REFERENCE / f"{market_id}.geojson").read_text(encoding="utf-8"))
    return list(collection["features"])


def _layer(features: Iterable[Geojson], layer: str) -> Geojson:
    return _collection([each for each in features if each["properties"]["layer"] == layer])


def _places(features: Iterable[Geojson]) -> tuple[Place, ...]:
    found = []
    for each in features:
        if each["properties"]["layer"] == "place":
            longitude, latitude = each["geometry"]["coordinates"]
            found.append(Place(each["properties"]["name"], latitude, longitude, each["properties"]["rank"]))
    return tuple(sorted(found, key=lambda place: (place.rank, place.name)))


def _county_features(bounds: Bounds) -> list[Geojson]:
    """Return the counties in and around a box, and what none of them covers as water; nothing outside the United States."""
    window = _widened(bounds, _COUNTY_MARGIN_DEGREES)
    near = [(name, shapely.make_valid(outline)) for _, name, outline in _nation() if _boxes_meet(outline.bounds, window.bounds)]
    if not any(outline.intersects(box(*bounds)) for _, outline in near):
        return []
    source = "County outlines: US Census Bureau, cartographic boundaries 2017, through us-atlas"
    counties = [_feature(outline, "county", name=name, source=source) for name, outline in near]
    sea = window.difference(shapely.union_all([outline for _, outline in near]))
    return counties if sea.is_empty else [*counties, _feature(sea, "water", name="", source=source)]


def _boxes_meet(first: Bounds, second: Bounds) -> bool:
    return first[0] <= second[2] and second[0] <= first[2] and first[1] <= second[3] and second[1] <= first[3]


def _nation() -> list[tuple[str, str, BaseGeometry]]:
    """Return code, name and outline of every county of the United States."""
    with gzip.open(REFERENCE / _NATION, "rt", encoding="utf-8") as stream:
        return county_outlines(json.load(stream))


def county_outlines(topology: Geojson) -> list[tuple[str, str, BaseGeometry]]:
    """Return code, name and outline of every county in a TopoJSON topology (quantized, arcs shared by neighbors)."""
    scale_x, scale_y = topology["transform"]["scale"]
    move_x, move_y = topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for step_x, step_y in arc:
            x, y = x + step_x, y + step_y
            points.append((x * scale_x + move_x, y * scale_y + move_y))
        arcs.append(points)
    return [
        (str(each["id"]), str(each["properties"]["name"]), shape(_unwound(each, arcs)))
        for each in topology["objects"]["counties"]["geometries"]
        if each.get("type") in {"Polygon", "MultiPolygon"}
    ]


def _unwound(geometry: Geojson, arcs: list[list[tuple[float, float]]]) -> Geojson:
    def ring(indices: Sequence[int]) -> list[tuple[float, float]]:
        points: list[tuple[float, float]] = []
        for index in indices:
            arc = arcs[index] if index >= 0 else arcs[~index][::-1]
            points.extend(arc[1:] if points else arc)
        return points

    polygons = [geometry["arcs"]] if geometry["type"] == "Polygon" else geometry["arcs"]
    rings = [[ring(each) for each in polygon] for polygon in polygons]
    closed = [[each for each in polygon if len(each) >= _RING_POINTS] for polygon in rings if len(polygon[0]) >= _RING_POINTS]
    return {"type": "MultiPolygon", "coordinates": closed}


def _widened(bounds: Bounds, margin: float) -> BaseGeometry:
    west, south, east, north = bounds
    return box(west - margin, max(-84.0, south - margin), east + margin, min(84.0, north + margin))


def _feature(geometry: BaseGeometry, layer: str, **properties: str | int) -> Geojson:
    return {"type": "Feature", "properties": {"layer": layer, **properties}, "geometry": mapping(geometry)}


def _collection(features: list[Geojson]) -> Geojson:
    return {"type": "FeatureCollection", "features": features}
