"""Launch curves: any metric by complete weeks since a mall opened, so that malls of different age can be laid over each other.

Week 0 begins with the first day of retail delivery, whatever weekday that is. A week counts where the data covers all of its days.
"""

from datetime import date, timedelta
from typing import Final

import ibis
import ibis.expr.types as ir

COLUMN: Final = "weeks_open"
_WEEK: Final = timedelta(days=7)
_DAY: Final = timedelta(days=1)


def with_weeks_open(facts: ir.Table, malls: ir.Table) -> ir.Table:
    """Add ``weeks_open``: weeks from the first day of the mall's retail delivery to the row's local day.

    Parameters
    ----------
    facts
        Table with ``mall_id`` and ``local_date``.
    malls
        Table of the contract of that name.

    Returns
    -------
    ibis.expr.types.Table
        The same rows with one more column: 0 for the first seven days; null before the opening, and where the mall or its opening is
        unknown.
    """
    opened = malls.select(opening_mall_id=malls.mall_id, opening_on=malls.opened_on)
    rows = facts.left_join(opened, facts.mall_id == opened.opening_mall_id)
    days = rows.local_date.delta(rows.opening_on, unit="day")
    weeks = ibis.ifelse(days >= 0, days // 7, ibis.null("int64")).cast("int64")
    return rows.mutate(**{COLUMN: weeks}).drop("opening_mall_id", "opening_on")


def complete_weeks(
    opened_on: date | None, *, first_on: date | None, last_on: date | None, end_on: date | None = None, closed_on: date | None = None
) -> range:
    """Return the weeks since opening whose seven days all have data.

    Parameters
    ----------
    opened_on
        First day of retail delivery; None: not open, so that there is no such week.
    first_on, last_on
        First and last complete day of the data; None: there is none.
    end_on
        Only weeks that end before this day.
    closed_on
        First day without retail delivery.

    Examples
    --------
    >>> complete_weeks(date(2026, 3, 4), first_on=date(2026, 3, 2), last_on=date(2026, 3, 18))
    range(0, 2)
    """
    if opened_on is None or first_on is None or last_on is None:
        return range(0)
    first = max(0, -((opened_on - first_on) // _WEEK))
    ends = [last_on + _DAY, *(day for day in (end_on, closed_on) if day is not None)]
    return range(first, max(first, (min(ends) - opened_on) // _WEEK))
