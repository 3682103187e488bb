"""When a market's clocks change: an hour later on the clock is not always the next hour."""

from typing import Final

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
from ibis import _

_HOUR_S: Final = 3600
DAY_HOURS: Final = 24
_EPOCH: Final = ibis.date(1970, 1, 1)
_LOCAL: Final = dt.Timestamp()
_UTC: Final = dt.Timestamp("UTC")


@ibis.udf.scalar.builtin(name="timezone", signature=((dt.string, _LOCAL), _UTC))  # type: ignore[untyped-decorator]  # Ibis ships no types
def _instant(zone: str, local_at: object) -> object:
    """Return the instant at which clocks of a zone show this."""


@ibis.udf.scalar.builtin(name="timezone", signature=((dt.string, _UTC), _LOCAL))  # type: ignore[untyped-decorator]
def _shown(zone: str, at: object) -> object:
    """Return what clocks of a zone show at an instant."""


def clock_changes(markets: ir.Table, days: ir.Table) -> ir.Table:
    """Return the changes of the clock on some days and the day after each.

    Parameters
    ----------
    markets
        Table of the contract of that name.
    days
        Columns ``market_id`` and ``day``, counted from 1970.

    Returns
    -------
    ibis.expr.types.Table
        One row per change: ``market_id``; ``last_hour``, the hour on the clock, counted from 1970, after which it does not show the next
        one; and ``skipped``, how many it leaves out: 1 in spring, -1 where it shows the hour once more.
    """
    asked = days.select("market_id", "day").distinct()
    zoned = asked.inner_join(markets.select("market_id", "time_zone"), "market_id")
    unlike = zoned.filter(_hour_shown(zoned, 2 * DAY_HOURS) != (zoned.day + 2) * DAY_HOURS)
    each = unlike.mutate(step=ibis.range(2 * DAY_HOURS + 2).unnest())
    hours = each.mutate(last_hour=_hour_shown(each, each.step), next_hour=_hour_shown(each, each.step + 1))
    changed = hours.mutate(skipped=hours.next_hour - hours.last_hour - 1).filter(_.skipped != 0)
    return changed.select("market_id", "last_hour", "skipped").distinct()


def _hour_shown(rows: ir.Table, hours_later: int | ir.IntegerValue) -> ir.IntegerValue:
    """Return the hour on the clock, counted from 1970, so many hours after a day began."""
    midnight = _instant(rows.time_zone, (_EPOCH + rows.day.as_interval("D")).cast("timestamp"))
    later = ibis.interval(hours=hours_later) if isinstance(hours_later, int) else hours_later.as_interval("h")
    return _shown(rows.time_zone, midnight + later).epoch_seconds().cast("int64") // _HOUR_S
