"""Every set looked at or ruled out: against trying all of them by plain loops, for both forms and under every kind of condition."""

from itertools import combinations

import numpy as np
import pytest

from analytics.choosing.every_set import Kept, TooMany, largest, reached, sets_over


def best_pays(random, malls):
    cells = int(random.integers(1, 7))
    pays = random.integers(0, 9, (malls, cells)) * (random.random((malls, cells)) < 0.7)
    there, own = random.integers(0, 4, cells), random.integers(-6, 3, malls) * random.integers(0, 2)

    def by_hand(chosen):
        best = [max([int(there[cell]), *(int(pays[mall, cell]) for mall in chosen)]) for cell in range(cells)]
        return sum(best) + sum(int(own[mall]) for mall in chosen)

    return largest(pays, there, own), by_hand


def people_reached(random, malls):
    cells, times = int(random.integers(1, 20)), int(random.integers(1, 5))
    reaches, there, people = random.random((malls, cells)) < 0.4, random.integers(0, 3, cells), random.integers(0, 50, cells)

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


def random_kept(random, malls, kind):
    """Conditions of a kind at random: a number, a budget, both or neither, beside what must be there."""
    return kept_of(
        malls,
        count=int(random.integers(0, malls + 1)) if kind in {"count", "both"} else None,
        budget=int(random.integers(0, 12)) if kind in {"budget", "both"} else None,
        costs=random.integers(0, 6, malls).tolist(),
        first=tuple(np.flatnonzero(random.random(malls) < 0.1).tolist()),
    )


@pytest.mark.parametrize("made", [best_pays, people_reached])
@pytest.mark.parametrize("kind", ["count", "budget", "both", "free"])
def test_the_sets_beyond_a_value_are_those_that_trying_all_of_them_finds(made, kind):
    random = np.random.default_rng(11)
    for _ in range(60):
        malls = int(random.integers(1, 8))
        form, by_hand = made(random, malls)
        kept = random_kept(random, malls, kind)
        every = [places for size in range(malls + 1) for places in combinations(range(malls), size) if kept.is_allowed(places)]
        values = {places: by_hand(places) for places in every}
        ordered = sorted(values.values(), reverse=True)
        for over in {None, *ordered[:3], *(value - 1 for value in ordered[:1])}:
            found = list(sets_over(form, kept, over))
            assert len(found) == len(dict(found))
            assert dict(found) == {places: value for places, value in values.items() if over is None or value > over}
        assert all(form.worth(places) == value for places, value in values.items())


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
