"""Where orders come from, what malls share, whom people would choose, and what a mall takes: counted by hand and by plain loops."""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.errors import ParameterError
from analytics.models.huff import LARGEST_ATTRACTION, LARGEST_DECAY
from tests.town import Town, cells


def ordered(town, mall, orders_by_cell):
    """Place orders of a mall in cells."""
    for cell, orders in orders_by_cell.items():
        town.deliver(mall, seconds=[600] * orders, cell=cell)


def test_cells_are_taken_by_orders_then_by_drive_until_the_share_is_reached(town):
    ordered(town, "M1", {0: 50, 1: 20, 2: 20, 3: 10})
    for cell, seconds in ((0, 300), (1, 900), (2, 600)):
        town.drive("M1", cell, seconds)

    row = town.row("captured_catchment", mall_id="M1")

    assert row.orders == 100
    assert (row.q50_cells, row.q50_orders, row.q50_farthest_s) == (1, 50, 300)
    assert (row.q70_cells, row.q70_orders, row.q70_farthest_s) == (2, 70, 600)
    assert (row.q90_cells, row.q90_orders, row.q90_farthest_s) == (3, 90, 900)


def test_a_cell_that_no_drive_reaches_comes_last_among_equals(town):
    ordered(town, "M1", {0: 20, 1: 20})
    town.drive("M1", 1, 2700)

    row = town.row("captured_catchment", mall_id="M1")

    assert (row.q50_cells, row.q50_farthest_s) == (1, 2700)


def test_the_area_is_that_of_the_cells_and_the_mean_where_nobody_lives(town):
    ordered(town, "M1", {0: 40, 1: 30, 2: 30})
    for cell, area in ((0, 100), (2, 300)):
        town.add("demand_cells", market_id="V", cell=cells()[cell], is_inside=True, population=1, cell_area_m2=area)

    row = town.row("captured_catchment", mall_id="M1")

    assert row.q90_area_m2 == 100 + 300 + 200


def test_without_cells_of_people_no_area_is_told(town):
    ordered(town, "M1", {0: 40})

    row = town.row("captured_catchment", mall_id="M1")

    assert (row.q90_cells, row.q90_area_m2, row.q90_farthest_s) == (1, None, None)


def test_the_origins_of_each_mall_are_its_own(town):
    ordered(town, "M1", {0: 30, 1: 10})
    ordered(town, "M2", {1: 30, 2: 5, 3: 5})

    rows = {row.mall_id: row for row in town.rows("captured_catchment", by=("mall",))}

    assert {mall: (row.orders, row.q70_cells, row.q90_cells) for mall, row in rows.items()} == {"M1": (40, 1, 2), "M2": (40, 1, 3)}


def test_coarser_cells_take_their_children_together(town):
    ordered(town, "M1", {0: 15, 1: 15, 7: 20})

    assert town.row("captured_catchment", mall_id="M1", resolution=9).q50_cells == 2
    assert town.row("captured_catchment", mall_id="M1", resolution=8).q50_cells == 1


def test_cells_of_few_customers_are_not_told_however_much_these_order(town):
    town.deliver("M1", seconds=[600] * 40, cell=0, customer_id="often")
    ordered(town, "M1", dict.fromkeys(range(1, 31), 1))

    row = town.row("captured_catchment", mall_id="M1")

    assert (row.orders, row.q50_cells, row.q50_orders, row.q50_farthest_s) == (70, None, None, None)
    assert row.q90_orders == 63


def test_cells_that_a_percentage_adds_are_told_when_ten_customers_live_there(town):
    ordered(town, "M1", {0: 50, 1: 10, 2: 10, 3: 9, 4: 9, 5: 6, 6: 6})
    town.deliver("M2", seconds=[600] * 40, cell=0)
    for cell, share in ((1, 12), (2, 9), (3, 9)):
        for each in range(share):
            town.deliver("M2", seconds=[600], cell=cell, customer_id=f"{cell}-{each % 5}")

    first, second = (town.row("captured_catchment", mall_id=mall) for mall in ("M1", "M2"))

    assert (first.q50_orders, first.q70_orders, first.q90_orders) == (50, 70, 94)
    # Five customers lie between half and 70 percent, and ten between half and 90.
    assert (second.q50_orders, second.q70_orders, second.q90_orders) == (40, None, 70)


