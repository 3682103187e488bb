"""Who serves whom: each cell in the color of the mall that is nearest to it."""

from collections.abc import Sequence
from html import escape

import pyarrow as pa

from ui.maps.deck import CellRows, Scene, whole_deck
from ui.maps.figures import Figure, drive_text
from ui.maps.legend import CELL_OPACITY, legend_html
from ui.maps.marks import hex_id, tip_lines
from ui.palette import Theme, blend, rgb, tokens

_SWATCH = "display:inline-block;flex:none;width:14px;height:14px;border-radius:2px"


def served_map(cells: pa.Table, scene: Scene, *, chosen: Sequence[str], within_s: int, who: str) -> Figure:
    """Return each reached cell in the color of its nearest mall: chosen malls in colors of their own, open ones in grey.

    Parameters
    ----------
    cells
        One row per cell: ``cell``, ``people``, ``drive_s`` and ``mall_id`` (least drive from an open or a chosen mall).
    scene
        Ground and malls; their names stand beside them, so that color never stands alone.
    chosen
        Ids of the malls to open, in order; those beyond the fourth share one grey, and their cells say their name.
    within_s, who
        Drive that bounds every reach, and who is counted, for the legend and the tips.
    """
    colors = mall_colors(chosen, scene.theme)
    names = {mall.mall_id: mall.name for mall in scene.malls}
    grey = tokens(scene.theme).county_line
    rows = []
    columns = (cells.column(name).to_pylist() for name in ("cell", "people", "drive_s", "mall_id"))
    for cell, people, drive_s, mall in zip(*columns, strict=True):
        lines = (names.get(mall, ""), drive_text(drive_s), f"{people:,} {who}")
        rows.append({"hex": hex_id(cell), "fill": rgb(colors.get(mall, grey)), **tip_lines(lines)})
    deck = whole_deck(scene, CellRows(rows, [], [], []), [])
    shown = {name: color for name, color in colors.items() if name in set(cells.column("mall_id").to_pylist())}
    swatches = [(names.get(name, name), color) for name, color in shown.items()]
    if rows and set(cells.column("mall_id").to_pylist()) - set(colors):
        swatches.append(("Open malls", grey))
    title = f'<span><b>Nearest mall</b><span style="opacity:.75"> within {within_s // 60} min drive, model</span></span>'
    items = "".join(_item(label, color, scene.theme) for label, color in swatches)
    # The line of malls' statuses is a legend already: what is ours stands first in it.
    legend = legend_html(None, theme=scene.theme, statuses=scene.statuses).replace(">", f">{title}{items}", 1)
    return Figure(deck, legend, scene.view.height_px)


def mall_colors(chosen: Sequence[str], theme: Theme) -> dict[str, str]:
    """Return a color for each chosen mall: four of their own, the rest one grey."""
    own = tokens(theme)
    return {mall: own.categorical[place] if place < len(own.categorical) else own.other for place, mall in enumerate(chosen)}


def _item(label: str, color: str, theme: Theme) -> str:
    shade = blend(color, tokens(theme).ground, CELL_OPACITY)
    text = escape(label)
    swatch = f'<span style="{_SWATCH};background:{shade}"></span>'
    return f'<span style="display:inline-flex;align-items:center;gap:5px;white-space:nowrap">{swatch}{text}</span>'
