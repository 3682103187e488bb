"""Figures of a forecast: a launch with its ranges, and forecasts of malls beside what these had."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import plotly.graph_objects as go

from ui.charts.base import template
from ui.format import shortened
from ui.palette import Theme, rgba, tokens

_ROW_PX, _FRAME_PX = 34, 62
_LEAST_GAP = 0.06
"""Part of the axis under which two texts at the lines' ends would touch."""


@dataclass(frozen=True)
class Range:
    """A number that is not known yet: the ends of its wide range, those of its narrow one, and the middle; ascending."""

    low: float
    low_inner: float
    middle: float
    high_inner: float
    high: float


@dataclass(frozen=True)
class Compared:
    """A forecast beside what came: a name, its range (None: there was none), and the number that came."""

    name: str
    forecast: Range | None
    had: float
    is_inside: bool


def launch_fan(weeks: Sequence[Range], *, theme: Theme, unit: str = "orders a week", height_px: int = 300) -> go.Figure:
    """Return orders by week since the opening: the middle as a line, the wide and the narrow range as areas.

    Parameters
    ----------
    weeks
        One range a week, week 0 first.
    theme, height_px
        Ground, and height on screen.
    unit
        At the axis' top.
    """
    colors = tokens(theme)
    figure = go.Figure(layout={"template": template(theme), "height": height_px, "margin": {"l": 40, "r": 52, "t": 24, "b": 8}})
    at = list(range(len(weeks)))
    for low, high, opacity in (("low", "high", 0.14), ("low_inner", "high_inner", 0.26)):
        floor, ceiling = ([getattr(week, name) for week in weeks] for name in (low, high))
        area = "rgba({},{},{},{:.2f})".format(*rgba(colors.primary)[:3], opacity)
        figure.add_scatter(
            x=[*at, *reversed(at)],
            y=[*ceiling, *reversed(floor)],
            fill="toself",
            fillcolor=area,
            mode="lines",
            line={"width": 0},
            hoverinfo="skip",
        )
    figure.add_scatter(
        x=at,
        y=[week.middle for week in weeks],
        mode="lines",
        line={"color": colors.primary, "width": 2},
        customdata=[[week.low, week.high, week.low_inner, week.high_inner] for week in weeks],
        hovertemplate=(
            "<b>Week %{x}</b><br>%{y:,.0f} orders<br>80 %: %{customdata[0]:,.0f} to %{customdata[1]:,.0f}"
            "<br>50 %: %{customdata[2]:,.0f} to %{customdata[3]:,.0f}<extra></extra>"
        ),
    )
    for value, text in _ends(weeks):
        figure.add_annotation(x=at[-1], y=value, text=text, xanchor="left", xshift=6, showarrow=False, font={"color": colors.muted})
    title = {"text": "weeks since opening", "standoff": 4, "font": {"size": 13}}
    figure.update_xaxes(range=[-0.5, max(1, len(weeks) - 1)], nticks=8, tickformat="d", title=title)
    figure.update_yaxes(rangemode="tozero", nticks=5, tickformat=",.0f")
    figure.add_annotation(
        text=unit, xref="paper", yref="paper", x=0, y=1, yshift=20, xanchor="left", showarrow=False, font={"color": colors.muted}
    )
    return figure


def _ends(weeks: Sequence[Range]) -> list[tuple[float, str]]:
    """Return what stands at the right end of the areas and of the line; an inner range too narrow for a name of its own has none."""
    if not weeks:
        return []
    last, named = weeks[-1], _LEAST_GAP * weeks[-1].high
    outer = [(last.low, "80 %"), (last.high, "80 %")]
    inner = [(last.low_inner, "50 %")] if last.low_inner - last.low > named and last.middle - last.low_inner > named else []
    inner += [(last.high_inner, "50 %")] if last.high_inner - last.middle > named and last.high - last.high_inner > named else []
    return [*outer, *inner, (last.middle, "middle")]


def back_test(malls: Sequence[Compared], *, theme: Theme) -> go.Figure:
    """Return a row a mall: the range that the others gave it as a bar, and what it had as a dot; a cross where it lies outside.

    Parameters
    ----------
    malls
        From the top down.
    theme
        Ground.
    """
    colors = tokens(theme)
    figure = go.Figure(layout={"template": template(theme), "height": _ROW_PX * len(malls) + _FRAME_PX, "barmode": "overlay"})
    rows = [(place, each.forecast) for place, each in enumerate(malls) if each.forecast is not None]
    for low, high, opacity in (("low", "high", 0.22), ("low_inner", "high_inner", 0.4)):
        figure.add_bar(
            orientation="h",
            y=[place for place, _ in rows],
            base=[getattr(found, low) for _, found in rows],
            x=[getattr(found, high) - getattr(found, low) for _, found in rows],
            width=0.4,
            marker={"color": "rgba({},{},{},{:.2f})".format(*rgba(colors.primary)[:3], opacity)},
            hoverinfo="skip",
        )
    figure.add_scatter(
        x=[each.had for each in malls],
        y=list(range(len(malls))),
        mode="markers",
        marker={
            "size": 10,
            "symbol": ["circle" if each.is_inside else "x" for each in malls],
            "color": [colors.text if each.is_inside else colors.red for each in malls],
            "line": {"width": 1, "color": colors.background},
        },
        customdata=[[escape(each.name), _said(each)] for each in malls],
        hovertemplate="<b>%{customdata[0]}</b><br>had %{x:,.0f} orders a week<br>%{customdata[1]}<extra></extra>",
    )
    figure.update_xaxes(rangemode="tozero", showgrid=True, nticks=6, tickformat=",.0f", automargin=True)
    figure.update_xaxes(title={"text": "orders a week", "standoff": 4, "font": {"size": 13}})
    texts = shortened(each.name for each in malls)
    labels = [escape(texts[each.name]) for each in malls]
    figure.update_yaxes(range=[len(malls) - 0.5, -0.5], tickvals=list(range(len(malls))), ticktext=labels, showgrid=False, showline=False)
    return figure


def _said(each: Compared) -> str:
    if each.forecast is None:
        return "nothing could be forecast"
    return f"80 % range {each.forecast.low:,.0f} to {each.forecast.high:,.0f}"
