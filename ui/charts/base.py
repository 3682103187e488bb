"""What every figure shares: the template ``mallreach`` and how Plotly is set up."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from ui.palette import Theme, tokens

CONFIG: dict[str, Any] = {"displayModeBar": False, "showSendToCloud": False, "displaylogo": False, "scrollZoom": False}
FONT_FAMILY = "'Source Sans', sans-serif"


_NAME_PX, _UNIT_PX = 18, 24


def names_above(figure: go.Figure, named: Sequence[tuple[str, str]]) -> None:
    """Write the names of lines over a narrow figure, one under the other in their colors; at the lines' ends they would take half of it.

    Parameters
    ----------
    figure
        Grows by the height of the names; its unit stays at the axis' top.
    named
        Text and color of each, from the top.
    """
    for place, (text, color) in enumerate(named):
        shift = _UNIT_PX + _NAME_PX * (len(named) - place)
        at = {"xref": "paper", "yref": "paper", "x": 0, "y": 1, "xanchor": "left", "yanchor": "middle", "yshift": shift}
        figure.add_annotation(text=f"\N{BLACK CIRCLE} {text}", showarrow=False, font={"color": color}, **at)
    more = _NAME_PX * len(named) + (8 if named else 0)
    figure.update_layout(height=figure.layout.height + more, margin_t=_UNIT_PX + more)


def apart(names: Sequence[str]) -> list[str]:
    """Return names of which no two are alike: an axis would lay their rows over each other. What sets them apart does not show."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, -1) + 1
        found.append(name + "\N{ZERO WIDTH SPACE}" * seen[name])
    return found


def template(theme: Theme) -> go.layout.Template:
    """Return the template ``mallreach`` for a light or a dark ground."""
    colors = tokens(theme)
    axis = {"color": colors.muted, "linecolor": colors.border, "gridcolor": colors.border, "zeroline": False, "fixedrange": True}
    return go.layout.Template(
        layout={
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"size": 13, "color": colors.text, "family": FONT_FAMILY},
            "colorway": [*colors.categorical, colors.other],
            "margin": {"l": 32, "r": 8, "t": 8, "b": 8},
            "showlegend": False,
            "hovermode": "closest",
            "hoverlabel": {"bgcolor": colors.background, "bordercolor": colors.border, "font": {"color": colors.text, "size": 13}},
            "xaxis": {**axis, "showgrid": False, "automargin": True},
            "yaxis": {**axis, "automargin": True, "ticklabelposition": "outside"},
        }
    )
