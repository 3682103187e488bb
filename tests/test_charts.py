"""Figures say what they were given and nothing else."""

from datetime import date
from itertools import pairwise

import pytest

from ui.charts import Hour, Measure, coverage_curve, picked_hour, stage_bar, template, week_hour_grid, weekly_trend
from ui.palette import BURDEN, DIVERGING, STAGES, Classes, tokens

MONDAYS = [date(2026, 9, day) for day in (7, 14, 21, 28)]
PERCENT = Measure("%", 1)


def test_the_curve_marks_the_chosen_minute_with_its_share():
    figure = coverage_curve([(10, 0.1), (20, 0.62), (45, 0.9)], chosen_min=20, theme="light")

    mark = figure.data[1]
    assert (mark.x[0], mark.y[0]) == (20, pytest.approx(62))
    assert figure.layout.annotations[-1].text == "<b>62 %</b>"
    assert figure.layout.xaxis.title.text == "min drive"


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


BALANCE = Classes("Driver-hours", "a week", (-8, -2, 2, 8), DIVERGING)
MINUTES = Classes("p90", "min", (30, 45, 60, 75, 90), BURDEN)


def grid(*hours, **asked):
    return week_hour_grid(hours, **{"classes": BALANCE, "theme": "light", **asked})


def cell(figure, dow, hour):
    """Place of an hour of the week among the cells that answer to clicks."""
    return next(place for place, (day, at, _) in enumerate(figure.data[0].customdata) if (day, at) == (dow, hour))


def test_a_grid_colors_every_hour_by_its_class_whether_diverging_or_sequential():
    short, spare = grid(Hour(5, 17, 9.0)), grid(Hour(5, 17, -9.0))
    slow = grid(Hour(5, 17, 95.0), classes=MINUTES)

    colors = [figure.data[0].marker.color[cell(figure, 5, 17)] for figure in (short, spare, slow)]
    assert colors == [DIVERGING.light[-1], DIVERGING.light[0], BURDEN.light[-1]]


def test_the_first_row_is_the_markets_first_weekday():
    figure = grid(Hour(1, 12, 1.0), week_start=7)

    assert list(figure.layout.yaxis.ticktext) == ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    assert figure.data[0].y[cell(figure, 7, 12)] == 0
    assert figure.data[0].y[cell(figure, 1, 12)] == 1


def test_a_hidden_hour_shows_nothing_of_what_it_carries():
    figure = grid(Hour(2, 9, 50.0, "50", ("50 h short",), beside=-9.0, is_hidden=True), Hour(2, 11, 1.0))

    cells, at = figure.data[0], cell(figure, 2, 9)
    assert cells.marker.color[at] == tokens("light").background
    assert cells.text[at] == ""
    assert "50" not in cells.customdata[at][2]
    assert "Hidden" in cells.customdata[at][2]
    assert [(trace.x[0], trace.y[0]) for trace in figure.data if trace.type == "scatter"] == [(9.5, 1)]
    assert all(DIVERGING.light[0] not in list(trace.marker.color) for trace in figure.data if trace.type == "bar")


def test_shut_hours_are_hatched_and_open_ones_are_not():
    figure = grid(Hour(1, 10, 1.0), Hour(1, 11, 1.0), open_hours={(1, 10), (1, 12)})

    hatched = next(trace for trace in figure.data if trace.marker.pattern.shape == "/")
    assert 11 in [round(base) for base, row in zip(hatched.base, hatched.y, strict=True) if row == 0]
    assert 10 not in [round(base) for base, row in zip(hatched.base, hatched.y, strict=True) if row == 0]


def test_without_opening_hours_nothing_is_hatched():
    assert all(trace.marker.pattern.shape != "/" for trace in grid(Hour(1, 10, 1.0)).data)


def test_hours_that_nobody_uses_are_left_out_at_both_ends_only():
    figure = grid(Hour(1, 10, 1.0), Hour(3, 14, 1.0), open_hours={(1, 9)})

    assert sorted({hour for _, hour, _ in figure.data[0].customdata}) == list(range(9, 15))


