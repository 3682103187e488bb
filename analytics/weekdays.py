"""A day beside the same weekdays before it: Saturdays with Saturdays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from analytics.changes import Change, Estimate, change

WEEKS: Final = 4
"""Earlier weeks whose same weekday makes the range."""

_WEEK: Final = timedelta(days=7)


@dataclass(frozen=True)
class DayInWeeks:
    """One day's figure and what the same weekday was before.

    Attributes
    ----------
    on
        Local day.
    figure
        The day's figure; None where it has none or it is hidden.
    least, most
        Range of the same weekday in the 4 weeks before; None with fewer than two such days, which are no range.
    week_before
        The figure seven days before.
    change
        From that one, with its interval; None where one of the two is missing.
    """

    on: date
    figure: Estimate | None
    least: float | None
    most: float | None
    week_before: Estimate | None
    change: Change | None


def beside_weekdays(figures: Mapping[date, Estimate | None], days: Sequence[date]) -> list[DayInWeeks]:
    """Return days with the same weekday of the weeks before.

    Parameters
    ----------
    figures
        By local day; a day that is not there has no figure.
    days
        The days wanted, in the order wanted.
    """
    return [_beside(figures, on) for on in days]


def _beside(figures: Mapping[date, Estimate | None], on: date) -> DayInWeeks:
    now, before = figures.get(on), figures.get(on - _WEEK)
    earlier = [each.value for week in range(1, WEEKS + 1) if (each := figures.get(on - week * _WEEK)) is not None]
    least, most = (min(earlier), max(earlier)) if len(earlier) > 1 else (None, None)
    return DayInWeeks(on, now, least, most, before, change(now, before) if now is not None and before is not None else None)
