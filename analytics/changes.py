"""Whether a figure changed by more than chance: the difference of two estimates with its interval.

Shares bring Wilson's bounds, percentiles those of their order statistics; both may be lopsided. The interval of a difference is made from
the four bounds (MOVER: Zou and Donner 2008; for shares this is method 10 of Newcombe 1998).
"""

from dataclasses import dataclass
from math import sqrt

from analytics.intervals import Z


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 percent bounds, in one unit; bounds are None where so few rows bound nothing."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Change:
    """A difference, now minus before, with its 95 percent bounds; None where one of the two is unbounded."""

    difference: float
    low: float | None = None
    high: float | None = None

    @property
    def is_beyond_chance(self) -> bool:
        """Whether the interval leaves out zero; without an interval nothing is claimed."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high


def change(now: Estimate, before: Estimate) -> Change:
    """Return the difference of two independent estimates with its interval.

    With bounds l and u around each value v, the difference d = v1 - v0 lies between ``d - sqrt((v1 - l1)^2 + (u0 - v0)^2)`` and
    ``d + sqrt((u1 - v1)^2 + (v0 - l0)^2)`` (Zou and Donner 2008, equation 11).

    Parameters
    ----------
    now, before
        Estimates of the same figure from different orders.

    Examples
    --------
    >>> change(Estimate(56 / 70, 0.6922, 0.8771), Estimate(48 / 80, 0.4905, 0.7003)).is_beyond_chance
    True
    """
    difference = now.value - before.value
    if now.low is None or now.high is None or before.low is None or before.high is None:
        return Change(difference)
    down = sqrt((now.value - now.low) ** 2 + (before.high - before.value) ** 2)
    up = sqrt((now.high - now.value) ** 2 + (before.value - before.low) ** 2)
    return Change(difference, difference - down, difference + up)


def rate(count: int, weeks: float) -> Estimate:
    """Return events per week with the bounds of a Poisson count (square-root transform, 95 percent).

    Orders come in waves, so that true variation is at least this large: a change inside these bounds is certainly no news.

    Parameters
    ----------
    count
        Events counted.
    weeks
        Length of the time they were counted in, above zero.

    Raises
    ------
    ValueError
        The time has no length.
    """
    if weeks <= 0:
        raise ValueError(f"a rate needs a time above zero, not {weeks} weeks")
    low = max(0.0, sqrt(count) - Z / 2) ** 2
    high = (sqrt(count + 1) + Z / 2) ** 2
    return Estimate(count / weeks, low / weeks, high / weeks)
