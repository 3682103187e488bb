"""Hours of drivers that are lacking or spare."""

from datetime import date
from typing import Final

import ibis.expr.types as ir

from analytics.catalog.metric import Change, Counting, Hourly, Metric
from analytics.dimensions import CALENDAR
from analytics.metrics.drivers import hours, hours_by_cell, required


def _none(rows: ir.Table) -> ir.BooleanValue:
    """Tell that no row stands behind the figures of a group by itself: only the mean of all of them is used."""
    return rows.market_id.isnull() & rows.market_id.notnull()


_REQUIRED = (
    "hours required are modelled: orders placed, times what an order took in the same hour of the week of the "
    f"{required.LOOK_BACK_WEEKS} weeks before, spread over the hours of the mean trip of these weeks (Jennings et al. 1996)"
)

_NOV_22: Final = date(2026, 11, 22)

_MEAN_TRIP = Change(
    _NOV_22, "The mean trip is that of the 8 weeks before each day, so that weeks add up to their period; before, of the whole period."
)

_LEFT_OVER = Change(_NOV_22, "Hours in which only work left over from before is due count too, so that hours add up to the total.")

_NOT_NETTED = Change(
    _NOV_22, "Short and spare are those of hours_gap, mall by mall and hour by hour; before, a cell was one or the other, by its sums."
)

_CLOCKS = Change(
    _NOV_22, "At a change of the clock, work left over is due in the hour shown next; before, it could fall into an hour that is skipped."
)

METRICS: Final = (
    Metric(
        hours.hours_gap,
        label="Driver-hours short and spare",
        help="Hours of drivers that were lacking for the orders placed, and hours in which more were online than needed; never netted.",
        unit="s",
        kind="hours",
        direction="none",
        source="Jennings et al. 1996, Server Staffing to Meet Time-Varying Demand",
        formula=(
            "short = max(0, required - online), spare = max(0, online - required), hour by hour; required = orders x "
            "(engaged_s / orders of that hour of the week in 8 weeks before), lagged over the mean trip"
        ),
        changes=(_MEAN_TRIP, _LEFT_OVER, _CLOCKS),
        dimensions=tuple(each for each in CALENDAR if each != "weeks_open"),
        history_weeks=required.HISTORY_WEEKS,
        model=_REQUIRED,
        also=(Counting("orders", carried=hours.with_hours_after), Counting("trips", where=_none)),
        hourly=Hourly(required.required_time, hours.gap_of_hours),
        n_of="hours",
    ),
    Metric(
        hours_by_cell.hours_gap_by_cell,
        label="Driver-hours short and spare by place",
        help="Where drivers were lacking for the orders placed, and where more were within reach than needed (modelled).",
        unit="s",
        kind="hours",
        direction="none",
        source="Luo and Wang 2003, Measures of Spatial Accessibility to Health Care in a GIS Environment",
        formula=(
            "hours_gap by mall: required and short shared out over cells like the mall's orders, online and spare like the "
            "people within within_s"
        ),
        changes=(_MEAN_TRIP, _NOT_NETTED, _CLOCKS),
        keys=("market_id", "cell"),
        history_weeks=required.HISTORY_WEEKS,
        model=_REQUIRED,
        also=(Counting("orders", is_at_every_hour=True), Counting("trips", where=_none)),
        hourly=Hourly(required.required_time, hours_by_cell.gap_by_cell_of_hours),
        modelled=True,
        by_mall=True,
        n_of="orders",
    ),
)
