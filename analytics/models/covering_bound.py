"""A bound that no set of sites exceeds, and the sites that it decides (Lagrangian relaxation; only numpy and sparse products).

Rows: "a row pays only when enough of its sites are chosen" is given up for a price on each row (Galvao and ReVelle 1996). Savings: "a
cell takes one saving" is given up for a price on each cell (Beasley 1993). Conditions other than a number of sites are given up for a
price too. What is left is solved by sorting; its value is a bound at any prices, and subgradient steps move them. A site whose choice (or
absence) would bring the bound down to a set that is known is in none (or all) of the better sets: what then remains is small enough for
an exact solver.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from analytics.models.conditions import ANY_HIGH, ANY_LOW, Conditions
from analytics.models.effort import Effort
from analytics.models.merging import Booleans
from analytics.models.rows import Gains
from analytics.models.savings import Savings

Floats = npt.NDArray[np.float64]

_STALLED: Final = 15
"""Steps without a lower bound after which steps become smaller."""

_SMALLER: Final = 0.6
_KEPT_DIRECTION: Final = 0.7
"""Part of the last direction that a step keeps (Camerini, Fratta and Maffioli 1975): prices swing less, and the bound is a third nearer."""

_FIRST_STEP: Final = 1.5
_SMALLEST_STEP: Final = 1e-3
_REMEMBERED: Final = 0.95
_MOST_SETS: Final = 12
_A_STEP: Final = 50_000
"""Numbers that could be looked at in the time that a step of the smallest problem takes."""

_ROUNDING: Final = 1e-6
_INEXACT: Final = 1e-12
"""Part of all that is added up by which a sum of floating-point numbers may be wrong; a bound is raised by as much."""


@dataclass(frozen=True)
class Start:
    """Prices to begin with, of the rows or cells and of all the rules, and the size of the first steps."""

    prices: Floats
    of_rules: Floats
    size: float = _FIRST_STEP


@dataclass(frozen=True)
class Relaxed:
    """What the relaxation tells.

    Attributes
    ----------
    bound
        No set that keeps to the conditions is worth more.
    is_out, is_in
        Sites that are in none, and in all, of the sets worth more than the one that was known; shape (sites,).
    often
        How often each site was in the sets of the last steps, from 0 to 1; shape (sites,).
    sets
        Sets on the way that keep to the conditions, the one worth most first: good ones to begin exchanges with.
    end
        Prices at the bound, and the size of steps to go on with: smaller, so that one interrupted again and again comes to its end.
    is_done
        Whether it ended before its time was over.
    """

    bound: int
    is_out: Booleans
    is_in: Booleans
    often: Floats
    sets: tuple[tuple[int, ...], ...]
    end: Start
    is_done: bool = True


def relaxed(
    problem: Gains | Savings,
    conditions: Conditions,
    known: int,
    *,
    unit: int | None = None,
    steps: int = 1500,
    effort: Effort | None = None,
    start: Start | None = None,
) -> Relaxed:
    """Return a bound on the value of all sets, and the sites that it decides.

    Parameters
    ----------
    problem, conditions
        What a set is worth, and what it must keep to.
    known
        Value of a set that keeps to the conditions.
    unit
        Of which all differences of values are multiples; None: the unit of the problem.
    steps
        Most subgradient steps.
    effort
        What it may spend; None: all its steps.
    start
        Prices of a similar problem; None: the first ones are guessed.
    """
    prices: _Prices = _RowPrices(problem, conditions) if isinstance(problem, Gains) else _CellPrices(problem, conditions)
    size, unit = prices.begun(start), unit or problem.unit
    better, rounding = known + unit, _ROUNDING * unit
    is_out, is_in, often = np.zeros(problem.sites, np.bool_), np.zeros(problem.sites, np.bool_), np.zeros(problem.sites)
    best, end, stalled, met, is_late = np.inf, prices.end(), 0, _Met(), False
    for _ in range(steps):
        value, sums, chosen = prices.value()
        out, inside = prices.decided(value + rounding, sums, chosen, better)
        is_out, is_in = is_out | out, is_in | inside
        often = _REMEMBERED * often + (1 - _REMEMBERED) * chosen
        stalled += 1
        if value < best:
            best, end, stalled = value, prices.end(), 0
        if effort is not None:
            effort.spend(prices.work)
            is_late = effort.is_over
        slope, worth = prices.slope(chosen)
        met.see(chosen, worth, is_kept=stalled >= _STALLED)
        if stalled >= _STALLED:
            size, stalled = size * _SMALLER, 0
        if best < better or size < _SMALLEST_STEP or is_late or not prices.step(slope, chosen, size * (value - known)):
            break
    bound = problem.base + int(np.floor((best - problem.base) / unit + _ROUNDING)) * unit
    is_done = not is_late or size < _SMALLEST_STEP
    return Relaxed(max(bound, known), is_out, is_in, often, met.sets, replace(end, size=size * _SMALLER), is_done)


class _Met:
    """The sets on the way: the one worth most, and some of the others."""

    def __init__(self) -> None:
        self.worth = -np.inf
        self.best: Floats | None = None
        self.kept = dict[bytes, Floats]()

    def see(self, chosen: Floats, worth: float | None, *, is_kept: bool) -> None:
        """Look at one set; None is the worth of one outside the conditions."""
        if worth is None:
            return
        if worth > self.worth:
            self.worth, self.best = worth, chosen
        if is_kept:
            self.kept[chosen.tobytes()] = chosen

    @property
    def sets(self) -> tuple[tuple[int, ...], ...]:
        """The best one, and the last ones of the others."""
        if self.best is None:
            return ()
        others = [each for each in self.kept.values() if each is not self.best][-_MOST_SETS:]
        return tuple(tuple(np.flatnonzero(each > 0).tolist()) for each in (self.best, *others))


class _Prices(ABC):
    """Prices of the conditions and of the rows or cells, and the bound they lead to.

    Sums of floating-point numbers are numpy's own, never those of its linear algebra (``@``): that one adds up in another order with every
    number of threads, so that steps would lead elsewhere; and on a busy machine its threads wait for each other six times as long as they
    work.
    """

    def __init__(self, problem: Gains | Savings, conditions: Conditions) -> None:
        self.base, self.site_values = problem.base, problem.site_values
        self.count, kept = _cardinality(conditions)
        rest = Conditions(conditions.sites, tuple(conditions.rules[place] for place in kept))
        self.lowest, self.highest, others = _fixed(rest)
        self.free = np.flatnonzero(self.highest > self.lowest)
        self.all_rules, self.rules = len(conditions.rules), np.array(kept, np.intp)[others]
        self.amounts = rest.amounts[others].astype(float)
        self.low, self.high = rest.low[others].astype(float), rest.high[others].astype(float)
        self.scale = np.maximum(np.abs(self.amounts).max(axis=1, initial=1.0), 1.0)
        self.of_rules = np.zeros(len(others))
        self.prices: Floats = np.zeros(0)
        self.direction: Floats | float = 0.0

    def begun(self, start: Start | None) -> float:
        """Take the prices of a start, as far as they may go, and return the size of the first steps."""
        if start is None:
            return _FIRST_STEP
        self.prices = start.prices
        self._move(np.zeros(len(start.prices)))
        self.of_rules = start.of_rules[self.rules]
        return start.size

    def end(self) -> Start:
        """Return the prices as they are."""
        of_rules = np.zeros(self.all_rules)
        of_rules[self.rules] = self.of_rules
        return Start(self.prices, of_rules)

    @property
    @abstractmethod
    def work(self) -> int:
        """How many numbers a step looks at."""

    @abstractmethod
    def _own(self) -> tuple[float, Floats]:
        """Return what the prices of rows or cells add to the bound, and what each site is worth under them."""

    @abstractmethod
    def _slope(self, chosen: Floats) -> tuple[Floats, float]:
        """Return how the bound changes with each of these prices, and what the set saves or covers."""

    @abstractmethod
    def _move(self, change: Floats) -> None:
        """Move these prices, as far as they may go."""

    def value(self) -> tuple[float, Floats, Floats]:
        """Return the bound at these prices, what each site is worth under them, and the sites that reach the bound."""
        fixed, own = self._own()
        sums = own + self.site_values - (self.amounts * self.of_rules[:, None]).sum(axis=0)
        # a positive price pays for the upper end, a negative one for the lower end
        paid = float(np.sum(self.of_rules * np.where(self.of_rules > 0, self.high, self.low), where=self.of_rules != 0))
        chosen = self._best(sums)
        gained = float((sums * chosen).sum())
        inexact = _INEXACT * (abs(self.base) + fixed + abs(paid) + float((np.abs(sums) * chosen).sum()))
        return self.base + fixed + paid + gained + inexact, sums, chosen

    def slope(self, chosen: Floats) -> tuple[Floats, float | None]:
        """Return how the bound changes with each price of a row or cell, and what the set is worth; None outside the conditions."""
        slope, worth = self._slope(chosen)
        used = self._used(chosen)
        is_kept = ((used >= self.low) & (used <= self.high)).all() and (self.count is None or int(chosen.sum()) == self.count)
        return slope, worth + float((self.site_values * chosen).sum()) if is_kept else None

    def _best(self, sums: Floats) -> Floats:
        """Return the sites of the largest sum within their bounds, as many as the conditions say."""
        chosen = self.lowest.copy()
        if self.count is None:
            chosen[self.free[sums[self.free] > 0]] = 1.0
            return chosen
        more = self.count - int(chosen.sum())
        if more > 0:
            chosen[self.free[np.argsort(-sums[self.free], kind="stable")[:more]]] = 1.0
        return chosen

    def step(self, slope: Floats, chosen: Floats, length: float) -> bool:
        """Move the prices against the slope; False where there is none left."""
        own = slope + _KEPT_DIRECTION * self.direction
        self.direction = own
        rules = self._rule_slope(chosen)
        square = float((own * own).sum() + (rules * rules).sum())
        if square == 0:
            return False
        self._move(-length / square * own)
        moved = self.of_rules - length / square * rules / self.scale
        moved = np.where((self.of_rules > 0) & (moved < 0) | (self.of_rules < 0) & (moved > 0), 0, moved)
        self.of_rules = np.where((moved > 0) & (self.high >= ANY_HIGH) | (moved < 0) & (self.low <= ANY_LOW), 0, moved)
        return True

    def _rule_slope(self, chosen: Floats) -> Floats:
        """Return the slope of the conditions' prices, each measured in its largest amount: cents would drown people."""
        used = self._used(chosen)
        slope = np.where(self.of_rules > 0, self.high - used, np.where(self.of_rules < 0, self.low - used, 0.0))
        slope = np.where((self.of_rules == 0) & (used > self.high), self.high - used, slope)
        slope = np.where((self.of_rules == 0) & (used < self.low), self.low - used, slope)
        scaled: Floats = slope / self.scale
        return scaled

    def _used(self, chosen: Floats) -> Floats:
        used: Floats = (self.amounts * chosen).sum(axis=1)
        return used

    def decided(self, value: float, sums: Floats, chosen: Floats, better: int) -> tuple[Booleans, Booleans]:
        """Return sites whose choice, and sites whose absence, would bring the bound below what a better set is worth."""
        slack = value - better + _INEXACT * (abs(value) + float(np.abs(sums).max(initial=0.0)))
        free, is_in = self.highest > self.lowest, chosen > 0
        if self.count is None:
            return free & ~is_in & (-sums > slack), free & is_in & (sums > slack)
        least_in = sums[is_in & free].min(initial=np.inf)
        most_out = sums[~is_in & free].max(initial=-np.inf)
        return free & ~is_in & (least_in - sums > slack), free & is_in & (sums - most_out > slack)


