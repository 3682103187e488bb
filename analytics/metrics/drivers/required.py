"""How much of drivers' time each hour requires: the orders placed, times what an order took before, when trips take place."""

from collections.abc import Sequence
from typing import Final

import ibis
import ibis.expr.types as ir
from ibis import _

from analytics.metrics.drivers.clocks import DAY_HOURS, clock_changes
from analytics.metrics.drivers.rows import side_by_side

LOOK_BACK_WEEKS: Final = 8
"""Weeks before an hour whose same hour of the week says how much time an order takes."""

HISTORY_WEEKS: Final = LOOK_BACK_WEEKS + 1
"""Weeks that must be seen before a period: the 8 before its first hour, and before the evening whose work is left over for it."""

LONGEST_TRIP_S: Final = 3 * 3600
HOUR_S: Final = 3600
WEEK_DAYS: Final = 7
FIRST_DOW: Final = 3
"""Weekday of the day 0, counted from Monday: a Thursday."""

_EPOCH: Final = ibis.date(1970, 1, 1)


def required_time(orders: ir.Table, shift_activity: ir.Table, trips: ir.Table, markets: ir.Table, *, place: Sequence[str]) -> ir.Table:
    """Return the seconds that each hour requires of drivers, and those in which they are online.

    Parameters
    ----------
    orders, shift_activity, trips
        Tables of the contracts of those names, filtered to the hours wanted and the 8 weeks before.
    markets
        Table of the contract of that name.
    place
        Columns that name a place: ``market_id``, or ``market_id`` and ``mall_id``.

    Returns
    -------
    ibis.expr.types.Table
        One row per place and local hour with orders, drivers or work left over from the hour before: the columns of ``place``,
        ``local_date``, ``local_week_on``, ``local_dow``, ``local_hour``, ``orders``, ``online_s``, ``engaged_s`` for any mall, and
        ``required_s`` (these two are null where unknown).
    """
    slot = [*place, "day", "week_day", "local_hour"]
    counted = with_days(orders).group_by(slot).agg(orders=_.count())
    sums = {
        "here_s": _.engaged_here_s.sum(),
        "online_s": _.online_s.sum(),
        "busy_s": _.engaged_s.sum(),
        "unknown": _.engaged_s.isnull().any(),
    }
    worked = with_days(shift_activity).group_by(slot).agg(**sums)
    work = _lagged(_work(side_by_side(slot, counted, worked.select(*slot, engaged_s=_.here_s)), place), trips, markets, place)
    required = work.group_by(slot).agg(is_unknown=_.work_s.isnull().any(), work_s=_.work_s.sum())
    required = required.select(*slot, required_s=_.is_unknown.ifelse(ibis.null("int64"), _.work_s))
    online = worked.select(*slot, "online_s", engaged_s=_.unknown.ifelse(ibis.null("int64"), _.busy_s))
    hours = side_by_side(slot, required, counted, online)
    return hours.select(
        *place,
        "local_hour",
        "required_s",
        "orders",
        "online_s",
        "engaged_s",
        local_date=day_of(hours.day),
        local_week_on=day_of(hours.day - hours.week_day),
        local_dow=(hours.day + FIRST_DOW) % WEEK_DAYS + 1,
    )


def _work(hours: ir.Table, place: Sequence[str]) -> ir.Table:
    """Return the engaged seconds that the orders of each hour will take, as orders of that hour of the week did before; null: unknown."""
    same_hour = [*place, "local_hour", "weekday"]
    before = ibis.range_window(group_by=same_hour, order_by="day", preceding=(LOOK_BACK_WEEKS * WEEK_DAYS, WEEK_DAYS))
    then = hours.mutate(weekday=_.day % WEEK_DAYS)
    then = then.mutate(past_orders=_.orders.sum().over(before), past_engaged_s=_.engaged_s.sum().over(before))
    rounded = (2 * then.orders * then.past_engaged_s + then.past_orders) // (2 * then.past_orders)
    is_known = (then.past_orders > 0) & (then.past_engaged_s > 0)
    return then.filter(then.orders > 0).mutate(work_s=ibis.ifelse(is_known, rounded, ibis.null("int64")))


