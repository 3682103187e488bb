"""Bars that sum to a change, dots beside a target: figures say what they were given."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.charts import Dot, Measure, Step, change_bars, launch_curves, target_dots
from ui.palette import tokens


@given(st.lists(st.floats(-5, 5), max_size=8))
def test_each_bar_begins_where_the_one_above_ended_and_the_last_is_their_sum(values):
    steps = [Step(str(place), value, "") for place, value in enumerate(values)]

    (bars,) = change_bars(steps, Step("Change", sum(values), ""), theme="light").data

    spans = list(zip(bars.base, (start + length for start, length in zip(bars.base, bars.x, strict=True)), strict=True))
    assert [spans[0][0], spans[-1][0]] == [0, 0]
    assert all(earlier[1] == pytest.approx(later[0]) for earlier, later in pairwise(spans[:-1]))
    assert spans[-1][1] == pytest.approx(spans[-2][1] if values else 0)


def test_only_news_is_colored():
    steps = [Step("a", 1.0, "+1.0", "good"), Step("b", -2.0, "", "bad"), Step("c", 0.5, "")]

    (bars,) = change_bars(steps, Step("Change", -0.5, ""), theme="light").data

    colors = tokens("light")
    assert list(bars.marker.color) == [colors.green, colors.red, colors.other, colors.other]


def test_a_dot_beside_its_target_says_by_its_shape_too_how_it_stands():
    dots = [Dot("A", 91.0, 90.0, 92.0, "91 %", "bad"), Dot("B", 95.0, None, None, "95 %", "plain")]

    interval, marks = target_dots(dots, target=(93.0, None), theme="dark").data

    assert (list(interval.x), list(marks.x)) == ([90.0, 92.0], [91.0, 95.0])
    assert list(marks.marker.symbol) == ["x", "circle-open"]


@pytest.mark.parametrize(("target", "lines", "bands"), [((93.0, None), 1, 0), ((None, 93.0), 1, 0), ((50, 70), 2, 1), ((None, None), 0, 0)])
def test_a_target_is_a_line_or_a_band(target, lines, bands):
    shapes = target_dots([Dot("A", 91.0, 90.0, 92.0, "")], target=target, theme="light").layout.shapes

    assert [sum(shape.type == kind for shape in shapes) for kind in ("line", "rect")] == [lines, bands]


def test_the_target_is_in_view():
    figure = target_dots([Dot("A", 91.0, 90.0, 92.0, "")], target=(99.0, None), theme="light")

    low, high = figure.layout.xaxis.range
    assert low < 90
    assert high > 99


def test_a_launch_curve_begins_with_the_first_week_that_the_data_covers_and_breaks_at_hidden_ones():
    figure = launch_curves(
        {"Young": [(0, 1.0), (1, 2.0)], "Old": [(9, 3.0), (10, None), (11, 5.0)]}, measure=Measure("%", 1), theme="light"
    )

    young, old = figure.data
    assert (list(young.x), list(young.y)) == ([0, 1], [1.0, 2.0])
    assert (list(old.x), list(old.y), old.connectgaps) == ([9, 10, 11], [3.0, None, 5.0], False)
    assert [note.text for note in figure.layout.annotations] == ["Young 2.0", "Old 5.0", "%"]
