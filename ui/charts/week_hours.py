"""The grid of weekdays and hours: one figure an hour of the week, in fixed classes, clickable."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from ui import format as write
from ui.charts.base import template
from ui.palette import Classes, Theme, readable_on, tokens

HourOfWeek = tuple[int, int]
"""Weekday (1 Monday to 7 Sunday) and local hour (0 to 23)."""

_GAP = 0.05
_BESIDE_WIDTH = 0.22
_MOST_LABELED = 15
_CHARS_PER_CELL = 5
_NOTHING = "rgba(0,0,0,0)"


@dataclass(frozen=True)
class Hour:
    """One hour of the week in the grid.

    Attributes
    ----------
    dow, hour
        Weekday, 1 Monday to 7 Sunday, and local hour, 0 to 23.
    value
        In the unit of the grid's classes; None is nothing to show.
    text
        Written into the cell where it has the room, so that color does not stand alone.
    tip
        Lines of the tooltip under weekday and hour.
    beside
        A second figure of the same hour, such as spare hours where others were short: a stripe at the cell's right end.
    is_hidden
        Too few people stand behind it: an outline with a dot, whatever else the hour carries.
    """

    dow: int
    hour: int
    value: float | None = None
    text: str = ""
    tip: tuple[str, ...] = ()
    beside: float | None = None
    is_hidden: bool = False

    @property
    def place(self) -> HourOfWeek:
        """Weekday and hour."""
        return self.dow, self.hour


@dataclass(frozen=True)
class _Grid:
    """The cells of a grid and what decides how each is drawn."""

    cells: Sequence[Hour]
    row_of: Mapping[int, int]
    classes: Classes
    theme: Theme
    open_hours: Collection[HourOfWeek] | None
    hidden_tip: str

    def is_shut(self, each: Hour) -> bool:
        """Whether the mall is known to be shut in that hour."""
        return self.open_hours is not None and each.place not in self.open_hours

    def is_filled(self, each: Hour) -> bool:
        """Whether the hour has a class of its own."""
        return each.value is not None and not each.is_hidden

    def color(self, value: float) -> str:
        """Return the color of a value's class."""
        return self.classes.colors(self.theme)[self.classes.index(value)]

    def rows(self, cells: Sequence[Hour]) -> list[int]:
        """Return the rows in which hours lie."""
        return [self.row_of[each.dow] for each in cells]

    def tip(self, each: Hour) -> str:
        """Return the tooltip: weekday and hour, what was given, and whether the mall is shut."""
        said = (self.hidden_tip,) if each.is_hidden else each.tip or ((each.text,) if each.text else ())
        shut = ("Mall shut",) if self.is_shut(each) else ()
        head = f"<b>{write.weekday(each.dow)} {write.hour(each.hour)} to {write.hour(each.hour + 1)}</b>"
        return "<br>".join((head, *(said + shut or ("Nothing here",))))


def week_hour_grid(
    hours: Sequence[Hour],
    *,
    classes: Classes,
    theme: Theme,
    week_start: int = 1,
    open_hours: Collection[HourOfWeek] | None = None,
    chosen: HourOfWeek | None = None,
    height_px: int = 300,
    hidden_tip: str = "Hidden: too few people",
) -> go.Figure:
    """Return weekdays by hours, each cell in the color of its class; diverging and sequential alike, as the classes say.

    Cells answer to clicks: the first trace's ``customdata`` begins with weekday and hour (see ``picked_hour``). Hours of the day in which
    every day is shut and nothing happened are left out at both ends.

    Parameters
    ----------
    hours
        At most one for each hour of the week; an hour that is not there, or has no value, is drawn empty.
    classes
        Fixed classes of the figure.
    theme, height_px
        Ground, and height on screen.
    week_start
        Weekday of the first row, 1 Monday to 7 Sunday.
    open_hours
        Hours in which the mall is open; the others are hatched. None: unknown, nothing is hatched.
    chosen
        Hour that was clicked: drawn with an outline.
    hidden_tip
        Tooltip of hidden hours.

    Raises
    ------
    ValueError
        If an hour of the week is there twice.
    """
    found = {each.place: each for each in hours}
    if len(found) != len(hours):
        raise ValueError("an hour of the week is there twice")
    first, last = _span(hours, open_hours)
    days = [(week_start - 1 + day) % 7 + 1 for day in range(7)]
    row_of = {dow: row for row, dow in enumerate(days)}
    cells = [found.get((dow, hour), Hour(dow, hour)) for dow in days for hour in range(first, last + 1)]
    figure = go.Figure(layout={"template": template(theme), "height": height_px, "margin": {"l": 36, "r": 2, "t": 22, "b": 2}})
    figure.update_layout(barmode="overlay", bargap=0, clickmode="event+select", dragmode=False)
    grid = _Grid(cells, row_of, classes, theme, open_hours, hidden_tip)
    figure.add_bar(**_bars(grid, has_text=last - first < _MOST_LABELED))
    _add_edges(figure, grid)
    _add_stripes(figure, grid)
    _add_hatching(figure, grid)
    _add_dots(figure, grid)
    if chosen is not None and chosen[0] in row_of and first <= chosen[1] <= last:
        _add_outline(figure, chosen[1], row_of[chosen[0]], theme)
    _lay_out_axes(figure, days, first, last)
    return figure


def picked_hour(points: Sequence[Any]) -> HourOfWeek | None:
    """Return the hour of the week that was clicked in a grid, from a selection's points; None where none was."""
    for point in points:
        dow, hour = point["customdata"][:2]
        return int(dow), int(hour)
    return None


