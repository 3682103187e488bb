"""How many orders were placed."""

from collections.abc import Callable
from typing import Final

import ibis.expr.types as ir

from analytics.catalog.metric import ORDER_DIMENSIONS, Metric
from analytics.metrics import orders


def _ending(function: Callable[..., ir.Table], status: str, label: str, help_: str) -> Metric:
    """Return the metric of one way in which orders end without being delivered."""
    return Metric(
        function,
        label=label,
        help=help_,
        unit="share",
        kind="share",
        direction="down",
        source="counted",
        formula=f"orders {status} / orders placed",
        dimensions=ORDER_DIMENSIONS,
        parts=orders.Ended(status),
        tilings=orders.SHARE_TILINGS,
    )


METRICS: Final = (
    Metric(
        orders.orders,
        label="Orders",
        help="Orders placed, whether or not they were delivered.",
        unit="orders",
        kind="count",
        direction="up",
        source="counted",
        formula="orders placed; of these delivered, cancelled, failed, returned",
        dimensions=ORDER_DIMENSIONS,
        by_days=True,
        day_sums=(("orders", orders.orders),),
        parts=orders.endings,
        tilings=orders.ENDINGS,
    ),
    _ending(orders.cancelled_share, "cancelled", "Cancelled", "Share of orders placed that were cancelled."),
    _ending(orders.failed_share, "failed", "Failed", "Share of orders placed that failed at the door."),
    _ending(orders.returned_share, "returned", "Returned", "Share of orders placed that were returned."),
)
