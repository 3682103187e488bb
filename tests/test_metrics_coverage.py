"""Coverage: people inside the boundary, the least drive to a mall that counts, and a bound that belongs to it."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.town import Town, cells


def test_a_cell_at_the_bound_is_covered(town):
    for cell, seconds in enumerate((1199, 1200, 1201)):
        town.demand(cell, 100)
        town.drive("M1", cell, seconds)

    row = town.row("covered_share", within_s=1200)

    assert (row.numerator, row.denominator, row.n) == (200, 300, 3)
    assert row.share == pytest.approx(2 / 3)


def test_people_out_of_reach_count_in_the_total(town):
    town.demand(0, 100)
    town.demand(1, 300)
    town.drive("M1", 0, 600)

    assert town.row("covered_share").share == 0.25


def test_people_outside_the_boundary_never_count(town):
    town.demand(0, 100)
    town.demand(1, 300, inside=False)
    town.drive("M1", 0, 600)
    town.drive("M1", 1, 600)

    row = town.row("covered_share")

    assert (row.numerator, row.denominator) == (100, 100)


def test_the_nearest_open_mall_decides_and_people_count_once(town):
    town.demand(0, 100)
    town.drive("M1", 0, 2000)
    town.drive("M2", 0, 900)

    assert town.row("covered_share", within_s=1200).numerator == 100
    assert town.row("covered_share", within_s=2400).numerator == 100


def test_a_candidate_covers_nobody_until_it_is_asked_for_itself(town):
    town.demand(0, 100)
    town.drive("M3", 0, 600)

    assert town.row("covered_share").numerator == 0
    assert town.row("covered_share", mall_id="M3").numerator == 100


def test_with_a_mall_chosen_the_others_do_not_cover(town):
    town.demand(0, 100)
    town.demand(1, 50)
    town.drive("M1", 0, 600)
    town.drive("M2", 1, 600)

    row = town.row("covered_share", mall_id="M1")

    assert (row.numerator, row.denominator) == (100, 150)


def test_a_mall_counts_for_its_own_market_only(town):
    town.demand(0, 100, market="V")
    town.demand(0, 40, market="W")
    town.drive("M4", 0, 600)  # the mall of market W

    rows = {row.market_id: row for row in town.rows("covered_share", by=("market",))}

    assert (rows["V"].numerator, rows["V"].denominator) == (0, 100)
    assert (rows["W"].numerator, rows["W"].denominator) == (40, 40)
    assert (town.row("covered_share", market_id="W").denominator) == 40


def test_markets_add_up_as_sums_not_as_a_mean_of_shares(town):
    town.demand(0, 100, market="V")
    town.demand(1, 300, market="W")
    town.drive("M1", 0, 600)

    assert town.row("covered_share").share == 0.25


def test_households_are_counted_when_they_are_asked_for(town):
    town.demand(0, 100, households=40)
    town.demand(1, 100, households=10)
    town.drive("M1", 0, 600)

    answer = town.ask("covered_share", weight="households")

    assert (answer.row()["numerator"], answer.row()["denominator"]) == (40, 50)
    assert "no households" not in answer.note


def test_data_without_households_says_so_and_gives_no_share(town):
    town.demand(0, 100)
    town.drive("M1", 0, 600)

    answer = town.ask("covered_share", weight="households")

    assert answer.row()["share"] is None
    assert answer.note.endswith("no households in this data")


def test_the_note_names_the_model_behind_the_drive_times(town):
    town.demand(0, 100)

    assert town.ask("covered_share").note == "no drive times in this data"
    town.drive("M1", 0, 600)
    assert "no delivery has calibrated" in town.ask("covered_share").note
    assert "no delivery has calibrated" in town.ask("coverage_curve").note


def test_a_modelled_share_has_no_sampling_bounds(town):
    town.demand(0, 100)
    town.drive("M1", 0, 600)

    assert not hasattr(town.row("covered_share"), "low")


def test_the_curve_is_the_covered_share_of_every_minute(town):
    for cell, seconds in enumerate((0, 60, 61, 1200, 2700)):
        town.demand(cell, 10**cell)
        town.drive("M1", cell, seconds)
    town.drive("M2", 4, 2640)

    rows = town.rows("coverage_curve")

    assert [row.within_min for row in rows] == list(range(1, 46))
    by_minute = {row.within_min: row.numerator for row in rows}
    assert [by_minute[minute] for minute in (1, 2, 19, 20, 43, 44, 45)] == [11, 111, 111, 1111, 1111, 11111, 11111]
    for row in rows:
        covered = town.row("covered_share", within_s=60 * row.within_min)
        assert (row.numerator, row.denominator) == (covered.numerator, covered.denominator)


def test_the_curve_of_each_market_is_its_own(town):
    town.demand(0, 100, market="V")
    town.demand(0, 70, market="W")
    town.drive("M1", 0, 300)
    town.drive("M4", 0, 900)

    rows = town.rows("coverage_curve", by=("market",))

    reached = [(row.market_id, row.within_min, row.numerator, row.denominator) for row in rows if row.within_min in {5, 15}]
    assert reached == [("V", 5, 100, 100), ("V", 15, 100, 100), ("W", 5, 0, 70), ("W", 15, 70, 70)]
    assert len(rows) == 90


def test_reach_divides_into_people_of_this_mall_only_and_people_shared(town):
    for cell, people in enumerate((1, 10, 100)):
        town.demand(cell, people)
    for mall, cell in (("M1", 0), ("M1", 1), ("M2", 1), ("M2", 2), ("M3", 2)):
        town.drive(mall, cell, 600)
    town.drive("M1", 2, 1201)

    rows = {row.mall_id: row for row in town.rows("coverage_by_mall", market_id="V")}

    found = {mall: (row.numerator, row.only_here, row.shared, row.denominator, row.n) for mall, row in rows.items()}
    assert found == {"M1": (11, 1, 10, 111, 2), "M2": (110, 100, 10, 111, 2), "M3": (100, 0, 100, 111, 1)}
    assert rows["M1"].share == pytest.approx(11 / 111)


def test_a_candidate_adds_what_no_open_mall_reaches(town):
    town.demand(0, 100)
    town.demand(1, 10)
    town.drive("M3", 0, 600)
    town.drive("M3", 1, 600)
    town.drive("M1", 1, 600)

    row = town.row("coverage_by_mall", mall_id="M3")

    assert (row.status, row.only_here, row.shared) == ("candidate", 100, 10)


def test_a_mall_that_reaches_nobody_stands_there_with_zero(town):
    town.demand(0, 100)

    row = town.row("coverage_by_mall", mall_id="M1")

    assert (row.numerator, row.only_here, row.shared, row.denominator, row.share) == (0, 0, 0, 100, 0.0)


def test_cells_show_the_nearest_mall_and_its_drive(town):
    town.demand(0, 100)
    town.demand(1, 50)
    town.demand(2, 30)
    town.demand(3, 0)
    for mall, cell, seconds in (("M1", 0, 900), ("M2", 0, 800), ("M1", 1, 1300), ("M2", 1, 1300), ("M1", 3, 60)):
        town.drive(mall, cell, seconds)

    rows = {row.cell: row for row in town.rows("coverage_cells", within_s=1200)}

    assert {cell: (row.mall_id, row.drive_s, row.numerator, row.denominator) for cell, row in rows.items()} == {
        cells()[0]: ("M2", 800, 100, 100),
        cells()[1]: ("M1", 1300, 0, 50),
        cells()[2]: (None, None, 0, 30),
    }


def test_a_parent_cell_shows_a_share_and_the_drive_of_half_of_its_people(town):
    for cell, (people, seconds) in enumerate(((10, 300), (40, 1000), (30, 1500), (20, None))):
        town.demand(cell, people)
        if seconds is not None:
            town.drive("M1", cell, seconds)

    row = town.row("coverage_cells", within_s=1200, resolution=8)

    assert (row.numerator, row.denominator, row.share, row.drive_s) == (50, 100, 0.5, 1000)


def test_a_parent_of_which_most_people_are_out_of_reach_has_no_drive(town):
    town.demand(0, 49)
    town.drive("M1", 0, 300)
    town.demand(1, 51)

    row = town.row("coverage_cells", resolution=8)

    assert (row.drive_s, row.mall_id, row.numerator) == (None, None, 49)


def test_cells_and_parents_sum_to_the_total(town):
    for cell in range(20):
        town.demand(cell, 7 * cell + 1)
        town.drive("M1", cell, 100 * cell)

    total = town.row("covered_share", within_s=1000)

    for resolution in (9, 8, 7, 6):
        rows = town.rows("coverage_cells", within_s=1000, resolution=resolution)
        assert sum(row.numerator for row in rows) == total.numerator
        assert sum(row.denominator for row in rows) == total.denominator


def test_white_space_and_coverage_add_up_to_everybody(town):
    for cell, (people, seconds) in enumerate(((100, 1200), (50, 1201), (30, None), (20, 600))):
        town.demand(cell, people)
        if seconds is not None:
            town.drive("M1", cell, seconds)
    town.drive("M3", 2, 60)  # a candidate covers nobody

    total, rows = town.row("covered_share"), town.rows("white_space")

    assert {row.cell: (row.numerator, row.denominator, row.drive_s) for row in rows} == {
        cells()[1]: (50, 50, 1201),
        cells()[2]: (30, 30, None),
    }
    assert total.numerator + sum(row.numerator for row in rows) == total.denominator
    (parent,) = town.rows("white_space", resolution=8)
    assert (parent.numerator, parent.denominator) == (80, 200)


def test_served_is_delivered_within_the_standard_of_all_orders_placed(town):
    town.deliver("M1", seconds=[600] * 14 + [3600] * 14 + [3601] * 2 + [None] * 10)

    row = town.row("served_share", service_s=3600)

    assert (row.numerator, row.denominator, row.n, row.share) == (28, 40, 40, 0.7)
    assert town.row("served_share", service_s=3601).numerator == 30


def test_few_customers_who_were_not_served_or_who_alone_were_do_not_follow_from_the_share(town):
    town.deliver("M1", seconds=[600] * 20 + [None] * 2)
    town.deliver("M2", seconds=[600] * 9 + [None] * 20)
    town.deliver("M4", seconds=[600] * 20)

    shares, cancelled = town.rows("served_share", by=("mall",)), town.rows("cancelled_share", by=("mall",))

    assert [(row.numerator, row.denominator, row.share) for row in shares] == [(None, 22, None), (None, 29, None), (20, 20, 1.0)]
    assert [row.numerator for row in cancelled] == [None, None, 0]


def test_a_returned_order_was_not_served_although_it_was_at_the_door(town):
    town.deliver("M1", seconds=[600] * 10)
    town.deliver("M1", seconds=[600] * 15, status="returned")

    row = town.row("served_share")

    assert (row.numerator, row.denominator) == (10, 25)


def test_orders_delivered_at_an_unknown_time_are_left_out_and_counted(town):
    town.deliver("M1", seconds=[600] * 10)
    town.deliver("M1", seconds=[600] * 3, delivered_at=None)

    answer = town.ask("served_share")

    assert (answer.row()["denominator"], answer.rows_behind) == (10, 10)
    assert answer.left_out == {"delivered orders without usable times of order and delivery": 3}


@settings(max_examples=10)
@given(
    orders=st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 9000)), st.sampled_from(["delivered", "failed", None])), max_size=30),
    service_s=st.integers(300, 9000),
)
def test_served_share_agrees_with_a_loop(orders, service_s):
    served = total = 0
    with TemporaryDirectory() as folder:
        town = Town(Path(folder) / "town")
        town.deliver("M1", seconds=[300] * 10)
        for span, status in orders:
            town.deliver("M1", seconds=[0 if span is None else span], status=status, **({} if span is not None else {"delivered_at": None}))
            total += not (status == "delivered" and span is None)
            served += status == "delivered" and span is not None and span <= service_s
        row = town.row("served_share", service_s=service_s)

    is_hidden = 0 < total - served < 10
    assert (row.numerator, row.denominator) == (None if is_hidden else served + 10, total + 10)


places = st.lists(
    st.tuples(
        st.integers(0, 500),
        st.booleans(),
        st.sampled_from(["V", "W"]),
        *[st.one_of(st.none(), st.integers(0, 2700)) for _ in range(4)],
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=15)
@given(places=places, within_s=st.integers(60, 2700))
def test_covered_share_agrees_with_a_loop_over_cells(places, within_s):
    with TemporaryDirectory() as folder:
        town = Town(Path(folder) / "town")
        covered, total = {"V": 0, "W": 0}, {"V": 0, "W": 0}
        for cell, (people, inside, market, *drives) in enumerate(places):
            town.demand(cell, people, inside=inside, market=market)
            for mall, seconds in zip(("M1", "M2", "M3", "M4"), drives, strict=True):
                if seconds is not None:
                    town.drive(mall, cell, seconds)
            if inside:
                total[market] += people
                malls = (0, 1) if market == "V" else (3,)
                if any(drives[mall] is not None and drives[mall] <= within_s for mall in malls):
                    covered[market] += people
        rows = town.rows("covered_share", by=("market",), within_s=within_s)
        whole = town.row("covered_share", within_s=within_s)

    assert all((row.numerator, row.denominator) == (covered[row.market_id], total[row.market_id]) for row in rows)
    assert (whole.numerator, whole.denominator) == (sum(covered.values()), sum(total.values()))
