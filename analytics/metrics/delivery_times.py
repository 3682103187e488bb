"""How long orders take, how many come in time, and where the time goes."""

from collections.abc import Sequence

import ibis
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


def mean_click_to_door(orders: ir.Table, *, by: Sequence[str] = ()) -> ir.Table:
    """Mean seconds from the customer's order to the delivery, ``delivered_at - placed_at``, of delivered orders only.

    Observed. The mean adds up over days, as percentiles do not: it is what a way of delivering that is known by its sums can be compared
    by. A delivered order whose events are unknown or out of order is left out and counted. Source: Reyes et al. 2018.

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
    """
    timed = orders.filter(_.click_to_door_s.notnull())
    return timed.aggregate({"n": _.count(), "sum_s": _.click_to_door_s.sum().fill_null(0)}, by=list(by))


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


def ready_to_door(orders: ir.Table, *, by: Sequence[str] = ()) -> ir.Table:
    """Seconds from the packed order to the delivery, ``delivered_at - ready_at``, of delivered orders whose packing is known.

    Observed. Percentiles do not add up over groups, sums and counts do. Orders whose moment of packing is unknown, or not before the
    delivery, are left out and counted. Source: Reyes et al. 2018, The Meal Delivery Routing Problem.

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
        - ``n``: delivered orders whose moment of packing is known
        - ``sum_s``: sum of their seconds
        - ``p50_s``, ``p90_s``: seconds within which 50 and 90 of 100 of them passed, nearest rank; null without orders
        - ``p50_low_s``, ``p50_high_s``, ``p90_low_s``, ``p90_high_s``: 95 percent bounds of these; null where so few orders bound nothing
    """
    return percentiles(orders, "ready_to_door_s", by=by)


def ready_to_pickup(orders: ir.Table, *, by: Sequence[str] = ()) -> ir.Table:
    """Seconds from the packed order to the driver's leaving the mall, ``picked_up_at - ready_at``, of delivered orders.

    Observed. How long goods lie. Orders whose moment of packing is unknown, or which left before it, are left out and counted. Source:
    Reyes et al. 2018, The Meal Delivery Routing Problem.

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
        - ``n``: delivered orders that were packed before they left the mall, both moments known
        - ``sum_s``: sum of their seconds
        - ``p50_s``, ``p90_s``: seconds within which 50 and 90 of 100 of them passed, nearest rank; null without orders
        - ``p50_low_s``, ``p50_high_s``, ``p90_low_s``, ``p90_high_s``: 95 percent bounds of these; null where so few orders bound nothing
    """
    return percentiles(orders, "ready_to_pickup_s", by=by)


def placed_to_ready(orders: ir.Table, *, by: Sequence[str] = ()) -> ir.Table:
    """Seconds from the customer's order to the packed order, ``ready_at - placed_at``: what the store needs.

    Observed. A figure of the store, not a stage: a driver may be on the way meanwhile. It counts cancelled, failed and returned orders too,
    once they are packed. Orders that are never packed, or whose packing is unknown, are left out; delivered ones among them are counted.

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
        - ``n``: orders whose moment of packing is known
        - ``sum_s``: sum of their seconds
        - ``p50_s``, ``p90_s``: seconds within which 50 and 90 of 100 of them passed, nearest rank; null without orders
        - ``p50_low_s``, ``p50_high_s``, ``p90_low_s``, ``p90_high_s``: 95 percent bounds of these; null where so few orders bound nothing
    """
    return percentiles(orders, "placed_to_ready_s", by=by)


def prep(orders: ir.Table, *, by: Sequence[str] = ()) -> ir.Table:
    """Seconds of the stage prep: from the customer's order until it is packed or a driver has accepted it, whichever is first.

    Observed: ``min(ready, accepted) - placed`` of delivered orders, ready clamped to between placed and picked up. Means of stages add up,
    percentiles do not. Orders for which it is unknown are left out and counted.

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
        - ``n``: delivered orders for which the stage is known
        - ``sum_s``: sum of their seconds
        - ``p50_s``, ``p90_s``: seconds within which 50 and 90 of 100 of them passed, nearest rank; null without orders
        - ``p50_low_s``, ``p50_high_s``, ``p90_low_s``, ``p90_high_s``: 95 percent bounds of these; null where so few orders bound nothing
    """
    return percentiles(orders, "prep_s", by=by)


