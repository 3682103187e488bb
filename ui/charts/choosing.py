"""Figures for choosing malls: two criteria against each other, and how often each mall takes each rank."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import plotly.graph_objects as go

from ui.charts.base import apart, template
from ui.format import LONGEST_NAME, percent, shortened
from ui.palette import AMOUNT, Theme, tokens

_ROW_PX = 30
_LEAST_SHOWN = 0.005
_THOUSANDS = 10_000
_TOP_PX = 26
_LONGEST_WIDE_NAME = 44
_WIDE_PX, _NARROW_PX = 1200, 280
_FILLED = 0.8
"""Part of a picture between its outermost points: the rest is room for their names."""
_CHARACTER_PX, _NAME_PX, _POINT_PX = 6.4, 16, 7
_PLACES = ("top center", "bottom center", "middle right", "middle left")

_Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Point:
    """A mall by two criteria, in the units on screen; ``is_best``: no other mall is better by one and as good by the other."""

    name: str
    across: float
    up: float
    is_best: bool
    tip: str


def two_criteria(
    points: Sequence[Point], *, across: str, up: str, opened: str | None, theme: Theme, height_px: int = 360, is_narrow: bool = False
) -> go.Figure:
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
    is_narrow
        Whether it is drawn on a phone, where names are cut sooner.
    """
    color = tokens(theme)
    figure = go.Figure(layout={"template": template(theme), "height": height_px})
    texts = shortened((each.name for each in points), LONGEST_NAME if is_narrow else _LONGEST_WIDE_NAME)
    places = _name_places(points, texts, width_px=_NARROW_PX if is_narrow else _WIDE_PX, height_px=height_px)
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
    figure.update_xaxes(title={"text": across, "font": {"size": 13}}, showgrid=True, **_ticks([each.across for each in points]))
    figure.update_yaxes(title={"text": up, "font": {"size": 13}}, **_ticks([each.up for each in points]))
    return figure


def _name_places(points: Sequence[Point], texts: Mapping[str, str], *, width_px: int, height_px: int) -> dict[str, str]:
    """Return where each name stands beside its point: over it, else where it hides least of the other names and points."""
    across, up = [each.across for each in points], [each.up for each in points]
    wide, high = ((max(values, default=1.0) - min(values, default=0.0)) or 1.0 for values in (across, up))
    at = {each.name: (each.across / wide * width_px * _FILLED, -each.up / high * height_px * _FILLED) for each in points}
    taken = [_around(x, y, 2 * _POINT_PX, 2 * _POINT_PX) for x, y in at.values()]
    found: dict[str, str] = {}
    for each in sorted(points, key=lambda point: (point.across, point.up)):
        boxes = {place: _name_box(place, *at[each.name], _CHARACTER_PX * len(texts[each.name])) for place in _PLACES}
        found[each.name] = min(_PLACES, key=lambda place, boxes=boxes: sum(_shared(boxes[place], other) for other in taken))  # type: ignore[misc]
        taken.append(boxes[found[each.name]])
    return found


def _name_box(place: str, x: float, y: float, width: float) -> _Box:
    """Return the box of a name beside a point, in pixels."""
    beside, away = width / 2 + _POINT_PX, _NAME_PX / 2 + _POINT_PX
    shift = {"top center": (0.0, -away), "bottom center": (0.0, away), "middle right": (beside, 0.0), "middle left": (-beside, 0.0)}[place]
    return _around(x + shift[0], y + shift[1], width, _NAME_PX)


def _around(x: float, y: float, width: float, height: float) -> _Box:
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _shared(one: _Box, other: _Box) -> float:
    """Return the square pixels that two boxes share."""
    wide, high = min(one[2], other[2]) - max(one[0], other[0]), min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, wide) * max(0.0, high)


def _ticks(values: Sequence[float]) -> dict[str, Any]:
    """Return an axis with room for names; thousands are written as everywhere: ``400k``, never ``0.4M``."""
    return {**_room(values), **({"tickformat": "~s"} if max(map(abs, values), default=0.0) >= _THOUSANDS else {})}


def _room(values: Sequence[float]) -> dict[str, list[float]]:
    """Return a range with room for names around the values."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    margin = 0.12 * (high - low) or 0.1 * abs(high) or 1.0
    return {"range": [low - margin, high + margin]}


def rank_shares(names: Sequence[str], shares: Sequence[Sequence[float]], *, theme: Theme, is_narrow: bool = False) -> go.Figure:
    """Return how often each mall takes each rank, a row a mall, as shares of the weightings tried.

    Parameters
    ----------
    names
        Malls, best first.
    shares
        A row per mall, a column per rank, 0 to 1; each row adds up to 1.
    theme
        Ground.
    is_narrow
        Whether it is drawn on a phone: no signs of percent then, and names are cut sooner.
    """
    color, texts = tokens(theme), shortened(names, LONGEST_NAME if is_narrow else _LONGEST_WIDE_NAME)
    ramp = AMOUNT.colors(theme)
    steps = [[0.0, color.background], *[[(place + 1) / len(ramp), each] for place, each in enumerate(ramp)]]
    ranks = [str(place + 1) for place in range(len(shares[0]) if shares else 0)]
    figure = go.Figure(layout={"template": template(theme), "height": _TOP_PX + _ROW_PX * max(1, len(names)) + 8})
    figure.add_heatmap(
        x=ranks,
        y=apart([escape(texts[name]) for name in names]),
        z=[list(row) for row in shares],
        zmin=0,
        zmax=1,
        colorscale=steps,
        showscale=False,
        xgap=2,
        ygap=2,
        text=[
            [percent(share, decimals=0).removesuffix(" %" if is_narrow else "") if share >= _LEAST_SHOWN else "" for share in row]
            for row in shares
        ],
        texttemplate="%{text}",
        customdata=[[percent(share) for share in row] for row in shares],
        hovertemplate="%{y}: rank %{x} under %{customdata} of weightings<extra></extra>",
    )
    figure.update_yaxes(autorange="reversed", showgrid=False, type="category")
    figure.update_xaxes(side="top", type="category")
    figure.update_layout(margin={"l": 8, "r": 8, "t": _TOP_PX, "b": 4})
    return figure
