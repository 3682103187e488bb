"""Dimensions by which answers can be grouped, and the column that each makes."""

from typing import Final

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
}
"""Dimension on the command line and in ``Parameters.by``, and its column in the answer."""


def columns(by: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns of dimensions, in the order asked."""
    return tuple(DIMENSIONS[dimension] for dimension in by)


def with_cell(orders: ir.Table, resolution: int) -> ir.Table:
    """Add ``cell``, the door's H3 cell at ``resolution``; null where the door is unknown."""
    return orders.mutate(cell=parent(orders.dropoff_cell, resolution))
