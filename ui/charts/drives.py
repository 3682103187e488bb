"""Drives: observed beside modelled, by the straight line and by what was predicted."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from ui.charts.base import template
from ui.palette import Theme, rgba, tokens

_MARGIN = {"l": 32, "r": 8, "t": 24, "b": 32}


@dataclass(frozen=True)
class Class:
    """Drives of one class, in minutes: where it stands on the axis, how many, the middle one, and what bounds most of them."""

    at: float
    n: int
    middle: float
    low: float | None = None
    high: float | None = None
    modelled: float | None = None


def drive_curve(classes: Sequence[Class], *, theme: Theme, height_px: int = 240) -> go.Figure:
    """Return minutes by straight-line miles: the model as a line, the observed medians as dots, their 90 percent above them.

    Parameters
    ----------
    classes
        By ascending ``at`` (miles); ``middle`` and ``high`` are p50 and p90 of the observed drives, ``modelled`` the model's p50.
    theme, height_px
        Ground, and height on screen.
    """
    colors = tokens(theme)
    figure = go.Figure(layout={"template": template(theme), "height": height_px, "margin": _MARGIN})
    at, n = [each.at for each in classes], [each.n for each in classes]
    hover = "%{y:.1f} min, %{x:.1f} mi, n %{customdata:,}<extra>"
    line = {"color": colors.primary, "width": 2}
    figure.add_scatter(
        x=at,
        y=[each.modelled for each in classes],
        mode="lines",
        line=line,
        customdata=n,
        name="Modelled",
        hovertemplate=f"{hover}modelled</extra>",
    )
    for name, values, symbol in (
        ("Observed p50", [each.middle for each in classes], "circle"),
        ("Observed p90", [each.high for each in classes], "line-ew-open"),
    ):
        marker = {"color": colors.text if symbol == "circle" else colors.muted, "size": 7, "symbol": symbol, "line": {"width": 2}}
        figure.add_scatter(x=at, y=values, mode="markers", marker=marker, customdata=n, name=name, hovertemplate=f"{hover}{name}</extra>")
    figure.update_layout(showlegend=True, legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"})
    figure.update_xaxes(rangemode="tozero", title={"text": "straight line from the mall, mi", "font": {"size": 12}, "standoff": 4})
    figure.update_yaxes(rangemode="tozero", nticks=6)
    return _with_unit(figure, theme)


def drive_fit(classes: Sequence[Class], *, theme: Theme, height_px: int = 240) -> go.Figure:
    """Return observed against predicted minutes: the middle 80 percent as a band, the median as dots, and where they would agree.

    Parameters
    ----------
    classes
        By ascending ``at``, the mean prediction in minutes; ``low``, ``middle`` and ``high`` are p10, p50 and p90 of the observed drives.
    theme, height_px
        Ground, and height on screen.
    """
    colors = tokens(theme)
    figure = go.Figure(layout={"template": template(theme), "height": height_px, "margin": _MARGIN})
    at = [each.at for each in classes]
    fill = "rgba({},{},{},{:.2f})".format(*rgba(colors.primary)[:3], 0.16)
    edge = {"width": 0}
    figure.add_scatter(x=at, y=[each.low for each in classes], mode="lines", line=edge, hoverinfo="skip", showlegend=False)
    high = [each.high for each in classes]
    figure.add_scatter(x=at, y=high, mode="lines", line=edge, fill="tonexty", fillcolor=fill, hoverinfo="skip", name="8 of 10 observed")
    ends = [0.0, max([*at, 1.0])]
    dash = {"color": colors.muted, "width": 1, "dash": "dot"}
    figure.add_scatter(x=ends, y=ends, mode="lines", line=dash, hoverinfo="skip", name="As predicted")
    hover = "predicted %{x:.1f} min, observed %{y:.1f} min, n %{customdata:,}<extra></extra>"
    marker = {"color": colors.primary, "size": 7}
    figure.add_scatter(
        x=at,
        y=[each.middle for each in classes],
        mode="markers",
        marker=marker,
        customdata=[each.n for each in classes],
        hovertemplate=hover,
        name="Observed p50",
    )
    figure.update_layout(showlegend=True, legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"})
    figure.update_xaxes(rangemode="tozero", title={"text": "predicted, min", "font": {"size": 12}, "standoff": 4})
    figure.update_yaxes(rangemode="tozero", nticks=6)
    return _with_unit(figure, theme)


def _with_unit(figure: go.Figure, theme: Theme) -> go.Figure:
    color = tokens(theme).muted
    figure.add_annotation(
        text="min", xref="paper", yref="paper", x=0, y=1, yshift=20, xanchor="left", showarrow=False, font={"color": color}
    )
    return figure
