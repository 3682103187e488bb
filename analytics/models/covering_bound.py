"""A bound that no set of sites exceeds, and the sites that it decides (Lagrangian relaxation; only numpy and sparse products).

Rows: "a row pays only when enough of its sites are chosen" is given up for a price on each row (Galvao and ReVelle 1996). Savings: "a
cell takes one saving" is given up for a price on each cell (Beasley 1993). Conditions other than a number of sites are given up for a
price too. What is left is solved by sorting; its value is a bound at any prices, and subgradient steps move them. A site whose choice (or
absence) would bring the bound down to a set that is known is in none (or all) of the better sets: what then remains is small enough for
an exact solver.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from time import perf_counter
from typing import Final

import numpy as np
import numpy.typing as npt

from analytics.models.conditions import ANY_HIGH, ANY_LOW, Conditions
from analytics.models.gains import Booleans, Gains, Savings

Floats = npt.NDArray[np.float64]

_STALLED: Final = 10
_KEPT_DIRECTION: Final = 0.7
"""Part of the last direction that a step keeps (Camerini, Fratta and Maffioli 1975): prices swing less, and the bound is a third nearer."""

_SMALLEST_STEP: Final = 1e-3


@dataclass(frozen=True)
class Relaxed:
    """What the relaxation tells.

    Attributes
    ----------
    bound
        No set that keeps to the conditions is worth more.
    is_out, is_in
        Sites that are in none, and in all, of the sets worth more than the one that was known; shape (sites,).
    """

    bound: int
    is_out: Booleans
    is_in: Booleans


def relaxed(problem: Gains | Savings, conditions: Conditions, known: int, *, steps: int = 1500, until: float | None = None) -> Relaxed:
    """Return a bound on the value of all sets, and the sites that it decides.

    Parameters
    ----------
    problem, conditions
        What a set is worth, and what it must keep to.
    known
        Value of a set that keeps to the conditions.
    steps
        Most subgradient steps.
    until
        Reading of ``time.perf_counter`` at which it ends.
    """
    prices: _Prices = _RowPrices(problem, conditions) if isinstance(problem, Gains) else _CellPrices(problem, conditions)
    is_out, is_in = np.zeros(problem.sites, np.bool_), np.zeros(problem.sites, np.bool_)
    best, size, stalled = np.inf, 1.5, 0
    for _ in range(steps):
        value, sums, chosen = prices.value()
        out, inside = prices.decided(value, sums, chosen, known)
        is_out, is_in = is_out | out, is_in | inside
        stalled = 0 if value < best else stalled + 1
        best = min(best, value)
        if stalled >= _STALLED:
            size, stalled = size / 2, 0
        if best < known + problem.unit or size < _SMALLEST_STEP or (until is not None and perf_counter() > until):
            break
        if not prices.step(chosen, size * (value - known)):
            break
    bound = problem.base + int(np.floor((best - problem.base) / problem.unit + 1e-6)) * problem.unit
    return Relaxed(max(bound, known), is_out, is_in)


class _Prices(ABC):
    """Prices of the conditions and of the rows or cells, and the bound they lead to."""

    def __init__(self, problem: Gains | Savings, conditions: Conditions) -> None:
        self.base, self.unit, self.site_values = problem.base, problem.unit, problem.site_values
        self.count, kept = _cardinality(conditions)
        rest = Conditions(conditions.sites, tuple(conditions.rules[place] for place in kept))
        self.lowest, self.highest, others = _fixed(rest)
        self.free = np.flatnonzero(self.highest > self.lowest)
        self.amounts = rest.amounts[others].astype(float)
        self.low, self.high = rest.low[others].astype(float), rest.high[others].astype(float)
        self.scale = np.maximum(np.abs(self.amounts).max(axis=1, initial=1.0), 1.0)
        self.of_rules = np.zeros(len(others))
        self.direction: Floats | float = 0.0

    @abstractmethod
    def _own(self) -> tuple[float, Floats]:
        """Return what the prices of rows or cells add to the bound, and what each site is worth under them."""

    @abstractmethod
    def _slope(self, chosen: Floats) -> Floats:
        """Return how the bound changes with each of these prices."""

    @abstractmethod
    def _move(self, change: Floats) -> None:
        """Move these prices, as far as they may go."""

    def value(self) -> tuple[float, Floats, Floats]:
        """Return the bound at these prices, what each site is worth under them, and the sites that reach the bound."""
        fixed, own = self._own()
        sums = own + self.site_values - self.amounts.T @ self.of_rules
        # a positive price pays for the upper end, a negative one for the lower end
        paid = float(np.sum(self.of_rules * np.where(self.of_rules > 0, self.high, self.low), where=self.of_rules != 0))
        chosen = self._best(sums)
        return self.base + fixed + paid + float(sums @ chosen), sums, chosen

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

    def step(self, chosen: Floats, length: float) -> bool:
        """Move the prices against the slope; False where there is none left."""
        own = self._slope(chosen) + _KEPT_DIRECTION * self.direction
        self.direction = own
        rules = self._rule_slope(chosen)
        square = float(own @ own + rules @ rules)
        if square == 0:
            return False
        self._move(-length / square * own)
        moved = self.of_rules - length / square * rules / self.scale
        moved = np.where((self.of_rules > 0) & (moved < 0) | (self.of_rules < 0) & (moved > 0), 0, moved)
        self.of_rules = np.where((moved > 0) & (self.high >= ANY_HIGH) | (moved < 0) & (self.low <= ANY_LOW), 0, moved)
        return True

    def _rule_slope(self, chosen: Floats) -> Floats:
        """Return the slope of the conditions' prices, each measured in its largest amount: cents would drown people."""
        used = self.amounts @ chosen
        slope = np.where(self.of_rules > 0, self.high - used, np.where(self.of_rules < 0, self.low - used, 0.0))
        slope = np.where((self.of_rules == 0) & (used > self.high), self.high - used, slope)
        slope = np.where((self.of_rules == 0) & (used < self.low), self.low - used, slope)
        scaled: Floats = slope / self.scale
        return scaled

    def decided(self, value: float, sums: Floats, chosen: Floats, known: int) -> tuple[Booleans, Booleans]:
        """Return sites whose choice, and sites whose absence, would bring the bound below one unit more than what is known."""
        slack = value - (known + self.unit) + 1e-6 * self.unit + 1e-11 * abs(value)
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

    def _own(self) -> tuple[float, Floats]:
        left = self.weights - self.needs * self.prices
        return float(np.maximum(left, 0).sum()), np.asarray(self.by_site @ self.prices)

    def _slope(self, chosen: Floats) -> Floats:
        left = self.weights - self.needs * self.prices
        slope = self.members @ chosen - self.needs * (left > 0)
        ends: Floats = np.where((self.prices <= 0) & (slope > 0) | (left <= 0) & (slope < 0), 0, slope)
        return ends

    def _move(self, change: Floats) -> None:
        self.prices = np.clip(self.prices + change, 0, self.weights / self.needs)


class _CellPrices(_Prices):
    """Prices of cells, 0 or more: what a cell's saving must exceed to count."""

    def __init__(self, savings: Savings, conditions: Conditions) -> None:
        super().__init__(savings, conditions)
        self.matrix = savings.matrix.astype(float)
        self.prices = self.matrix.max(axis=1, initial=0.0) / 2

    def _own(self) -> tuple[float, Floats]:
        return float(self.prices.sum()), np.maximum(self.matrix - self.prices[:, None], 0).sum(axis=0)

    def _slope(self, chosen: Floats) -> Floats:
        own = self.matrix[:, chosen > 0]
        slope = 1.0 - (own > self.prices[:, None]).sum(axis=1)
        ends: Floats = np.where((self.prices <= 0) & (slope > 0), 0, slope)
        return ends

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