def assign(orders: ir.Table, *, by: Sequence[str] = ()) -> ir.Table:
    """Seconds of the stage assign: the packed order waits for a driver to accept it; 0 where one had accepted before.

    Observed: ``max(0, accepted - ready)`` of delivered orders, ready clamped to between placed and picked up. Means of stages add up,
    percentiles do not. Orders for which it is unknown are left out and counted.

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
        - ``n``: delivered orders for which the stage is known
        - ``sum_s``: sum of their seconds
        - ``p50_s``, ``p90_s``: seconds within which 50 and 90 of 100 of them passed, nearest rank; null without orders
        - ``p50_low_s``, ``p50_high_s``, ``p90_low_s``, ``p90_high_s``: 95 percent bounds of these; null where so few orders bound nothing
    """
    return percentiles(orders, "assign_s", by=by)


def approach(orders: ir.Table, *, by: Sequence[str] = ()) -> ir.Table:
    """Seconds of the stage approach: from the driver's accept until the driver reaches the mall.

    Observed: ``arrived - accepted`` of delivered orders. Means of stages add up, percentiles do not. Orders for which it is unknown are
    left out and counted.

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
        - ``n``: delivered orders for which the stage is known
        - ``sum_s``: sum of their seconds
        - ``p50_s``, ``p90_s``: seconds within which 50 and 90 of 100 of them passed, nearest rank; null without orders
        - ``p50_low_s``, ``p50_high_s``, ``p90_low_s``, ``p90_high_s``: 95 percent bounds of these; null where so few orders bound nothing
    """
    return percentiles(orders, "approach_s", by=by)


def store_wait(orders: ir.Table, *, by: Sequence[str] = ()) -> ir.Table:
    """Seconds of the stage store wait: the driver is at the mall and the order is not packed yet; 0 where it was.

    Observed: ``max(0, ready - arrived)`` of delivered orders, ready clamped to between placed and picked up; with handling it makes up the
    mall dwell. Means of stages add up, percentiles do not. Orders for which it is unknown are left out and counted.

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
        - ``n``: delivered orders for which the stage is known
        - ``sum_s``: sum of their seconds
        - ``p50_s``, ``p90_s``: seconds within which 50 and 90 of 100 of them passed, nearest rank; null without orders
        - ``p50_low_s``, ``p50_high_s``, ``p90_low_s``, ``p90_high_s``: 95 percent bounds of these; null where so few orders bound nothing
    """
    return percentiles(orders, "store_wait_s", by=by)


def handling(orders: ir.Table, *, by: Sequence[str] = ()) -> ir.Table:
    """Seconds of the stage handling: the driver parks, walks, finds the store and walks back with the packed order.

    Observed: ``picked_up - arrived`` less the store wait, of delivered orders; with the store wait it makes up the mall dwell. Means of
    stages add up, percentiles do not. Orders for which it is unknown are left out and counted.

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
        - ``n``: delivered orders for which the stage is known
        - ``sum_s``: sum of their seconds
        - ``p50_s``, ``p90_s``: seconds within which 50 and 90 of 100 of them passed, nearest rank; null without orders
        - ``p50_low_s``, ``p50_high_s``, ``p90_low_s``, ``p90_high_s``: 95 percent bounds of these; null where so few orders bound nothing
    """
    return percentiles(orders, "handling_s", by=by)


def drive(orders: ir.Table, *, by: Sequence[str] = ()) -> ir.Table:
    """Seconds of the stage drive: from the mall to the door, other doors of the same trip on the way.

    Observed: ``delivered - picked_up`` of delivered orders. Means of stages add up, percentiles do not. Orders for which it is unknown are
    left out and counted.

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
        - ``n``: delivered orders for which the stage is known
        - ``sum_s``: sum of their seconds
        - ``p50_s``, ``p90_s``: seconds within which 50 and 90 of 100 of them passed, nearest rank; null without orders
        - ``p50_low_s``, ``p50_high_s``, ``p90_low_s``, ``p90_high_s``: 95 percent bounds of these; null where so few orders bound nothing
    """
    return percentiles(orders, "drive_s", by=by)


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
    tiled = _tiled(orders)
    sums = {f"{part}_sum_s": tiled[f"{part}_s"].sum().fill_null(0) for part in ("click_to_door", *STAGES, *DWELL_PARTS)}
    known = {f"{part}_n": tiled[f"{part}_s"].count() for part in DWELL_PARTS}
    return tiled.aggregate({"n": tiled.count(), **sums, **known}, by=list(by))


