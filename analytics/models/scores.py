"""Scores of malls and how sure their ranks are: additive over criteria between fixed anchors, under one weighting and under many.

Everything is whole numbers, so that ranks depend on no rounding of an engine and on no other mall: a criterion is scaled to 0 to 10,000
between anchors that do not come from the malls compared, weights are whole, and sums are exact.

Sources: additive value model with fixed anchors, Keeney and Raiffa 1976, Decisions with Multiple Objectives; rank acceptability, Lahdelma
and Salminen 2001, SMAA-2: Stochastic Multicriteria Acceptability Analysis for Group Decision Making; distance, Gower 1971, A General
Coefficient of Similarity and Some of Its Properties.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

WHOLE: Final = 10_000
"""A criterion at its ideal."""

UNKNOWN: Final = WHOLE // 2
"""A criterion of which nothing is known: half way, so that not knowing neither makes nor breaks a mall."""

WEIGHTINGS: Final = 10_000
MOST_SITES: Final = 5_000
FACTOR: Final = 2.0
"""Around given weights, 8 of 10 draws of a weight lie within this factor of it either way."""

_EIGHT_OF_TEN: Final = 1.2815515655446004  # standard normal within which 80 percent lie
_MILLION: Final = 1_000_000
_SEED: Final = 20_260_101
_CHUNK: Final = 2_500


@dataclass(frozen=True)
class Scale:
    """Fixed anchors of a criterion: nothing scores at ``worst`` or beyond, everything at ``ideal``, straight in between.

    Attributes
    ----------
    worst, ideal
        Values that score 0 and 10,000. More is better where ``ideal`` is larger.
    beyond
        Value on the other side of ``ideal`` that scores 0 again, where too much of a good thing is bad; None: from ``ideal`` on all is
        equally good.

    Raises
    ------
    ValueError
        If anchors coincide, or ``beyond`` is not on the other side.
    """

    worst: float
    ideal: float
    beyond: float | None = None

    def __post_init__(self) -> None:
        """Refuse anchors between which nothing can be scaled."""
        anchors = [self.worst, self.ideal, *([] if self.beyond is None else [self.beyond])]
        if not all(map(math.isfinite, anchors)) or self.worst == self.ideal:
            raise ValueError(f"the worst and the ideal value must be two different numbers, not {self.worst} and {self.ideal}")
        if self.beyond is not None and (self.beyond - self.ideal) * (self.ideal - self.worst) <= 0:
            raise ValueError(f"the ideal value {self.ideal} must lie between {self.worst} and {self.beyond}")

    @property
    def is_more_better(self) -> bool:
        """Whether more is better, up to the ideal."""
        return self.ideal > self.worst


def scaled(values: Floats, scale: Scale) -> Integers:
    """Return values of a criterion as scores.

    Parameters
    ----------
    values
        One per mall; NaN where unknown.
    scale
        Anchors.

    Returns
    -------
    numpy.ndarray
        0 to 10,000, rounded to the nearest; 5,000 where unknown.
    """
    score = _straight(values, scale.worst, scale.ideal)
    if scale.beyond is not None:
        score = np.minimum(score, _straight(values, scale.beyond, scale.ideal))
    return np.asarray(np.where(np.isnan(values), UNKNOWN, np.rint(WHOLE * np.nan_to_num(score))), np.int64)


def _straight(values: Floats, nothing: float, everything: float) -> Floats:
    return np.clip((values - nothing) / (everything - nothing), 0.0, 1.0)


def totals(scores: Integers, weights: Integers) -> Integers:
    """Return the weighted sums of scores: exact, and of one mall the same whatever the others are.

    Parameters
    ----------
    scores
        A row per mall, a column per criterion, 0 to 10,000.
    weights
        Whole, 0 or more, one per criterion.
    """
    return np.asarray(scores @ weights, np.int64)


def best_first(sums: Integers) -> Integers:
    """Return the positions of malls, largest sum first; ties in the order in which they came."""
    return np.asarray(np.argsort(-sums, kind="stable"), np.int64)


def all_weightings(criteria: int, count: int = WEIGHTINGS) -> Integers:
    """Return weightings drawn evenly from all there are (uniform on the simplex), in millionths; the same ones every time.

    Returns
    -------
    numpy.ndarray
        A row per weighting, a column per criterion.
    """
    drawn = np.random.default_rng(_SEED).standard_exponential((count, criteria))
    return _millionths(drawn)


def weightings_around(weights: Integers, count: int = WEIGHTINGS) -> Integers:
    """Return weightings around given weights, in millionths; the same ones every time.

    Each weight is multiplied by a factor of its own, log-normal around 1: 8 of 10 between half and double. A weight of nothing stays so.
    """
    drawn = np.random.default_rng(_SEED).standard_normal((count, len(weights)))
    return _millionths(weights.astype(np.float64) * np.exp(math.log(FACTOR) / _EIGHT_OF_TEN * drawn))


def _millionths(drawn: Floats) -> Integers:
    return np.asarray(np.rint(_MILLION * drawn / drawn.sum(axis=1, keepdims=True)), np.int64)


def rank_counts(scores: Integers, weightings: Integers) -> Integers:
    """Return under how many weightings each mall takes each rank: rank acceptability, in counts.

    Parameters
    ----------
    scores
        A row per mall (at most 5,000), a column per criterion, 0 to 10,000.
    weightings
        A row per weighting, a column per criterion, millionths.

    Returns
    -------
    numpy.ndarray
        A row per mall, a column per rank. Rows and columns add up to the number of weightings. Malls that score the same under a weighting
        take turns in who comes first.

    Raises
    ------
    ValueError
        If there are more malls than can be counted exactly.
    """
    malls = len(scores)
    if malls > MOST_SITES:
        raise ValueError(f"at most {MOST_SITES:,} malls can be ranked at once, not {malls:,}")
    # Products below 2^53 are exact in floats, whatever order a library adds them in; so are keys that tell ties apart by position.
    falling = np.ascontiguousarray(-malls * scores.T.astype(np.float64))
    position, rank = np.arange(malls, dtype=np.float64), np.arange(malls)
    counts = np.zeros(malls * malls, np.int64)
    for first in range(0, len(weightings), _CHUNK):
        keys = weightings[first : first + _CHUNK].astype(np.float64) @ falling
        keys[0::2] += position
        keys[1::2] += position[::-1]
        mall = np.argsort(keys, axis=1)
        mall *= malls
        mall += rank
        counts += np.bincount(mall.ravel(), minlength=malls * malls)
    return counts.reshape(malls, malls)


def gower(values: Floats, others: Floats, ranges: Floats) -> Floats:
    """Return how far malls are from others: the mean of their differences, each as a part of its feature's range (Gower 1971).

    Parameters
    ----------
    values, others
        A row per mall, a column per feature; NaN where unknown.
    ranges
        Per feature the difference at which two malls could not be more different, over 0; fixed, not that of the malls compared.

    Returns
    -------
    numpy.ndarray
        A row per mall, a column per other: 0 for equal ones, 1 at the most; a feature that is unknown of either counts for neither, NaN
        where nothing is known of both.
    """
    parts = gower_parts(values, others, ranges)
    known = ~np.isnan(parts)
    count = known.sum(axis=2)
    return np.asarray(np.where(count > 0, np.where(known, parts, 0.0).sum(axis=2) / np.maximum(count, 1), np.nan))


def gower_parts(values: Floats, others: Floats, ranges: Floats) -> Floats:
    """Return the differences that ``gower`` is the mean of, 0 to 1: mall by other by feature; NaN where unknown."""
    return np.asarray(np.minimum(np.abs(values[:, None, :] - others[None, :, :]) / ranges, 1.0))
