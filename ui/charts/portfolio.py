"""The curve of a portfolio: the best value for each number of malls or budget, with the chosen one marked."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from ui.charts.base import template
from ui.palette import Theme, rgba, tokens

_LARGE = 10_000


@dataclass(frozen=True)
class Allowed:
    """One point: what is allowed (malls, or money in words' unit), the best value there, and the malls that reach it; None: no set is."""

    across: float
    value: float | None
    tip: str


@dataclass(frozen=True)
class Axes:
    """How the curve is told: unit of its values, what stands under it, and prefix and suffix of its numbers."""

    unit: str
    under: str
    decimals: int = 1
    prefix: str = ""
    suffix: str = ""


def portfolio_curve(points: Sequence[Allowed], *, chosen: float | None, axes: Axes, theme: Theme, height_px: int = 200) -> go.Figure:
    """Return the best value against what is allowed; a budget rises in steps, malls are dots joined by lines.

    Parameters
    ----------
    points
        By ascending allowance; a gap is left where conditions conflict.
    chosen
        The allowance of the page, marked with its value; None: no number was asked for.
    axes
        Units.
    theme, height_px
        Ground, and height on screen.
    """
    colors = tokens(theme)
    figure = go.Figure(layout={"template": template(theme), "height": height_px, "margin": {"l": 44, "r": 16, "t": 26, "b": 36}})
    is_money = bool(axes.prefix)
    area = "rgba({},{},{},{:.2f})".format(*rgba(colors.primary)[:3], 0.10)
    figure.add_scatter(
        x=[each.across for each in points],
        y=[each.value for each in points],
        mode="lines" if is_money else "lines+markers",
        line={"color": colors.primary, "width": 2, "shape": "hv" if is_money else "linear"},
        marker={"size": 6, "color": colors.primary},
        fill="tozeroy" if all((each.value or 0) >= 0 for each in points) else None,
        fillcolor=area,
        hovertext=[each.tip for each in points],
        hoverinfo="text",
        connectgaps=False,
        cliponaxis=False,
    )
    known = {each.across: each.value for each in points}
    if chosen is not None and known.get(chosen) is not None:
        _mark(figure, chosen, known[chosen] or 0.0, axes, theme)
    ends = [each.across for each in points] or [0.0, 1.0]
    figure.update_xaxes(
        title={"text": axes.under, "standoff": 4, "font": {"size": 13}},
        range=[ends[0] - 0.02 * (ends[-1] - ends[0]), ends[-1] + 0.02 * (ends[-1] - ends[0])],
        tickprefix=axes.prefix,
        nticks=8,
        tickformat=",~s" if is_money else "d",
    )
    low, high = _span([each.value for each in points if each.value is not None])
    figure.update_yaxes(range=[low, high], nticks=4, ticksuffix=axes.suffix, showticksuffix="last")
    figure.update_yaxes(tickformat="~s" if high > _LARGE else None)
    figure.add_annotation(
        text=axes.unit, xref="paper", yref="paper", x=0, y=1, yshift=20, xanchor="left", showarrow=False, font={"color": colors.muted}
    )
    return figure


def _mark(figure: go.Figure, x: float, y: float, axes: Axes, theme: Theme) -> None:
    colors = tokens(theme)
    ring = {"size": 12, "color": colors.primary, "line": {"color": colors.ring, "width": 2}}
    figure.add_scatter(x=[x], y=[y], mode="markers", marker=ring, hoverinfo="skip", cliponaxis=False)
    text = f"<b>{y:,.{axes.decimals}f}{axes.suffix}</b>"
    figure.add_annotation(x=x, y=y, text=text, xanchor="right", yanchor="bottom", xshift=-8, yshift=2, showarrow=False)


def _span(values: Sequence[float]) -> tuple[float, float]:
    """Return the ends of the upright axis: from zero, with room over the highest value."""
    low, high = min([0.0, *values]), max([0.0, *values])
    return 1.1 * low, 1.18 * high or 1.0
