"""Intervals made from the integers of an answer, after the query."""

import numpy as np
import numpy.typing as npt

Z = 1.96
"""Two-sided 95 percent."""


def wilson(
    numerator: npt.NDArray[np.float64], denominator: npt.NDArray[np.float64], *, z: float = Z
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return lower and upper 95 percent bounds of shares (Wilson 1927, score interval).

    Parameters
    ----------
    numerator, denominator
        Counts of the same shape, ``0 <= numerator <= denominator``; NaN allowed.
    z
        Standard normal quantile of the level.

    Returns
    -------
    tuple of numpy.ndarray
        Bounds between 0 and 1 that enclose the share, exactly 0 and 1 where it is; NaN where the denominator is 0 or NaN.

    Examples
    --------
    >>> low, high = wilson(np.array([9.0]), np.array([10.0]))
    >>> round(float(low[0]), 3), round(float(high[0]), 3)
    (0.596, 0.982)
    """
    n = np.where(denominator > 0, denominator, np.nan)
    share = numerator / n
    center = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    # In exact numbers the bounds enclose the share; rounding must not leave 60 of 60 with an upper bound below 1.
    return np.clip(np.minimum(center - half, share), 0.0, 1.0), np.clip(np.maximum(center + half, share), 0.0, 1.0)
