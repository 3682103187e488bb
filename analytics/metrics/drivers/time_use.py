"""How drivers' online time is used, and what is delivered and earned in it."""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
from ibis import _

from analytics.metrics.drivers.rows import beside, delivered, mostly, of_markets_with_trips, over_places, places_of
from analytics.ratios import ratio_of_sums


def utilization(shift_activity: ir.Table, *, by: Sequence[str] = ()) -> ir.Table:
    """Engaged time over online time: the union of a driver's trips within the driver's shifts, over the union of the shifts.

    Observed. Trips that overlap count once, what lies outside a shift does not count, a cancelled trip counts until it is cancelled. Of a
    mall: all engaged time of its drivers, for whichever mall, over their online time; its drivers are those of shifts that carry the mall,
    else of shifts with an offer or a trip of it. Malls do not add up to the market. Bounds come from the spread between drivers. Source:
    utilization rate of the New York City TLC driver pay rule and the DCWP delivery worker rule.

    Parameters
    ----------
    shift_activity
        Table of the contract of that name, filtered to one view: whole shifts, or those of malls' drivers.
    by
        Columns that make the groups; none for one row over everything.

    Returns
    -------
    ibis.expr.types.Table
        One row per group with such hours (without ``by`` always one row):

        - the columns of ``by``
        - ``numerator``: seconds engaged
        - ``denominator``: seconds online
        - ``n``: hours of shifts that count, begun ones too
        - ``engaged_here_s``: of the seconds engaged, those for the mall itself; all of them for whole shifts
    """
    known = shift_activity.filter(_.engaged_s.notnull())
    values = ratio_of_sums(known, known.engaged_s, known.online_s, cluster="driver_id", by=by)
    return beside(values, known.aggregate({"engaged_here_s": _.engaged_here_s.sum().fill_null(0)}, by=list(by)), by)


def utilization_work(shift_activity: ir.Table, *, by: Sequence[str] = ()) -> ir.Table:
    """Time at work over online time: driving, picking up and handing over, without waiting at the mall for orders to be packed.

    Observed. A driver waits from the arrival at the mall until the last order of the trip is packed, no longer than to the departure; of a
    trip cancelled before the pick-up only the drive to the mall counts. Shifts with a trip of which an event is unknown are left out and
    counted. Source: Reyes et al. 2018, The Meal Delivery Routing Problem (courier utilization).

    Parameters
    ----------
    shift_activity
        Table of the contract of that name, filtered to one view.
    by
        Columns that make the groups; none for one row over everything.

    Returns
    -------
    ibis.expr.types.Table
        One row per group with such hours (without ``by`` always one row):

        - the columns of ``by``
        - ``numerator``: seconds at work
        - ``denominator``: seconds online
        - ``n``: hours of shifts that count
    """
    known = shift_activity.filter(_.work_s.notnull())
    return ratio_of_sums(known, known.work_s, known.online_s, cluster="driver_id", by=by)


def utilization_loaded(shift_activity: ir.Table, *, by: Sequence[str] = ()) -> ir.Table:
    """Time with goods aboard over online time: the union of the spans from pick-up to the end of a trip, within the shifts.

    Observed. Shifts with a completed trip whose pick-up is unknown are left out and counted. Source: Cramer and Krueger 2016, Disruptive
    Change in the Taxi Business (capacity utilization by time).

    Parameters
    ----------
    shift_activity
        Table of the contract of that name, filtered to one view.
    by
        Columns that make the groups; none for one row over everything.

    Returns
    -------
    ibis.expr.types.Table
        One row per group with such hours (without ``by`` always one row):

        - the columns of ``by``
        - ``numerator``: seconds with goods aboard
        - ``denominator``: seconds online
        - ``n``: hours of shifts that count
    """
    known = shift_activity.filter(_.loaded_s.notnull())
    return ratio_of_sums(known, known.loaded_s, known.online_s, cluster="driver_id", by=by)


