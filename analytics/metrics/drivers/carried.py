"""Offers that drivers take, and what a trip carries: batches, empty meters, the stay at the mall."""

from collections.abc import Sequence
from typing import Final

import ibis
import ibis.expr.types as ir
from ibis import _

from analytics.metrics.drivers.rows import asked_hours, is_accepted, is_carried
from analytics.quantiles import percentiles
from analytics.ratios import ratio_of_sums

BATCH: Final = 2
"""Orders of a trip from which on it is a batch, and stores from which on it is one of several stores."""


def acceptance_share(offers: ir.Table, *, by: Sequence[str] = ()) -> ir.Table:
    """Offers accepted, out of all offers shown.

    Observed. An offer that expired counts as not accepted. Offers of which nothing is known yet are left out and counted. Bounds come from
    the spread between drivers. Source: acceptance rate of DoorDash and Meituan.

    Parameters
    ----------
    offers
        Table of the contract of that name, filtered.
    by
        Columns that make the groups; none for one row over everything.

    Returns
    -------
    ibis.expr.types.Table
        One row per group with such offers (without ``by`` always one row):

        - the columns of ``by``
        - ``numerator``: offers accepted
        - ``denominator``: offers shown
        - ``n``: the same number
    """
    known = offers.filter(_.status.notnull()).mutate(person=ibis.coalesce(_.driver_id, _.offer_id), shown=ibis.literal(1, "int64"))
    return ratio_of_sums(known, is_accepted(known).cast("int64"), known.shown, cluster="person", by=by)


def batch_share(trips: ir.Table, orders: ir.Table, *, by: Sequence[str] = (), dow: int | None = None, hour: int | None = None) -> ir.Table:
    """Orders carried in trips of two or more, out of all orders carried.

    Observed. Trips that were cancelled carried nothing. Where a trip does not say how many orders it carried, the orders that name it are
    counted; trips of which that is unknown too are left out and counted. Source: bundles in Reyes et al. 2018, The Meal Delivery Routing
    Problem.

    Parameters
    ----------
    trips, orders
        Tables of the contracts of those names, filtered to the period and the week before.
    by
        Columns that make the groups; none for one row over everything.
    dow, hour
        Only trips of this weekday, only of this hour; None: all.

    Returns
    -------
    ibis.expr.types.Table
        One row per group with such trips (without ``by`` always one row):

        - the columns of ``by``
        - ``numerator``: orders in trips of two or more
        - ``denominator``: orders
        - ``n``: trips
    """
    carried = with_known_orders(_asked_trips(trips, dow, hour), orders, by)
    batched = (carried.order_count >= BATCH).ifelse(carried.order_count, 0)
    return ratio_of_sums(carried, batched, carried.order_count, cluster="driver_id", by=by)


def multi_store_share(
    trips: ir.Table, orders: ir.Table, *, by: Sequence[str] = (), dow: int | None = None, hour: int | None = None
) -> ir.Table:
    """Orders carried in trips that visit two or more stores, out of all orders carried.

    Observed. Trips that were cancelled carried nothing. Where a trip does not say how many orders it carried, or from how many stores, the
    orders that name it are counted, and their stores; trips of which that is unknown too are left out and counted. Source: bundles in
    Reyes et al. 2018, The Meal Delivery Routing Problem.

    Parameters
    ----------
    trips, orders
        Tables of the contracts of those names, filtered to the period and the week before.
    by
        Columns that make the groups; none for one row over everything.
    dow, hour
        Only trips of this weekday, only of this hour; None: all.

    Returns
    -------
    ibis.expr.types.Table
        One row per group with such trips (without ``by`` always one row):

        - the columns of ``by``
        - ``numerator``: orders in trips of two or more stores
        - ``denominator``: orders
        - ``n``: trips
    """
    carried = with_known_stores(_asked_trips(trips, dow, hour), orders, by)
    of_several = (carried.store_count >= BATCH).ifelse(carried.order_count, 0)
    return ratio_of_sums(carried, of_several, carried.order_count, cluster="driver_id", by=by)


def deadhead_share(trips: ir.Table, *, by: Sequence[str] = ()) -> ir.Table:
    """Meters driven without goods, out of all meters driven on trips.

    Observed. Trips whose meters are unknown are left out and counted; nothing is made up for them. Source: Schaller 2017, Empty Seats, Full
    Streets (deadhead share).

    Parameters
    ----------
    trips
        Table of the contract of that name, filtered.
    by
        Columns that make the groups; none for one row over everything.

    Returns
    -------
    ibis.expr.types.Table
        One row per group with such trips (without ``by`` always one row):

        - the columns of ``by``
        - ``numerator``: meters without goods
        - ``denominator``: meters
        - ``n``: trips
    """
    known = trips.filter(_.empty_m.notnull(), _.loaded_m.notnull())
    return ratio_of_sums(known, known.empty_m, known.empty_m + known.loaded_m, cluster="driver_id", by=by)


def mall_dwell(orders: ir.Table, *, by: Sequence[str] = ()) -> ir.Table:
    """Seconds that a driver spends at the mall for an order, ``picked_up_at - arrived_at``: waiting at the store and handling.

    Observed, of delivered orders. An order of a batch has the whole stay of its driver. Orders without these times, or whose events run
    backwards, are left out and counted. Source: stages that tile click-to-door, after Reyes et al. 2018.

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
        - ``p50_s``, ``p90_s``: seconds within which 50 and 90 of 100 of them were done, nearest rank; null without orders
        - ``p50_low_s``, ``p50_high_s``, ``p90_low_s``, ``p90_high_s``: 95 percent bounds of these; null where so few orders bound nothing
    """
    return percentiles(orders, "mall_dwell_s", by=by)


def with_known_orders(trips: ir.Table, orders: ir.Table, _by: Sequence[str]) -> ir.Table:
    """Keep the trips of which is known how many orders they carried: as they say, else as many as name them."""
    return _with_counts(trips, orders).filter(_.order_count.notnull())


def with_known_stores(trips: ir.Table, orders: ir.Table, _by: Sequence[str]) -> ir.Table:
    """Keep the trips of which is known how many orders they carried, and from how many stores."""
    return _with_counts(trips, orders).filter(_.order_count.notnull(), _.store_count.notnull())


def _with_counts(trips: ir.Table, orders: ir.Table) -> ir.Table:
    lacking = trips.filter(trips.order_count.isnull() | trips.store_count.isnull()).select("trip_id")
    named = orders.filter(_.trip_id.notnull()).semi_join(lacking, "trip_id").select("trip_id", "store_id")
    counts = named.group_by("trip_id").agg(orders=_.count(), stores=_.store_id.nunique(), known=_.store_id.count())
    # One store is not the only one where another order does not tell its own.
    are_told = (counts.known == counts.orders) | (counts.stores >= BATCH)
    counts = counts.select("trip_id", "orders", stores=are_told.ifelse(counts.stores, ibis.null("int64")))
    columns = {"order_count": ibis.coalesce(_.order_count, _.orders), "store_count": ibis.coalesce(_.store_count, _.stores)}
    return trips.left_join(counts, "trip_id").select(trips, "orders", "stores").mutate(**columns).drop("orders", "stores")


def _asked_trips(trips: ir.Table, dow: int | None, hour: int | None) -> ir.Table:
    asked = asked_hours(trips, start_on=None, end_on=None, dow=dow, hour=hour)
    return trips.filter(_.in_period, is_carried(trips), *asked)
