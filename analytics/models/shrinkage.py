"""Figures of small groups, drawn towards the figure of all groups by as much as chance alone could explain.

A raw p90 of a few orders is mostly luck, and the slowest of many small groups is the unluckiest one. With figures ``y`` and their standard
errors ``s``, groups differ in truth by a variance ``tau2`` (DerSimonian and Laird 1986, moments), the figure of all is the mean weighted by
``1 / (s2 + tau2)``, and each group keeps the part ``tau2 / (tau2 + s2)`` of its own distance from it (empirical Bayes: Efron and Morris
1975). Times are compared as logarithms, shares as log odds, because both have a bound at which errors grow lopsided. A group is beyond
chance where its distance from the figure of all would be seen by luck in fewer than 5 of 100 such lists (Benjamini and Hochberg 1995).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from analytics.intervals import Z

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

FALSE_DISCOVERIES = 0.05
"""Part of the groups called beyond chance that may be there by luck."""


@dataclass(frozen=True)
class Shrunk:
    """Figures of groups after shrinking, in the unit they came in; NaN where a group has no figure or no error.

    Attributes
    ----------
    center
        Figure of all groups; NaN without any.
    value, low, high
        Each group's figure drawn towards ``center``, and its 95 percent bounds.
    is_above, is_below
        Whether the group's own figure lies above or below ``center`` by more than chance.
    """

    center: float
    value: Floats
    low: Floats
    high: Floats
    is_above: Booleans
    is_below: Booleans


def times(value: Floats, low: Floats, high: Floats) -> Shrunk:
    """Shrink times that are known with 95 percent bounds, such as percentiles with those of their order statistics.

    Parameters
    ----------
    value, low, high
        Seconds above zero, one per group; NaN where unknown. Bounds may be lopsided: half their distance on the log scale is taken.
    """
    known = (value > 0) & (low > 0) & (high >= low)
    scaled, floor, ceiling = (np.log(np.where(known, each, np.nan)) for each in (value, low, high))
    least = 1 / np.where(known, value, np.nan)  # seconds are whole: half a second either way is always open
    errors = np.maximum((ceiling - floor) / (2 * Z), least / (2 * Z))
    return _back(_shrunk(scaled, errors), np.exp)


def shares(numerator: Floats, denominator: Floats) -> Shrunk:
    """Shrink shares by their log odds, with half a case added on either side (Haldane 1956; Anscombe 1956).

    Parameters
    ----------
    numerator, denominator
        Counts, one per group, ``0 <= numerator <= denominator``; NaN where unknown, and a denominator of 0 is unknown too.
    """
    n = np.where(denominator > 0, denominator, np.nan)
    hits, misses = numerator + 0.5, n - numerator + 0.5
    return _back(_shrunk(np.log(hits / misses), np.sqrt(1 / hits + 1 / misses)), _logistic)


def beyond_chance(p_values: Floats, level: float = FALSE_DISCOVERIES) -> Booleans:
    """Tell which of several tests to believe so that at most ``level`` of those believed are luck (Benjamini and Hochberg 1995).

    Parameters
    ----------
    p_values
        One per test; NaN for a test that was not made, which counts for nothing.

    Examples
    --------
    >>> beyond_chance(np.array([0.001, 0.03, 0.04, 0.9])).tolist()
    [True, False, False, False]
    """
    tested = np.flatnonzero(~np.isnan(p_values))
    believed = np.zeros(len(p_values), np.bool_)
    order = tested[np.argsort(p_values[tested], kind="stable")]
    passes = np.flatnonzero(p_values[order] <= level * np.arange(1, len(order) + 1) / max(1, len(order)))
    if len(passes):
        believed[order[: passes[-1] + 1]] = True
    return believed


def _shrunk(values: Floats, errors: Floats) -> Shrunk:
    """Shrink figures on the scale on which their errors are normal."""
    known = ~np.isnan(values) & ~np.isnan(errors) & (errors > 0)
    y, s2 = values[known], errors[known] ** 2
    if not len(y):
        nothing = np.full(len(values), np.nan)
        return Shrunk(float("nan"), nothing, nothing, nothing, known, known)
    tau2 = _variance_between(y, s2)
    weights = 1 / (s2 + tau2)
    center = float(np.sum(weights * y) / np.sum(weights))
    kept = tau2 / (tau2 + s2)
    # What is left open of a group's own figure, and of the figure of all that it is drawn towards.
    spread = Z * np.sqrt(kept * s2 + (1 - kept) ** 2 / np.sum(weights))
    middle = center + kept * (y - center)
    is_beyond = beyond_chance(_placed(known, 2 * ndtr(-np.abs(y - center) / np.sqrt(s2))))
    value, low, high = (_placed(known, each) for each in (middle, middle - spread, middle + spread))
    above = np.where(known, values, center) > center
    return Shrunk(center, value, low, high, is_above=is_beyond & above, is_below=is_beyond & ~above)


def _placed(known: Booleans, values: Floats) -> Floats:
    """Return values at the places that are known, NaN at the others."""
    placed = np.full(len(known), np.nan)
    placed[known] = values
    return placed


def _variance_between(values: Floats, s2: Floats) -> float:
    """Return by how much groups differ in truth, as a variance (DerSimonian and Laird 1986, equation 8); 0 for a single group."""
    weights = 1 / s2
    total = np.sum(weights)
    center = np.sum(weights * values) / total
    excess = np.sum(weights * (values - center) ** 2) - (len(values) - 1)
    scale = total - np.sum(weights**2) / total
    return float(max(0.0, excess / scale)) if scale > 0 else 0.0


def _back(found: Shrunk, unscaled: Callable[[Floats], Floats]) -> Shrunk:
    """Return figures from the scale they were shrunk on to their own."""
    value, low, high = (unscaled(each) for each in (found.value, found.low, found.high))
    return replace(found, center=float(unscaled(np.array(found.center))), value=value, low=low, high=high)


def _logistic(values: Floats) -> Floats:
    odds: Floats = 1 / (1 + np.exp(-values))
    return odds
