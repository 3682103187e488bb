"""Write the background of each reference market, and the outlines of all counties, from the atlas and the typed shapes.

::

    npm pack us-atlas && tar xzf us-atlas-3.0.1.tgz
    python -m data.reference.build package/counties-10m.json
"""

import argparse
import csv
import gzip
import json
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from math import cos, radians
from pathlib import Path
from typing import Any

import geopandas
import shapely
from shapely.affinity import scale
from shapely.geometry import LineString, Point, Polygon, box, mapping
from shapely.geometry.base import BaseGeometry
from shapely.ops import split

from data.background import REFERENCE, Geojson, county_outlines

MOST_BYTES = 300_000
MARGIN_DEGREES = 0.9
CORRIDOR_DEGREES = 0.045
METERS_PER_DEGREE = 111_320.0
ATLAS = "US Census Bureau, cartographic boundaries 2017, through the npm package us-atlas 3.0.1"
TYPED = "Approximate: typed from known coordinates of interchanges, shores and towns"

Shapes = dict[str, Any]


def main() -> None:
    """Read the atlas named on the command line and write every file."""
    parser = argparse.ArgumentParser(description="Make the map backgrounds of data/reference.")
    parser.add_argument("atlas", type=Path, help="counties-10m.json of the npm package us-atlas")
    topology = json.loads(parser.parse_args().atlas.read_text(encoding="utf-8"))
    counties = geopandas.GeoDataFrame(county_outlines(topology), columns=["code", "name", "geometry"], geometry="geometry", crs=4326)
    counties["geometry"] = counties.geometry.make_valid()
    with (REFERENCE / "markets.csv").open(encoding="utf-8") as stream:
        for market in csv.DictReader(stream):
            path = REFERENCE / f"{market['market_id']}.geojson"
            print(path.name, _write_geojson(path, market_features(market, counties)), "bytes")
    path = REFERENCE / "us-counties.topojson.gz"
    print(path.name, _write_nation(path, topology), "bytes")


def market_features(market: dict[str, str], counties: geopandas.GeoDataFrame) -> list[Geojson]:
    """Return every feature of a market's background, with its layer and source."""
    shapes: Shapes = tomllib.loads((Path(__file__).parent / f"{market['market_id']}.toml").read_text(encoding="utf-8"))
    codes = set(market["boundary_counties"].split())
    own = counties[counties.code.isin(codes)]
    west, south, east, north = own.total_bounds
    window = box(west - MARGIN_DEGREES, south - MARGIN_DEGREES, east + MARGIN_DEGREES, north + MARGIN_DEGREES)
    near = counties[counties.intersects(window)].copy()
    for river in shapes.get("border_river", []):
        near["geometry"] = _moved_to_river(near, LineString([(x, y) for x, y, _ in _points(river["path"])]), river["sides"])
    near["geometry"] = near.geometry.intersection(window)
    land = shapely.union_all(near.geometry.to_numpy())
    inside = shapely.union_all(near[near.code.isin(codes)].geometry.to_numpy())
    return [
        *(_feature(row.geometry, "county", ATLAS, code=row.code, name=row.name_) for row in _rows(near)),
        _feature(_without_slivers(inside), "boundary", ATLAS, name=market["boundary_name"], counties=" ".join(sorted(codes))),
        *_sea(window.difference(land)),
        *_typed(shapes, window),
    ]


def _rows(frame: geopandas.GeoDataFrame) -> Iterator[Any]:
    yield from frame.rename(columns={"name": "name_"}).itertuples()


def _moved_to_river(counties: geopandas.GeoDataFrame, river: LineString, sides: list[list[str]]) -> list[BaseGeometry]:
    """Return the outlines with the border between two groups of states moved to the middle of the river.

    Within a corridor along the river, land on the wrong bank goes to the county of the right group with which it shares most border.
    """
    outlines = list(counties.geometry)
    groups = [[place for place, code in enumerate(counties.code) if code[:2] in side] for side in sides]
    banks = split(river.buffer(CORRIDOR_DEGREES, cap_style="flat"), river).geoms
    unions = [shapely.union_all([outlines[place] for place in group]) for group in groups]
    for own, other in ((0, 1), (1, 0)):
        bank = max(banks, key=lambda piece: piece.intersection(unions[own]).area - piece.intersection(unions[other]).area)
        strays = bank.intersection(unions[other])
        for place in groups[other]:
            outlines[place] = outlines[place].difference(bank)
        for stray in getattr(strays, "geoms", [strays]):
            if isinstance(stray, Polygon):
                heir = max(groups[own], key=lambda place: outlines[place].buffer(1e-6).intersection(stray.boundary).length)
                outlines[heir] = shapely.union_all([outlines[heir], stray.buffer(1e-7)])
    return outlines


