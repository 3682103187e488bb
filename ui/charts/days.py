"""A figure day by day, beside what the same weekday has been before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import plotly.graph_objects as go

from ui.charts.base import template
from ui.charts.lines import Measure
from ui.palette import Theme, rgba, tokens


@dataclass(frozen=True)
class Day:
    """One day in the unit of the measure: its figure, and the least and the most of the same weekday before; None is missing."""

    on: date
    value: float | None
    least: float | None = None
    most: float | None = None


def daily_trend(days: Sequence[Day], *, measure: Measure, theme: Theme, height_px: int = 220) -> go.Figure:
    """Return the figure by day as a line over a band of what the same weekday was before.

    Parameters
    ----------
    days
        Every day once, in order; a day without a figure breaks the line, one without earlier weeks the band.
    measure
        Unit, decimals, and whether the axis begins at zero.
    theme, height_px
        Ground, and height on screen.
    """
    color = tokens(theme)
    figure = go.Figure(layout={"template": template(theme), "height": height_px, "margin": {"l": 32, "r": 8, "t": 24, "b": 8}})
    for run in _runs(days):
        dates = [day.on for day in run]
        edges = [[day.least for day in run], [day.most for day in run]]
        figure.add_scatter(x=dates, y=edges[0], mode="lines", line={"width": 0}, hoverinfo="skip")
        band = "rgba({},{},{},{:.2f})".format(*rgba(color.other)[:3], 0.25)
        figure.add_scatter(x=dates, y=edges[1], mode="lines", line={"width": 0}, fill="tonexty", fillcolor=band, hoverinfo="skip")
    figure.add_scatter(
        x=[day.on for day in days],
        y=[day.value for day in days],
        mode="lines+markers",
        connectgaps=False,
        line={"color": color.primary, "width": 2},
        marker={"size": 4, "color": color.primary},
        customdata=[_range(day, measure) for day in days],
        hovertemplate=f"%{{x|%a %-d %b}}: %{{y:,.{measure.decimals}f}} {measure.unit}<br>%{{customdata}}<extra></extra>",
    )
    figure.update_xaxes(tickformat="%-d %b", nticks=8)
    figure.update_yaxes(rangemode="tozero" if measure.is_from_zero else "normal", nticks=5, tickformat=f",.{measure.decimals}f")
    figure.add_annotation(
        text=measure.unit, xref="paper", yref="paper", x=0, y=1, yshift=20, xanchor="left", showarrow=False, font={"color": color.muted}
    )
    return figure


def _range(day: Day, measure: Measure) -> str:
    if day.least is None or day.most is None:
        return "same weekday before: unknown"
    return f"same weekday before: {day.least:,.{measure.decimals}f} to {day.most:,.{measure.decimals}f}"


def _runs(days: Sequence[Day]) -> list[list[Day]]:
    """Return the stretches of days that have a band; a band is not drawn over a day without one."""
    runs: list[list[Day]] = [[]]
    for day in days:
        if day.least is None or day.most is None:
            runs.append([])
        else:
            runs[-1].append(day)
    return [run for run in runs if run]