def test_a_percentage_that_adds_few_customers_to_one_shown_is_hidden(town):
    ordered(town, "M1", {0: 70, 1: 9, 2: 1})
    town.deliver("M2", seconds=[600] * 70, cell=0)
    town.deliver("M2", seconds=[600] * 30, cell=1, customer_id="often")

    first, second = (town.row("captured_catchment", mall_id=mall) for mall in ("M1", "M2"))

    assert (first.q50_orders, first.q70_orders, first.q90_orders) == (70, 70, None)
    assert (second.q50_cells, second.q70_cells, second.q90_cells, second.q90_farthest_s) == (1, 1, None, None)


def test_what_is_added_is_measured_from_the_last_percentage_shown(town):
    town.deliver("M1", seconds=[600] * 40, cell=0)
    for cell, orders, customers in ((1, 20, 5), (2, 18, 4)):
        for each in range(orders):
            town.deliver("M1", seconds=[600], cell=cell, customer_id=f"{cell}-{each % customers}")

    row = town.row("captured_catchment", mall_id="M1")

    assert (row.q50_orders, row.q70_orders, row.q90_orders) == (40, None, None)


@pytest.mark.parametrize("has_buckets", [True, False])
def test_customers_that_share_a_bucket_are_still_as_many_as_they_are(town, has_buckets):
    town.bucket = town.bucket if has_buckets else "NULL"
    with duckdb.connect() as connection:
        names = connection.execute("SELECT 'c' || i FROM range(2000) AS r(i) WHERE hash('c' || i) & 31 = 7 LIMIT 10").fetchall()
    for number, (customer,) in enumerate(names):
        town.deliver("M1", seconds=[600] * 8, cell=0, customer_id=customer)
        if number < 9:
            town.deliver("M2", seconds=[600] * 8, cell=0, customer_id=customer)

    first, second = town.rows("captured_catchment", by=("mall",))

    assert (first.q50_orders, first.q50_cells, second.q50_orders, second.q50_cells) == (80, 1, None, None)


def test_without_customers_orders_count_as_people(town):
    town.deliver("M1", seconds=[600] * 20, cell=0, customer_id=None)
    town.deliver("M2", seconds=[600] * 9, cell=0, customer_id=None)
    town.deliver("M2", seconds=[600] * 8, cell=1, customer_id=None)

    assert town.row("captured_catchment", mall_id="M1").q50_orders == 20
    assert (town.row("captured_catchment", mall_id="M2").q50_orders, town.row("captured_catchment", mall_id="M2").q90_orders) == (None, 17)


def test_orders_from_nowhere_are_left_out_and_counted(town):
    ordered(town, "M1", {0: 12, None: 3})

    answer = town.ask("captured_catchment", mall_id="M1")

    assert answer.row()["orders"] == 12
    assert answer.left_out == {"orders whose door is unknown": 3}


@settings(max_examples=12)
@given(
    counts=st.lists(st.tuples(st.integers(0, 9), st.integers(1, 40), st.one_of(st.none(), st.integers(1, 3))), min_size=1, max_size=10),
    percent=st.sampled_from([50, 70, 90]),
)
def test_the_captured_catchment_agrees_with_a_loop(counts, percent):
    orders, drives = Counter(), {}
    for cell, number, drive in counts:
        orders[cell] += number
        drives[cell] = drive
    with TemporaryDirectory() as folder:
        town = Town(Path(folder) / "town")
        ordered(town, "M1", orders)
        town.deliver("M1", seconds=[600] * 10, cell=40)
        orders[40] = 10
        for cell, drive in drives.items():
            if drive is not None:
                town.drive("M1", cell, 600 * drive)
        row = town.row("captured_catchment", mall_id="M1")

    last = 0
    for level in (each for each in (50, 70, 90) if each <= percent):
        taken, running = [], 0
        for cell in sorted(orders, key=lambda cell: (-orders[cell], drives.get(cell) or 99, cells()[cell])):
            if running * 100 >= level * sum(orders.values()):
                break
            taken.append(cell)
            running += orders[cell]
        is_shown = running == last or running - last >= 10
        last = running if is_shown else last
    if not is_shown:
        assert getattr(row, f"q{percent}_cells") is None
        return
    assert getattr(row, f"q{percent}_cells") == len(taken)
    assert getattr(row, f"q{percent}_orders") == running
    assert getattr(row, f"q{percent}_farthest_s") == max((600 * drives[cell] for cell in taken if drives.get(cell)), default=None)


