"""Periods of whole local weeks that end with the last complete day in the data, never with today."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, Literal

from analytics.errors import ParameterError

Preset = Literal["last-week", "last-4-weeks", "last-13-weeks", "since-opening", "custom"]

PRESETS: Final[dict[Preset, str]] = {
    "last-week": "Last week",
    "last-4-weeks": "Last 4 weeks",
    "last-13-weeks": "Last 13 weeks",
    "since-opening": "Since opening",
    "custom": "Custom",
}
"""Presets in the order of the menu, with their labels."""

_WEEKS: Final = {"last-week": 1, "last-4-weeks": 4, "last-13-weeks": 13}
_WEEK = timedelta(days=7)
_DAY = timedelta(days=1)
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Period:
    """Market-local days, start included, end excluded.

    Attributes
    ----------
    start_on, end_on
        First day, and the day after the last one.
    data_from
        First day with data, where a longer period was meant than the data holds: pages say "data from 18 May". None where the data
        holds all of it. Two periods of the same days are equal whatever was meant.

    Raises
    ------
    ParameterError
        If the start is after the end.
    """

    start_on: date
    end_on: date
    data_from: date | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        """Refuse a period that runs backwards."""
        if self.start_on > self.end_on:
            raise ParameterError(f"the period starts on {self.start_on}, after its end {self.end_on}")

    @property
    def days(self) -> int:
        """Number of days."""
        return (self.end_on - self.start_on).days

    @property
    def last_on(self) -> date:
        """Last day that belongs to it."""
        return self.end_on - _DAY


def period(
    preset: Preset,
    *,
    last_complete_on: date,
    week_start: int = 1,
    opened_on: date | None = None,
    first_on: date | None = None,
    custom: tuple[date, date] | None = None,
) -> Period:
    """Return the period of a preset.

    Parameters
    ----------
    preset
        Key of ``PRESETS``.
    last_complete_on
        Last local day whose data is complete.
    week_start
        First weekday of the market, 1 Monday to 7 Sunday.
    opened_on
        First day of retail delivery (or of the data), for ``since-opening``.
    first_on
        First day with data: periods of several weeks do not begin before the first whole week that has data on all its days, or, where
        there is none yet, before the last week.
    custom
        Start, and end (excluded), for ``custom``: any days.

    Returns
    -------
    Period
        Whole weeks, the last of which is complete. ``since-opening`` starts with the week that holds ``opened_on`` and is empty before
        the first week is complete. ``data_from`` is set where the data begins after the first day that was meant.

    Raises
    ------
    ParameterError
        If the preset is unknown, or lacks what it needs.
    """
    if preset not in PRESETS:
        raise ParameterError(f"there is no period {preset!r}; periods are {', '.join(PRESETS)}")
    if preset == "custom":
        if custom is None:
            raise ParameterError("a custom period needs its first day and its end")
        return Period(*custom, _data_from(custom[0], first_on))
    end_on = week_of(last_complete_on + _DAY, week_start)
    if preset != "since-opening":
        meant_on = end_on - _WEEKS[preset] * _WEEK
    elif opened_on is not None:
        meant_on = min(week_of(opened_on, week_start), end_on)
    else:
        raise ParameterError("the period since opening needs the day of opening")
    return Period(_clipped(meant_on, end_on, first_on, week_start), end_on, _data_from(meant_on, first_on))


def _clipped(start_on: date, end_on: date, first_on: date | None, week_start: int) -> date:
    """Return the later of a start and the first whole week with data; the last week stays in any case."""
    if first_on is None:
        return start_on
    first_whole_week_on = week_of(first_on + 6 * _DAY, week_start)
    return max(start_on, min(first_whole_week_on, end_on - _WEEK))


def _data_from(start_on: date, first_on: date | None) -> date | None:
    return first_on if first_on is not None and first_on > start_on else None


def previous(current: Period) -> Period:
    """Return the period of the same length just before."""
    return Period(current.start_on - (current.end_on - current.start_on), current.start_on)


@dataclass(frozen=True)
class Span:
    """Local days that the data of a place covers, both included."""

    first_on: date
    last_on: date


def comparable(current: Period, compared: Period | None, spans: Mapping[str, Span]) -> tuple[Period | None, str]:
    """Decide whether two periods can be compared fairly: every place must have data on all days of both.

    A market or mall that was not measured yet, or no more, in one of the two would look like growth or decline. A place whose data lies
    wholly outside both periods weighs on neither side and forbids nothing.

    Parameters
    ----------
    current
        Days shown.
    compared
        Days they are to be compared with; None: nothing is to be compared.
    spans
        Days with data by the name of the place, as ``analytics.reference.spans(version, market_id, mall_id)`` returns them: one market,
        one mall, or all markets that have orders.

    Returns
    -------
    tuple of Period or None, and str
        ``compared`` and no words where the comparison is fair (or none was asked), else None and one sentence that says why, such as
        "No fair comparison: Washington has data from 29 Jun".

    Examples
    --------
    >>> weeks = Period(date(2026, 6, 29), date(2026, 7, 6)), Period(date(2026, 6, 22), date(2026, 6, 29))
    >>> comparable(*weeks, {"Washington": Span(date(2026, 6, 29), date(2026, 11, 15))})
    (None, 'No fair comparison: Washington has data from 29 Jun')
    """
    if compared is None:
        return None, ""
    first_on, last_on = min(current.start_on, compared.start_on), max(current.last_on, compared.last_on)
    weighing = {name: span for name, span in spans.items() if span.first_on <= last_on and span.last_on >= first_on}
    reasons = [f"{name} has data from {_day(span.first_on, last_on)}" for name, span in weighing.items() if span.first_on > first_on] + [
        f"{name} has data to {_day(span.last_on, last_on)}" for name, span in weighing.items() if span.last_on < last_on
    ]
    return (None, f"No fair comparison: {', '.join(reasons)}") if reasons else (compared, "")


def _day(day: date, beside: date) -> str:
    """Return a day in words, with its year where that is another one."""
    return f"{day.day} {_MONTHS[day.month - 1]}{'' if day.year == beside.year else f' {day.year}'}"


def week_of(day: date, week_start: int = 1) -> date:
    """Return the first day of the week that holds ``day``.

    Raises
    ------
    ParameterError
        If ``week_start`` is no weekday from 1 Monday to 7 Sunday.
    """
    if week_start not in range(1, 8):
        raise ParameterError(f"the first weekday must be from 1 (Monday) to 7 (Sunday), not {week_start!r}")
    return day - timedelta(days=(day.isoweekday() - week_start) % 7)
