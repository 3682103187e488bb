"""The deck of a map: rows of a table sorted by how they are drawn, put together with the ground, the names and the malls."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pydeck as pdk
from pydeck.bindings.json_tools import default_serialize

from data.background import Background
from ui.maps.camera import Camera
from ui.maps.labels import label_boxes, mall_boxes, mall_labels, place_labels
from ui.maps.layers import (
    Row,
    cell_layer,
    edge_layer,
    ground_layers,
    hidden_layers,
    mall_layers,
    outline_layer,
    scale_box,
    scale_layers,
    text_layer,
)
from ui.maps.marks import TIP_TEMPLATE, MallMark, hex_id, tip_lines
from ui.palette import Classes, Theme, number_text, rgb, rgba, tokens


@dataclass(frozen=True)
class CellRows:
    """Rows of a table sorted by how they are drawn."""

    filled: list[Row]
    empty: list[Row]
    hidden: list[Row]
    covered: list[Row]


NO_CELLS = CellRows([], [], [], [])


@dataclass(frozen=True)
class Scene:
    """What every map of a page shares.

    Attributes
    ----------
    background
        Ground from ``data.background.background``.
    malls
        Malls in order of importance: the names of the first ones get the better places.
    theme
        ``light`` or ``dark``; see ``ui.palette.theme_of``.
    view
        Camera of the first view; keep it until the market or the mall changes.
    selected_cell, selected_mall
        Drawn with a 3 px outline; drawn larger.
    """

    background: Background
    malls: tuple[MallMark, ...]
    theme: Theme
    view: Camera
    selected_cell: str | int | None = None
    selected_mall: str | None = None

    @property
    def statuses(self) -> tuple[str, ...]:
        """Statuses of the malls on the map."""
        return tuple(sorted({mall.status for mall in self.malls}))


def cell_ids(cells: pa.Table) -> list[int | str]:
    """Return the cells of a table, as it holds them."""
    return list(cells.column("cell").to_pylist())


def optional(table: pa.Table, name: str) -> list[Any]:
    """Return a column as a list; None throughout where the table does not have it."""
    return list(table.column(name).to_pylist()) if name in table.column_names else [None] * len(table)


def sorted_rows(
    table: pa.Table,
    classes: Classes,
    value: str,
    theme: Theme,
    tips: Sequence[Sequence[str]] | None,
    *,
    is_covered: Sequence[bool] | None = None,
    has_empty: bool = True,
) -> CellRows:
    """Sort a table's rows into filled, empty, hidden and covered ones; a hidden row takes nothing of its numbers along."""
    drawn = CellRows([], [], [], [])
    colors = [rgb(color) for color in classes.colors(theme)]
    hidden_tip = tip_lines(("Hidden", "Too few orders to be shown"))
    values, suppressed = optional(table, value), optional(table, "suppressed")
    for place, cell in enumerate(cell_ids(table)):
        name, number = hex_id(cell), values[place]
        if suppressed[place]:
            drawn.hidden.append({"hex": name, **hidden_tip})
            continue
        lines = tips[place] if tips is not None else _plain_tip(number, classes)
        row: Row = {"hex": name, **tip_lines(lines)}
        if is_covered is not None and is_covered[place]:
            drawn.covered.append({**row, "fill": rgb(tokens(theme).county_line)})
        elif number is not None:
            drawn.filled.append({**row, "fill": colors[classes.index(number)]})
        elif has_empty:
            drawn.empty.append(row)
    return drawn


def _plain_tip(number: float | None, classes: Classes) -> tuple[str, ...]:
    return ("No orders",) if number is None else (f"{classes.title}: {number_text(round(number, 1))} {classes.unit}",)


def whole_deck(scene: Scene, drawn: CellRows, edge: list[str]) -> pdk.Deck:
    """Put ground, cells, names and malls together."""
    theme, view = scene.theme, scene.view
    color = tokens(theme)
    names = mall_labels(scene.malls, view, reserved=[scale_box(view)], chosen=scene.selected_mall)
    taken = [scale_box(view), *mall_boxes(scene.malls, view), *label_boxes(names, view)]
    places = place_labels(scene.background.places, view, taken=taken)
    selected = [{"hex": hex_id(scene.selected_cell)}] if scene.selected_cell else []
    layers = [  # a layer of names without names makes WebGL complain: it is left out
        *ground_layers(scene.background, theme),
        cell_layer([*drawn.filled, *drawn.covered], theme),
        outline_layer("cells-empty", drawn.empty, color.county_line, width_px=1, is_pickable=True),
        *hidden_layers(drawn.hidden, theme),
        edge_layer(edge, theme),
        outline_layer("selected-halo", selected, color.ring, width_px=6),
        outline_layer("selected", selected, color.primary, width_px=3),
        text_layer("places", places, text=rgba(color.land_text), pill=rgba(color.ground, 0.92), size_px=12),
        *scale_layers(view, theme),
        *mall_layers(scene.malls, names, theme, chosen=scene.selected_mall),
    ]
    return _TightDeck(
        layers=[layer for layer in layers if layer.type != "TextLayer" or layer.data],
        initial_view_state=pdk.ViewState(
            latitude=view.latitude, longitude=view.longitude, zoom=view.zoom, pitch=0, bearing=0, min_zoom=min(6, view.zoom), max_zoom=15
        ),
        map_provider=None,
        tooltip={"html": TIP_TEMPLATE, "style": _tooltip_style(theme)},
    )


class _TightDeck(pdk.Deck):  # type: ignore[misc]  # pydeck ships no types
    """A deck whose text has no indents: json writes it in C then, in a quarter of the time, and less of it crosses the network."""

    def to_json(self) -> str:
        """Return the deck as JSON."""
        return json.dumps(self, sort_keys=True, default=default_serialize, separators=(",", ":"))


def _tooltip_style(theme: Theme) -> dict[str, str]:
    color = tokens(theme)
    return {
        "backgroundColor": color.background,
        "color": color.text,
        "border": f"1px solid {color.border}",
        "borderRadius": "6px",
        "padding": "6px 10px",
        "fontSize": "13px",
        "lineHeight": "18px",
        "maxWidth": "260px",
        "boxShadow": "0 2px 8px rgba(0,0,0,.18)",
    }
