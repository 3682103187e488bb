"""How drivers' time is used, what it earns and costs, and how many hours of it are lacking or spare."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import ibis
import ibis.expr.types as ir
from ibis import Deferred, _

from analytics.cells import parent
from analytics.metrics.coverage import demand_inside, drives_to
from analytics.metrics.driver_access import spread_over_people
from analytics.privacy import SUBJECTS, Subject
from analytics.quantiles import percentiles
from analytics.ratios import ratio_of_sums

BATCH: Final = 2
"""Orders of a trip from which on it is a batch, and stores from which on it is one of several stores."""

UNKNOWN_IN: Final = 100
"""One trip or offer in so many may lack its pay before what is paid counts as unknown."""

LOOK_BACK_WEEKS: Final = 8
"""Weeks before an hour whose same hour of the week says how much time an order takes."""

HISTORY_WEEKS: Final = LOOK_BACK_WEEKS + 1
"""Weeks that must be seen before a period: the 8 before its first hour, and before the evening whose work is left over for it."""

LONGEST_TRIP_S: Final = 3 * 3600
_HOUR_S, _DAY_HOURS, _WEEK_DAYS = 3600, 24, 7
_EPOCH: Final = ibis.date(1970, 1, 1)
_FIRST_DOW: Final = 3
"""Weekday of the day 0, counted from Monday: a Thursday."""


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
    return _beside(values, known.aggregate({"engaged_here_s": _.engaged_here_s.sum().fill_null(0)}, by=list(by)), by)


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
    return _per_time(_delivered(orders, by), shift_activity, "online_s", by)


def deliveries_per_engaged_hour(orders: ir.Table, shift_activity: ir.Table, *, by: Sequence[str] = ()) -> ir.Table:
    """Orders delivered over the hours in which drivers are on a trip.

    Observed. Engaged time is the union of a driver's trips within the shifts, as in utilization; of a mall's drivers that for the mall
    itself. Orders of markets of which no engaged time is known are left out and counted. Source: deliveries per active hour, as Onfleet
    and DoorDash report them.

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
        - ``numerator``: orders delivered; null where no engaged time is known
        - ``denominator``: seconds engaged
        - ``n``: orders delivered
    """
    return _per_time(_delivered(orders, by), shift_activity.filter(_.engaged_here_s.notnull()), "engaged_here_s", by)


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
    paid = trips.aggregate({"trips": _.count(), "n": _.pay_cents.count(), "pay_cents": _.pay_cents.sum()}, by=_places(by))
    online = of_markets_with_trips(shift_activity, shift_activity, by)
    time = online.aggregate({"denominator": _.online_s.sum()}, by=_places(by))
    values = _over_places(by, paid, time, needed=(1,))
    return values.select(*by, numerator=_mostly(_.pay_cents, known=_.n, of=_.trips, is_known=_.is_known), denominator=_.denominator, n=_.n)


def cost_per_delivery(
    offers: ir.Table, orders: ir.Table, *, by: Sequence[str] = (), handling_cents: int = 0, surcharge_cents: int = 0
) -> ir.Table:
    """Pay of accepted offers, handling and surcharges over delivered orders: what one costs.

    Observed, but for the two parameters. Pay of offers counts whose trip was cancelled later. Offers belong to the hour in which they were
    shown, orders to that in which they were placed. Accepted offers whose pay is unknown are counted; where they are more than 1 in 100,
    the cost is unknown. Markets without any offer or any order are left out and counted. Source: counted.

    Parameters
    ----------
    offers, orders
        Tables of the contracts of those names, filtered.
    by
        Columns that make the groups; none for one row over everything.
    handling_cents, surcharge_cents
        Cost of a delivered order beside the driver's pay, cents.

    Returns
    -------
    ibis.expr.types.Table
        One row per group with offers or orders (without ``by`` always one row):

        - the columns of ``by``
        - ``numerator``: cents; null where the pay of more than 1 in 100 accepted offers is unknown
        - ``denominator``: orders delivered
        - ``n``: orders delivered
        - ``pay_sum_cents``: of the cents, pay of drivers
    """
    return cost_of_sums(
        pay_sums(offers, by=_places(by)),
        delivered(orders, by=_places(by)),
        by=by,
        handling_cents=handling_cents,
        surcharge_cents=surcharge_cents,
    )


def cost_of_sums(pay: ir.Table, orders: ir.Table, *, by: Sequence[str] = (), handling_cents: int = 0, surcharge_cents: int = 0) -> ir.Table:
    """Return cost_per_delivery from sums of offers and of orders, by day or by any other groups that ``by`` adds up.

    Parameters
    ----------
    pay, orders
        What ``pay_sums`` and ``delivered`` return.
    by, handling_cents, surcharge_cents
        As in cost_per_delivery.
    """
    values = _with_pay(by, _added(orders, by), _added(pay, by))
    cost = values.pay_sum_cents + values.n * (handling_cents + surcharge_cents)
    return values.select(*by, numerator=cost, denominator=_.n, n=_.n, pay_sum_cents=_.pay_sum_cents)


def contribution_per_order(
    offers: ir.Table,
    orders: ir.Table,
    *,
    by: Sequence[str] = (),
    handling_cents: int = 0,
    surcharge_cents: int = 0,
    commission_cents: int = 0,
) -> ir.Table:
    """Fees and commission of delivered orders less their cost, over delivered orders: what is left of one.

    Observed, but for the three parameters. The cost is that of cost_per_delivery, known and unknown alike. A delivered order whose fee is
    unknown counts as one without a fee, and how many there are is said. Source: counted.

    Parameters
    ----------
    offers, orders
        Tables of the contracts of those names, filtered.
    by
        Columns that make the groups; none for one row over everything.
    handling_cents, surcharge_cents
        Cost of a delivered order beside the driver's pay, cents.
    commission_cents
        Commission earned with a delivered order, cents.

    Returns
    -------
    ibis.expr.types.Table
        One row per group with offers or orders (without ``by`` always one row):

        - the columns of ``by``
        - ``numerator``: cents; negative where more is paid than earned; null where the cost is unknown or no fee is known
        - ``denominator``: orders delivered
        - ``n``: orders delivered
        - ``fee_sum_cents``, ``pay_sum_cents``: fees of delivered orders, and pay of drivers
    """
    is_done = is_delivered(orders)
    sums = {"n": is_done.sum(), "fee_sum_cents": orders.fee_cents.sum(where=is_done), "fees": (is_done & orders.fee_cents.notnull()).sum()}
    values = _with_pay(by, orders.aggregate(sums, by=_places(by)), pay_sums(offers, by=_places(by)))
    is_earned = (values.n == 0) | (values.fees > 0)
    values = values.mutate(fee_sum_cents=is_earned.ifelse(values.fee_sum_cents, ibis.null("int64")))
    own = commission_cents - handling_cents - surcharge_cents
    left = values.fee_sum_cents - values.pay_sum_cents + values.n * own
    return values.select(*by, numerator=left, denominator=_.n, n=_.n, fee_sum_cents=_.fee_sum_cents, pay_sum_cents=_.pay_sum_cents)


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
    asked = _asked_hours(trips, start_on=None, end_on=None, dow=dow, hour=hour)
    return trips.filter(_.in_period, is_carried(trips), *asked)


def is_carried(trips: ir.Table) -> ir.BooleanValue:
    """Tell which trips brought orders to doors: those that were not cancelled."""
    return trips.status.fill_null("completed") != "cancelled"


def is_accepted(offers: ir.Table) -> ir.BooleanValue:
    """Tell which offers were accepted."""
    return offers.status.fill_null("") == "accepted"


def is_delivered(orders: ir.Table) -> ir.BooleanValue:
    """Tell which orders were delivered."""
    return orders.status.fill_null("") == "delivered"


def in_known_markets(rows: ir.Table, others: ir.Table, by: Sequence[str]) -> ir.Table:
    """Keep the rows of markets, and of malls where ``by`` has them, of which the other table has a row: elsewhere it tells nothing."""
    place = _place(by)
    known = others.select(place).distinct()
    return rows.semi_join(known, [rows[name].identical_to(known[name]) for name in place]).select(*rows.columns)


def of_markets_with_trips(rows: ir.Table, shift_activity: ir.Table, by: Sequence[str]) -> ir.Table:
    """Keep the rows of markets, and of malls where ``by`` has them, of whose drivers some engaged time is known."""
    return in_known_markets(rows, shift_activity.filter(_.engaged_s.notnull()), by)


def _place(by: Sequence[str]) -> list[str]:
    return ["market_id", "mall_id"] if "mall_id" in by else ["market_id"]


def _places(by: Sequence[str]) -> list[str]:
    """Return the columns of the groups, cut further by market."""
    return list(dict.fromkeys([*by, *_place(by)]))


def delivered(orders: ir.Table, *, by: Sequence[str]) -> ir.Table:
    """Return the columns of ``by`` and ``n``, orders delivered."""
    return orders.aggregate({"n": is_delivered(orders).sum()}, by=list(by))


def pay_sums(offers: ir.Table, *, by: Sequence[str]) -> ir.Table:
    """Return the columns of ``by``, offers ``accepted``, how many of them tell their pay (``paid``), and it (``pay_cents``)."""
    taken = is_accepted(offers)
    sums = {"accepted": taken.sum(), "paid": (taken & offers.pay_cents.notnull()).sum(), "pay_cents": offers.pay_cents.sum(where=taken)}
    return offers.aggregate(sums, by=list(by))


def _delivered(orders: ir.Table, by: Sequence[str]) -> ir.Table:
    return delivered(orders, by=_places(by))


def _added(sums: ir.Table, by: Sequence[str]) -> ir.Table:
    """Add sums up over the groups of ``by``, cut further by market; as they are where they are cut so."""
    names = _places(by)
    own = [name for name in ("n", "accepted", "paid", "pay_cents") if name in sums.columns]
    return sums if len(sums.columns) == len(names) + len(own) else sums.aggregate({name: sums[name].sum() for name in own}, by=names)


def _with_pay(by: Sequence[str], counted: ir.Table, pay: ir.Table) -> ir.Table:
    """Put the pay of accepted offers beside what was counted of orders; null where too much of it is unknown."""
    values = _over_places(by, counted, pay, needed=(0, 1))
    return values.mutate(pay_sum_cents=_mostly(_.pay_cents, known=_.paid, of=_.accepted, is_known=_.is_known))


def _mostly(total: Deferred, *, known: Deferred, of: Deferred, is_known: Deferred) -> Deferred:
    """Return a sum over rows of which at most 1 in 100 do not tell their part; null where more do not, for it would be too low."""
    return ibis.ifelse(is_known & ((of - known) * UNKNOWN_IN <= of), total, ibis.null("int64"))


def _per_time(counted: ir.Table, shift_activity: ir.Table, column: str, by: Sequence[str]) -> ir.Table:
    """Put ``n`` over the sum of a column of seconds, in markets of which there are any."""
    time = shift_activity.aggregate({"denominator": shift_activity[column].sum()}, by=_places(by))
    values = _over_places(by, counted, time, needed=(1,))
    return values.select(*by, numerator=_.is_known.ifelse(_.n, ibis.null("int64")), denominator=_.denominator, n=_.n)


def _over_places(by: Sequence[str], *sides: ir.Table, needed: Sequence[int]) -> ir.Table:
    """Add up the sums of several tables over the markets (and malls, where ``by`` has them) of which each needed table has a row.

    A market of which a table has nothing at all is left out of the other's sums too: where orders are known and offers are not, their pay
    is not zero. ``is_known`` tells of each group whether it has such a market; sums are zero where there is nothing to add.
    """
    names = [name for side in sides for name in side.columns if name not in _places(by)]
    rows = [
        side.select(
            *_places(by),
            **{name: side[name] if name in side.columns else ibis.literal(0, "int64") for name in names},
            **{f"is_{place}": ibis.literal(int(place == number), "int64") for place in range(len(sides))},
        )
        for number, side in enumerate(sides)
    ]
    united = ibis.union(*rows)
    there = united.group_by(_place(by)).agg(is_known=ibis.and_(*(united[f"is_{place}"].max() == 1 for place in needed)))
    told = united.left_join(there, [united[name].identical_to(there[name]) for name in _place(by)]).select(united, "is_known")
    sums = {name: told[name].sum(where=told.is_known).fill_null(0) for name in names}
    return told.aggregate({**sums, "is_known": told.is_known.any().fill_null(False)}, by=list(by))


def _side_by_side(by: Sequence[str], *sides: ir.Table) -> ir.Table:
    """Put the values of equal groups in one row: zeros for a group that a side lacks; a null of its own stays null."""
    own = [[name for name in each.columns if name not in by] for each in sides]
    rows = [
        side.select(
            *by,
            **{name: side[name] if place == number else ibis.null("int64") for place, names in enumerate(own) for name in names},
            **{f"is_{place}": ibis.literal(int(place == number), "int64") for place in range(len(sides))},
        )
        for number, side in enumerate(sides)
    ]
    there = {f"is_{place}": _[f"is_{place}"].max() for place in range(len(sides))}
    values = {name: _[name].max() for names in own for name in names}
    both = ibis.union(*rows).aggregate({**values, **there}, by=list(by))
    filled = {name: (both[f"is_{place}"] == 0).ifelse(0, both[name]) for place, names in enumerate(own) for name in names}
    return both.select(*by, **filled)


def _beside(values: ir.Table, others: ir.Table, by: Sequence[str]) -> ir.Table:
    """Add the columns of the same groups."""
    if not by:
        return values.cross_join(others)
    same = [values[column].identical_to(others[column]) for column in by]
    return values.inner_join(others, same).select(*values.columns, *(name for name in others.columns if name not in by))


def hours_gap(
    orders: ir.Table,
    shift_activity: ir.Table,
    trips: ir.Table,
    mall_hours: ir.Table,
    *,
    by: Sequence[str] = (),
    mall_id: str | None = None,
    start_on: date | None = None,
    end_on: date | None = None,
    dow: int | None = None,
    hour: int | None = None,
) -> ir.Table:
    """Driver-hours that were lacking and driver-hours that were spare: required against online time, hour by hour, never netted.

    Online time is observed, the required one modelled: orders placed in an hour, times the engaged time that an order took in the same hour
    of the week of the 8 weeks before, spread over the hours that a trip takes. Of orders placed evenly over an hour, whose work begins at
    once and lasts as long as the mean trip of the 8 weeks before (3 hours at most), that is the part that falls into the hour itself, the
    next and so on. In every single hour of the period what is required beyond the online time is short, and online time beyond what is
    required is spare: an hour short on one Monday is not made good by a spare one on another. Hours in which the mall is shut are neither.
    An hour is unknown, and neither, where an order has nothing to compare with: no order or no driver in that hour of the week of the 8
    weeks before.

    Of a mall: its own orders, and its drivers' engaged time for it; its drivers' whole online time, though they may work for others too.
    Otherwise market by market. Source: Jennings, Mandelbaum, Massey and Whitt 1996, Server Staffing to Meet Time-Varying Demand.

    Parameters
    ----------
    orders, shift_activity, trips
        Tables of the contracts of those names, filtered to the period and the 8 weeks before; hours of shifts in one view.
    mall_hours
        Table of the contract of that name.
    by
        Columns that make the groups; none for one row over everything.
    mall_id
        The mall that is asked for; None: each market as a whole, or each mall where ``by`` has it.
    start_on, end_on
        Period in market-local days, start included, end excluded; None: open on that side.
    dow, hour
        Only this weekday, only this hour; None: all.

    Returns
    -------
    ibis.expr.types.Table
        One row per group with such hours (without ``by`` always one row):

        - the columns of ``by``
        - ``hours_short``, ``hours_spare``: seconds short and seconds spare; null where no hour is known
        - ``required_s``, ``online_s``: seconds required and online in the known hours
        - ``n``: known hours of markets or malls in the period
        - ``unknown_n``: hours with orders or drivers whose requirement is unknown
    """
    known = required_time(orders, shift_activity, trips, place=_place(by))
    inside = _asked_hours(known, start_on=start_on, end_on=end_on, dow=dow, hour=hour)
    hours = _open(known.filter(*inside) if inside else known, mall_hours, mall_id=mall_id, is_by_mall="mall_id" in by)
    is_known = hours.required_s.notnull()
    return hours.aggregate(
        {
            "hours_short": ibis.greatest(hours.required_s - hours.online_s, 0).sum(where=is_known),
            "hours_spare": ibis.greatest(hours.online_s - hours.required_s, 0).sum(where=is_known),
            "required_s": hours.required_s.sum(),
            "online_s": hours.online_s.sum(where=is_known),
            "n": is_known.sum().fill_null(0),
            "unknown_n": (~is_known).sum().fill_null(0),
        },
        by=list(by),
    )


def required_time(orders: ir.Table, shift_activity: ir.Table, trips: ir.Table, *, place: Sequence[str]) -> ir.Table:
    """Return the seconds that each hour requires of drivers, and those in which they are online.

    Parameters
    ----------
    orders, shift_activity, trips
        Tables of the contracts of those names, filtered to the hours wanted and the 8 weeks before.
    place
        Columns that name a place: ``market_id``, or ``market_id`` and ``mall_id``.

    Returns
    -------
    ibis.expr.types.Table
        One row per place and local hour with orders, drivers or work left over from the hour before: the columns of ``place``,
        ``local_date``, ``local_week_on``, ``local_dow``, ``local_hour``, ``orders``, ``online_s`` and ``required_s`` (null: unknown).
    """
    slot = [*place, "day", "week_day", "local_hour"]
    counted = _with_days(orders).group_by(slot).agg(orders=_.count())
    worked = _with_days(shift_activity).group_by(slot).agg(engaged_s=_.engaged_here_s.sum(), online_s=_.online_s.sum())
    work = _lagged(_work(_side_by_side(slot, counted, worked.drop("online_s")), place), trips, place)
    required = work.group_by(slot).agg(is_unknown=_.work_s.isnull().any(), work_s=_.work_s.sum())
    required = required.select(*slot, required_s=_.is_unknown.ifelse(ibis.null("int64"), _.work_s))
    hours = _side_by_side(slot, required, counted, worked.drop("engaged_s"))
    return hours.select(
        *place,
        "local_hour",
        "required_s",
        "orders",
        "online_s",
        local_date=_day(hours.day),
        local_week_on=_day(hours.day - hours.week_day),
        local_dow=(hours.day + _FIRST_DOW) % _WEEK_DAYS + 1,
    )


def with_hours_after(orders: ir.Table, by: Sequence[str]) -> ir.Table:
    """Add orders once more in the hours after theirs without any order, up to 3: work that is left over for these tells of them alone.

    Returns
    -------
    ibis.expr.types.Table
        The columns of ``orders`` and ``is_copy``.
    """
    place = _place(by)
    dated = _with_days(orders)
    timed = dated.mutate(at=dated.day * _DAY_HOURS + dated.local_hour)
    hours = timed.select(*place, "at").distinct()
    following = hours.mutate(next_at=_.at.lead().over(group_by=place, order_by="at"))
    each = following.mutate(lag=ibis.literal([*range(1, LONGEST_TRIP_S // _HOUR_S + 1)]).unnest())
    empty = each.filter(each.next_at.isnull() | (each.at + each.lag < each.next_at)).drop("next_at")
    same = [timed[name].identical_to(empty[name]) for name in (*place, "at")]
    copies = timed.inner_join(empty, same).select(timed, "lag")
    copies = copies.mutate(later_at=copies.at + copies.lag)
    copies = copies.mutate(later=copies.later_at // _DAY_HOURS)
    moved = copies.mutate(
        local_date=_day(copies.later),
        local_hour=copies.later_at % _DAY_HOURS,
        local_dow=(copies.later + _FIRST_DOW) % _WEEK_DAYS + 1,
        local_week_on=_day(copies.later - (copies.week_day + copies.later - copies.day) % _WEEK_DAYS),
        is_copy=True,
    )
    return orders.mutate(is_copy=False).union(moved.select(*orders.columns, "is_copy"))


def _with_days(rows: ir.Table) -> ir.Table:
    """Count days and the days of a week, because whole numbers can be added up."""
    known = rows.filter(rows.local_date.notnull(), rows.market_id.notnull())
    return known.mutate(day=known.local_date.delta(_EPOCH, unit="day"), week_day=known.local_date.delta(known.local_week_on, unit="day"))


def _day(number: ir.IntegerValue) -> ir.DateValue:
    # A day plus days is an instant in DuckDB, though Ibis takes it for a day and would leave out a cast to one.
    return (_EPOCH + number.as_interval("D")).cast("timestamp").cast("date")


def _work(hours: ir.Table, place: Sequence[str]) -> ir.Table:
    """Return the engaged seconds that the orders of each hour will take, as orders of that hour of the week did before; null: unknown."""
    same_hour = [*place, "local_hour", "weekday"]
    before = ibis.range_window(group_by=same_hour, order_by="day", preceding=(LOOK_BACK_WEEKS * _WEEK_DAYS, _WEEK_DAYS))
    then = hours.mutate(weekday=_.day % _WEEK_DAYS)
    then = then.mutate(past_orders=_.orders.sum().over(before), past_engaged_s=_.engaged_s.sum().over(before))
    rounded = (2 * then.orders * then.past_engaged_s + then.past_orders) // (2 * then.past_orders)
    is_known = (then.past_orders > 0) & (then.past_engaged_s > 0)
    return then.filter(then.orders > 0).mutate(work_s=ibis.ifelse(is_known, rounded, ibis.null("int64")))


def _lagged(work: ir.Table, trips: ir.Table, place: Sequence[str]) -> ir.Table:
    """Spread the work of each hour over the hours in which trips take place that begin evenly in it and last as long as they did before."""
    mean = _mean_trips(work, trips, place)
    lasting = work.left_join(mean, [work[name].identical_to(mean[name]) for name in (*place, "day")]).select(
        *work.columns, trip_s=ibis.greatest(1, ibis.least(mean.trip_s.fill_null(1), LONGEST_TRIP_S))
    )
    each = lasting.mutate(lag=ibis.literal([*range(LONGEST_TRIP_S // _HOUR_S + 1)]).unnest())
    whole = 2 * _HOUR_S * each.trip_s
    each = each.mutate(done=_done_within(each.lag, each.trip_s), done_next=_done_within(each.lag + 1, each.trip_s), whole=whole)
    # Differences of rounded running sums, so that no second is lost.
    part_s = each.work_s * each.done_next // each.whole - each.work_s * each.done // each.whole
    hours = each.day * _DAY_HOURS + each.local_hour + each.lag
    later = each.mutate(work_s=part_s, hours=hours).filter(each.done_next > each.done)
    return later.select(
        *place,
        "work_s",
        day=later.hours // _DAY_HOURS,
        local_hour=later.hours % _DAY_HOURS,
        week_day=(later.week_day + later.hours // _DAY_HOURS - later.day) % _WEEK_DAYS,
    )


def _mean_trips(work: ir.Table, trips: ir.Table, place: Sequence[str]) -> ir.Table:
    """Return how long trips took in the 8 weeks before each day with work, mean seconds; null where there were none."""
    slot = [*place, "day"]
    taken = _with_days(trips).group_by(slot).agg(sum_s=_.engaged_s.sum(), trips=_.engaged_s.count())
    days = _side_by_side(slot, taken, work.group_by(slot).agg(works=_.count()))
    before = ibis.range_window(group_by=list(place), order_by="day", preceding=(LOOK_BACK_WEEKS * _WEEK_DAYS, _WEEK_DAYS))
    past = days.mutate(past_s=days.sum_s.sum().over(before), past_trips=days.trips.sum().over(before))
    return past.select(*slot, trip_s=(past.past_trips > 0).ifelse(past.past_s // past.past_trips, ibis.null("int64")))


def _done_within(hours: ir.IntegerValue, trip_s: ir.IntegerValue) -> ir.IntegerValue:
    """Return twice the area under the work done within so many hours, of trips that begin evenly in the first one."""
    span_s = hours * _HOUR_S
    return _square(span_s) - _square(span_s - _HOUR_S) - _square(span_s - trip_s) + _square(span_s - trip_s - _HOUR_S)


def _square(seconds: ir.IntegerValue) -> ir.IntegerValue:
    positive = ibis.greatest(seconds, 0)
    return positive * positive


def _open(hours: ir.Table, mall_hours: ir.Table, *, mall_id: str | None, is_by_mall: bool) -> ir.Table:
    """Keep the hours in which the place is open, and all hours of a place of which nothing is known."""
    if is_by_mall:
        ours, same = mall_hours, ["market_id", "mall_id"]
    else:
        ours, same = mall_hours.filter(_.mall_id.isnull() if mall_id is None else _.mall_id == mall_id), ["market_id"]
    known = ours.select(same).distinct().mutate(is_known=True)
    opened = ours.select(*same, "local_dow", "local_hour").mutate(is_open=True)
    placed = hours.left_join(known, [hours[name].identical_to(known[name]) for name in same]).select(hours, "is_known")
    slot = [*same, "local_dow", "local_hour"]
    told = placed.left_join(opened, [placed[name].identical_to(opened[name]) for name in slot]).select(placed, "is_open")
    return told.filter(told.is_known.isnull() | told.is_open.notnull())


def hours_gap_by_cell(  # noqa: PLR0917 -- its tables
    orders: ir.Table,
    shift_activity: ir.Table,
    trips: ir.Table,
    mall_hours: ir.Table,
    demand_cells: ir.Table,
    catchments: ir.Table,
    malls: ir.Table,
    *,
    mall_id: str | None = None,
    start_on: date | None = None,
    end_on: date | None = None,
    dow: int | None = None,
    hour: int | None = None,
    within_s: int,
    weight: str,
    resolution: int,
) -> ir.Table:
    """Where driver-hours were lacking and where they were spare: required against online time, each spread over cells.

    Modelled, not observed. Short and spare are those of hours_gap, mall by mall and hour by hour, and never netted: a cell may have both.
    The time that a mall's orders require, and what of it was short, is spread over cells like the mall's orders of the period, all hours
    together. The online time of its drivers, and what of it was spare, is spread over the people within ``within_s`` of the mall, each the
    same (driver access). Malls with fewer than five drivers or ten customers in the hours asked for are left out, and so is online time
    that reaches nobody. Source: Luo and Wang 2003, Measures of Spatial Accessibility to Health Care in a GIS Environment; Jennings et al.
    1996, Server Staffing to Meet Time-Varying Demand.

    Parameters
    ----------
    orders, shift_activity, trips
        Tables of the contracts of those names, filtered to the period and the 8 weeks before; shifts by mall, orders with ``cell``.
    mall_hours, demand_cells, catchments, malls
        Tables of the contracts of those names.
    mall_id
        Only this mall; None: all malls, each by itself.
    start_on, end_on
        Period in market-local days, start included, end excluded; None: open on that side.
    dow, hour
        Only this weekday, only this hour; None: all.
    within_s
        Drive time from the mall, seconds; equal is within reach.
    weight
        ``population`` or ``households``: who is counted as people here.
    resolution
        H3 resolution of the rows, 9 or coarser.

    Returns
    -------
    ibis.expr.types.Table
        One row per cell with orders or with people in reach:

        - ``market_id``
        - ``cell``: H3 cell of ``resolution``; null for orders whose door is unknown
        - ``hours_short``, ``hours_spare``: seconds short and seconds spare in the period
        - ``required_s``, ``online_s``: seconds required and online
        - ``n``: orders of the cell in the period, at all hours
    """
    place = ["market_id", "mall_id"]
    known = required_time(orders, shift_activity, trips, place=place).filter(_.required_s.notnull())
    inside = _asked_hours(known, start_on=start_on, end_on=end_on, dow=dow, hour=hour)
    hours = _open(known.filter(*inside) if inside else known, mall_hours, mall_id=mall_id, is_by_mall=True)
    gap = hours.required_s - hours.online_s
    gaps = {"hours_short": ibis.greatest(gap, 0).sum(), "hours_spare": ibis.greatest(-gap, 0).sum()}
    sums = hours.group_by(place).agg(**gaps, required_s=_.required_s.sum(), online_s=_.online_s.sum())
    asked: dict[str, Any] = {"start_on": start_on, "end_on": end_on, "dow": dow, "hour": hour}
    few = _malls_of_few(shift_activity, SUBJECTS["shift_activity"], **asked)
    few = few.union(_malls_of_few(with_hours_after(orders, ["mall_id"]), SUBJECTS["orders"], **asked), distinct=True)
    sums = sums.anti_join(few, "mall_id").select(*sums.columns).alias("hours_of_malls")  # written once: it is spread several times
    pairs = drives_to(catchments, malls).filter(_.drive_s <= within_s)
    people = demand_inside(demand_cells, weight).filter(_.weight > 0)
    online, spare = (
        spread_over_people(sums.select("mall_id", online_s=sums[name]), pairs, people)
        .group_by(market_id=_.market_id, cell=parent(_.cell, resolution))
        .agg(**{name: _.online_s.sum()})
        for name in ("online_s", "hours_spare")
    )
    placed = orders.filter(_.in_period, _.market_id.notnull()).group_by([*place, "cell"]).agg(n=_.count())
    required = _spread(sums, placed).group_by(["market_id", "cell"])
    required = required.agg(required_s=_.required_s.sum(), hours_short=_.hours_short.sum(), n=_.n.sum())
    rows = _side_by_side(["market_id", "cell"], required, online, spare)
    return rows.select("market_id", "cell", "hours_short", "hours_spare", "required_s", "online_s", "n")


def _malls_of_few(
    rows: ir.Table, subject: Subject, *, start_on: date | None, end_on: date | None, dow: int | None, hour: int | None
) -> ir.Table:
    """Return the malls with some people in the hours asked for, but fewer than may be shown."""
    inside = _asked_hours(rows, start_on=start_on, end_on=end_on, dow=dow, hour=hour)
    here = rows.filter(*inside) if inside else rows
    counts = here.select("mall_id", person=subject.of(here)).group_by("mall_id").agg(people=_.person.nunique())
    return counts.filter(counts.people > 0, counts.people < subject.k).select("mall_id")


def _spread(sums: ir.Table, placed: ir.Table) -> ir.Table:
    """Spread each mall's required and short time over cells like its orders, in whole seconds that add up to the mall's."""
    joined = placed.left_join(sums, [placed[name].identical_to(sums[name]) for name in ("market_id", "mall_id")])
    names = ("required_s", "hours_short")
    cells = joined.select(*placed.columns, **{name: sums[name].fill_null(0) for name in names})
    own = ["market_id", "mall_id"]
    ranked = cells.mutate(
        running=_.n.sum().over(ibis.cumulative_window(group_by=own, order_by="cell")), whole=_.n.sum().over(ibis.window(group_by=own))
    )
    before = ranked.running - ranked.n
    parts = {name: ranked[name] * ranked.running // ranked.whole - ranked[name] * before // ranked.whole for name in names}
    return ranked.select("market_id", "cell", "n", **parts)


def _asked_hours(rows: ir.Table, *, start_on: date | None, end_on: date | None, dow: int | None, hour: int | None) -> list[ir.BooleanValue]:
    """Return the conditions of a period and of an hour of the week."""
    start = [] if start_on is None else [rows.local_date >= start_on]
    end = [] if end_on is None else [rows.local_date < end_on]
    return start + end + [rows[f"local_{slot}"] == value for slot, value in (("dow", dow), ("hour", hour)) if value is not None]
