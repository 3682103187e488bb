"""The layers of a map, one function each, from the ground upward. Every layer has an ``id``."""

from collections.abc import Sequence
from typing import Any

import h3
import pydeck as pdk

from data.background import Background, Geojson
from ui.maps.camera import METERS_PER_MILE, Camera
from ui.maps.labels import Label
from ui.maps.legend import CELL_OPACITY
from ui.maps.marks import MallMark, tip_lines
from ui.palette import Rgba, Theme, candidate_fill, rgba, tokens

Row = dict[str, Any]
_FONT = "'Source Sans, sans-serif'"
_PIXELS = "'pixels'"
_CELL_COVERAGE = 0.96
_NO_FILL: Rgba = (0, 0, 0, 0)

# After a click Streamlit fades every color accessor that it knows by name, in every layer, ground and names included. Colors are
# therefore handed to the sublayers that draw them, out of its reach: a click marks the chosen cell and leaves the rest as it is.
_Paint = dict[str, dict[str, Any]]


def _layer(kind: str, layer_id: str, data: object, paint: _Paint, **options: object) -> pdk.Layer:
    return pdk.Layer(kind, id=layer_id, data=data, _subLayerProps=paint, **options)


def ground_layers(background: Background, theme: Theme) -> list[pdk.Layer]:
    """Return land, county lines, water (over the lines that run in a river), roads and the market's boundary, in this order."""
    color = tokens(theme)
    return [
        _surface("ground", background.land, color.ground),
        _outline("counties", background.counties, rgba(color.county_line), width_px=1),
        _surface("water", _only(background.water, "Polygon"), color.water),
        _lines("rivers", _only(background.water, "LineString"), rgba(color.water), width="properties.width_m", line_width_min_pixels=1),
        _lines("roads", background.roads, rgba(color.road), width="properties.rank < 2 ? 2 : 1.2", line_width_units=_PIXELS),
        _outline("boundary", background.boundary, rgba(color.hidden, 0.8), width_px=1.5),
    ]


def _only(collection: Geojson, kind: str) -> Geojson:
    return _collection([each for each in collection["features"] if kind in each["geometry"]["type"]])


def _collection(features: list[Geojson]) -> Geojson:
    return {"type": "FeatureCollection", "features": features}


def _feature(kind: str, coordinates: object, **properties: object) -> Geojson:
    return {"type": "Feature", "properties": properties, "geometry": {"type": kind, "coordinates": coordinates}}


def _surface(layer_id: str, collection: Geojson, color: str, opacity: float = 1.0) -> pdk.Layer:
    paint: _Paint = {"polygons-fill": {"getFillColor": rgba(color, opacity)}}
    return _layer("GeoJsonLayer", layer_id, collection, paint, stroked=False, filled=True)


def _outline(layer_id: str, collection: Geojson, color: Rgba, *, width_px: float) -> pdk.Layer:
    paint: _Paint = {"polygons-stroke": {"getColor": color}}
    return _layer(
        "GeoJsonLayer", layer_id, collection, paint, stroked=True, filled=False, get_line_width=width_px, line_width_units=_PIXELS
    )


def _lines(layer_id: str, collection: Geojson, color: Rgba, *, width: str | float, **options: object) -> pdk.Layer:
    paint: _Paint = {"linestrings": {"getColor": color}}
    round_ends = {"line_cap_rounded": True, "line_joint_rounded": True}
    return _layer("GeoJsonLayer", layer_id, collection, paint, get_line_width=width, **round_ends, **options)


def cell_layer(rows: Sequence[Row], theme: Theme) -> pdk.Layer:
    """Return the colored cells: rows of ``hex``, ``fill`` and tooltip lines."""
    return _layer(
        "H3HexagonLayer",
        "cells",
        list(rows),
        {"hexagon-cell": {"getFillColor": "@@=fill"}},
        get_hexagon="hex",
        filled=True,
        stroked=False,
        extruded=False,
        high_precision=False,
        coverage=_CELL_COVERAGE,
        opacity=CELL_OPACITY**2.2,  # deck.gl draws with opacity ** (1 / 2.2); so the map looks like its legend
        pickable=True,
        auto_highlight=True,
        highlight_color=rgba(tokens(theme).text, 0.35),
    )


