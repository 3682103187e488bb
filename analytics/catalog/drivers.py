"""How drivers' time is used, what it earns and costs, and how many hours of it are lacking or spare."""

from dataclasses import replace
from datetime import date
from typing import Final

import ibis.expr.types as ir

from analytics.catalog.metric import (
    OFFER_DIMENSIONS,
    ORDER_DIMENSIONS,
    SHIFT_DIMENSIONS,
    TRIP_DIMENSIONS,
    Change,
    Counting,
    Metric,
)
from analytics.dimensions import CALENDAR
from analytics.metrics import drivers


def _none(rows: ir.Table) -> ir.BooleanValue:
    """Tell that no row stands behind the figures of a group by itself: only the mean of all of them is used."""
    return rows.market_id.isnull() & rows.market_id.notnull()


_NO_TRIPS = "hours of shifts in markets without trips, or with a trip whose end is unknown"

_PAID = Counting(
    "offers",
    needs=("pay_cents",),
    status="accepted",
    left_out="accepted offers whose pay is unknown",
    where=drivers.is_accepted,
    beside="orders",
    kept=drivers.in_known_markets,
    not_kept="accepted offers in markets or at malls without orders",
)

_DELIVERED_WITH_SHIFTS = Counting(
    "orders",
    where=drivers.is_delivered,
    beside="shift_activity",
    kept=drivers.in_known_markets,
    not_kept="delivered orders in markets or at malls without shifts",
)

_WITHOUT_OFFERS = "delivered orders in markets or at malls without offers"

_REQUIRED = (
    "hours required are modelled: orders placed, times what an order took in the same hour of the week of the "
    f"{drivers.LOOK_BACK_WEEKS} weeks before, spread over the hours of the mean trip of these weeks (Jennings et al. 1996)"
)

_NOV_22: Final = date(2026, 11, 22)
_MEAN_TRIP = Change(
    _NOV_22, "The mean trip is that of the 8 weeks before each day, so that weeks add up to their period; before, of the whole period."
)
_BOTH_SIDES = Change(
    _NOV_22, "A market of which one of the tables has nothing is left out of both sides and counted; before, it counted in one of them."
)
_BOTH_SIDES_AND_PAY = Change(
    _NOV_22,
    "A market of which one of the tables has nothing is left out of both sides and counted; before, it counted in "
    "one of them. Pay that is unknown of more than 1 in 100 makes the figure unknown; before, it counted as "
    "nothing.",
)
_TOLD_BY_ORDERS = Change(
    _NOV_22,
    "Trips that do not say how many orders or stores they served are told by the orders that name them; before, they were left out.",
)
_LEFT_OVER = Change(_NOV_22, "Hours in which only work left over from before is due count too, so that hours add up to the total.")
_NOT_NETTED = Change(
    _NOV_22, "Short and spare are those of hours_gap, mall by mall and hour by hour; before, a cell was one or the other, by its sums."
)
_ENDS = Change(_NOV_22, "A trip whose end is unknown makes the time of its shift unknown; before, it took no time.")

