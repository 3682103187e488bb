"""A search through all sets that leaves out what no better set can be in: branch and bound over sites (Land and Doig 1960).

Each node is a set of sites that are taken and a set that are free. Its bound is that of the relaxation (``covering_bound``), which begins
with the prices of the node before it and so needs few steps; it also decides sites. The node with the highest bound comes next, and is
parted at the site of which the relaxation is least sure. Such bounds prove the public p-median instances in seconds (Beasley 1985), where
a linear program takes minutes.
"""

from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from typing import Final

import numpy as np
import numpy.typing as npt

from analytics.models.conditions import Conditions
from analytics.models.covering_bound import Relaxed, Start, relaxed
from analytics.models.covering_search import Chosen, Problem, improved
from analytics.models.effort import Effort
from analytics.models.merging import Booleans
from analytics.models.rows import Gains, Part
from analytics.models.savings import Savings

_ROOT_STEPS: Final = 1500
_STEPS: Final = {Gains: 80, Savings: 30}
"""Steps of the nodes after the first one: prices of rows need more of them."""

_STEP_SIZE: Final = 0.3
_HALF: Final = 0.5
_SEARCHED: Final = 8
"""Every so many nodes exchanges begin with a set that the relaxation met."""

_ALL_SEARCHED: Final = 20
"""Nodes at the beginning of which each does so."""

_KICKS: Final = 5
_KICKED: Final = 0.1
"""Part of the work for leaving the best set by exchanges at random: in covering with many sites the relaxation meets worse ones."""


@dataclass(order=True)
class _Node:
    minus_bound: int
    place: int
    taken: Booleans = field(compare=False)
    free: Booleans = field(compare=False)
    prices: Start | None = field(compare=False)


@dataclass(frozen=True)
class _Here:
    """What a node leaves to choose: the problem and the rules of its free sites."""

    taken: Booleans
    free: Booleans
    part: Part[Gains] | Part[Savings]
    rules: Conditions
    left: npt.NDArray[np.intp]

    def whole(self, chosen: Chosen) -> Chosen:
        """Return some of the free sites, and those that are taken, by their places in the whole."""
        return tuple(sorted((*_places(self.taken), *np.flatnonzero(self.free)[list(chosen)].tolist())))


