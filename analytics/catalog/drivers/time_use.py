"""How drivers' online time is used, and what is delivered and earned in it."""

from dataclasses import replace
from datetime import date
from typing import Final

from analytics.catalog.metric import SHIFT_DIMENSIONS, Change, Counting, Metric
from analytics.dimensions import CALENDAR
from analytics.metrics.drivers import rows, time_use

_NO_TRIPS = "hours of shifts in markets without trips, or with a trip whose end is unknown"

_DELIVERED_WITH_SHIFTS = Counting(
    "orders",
    where=rows.is_delivered,
    beside="shift_activity",
    kept=rows.in_known_markets,
    not_kept="delivered orders in markets or at malls without shifts",
)

_NOV_22: Final = date(2026, 11, 22)

_BOTH_SIDES = Change(
    _NOV_22, "A market of which one of the tables has nothing is left out of both sides and counted; before, it counted in one of them."
)

_MOSTLY_KNOWN = Change(
    date(2026, 11, 23),
    "Engaged time that is unknown of more than 1 in 100 seconds online makes the figure unknown; before, orders of that time counted, and "
    "the time did not.",
)

_BOTH_SIDES_AND_PAY = Change(
    _NOV_22,
    "A market of which one of the tables has nothing is left out of both sides and counted; before, it counted in "
    "one of them. Pay that is unknown of more than 1 in 100 makes the figure unknown; before, it counted as "
    "nothing.",
)

_ENDS = Change(_NOV_22, "A trip whose end is unknown makes the time of its shift unknown; before, it took no time.")

METRICS: Final = (
    Metric(
        time_use.utilization,
        label="Driver utilization",
        help="Busy share of online time: time on at least one trip, out of the time in which drivers are online.",
        unit="share",
        kind="share",
        direction="none",
        source="New York City TLC and DCWP pay rules",
        formula="engaged_s / online_s; engaged = union of a driver's trips, clipped to the shifts",
        changes=(_ENDS,),
        dimensions=SHIFT_DIMENSIONS,
        needs=("engaged_s",),
        left_out=_NO_TRIPS,
        by_days=True,
        units=("s", "s"),
    ),
    Metric(
        time_use.utilization_work,
        label="Utilization, at work",
        help="Share of online time in which drivers drive, pick up or hand over; waiting for an order to be packed is left out.",
        unit="share",
        kind="share",
        direction="none",
        source="Reyes et al. 2018, The Meal Delivery Routing Problem",
        formula="(driving + pick-up + drop-off) / online_s; waiting for packing is left out",
        dimensions=SHIFT_DIMENSIONS,
        needs=("work_s",),
        left_out="hours of shifts with a trip of which an event is unknown",
        units=("s", "s"),
    ),
    Metric(
        time_use.utilization_loaded,
        label="Utilization, goods aboard",
        help="Share of online time in which drivers have goods aboard.",
        unit="share",
        kind="share",
        direction="none",
        source="Cramer and Krueger 2016, Disruptive Change in the Taxi Business",
        formula="seconds with goods aboard / online_s",
        dimensions=SHIFT_DIMENSIONS,
        needs=("loaded_s",),
        left_out="hours of shifts with a trip whose pick-up is unknown",
        units=("s", "s"),
    ),
    Metric(
        time_use.deliveries_per_online_hour,
        label="Deliveries per online hour",
        help="Orders delivered for every hour in which a driver is online.",
        unit="orders per hour",
        kind="ratio",
        direction="up",
        source="Reyes et al. 2018, The Meal Delivery Routing Problem",
        formula="3,600 x orders delivered / online_s",
        changes=(_BOTH_SIDES,),
        dimensions=CALENDAR,
        per=3600,
        units=("orders", "s"),
        also=(_DELIVERED_WITH_SHIFTS,),
    ),
    Metric(
        time_use.deliveries_per_engaged_hour,
        label="Deliveries per engaged hour",
        help="Orders delivered for every hour in which a driver is on a trip.",
        unit="orders per hour",
        kind="ratio",
        direction="up",
        source="deliveries per active hour, as Onfleet and DoorDash report them",
        formula="3,600 x orders delivered / engaged_s",
        changes=(_BOTH_SIDES, _MOSTLY_KNOWN),
        dimensions=CALENDAR,
        per=3600,
        units=("orders", "s"),
        also=(
            replace(
                _DELIVERED_WITH_SHIFTS,
                kept=rows.of_markets_with_trips,
                not_kept="delivered orders in markets or at malls without shifts or without trips",
            ),
            Counting("shift_activity", needs=("engaged_here_s",), left_out=_NO_TRIPS),
        ),
    ),
    Metric(
        time_use.earnings_per_online_hour,
        label="Earnings per online hour",
        help="What drivers are paid for every hour in which they are online.",
        unit="cents per hour",
        kind="money",
        direction="none",
        source="after Cramer and Krueger 2016",
        formula="3,600 x cents paid for trips / online_s",
        changes=(_BOTH_SIDES_AND_PAY,),
        dimensions=CALENDAR,
        per=3600,
        units=("cents", "s"),
        also=(
            Counting(
                "trips",
                needs=("pay_cents",),
                left_out="trips whose pay is unknown",
                beside="shift_activity",
                kept=rows.of_markets_with_trips,
                not_kept="trips in markets or at malls without shifts",
            ),
            Counting(
                "shift_activity",
                beside="shift_activity",
                kept=rows.of_markets_with_trips,
                not_kept="hours of shifts in markets or at malls without trips",
            ),
        ),
    ),
)
