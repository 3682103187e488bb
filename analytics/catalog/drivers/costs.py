"""What a delivery costs, and what is left of an order."""

from datetime import date
from typing import Final

from analytics.catalog.metric import Change, Counting, Metric
from analytics.dimensions import CALENDAR
from analytics.metrics.drivers import costs, rows

_PAID = Counting(
    "offers",
    needs=("pay_cents",),
    status="accepted",
    left_out="accepted offers whose pay is unknown",
    where=rows.is_accepted,
    beside="orders",
    kept=rows.in_known_markets,
    not_kept="accepted offers in markets or at malls without orders",
)

_WITHOUT_OFFERS = "delivered orders in markets or at malls without offers"

_NOV_22: Final = date(2026, 11, 22)

_BOTH_SIDES_AND_PAY = Change(
    _NOV_22,
    "A market of which one of the tables has nothing is left out of both sides and counted; before, it counted in "
    "one of them. Pay that is unknown of more than 1 in 100 makes the figure unknown; before, it counted as "
    "nothing.",
)

METRICS: Final = (
    Metric(
        costs.cost_per_delivery,
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
        day_sums=(("offers", costs.pay_sums), ("orders", rows.delivered)),
        of_days=costs.cost_of_sums,
        units=("cents", "orders"),
        also=(
            _PAID,
            Counting("orders", where=rows.is_delivered, beside="offers", kept=rows.in_known_markets, not_kept=_WITHOUT_OFFERS),
        ),
        n_of="orders",
    ),
    Metric(
        costs.contribution_per_order,
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
                where=rows.is_delivered,
                beside="offers",
                kept=rows.in_known_markets,
                not_kept=_WITHOUT_OFFERS,
            ),
        ),
        n_of="orders",
    ),
)