def _lagged(work: ir.Table, trips: ir.Table, markets: ir.Table, place: Sequence[str]) -> ir.Table:
    """Spread the work of each hour over the hours in which trips take place that begin evenly in it and last as long as they did before."""
    mean = _mean_trips(work, trips, place)
    lasting = work.left_join(mean, [work[name].identical_to(mean[name]) for name in (*place, "day")]).select(
        *work.columns, trip_s=ibis.greatest(1, ibis.least(mean.trip_s.fill_null(1), LONGEST_TRIP_S))
    )
    each = lasting.mutate(lag=ibis.literal([*range(LONGEST_TRIP_S // HOUR_S + 1)]).unnest())
    whole = 2 * HOUR_S * each.trip_s
    each = each.mutate(done=_done_within(each.lag, each.trip_s), done_next=_done_within(each.lag + 1, each.trip_s), whole=whole)
    # Differences of rounded running sums, so that no second is lost.
    part_s = each.work_s * each.done_next // each.whole - each.work_s * each.done // each.whole
    parts = each.mutate(work_s=part_s, begun=each.day * DAY_HOURS + each.local_hour).filter(each.done_next > each.done)
    later = _on_the_clock(parts, clock_changes(markets, mean))
    return later.select(
        *place,
        "work_s",
        day=later.hours // DAY_HOURS,
        local_hour=later.hours % DAY_HOURS,
        week_day=(later.week_day + later.hours // DAY_HOURS - later.day) % WEEK_DAYS,
    )


def _on_the_clock(parts: ir.Table, changes: ir.Table) -> ir.Table:
    """Add the hour on the clock (``hours``) so many hours after ``begun``: it skips an hour in spring and shows one twice in autumn."""
    between = (parts.begun <= changes.last_hour) & (parts.begun + parts.lag > changes.last_hour)
    met = parts.left_join(changes, [parts.market_id == changes.market_id, between]).select(parts, "skipped")
    return met.mutate(hours=met.begun + met.lag + met.skipped.fill_null(0))


def _mean_trips(work: ir.Table, trips: ir.Table, place: Sequence[str]) -> ir.Table:
    """Return how long trips took in the 8 weeks before each day with work, mean seconds; null where there were none."""
    slot = [*place, "day"]
    taken = with_days(trips).group_by(slot).agg(sum_s=_.engaged_s.sum(), trips=_.engaged_s.count())
    days = side_by_side(slot, taken, work.group_by(slot).agg(works=_.count()))
    before = ibis.range_window(group_by=list(place), order_by="day", preceding=(LOOK_BACK_WEEKS * WEEK_DAYS, WEEK_DAYS))
    past = days.mutate(past_s=days.sum_s.sum().over(before), past_trips=days.trips.sum().over(before))
    return past.select(*slot, trip_s=(past.past_trips > 0).ifelse(past.past_s // past.past_trips, ibis.null("int64")))


def _done_within(hours: ir.IntegerValue, trip_s: ir.IntegerValue) -> ir.IntegerValue:
    """Return twice the area under the work done within so many hours, of trips that begin evenly in the first one."""
    span_s = hours * HOUR_S
    return _square(span_s) - _square(span_s - HOUR_S) - _square(span_s - trip_s) + _square(span_s - trip_s - HOUR_S)


def _square(seconds: ir.IntegerValue) -> ir.IntegerValue:
    positive = ibis.greatest(seconds, 0)
    return positive * positive


def with_days(rows: ir.Table) -> ir.Table:
    """Count days and the days of a week, because whole numbers can be added up."""
    known = rows.filter(rows.local_date.notnull(), rows.market_id.notnull())
    return known.mutate(day=known.local_date.delta(_EPOCH, unit="day"), week_day=known.local_date.delta(known.local_week_on, unit="day"))


def day_of(number: ir.IntegerValue) -> ir.DateValue:
    """Return the day of that number, counted from 1970."""
    # A day plus days is an instant in DuckDB, though Ibis takes it for a day and would leave out a cast to one.
    return (_EPOCH + number.as_interval("D")).cast("timestamp").cast("date")
