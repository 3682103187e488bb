"""The layers of a map, one function each, from the ground upward. Every layer has an ``id``."""

from collections.abc import Sequence
from typing import Any

import h3
import pydeck as pdk

from data.background import Background
from ui.maps.camera import METERS_PER_MILE, Camera
from ui.maps.labels import Label
from ui.maps.legend import CELL_OPACITY
from ui.maps.marks import MallMark, tip_html
from ui.palette import Rgba, Theme, rgba, tokens

Row = dict[str, Any]
_FONT = "'Source Sans, sans-serif'"
_PIXELS = "'pixels'"
_CELL_COVERAGE = 0.96
_NO_FILL: Rgba = (0, 0, 0, 0)


def ground_layers(background: Background, theme: Theme) -> list[pdk.Layer]:
    """Return land, water, county lines, the market's boundary and roads, in this order."""
    color = tokens(theme)
    roads = [
        {"path": path, "width": 2.0 if each["properties"]["rank"] == 1 else 1.2}
        for each in background.roads["features"]
        for path in _paths(each["geometry"])
    ]
    return [
        _polygons("ground", background.land, fill=rgba(color.ground)),
        _polygons("water", _only(background.water, "Polygon"), fill=rgba(color.water)),
        pdk.Layer(
            "PathLayer",
            id="rivers",
            data=[
                {"path": path, "width": each["properties"].get("width_m", 60)}
                for each in background.water["features"]
                for path in _paths(each["geometry"])
            ],
            get_path="path",
            get_width="width",
            get_color=rgba(color.water),
            width_min_pixels=1,
            cap_rounded=True,
            joint_rounded=True,
        ),
        _outlines("counties", background.counties, line=rgba(color.county_line), width_px=1),
        pdk.Layer(
            "PathLayer",
            id="roads",
            data=roads,
            get_path="path",
            get_width="width",
            width_units=_PIXELS,
            get_color=rgba(color.road),
            cap_rounded=True,
            joint_rounded=True,
        ),
        _outlines("boundary", background.boundary, line=rgba(color.hidden, 0.8), width_px=1.5),
    ]


def _only(collection: dict[str, Any], kind: str) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": [each for each in collection["features"] if kind in each["geometry"]["type"]]}


def _paths(geometry: dict[str, Any]) -> list[Any]:
    if geometry["type"] == "LineString":
        return [geometry["coordinates"]]
    return list(geometry["coordinates"]) if geometry["type"] == "MultiLineString" else []


def _polygons(layer_id: str, collection: dict[str, Any], *, fill: Rgba) -> pdk.Layer:
    return pdk.Layer("GeoJsonLayer", id=layer_id, data=collection, stroked=False, filled=True, get_fill_color=fill)


def _outlines(layer_id: str, collection: dict[str, Any], *, line: Rgba, width_px: float) -> pdk.Layer:
    return pdk.Layer(
        "GeoJsonLayer",
        id=layer_id,
        data=collection,
        stroked=True,
        filled=False,
        get_line_color=line,
        get_line_width=width_px,
        line_width_units=_PIXELS,
    )


def cell_layer(rows: Sequence[Row], theme: Theme) -> pdk.Layer:
    """Return the colored cells: rows of ``hex``, ``fill`` and ``tip``."""
    return pdk.Layer(
        "H3HexagonLayer",
        id="cells",
        data=list(rows),
        get_hexagon="hex",
        get_fill_color="fill",
        filled=True,
        stroked=False,
        extruded=False,
        coverage=_CELL_COVERAGE,
        opacity=CELL_OPACITY,
        pickable=True,
        auto_highlight=True,
        highlight_color=rgba(tokens(theme).text, 0.35),
    )


def outline_layer(layer_id: str, rows: Sequence[Row], *, line: Rgba, width_px: float, pickable: bool) -> pdk.Layer:
    """Return cells as outlines without fill: no orders, hidden, selected."""
    return pdk.Layer(
        "H3HexagonLayer",
        id=layer_id,
        data=list(rows),
        get_hexagon="hex",
        filled=pickable,
        get_fill_color=_NO_FILL,
        stroked=True,
        extruded=False,
        coverage=_CELL_COVERAGE,
        get_line_color=line,
        get_line_width=width_px,
        line_width_units=_PIXELS,
        pickable=pickable,
    )


def hidden_layers(rows: Sequence[Row], theme: Theme) -> list[pdk.Layer]:
    """Return suppressed cells: an outline and a dot in the middle, never a fill."""
    color = rgba(tokens(theme).hidden)
    dots = [{"position": _center(row["hex"])} for row in rows]
    return [
        outline_layer("cells-hidden", rows, line=color, width_px=1, pickable=True),
        pdk.Layer(
            "ScatterplotLayer",
            id="cells-hidden-dots",
            data=dots,
            get_position="position",
            get_fill_color=color,
            get_radius=1.25,
            radius_units=_PIXELS,
        ),
    ]


def _center(cell: str) -> list[float]:
    latitude, longitude = h3.cell_to_latlng(cell)
    return [round(longitude, 6), round(latitude, 6)]


