"""How long orders take, how many come in time, and where the time goes."""

from collections.abc import Sequence

import ibis.expr.types as ir
from ibis import _

from analytics.quantiles import percentiles

STAGES = ("prep", "assign", "approach", "mall_dwell", "drive", "unsplit")
"""Parts that tile click-to-door to the second; ``unsplit`` is what cannot be divided because an event is unknown."""

DWELL_PARTS = ("store_wait", "handling")
"""Parts of the mall dwell, where the moment of packing is known."""

STAGE_TILINGS = (
    ("click_to_door", ("unsplit", "assign", "prep", "approach", "drive", "mall_dwell")),
    ("mall_dwell", ("handling", "store_wait", "undivided_dwell")),
)
"""Wholes and the parts that add up to them; of parts with as many people behind them, the first one is hidden first."""


def stage_parts(orders: ir.Table) -> dict[str, ir.BooleanValue]:
    """Return which orders stand behind each stage: those for which it is known, and behind ``unsplit`` those that have such seconds."""
    known = {part: orders[f"{part}_s"].notnull() for part in (*STAGES, *DWELL_PARTS)}
    undivided = {"undivided_dwell": orders.mall_dwell_s.notnull() & orders.store_wait_s.isnull()}
    return known | {"unsplit": orders.unsplit_s > 0} | undivided


def click_to_door(orders: ir.Table, *, by: Sequence[str] = ()) -> ir.Table:
    """Seconds from the customer's order to the delivery, ``delivered_at - placed_at``, of delivered orders only.

    Observed. Means add up over groups by their sums and counts; percentiles do not, so ask for the groups you want. A delivered order
    whose events are unknown or out of order is left out and counted. Source: Reyes et al. 2018, The Meal Delivery Routing Problem.

    Parameters
    ----------
    orders
        Table of the contract of that name, filtered.
    by
        Columns that make the groups; none for one row over everything.

    Returns
    -------
    ibis.expr.types.Table
        One row per group with such orders (without ``by`` always one row):

        - the columns of ``by``
        - ``n``: orders that count
        - ``sum_s``: sum of their seconds
        - ``p50_s``, ``p90_s``: seconds within which 50 and 90 of 100 of them came, nearest rank; null without orders
        - ``p50_low_s``, ``p50_high_s``, ``p90_low_s``, ``p90_high_s``: 95 percent bounds of these; null where so few orders bound nothing
    """
    return percentiles(orders, "click_to_door_s", by=by)


def on_time_share(orders: ir.Table, *, by: Sequence[str] = ()) -> ir.Table:
    """Delivered orders with ``delivered_at <= promised_by``, out of all delivered orders that have a promise.

    Observed. A delivery in the very second of the promise is on time. Orders without a promise are left out and counted. Shares over
    groups are sums of numerators over sums of denominators. Source: on-time delivery as Walmart reports it (OTD).

    Parameters
    ----------
    orders
        Table of the contract of that name, filtered.
    by
        Columns that make the groups; none for one row over everything.

    Returns
    -------
    ibis.expr.types.Table
        One row per group with such orders (without ``by`` always one row):

        - the columns of ``by``
        - ``numerator``: orders delivered on time
        - ``denominator``: delivered orders that have a promise
        - ``n``: the same number, the orders that count
    """
    promised = orders.filter(_.late_s.notnull())
    return promised.aggregate(
        {"numerator": (_.late_s <= 0).sum().fill_null(0), "denominator": _.count(), "n": _.count()},
        by=list(by),
    )


def stages(orders: ir.Table, *, by: Sequence[str] = ()) -> ir.Table:
    """Seconds of click-to-door stage by stage: sums that tile the whole, so that mean stages add up to the mean click-to-door.

    Observed. With r = ready clamped to between placed and picked up: prep = min(r, accepted) - placed; assign = max(0, accepted - r);
    approach = arrived - accepted; mall dwell = picked up - arrived, of which store wait = max(0, r - arrived) and the rest is handling
    (park, walk, find, walk back); drive = delivered - picked up. Where an event is unknown, the seconds between its known neighbors are
    unsplit. Orders whose known events run backwards are left out and counted.

    Parameters
    ----------
    orders
        Table of the contract of that name, filtered.
    by
        Columns that make the groups; none for one row over everything.

    Returns
    -------
    ibis.expr.types.Table
        One row per group with such orders (without ``by`` always one row):

        - the columns of ``by``
        - ``n``: delivered orders whose known events are in order
        - ``click_to_door_sum_s``: sum of their click-to-door, seconds
        - ``prep_sum_s``, ``assign_sum_s``, ``approach_sum_s``, ``mall_dwell_sum_s``, ``drive_sum_s``, ``unsplit_sum_s``: its parts
        - ``store_wait_sum_s``, ``handling_sum_s``: parts of the mall dwell, of the orders whose moment of packing is known
        - ``store_wait_n``, ``handling_n``: how many these are

        A part is null where it is hidden: too few people have it, or another one would follow from it.
    """
    tiled = orders.filter(_.click_to_door_s.notnull(), _.unsplit_s.notnull())
    sums = {f"{part}_sum_s": tiled[f"{part}_s"].sum().fill_null(0) for part in ("click_to_door", *STAGES, *DWELL_PARTS)}
    known = {f"{part}_n": tiled[f"{part}_s"].count() for part in DWELL_PARTS}
    return tiled.aggregate({"n": tiled.count(), **sums, **known}, by=list(by))
