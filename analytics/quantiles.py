"""Exact percentiles in two stages: count per whole second, then the smallest second whose running count reaches the rank.

Nearest rank, in integers, with the same result on every engine and for any number of threads. The counts per second are small, so
that the second stage costs nothing beside the first.
"""

from collections.abc import Sequence
from decimal import Decimal
from functools import reduce
from operator import or_

import ibis
import ibis.expr.types as ir
from ibis import _

Z_SQUARED_PERMYRIAD = 38_416
"""Square of 1.96, the normal quantile of 95 percent, times 10,000."""

_HALF = Decimal("0.5")
"""Exact, where a float would be compiled in a way that hangs on the engine's settings."""

BUCKET = 64
"""Values that are looked at together first."""

_SMALL = frozenset({"cell", "store_id"})
"""Columns that make groups of few rows."""


@ibis.udf.agg.builtin  # type: ignore[untyped-decorator]  # Ibis ships no types
def quantile_disc(values: int, part: Decimal) -> int:  # type: ignore[empty-body]  # the engine has the body
    """Return the smallest value whose running count reaches a part of all; what SQL calls ``percentile_disc``."""


def lower_median(values: ir.IntegerColumn) -> ir.IntegerValue:
    """Return the smallest of a group's values that half of them do not exceed; null without values.

    For many small groups, where counting by second would save nothing. An element of the data, found by selection: exact, in integers, and
    the same for any number of threads. Sorting a list of the values and taking one took twice as long.
    """
    return quantile_disc(values, _HALF).cast("int64")


def percentiles(table: ir.Table, column: str, *, by: Sequence[str], percents: Sequence[int] = (50, 90)) -> ir.Table:
    """Count, sum and exact nearest-rank percentiles of a column of whole numbers, per group.

    Percentile p is the smallest value whose running count reaches ``n * p / 100``. Beside each stand the two values between which the
    percentile of a long run of such orders lies in about 95 of 100 cases (never under 91 from 10 rows on): order statistics at the ranks
    ``n p -+ 1.96 sqrt(n p (1 - p))``, both rounded up (Conover, Practical Nonparametric Statistics, 1999, section 3.2).

    Parameters
    ----------
    table
        Rows to count; those with a null in ``column`` do not count.
    column
        Column of integers whose name ends in its unit, such as ``click_to_door_s``.
    by
        Columns that make the groups; none for one row over everything.
    percents
        Percentiles wanted, whole numbers between 1 and 99.

    Returns
    -------
    ibis.expr.types.Table
        One row per group with at least one value (without ``by`` always one row), units as in ``column``:

        - the columns of ``by``
        - ``n``: rows with a value
        - ``sum_s``: sum of the values (named after the unit of ``column``)
        - ``p50_s``, ``p90_s``, ...: the percentiles; null without rows
        - ``p50_low_s``, ``p50_high_s``, ...: their bounds; null where so few rows bound nothing
    """
    unit = column.rsplit("_", 1)[-1]
    counted = table.filter(table[column].notnull()).aggregate({"rows": _.count()}, by=[*by, table[column].name("value")])
    # A single group has few values, and a place few orders: there a second look costs more than it saves.
    is_small = not by or not _SMALL.isdisjoint(by)
    ranked = _ranked(counted, by) if is_small else _ranked_near(counted.mutate(bucket=_.value // BUCKET), by, percents)
    values = {
        f"{name}_{unit}": ranked.value.min(where=is_reached) for name, is_reached in _reached(ranked, ranked.running, percents).items()
    }
    return ranked.aggregate(
        {"n": ranked.total.max().fill_null(0), f"sum_{unit}": ranked.total_sum.max().fill_null(0), **values}, by=list(by)
    )


def _ranked(counted: ir.Table, by: Sequence[str]) -> ir.Table:
    """Return one row per group and value, with the rows up to it, and the rows and the sum of the group."""
    whole = ibis.window(group_by=list(by))
    return counted.mutate(
        running=_.rows.sum().over(ibis.cumulative_window(group_by=list(by), order_by="value")),
        total=_.rows.sum().over(whole),
        total_sum=(_.rows * _.value).sum().over(whole),
    )


def _ranked_near(counted: ir.Table, by: Sequence[str], percents: Sequence[int]) -> ir.Table:
    """Return the values among which the percentiles are, each with the rows up to it, and the rows and the sum of its group.

    Running sums over every value of every group take longer than counting does. They are therefore made over buckets of values first, and
    over single values only in the few buckets in which a rank is reached.
    """
    coarse = counted.aggregate({"bucket_rows": _.rows.sum(), "bucket_sum": (_.rows * _.value).sum()}, by=[*by, "bucket"])
    group, whole = ibis.cumulative_window(group_by=list(by), order_by="bucket"), ibis.window(group_by=list(by))
    coarse = coarse.mutate(
        upto=_.bucket_rows.sum().over(group), total=_.bucket_rows.sum().over(whole), total_sum=_.bucket_sum.sum().over(whole)
    )
    before = coarse.upto - coarse.bucket_rows
    reached, earlier = _reached(coarse, coarse.upto, percents), _reached(coarse, before, percents)
    # A bound below all ranks is reached by the first value.
    is_near = reduce(or_, [now & ~earlier[name] for name, now in reached.items()], before == 0)
    near = coarse.filter(is_near).select(*by, "bucket", "total", "total_sum", before=before)
    keys = [*by, "bucket"]
    there = counted.inner_join(near, [counted[key].identical_to(near[key]) for key in keys])
    there = there.select(*(counted[key] for key in keys), "value", "rows", "before", "total", "total_sum")
    running = there.before + there.rows.sum().over(ibis.cumulative_window(group_by=keys, order_by="value"))
    return there.select(*by, "value", "total", "total_sum", running=running)


def _reached(rows: ir.Table, running: ir.IntegerColumn, percents: Sequence[int]) -> dict[str, ir.BooleanValue]:
    """Tell of each percentile and of its bounds whether so many rows reach its rank."""
    found = {}
    for percent in percents:
        rank = rows.total * percent
        half = (rows.total * (percent * (100 - percent)) * Z_SQUARED_PERMYRIAD).cast("float64").sqrt().ceil().cast("int64")
        found[f"p{percent}"] = 100 * running >= rank
        found[f"p{percent}_low"] = 10_000 * running >= 100 * rank - half
        found[f"p{percent}_high"] = 10_000 * running >= 100 * rank + half
    return found
