"""How drivers' time is used, what it earns and costs, and how many hours of it are lacking or spare."""

from typing import Final

from analytics.catalog.drivers import carried, costs, hours, time_use

METRICS: Final = (*time_use.METRICS, *costs.METRICS, *carried.METRICS, *hours.METRICS)
