"""Dimensions by which answers can be grouped, and the column that each makes."""

from collections.abc import Collection
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
}
"""Dimension on the command line and in ``Parameters.by``, and its column in the answer."""


DISTANCE_BANDS_M: Final = (0, 3_219, 6_437, 9_656, 12_875, 16_093, 24_140)
"""Where bands of the straight line from mall to door begin, meters: 0, 2, 4, 6, 8, 10 and 15 miles; the last one has no end."""


def columns(by: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns of dimensions, in the order asked."""
    return tuple(DIMENSIONS[dimension] for dimension in by)


def with_made_columns(orders: ir.Table, names: Collection[str], resolution: int) -> ir.Table:
    """Add those of the named columns that no table has: ``cell`` and ``distance_from_m``."""
    orders = with_cell(orders, resolution) if "cell" in names else orders
    return with_distance_band(orders) if DIMENSIONS["distance_band"] in names else orders


def with_distance_band(orders: ir.Table) -> ir.Table:
    """Add ``distance_from_m``, where the band of the order's straight line begins, meters; null where mall or door is unknown."""
    distance = orders.distance_m
    starts = [(distance >= start, start) for start in reversed(DISTANCE_BANDS_M)]
    return orders.mutate(**{DIMENSIONS["distance_band"]: ibis.cases(*starts, else_=ibis.null("int64")).cast("int64")})


def with_cell(orders: ir.Table, resolution: int) -> ir.Table:
    """Add ``cell``, the door's H3 cell at ``resolution``; null where the door is unknown."""
    return orders.mutate(cell=parent(orders.dropoff_cell, resolution))
