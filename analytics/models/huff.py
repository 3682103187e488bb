"""Huff's model of choice between malls, and its exponents fitted on where orders came from.

``P_ij = A_j^a t_ij^-b / (outside + sum_k A_k^a t_ik^-b)``: people in cell i choose mall j the likelier, the more stores A it has and the
shorter the drive t; ``outside`` stands for not ordering from any mall. Stores are counted in hundreds and drives in 10 minutes, so that a
mall of 100 stores 10 minutes away weighs 1 and ``outside`` is told in such malls. Drives under a minute count as one.

Source: Huff 1964, Defining and Estimating a Trading Area; fitted by maximum likelihood, as a multinomial over the pairs of cell and mall.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

SHORTEST_S: Final = 60
TYPICAL_STORES: Final = 100
TYPICAL_S: Final = 600
LARGEST_ATTRACTION, LARGEST_DECAY = 3.0, 6.0
"""No fit goes beyond; in thousandths ``analytics.parameters`` allows as much."""

_LARGEST_LOG = 9.0
_PRIOR_MEANS, _PRIOR_SDS = np.array([1.0, 2.0, 0.0]), np.array([0.5, 1.0, 2.0])
"""Weak: a few dozen orders outweigh them, and where the orders say nothing they keep the exponents where the field has them."""


@dataclass(frozen=True)
class Exponents:
    """Exponents of stores (``attraction``, a) and of the drive (``decay``, b), and the weight of not ordering (``outside``)."""

    attraction: float = 1.0
    decay: float = 2.0
    outside: float = 1.0


@dataclass(frozen=True)
class Pairs:
    """Cells and the malls within reach of them, one row per pair.

    Attributes
    ----------
    cell
        Which cell: places in ``people``; integers of shape (pairs,).
    drive_s
        Drive from the mall, seconds; shape (pairs,).
    stores
        Stores of the mall, 1 or more; shape (pairs,).
    orders
        Orders of the cell from the mall; shape (pairs,).
    people
        People in each cell, more than 0; shape (cells,).
    market
        Which market each cell belongs to, from 0; shape (cells,). Orders of one market say nothing of how many another has.
    """

    cell: Integers
    drive_s: Integers
    stores: Integers
    orders: Integers
    people: Integers
    market: Integers


def attractions(stores: npt.ArrayLike, drive_s: npt.ArrayLike, by: Exponents) -> Floats:
    """Return ``A^a t^-b`` of each pair, where 100 stores 10 minutes away weigh 1.

    Parameters
    ----------
    stores, drive_s
        Of one shape; seconds under a minute count as a minute.
    by
        Exponents.
    """
    size, near = _logs(stores, drive_s)
    weights: Floats = np.exp(by.attraction * size + by.decay * near)
    return weights


def probabilities(pairs: Pairs, by: Exponents) -> Floats:
    """Return the probability of each pair: of a cell together they are 1 less the probability of not ordering.

    Returns
    -------
    numpy.ndarray
        Shape (pairs,); where nothing attracts, and nothing is outside, 0.
    """
    weights = attractions(pairs.stores, pairs.drive_s, by)
    totals = by.outside + np.bincount(pairs.cell, weights, len(pairs.people))
    share: Floats = weights / np.where(totals > 0, totals, np.inf)[pairs.cell]
    return share


def fitted(pairs: Pairs) -> Exponents:
    """Return the exponents under which the orders are likeliest, with weak priors (a 1, b 2, each within about one).

    The likelihood is that of a multinomial over the pairs of each market, with probabilities proportional to people times P. The number of
    orders itself tells nothing. Where all malls have as many stores, ``attraction`` cannot be told and stays at 1.

    Parameters
    ----------
    pairs
        At least one pair with orders.

    Returns
    -------
    Exponents
        Within 0 to 3, 0 to 6, and e^-9 to e^9.
    """
    is_told = len(np.unique(pairs.stores)) > 1
    size, near = _logs(pairs.stores, pairs.drive_s)
    bounds = [(0.0, LARGEST_ATTRACTION) if is_told else (1.0, 1.0), (0.0, LARGEST_DECAY), (-_LARGEST_LOG, _LARGEST_LOG)]
    found = minimize(_loss, _PRIOR_MEANS, args=(pairs, np.stack([size, near])), jac=True, method="L-BFGS-B", bounds=bounds)
    attraction, decay, log_outside = (float(value) for value in found.x)
    return Exponents(attraction, decay, float(np.exp(log_outside)))


def _logs(stores: npt.ArrayLike, drive_s: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return the logarithms of size and of nearness, both 0 for 100 stores 10 minutes away."""
    size = np.log(np.asarray(stores, float) / TYPICAL_STORES)
    near = np.log(TYPICAL_S / np.maximum(np.asarray(drive_s, float), SHORTEST_S))
    return size, near


def _loss(theta: Floats, pairs: Pairs, features: Floats) -> tuple[float, Floats]:
    """Return the negative log-likelihood with its prior, and its gradient."""
    log_weights = theta[:2] @ features
    weights = np.exp(log_weights)
    outside = np.exp(theta[2])
    count = len(pairs.people)
    totals = outside + np.bincount(pairs.cell, weights, count)
    share = weights / totals[pairs.cell]
    # d log(total) of a cell by each parameter
    slopes = np.stack([*(np.bincount(pairs.cell, share * feature, count) for feature in features), outside / totals])
    each = np.vstack([features, np.zeros(len(share))]) - slopes[:, pairs.cell]
    expected = pairs.people[pairs.cell] * share
    market = pairs.market[pairs.cell]
    sums = np.bincount(market, expected)
    orders = np.bincount(market, pairs.orders, len(sums))
    sums_by = np.stack([np.bincount(market, expected * one) for one in each])
    there = orders > 0
    likelihood = pairs.orders @ np.log(expected) - orders[there] @ np.log(sums[there])
    gradient = each @ pairs.orders - (sums_by[:, there] / sums[there]) @ orders[there]
    off = (theta - _PRIOR_MEANS) / _PRIOR_SDS
    return float(-likelihood + off @ off / 2), np.asarray(-gradient + off / _PRIOR_SDS)