def tail_parts(orders: ir.Table, *, by: Sequence[str] = ()) -> dict[str, ir.BooleanValue]:
    """Return which orders stand behind the slow tail of their group, and behind each of its stages."""
    is_tail = _is_tail(orders, by)
    return {"tail": is_tail} | {f"tail_{part}": is_tail & known for part, known in stage_parts(orders).items()}


TAIL_TILINGS = tuple((f"tail_{whole}", tuple(f"tail_{part}" for part in parts)) for whole, parts in STAGE_TILINGS)
"""The same wholes and parts as of the stages, in the slow tail."""


def tail_stages(orders: ir.Table, *, by: Sequence[str] = ()) -> ir.Table:
    """Mean stages of the slow tail: of the orders between the 85th and the 95th percentile of their group's click-to-door.

    Observed. Percentiles of stages do not add up to the p90 of the whole; the mean stages of the orders around it do add up to their mean,
    and so tell what makes a slow order slow. Both percentiles are nearest rank and belong to the tail. Stages are those of ``stages``;
    orders whose known events run backwards are left out and counted.

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
        - ``tail_n``: of these, the orders in the tail
        - ``tail_low_s``, ``tail_high_s``: shortest and longest click-to-door in it, seconds: its 85th and 95th percentile
        - ``tail_click_to_door_sum_s``: sum of their click-to-door, seconds
        - ``tail_prep_sum_s``, ``tail_assign_sum_s``, ``tail_approach_sum_s``, ``tail_mall_dwell_sum_s``, ``tail_drive_sum_s``,
          ``tail_unsplit_sum_s``: its parts
        - ``tail_store_wait_sum_s``, ``tail_handling_sum_s``: parts of the mall dwell, of the orders whose moment of packing is known
        - ``tail_store_wait_n``, ``tail_handling_n``: how many these are
    """
    tiled = _tiled(orders)
    tail = tiled.mutate(is_tail=_is_tail(tiled, by))
    sums = {
        f"tail_{part}_sum_s": tail[f"{part}_s"].sum(where=tail.is_tail).fill_null(0) for part in ("click_to_door", *STAGES, *DWELL_PARTS)
    }
    known = {f"tail_{part}_n": tail[f"{part}_s"].count(where=tail.is_tail) for part in DWELL_PARTS}
    ends = {
        "tail_low_s": tail.click_to_door_s.min(where=tail.is_tail),
        "tail_high_s": tail.click_to_door_s.max(where=tail.is_tail),
    }
    return tail.aggregate({"n": tail.count(), "tail_n": tail.is_tail.sum().fill_null(0), **ends, **sums, **known}, by=list(by))


def _is_tail(orders: ir.Table, by: Sequence[str]) -> ir.BooleanValue:
    """Tell which orders lie between the 85th and the 95th percentile of their group, both included.

    An order is at or over the percentile p where the orders up to its own seconds reach the rank n p, and at or under it where those that
    took fewer seconds do not.
    """
    group, seconds = list(by), orders.click_to_door_s
    total = orders.count().over(ibis.window(group_by=group))
    up_to = orders.count().over(ibis.range_window(preceding=None, following=0, group_by=group, order_by=seconds))
    shorter = ibis.rank().over(ibis.window(group_by=group, order_by=seconds))
    return (100 * up_to >= 85 * total) & (100 * shorter < 95 * total)


def _tiled(orders: ir.Table) -> ir.Table:
    """Return delivered orders whose known events are in order."""
    return orders.filter(_.click_to_door_s.notnull(), _.unsplit_s.notnull())
