"""Every set looked at or ruled out: against trying all of them by plain loops, for both forms and under every kind of condition."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.choosing.every_set import Kept, TooMany, largest, reached, sets_over


@st.composite
def best_pays(draw):
    malls, cells = draw(st.integers(1, 6)), draw(st.integers(1, 5))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    pays = random.integers(0, 9, (malls, cells)) * (random.random((malls, cells)) < 0.7)
    there, own = random.integers(0, 4, cells), random.integers(-6, 3, malls) * draw(st.integers(0, 1))

    def by_hand(chosen):
        return sum(max([int(there[cell]), *(int(pays[mall, cell]) for mall in chosen)]) for cell in range(cells)) + sum(
            int(own[mall]) for mall in chosen
        )

    return largest(pays, there, own), by_hand


@st.composite
def people_reached(draw):
    malls, cells, times = draw(st.integers(1, 6)), draw(st.integers(1, 12)), draw(st.integers(1, 4))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    reaches, there, people = random.random((malls, cells)) < 0.5, random.integers(0, 3, cells), random.integers(0, 50, cells)

    def by_hand(chosen):
        return sum(int(people[cell]) for cell in range(cells) if there[cell] + sum(reaches[mall, cell] for mall in chosen) >= times)

    return reached(reaches, there, people, times), by_hand


def kept_of(malls, *, count, budget, costs, first):
    def is_over(places):
        too_dear = budget is not None and sum(costs[place] for place in places) > budget
        return too_dear or (count is not None and len(places) > count) or (malls > 1 and {0, malls - 1} <= set(places))

    def is_allowed(places):
        return not is_over(places) and set(first) <= set(places) and (count is None or len(places) == count)

    return Kept(count, budget, costs, first, is_over, is_allowed)


@given(st.one_of(best_pays(), people_reached()), st.data())
def test_the_sets_beyond_a_value_are_those_that_trying_all_of_them_finds(told, data):
    form, by_hand = told
    count = data.draw(st.none() | st.integers(0, form.malls))
    costs = data.draw(st.lists(st.integers(0, 5), min_size=form.malls, max_size=form.malls))
    budget = data.draw(st.none() | st.integers(0, 12))
    first = tuple(sorted(data.draw(st.sets(st.integers(0, form.malls - 1), max_size=2))))
    kept = kept_of(form.malls, count=count, budget=budget, costs=costs, first=first)
    every = [places for size in range(form.malls + 1) for places in combinations(range(form.malls), size) if kept.is_allowed(places)]
    values = {places: by_hand(places) for places in every}
    over = data.draw(st.none() | st.integers(-12, max(values.values(), default=0) + 1))
    found = list(sets_over(form, kept, over))
    assert len(found) == len(dict(found))
    assert dict(found) == {places: value for places, value in values.items() if over is None or value > over}
    for places in every:
        assert form.worth(places) == values[places]


def test_what_takes_too_long_is_given_up():
    random = np.random.default_rng(1)
    form = largest(random.integers(0, 9, (12, 30)), np.zeros(30, np.int64), np.zeros(12, np.int64))
    kept = kept_of(12, count=6, budget=None, costs=[0] * 12, first=())
    with pytest.raises(TooMany):
        list(sets_over(form, kept, None, most_work=10_000))


def test_malls_that_can_add_too_little_are_never_looked_at():
    """Of 40 malls two cover all; 658,008 sets of five need no more than a few looks."""
    reaches = np.zeros((40, 40), np.bool_)
    reaches[0, :20] = reaches[1, 20:] = True
    np.fill_diagonal(reaches, val=True)
    form = reached(reaches, np.zeros(40, np.int64), np.ones(40, np.int64), 1)
    kept = kept_of(40, count=5, budget=None, costs=[0] * 40, first=())
    assert list(sets_over(form, kept, 40, most_work=100_000)) == []
