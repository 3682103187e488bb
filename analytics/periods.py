"""Periods of whole local weeks that end with the last complete day in the data, never with today."""

from dataclasses import dataclass
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


@dataclass(frozen=True)
class Period:
    """Market-local days, start included, end excluded.

    Raises
    ------
    ParameterError
        If the start is after the end.
    """

    start_on: date
    end_on: date

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
    custom
        Start, and end (excluded), for ``custom``: any days.

    Returns
    -------
    Period
        Whole weeks, the last of which is complete. ``since-opening`` starts with the week that holds ``opened_on`` and is empty before
        the first week is complete.

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
        return Period(*custom)
    end_on = week_of(last_complete_on + _DAY, week_start)
    if preset != "since-opening":
        return Period(end_on - _WEEKS[preset] * _WEEK, end_on)
    if opened_on is None:
        raise ParameterError("the period since opening needs the day of opening")
    return Period(min(week_of(opened_on, week_start), end_on), end_on)


def previous(current: Period) -> Period:
    """Return the period of the same length just before."""
    return Period(current.start_on - (current.end_on - current.start_on), current.start_on)


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
