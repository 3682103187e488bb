"""Orders of a mall that has none yet, from the people around it and around malls that have some.

Orders of area c at mall i: negative binomial with mean ``weeks_i x people_c x exp(a_i + income_c b + f(drive_ic))``. ``f`` is a line over
the minutes that may bend at 10 and at 20; coefficients have weak priors, because few areas tell little. What malls differ in beyond people,
income and drives is ``a_i``: their spread is *not* taken for zero (``analytics.models.between``). A regression without it told bands of 80
percent that held the truth 3 to 23 percent of the time.

Source: Hilbe 2011, Negative Binomial Regression; Gelman and Hill 2007 for groups that vary.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from analytics.models.between import Floats, Mixture, Spread, new_one, normal_nodes, spread
from analytics.models.launch_ramp import Launch, Weeks, launches

Integers = npt.NDArray[np.int64]

BETWEEN_SCALE: Final = 0.5
"""Half-normal prior of the spread between malls, of the log: as likely over 0.34 as under it, and seldom over 1."""

_BENDS_MIN: Final = (10.0, 20.0)
_PRIOR_MEAN: Final = np.array([-0.1, 0.0, 0.0, 0.0])
_PRIOR_SD: Final = np.array([0.1, 0.1, 0.1, 0.5])
"""Of the line over the minutes, its two bends, and the logarithm of income: by how much the log of orders changes."""

_ROUNDS, _STEPS = 4, 25
_STILL: Final = 1e-7
_LARGEST_DISPERSION: Final = 50.0
_LEVEL_NODES, _RAMP_NODES, _NOISE_NODES = 96, 12, 24


@dataclass(frozen=True)
class Areas:
    """Areas around malls, one row per pair of mall and area.

    Attributes
    ----------
    mall
        Which mall, from 0; shape (pairs,).
    people
        People or households, over 0.
    drive_min
        Minutes from the mall.
    income_log
        Logarithm of income, less that of the typical area; 0 where unknown.
    orders
        Orders of the area from the mall in the mall's weeks; of a new mall, zeros.
    """

    mall: Integers
    people: Floats
    drive_min: Floats
    income_log: Floats
    orders: Integers

    def features(self) -> Floats:
        """Return what the regression sees beyond the people; shape (pairs, 4)."""
        bends = [np.maximum(self.drive_min - bend, 0.0) for bend in _BENDS_MIN]
        return np.stack([self.drive_min, *bends, self.income_log], axis=1)


@dataclass(frozen=True)
class Pilots:
    """What malls with orders tell.

    Attributes
    ----------
    levels
        ``a_i``; shape (malls,).
    slopes
        Coefficients of the features; shape (4,).
    covariance
        Of levels and slopes together; shape (malls + 4, malls + 4). Holds what is open about each mall's launch.
    dispersion
        Of areas: variance = mean + dispersion x mean squared.
    launch
        Launches of the malls.
    spread
        How much malls differ.
    """

    levels: Floats
    slopes: Floats
    covariance: Floats
    dispersion: float
    launch: Launch
    spread: Spread


@dataclass(frozen=True)
class Demand:
    """Orders a week that a new mall may have.

    Attributes
    ----------
    level
        Logarithm of its weekly orders when the launch is over.
    pilots
        What it was learned from.
    share
        Part of its orders that comes from each area; sums to 1.
    chance
        Variance of the log by how orders scatter over areas beyond the regression.
    """

    level: Mixture
    pilots: Pilots
    share: Floats
    chance: float

    def orders(self, weeks_open: int | None = None) -> Floats:
        """Return equally likely numbers of orders of one week, ascending: the week since the opening; None: when the launch is over."""
        share = np.ones(1) if weeks_open is None else self.pilots.launch.share([weeks_open], _RAMP_NODES)[0]
        mean = (self.mean_orders[:, None] * share).reshape(-1, 1)
        # A gamma of the same mean and variance as the negative binomial, by the cube root of Wilson and Hilferty (1931).
        variance = self.pilots.launch.noise + self.chance + 1 / mean
        ninth = variance / 9
        drawn = mean * np.maximum(1 - ninth + normal_nodes(_NOISE_NODES) * np.sqrt(ninth), 0.0) ** 3
        found: Floats = np.sort(drawn.ravel())
        return found

    @cached_property
    def mean_orders(self) -> Floats:
        """Equally likely numbers of weekly orders when the launch is over, without the chance of one week."""
        return np.exp(self.level.nodes(_LEVEL_NODES))


def learned(areas: Areas, weeks: Weeks, *, known_share: Floats | None = None, scale: float = BETWEEN_SCALE) -> Pilots:
    """Learn from malls with orders.

    Parameters
    ----------
    areas
        Their areas with orders; every mall of ``weeks`` has at least one with an order.
    weeks
        Their complete weeks: ``areas.orders`` are of the same.
    known_share
        Part of each mall's orders that comes from its areas, over 0; shape (malls,). None: all of them. The orders of a new mall are told
        with those that come from elsewhere.
    scale
        Half-normal prior of the spread between malls.

    Raises
    ------
    ValueError
        If there is no mall, or one of them without any order in its areas.
    """
    malls = int(areas.mall.max(initial=-1)) + 1
    if not malls or not np.bincount(areas.mall, areas.orders, malls).all():
        raise ValueError("every mall to learn from needs orders from its areas")
    launch = launches(weeks, malls)
    known = np.ones(malls) if known_share is None else known_share
    fit = _fitted(areas, np.log(launch.mature_weeks * known), malls)
    covariance = fit.covariance.copy()
    covariance[np.arange(malls), np.arange(malls)] += launch.log_error
    between = spread(fit.levels, covariance[:malls, :malls], scale)
    return Pilots(fit.levels, fit.slopes, covariance, fit.dispersion, launch, between)


def expected(pilots: Pilots, areas: Areas) -> Demand:
    """Return the orders of a new mall.

    Parameters
    ----------
    pilots
        What malls with orders tell.
    areas
        Areas around the new one; at least one.
    """
    features = areas.features()
    weights = areas.people * np.exp(features @ pilots.slopes)
    total = weights.sum()
    share = weights / total
    malls = len(pilots.levels)
    # The figure of the new mall if it were like pilot i: a_i + log(total). Its total moves with the slopes, and so do all a_i.
    slope = np.concatenate([np.zeros(malls), share @ features])
    toward = np.eye(malls, malls + len(pilots.slopes)) + slope
    errors = toward @ pilots.covariance @ toward.T
    level = new_one(pilots.levels + np.log(total), errors, pilots.spread)
    return Demand(level, pilots, share, float(pilots.dispersion * (share**2).sum()))


@dataclass(frozen=True)
class _Fit:
    levels: Floats
    slopes: Floats
    covariance: Floats
    dispersion: float


def _fitted(areas: Areas, log_weeks: Floats, malls: int) -> _Fit:
    """Fit levels and slopes for a dispersion, and the dispersion to what they leave, in turn."""
    features = areas.features()
    offset = np.log(areas.people) + log_weeks[areas.mall]
    beta = np.concatenate([np.zeros(malls), _PRIOR_MEAN])
    base = np.bincount(areas.mall, np.exp(offset + features @ _PRIOR_MEAN), malls)
    beta[:malls] = np.log(np.bincount(areas.mall, areas.orders, malls) / base)
    dispersion = 0.0
    covariance = np.eye(len(beta))
    for _ in range(_ROUNDS):
        beta, covariance = _newton(beta, areas, features, offset, dispersion)
        mean = np.exp(offset + beta[areas.mall] + features @ beta[malls:])
        dispersion = _dispersion(areas.orders, mean, len(mean) - len(beta))
    return _Fit(beta[:malls], beta[malls:], covariance, dispersion)


def _newton(beta: Floats, areas: Areas, features: Floats, offset: Floats, dispersion: float) -> tuple[Floats, Floats]:
    """Return the coefficients of largest posterior, by Fisher scoring, and their covariance."""
    malls = len(beta) - features.shape[1]
    prior = np.concatenate([np.zeros(malls), _PRIOR_SD**-2.0])
    center = np.concatenate([np.zeros(malls), _PRIOR_MEAN])
    information = np.eye(len(beta))
    for _ in range(_STEPS):
        mean = np.exp(np.clip(offset + beta[areas.mall] + features @ beta[malls:], -50, 50))
        weight = mean / (1 + dispersion * mean)
        left = (areas.orders - mean) / (1 + dispersion * mean)
        cross = np.stack([np.bincount(areas.mall, weight * column, malls) for column in features.T], axis=1)
        information = np.block(
            [[np.diag(np.bincount(areas.mall, weight, malls)), cross], [cross.T, features.T @ (features * weight[:, None])]]
        ) + np.diag(prior)
        gradient = np.concatenate([np.bincount(areas.mall, left, malls), features.T @ left]) - prior * (beta - center)
        step = np.linalg.solve(information, gradient)
        beta = beta + np.clip(step, -2, 2)
        if np.abs(step).max() < _STILL:
            break
    return beta, np.asarray(np.linalg.inv(information), float)


def _dispersion(orders: Integers, mean: Floats, freedom: int) -> float:
    """Return the dispersion at which the squared errors are what they should be (moments; Breslow 1984); 0 where there is no excess."""

    def excess(value: float) -> float:
        return float(((orders - mean) ** 2 / (mean + value * mean**2)).sum()) - freedom

    if freedom < 1 or excess(0.0) <= 0:
        return 0.0
    low, high = 0.0, _LARGEST_DISPERSION
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return (low + high) / 2
