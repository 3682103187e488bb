"""Figures say what they were given and nothing else."""

from datetime import date
from itertools import pairwise

import pytest

from ui.charts import Measure, coverage_curve, template, weekly_trend
from ui.palette import tokens

MONDAYS = [date(2026, 9, day) for day in (7, 14, 21, 28)]
PERCENT = Measure("%", 1)


def test_the_curve_marks_the_chosen_minute_with_its_share():
    figure = coverage_curve([(10, 0.1), (20, 0.62), (45, 0.9)], chosen_min=20, theme="light")

    mark = figure.data[1]
    assert (mark.x[0], mark.y[0]) == (20, pytest.approx(62))
    assert figure.layout.annotations[-1].text == "<b>62 %</b>"


def test_a_minute_without_a_share_is_not_marked():
    assert len(coverage_curve([(10, 0.1)], chosen_min=20, theme="dark").data) == 1


def test_a_line_breaks_where_a_week_is_missing():
    figure = weekly_trend({"A": [(MONDAYS[0], 1.0), (MONDAYS[1], 2.0), (MONDAYS[3], 3.0)]}, measure=PERCENT, theme="light")

    assert list(figure.data[0].y) == [1.0, 2.0, None, 3.0]
    assert figure.data[0].connectgaps is False


def test_the_running_week_is_dotted():
    points = list(zip(MONDAYS, (1.0, 2.0, 3.0, 4.0), strict=True))
    solid, dotted = weekly_trend({"A": points}, measure=PERCENT, theme="light", running_on=MONDAYS[3]).data

    assert (list(solid.x), solid.line.dash) == (MONDAYS[:3], "solid")
    assert (list(dotted.x), dotted.line.dash) == (MONDAYS[2:], "dot")


def test_the_chosen_line_stands_out_and_names_stand_at_the_ends():
    series = {name: [(MONDAYS[0], value), (MONDAYS[1], value)] for name, value in (("A", 1.0), ("B", 5.0))}
    figure = weekly_trend(series, measure=PERCENT, theme="dark", chosen="B")

    colors = {trace.name: trace.line.color for trace in figure.data if len(trace.x)}
    assert colors == {"A": tokens("dark").other, "B": tokens("dark").primary}
    assert {"A 1.0", "B 5.0"} <= {note.text for note in figure.layout.annotations}


def test_names_at_the_ends_do_not_overlap():
    series = {name: [(MONDAYS[0], 0.0), (MONDAYS[1], value)] for name, value in (("A", 10.0), ("B", 10.01), ("C", 10.02))}
    figure = weekly_trend(series, measure=Measure("n", 0, is_from_zero=True), theme="light")

    heights = sorted(note.y for note in figure.layout.annotations if note.text[0] in "ABC")
    assert all(high - low >= 0.5 for low, high in pairwise(heights))


def test_an_empty_series_is_an_empty_figure():
    assert weekly_trend({}, measure=PERCENT, theme="light").data == ()
    assert coverage_curve([], chosen_min=20, theme="light").layout.template.layout == template("light").layout