class _RowPrices(_Prices):
    """Prices of rows, from 0 to what a row pays for each site it needs."""

    def __init__(self, gains: Gains, conditions: Conditions) -> None:
        super().__init__(gains, conditions)
        self.weights, self.needs = gains.weights.astype(float), gains.needs.astype(float)
        self.members = gains.members.astype(float)
        self.by_site = self.members.T.tocsr()
        self.prices = self.weights / np.maximum(self.needs, np.minimum(np.diff(gains.members.indptr), 4.0))

    @property
    def work(self) -> int:
        return _A_STEP + 2 * int(self.members.nnz) + 10 * len(self.weights)

    def _own(self) -> tuple[float, Floats]:
        left = self.weights - self.needs * self.prices
        return float(np.maximum(left, 0).sum()), np.asarray(self.by_site @ self.prices)

    def _slope(self, chosen: Floats) -> tuple[Floats, float]:
        left = self.weights - self.needs * self.prices
        hits = self.members @ chosen
        slope = hits - self.needs * (left > 0)
        ends: Floats = np.where((self.prices <= 0) & (slope > 0) | (left <= 0) & (slope < 0), 0, slope)
        return ends, float(self.weights.sum(where=hits >= self.needs))

    def _move(self, change: Floats) -> None:
        self.prices = np.clip(self.prices + change, 0, self.weights / self.needs)