def outline_layer(layer_id: str, rows: Sequence[Row], color: str, *, width_px: float, is_pickable: bool = False) -> pdk.Layer:
    """Return cells as outlines without fill: no orders, hidden, selected."""
    return _layer(
        "H3HexagonLayer",
        layer_id,
        list(rows),
        {"hexagon-cell": {"getFillColor": _NO_FILL, "getLineColor": rgba(color)}},
        get_hexagon="hex",
        filled=is_pickable,
        stroked=True,
        extruded=False,
        high_precision=False,
        coverage=_CELL_COVERAGE,
        get_line_width=width_px,
        line_width_units=_PIXELS,
        pickable=is_pickable,
    )


def target_layer(layer_id: str, rows: Sequence[Row], theme: Theme) -> pdk.Layer:
    """Return cells that answer to a click and are all but invisible: rows of ``hex`` and tooltip lines."""
    color = tokens(theme)
    return _layer(
        "H3HexagonLayer",
        layer_id,
        list(rows),
        {"hexagon-cell": {"getFillColor": rgba(color.ground, 0.02)}},
        get_hexagon="hex",
        filled=True,
        stroked=False,
        extruded=False,
        high_precision=False,
        pickable=True,
        auto_highlight=True,
        highlight_color=rgba(color.primary, 0.45),
    )


def hidden_layers(rows: Sequence[Row], theme: Theme) -> list[pdk.Layer]:
    """Return suppressed cells: an outline and a dot in the middle, never a fill."""
    color = tokens(theme).hidden
    dots = [_feature("Point", _center(row["hex"])) for row in rows]
    paint: _Paint = {"points-circle": {"getFillColor": rgba(color)}}
    return [
        outline_layer("cells-hidden", rows, color, width_px=1, is_pickable=True),
        _layer(
            "GeoJsonLayer",
            "cells-hidden-dots",
            _collection(dots),
            paint,
            stroked=False,
            get_point_radius=1.25,
            point_radius_units=_PIXELS,
        ),
    ]


def _center(cell: str) -> list[float]:
    latitude, longitude = h3.cell_to_latlng(cell)
    return [round(longitude, 6), round(latitude, 6)]


def edge_layer(cells: Sequence[str], theme: Theme) -> pdk.Layer:
    """Return the line around a set of cells, such as the edge of what lies within the chosen drive; holes have no line."""
    shape = h3.cells_to_geo(cells) if cells else {"type": "MultiPolygon", "coordinates": []}
    polygons = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
    rings = [_feature("LineString", [list(point) for point in polygon[0]]) for polygon in polygons]
    return _lines("edge", _collection(rings), rgba(tokens(theme).text), width=2, line_width_units=_PIXELS)


def mall_layers(malls: Sequence[MallMark], labels: Sequence[Label], theme: Theme, *, chosen: str | None) -> list[pdk.Layer]:
    """Return malls as discs with a white ring by status, and their names beside them; ``chosen`` is drawn larger."""
    color = tokens(theme)
    fills = {"open": color.primary, "candidate": candidate_fill(theme), "closed": color.closed}
    discs = [
        _feature(
            "Point",
            [mall.longitude, mall.latitude],
            mall_id=mall.mall_id,
            fill=rgba(fills[mall.status]),
            line=rgba(color.closed if mall.status == "closed" else color.primary),
            radius=8 if mall.mall_id == chosen else 6,
            **tip_lines((mall.name, mall.status.capitalize(), *mall.lines)),
        )
        for mall in malls
    ]
    crosses = [Label("\N{MULTIPLICATION SIGN}", mall.latitude, mall.longitude) for mall in malls if mall.status == "closed"]
    return [
        _discs("mall-rings", discs, {"getFillColor": rgba(color.ring)}, get_point_radius="properties.radius + 3"),
        _discs(
            "malls",
            discs,
            {"getFillColor": "@@=properties.fill", "getLineColor": "@@=properties.line"},
            get_point_radius="properties.radius",
            stroked=True,
            get_line_width=2.5,
            line_width_units=_PIXELS,
            pickable=True,
        ),
        text_layer("mall-crosses", crosses, text=rgba(color.ring), pill=_NO_FILL, size_px=16, weight=700),
        text_layer("mall-names", labels, text=rgba(color.text), pill=rgba(color.ground, 0.92), size_px=13, weight=600),
    ]


