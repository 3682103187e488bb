"""Figures of a forecast say what they were given."""

from ui.charts import Compared, Range, back_test, launch_fan
from ui.palette import tokens

WEEKS = [Range(10, 20, 30, 45, 80), Range(20, 40, 60, 90, 160)]


def test_a_launch_has_its_middle_as_a_line_within_its_ranges():
    wide, narrow, line = launch_fan(WEEKS, theme="light").data

    assert (list(line.x), list(line.y)) == ([0, 1], [30, 60])
    assert (list(wide.x), list(wide.y)) == ([0, 1, 1, 0], [80, 160, 20, 10])
    assert list(narrow.y) == [45, 90, 40, 20]
    assert [list(row) for row in line.customdata] == [[10, 80, 20, 45], [20, 160, 40, 90]]


def test_ends_that_would_touch_have_one_name():
    apart, close = (launch_fan([week], theme="dark").layout.annotations for week in (WEEKS[1], Range(90, 92, 94, 96, 160)))

    assert [each.text for each in apart].count("50 %") == 2
    assert [each.text for each in close].count("50 %") == 0


def test_a_mall_outside_its_range_is_told_by_shape_and_color():
    malls = [Compared("A", WEEKS[1], 70, True), Compared("B", WEEKS[0], 90, False), Compared("C", None, 5, False)]

    wide, narrow, marks = back_test(malls, theme="light").data

    assert (list(wide.base), list(wide.x)) == ([20, 10], [140, 70])
    assert (list(narrow.base), list(narrow.x)) == ([40, 20], [50, 25])
    colors = tokens("light")
    assert list(marks.marker.symbol) == ["circle", "x", "x"]
    assert list(marks.marker.color) == [colors.text, colors.red, colors.red]
    assert marks.customdata[2][1] == "nothing could be forecast"


def test_a_mall_is_named_as_it_is_called_and_two_of_one_chain_stay_two():
    names = ["Grand & Central Premium Outlets of the Valley North Village", "Grand & Central Premium Outlets of the Valley South Village"]

    figure = back_test([Compared(name, None, 10, False) for name in names], theme="light")

    first, second = figure.layout.yaxis.ticktext
    assert first != second
    assert first.startswith("Grand &amp; ")
    assert figure.layout.xaxis.title.text == "orders a week"
