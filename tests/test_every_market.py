"""Sets of several markets, put together from those of each: against trying all of them by plain loops, under every kind of condition."""

from itertools import combinations

import numpy as np
import pytest

from analytics.choosing.every_market import Market, nation, sets_of
from analytics.choosing.every_set import TooMany, largest, reached
from tests.test_every_set import best_pays, kept_of, people_reached, random_kept


@pytest.mark.parametrize("made", [best_pays, people_reached])
@pytest.mark.parametrize("kind", ["count", "budget", "both", "free"])
def test_the_sets_beyond_a_value_are_those_that_trying_all_of_them_finds(made, kind):
    random = np.random.default_rng(12)
    for _ in range(40):
        sizes = random.integers(1, 4, int(random.integers(1, 4)))
        malls = int(sizes.sum())
        places = np.split(random.permutation(malls), np.cumsum(sizes)[:-1])
        forms = [made(random, int(size)) for size in sizes]
        markets = [Market(form, tuple(own.tolist())) for (form, _), own in zip(forms, places, strict=True)]
        kept = random_kept(random, malls, kind)
        values = {}
        for size in range(malls + 1):
            for chosen in combinations(range(malls), size):
                if kept.is_allowed(chosen):
                    own = [[list(at).index(mall) for mall in chosen if mall in at] for at in places]
                    values[chosen] = sum(by_hand(part) for (_, by_hand), part in zip(forms, own, strict=True))
        ordered = sorted(values.values(), reverse=True)
        for over in {None, *ordered[:3], *(value - 1 for value in ordered[:1])}:
            found = list(sets_of(nation(markets, kept), over))
            assert len(found) == len(dict(found))
            assert dict(found) == {chosen: value for chosen, value in values.items() if over is None or value > over}


def some_markets(random, markets, malls):
    forms = [reached(random.random((malls, 50)) < 0.3, np.zeros(50, np.int64), random.integers(1, 900, 50), 1) for _ in range(markets)]
    return [Market(form, tuple(range(malls * number, malls * (number + 1)))) for number, form in enumerate(forms)]


def test_of_a_nation_s_sets_only_those_are_looked_at_that_are_worth_enough():
    """40 of 160 malls in 20 markets: more sets than can ever be tried."""
    markets = some_markets(np.random.default_rng(3), 20, 8)
    kept = kept_of(160, count=40, budget=None, costs=[0] * 160, first=())
    best = _best(markets, 40)
    told = nation(markets, kept)
    found = dict(sets_of(told, best - 20, most_work=10**7))
    assert max(found.values()) == best
    assert all(best - 20 < value <= best and len(chosen) == 40 for chosen, value in found.items())
    assert list(sets_of(told, best, most_work=10**6)) == []


def _best(markets, count):
    """Return the best value of so many malls: market after market, the best of what came before with one of all sets of this one."""
    before = {0: 0}
    for market in markets:
        sets = [own for size in range(market.form.malls + 1) for own in combinations(range(market.form.malls), size)]
        values = [(len(own), market.form.worth(own)) for own in sets]
        before = {
            size: max(before[size - more] + value for more, value in values if size - more in before)
            for size in range(count + 1)
            if any(size - more in before for more, _ in values)
        }
    return before[count]


def test_what_takes_too_long_is_given_up():
    random = np.random.default_rng(4)
    kept = kept_of(160, count=40, budget=None, costs=[0] * 160, first=())
    told = nation(some_markets(random, 20, 8), kept)
    with pytest.raises(TooMany):
        list(sets_of(told, None, most_work=10**7))
    many = Market(largest(random.integers(0, 9, (12, 30)), np.zeros(30, np.int64), np.zeros(12, np.int64)), tuple(range(12)))
    with pytest.raises(TooMany):
        nation([many], kept_of(12, count=6, budget=None, costs=[0] * 12, first=()), most_work=10_000)


def test_without_a_candidate_the_empty_set_is_beyond_less_than_it_is_worth_alone():
    told = nation([], kept_of(0, count=None, budget=None, costs=[], first=()))
    assert [list(sets_of(told, over)) for over in (None, -1, 0)] == [[((), 0)], [((), 0)], []]
