"""Scores and ranks: additive between fixed anchors, acceptability of ranks by a second count in plain loops, and how alike malls are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analytics.models.scores import (
    MOST_SITES,
    UNKNOWN,
    WHOLE,
    Scale,
    all_weightings,
    best_first,
    gower,
    gower_parts,
    rank_counts,
    scaled,
    totals,
    weightings_around,
)

SCORES = arrays(np.int64, st.tuples(st.integers(2, 8), st.integers(1, 5)), elements=st.integers(0, WHOLE))


def test_scores_stand_straight_between_the_anchors_and_stop_at_them() -> None:
    more, less = Scale(worst=100, ideal=300), Scale(worst=3600, ideal=1800)

    assert scaled(np.array([0.0, 100, 150, 200, 300, 999]), more).tolist() == [0, 0, 2500, 5000, WHOLE, WHOLE]
    assert scaled(np.array([5000.0, 3600, 2700, 1800, 60]), less).tolist() == [0, 0, 5000, WHOLE, WHOLE]
    assert more.is_more_better
    assert not less.is_more_better


def test_an_ideal_between_two_anchors_is_best_and_falls_to_both_sides() -> None:
    around = Scale(worst=0, ideal=100, beyond=300)

    assert scaled(np.array([0.0, 50, 100, 200, 300, 900]), around).tolist() == [0, 5000, WHOLE, 5000, 0, 0]


def test_what_is_unknown_scores_half_way() -> None:
    assert scaled(np.array([np.nan]), Scale(0, 1)).tolist() == [UNKNOWN]
    assert scaled(np.array([np.nan]), Scale(0, 1, 5)).tolist() == [UNKNOWN]


@pytest.mark.parametrize("anchors", [(5, 5, None), (0, 5, 5), (0, 5, 3), (5, 0, 1), (float("nan"), 1, None), (0, float("inf"), None)])
def test_anchors_that_scale_nothing_are_refused(anchors: tuple[float, float, float | None]) -> None:
    with pytest.raises(ValueError, match="must"):
        Scale(*anchors)


@given(SCORES, st.data())
@settings(max_examples=60)
def test_acceptability_is_that_of_a_plain_count_and_adds_up_by_mall_and_by_rank(scores: np.ndarray, data: st.DataObject) -> None:
    malls, criteria = scores.shape
    weightings = data.draw(arrays(np.int64, (data.draw(st.integers(1, 6)), criteria), elements=st.integers(0, 1_000_000)))

    counts = rank_counts(scores, weightings)

    plain = np.zeros((malls, malls), int)
    for turn, weights in enumerate(weightings.tolist()):
        sums = [sum(w * s for w, s in zip(weights, row, strict=True)) for row in scores.tolist()]
        ties = (lambda mall: mall) if turn % 2 == 0 else (lambda mall: -mall)
        for rank, mall in enumerate(sorted(range(malls), key=lambda mall: (-sums[mall], ties(mall)))):
            plain[mall, rank] += 1
    assert counts.tolist() == plain.tolist()
    assert set(counts.sum(axis=0)) | set(counts.sum(axis=1)) == {len(weightings)}


@given(SCORES, st.data())
@settings(max_examples=60)
def test_all_weight_on_one_criterion_gives_its_order(scores: np.ndarray, data: st.DataObject) -> None:
    only = data.draw(st.integers(0, scores.shape[1] - 1))
    weights = np.zeros(scores.shape[1], np.int64)
    weights[only] = 7

    order = best_first(totals(scores, weights))

    assert order.tolist() == sorted(range(len(scores)), key=lambda mall: (-scores[mall, only], mall))
    around = rank_counts(scores, weightings_around(weights, 40))
    distinct = len(set(scores[:, only].tolist())) == len(scores)
    if distinct:
        assert [int(around[mall].argmax()) for mall in order] == list(range(len(scores)))
        assert around.max(axis=1).tolist() == [40] * len(scores)


@given(SCORES, st.data())
@settings(max_examples=60)
def test_dropping_the_worst_mall_changes_nobody_elses_order_or_score(scores: np.ndarray, data: st.DataObject) -> None:
    weights = data.draw(arrays(np.int64, scores.shape[1], elements=st.integers(0, 100)))
    sums = totals(scores, weights)
    order = best_first(sums)
    worst = int(order[-1])
    kept = [mall for mall in range(len(scores)) if mall != worst]

    fewer = totals(scores[kept], weights)

    assert fewer.tolist() == sums[kept].tolist()
    assert [kept[mall] for mall in best_first(fewer)] == order[:-1].tolist()


def test_a_mall_that_is_worse_everywhere_never_comes_before_the_better_one() -> None:
    scores = np.array([[4000, 4000, 4000], [9000, 100, 100], [4100, 4001, 4001]])

    counts = rank_counts(scores, all_weightings(3, 500))

    assert counts[0, 0] == 0  # mall 2 is better by every criterion
    assert counts.sum() == 3 * 500


def test_malls_that_score_the_same_share_the_first_place() -> None:
    counts = rank_counts(np.array([[5, 5], [5, 5]]), all_weightings(2, 1_000))

    assert counts.tolist() == [[500, 500], [500, 500]]


def test_more_malls_than_can_be_counted_exactly_are_refused() -> None:
    with pytest.raises(ValueError, match="at most"):
        rank_counts(np.zeros((MOST_SITES + 1, 1), np.int64), np.ones((1, 1), np.int64))
    # The largest sum that is allowed is still a whole number that a float holds exactly.
    assert (1_000_000 + 20) * WHOLE * MOST_SITES + MOST_SITES < 2**53


def test_all_weightings_are_spread_evenly_over_the_simplex() -> None:
    drawn = all_weightings(3)

    assert drawn.min() >= 0
    assert np.abs(drawn.sum(axis=1) - 1_000_000).max() <= 3
    assert drawn.mean(axis=0) == pytest.approx([333_333] * 3, rel=0.03)
    # Of a uniform simplex in three dimensions, a quarter of it has a first weight over a half.
    assert (drawn[:, 0] > 500_000).mean() == pytest.approx(0.25, abs=0.015)
    assert drawn.tolist() == all_weightings(3).tolist()


def test_weightings_around_given_ones_lie_within_a_factor_of_two_eight_times_of_ten() -> None:
    assert weightings_around(np.array([3, 0]), 50).tolist() == [[1_000_000, 0]] * 50

    two = weightings_around(np.array([50, 50]))
    ratio = np.log2(two[:, 0] / two[:, 1])
    # Two factors that are each within 2 eight times of ten: their ratio is within 2 to the root of 2.
    assert (np.abs(ratio) <= 2**0.5).mean() == pytest.approx(0.8, abs=0.015)
    assert np.median(ratio) == pytest.approx(0, abs=0.05)


@given(arrays(np.float64, (4, 3), elements=st.floats(0, 100)))
@settings(max_examples=60)
def test_distances_are_symmetric_nothing_to_oneself_and_one_at_most(values: np.ndarray) -> None:
    ranges = np.array([10.0, 50, 200])

    found = gower(values, values, ranges)

    plain = [[sum(min(abs(a - b) / r, 1) for a, b, r in zip(one, other, ranges, strict=True)) / 3 for other in values] for one in values]
    assert np.allclose(found, plain)
    assert np.allclose(found, found.T)
    assert found.diagonal().tolist() == [0] * 4
    assert found.max() <= 1


def test_what_is_unknown_of_either_mall_counts_for_neither() -> None:
    one, others = np.array([[1.0, np.nan, 3]]), np.array([[2.0, 7, 3], [np.nan, 1, np.nan]])

    found = gower(one, others, np.array([4.0, 1, 1]))

    assert found[0, 0] == 0.125  # a quarter and nothing, over the two that are known
    assert np.isnan(found[0, 1])
    assert np.isnan(gower_parts(one, others, np.array([4.0, 1, 1]))[0, 0, 1])
