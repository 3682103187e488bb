"""Hours of drivers that are lacking or spare, hour by hour."""

from collections.abc import Sequence
from datetime import date
from typing import Final

import ibis
import ibis.expr.types as ir
from ibis import _

from analytics.metrics.drivers.clocks import DAY_HOURS
from analytics.metrics.drivers.required import FIRST_DOW, HOUR_S, LONGEST_TRIP_S, WEEK_DAYS, day_of, required_time, with_days
from analytics.metrics.drivers.rows import asked_hours, place_of

_NIGHT: Final = (21, 4)
"""From and until when, on the clock, an hour is near enough to one at which clocks are changed anywhere."""


def hours_gap(
    orders: ir.Table,
    shift_activity: ir.Table,
    trips: ir.Table,
    markets: ir.Table,
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

    A shortage is seen while it grows: work that waited for want of drivers was engaged time of later hours, and work never done is none. An
    hour in which drivers were on trips nearly all the time, then as now, lacks more than is told; its engaged beside its online time shows
    which hours these are.

    Of a mall: its own orders, and its drivers' engaged time for it; its drivers' whole online time, though they may work for others too.
    Otherwise market by market. Source: Jennings, Mandelbaum, Massey and Whitt 1996, Server Staffing to Meet Time-Varying Demand.

    Parameters
    ----------
    orders, shift_activity, trips
        Tables of the contracts of those names, filtered to the period and the 8 weeks before; hours of shifts in one view.
    markets, mall_hours
        Tables of the contracts of those names.
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
        - ``engaged_s``: of the seconds online, those on trips, for whichever mall; null where some are unknown
        - ``n``: known hours of markets or malls in the period
        - ``unknown_n``: hours with orders or drivers whose requirement is unknown
    """
    required = required_time(orders, shift_activity, trips, markets, place=place_of(by))
    return gap_of_hours(required, mall_hours, by=by, mall_id=mall_id, start_on=start_on, end_on=end_on, dow=dow, hour=hour)


def gap_of_hours(
    known: ir.Table,
    mall_hours: ir.Table,
    *,
    by: Sequence[str] = (),
    mall_id: str | None = None,
    start_on: date | None = None,
    end_on: date | None = None,
    dow: int | None = None,
    hour: int | None = None,
) -> ir.Table:
    """Return ``hours_gap`` of hours whose required time is known: rows of ``required_time``, of these places and perhaps of more days."""
    inside = asked_hours(known, start_on=start_on, end_on=end_on, dow=dow, hour=hour)
    hours = opened(known.filter(*inside) if inside else known, mall_hours, mall_id=mall_id, is_by_mall="mall_id" in by)
    is_known = hours.required_s.notnull()
    return hours.aggregate(
        {
            "hours_short": ibis.greatest(hours.required_s - hours.online_s, 0).sum(where=is_known),
            "hours_spare": ibis.greatest(hours.online_s - hours.required_s, 0).sum(where=is_known),
            "required_s": hours.required_s.sum(),
            "online_s": hours.online_s.sum(where=is_known),
            "engaged_s": (is_known & hours.engaged_s.isnull()).any().ifelse(ibis.null("int64"), hours.engaged_s.sum(where=is_known)),
            "n": is_known.sum().fill_null(0),
            "unknown_n": (~is_known).sum().fill_null(0),
        },
        by=list(by),
    )


def with_hours_after(orders: ir.Table, by: Sequence[str]) -> ir.Table:
    """Add orders once more in the hours after theirs without any order, up to 3: work that is left over for these tells of them alone.

    Up to 4 at night, when a clock may skip one.

    Returns
    -------
    ibis.expr.types.Table
        The columns of ``orders`` and ``is_copy``.
    """
    place = place_of(by)
    dated = with_days(orders)
    timed = dated.mutate(at=dated.day * DAY_HOURS + dated.local_hour)
    hours = timed.select(*place, "at").distinct()
    following = hours.mutate(next_at=_.at.lead().over(group_by=place, order_by="at"))
    longest, hour = LONGEST_TRIP_S // HOUR_S, hours.at % DAY_HOURS
    each = following.mutate(lag=ibis.literal([*range(1, longest + 2)]).unnest(), is_night=(hour >= _NIGHT[0]) | (hour < _NIGHT[1]))
    reached = each.filter((each.lag <= longest) | each.is_night)
    empty = reached.filter(reached.next_at.isnull() | (reached.at + reached.lag < reached.next_at)).drop("next_at", "is_night")
    same = [timed[name].identical_to(empty[name]) for name in (*place, "at")]
    copies = timed.inner_join(empty, same).select(timed, "lag")
    copies = copies.mutate(later_at=copies.at + copies.lag)
    copies = copies.mutate(later=copies.later_at // DAY_HOURS)
    moved = copies.mutate(
        local_date=day_of(copies.later),
        local_hour=copies.later_at % DAY_HOURS,
        local_dow=(copies.later + FIRST_DOW) % WEEK_DAYS + 1,
        local_week_on=day_of(copies.later - (copies.week_day + copies.later - copies.day) % WEEK_DAYS),
        is_copy=True,
    )
    return orders.mutate(is_copy=False).union(moved.select(*orders.columns, "is_copy"))


def opened(hours: ir.Table, mall_hours: ir.Table, *, mall_id: str | None, is_by_mall: bool) -> ir.Table:
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
