"""What many malls would each take from the open ones, one at a time: Huff's model over arrays, in the whole numbers of its metric.

``analytics.metrics.trade_areas.cannibalization`` says what is counted; asked of a database for many malls at once it joins every mall with
every other one in each cell. Here each mall meets the open ones only. The two agree to the person.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

WHOLE: Final = 1_000_000
SCALE: Final = 1_000_000_000
LARGEST: Final = 9 * 10**18
"""No attraction is larger, that it is a number of 64 bits."""

_STORES: Final = 100
_SECONDS: Final = 600
_SHORTEST_S: Final = 60


@dataclass(frozen=True)
class Exponents:
    """Exponents of stores and of drive, and the weight of not ordering, thousandths."""

    attraction_permille: int
    decay_permille: int
    outside_permille: int


def attractions(stores: Integers, drive_s: Integers, exponents: Exponents) -> Integers:
    """Return how much malls attract cells, whole billionths: ``(stores / 100)^a (600 s / drive)^b``, drives of a minute at the least.

    Parameters
    ----------
    stores, drive_s
        One per pair of mall and cell; stores 1 or more.
    exponents
        a and b.
    """
    # Powers by the machine's own function, one at a time: vectorized ones may differ in the last digit from those of a database.
    size = _looked_up(stores, lambda number: math.pow(number / _STORES, exponents.attraction_permille / 1000))
    near = _looked_up(drive_s, lambda seconds: math.pow(_SECONDS / max(seconds, _SHORTEST_S), exponents.decay_permille / 1000))
    return np.asarray(np.floor(np.minimum(size * near * SCALE, float(LARGEST))), np.int64)


def _looked_up(values: Integers, power: Callable[[int], float]) -> Floats:
    unique, place = np.unique(values, return_inverse=True)
    return np.array([power(each) for each in unique.tolist()], np.float64)[place]


@dataclass(frozen=True)
class Standing:
    """The open malls of a market as they are.

    Attributes
    ----------
    people
        People of each cell.
    attraction
        Of each open mall on each cell: a row per mall, 0 where it does not reach.
    exponents
        For the weight of not ordering.
    """

    people: Integers
    attraction: Integers
    exponents: Exponents

    @cached_property
    def whole(self) -> Integers:
        """Return what the open malls and not ordering weigh together in each cell."""
        return np.asarray(self.attraction.sum(axis=0) + self.exponents.outside_permille * SCALE // 1000, np.int64)

    @cached_property
    def chance(self) -> Integers:
        """Return the chance of each open mall in each cell, millionths."""
        return _chance(self.attraction, self.whole)

    @cached_property
    def expected(self) -> list[int]:
        """Return the people of each open mall times a million."""
        return [int(each) for each in self.chance @ self.people]


def taken(open_malls: Standing, cell: Integers, attraction: Integers) -> tuple[int, int]:
    """Return the people whom open malls would lose to one mall that opens, and whom they have before: sums over the open malls.

    Parameters
    ----------
    open_malls
        The market as it is.
    cell, attraction
        Cells that the new mall reaches (positions), and its attraction on them.

    Returns
    -------
    tuple of int
        Whole people, each open mall's rounded down before and after, as the metric does.
    """
    whole = open_malls.whole[cell] + attraction
    change = (_chance(open_malls.attraction[:, cell], whole) - open_malls.chance[:, cell]) @ open_malls.people[cell]
    before = [expected // WHOLE for expected in open_malls.expected]
    after = [(expected + int(each)) // WHOLE for expected, each in zip(open_malls.expected, change, strict=True)]
    return sum(before) - sum(after), sum(before)


def _chance(attraction: Integers, whole: Integers) -> Integers:
    """Return a part of a whole in millionths, rounded down."""
    return np.asarray(np.floor(attraction.astype(np.float64) / np.maximum(whole, 1).astype(np.float64) * WHOLE), np.int64)
