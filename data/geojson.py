"""GeoJSON as a source: a row per feature, a column per property, and the geometry as columns ``latitude``, ``longitude`` and ``shape``.

``shape`` is the geometry as WKT. The point is the geometry itself, or a polygon's inner point: its center of gravity where that lies
within, else a point on its surface. A property of one of these names goes before what is made of the geometry.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import shapely

from data.errors import SourceError

SUFFIXES = (".geojson",)
MADE = ("latitude", "longitude", "shape")
"""Columns made of the geometry."""


def columns(path: Path) -> list[str]:
    """Return the names of the properties in the order in which they first appear, then those made of the geometry.

    Raises
    ------
    SourceError
        If the file is no GeoJSON collection of features.
    """
    names = dict.fromkeys(name for feature in _features(path) for name in feature.get("properties") or {})
    return [*dict.fromkeys([*names, *MADE])]


def read(connection: duckdb.DuckDBPyConnection, table: str, path: Path, names: list[str]) -> None:
    """Write the features as table: fields ``c0, c1, ...`` as text, ``fault`` (null) and ``line``, the feature's number from 1."""
    rows = [_row(feature, names) for feature in _features(path)]
    arrays = [pa.array([row[place] for row in rows], pa.string()) for place in range(len(names))]
    arrays += [pa.nulls(len(rows), pa.string()), pa.array(range(1, len(rows) + 1), pa.int64())]
    features = pa.table(arrays, names=[*(f"c{place}" for place in range(len(names))), "fault", "line"])
    connection.register("features_of_file", features)
    connection.execute(f"CREATE TABLE {table} AS SELECT * FROM features_of_file")
    connection.unregister("features_of_file")


def _features(path: Path) -> list[dict[str, Any]]:
    try:
        raw = json.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise SourceError(f"{path}: the file cannot be read ({error.strerror})") from error
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise SourceError(f"{path}: the file is no readable JSON ({str(error).splitlines()[0]})") from error
    features = raw.get("features") if isinstance(raw, dict) and raw.get("type") == "FeatureCollection" else None
    if not isinstance(features, list) or not all(isinstance(each, dict) for each in features):
        raise SourceError(f"{path}: the file is no GeoJSON collection of features")
    if not all(isinstance(each.get("properties") or {}, dict) for each in features):
        raise SourceError(f"{path}: a feature's properties are no JSON object")
    return features


def _row(feature: dict[str, Any], names: list[str]) -> list[str | None]:
    properties = {name: _text(value) for name, value in (feature.get("properties") or {}).items()}
    made = dict(_made(feature.get("geometry")))
    return [properties.get(name, made.get(name)) for name in names]


def _text(value: Any) -> str | None:
    if value is None or value == "":
        return None
    return value if isinstance(value, str) else json.dumps(value)


def _made(geometry: Any) -> Iterator[tuple[str, str]]:
    shape = shapely.from_geojson(json.dumps(geometry), on_invalid="ignore") if geometry else None
    if shape is None or shapely.is_empty(shape):
        return
    shape = shapely.make_valid(shape)
    point = shape.centroid
    if not shape.intersects(point):
        point = shape.representative_point()
    yield from (("latitude", repr(point.y)), ("longitude", repr(point.x)), ("shape", shape.wkt))