def _without_slivers(geometry: BaseGeometry) -> BaseGeometry:
    """Return the shape without the hairline gaps that rounding leaves between neighbors."""
    return geometry.buffer(0.0008, join_style="mitre").buffer(-0.0008, join_style="mitre")


def _sea(water: BaseGeometry) -> list[Geojson]:
    parts = [part for part in getattr(water, "geoms", [water]) if part.area > 2e-4]
    return [_feature(part, "water", ATLAS, name="") for part in parts]


def _typed(shapes: Shapes, window: BaseGeometry) -> Iterator[Geojson]:
    for river in shapes.get("border_river", []):
        yield _feature(_tapered(_points(river["path"])), "water", TYPED, name=river["name"])
    for water in shapes["water"]:
        if "polygon" in water:
            yield _feature(
                Polygon([(x, y) for x, y, _ in _points(water["polygon"])]).intersection(window), "water", TYPED, name=water["name"]
            )
        else:
            line = LineString([(x, y) for x, y, _ in _points(water["path"])]).intersection(window)
            yield _feature(line, "water", TYPED, name=water["name"], width_m=water["width_m"])
    for road in shapes["road"]:
        line = LineString([(x, y) for x, y, _ in _points(road["path"])]).intersection(window)
        yield _feature(line, "road", TYPED, name=road["name"], rank=road["rank"])
    for name, (latitude, longitude, rank) in shapes["places"].items():
        yield _feature(Point(longitude, latitude), "place", TYPED, name=name, rank=rank)


def _points(text: str) -> list[tuple[float, float, float]]:
    """Read "latitude,longitude[,width]" pairs as longitude, latitude and width (0 where none is given)."""
    numbers = [[float(number) for number in pair.split(",")] for pair in text.split()]
    return [(each[1], each[0], each[2] if len(each) > 2 else 0.0) for each in numbers]


def _tapered(points: list[tuple[float, float, float]]) -> BaseGeometry:
    """Return the surface of a river from its middle line and the width in meters at each point."""
    squeeze = cos(radians(points[0][1]))
    discs = [scale(Point(x * squeeze, y).buffer(width / 2 / METERS_PER_DEGREE, quad_segs=4), 1, 1) for x, y, width in points]
    surface = shapely.union_all([shapely.union_all(pair).convex_hull for pair in pairwise(discs)])
    return shapely.transform(surface, lambda xy: xy / [squeeze, 1.0])


def _feature(geometry: BaseGeometry, layer: str, source: str, **properties: object) -> Geojson:
    rounded = shapely.set_precision(geometry, 0.0001)
    return {"type": "Feature", "properties": {"layer": layer, **properties, "source": source}, "geometry": _plain(mapping(rounded))}


def _plain(geometry: Any) -> Any:
    """Return GeoJSON coordinates rounded to 4 decimals (11 m), so that the file holds no digits of rounding noise."""
    if isinstance(geometry, dict):
        return {key: _plain(value) for key, value in geometry.items()}
    if isinstance(geometry, (list, tuple)):
        return [_plain(value) for value in geometry]
    return round(geometry, 4) if isinstance(geometry, float) else geometry


def _write_geojson(path: Path, features: list[Geojson]) -> int:
    lines = ",\n".join(json.dumps(each, separators=(",", ":"), ensure_ascii=False) for each in features if each["geometry"]["coordinates"])
    text = f'{{"type":"FeatureCollection","features":[\n{lines}\n]}}\n'
    if len(text.encode()) > MOST_BYTES:
        raise SystemExit(f"{path.name} would have {len(text.encode())} bytes, more than {MOST_BYTES}")
    path.write_text(text, encoding="utf-8")
    return len(text.encode())


def _write_nation(path: Path, topology: Geojson) -> int:
    kept = {**topology, "objects": {"counties": topology["objects"]["counties"]}}
    packed = gzip.compress(json.dumps(kept, separators=(",", ":")).encode(), compresslevel=9, mtime=0)
    path.write_bytes(packed)
    return len(packed)


if __name__ == "__main__":
    main()
