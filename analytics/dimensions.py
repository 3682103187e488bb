"""Dimensions by which answers can be grouped, and the column that each makes."""

from collections.abc import Collection, Sequence
from typing import Final

import ibis
import ibis.expr.types as ir

from analytics.cells import parent

DIMENSIONS: Final = {
    "market": "market_id",
    "mall": "mall_id",
    "store": "store_id",
    "cell": "cell",
    "day": "local_date",
    "week": "local_week_on",
    "dow": "local_dow",
    "hour": "local_hour",
    "status": "status",
    "weeks_open": "weeks_open",
    "distance_band": "distance_from_m",
    "pay_band": "pay_from_cents",
}
"""Dimension on the command line and in ``Parameters.by``, and its column in the answer."""


DISTANCE_BANDS_M: Final = (0, 3_219, 6_437, 9_656, 12_875, 16_093, 24_140)
"""Where bands of the straight line from mall to door begin, meters: 0, 2, 4, 6, 8, 10 and 15 miles; the last one has no end."""


PAY_BANDS_CENTS: Final = (0, 500, 1_000, 1_500, 2_000, 2_500, 3_000, 4_000)
"""Where bands of the pay of an offer begin, cents; the last one has no end."""


def columns(by: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns of dimensions, in the order asked."""
    return tuple(DIMENSIONS[dimension] for dimension in by)


def with_made_columns(rows: ir.Table, names: Collection[str], resolution: int) -> ir.Table:
    """Add those of the named columns that no table has: ``cell``, ``distance_from_m`` and ``pay_from_cents``."""
    rows = with_cell(rows, resolution) if "cell" in names else rows
    rows = _with_band(rows, "distance_band", rows.distance_m, DISTANCE_BANDS_M) if DIMENSIONS["distance_band"] in names else rows
    return _with_band(rows, "pay_band", rows.pay_cents, PAY_BANDS_CENTS) if DIMENSIONS["pay_band"] in names else rows


def _with_band(rows: ir.Table, dimension: str, value: ir.IntegerValue, bounds: Sequence[int]) -> ir.Table:
    """Add where the band of a value begins: the bound belongs to the band above it; null where the value is unknown or below all bands.

    The distance of an order is the straight line from mall to door, that of an offer the one shown with it.
    """
    starts = [(value >= start, start) for start in reversed(bounds)]
    return rows.mutate(**{DIMENSIONS[dimension]: ibis.cases(*starts, else_=ibis.null("int64")).cast("int64")})


def with_cell(orders: ir.Table, resolution: int) -> ir.Table:
    """Add ``cell``, the door's H3 cell at ``resolution``; null where the door is unknown."""
    return orders.mutate(cell=parent(orders.dropoff_cell, resolution))
