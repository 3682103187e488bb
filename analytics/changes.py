"""Whether a figure changed by more than chance, and what the change is made of.

Shares bring Wilson's bounds, percentiles those of their order statistics, ratios those of their days; all may be lopsided. The interval of
a difference is made from the four bounds (MOVER: Zou and Donner 2008; for shares this is method 10 of Newcombe 1998).
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.special import stdtrit

from analytics.intervals import Z

_LEVEL = 0.975
MIX = "mix"
"""Piece of a change that comes of groups weighing more or less than before, not of any group's own figure."""


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 percent bounds, in one unit; bounds are None where so few rows bound nothing."""

    value: float
    low: float | None = None
    high: float | None = None


_NOTHING = Estimate(0.0, 0.0, 0.0)


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

    def times(self, factor: float) -> "Change":
        """Return the change of a multiple of the figure; the sign of ``factor`` may turn the bounds round."""
        bounds = [None if bound is None else factor * bound for bound in (self.low, self.high)]
        low, high = bounds if factor >= 0 else reversed(bounds)
        return Change(factor * self.difference, low, high)


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


def ratio(parts: Sequence[tuple[float, float]]) -> Estimate | None:
    """Return a ratio of sums with the 95 percent bounds that its days give it.

    The days are taken as a sample of days: with R = sum y / sum x, the variance of R is ``d / (d - 1) * sum (y - R x)^2 / (sum x)^2`` over
    d days (Cochran, Sampling Techniques, 1977, section 6.3), the bounds are Student's with d - 1 degrees of freedom. What differs by
    weekday counts as chance too, so that the bounds are rather too wide than too narrow.

    Parameters
    ----------
    parts
        For each day its numerator and denominator, such as engaged and online seconds.

    Returns
    -------
    Estimate or None
        Without bounds where fewer than three days have a denominator; None where no day has one.
    """
    days = np.array([part for part in parts if part[1] > 0], float).reshape(-1, 2)
    whole = float(days[:, 1].sum())
    if not len(days):
        return None
    value = float(days[:, 0].sum()) / whole
    if len(days) < 3:
        return Estimate(value)
    spread = days[:, 0] - value * days[:, 1]
    error = sqrt(len(days) / (len(days) - 1) * float((spread**2).sum())) / whole
    half = float(stdtrit(len(days) - 1, _LEVEL)) * error
    return Estimate(value, value - half, value + half)


@dataclass(frozen=True)
class Group:
    """One group's part in a figure over all rows: its rows, and pieces that add up to its own figure, each a figure per row."""

    n: int
    pieces: Mapping[str, Estimate]


@dataclass(frozen=True)
class Contribution:
    """What one piece of one group adds to a change of the whole; ``group`` is None for the shift of weight between groups (``MIX``)."""

    group: Hashable
    piece: str
    change: Change


def contributions(now: Mapping[Hashable, Group], before: Mapping[Hashable, Group]) -> list[Contribution]:
    """Split the change of a figure over all groups into what each piece of each group adds, and the shift of weight between groups.

    The figure is ``F = sum w_g f_g`` with weights ``w_g = n_g / n`` and ``f_g = sum over pieces``. A piece adds its own change times the
    group's mean weight, ``(w1 + w0) / 2 * (p1 - p0)``; the shift of weight adds ``sum (w1 - w0) * (f1 + f0) / 2``. Together they are
    exactly ``F1 - F0`` (Kitagawa 1955, Components of a difference between two rates). A group that is in one of the two only changed
    in weight, not in itself.

    Parameters
    ----------
    now, before
        Groups by name, of the two periods; a period without rows splits nothing.

    Returns
    -------
    list of Contribution
        Largest first, whatever its sign; weights count as known, so that the bounds are those of the pieces. The shift of weight has no
        bounds and stands last among equals.
    """
    n_now, n_before = (sum(group.n for group in groups.values()) for groups in (now, before))
    if not n_now or not n_before:
        return []
    found, mix = [], 0.0
    for name in dict.fromkeys([*now, *before]):
        later, earlier = now.get(name, before.get(name)), before.get(name, now.get(name))
        if later is None or earlier is None:  # neither: the names are those of the two
            continue
        weights = [groups[name].n / whole if name in groups else 0.0 for groups, whole in ((now, n_now), (before, n_before))]
        mix += (weights[0] - weights[1]) * (_figure(later) + _figure(earlier)) / 2
        if later is not earlier:
            for piece in dict.fromkeys([*later.pieces, *earlier.pieces]):
                moved = change(later.pieces.get(piece, _NOTHING), earlier.pieces.get(piece, _NOTHING))
                found.append(Contribution(name, piece, moved.times(sum(weights) / 2)))
    found.append(Contribution(None, MIX, Change(mix)))
    return sorted(found, key=lambda each: -abs(each.change.difference))


def _figure(group: Group) -> float:
    return sum(piece.value for piece in group.pieces.values())
