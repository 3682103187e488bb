"""The map of Coverage: who is within a drive of a mall, who is not, or where orders come from."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

import h3
import pyarrow as pa

from ui.maps.deck import Scene, cell_ids, optional, sorted_rows, whole_deck
from ui.maps.figures import SQUARE_METERS_PER_SQUARE_MILE, Figure, Weight, drive_text, with_column
from ui.maps.legend import Specials, legend_html
from ui.maps.marks import MallMark, hex_id
from ui.palette import AMOUNT, Classes

Mode = Literal["bands", "not_covered", "orders"]

DRIVE_BANDS = Classes(
    "Drive to the nearest open mall", "min", (10, 15, 20, 30, 45), AMOUNT, is_reversed=True, is_upper_included=True, has_open_end=False
)
NOT_COVERED = Classes("Not covered", "people per sq mi", (250, 1000, 2500, 5000, 10000), AMOUNT)
NOT_COVERED_HOUSEHOLDS = Classes("Not covered", "households per sq mi", (100, 400, 1000, 2000, 4000), AMOUNT)
ORDER_DENSITY = Classes("Orders", "per sq mi", (10, 25, 50, 100, 250), AMOUNT)


def coverage_map(
    cells: pa.Table,
    scene: Scene,
    *,
    mode: Mode,
    within_s: int = 1200,
    weight: Weight = "population",
    period: str = "",
    hidden_share: float | None = None,
    classes: Classes | None = None,
) -> Figure:
    """Return who is within a drive of a mall, who is not, or where orders come from.

    Parameters
    ----------
    cells
        One row per cell inside the market's boundary:

        - ``cell``: H3 cell
        - ``drive_s``: least drive from an open mall (or from the chosen one), seconds; null where there is no travel time
        - ``population`` and ``households``: demand in the cell; the one named by ``weight`` is needed
        - ``mall_id``: optional, the mall of that drive; where it is the scene's selected mall throughout, the legend says "Drive from" it
        - ``orders``: needed in mode ``orders``; null or 0 is no orders
        - ``suppressed``: optional; its cells hide their orders (people and minutes are no one's secret)
    mode
        ``bands`` (minutes, near is strongest, with a line around what lies within ``within_s``), ``not_covered`` (people in cells farther
        than ``within_s``; covered cells grey), ``orders`` (per square mile).
    scene, period, hidden_share
        As for ``value_map``.
    within_s
        Drive-time standard, seconds; the bound belongs to it.
    weight
        Whose coverage is shown.
    classes
        Instead of the default classes of the mode.

    Raises
    ------
    ValueError
        The mode is unknown.
    """
    if mode not in _MODES:
        raise ValueError(f"no map mode {mode!r}; modes are {', '.join(_MODES)}")
    table, value, own, note = _MODES[mode](cells, within_s, weight)
    start = _only_start(cells, scene)
    used = classes or (replace(own, title=f"Drive from {start}") if start and mode == "bands" else own)
    if mode != "orders":
        table = _with_hidden_orders_left_out(table)
    drives = table.column("drive_s").to_pylist()
    is_covered = [mode == "not_covered" and drive is not None and drive <= within_s for drive in drives]
    tips = _coverage_tips(table, weight, scene.malls, start)
    drawn = sorted_rows(table, used, value, scene.theme, tips, is_covered=is_covered, has_empty=mode == "orders")
    within = [hex_id(cell) for cell, drive in zip(cell_ids(table), drives, strict=True) if drive is not None and drive <= within_s]
    deck = whole_deck(scene, drawn, within if mode == "bands" else [])
    specials = Specials(
        hidden_cells=len(drawn.hidden),
        hidden_share=hidden_share,
        empty_cells=len(drawn.empty),
        absent_cells=sum(drive is None for drive in drives) if mode == "bands" else 0,
        absent_share=_absent_share(table, weight) if mode == "bands" else None,
        covered_cells=len(drawn.covered),
        absent_label=f"Over {DRIVE_BANDS.breaks[-1]:g} min, not drawn",
        covered_label=f"Within {within_s // 60} min drive",
    )
    legend = legend_html(used, theme=scene.theme, period=period, note=note, specials=specials, statuses=scene.statuses)
    return Figure(deck, legend, scene.view.height_px)


def _with_hidden_orders_left_out(table: pa.Table) -> pa.Table:
    """Return the table without suppression: people and minutes may be seen, a suppressed cell's orders may not."""
    if "suppressed" not in table.column_names:
        return table
    orders = [
        None if is_hidden else count for is_hidden, count in zip(optional(table, "suppressed"), optional(table, "orders"), strict=True)
    ]
    return with_column(table, "orders", pa.array(orders, pa.int64())).drop_columns(["suppressed"])


_Prepared = tuple[pa.Table, str, Classes, str]


def _bands(cells: pa.Table, within_s: int, weight: Weight) -> _Prepared:
    del weight
    minutes = [
        None if drive is None or drive > 60 * DRIVE_BANDS.breaks[-1] else drive / 60 for drive in cells.column("drive_s").to_pylist()
    ]
    return with_column(cells, "shown", pa.array(minutes, pa.float64())), "shown", DRIVE_BANDS, f"model, line at {within_s // 60} min"


def _not_covered(cells: pa.Table, within_s: int, weight: Weight) -> _Prepared:
    demands = cells.column(weight).to_pylist()
    densities = [None if demand is None else demand / area for demand, area in zip(demands, _square_miles(cells), strict=True)]
    classes = NOT_COVERED if weight == "population" else NOT_COVERED_HOUSEHOLDS
    note = f"farther than {within_s // 60} min drive from an open mall, model"
    return with_column(cells, "shown", pa.array(densities, pa.float64())), "shown", classes, note


def _order_density(cells: pa.Table, within_s: int, weight: Weight) -> _Prepared:
    del within_s, weight
    orders = cells.column("orders").to_pylist()
    densities = [count / area if count else None for count, area in zip(orders, _square_miles(cells), strict=True)]
    return with_column(cells, "shown", pa.array(densities, pa.float64())), "shown", ORDER_DENSITY, ""


_MODES: dict[str, Callable[[pa.Table, int, Weight], _Prepared]] = {
    "bands": _bands,
    "not_covered": _not_covered,
    "orders": _order_density,
}


def _square_miles(cells: pa.Table) -> list[float]:
    return [h3.cell_area(hex_id(cell), unit="m^2") / SQUARE_METERS_PER_SQUARE_MILE for cell in cell_ids(cells)]


def _only_start(cells: pa.Table, scene: Scene) -> str | None:
    """Return the chosen mall's name where every drive in the table starts there; None where the nearest mall is meant."""
    starts = {mall for mall in optional(cells, "mall_id") if mall is not None}
    return next((mall.name for mall in scene.malls if starts == {mall.mall_id} == {scene.selected_mall}), None)


def _coverage_tips(table: pa.Table, weight: Weight, malls: Sequence[MallMark], start: str | None) -> list[list[str]]:
    """Return drive, people, orders and nearest (or chosen) mall per row."""
    names = {mall.mall_id: mall.name for mall in malls}
    word = "people" if weight == "population" else "households"
    rows = zip(optional(table, "drive_s"), optional(table, weight), optional(table, "orders"), optional(table, "mall_id"), strict=True)
    return [
        [
            drive_text(drive) or "No travel time",
            "" if demand is None else f"{demand:,} {word}",
            "" if orders is None else f"{orders:,} orders",
            f"{'From' if start else 'Nearest:'} {names[mall]}" if mall in names else "",
        ]
        for drive, demand, orders, mall in rows
    ]


def _absent_share(table: pa.Table, weight: Weight) -> float | None:
    demand = [amount or 0 for amount in optional(table, weight)]
    absent = sum(amount for amount, drive in zip(demand, optional(table, "drive_s"), strict=True) if drive is None)
    return absent / sum(demand) if sum(demand) else None