def test_a_click_anywhere_in_the_grid_finds_an_hour():
    bars = grid(Hour(1, 10, 1.0), Hour(7, 13, 1.0)).data[0]

    assert sorted(bars.base) == sorted(hour for hour in range(10, 14) for _ in range(7))
    assert set(bars.x) == {1}
    assert picked_hour([{"customdata": bars.customdata[0]}]) == (1, 10)
    assert picked_hour([]) is None


def test_the_chosen_hour_is_outlined_in_its_cell():
    figure = grid(Hour(1, 10, 1.0), Hour(3, 14, 1.0), chosen=(3, 12))

    outline = figure.layout.shapes[-1]
    assert (outline.x0 < 12.5 < outline.x1, outline.y0 < 2 < outline.y1) == (True, True)
    assert outline.line.color == tokens("light").primary
    assert not grid(Hour(1, 10, 1.0), chosen=(3, 23)).layout.shapes


def test_an_hour_of_the_week_cannot_be_there_twice():
    with pytest.raises(ValueError, match="twice"):
        grid(Hour(1, 10, 1.0), Hour(1, 10, 2.0))


def test_the_parts_of_a_stage_bar_add_up_and_keep_their_colors():
    rows = {"All": {"drive": 1200.0, "prep": 600.0}, "Slow": {"prep": 900.0, "drive": None}}
    figure = stage_bar(rows, theme="light")

    assert [(trace.name, list(trace.x)) for trace in figure.data] == [("Prep", [10, 15]), ("Drive", [20, None])]
    assert [trace.marker.color for trace in figure.data] == [STAGES.light[0], STAGES.light[-1]]
    assert figure.layout.xaxis.range[1] == 30


def test_a_part_too_narrow_for_its_minutes_has_none_written():
    figure = stage_bar({"": {"prep": 30.0, "drive": 1200.0}}, theme="dark")

    assert [list(trace.text) for trace in figure.data] == [[""], ["20.0"]]


def test_a_second_figure_of_an_hour_is_a_stripe_at_its_right_end_in_its_own_color():
    figure = grid(Hour(4, 18, 9.0, beside=-3.0), Hour(4, 19, 1.0))

    stripe = next(trace for trace in figure.data[1:] if trace.type == "bar" and DIVERGING.light[1] in list(trace.marker.color))
    assert (list(stripe.y), 18.5 < stripe.base[0] < stripe.base[0] + stripe.x[0] < 19) == ([3], True)
    assert stripe.hoverinfo == "skip"


def test_on_a_phone_names_of_lines_stand_over_them_and_a_long_name_is_cut():
    long = "<b>A mall with a very long name indeed, of sixty letters</b>"
    series = {"B": [(MONDAYS[0], 1.0), (MONDAYS[1], 2.0)], long: [(MONDAYS[0], 3.0), (MONDAYS[1], 4.0)]}

    wide = weekly_trend(series, measure=PERCENT, theme="light")
    narrow = weekly_trend(series, measure=PERCENT, theme="light", is_narrow=True)

    texts = [each.text for each in narrow.layout.annotations if each.text != PERCENT.unit]
    assert [text.split(" ", 1)[1] for text in texts[:2]] == ["&lt;b&gt;A mall with a\N{HORIZONTAL ELLIPSIS}ters&lt;/b&gt; 4.0", "B 2.0"]
    heights = {each.text: each.yshift for each in narrow.layout.annotations}
    assert heights[texts[0]] > heights[texts[1]] > heights[PERCENT.unit]
    assert narrow.layout.margin.r == 8 < wide.layout.margin.r
    assert narrow.layout.height - narrow.layout.margin.t == wide.layout.height - wide.layout.margin.t


def test_the_names_of_stages_do_not_scroll():
    figure = stage_bar({"": {"prep": 600.0, "drive": 1200.0}}, theme="light", is_narrow=True)

    assert figure.layout.legend.maxheight == 1