def test_orders_are_measured_against_the_people_of_their_market(town):
    ordered(town, "M1", {0: 30})
    ordered(town, "M4", {0: 30})
    town.demand(0, 600)
    town.demand(1, 400)
    town.demand(2, 900, inside=False)
    town.demand(0, 3000, market="W")

    rows = {row.market_id: row for row in town.rows("order_rate", by=("market",))}

    assert (rows["V"].numerator, rows["V"].denominator, rows["V"].rate, rows["V"].area_m2) == (30, 1000, 30.0, 2)
    assert rows["W"].rate == 10.0
    assert town.row("order_rate").rate == 15.0


def test_markets_without_people_and_orders_of_no_market_count_on_neither_side(town):
    ordered(town, "M1", {0: 30})
    ordered(town, "M4", {0: 40})
    town.deliver(None, seconds=[600] * 50, market_id=None)
    town.demand(0, 1000, households=None)
    town.demand(1, 3000, market="W", inside=False)

    answer = town.ask("order_rate")

    assert (answer.row()["numerator"], answer.row()["denominator"], answer.row()["rate"], answer.rows_behind) == (30, 1000, 30.0, 30)
    assert answer.left_out == {"orders in markets without people, or in none": 90}
    assert [row.market_id for row in town.rows("order_rate", by=("market",))] == ["V"]
    assert town.ask("order_rate", weight="households").left_out == {"orders in markets without people, or in none": 120}


def test_overlap_is_measured_against_the_smaller_catchment(town):
    for cell, people in enumerate((100, 50, 200)):
        town.demand(cell, people)
    for mall, cell in (("M1", 0), ("M1", 1), ("M2", 1), ("M2", 2), ("M3", 0), ("M3", 2)):
        town.drive(mall, cell, 1200)
    town.drive("M1", 2, 1201)

    rows = {(row.mall_id, row.other_mall_id): row for row in town.rows("catchment_overlap", market_id="V")}

    found = {pair: (row.numerator, row.denominator, row.n) for pair, row in rows.items()}
    assert found == {("M1", "M2"): (50, 150, 1), ("M2", "M1"): (50, 150, 1), ("M3", "M1"): (100, 150, 1), ("M3", "M2"): (200, 250, 1)}


def test_malls_that_share_nobody_stand_there_with_zero(town):
    town.demand(0, 100)
    town.drive("M1", 0, 600)

    (row,) = town.rows("catchment_overlap", mall_id="M1")

    assert (row.other_mall_id, row.numerator, row.denominator, row.share) == ("M2", 0, 0, None)


def stores(town, **counts):
    for mall in town.tables["malls"]:
        mall["store_count"] = counts.get(mall["mall_id"])


def test_a_mall_of_a_hundred_stores_ten_minutes_away_weighs_as_much_as_staying_away(town):
    stores(town, M1=100, M2=300)
    town.demand(0, 100)
    town.drive("M1", 0, 600)
    town.drive("M2", 0, 600)

    rows = {row.mall_id: row for row in town.rows("huff_probability", market_id="V")}

    assert {mall: row.share for mall, row in rows.items()} == {"M1": 0.2, "M2": 0.6, None: 0.2}


