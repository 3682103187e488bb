"""Huff's exponents: found again from the orders that they make, and told as they are where orders are few."""

import numpy as np
import pytest

from analytics.models.huff import Exponents, Pairs, attractions, fitted, probabilities
from tests.town import Town


def pairs(stores, *, cells=400, market=None, seed=0):
    """Cells around malls of so many stores, without orders."""
    rng = np.random.default_rng(seed)
    count = len(stores)
    cell = np.repeat(np.arange(cells), count)
    return Pairs(
        cell=cell,
        drive_s=rng.integers(120, 2700, cells * count),
        stores=np.tile(np.array(stores), cells),
        orders=np.zeros(cells * count, np.int64),
        people=rng.integers(50, 500, cells),
        market=np.zeros(cells, np.int64) if market is None else market,
    )


def with_orders(where, by, orders):
    """Let orders come as the model says."""
    expected = where.people[where.cell] * probabilities(where, by)
    sums = np.bincount(where.market, np.bincount(where.cell, expected))
    scaled = expected * np.asarray(orders)[where.market[where.cell]] / sums[where.market[where.cell]]
    return Pairs(where.cell, where.drive_s, where.stores, np.rint(scaled).astype(np.int64), where.people, where.market)


def test_a_hundred_stores_ten_minutes_away_weigh_one():
    assert attractions([100, 200], [600, 600], Exponents(2.0, 3.0, 1.0)) == pytest.approx([1, 4])
    assert attractions([100, 100], [1200, 10], Exponents(1.0, 2.0, 1.0)) == pytest.approx([0.25, 100])


def test_probabilities_of_a_cell_and_of_staying_away_add_up_to_one():
    by = Exponents(1.2, 1.8, 0.7)
    where = pairs([50, 150, 300])
    chance = probabilities(where, by)

    weights = attractions(where.stores, where.drive_s, by).reshape(-1, 3)
    assert np.bincount(where.cell, chance) + by.outside / (by.outside + weights.sum(axis=1)) == pytest.approx(1)


def test_where_nothing_attracts_nothing_is_chosen():
    where = pairs([50])

    assert probabilities(where, Exponents(1.0, 0.0, 1e300)).max() < 1e-200


@pytest.mark.parametrize("truth", [Exponents(0.8, 1.5, 0.5), Exponents(1.4, 2.8, 2.0), Exponents(0.5, 0.6, 3.0)])
def test_the_exponents_that_made_the_orders_are_found_again(truth):
    found = fitted(with_orders(pairs([60, 120, 240]), truth, [500_000]))

    assert found.attraction == pytest.approx(truth.attraction, abs=0.03)
    assert found.decay == pytest.approx(truth.decay, abs=0.03)
    assert found.outside == pytest.approx(truth.outside, rel=0.1)


def test_one_mall_alone_tells_the_decay_by_the_people_who_do_not_order_and_assumes_the_stores():
    found = fitted(with_orders(pairs([150]), Exponents(1.0, 3.0, 1.5), [500_000]))

    assert found.attraction == 1.0
    assert found.decay == pytest.approx(3.0, abs=0.05)
    assert found.outside == pytest.approx(1.5, rel=0.1)


def test_how_many_orders_a_market_has_says_nothing():
    market = np.repeat([0, 1], 200)
    where = pairs([60, 240], market=market)
    truth = Exponents(0.9, 2.2, 0.8)

    found = fitted(with_orders(where, truth, [600_000, 20_000]))

    assert (found.attraction, found.decay) == (pytest.approx(0.9, abs=0.05), pytest.approx(2.2, abs=0.05))


def test_few_orders_stay_near_the_usual_exponents():
    where = pairs([60, 240], cells=3)
    one = np.zeros(6, np.int64)
    one[0] = 1

    found = fitted(Pairs(where.cell, where.drive_s, where.stores, one, where.people, where.market))

    assert found.attraction == pytest.approx(1, abs=0.6)
    assert found.decay == pytest.approx(2, abs=1.2)


def town_of_orders(root, orders, *, decay=3.0):
    """Two malls, orders falling with the drive."""
    town = Town(root)
    for mall, count in zip(town.tables["malls"], (100, 300, 100, 100), strict=True):
        mall["store_count"] = count
    for cell in range(40):
        town.demand(cell, 1000, households=300)
        seconds = {"M1": 300 + 60 * cell, "M2": 300 + 60 * (39 - cell)}
        for mall, drive_s in seconds.items():
            town.drive(mall, cell, drive_s)
            weight = (1 if mall == "M1" else 3) * (drive_s / 600) ** -decay
            rivals = sum(size * (seconds[other] / 600) ** -decay for other, size in (("M1", 1), ("M2", 3)))
            town.deliver(mall, seconds=[600] * round(orders * weight / (1 + rivals)), cell=cell)
    return town


def test_the_exponents_are_those_of_the_loaded_orders_and_the_note_says_so(tmp_path):
    town = town_of_orders(tmp_path / "town", 60)

    answer = town.ask("cannibalization", market_id="V")

    assert answer.parameters.decay_permille == pytest.approx(3000, abs=150)
    assert answer.parameters.attraction_permille == pytest.approx(1000, abs=100)
    fitted_on = int(answer.note.split("fitted on ")[1].split(" ")[0].replace(",", ""))
    assert 0.98 <= fitted_on / len(town.tables["orders"]) <= 1


def test_where_nobody_delivers_the_lack_of_orders_tells_nothing(tmp_path):
    town = town_of_orders(tmp_path / "town", 60)
    for cell in range(40, 49):
        town.demand(cell, 100_000)
        town.drive("M1", cell, 2690)

    assert town.ask("huff_probability", market_id="V").parameters.decay_permille == pytest.approx(3000, abs=150)


def test_too_few_orders_leave_the_usual_exponents_and_the_note_says_so(tmp_path):
    answer = town_of_orders(tmp_path / "town", 5).ask("huff_probability", market_id="V")

    assert (answer.parameters.attraction_permille, answer.parameters.decay_permille) == (1000, 2000)
    assert "fewer than 1,000 orders from cells with people" in answer.note


def test_exponents_that_were_asked_for_are_taken(tmp_path):
    answer = town_of_orders(tmp_path / "town", 60).ask("huff_probability", market_id="V", decay_permille=500)

    assert answer.parameters.decay_permille == 500
    assert "as asked" in answer.note


def test_one_share_of_stores_is_assumed_where_all_malls_are_as_large(tmp_path):
    town = town_of_orders(tmp_path / "town", 60)
    for mall in town.tables["malls"]:
        mall["store_count"] = None

    assert "that of stores assumed" in town.ask("huff_probability", market_id="V").note
