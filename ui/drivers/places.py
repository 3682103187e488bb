"""The map of hours short and spare in one hour of the week, and its cells."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from analytics.answers import Answer
from analytics.reference import malls
from ui import format as write
from ui import near
from ui.drivers.hours import Balance
from ui.drivers.question import asked, gap_by_hour, notes, shown_hour, weekly_hours
from ui.maps import Figure, Specials, legend_html, market_map
from ui.maps.figures import SQUARE_METERS_PER_SQUARE_MILE
from ui.palette import DIVERGING
from ui.panels import Shown
from ui.scene import scene
from ui.session import coarse_enough, compute, is_coarse_enough
from ui.view import View

MAP_PX = 400

BY_CELL = Balance("Driver-minutes", "per sq mi and week", (-10, -4, -1, 1, 4, 10), DIVERGING)
"""Fixed, and by area, so that a color means the same on every map: short is above zero."""

CELLS = (
    Shown("cell", "Cell", "cell", is_pinned=True),
    Shown("short", "Short, min per sq mi", "decimal", help="Minutes of drivers a week, modelled"),
    Shown("spare", "Spare, min per sq mi", "decimal", help="Minutes of drivers a week, modelled"),
    Shown("n", "n orders", "count", help="Orders of the cell in the period, at all hours"),
)


def cells(view: View) -> Answer:
    """Return hours short and spare by cell in the hour shown; coarser where hidden cells would hold over 20 % of the orders."""
    dow, hour = shown_hour(view) or (None, None)
    wanted, metric = asked(view, dow=dow, hour=hour), "hours_gap_by_cell"
    return coarse_enough(
        lambda resolution: compute(metric, view, **wanted, resolution=resolution),
        is_worth_asking=lambda resolution: is_coarse_enough(metric, view, **wanted, resolution=resolution),
    )


def cells_table(view: View) -> pa.Table:
    """Return the rows of the map: minutes a week per square mile short and spare, and the larger one as ``balance``, spare below zero."""
    answer = cells(view)
    rows = [row | _by_area(view, row) for row in answer.rows() if row["cell"] is not None]
    schema = answer.table.schema
    for name in ("short", "spare", "balance"):
        schema = schema.append(pa.field(name, pa.float64()))
    rows.sort(key=lambda row: (-(row["short"] or 0), -(row["spare"] or 0), row["cell"]))
    return pa.Table.from_pylist(rows, schema=schema)


def _by_area(view: View, row: Mapping[str, Any]) -> dict[str, float | None]:
    short, spare = (weekly_hours(view, row[f"hours_{side}"]) for side in ("short", "spare"))
    if short is None or spare is None:
        return {"short": None, "spare": None, "balance": None}
    minutes_by_hour = 60 / (row["cell_area_m2"] / SQUARE_METERS_PER_SQUARE_MILE)
    balance = short if short >= spare else -spare
    return {"short": short * minutes_by_hour, "spare": spare * minutes_by_hour, "balance": balance * minutes_by_hour}


def cells_map(view: View) -> tuple[Figure, pa.Table]:
    """Return the map of the hour shown, and the rows it drew."""
    answer, table = cells(view), cells_table(view)
    where = scene(view, view.focus, malls(view.version, view.focus.id), mall=view.mall, width_px=570, height_px=MAP_PX)
    deck = market_map(where, cells=table, classes=BY_CELL, value="balance", tips=[_tip(row) for row in table.to_pylist()])
    specials = Specials(
        hidden_cells=sum(table.column("suppressed").to_pylist()), hidden_share=answer.hidden_share or None, why=f"Hidden: {answer.too_few}"
    )
    hour = shown_hour(view)
    period = write.hour_of_week(hour) if hour else view.days
    legend = legend_html(BY_CELL, theme=view.theme, period=period, note="modelled", specials=specials, statuses=where.statuses)
    return Figure(deck, legend, where.view.height_px), table


def _tip(row: Mapping[str, Any]) -> list[str]:
    if row["balance"] is None:
        return ["No orders, no drivers"]
    return [f"{row['short']:.1f} min short, {row['spare']:.1f} min spare", "per sq mi and week, modelled"]


def map_notes(view: View) -> str:
    """Return what a reader must know of the map: the model of drive times, and how required and online hours came to their cells."""
    spread = "Hours short stand where orders come from, spare ones where drivers' reach from the mall puts them."
    return " ".join(filter(None, (map_title(view), spread, notes([cells(view)], but=[gap_by_hour(view)]))))


def map_title(view: View) -> str:
    """Return which hour the map shows, and how to change it."""
    hour = shown_hour(view)
    if hour is None:
        return "No hour to show on the map."
    if view.hour:
        return f"The map shows {write.hour_of_week(hour)}, the hour that was clicked. Click it again for the busiest hour."
    return f"The map shows {write.hour_of_week(hour)}, the busiest hour. Click an hour in the grid for its map."


def cell_story(view: View, drawn: pa.Table) -> list[tuple[str, str]]:
    """Return what is known about the clicked cell in the hour shown; nothing where none is clicked."""
    row = next((row for row in drawn.to_pylist() if view.cell == f"{row['cell']:x}"), None)
    if row is None:
        return []
    if row["suppressed"]:
        return [("Hidden", cells(view).too_few), ("Cell", near.of_cell(view.cell))]
    facts = [(side.capitalize(), _weekly_minutes(view, row[f"hours_{side}"])) for side in ("short", "spare")]
    facts += [("Required", _weekly_minutes(view, row["required_s"])), ("Online", _weekly_minutes(view, row["online_s"]))]
    facts += [("Orders", f"{write.whole(row['n'])}, {view.days}, at all hours")]
    return [*facts, ("Cell", near.of_cell(view.cell))]


def _weekly_minutes(view: View, seconds: int | None) -> str:
    hours = weekly_hours(view, seconds)
    return write.MISSING if hours is None else f"{60 * hours:.1f} min a week, modelled"