class _CellPrices(_Prices):
    """Prices of cells, 0 or more: what a cell's saving must exceed to count."""

    def __init__(self, savings: Savings, conditions: Conditions) -> None:
        super().__init__(savings, conditions)
        self.matrix = savings.matrix.astype(float)
        self.over = np.empty_like(self.matrix)
        self.prices = self.matrix.max(axis=1, initial=0.0) / 2

    @property
    def work(self) -> int:
        return _A_STEP + int(self.matrix.size)

    def _own(self) -> tuple[float, Floats]:
        np.subtract(self.matrix, self.prices[:, None], out=self.over)
        np.maximum(self.over, 0, out=self.over)
        return float(self.prices.sum()), self.over.sum(axis=0)

    def _slope(self, chosen: Floats) -> tuple[Floats, float]:
        own = self.matrix[:, chosen > 0]
        slope = 1.0 - (own > self.prices[:, None]).sum(axis=1)
        ends: Floats = np.where((self.prices <= 0) & (slope > 0), 0, slope)
        return ends, float(own.max(axis=1, initial=0.0).sum())

    def _move(self, change: Floats) -> None:
        self.prices = np.maximum(self.prices + change, 0)


def _cardinality(conditions: Conditions) -> tuple[int | None, list[int]]:
    """Return how many sites are chosen where a rule says exactly, and the places of all other rules."""
    for place, rule in enumerate(conditions.rules):
        if rule.low == rule.high and (rule.amounts == 1).all():
            return rule.low, [other for other in range(len(conditions.rules)) if other != place]
    return None, list(range(len(conditions.rules)))


def _fixed(conditions: Conditions) -> tuple[Floats, Floats, list[int]]:
    """Return each site's lowest and highest place (0 or 1) by the rules over one site, and the places of the other rules."""
    lowest, highest, others = np.zeros(conditions.sites), np.ones(conditions.sites), []
    for place, rule in enumerate(conditions.rules):
        own = np.flatnonzero(rule.amounts)
        if len(own) == 1 and rule.amounts[own[0]] == 1:
            lowest[own[0]] = max(lowest[own[0]], float(min(max(rule.low, 0), 1)))
            highest[own[0]] = min(highest[own[0]], float(max(min(rule.high, 1), 0)))
        else:
            others.append(place)
    return lowest, highest, others
