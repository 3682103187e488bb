"""Figures of a review: what a change is made of, and figures beside their targets."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import accumulate
from typing import Literal

import plotly.graph_objects as go

from ui.charts.base import template
from ui.format import shortened
from ui.palette import Theme, tokens

Tone = Literal["good", "bad", "plain"]
_BAR_PX, _ROW_PX, _VALUE_PX, _LONGEST_LABEL = 27, 26, 76, 44
_SYMBOLS: dict[Tone, str] = {"good": "circle", "bad": "x", "plain": "circle-open"}


@dataclass(frozen=True)
class Step:
    """One bar of a change: its name, its length in the unit of the figure, its value in words, and whether it is news, and good or bad."""

    label: str
    value: float
    text: str
    tone: Tone = "plain"


@dataclass(frozen=True)
class Dot:
    """One figure beside its target: its name, value and bounds in one unit, the value in words, and how it stands to the target."""

    label: str
    value: float
    low: float | None
    high: float | None
    text: str
    tone: Tone = "plain"


def change_bars(steps: Sequence[Step], total: Step, *, theme: Theme) -> go.Figure:
    """Return bars that sum to a change: each begins where the one above it ended, the last one is their sum.

    Parameters
    ----------
    steps
        Parts of the change from the top down; together they are ``total``.
    total
        The whole change.
    theme
        Ground.
    """
    colors = tokens(theme)
    ends = list(accumulate(step.value for step in steps))
    starts = [*[0.0, *ends][: len(steps)], 0.0]
    bars = [*steps, total]
    size = {"height": _BAR_PX * len(bars) + 16, "margin": {"l": 32, "r": _VALUE_PX, "t": 8, "b": 8}}
    figure = go.Figure(layout={"template": template(theme), "bargap": 0.28, **size})
    figure.add_bar(
        orientation="h",
        y=list(range(len(bars))),
        x=[bar.value for bar in bars],
        base=starts,
        marker={"color": [_color(bar.tone, theme) for bar in bars]},
        customdata=[[escape(bar.label), bar.text] for bar in bars],
        hovertemplate="%{customdata[0]}: %{customdata[1]}<extra></extra>",
    )
    for place, (bar, start) in enumerate(zip(bars, starts, strict=True)):
        right = max(start, start + bar.value)
        text = f"<b>{bar.text}</b>" if place == len(steps) else bar.text
        figure.add_annotation(x=right, y=place, text=text, xanchor="left", xshift=4, showarrow=False)
    reach = [0.0, *ends, total.value]
    span = (max(reach) - min(reach)) or 1.0
    texts = shortened((step.label for step in steps), _LONGEST_LABEL)
    labels = [*(escape(texts[step.label]) for step in steps), f"<b>{escape(total.label)}</b>"]
    figure.add_vline(x=0, line={"color": colors.muted, "width": 1})
    figure.update_xaxes(visible=False, range=[min(reach) - 0.02 * span, max(reach)])
    figure.update_yaxes(range=[len(bars) - 0.5, -0.5], tickvals=list(range(len(bars))), ticktext=labels, showgrid=False, showline=False)
    return figure


def target_dots(dots: Sequence[Dot], *, target: tuple[float | None, float | None], theme: Theme) -> go.Figure:
    """Return one figure of several places beside its target: a dot and its interval each, the target as a line or a band.

    Parameters
    ----------
    dots
        Places from the top down.
    target
        Lower and upper bound in the unit of the dots; None leaves a side open. Both None: no target is drawn.
    theme
        Ground.
    """
    colors = tokens(theme)
    figure = go.Figure(layout={"template": template(theme), "height": _ROW_PX * max(1, len(dots)) + 18})
    for place, dot in enumerate(dots):
        if dot.low is not None and dot.high is not None:
            line = {"color": _color(dot.tone, theme), "width": 2}
            figure.add_scatter(x=[dot.low, dot.high], y=[place, place], mode="lines", line=line, hoverinfo="skip")
    figure.add_scatter(
        x=[dot.value for dot in dots],
        y=list(range(len(dots))),
        mode="markers",
        marker={
            "size": 9,
            "symbol": [_SYMBOLS[dot.tone] for dot in dots],
            "color": [_color(dot.tone, theme) for dot in dots],
            "line": {"width": 1, "color": [_color(dot.tone, theme) for dot in dots]},
        },
        customdata=[[escape(dot.label), dot.text] for dot in dots],
        hovertemplate="%{customdata[0]}: %{customdata[1]}<extra></extra>",
    )
    bounds = [bound for bound in target if bound is not None]
    if len(bounds) == 2:
        figure.add_vrect(x0=bounds[0], x1=bounds[1], fillcolor=colors.primary, opacity=0.12, line_width=0, layer="below")
    for bound in bounds:
        figure.add_vline(x=bound, line={"color": colors.primary, "width": 2, "dash": "dot"})
    seen = [*bounds, *(each for dot in dots for each in (dot.value, dot.low, dot.high) if each is not None)]
    margin = 0.08 * ((max(seen) - min(seen)) or 1.0) if seen else 1.0
    figure.update_xaxes(visible=False, range=[min(seen, default=0) - margin, max(seen, default=0) + margin])
    texts = shortened(dot.label for dot in dots)
    labels = [escape(texts[dot.label]) for dot in dots]
    figure.update_yaxes(range=[len(dots) - 0.5, -0.5], tickvals=list(range(len(dots))), ticktext=labels, showgrid=False, showline=False)
    return figure


def _color(tone: Tone, theme: Theme) -> str:
    colors = tokens(theme)
    return {"good": colors.green, "bad": colors.red, "plain": colors.other}[tone]