class Tree:
    """The search: the best set so far, and the nodes that are still open.

    Attributes
    ----------
    found, known
        The best set so far, and what it is worth.
    nodes
        How many nodes were looked at.
    """

    def __init__(self, problem: Problem, conditions: Conditions, found: Chosen) -> None:
        self.problem, self.conditions = problem, conditions
        self.found, self.known, self.unit = found, problem.value(found), problem.unit
        self.nodes, self._pushed, self._tried, self._kicked = 0, 0, set[Chosen](), 0
        self._open: list[_Node] = []
        nothing = np.zeros(problem.sites, np.bool_)
        self._push(problem.most, nothing, ~nothing, None)

    @property
    def bound(self) -> int:
        """No set is worth more."""
        return max(self.known, -self._open[0].minus_bound) if self._open else self.known

    @property
    def left(self) -> tuple[Booleans, Booleans]:
        """Sites that some open node has taken or free, and sites that every open node has taken."""
        some, every = np.zeros(self.problem.sites, np.bool_), np.ones(self.problem.sites, np.bool_)
        for node in self._open:
            some |= node.taken | node.free
            every &= node.taken
        return some, every

    def take(self, found: Chosen) -> None:
        """Take a set that keeps to the conditions where it is worth more than the best so far."""
        if (value := self.problem.value(found)) > self.known:
            self.found, self.known = found, value

    def grow(self, effort: Effort) -> None:
        """Look at nodes as long as it may, or until nothing is open."""
        while self._open and not effort.is_over:
            node = heappop(self._open)
            if -node.minus_bound < self.known + self.unit:
                self._open.clear()  # the others' bounds are no higher
                return
            self._visit(node, effort)
        if self._open and -self._open[0].minus_bound < self.known + self.unit:
            self._open.clear()

    def _push(self, bound: int, taken: Booleans, free: Booleans, prices: Start | None) -> None:
        self._pushed += 1
        heappush(self._open, _Node(-bound, -self._pushed, taken, free, prices))

    def _visit(self, node: _Node, effort: Effort) -> None:
        self.nodes += 1
        effort.spend(self.problem.size)
        here = self._here(node)
        if here is None:
            return
        if not here.free.any():
            self.take(_places(here.taken))
            return
        before = self.known
        told = self._relaxed(here, self._start(here, node.prices), effort)
        if not effort.is_late:  # else the sets met hang on the clock
            self._search(here, told, effort)
            if told.bound >= self.known + self.unit:
                self._kick(effort)
        if self.known > before:
            again = self._relaxed(here, replace(told.end, size=_STEP_SIZE), effort)  # a better set decides more sites
            told = replace(again, bound=min(again.bound, told.bound), is_out=again.is_out | told.is_out, is_in=again.is_in | told.is_in)
        bound = min(-node.minus_bound, told.bound)
        if bound < self.known + self.unit:
            return
        end = self._end(here, told, node.prices)
        if told.is_done:
            self._part(here, told, bound, end)
        else:
            self._push(bound, here.taken, here.free, end)

    def _here(self, node: _Node) -> _Here | None:
        """Return what a node leaves to choose; None where the rules leave nothing."""
        implied = self.conditions.implied(node.taken, node.free)
        if implied is None:
            return None
        taken, free = implied
        rules, left = self.conditions.given(taken, free)
        return _Here(taken, free, self.problem.given(taken, free), rules, left)

    def _start(self, here: _Here, prices: Start | None) -> Start | None:
        """Return the prices of the node before as those of what is left."""
        if prices is None:
            return None
        return Start(np.maximum(prices.prices[here.part.rows] - here.part.there, 0), prices.of_rules[here.left], prices.size)

    def _end(self, here: _Here, told: Relaxed, prices: Start | None) -> Start:
        """Return the prices of what is left as those of the whole."""
        rows = self.problem.rows if isinstance(self.problem, Gains) else self.problem.cells
        of_rows = np.zeros(rows) if prices is None else prices.prices.copy()
        of_rules = np.zeros(len(self.conditions.rules))
        of_rows[here.part.rows] = told.end.prices + here.part.there
        of_rules[here.left] = told.end.of_rules
        return Start(of_rows, of_rules, _STEP_SIZE if told.is_done else told.end.size)

    def _relaxed(self, here: _Here, start: Start | None, effort: Effort) -> Relaxed:
        steps = _ROOT_STEPS if start is None or start.size > _STEP_SIZE else _STEPS[type(self.problem)]
        return relaxed(here.part.problem, here.rules, self.known, unit=self.unit, steps=steps, effort=effort, start=start)

    def _search(self, here: _Here, told: Relaxed, effort: Effort) -> None:
        """Begin exchanges with sets that the relaxation met."""
        if self.nodes > _ALL_SEARCHED and self.nodes % _SEARCHED:
            return
        for chosen in told.sets if self.nodes == 1 else told.sets[:1]:
            whole = here.whole(chosen)
            if whole not in self._tried:
                self._tried.add(whole)
                self.take(here.whole(improved(here.part.problem, here.rules, chosen, kicks=0, effort=effort)))

    def _kick(self, effort: Effort) -> None:
        """Leave the best set by a few exchanges at random, and go up from there."""
        before = effort.spent
        if isinstance(self.problem, Gains) and self._kicked <= _KICKED * before:
            self.take(improved(self.problem, self.conditions, self.found, kicks=_KICKS, effort=effort, seed=self.nodes))
            self._kicked += effort.spent - before

    def _part(self, here: _Here, told: Relaxed, bound: int, prices: Start) -> None:
        """Open two nodes: with and without the site of which the relaxation is least sure."""
        places = np.flatnonzero(here.free)
        taken, free = here.taken.copy(), here.free.copy()
        taken[places[told.is_in]] = True
        free[places[told.is_in | told.is_out]] = False
        if not free.any():
            self._push(bound, taken, free, prices)
            return
        site = places[int(np.argmin(np.where(free[places], np.abs(told.often - _HALF), np.inf)))]
        free[site] = False
        with_site = taken.copy()
        with_site[site] = True
        self._push(bound, taken, free, prices)
        self._push(bound, with_site, free, prices)


def _places(marks: Booleans) -> Chosen:
    return tuple(np.flatnonzero(marks).tolist())
