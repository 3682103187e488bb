"""How many orders were placed."""

from typing import Final

from analytics.catalog.metric import ORDER_DIMENSIONS, Metric
from analytics.metrics import orders

METRICS: Final = (
    Metric(
        orders.orders,
        label="Orders",
        help="Orders placed, whether or not they were delivered.",
        unit="orders",
        kind="count",
        direction="up",
        source="counted",
        dimensions=ORDER_DIMENSIONS,
        parts=orders.endings,
        tilings=orders.ENDINGS,
    ),
)
