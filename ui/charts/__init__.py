"""Plotly figures: numbers in, a figure out. Knows neither Streamlit nor SQL.

One template for all of them, ``mallreach``: transparent ground, no title inside, horizontal grid only, names at the lines' ends instead of
a legend. Draw with ``theme=None`` and ``CONFIG``.
"""

from ui.charts.bars import STAGE_LABELS, stage_bar, stage_color
from ui.charts.base import CONFIG, template
from ui.charts.lines import Measure, coverage_curve, load_trend, weekly_trend
from ui.charts.week_hours import Hour, HourOfWeek, picked_hour, week_hour_grid

__all__ = [
    "CONFIG",
    "STAGE_LABELS",
    "Hour",
    "HourOfWeek",
    "Measure",
    "coverage_curve",
    "load_trend",
    "picked_hour",
    "stage_bar",
    "stage_color",
    "template",
    "week_hour_grid",
    "weekly_trend",
]
