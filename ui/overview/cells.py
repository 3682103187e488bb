"""The map of one market: on time, or click-to-door, by cell, with its table and the story of a clicked cell."""

from typing import Any

import pyarrow as pa

from analytics.answers import Answer
from analytics.periods import Period
from analytics.reference import Market, malls
from ui import format as write
from ui import near
from ui.filters import Control
from ui.maps import Figure, on_time_map, speed_map
from ui.overview.gauges import ON_TIME, SPEED, Gauge, estimate, interval_text
from ui.overview.headline import leading
from ui.overview.weeks import span
from ui.panels import Shown
from ui.scene import scene
from ui.session import Ask, coarse_enough, compute
from ui.view import View

MAP_PX = 430
"""Lower than other maps: question, tiles and map share one screen."""

_CELL = Shown("cell", "Cell", "cell", is_pinned=True)
_INTERVAL = Shown("interval", "95 %", "interval", help="Interval of the figure before it")
CELLS = {
    "on_time_share": (
        _CELL,
        Shown("share", "On time", "percent"),
        _INTERVAL,
        Shown("numerator", "On time, orders", "count"),
        Shown("denominator", "n", "count"),
    ),
    "click_to_door": (
        _CELL,
        Shown("p90_s", "p90, min", "minutes"),
        _INTERVAL,
        Shown("p50_s", "p50, min", "minutes"),
        Shown("n", "n", "count"),
    ),
}
"""Columns of the cells' table, by what the map shows."""


def map_market(view: View) -> Market:
    """Return the market on the map: the filter's, else the one chosen beside the map, else the first with orders."""
    wanted = view.choice("map", "")
    return view.market or next((market for market in view.markets if market.id == wanted), view.focus)


def map_switch(view: View) -> Control:
    """Return the choice between the markets of the map."""
    return Control("map", "Market on the map", {market.id: market.name for market in view.markets}, view.focus.id)


def answer(view: View) -> Answer:
    """Return on time (or click-to-door) by cell of the market on the map.

    Cells need orders: the map shows at least 13 weeks, and becomes coarser where hidden cells would hold over 20 % of the orders.
    """
    return _coarse_enough(view, map_market(view), _days(view))


def asked(view: View) -> list[Ask]:
    """Return what the map is going to ask first; again at coarser resolutions where too much would be hidden."""
    return [(leading(view), {**_asked(map_market(view), _days(view)), "resolution": 8})]


def _days(view: View) -> Period:
    return view.period if view.period.days >= view.trend.days else view.trend


def span_text(view: View) -> str:
    """Return the days that the map shows, in words; not before the data begins."""
    market, days = map_market(view), _days(view)
    return write.day_range(max(days.start_on, min(market.first_on or days.start_on, days.last_on)), days.end_on)


def by_cell(view: View) -> Figure:
    """Return the map of one market by cell."""
    market, cells = map_market(view), answer(view)
    placed = cells.table.filter(cells.table.column("cell").is_valid())
    drawn = on_time_map if cells.metric.id == ON_TIME.metric else speed_map
    shown = scene(view, market, malls(view.version, market.id), width_px=532, height_px=MAP_PX)
    return drawn(placed, shown, period=span_text(view), hidden_share=cells.hidden_share or None)


def map_title(cells: Answer) -> str:
    """Return what the map shows, in words."""
    return {"on_time_share": "On time by cell", "click_to_door": "Click-to-door p90 by cell"}[cells.metric.id]


def cells_table(cells: Answer, view: View) -> pa.Table:
    """Return the rows of the map with their interval as one text, the clicked cell first, then most orders first."""
    gauge = _gauge(cells)
    intervals = [None if row[gauge.column] is None else interval_text(gauge, estimate(gauge, row)) for row in cells.rows()]
    is_clicked = [int(cell is not None and f"{cell:x}" == view.cell) for cell in cells.table.column("cell").to_pylist()]
    rows = cells.table.append_column("interval", pa.array(intervals, pa.string())).append_column(
        "is_clicked", pa.array(is_clicked, pa.int8())
    )
    return rows.sort_by([("is_clicked", "descending"), (_counted(cells), "descending")])


def _gauge(cells: Answer) -> Gauge:
    return ON_TIME if cells.metric.id == ON_TIME.metric else SPEED


def _counted(cells: Answer) -> str:
    """Return the column that holds the orders behind a cell's figure."""
    return "denominator" if cells.metric.id == "on_time_share" else "n"


def off_the_map(cells: Answer) -> str:
    """Return how many orders cannot be drawn because their door is unknown; empty where there are none."""
    unplaced = sum(row[_counted(cells)] or 0 for row in cells.rows() if row["cell"] is None)
    return f"{write.counted(unplaced, 'order')} without a known door cannot be drawn." if unplaced else ""


def _coarse_enough(view: View, market: Market, period: Period) -> Answer:
    wanted = _asked(market, period)
    return coarse_enough(lambda resolution: compute(leading(view), view, resolution=resolution, **wanted))


def _asked(market: Market, period: Period) -> dict[str, Any]:
    return {"market_id": market.id, "mall_id": None, "by": ("cell",), **span(period)}


def cell_story(view: View, cells: Answer) -> list[tuple[str, str]]:
    """Return what is known about the clicked cell; nothing where none is clicked."""
    row = next((row for row in cells.rows() if row["cell"] is not None and f"{row['cell']:x}" == view.cell), None)
    if row is None:
        return []
    if row["suppressed"]:
        return [("Orders", f"hidden: {cells.too_few}")]
    if cells.metric.id == "click_to_door":
        figure = ("Click-to-door p90", write.duration(row["p90_s"]))
    else:
        figure = ("On time", f"{write.percent(row['share'])} (95 % interval {write.interval(100 * row['low'], 100 * row['high'])})")
    return [figure, ("Orders", write.n(row[_counted(cells)])), ("Cell", near.of_cell(row["cell"]))]
