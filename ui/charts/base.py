"""What every figure shares: the template ``mallreach`` and how Plotly is set up."""

from typing import Any

import plotly.graph_objects as go

from ui.palette import Theme, tokens

CONFIG: dict[str, Any] = {"displayModeBar": False, "showSendToCloud": False, "displaylogo": False, "scrollZoom": False}
FONT_FAMILY = "'Source Sans', sans-serif"


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
