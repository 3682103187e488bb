"""Driver access: the two-step method counted by hand, conserved to the second, and against plain loops."""

from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.town import MONDAY, Town, cells

HOURS_A_WEEK_S = 5 * 3600 * 7
"""Five drivers online for an hour on the only day of the data, told as a week."""


def access(town, **parameters):
    """Return online seconds a week by place of the cell."""
    rows = town.rows("driver_access", market_id="V", **parameters)
    return {None if row.cell is None else cells().index(row.cell): row.numerator for row in rows}


def test_a_mall_is_there_for_the_people_within_the_drive_alike(town):
    for cell, (people, seconds) in enumerate(((100, 600), (300, 1200), (500, 1201))):
        town.demand(cell, people)
        town.drive("M1", cell, seconds)
    town.work("M1", drivers=5)

    assert access(town) == {0: HOURS_A_WEEK_S // 4, 1: 3 * HOURS_A_WEEK_S // 4, 2: 0}


def test_an_hour_online_counts_once_however_many_cells_it_reaches(town):
    for cell in range(4):
        town.demand(cell, 100)
        town.drive("M1", cell, 600)
    town.work("M1", drivers=6)

    answer = town.ask("driver_access", market_id="V")

    assert (answer.table.num_rows, answer.rows_behind, answer.rows_shown) == (4, 6, 6)


def test_people_near_two_malls_have_the_drivers_of_both(town):
    for cell, people in ((0, 100), (1, 100)):
        town.demand(cell, people)
    for mall, cell in (("M1", 0), ("M2", 0), ("M2", 1)):
        town.drive(mall, cell, 600)
    town.work("M1", drivers=5)
    town.work("M2", drivers=5)

    rows = {row.cell: row for row in town.rows("driver_access", market_id="V")}

    assert rows[cells()[0]].numerator == HOURS_A_WEEK_S * 3 // 2
    assert rows[cells()[0]].rate == HOURS_A_WEEK_S * 3 // 2 / 100 * 1000
    assert access(town, mall_id="M1") == {0: HOURS_A_WEEK_S, 1: 0}


def test_time_of_a_mall_without_people_in_reach_stands_in_a_row_without_a_cell(town):
    town.demand(0, 100)
    town.drive("M1", 0, 600)
    town.work("M1", drivers=5)
    town.work("M2", drivers=6)

    assert access(town) == {0: HOURS_A_WEEK_S, None: 6 * 3600 * 7}


def test_a_mall_of_fewer_than_five_drivers_is_left_out(town):
    for mall in ("M1", "M2"):
        town.drive(mall, 0, 600)
    town.demand(0, 100)
    town.work("M1", drivers=5)
    town.work("M2", drivers=4)

    assert access(town) == {0: HOURS_A_WEEK_S}


def test_a_week_is_seven_calendar_days_of_the_period(town):
    town.demand(0, 100)
    town.drive("M1", 0, 600)
    for day in (0, 1, 2, 3, 7, 8, 9, 13):
        town.work("M1", drivers=5, day=MONDAY + timedelta(days=day))
    fortnight = {"start_on": MONDAY, "end_on": MONDAY + timedelta(days=14)}

    assert access(town) == {0: 8 * 5 * 3600 // 2}
    assert access(town, **fortnight) == {0: 8 * 5 * 3600 // 2}
    assert access(town, start_on=MONDAY, end_on=MONDAY + timedelta(days=7)) == {0: 4 * 5 * 3600}
    assert access(town, start_on=MONDAY - timedelta(days=7), end_on=MONDAY + timedelta(days=7)) == {0: 4 * 5 * 3600 // 2}
    assert access(town, end_on=MONDAY + timedelta(days=21)) == {0: 8 * 5 * 3600 // 3}


@pytest.mark.parametrize(
    ("dow", "days", "weekly_s"),
    [
        (1, 14, 2 * 5 * 3600 // 2),
        (1, 15, 2 * 5 * 3600 // 3),
        (1, 7, 5 * 3600),
        (1, 3, 5 * 3600),
        (4, 14, 5 * 3600 // 2),
        (7, 14, 5 * 3600 // 2),
    ],
)
def test_the_week_of_one_weekday_is_one_such_day(town, dow, days, weekly_s):
    town.demand(0, 100)
    town.drive("M1", 0, 600)
    for day in (0, 1, 2, 3, 7, 8, 9, 13):
        town.work("M1", drivers=5, day=MONDAY + timedelta(days=day))

    assert access(town, dow=dow, start_on=MONDAY, end_on=MONDAY + timedelta(days=days)) == {0: weekly_s}


def test_without_drivers_nothing_is_told(town):
    town.demand(0, 100)
    town.drive("M1", 0, 600)

    assert town.ask("driver_access", market_id="V").is_empty


reach = st.lists(st.tuples(st.integers(0, 999), *[st.one_of(st.none(), st.integers(1, 2700)) for _ in range(3)]), min_size=1, max_size=14)


@settings(max_examples=12)
@given(rows=reach, drivers=st.tuples(*[st.sampled_from([0, 5, 7]) for _ in range(3)]), within_s=st.sampled_from([600, 1200, 2700]))
def test_access_agrees_with_loops_and_the_time_of_malls_is_conserved(rows, drivers, within_s):
    with TemporaryDirectory() as folder:
        town = Town(Path(folder) / "town")
        for mall, number in zip(("M1", "M2", "M3"), drivers, strict=True):
            town.work(mall, drivers=number)
        for cell, (people, *seconds) in enumerate(rows):
            town.demand(cell, people)
            for mall, drive_s in zip(("M1", "M2", "M3"), seconds, strict=True):
                if drive_s is not None:
                    town.drive(mall, cell, drive_s)
        found = access(town, within_s=within_s)
        coarse = town.rows("driver_access", market_id="V", within_s=within_s, resolution=8)

    expected = defaultdict(float)
    for mall, number in enumerate(drivers):
        supply = 7 * 3600 * number
        near = [cell for cell, row in enumerate(rows) if row[1 + mall] is not None and row[1 + mall] <= within_s and row[0]]
        people = sum(rows[cell][0] for cell in near)
        for cell in near:
            expected[cell] += supply * rows[cell][0] / people
        if supply and not near:
            expected[None] += supply
    if any(drivers):
        assert sum(found.values()) == 7 * 3600 * sum(drivers) == sum(row.numerator for row in coarse)
        assert set(found) - {None} == {cell for cell, row in enumerate(rows) if row[0]}
        for cell, seconds in found.items():
            assert seconds == pytest.approx(expected[cell], abs=3.001)