def test_exponents_weigh_stores_and_drives(town):
    stores(town, M1=100, M2=200)
    town.demand(0, 100)
    town.drive("M1", 0, 600)
    town.drive("M2", 0, 1200)

    asked = {"attraction_permille": 2000, "decay_permille": 1000, "outside_permille": 0}
    rows = {row.mall_id: row for row in town.rows("huff_probability", market_id="V", **asked)}

    assert rows["M1"].share == pytest.approx(1 / 3, abs=2e-6)  # 1 against 2^2 / 2^1
    assert rows["M2"].share == pytest.approx(2 / 3, abs=2e-6)


def test_a_drive_under_a_minute_is_a_minute_and_unknown_stores_are_a_hundred(town):
    stores(town, M1=100)
    town.demand(0, 100)
    town.drive("M1", 0, 10)
    town.drive("M2", 0, 60)

    rows = {row.mall_id: row for row in town.rows("huff_probability", market_id="V", outside_permille=0)}

    assert rows["M1"].share == rows["M2"].share == 0.5


def test_a_mall_that_says_it_has_no_stores_counts_as_one_store_as_in_the_fit(town):
    stores(town, M1=0, M2=1)
    town.demand(0, 100)
    town.drive("M1", 0, 600)
    town.drive("M2", 0, 600)

    rows = {row.mall_id: row for row in town.rows("huff_probability", market_id="V", outside_permille=0, attraction_permille=1000)}

    assert rows["M1"].share == rows["M2"].share == 0.5


def test_the_largest_exponents_are_those_of_the_fit_and_larger_ones_are_refused(town):
    stores(town, M1=5000, M2=5000)
    town.demand(0, 100)
    town.drive("M1", 0, 60)
    town.drive("M2", 0, 60)
    most = {"attraction_permille": 3000, "decay_permille": 6000}

    rows = {row.mall_id: row for row in town.rows("huff_probability", market_id="V", outside_permille=0, **most)}

    assert tuple(most.values()) == (1000 * LARGEST_ATTRACTION, 1000 * LARGEST_DECAY)
    assert rows["M1"].share == rows["M2"].share == 0.5
    for name, permille in most.items():
        with pytest.raises(ParameterError, match=f"from 0 to {permille}"):
            town.ask("huff_probability", market_id="V", **{name: permille + 1})


def test_only_open_malls_compete_and_a_candidate_when_it_is_asked_for(town):
    town.demand(0, 100)
    town.drive("M1", 0, 600)
    town.drive("M3", 0, 600)

    together = {row.mall_id: row.share for row in town.rows("huff_probability", market_id="V")}
    (alone,) = town.rows("huff_probability", mall_id="M3")

    assert together == {"M1": 0.5, None: 0.5}
    assert (alone.mall_id, alone.share) == ("M3", pytest.approx(1 / 3, abs=1e-6))


def test_people_whom_no_mall_reaches_choose_none(town):
    town.demand(0, 100)

    (row,) = town.rows("huff_probability", market_id="V", outside_permille=0)

    assert (row.mall_id, row.share) == (None, 1.0)


pairs = st.lists(st.tuples(st.integers(0, 900), *[st.one_of(st.none(), st.integers(0, 2700)) for _ in range(3)]), min_size=1, max_size=12)
exponents = st.fixed_dictionaries(
    {
        "attraction_permille": st.integers(0, 3000),
        "decay_permille": st.integers(0, 5000),
        "outside_permille": st.sampled_from([0, 10, 1000, 50_000]),
    }
)
SIZES = {"M1": 40, "M2": 250, "M3": 120}


def chances(drives, by, malls):
    """Huff's formula over one cell, in plain numbers."""
    a, b = by["attraction_permille"] / 1000, by["decay_permille"] / 1000
    weights = {mall: (SIZES[mall] / 100) ** a * (max(drives[mall], 60) / 600) ** -b for mall in malls if drives[mall] is not None}
    whole = by["outside_permille"] / 1000 + sum(weights.values())
    return {mall: weight / whole for mall, weight in weights.items()} if whole else {}


