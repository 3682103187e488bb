"""The map of the chosen figure by cell, and the grid of the same figure by hour of the week; a click on either filters the other."""

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go
import pyarrow as pa

from analytics.answers import Answer
from analytics.opening_hours import open_hours_of_any
from analytics.reference import extent, malls
from ui import format as write
from ui import near
from ui.charts import Hour, HourOfWeek, week_hour_grid
from ui.delivery_times.question import asked, figure, leading, of_hour
from ui.maps import Figure, Specials, legend_html, value_map
from ui.scene import scene
from ui.session import coarse_enough, compute
from ui.view import View

MAP_PX = 430
GRID_PX = 380


def cells(view: View) -> Answer:
    """Return the figure by cell, in the clicked hour where one was; coarser where hidden cells would hold over 20 % of the orders."""
    return coarse_enough(lambda resolution: leading(view, by=("cell",), resolution=resolution, **of_hour(view)))


def cells_map(view: View) -> Figure:
    """Return the map of the figure by cell."""
    answer, shown = cells(view), figure(view)
    table = answer.table.filter(answer.table.column("cell").is_valid())
    values = [shown.on_screen(value) for value in table.column(shown.column).to_pylist()]
    drawn = pa.table(
        {
            "cell": table.column("cell"),
            "value": pa.array(values, pa.float64()),
            "n": table.column(shown.rows),
            "suppressed": table.column("suppressed"),
        }
    )
    return value_map(
        drawn,
        scene(view, view.focus, malls(view.version, view.focus.id), mall=view.mall, width_px=740, height_px=MAP_PX),
        value="value",
        classes=shown.classes,
        text=_percent_tip if shown.is_share else _minutes_tip(shown.column),
        period=f"{write.hour_of_week(view.hour)}, {view.days}" if view.hour else view.days,
        hidden_share=answer.hidden_share or None,
    )


def _percent_tip(percent: float) -> str:
    return f"{percent:.1f} % on time"


def _minutes_tip(column: str) -> Any:
    part = "9 of 10" if column == "p90_s" else "half"
    return lambda minutes: f"{part} within {minutes:.0f} min"


def map_title(view: View) -> str:
    """Return what the map shows, and how to change it."""
    if view.hour:
        return f"The map shows {write.hour_of_week(view.hour)}, the hour that was clicked. Click it again for the whole week."
    return "Click an hour in the grid for its map, a cell on the map for its hours, a mall to choose it."


def hours(view: View) -> Answer:
    """Return the figure by weekday and hour, in the clicked cell where one was."""
    by = ("cell", "dow", "hour") if _clicked(view) is not None else ("dow", "hour")
    return leading(view, by=by, resolution=cells(view).parameters.resolution) if len(by) == 3 else leading(view, by=by)


def _clicked(view: View) -> int | None:
    """Return the clicked cell; None where none was, or where the map has no such cell."""
    cell = int(view.cell, 16) if view.cell else None
    return cell if cell is not None and cell in cells(view).table.column("cell").to_pylist() else None


def hour_rows(view: View) -> list[Mapping[str, Any]]:
    """Return the rows of the grid."""
    cell = _clicked(view)
    return [row for row in hours(view).rows() if cell is None or row["cell"] == cell]


def grid(view: View) -> tuple[str, go.Figure]:
    """Return the legend and the weekday x hour grid of the figure."""
    answer, shown = hours(view), figure(view)
    drawn = [_hour(view, row) for row in hour_rows(view)]
    chart = week_hour_grid(
        drawn,
        classes=shown.classes,
        theme=view.theme,
        week_start=extent(view.version, view.focus.id).week_start,
        open_hours=_open_hours(view),
        chosen=view.hour,
        height_px=GRID_PX,
        hidden_tip=f"Hidden: {answer.too_few}",
    )
    specials = Specials(hidden_cells=sum(hour.is_hidden for hour in drawn))
    where = "the chosen cell" if _clicked(view) is not None else view.days
    note = "hatched: shut, blank: no orders" if _open_hours(view) else "blank: no orders"
    return legend_html(shown.classes, theme=view.theme, period=where, note=note, specials=specials), chart


def _hour(view: View, row: Mapping[str, Any]) -> Hour:
    shown, at = figure(view), (row["local_dow"], row["local_hour"])
    if row["suppressed"] or row[shown.column] is None:
        return Hour(*at, is_hidden=row["suppressed"])
    value = shown.on_screen(row[shown.column])
    unit = "%" if shown.is_share else "min"
    interval = shown.interval(row)
    tip = f"{shown.words(row[shown.column])}" + ("" if interval == write.MISSING else f" ({interval} {unit})")
    return Hour(*at, value=value, text=f"{value:.0f}", tip=(tip, write.n(row[shown.rows])))


def _open_hours(view: View) -> frozenset[HourOfWeek] | None:
    """Return the hours in which the mall, or any open mall of the market, is open; None where one's hours are unknown."""
    here = [view.mall] if view.mall is not None else [each for each in malls(view.version, view.focus.id) if each.status == "open"]
    return open_hours_of_any(each.opening_hours for each in here)


def cell_story(view: View) -> list[tuple[str, str]]:
    """Return what is known about the clicked cell; nothing where none is clicked or the map has no such cell."""
    cell = _clicked(view)
    if cell is None:
        return []
    resolution = cells(view).parameters.resolution
    facts = []
    for label, metric, column in (("Click-to-door p50", "click_to_door", "p50_s"), ("Click-to-door p90", "click_to_door", "p90_s")):
        facts.append((label, _of_cell(view, metric, column, cell, resolution)))
    facts.append(("On time", _of_cell(view, "on_time_share", "share", cell, resolution)))
    return [*facts, ("Drive", _of_cell(view, "drive", "p50_s", cell, resolution)), ("Cell", near.of_cell(view.cell))]


def _of_cell(view: View, metric: str, column: str, cell: int, resolution: int) -> str:
    answer = compute(metric, view, **asked(view, by=("cell",), resolution=resolution, **of_hour(view)))
    row = next((row for row in answer.rows() if row["cell"] == cell), None)
    if row is None:
        return write.MISSING
    if row["suppressed"]:
        return f"hidden: {answer.too_few}"
    value = row[column]
    words = write.percent(value) if column == "share" else write.duration(value)
    return words if value is None else f"{words}, {write.n(row['n'])}"
