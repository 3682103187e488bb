"""Figures of lines: a share over drive minutes, figures over weeks and over loads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from typing import Any

import plotly.graph_objects as go

from ui.charts.base import names_above, template
from ui.format import shortened
from ui.palette import Theme, rgba, tokens

_WEEK = timedelta(days=7)
_LABEL_GAP = 0.07
_MOST_TICKS = 6


@dataclass(frozen=True)
class Measure:
    """How a weekly figure is drawn: its unit at the axis' top, its decimals, and whether its axis must begin at zero."""

    unit: str
    decimals: int = 0
    is_from_zero: bool = False


def coverage_curve(
    shares: Sequence[tuple[int, float]],
    *,
    chosen_min: int,
    theme: Theme,
    beside: tuple[str, Sequence[tuple[int, float]]] | None = None,
    height_px: int = 240,
) -> go.Figure:
    """Return the share covered against drive minutes, with the chosen minute marked and its share beside the mark.

    Parameters
    ----------
    shares
        Minute and share from 0 to 1, by ascending minute.
    chosen_min
        The minute to mark; without a share of its own nothing is marked.
    theme, height_px
        Ground, and height on screen.
    beside
        A name and its shares, drawn as a grey line to compare with.
    """
    colors = tokens(theme)
    minutes = [minute for minute, _ in shares]
    percents = [100 * share for _, share in shares]
    others = [100 * share for _, share in beside[1]] if beside else []
    figure = go.Figure(layout={"template": template(theme), "height": height_px})
    hover = "%{y:.1f} % within %{x} min drive<extra></extra>"
    area = "rgba({},{},{},{:.2f})".format(*rgba(colors.primary)[:3], 0.12)
    line = {"color": colors.primary, "width": 2}
    figure.add_scatter(x=minutes, y=percents, mode="lines", line=line, fill="tozeroy", fillcolor=area, hovertemplate=hover)
    if beside:
        _add_beside(figure, beside, colors.other)
    marked = dict(shares).get(chosen_min)
    if marked is not None:
        figure.add_vline(x=chosen_min, line={"color": colors.muted, "width": 1, "dash": "dot"})
        _add_mark(figure, chosen_min, 100 * marked, theme)
    last_min = minutes[-1] if minutes else 45
    figure.update_xaxes(range=[0, last_min], tickvals=[0, 10, 15, 20, 30, 45])
    figure.update_xaxes(title={"text": "min drive", "standoff": 4, "font": {"size": 13}})
    figure.update_yaxes(range=[0, _headroom([*percents, *others])], ticksuffix=" %", showticksuffix="last", nticks=4)
    return figure


