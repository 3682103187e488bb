"""What differs between malls beyond all that is measured, and what that means for one that is new.

Each known mall has a figure on the log scale, ``values`` with the covariance ``errors`` of what is open about it. The figures in truth lie
around a common center by a normal of standard deviation ``tau``, of which a half-normal says beforehand that it is seldom large (Gelman
2006, Prior Distributions for Variance Parameters). The center is flat. ``tau`` is integrated on a grid, nothing is drawn at random: the
figure of a new mall is a mixture of normals, wider than any single one of them because with few malls ``tau`` is hardly known. A band that
takes ``tau`` for zero, as a plain regression does, is too narrow by far.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

Floats = npt.NDArray[np.float64]

_POINTS: Final = 96
_LARGEST: Final = 5.0
"""Grid of tau, up to so many scales of its prior; finer near 0."""

_HALVINGS: Final = 44
_REACH: Final = 12.0


@dataclass(frozen=True)
class Spread:
    """How likely each spread between malls is: ``tau`` ascending, and weights that sum to 1."""

    tau: Floats
    weight: Floats

    def quantile(self, share: float) -> float:
        """Return the spread below which it lies with this probability."""
        return float(np.interp(share, np.cumsum(self.weight) - self.weight / 2, self.tau))


@dataclass(frozen=True)
class Mixture:
    """A figure that is not known yet: normals of these means, standard deviations and weights; shape (parts,)."""

    mean: Floats
    sd: Floats
    weight: Floats

    def quantiles(self, shares: npt.ArrayLike) -> Floats:
        """Return the values below which the figure lies with these probabilities, each over 0 and under 1; shape of ``shares``."""
        wanted = np.asarray(shares, float)
        low = np.full(wanted.shape, np.min(self.mean - _REACH * self.sd))
        high = np.full(wanted.shape, np.max(self.mean + _REACH * self.sd))
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            is_below = self.cdf(middle) < wanted
            low, high = np.where(is_below, middle, low), np.where(is_below, high, middle)
        found: Floats = (low + high) / 2
        return found

    def cdf(self, values: npt.ArrayLike) -> Floats:
        """Return the probability of lying below each value."""
        away = (np.asarray(values, float)[..., None] - self.mean) / self.sd
        share: Floats = ndtr(away) @ self.weight
        return share

    def nodes(self, count: int) -> Floats:
        """Return so many values, each of the same probability: the middles of equal slices, ascending."""
        return self.quantiles((np.arange(count) + 0.5) / count)


def spread(values: npt.ArrayLike, errors: npt.ArrayLike, scale: float) -> Spread:
    """Return how likely each spread between malls is, after seeing some of them.

    Parameters
    ----------
    values
        Figures of malls on the log scale; shape (malls,). One mall tells nothing of the spread: the prior is returned.
    errors
        Covariance of what is open about them; shape (malls, malls).
    scale
        Standard deviation of the half-normal prior.

    Notes
    -----
    The likelihood is the restricted one (Patterson and Thompson 1971): the center is integrated out.
    """
    tau, prior = _grid(scale)
    rotated = _rotated(np.asarray(values, float), np.asarray(errors, float))
    precision = 1 / (rotated.variance + tau[:, None] ** 2)
    ones = precision @ rotated.ones**2
    center = precision @ (rotated.ones * rotated.values) / ones
    squares = (precision * (rotated.values - center[:, None] * rotated.ones) ** 2).sum(axis=1)
    log_likelihood = (np.log(precision).sum(axis=1) - np.log(ones) - squares) / 2
    weight = prior * np.exp(log_likelihood - log_likelihood.max())
    return Spread(tau, weight / weight.sum())


def new_one(values: npt.ArrayLike, errors: npt.ArrayLike, known: Spread) -> Mixture:
    """Return the figure of a new mall, given those of others.

    Parameters
    ----------
    values, errors
        As in ``spread``; errors that all malls share, such as those of a regression, are errors of the new one too.
    known
        Spread between malls.
    """
    rotated = _rotated(np.asarray(values, float), np.asarray(errors, float))
    precision = 1 / (rotated.variance + known.tau[:, None] ** 2)
    ones = precision @ rotated.ones**2
    center = precision @ (rotated.ones * rotated.values) / ones
    return Mixture(center, np.sqrt(1 / ones + known.tau**2), known.weight)


@dataclass(frozen=True)
class _Rotated:
    """Figures along the axes on which their errors are independent."""

    values: Floats
    ones: Floats
    variance: Floats


def _rotated(values: Floats, errors: Floats) -> _Rotated:
    variance, axes = np.linalg.eigh(errors)
    return _Rotated(axes.T @ values, axes.T @ np.ones(len(values)), np.maximum(variance, 0.0))


def _grid(scale: float) -> tuple[Floats, Floats]:
    """Return spreads and the prior probability of the slice around each."""
    edges = scale * _LARGEST * (np.arange(_POINTS + 1) / _POINTS) ** 1.5
    prior = np.diff(2 * ndtr(edges / scale) - 1)
    return (edges[1:] + edges[:-1]) / 2, prior / prior.sum()


def normal_nodes(count: int) -> Floats:
    """Return so many values of a standard normal, each of the same probability, ascending."""
    nodes: Floats = ndtri((np.arange(count) + 0.5) / count)
    return nodes