def edge_layer(cells: Sequence[str], theme: Theme) -> pdk.Layer:
    """Return the line around a set of cells, such as the edge of what lies within the chosen drive."""
    shape = h3.cells_to_geo(cells) if cells else {"type": "MultiPolygon", "coordinates": []}
    polygons = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
    rings = [{"path": [list(point) for point in polygon[0]]} for polygon in polygons]
    return pdk.Layer(
        "PathLayer",
        id="edge",
        data=rings,
        get_path="path",
        get_width=2,
        width_units=_PIXELS,
        get_color=rgba(tokens(theme).text),
        joint_rounded=True,
    )


def mall_layers(malls: Sequence[MallMark], labels: Sequence[Label], theme: Theme, *, chosen: str | None) -> list[pdk.Layer]:
    """Return malls as discs with a white ring by status, and their names beside them; ``chosen`` is drawn larger."""
    color = tokens(theme)
    fills = {"open": color.primary, "candidate": color.ring, "closed": color.closed}
    radii = [8 if mall.mall_id == chosen else 6 for mall in malls]
    rows: list[Row] = [
        {
            "mall_id": mall.mall_id,
            "position": [mall.longitude, mall.latitude],
            "fill": rgba(fills[mall.status]),
            "line": rgba(color.closed if mall.status == "closed" else color.primary),
            "radius": radius,
            "tip": tip_html((mall.name, mall.status.capitalize(), *mall.lines)),
        }
        for mall, radius in zip(malls, radii, strict=True)
    ]
    closed = [{"position": [mall.longitude, mall.latitude]} for mall in malls if mall.status == "closed"]
    return [
        _discs("mall-rings", [{**row, "radius": row["radius"] + 3} for row in rows], get_fill_color=rgba(color.ring)),
        _discs(
            "malls",
            rows,
            get_fill_color="fill",
            stroked=True,
            get_line_color="line",
            get_line_width=2.5,
            line_width_units=_PIXELS,
            pickable=True,
        ),
        pdk.Layer(
            "TextLayer",
            id="mall-crosses",
            data=[{**each, "text": "\N{MULTIPLICATION SIGN}"} for each in closed],
            get_position="position",
            get_text="text",
            get_size=16,
            get_color=rgba(color.ring),
            font_family=_FONT,
            font_weight=700,
            character_set="'auto'",
        ),
        text_layer("mall-names", labels, text=rgba(color.text), pill=rgba(color.ground, 0.92), size_px=13, weight=600),
    ]


def _discs(layer_id: str, rows: Sequence[Row], **options: object) -> pdk.Layer:
    return pdk.Layer(
        "ScatterplotLayer",
        id=layer_id,
        data=list(rows),
        get_position="position",
        get_radius="radius",
        radius_units=_PIXELS,
        **options,
    )


def text_layer(layer_id: str, labels: Sequence[Label], *, text: Rgba, pill: Rgba, size_px: int, weight: int = 400) -> pdk.Layer:
    """Return names on a pill of ground color. Strings of deck.gl that are not accessors stand in inner quotes."""
    return pdk.Layer(
        "TextLayer",
        id=layer_id,
        data=[
            {"position": [each.longitude, each.latitude], "text": each.text, "anchor": each.anchor, "offset": list(each.offset_px)}
            for each in labels
        ],
        get_position="position",
        get_text="text",
        get_text_anchor="anchor",
        get_alignment_baseline="'center'",
        get_pixel_offset="offset",
        get_size=size_px,
        get_color=text,
        font_family=_FONT,
        font_weight=weight,
        character_set="'auto'",
        background=True,
        get_background_color=pill,
        background_padding=[4, 2, 4, 2],
    )


_ROUND = (1.0, 2.0, 5.0)
_BAR_PX = 110.0


def scale_layers(camera: Camera, theme: Theme) -> list[pdk.Layer]:
    """Return a scale bar in miles and kilometers at the lower left of the first view. Its ends are points on the ground: it stays true."""
    color = tokens(theme)
    left, foot = 16.0, camera.height_px - 26.0
    bars, labels = [], []
    for unit_m, unit, sign in ((METERS_PER_MILE, "mi", -1), (1000.0, "km", 1)):
        length = _round_length(_BAR_PX * camera.meters_per_px / unit_m)
        right = left + length * unit_m / camera.meters_per_px
        corners = ((left, foot + 6 * sign), (left, foot), (right, foot), (right, foot + 6 * sign))
        bars.append({"path": [_lonlat(camera, x, y) for x, y in corners]})
        latitude, longitude = camera.point(left + 4, foot + 10 * sign)
        labels.append(Label(f"{length:g} {unit}", latitude, longitude, "start"))
    return [
        pdk.Layer(
            "PathLayer", id="scale-bar", data=bars, get_path="path", get_width=1.5, width_units=_PIXELS, get_color=rgba(color.land_text)
        ),
        text_layer("scale-text", labels, text=rgba(color.land_text), pill=_NO_FILL, size_px=11),
    ]


def scale_box(camera: Camera) -> tuple[float, float, float, float]:
    """Return the pixels that the scale bar takes, so that no name stands there."""
    return 0.0, camera.height_px - 50.0, _BAR_PX + 30, float(camera.height_px)


def _round_length(most: float) -> float:
    lengths = [step * 10.0**power for power in range(-2, 5) for step in _ROUND]
    return max(length for length in lengths if length <= max(most, lengths[0]))


def _lonlat(camera: Camera, x: float, y: float) -> list[float]:
    latitude, longitude = camera.point(x, y)
    return [longitude, latitude]