def weekly_trend(
    series: Mapping[str, Sequence[tuple[date, float | None]]],
    *,
    measure: Measure,
    theme: Theme,
    chosen: str | None = None,
    running_on: date | None = None,
    height_px: int = 240,
    is_narrow: bool = False,
) -> go.Figure:
    """Return one line a name over the weeks; the chosen one in color, the others grey, each with its name at its end.

    A line breaks where a week is missing; the week that is still running is drawn dotted.

    Parameters
    ----------
    series
        For each name the first day of the week and the value in the unit of ``measure``; None is missing.
    measure
        Unit, decimals, and whether the axis begins at zero.
    theme, height_px
        Ground, and height on screen.
    chosen
        Name drawn in the theme's primary color; None colors all of them by the categorical colors.
    running_on
        First day of the week that is not complete yet.
    is_narrow
        Whether it is drawn on a phone: the names stand over the lines then.
    """
    colors = tokens(theme)
    figure = go.Figure(layout={"template": template(theme), "height": height_px, "margin": {"l": 32, "r": 8, "t": 24, "b": 8}})
    ends: list[tuple[float, date, str, str]] = []
    for place, (name, points) in enumerate(series.items()):
        color = _line_color(name, place, chosen, theme)
        _add_line(figure, name, points, color=color, measure=measure, running_on=running_on)
        known = [(week_on, value) for week_on, value in points if value is not None]
        if known:
            ends.append((known[-1][1], known[-1][0], name, color))
    _label_ends(figure, ends, measure, is_narrow=is_narrow)
    weeks = sorted({week_on for points in series.values() for week_on, _ in points})
    figure.update_xaxes(tickangle=0, tickvals=weeks[:: -max(1, -(-len(weeks) // _MOST_TICKS))][::-1], tickformat="%-d %b")
    figure.update_yaxes(rangemode="tozero" if measure.is_from_zero else "normal", nticks=5, tickformat=f",.{measure.decimals}f")
    figure.add_annotation(
        text=measure.unit, xref="paper", yref="paper", x=0, y=1, yshift=20, xanchor="left", showarrow=False, font={"color": colors.muted}
    )
    return figure


def load_trend(
    series: Mapping[str, Sequence[float | None]], loads: Sequence[str], *, measure: Measure, theme: Theme, height_px: int = 240
) -> go.Figure:
    """Return one line a name over the loads, each with its name at its end.

    Parameters
    ----------
    series
        For each name a value a load, in the unit of ``measure``; None where the load did not look at it, and the line breaks there.
    loads
        What the loads are called, oldest first.
    measure, theme, height_px
        As for ``weekly_trend``.
    """
    colors = tokens(theme)
    figure = go.Figure(layout={"template": template(theme), "height": height_px, "margin": {"l": 32, "r": 8, "t": 24, "b": 8}})
    ends: list[tuple[float, Any, str, str]] = []
    for place, (name, values) in enumerate(series.items()):
        color = _line_color(name, place, None, theme)
        hover = f"%{{y:,.{measure.decimals}f}} {measure.unit}, %{{x}}<extra>{escape(name)}</extra>"
        style = {"line": {"color": color, "width": 2}, "marker": {"size": 6, "color": color}}
        figure.add_scatter(x=list(loads), y=list(values), mode="lines+markers", connectgaps=False, hovertemplate=hover, name=name, **style)
        known = [(load, value) for load, value in zip(loads, values, strict=True) if value is not None]
        if known:
            ends.append((known[-1][1], known[-1][0], name, color))
    _label_ends(figure, ends, measure)
    figure.update_xaxes(type="category", categoryarray=list(loads))
    figure.update_yaxes(rangemode="tozero", nticks=5, tickformat=f",.{measure.decimals}f")
    figure.add_annotation(
        text=measure.unit, xref="paper", yref="paper", x=0, y=1, yshift=20, xanchor="left", showarrow=False, font={"color": colors.muted}
    )
    return figure


def launch_curves(
    series: Mapping[str, Sequence[tuple[int, float | None]]],
    *,
    measure: Measure,
    theme: Theme,
    height_px: int = 240,
    is_narrow: bool = False,
) -> go.Figure:
    """Return one line a mall over the complete weeks since it opened, each with its name at its end.

    Parameters
    ----------
    series
        For each name the number of the week (0 is the first) and the value in the unit of ``measure``; None is missing, and the line breaks
        there.
    measure, theme, height_px, is_narrow
        As for ``weekly_trend``.
    """
    colors = tokens(theme)
    figure = go.Figure(layout={"template": template(theme), "height": height_px, "margin": {"l": 32, "r": 8, "t": 24, "b": 8}})
    ends: list[tuple[float, Any, str, str]] = []
    for place, (name, points) in enumerate(series.items()):
        color = _line_color(name, place, None, theme)
        figure.add_scatter(
            x=[week for week, _ in points],
            y=[value for _, value in points],
            mode="lines+markers",
            line={"color": color, "width": 2},
            marker={"size": 5, "color": color},
            hovertemplate=f"%{{y:,.{measure.decimals}f}} {measure.unit}, week %{{x}} since opening<extra>{escape(name)}</extra>",
            connectgaps=False,
            name=name,
        )
        known = [(value, week) for week, value in points if value is not None]
        if known:
            ends.append((*known[-1], name, color))
    # Malls of different age end at different weeks: the names stand right of the last one, or they would lie on other malls' lines.
    last = max((week for points in series.values() for week, _ in points), default=1)
    _label_ends(figure, [(value, last, name, color) for value, _, name, color in ends], measure, is_narrow=is_narrow)
    title = {"text": "weeks since opening", "standoff": 4, "font": {"size": 13}}
    figure.update_xaxes(range=[-0.5, last + 0.5], nticks=8, tickformat="d", title=title)
    figure.update_yaxes(rangemode="tozero" if measure.is_from_zero else "normal", nticks=5, tickformat=f",.{measure.decimals}f")
    figure.add_annotation(
        text=measure.unit, xref="paper", yref="paper", x=0, y=1, yshift=20, xanchor="left", showarrow=False, font={"color": colors.muted}
    )
    return figure


def _add_line(
    figure: go.Figure, name: str, points: Sequence[tuple[date, float | None]], *, color: str, measure: Measure, running_on: date | None
) -> None:
    """Add one line, broken at missing weeks; the step into the running week is dotted."""
    hover = f"%{{y:,.{measure.decimals}f}} {measure.unit}, week of %{{x|%-d %b}}<extra>{escape(name)}</extra>"
    spaced = _with_gaps(points)
    done = [point for point in spaced if running_on is None or point[0] < running_on]
    running = [point for point in spaced if running_on is not None and running_on - _WEEK <= point[0] <= running_on]
    for part, dash in ((done, "solid"), (running if len(running) > 1 else [], "dot")):
        figure.add_scatter(
            x=[week_on for week_on, _ in part],
            y=[value for _, value in part],
            mode="lines+markers",
            line={"color": color, "width": 2, "dash": dash},
            marker={"size": 5, "color": color},
            hovertemplate=hover,
            connectgaps=False,
            name=name,
        )


def _with_gaps(points: Sequence[tuple[date, float | None]]) -> list[tuple[date, float | None]]:
    """Return the points with an empty one after every week that has no successor, so that the line breaks there."""
    spaced: list[tuple[date, float | None]] = []
    for week_on, value in points:
        if spaced and week_on - spaced[-1][0] > _WEEK:
            spaced.append((spaced[-1][0] + _WEEK, None))
        spaced.append((week_on, value))
    return spaced


def _line_color(name: str, place: int, chosen: str | None, theme: Theme) -> str:
    colors = tokens(theme)
    if chosen is not None:
        return colors.primary if name == chosen else colors.other
    return colors.categorical[place] if place < len(colors.categorical) else colors.other


def _label_ends(figure: go.Figure, ends: Sequence[tuple[float, Any, str, str]], measure: Measure, *, is_narrow: bool = False) -> None:
    """Write each name and last value right of its line's end, pushed apart where they would overlap; over the lines on a phone."""
    if not ends:
        return
    texts = shortened(name for _, _, name, _ in ends)
    if is_narrow:
        highest_first = sorted(ends, key=lambda end: -end[0])
        names_above(figure, [(f"{escape(texts[name])} {value:,.{measure.decimals}f}", color) for value, _, name, color in highest_first])
        return
    values = [value for value, *_ in ends]
    floor = min(0.0, *values) if measure.is_from_zero else min(values)
    gap = _LABEL_GAP * ((max(values) - floor) or 1.0)
    height = None
    for value, week_on, name, color in sorted(ends, key=lambda end: end[0]):
        height = value if height is None else max(value, height + gap)
        text = f"{escape(texts[name])} {value:,.{measure.decimals}f}"
        figure.add_annotation(x=week_on, y=height, text=text, xanchor="left", xshift=8, showarrow=False, font={"color": color})
    longest = max(len(texts[name]) for _, _, name, _ in ends) + 8
    figure.update_layout(margin_r=min(210, 7 * longest))


def _add_beside(figure: go.Figure, beside: tuple[str, Sequence[tuple[int, float]]], color: str) -> None:
    """Add a grey line with its name above its end."""
    name, shares = beside
    hover = f"{name}: %{{y:.1f}} % within %{{x}} min drive<extra></extra>"
    figure.add_scatter(x=[x for x, _ in shares], y=[100 * y for _, y in shares], mode="lines", line={"color": color}, hovertemplate=hover)
    if shares:
        x, y = shares[-1]
        figure.add_annotation(x=x, y=100 * y, text=name, xanchor="right", yanchor="bottom", showarrow=False, font={"color": color})


def _add_mark(figure: go.Figure, x: float, y: float, theme: Theme) -> None:
    colors = tokens(theme)
    ring = {"size": 11, "color": colors.primary, "line": {"color": colors.ring, "width": 2}}
    figure.add_scatter(x=[x], y=[y], mode="markers", marker=ring, hoverinfo="skip")
    # The curve rises to the right, so that the space above the mark's left shoulder is always free.
    figure.add_annotation(x=x, y=y, text=f"<b>{y:.0f} %</b>", xanchor="right", yanchor="bottom", xshift=-8, yshift=2, showarrow=False)


def _headroom(percents: Sequence[float]) -> float:
    """Return the top of a percent axis: the next ten above the highest value and its label, at most a little over 100."""
    return min(112.0, 10 * (int(max(percents, default=0) * 1.15 // 10) + 1))
