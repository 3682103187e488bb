"""Words and numbers on screen, by hand."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui import format as write


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (0, "0"),
        (9_999, "9,999"),
        (10_000, "10.0k"),
        (12_480, "12.5k"),
        (99_949, "99.9k"),
        (99_950, "100k"),
        (999_499, "999k"),
        (999_500, "1.00M"),
        (2_265_461, "2.27M"),
        (-12_480, f"{write.MINUS}12.5k"),
    ],
)
def test_a_tile_shortens_counts_from_ten_thousand_on(value, text):
    assert write.compact(value) == text


@pytest.mark.parametrize(("value", "text"), [(9_480, "9,480"), (84_321, "84,300"), (999_499, "999,000"), (2_265_461, "2.27 M")])
def test_a_sentence_keeps_three_digits_of_people(value, text):
    assert write.in_words(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0, "0 min"),
        (29, "0 min"),
        (30, "1 min"),
        (2_550, "43 min"),
        (7_200, "120 min"),
        (7_230, "2 h 01 min"),
        (7_500, "2 h 05 min"),
    ],
)
def test_durations_turn_to_hours_above_two_hours(seconds, text):
    assert write.duration(seconds) == text


def test_a_decimal_of_a_duration_stands_only_where_it_was_asked_for():
    assert write.duration(2_550, decimals=1) == "42.5 min"
    assert write.minutes_change(-90) == f"{write.MINUS}1.5 min"
    assert write.minutes_change(90) == "+1.5 min"


def test_a_change_of_a_share_is_in_points_with_a_true_minus_sign():
    assert write.percent(0.9144) == "91.4 %"
    assert write.points(-0.018) == f"{write.MINUS}1.8 pts"
    assert write.points(0.018) == "+1.8 pts"
    assert write.points(-0.0004) == "0.0 pts"


def test_growth_from_nothing_is_missing_not_infinite():
    assert write.relative_change(12, 10) == "+20.0 %"
    assert write.relative_change(12, 0) == "-"
    assert write.relative_change(None, 10) == "-"


def test_money_is_dollars_with_two_decimals():
    assert [write.money(cents) for cents in (742, 5, -120, 123_456, None)] == ["$7.42", "$0.05", f"{write.MINUS}$1.20", "$1,234.56", "-"]


def test_a_day_names_its_year_only_when_it_is_another():
    assert write.day(date(2026, 11, 9), today=date(2026, 12, 1)) == "Mon 9 Nov"
    assert write.day(date(2026, 11, 9), today=date(2027, 1, 1)) == "Mon 9 Nov 2026"


@pytest.mark.parametrize(
    ("start_on", "end_on", "text"),
    [
        (date(2026, 11, 9), date(2026, 11, 16), "9-15 Nov"),
        (date(2026, 11, 9), date(2026, 11, 10), "9 Nov"),
        (date(2026, 10, 26), date(2026, 11, 16), "26 Oct-15 Nov"),
        (date(2025, 12, 29), date(2026, 1, 5), "29 Dec 2025-4 Jan 2026"),
        (date(2025, 10, 27), date(2025, 11, 3), "27 Oct-2 Nov 2025"),
    ],
)
def test_a_period_is_written_by_its_first_and_last_day(start_on, end_on, text):
    assert write.day_range(start_on, end_on, today=date(2026, 12, 1)) == text


def test_hours_are_read_from_a_twelve_hour_clock():
    assert [write.hour(value) for value in (0, 5, 12, 17, 23)] == ["12 am", "5 am", "12 pm", "5 pm", "11 pm"]


def test_instants_name_their_zone():
    assert write.instant("2026-11-15T13:05:09+00:00") == "Sun 15 Nov 2026, 13:05 UTC"


def test_words_agree_with_their_number():
    assert write.counted(1, "order") == "1 order"
    assert write.counted(1_204, "order") == "1,204 orders"
    assert write.counted(2, "body", "bodies") == "2 bodies"
    assert [write.listed(names) for names in ([], ["A"], ["A", "B"], ["A", "B", "C"])] == ["", "A", "A and B", "A, B and C"]


def test_an_interval_is_one_text():
    assert write.interval(89.94, 92.71) == "89.9-92.7"
    assert write.interval(190, 930, decimals=0) == "190-930"
    assert write.interval(None, 1.0) == "-"


def test_a_sample_size_stands_as_n():
    assert write.n(2_481) == "n 2,481"


def test_hours_of_drivers_have_a_decimal_below_ten():
    assert [write.driver_hours(hours) for hours in (None, 0, 9.94, 9.96, 1234.4)] == ["-", "0.0 h", "9.9 h", "10 h", "1,234 h"]


def test_a_number_keeps_its_unit_at_the_end_of_a_line_and_a_range_stays_whole_where_it_is_asked():
    assert write.unbroken("45.6 % of people, n 2,481, 9 of 10") == "45.6\xa0% of people, n\xa02,481, 9 of 10"
    assert write.unbroken("83-86 min, well-known") == "83-86\xa0min, well-known"
    assert write.unbroken("83-86 min, well-known", with_ranges=True) == "83-\u206086\xa0min, well-known"


def test_a_long_name_loses_its_middle_because_names_of_one_chain_differ_at_their_ends():
    names = [f"The Grand Promenade Shops at Superstition Vista No. {number}" for number in (1, 2)]

    assert [write.short(name) for name in names] == [
        "The Grand Promena\N{HORIZONTAL ELLIPSIS}ta No. 1",
        "The Grand Promena\N{HORIZONTAL ELLIPSIS}ta No. 2",
    ]
    assert write.shortened(names) == {name: write.short(name) for name in names}
    assert write.short("Fashion Show") == "Fashion Show"
    assert [len(write.short("x" * 90, longest)) for longest in (20, 26, 44)] == [20, 26, 44]


def test_different_names_that_would_be_cut_alike_are_cut_where_they_differ():
    start, end = "Premium Outlets of the Valley", "Village Marketplace"
    names = [f"{start} {own} {end}" for own in ("North", "South")]
    assert write.short(names[0]) == write.short(names[1])

    found = write.shortened([*names, names[0], "Fashion Show"])

    assert list(found) == [*names, "Fashion Show"]
    assert len(set(found.values())) == 3
    assert all(len(text) <= write.LONGEST_NAME for text in found.values())


@given(st.lists(st.text("ab \N{HORIZONTAL ELLIPSIS}", max_size=12), max_size=12), st.integers(4, 9))
def test_different_names_stay_different_however_they_are_cut(names, longest):
    found = write.shortened(names, longest)

    assert found.keys() == set(names)
    assert len(set(found.values())) == len(found)
    assert all(text == name for name, text in found.items() if len(name) <= longest)
