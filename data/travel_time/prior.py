"""Travel time before any delivery is known: minutes as a function of the straight line, the same for every mall and hour.

The curve is an uncalibrated prior, drawn through typical metropolitan drives. Where deliveries or a road graph exist, other models make
the same table ``catchments``; its column ``source`` says which one did.
"""

import numpy as np

from data.cells import Floats, Integers

KILOMETERS = (1.0, 2.0, 3.0, 5.0, 8.0, 10.0, 15.0, 20.0, 30.0)
MINUTES = (4.3, 6.6, 8.3, 11.5, 15.1, 17.2, 22.7, 26.7, 32.0)
"""Points of the curve. Between them it is straight, beyond either end it goes on with the slope of the first or last piece."""

LONGEST_S = 45 * 60
SDLOG_PERMILLE = 230
"""Measured error of drives that were modelled from the straight line: 15 to 23 %. The prior was fitted to nothing here, so the larger."""

SOURCE = "prior"


def prior_s(distance_m: Floats) -> Integers:
    """Return the drive over a straight-line distance, whole seconds.

    Parameters
    ----------
    distance_m
        Meters, 0 or more.

    Returns
    -------
    numpy.ndarray
        Seconds, rounded to the nearest.
    """
    kilometers, minutes = np.array(KILOMETERS), np.array(MINUTES)
    slope = np.diff(minutes) / np.diff(kilometers)
    x = np.asarray(distance_m, float) / 1000
    piece = np.clip(np.searchsorted(kilometers, x, side="right") - 1, 0, len(slope) - 1)
    return np.asarray(np.rint(60 * (minutes[piece] + slope[piece] * (x - kilometers[piece]))), np.int64)


def longest_m() -> float:
    """Return the straight line beyond which no drive is within ``LONGEST_S``."""
    slope = (MINUTES[-1] - MINUTES[-2]) / (KILOMETERS[-1] - KILOMETERS[-2])
    return 1000 * (KILOMETERS[-1] + (LONGEST_S / 60 - MINUTES[-1]) / slope)
