"""Plotly figures: numbers in, a figure out. Knows neither Streamlit nor SQL.

One template for all of them, ``mallreach``: transparent ground, no title inside, horizontal grid only, names at the lines' ends instead of
a legend. Draw with ``theme=None`` and ``CONFIG``.
"""

from ui.charts.bars import STAGE_LABELS, stage_bar, stage_color
from ui.charts.base import CONFIG, template
from ui.charts.choosing import Point, rank_shares, two_criteria
from ui.charts.days import Day, daily_trend
from ui.charts.explore import Bar, Square, Unit, group_grid, group_lines, ranked_bars
from ui.charts.forecast import Compared, Range, back_test, launch_fan
from ui.charts.lines import Measure, coverage_curve, launch_curves, load_trend, weekly_trend
from ui.charts.review import Dot, Step, Tone, change_bars, target_dots
from ui.charts.week_hours import Hour, HourOfWeek, picked_hour, week_hour_grid

__all__ = [
    "CONFIG",
    "STAGE_LABELS",
    "Bar",
    "Compared",
    "Day",
    "Dot",
    "Hour",
    "HourOfWeek",
    "Measure",
    "Point",
    "Range",
    "Square",
    "Step",
    "Tone",
    "Unit",
    "back_test",
    "change_bars",
    "coverage_curve",
    "daily_trend",
    "group_grid",
    "group_lines",
    "launch_curves",
    "launch_fan",
    "load_trend",
    "picked_hour",
    "rank_shares",
    "ranked_bars",
    "stage_bar",
    "stage_color",
    "target_dots",
    "template",
    "two_criteria",
    "week_hour_grid",
    "weekly_trend",
]
