"""How well modelled drive times fit the drives that were observed.

All of it rests on the table ``drives``: a bounded sample of single drops, each beside what the model of its market makes of it that had
seen no drive to its cell. An error is what the model would get wrong at a place where nobody has delivered yet, and the chance of the
single drive with it: a drive takes another time tomorrow, and no model knows that.
"""

from collections.abc import Sequence

import ibis.expr.types as ir
from ibis import _

from analytics.quantiles import percentiles


def drive_error(drives: ir.Table, *, by: Sequence[str] = ()) -> ir.Table:
    """Seconds between an observed drive and the modelled one, ``|drive_s - modelled_s|``, over sampled single drops.

    Half of the drives are off by no more than p50. The mean of all drives over the mean of the modelled ones tells whether the model is
    too fast (over 1) or too slow. Percentiles do not add up over groups, sums and counts do. Source: mean and median absolute error of
    forecasts, Hyndman and Koehler 2006.

    Parameters
    ----------
    drives
        Table of the contract of that name, filtered.
    by
        Columns that make the groups; none for one row over everything.

    Returns
    -------
    ibis.expr.types.Table
        One row per group with such drives (without ``by`` always one row):

        - the columns of ``by``
        - ``n``: drives
        - ``sum_s``: sum of their errors
        - ``p50_s``, ``p90_s``: seconds that the errors of 50 and 90 of 100 drives do not exceed, nearest rank; null without drives
        - ``p50_low_s``, ``p50_high_s``, ``p90_low_s``, ``p90_high_s``: 95 percent bounds of these; null where so few drives bound nothing
        - ``drive_sum_s``: sum of the observed drives
        - ``modelled_sum_s``: sum of the modelled ones
    """
    errors = percentiles(drives.mutate(error_s=(_.drive_s - _.modelled_s).abs()), "error_s", by=by)
    sums = drives.aggregate({"drive_sum_s": _.drive_s.sum().fill_null(0), "modelled_sum_s": _.modelled_s.sum().fill_null(0)}, by=list(by))
    return _beside(errors, sums, by)


def drive_curve(drives: ir.Table) -> ir.Table:
    """Observed and modelled drives by the straight line from the mall to the door, kilometer by kilometer, over sampled single drops.

    What the curve of the model looks like beside the drives, and how far the model is off at that distance. Source: as ``drive_error``.

    Parameters
    ----------
    drives
        Table of the contract of that name, filtered.

    Returns
    -------
    ibis.expr.types.Table
        One row per class of the straight line with drives:

        - ``line_from_m``: where the class begins, whole kilometers, in meters
        - ``n``: drives
        - ``p50_s``, ``p90_s``: seconds within which 50 and 90 of 100 observed drives ended, nearest rank
        - ``modelled_p50_s``: the same for 50 of 100 modelled drives
        - ``error_p50_s``, ``error_p90_s``: seconds that the errors of 50 and 90 of 100 drives do not exceed
    """
    key = ["line_from_m"]
    errors = drives.mutate(error_s=(_.drive_s - _.modelled_s).abs())
    observed = percentiles(drives, "drive_s", by=key).select(*key, "n", "p50_s", "p90_s")
    modelled = percentiles(drives, "modelled_s", by=key, percents=(50,)).select(*key, modelled_p50_s=_.p50_s)
    off = percentiles(errors, "error_s", by=key).select(*key, error_p50_s=_.p50_s, error_p90_s=_.p90_s)
    return _beside(_beside(observed, modelled, key), off, key)


def drive_fit(drives: ir.Table) -> ir.Table:
    """Observed drives among those that the model gives the same time, in classes of two minutes, over sampled single drops.

    A model that is right on average has its p50 on the diagonal. Source: calibration plots, Dawid 1982.

    Parameters
    ----------
    drives
        Table of the contract of that name, filtered.

    Returns
    -------
    ibis.expr.types.Table
        One row per class of the modelled drive with drives:

        - ``modelled_from_s``: where the class begins, even minutes, in seconds
        - ``n``: drives
        - ``modelled_sum_s``: sum of the modelled drives
        - ``p10_s``, ``p50_s``, ``p90_s``: seconds within which 10, 50 and 90 of 100 observed drives ended, nearest rank
    """
    key = ["modelled_from_s"]
    observed = percentiles(drives, "drive_s", by=key, percents=(10, 50, 90)).select(*key, "n", "p10_s", "p50_s", "p90_s")
    sums = drives.aggregate({"modelled_sum_s": _.modelled_s.sum().fill_null(0)}, by=key)
    return _beside(observed, sums, key)


def _beside(left: ir.Table, right: ir.Table, by: Sequence[str]) -> ir.Table:
    """Return two tables of the same groups side by side; a null is a group of its own."""
    if not by:
        return left.cross_join(right)
    same = [left[column].identical_to(right[column]) for column in by]
    return left.inner_join(right, same).select(*left.columns, *(name for name in right.columns if name not in by))
