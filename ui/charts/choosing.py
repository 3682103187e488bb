"""Figures for choosing malls: two criteria against each other, and how often each mall takes each rank."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import plotly.graph_objects as go

from ui.charts.base import template
from ui.format import percent, shortened
from ui.palette import AMOUNT, Theme, tokens

_ROW_PX = 30
_LEAST_SHOWN = 0.005
_TOP_PX = 26


@dataclass(frozen=True)
class Point:
    """A mall by two criteria, in the units on screen; ``is_best``: no other mall is better by one and as good by the other."""

    name: str
    across: float
    up: float
    is_best: bool
    tip: str


def two_criteria(points: Sequence[Point], *, across: str, up: str, opened: str | None, theme: Theme, height_px: int = 360) -> go.Figure:
    """Return malls by two criteria; those that no other one beats are filled and joined, the others are grey.

    Parameters
    ----------
    points
        Malls of which both criteria are known.
    across, up
        The criteria with their unit and which direction is better.
    opened
        Name of the mall that is opened: it has a ring.
    theme, height_px
        Ground, and height on screen.
    """
    color = tokens(theme)
    figure = go.Figure(layout={"template": template(theme), "height": height_px})
    places, texts = _name_places(points), shortened(each.name for each in points)
    best = sorted((each for each in points if each.is_best), key=lambda each: (each.across, each.up))
    figure.add_scatter(
        x=[each.across for each in best],
        y=[each.up for each in best],
        mode="lines",
        line={"color": color.primary, "width": 1.5, "dash": "dot"},
        hoverinfo="skip",
    )
    for is_best in (False, True):
        own = [each for each in points if each.is_best is is_best]
        figure.add_scatter(
            x=[each.across for each in own],
            y=[each.up for each in own],
            mode="markers+text",
            text=[escape(texts[each.name]) for each in own],
            textposition=[places[each.name] for each in own],
            textfont={"color": color.text if is_best else color.muted, "size": 12},
            marker={
                "size": [14 if each.name == opened else 10 for each in own],
                "color": color.primary if is_best else color.other,
                "line": {"color": color.text, "width": [2 if each.name == opened else 0 for each in own]},
            },
            hovertext=[each.tip for each in own],
            hoverinfo="text",
            cliponaxis=False,
        )
    figure.update_layout(margin={"l": 48, "r": 24, "t": 28, "b": 40})
    figure.update_xaxes(title={"text": across, "font": {"size": 13}}, showgrid=True, **_room([each.across for each in points]))
    figure.update_yaxes(title={"text": up, "font": {"size": 13}}, **_room([each.up for each in points]))
    return figure


def _name_places(points: Sequence[Point]) -> dict[str, str]:
    """Return where each name stands: over its point, or under it where the name of a point beside it stands over that."""
    wide = (max((each.across for each in points), default=1.0) - min((each.across for each in points), default=0.0)) or 1.0
    high = (max((each.up for each in points), default=1.0) - min((each.up for each in points), default=0.0)) or 1.0
    found: dict[str, str] = {}
    before: list[Point] = []
    for each in sorted(points, key=lambda point: (point.across, point.up)):
        near = [other for other in before if abs(each.across - other.across) < 0.14 * wide and abs(each.up - other.up) < 0.12 * high]
        over = [other for other in near if found[other.name] == "top center"]
        found[each.name] = "bottom center" if over else "top center"
        before.append(each)
    return found


def _room(values: Sequence[float]) -> dict[str, list[float]]:
    """Return a range with room for names around the values."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    margin = 0.12 * (high - low) or 0.1 * abs(high) or 1.0
    return {"range": [low - margin, high + margin]}


def rank_shares(names: Sequence[str], shares: Sequence[Sequence[float]], *, theme: Theme) -> go.Figure:
    """Return how often each mall takes each rank, a row a mall, as shares of the weightings tried.

    Parameters
    ----------
    names
        Malls, best first.
    shares
        A row per mall, a column per rank, 0 to 1; each row adds up to 1.
    theme
        Ground.
    """
    color, texts = tokens(theme), shortened(names)
    ramp = AMOUNT.colors(theme)
    steps = [[0.0, color.background], *[[(place + 1) / len(ramp), each] for place, each in enumerate(ramp)]]
    ranks = [str(place + 1) for place in range(len(shares[0]) if shares else 0)]
    figure = go.Figure(layout={"template": template(theme), "height": _TOP_PX + _ROW_PX * max(1, len(names)) + 8})
    figure.add_heatmap(
        x=ranks,
        y=[escape(texts[name]) for name in names],
        z=[list(row) for row in shares],
        zmin=0,
        zmax=1,
        colorscale=steps,
        showscale=False,
        xgap=2,
        ygap=2,
        text=[[percent(share, decimals=0) if share >= _LEAST_SHOWN else "" for share in row] for row in shares],
        texttemplate="%{text}",
        customdata=[[percent(share) for share in row] for row in shares],
        hovertemplate="%{y}: rank %{x} under %{customdata} of weightings<extra></extra>",
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(side="top", type="category")
    figure.update_layout(margin={"l": 8, "r": 8, "t": _TOP_PX, "b": 4})
    return figure
