"""What malls differ in: the spread is integrated, one mall tells nothing of it, and errors that all share are the new one's too."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.models.between import Mixture, new_one, spread

figures = st.lists(st.floats(-3, 3), min_size=2, max_size=6)


def no_errors(count):
    return np.zeros((count, count))


def by_brute_force(values, errors, scale, at):
    """Probability that a new figure lies below ``at``: spread and center on plain grids, one point at a time."""
    total = below = 0.0
    for tau in np.arange(0.005, 3.0, 0.01):
        prior = math.exp(-((tau / scale) ** 2) / 2)
        for center in np.arange(-4.0, 4.0, 0.04):
            likely = prior
            for value, error in zip(values, errors, strict=True):
                variance = tau**2 + error
                likely *= math.exp(-((value - center) ** 2) / (2 * variance)) / math.sqrt(variance)
            total += likely
            below += likely * 0.5 * (1 + math.erf((at - center) / (tau * math.sqrt(2))))
    return below / total


@pytest.mark.parametrize("at", [-0.4, 0.3, 1.1])
def test_a_new_mall_lies_where_grids_over_spread_and_center_put_it(at):
    values, errors = [0.1, 0.5, -0.2], [0.04, 0.01, 0.09]

    found = new_one(values, np.diag(errors), spread(values, np.diag(errors), 0.5)).cdf(at)

    assert float(found) == pytest.approx(by_brute_force(values, errors, 0.5, at), abs=0.004)


def test_one_mall_tells_nothing_of_the_spread():
    prior = spread([0.7], [[0.02]], 0.5)

    assert prior.quantile(0.5) == pytest.approx(0.5 * 0.6745, abs=0.01)  # the median of a half-normal
    assert float(prior.weight @ prior.tau**2) == pytest.approx(0.25, rel=0.02)
    found = new_one([0.7], [[0.02]], prior)
    assert float(found.quantiles(0.5)) == pytest.approx(0.7, abs=1e-6)
    assert np.allclose(found.sd**2, 2 * prior.tau**2 + 0.02)


def test_malls_that_differ_widely_leave_the_new_one_wide_open():
    alike, apart = ([-0.05, 0.0, 0.05], [-1.0, 0.0, 1.0])
    widths = [np.diff(new_one(each, no_errors(3), spread(each, no_errors(3), 0.5)).quantiles([0.1, 0.9]))[0] for each in (alike, apart)]

    assert widths[1] > 4 * widths[0]


@given(figures, st.floats(-2, 2))
@settings(max_examples=25)
def test_moving_all_malls_moves_the_new_one_as_far(values, shift):
    here, there = (
        new_one(each, no_errors(len(each)), spread(each, no_errors(len(each)), 0.5)).quantiles([0.1, 0.5, 0.9])
        for each in (np.array(values), np.array(values) + shift)
    )

    assert there - here == pytest.approx(np.full(3, shift), abs=1e-5)


@given(figures, st.floats(0.01, 1.0))
@settings(max_examples=25)
def test_an_error_that_all_malls_share_says_nothing_of_their_spread_and_is_the_new_ones_too(values, shared):
    own = 0.05 * np.eye(len(values))
    alone, together = spread(values, own, 0.5), spread(values, own + shared, 0.5)

    assert together.weight == pytest.approx(alone.weight, abs=1e-6)
    assert new_one(values, own + shared, alone).sd ** 2 == pytest.approx(new_one(values, own, alone).sd ** 2 + shared)


@given(st.lists(st.floats(0.01, 0.99), min_size=1, max_size=5))
@settings(max_examples=25)
def test_a_share_lies_below_its_quantile(shares):
    mixture = Mixture(np.array([-1.0, 0.5]), np.array([0.3, 2.0]), np.array([0.25, 0.75]))

    assert mixture.cdf(mixture.quantiles(shares)) == pytest.approx(shares, abs=1e-9)
    assert np.all(np.diff(mixture.nodes(40)) > 0)
