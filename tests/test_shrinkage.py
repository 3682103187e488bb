"""Small groups are drawn towards the others by as much as chance explains, counted by hand and against plain loops."""

from math import exp, log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.models.shrinkage import beyond_chance, shares, times


def test_equal_figures_stay_where_they_are_and_none_is_beyond_chance():
    found = times(np.full(5, 3000.0), np.full(5, 2800.0), np.full(5, 3200.0))

    assert found.value == pytest.approx([3000] * 5)
    assert found.center == pytest.approx(3000)
    assert not found.is_above.any()
    assert not found.is_below.any()


def test_differences_within_their_errors_vanish():
    found = times(np.array([2900.0, 3000.0, 3100.0]), np.array([2000.0] * 3), np.array([4500.0] * 3))

    assert found.value == pytest.approx([found.center] * 3)


def test_a_group_of_few_is_drawn_farther_than_a_group_of_many():
    values = np.array([3000.0, 3000.0, 3000.0, 3000.0, 4000.0, 4000.0])
    halves = np.array([60.0, 60.0, 60.0, 60.0, 60.0, 1500.0])

    found = times(values, values - halves, values + halves)

    assert found.center < found.value[5] < found.value[4] < 4000
    assert 4000 - found.value[4] < 10
    assert found.is_above.tolist() == [False] * 4 + [True, False]


def test_a_share_of_one_case_is_mostly_luck_and_one_of_many_cases_is_not():
    numerators, denominators = np.array([90.0, 180.0, 91.0, 0.0, 500.0]), np.array([100.0, 200.0, 100.0, 1.0, 1000.0])

    found = shares(numerators, denominators)

    assert found.is_below.tolist() == [False] * 4 + [True]
    assert found.value[4] == pytest.approx(0.5, abs=0.01)
    assert found.value[3] > 0.5  # a single late order does not make a late store
    assert ((found.low <= found.value) & (found.value <= found.high)).all()
    assert ((found.value >= 0) & (found.value <= 1)).all()


def test_what_is_unknown_stays_unknown_and_changes_nothing():
    known = times(np.array([3000.0, 3600.0]), np.array([2900.0, 3500.0]), np.array([3100.0, 3700.0]))

    found = times(
        np.array([3000.0, np.nan, 3600.0, 900.0]), np.array([2900.0, 1.0, 3500.0, np.nan]), np.array([3100.0, 2.0, 3700.0, 950.0])
    )

    assert found.value[[0, 2]] == pytest.approx(known.value)
    assert np.isnan(found.value[[1, 3]]).all()
    assert not found.is_above[[1, 3]].any()


def test_nothing_is_no_center():
    found = shares(np.array([np.nan]), np.array([0.0]))

    assert np.isnan(found.center)
    assert np.isnan(found.value).all()


def test_of_twenty_lucky_tests_none_is_believed_and_of_true_ones_all_are():
    assert not beyond_chance(np.linspace(0.04, 0.99, 20)).any()
    assert beyond_chance(np.array([0.01, 0.02, 0.03, 0.04, 0.05])).all()  # each at its own step of 1 to 5 hundredths
    assert beyond_chance(np.array([0.9, np.nan, 0.001])).tolist() == [False, False, True]


# A plain second version: loops, one group at a time.


def expected_of_times(rows):
    y = [log(value) for value, *_ in rows]
    s = [(log(high) - log(low)) / (2 * 1.96) for _, low, high in rows]
    w = [1 / each**2 for each in s]
    fixed = sum(a * b for a, b in zip(w, y, strict=True)) / sum(w)
    q = sum(a * (b - fixed) ** 2 for a, b in zip(w, y, strict=True))
    tau2 = max(0.0, (q - (len(y) - 1)) / (sum(w) - sum(a * a for a in w) / sum(w)))
    total = sum(1 / (each**2 + tau2) for each in s)
    center = sum(b / (each**2 + tau2) for b, each in zip(y, s, strict=True)) / total
    shrunk = []
    for value, error in zip(y, s, strict=True):
        kept = tau2 / (tau2 + error**2)
        middle = center + kept * (value - center)
        half = 1.96 * sqrt(kept * error**2 + (1 - kept) ** 2 / total)
        shrunk.append((exp(middle), exp(middle - half), exp(middle + half)))
    return exp(center), shrunk


@given(rows=st.lists(st.tuples(st.integers(600, 9000), st.integers(20, 300), st.integers(20, 900)), min_size=2, max_size=20))
def test_shrinking_agrees_with_loops(rows):
    rows = [(float(value), float(value - below), float(value + above)) for value, below, above in rows]
    center, expected = expected_of_times(rows)

    found = times(*np.array(rows).T)

    assert found.center == pytest.approx(center)
    assert np.column_stack([found.value, found.low, found.high]) == pytest.approx(np.array(expected))


@given(st.lists(st.floats(0, 1), max_size=30))
def test_believed_tests_agree_with_the_rule_read_aloud(p_values):
    """Sort; the last one at or under its step is believed, and with it all smaller ones."""
    last = max((p for rank, p in enumerate(sorted(p_values), start=1) if p <= 0.05 * rank / len(p_values)), default=-1)

    assert beyond_chance(np.array(p_values, float)).tolist() == [p <= last for p in p_values]
