"""Bounds of a ratio of two sums, such as hours engaged over hours online, where many rows are of one person.

Rows of one driver are not independent, so that the sums are taken per person first (the cluster), and the spread between persons decides
how wide the bounds are: Taylor linearization of a ratio, Cochran 1977, Sampling Techniques, sections 6.3 and 9A.
"""

from collections.abc import Sequence
from typing import Final

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
from ibis import _

from analytics.intervals import Z

Floats = npt.NDArray[np.float64]

SPREAD: Final = ("clusters", "numerator_square_sum", "denominator_square_sum", "product_sum")
"""Columns that bounds are made of; they are not shown."""


def ratio_of_sums(rows: ir.Table, numerator: ir.IntegerValue, denominator: ir.IntegerValue, *, cluster: str, by: Sequence[str]) -> ir.Table:
    """Sum a numerator and a denominator per group, with what the bounds of their ratio are made of.

    Parameters
    ----------
    rows
        Rows to sum.
    numerator, denominator
        Whole numbers of ``rows``; nulls count as zero.
    cluster
        Column of the person whose rows belong together.
    by
        Columns that make the groups; none for one row over everything.

    Returns
    -------
    ibis.expr.types.Table
        One row per group with rows (without ``by`` always one row): the columns of ``by``, ``numerator``, ``denominator``, ``n`` (rows) and
        the columns of ``SPREAD``: clusters, and sums over them of squares and of the product.
    """
    sums = {"up": numerator.sum().fill_null(0), "down": denominator.sum().fill_null(0), "rows": rows.count()}
    each = rows.aggregate(sums, by=[*by, cluster])
    wide = each.mutate(wide_up=_.up.cast("decimal(38, 0)"), wide_down=_.down.cast("decimal(38, 0)"))
    return wide.aggregate(
        {
            "numerator": _.up.sum().fill_null(0),
            "denominator": _.down.sum().fill_null(0),
            "n": _.rows.sum().fill_null(0),
            "clusters": _.count(),
            "numerator_square_sum": (_.wide_up * _.wide_up).sum(),
            "denominator_square_sum": (_.wide_down * _.wide_down).sum(),
            "product_sum": (_.wide_up * _.wide_down).sum(),
        },
        by=list(by),
    )


def ratio_bounds(numerator: Floats, denominator: Floats, spread: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Return lower and upper 95 percent bounds of ratios of sums.

    Parameters
    ----------
    numerator, denominator
        The sums, of one shape; NaN allowed.
    spread
        The columns of ``SPREAD`` in that order, of the same shape.

    Returns
    -------
    tuple of numpy.ndarray
        Bounds around ``numerator / denominator``; NaN where the denominator is not positive or there are fewer than two clusters.
    """
    clusters, up_squares, down_squares, products = spread
    total = np.where(denominator > 0, denominator, np.nan)
    ratio = numerator / total
    residuals = np.maximum(up_squares - 2 * ratio * products + ratio**2 * down_squares, 0.0)
    many = np.where(clusters > 1, clusters, np.nan)
    half = Z * np.sqrt(many / (many - 1) * residuals) / total
    return ratio - half, ratio + half
