"""Opening hours are read as they are written; what cannot be read is unknown, not shut."""

import pytest

from analytics.opening_hours import open_hours


def hours_of(text, dow):
    return sorted(hour for day, hour in open_hours(text) if day == dow)


def test_the_hours_of_a_mall_by_weekday():
    text = "Mo-Sa 10:00-21:00; Su 11:00-18:00"

    assert hours_of(text, 1) == hours_of(text, 6) == list(range(10, 21))
    assert hours_of(text, 7) == list(range(11, 18))


def test_an_hour_open_for_a_part_of_it_is_open():
    assert hours_of("Mo 9:30-17:15", 1) == list(range(9, 18))


def test_hours_past_midnight_belong_to_the_next_day():
    assert hours_of("Fr-Sa 22:00-02:00", 7) == [0, 1]
    assert hours_of("Fr-Sa 22:00-02:00", 5) == [22, 23]
    assert hours_of("Su 20:00-24:00", 7) == list(range(20, 24))


def test_days_wrap_and_are_listed():
    assert {dow for dow, _ in open_hours("Sa-Mo,We 10:00-11:00")} == {6, 7, 1, 3}


def test_a_later_rule_replaces_an_earlier_one_for_its_days():
    text = "10:00-20:00; Su off; We 12:00-13:00,15:00-16:00"

    assert hours_of(text, 1) == list(range(10, 20))
    assert hours_of(text, 7) == []
    assert hours_of(text, 3) == [12, 15]


def test_around_the_clock():
    assert len(open_hours("24/7")) == 168


@pytest.mark.parametrize("text", [None, "", " ; ", "by appointment", "Mo-Sa 10-21", "Mo 25:00-26:00", "Mo 10:75-11:00"])
def test_what_cannot_be_read_is_unknown(text):
    assert open_hours(text) is None
