"""Maps of places that could become pilots: whom they would newly reach, how they stand by a criterion, and where a pin can be dropped."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import h3
import pyarrow as pa
import pydeck as pdk

from ui.maps.camera import Camera
from ui.maps.coverage import NOT_COVERED, NOT_COVERED_HOUSEHOLDS
from ui.maps.deck import NO_CELLS, Scene, sorted_rows, whole_deck
from ui.maps.figures import SQUARE_METERS_PER_SQUARE_MILE, Figure, Weight, drive_text
from ui.maps.layers import disc_layer, target_layer
from ui.maps.legend import Specials, legend_html
from ui.maps.marks import hex_id, tip_lines
from ui.palette import AMOUNT, Classes, Rgb, Theme, rgb, tokens

SCORE = Classes("Score", "of 100", (15, 30, 50, 70, 85), AMOUNT)
MOST_TARGETS = 2_500
"""Cells that may be clicked to drop a pin: a view holds no more without becoming slow."""

_TARGET_RESOLUTIONS = (9, 8, 7, 6)
_DISC_PX = 9.0


@dataclass(frozen=True)
class Halo:
    """A disc over a place, colored by its score, 0 to 100; None: unknown, so that the place stays as it is."""

    latitude: float
    longitude: float
    score: float | None


def newly_map(cells: pa.Table, scene: Scene, *, weight: Weight = "population", within_s: int = 1200, targets: Sequence[str] = ()) -> Figure:
    """Return whom chosen places would newly reach; what the open malls cover is grey.

    Parameters
    ----------
    cells
        One row per cell: ``cell``, ``people``, ``newly`` (of these, people whom no open mall reaches), ``drive_s`` and ``mall_id`` (least
        drive from a chosen place; null where only open malls reach the cell).
    scene
        Ground and malls.
    weight, within_s
        Who is counted, and the drive that bounds every reach, for the legend.
    targets
        Cells laid over everything, invisible, that answer to a click: see ``click_targets``.
    """
    classes = _titled(NOT_COVERED if weight == "population" else NOT_COVERED_HOUSEHOLDS, "Newly reached")
    names = {mall.mall_id: mall.name for mall in scene.malls}
    word = "people" if weight == "population" else "households"
    ids = cells.column("cell").to_pylist()
    newly, people = cells.column("newly").to_pylist(), cells.column("people").to_pylist()
    drives, malls = cells.column("drive_s").to_pylist(), cells.column("mall_id").to_pylist()
    is_new = [bool(count) and mall is not None for count, mall in zip(newly, malls, strict=True)]
    # A cell in reach of nobody but an open mall, or whose people an open mall has already, is covered.
    shown = [
        count / (h3.cell_area(hex_id(cell), unit="m^2") / SQUARE_METERS_PER_SQUARE_MILE) if new else None
        for cell, count, new in zip(ids, newly, is_new, strict=True)
    ]
    tips = [
        [
            f"{count:,} {word}{' newly reached' if new else ', covered already'}",
            drive_text(drive),
            f"From {names[mall]}" if mall in names else "",
        ]
        for count, new, drive, mall in zip(
            [more if new else all_ for more, all_, new in zip(newly, people, is_new, strict=True)], is_new, drives, malls, strict=True
        )
    ]
    table = pa.table({"cell": cells.column("cell"), "value": pa.array(shown, pa.float64())})
    drawn = sorted_rows(table, classes, "value", scene.theme, tips, is_covered=[not new for new in is_new])
    deck = whole_deck(scene, drawn, [])
    if targets:
        deck.layers.append(_targets(targets, scene.theme))
    minutes = within_s // 60
    specials = Specials(covered_cells=len(drawn.covered), covered_label=f"Covered by open malls within {minutes} min drive")
    note = f"within {minutes} min drive, model"
    legend = legend_html(classes, theme=scene.theme, note=note, specials=specials, statuses=scene.statuses)
    return Figure(deck, legend, scene.view.height_px)


def sites_map(halos: Sequence[Halo], scene: Scene, *, title: str, ends: str, targets: Sequence[str] = ()) -> Figure:
    """Return places colored by how they score on one criterion; their raw figure stands in their name.

    Parameters
    ----------
    halos
        Discs around the places.
    scene
        Ground and malls, whose names carry the figures.
    title, ends
        The criterion, and its anchors in words: ``0 at 40 min, 100 at 10 min``.
    targets
        As for ``newly_map``.
    """
    colors: list[Rgb] = [rgb(color) for color in SCORE.colors(scene.theme)]
    discs: list[dict[str, Any]] = [
        {"latitude": each.latitude, "longitude": each.longitude, "fill": colors[SCORE.index(each.score)]}
        for each in halos
        if each.score is not None
    ]
    deck = whole_deck(scene, NO_CELLS, [])
    deck.layers += [disc_layer("score-rings", [{**each, "fill": rgb(tokens(scene.theme).text)} for each in discs], _DISC_PX + 1.5)]
    deck.layers += [disc_layer("scores", discs, _DISC_PX)]
    if targets:
        deck.layers.append(_targets(targets, scene.theme))
    classes = _titled(SCORE, title)
    return Figure(deck, legend_html(classes, theme=scene.theme, note=ends, statuses=scene.statuses), scene.view.height_px)


def click_targets(camera: Camera) -> list[str]:
    """Return the cells of a view, as small as its number allows."""
    west, south, east, north = camera.bounds
    box = h3.LatLngPoly([(south, west), (south, east), (north, east), (north, west)])
    for resolution in _TARGET_RESOLUTIONS:
        area = h3.average_hexagon_area(resolution, unit="m^2")
        if (camera.width_px * camera.height_px * camera.meters_per_px**2) / area <= MOST_TARGETS:
            return sorted(h3.polygon_to_cells(box, resolution))
    return sorted(h3.polygon_to_cells(box, _TARGET_RESOLUTIONS[-1]))


def _targets(cells: Sequence[str], theme: Theme) -> pdk.Layer:
    return target_layer("targets", [{"hex": cell, **tip_lines(("Drop a pin here",))} for cell in cells], theme)


def _titled(classes: Classes, title: str) -> Classes:
    return Classes(title, classes.unit, classes.breaks, classes.scale)
