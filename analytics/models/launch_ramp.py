"""How demand grows after a mall opens: ``r(w) = 1 - (1 - start) exp(-w / weeks)`` of its later level in week w.

Every mall has a ramp of its own, known as far as its weeks tell. A new mall launches as one of those seen did, each as likely as another,
or else in a way of its own, as likely as one of them: the urn of Blackwell and MacQueen (1973). With few malls its launch is open.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from analytics.models.between import Floats

_STARTS: Final = np.linspace(0.05, 1.0, 20)
_WEEKS: Final = np.geomspace(1.0, 16.0, 13)
_PRIOR_WEEKS, _PRIOR_SDLOG = 4.0, 0.7
"""Beforehand: any start is as likely, and the rest is made up with an e-fold of 4 weeks, within a factor of two in 2 of 3 cases."""

_MIDDLE_OF_WEEK: Final = 0.5
_ROUNDS: Final = 3
LEAST_NOISE: Final = 0.0004
"""Variance between weeks of one mall that is always assumed, 2 percent of its level: a few quiet weeks do not promise quiet ones."""


@dataclass(frozen=True)
class Weeks:
    """Orders of complete weeks.

    Attributes
    ----------
    mall
        Which mall, from 0; shape (weeks,).
    weeks_open
        Weeks since it opened, from 0; a mall open for long before the data has large numbers.
    orders
        Orders placed in the week.
    """

    mall: npt.NDArray[np.int64]
    weeks_open: npt.NDArray[np.int64]
    orders: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Launch:
    """Ramps of malls, and the one that a new mall may have.

    Attributes
    ----------
    probability
        Of each pair of start and speed, by mall; shape (malls, pairs).
    mature_weeks
        How many weeks at the later level a mall's weeks are worth; shape (malls,).
    log_error
        Variance of the log of the later level that is open because the ramp, and what the weeks had of chance, are; shape (malls,).
    noise
        Variance of a week around the ramp, of the log, beyond what the number of orders explains.
    """

    probability: Floats
    mature_weeks: Floats
    log_error: Floats
    noise: float

    def share(self, weeks_open: npt.ArrayLike, count: int) -> Floats:
        """Return for each week since the opening so many equally likely shares of the later level; shape (weeks, count)."""
        prior, (ramps, order) = _prior(), _sorted_ramps(np.asarray(weeks_open, float))
        likely = (prior + self.probability.sum(axis=0)) / (1 + len(self.probability))
        wanted = (np.arange(count) + 0.5) / count
        running = np.cumsum(likely[order], axis=1)
        places = np.stack([np.searchsorted(row, wanted) for row in running]).clip(max=len(likely) - 1)
        found: Floats = np.take_along_axis(ramps, places, axis=1)
        return found


def ramp(weeks_open: npt.ArrayLike, start: npt.ArrayLike, weeks: npt.ArrayLike) -> Floats:
    """Return the share of the later level in a week, at its middle; arguments are broadcast together."""
    at = np.asarray(weeks_open, float) + _MIDDLE_OF_WEEK
    share: Floats = 1 - (1 - np.asarray(start, float)) * np.exp(-at / np.asarray(weeks, float))
    return share


def launches(weeks: Weeks, malls: int) -> Launch:
    """Return the ramps of malls that have been seen in some weeks.

    Parameters
    ----------
    weeks
        Complete weeks; every mall has at least one.
    malls
        How many malls.
    """
    shares = ramp(weeks.weeks_open[None], *_pairs())
    logs = np.log(weeks.orders + 0.5)
    chance = 1 / (weeks.orders + 0.5)
    noise, prior = LEAST_NOISE, _prior()
    probability = np.tile(prior, (malls, 1))
    for _ in range(_ROUNDS):
        weight = 1 / (noise + chance)
        left = logs - np.log(shares)
        level = _by_mall(left * weight, weeks.mall, malls) / _by_mall(weight[None], weeks.mall, malls)
        squares = _by_mall((left - level[:, weeks.mall]) ** 2 * weight, weeks.mall, malls)
        likely = prior[:, None] * np.exp(-(squares - squares.min(axis=0)) / 2)
        probability = (likely / likely.sum(axis=0)).T
        noise = _noise(weeks, left - level[:, weeks.mall], probability, chance)
    each = _by_mall(shares, weeks.mall, malls).T
    mature = (probability * each).sum(axis=1)
    open_about_ramp = (probability * np.log(each) ** 2).sum(axis=1) - (probability * np.log(each)).sum(axis=1) ** 2
    seen = np.bincount(weeks.mall, minlength=malls)
    return Launch(probability, mature, np.maximum(open_about_ramp, 0) + noise / np.maximum(seen, 1), noise)


def _noise(weeks: Weeks, left: Floats, probability: Floats, chance: Floats) -> float:
    """Return the variance of weeks around their mall's ramp that chance does not explain (moments, one level and two of the ramp lost)."""
    squares = (probability[weeks.mall].T * left**2).sum(axis=0)
    malls = len(probability)
    freedom = max(1.0, len(weeks.mall) - malls - 2.0)
    return max(LEAST_NOISE, float((squares - chance).sum() / freedom))


def _by_mall(values: Floats, mall: npt.NDArray[np.int64], malls: int) -> Floats:
    """Return sums along the last axis by mall; shape (rows, malls)."""
    return np.stack([np.bincount(mall, row, malls) for row in values])


def _pairs() -> tuple[Floats, Floats]:
    """Return starts and speeds of all pairs, as columns."""
    starts, weeks = np.meshgrid(_STARTS, _WEEKS, indexing="ij")
    return starts.reshape(-1, 1), weeks.reshape(-1, 1)


def _prior() -> Floats:
    _, weeks = _pairs()
    likely = np.exp(-((np.log(weeks[:, 0] / _PRIOR_WEEKS) / _PRIOR_SDLOG) ** 2) / 2)
    prior: Floats = likely / likely.sum()
    return prior


def _sorted_ramps(weeks_open: Floats) -> tuple[Floats, npt.NDArray[np.int64]]:
    ramps = ramp(weeks_open[:, None], *(each.T for each in _pairs()))
    order = np.argsort(ramps, axis=1, kind="stable")
    return np.take_along_axis(ramps, order, axis=1), order