def _span(hours: Sequence[Hour], open_hours: Collection[HourOfWeek] | None) -> tuple[int, int]:
    """Return the first and the last hour of the day that is drawn; the whole day where nothing is known."""
    used = [each.hour for each in hours if each.is_hidden or each.value is not None] + [hour for _, hour in open_hours or ()]
    return (min(used), max(used)) if used else (0, 23)


def _bars(grid: _Grid, *, has_text: bool) -> dict[str, Any]:
    """Return the trace of the cells: bars that touch, so that no click falls between them; the gaps are lines in the ground's color."""
    cells = grid.cells
    return {
        "orientation": "h",
        "base": [each.hour for each in cells],
        "x": [1] * len(cells),
        "y": grid.rows(cells),
        "width": 1,
        "customdata": [[each.dow, each.hour, grid.tip(each)] for each in cells],
        "hovertemplate": "%{customdata[2]}<extra></extra>",
        "text": [each.text if has_text and grid.is_filled(each) and len(each.text) <= _CHARS_PER_CELL else "" for each in cells],
        "textposition": "inside",
        "insidetextanchor": "middle",
        "textangle": 0,
        "constraintext": "none",
        "insidetextfont": {"size": 12, "color": [readable_on(_fill(grid, each)) for each in cells]},
        "marker": {"color": [_fill(grid, each) for each in cells], "line": {"color": tokens(grid.theme).background, "width": 2}},
        "selected": {"marker": {"opacity": 1}},
        "unselected": {"marker": {"opacity": 1}},
    }


def _fill(grid: _Grid, each: Hour) -> str:
    """Return the color of a cell; the page's ground where it has no class."""
    return grid.color(each.value) if each.value is not None and not each.is_hidden else tokens(grid.theme).background


def _add_stripes(figure: go.Figure, grid: _Grid) -> None:
    """Draw the second figure of an hour as a stripe at the cell's right end, out of the way of clicks."""
    both = [(each, each.beside) for each in grid.cells if each.beside is not None and not each.is_hidden]
    if not both:
        return
    figure.add_bar(
        orientation="h",
        base=[each.hour + 1 - _GAP / 2 - _BESIDE_WIDTH for each, _ in both],
        x=[_BESIDE_WIDTH] * len(both),
        y=grid.rows([each for each, _ in both]),
        width=1 - _GAP,
        marker={"color": [grid.color(beside) for _, beside in both], "line": {"color": tokens(grid.theme).background, "width": 1}},
        hoverinfo="skip",
    )


def _add_edges(figure: go.Figure, grid: _Grid) -> None:
    """Draw what has no class: an outline where hidden, a hairline where nothing happened in an open hour."""
    color = tokens(grid.theme)
    bare = [each for each in grid.cells if not grid.is_filled(each) and (each.is_hidden or not grid.is_shut(each))]
    edges = [color.hidden if each.is_hidden else color.border for each in bare]
    _add_cover(figure, grid, bare, {"color": _NOTHING, "line": {"color": edges, "width": 1}})


def _add_hatching(figure: go.Figure, grid: _Grid) -> None:
    """Hatch the hours in which the mall is shut, over whatever happened in them."""
    shut = [each for each in grid.cells if grid.is_shut(each) and not each.is_hidden]
    lines = [readable_on(_fill(grid, each)) if grid.is_filled(each) else tokens(grid.theme).hidden for each in shut]
    pattern = {"shape": "/", "fillmode": "overlay", "fgcolor": lines, "fgopacity": 0.5, "size": 7, "solidity": 0.14}
    _add_cover(figure, grid, shut, {"color": _NOTHING, "pattern": pattern})


def _add_cover(figure: go.Figure, grid: _Grid, cells: Sequence[Hour], marker: dict[str, Any]) -> None:
    """Draw something over some cells, out of the way of clicks."""
    if cells:
        base = [each.hour + _GAP / 2 for each in cells]
        width = [1 - _GAP] * len(cells)
        figure.add_bar(orientation="h", base=base, x=width, y=grid.rows(cells), width=1 - _GAP, marker=marker, hoverinfo="skip")


def _add_dots(figure: go.Figure, grid: _Grid) -> None:
    """Draw the dot that says that a cell is hidden."""
    hidden = [each for each in grid.cells if each.is_hidden]
    if hidden:
        dot = {"size": 4, "color": tokens(grid.theme).hidden}
        figure.add_scatter(x=[each.hour + 0.5 for each in hidden], y=grid.rows(hidden), mode="markers", marker=dot, hoverinfo="skip")


def _add_outline(figure: go.Figure, hour: int, row: int, theme: Theme) -> None:
    """Draw what was chosen: three pixels in the theme's color on a halo of the ground."""
    color = tokens(theme)
    half = (1 - _GAP) / 2
    box = {"type": "rect", "x0": hour + 0.5 - half, "x1": hour + 0.5 + half, "y0": row - half, "y1": row + half}
    figure.add_shape(**box, line={"color": color.background, "width": 6})
    figure.add_shape(**box, line={"color": color.primary, "width": 3})


def _lay_out_axes(figure: go.Figure, days: Sequence[int], first: int, last: int) -> None:
    step = 2 if last - first < _MOST_LABELED else 3
    ticks = list(range(first, last + 1, step))
    figure.update_xaxes(
        range=[first, last + 1],
        tickvals=[hour + 0.5 for hour in ticks],
        ticktext=[write.hour(hour) for hour in ticks],
        side="top",
        tickangle=0,
    )
    figure.update_xaxes(showline=False, ticks="", automargin=False)
    figure.update_yaxes(range=[6.5, -0.5], tickvals=list(range(7)), ticktext=[write.weekday(dow) for dow in days], showgrid=False)
    figure.update_yaxes(showline=False, ticks="", automargin=False)
