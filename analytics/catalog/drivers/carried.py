"""Offers that drivers take, and what their trips carry."""

from datetime import date
from typing import Final

from analytics.catalog.metric import OFFER_DIMENSIONS, ORDER_DIMENSIONS, TRIP_DIMENSIONS, Change, Counting, Metric
from analytics.dimensions import CALENDAR
from analytics.metrics.drivers import carried, rows

_NOV_22: Final = date(2026, 11, 22)

_TOLD_BY_ORDERS = Change(
    _NOV_22,
    "Trips that do not say how many orders or stores they served are told by the orders that name them; before, they were left out.",
)

METRICS: Final = (
    Metric(
        carried.acceptance_share,
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
        carried.batch_share,
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
                where=rows.is_carried,
                beside="orders",
                kept=carried.with_known_orders,
                not_kept="trips whose number of orders is unknown",
            ),
        ),
        history_weeks=1,
        units=("orders", "orders"),
    ),
    Metric(
        carried.multi_store_share,
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
                where=rows.is_carried,
                beside="orders",
                kept=carried.with_known_stores,
                not_kept="trips whose number of orders or stores is unknown",
            ),
        ),
        history_weeks=1,
        units=("orders", "orders"),
    ),
    Metric(
        carried.deadhead_share,
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
        carried.mall_dwell,
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
)