def deliveries_per_online_hour(orders: ir.Table, shift_activity: ir.Table, *, by: Sequence[str] = ()) -> ir.Table:
    """Orders delivered over the hours in which drivers are online.

    Observed. Orders belong to the hour in which they were placed, online time to the hour in which it was spent. Of a mall: its orders over
    the online time of its drivers, who may also have delivered for others. Orders of markets without any online time are left out and
    counted. Source: Reyes et al. 2018, The Meal Delivery Routing Problem.

    Parameters
    ----------
    orders, shift_activity
        Tables of the contracts of those names, filtered; hours of shifts in one view.
    by
        Columns that make the groups; none for one row over everything.

    Returns
    -------
    ibis.expr.types.Table
        One row per group with orders or online time (without ``by`` always one row):

        - the columns of ``by``
        - ``numerator``: orders delivered; null where no online time is known
        - ``denominator``: seconds online
        - ``n``: orders delivered
    """
    return _per_time(delivered(orders, by=places_of(by)), shift_activity, "online_s", by)


def deliveries_per_engaged_hour(orders: ir.Table, shift_activity: ir.Table, *, by: Sequence[str] = ()) -> ir.Table:
    """Orders delivered over the hours in which drivers are on a trip.

    Observed. Engaged time is the union of a driver's trips within the shifts, as in utilization; of a mall's drivers that for the mall
    itself. Orders of markets of which no engaged time is known are left out and counted; where it is unknown of more than 1 in 100 of the
    time online, so is the figure. Source: deliveries per active hour, as Onfleet and DoorDash report them.

    Parameters
    ----------
    orders, shift_activity
        Tables of the contracts of those names, filtered; hours of shifts in one view.
    by
        Columns that make the groups; none for one row over everything.

    Returns
    -------
    ibis.expr.types.Table
        One row per group with orders or online time (without ``by`` always one row):

        - the columns of ``by``
        - ``numerator``: orders delivered; null where the engaged time of more than 1 in 100 seconds online is unknown
        - ``denominator``: seconds engaged
        - ``n``: orders delivered
    """
    hours = of_markets_with_trips(shift_activity, shift_activity, by)
    sums = {
        "denominator": _.engaged_here_s.sum(),
        "online_s": _.online_s.sum(),
        "known_s": _.online_s.sum(where=_.engaged_here_s.notnull()),
    }
    values = over_places(by, delivered(orders, by=places_of(by)), hours.aggregate(sums, by=places_of(by)), needed=(1,))
    return values.select(*by, numerator=mostly(_.n, known=_.known_s, of=_.online_s, is_known=_.is_known), denominator=_.denominator, n=_.n)


def earnings_per_online_hour(trips: ir.Table, shift_activity: ir.Table, *, by: Sequence[str] = ()) -> ir.Table:
    """Drivers' pay for trips over the hours in which they are online.

    Observed. Pay of cancelled trips counts where there is any. Trips whose pay is unknown are left out and counted; where they are more
    than 1 in 100, so are the earnings. Of a mall: pay of its trips over the online time of its drivers, who may also have earned for
    others. Markets without trips or without online time are left out and counted. Source: earnings per hour online, after Cramer and
    Krueger 2016.

    Parameters
    ----------
    trips, shift_activity
        Tables of the contracts of those names, filtered; hours of shifts in one view.
    by
        Columns that make the groups; none for one row over everything.

    Returns
    -------
    ibis.expr.types.Table
        One row per group with trips or online time (without ``by`` always one row):

        - the columns of ``by``
        - ``numerator``: cents paid; null where the pay of more than 1 in 100 trips is unknown
        - ``denominator``: seconds online
        - ``n``: trips whose pay is known
    """
    paid = trips.aggregate({"trips": _.count(), "n": _.pay_cents.count(), "pay_cents": _.pay_cents.sum()}, by=places_of(by))
    online = of_markets_with_trips(shift_activity, shift_activity, by)
    time = online.aggregate({"denominator": _.online_s.sum()}, by=places_of(by))
    values = over_places(by, paid, time, needed=(1,))
    return values.select(*by, numerator=mostly(_.pay_cents, known=_.n, of=_.trips, is_known=_.is_known), denominator=_.denominator, n=_.n)


def _per_time(counted: ir.Table, shift_activity: ir.Table, column: str, by: Sequence[str]) -> ir.Table:
    """Put ``n`` over the sum of a column of seconds, in markets of which there are any."""
    time = shift_activity.aggregate({"denominator": shift_activity[column].sum()}, by=places_of(by))
    values = over_places(by, counted, time, needed=(1,))
    return values.select(*by, numerator=_.is_known.ifelse(_.n, ibis.null("int64")), denominator=_.denominator, n=_.n)