METRICS: Final = (
    Metric(
        drivers.utilization,
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
        drivers.utilization_work,
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
        drivers.utilization_loaded,
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
        drivers.deliveries_per_online_hour,
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
        drivers.deliveries_per_engaged_hour,
        label="Deliveries per engaged hour",
        help="Orders delivered for every hour in which a driver is on a trip.",
        unit="orders per hour",
        kind="ratio",
        direction="up",
        source="deliveries per active hour, as Onfleet and DoorDash report them",
        formula="3,600 x orders delivered / engaged_s",
        changes=(_BOTH_SIDES,),
        dimensions=CALENDAR,
        per=3600,
        units=("orders", "s"),
        also=(
            replace(
                _DELIVERED_WITH_SHIFTS,
                kept=drivers.of_markets_with_trips,
                not_kept="delivered orders in markets or at malls without shifts or without trips",
            ),
            Counting("shift_activity", needs=("engaged_here_s",), left_out=_NO_TRIPS),
        ),
    ),
    Metric(
        drivers.earnings_per_online_hour,
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
                kept=drivers.of_markets_with_trips,
                not_kept="trips in markets or at malls without shifts",
            ),
            Counting(
                "shift_activity",
                beside="shift_activity",
                kept=drivers.of_markets_with_trips,
                not_kept="hours of shifts in markets or at malls without trips",
            ),
        ),
    ),
    Metric(
        drivers.cost_per_delivery,
        label="Cost per delivery",
        help="Drivers' pay, handling and surcharges for every delivered order.",
        unit="cents per order",
        kind="money",
        direction="down",
        source="counted",
        formula="(pay of accepted offers + delivered orders x (handling + surcharge)) / delivered orders",
        changes=(_BOTH_SIDES_AND_PAY,),
        dimensions=CALENDAR,
        by_days=True,
        day_sums=(("offers", drivers.pay_sums), ("orders", drivers.delivered)),
        of_days=drivers.cost_of_sums,
        units=("cents", "orders"),
        also=(
            _PAID,
            Counting("orders", where=drivers.is_delivered, beside="offers", kept=drivers.in_known_markets, not_kept=_WITHOUT_OFFERS),
        ),
        n_of="orders",
    ),
    Metric(
        drivers.contribution_per_order,
        label="Contribution per order",
        help="Fee and commission of a delivered order, less what it costs.",
        unit="cents per order",
        kind="money",
        direction="up",
        source="counted",
        formula="(fees - pay of accepted offers + delivered orders x (commission - handling - surcharge)) / delivered orders",
        changes=(_BOTH_SIDES_AND_PAY,),
        dimensions=CALENDAR,
        units=("cents", "orders"),
        also=(
            _PAID,
            Counting(
                "orders",
                missed=("fee_cents",),
                status="delivered",
                left_out="delivered orders whose fee is unknown, counted without one",
                where=drivers.is_delivered,
                beside="offers",
                kept=drivers.in_known_markets,
                not_kept=_WITHOUT_OFFERS,
            ),
        ),
        n_of="orders",
    ),
    Metric(
        drivers.acceptance_share,
        label="Acceptance",
        help="Share of the offers shown that drivers accepted; offers that expired were not.",
        unit="share",
        kind="share",
        direction="up",
        source="acceptance rate of DoorDash and Meituan",
        formula="offers accepted / offers shown",
        dimensions=OFFER_DIMENSIONS,
        needs=("status",),
        left_out="offers of which nothing is known yet",
    ),
    Metric(
        drivers.batch_share,
        label="Batched orders",
        help="Share of orders carried together with at least one other.",
        unit="share",
        kind="share",
        direction="none",
        source="bundles in Reyes et al. 2018, The Meal Delivery Routing Problem",
        formula="orders in trips of two or more orders / orders in trips",
        changes=(_TOLD_BY_ORDERS,),
        dimensions=CALENDAR,
        also=(
            Counting(
                "trips",
                where=drivers.is_carried,
                beside="orders",
                kept=drivers.with_known_orders,
                not_kept="trips whose number of orders is unknown",
            ),
        ),
        history_weeks=1,
        units=("orders", "orders"),
    ),
    Metric(
        drivers.multi_store_share,
        label="Orders in trips of several stores",
        help="Share of orders carried in a trip that visits two or more stores.",
        unit="share",
        kind="share",
        direction="none",
        source="bundles in Reyes et al. 2018, The Meal Delivery Routing Problem",
        formula="orders in trips of two or more stores / orders in trips",
        changes=(_TOLD_BY_ORDERS,),
        dimensions=CALENDAR,
        also=(
            Counting(
                "trips",
                where=drivers.is_carried,
                beside="orders",
                kept=drivers.with_known_stores,
                not_kept="trips whose number of orders or stores is unknown",
            ),
        ),
        history_weeks=1,
        units=("orders", "orders"),
    ),
    Metric(
        drivers.deadhead_share,
        label="Deadhead",
        help="Share of the meters of trips that are driven without goods.",
        unit="share",
        kind="share",
        direction="down",
        source="Schaller 2017, Empty Seats, Full Streets",
        formula="empty_m / (empty_m + loaded_m)",
        dimensions=TRIP_DIMENSIONS,
        needs=("empty_m", "loaded_m"),
        left_out="trips whose meters are unknown",
        units=("m", "m"),
    ),
    Metric(
        drivers.mall_dwell,
        label="Time at the mall",
        help="Time from the driver's arrival at the mall to the departure with the order: waiting and handling.",
        unit="s",
        kind="seconds",
        direction="down",
        source="stages that tile click-to-door, after Reyes et al. 2018",
        formula="picked_up_at - arrived_at",
        dimensions=ORDER_DIMENSIONS,
        needs=("mall_dwell_s",),
        needs_status="delivered",
        left_out="delivered orders without usable times at the mall",
    ),
    Metric(
        drivers.hours_gap,
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
        changes=(_MEAN_TRIP, _LEFT_OVER),
        dimensions=tuple(each for each in CALENDAR if each != "weeks_open"),
        history_weeks=drivers.HISTORY_WEEKS,
        model=_REQUIRED,
        also=(Counting("orders", carried=drivers.with_hours_after), Counting("trips", where=_none)),
        n_of="hours",
    ),
    Metric(
        drivers.hours_gap_by_cell,
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
        changes=(_MEAN_TRIP, _NOT_NETTED),
        keys=("market_id", "cell"),
        history_weeks=drivers.HISTORY_WEEKS,
        model=_REQUIRED,
        also=(Counting("orders", is_at_every_hour=True), Counting("trips", where=_none)),
        modelled=True,
        by_mall=True,
        n_of="orders",
    ),
)