def built(folder, rows):
    town = Town(Path(folder) / "town")
    stores(town, **SIZES)
    for cell, (people, *drives) in enumerate(rows):
        town.demand(cell, people)
        for mall, seconds in zip(SIZES, drives, strict=True):
            if seconds is not None:
                town.drive(mall, cell, seconds)
    return town


@settings(max_examples=12)
@given(rows=pairs, by=exponents)
def test_probabilities_agree_with_the_formula_and_add_up_to_one(rows, by):
    with TemporaryDirectory() as folder:
        found = built(folder, rows).rows("huff_probability", market_id="V", **by)

    sums = Counter()
    shares = {}
    for row in found:
        sums[row.cell] += row.numerator
        shares[row.cell, row.mall_id] = row.share
        assert row.denominator == 1_000_000 * rows[cells().index(row.cell)][0]
    for cell, (people, *drives) in enumerate(rows):
        own = chances(dict(zip(SIZES, drives, strict=True)), by, ("M1", "M2"))
        if people:
            assert sums[cells()[cell]] == 1_000_000 * people
            for mall in ("M1", "M2"):
                assert shares.get((cells()[cell], mall), 0) == pytest.approx(own.get(mall, 0), abs=3e-6)


def test_coarser_cells_weigh_their_children_by_people(town):
    town.demand(0, 300)
    town.demand(1, 100)
    town.drive("M1", 0, 600)

    rows = {row.mall_id: row for row in town.rows("huff_probability", market_id="V", resolution=8)}

    assert rows["M1"].share == pytest.approx(0.375)
    assert rows[None].share == pytest.approx(0.625)


def test_a_mall_that_opens_takes_from_the_open_ones_and_from_staying_away(town):
    town.demand(0, 100)
    for mall in ("M1", "M2", "M3"):
        town.drive(mall, 0, 600)

    rows = {row.other_mall_id: row for row in town.rows("cannibalization", mall_id="M3")}

    assert {mall: (row.before, row.after, row.numerator) for mall, row in rows.items()} == {
        "M1": (33, 25, 8),
        "M2": (33, 25, 8),
        "M3": (0, 25, -25),
    }


def test_a_mall_that_closes_leaves_its_people_to_the_others_and_to_staying_away(town):
    town.demand(0, 100)
    for mall in ("M1", "M2", "M3"):
        town.drive(mall, 0, 600)

    rows = {row.other_mall_id: row for row in town.rows("cannibalization", mall_id="M1")}

    assert {mall: (row.before, row.after) for mall, row in rows.items()} == {"M1": (33, 0), "M2": (33, 50)}


def test_people_out_of_reach_of_the_mall_that_opens_stay_with_theirs(town):
    town.demand(0, 100)
    town.demand(1, 100)
    for mall, cell in (("M1", 0), ("M1", 1), ("M3", 1)):
        town.drive(mall, cell, 600)

    rows = {row.other_mall_id: row for row in town.rows("cannibalization", mall_id="M3", outside_permille=0)}

    assert (rows["M1"].before, rows["M1"].after, rows["M3"].after) == (200, 150, 50)


@settings(max_examples=12)
@given(rows=pairs, by=exponents)
def test_what_is_taken_agrees_with_the_formula(rows, by):
    with TemporaryDirectory() as folder:
        found = {(row.mall_id, row.other_mall_id): row for row in built(folder, rows).rows("cannibalization", market_id="V", **by)}

    scenarios = {"M3": ("M1", "M2", "M3"), "M1": ("M2",), "M2": ("M1",)}
    for changed, after in scenarios.items():
        for mall in {"M1", "M2", changed}:
            people = [0.0, 0.0]
            for weight, *drives in rows:
                by_mall = dict(zip(SIZES, drives, strict=True))
                for place, standing in enumerate((("M1", "M2"), after)):
                    people[place] += weight * chances(by_mall, by, standing).get(mall, 0)
            row = found[changed, mall]
            assert (row.before, row.after) == (pytest.approx(people[0], abs=1.1), pytest.approx(people[1], abs=1.1))
            assert row.numerator == row.before - row.after
