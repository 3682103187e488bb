"""Bars of parts that add up: where the time of an order goes."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from ui.charts.base import template
from ui.palette import STAGES, Theme, blend, readable_on, tokens

STAGE_LABELS: Mapping[str, str] = {
    "prep": "Prep",
    "assign": "Assign",
    "approach": "Approach",
    "mall_dwell": "Mall dwell",
    "store_wait": "Store wait",
    "handling": "Handling",
    "drive": "Drive",
    "unsplit": "Not split",
}
"""Stages in the order of the timeline, the mall dwell whole or in its two parts, and what cannot be divided because an event is unknown."""

_SCALE = ("prep", "assign", "approach", "mall_dwell", "drive")
_HANDLING_OPACITY = 0.5

_ROW_PX, _LEGEND_PX = 34, 26
_NARROWEST_SHARE = 0.035


def stage_color(stage: str, theme: Theme) -> str:
    """Return the color of a stage, the same in every figure: shades of one for the parts of the mall dwell, grey for what is not split."""
    color = tokens(theme)
    dwell = STAGES.colors(theme)[_SCALE.index("mall_dwell")]
    shades = dict(zip(_SCALE, STAGES.colors(theme), strict=True)) | {
        "store_wait": dwell,
        "handling": blend(dwell, color.background, _HANDLING_OPACITY),
    }
    return shades.get(stage, color.other)


def stage_bar(
    rows: Mapping[str, Mapping[str, float | None]], *, theme: Theme, height_px: int | None = None, is_narrow: bool = False
) -> go.Figure:
    """Return mean seconds of each stage as parts of a bar across the width, with the minutes in them.

    Means add up to the mean of the whole; medians would not.

    Parameters
    ----------
    rows
        For each bar, named at its left end, the mean seconds of its stages by their id (see ``STAGE_LABELS``); None is hidden or unknown
        and leaves no part.
    theme, height_px
        Ground, and height on screen; by default as high as the bars need.
    is_narrow
        Whether it is drawn on a phone, where the names of the stages take two lines.
    """
    names = list(rows)
    whole = max((sum(seconds or 0 for seconds in stages.values()) for stages in rows.values()), default=0) or 1
    labels = {stage: label for stage, label in STAGE_LABELS.items() if any(stages.get(stage) for stages in rows.values())}
    top = _LEGEND_PX * (2 if is_narrow else 1)
    figure = go.Figure(layout={"template": template(theme), "height": height_px or top + _ROW_PX * max(1, len(names)) + 8})
    figure.update_layout(barmode="stack", bargap=0.22, margin={"l": 8, "r": 8, "t": top, "b": 4})
    figure.update_layout(showlegend=True, legend=_LEGEND, uniformtext={"mode": "hide", "minsize": 11})
    for stage, label in labels.items():
        color = stage_color(stage, theme)
        seconds = [stages.get(stage) for stages in rows.values()]
        figure.add_bar(
            orientation="h",
            name=label,
            y=names,
            x=[None if each is None else each / 60 for each in seconds],
            text=_minutes(seconds, whole),
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont={"color": readable_on(color)},
            marker={"color": color, "line": {"color": tokens(theme).background, "width": 1}},
            hovertemplate=f"{label}: %{{x:.1f}} min on average<extra></extra>",
        )
    figure.update_xaxes(visible=False, range=[0, whole / 60])
    figure.update_yaxes(autorange="reversed", showticklabels=len(names) > 1 or names != [""], showgrid=False, showline=False)
    return figure


_LEGEND = {
    "orientation": "h",
    "traceorder": "normal",
    "xref": "container",
    "x": 0,
    "xanchor": "left",
    "yref": "container",
    "y": 1,
    "yanchor": "top",
    "maxheight": 1,  # of the figure; by default half of it, and beyond that the legend would scroll
    "itemclick": False,
    "itemdoubleclick": False,
}


def _minutes(seconds: Sequence[float | None], whole_s: float) -> list[str]:
    """Return the minutes of each part; nothing where the part is too narrow for them."""
    return ["" if each is None or each < _NARROWEST_SHARE * whole_s else f"{each / 60:.1f}" for each in seconds]
