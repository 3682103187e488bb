"""The typical drive as a function of the straight line: rising, ever flatter, fitted to medians and drawn towards the prior.

The curve is ``f(d) = a + sum_j b_j min(d, k_j) + c d`` with no coefficient below zero, which makes it monotone and concave whatever the
data say. Coefficients come from non-negative least squares on relative errors (Lawson and Hanson 1974): rows are the medians of the drives
in distance classes, weighted by their number, and the prior's points at the level of the data, weighted as ``PRIOR_DRIVES`` drives each.
Medians make it robust; the prior rules where nothing was driven. Nowhere does a kilometer take less than on the prior's last piece, at the
level of the data: where deliveries end at a longest drive, the medians flatten below it, and a curve that followed them would put a whole
region within reach.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from data.cells import Floats
from data.travel_time.prior import KILOMETERS, MINUTES, prior_s

CLASSES = 40
FEWEST_IN_CLASS = 25
PRIOR_DRIVES = 15
SHORTEST_S = 60.0
_LAST_SLOPE = 60 * (MINUTES[-1] - MINUTES[-2]) / (KILOMETERS[-1] - KILOMETERS[-2])


@dataclass(frozen=True)
class Curve:
    """Seconds at no distance, and what every knot adds per kilometer up to itself (the last one without end)."""

    at_zero_s: float
    slopes: tuple[float, ...]

    def seconds(self, distance_m: Floats) -> Floats:
        """Return the typical drive over straight lines in meters; never under a minute."""
        columns = _columns(np.asarray(distance_m, float) / 1000)
        return np.asarray(np.maximum(columns @ np.array([self.at_zero_s, *self.slopes]), SHORTEST_S))


def fitted_curve(distance_m: Floats, drive_s: Floats) -> Curve:
    """Fit a curve.

    Parameters
    ----------
    distance_m, drive_s
        Drives: straight line in meters, seconds over 0; of equal length, at least one.
    """
    place, typical, weight = _class_medians(distance_m, drive_s)
    level = float(np.exp(np.median(np.log(drive_s / np.maximum(prior_s(distance_m), SHORTEST_S)))))
    prior = level * prior_s(1000 * np.array(KILOMETERS))
    rows = np.concatenate((place, KILOMETERS))
    target = np.concatenate((typical, prior))
    # Dividing by the target makes errors relative: a minute matters more on a short drive.
    scale = np.sqrt(np.concatenate((weight, np.full(len(prior), float(PRIOR_DRIVES))))) / target
    least = level * _LAST_SLOPE
    coefficients, _ = nnls(_columns(rows) * scale[:, None], (target - least * rows) * scale)
    slopes = [*coefficients[1:-1], coefficients[-1] + least]
    return Curve(float(coefficients[0]), tuple(float(each) for each in slopes))


def _columns(kilometers: Floats) -> Floats:
    knots = [np.minimum(kilometers, knot) for knot in KILOMETERS]
    return np.column_stack((np.ones(len(kilometers)), *knots, kilometers))


def _class_medians(distance_m: Floats, drive_s: Floats) -> tuple[Floats, Floats, Floats]:
    """Return per distance class of equal numbers: median kilometers, median seconds, drives."""
    order = np.lexsort((drive_s, distance_m))
    ends = np.linspace(0, len(order), max(1, min(CLASSES, len(order) // FEWEST_IN_CLASS)) + 1).astype(np.int64)
    first, rows = ends[:-1], np.diff(ends)
    of = np.repeat(np.arange(len(rows)), rows)
    by_seconds = drive_s[order][np.lexsort((drive_s[order], of))]
    low, high = first + (rows - 1) // 2, first + rows // 2
    line_m = distance_m[order]
    return (line_m[low] + line_m[high]) / 2000, (by_seconds[low] + by_seconds[high]) / 2, rows.astype(float)
