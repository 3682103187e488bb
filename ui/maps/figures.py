"""Whole maps of a metric by cell: the deck and the legend that belongs above it."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import pyarrow as pa
import pydeck as pdk

from ui.maps.deck import NO_CELLS, Scene, optional, sorted_rows, whole_deck
from ui.maps.legend import Specials, legend_html
from ui.maps.marks import MallMark, hex_id
from ui.palette import AMOUNT, BURDEN, Classes, number_text

Weight = Literal["population", "households"]

SQUARE_METERS_PER_SQUARE_MILE = 2_589_988.110336

ON_TIME = Classes("On time", "%", (70, 80, 85, 90, 95), AMOUNT)
SPEED = Classes("Click-to-door p90", "min", (45, 60, 75, 90, 120), BURDEN)


class Figure(NamedTuple):
    """A map, the legend line that belongs above it (HTML for ``st.html``), and its height: that for which its camera was fitted."""

    deck: pdk.Deck
    legend: str
    height_px: int


def market_map(
    scene: Scene,
    *,
    cells: pa.Table | None = None,
    classes: Classes | None = None,
    value: str = "value",
    tips: Sequence[Sequence[str]] | None = None,
    edge: Sequence[str | int] = (),
) -> pdk.Deck:
    """Return a map of cells in fixed classes around malls, or of the malls alone.

    Parameters
    ----------
    scene
        Ground, malls, theme, camera and what is chosen.
    cells
        One row per cell:

        - ``cell``: H3 cell, signed integer or hexadecimal text
        - the column named by ``value``: number in the unit of ``classes``; null means no orders, drawn as a hairline
        - ``suppressed``: optional; true rows are drawn as an outline with a dot, whatever else they carry
    classes
        Fixed classes of the metric; needed with ``cells``.
    value
        Name of the column to draw.
    tips
        Tooltip lines per row (plain text, four at most are shown); by default the value with its unit.
    edge
        Cells around which a line is drawn.

    Returns
    -------
    pydeck.Deck
        Needs no network; ``cells`` and ``malls`` answer to clicks.

    Raises
    ------
    ValueError
        There are cells but no classes.
    """
    if cells is None:
        return whole_deck(scene, NO_CELLS, [])
    if classes is None:
        raise ValueError("cells cannot be drawn without classes")
    return whole_deck(scene, sorted_rows(cells, classes, value, scene.theme, tips), [hex_id(cell) for cell in edge])


def value_map(
    cells: pa.Table,
    scene: Scene,
    *,
    value: str,
    classes: Classes,
    text: Callable[[float], str] | None = None,
    period: str = "",
    note: str = "",
    hidden_share: float | None = None,
) -> Figure:
    """Return a map of any metric by cell with its legend.

    Parameters
    ----------
    cells
        Columns of ``market_map``; the tooltip also shows ``n``, ``drive_s`` and ``mall_id`` (nearest mall) where they stand.
    scene, value, classes
        As for ``market_map``.
    text
        Writes the value for the tooltip, with its unit; by default the number and the unit of the classes.
    period, note
        For the legend.
    hidden_share
        Share of orders in suppressed cells, 0 to 1, for the legend.
    """
    write = text or (lambda number: f"{classes.title}: {number_text(round(number, 1))} {classes.unit}")
    values = cells.column(value).to_pylist()
    tips = _tips(cells, [None if number is None else write(number) for number in values], scene.malls)
    drawn = sorted_rows(cells, classes, value, scene.theme, tips)
    deck = whole_deck(scene, drawn, [])
    specials = Specials(hidden_cells=len(drawn.hidden), hidden_share=hidden_share, empty_cells=len(drawn.empty))
    legend = legend_html(classes, theme=scene.theme, period=period, note=note, specials=specials, statuses=scene.statuses)
    return Figure(deck, legend, scene.view.height_px)


def on_time_map(
    cells: pa.Table,
    scene: Scene,
    *,
    period: str = "",
    hidden_share: float | None = None,
    classes: Classes = ON_TIME,
) -> Figure:
    """Return the share of orders on time by cell.

    Parameters
    ----------
    cells
        ``cell``, ``numerator``, ``denominator`` (orders on time, orders with a promise), optional ``suppressed``, ``drive_s``, ``mall_id``.
    scene, period, hidden_share, classes
        As for ``value_map``.
    """
    numerators, denominators = cells.column("numerator").to_pylist(), cells.column("denominator").to_pylist()
    shares = [100 * top / bottom if top is not None and bottom else None for top, bottom in zip(numerators, denominators, strict=True)]
    table = with_column(with_column(cells, "on_time_percent", pa.array(shares, pa.float64())), "n", cells.column("denominator"))
    return value_map(
        table,
        scene,
        value="on_time_percent",
        classes=classes,
        text=lambda percent: f"{percent:.1f} % on time",
        period=period,
        hidden_share=hidden_share,
    )


def speed_map(
    cells: pa.Table,
    scene: Scene,
    *,
    period: str = "",
    hidden_share: float | None = None,
    classes: Classes = SPEED,
) -> Figure:
    """Return the minutes within which 9 of 10 orders reached the door, by cell.

    Parameters
    ----------
    cells
        ``cell``, ``p90_s`` (seconds), ``n`` (orders), optional ``suppressed``, ``drive_s``, ``mall_id``.
    scene, period, hidden_share, classes
        As for ``value_map``.
    """
    minutes = [None if seconds is None else seconds / 60 for seconds in cells.column("p90_s").to_pylist()]
    return value_map(
        with_column(cells, "p90_min", pa.array(minutes, pa.float64())),
        scene,
        value="p90_min",
        classes=classes,
        text=lambda number: f"9 of 10 within {number:.0f} min",
        period=period,
        hidden_share=hidden_share,
    )


def with_column(table: pa.Table, name: str, values: Any) -> pa.Table:
    """Return a table with a column of that name, in the place of one that it may have."""
    kept = table.drop_columns([name]) if name in table.column_names else table
    return kept.append_column(name, values)


def _tips(table: pa.Table, values: Sequence[str | None], malls: Sequence[MallMark]) -> list[list[str]]:
    """Return value, n, drive and nearest mall per row, as far as the table has them."""
    names = {mall.mall_id: mall.name for mall in malls}
    rows = zip(values, optional(table, "n"), optional(table, "drive_s"), optional(table, "mall_id"), strict=True)
    return [
        [value or "No orders", f"n {n:,}" if n is not None and value else "", drive_text(drive), names.get(mall, "")]
        for value, n, drive, mall in rows
    ]


def drive_text(drive_s: int | None) -> str:
    """Return a drive for a tooltip; empty where it is unknown."""
    return "" if drive_s is None else f"{drive_s / 60:.0f} min drive"