def disc_layer(layer_id: str, discs: Sequence[Row], radius_px: float) -> pdk.Layer:
    """Return discs without a line: rows of ``latitude``, ``longitude`` and ``fill``."""
    points = [_feature("Point", [each["longitude"], each["latitude"]], fill=each["fill"]) for each in discs]
    return _discs(layer_id, points, {"getFillColor": "@@=properties.fill"}, get_point_radius=radius_px)


def _discs(layer_id: str, points: list[Geojson], colors: dict[str, Any], *, stroked: bool = False, **options: object) -> pdk.Layer:
    paint: _Paint = {"points-circle": colors}
    return _layer("GeoJsonLayer", layer_id, _collection(points), paint, stroked=stroked, point_radius_units=_PIXELS, **options)


def text_layer(layer_id: str, labels: Sequence[Label], *, text: Rgba, pill: Rgba, size_px: int, weight: int = 400) -> pdk.Layer:
    """Return names on a pill of ground color. Strings of deck.gl that are not accessors stand in inner quotes."""
    return _layer(
        "TextLayer",
        layer_id,
        [
            {"position": [each.longitude, each.latitude], "text": each.text, "anchor": each.anchor, "offset": list(each.offset_px)}
            for each in labels
        ],
        {"characters": {"getColor": text}},
        get_position="position",
        get_text="text",
        get_text_anchor="anchor",
        get_alignment_baseline="'center'",
        get_pixel_offset="offset",
        get_size=size_px,
        font_family=_FONT,
        font_weight=weight,
        character_set="'auto'",
        background=True,
        get_background_color=pill,
        background_padding=[4, 2, 4, 2],
    )


_ROUND = (1.0, 2.0, 5.0)
_BAR_PX, _BAR_TEXT_PX = 110.0, 40.0
_SCALES = ((METERS_PER_MILE, "mi", -1), (1000.0, "km", 1))


def scale_layers(camera: Camera, theme: Theme) -> list[pdk.Layer]:
    """Return a scale bar in miles and kilometers at the foot of the first view. Its ends are points on the ground: it stays true.

    It stands in the middle, not at the left: on a screen that is narrower than the map was planned for, both sides are cut off.
    """
    color = tokens(theme)
    lengths = {unit: _round_length(_BAR_PX * camera.meters_per_px / unit_m) for unit_m, unit, _ in _SCALES}
    longest = max(lengths[unit] * unit_m / camera.meters_per_px for unit_m, unit, _ in _SCALES)
    left, foot = (camera.width_px - longest) / 2, camera.height_px - 26.0
    bars, labels = [], []
    for unit_m, unit, sign in _SCALES:
        length = lengths[unit]
        right = left + length * unit_m / camera.meters_per_px
        corners = ((left, foot + 6 * sign), (left, foot), (right, foot), (right, foot + 6 * sign))
        bars.append(_feature("LineString", [_lonlat(camera, x, y) for x, y in corners]))
        latitude, longitude = camera.point(left + 4, foot + 10 * sign)
        labels.append(Label(f"{length:g} {unit}", latitude, longitude, "start"))
    low, high, far = foot + 19, foot - 19, left + max(longest, _BAR_TEXT_PX) + 8
    frame = ((left - 8, high), (far, high), (far, low), (left - 8, low), (left - 8, high))
    pad = _feature("Polygon", [[_lonlat(camera, x, y) for x, y in frame]])
    return [
        _surface("scale-pad", _collection([pad]), color.ground, 0.85),
        _lines("scale-bar", _collection(bars), rgba(color.land_text), width=1.5, line_width_units=_PIXELS),
        text_layer("scale-text", labels, text=rgba(color.land_text), pill=_NO_FILL, size_px=11),
    ]


def scale_box(camera: Camera) -> tuple[float, float, float, float]:
    """Return the pixels that the scale bar takes, so that no name stands there."""
    half = _BAR_PX / 2 + 14
    return camera.width_px / 2 - half, camera.height_px - 50.0, camera.width_px / 2 + half, float(camera.height_px)


def _round_length(most: float) -> float:
    lengths = [step * 10.0**power for power in range(-2, 5) for step in _ROUND]
    return max(length for length in lengths if length <= max(most, lengths[0]))


def _lonlat(camera: Camera, x: float, y: float) -> list[float]:
    latitude, longitude = camera.point(x, y)
    return [longitude, latitude]
