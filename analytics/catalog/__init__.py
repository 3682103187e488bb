"""The list of metrics. A new one is its function, its test and one entry in its family's tuple; everything else follows from that."""

import difflib
from typing import Final

from analytics.catalog import coverage, delivery_times, drivers, orders, travel_times
from analytics.catalog.metric import FACTS, ORDER_DIMENSIONS, Change, Counting, Direction, Kind, Metric
from analytics.dimensions import CALENDAR
from analytics.errors import UnknownMetric

__all__ = ["CALENDAR", "FACTS", "FAMILIES", "METRICS", "ORDER_DIMENSIONS", "Change", "Counting", "Direction", "Kind", "Metric", "metric"]

FAMILIES: Final = {
    "orders": orders.METRICS,
    "delivery_times": delivery_times.METRICS,
    "coverage": coverage.METRICS,
    "drivers": drivers.METRICS,
    "travel_times": travel_times.METRICS,
}
"""Every family of metrics, and the metrics in it."""

METRICS: Final = tuple(metric for family in FAMILIES.values() for metric in family)
"""Every metric there is."""


def metric(metric_id: str) -> Metric:
    """Return the metric of that id.

    Raises
    ------
    UnknownMetric
        If there is none; the message names the nearest.
    """
    by_id = {each.id: each for each in METRICS}
    if metric_id in by_id:
        return by_id[metric_id]
    near = difflib.get_close_matches(str(metric_id), by_id, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(by_id)}"
    raise UnknownMetric(f"there is no metric {metric_id!r}; {hint}")
