"""How long orders take, and whether they come on time."""

from typing import Final

from analytics.catalog.metric import ORDER_DIMENSIONS, Metric
from analytics.metrics import delivery_times

METRICS: Final = (
    Metric(
        delivery_times.click_to_door,
        label="Click-to-door",
        help="Time from the customer's order to the delivery at the door; at p90, 9 of 10 orders are faster.",
        unit="s",
        kind="seconds",
        direction="down",
        source="Reyes et al. 2018, The Meal Delivery Routing Problem",
        dimensions=ORDER_DIMENSIONS,
        needs=("click_to_door_s",),
        needs_status="delivered",
        left_out="delivered orders without usable times of order and delivery",
        breaks=(("p90_s", (2700, 3600, 4500, 5400, 7200)), ("p50_s", (1800, 2400, 3000, 3600, 4500))),
    ),
    Metric(
        delivery_times.on_time_share,
        label="On time",
        help="Share of delivered orders that came no later than promised.",
        unit="share",
        kind="share",
        direction="up",
        source="on-time delivery as Walmart reports it (OTD)",
        dimensions=ORDER_DIMENSIONS,
        needs=("late_s",),
        needs_status="delivered",
        left_out="delivered orders without a promise or without a time of delivery",
        breaks=(("share", (0.7, 0.8, 0.85, 0.9, 0.95)),),
    ),
    Metric(
        delivery_times.stages,
        label="Stages",
        help="Where the time from order to door goes, on average: the parts add up to the whole.",
        unit="s",
        kind="seconds",
        direction="down",
        source="stages that tile click-to-door, after Reyes et al. 2018",
        dimensions=ORDER_DIMENSIONS,
        needs=("click_to_door_s", "unsplit_s"),
        needs_status="delivered",
        left_out="delivered orders whose events are missing at the ends or run backwards",
        parts=delivery_times.stage_parts,
        tilings=delivery_times.STAGE_TILINGS,
    ),
)
